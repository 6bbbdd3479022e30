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
"""Items of an entry: a table, a key of it, and what the table held there; or an event, told by its first item, which is bytes."""

Event: TypeAlias = tuple[bytes, int, bytes]
"""One event: the contract that emitted it, which of its module's events it is, and the encoded payload. A plain tuple, which
takes a tenth of the time of a named one.
"""


class Journal:
    """Remembers what tables held before each change. Marks nest; undoing to a mark restores exactly that
    state.

    `log` is for the machine, which notes its changes itself: an entry before each, for which it has asked for room beforehand.
    Entries lie in it flat, item after item, since so many tuples would keep Python's collector busy.
    """

    __slots__ = ("log",)

    def __init__(self) -> None:
        self.log: Final[list[Any]] = []

    def set(self, table: MutableMapping[Any, Any], key: Hashable, value: object) -> None:
        """Assign `table[key]`, undoably. Raises `Failure` LimitExceeded past `JOURNAL_ENTRIES_MAX`."""
        if len(self.log) >= JOURNAL_ENTRIES_MAX * ENTRY:
            raise too_many_changes()
        self.log.extend((table, key, table.get(key, ABSENT_BEFORE)))
        table[key] = value

    def events(self, mark: int) -> list[Event]:
        """The events since `mark` that stand, in order."""
        items = iter(self.log[mark:])
        return [(at, number, payload) for at, number, payload in zip(items, items, items, strict=True) if type(at) is bytes]

    def mark(self) -> int:
        """The present point, to come back to."""
        return len(self.log)

    def undo(self, mark: int) -> None:
        """Take back every change made since `mark`."""
        log = self.log
        assert 0 <= mark <= len(log)
        while len(log) > mark:
            before, key, table = log.pop(), log.pop(), log.pop()
            if type(table) is bytes:
                continue
            if before is ABSENT_BEFORE:
                table.pop(key, None)
            else:
                table[key] = before


def too_many_changes() -> Failure:
    """The failure for a change that the journal has no room for."""
    return Failure(Code.LIMIT_EXCEEDED, detail=f"more than {JOURNAL_ENTRIES_MAX} changes")
