"""The keys of the ledger's flat state, so that nodes write and clients prove the same (`docs/ledger.md`,
"State").
"""

from __future__ import annotations

from chain.primitives.codec import amount_plain, as_amount, decode, encode

PARAMETERS = b"p"


def balance_key(wallet: bytes, currency: str) -> bytes:
    """Where a wallet's balance of a currency stands."""
    return b"b" + wallet + currency.encode()


def contract_key(address: bytes) -> bytes:
    """Where a contract's code hash, home currency, deployer and price of its code stand."""
    return b"c" + address


def code_key(code_hash: bytes) -> bytes:
    """Where a module's bytes stand."""
    return b"k" + code_hash


def residence_key(code_hash: bytes = b"") -> bytes:
    """Where the place of a code among the resident ones stands; without a hash, what all of them come to."""
    return b"r" + code_hash


def sequence_key(wallet: bytes, lane: int) -> bytes:
    """Where the next sequence of a lane stands."""
    return b"n" + wallet + bytes([lane])


def slot_key(contract: bytes, slot: bytes) -> bytes:
    """Where a slot of a contract stands."""
    return b"s" + contract + slot


def supply_key(currency: str) -> bytes:
    """Where the supply equation of a currency stands."""
    return b"t" + currency.encode()


def currency_key(currency: str) -> bytes:
    """Where a currency's decimals and issuer stand."""
    return b"u" + currency.encode()


def wallet_key(address: bytes) -> bytes:
    """Where a wallet's key, guardian and rules stand."""
    return b"w" + address


def amount_value(amount: int) -> bytes | None:
    """The stored form of a balance: absent when zero."""
    return encode(amount_plain(amount)) if amount else None


def read_amount(value: bytes | None) -> int:
    """The balance that a stored form stands for."""
    return 0 if value is None else as_amount(decode(value), "an amount")
