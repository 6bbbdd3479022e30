"""Ed25519 keys by the ledger's one rule: what libsodium signs and accepts.

libsodium refuses a signature whose `S` is not below the group order, a public key that is not canonically
encoded, and
public keys or points `R` of small order (`docs/ledger.md`, "Keys, signatures, addresses").
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from nacl import bindings
from nacl.exceptions import BadSignatureError

from chain.primitives.hash import TAG_DEV_KEY, TAG_SIGNATURE, tagged_hash
from chain.primitives.refusal import Refusal, Refused

SCHEME_ED25519 = 1
PUBLIC_KEY_BYTES = 33  # the scheme and the key
SECRET_BYTES = 32
SIGNATURE_BYTES = 64
_RAW_KEY_BYTES = 32


class SecretKey:
    """A secret key. It never shows its secret in `repr`, and signs only through `sign`."""

    __slots__ = ("_expanded", "_secret", "public")

    def __init__(self, secret: bytes) -> None:
        """From the 32 secret bytes of RFC 8032. Raises `Refusal` WrongKey."""
        if type(secret) is not bytes or len(secret) != SECRET_BYTES:
            raise Refusal(Refused.WRONG_KEY, f"a secret key has {SECRET_BYTES} bytes")
        raw, self._expanded = bindings.crypto_sign_seed_keypair(secret)
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
        signed: bytes = bindings.crypto_sign(message, self._expanded)
        return signed[:SIGNATURE_BYTES]

    def secret_bytes(self) -> bytes:
        """The 32 secret bytes, for a key file and nothing else."""
        return self._secret

    def __repr__(self) -> str:
        return f"SecretKey(public={self.public.hex()})"


def check_public_key(key: bytes) -> bytes:
    """The key itself if it is well-formed. Raises `Refusal` WrongKey or UnknownKeyScheme."""
    if type(key) is not bytes or len(key) != PUBLIC_KEY_BYTES:
        raise Refusal(Refused.WRONG_KEY, f"a public key has {PUBLIC_KEY_BYTES} bytes")
    if key[0] != SCHEME_ED25519:
        raise Refusal(Refused.UNKNOWN_KEY_SCHEME, f"key scheme {key[0]} is not known", scheme=key[0])
    return key


def verify_ed25519(raw_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether libsodium accepts the signature. `raw_key` has 32 bytes; wrong lengths are just not valid."""
    if len(raw_key) != _RAW_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + message, raw_key)
    except BadSignatureError:
        return False
    return True


def signing_message(chain_id: str, identity: bytes) -> bytes:
    """What a signer signs: the transaction's identity, bound to the chain."""
    return tagged_hash(TAG_SIGNATURE, chain_id.encode() + b"\x00" + identity)


@lru_cache(maxsize=65_536)
def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature by a 33-byte public key is valid. Remembers answers: pool and block ask alike."""
    return len(key) == PUBLIC_KEY_BYTES and key[0] == SCHEME_ED25519 and verify_ed25519(key[1:], message, signature)
