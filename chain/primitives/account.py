"""Accounts: all that the state has of one wallet, in one record, so that a payment touches two leaves of the tree and a client
proves a balance with one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import amount_plain, as_amount, as_bytes, as_int, as_list, as_text, decode, encode, unpack_stored
from chain.primitives.limits import (
    CURRENCIES_MAX,
    CURRENCY_CODE_CHARACTERS_MAX,
    LANE_MAX,
    RULES_MAX,
    SEQUENCE_MAX,
)
from chain.primitives.policy import KeyOrPolicy, key_plain, own_key, read_key

_FIELDS = 5


@dataclass(slots=True)
class Account:
    """A wallet: the public key or policy that signs for it, its guardian, the rules (contracts) that judge its payments, the next
    sequence of each lane that has been used, and its balances in minor units.

    `key` is empty where a wallet only failed to be opened. `stored` is the record it was read from. Lanes at 0 and balances of 0
    have no place in a record.
    """

    key: KeyOrPolicy
    guardian: bytes | None
    rules: tuple[bytes, ...]
    sequences: dict[int, int] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    stored: bytes | None = field(default=None, compare=False, repr=False)

    def copy(self) -> Account:
        """Another one, whose lanes and balances are its own."""
        return Account(self.key, self.guardian, self.rules, self.sequences.copy(), self.balances.copy(), self.stored)


def account_value(account: Account) -> bytes:
    """The record of an account, lanes and currencies sorted:
    `[key, guardian | nil, [rule…], [[lane, next sequence]…], [[currency, amount]…]]`.
    """
    return encode(
        [
            key_plain(account.key),
            account.guardian,
            account.rules,
            [[lane, account.sequences[lane]] for lane in sorted(account.sequences)],
            [[code, amount_plain(account.balances[code])] for code in sorted(account.balances) if account.balances[code]],
        ]
    )


def read_account(value: bytes) -> Account:
    """The account of a record that somebody else gave. Raises `Refusal` Malformed."""
    key, guardian, rules, sequences, balances = as_list(decode(value), "an account", size=_FIELDS)
    return Account(
        b"" if key == b"" else read_key(key),
        None if guardian is None else as_bytes(guardian, "a guardian", size=ADDRESS_BYTES),
        tuple(as_bytes(rule, "a rule", size=ADDRESS_BYTES) for rule in as_list(rules, "rules", most=RULES_MAX)),
        dict(_pair(pair, _lane) for pair in as_list(sequences, "lanes", most=LANE_MAX + 1)),
        dict(_pair(pair, _balance) for pair in as_list(balances, "balances", most=CURRENCIES_MAX)),
        value,
    )


def own_account(value: bytes) -> Account:
    """The account of a record that this node wrote, and whose checksum it has compared. Raises `Refusal` Malformed."""
    try:
        key, guardian, rules, sequences, balances = unpack_stored(value)
        own = {code: amount if type(amount) is int else as_amount(amount, "a balance") for code, amount in balances}
        return Account(own_key(key), guardian, rules, dict(sequences), own, value)
    except (TypeError, ValueError):
        return read_account(value)  # which says what is wrong with it


def read_balance(value: bytes | None, currency: str) -> int:
    """What an account holds, in minor units, by its record from somebody else; 0 without one. Raises `Refusal` Malformed."""
    return 0 if value is None else read_account(value).balances.get(currency, 0)


def _pair(plain: Any, read: Any) -> Any:
    return read(*as_list(plain, "a pair", size=2))


def _lane(lane: object, sequence: object) -> tuple[int, int]:
    return as_int(lane, 0, LANE_MAX, "a lane"), as_int(sequence, 1, SEQUENCE_MAX + 1, "a sequence")


def _balance(code: object, amount: object) -> tuple[str, int]:
    return as_text(code, "a currency code", CURRENCY_CODE_CHARACTERS_MAX), as_amount(amount, "a balance")
