"""Addresses: 32 bytes, and their text in bech32m with the prefix `tael`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chain.primitives.codec import encode
from chain.primitives.hash import TAG_CONTRACT, TAG_WALLET, tagged_hash
from chain.primitives.refusal import Refusal, Refused

ADDRESS_BYTES = 32
NOBODY = bytes(ADDRESS_BYTES)
"""The address of no wallet and no contract: the sender of an edit, and where minted money comes from and burned money goes."""
PREFIX = "tael"
TEXT_CHARACTERS = len(PREFIX) + 1 + 52 + 6

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_BECH32M = 0x2BC830A3
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_PREFIX_VALUES = [*(ord(c) >> 5 for c in PREFIX), 0, *(ord(c) & 31 for c in PREFIX)]


def wallet_address(key: bytes | list[Any], guardian: bytes | None = None) -> bytes:
    """The address of the wallet that is opened with a public key or a policy's plain form, under a guardian if one is given."""
    return tagged_hash(TAG_WALLET, encode([key, guardian]))


def contract_address(sender: bytes, transaction_id: bytes, action: int) -> bytes:
    """The address of the contract that action number `action` of a transaction deploys."""
    return tagged_hash(TAG_CONTRACT, encode([sender, transaction_id, action]))


@lru_cache(maxsize=16_384)
def format_address(address: bytes) -> str:
    """The text of 32 bytes: `tael1…`. Remembered, since it takes a tenth of a millisecond and few addresses are told often."""
    assert len(address) == ADDRESS_BYTES
    bits = int.from_bytes(address) << 4  # 256 bits and 4 of padding are 52 characters of 5 bits
    values = [bits >> shift & 31 for shift in range(255, -1, -5)]
    checksum = _polymod([*_PREFIX_VALUES, *values, 0, 0, 0, 0, 0, 0]) ^ _BECH32M
    values += [checksum >> shift & 31 for shift in (25, 20, 15, 10, 5, 0)]
    return f"{PREFIX}1{''.join(_ALPHABET[value] for value in values)}"


def parse_address(text: str) -> bytes:
    """The 32 bytes of an address in text. Raises `Refusal` WrongAddress that says what is wrong with it."""
    if text != text.lower() and text != text.upper():
        raise _wrong(text, "it mixes capital and small letters")
    lower = text.lower()
    if not lower.startswith(f"{PREFIX}1"):
        raise _wrong(text, f"it does not begin with {PREFIX}1")
    if len(lower) != TEXT_CHARACTERS:
        raise _wrong(text, f"it has {len(lower)} characters; an address has {TEXT_CHARACTERS}")
    values = []
    for position, character in enumerate(lower[len(PREFIX) + 1 :], len(PREFIX) + 2):
        if character not in _VALUES:
            raise _wrong(text, f"character {position} cannot be in an address")
        values.append(_VALUES[character])
    if _polymod([*_PREFIX_VALUES, *values]) != _BECH32M:
        raise _wrong(text, "its checksum does not fit: at least one character is wrong")
    bits = 0
    for value in values[:-6]:
        bits = bits << 5 | value
    if bits & 15:
        raise _wrong(text, "its padding is not zero")
    return (bits >> 4).to_bytes(ADDRESS_BYTES)


def _wrong(text: str, why: str) -> Refusal:
    return Refusal(Refused.WRONG_ADDRESS, f"not an address: {why}", text=text[: TEXT_CHARACTERS + 1])


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum
