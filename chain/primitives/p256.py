"""ECDSA over P-256 with SHA-256, to the byte: for passkeys, secure elements and cards.

A key is a point in the compressed form of SEC 1, 33 bytes: `02` or `03` and `x`, below the field's prime. A signature is
`r ‖ s`, 32 bytes each, big-endian, both in 1 … n - 1, and `s` at most (n - 1) / 2: of the two signatures that anybody can make of
one, only the one with the low `s` is valid. The message is hashed with SHA-256. So nothing is left for a library to decide.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chain.primitives.limits import P256_KEYS_KEPT_MAX
from chain.primitives.refusal import Refusal, Refused

KEY_BYTES = 33
SECRET_BYTES = 32
SIGNATURE_BYTES = 64
ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
"""n, the order of the group."""
S_MAX = ORDER // 2

_CURVE = ec.SECP256R1()
_VERIFYING = ec.ECDSA(SHA256())


def verify_p256(raw_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is valid. `raw_key` has 33 bytes; what has a wrong length is just not valid."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if not (0 < r < ORDER and 0 < s <= S_MAX):
        return False
    point = point_of(raw_key)
    if point is None:
        return False
    try:
        point.verify(encode_dss_signature(r, s), message, _VERIFYING)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=P256_KEYS_KEPT_MAX)
def point_of(raw_key: bytes) -> ec.EllipticCurvePublicKey | None:
    """The point, or None if there is none. Kept, since finding `y` takes a third as long as verifying."""
    if len(raw_key) != KEY_BYTES or raw_key[0] not in (2, 3):
        return None  # the library would also take the uncompressed forms and the point at infinity
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw_key)
    except ValueError:
        return None


def low_s(der: bytes) -> bytes:
    """`r ‖ s` with the low `s`, of a signature in DER as libraries and authenticators give it. Raises
    `Refusal` WrongSignature.
    """
    try:
        r, s = decode_dss_signature(der)
    except ValueError:
        raise Refusal(Refused.WRONG_SIGNATURE, "not a signature in DER") from None
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise Refusal(Refused.WRONG_SIGNATURE, "r and s are numbers from 1 to n - 1")
    return r.to_bytes(32) + min(s, ORDER - s).to_bytes(32)


def private_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of the 32 bytes of a number in 1 … n - 1. Raises `Refusal` WrongKey."""
    if type(secret) is not bytes or len(secret) != SECRET_BYTES or not 0 < int.from_bytes(secret) < ORDER:
        raise Refusal(Refused.WRONG_KEY, f"a secret key of P-256 has {SECRET_BYTES} bytes, a number from 1 to n - 1")
    return ec.derive_private_key(int.from_bytes(secret), _CURVE)


def random_secret() -> bytes:
    """The 32 bytes of a new secret, from the system's randomness."""
    return (1 + secrets.randbelow(ORDER - 1)).to_bytes(SECRET_BYTES)


def raw_public_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The compressed point, 33 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def sign_p256(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """`r ‖ s` of a message, 64 bytes, with the low `s`; deterministic as in RFC 6979 where OpenSSL can (from 3.2)."""
    try:
        signing = ec.ECDSA(SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        signing = _VERIFYING
    return low_s(key.sign(message, signing))
