"""The undo log of one transaction: every change of every table goes through it, so any of them can be taken
back.
"""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping
from typing import Any, Final

from vm.failure import Code, Failure
from vm.limits import JOURNAL_ENTRIES_MAX

_ABSENT: Final = object()


class Journal:
    """Remembers what tables held before each change. Marks nest; undoing to a mark restores exactly that
    state.
    """

    __slots__ = ("_log",)

    def __init__(self) -> None:
        self._log: list[tuple[MutableMapping[Any, Any], Hashable, object]] = []

    def set(self, table: MutableMapping[Any, Any], key: Hashable, value: object) -> None:
        """Assign `table[key]`, undoably. Raises `Failure` LimitExceeded past `JOURNAL_ENTRIES_MAX`."""
        if len(self._log) >= JOURNAL_ENTRIES_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, detail=f"more than {JOURNAL_ENTRIES_MAX} changes")
        self._log.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def mark(self) -> int:
        """The present point, to come back to."""
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Take back every change made since `mark`."""
        assert 0 <= mark <= len(self._log)
        while len(self._log) > mark:
            table, key, before = self._log.pop()
            if before is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = before
