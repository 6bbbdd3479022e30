"""A light client knows from a hash alone what is so, whoever tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ledger_world import KEYS, VALIDATOR

from chain.client.client import Client
from chain.client.light import Anchor, LightClient
from chain.ledger.genesis import make_genesis
from chain.node.development import CHAIN_ID, development_validator, development_wallets, devnet_specification
from chain.primitives.certificate import certify
from chain.primitives.header import decode_header
from chain.primitives.keyspace import account_key
from chain.primitives.refusal import Refusal, Refused

ALICE, BOB = development_wallets()[:2]
GENESIS = make_genesis(devnet_specification()).block.header.hash


class Lying(Client):
    """A client whose node tells something else in one place."""

    lie: Callable[[str, dict[str, Any]], dict[str, Any]] = staticmethod(lambda path, answer: answer)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What the node gives, but for the lie."""
        return self.lie(path, super().get(path, **query))


def test_a_balance_is_known_from_the_hash_of_genesis_alone(client: Client) -> None:
    """The validators, headers and values that come of it are those of the chain."""
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 5)
    light = LightClient.from_genesis(client, GENESIS)
    assert light.anchor == Anchor(CHAIN_ID, development_validator().public)
    assert light.header().hash.hex() == client.block()["header"]["hash"]
    assert light.header(1).height == 1
    assert light.balance(BOB.address, "CNY") == client.balance(BOB.address, "CNY")
    assert light.prove(account_key(bytes(32))).value is None


def test_another_genesis_is_not_taken(client: Client) -> None:
    """Whatever hash it is."""
    with pytest.raises(Refusal) as caught:
        LightClient.from_genesis(client, bytes(32))
    assert caught.value.code is Refused.WRONG_PROOF


@pytest.mark.parametrize("anchor", [Anchor(CHAIN_ID, KEYS["alice"].public), Anchor("other", development_validator().public)])
def test_what_others_have_signed_is_not_believed(client: Client, anchor: Anchor) -> None:
    """Other validators, another chain."""
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 5)
    light = LightClient(client, anchor)
    for question in (light.header, lambda: light.header(1), lambda: light.prove(account_key(BOB.address))):
        with pytest.raises(Refusal) as caught:
            question()
        assert caught.value.code is Refused.NOT_CERTIFIED


def with_field(name: str, change: Callable[[bytes], bytes]) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """An answer about a certificate with one field changed."""

    def lie(path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("/certificate"):
            answer[name] = change(bytes.fromhex(answer[name])).hex()
        return answer

    return lie


def another_header(data: bytes) -> bytes:
    """Somebody is richer."""
    return replace(decode_header(data), state_root=bytes(32)).encoded


def stranger(path: str, answer: dict[str, Any]) -> dict[str, Any]:
    """A header that is made up and signed by a stranger."""
    if path.endswith("/certificate"):
        header = replace(decode_header(bytes.fromhex(answer["header"])), gas_used=1)
        answer |= {"header": header.encoded.hex(), "certificate": certify(header, [VALIDATOR]).encoded.hex()}
    return answer


@pytest.mark.parametrize(
    "lie",
    [
        with_field("header", another_header),
        with_field("certificate", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        with_field("certificate", lambda data: b""),
        stranger,
    ],
)
def test_a_node_that_lies_is_not_believed(
    devnet: Any, client: Client, lie: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    """About the first block, the newest, and what a value is proved under."""
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 5)
    with Lying(devnet.address) as lying:
        lying.lie = lie
        light = LightClient(lying, Anchor(CHAIN_ID, development_validator().public))
        for question in (lambda: LightClient.from_genesis(lying, GENESIS), light.header, lambda: light.prove(b"p")):
            with pytest.raises(Refusal) as caught:
                question()
            assert caught.value.code in (Refused.WRONG_PROOF, Refused.NOT_CERTIFIED, Refused.MALFORMED)


def test_another_height_is_not_taken(devnet: Any, client: Client) -> None:
    """It would be certified, too."""
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 5)
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 5)
    older = client.get("/v1/blocks/1/certificate")
    with Lying(devnet.address) as lying:
        lying.lie = lambda path, answer: older
        light = LightClient(lying, Anchor(CHAIN_ID, development_validator().public))
        with pytest.raises(Refusal) as caught:
            light.header(2)
        assert caught.value.code is Refused.WRONG_PROOF
