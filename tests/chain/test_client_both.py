"""The client that waits and the one for asyncio: every test runs with both."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.client.aio import AsyncClient
from chain.client.client import Client
from chain.client.plan import Both
from chain.client.sender import Sender
from chain.client.sequences import Place, Sequences
from chain.client.subscription import AsyncSubscription, Subscription
from chain.client.surface import DEVELOPMENT_CHAIN_ID, Surface
from chain.node.development import development_wallets
from chain.node.devnet import Devnet, start_devnet
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, sign

WALLETS = development_wallets()
ALICE, BOB = (Sender.of(wallet.key) for wallet in WALLETS[:2])


class Either:
    """One of both clients, asked in the same way."""

    def __init__(self, kind: str, url: str, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.client: Any = Client(url, **options) if kind == "sync" else AsyncClient(url, **options)
        self.kind = kind

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            answer = getattr(self.client, name)(*arguments, **named)
            return self.loop.run_until_complete(answer) if inspect.isawaitable(answer) else answer

        return ask

    def at_once(self, name: str, calls: Sequence[tuple[Any, ...]], **named: Any) -> list[Any]:
        """Many calls of one method at the same time, by threads or by tasks; refusals are among the outcomes."""
        method = getattr(self.client, name)
        if self.kind == "async":

            async def gather() -> list[Any]:
                return await asyncio.gather(*[method(*call, **named) for call in calls], return_exceptions=True)

            return self.loop.run_until_complete(gather())

        def one(call: tuple[Any, ...]) -> Any:
            try:
                return method(*call, **named)
            except Refusal as refusal:
                return refusal

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, calls))

    def end(self) -> None:
        """Close all."""
        self.close()
        self.loop.close()


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of both."""
    return str(request.param)


@pytest.fixture
def either(kind: str, devnet: Devnet) -> Iterator[Either]:
    """A client of the devnet of this file."""
    opened = Either(kind, devnet.address)
    yield opened
    opened.end()


def pay(minor: int = 1) -> Pay:
    """A payment to Bob."""
    return Pay(BOB.address, "CNY", minor)


def test_every_question_is_a_plan_with_both_ways() -> None:
    """No method of a client is written twice: those of `Surface` are all plans."""
    public = {name: value for name, value in vars(Surface).items() if not name.startswith("_")}
    assert len(public) > 20
    assert all(isinstance(value, Both) for value in public.values())
    assert not {name for name in vars(AsyncClient) if name in public}
    assert not {name for name in vars(Client) if name in public}


def test_questions_have_the_same_answers(either: Either, devnet: Devnet) -> None:
    """Of the ledger, a wallet, a proof, a transaction before and after it is committed."""
    with Client(devnet.address) as plain:
        assert either.chain_id() == plain.chain_id()
        assert either.wallet(ALICE.address) == plain.wallet(ALICE.address)
    transaction = sign(either.build(ALICE.address, [pay()]), ALICE.keys)
    assert either.estimate(transaction)["ok"]
    assert either.simulate(transaction).receipt.ok
    before = either.balance(BOB.address, "CNY")
    outcome = either.commit(transaction)
    assert outcome.receipt.ok
    assert either.commit(transaction).receipt == outcome.receipt == either.receipt(transaction.identity).receipt
    assert either.proved_balance(BOB.address, "CNY") == either.balance(BOB.address, "CNY") == before + 1


def test_refusals_are_typed(either: Either) -> None:
    """A wallet that is not there is NotFound, and an address that answers nobody Unreachable."""
    with pytest.raises(Refusal) as caught:
        either.wallet(bytes(32))
    assert caught.value.code is Refused.NOT_FOUND
    nobody = Either(either.kind, "http://127.0.0.1:9")
    with pytest.raises(Refusal) as caught:
        nobody.status()
    assert caught.value.code is Refused.UNREACHABLE
    nobody.end()


def test_forty_payments_of_one_wallet_at_once_all_go(either: Either) -> None:
    """Each gets a number of its own, in one lane as in several."""
    sender = Sender.of(WALLETS[2].key, lanes=1)
    before = either.balance(BOB.address, "CNY")
    outcomes = either.at_once("transact", [(sender, [pay()])] * 40)
    assert [outcome for outcome in outcomes if isinstance(outcome, Refusal)] == []
    assert len({outcome.receipt.identity for outcome in outcomes}) == 40
    spread = Sender.of(WALLETS[2].key, lanes=4)
    assert all(outcome.receipt.ok for outcome in either.at_once("transact", [(spread, [pay()])] * 8))
    assert either.balance(BOB.address, "CNY") == before + 48


def test_a_number_that_somebody_else_took_is_passed_over(either: Either) -> None:
    """The transaction is signed again with the next one, and goes once."""
    sender = Sender.of(WALLETS[3].key)
    assert either.transact(sender, [pay()]).receipt.ok
    either.send(WALLETS[3].key, sender.address, [pay()])  # not counted here
    before = either.balance(BOB.address, "CNY")
    assert either.transact(sender, [pay()]).receipt.ok
    assert either.balance(BOB.address, "CNY") == before + 1


def test_the_number_of_a_refused_transaction_goes_to_the_next(either: Either) -> None:
    """So a refusal leaves no gap that those behind it wait for."""
    sender = Sender.of(WALLETS[4].key)
    assert either.transact(sender, [pay()]).receipt.ok
    with pytest.raises(Refusal) as caught:
        either.transact(sender, [pay()], gas_limit=1)
    assert caught.value.code is Refused.GAS_LIMIT_TOO_LOW
    assert either.transact(sender, [pay()]).receipt.ok


def test_one_bad_transaction_among_many_holds_up_none(either: Either) -> None:
    """The gap that it leaves is filled, and those that wait behind it go."""
    sender = Sender.of(WALLETS[5].key)
    assert either.transact(sender, [pay()]).receipt.ok
    before = either.balance(sender.address, "CNY")
    calls: list[tuple[Any, ...]] = [(sender, [pay()])] * 12
    calls[3] = (sender, [pay()] * 65)  # more actions than a transaction has
    outcomes = either.at_once("transact", calls)
    assert [isinstance(outcome, Refusal) for outcome in outcomes] == [number == 3 for number in range(12)]
    assert either.balance(sender.address, "CNY") == before - 11


def test_a_devnet_that_goes_back_or_ahead_in_time_is_gone_along_with(either: Either) -> None:
    """Numbers and expiries that were so no longer are asked anew."""
    from chain.node.development import CHAIN_ID

    assert CHAIN_ID == DEVELOPMENT_CHAIN_ID
    sender = Sender.of(WALLETS[8].key)
    assert either.transact(sender, [pay()]).receipt.ok
    either.post("/devnet/snapshot", {})
    for _ in range(3):
        assert either.transact(sender, [pay()]).receipt.ok
    either.post("/devnet/revert", {})
    assert either.transact(sender, [pay()]).receipt.ok
    either.post("/devnet/time", {"advance_ms": 2 * 86_400_000})
    assert either.transact(sender, [pay()]).receipt.ok


def test_the_outcome_outlives_the_node(kind: str, tmp_path: Path) -> None:
    """Asked again while the node starts anew, the same transaction gets the same receipt."""
    transaction = None
    with start_devnet(tmp_path / "data") as first:
        client = Either(kind, first.address, retry_seconds=30)
        transaction = sign(client.build(ALICE.address, [pay()]), ALICE.keys)
        outcome = client.commit(transaction)
        port = client.client.target.port
    gone, go_on = threading.Event(), threading.Event()

    def again() -> None:
        gone.wait(10)
        with start_devnet(tmp_path / "data", port=port):
            go_on.wait(30)

    starting = threading.Thread(target=again)
    starting.start()
    threading.Timer(0.2, gone.set).start()
    try:
        assert client.commit(transaction).receipt == outcome.receipt
        client.end()
    finally:
        go_on.set()
        starting.join()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["take", "went", "refused", "doubtful", "other"]), st.integers(0, 7)), max_size=60))
def test_no_number_is_given_out_twice_and_none_is_left_out(steps: list[tuple[str, int]]) -> None:
    """Whatever goes, is refused, is lost, or is taken by others: under way is each number once, and when all is quiet the next
    one is the node's.
    """
    book, under_way, gone = Sequences(), [], set()

    def told() -> int:
        return next(number for number in range(len(gone) + 1) if number not in gone)

    for what, which in steps:
        if what == "take":
            place = book.take(b"w", 0)
            if place is None:
                book.learn(b"w", 0, told())
            else:
                assert place not in under_way
                under_way.append(place)
        elif what == "other" and not under_way:
            gone.add(told())
        elif under_way and what != "other":
            place = under_way.pop(which % len(under_way))
            if what == "went" and place.sequence not in gone:
                gone.add(place.sequence)
                book.settle(b"w", place)
            elif what == "refused" and place.sequence not in gone:
                book.settle(b"w", place, free=True)
            elif place.sequence in gone:
                book.settle(b"w", place)
                book.learn(b"w", 0, told())
            else:
                book.settle(b"w", place, doubtful=True)
    for place in sorted(under_way):
        book.settle(b"w", place, doubtful=True)
    last = book.take(b"w", 0)
    if last is None:
        book.learn(b"w", 0, told())
        last = book.take(b"w", 0)
    assert last is not None
    if under_way:
        assert last.sequence == told()


def test_a_long_list_goes_in_batches(either: Either) -> None:
    """Row by row, in one lane, and a second list goes on where the first ended."""
    sender = Sender.of(WALLETS[6].key)
    for _ in range(2):
        rows = either.transact_many(sender, [[pay()]] * 60)
        assert [(row.status, row.ok) for row in rows] == [("committed", True)] * 60


def test_a_fee_payer_signs_too(either: Either) -> None:
    """Its key is added to the sender's."""
    sender = Sender.of(WALLETS[7].key).paid_by(BOB)
    outcome = either.transact(sender, [pay()])
    assert outcome.receipt.ok
    assert {key for key, _ in json_signers(either, outcome.receipt.identity)} == {WALLETS[7].key.public, WALLETS[1].key.public}


def json_signers(either: Either, identity: bytes) -> list[tuple[bytes, bytes]]:
    """Who signed a transaction of a block."""
    from chain.primitives.transaction import decode_transaction

    return list(decode_transaction(bytes.fromhex(either.transaction(identity)["encoded"])).signatures)


class Node(BaseHTTPRequestHandler):
    """A node that answers by a list: a status each, 0 to hang up; then 200."""

    protocol_version = "HTTP/1.1"
    answers: tuple[int, ...] = ()
    asked: list[bytes]
    connections = 0

    def setup(self) -> None:
        """Count it."""
        Node.connections += 1
        super().setup()

    def do_GET(self) -> None:
        """Answer the next."""
        self.do_POST()

    def do_POST(self) -> None:
        """Note what came and answer the next."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = len(Node.asked)
        Node.asked.append(content)
        status = Node.answers[number] if number < len(Node.answers) else 200
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        body = json.dumps({"status": "waiting"} if status == 200 else {"code": "PoolFull", "message": "", "remedy": ""}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status != 200:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def node() -> Iterator[str]:
    """The address of a `Node`."""
    Node.asked, Node.answers, Node.connections = [], (), 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    server.daemon_threads = True
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("answers", [(429, 503), (503, 503), (0, 200), (429, 0)])
def test_the_same_transaction_is_handed_over_again_while_a_node_is_full_or_gone(
    kind: str, node: str, answers: tuple[int, ...]
) -> None:
    """Byte for byte, as long as the client was told to."""
    transaction = sign(body_of(ALICE), ALICE.keys)
    Node.answers = answers
    client = Either(kind, node, retry_seconds=20)
    assert client.submit(transaction) == "waiting"
    assert len(Node.asked) == (2 if 200 in answers else 3)
    assert len(set(Node.asked)) == 1
    client.end()


def test_without_being_told_to_a_client_asks_once(kind: str, node: str) -> None:
    """A refusal comes at once."""
    Node.answers = (503,)
    client = Either(kind, node)
    with pytest.raises(Refusal):
        client.status()
    assert len(Node.asked) == 1
    client.end()


def test_a_connection_is_kept_and_what_the_other_side_has_closed_is_opened_again(kind: str, node: str) -> None:
    """Ten questions take one; a closed one takes one more, and nobody is told."""
    client = Either(kind, node)
    for _ in range(10):
        assert client.status() == {"status": "waiting"}
    assert Node.connections == 1
    Node.answers = (200,) * 10 + (0,)
    assert client.status() == {"status": "waiting"}
    assert (Node.connections, len(Node.asked)) == (2, 12)
    client.end()


def test_no_more_connections_are_opened_than_were_said(node: str) -> None:
    """However many ask at once."""
    client = Either("async", node, connections=3)
    assert len(client.at_once("status", [()] * 30)) == 30
    assert Node.connections <= 3
    client.end()


def test_a_node_that_does_not_answer_in_time_is_unreachable(kind: str) -> None:
    """After as long as was said; the connection is not used again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Either(kind, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.1)
        with pytest.raises(Refusal) as caught:
            client.status()
        assert caught.value.code is Refused.UNREACHABLE
        client.end()


def body_of(sender: Sender) -> Any:
    """A payment's body."""
    from chain.primitives.transaction import Body

    return Body("test", bytes(sender.address), 0, 100_000, 0, (pay(),), expiry_ms=1)


def test_a_subscription_connects_again_and_loses_nothing(kind: str, devnet: Devnet) -> None:
    """Blocks that were made while the line was cut come afterwards, each once."""
    with Client(devnet.address) as client:
        listening = Listening(kind, devnet.address)
        listening.subscribe("blocks", "b")
        assert listening.receive()["type"] == "subscribed"
        client.transact(ALICE, [pay()])
        first = listening.receive()["header"]["height"]
        listening.cut()
        client.transact(ALICE, [pay()])
        client.transact(ALICE, [pay()])
        assert [listening.receive()["header"]["height"] for _ in range(2)] == [first + 1, first + 2]
        listening.end()


class Listening:
    """One of both subscriptions, used in the same way."""

    def __init__(self, kind: str, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.inner: Any = (Subscription if kind == "sync" else AsyncSubscription)(url, retry_seconds=20)
        if kind == "async":
            self.loop.run_until_complete(self.inner.__aenter__())

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            answer = getattr(self.inner, name)(*arguments, **named)
            return self.loop.run_until_complete(answer) if inspect.isawaitable(answer) else answer

        return ask

    def cut(self) -> None:
        """Cut the line below the subscription."""
        if isinstance(self.inner, Subscription):
            self.inner._socket.shutdown(2)
        else:
            self.inner._writer.transport.abort()

    def end(self) -> None:
        """Close all."""
        self.close()
        self.loop.close()


def test_a_count_never_goes_back_while_something_is_under_way() -> None:
    """What the node does not know yet is not given out twice; freed numbers come first."""
    book = Sequences()
    assert book.take(b"w", 0) is None
    book.learn(b"w", 0, 5)
    assert [book.take(b"w", 0) for _ in range(3)] == [Place(0, 5), Place(0, 6), Place(0, 7)]
    book.learn(b"w", 0, 5)
    assert book.take(b"w", 0) == Place(0, 8)
    book.settle(b"w", Place(0, 6), free=True)
    assert book.take(b"w", 0) == Place(0, 6)
    book.settle(b"w", Place(0, 5), free=True)
    assert book.reclaim(b"w", Place(0, 5))
    assert not book.reclaim(b"w", Place(0, 5))
    assert book.may_go(b"w", Place(0, 6))
    assert not book.may_go(b"w", Place(0, 5))
    for number in (5, 6, 7):
        book.settle(b"w", Place(0, number))
    book.settle(b"w", Place(0, 8), doubtful=True)
    assert book.take(b"w", 0) is None
    assert book.quietest(b"w", (3, 1)) == 3
