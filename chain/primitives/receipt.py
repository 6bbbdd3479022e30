"""Receipts: what became of a transaction, in the one encoding that the receipts root commits to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import (
    amount_plain,
    as_amount,
    as_bool,
    as_bytes,
    as_int,
    as_list,
    as_text,
    check_version,
    decode,
    encode,
)
from chain.primitives.hash import HASH_BYTES
from chain.primitives.limits import GAS_LIMIT_MAX, HEIGHT_MAX

_NAME_CHARACTERS_MAX = 64


class Error(NamedTuple):
    """Why it failed: a stable name, its encoded values, the contract and the action (by index) it came from.

    `payload` is the array of the values: in the types that the contract's error declares, as they are for the
    others.
    """

    name: str
    payload: bytes
    contract: bytes | None
    action: int | None


class Event(NamedTuple):
    """An event of a contract: which of its module's events it is, and the array of its encoded fields."""

    contract: bytes
    number: int
    payload: bytes


class Move(NamedTuple):
    """Money moved, in minor units. `reason`: pay, coins (into a contract), payout (out of one), fee.

    `source` is None for a payout.
    """

    source: bytes | None
    to: bytes
    currency: str
    amount: int
    reason: str


@dataclass(slots=True)
class Receipt:
    """The outcome of one transaction. `results` has one entry per action, when it went well. Not to be changed: it is no frozen
    data class only because those take ten times as long to make.
    """

    identity: bytes
    height: int
    index: int
    ok: bool
    error: Error | None
    gas_used: int
    fee: int
    events: tuple[Event, ...]
    results: tuple[bytes | None, ...]
    moves: tuple[Move, ...]
    _encoded: bytes | None = field(default=None, compare=False, repr=False)

    @property
    def encoded(self) -> bytes:
        """The one byte string of this receipt, made once."""
        if self._encoded is None:
            self._encoded = encode(
                (
                    1,
                    self.identity,
                    self.height,
                    self.index,
                    self.ok,
                    self.error,
                    self.gas_used,
                    amount_plain(self.fee),
                    self.events,
                    self.results,
                    [(source, to, currency, amount_plain(amount), reason) for source, to, currency, amount, reason in self.moves],
                )
            )
        return self._encoded


def decode_receipt(data: bytes) -> Receipt:
    """The receipt of a byte string. Raises `Refusal` Malformed, UnknownVersion."""
    fields = as_list(decode(data), "a receipt", size=11)
    check_version(fields[0], "the receipt")
    return Receipt(
        identity=as_bytes(fields[1], "identity", size=HASH_BYTES),
        height=as_int(fields[2], 0, HEIGHT_MAX, "height"),
        index=as_int(fields[3], 0, HEIGHT_MAX, "index"),
        ok=as_bool(fields[4], "ok"),
        error=None if fields[5] is None else _read_error(fields[5]),
        gas_used=as_int(fields[6], 0, GAS_LIMIT_MAX, "gas_used"),
        fee=as_amount(fields[7], "fee"),
        events=tuple(_read_event(event) for event in as_list(fields[8], "events")),
        results=tuple(None if r is None else as_bytes(r, "a result") for r in as_list(fields[9], "results")),
        moves=tuple(_read_move(move) for move in as_list(fields[10], "moves")),
    )


def _read_error(plain: Any) -> Error:
    name, payload, contract, action = as_list(plain, "an error", size=4)
    return Error(
        as_text(name, "name", _NAME_CHARACTERS_MAX),
        as_bytes(payload, "values"),
        None if contract is None else as_bytes(contract, "contract", size=ADDRESS_BYTES),
        None if action is None else as_int(action, 0, HEIGHT_MAX, "action"),
    )


def _read_event(plain: Any) -> Event:
    contract, number, payload = as_list(plain, "an event", size=3)
    return Event(
        as_bytes(contract, "contract", size=ADDRESS_BYTES),
        as_int(number, 0, HEIGHT_MAX, "number"),
        as_bytes(payload, "fields"),
    )


def _read_move(plain: Any) -> Move:
    source, to, currency, amount, reason = as_list(plain, "a move", size=5)
    return Move(
        None if source is None else as_bytes(source, "from", size=ADDRESS_BYTES),
        as_bytes(to, "to", size=ADDRESS_BYTES),
        as_text(currency, "currency", _NAME_CHARACTERS_MAX),
        as_amount(amount, "amount"),
        as_text(reason, "reason", _NAME_CHARACTERS_MAX),
    )
