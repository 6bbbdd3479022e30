"""The keys of the ledger's flat state, so that nodes write and clients prove the same (`docs/ledger.md`,
"State").
"""

from __future__ import annotations

PARAMETERS = b"p"


def account_key(wallet: bytes) -> bytes:
    """Where a wallet's account stands: its key, guardian, rules, sequences and balances."""
    return b"w" + wallet


def mandate_key(wallet: bytes, session: bytes = b"") -> bytes:
    """Where what a wallet has granted to a session stands; without a session, the names of all of the wallet's."""
    return b"m" + wallet + session


def contract_key(address: bytes) -> bytes:
    """Where a contract's code hash, home currency, deployer and price of its code stand."""
    return b"c" + address


def code_key(code_hash: bytes) -> bytes:
    """Where a module's bytes stand."""
    return b"k" + code_hash


def residence_key(code_hash: bytes = b"") -> bytes:
    """Where the place of a code among the resident ones stands; without a hash, what all of them come to."""
    return b"r" + code_hash


def slot_key(contract: bytes, slot: bytes) -> bytes:
    """Where a slot of a contract stands."""
    return b"s" + contract + slot


def supply_key(currency: str) -> bytes:
    """Where the supply equation of a currency stands."""
    return b"t" + currency.encode()


def currency_key(currency: str) -> bytes:
    """Where a currency's decimals and issuer stand."""
    return b"u" + currency.encode()
