"""What the state remembers about currencies, and its encoding."""

from __future__ import annotations

from dataclasses import dataclass

from chain.primitives.codec import as_list, decode, encode
from chain.primitives.header import Supply, read_supply_plain


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: how many decimals its texts have, and who may issue it (nobody after genesis if None)."""

    code: str
    decimals: int
    issuer: bytes | None


def currency_value(currency: Currency) -> bytes:
    """The stored form of a currency."""
    return encode([currency.decimals, currency.issuer])


def read_currency(code: str, value: bytes) -> Currency:
    """The currency of a stored form."""
    decimals, issuer = as_list(decode(value), "a currency", size=2)
    return Currency(code, decimals, issuer)


def supply_value(supply: Supply) -> bytes:
    """The stored form of a supply equation."""
    return encode(supply.plain())


def read_supply(code: str, value: bytes) -> Supply:
    """The supply equation of a stored form."""
    return read_supply_plain(code, as_list(decode(value), "a supply"))
