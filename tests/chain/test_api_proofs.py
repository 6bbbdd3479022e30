"""Proofs over HTTP: of one key and of many, present and absent, at the head and at old heights, checked by the client."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from ledger_world import call, deploy, module

from chain.client.client import Client
from chain.client.proofs import ICS23, OWN, prove_many, prove_receipt
from chain.node.development import development_wallets
from chain.node.devnet import Devnet
from chain.node.unpaid import Unpaid
from chain.primitives.account import read_balance
from chain.primitives.address import contract_address, format_address
from chain.primitives.header import decode_header
from chain.primitives.ics23 import verify_commitment
from chain.primitives.ics23_codec import decode_commitment
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import (
    PARAMETERS,
    account_key,
    code_key,
    contract_key,
    currency_key,
    mandate_key,
    slot_key,
    supply_key,
)
from chain.primitives.limits import PROOF_KEYS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import OpenWallet, Pay, sign
from vm.codec import module_hash
from vm.state import PHASE_FIELD
from vm.types import CoinValue
from vm.values import pack

ALICE, BOB, CAROL = development_wallets()[:3]
FORMS = (OWN, ICS23)


@pytest.fixture(scope="module")
def escrow(devnet: Devnet) -> Iterator[bytes]:
    """The address of an escrow that is funded."""
    with Client(devnet.address) as client:
        body = client.build(CAROL.address, [deploy("escrow", BOB.address, 100, 1_000)])
        client.commit(sign(body, [CAROL.key]))
        address = contract_address(CAROL.address, body.identity, 0)
        client.send(CAROL.key, CAROL.address, [call(address, "escrow", "fund", CoinValue("CNY", 100))])
        yield address


def code_of(refusal: pytest.ExceptionInfo[Refusal]) -> Refused:
    """The code that was raised."""
    return refusal.value.code


def test_keys_are_named_as_people_say_them(client: Client, escrow: bytes) -> None:
    """Each name is the key that the ledger writes."""
    wallet, contract = format_address(BOB.address), format_address(escrow)
    code = module_hash(module("escrow"))
    names: dict[str, bytes] = {
        "parameters": PARAMETERS,
        f"wallet:{wallet}": account_key(BOB.address),
        f"session:{wallet}:{'07' * 16}": mandate_key(BOB.address, b"\x07" * 16),
        f"contract:{contract}": contract_key(escrow),
        f"slot:{contract}:9101": slot_key(escrow, b"\x91\x01"),
        f"field:{contract}:phase": slot_key(escrow, pack([PHASE_FIELD])),
        f"code:{code.hex()}": code_key(code),
        "currency:CNY": currency_key("CNY"),
        "supply:CNY": supply_key("CNY"),
        "616263": b"abc",
    }
    for form in FORMS:
        shown = prove_many(client, list(names), form=form)
        assert list(shown.values) == list(names.values())
        assert shown.values[code_key(code)] == module("escrow")
        assert shown.values[mandate_key(BOB.address, b"\x07" * 16)] is None
        assert shown.values[slot_key(escrow, pack([PHASE_FIELD]))] is not None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wallet:tael1x", Refused.WRONG_ADDRESS),
        ("field:CONTRACT:nothing", Refused.WRONG_KEY),
        ("field:CONTRACT:phase:00", Refused.WRONG_KEY),
        ("field:WALLET:phase", Refused.NOT_FOUND),
        ("wallet:", Refused.BAD_REQUEST),
        ("abc", Refused.BAD_REQUEST),
        ("", Refused.BAD_REQUEST),
        ("00" * 512, Refused.BAD_REQUEST),
        ("currency:cny", Refused.BAD_REQUEST),
    ],
)
def test_names_that_are_none_are_refused(client: Client, escrow: bytes, name: str, code: Refused) -> None:
    """Each for what is wrong with it."""
    filled = name.replace("CONTRACT", format_address(escrow)).replace("WALLET", format_address(BOB.address))
    with pytest.raises(Refusal) as caught:
        client.post("/v1/proofs", {"keys": [filled]})
    assert code_of(caught) is code


@pytest.mark.parametrize("form", FORMS)
def test_old_states_are_proved_as_they_were(client: Client, form: str) -> None:
    """Keys that have changed, been born and stayed absent since, at each of some heights; the neighbours of what was absent are
    those of that time.
    """
    key = SecretKey.generate()
    heights, balances = [client.status()["height"]], [client.balance(BOB.address, "CNY")]
    for n in range(6):
        actions: list[Any] = [Pay(BOB.address, "CNY", 10 + n)]
        actions += [OpenWallet(SecretKey.generate().public)] if n % 2 else []
        heights.append(client.send(ALICE.key, ALICE.address, actions).receipt.height)
        balances.append(balances[-1] + 10 + n)
    chance = random.Random(5)
    absent = [chance.randbytes(20) for _ in range(20)]
    for height, balance in zip(heights, balances, strict=True):
        header = decode_header(bytes.fromhex(client.block(height)["header"]["encoded"]))
        shown = prove_many(client, [account_key(BOB.address), *absent, account_key(key.public)], form=form, header=header)
        assert shown.header == header
        assert read_balance(shown.values[account_key(BOB.address)], "CNY") == balance
        assert sum(value is None for value in shown.values.values()) == 21
        told = client.get("/v1/proof", key=absent[0].hex(), form=form, height=str(height))
        assert (told["height"], told["state_root"]) == (height, header.state_root.hex())


def test_single_proofs_of_ics23_hold(client: Client) -> None:
    """Of presence and of absence, under the header that comes with them."""
    for key, value in ((PARAMETERS, True), (b"absent", False)):
        told = client.get("/v1/proof", key=key.hex(), form=ICS23)
        root = decode_header(bytes.fromhex(told["header"])).state_root
        claim = bytes.fromhex(told["value"]) if value else None
        assert verify_commitment(decode_commitment(bytes.fromhex(told["proof"])), root, {key: claim})


class Liar:
    """A node that alters what another one says."""

    def __init__(self, client: Client, **lies: Any) -> None:
        self._client = client
        self._lies = lies

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """As the client's."""
        return {**self._client.get(path, **query), **self._lies}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """As the client's."""
        return {**self._client.post(path, body), **self._lies}


@pytest.mark.parametrize("form", FORMS)
def test_a_node_that_lies_is_not_believed(client: Client, form: str) -> None:
    """Another value, another key, a header of another block, a proof of another: each is WrongProof."""
    keys = [PARAMETERS, b"absent"]
    rows = [{"name": "70", "key": "70", "value": "00"}, {"name": "", "key": b"absent".hex(), "value": None}]
    honest = client.post("/v1/proofs", {"keys": [key.hex() for key in keys], "form": form})
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    first = client.block(0)["header"]["encoded"]
    other = client.post("/v1/proofs", {"keys": ["00"], "form": form})["proof"]
    for lies in (
        {"keys": rows},
        {"keys": honest["keys"][:1]},
        {"keys": [honest["keys"][1], honest["keys"][0]]},
        {"header": first},
        {"proof": other},
        {"header": "x"},
        {"keys": None},
    ):
        with pytest.raises(Refusal) as caught:
            prove_many(Liar(client, **lies), keys, form=form)
        assert code_of(caught) is Refused.WRONG_PROOF, lies
    trusted = decode_header(bytes.fromhex(first))
    for given in ({"header": trusted}, {"height": 1}):
        with pytest.raises(Refusal) as caught:
            prove_many(Liar(client, header=client.block(2)["header"]["encoded"]), keys, form=form, **given)
        assert code_of(caught) is Refused.WRONG_PROOF


def test_a_receipt_is_proved_to_be_in_its_block(client: Client) -> None:
    """Under the receipts root; that of another transaction, or under another header, is not believed."""
    first, second = (client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", n).receipt for n in (1, 2))
    receipt, header = prove_receipt(client, first.identity)
    assert (receipt, header.height) == (first, first.height)
    block = client.block(second.height)["header"]["encoded"]
    for lies in ({"header": block}, {"path": ["00" * 32]}, {"size": 7}, {"receipt": {"encoded": second.encoded.hex()}}):
        with pytest.raises(Refusal) as caught:
            prove_receipt(Liar(client, **lies), first.identity)
        assert code_of(caught) is Refused.WRONG_PROOF, lies


def test_a_thousand_keys_and_no_more(client: Client) -> None:
    """At the limit one answer; one past it is not as described."""
    keys = [b"%d" % n for n in range(PROOF_KEYS_MAX)]
    for form in FORMS:
        assert len(prove_many(client, keys, form=form).values) == PROOF_KEYS_MAX
    with pytest.raises(Refusal) as caught:
        prove_many(client, [*keys, b"x"])
    assert code_of(caught) is Refused.BAD_REQUEST


def test_a_proof_over_too_many_changes_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the limit are gone back over, one more is TooLarge."""
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    height = client.status()["height"] - 1
    monkeypatch.setattr("chain.node.proofs.PROOF_CHANGES_MAX", 2)
    assert prove_many(client, [PARAMETERS], height=height).header.height == height
    monkeypatch.setattr("chain.node.proofs.PROOF_CHANGES_MAX", 1)
    with pytest.raises(Refusal) as caught:
        prove_many(client, [PARAMETERS], height=height)
    assert code_of(caught) is Refused.TOO_LARGE


class Spent:
    """The part of a ledger's questions that counts unpaid gas."""

    gas_unpaid = 0


def test_unpaid_work_is_bounded_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on while something is left, even when the last piece takes more than that; then it waits until as much has been
    filled in, which is said.
    """
    monkeypatch.setattr("chain.node.unpaid.UNPAID_GAS_PER_SECOND", 100)
    monkeypatch.setattr("chain.node.unpaid.UNPAID_GAS_SAVED_MAX", 1_000)
    now, node = [0.0], Spent()
    unpaid = Unpaid(node, lambda: now[0])  # type: ignore[arg-type]
    node.gas_unpaid = 999
    unpaid.check()
    node.gas_unpaid = 251
    with pytest.raises(Refusal) as caught:
        unpaid.check()
    assert (code_of(caught), caught.value.data["retry_after_seconds"]) == (Refused.BUSY, 3)
    now[0] = 2.5
    with pytest.raises(Refusal):
        unpaid.check()
    now[0] = 2.51
    unpaid.check()
    now[0], node.gas_unpaid = 1e6, 999
    unpaid.check()
    now[0], node.gas_unpaid = 2e6, 1_000
    with pytest.raises(Refusal):
        unpaid.check()
