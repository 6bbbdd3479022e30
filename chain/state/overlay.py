"""Changes that are not on disk yet: those of a block over the stored state, those of a transaction over the
block's.
"""

from __future__ import annotations

from typing import Protocol

from chain.primitives.account import Account, account_value, own_account
from chain.primitives.keyspace import account_key, currency_key
from vm.journal import Journal


class View(Protocol):
    """State as of the end of some block."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key of the flat state, or None."""

    def page(self, key: bytes) -> bytes | None:
        """A stored page of the tree, or None."""

    def account(self, address: bytes) -> Account | None:
        """The account at an address, not to be changed, or None. Raises `Refusal` Malformed if its record is damaged."""


class BlockOverlay:
    """The changes of a block under construction. `changes` maps keys to values, None where one went away.

    Accounts are read once a block and changed as objects, each change through the journal of a transaction; `settle_accounts`
    makes records of them again.

    `used` has the price in gas of every code that was at work, by its hash: what was brought stays for the block, even if its
    transaction fails.

    `past`, where somebody puts a journal there, notes what every change replaced, so that one may go back over transactions.
    """

    __slots__ = ("_currencies", "_view", "accounts", "changes", "past", "used")

    def __init__(self, view: View) -> None:
        self._view = view
        self._currencies: set[str] = set()
        self.accounts: dict[bytes, Account | None] = {}
        self.changes: dict[bytes, bytes | None] = {}
        self.used: dict[bytes, int] = {}
        self.past: Journal | None = None

    def get(self, key: bytes) -> bytes | None:
        """The value of a key with the block's changes so far."""
        if key in self.changes:
            return self.changes[key]
        return self._view.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        """Set a key; None removes it."""
        if self.past is not None:
            self.past.note(self.changes, key)
        self.changes[key] = value

    def account(self, address: bytes) -> Account | None:
        """The account at an address with the block's changes so far, or None. Raises `Refusal` Malformed if it is damaged."""
        try:
            return self.accounts[address]
        except KeyError:
            found = self.accounts[address] = self._read_account(address)
            return found

    def _read_account(self, address: bytes) -> Account | None:
        """An account of our own, to be changed."""
        value = self.changes.get(account_key(address))
        if value is not None:
            return own_account(value)
        account = self._view.account(address)
        return None if account is None else account.copy()

    def has_currency(self, code: str) -> bool:
        """Whether there is such a currency: once there, it stays."""
        if code in self._currencies:
            return True
        if self.get(currency_key(code)) is None:
            return False
        self._currencies.add(code)
        return True

    def forget(self) -> None:
        """Forget what was read of accounts and currencies: the state has been exchanged for another one."""
        self.forget_currencies()
        self.accounts.clear()

    def forget_currencies(self) -> None:
        """Forget which currencies there are: the state is another one, though accounts are as they should be."""
        self._currencies.clear()

    def settle_accounts(self) -> None:
        """Enter the records of the accounts that changed among the changes."""
        for address, account in self.accounts.items():
            if account is not None:
                value = account_value(account)
                if value != account.stored:
                    self.changes[account_key(address)] = account.stored = value


class TransactionOverlay:
    """The changes of one transaction, all of which its journal can take back; those of accounts are in the block already."""

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

    def account(self, address: bytes) -> Account | None:
        """See `BlockOverlay.account`; whoever changes it does so through the journal."""
        return self._block.account(address)

    def has_currency(self, code: str) -> bool:
        """Whether there is such a currency."""
        return self._block.has_currency(code) or self.get(currency_key(code)) is not None

    def place_account(self, address: bytes, account: Account) -> None:
        """Put an account at an address, undoably. Raises `vm.failure.Failure` LimitExceeded."""
        self.journal.set(self._block.accounts, address, account)

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
        block = self._block
        if block.past is not None:
            for key in self._table:
                block.past.note(block.changes, key)
        block.changes.update(self._table)
