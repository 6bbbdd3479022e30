"""Wallets within one transaction: opening them, their rules, and the guard ladders of credit and debit.

Every failure is a `vm.failure.Failure`, since contracts cause them too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chain.currency.records import Wallet, read_wallet, wallet_value
from chain.primitives.address import wallet_address
from chain.primitives.keyspace import amount_value, balance_key, currency_key, read_amount, wallet_key
from chain.primitives.limits import AMOUNT_MAX
from chain.state.overlay import TransactionOverlay
from vm.failure import Code, Failure

WALLET_EXISTS: Final = "WalletExists"
UNKNOWN_CURRENCY: Final = "UnknownCurrency"


class Wallets:
    """The wallets as a transaction sees and changes them. `held` counts, per currency, by how much all of
    them grew.
    """

    __slots__ = ("_overlay", "held")

    def __init__(self, overlay: TransactionOverlay) -> None:
        self._overlay = overlay
        self.held: dict[str, int] = {}

    def find(self, address: bytes) -> Wallet | None:
        """The wallet at an address, or None."""
        value = self._overlay.get(wallet_key(address))
        return None if value is None else read_wallet(value)

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, in minor units."""
        return read_amount(self._overlay.get(balance_key(address, currency)))

    def open(self, key: bytes, guardian: bytes | None, rules: tuple[bytes, ...]) -> bytes:
        """Open the wallet of a key and return its address. Fails with WalletExists."""
        address = wallet_address(key, guardian)
        if self._overlay.get(wallet_key(address)) is not None:
            raise Failure(WALLET_EXISTS, (address,))
        self.place(address, Wallet(key, guardian, rules))
        return address

    def place(self, address: bytes, wallet: Wallet) -> None:
        """Enter a wallet at an address, whatever stands there."""
        self._overlay.set(wallet_key(address), wallet_value(wallet))

    def set_rules(self, address: bytes, rules: tuple[bytes, ...], by: bytes) -> None:
        """Replace a wallet's rules. Fails with NoWallet, or NotAuthorized unless `by` is its guardian, or its
        owner if none.
        """
        wallet = self.find(address)
        if wallet is None:
            raise Failure(Code.NO_WALLET, (address,))
        if by != (address if wallet.guardian is None else wallet.guardian):
            raise Failure(Code.NOT_AUTHORIZED, (by,))
        self.place(address, replace(wallet, rules=rules))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Add to a wallet. Fails with UnknownCurrency, NoWallet, LimitExceeded."""
        if self._overlay.get(currency_key(currency)) is None:
            raise Failure(UNKNOWN_CURRENCY, (currency,))
        if self._overlay.get(wallet_key(to)) is None:
            raise Failure(Code.NO_WALLET, (to,))
        balance = self.balance(to, currency) + amount
        if balance > AMOUNT_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="a wallet cannot hold more")
        self._hold(to, currency, balance, amount)

    def debit(self, source: bytes, currency: str, amount: int) -> None:
        """Debit a wallet. Fails with UnknownCurrency, NoWallet, InsufficientFunds(currency, have, want)."""
        if self._overlay.get(currency_key(currency)) is None:
            raise Failure(UNKNOWN_CURRENCY, (currency,))
        if self._overlay.get(wallet_key(source)) is None:
            raise Failure(Code.NO_WALLET, (source,))
        balance = self.balance(source, currency)
        if balance < amount:
            raise Failure(Code.INSUFFICIENT_FUNDS, (currency, balance, amount))
        self._hold(source, currency, balance - amount, -amount)

    def _hold(self, address: bytes, currency: str, balance: int, change: int) -> None:
        assert 0 <= balance <= AMOUNT_MAX
        self._overlay.set(balance_key(address, currency), amount_value(balance))
        self._overlay.journal.set(self.held, currency, self.held.get(currency, 0) + change)
