"""Transactions that wait for a block: bounded by count, bytes and per sender."""

from __future__ import annotations

from chain.primitives.address import format_address
from chain.primitives.limits import POOL_BYTES_MAX, POOL_PER_SENDER_MAX, POOL_TRANSACTIONS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Transaction


class Pool:
    """Waiting transactions in order of arrival, except that each lane is in order of its sequence."""

    def __init__(
        self,
        transactions_max: int = POOL_TRANSACTIONS_MAX,
        bytes_max: int = POOL_BYTES_MAX,
        per_sender_max: int = POOL_PER_SENDER_MAX,
    ) -> None:
        self._transactions_max = transactions_max
        self._bytes_max = bytes_max
        self._per_sender_max = per_sender_max
        self._waiting: dict[bytes, Transaction] = {}
        self._lanes: dict[tuple[bytes, int], dict[int, bytes]] = {}
        self._by_sender: dict[bytes, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._waiting

    def next_sequence(self, sender: bytes, lane: int, after: int) -> int:
        """The first sequence from `after` on that no waiting transaction of the lane has."""
        waiting = self._lanes.get((sender, lane), {})
        while after in waiting:
            after += 1
        return after

    def add(self, transaction: Transaction) -> None:
        """Take an admitted transaction. Raises `Refusal` PoolFull, SenderFull, SequenceUsed. Taking one twice
        is fine.
        """
        body, identity = transaction.body, transaction.identity
        if identity in self._waiting:
            return
        if len(self._waiting) >= self._transactions_max or self._bytes + len(transaction.encoded) > self._bytes_max:
            raise Refusal(Refused.POOL_FULL, "too many transactions wait")
        if self._by_sender.get(body.sender, 0) >= self._per_sender_max:
            text = format_address(body.sender)
            raise Refusal(Refused.SENDER_FULL, f"{self._per_sender_max} transactions of {text} wait already")
        lane = self._lanes.setdefault((body.sender, body.lane), {})
        if body.sequence in lane:
            raise Refusal(
                Refused.SEQUENCE_USED,
                f"another transaction with sequence {body.sequence} of lane {body.lane} waits",
                next_sequence=self.next_sequence(body.sender, body.lane, body.sequence),
            )
        lane[body.sequence] = identity
        self._waiting[identity] = transaction
        self._by_sender[body.sender] = self._by_sender.get(body.sender, 0) + 1
        self._bytes += len(transaction.encoded)

    def remove(self, identity: bytes) -> None:
        """Let a transaction go, if it is there."""
        transaction = self._waiting.pop(identity, None)
        if transaction is None:
            return
        body = transaction.body
        lane = self._lanes[body.sender, body.lane]
        del lane[body.sequence]
        if not lane:
            del self._lanes[body.sender, body.lane]
        self._by_sender[body.sender] -= 1
        if not self._by_sender[body.sender]:
            del self._by_sender[body.sender]
        self._bytes -= len(transaction.encoded)

    def in_order(self) -> list[Transaction]:
        """All that wait, by arrival, lanes by sequence."""
        lanes = {place: iter(sorted(lane.items())) for place, lane in self._lanes.items()}
        ordered = []
        for transaction in self._waiting.values():
            _, identity = next(lanes[transaction.body.sender, transaction.body.lane])
            ordered.append(self._waiting[identity])
        return ordered
