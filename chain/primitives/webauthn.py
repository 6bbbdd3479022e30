"""Signatures of passkeys: P-256 through Web Authentication, where a browser wraps what is signed.

The signature is the canonical msgpack `[authenticator data, client data, r ‖ s]`, and valid if and only if

1. the client data begin with exactly `{"type":"webauthn.get","challenge":"C","origin":"` where `C` is the message in base64url
   without padding. Browsers must write them so: it is the limited verification of Web Authentication Level 2, 5.8.1.2, up to the
   origin. No JSON is parsed, so nothing hangs on how a parser takes keys given twice, escapes or depth;
2. the authenticator data have 37 bytes or more, and the bit "user present" (01) of the flags, byte 32, is set;
3. `r ‖ s` is a signature of `authenticator data ‖ SHA-256(client data)` by the rule of `p256`.

The ledger has no policy of origins: neither the origin nor the hash of the relying party nor "user verified" nor the counter is
looked at. Browsers and authenticators give a passkey only to pages of the site it was made for; which site that is, is the
affair of whoever makes the wallet, and who controls that site can ask its visitors for signatures.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from chain.primitives.codec import decode, encode
from chain.primitives.limits import SIGNATURE_BYTES_MAX
from chain.primitives.p256 import low_s, verify_p256
from chain.primitives.refusal import Refusal, Refused

AUTHENTICATOR_BYTES_MIN = 37  # hash of the relying party, flags, counter
_FLAGS = 32
_USER_PRESENT = 0x01


def verify_webauthn(raw_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is valid. What is malformed is just not valid."""
    try:
        parts = decode(signature, bytes_max=SIGNATURE_BYTES_MAX, elements_max=3)
    except Refusal:
        return False
    if type(parts) is not list or [type(part) for part in parts] != [bytes, bytes, bytes]:
        return False
    authenticator_data, client_data, raw = parts
    if len(authenticator_data) < AUTHENTICATOR_BYTES_MIN or not authenticator_data[_FLAGS] & _USER_PRESENT:
        return False
    if not client_data.startswith(client_data_start(message)):
        return False
    return verify_p256(raw_key, authenticator_data + sha256(client_data).digest(), raw)


def challenge(message: bytes) -> bytes:
    """What a page gives as the challenge reads so in the client data: base64url without padding."""
    return urlsafe_b64encode(message).rstrip(b"=")


def client_data_start(message: bytes) -> bytes:
    """What the client data of a signature of this message begin with."""
    return b'{"type":"webauthn.get","challenge":"' + challenge(message) + b'","origin":"'


def pack_assertion(authenticator_data: bytes, client_data: bytes, der: bytes) -> bytes:
    """The ledger's signature of what a browser returns; `der` is the assertion's signature.

    Raises `Refusal` TooLarge or WrongSignature. Authenticators give either `s`; here it becomes the low one.
    """
    packed = encode([authenticator_data, client_data, low_s(der)])
    if len(packed) > SIGNATURE_BYTES_MAX:
        raise Refusal(
            Refused.TOO_LARGE,
            f"a signature of {len(packed)} bytes; at most {SIGNATURE_BYTES_MAX} are taken",
            "Use a site with a shorter name, and no extensions of the authenticator.",
            bytes_max=SIGNATURE_BYTES_MAX,
        )
    return packed
