"""Public keys of three schemes, whether a signature is valid, and the secret keys that sign.

A key is its scheme's byte and the raw key; what is valid, each scheme's module says: `ed25519`, `p256`, `webauthn`
(`docs/ledger.md`, "The signature rule").
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from chain.primitives import ed25519
from chain.primitives.ed25519 import verify_ed25519 as verify_ed25519  # noqa: PLC0414 - the machine's host asks it here
from chain.primitives.hash import TAG_DEV_KEY, TAG_SIGNATURE, tagged_hash
from chain.primitives.limits import (
    GAS_SIGNATURE_ED25519,
    GAS_SIGNATURE_P256,
    GAS_SIGNATURE_WEBAUTHN,
)
from chain.primitives.refusal import Refusal, Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# The modules of P-256 are imported where they are first needed: they bring OpenSSL, 50 ms that most commands would wait for.

SCHEME_ED25519 = 1
SCHEME_P256 = 2
SCHEME_WEBAUTHN = 3
SECRET_BYTES = 32
PUBLIC_KEY_BYTES = 1 + ed25519.KEY_BYTES  # of Ed25519
SIGNATURE_BYTES = ed25519.SIGNATURE_BYTES  # of Ed25519
_P256_KEY_BYTES = 34  # the scheme, the sign of y, and x
PUBLIC_KEY_BYTES_MAX = _P256_KEY_BYTES

SCHEME_KEY_BYTES: Final = {SCHEME_ED25519: PUBLIC_KEY_BYTES, SCHEME_P256: _P256_KEY_BYTES, SCHEME_WEBAUTHN: _P256_KEY_BYTES}
"""Bytes of a key, its scheme's byte included."""

SCHEME_GAS: Final = {
    SCHEME_ED25519: GAS_SIGNATURE_ED25519,
    SCHEME_P256: GAS_SIGNATURE_P256,
    SCHEME_WEBAUTHN: GAS_SIGNATURE_WEBAUTHN,
}
"""Gas of verifying one signature, by the scheme of its key."""


class Signer(Protocol):
    """Whoever signs: a secret key of any scheme, or something that reaches one elsewhere."""

    @property
    def public(self) -> bytes:
        """The public key, its scheme's byte first."""

    def sign(self, message: bytes) -> bytes:
        """A signature that `verify` accepts under `public`."""


class SecretKey:
    """A secret key of Ed25519. It never shows its secret in `repr`, and signs only through `sign`."""

    __slots__ = ("_expanded", "_secret", "public")

    def __init__(self, secret: bytes) -> None:
        """From the 32 secret bytes of RFC 8032. Raises `Refusal` WrongKey."""
        if type(secret) is not bytes or len(secret) != SECRET_BYTES:
            raise Refusal(Refused.WRONG_KEY, f"a secret key has {SECRET_BYTES} bytes")
        raw, self._expanded = ed25519.keypair(secret)
        self._secret = secret
        self.public: bytes = bytes([SCHEME_ED25519]) + raw

    @classmethod
    def generate(cls) -> SecretKey:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def development(cls, seed: str, number: int) -> SecretKey:
        """The well-known development key `number` of a seed. Anybody can make it: for devnets only."""
        return cls(tagged_hash(TAG_DEV_KEY, f"{seed}/{number}".encode()))

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature of a message."""
        return ed25519.sign_ed25519(message, self._expanded)

    def secret_bytes(self) -> bytes:
        """The 32 secret bytes, for a key file and nothing else."""
        return self._secret

    def __repr__(self) -> str:
        return f"SecretKey(public={self.public.hex()})"


class P256SecretKey:
    """A secret key of P-256, raw (scheme 02). It never shows its secret in `repr`."""

    __slots__ = ("_key", "_secret", "public")

    def __init__(self, secret: bytes) -> None:
        """From the 32 bytes of a number in 1 … n - 1. Raises `Refusal` WrongKey."""
        from chain.primitives.p256 import private_key, raw_public_key

        self._key: EllipticCurvePrivateKey = private_key(secret)
        self._secret = secret
        self.public: bytes = bytes([SCHEME_P256]) + raw_public_key(self._key)

    @classmethod
    def generate(cls) -> P256SecretKey:
        """A new key from the system's randomness."""
        from chain.primitives.p256 import random_secret

        return cls(random_secret())

    def sign(self, message: bytes) -> bytes:
        """`r ‖ s` of a message, 64 bytes, with the low `s`."""
        from chain.primitives.p256 import sign_p256

        return sign_p256(self._key, message)

    def secret_bytes(self) -> bytes:
        """The 32 secret bytes, for a key file and nothing else."""
        return self._secret

    def __repr__(self) -> str:
        return f"P256SecretKey(public={self.public.hex()})"


OwnKey: TypeAlias = SecretKey | P256SecretKey
"""A secret key that is here; those of passkeys never are."""


def own_secret_key(scheme: int, secret: bytes) -> OwnKey:
    """The secret key of a scheme. Raises `Refusal` WrongKey, UnknownKeyScheme."""
    if scheme == SCHEME_ED25519:
        return SecretKey(secret)
    if scheme == SCHEME_P256:
        return P256SecretKey(secret)
    raise Refusal(Refused.UNKNOWN_KEY_SCHEME, f"secret keys of scheme {scheme} are not kept here", scheme=scheme)


def check_public_key(key: bytes) -> bytes:
    """The key itself if it is well-formed. Raises `Refusal` WrongKey or UnknownKeyScheme.

    Whether the raw key is a point of its curve is not asked: a key that is none has no valid signatures.
    """
    if type(key) is not bytes or not key:
        raise Refusal(Refused.WRONG_KEY, "a public key is the byte of its scheme and the raw key")
    size = SCHEME_KEY_BYTES.get(key[0])
    if size is None:
        raise Refusal(Refused.UNKNOWN_KEY_SCHEME, f"key scheme {key[0]} is not known", scheme=key[0])
    if len(key) != size:
        raise Refusal(Refused.WRONG_KEY, f"a public key of scheme {key[0]} has {size} bytes, not {len(key)}")
    if size == _P256_KEY_BYTES and key[1] not in (2, 3):
        raise Refusal(Refused.WRONG_KEY, "a key of P-256 is a compressed point: 02 or 03, and x")
    return key


def signing_message(chain_id: str, identity: bytes) -> bytes:
    """What a signer signs: the transaction's identity, bound to the chain."""
    return tagged_hash(TAG_SIGNATURE, chain_id.encode() + b"\x00" + identity)


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature by a public key of any scheme is valid. What is malformed is just not valid."""
    if not key or len(key) != SCHEME_KEY_BYTES.get(key[0]):
        return False
    if key[0] == SCHEME_ED25519:
        return verify_ed25519(key[1:], message, signature)
    if key[0] == SCHEME_P256:
        from chain.primitives.p256 import verify_p256

        return verify_p256(key[1:], message, signature)
    from chain.primitives.webauthn import verify_webauthn

    return verify_webauthn(key[1:], message, signature)
