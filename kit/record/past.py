"""The world as it was at any point of a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.record.entries import Line, Part, Record, Where
from kit.record.guide import Guide, stored


class Past:
    """Walks through the changes of a record, forwards and backwards."""

    def __init__(self, record: Record, guide: Guide) -> None:
        self._record = record
        self._guide = guide
        self._values = dict(record.base)
        self._count = 0  # of the changes that were made
        self.asked: set[Where] | None = None  # what somebody asked for, if anybody wants to know

    def go(self, count: int) -> Past:
        """Be where so many changes have been made."""
        changes = self._record.changes
        while self._count < count:
            change = changes[self._count]
            self._values[change.where] = change.after
            self._count += 1
        while self._count > count:
            self._count -= 1
            change = changes[self._count]
            self._values[change.where] = change.before
        return self

    def at(self, line: Line) -> Past:
        """Be where a line is about to run."""
        return self.go(line.changes)

    def value(self, where: Where) -> Any:
        """What a thing is; None where there is nothing."""
        if self.asked is not None:
            self.asked.add(where)
        if where in self._values:
            return self._values[where]
        return stored(self._guide, where)

    def slots(self, contract: bytes) -> Iterator[tuple[int, Any, Any]]:
        """(field, key, value) of the slots of a contract that the record knows and that are not empty."""
        for where, value in self._values.items():
            if where.part is Part.SLOT and where.place[0] == contract and value is not None:
                yield where.place[1], where.place[2], value

    def balances(self) -> Iterator[tuple[bytes, str, int]]:
        """(wallet, currency, minor units) of all that the record knows."""
        for where, value in self._values.items():
            if where.part is Part.BALANCE:
                yield where.place[0], where.place[1], value or 0

    def events(self) -> list[tuple[bytes, int, tuple[Any, ...]]]:
        """(contract, event, values) of those that stand, so far."""
        return [value for where, value in self._values.items() if where.part is Part.EVENT and value is not None]

    def time_ms(self) -> int | None:
        """What time it is, if time has gone on."""
        time: int | None = self._values.get(Where(Part.TIME))
        return time
