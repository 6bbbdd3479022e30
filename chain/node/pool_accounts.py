"""How much of the pool each wallet has, as sender and as fee payer."""

from __future__ import annotations

from chain.node.waiting import Waiting
from chain.primitives.address import format_address
from chain.primitives.refusal import Refusal, Refused


class Account:
    """One wallet's part: what it sends and what it pays for, in transactions and bytes; `queued` of what it sends wait behind a
    gap; `reserved` minor units may go in fees.
    """

    __slots__ = ("paid", "paid_bytes", "queued", "reserved", "sent", "sent_bytes")

    def __init__(self) -> None:
        self.sent = self.sent_bytes = self.queued = self.paid = self.paid_bytes = self.reserved = 0


class Accounts:
    """The wallets that have something in the pool."""

    def __init__(self, share_transactions: int, share_bytes: int) -> None:
        """The share of one wallet while the pool is not nearly empty."""
        self._share_transactions = share_transactions
        self._share_bytes = share_bytes
        self._accounts: dict[bytes, Account] = {}

    def reserved(self, payer: bytes) -> int:
        """Minor units that the fees of what waits may take from a wallet."""
        account = self._accounts.get(payer)
        return 0 if account is None else account.reserved

    def queued(self, sender: bytes) -> int:
        """How many of a sender wait behind a gap."""
        account = self._accounts.get(sender)
        return 0 if account is None else account.queued

    def senders(self) -> dict[bytes, int]:
        """How many wait of each sender."""
        return {address: account.sent for address, account in self._accounts.items() if account.sent}

    def enter(self, waiting: Waiting) -> None:
        """Count one more."""
        account = self._accounts.get(waiting.sender)
        if account is None:
            account = self._accounts[waiting.sender] = Account()
        account.sent += 1
        account.sent_bytes += waiting.size_bytes
        if waiting.payer != waiting.sender:
            account = self._accounts.get(waiting.payer)
            if account is None:
                account = self._accounts[waiting.payer] = Account()
        account.paid += 1
        account.paid_bytes += waiting.size_bytes
        account.reserved += waiting.fee_max

    def leave(self, waiting: Waiting) -> None:
        """Count one less."""
        account = self._accounts[waiting.sender]
        account.sent -= 1
        account.sent_bytes -= waiting.size_bytes
        if waiting.payer != waiting.sender:
            if not account.sent and not account.paid:
                del self._accounts[waiting.sender]
            account = self._accounts[waiting.payer]
        account.paid -= 1
        account.paid_bytes -= waiting.size_bytes
        account.reserved -= waiting.fee_max
        if not account.sent and not account.paid:
            del self._accounts[waiting.payer]

    def queue(self, sender: bytes, more: int) -> None:
        """Count `more` (or, below zero, less) of a sender behind a gap. The sender has something in the pool."""
        self._accounts[sender].queued += more

    def check_shares(self, waiting: Waiting, old: Waiting | None = None) -> None:
        """That neither its sender nor its fee payer has its share already, without the one that it replaces. The first one of a
        wallet always goes. Raises `Refusal` SenderFull, PayerFull.
        """
        account = self._accounts.get(waiting.sender)
        if account is not None and self._is_over(account.sent, account.sent_bytes, waiting, old):
            raise self._full(Refused.SENDER_FULL, f"{account.sent} transactions of", waiting.sender)
        account = self._accounts.get(waiting.payer)
        if old is not None and old.payer != waiting.payer:
            old = None
        if account is not None and self._is_over(account.paid, account.paid_bytes, waiting, old):
            raise self._full(Refused.PAYER_FULL, f"{account.paid} transactions with fees from", waiting.payer)

    def clear(self) -> None:
        """Forget everything."""
        self._accounts.clear()

    def _is_over(self, transactions: int, size_bytes: int, waiting: Waiting, old: Waiting | None) -> bool:
        if old is not None:
            transactions -= 1
            size_bytes -= old.size_bytes
        if not transactions:
            return False
        return transactions >= self._share_transactions or size_bytes + waiting.size_bytes > self._share_bytes

    def _full(self, code: Refused, what: str, address: bytes) -> Refusal:
        text = format_address(address)
        return Refusal(
            code,
            f"{what} {text} wait already, and the pool is half full: a wallet's share is then {self._share_transactions}"
            f" transactions and {self._share_bytes} bytes",
            wallet=text,
            transactions_max=self._share_transactions,
            bytes_max=self._share_bytes,
        )
