"""What the API asks of whoever has the pool and makes the blocks, in this process or another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chain.node.outcome import Row
from chain.primitives.refusal import Refusal, StoreFailed
from chain.primitives.transaction import Transaction


class Gateway(Protocol):
    """Every method raises `Refusal` Stopped when there is nobody to ask any more."""

    async def submit(self, transactions: Sequence[Transaction], *, wait_seconds: float | None) -> list[Row]:
        """What became of transactions: at once if `wait_seconds` is None, else when all are on
        disk or refused, those that are not in time being refused as NotCommitted.
        """

    async def next_sequence(self, wallet: bytes, lane: int) -> int:
        """The next sequence of a lane, those that wait counted."""

    async def outlook(self, identity: bytes) -> Refusal | bool:
        """Of a transaction that is in no block: why it was refused lately, or whether it waits."""

    async def waiting(self) -> int:
        """How many transactions wait."""

    def failed(self, error: StoreFailed) -> None:
        """What is on disk is not as it was written: the node must stop."""
