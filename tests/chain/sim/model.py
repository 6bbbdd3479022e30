"""A ledger as its rules read: a list of blocks, each with what wallets and contracts have after it. Payments it judges itself;
what contracts do it takes from a second execution of each block, in memory, and from what receipts say of money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger_world import BOB, program_of

from chain.ledger.apply import Applied, apply_block
from chain.ledger.genesis import make_genesis
from chain.ledger.parameters import fee_of
from chain.primitives.address import contract_address
from chain.primitives.header import Header
from chain.primitives.receipt import Move, Receipt
from chain.primitives.transaction import Body, Deploy, Pay, Transaction
from chain.state.memory import MemoryView

Lane = tuple[bytes, int]
Place = tuple[int, int]


@dataclass
class Made:
    """A block, and the ledger after it."""

    applied: Applied | None
    header: Header
    view: MemoryView
    balances: dict[bytes, int]
    sequences: dict[Lane, int] = field(default_factory=dict)
    places: dict[bytes, Place] = field(default_factory=dict)
    contracts: list[tuple[str, bytes]] = field(default_factory=list)
    in_contracts: int = 0


class Model:
    """Blocks by height, of which the first `written` + 1 are on disk."""

    def __init__(self, balances: dict[bytes, int], specification: Mapping[str, Any]) -> None:
        genesis = make_genesis(specification)
        self._fee_wallet = genesis.block.header.proposer
        view = MemoryView()
        view.apply(genesis.state, genesis.tree)
        self.blocks = [Made(None, genesis.block.header, view, balances)]
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
        again = apply_block(before.view, before.header, applied.block)
        assert (again.state, again.tree, again.receipts) == (applied.state, applied.tree, applied.receipts)
        view = before.view.copy()
        view.apply(applied.state, applied.tree)
        after = Made(
            applied,
            applied.block.header,
            view,
            dict(before.balances),
            dict(before.sequences),
            dict(before.places),
            list(before.contracts),
            before.in_contracts,
        )
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
            self._settle(after, body, receipt)
        self.blocks.append(after)

    def _settle(self, after: Made, body: Body, receipt: Receipt) -> None:
        """The money and the contracts of one transaction."""
        fee_max = fee_of(body.gas_limit, body.gas_price)
        assert receipt.fee <= fee_max
        if body.authority is None and body.sender != BOB and len(body.actions) == 1 and isinstance(body.actions[0], Pay):
            pay = body.actions[0]
            assert receipt.ok == (pay.amount <= after.balances[body.sender] - fee_max)
            moved = [(body.sender, pay.to, pay.amount)] if receipt.ok else []
            assert moved == [(move.source, move.to, move.amount) for move in receipt.moves if move.reason != "fee"]
        for move in receipt.moves:
            assert receipt.ok or move.reason == "fee", "what failed has moved money"
            if move.currency == "CNY":
                self._move(after, move)
        paid = sum(move.amount for move in receipt.moves if move.reason == "fee")
        assert paid == receipt.fee
        for position, action in enumerate(body.actions if receipt.ok else ()):
            if isinstance(action, Deploy):
                after.contracts.append((program_of(action.module), contract_address(body.sender, receipt.identity, position)))

    def _move(self, after: Made, move: Move) -> None:
        if move.reason == "payout":
            after.in_contracts -= move.amount
        else:
            assert move.source is not None
            after.balances[move.source] -= move.amount
        if move.reason == "coins":
            after.in_contracts += move.amount
        else:
            after.balances[move.to] += move.amount
        assert after.in_contracts >= 0
        assert min(after.balances.values()) >= 0
