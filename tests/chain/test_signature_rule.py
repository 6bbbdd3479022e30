"""Which signatures are valid: the rule against published vectors, against its own words, and in its library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path
from typing import NamedTuple

import edwards
import pytest

from chain.primitives.ed25519 import verify_ed25519
from chain.primitives.keys import (
    SCHEME_GAS,
    SCHEME_KEY_BYTES,
    P256SecretKey,
    SecretKey,
    check_public_key,
    verify,
)
from chain.primitives.library_check import check_signature_library
from chain.primitives.library_vectors import VECTORS
from chain.primitives.p256 import ORDER, low_s, point_of, private_key, sign_p256, verify_p256
from chain.primitives.refusal import Refusal, Refused

P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
MESSAGE = bytes(range(32))


class Vector(NamedTuple):
    """A line of a file of vectors; `vectors/make.py` says what it is."""

    name: str
    key: bytes
    message: bytes
    signature: bytes
    theirs: str
    valid: bool
    reason: str


def vectors(name: str) -> list[Vector]:
    """All vectors of a file."""

    def read() -> Iterator[Vector]:
        before = [""] * 4
        for line in (Path(__file__).parent / "vectors" / name).read_text().splitlines()[1:]:
            fields = line.split(" ")
            for place in (1, 2, 3):
                fields[place] = {"=": before[place], "-": ""}.get(fields[place], fields[place])
            before = fields[:4]
            key, message, signature = (bytes.fromhex(field) for field in before[1:])
            yield Vector(fields[0], key, message, signature, fields[4], fields[5] == "valid", fields[6])

    return list(read())


ED25519 = vectors("ed25519.txt")
P256 = vectors("p256.txt")


# Ed25519.


def test_published_signatures_of_ed25519_get_our_verdict() -> None:
    """RFC 8032, Wycheproof, all combinations of points of small order, and what libraries are known to differ about."""
    assert Counter(vector.name.split("/")[0] for vector in ED25519) == {"wycheproof": 151, "cctv": 914, "speccheck": 12}
    assert [v.name for v in ED25519 if verify_ed25519(v.key, v.message, v.signature) is not v.valid] == []


def test_on_ed25519_we_differ_from_wycheproof_in_nothing() -> None:
    """Where a source gives a verdict, ours is the same; where it gives none, ours has a reason."""
    assert {v.theirs for v in ED25519 if v.name.startswith("wycheproof/")} == {"valid", "wrong"}
    assert [v.name for v in ED25519 if v.theirs not in ("-", "valid" if v.valid else "wrong")] == []
    assert Counter(v.reason for v in ED25519 if v.theirs == "-") == {
        "plain": 1,
        "mixed-order": 43,
        "needs-cofactor": 65,
        "small-order-A": 527,
        "small-order-R": 283,
        "small-order-A-and-R": 1,
        "non-canonical-A": 2,
        "non-canonical-R": 2,
        "S-not-below-L": 2,
    }


def test_the_words_of_the_rule_give_the_same_verdicts() -> None:
    """The rule computed in integers agrees with the library wherever it comes to the equation."""
    asked = [v for v in ED25519[::2] if v.name[:4] != "cctv" or v.reason in ("plain", "mixed-order", "needs-cofactor")]
    assert len(asked) > 100
    assert [v.name for v in asked if edwards.verify(v.key, v.message, v.signature) is not v.valid] == []


def test_signatures_with_parts_of_small_order_are_valid_as_the_words_say() -> None:
    """Whatever points of small order are added to `A` and `R` of a signature: library and words agree, both ways."""
    eighth = edwards.decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
    assert eighth is not None
    verdicts = Counter()
    for number in range(0, 64, 3):
        secret, nonce = (int.from_bytes(sha512(b"%d %d" % (number, part)).digest()) % edwards.L for part in (0, 1))
        key = edwards.encode(edwards.add(edwards.times(secret, edwards.BASE), edwards.times(number % 8, eighth)))
        r = edwards.encode(edwards.add(edwards.times(nonce, edwards.BASE), edwards.times(number // 8, eighth)))
        message = bytes([number])
        h = int.from_bytes(sha512(r + key + message).digest(), "little") % edwards.L
        signature = r + ((nonce + h * secret) % edwards.L).to_bytes(32, "little")
        valid = verify_ed25519(key, message, signature)
        assert valid is edwards.verify(key, message, signature), number
        assert edwards.verify(key, message, signature, without="no cofactor")
        verdicts[valid] += 1
    assert verdicts[True] >= 3
    assert verdicts[False] >= 12


def test_a_signature_of_rfc_8032_is_made_again() -> None:
    """Section 7.1, "SHA(abc)", from the secret to the signature."""
    key = SecretKey(bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"))
    assert key.public.hex() == "01ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"
    assert key.sign(sha512(b"abc").digest()).hex() == (
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
    )


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
def test_a_signature_of_ed25519_has_64_bytes(size: int) -> None:
    """Fewer or more are not valid, whatever the library would make of them together with the message."""
    key = SecretKey(bytes(32))
    signature = (key.sign(MESSAGE) * 2)[:size]
    assert not verify(key.public, MESSAGE, signature)
    assert not verify_ed25519(key.public[1:], MESSAGE[1:], key.sign(MESSAGE) + MESSAGE[:1])


# P-256.


def test_published_signatures_of_p256_get_our_verdict() -> None:
    """Wycheproof, ECDSA with SHA-256 as r ‖ s."""
    assert len(P256) == 262
    assert [v.name for v in P256 if verify_p256(v.key, v.message, v.signature) is not v.valid] == []


def test_on_p256_we_differ_from_wycheproof_in_the_high_s_alone() -> None:
    """70 of its signatures are valid to others: their `s` is above n / 2, and with the low one they are valid to us."""
    different = [v for v in P256 if (v.theirs == "valid") is not v.valid]
    assert {(v.theirs, v.valid, v.reason) for v in different} == {("valid", False, "high-s")}
    assert len(different) == 70
    for v in different:
        s = int.from_bytes(v.signature[32:])
        assert s > ORDER // 2
        assert verify_p256(v.key, v.message, v.signature[:32] + (ORDER - s).to_bytes(32)), v.name


def test_a_signature_of_rfc_6979_is_made_again() -> None:
    """Appendix A.2.5, SHA-256, "sample"; its `s` is high, so ours is the other one."""
    key = private_key(bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
    r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert sign_p256(key, b"sample").hex() == r + (ORDER - s).to_bytes(32).hex()


def test_of_a_signature_of_p256_no_second_one_can_be_made() -> None:
    """Neither by the other `s`, nor by adding n, nor by zero."""
    key = P256SecretKey(bytes(31) + b"\x07")
    signature = key.sign(MESSAGE)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    assert verify(key.public, MESSAGE, signature)
    for other_r, other_s in ((r, ORDER - s), (0, s), (r, 0), (ORDER, s), (r, ORDER), (r + 1, s), (r, s - 1)):
        assert not verify(key.public, MESSAGE, other_r.to_bytes(32) + other_s.to_bytes(32))
    assert not verify(key.public, MESSAGE, signature + b"\x00")
    assert not verify(key.public, MESSAGE, signature[:63])


def test_a_key_of_p256_has_one_form() -> None:
    """Compressed, with `x` below the prime: OpenSSL would take others."""
    key = P256SecretKey(bytes(31) + b"\x07")
    signature, raw = key.sign(MESSAGE), key.public[1:]
    y = int.from_bytes(private_key(bytes(31) + b"\x07").public_key().public_numbers().y.to_bytes(32))
    for other in (
        b"\x04" + raw[1:] + y.to_bytes(32),
        b"\x06" + raw[1:] + y.to_bytes(32),
        raw[1:],
        b"\x00",
        b"",
        b"\x04" + raw[1:],
    ):
        assert not verify_p256(other, MESSAGE, signature)
        with pytest.raises(Refusal) as caught:
            check_public_key(b"\x02" + other)
        assert caught.value.code is Refused.WRONG_KEY
    assert not verify_p256(bytes([raw[0] ^ 1]) + raw[1:], MESSAGE, signature)


def test_an_x_of_a_key_is_below_the_prime_and_on_the_curve() -> None:
    """5 is the x of a point; 5 + p is no other way to write it, and 1 is the x of none."""
    assert point_of(b"\x02" + (5).to_bytes(32)) is not None
    for x in (5 + P256_PRIME, 1, P256_PRIME, 2**256 - 1):
        assert point_of(b"\x02" + x.to_bytes(32)) is None
        assert check_public_key(b"\x02\x02" + x.to_bytes(32))
        assert not verify_p256(b"\x02" + x.to_bytes(32), MESSAGE, bytes(31) + b"\x01" + bytes(31) + b"\x01")


@pytest.mark.parametrize("secret", [bytes(32), ORDER.to_bytes(32), b"\xff" * 32, bytes(31), bytes(33)])
def test_a_secret_of_p256_is_a_number_below_the_order(secret: bytes) -> None:
    """Everything else is refused, and a secret key does not show its secret."""
    with pytest.raises(Refusal) as caught:
        P256SecretKey(secret)
    assert caught.value.code is Refused.WRONG_KEY
    key = P256SecretKey.generate()
    assert key.public.hex() in repr(key)
    assert len(repr(key)) < 100


@pytest.mark.parametrize("der", [b"", b"0", bytes(70), b"0\x06\x02\x01\x00\x02\x01\x01", b"0\x06\x02\x01\x01\x02\x01\x00"])
def test_what_is_no_signature_in_der_is_refused(der: bytes) -> None:
    """Not encoded so, or with a zero."""
    with pytest.raises(Refusal) as caught:
        low_s(der)
    assert caught.value.code is Refused.WRONG_SIGNATURE


# Keys of all schemes.


@pytest.mark.parametrize("scheme", [0, 4, 127, 255])
def test_keys_of_other_schemes_are_refused(scheme: int) -> None:
    """The first byte names the scheme; what is not known has no valid signatures."""
    for size in (32, 33):
        with pytest.raises(Refusal) as caught:
            check_public_key(bytes([scheme]) + bytes(size))
        assert caught.value.code is Refused.UNKNOWN_KEY_SCHEME
        assert not verify(bytes([scheme]) + bytes(size), MESSAGE, bytes(64))


@pytest.mark.parametrize("scheme", sorted(SCHEME_KEY_BYTES))
def test_keys_of_another_length_are_refused(scheme: int) -> None:
    """Each scheme has one length, and a price of its own."""
    for size in range(40):
        if size + 1 != SCHEME_KEY_BYTES[scheme]:
            with pytest.raises(Refusal) as caught:
                check_public_key(bytes([scheme]) + b"\x02" * size)
            assert caught.value.code is Refused.WRONG_KEY
            assert not verify(bytes([scheme]) + b"\x02" * size, MESSAGE, bytes(64))
    with pytest.raises(Refusal):
        check_public_key(b"")
    assert SCHEME_GAS[scheme] >= 10_000


# The library.


def test_the_library_keeps_the_rule() -> None:
    """What a node asks at its start; both verdicts are asked."""
    check_signature_library()
    assert Counter(vector.valid for vector in VECTORS) == {True: 6, False: 22}


def test_the_vectors_of_the_check_are_those_of_the_sources() -> None:
    """Under the number that they have there, with the same verdict; those apart that are altered on purpose."""
    known = {v.name: v for v in [*P256, *ED25519]}  # Wycheproof numbers each file from 1
    known |= {f"p256 {v.name}": v for v in P256}
    for vector in VECTORS:
        if vector.source in known:
            source = known[f"p256 {vector.source}" if vector.key[:2] == "02" else vector.source]
            assert (vector.valid, bytes.fromhex(vector.key)[1:], bytes.fromhex(vector.message)) == (
                source.valid,
                source.key,
                source.message,
            )
            assert bytes.fromhex(vector.signature) == source.signature


@pytest.mark.parametrize(
    "without",
    ["S below L", "canonical A", "A not small", "R not small", "A and R not small", "canonical R", "no cofactor"],
)
def test_a_library_that_takes_more_is_found_out(without: str) -> None:
    """Any step of the rule left out, and the node does not start."""

    def lax(key: bytes, message: bytes, signature: bytes) -> bool:
        if key[0] != 1:
            return verify(key, message, signature)
        return edwards.verify(key[1:], message, signature, without=without)

    with pytest.raises(Refusal) as caught:
        check_signature_library(lax)
    assert caught.value.code is Refused.WRONG_LIBRARY
    assert caught.value.remedy


@pytest.mark.parametrize("what", ["mixed", "high s", "everything"])
def test_a_library_that_takes_less_is_found_out(what: str) -> None:
    """Keys of mixed order refused, signatures with high `s` taken, or nothing taken at all."""

    def other(key: bytes, message: bytes, signature: bytes) -> bool:
        if what == "everything":
            return False
        if what == "high s" and key[0] == 2:
            s = int.from_bytes(signature[32:])
            return verify(key, message, signature[:32] + min(s, ORDER - s).to_bytes(32))
        mixed = what == "mixed" and key[0] == 1 and (a := edwards.decode(key[1:])) and not is_zero(edwards.times(edwards.L, a))
        return not mixed and verify(key, message, signature)

    with pytest.raises(Refusal) as caught:
        check_signature_library(other)
    assert caught.value.code is Refused.WRONG_LIBRARY


def is_zero(point: edwards.Point) -> bool:
    """Whether a point is the neutral one."""
    return edwards.encode(point) == edwards.encode(edwards.ZERO)
