"""The state as blocks have made it that are still being written: the next block need not wait for the disk."""

from __future__ import annotations

from collections.abc import Mapping

from chain.primitives.account import Account, own_account
from chain.primitives.keyspace import account_key
from chain.primitives.limits import ACCOUNTS_AT_HAND_MAX
from chain.state.overlay import View


class PendingView:
    """A `View`: the stored state and, over it, the changes of blocks that are not on disk yet. It has accounts at hand that were
    asked for or changed lately.
    """

    __slots__ = ("_accounts", "_pages", "_state", "_stored")

    def __init__(self, stored: View) -> None:
        self._stored = stored
        self._accounts: dict[bytes, Account] = {}
        self._state: dict[bytes, tuple[bytes | None, int]] = {}
        self._pages: dict[bytes, tuple[bytes | None, int]] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key of the flat state, or None."""
        found = self._state.get(key)
        return self._stored.get(key) if found is None else found[0]

    def account(self, address: bytes) -> Account | None:
        """The account at an address, not to be changed, or None. Raises `Refusal` Malformed if its record is damaged."""
        found = self._accounts.get(address)
        if found is None:
            value = self.get(account_key(address))
            if value is not None:
                found = self._keep(address, own_account(value))
        return found

    def _keep(self, address: bytes, account: Account) -> Account:
        if len(self._accounts) >= ACCOUNTS_AT_HAND_MAX:
            self._accounts.clear()
        self._accounts[address] = account
        return account

    def page(self, key: bytes) -> bytes | None:
        """A stored page of the tree, or None."""
        found = self._pages.get(key)
        return self._stored.page(key) if found is None else found[0]

    def add(
        self,
        height: int,
        state: Mapping[bytes, bytes | None],
        tree: Mapping[bytes, bytes | None],
        accounts: Mapping[bytes, Account | None],
    ) -> None:
        """Lay the changes of the block of a height over what is there; None removes. `accounts` has all accounts that are among
        them, as they are now.
        """
        for address, account in accounts.items():
            if account is not None:
                self._keep(address, account)
        for table, changes in ((self._state, state), (self._pages, tree)):
            table.update((key, (value, height)) for key, value in changes.items())

    def written(self, height: int, state: Mapping[bytes, bytes | None], tree: Mapping[bytes, bytes | None]) -> None:
        """Let go of the changes of a block that is on disk now, and is what the stored state shows."""
        for table, changes in ((self._state, state), (self._pages, tree)):
            for key in changes:
                if table[key][1] == height:
                    del table[key]
