"""Changes that are not on disk yet: those of a block over the stored state, those of a transaction over the
block's.
"""

from __future__ import annotations

from typing import Protocol

from vm.journal import Journal


class View(Protocol):
    """State as of the end of some block."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key of the flat state, or None."""

    def page(self, key: bytes) -> bytes | None:
        """A stored page of the tree, or None."""


class BlockOverlay:
    """The changes of a block under construction. `changes` maps keys to values, None where one went away.

    `used` has the price in gas of every code that was at work, by its hash: what was brought stays for the block, even if its
    transaction fails.
    """

    __slots__ = ("_view", "changes", "used")

    def __init__(self, view: View) -> None:
        self._view = view
        self.changes: dict[bytes, bytes | None] = {}
        self.used: dict[bytes, int] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key with the block's changes so far."""
        if key in self.changes:
            return self.changes[key]
        return self._view.get(key)


class TransactionOverlay:
    """The changes of one transaction, all of which its journal can take back."""

    __slots__ = ("_block", "_table", "journal")

    def __init__(self, block: BlockOverlay) -> None:
        self._block = block
        self._table: dict[bytes, bytes | None] = {}
        self.journal = Journal()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key with the transaction's changes so far."""
        if key in self._table:
            return self._table[key]
        return self._block.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        """Set a key, undoably; None removes it. Raises `vm.failure.Failure` LimitExceeded."""
        self.journal.set(self._table, key, value)

    def seal(self) -> None:
        """Begin a new journal: what happened so far stays, and a full journal does not stop the settling of
        fees.
        """
        self.journal = Journal()

    def commit(self) -> None:
        """Make the transaction's changes the block's."""
        self._block.changes.update(self._table)
