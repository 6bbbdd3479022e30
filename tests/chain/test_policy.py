"""Who must sign for a wallet: one key, or k of n of any schemes."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passkey import Passkey

from chain.primitives.codec import decode, encode
from chain.primitives.keys import P256SecretKey, SecretKey, Signer
from chain.primitives.limits import GAS_SIGNATURE_ED25519, GAS_SIGNATURE_P256, GAS_SIGNATURE_WEBAUTHN, SIGNATURE_BYTES_MAX
from chain.primitives.policy import (
    Policy,
    Signatures,
    check_signers,
    check_valid,
    make_policy,
    read_policy,
    read_signatures,
    signatures_gas,
)
from chain.primitives.refusal import Refusal, Refused

MESSAGE = bytes(range(32))
WALLET, PAYER = bytes(32), bytes([1] * 32)
SIGNERS: list[Signer] = sorted(
    [
        *(SecretKey(bytes([n]) * 32) for n in range(12)),
        *(P256SecretKey(n.to_bytes(32)) for n in range(1, 4)),
        Passkey(7),
        Passkey(8),
    ],
    key=lambda signer: signer.public,
)
KEYS = [signer.public for signer in SIGNERS]


def signed(*numbers: int) -> tuple[tuple[bytes, bytes], ...]:
    """Signatures of some of the signers, sorted by key."""
    return tuple((KEYS[number], SIGNERS[number].sign(MESSAGE)) for number in sorted(numbers))


def check_signatures(policy: Policy, signatures: Signatures, message: bytes = MESSAGE) -> None:
    """That a message is signed for one wallet as its policy says, in the order of the ledger. Raises `Refusal`."""
    check_signers([(WALLET, policy)], [key for key, _ in signatures])
    check_valid(signatures, message)


def refused(call: object, *arguments: object) -> Refused:
    """The code with which a call is refused."""
    assert callable(call)
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.code


# The form.


def test_a_policy_has_one_encoding() -> None:
    """One key is written as the key, more as the threshold and the keys; both come back."""
    single, several = Policy((KEYS[0],)), Policy(tuple(KEYS[10:16]), 2)
    assert single.plain() == KEYS[0]
    assert encode(single.plain()) == b"\xc4\x21" + KEYS[0]
    assert several.plain() == [2, KEYS[10:16]]
    for policy in (single, several, Policy(tuple(KEYS[:2])), Policy(tuple(KEYS[:16]), 16)):
        assert read_policy(decode(encode(policy.plain()))) == policy
        assert make_policy(policy.threshold, policy.keys[::-1]) == policy


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        ([1, [KEYS[0]]], Refused.MALFORMED),
        ([1, []], Refused.MALFORMED),
        ([0, KEYS[:2]], Refused.MALFORMED),
        ([3, KEYS[:2]], Refused.MALFORMED),
        ([-1, KEYS[:2]], Refused.MALFORMED),
        ([True, KEYS[:2]], Refused.MALFORMED),
        ([None, KEYS[:2]], Refused.MALFORMED),
        ([1, [KEYS[1], KEYS[0]]], Refused.MALFORMED),
        ([1, [KEYS[0], KEYS[0]]], Refused.MALFORMED),
        ([1, KEYS[:17]], Refused.MALFORMED),
        ([1, KEYS[:2], 0], Refused.MALFORMED),
        ([1], Refused.MALFORMED),
        ([], Refused.MALFORMED),
        ([1, KEYS[0]], Refused.MALFORMED),
        ([1, [KEYS[0], "key"]], Refused.MALFORMED),
        ([1, [KEYS[0], [1, KEYS[:2]]]], Refused.MALFORMED),
        ([1, [KEYS[0], b"\x01" * 35]], Refused.MALFORMED),
        ([1, [KEYS[0], b""]], Refused.WRONG_KEY),
        ([1, [KEYS[0], KEYS[1] + b"\x00"]], Refused.WRONG_KEY),
        ([1, [KEYS[0], b"\x04" + bytes(32)]], Refused.UNKNOWN_KEY_SCHEME),
        (b"", Refused.WRONG_KEY),
        (KEYS[0][:-1], Refused.WRONG_KEY),
        (b"\x00" + bytes(32), Refused.UNKNOWN_KEY_SCHEME),
        (b"\x02\x05" + bytes(32), Refused.WRONG_KEY),
        (None, Refused.MALFORMED),
        (7, Refused.MALFORMED),
        ("key", Refused.MALFORMED),
    ],
)
def test_every_other_form_is_refused(plain: object, code: Refused) -> None:
    """Thresholds outside of 1 … n, keys unsorted, twice, too many or malformed, policies within policies."""
    assert refused(read_policy, plain) is code


@given(st.binary(max_size=80))
def test_bytes_of_any_kind_are_a_policy_or_refused(data: bytes) -> None:
    """And what is a policy is encoded so."""
    try:
        policy = read_policy(decode(data))
    except Refusal:
        return
    assert encode(policy.plain()) == data


# Signatures.


def test_signatures_are_sorted_by_key_each_key_once() -> None:
    """So they have one order; keys and lengths are checked before anything is verified."""
    signatures = signed(0, 12, 15)
    pairs = [list(pair) for pair in signatures]
    assert read_signatures(pairs, most=3) == signatures
    assert read_signatures([], most=3) == ()
    assert refused(lambda: read_signatures(pairs[::-1], most=3)) is Refused.WRONG_SIGNATURE
    assert refused(lambda: read_signatures([pairs[0], pairs[0]], most=3)) is Refused.WRONG_SIGNATURE
    assert refused(lambda: read_signatures(pairs, most=2)) is Refused.MALFORMED
    assert refused(lambda: read_signatures([[KEYS[0], bytes(SIGNATURE_BYTES_MAX + 1)]], most=3)) is Refused.MALFORMED
    assert refused(lambda: read_signatures([[KEYS[0]]], most=3)) is Refused.MALFORMED
    assert refused(lambda: read_signatures([[b"\x09", bytes(64)]], most=3)) is Refused.UNKNOWN_KEY_SCHEME
    assert refused(lambda: read_signatures(None, most=3)) is Refused.MALFORMED


@pytest.mark.parametrize("number", [0, 12, 15])
def test_one_key_signs_alone(number: int) -> None:
    """Its signature and no other, of any scheme."""
    policy = Policy((KEYS[number],))
    check_signatures(policy, signed(number))
    assert refused(check_signatures, policy, ()) is Refused.MISSING_SIGNATURE
    assert refused(check_signatures, policy, signed(1)) is Refused.MISSING_SIGNATURE
    assert refused(check_signatures, policy, signed(number, 1)) is Refused.EXTRA_SIGNATURE
    assert refused(check_signatures, policy, signed(number), MESSAGE[::-1]) is Refused.WRONG_SIGNATURE


def test_exactly_k_of_n_sign() -> None:
    """Every set of signers of a mixed policy: those of the right number are taken, and no others."""
    numbers = (0, 1, 12, 15)
    policy = make_policy(2, [KEYS[number] for number in numbers])
    for size in range(5):
        for some in combinations(numbers, size):
            if size == 2:
                check_signatures(policy, signed(*some))
            else:
                code = Refused.MISSING_SIGNATURE if size < 2 else Refused.EXTRA_SIGNATURE
                assert refused(check_signatures, policy, signed(*some)) is code
    assert refused(check_signatures, policy, signed(0, 1, 2)) is Refused.EXTRA_SIGNATURE
    assert refused(check_signatures, policy, signed(0, 2)) is Refused.MISSING_SIGNATURE


def test_the_refusal_says_how_many_have_signed() -> None:
    """With the figures as data, for a client that collects signatures."""
    policy = make_policy(3, KEYS[:5])
    with pytest.raises(Refusal) as caught:
        check_signers([(WALLET, policy)], KEYS[1:3])
    assert caught.value.code is Refused.MISSING_SIGNATURE
    assert (caught.value.data["threshold"], caught.value.data["signed"]) == (3, 2)
    with pytest.raises(Refusal) as caught:
        check_signers([(WALLET, policy)], KEYS[1:5])
    assert caught.value.data["key"] == KEYS[1].hex()


def test_one_wrong_signature_is_enough() -> None:
    """Wherever it stands; the first one ends the work."""
    good = signed(0, 1, 12, 15)
    for place in range(4):
        bad = list(good)
        bad[place] = (bad[place][0], good[(place + 1) % 4][1])
        with pytest.raises(Refusal) as caught:
            check_valid(bad, MESSAGE)
        assert caught.value.code is Refused.WRONG_SIGNATURE
        assert caught.value.data["key"] == good[place][0].hex()
    both = [(key, bytes(64)) for key, _ in good]
    with pytest.raises(Refusal) as caught:
        check_valid(both, MESSAGE)
    assert caught.value.data["key"] == KEYS[0].hex()


def test_a_key_may_sign_for_sender_and_payer_at_once() -> None:
    """One signature counts for both."""
    sender, payer = make_policy(1, KEYS[:2]), Policy((KEYS[1],))
    check_signers([(WALLET, sender), (PAYER, payer)], [KEYS[1]])
    assert refused(check_signers, [(WALLET, sender), (PAYER, payer)], [KEYS[0], KEYS[1]]) is Refused.EXTRA_SIGNATURE
    assert refused(check_signers, [(WALLET, sender), (PAYER, payer)], [KEYS[0]]) is Refused.MISSING_SIGNATURE
    check_signers([(WALLET, sender), (PAYER, make_policy(2, KEYS[:2]))], KEYS[:2])


POLICIES = [Policy((key,)) for key in KEYS[:3]] + [
    Policy(keys, threshold) for size in (2, 3) for keys in combinations(KEYS[:3], size) for threshold in range(1, size + 1)
]


def test_no_signature_can_be_taken_away() -> None:
    """Of every two policies over three keys: a set of signers is taken if it is enough, and no smaller one in it is.

    So of every two policies some set is taken, and nobody on the way makes another valid transaction of a valid one.
    """
    sets = [frozenset(some) for size in range(4) for some in combinations(KEYS[:3], size)]
    for sender, payer in product(POLICIES, repeat=2):
        needed = [(WALLET, sender), (PAYER, payer)]
        enough = {some for some in sets if all(len(some & set(p.keys)) >= p.threshold for p in (sender, payer))}
        smallest = {some for some in enough if not any(other < some for other in enough)}
        taken = set()
        for some in sets:
            try:
                check_signers(needed, sorted(some))
            except Refusal as refusal:
                code = Refused.EXTRA_SIGNATURE if some in enough else Refused.MISSING_SIGNATURE
                assert refusal.code is code
            else:
                taken.add(some)
        assert taken == smallest
        assert taken


def test_each_scheme_has_its_price() -> None:
    """The gas of signatures is the sum over their keys."""
    assert signatures_gas([]) == 0
    assert signatures_gas([KEYS[0], KEYS[1]]) == 2 * GAS_SIGNATURE_ED25519
    mixed = GAS_SIGNATURE_ED25519 + GAS_SIGNATURE_P256 + GAS_SIGNATURE_WEBAUTHN
    assert signatures_gas([KEYS[0], KEYS[12], KEYS[15]]) == mixed
