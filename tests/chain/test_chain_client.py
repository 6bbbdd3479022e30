"""The client beside a live devnet on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chain.client.client import Client
from chain.node.development import development_wallets
from chain.node.devnet import start_devnet
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, sign

ALICE, BOB = development_wallets()[:2]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of a devnet of its own."""
    with start_devnet() as running, Client(running.address) as opened:
        yield opened


def test_a_batch_is_committed_row_by_row(client: Client) -> None:
    """One that is refused holds up no other, and the same batch again gets the same rows."""
    first = client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)])
    bodies = [first, first._replace(sequence=first.sequence + 1), first._replace(sequence=first.sequence + 2, chain_id="other")]
    transactions = [sign(body, [ALICE.key]) for body in bodies]
    before = client.balance(BOB.address, "CNY")
    rows = client.submit_batch(transactions)
    assert [(row.status, row.ok, row.code) for row in rows] == [
        ("committed", True, None),
        ("committed", True, None),
        ("refused", None, "WrongChain"),
    ]
    assert client.submit_batch(transactions) == rows
    assert client.balance(BOB.address, "CNY") == before + 2


def test_a_batch_that_is_too_long_is_refused_as_a_whole(client: Client) -> None:
    """Typed."""
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)]), [ALICE.key])
    with pytest.raises(Refusal) as caught:
        client.submit_batch([transaction] * 1_001)
    assert caught.value.code in (Refused.BAD_REQUEST, Refused.TOO_LARGE)


def test_estimate_trace_and_transaction_are_asked_by_the_client(client: Client) -> None:
    """Of the same payment, before and after it is committed."""
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)]), [ALICE.key])
    assert client.estimate(transaction)["ok"]
    assert client.trace(transaction)["calls"] == []
    client.commit(transaction)
    assert client.trace(transaction.identity)["receipt"]["ok"]
    assert client.transaction(transaction.identity)["encoded"] == transaction.encoded.hex()


class Full(BaseHTTPRequestHandler):
    """A node that is full twice, and then answers."""

    asked = 0

    def do_GET(self) -> None:
        """Count and answer."""
        Full.asked += 1
        full = Full.asked <= 2
        content = json.dumps({"code": "PoolFull", "message": "full", "remedy": ""} if full else {"chain_id": "x"}).encode()
        self.send_response(429 if full else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_full_node_is_asked_again_only_if_the_client_was_told_to() -> None:
    """Without, its refusal comes at once; with, its answer in the end."""
    server = HTTPServer(("127.0.0.1", 0), Full)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    Full.asked = 0
    with pytest.raises(Refusal) as caught:
        Client(url).status()
    assert (caught.value.code, Full.asked) == (Refused.POOL_FULL, 1)
    assert Client(url, retry_seconds=30).status() == {"chain_id": "x"}
    assert Full.asked == 3
    server.shutdown()
    server.server_close()
