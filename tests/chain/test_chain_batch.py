"""Many transactions in one request, answered one by one: by the node itself and by its workers."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest

from chain.client.client import Client
from chain.node.development import CHAIN_ID, DevelopmentWallet, development_wallets
from chain.node.devnet import Devnet, start_devnet
from chain.primitives.limits import BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Body, Pay, Transaction, sign

WALLETS = development_wallets()
MSGPACK = "application/msgpack"
EXPIRY = 50_000


@pytest.fixture(scope="module", params=[0, 2], ids=["alone", "with workers"])
def devnet(request: pytest.FixtureRequest) -> Iterator[Devnet]:
    """One devnet for all tests, in one process and with workers; each test has a lane of its own."""
    with start_devnet(workers=request.param) as running:
        yield running


def ask(devnet: Devnet, body: bytes, query: str = "?wait=commit", **headers: str) -> tuple[int, bytes]:
    """A bare request with a batch: (status, answer)."""
    connection = http.client.HTTPConnection(devnet.address.removeprefix("http://"), timeout=20)
    connection.request("POST", f"/v1/batch{query}", body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


def packed(devnet: Devnet, transactions: list[bytes]) -> list[list[Any]]:
    """The rows of a batch in msgpack."""
    status, answer = ask(devnet, msgpack.packb(transactions), content_type=MSGPACK, accept=MSGPACK)
    assert status == 200
    rows: list[list[Any]] = msgpack.unpackb(answer)[0]
    return rows


def payments(wallet: DevelopmentWallet, lane: int, count: int, first: int = 0) -> list[Transaction]:
    """Payments of one minor unit to the last wallet, one after the other in a lane."""
    to = WALLETS[-1].address
    bodies = [
        Body(CHAIN_ID, wallet.address, first + i, 100_000, 0, (Pay(to, "CNY", 1),), lane, expiry_height=EXPIRY)
        for i in range(count)
    ]
    return [sign(body, [wallet.key]) for body in bodies]


def test_each_transaction_of_a_batch_is_answered(devnet: Devnet) -> None:
    """In the order of the batch, once all are on disk; and sent again, with what became of them the first time."""
    transactions = payments(WALLETS[0], 1, 20)
    data = [transaction.encoded for transaction in transactions]
    rows = packed(devnet, data)
    assert [row[0] for row in rows] == [transaction.identity for transaction in transactions]
    assert {(row[1], row[2], row[3]) for row in rows} == {("committed", True, None)}
    assert packed(devnet, data) == rows
    with Client(devnet.address) as client:
        assert client.receipt(transactions[7].identity).receipt.index == rows[7][5]


def test_what_is_wrong_with_one_holds_up_no_other(devnet: Devnet) -> None:
    """Bytes that are none, a wrong signature, another chain, a used sequence and no money beside one that is right."""
    good, used = payments(WALLETS[1], 2, 2)
    packed(devnet, [good.encoded])
    forged = Transaction(used.body, ((used.signatures[0][0], bytes(64)),))
    elsewhere = sign(used.body._replace(chain_id="elsewhere"), [WALLETS[1].key])
    again = sign(good.body._replace(gas_limit=100_001), [WALLETS[1].key])
    poor = sign(used.body._replace(lane=3, sequence=0, actions=(Pay(WALLETS[2].address, "CNY", 10**18),)), [WALLETS[1].key])
    rows = packed(devnet, [b"junk", forged.encoded, elsewhere.encoded, again.encoded, poor.encoded, used.encoded])
    assert [row[1:4] for row in rows] == [
        ["refused", None, "Malformed"],
        ["refused", None, "WrongSignature"],
        ["refused", None, "WrongChain"],
        ["refused", None, "SequenceUsed"],
        ["committed", False, "InsufficientFunds"],
        ["committed", True, None],
    ]


def test_a_batch_in_json_is_answered_in_json(devnet: Devnet) -> None:
    """With the refusals' remedies, and without waiting when that is not asked for."""
    (transaction,) = payments(WALLETS[2], 1, 1)
    body = json.dumps({"transactions": [transaction.encoded.hex(), "00"]}).encode()
    status, answer = ask(devnet, body)
    rows = json.loads(answer)["rows"]
    assert status == 200
    assert rows[0]["status"] == "committed" and rows[0]["ok"] is True
    assert rows[1]["refusal"]["code"] == "Malformed" and rows[1]["refusal"]["remedy"]
    (transaction,) = payments(WALLETS[2], 2, 1)
    _, answer = ask(devnet, json.dumps({"transactions": [transaction.encoded.hex()]}).encode(), query="")
    assert json.loads(answer)["rows"][0]["status"] in ("waiting", "committed")


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"\x91\x01", {"content_type": MSGPACK}, Refused.BAD_REQUEST),
        (b"\xdd\xff\xff\xff\xff", {"content_type": MSGPACK}, Refused.BAD_REQUEST),
        (b"\x81\x01\x02", {"content_type": MSGPACK}, Refused.BAD_REQUEST),
        (msgpack.packb([b""] * (BATCH_TRANSACTIONS_MAX + 1)), {"content_type": MSGPACK}, Refused.TOO_LARGE),
        (bytes(BATCH_BYTES_MAX + 1), {"content_type": MSGPACK}, Refused.TOO_LARGE),
        (b'{"transactions": [1]}', {}, Refused.BAD_REQUEST),
        (b'{"transactions": ["0g"]}', {}, Refused.BAD_REQUEST),
        (b"{}", {}, Refused.BAD_REQUEST),
    ],
)
def test_what_is_no_batch_is_refused(devnet: Devnet, body: bytes, headers: dict[str, str], code: Refused) -> None:
    """With a typed refusal, whatever the bytes are."""
    status, answer = ask(devnet, body, **headers)
    assert status in (400, 413)
    assert json.loads(answer)["code"] == code


def test_a_batch_of_the_greatest_size_is_taken(devnet: Devnet) -> None:
    """So many that are none are answered so many times."""
    rows = packed(devnet, [b"\x00"] * BATCH_TRANSACTIONS_MAX)
    assert len(rows) == BATCH_TRANSACTIONS_MAX
    assert {row[3] for row in rows} == {"Malformed"}


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost() -> None:
    """What was acknowledged is there, and requests are answered again."""
    with start_devnet(workers=1) as devnet:
        transactions = payments(WALLETS[0], 0, 3)
        packed(devnet, [transaction.encoded for transaction in transactions])
        for number in _children():
            os.kill(number, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while True:
            try:
                with Client(devnet.address) as client:
                    assert all(client.receipt(transaction.identity).receipt.ok for transaction in transactions)
                    break
            except Refusal as refusal:
                assert refusal.code is Refused.UNREACHABLE
                assert time.monotonic() < deadline
        assert packed(devnet, [payments(WALLETS[0], 0, 1, first=3)[0].encoded])[0][1] == "committed"


def _children() -> list[int]:
    """The workers that this process has started."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "chain.node.worker" in line]
