"""How much of the pool each wallet has: what it sends, and what it pays for."""

from __future__ import annotations

from chain.node.waiting import Waiting
from chain.primitives.address import format_address
from chain.primitives.refusal import Refusal, Refused


class Account:
    """One wallet's part: all that it sends or pays the fees of, each counted once; `queued` of what it sends wait behind a gap;
    `reserved` minor units may go in fees.
    """

    __slots__ = ("queued", "reserved", "size_bytes", "transactions")

    def __init__(self) -> None:
        self.transactions = self.size_bytes = self.queued = self.reserved = 0


class Accounts:
    """The wallets that have something in the pool."""

    def __init__(self, share_transactions: int, share_bytes: int) -> None:
        """The share of one wallet once the pool is half full."""
        self._share_transactions = share_transactions
        self._share_bytes = share_bytes
        self._accounts: dict[bytes, Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def of(self, address: bytes) -> Account:
        """A wallet's account, which is there from now on."""
        account = self._accounts.get(address)
        if account is None:
            account = self._accounts[address] = Account()
        return account

    def find(self, address: bytes) -> Account | None:
        """A wallet's account, if it has something in the pool."""
        return self._accounts.get(address)

    def close(self, address: bytes) -> None:
        """A wallet has nothing in the pool any more."""
        del self._accounts[address]

    def clear(self) -> None:
        """Forget everything."""
        self._accounts.clear()

    def check_shares(self, waiting: Waiting, old: Waiting | None = None) -> None:
        """That neither its sender nor its fee payer has its share already, without the one that it replaces. The first one of a
        wallet always goes. Raises `Refusal` SenderFull, PayerFull.
        """
        if self._is_over(waiting.sender, waiting, old):
            raise self._full(Refused.SENDER_FULL, waiting.sender)
        if waiting.payer != waiting.sender and self._is_over(waiting.payer, waiting, old):
            raise self._full(Refused.PAYER_FULL, waiting.payer)

    def _is_over(self, address: bytes, waiting: Waiting, old: Waiting | None) -> bool:
        account = self._accounts.get(address)
        if account is None:
            return False
        transactions, size_bytes = account.transactions, account.size_bytes
        if old is not None and address in (old.sender, old.payer):
            transactions -= 1
            size_bytes -= old.size_bytes
        if not transactions:
            return False
        return transactions >= self._share_transactions or size_bytes + waiting.size_bytes > self._share_bytes

    def _full(self, code: Refused, address: bytes) -> Refusal:
        text = format_address(address)
        return Refusal(
            code,
            f"{self._accounts[address].transactions} transactions that {text} sends or pays for wait already, and half the pool"
            f" is used: a wallet's share is then {self._share_transactions} transactions and {self._share_bytes} bytes",
            wallet=text,
            transactions_max=self._share_transactions,
            bytes_max=self._share_bytes,
        )
