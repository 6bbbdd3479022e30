"""What a block leaves on the disk."""

from __future__ import annotations

from chain.ledger.apply import Applied
from chain.primitives.codec import encode
from chain.state.writing import Commit


def commit_of(applied: Applied) -> Commit:
    """All that a block writes."""
    events = [
        (receipt.index, number, encode([receipt.identity, event.contract, event.number, event.payload]))
        for receipt in applied.receipts
        for number, event in enumerate(receipt.events)
    ]
    header = applied.block.header
    return Commit(
        height=header.height,
        block_hash=header.hash,
        block=applied.block.encoded,
        identities=applied.identities,
        receipts=[receipt.encoded for receipt in applied.receipts],
        events=events,
        state=applied.state,
        tree=applied.tree,
    )
