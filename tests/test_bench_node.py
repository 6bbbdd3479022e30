"""The benchmark of the node sends what it says that it sends, in the right order, and counts time from when it was due."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.node.client import Answer, Broken, Request, drive, get, post
from bench.node.report import latencies_ms
from bench.node.wires import FAILED, OK, Batches
from bench.node.work import FAULTS, Book, Mix, signed_bytes
from chain.ledger.admission import check_alone
from chain.primitives.refusal import Refusal
from chain.primitives.transaction import decode_transaction
from tests.chain.ledger_world import World

ROOT = Path(__file__).parents[1]
TOKEN = bytes(32)
SLOW_SECONDS = 0.05


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers every request with its body, and takes its time for a body that says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, connection.makefile("rb") as file:
        while file.readline():
            length = 0
            while (line := file.readline()) != b"\r\n":
                if line.startswith(b"content-length: "):
                    length = int(line.split()[1])
            body = file.read(length)
            if body == b"slow":
                time.sleep(SLOW_SECONDS)
            if body == b"close":
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            connection.sendall(body)
            if body == b"last":
                return


def test_every_stream_is_answered_in_its_order(echo: int) -> None:
    """Answers of several connections come back by stream, each stream in the order in which it was sent."""
    streams = [[Request(post("/", b"%d/%d" % (place, at))) for at in range(20)] for place in range(3)]
    driven = drive(echo, streams)
    assert [[answer.body for answer in part] for part in driven.answers] == [
        [b"%d/%d" % (place, at) for at in range(20)] for place in range(3)
    ]
    assert {answer.status for part in driven.answers for answer in part} == {200}


def test_large_requests_go_out_in_parts(echo: int) -> None:
    """A request that is larger than what the system takes at once arrives whole."""
    body = bytes(range(256)) * 20_000
    ((answer,),) = drive(echo, [[Request(post("/", body))]]).answers
    assert answer.body == body


def test_what_waits_for_its_connection_has_waited_since_it_was_due(echo: int) -> None:
    """At an offered rate the time behind a slow answer counts too."""
    slow, quick = Request(post("/", b"slow")), Request(post("/", b"quick"))
    ((first, second),) = drive(echo, [[slow, quick]], per_second=1_000).answers
    assert second.due - first.due == pytest.approx(0.001)
    assert second.done - second.due > SLOW_SECONDS / 2


def test_a_request_is_answered_when_nothing_follows(echo: int) -> None:
    """What is to be asked after an answer is asked, until there is no more of it; the last answer counts."""
    left = [b"two", b"one"]

    def follow(body: bytes) -> tuple[bytes, float] | None:
        return (post("/", left.pop()), 0.001) if left else None

    ((answer,),) = drive(echo, [[Request(post("/", b"three"), 7, follow)]]).answers
    assert (answer.body, answer.count, left) == (b"two", 7, [])


def test_a_connection_that_ends_is_no_answer(echo: int) -> None:
    """Who closes a connection instead of answering stops the run."""
    with pytest.raises(Broken):
        drive(echo, [[Request(post("/", b"close")), Request(get("/"))]])


def test_a_connection_that_was_closed_while_idle_is_opened_anew(echo: int) -> None:
    """A server may close connections that have nothing to do; what is due later goes over a new one."""
    requests = [Request(post("/", b"last")), Request(post("/", b"after"))]
    ((first, second),) = drive(echo, [requests], per_second=10).answers
    assert (first.body, second.body) == (b"last", b"after")


def test_lanes_keep_to_one_stream_and_count_on() -> None:
    """Whatever the mix, valid transactions of a lane are all in one stream, in order, from plan to plan without a gap."""
    book = Book(senders=20, wallets=50, token=TOKEN)
    seen: dict[tuple[int, int], int] = {}
    home: dict[tuple[int, int], int] = {}
    for mix in (Mix("a"), Mix("b", invalid_percent=50), Mix("c", hot="sender"), Mix("d", calls=True, hot="receiver"), Mix("e")):
        for place, items in enumerate(book.plan(mix, 90, streams=4)):
            for item in items:
                lane = item.sender, item.lane
                assert home.setdefault(lane, place) == place
                if item.fault in ("", "money"):
                    assert item.sequence == seen.get(lane, 0)
                    seen[lane] = item.sequence + 1


@pytest.mark.parametrize("percent", [0, 10, 50])
def test_as_many_are_invalid_as_the_mix_says(percent: int) -> None:
    """Once all have a sequence that has been used, the percentage is met, with every fault as often as the others."""
    book = Book(senders=20, wallets=50, token=TOKEN)
    book.plan(Mix("before"), 20, streams=4)
    (items,) = book.plan(Mix("mix", invalid_percent=percent), 400, streams=1)
    faults = Counter(item.fault for item in items if item.fault)
    assert faults == {fault: percent for fault in FAULTS if percent}


def test_spoilt_transactions_are_refused_for_what_was_done_to_them() -> None:
    """A spoilt signature is WrongSignature, garbage is Malformed, and what is not spoilt passes."""
    parameters = World(chain_id="tael-devnet").run().parameters
    book = Book(senders=20, wallets=50, token=TOKEN)
    book.plan(Mix("before"), 20, streams=4)
    (items,) = book.plan(Mix("mix", invalid_percent=50), 16, streams=1)
    said = []
    for data in signed_bytes(items):
        try:
            check_alone(decode_transaction(data), parameters)
            said.append("")
        except Refusal as refusal:
            said.append(str(refusal.code))
    wanted = {"signature": "WrongSignature", "garbage": "Malformed"}
    assert said == [wanted.get(item.fault, "") for item in items]


def test_latencies_count_every_transaction_with_its_batch() -> None:
    """Percentiles are of transactions, not of requests."""
    quick, slow = Answer(0.0, 0.001, 200, b"", 95), Answer(0.0, 0.1, 200, b"", 5)
    assert latencies_ms([[slow, quick]]) == pytest.approx((1.0, 1.0, 100.0, 100.0))


def test_rows_of_a_batch_are_told_apart() -> None:
    """Done, in a block but not done, refused, and not in a block in time are four outcomes."""
    import msgpack

    rows = [(b"", "committed", True, None), (b"", "committed", False, "InsufficientFunds"), (None, "refused", None, "Malformed")]
    body = msgpack.packb(([*rows, (b"", "waiting", None, None)], 1, bytes(32)))
    assert Batches(4, 1).outcomes(Answer(0, 0, 200, body, 4)) == [OK, FAILED, "Malformed", "waiting"]


def test_transactions_of_ethereum_are_those_of_eip_155() -> None:
    """The example of the standard comes out to the byte."""
    if not all(map(importlib.util.find_spec, ("coincurve", "Crypto"))):
        pytest.skip("what signs for Ethereum is not installed")
    from bench.node.ethereum import signed_at

    data = signed_at(b"\x46" * 32, 9, 20 * 10**9, 21_000, b"\x35" * 20, 10**18, b"", 1)
    assert data.hex() == (
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a0"
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    )


@pytest.mark.long
def test_every_scenario_of_ours_runs(tmp_path: Path) -> None:
    """A quick run with the real node gives its figures as JSON, and all that was sent was done, or was refused as was meant."""
    found = tmp_path / "found.json"
    command = [sys.executable, str(ROOT / "bench" / "ledger.py"), "mixes", "latency", "instant", "stages", "start"]
    subprocess.run([*command, "--quick", "--folder", str(tmp_path), "--json", str(found)], check=True, timeout=300)
    mixes = json.loads(found.read_text())["mixes"]
    assert set(mixes["payments"]["outcomes"]) == set(mixes["token transfers"]["outcomes"]) == {OK}
    assert set(mixes["50 % invalid"]["outcomes"]) == {OK, FAILED, "WrongSignature", "SequenceUsed", "Malformed"}


def test_the_benchmark_of_the_client_pays_in_every_way() -> None:
    """Each row sends as many payments as it says."""
    from bench.client import ROWS
    from chain.client.client import Client
    from chain.node.development import development_wallets
    from chain.node.devnet import start_devnet

    bob = development_wallets()[1].address
    with start_devnet() as devnet, Client(devnet.address) as client:
        height = client.status()["height"]
        for work, many, senders in ROWS.values():
            work(devnet.address, 6, 2 if many else 1, senders)
        transactions = sum(len(client.block(h)["transactions"]) for h in range(height + 1, client.status()["height"] + 1))
        assert transactions == 6 * len(ROWS)
        assert client.balance(bob, "CNY") > 0
