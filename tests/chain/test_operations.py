"""The operations port, and how a node that serves stops."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from operations_world import ask, numbers, serving, told
from test_chain_node import payment

from chain.client.client import Client
from chain.node.devnet import Devnet, development_wallets, start_devnet
from chain.node.logs import LOG, begin_logs
from chain.node.measures import Measures
from chain.node.vitals import Vitals
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, sign
from chain.state.store import Store

DOCS = Path(__file__).parents[2] / "docs"
ALICE, BOB = development_wallets()[:2]


@pytest.fixture(scope="module")
def watched() -> Iterator[Devnet]:
    """A devnet with an operations port."""
    with start_devnet(operations_port=0) as running:
        yield running


@pytest.fixture
def port(watched: Devnet) -> str:
    """The URL of its operations port."""
    assert watched.operations is not None
    return watched.operations


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged from the level `debug` on, as JSON; afterwards all is as before."""
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, LOG.level
    stream = io.StringIO()
    begin_logs("debug", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    LOG.setLevel(own)


def test_a_node_that_serves_is_alive_and_ready(port: str) -> None:
    """Both are 200; the version and the chain are told; there is nothing else."""
    assert ask(port, "/health") == (200, '{"alive":true,"reason":null}')
    assert ask(port, "/ready") == (200, '{"ready":true,"reasons":[]}')
    assert told(port, "/version")["chain_id"] == "tael-devnet"
    assert ask(port, "/v1/status")[0] == 404
    assert ask(port, "/metrics", "POST")[0] == 405


def test_the_devnet_has_none_unless_asked(devnet: Devnet) -> None:
    """Nor has the API such addresses."""
    assert devnet.operations is None
    assert ask(devnet.address, "/metrics")[0] == 404


def test_blocks_transactions_refusals_and_requests_are_counted(watched: Devnet, port: str) -> None:
    """Each once, under its outcome, code, route and class of status."""
    before = numbers(port)
    with Client(watched.address) as client:
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 2, limits={"CNY": 1})
        with pytest.raises(Refusal):
            client.submit(sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)]), [BOB.key]))
        with pytest.raises(Refusal):
            client.receipt(b"\0" * 32)
    ask(watched.address, "/made/up")
    after = numbers(port)
    for _ in range(1_000):  # a request is counted when its answer has been sent
        if ("tael_http_requests_total", ("other", "4xx")) in after:
            break
        after = numbers(port)

    def more(name: str, *labels: str) -> float:
        return after[name, labels] - before.get((name, labels), 0)

    assert more("tael_transactions_total", "ok") == more("tael_transactions_total", "failed") == 1
    assert more("tael_blocks_total") == 2
    assert more("tael_refusals_total", "NotFound") == 2  # the receipt, and what is at no address
    assert more("tael_refusals_total", "MissingSignature") == 1
    assert more("tael_http_requests_total", "/v1/receipts/{id}", "4xx") == 1
    assert more("tael_http_requests_total", "other", "4xx") == 1
    assert more("tael_http_request_seconds_count", "/v1/transactions") == 3
    for stage in ("admit", "execute", "tree", "write"):
        assert more("tael_block_stage_seconds_count", stage) in (1, 2)
    assert after["tael_height", ()] == after["tael_blocks_total", ()]
    assert after["tael_resident_bytes", ("node",)] > 0


def test_the_level_of_the_log_is_asked_and_set(port: str, logged: io.StringIO) -> None:
    """As a word or in JSON; anything else is refused and changes nothing."""
    for body, level in [("error", "error"), ('{"level": "info"}', "info"), ('"debug"', "debug")]:
        assert json.loads(ask(port, "/log-level", "PUT", body)[1]) == {"level": level}
    for body in ("", "loud", "{}", "[" * 5_000, "x" * 5_000):
        assert ask(port, "/log-level", "PUT", body)[0] == 400
    assert told(port, "/log-level") == {"level": "debug"}


def test_every_metric_is_in_the_table_of_the_page() -> None:
    """`docs/operations.md` has each with its type, labels and meaning, and no others."""
    page = (DOCS / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(tael_\w+)` \| (\w+) \| (.*?) ?\| (.*?) \|$", page, re.MULTILINE)
    metrics = Vitals(Measures(), head_age_seconds_max=1).metrics()
    assert rows == [(metric.name, metric.kind, ", ".join(metric.labels), metric.says) for metric in metrics]


def test_a_node_logs_its_blocks_and_requests_and_no_signature(logged: io.StringIO) -> None:
    """Each line is a JSON object; signatures, which prove nothing to anybody but could be mistaken for secrets, stand in none."""
    with start_devnet() as running, Client(running.address) as client:
        transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 7)]), [ALICE.key])
        client.commit(transaction)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    messages = [line["message"] for line in lines]
    assert {"block", "request", "stopping", "stopped"} <= set(messages)
    block = next(line for line in lines if line["message"] == "block")
    assert (block["level"], block["height"], block["transactions"]) == ("info", 1, 1)
    for _, signature in transaction.signatures:
        assert signature.hex() not in logged.getvalue()
    assert ALICE.key.secret_bytes().hex() not in logged.getvalue()


def test_what_waits_when_a_node_is_to_stop_gets_into_a_last_block(tmp_path: Path) -> None:
    """Who waits for it is told that it is on disk, though the next block was a minute away."""
    answers = []
    with serving(tmp_path, block_time_ms=60_000, drain_seconds=10) as running:
        waiter = threading.Thread(target=lambda: answers.append(Client(running.url).commit(payment(0))))
        waiter.start()
        while not len(running.node.pool):
            time.sleep(0.01)
        running.ask_to_stop()
        waiter.join(10)
    assert answers[0].receipt.height == 1


def test_the_second_signal_cuts_the_last_blocks_short(tmp_path: Path) -> None:
    """Who waits is told that the node stops, and what was written is whole."""
    refusals: list[Refusal] = []

    def wait(url: str) -> None:
        with pytest.raises(Refusal) as caught:
            Client(url).commit(payment(1))
        refusals.append(caught.value)

    with serving(tmp_path, block_time_ms=60_000, drain_seconds=60) as running:
        running.node.submit(payment(0).encoded)
        waiter = threading.Thread(target=wait, args=(running.url,))
        waiter.start()
        while len(running.node.pool) < 2:
            time.sleep(0.01)
        running.ask_to_stop()
        running.ask_to_stop()
        waiter.join(10)
    assert [refusal.code for refusal in refusals] == [Refused.STOPPED]
    assert Store.reader(tmp_path).height() == 0


def test_a_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it is ready once it answers, that it lives as often as is asked for, that it stops."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        with serving(tmp_path / "data"):
            first = [manager.recv(100) for _ in range(4)]
        manager.setblocking(False)
        rest = []
        try:
            while True:
                rest.append(manager.recv(100))
        except BlockingIOError:
            pass
    assert sorted(first) == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    assert b"STOPPING=1" in rest


def test_what_is_refused_below_http_tells_the_head_too(watched: Devnet) -> None:
    """Though whoever counts requests stands between the server and the application."""
    host, port = watched.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 100_000 + b"\r\n\r\n")
        answer = b""
        while more := connection.recv(4_096):
            answer += more
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["height"] == told(watched.address, "/v1/status")["height"]


@pytest.mark.long
def test_workers_hand_over_what_they_count() -> None:
    """Requests, refusals, connections and processes of workers are told by the port of their parent."""
    with start_devnet(workers=2, operations_port=0) as running, Client(running.address) as client:
        assert running.operations is not None
        with pytest.raises(Refusal):
            client.receipt(b"\0" * 32)
        deadline = time.monotonic() + 10
        while not numbers(running.operations).get(("tael_refusals_total", ("NotFound",))):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        found = numbers(running.operations)
    assert found["tael_http_requests_total", ("/v1/receipts/{id}", "4xx")] == 1
    assert found["tael_workers", ()] == found["tael_worker_starts_total", ()] == 2
    assert found["tael_connections", ()] == 1
    assert {labels for name, labels in found if name == "tael_resident_bytes"} == {("node",), ("worker-1",), ("worker-2",)}
