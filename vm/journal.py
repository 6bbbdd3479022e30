"""The undo log of one transaction: every change of every table goes through it, so any of them can be taken
back.
"""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping
from typing import Any, Final, TypeAlias

from vm.failure import Code, Failure
from vm.limits import JOURNAL_ENTRIES_MAX

ABSENT_BEFORE: Final = object()
"""What an entry remembers of a key that its table did not have."""

ENTRY: Final = 3
"""Items of an entry: a table, a key of it, and what the table held there."""

Mark: TypeAlias = tuple[int, int]
"""Items of the log, and events."""

Event: TypeAlias = tuple[bytes, int, bytes]
"""One event: the contract that emitted it, which of its module's events it is, and the encoded payload. A plain tuple, which
takes a tenth of the time of a named one.
"""


class Journal:
    """Remembers what tables held before each change, and what was told. Marks nest; undoing to a mark restores exactly that
    state.

    `log` and `events` are for the machine, which notes its changes itself: an entry before each, for which it has asked for room
    beforehand. Entries lie in the log flat, item after item, since so many tuples would keep Python's collector busy.
    """

    __slots__ = ("events", "log")

    def __init__(self) -> None:
        self.log: Final[list[Any]] = []
        self.events: Final[list[Event]] = []

    def set(self, table: MutableMapping[Any, Any], key: Hashable, value: object) -> None:
        """Assign `table[key]`, undoably. Raises `Failure` LimitExceeded past `JOURNAL_ENTRIES_MAX`."""
        if len(self.log) >= JOURNAL_ENTRIES_MAX * ENTRY:
            raise too_many_changes()
        self.log.extend((table, key, table.get(key, ABSENT_BEFORE)))
        table[key] = value

    def note(self, table: MutableMapping[Any, Any], key: Hashable) -> None:
        """Remember what `table` has at `key`, whatever becomes of it: for a journal over transactions, which has no limit."""
        self.log.extend((table, key, table.get(key, ABSENT_BEFORE)))

    def mark(self) -> Mark:
        """The present point, to come back to."""
        return len(self.log), len(self.events)

    def undo(self, mark: Mark) -> None:
        """Take back every change made, and forget every event told, since `mark`."""
        log, (items, told) = self.log, mark
        assert 0 <= items <= len(log)
        del self.events[told:]
        while len(log) > items:
            before, key, table = log.pop(), log.pop(), log.pop()
            if before is ABSENT_BEFORE:
                table.pop(key, None)
            else:
                table[key] = before


def too_many_changes() -> Failure:
    """The failure for a change that the journal has no room for."""
    return Failure(Code.LIMIT_EXCEEDED, detail=f"more than {JOURNAL_ENTRIES_MAX} changes")
