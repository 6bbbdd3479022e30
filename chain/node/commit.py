"""What a block leaves on the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chain.ledger.apply import Applied
from chain.ledger.parameters import decode_parameters
from chain.primitives.codec import encode
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.receipt import Receipt
from chain.state.tree import Tree
from chain.state.writing import Commit


def commit_of(applied: Applied, certificate: bytes | None = None) -> Commit:
    """All that a block writes, its certificate being given."""
    header = applied.block.header
    return Commit(
        height=header.height,
        block_hash=header.hash,
        block=applied.block.encoded,
        identities=applied.identities,
        receipts=[receipt.encoded for receipt in applied.receipts],
        events=event_rows(applied.receipts),
        state=applied.state,
        tree=applied.tree,
        certificate=certificate,
    )


def event_rows(receipts: Sequence[Receipt]) -> list[tuple[int, int, bytes]]:
    """The events of a block's receipts as they are stored: (index of the transaction, number within it, encoded event)."""
    return [
        (receipt.index, number, encode([receipt.identity, event.contract, event.number, event.payload]))
        for receipt in receipts
        for number, event in enumerate(receipt.events)
    ]


def first_commit(applied: Applied) -> Commit:
    """All that the first block writes."""
    value = applied.state[PARAMETERS]
    assert value is not None
    return commit_of(applied, parameters_proof(applied.tree.get, value))


def parameters_proof(page: Callable[[bytes], bytes | None], parameters: bytes) -> bytes | None:
    """What stands in the place of the first block's certificate; `page` finds a page of its tree. It needs no signatures, since
    whoever knows its hash trusts it: this is the proof of the chain's parameters, which name the validators of all blocks to
    come. None on a chain without validators.
    """
    if decode_parameters(parameters).validators is None:
        return None
    return Tree(page).prove(PARAMETERS, parameters).encoded
