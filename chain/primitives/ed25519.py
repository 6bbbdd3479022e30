"""Ed25519 by the ledger's one rule, to the byte.

A signature is `R ‖ S`, 32 bytes each; a key is `A`, 32 bytes. `B` is the base point, `L` the order of its group. It is valid
if and only if

1. the signature has 64 bytes and the key 32;
2. `S`, little-endian, is below `L`;
3. `A` is canonical (its `y`, the low 255 bits, is below 2^255 - 19) and is a point of the curve;
4. neither `A` nor `R` is one of the eight points of small order, in whatever encoding;
5. the encoding of `[S]B - [h]A` is `R` byte for byte, with `h = SHA-512(R ‖ A ‖ message) mod L` over the bytes as they stand.

So the equation is the one without cofactor, and an `R` that is not canonical is never valid. `A` and `R` of mixed order (a
point of the large group plus one of small order) are taken if the equation holds. So do the releases of libsodium, 1.0.18 to
1.0.22; its development branch multiplies by the cofactor and so accepts more, and OpenSSL takes keys of small order. The words
are the rule and not the library: `library_check` asks it at the start of a node.
"""

from __future__ import annotations

from nacl import bindings  # importing it also initialises libsodium
from nacl._sodium import ffi, lib

KEY_BYTES = 32
SIGNATURE_BYTES = 64

# `nacl.bindings.crypto_sign_open` makes two buffers and a copy of the message that nobody reads: 3 of its 105 microseconds.
_open = lib.crypto_sign_open
_NULL = ffi.NULL


def verify_ed25519(raw_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is valid. `raw_key` has 32 bytes; what has a wrong length is just not valid."""
    if len(raw_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    signed = signature + message
    valid: bool = _open(_NULL, _NULL, signed, len(signed), raw_key) == 0
    return valid


def keypair(secret: bytes) -> tuple[bytes, bytes]:
    """The raw public key of the 32 secret bytes of RFC 8032, and what `sign_ed25519` signs with."""
    raw, expanded = bindings.crypto_sign_seed_keypair(secret)
    return raw, expanded


def sign_ed25519(message: bytes, expanded: bytes) -> bytes:
    """The 64 bytes of the signature of a message."""
    signed: bytes = bindings.crypto_sign(message, expanded)
    return signed[:SIGNATURE_BYTES]
