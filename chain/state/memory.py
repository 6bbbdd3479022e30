"""A state in memory: for genesis, replays and sandboxes."""

from __future__ import annotations

from collections.abc import Mapping

from chain.primitives.account import Account, own_account
from chain.primitives.keyspace import account_key


class MemoryView:
    """A `View` of two dictionaries. New, it is the state before genesis."""

    __slots__ = ("_pages", "_state")

    def __init__(self) -> None:
        self._state: dict[bytes, bytes] = {}
        self._pages: dict[bytes, bytes] = {}

    def copy(self) -> MemoryView:
        """Another one, which changes by itself."""
        other = MemoryView()
        other._state, other._pages = self._state.copy(), self._pages.copy()
        return other

    def entries(self) -> list[tuple[bytes, bytes]]:
        """The whole flat state, sorted by key."""
        return sorted(self._state.items())

    def get(self, key: bytes) -> bytes | None:
        """The value of a key of the flat state, or None."""
        return self._state.get(key)

    def account(self, address: bytes) -> Account | None:
        """The account at an address, or None. Raises `Refusal` Malformed if its record is damaged."""
        value = self.get(account_key(address))
        return None if value is None else own_account(value)

    def page(self, key: bytes) -> bytes | None:
        """A stored page of the tree, or None."""
        return self._pages.get(key)

    def apply(self, state: Mapping[bytes, bytes | None], tree: Mapping[bytes, bytes | None]) -> None:
        """Make a block's changes; None removes."""
        for table, changes in ((self._state, state), (self._pages, tree)):
            for key, value in changes.items():
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value
