"""Wallets within one transaction: opening them, their rules, and the guard ladders of credit and debit.

Every failure is a `vm.failure.Failure`, since contracts cause them too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chain.primitives.account import Account
from chain.primitives.address import wallet_address
from chain.primitives.limits import AMOUNT_MAX
from chain.primitives.policy import KeyOrPolicy, key_plain
from chain.state.overlay import TransactionOverlay
from vm.failure import Code, Failure

WALLET_EXISTS: Final = "WalletExists"
UNKNOWN_CURRENCY: Final = "UnknownCurrency"
SEQUENCE_BACK: Final = "SequenceBack"


class Wallets:
    """The wallets as a transaction sees and changes them. `held` counts, per currency, by how much all of
    them grew.
    """

    __slots__ = ("_overlay", "held")

    def __init__(self, overlay: TransactionOverlay) -> None:
        self._overlay = overlay
        self.held: dict[str, int] = {}

    def find(self, address: bytes) -> Account | None:
        """The wallet at an address, or None."""
        account = self._overlay.account(address)
        return account if account is not None and account.key else None

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, in minor units."""
        account = self._overlay.account(address)
        return 0 if account is None else account.balances.get(currency, 0)

    def open(self, key: KeyOrPolicy, guardian: bytes | None, rules: tuple[bytes, ...]) -> bytes:
        """Open the wallet of a key or policy and return its address. Fails with WalletExists."""
        address = wallet_address(key_plain(key), guardian)
        before = self._overlay.account(address)
        if before is not None and before.key:
            raise Failure(WALLET_EXISTS, (address,))
        sequences = {} if before is None else before.sequences
        self._overlay.place_account(address, Account(key, guardian, rules, sequences))
        return address

    def set_rules(self, address: bytes, rules: tuple[bytes, ...], by: bytes) -> None:
        """Replace a wallet's rules. Fails with NoWallet, or NotAuthorized unless `by` is its guardian, or its
        owner if none.
        """
        account = self._governed(address, by)
        # Another record, so that taking it back is to put the first in its place; it shares the tables that change with both.
        changed = replace(account, rules=rules)
        self._overlay.place_account(address, changed)

    def set_policy(self, address: bytes, key: KeyOrPolicy, by: bytes) -> None:
        """Let another key or policy sign for a wallet. Fails as `set_rules` does."""
        self._overlay.place_account(address, replace(self._governed(address, by), key=key))

    # What stays whatever becomes of a transaction's actions, and is in no journal.

    def use_sequence(self, address: bytes, lane: int, sequence: int) -> None:
        """Note that a lane's sequence has been used, also of a wallet that its transaction may fail to open."""
        account = self._overlay.account(address)
        if account is None:
            account = Account(b"", None, ())
            self._overlay.place_account(address, account)
        account.sequences[lane] = sequence + 1

    def set_fee_aside(self, payer: bytes, currency: str, amount: int) -> None:
        """Take the greatest fee from a wallet that has it. Fails as a debit does."""
        balances = self._existing(payer).balances
        balance = balances.get(currency, 0)
        if balance < amount:
            raise Failure(Code.INSUFFICIENT_FUNDS, (currency, balance, amount))
        balances[currency] = balance - amount

    def settle_fee(self, payer: bytes, to: bytes, currency: str, aside: int, fee: int) -> None:
        """Of what was set aside, give the fee to the fee wallet and the rest back."""
        assert 0 <= fee <= aside, "a fee beyond what was set aside"
        for address, amount in ((payer, aside - fee), (to, fee)):
            balances = self._existing(address).balances
            balances[currency] = balances.get(currency, 0) + amount

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Add to a wallet. Fails with UnknownCurrency, NoWallet, LimitExceeded."""
        self._check_currency(currency)
        account = self._existing(to)
        balance = account.balances.get(currency, 0) + amount
        if balance > AMOUNT_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="a wallet cannot hold more")
        self._hold(account, currency, balance, amount)

    def set_balance(self, address: bytes, currency: str, amount: int) -> int:
        """Let a wallet hold so much, and return by how much that is more than it held. Fails with UnknownCurrency, NoWallet."""
        self._check_currency(currency)
        account = self._existing(address)
        change = amount - account.balances.get(currency, 0)
        self._hold(account, currency, amount, change)
        return change

    def set_sequence(self, address: bytes, lane: int, sequence: int) -> None:
        """Let the next sequence of a lane be a later one. Fails with NoWallet, SequenceBack."""
        sequences = self._existing(address).sequences
        present = sequences.get(lane, 0)
        if sequence < present:
            raise Failure(SEQUENCE_BACK, (lane, present, sequence))
        if sequence > present:
            self._overlay.journal.set(sequences, lane, sequence)

    def debit(self, source: bytes, currency: str, amount: int) -> None:
        """Debit a wallet. Fails with UnknownCurrency, NoWallet, InsufficientFunds(currency, have, want)."""
        self._check_currency(currency)
        account = self._existing(source)
        balance = account.balances.get(currency, 0)
        if balance < amount:
            raise Failure(Code.INSUFFICIENT_FUNDS, (currency, balance, amount))
        self._hold(account, currency, balance - amount, -amount)

    def move(self, source: bytes, to: bytes, currency: str, amount: int) -> None:
        """A debit and a credit at once. Fails as they do, one after the other."""
        self._check_currency(currency)
        journal = self._overlay.journal
        balances = self._existing(source).balances
        balance = balances.get(currency, 0)
        if balance < amount:
            raise Failure(Code.INSUFFICIENT_FUNDS, (currency, balance, amount))
        journal.set(balances, currency, balance - amount)
        balances = self._existing(to).balances
        balance = balances.get(currency, 0) + amount
        if balance > AMOUNT_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="a wallet cannot hold more")
        journal.set(balances, currency, balance)

    def _check_currency(self, currency: str) -> None:
        if not self._overlay.has_currency(currency):
            raise Failure(UNKNOWN_CURRENCY, (currency,))

    def _existing(self, address: bytes) -> Account:
        account = self._overlay.account(address)
        if account is None or not account.key:
            raise Failure(Code.NO_WALLET, (address,))
        return account

    def _governed(self, address: bytes, by: bytes) -> Account:
        account = self._existing(address)
        if by != (address if account.guardian is None else account.guardian):
            raise Failure(Code.NOT_AUTHORIZED, (by,))
        return account

    def _hold(self, account: Account, currency: str, balance: int, change: int) -> None:
        assert 0 <= balance <= AMOUNT_MAX
        journal = self._overlay.journal
        journal.set(account.balances, currency, balance)
        journal.set(self.held, currency, self.held.get(currency, 0) + change)
