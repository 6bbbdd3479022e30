"""What the state remembers about currencies and wallets, and its encoding."""

from __future__ import annotations

from dataclasses import dataclass

from chain.primitives.codec import amount_plain, as_amount, as_list, decode, encode
from chain.primitives.header import Supply


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: how many decimals its texts have, and who may issue it (nobody after genesis if None)."""

    code: str
    decimals: int
    issuer: bytes | None


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet: the 33-byte public key that signs for it, its guardian, the rules (contracts) that judge its
    payments.
    """

    key: bytes
    guardian: bytes | None
    rules: tuple[bytes, ...]


def currency_value(currency: Currency) -> bytes:
    """The stored form of a currency."""
    return encode([currency.decimals, currency.issuer])


def read_currency(code: str, value: bytes) -> Currency:
    """The currency of a stored form."""
    decimals, issuer = as_list(decode(value), "a currency", size=2)
    return Currency(code, decimals, issuer)


def wallet_value(wallet: Wallet) -> bytes:
    """The stored form of a wallet."""
    return encode([wallet.key, wallet.guardian, list(wallet.rules)])


def read_wallet(value: bytes) -> Wallet:
    """The wallet of a stored form."""
    key, guardian, rules = as_list(decode(value), "a wallet", size=3)
    return Wallet(key, guardian, tuple(rules))


def supply_value(supply: Supply) -> bytes:
    """The stored form of a supply equation."""
    return encode([amount_plain(n) for n in (supply.issued, supply.redeemed, supply.wallets, supply.contracts)])


def read_supply(code: str, value: bytes) -> Supply:
    """The supply equation of a stored form."""
    issued, redeemed, wallets, contracts = as_list(decode(value), "a supply", size=4)
    return Supply(
        code,
        as_amount(issued, "issued"),
        as_amount(redeemed, "redeemed"),
        as_amount(wallets, "wallets"),
        as_amount(contracts, "contracts"),
    )
