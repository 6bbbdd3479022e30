"""Which signatures of passkeys are valid, of browsers and of what no browser does."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from hashlib import sha256
from typing import NamedTuple

import pytest
from passkey import Passkey

from chain.primitives.codec import encode
from chain.primitives.keys import check_public_key, verify
from chain.primitives.limits import SIGNATURE_BYTES_MAX
from chain.primitives.p256 import ORDER, low_s, verify_p256
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.webauthn import client_data_start, pack_assertion, verify_webauthn

MESSAGE = bytes(range(32))


class Assertion(NamedTuple):
    """What a browser returned, in base64url."""

    x: str
    y: str
    challenge: str
    authenticator_data: str
    client_data: str
    signature: str


CHROME = Assertion(
    "WbU_L4XPMU67BdtFtOv3lKIPG4HUGRmwQQnEWGq7OqQ",
    "L1U1T713Jo_2muzhXvpbwRNdoAs8CYK6PflvY1MBdCI",
    "6zrSRX8CxwPSXEArXyXL2tpb6rB7Star0rLVIj5rvf74mZKF5ir715Xmgz5tA_GyHexN4oXfrQ889ArVCLaRdA",
    "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFYN-Mog",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiNnpyU1JYOEN4d1BTWEVBclh5WEwydHBiNnJCN1N0YXIwckxWSWo1cnZmNzRtWktGNWlyNz"
    "E1WG1nejV0QV9HeUhleE40b1hmclE4ODlBclZDTGFSZEEiLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjUwMDAiLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "MEUCIQDBqeI274exaKWGQz37g7yo1--TVcZSCcYVftZ1AnEJkQIgNw-nlx-_U9rVfFfER8oX6BlYZTuPFyGaL_wCDY23s0E",
)
"""Of the tests of duo-labs/py_webauthn, as the two that follow."""
KEY_OF_PRESENCE = Assertion(
    "5DlMqlclHZxXvpaB-B70GQuQSEvFWOEWMzWModg5yqk",
    "GmojctW5bdzlPB7JoONNR1GD-3mo4C-35N50rkxI2As",
    "umGemXJIPBXPxkD8Hjanuv9BDor8Z7O3aPdtOgMCdW4PAfqDX43EFlhrsF0PW90df5zrgbt7YVMRAa27tCdHzw",
    "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAIQ",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoidW1HZW1YSklQQlhQeGtEOEhqYW51djlCRG9yOFo3TzNhUGR0T2dNQ2RXNFBBZnFEWDQzRU"
    "ZsaHJzRjBQVzkwZGY1enJnYnQ3WVZNUkFhMjd0Q2RIenciLCJvcmlnaW4iOiJodHRwOi8vbG9jYWxob3N0OjUwMDAiLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
    "MEUCIGp5ADnU_SFvT4J_bKvQJ4Pc1GmANhbYq5GioOLjyUrxAiEA6Kk5qAZb8MLY-jyTiJLr_R9Fke02UHkxsRB0dnZt2X8",
)
BEFORE_LEVEL_2 = Assertion(
    "h4NN76A3wD7NByUehGcYVY3x6EzVvvICxrwjwoi-amU",
    "4nFGT5px8o6gpPZZhO01wdy9crDSA_Ngtkx0vGpvPHI",
    "xi30GPGAFYRxVDpY1sM10DaLzVQG66nv-_7RUazH0vI2YvG8LYgDEnvN5fZZNVuvEDuMi9te3VLqb42N0fkLGA",
    "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAATg",
    "eyJjaGFsbGVuZ2UiOiJ4aTMwR1BHQUZZUnhWRHBZMXNNMTBEYUx6VlFHNjZudi1fN1JVYXpIMHZJMll2RzhMWWdERW52TjVmWlpOVnV2RUR1TWk5dGUzVkxx"
    "YjQyTjBma0xHQSIsImNsaWVudEV4dGVuc2lvbnMiOnt9LCJoYXNoQWxnb3JpdGhtIjoiU0hBLTI1NiIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6NTAw"
    "MCIsInR5cGUiOiJ3ZWJhdXRobi5nZXQifQ",
    "MEUCIGisVZOBapCWbnJJvjelIzwpixxIwkjCCb5aCHafQu68AiEA88v-2pJNNApPFwAKFiNuf82-2hBxYW5kGwVweeoxCwo",
)
CHROME_WITH_REMINDER = Assertion(
    "Oc1XdeNT5EMBLPSF_D1RhoTNuHJ6LnDSimYF62dHzcM",
    "5FE62hmKu-RCNPbtjpQLPF2rkJUFEs-GlP9ZziJuJA8",
    "WTk-u9VxUyMosgnmS3thw_VaSfs",
    "LNeTz6C0GMu_DqhSIoYH2el7Mz1NsKQQF3Zq9ruMdVEBAAAAJg",
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiV1RrLXU5VnhVeU1vc2dubVMzdGh3X1ZhU2ZzIiwib3JpZ2luIjoiaHR0cHM6Ly9wc3Rlbml1"
    "c3ViaS5naXRodWIuaW8iLCJjcm9zc09yaWdpbiI6ZmFsc2UsIm90aGVyX2tleXNfY2FuX2JlX2FkZGVkX2hlcmUiOiJkbyBub3QgY29tcGFyZSBjbGllbnRE"
    "YXRhSlNPTiBhZ2FpbnN0IGEgdGVtcGxhdGUuIFNlZSBodHRwczovL2dvby5nbC95YWJQZXgifQ",
    "MEYCIQD9WeQSdfyrKCv3CwWobEQHhzAULV0E0Uf7ZAzA1w3AHwIhAOsEOzyLgx00OZpHVWSpsUpYyOe3UHKI_TGliNILX_tC",
)
"""Of the page psteniusubi.github.io: Chrome adds a key now and then, against comparing with a template."""


def asked(assertion: Assertion) -> tuple[bytes, bytes, bytes]:
    """Key, message and signature as the ledger takes them."""
    x, y, message, authenticator_data, client_data, der = (urlsafe_b64decode(part + "==") for part in assertion)
    return b"\x03" + bytes([2 + (y[-1] & 1)]) + x, message, pack_assertion(authenticator_data, client_data, der)


@pytest.mark.parametrize("assertion", [CHROME, KEY_OF_PRESENCE, CHROME_WITH_REMINDER])
def test_what_browsers_sign_is_valid(assertion: Assertion) -> None:
    """Chrome with and without what it adds, and a key that asks for a touch only."""
    key, message, signature = asked(assertion)
    assert verify(check_public_key(key), message, signature)
    assert not verify(key, message + b"\x00", signature)
    assert not verify(b"\x02" + key[1:], message, signature)


def test_browsers_before_level_2_are_not_understood() -> None:
    """They sorted the keys, so the challenge is elsewhere; the signature itself is good."""
    key, message, signature = asked(BEFORE_LEVEL_2)
    authenticator_data, client_data = (urlsafe_b64decode(part + "==") for part in BEFORE_LEVEL_2[3:5])
    raw = low_s(urlsafe_b64decode(BEFORE_LEVEL_2.signature + "=="))
    assert verify_p256(key[1:], authenticator_data + sha256(client_data).digest(), raw)
    assert not verify(key, message, signature)


def test_a_passkey_signs_one_message() -> None:
    """The challenge is the message, at its place and not anywhere else in the client data."""
    passkey = Passkey(7)
    signature = passkey.sign(MESSAGE)
    assert verify(passkey.public, MESSAGE, signature)
    assert not verify(passkey.public, MESSAGE[::-1], signature)
    assert not verify(Passkey(8).public, MESSAGE, signature)
    right = passkey.client_data(MESSAGE)
    lure = passkey.client_data(b"another message, given to a page")
    for client_data in (
        lure[:-1] + b',"challenge":' + json.dumps(right.decode()).encode() + b"}",
        lure[:-1] + b"," + right[1:],
        b" " + right,
        right.replace(b'","origin', b'=","origin'),
        right.replace(b'"type":', b'"type": '),
        right.replace(b'"challenge":"', b'"challenge":"A'),
        client_data_start(MESSAGE)[:-1],
        b"",
    ):
        assert not verify(passkey.public, MESSAGE, passkey.assertion(passkey.authenticator_data(), client_data)), client_data


def test_a_passkey_must_have_been_asked_to_sign_in_with_its_user_present() -> None:
    """Not when the passkey was made, nor behind the user's back; that the user was verified is not asked."""
    passkey = Passkey(7)
    made = passkey.client_data(MESSAGE, kind="webauthn.create")
    assert not verify(passkey.public, MESSAGE, passkey.assertion(passkey.authenticator_data(), made))
    for flags, valid in ((0x01, True), (0x05, True), (0x1D, True), (0x04, False), (0x00, False), (0xFE, False)):
        signature = passkey.assertion(passkey.authenticator_data(flags), passkey.client_data(MESSAGE))
        assert verify(passkey.public, MESSAGE, signature) is valid, flags
    for data in (b"", passkey.authenticator_data()[:36], passkey.authenticator_data()[:32]):
        assert not verify(passkey.public, MESSAGE, passkey.assertion(data, passkey.client_data(MESSAGE)))


def test_the_origin_is_not_the_ledgers_affair() -> None:
    """A passkey of any site is a key; the site's name may be as long as the bound of a signature lets it."""
    passkey = Passkey(7, "x" * 600)
    assert verify(passkey.public, MESSAGE, passkey.sign(MESSAGE))
    with pytest.raises(Refusal) as caught:
        Passkey(7, "x" * 1000).sign(MESSAGE)
    assert caught.value.code is Refused.TOO_LARGE


def test_a_signature_of_a_passkey_has_one_encoding() -> None:
    """Canonical msgpack of three byte strings within the bound; everything else is not valid and raises nothing."""
    passkey = Passkey(7)
    signature = passkey.sign(MESSAGE)
    data, client, raw = passkey.authenticator_data(), passkey.client_data(MESSAGE), signature[-64:]
    assert signature == encode([data, client, raw])
    longer = b"\x93\xc5\x00\x25" + signature[3:]
    high = encode([data, client, raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32)])
    others = [longer, high, signature + b"\x00", signature[:-1], b"", b"\x93", b"[" * 1024, b"\x91" * 1024, raw, encode(raw)]
    others += [encode([data, client]), encode([data, client, raw, raw]), encode([data, client.decode(), raw])]
    others += [encode([data, client, None]), encode([[], client, raw]), encode([data, client + b" " * 1024, raw])]
    for other in others:
        assert not verify_webauthn(passkey.public[1:], MESSAGE, other)
    for place in range(len(signature)):
        altered = bytearray(signature)
        altered[place] ^= 1
        assert not verify_webauthn(passkey.public[1:], MESSAGE, bytes(altered)), place


def test_no_signature_is_longer_than_the_bound() -> None:
    """A passkey's signature at the bound is valid, one byte past it not."""
    passkey = Passkey(7)
    data, start = passkey.authenticator_data(), client_data_start(MESSAGE)
    for size, valid in ((SIGNATURE_BYTES_MAX, True), (SIGNATURE_BYTES_MAX + 1, False)):
        client = start + b"x" * (size - len(encode([data, start + bytes(300), bytes(64)])) + 300)
        signature = encode([data, client, low_s(passkey.der(data, client))])
        assert len(signature) == size
        assert verify_webauthn(passkey.public[1:], MESSAGE, signature) is valid
