"""Certificates of blocks: what the validators of a chain have signed, and nothing else."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ledger_world import KEYS, VALIDATOR, specification
from test_chain_node import TIME_MS, open_node, payment

from chain.ledger.genesis import make_genesis
from chain.ledger.parameters import decode_parameters, parameters_value
from chain.node.node import Node
from chain.primitives.certificate import (
    Certificate,
    certificate_message,
    certify,
    check_certificate,
    check_certified,
    choose_signers,
    decode_certificate,
)
from chain.primitives.codec import decode, encode
from chain.primitives.header import Header, decode_header
from chain.primitives.keys import P256SecretKey, SecretKey
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.policy import KeyOrPolicy, make_policy
from chain.primitives.proof import decode_proof, verify_proof
from chain.primitives.refusal import Refusal, Refused

SIGNERS = [SecretKey.development("validators", number) for number in range(3)]
TWO_OF_THREE = make_policy(2, [signer.public for signer in SIGNERS])


def header(**changes: Any) -> Header:
    """A header to sign for."""
    return replace(make_genesis(specification()).block.header, height=7, **changes)


def refused(encoded: bytes, of: Header | None = None, validators: KeyOrPolicy = TWO_OF_THREE) -> Refused:
    """The code with which a certificate is refused."""
    with pytest.raises(Refusal) as caught:
        check_certified(encoded, of or header(), validators)
    return caught.value.code


def test_two_of_three_validators_certify_a_block() -> None:
    """Any two, of whatever schemes, and the bytes come back as they were."""
    other = P256SecretKey.generate()
    mixed = make_policy(2, [SIGNERS[0].public, other.public])
    for signers, validators in (
        (SIGNERS[:2], TWO_OF_THREE),
        (SIGNERS[1:], TWO_OF_THREE),
        ([other, SIGNERS[0]], mixed),
        (SIGNERS[:1], SIGNERS[0].public),
    ):
        certificate = certify(header(), signers)
        assert decode_certificate(certificate.encoded) == certificate
        assert check_certified(certificate.encoded, header(), validators) == certificate


def test_every_altered_byte_of_a_certificate_is_refused() -> None:
    """Each byte changed in three ways, one left out, one put in: NotCertified and nothing else."""
    encoded = certify(header(), SIGNERS[:2]).encoded
    altered = {encoded[:-1], encoded + b"\x00", b"", b"\xc1", b"\x90"}
    for at in range(len(encoded)):
        for change in (1, 128, 255):
            altered.add(encoded[:at] + bytes([encoded[at] ^ change]) + encoded[at + 1 :])
        altered.add(encoded[:at] + encoded[at + 1 :])
        altered.add(encoded[:at] + b"\x00" + encoded[at:])
    altered.discard(encoded)
    assert {refused(each) for each in altered} == {Refused.NOT_CERTIFIED}


def test_exactly_as_many_sign_as_the_policy_asks_for() -> None:
    """One too few, one too many, a stranger, one twice, none."""
    good = certify(header(), SIGNERS).signatures
    stranger = certify(header(), [KEYS["alice"]]).signatures
    for signatures in (good[:1], good, (*good[:1], *stranger), (good[0], good[0]), (), tuple(reversed(good[:2]))):
        made = Certificate(7, header().hash, signatures)
        with pytest.raises(Refusal) as caught:
            check_certificate(made, header(), TWO_OF_THREE)
        assert caught.value.code is Refused.NOT_CERTIFIED
        assert refused(made.encoded) is Refused.NOT_CERTIFIED


@pytest.mark.parametrize("change", [{"chain_id": "other"}, {"height": 8}, {"gas_used": 1}, {"state_root": bytes(32)}])
def test_a_certificate_is_of_one_block_of_one_chain(change: dict[str, Any]) -> None:
    """Of a block that differs in whatever, it is none; also if hash and height are written over."""
    other = replace(header(), **change)
    made = certify(header(), SIGNERS[:2])
    assert refused(made.encoded, other) is Refused.NOT_CERTIFIED
    assert refused(replace(made, height=other.height, block_hash=other.hash).encoded, other) is Refused.NOT_CERTIFIED


def test_what_validators_sign_cannot_be_taken_for_a_transaction() -> None:
    """The message has a tag of its own, and chain, height and hash cannot run into each other."""
    messages = {certificate_message(chain, height, bytes(32)) for chain in ("a", "a\x00", "b") for height in (0, 1, 256)}
    assert len(messages) == 9
    spelled = b"\x12tael/certificate/1" + b"a\x00" + (1).to_bytes(8) + bytes(32)
    assert certificate_message("a", 1, bytes(32)) == sha256(spelled).digest()


def test_a_node_certifies_what_it_makes(directory: Path) -> None:
    """Each block has a certificate by the validator that genesis names, and block 0 a proof of the parameters that name it."""
    with closing(open_node(directory)) as node:
        for height in range(1, 6):
            data, encoded = node.store.header(height), node.store.certificate(height)
            assert data is not None
            assert encoded is not None
            check_certified(encoded, decode_header(data), VALIDATOR.public)
        first, proof = node.store.header(0), node.store.certificate(0)
        assert first is not None
        assert proof is not None
        shown = decode_proof(proof)
        assert verify_proof(shown, decode_header(first).state_root)
        assert shown.key == PARAMETERS
        assert shown.value is not None
        assert decode_parameters(shown.value).validators == VALIDATOR.public


def test_certificates_go_with_the_blocks_that_are_taken_back(directory: Path) -> None:
    """And the ones made in their place are of the new blocks."""
    with closing(open_node(directory)) as node:
        old = node.store.certificate(4)
        node.revert(3)
        assert node.store.certificate(4) is None
        node.submit(payment(3, 77).encoded)
        made = node.produce().block.header
        new = node.store.certificate(4)
        assert new is not None
        assert new != old
        check_certified(new, made, VALIDATOR.public)


def test_a_chain_without_validators_has_no_certificates(tmp_path: Path) -> None:
    """Its parameters are as they were before there were any, and it goes on."""
    with closing(open_node(tmp_path, validators=None)) as node:
        node.produce()
        assert (node.store.certificate(0), node.store.certificate(1)) == (None, None)
        assert len(decode(parameters_value(node.parameters))) == 6
    with closing(Node(tmp_path, None, clock=lambda: TIME_MS)) as node:
        assert node.head.height == 1


@pytest.mark.parametrize(
    "validators",
    [
        7,
        [],
        {},
        {"threshold": 1},
        {"threshold": 0, "keys": [VALIDATOR.public.hex()]},
        {"threshold": 2, "keys": [VALIDATOR.public.hex()]},
        {"threshold": 1, "keys": []},
        {"threshold": 1, "keys": [VALIDATOR.public.hex()] * 2},
        {"threshold": 1, "keys": ["zz"]},
        {"threshold": 1, "keys": VALIDATOR.public.hex()},
        {"threshold": 1, "keys": [VALIDATOR.public.hex()], "more": 1},
    ],
)
def test_wrong_validators_are_a_wrong_genesis(validators: object) -> None:
    """WrongGenesis, whatever it is."""
    with pytest.raises(Refusal) as caught:
        make_genesis(specification(validators=validators))
    assert caught.value.code is Refused.WRONG_GENESIS


def test_a_node_signs_with_keys_of_validators_only_and_with_enough_of_them(tmp_path: Path) -> None:
    """A stranger's key, or too few, is WrongKey at the start; of more than are needed the first are taken."""
    for signers in ([KEYS["alice"]], [*SIGNERS[:2], KEYS["alice"]], SIGNERS[:1]):
        with pytest.raises(Refusal) as caught:
            choose_signers(TWO_OF_THREE, signers)
        assert caught.value.code is Refused.WRONG_KEY
    assert len(choose_signers(TWO_OF_THREE, SIGNERS)) == 2
    assert choose_signers(TWO_OF_THREE, []) == ()
    with pytest.raises(Refusal, match="none of a validator"):
        Node(tmp_path, specification(), clock=lambda: TIME_MS, signers=[KEYS["bob"]])


def test_parameters_of_five_or_eight_elements_are_none() -> None:
    """They have six, or seven with validators."""
    fields = decode(parameters_value(make_genesis_parameters()))
    for wrong in (fields[:5], [*fields, 1]):
        with pytest.raises(Refusal) as caught:
            decode_parameters(encode(wrong))
        assert caught.value.code is Refused.MALFORMED


def make_genesis_parameters() -> Any:
    """The parameters of the tests' chain."""
    value = make_genesis(specification()).state[PARAMETERS]
    assert value is not None
    return decode_parameters(value)
