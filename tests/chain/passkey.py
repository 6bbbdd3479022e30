"""A passkey in software: what a browser and an authenticator do together, for tests."""

from __future__ import annotations

import json
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from chain.primitives.keys import SCHEME_WEBAUTHN
from chain.primitives.p256 import private_key, raw_public_key
from chain.primitives.webauthn import challenge, pack_assertion

USER_PRESENT, USER_VERIFIED = 0x01, 0x04


class Passkey:
    """A passkey of a site; its knobs make what no browser would."""

    def __init__(self, number: int, site: str = "wallet.example") -> None:
        self.site = site
        self.secret = private_key(number.to_bytes(32))
        self.public = bytes([SCHEME_WEBAUTHN]) + raw_public_key(self.secret)

    def client_data(self, message: bytes, *, kind: str = "webauthn.get") -> bytes:
        """As Web Authentication Level 2, 5.8.1.1 has it."""
        fields = {
            "type": kind,
            "challenge": challenge(message).decode(),
            "origin": f"https://{self.site}",
            "crossOrigin": False,
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    def authenticator_data(self, flags: int = USER_PRESENT | USER_VERIFIED) -> bytes:
        """Hash of the relying party, flags, counter."""
        return sha256(self.site.encode()).digest() + bytes([flags]) + bytes(4)

    def sign(self, message: bytes) -> bytes:
        """The ledger's signature of a message."""
        return self.assertion(self.authenticator_data(), self.client_data(message))

    def der(self, authenticator_data: bytes, client_data: bytes) -> bytes:
        """The signature as an authenticator gives it."""
        return self.secret.sign(authenticator_data + sha256(client_data).digest(), ec.ECDSA(SHA256()))

    def assertion(self, authenticator_data: bytes, client_data: bytes) -> bytes:
        """The ledger's signature over data of any kind."""
        return pack_assertion(authenticator_data, client_data, self.der(authenticator_data, client_data))
