"""Nodes that follow another: they have the same blocks, trust nothing that they are given, and serve what they have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgpack
import pytest
from store_world import contents

from chain.client.client import Client
from chain.ledger.block import decode_block
from chain.node.check import check_replay
from chain.node.development import BALANCE, development_validator, development_wallets, devnet_specification
from chain.node.devnet import Devnet, start_devnet
from chain.node.following import Following, start_follower
from chain.node.node import Node
from chain.primitives.certificate import certify
from chain.primitives.keys import SecretKey
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, Transaction, sign
from chain.state.store import Store

ALICE, BOB = development_wallets()[:2]
GENESIS = devnet_specification()
DOT = 1_800_000_000_000
REAL = "shop-chain"
KEY = SecretKey.development("somebody", 1)


def real_genesis() -> dict[str, Any]:
    """A chain that is no devnet: Alice's and the validator's keys are its own."""
    return {
        **GENESIS,
        "chain_id": REAL,
        "development": False,
        "fee_wallet": KEY.public.hex(),
        "validators": {"threshold": 1, "keys": [KEY.public.hex()]},
        "wallets": [{"key": KEY.public.hex(), "balances": {"CNY": 5}}],
    }


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Devnet]:
    """A producer of one test."""
    with start_devnet(tmp_path / "producer") as running:
        yield running


def pay(client: Client, amount: int = 100) -> Transaction:
    """Alice pays Bob, committed where the client asks."""
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", amount)]), [ALICE.key])
    assert client.commit(transaction).receipt.ok
    return transaction


def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it does not become so"
        time.sleep(0.02)


def following(client: Client) -> dict[str, Any]:
    """What a follower says of itself."""
    found: dict[str, Any] = client.status()["following"]
    return found


def height(client: Client) -> int:
    """Of the head."""
    return int(client.status()["height"])


def test_two_followers_have_what_the_producer_has(devnet: Devnet, tmp_path: Path) -> None:
    """One from the beginning, one that comes later and follows the first: every table but for undo records is the same, and
    they replay to the same root.
    """
    with Client(devnet.address) as client, start_follower(devnet.address, tmp_path / "one", GENESIS) as one:
        for _ in range(5):
            pay(client)
        with Client(one.address) as first, start_follower(one.address, tmp_path / "two", GENESIS) as two:
            pay(client, 7)
            with Client(two.address) as second:
                until(lambda: height(first) == height(second) == height(client))
                assert first.block() == second.block() == client.block()
                assert second.balance(BOB.address, "CNY") == BALANCE + 507
                assert following(second)["behind"] == 0
    devnet.stop()
    tables = []
    for name in ("producer", "one", "two"):
        with closing(Store(tmp_path / name)) as store:
            tables.append(contents(store))
            check_replay(store, GENESIS, progress=lambda done, of: None)
    assert tables[0] == tables[1] == tables[2]


def test_a_follower_passes_on_what_is_submitted_and_has_it_before_it_says_so(devnet: Devnet, tmp_path: Path) -> None:
    """Its answer is its own receipt, retries are safe, refusals are the producer's, and a batch goes through."""
    with start_follower(devnet.address, tmp_path / "one", GENESIS) as one, Client(one.address) as client:
        for _ in range(3):
            sent = pay(client)
            assert client.receipt(sent.identity).receipt.ok
        assert client.commit(sent).receipt.identity == sent.identity
        bodies = [client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)], sequence=3 + number) for number in range(20)]
        rows = client.submit_batch([sign(body, [ALICE.key]) for body in bodies])
        assert {row.status for row in rows} == {"committed"}
        assert client.balance(BOB.address, "CNY") == BALANCE + 320
        poor = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)], sequence=0), [ALICE.key])
        with pytest.raises(Refusal) as caught:
            client.commit(poor)
        assert caught.value.code is Refused.SEQUENCE_USED


def test_a_follower_goes_on_from_where_it_was(devnet: Devnet, tmp_path: Path) -> None:
    """It needs no genesis any more, and fetches only what it does not have."""
    with Client(devnet.address) as client:
        pay(client)
        with start_follower(devnet.address, tmp_path / "one", GENESIS) as one, Client(one.address) as first:
            until(lambda: height(first) == 1)
        pay(client)
        with start_follower(devnet.address, tmp_path / "one") as one, Client(one.address) as again:
            assert height(again) >= 1
            until(lambda: height(again) == 2)


def test_a_follower_serves_when_its_producer_is_gone_and_finds_it_again(tmp_path: Path) -> None:
    """It says since when and why, refuses what it cannot pass on, and goes on once there is somebody again."""
    producer = start_devnet(tmp_path / "producer")
    port = int(producer.address.rsplit(":", 1)[1])
    with Client(producer.address) as client:
        pay(client)
    with start_follower(producer.address, tmp_path / "one", GENESIS) as one, Client(one.address) as client:
        until(lambda: height(client) == 1)
        producer.stop()
        until(lambda: following(client)["problem"] is not None)
        told = following(client)
        assert told["problem"]["code"] == "Unreachable"
        assert not told["stopped"]
        assert client.balance(BOB.address, "CNY") == BALANCE + 100
        with pytest.raises(Refusal) as caught:
            pay(client)
        assert caught.value.code is Refused.UNREACHABLE
        assert "follows" in caught.value.message
        with start_devnet(tmp_path / "producer", port=port):
            until(lambda: following(client)["problem"] is None)
            pay(client)


def test_a_follower_of_a_devnet_goes_back_with_it(devnet: Devnet, tmp_path: Path) -> None:
    """To a snapshot, whether blocks have been made since or not, and also if it happened while nobody followed."""
    with Client(devnet.address) as client:
        pay(client)
        with start_follower(devnet.address, tmp_path / "one", GENESIS) as one, Client(one.address) as first:
            for later in (False, True):
                client.post("/devnet/snapshot", {})
                for _ in range(6):
                    pay(client, 3)
                until(lambda: first.block() == client.block())
                client.post("/devnet/revert", {})
                if later:
                    pay(client, 11)
                until(lambda: first.block() == client.block())
            client.post("/devnet/snapshot", {})
            for _ in range(9):
                pay(client, 3)
            until(lambda: first.block() == client.block())
        client.post("/devnet/revert", {})
        pay(client, 13)
        with start_follower(devnet.address, tmp_path / "one") as one, Client(one.address) as again:
            until(lambda: again.block() == client.block())
            assert again.balance(BOB.address, "CNY") == BALANCE + 124


def test_another_chain_is_not_followed(devnet: Devnet, tmp_path: Path) -> None:
    """A genesis of another seed: it stops at once, and says so for as long as it serves."""
    with (
        start_follower(devnet.address, tmp_path / "one", devnet_specification("elsewhere")) as one,
        Client(one.address) as client,
    ):
        until(lambda: following(client)["stopped"])
        assert following(client)["problem"]["code"] == "WrongChain"
        assert height(client) == 0


def test_a_chain_without_validators_is_not_followed(tmp_path: Path) -> None:
    """Nobody could tell its blocks from forged ones."""
    with pytest.raises(Refusal) as caught:
        start_follower("http://127.0.0.1:1", tmp_path, {**real_genesis(), "validators": None})
    assert caught.value.code is Refused.NOT_CERTIFIED


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:7070", "ftp://here", "http://", "http://here:x", "http://here/path", "http://[::1"]
)
def test_what_is_no_address_is_not_followed(tmp_path: Path, url: str) -> None:
    """BadRequest, and nothing has begun."""
    with pytest.raises(Refusal) as caught:
        start_follower(url, tmp_path / "one", GENESIS)
    assert caught.value.code is Refused.BAD_REQUEST
    assert not (tmp_path / "one").exists()


# A hostile producer.


class Hostile:
    """A server whose answers a test chooses: `blocks` gives the content of a page, by the height that is asked for."""

    def __init__(self, genesis: bytes, blocks: Callable[[int, BaseHTTPRequestHandler], bytes | None]) -> None:
        hostile = self
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/v1/status"):
                    content: bytes | None = b'{"genesis": "%s"}' % genesis.hex().encode()
                else:
                    hostile.asked += 1
                    content = blocks(int(self.path.split("from=")[1].split("&")[0]), self)
                if content is not None:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Node]:
    """A producer of a real chain, with three blocks of a payment that its validator has signed."""
    node = Node(tmp_path / "real", real_genesis(), clock=lambda: DOT, signers=[KEY])
    extend(node, 3)
    yield node
    node.close()


def extend(node: Node, blocks: int, amount: int = 1) -> None:
    """Make blocks."""
    for _ in range(blocks):
        node.produce()


def page(node: Node, first: int, **changes: Any) -> bytes:
    """What a producer answers, but for what is changed."""
    told = {"height": node.head.height, "hash": node.head.hash, "blocks": pairs(node, first), **changes}
    packed: bytes = msgpack.packb([told["height"], told["hash"], told["blocks"]])
    return packed


def pairs(node: Node, first: int) -> list[list[bytes | None]]:
    """Blocks and certificates."""
    return [[node.store.block(at), node.store.certificate(at)] for at in range(first, node.head.height + 1)]


def swapped(node: Node, first: int, number: int, change: Callable[[list[Any]], list[Any]]) -> bytes:
    """A page with one block of it changed."""
    found = pairs(node, first)
    if 0 <= number - first < len(found):
        found[number - first] = change(found[number - first])
    return page(node, first, blocks=found)


def forged(node: Node, at: int, signer: SecretKey, **changes: Any) -> list[bytes]:
    """A block whose header says something else, with a certificate by a key."""
    from dataclasses import replace

    block = decode_block(node.store.block(at) or b"")
    header = replace(block.header, **changes)
    return [replace(block, header=header).encoded, certify(header, [signer]).encoded]


Answer = Callable[[Node, int], bytes]
STRANGER = development_validator()
HOSTILE: dict[str, tuple[str, bool, int, Answer]] = {
    "no certificate": ("NotCertified", False, 1, lambda n, f: swapped(n, f, 2, lambda pair: [pair[0], None])),
    "certificate of another": ("NotCertified", False, 1, lambda n, f: swapped(n, f, 2, lambda p: [p[0], n.store.certificate(1)])),
    "a stranger's": ("NotCertified", False, 1, lambda n, f: swapped(n, f, 2, lambda p: forged(n, 2, STRANGER, gas_used=1))),
    "a wrong root": ("WrongBlock", True, 1, lambda n, f: swapped(n, f, 2, lambda p: forged(n, 2, KEY, state_root=bytes(32)))),
    "a wrong receipts": (
        "WrongBlock",
        True,
        2,
        lambda n, f: swapped(n, f, 3, lambda p: forged(n, 3, KEY, receipts_root=bytes(32))),
    ),
    "a later protocol": ("UnknownVersion", True, 2, lambda n, f: swapped(n, f, 3, lambda p: forged(n, 3, KEY, protocol=9))),
    "another parent": ("Forked", True, 0, lambda n, f: swapped(n, f, 1, lambda p: forged(n, 1, KEY, parent=bytes(32)))),
    "a gap": ("Malformed", False, 0, lambda n, f: page(n, f + 1)),
    "blocks of garbage": ("Malformed", False, 0, lambda n, f: page(n, f, blocks=[[b"junk", b""]])),
    "text": ("Malformed", False, 0, lambda n, f: b"<html>"),
    "another shape": ("Malformed", False, 0, lambda n, f: msgpack.packb({"height": 3})),
    "deep": ("Malformed", False, 0, lambda n, f: b"\x91" * 100_000),
    "blocks that it does not have": ("Malformed", False, 0, lambda n, f: page(n, f, blocks=[])),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_producer_is_told_and_nothing_of_it_is_served(real: Node, tmp_path: Path, name: str) -> None:
    """The good blocks before the bad one are kept, the reason is in the status, and what a validator has signed wrongly ends the
    following, while the rest is asked for again.
    """
    code, final, good, answer = HOSTILE[name]
    first = real.store.header(0)
    assert first is not None
    hostile = Hostile(decode_block(real.store.block(0) or b"").header.hash, lambda at, handler: answer(real, at))
    try:
        with start_follower(hostile.address, tmp_path / "one", real_genesis()) as one, Client(one.address) as client:
            until(lambda: following(client)["problem"] is not None)
            told = following(client)
            assert (told["problem"]["code"], told["stopped"]) == (code, final)
            assert height(client) == good
            asked = hostile.asked
            if final:
                time.sleep(0.3)
                assert hostile.asked == asked
            else:
                until(lambda: hostile.asked > asked)
            assert client.block(good)["header"]["encoded"] == (real.store.header(good) or b"").hex()
    finally:
        hostile.close()


def test_a_real_chain_does_not_go_back(real: Node, tmp_path: Path) -> None:
    """Whose validators have signed two blocks of one height is not followed any more; who only has fewer blocks is waited for."""
    genesis = decode_block(real.store.block(0) or b"").header.hash
    hostile = Hostile(genesis, lambda at, handler: page(real, at))
    try:
        with start_follower(hostile.address, tmp_path / "one", real_genesis()) as one, Client(one.address) as client:
            until(lambda: height(client) == 3)
            real.revert(1)
            until(lambda: (following(client)["problem"] or {}).get("code") == "Unreachable")
            assert not following(client)["stopped"]
            real._clock = lambda: DOT + 5
            extend(real, 1)
            until(lambda: following(client)["stopped"])
            assert following(client)["problem"]["code"] == "Forked"
            assert following(client)["problem"]["data"]["height"] == 2
            assert height(client) == 3
    finally:
        hostile.close()


def test_an_answer_without_end_or_too_slow_is_cut_off(real: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is not read to its end, and a byte now and then is not waited for."""
    monkeypatch.setattr("chain.node.upstream.SYNC_ANSWER_BYTES_MAX", 1_000_000)

    def endless(at: int, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(100_000))
        except OSError:
            handler.close_connection = True

    genesis = decode_block(real.store.block(0) or b"").header.hash
    hostile = Hostile(genesis, endless)
    try:
        with start_follower(hostile.address, tmp_path / "one", real_genesis()) as one, Client(one.address) as client:
            until(lambda: (following(client)["problem"] or {}).get("code") == "TooLarge")
    finally:
        hostile.close()

    def slow(at: int, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.01)
        except OSError:
            handler.close_connection = True

    from chain.node.upstream import Upstream

    drip = Hostile(genesis, slow)
    try:
        with pytest.raises(Refusal) as caught:
            Upstream(drip.address, seconds_max=0.2).blocks(1)
        assert caught.value.code is Refused.UNREACHABLE
    finally:
        drip.close()


def test_a_producer_that_lies_about_submissions_is_not_believed(devnet: Devnet, tmp_path: Path) -> None:
    """That something is in a block is said only when it is in one here."""
    with start_follower(devnet.address, tmp_path / "one", GENESIS) as one, Client(one.address) as client:
        body = client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)])
        transaction = sign(body, [ALICE.key])
        lie(one, transaction)
        with pytest.raises(Refusal) as caught:
            client.commit(transaction, timeout_seconds=1)
        assert caught.value.code is Refused.NOT_COMMITTED


def lie(one: Following, transaction: Transaction) -> None:
    """The producer says that a transaction is in its first block."""
    from chain.node.outcome import Row

    def submit(sent: Any, wait_seconds: float | None) -> list[Row]:
        return [Row(one.identity, 0, 0, True) for one in sent]

    setattr(one.follower._upstream, "submit", submit)  # noqa: B010 - a method is put in another's place
