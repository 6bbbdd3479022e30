"""Transactions told, gas estimated, runs traced and old states read, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ledger_world import call, deploy

from chain.client.client import Client
from chain.node.development import development_wallets
from chain.primitives.address import contract_address, format_address
from chain.primitives.limits import ESTIMATE_MARGIN_PERCENT
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay, Transaction, sign
from vm.types import CoinValue
from vm.values import encode_arguments

ALICE, BOB, CAROL = development_wallets()[:3]


@pytest.fixture
def escrow(client: Client) -> bytes:
    """A new escrow of Carol's over 100, to be paid to Bob."""
    body = client.build(CAROL.address, [deploy("escrow", BOB.address, 100, 1_000)])
    assert client.commit(sign(body, [CAROL.key])).receipt.ok
    return contract_address(CAROL.address, body.identity, 0)


def flat(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An entry of a trace and all within it."""
    yield entry
    for part in entry.get("inside", ()):
        yield from flat(part)


def test_a_transaction_is_told_with_its_actions_decoded(client: Client, escrow: bytes) -> None:
    """Arguments by the names of the interface; one that no block has is not found."""
    body = client.build(CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100)), Pay(BOB.address, "CNY", 7)])
    transaction = sign(body, [CAROL.key])
    client.commit(transaction)
    told = client.get(f"/v1/transactions/{transaction.identity.hex()}")
    assert bytes.fromhex(told["encoded"]) == transaction.encoded
    fund, pay = told["actions"]
    assert (fund["function"], fund["contract"]) == ("fund", format_address(escrow))
    assert list(fund["arguments"].values()) == [{"currency": "CNY", "amount": "100"}]
    assert (pay["action"], pay["to"], pay["text"]) == ("pay", format_address(BOB.address), "0.07 CNY")
    with pytest.raises(Refusal) as caught:
        client.get(f"/v1/transactions/{bytes(32).hex()}")
    assert caught.value.code is Refused.NOT_FOUND


def test_an_estimate_is_what_the_transaction_uses_and_its_limit_suffices(client: Client, escrow: bytes) -> None:
    """Of an unsigned one whose own limit is far too low, whoever signs it later."""
    actions = [call(escrow, "escrow", "fund", CoinValue("CNY", 100))]
    unsigned = Transaction(client.build(CAROL.address, actions, gas_limit=1))
    answer = client.post("/v1/estimate", {"transaction": unsigned.encoded.hex()})
    assert answer["ok"]
    assert answer["gas_used"] < answer["gas_limit"] <= answer["gas_used"] * (100 + ESTIMATE_MARGIN_PERCENT) // 100
    receipt = client.send(CAROL.key, CAROL.address, actions, gas_limit=answer["gas_limit"]).receipt
    assert receipt.ok
    # The limit itself may be encoded in fewer bytes than the greatest.
    assert 0 <= answer["gas_used"] - receipt.gas_used <= 40


def test_an_estimate_of_what_would_fail_says_so(client: Client, escrow: bytes) -> None:
    """With the decoded error."""
    unsigned = Transaction(client.build(CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 99))]))
    answer = client.post("/v1/estimate", {"transaction": unsigned.encoded.hex()})
    assert (answer["ok"], answer["error"]["fields"]) == (False, {"want": "100", "got": "99"})


def test_a_trace_of_a_block_s_transaction_is_that_of_its_run(client: Client, escrow: bytes) -> None:
    """Calls, writes, payments and events; the same as was told before it was sent, although the state has gone on."""
    client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100))])
    transaction = sign(client.build(CAROL.address, [call(escrow, "escrow", "accept")]), [CAROL.key])
    before = client.post("/v1/trace", {"transaction": transaction.encoded.hex()})
    outcome = client.commit(transaction)
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    after = client.post("/v1/trace", {"id": transaction.identity.hex()})
    assert after["receipt"]["encoded"] == outcome.json["encoded"]
    assert before["calls"] == after["calls"]
    assert before["steps"] == after["steps"] > 0
    assert not after["cut"]
    (accept,) = [entry for entry in after["calls"] if entry.get("function") == "accept"]
    told = list(flat(accept))
    assert {"call", "write", "pay", "event"} == {entry["kind"] for entry in told}
    assert {"kind": "pay", "to": format_address(BOB.address), "currency": "CNY", "amount": "100"} in told


def test_a_trace_of_what_is_nowhere_is_not_found(client: Client) -> None:
    """Typed, as everywhere."""
    with pytest.raises(Refusal) as caught:
        client.post("/v1/trace", {"id": bytes(32).hex()})
    assert caught.value.code is Refused.NOT_FOUND


def test_old_states_are_read_under_their_own_height_and_root(client: Client, escrow: bytes) -> None:
    """A wallet and a contract as they were; a height to come is not found."""
    height = client.status()["height"]
    funded = client.read(escrow, "remaining", encode_arguments([], []))["value"]
    balance = client.balance(CAROL.address, "CNY")
    client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100))])
    old = client.get(f"/v1/wallets/{format_address(CAROL.address)}", height=str(height))
    (money,) = [entry for entry in old["balances"] if entry["currency"] == "CNY"]
    assert int(money["amount"]) == balance != client.balance(CAROL.address, "CNY")
    header = client.block(height)["header"]
    assert (old["height"], old["state_root"]) == (height, header["state_root"])
    question = {"contract": format_address(escrow), "function": "remaining", "arguments": "90", "height": height}
    then = client.post("/v1/read", question)
    assert (then["value"], then["height"]) == (funded, height)
    with pytest.raises(Refusal) as caught:
        client.get(f"/v1/wallets/{format_address(CAROL.address)}", height=str(height + 1_000))
    assert caught.value.code is Refused.NOT_FOUND


def test_a_block_comes_with_its_bytes_if_asked(client: Client) -> None:
    """For who follows: the header's hash is that of the bytes within."""
    block = client.get("/v1/blocks/latest", full="1")
    assert block["header"]["encoded"] in block["encoded"]
    assert "encoded" not in client.block()
