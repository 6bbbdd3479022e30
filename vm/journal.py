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

Entry: TypeAlias = tuple[MutableMapping[Any, Any] | None, Hashable, object]
"""A table, a key of it, and what the table held there; or None, None, and a note, which stands until it is taken back."""


class Journal:
    """Remembers what tables held before each change. Marks nest; undoing to a mark restores exactly that
    state.

    `log` is for the machine, which notes its changes itself: an `Entry` before each, for which it has asked for room beforehand.
    """

    __slots__ = ("log",)

    def __init__(self) -> None:
        self.log: Final[list[Entry]] = []

    def set(self, table: MutableMapping[Any, Any], key: Hashable, value: object) -> None:
        """Assign `table[key]`, undoably. Raises `Failure` LimitExceeded past `JOURNAL_ENTRIES_MAX`."""
        if len(self.log) >= JOURNAL_ENTRIES_MAX:
            raise too_many_changes()
        self.log.append((table, key, table.get(key, ABSENT_BEFORE)))
        table[key] = value

    def notes(self, mark: int) -> list[Any]:
        """The notes made since `mark` that stand, in order."""
        return [note for table, _, note in self.log[mark:] if table is None]

    def mark(self) -> int:
        """The present point, to come back to."""
        return len(self.log)

    def undo(self, mark: int) -> None:
        """Take back every change made since `mark`."""
        assert 0 <= mark <= len(self.log)
        while len(self.log) > mark:
            table, key, before = self.log.pop()
            if table is None:
                continue
            if before is ABSENT_BEFORE:
                table.pop(key, None)
            else:
                table[key] = before


def too_many_changes() -> Failure:
    """The failure for a change that the journal has no room for."""
    return Failure(Code.LIMIT_EXCEEDED, detail=f"more than {JOURNAL_ENTRIES_MAX} changes")
