"""A ledger of payments as its rules read: a list of blocks, each with what wallets have after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from chain.ledger.apply import Applied
from chain.ledger.parameters import fee_of
from chain.primitives.transaction import Pay, Transaction

Lane = tuple[bytes, int]
Place = tuple[int, int]


@dataclass
class Made:
    """A block, and the ledger after it."""

    applied: Applied | None
    balances: dict[bytes, int]
    sequences: dict[Lane, int] = field(default_factory=dict)
    places: dict[bytes, Place] = field(default_factory=dict)


class Model:
    """Blocks by height, of which the first `written` + 1 are on disk."""

    def __init__(self, balances: dict[bytes, int], fee_wallet: bytes) -> None:
        self._fee_wallet = fee_wallet
        self.blocks = [Made(None, balances)]
        self.written = 0

    @property
    def newest(self) -> Made:
        """The block that was made last."""
        return self.blocks[-1]

    @property
    def on_disk(self) -> Made:
        """The block that was written last."""
        return self.blocks[self.written]

    def unwritten(self) -> list[Applied]:
        """The blocks that were made and not written."""
        return [made.applied for made in self.blocks[self.written + 1 :] if made.applied is not None]

    def cut(self, height: int) -> None:
        """Later blocks have never been."""
        del self.blocks[height + 1 :]
        self.written = min(self.written, height)

    def add(self, applied: Applied, sent: dict[bytes, Transaction]) -> None:
        """Take a block that was made, of transactions that were sent and might be in it."""
        height, time_ms = applied.block.header.height, applied.block.header.time_ms
        assert height == len(self.blocks)
        before = self.newest
        after = Made(applied, dict(before.balances), dict(before.sequences), dict(before.places))
        for index, (identity, receipt) in enumerate(zip(applied.identities, applied.receipts, strict=True)):
            assert identity in sent, "a transaction that nobody sent, or that may not be in a block"
            assert identity not in after.places, "a transaction is in two places"
            after.places[identity] = height, index
            body = sent[identity].body
            lane = body.sender, body.lane
            assert body.sequence == after.sequences.get(lane, 0), "a sequence is left out, or there twice"
            after.sequences[lane] = body.sequence + 1
            assert body.expiry_height is None or body.expiry_height >= height, "it had expired"
            assert body.expiry_ms is None or body.expiry_ms >= time_ms, "it had expired"
            assert (receipt.identity, receipt.height, receipt.index) == (identity, height, index)
            fee_max = fee_of(body.gas_limit, body.gas_price)
            (pay,) = body.actions
            assert isinstance(pay, Pay)
            assert receipt.ok == (pay.amount <= after.balances[body.sender] - fee_max)
            assert receipt.fee <= fee_max
            if receipt.ok:
                after.balances[body.sender] -= pay.amount
                after.balances[pay.to] += pay.amount
            after.balances[body.sender] -= receipt.fee
            after.balances[self._fee_wallet] += receipt.fee
        self.blocks.append(after)
