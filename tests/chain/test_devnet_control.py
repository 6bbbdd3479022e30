"""What a devnet lets people do to it: the rows of the checklist in `docs/devnet.md`."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.client.client import Client
from chain.node.development import BALANCE, development_wallets
from chain.node.devnet import Devnet, start_devnet
from chain.primitives.limits import CLOCK_MS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, Transaction, sign

WALLETS = development_wallets()
ALICE, BOB = WALLETS[0], WALLETS[1]


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Devnet]:
    """A devnet of one test, with its ledger on disk."""
    with start_devnet(tmp_path / "ledger") as running:
        yield running


def control(client: Client, verb: str, **body: Any) -> dict[str, Any]:
    """What the devnet answers to a verb."""
    return client.post(f"/devnet/{verb}", body)


def pay(client: Client, amount: int = 100) -> Transaction:
    """Alice pays Bob, committed."""
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", amount)]), [ALICE.key])
    assert client.commit(transaction).receipt.ok
    return transaction


def test_a_snapshot_is_gone_back_to(client: Client) -> None:
    """Balances, head, sequence and root are as they were; what came later is not to be found and may be sent again."""
    pay(client)
    before, taken = client.block(), control(client, "snapshot")
    later = pay(client, 7)
    assert control(client, "revert", snapshot=taken["snapshot"])["height"] == taken["height"]
    assert client.block() == before
    assert client.balance(BOB.address, "CNY") == BALANCE + 100
    with pytest.raises(Refusal) as caught:
        client.receipt(later.identity)
    assert caught.value.code is Refused.NOT_FOUND
    assert client.commit(later).receipt.ok
    assert client.balance(BOB.address, "CNY") == BALANCE + 107


def test_snapshots_nest_and_are_used_once(client: Client) -> None:
    """Going back to the first takes the second away; the newest is the one that is meant if none is named."""
    first = control(client, "snapshot")["snapshot"]
    pay(client)
    second = control(client, "snapshot")["snapshot"]
    pay(client)
    third = control(client, "snapshot")["snapshot"]
    pay(client)
    assert control(client, "revert")["snapshot"] == third
    assert client.balance(BOB.address, "CNY") == BALANCE + 200
    assert control(client, "revert", snapshot=first)["snapshot"] == first
    assert client.balance(BOB.address, "CNY") == BALANCE
    for gone in (first, second, third):
        with pytest.raises(Refusal) as caught:
            control(client, "revert", snapshot=gone)
        assert caught.value.code is Refused.NOT_FOUND


def test_a_ledger_that_went_back_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """It opens at the block it went back to, goes on from there, and replays to its root."""
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        for _ in range(5):
            pay(client)
        control(client, "snapshot")
        for _ in range(200):  # more than a node keeps that is no devnet
            control(client, "mine")
        control(client, "revert")
        pay(client, 9)
        head = client.block()
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        assert client.block() == head
        assert client.balance(BOB.address, "CNY") == BALANCE + 509


def test_a_cursor_of_a_block_that_was_taken_back_is_told_so(client: Client) -> None:
    """Who reads events is not left waiting for what will not come."""
    control(client, "snapshot")
    pay(client)
    cursor = (1).to_bytes(8).hex() + "00" * 8
    assert client.events(cursor) == ([], cursor)
    control(client, "revert")
    with pytest.raises(Refusal, match="taken back"):
        client.events(cursor)


def test_what_waits_survives_going_back(client: Client) -> None:
    """A transaction in the pool is still there, and is in the next block if its sequence still fits."""
    pay(client)
    control(client, "snapshot")
    control(client, "mode", mode="manual")
    body = client.build(ALICE.address, [Pay(BOB.address, "CNY", 5)])
    client.submit(sign(body, [ALICE.key]))
    assert control(client, "revert")["waiting"] == 1
    control(client, "mine")
    assert client.balance(BOB.address, "CNY") == BALANCE + 105


def test_time_goes_on_is_held_and_runs(client: Client) -> None:
    """By a duration or to a moment, never back; blocks have it, and transactions do not expire by it as they are built."""
    start = client.status()["now_ms"]
    assert control(client, "time", advance_ms=30 * 86_400_000)["now_ms"] >= start + 30 * 86_400_000
    pay(client)
    assert client.block()["header"]["time_ms"] >= start + 30 * 86_400_000
    held = control(client, "time", clock="hold")
    assert held["held"] and control(client, "time")["now_ms"] == held["now_ms"]
    moment = held["now_ms"] + 5_000
    assert control(client, "time", to_ms=moment)["now_ms"] == moment
    with pytest.raises(Refusal, match="does not go back"):
        control(client, "time", to_ms=moment - 1)
    assert not control(client, "time", clock="run")["held"]
    with pytest.raises(Refusal, match="hold"):
        control(client, "time", clock="stop")
    pay(client)


def test_time_goes_back_with_a_snapshot(client: Client) -> None:
    """And only so."""
    control(client, "time", clock="hold")
    before = client.status()["now_ms"]
    control(client, "snapshot")
    control(client, "time", advance_ms=1_000_000)
    control(client, "mine")
    control(client, "revert")
    assert client.status()["now_ms"] == before


def test_blocks_are_made_when_one_says_so(client: Client) -> None:
    """In manual mode a transaction waits until a block is asked for; so many may be asked for, with time between them."""
    control(client, "mode", mode="manual")
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 5)]), [ALICE.key])
    assert client.submit(transaction) == "waiting"
    assert [entry["id"] for entry in client.get("/devnet/pool")["ready"]] == [transaction.identity.hex()]
    control(client, "time", clock="hold")
    now = client.status()["now_ms"]
    height = control(client, "mine", blocks=3, interval_ms=60_000)["height"]
    assert height == 3 and client.block(3)["header"]["time_ms"] == now + 180_000
    assert client.receipt(transaction.identity).receipt.height == 1
    control(client, "mode", mode="instant")
    pay(client)
    control(client, "mode", mode="50")
    pay(client)
    for wrong in ("0", "soon", "99999999999"):
        with pytest.raises(Refusal):
            control(client, "mode", mode=wrong)


def test_what_waits_may_be_dropped(client: Client) -> None:
    """One or all; one that is not there is not found."""
    control(client, "mode", mode="manual")
    first = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 5)]), [ALICE.key])
    second = sign(client.build(BOB.address, [Pay(ALICE.address, "CNY", 5)]), [BOB.key])
    for transaction in (first, second):
        client.submit(transaction)
    assert control(client, "drop", id=first.identity.hex())["dropped"] == 1
    with pytest.raises(Refusal) as caught:
        client.receipt(first.identity)
    assert caught.value.code is Refused.DROPPED
    with pytest.raises(Refusal) as caught:
        control(client, "drop", id=first.identity.hex())
    assert caught.value.code is Refused.NOT_FOUND
    assert control(client, "drop")["dropped"] == 1
    assert client.status()["waiting"] == 0


def test_the_faucet_pays(client: Client) -> None:
    """Any wallet that there is; another address is told so."""
    control(client, "faucet", to=client.wallet(BOB.address)["address"], amount="777")
    assert client.balance(BOB.address, "CNY") == BALANCE + 777
    contract = "tael1" + "q" * 58
    with pytest.raises(Refusal):
        control(client, "faucet", to=contract, amount="1")


def test_a_dump_is_a_ledger_with_its_history(client: Client, tmp_path: Path) -> None:
    """A devnet starts from it where the other one was, which has gone on."""
    for _ in range(3):
        pay(client)
    head = client.block()
    control(client, "dump", folder=str(tmp_path / "copy"))
    pay(client)
    with start_devnet(tmp_path / "copy") as copy, Client(copy.address) as other:
        assert other.block()["header"] == head["header"]
        assert other.block(1)["header"] == client.block(1)["header"]
        pay(other)
    with pytest.raises(Refusal):
        control(client, "dump", folder=str(tmp_path / "copy"))


def test_it_is_controlled_from_this_machine_only(devnet: Devnet) -> None:
    """A request that was sent under another name, as a web page could have it sent, is refused."""
    connection = http.client.HTTPConnection(devnet.address.removeprefix("http://"))
    for host in ("evil.example", "localhost.evil.example", "[::", "127.0.0.1@evil.example", ""):
        connection.request("POST", "/devnet/snapshot", b"{}", {"Host": host})
        response = connection.getresponse()
        assert response.status == 400, host
        assert json.loads(response.read())["code"] == "BadRequest"
    connection.request("POST", "/devnet/snapshot", b"{}", {"Host": "localhost:7070"})
    assert connection.getresponse().status == 200
    connection.close()


def test_the_clock_leaves_room_for_blocks(client: Client) -> None:
    """It can be put so far ahead and not further; blocks are still made there."""
    control(client, "time", to_ms=CLOCK_MS_MAX)
    with pytest.raises(Refusal) as caught:
        control(client, "time", advance_ms=60_000_000)
    assert caught.value.code is Refused.CONFLICT
    pay(client)
    assert client.block()["header"]["time_ms"] >= CLOCK_MS_MAX
