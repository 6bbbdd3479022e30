"""What a test expects of calls: `reverts`, `emits`, `moves`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any

from chain.client.handles import Happened
from chain.client.interface import ContractFailed
from chain.client.money import Address, Money, address_of, money_of
from chain.client.values import Values, machine_time
from chain.primitives.refusal import Refusal
from kit.pytesting.lab import MILLISECOND, LabLedger, current
from kit.pytesting.telling import Words, record_fields
from vm.types import RATE, RATE_ONE


class reverts:  # noqa: N801 - it reads as a word: `with reverts("NotAuthorized"):`
    """What follows must fail with an error of a contract or of the ledger, maybe with these values in its fields.

    `error` is a class (`token.errors.NotEnough`) or a name; left out, any will do. After the block `error` of what `as` named is
    the exception. What the client or the ledger refuses before any contract sees it (`Refusal`) is no failure of this kind.
    """

    def __init__(self, error: type[ContractFailed] | str | None = None, /, **fields: Any) -> None:
        self._expected = error
        self._fields = fields
        self.error: Any = None

    def __enter__(self) -> reverts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        __tracebackhide__ = True
        if error is None:
            raise AssertionError(f"{self._said()} was expected, and nothing failed{_last()}")
        if not isinstance(error, ContractFailed):
            return False
        self.error = error
        if self._is_other(error):
            raise AssertionError(f"{self._said()} was expected, and it was {_words().error(error)}") from error
        wrong = _differing(error.fields, self._fields, _words())
        if wrong:
            raise AssertionError(f"{error.name} came as expected, but {'; '.join(wrong)}") from error
        return True

    def _is_other(self, error: ContractFailed) -> bool:
        if self._expected is None:
            return False
        return error.name != self._expected if isinstance(self._expected, str) else not isinstance(error, self._expected)

    def _said(self) -> str:
        expected = self._expected
        name = "an error" if expected is None else expected if isinstance(expected, str) else expected.__name__
        return f"{name}({_words().fields(self._fields)})" if self._fields else name


class emits:  # noqa: N801 - as `reverts`
    """What follows must emit an event, maybe with these values in its fields.

    `event` is a class (`token.events.Transfer`: by this contract), an event of it, or a name (by any); values go by order or by
    name. After the block `event` of what `as` named is the one that was found.
    """

    def __init__(self, event: Any, /, *values: Any, **fields: Any) -> None:
        self._kind = event if isinstance(event, type | str) else type(event)
        self._values = () if isinstance(event, type | str) else tuple(record_fields(event).values())
        self._values += values
        self._fields = fields
        self.event: Any = None

    def __enter__(self) -> emits:
        self._ledger = current()
        self._first = len(self._ledger.history.all)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        __tracebackhide__ = True
        if error is not None:
            return
        happened = events_since(self._ledger, self._first)
        of_kind = [one for one in happened if self._is_of_kind(one)]
        for one in of_kind:
            if not _differing(record_fields(one.event), self._wanted(one.event), self._ledger.words):
                self.event = one.event
                return
        raise AssertionError(self._missing(happened, of_kind))

    def _is_of_kind(self, happened: Happened) -> bool:
        if isinstance(self._kind, str):
            return type(happened.event).__name__ == self._kind
        return isinstance(happened.event, self._kind)

    def _wanted(self, event: Any) -> dict[str, Any]:
        names = [field.name for field in dataclasses.fields(event)]
        return {**dict(zip(names, self._values, strict=False)), **self._fields}

    def _missing(self, happened: list[Happened], of_kind: list[Happened]) -> str:
        words = self._ledger.words
        name = self._kind if isinstance(self._kind, str) else self._kind.__name__
        if of_kind:
            wrong = ["; ".join(_differing(record_fields(one.event), self._wanted(one.event), words)) for one in of_kind]
            shown = [f"  {words.value(one.event)}: {why}" for one, why in zip(of_kind, wrong, strict=True)]
            return "\n".join([f"{name} was emitted with other values:", *shown])
        others = [f"  {words.value(one.event)} by {words.party(one.contract)}" for one in happened]
        came = ["these were:", *others] if others else ["nothing was"]
        return "\n".join([f"{name} was expected to be emitted; {came[0]}", *came[1:]])


class moves:  # noqa: N801 - as `reverts`
    """What follows must change what wallets hold by just so much: `moves(alice=-5, bob=+5)`, or `moves({alice: "-5.00 USD"})`.

    A number is one of whole units of the base currency; of a contract all vaults count. Who is not named may get or give what it
    likes, and fees are none of it.
    """

    def __init__(self, changes: Mapping[Any, Any] | None = None, /, **named: Any) -> None:
        self._said: list[tuple[Any, Any]] = [*(changes or {}).items(), *named.items()]

    def __enter__(self) -> moves:
        self._ledger = current()
        self._expected = [self._change(who, change) for who, change in self._said]
        self._before = [self._held(address, currency) for address, currency, _ in self._expected]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        __tracebackhide__ = True
        if error is not None:
            return
        words, wrong = self._ledger.words, []
        for (address, currency, expected), before in zip(self._expected, self._before, strict=True):
            came = self._held(address, currency) - before
            if came != expected:
                said = _signed(words, expected, currency)
                wrong.append(f"  {words.party(address)}: {_signed(words, came, currency)}, not {said}")
        if wrong:
            raise AssertionError("\n".join(["money moved otherwise:", *wrong]))

    def _change(self, who: Any, change: Any) -> tuple[Address, str, int]:
        wallet = self._ledger.wallets[who] if isinstance(who, str) and not who.startswith("tael1") else who
        negative, size = _size(change)
        money = self._ledger.money(size)
        return address_of(wallet), money.currency, -money.minor if negative else money.minor

    def _held(self, address: Address, currency: str) -> int:
        held = self._ledger.held if address in self._ledger.interfaces else self._ledger.balance
        return held(address, currency).minor


def events_since(ledger: LabLedger, first: int) -> list[Happened]:
    """What the transactions from a place in the history on have emitted."""
    happened: list[Happened] = []
    for ran in ledger.history.all[first:]:
        if ran.receipt is not None and ran.receipt.ok:
            happened += ledger.carry_out(ledger.told(ran.receipt, None, None, check=False)).events
    return happened


def _size(change: Any) -> tuple[bool, Any]:
    """Whether it is negative, and how much it is."""
    if isinstance(change, str):
        text = change.strip()
        return text.startswith("-"), text.lstrip("+-").strip()
    if isinstance(change, int | Decimal) and not isinstance(change, bool):
        return change < 0, abs(change)
    return False, change


def _signed(words: Words, minor: int, currency: str) -> str:
    return f"{'-' if minor < 0 else '+'}{words.money(abs(minor), currency)}"


def _differing(fields: Mapping[str, Any], wanted: Mapping[str, Any], words: Words) -> list[str]:
    """What is not as it was wanted, in words."""
    wrong = []
    for name, value in wanted.items():
        if name not in fields:
            wrong.append(f"it has no field {name}; it has {', '.join(fields) or 'none'}")
        elif not is_same(fields[name], value):
            wrong.append(f"{name} is {words.value(fields[name])}, not {words.value(value)}")
    return wrong


def is_same(value: Any, wanted: Any) -> bool:
    """Whether a value is what was wanted, in any of the forms that stand for it (`docs/client.md`, "Values"). `...`
    wants nothing, and a function is asked.
    """
    if wanted is ... or value == wanted:
        return True
    if callable(wanted):
        return bool(wanted(value))
    try:
        match value:
            case Money():
                return value == money_of(wanted, {value.currency: value.decimals}, value.currency)
            case Address():
                return value == address_of(wanted)
            case datetime():
                return type(wanted) is int and machine_time(value) == wanted
            case timedelta():
                return type(wanted) is int and value == wanted * MILLISECOND
            case Decimal():
                return bool(Values(None, {}).to_machine(RATE, wanted) == int(value * RATE_ONE))
    except Refusal:
        return False
    return False


def _words() -> Words:
    try:
        return current().words
    except Refusal:  # an asynchronous ledger, or none of the plugin's
        return Words({}, {})


def _last() -> str:
    try:
        ledger = current()
    except Refusal:
        return ""
    return f": {ledger.words.ran(ledger.history.all[-1])}" if ledger.history.all else ""
