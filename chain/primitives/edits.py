"""Edits: what whoever runs a development chain does to its state from outside, as actions of a transaction that nobody signs."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import amount_plain, as_amount, as_bytes, as_int, as_list, as_text, malformed
from chain.primitives.limits import CURRENCY_CODE_CHARACTERS_MAX, LANE_MAX, SEQUENCE_MAX, STATE_FIELDS_MAX, TRANSACTION_BYTES_MAX

PHASE_FIELD = -1
"""What stands for a field where the phase of a contract is set."""


class SetBalance(NamedTuple):
    """Let a wallet hold so many minor units of a currency, which are minted or burned."""

    wallet: bytes
    currency: str
    amount: int


class SetSlot(NamedTuple):
    """Put an encoded value into a field of a contract's state, by the field's position in its module; None empties it. `key` is
    the encoded key of a map or set.
    """

    contract: bytes
    field: int
    key: bytes | None
    value: bytes | None


class SetSequence(NamedTuple):
    """Let the next sequence of a wallet's lane be this one, which is not before the present one."""

    wallet: bytes
    lane: int
    sequence: int


Edit: TypeAlias = SetBalance | SetSlot | SetSequence

_FIRST_TAG = 48
_SIZES = (4, 5, 4)


def edit_plain(edit: Edit) -> list[Any]:
    """An edit as the codec takes it."""
    match edit:
        case SetBalance(wallet, currency, amount):
            return [48, wallet, currency, amount_plain(amount)]
        case SetSlot(contract, field, key, value):
            return [49, contract, field, key, value]
        case SetSequence(wallet, lane, sequence):
            return [50, wallet, lane, sequence]


def read_edit(plain: object) -> Edit:
    """The edit of a decoded value. Raises `Refusal` Malformed."""
    fields = as_list(plain, "an edit")
    tag = as_int(fields[0] if fields else None, _FIRST_TAG, _FIRST_TAG + len(_SIZES) - 1, "an edit's kind")
    as_list(plain, "an edit", size=_SIZES[tag - _FIRST_TAG])
    address = as_bytes(fields[1], "an address", size=ADDRESS_BYTES)
    if tag == 48:
        currency = as_text(fields[2], "a currency code", CURRENCY_CODE_CHARACTERS_MAX)
        return SetBalance(address, currency, as_amount(fields[3], "amount"))
    if tag == 49:
        field = as_int(fields[2], PHASE_FIELD, STATE_FIELDS_MAX - 1, "a field")
        return SetSlot(address, field, _maybe_bytes(fields[3], "a key"), _maybe_bytes(fields[4], "a value"))
    return SetSequence(address, as_int(fields[2], 0, LANE_MAX, "a lane"), as_int(fields[3], 0, SEQUENCE_MAX, "a sequence"))


def check_bare(*fields: object) -> None:
    """That what an edit has no use for is not there: authority, fee payer, limits, price of gas. Raises `Refusal` Malformed."""
    if any(fields):
        raise malformed("an edit has no authority, fee payer, limits or gas price")


def _maybe_bytes(value: object, what: str) -> bytes | None:
    return None if value is None else as_bytes(value, what, most=TRANSACTION_BYTES_MAX)
