"""What a block leaves on the disk."""

from __future__ import annotations

from chain.ledger.apply import Applied
from chain.ledger.parameters import decode_parameters
from chain.primitives.codec import encode
from chain.primitives.keyspace import PARAMETERS
from chain.state.tree import Tree
from chain.state.writing import Commit


def commit_of(applied: Applied, certificate: bytes | None = None) -> Commit:
    """All that a block writes, its certificate being given."""
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
        certificate=certificate,
    )


def first_commit(applied: Applied) -> Commit:
    """All that the first block writes. It needs no signatures, since whoever knows its hash trusts it; in the place of its
    certificate stands the proof of the chain's parameters, which name the validators of all blocks to come.
    """
    value = applied.state[PARAMETERS]
    assert value is not None
    if decode_parameters(value).validators is None:
        return commit_of(applied)
    return commit_of(applied, Tree(applied.tree.get).prove(PARAMETERS, value).encoded)
