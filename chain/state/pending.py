"""The state as blocks have made it that are still being written: the next block need not wait for the disk."""

from __future__ import annotations

from collections.abc import Mapping

from chain.state.overlay import View


class PendingView:
    """A `View`: the stored state and, over it, the changes of blocks that are not on disk yet."""

    __slots__ = ("_pages", "_state", "_stored")

    def __init__(self, stored: View) -> None:
        self._stored = stored
        self._state: dict[bytes, tuple[bytes | None, int]] = {}
        self._pages: dict[bytes, tuple[bytes | None, int]] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key of the flat state, or None."""
        found = self._state.get(key)
        return self._stored.get(key) if found is None else found[0]

    def page(self, key: bytes) -> bytes | None:
        """A stored page of the tree, or None."""
        found = self._pages.get(key)
        return self._stored.page(key) if found is None else found[0]

    def add(self, height: int, state: Mapping[bytes, bytes | None], tree: Mapping[bytes, bytes | None]) -> None:
        """Lay the changes of the block of a height over what is there; None removes."""
        for table, changes in ((self._state, state), (self._pages, tree)):
            table.update((key, (value, height)) for key, value in changes.items())

    def written(self, height: int, state: Mapping[bytes, bytes | None], tree: Mapping[bytes, bytes | None]) -> None:
        """Let go of the changes of a block that is on disk now, and is what the stored state shows."""
        for table, changes in ((self._state, state), (self._pages, tree)):
            for key in changes:
                if table[key][1] == height:
                    del table[key]
