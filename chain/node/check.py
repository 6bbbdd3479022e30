"""Verifying a data directory: that every row is as it was written, and that it follows from genesis.

Both read one state of the file, so that a node may go on writing it in the meantime.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from chain.ledger.apply import Applied, apply_block
from chain.ledger.block import decode_block
from chain.node.commit import commit_of
from chain.node.genesis import Genesis
from chain.primitives.hash import merkle_root
from chain.primitives.header import Header, decode_header
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.limits import CHECK_BLOCKS_TOGETHER_MAX
from chain.primitives.proof import decode_proof, verify_proof
from chain.primitives.refusal import Refusal, Refused
from chain.state.pending import PendingView
from chain.state.reader import Reader
from chain.state.store import Store
from chain.state.tree import Tree
from chain.state.writing import Commit

Progress = Callable[[int, int], None]
"""Called with (blocks that are done, blocks in all)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found to be right: blocks and transactions counted, genesis not among the blocks."""

    head: Header
    blocks: int
    transactions: int


def check_rows(store: Reader, *, start: int = 0, progress: Progress) -> Checked:
    """Read every value once, and follow the chain of headers down from the head to a height, with the bodies that are kept. The
    blocks are not executed. Raises `StoreFailed`, and `Refusal` WrongBlock at the first height that is wrong.
    """
    store.check()
    height = store.height()
    newest: Header | None = None
    transactions = 0
    for header in headers_down(store, start):
        newest = newest or header
        if has_body(store, header.height):
            transactions += check_body(store, header)
        progress(height - header.height, height - start)
    assert newest is not None
    if Tree(store.page).root != newest.state_root:
        raise wrong_block(height, "has another state root than the tree")
    return Checked(newest, height - max(store.first(), start), transactions)


def headers_down(store: Reader, to: int) -> Iterator[Header]:
    """The headers from that of the head down to a height, each the parent of the one before. Raises `StoreFailed`, and `Refusal`
    WrongBlock at the first that is not.
    """
    head = store.head()
    if head is None:
        raise wrong_block(0, "is missing: the ledger has not begun")
    height, block_hash = head
    for below in range(height, max(store.first(), to) - 1, -1):
        data = store.header(below)
        header = None if data is None else decode_header(data)
        if header is None or header.height != below or header.hash != block_hash:
            raise wrong_block(below, "is missing, or is not the parent of the one after it")
        yield header
        block_hash = header.parent


def has_body(store: Reader, height: int) -> bool:
    """Whether more than the header of a block is kept."""
    return height == store.first() or height >= store.pruned_before()


def first_parameters(store: Reader) -> bytes:
    """The chain's parameters as they stood after the first block, which are those of all blocks. Raises `Refusal` WrongBlock if
    they are not the ones that its state root has. On a chain without validators there is no proof of them, and what the head
    has is taken. Raises `StoreFailed`.
    """
    first = store.first()
    header, proof = store.header(first), store.certificate(first)
    if proof is None:
        value = store.get(PARAMETERS)
    else:
        shown = decode_proof(proof)
        holds = header is not None and shown.key == PARAMETERS and verify_proof(shown, decode_header(header).state_root)
        value = shown.value if holds else None
    if value is None:
        raise wrong_block(first, "has no proof of the chain's parameters")
    return value


def check_replay(store: Reader, specification: Mapping[str, Any], *, progress: Progress = lambda done, of: None) -> Checked:
    """Execute all blocks from genesis again, into a store of its own in a temporary directory, and compare all that they leave
    with what is on disk; at the end the whole state and tree. Raises `StoreFailed`, and `Refusal` WrongGenesis, Pruned, or
    WrongBlock at the first height that is wrong.
    """
    floor = store.pruned_before()
    if floor > 1:
        message = f"blocks before {floor} are kept as headers only, so they cannot be executed again"
        raise Refusal(Refused.PRUNED, message, "Check the rows alone, or a copy that keeps all.", oldest=floor)
    top = store.height()
    genesis = Genesis(specification)
    with tempfile.TemporaryDirectory(prefix="tael-check-") as folder, closing(Store(Path(folder))) as scratch:
        begun = genesis.write(scratch, Path(folder))
        _compare(store, begun)
        head, transactions = _replay(store, scratch, decode_block(begun.block).header, top, progress)
        _compare_all("state", store.entries(), scratch.entries(), top)
        _compare_all("tree", store.pages(), scratch.pages(), top)
    return Checked(head, top, transactions)


def _replay(store: Reader, scratch: Store, parent: Header, top: int, progress: Progress) -> tuple[Header, int]:
    """The last header and the count of transactions."""
    view = PendingView(scratch)
    tree = Tree(view.page)
    waiting: list[Applied] = []
    transactions = 0
    for height in range(1, top + 1):
        data = store.block(height)
        if data is None:
            raise wrong_block(height, "is missing")
        try:
            applied = apply_block(view, parent, decode_block(data), tree)
        except Refusal as refusal:
            raise wrong_block(height, f"cannot be executed: {refusal.message}") from refusal
        _compare(store, commit_of(applied))
        parent = applied.block.header
        transactions += len(applied.identities)
        view.add(height, applied.state, applied.tree, applied.accounts)
        tree.adopt(applied.tree)
        waiting.append(applied)
        if len(waiting) == CHECK_BLOCKS_TOGETHER_MAX or height == top:
            _write(scratch, view, waiting)
            progress(height, top)
    return parent, transactions


def _write(scratch: Store, view: PendingView, blocks: list[Applied]) -> None:
    """Put blocks on the disk together, so that memory stays bounded and each does not wait for it."""
    scratch.write(*[commit_of(applied) for applied in blocks])
    scratch.renew()
    for applied in blocks:
        view.written(applied.block.header.height, applied.state, applied.tree)
    blocks.clear()


def _compare(store: Reader, commit: Commit) -> None:
    """That all rows of one block are on disk, and none besides."""
    height = commit.height
    mark = height.to_bytes(8)
    events = [(mark + index.to_bytes(4) + number.to_bytes(4), event) for index, number, event in commit.events]
    if store.block(height) != commit.block:
        raise wrong_block(height, "is another than execution makes")
    if store.header(height) != decode_block(commit.block).header.encoded:
        raise wrong_block(height, "has another header in the table of headers")
    if store.identities(height) != list(commit.identities):
        raise wrong_block(height, "has other identities than its transactions")
    if (store.receipts(height) if commit.receipts else []) != list(commit.receipts):
        raise wrong_block(height, "has other receipts than execution makes")
    if store.block_events(height) != events:
        raise wrong_block(height, "has other events than execution makes")
    for index, identity in enumerate(commit.identities):
        if store.find(identity) != (height, index):
            raise wrong_block(height, f"has a transaction that is not found: {identity.hex()}")


def _compare_all(what: str, ours: Iterable[tuple[bytes, bytes]], theirs: Iterable[tuple[bytes, bytes]], height: int) -> None:
    for one, other in zip_longest(ours, theirs):
        if one != other:
            key = (one or other or (b"", b""))[0]
            raise wrong_block(height, f"leaves another {what} than is on disk, first at key {key.hex()}")


def check_body(store: Reader, header: Header) -> int:
    """How many transactions a block has, they and their receipts being those of its header. Raises `Refusal` WrongBlock."""
    data = store.block(header.height)
    block = None if data is None else decode_block(data)
    if block is None or block.header.encoded != header.encoded:
        raise wrong_block(header.height, "has no body, or that of another")
    if merkle_root(list(block.transactions)) != header.transactions_root:
        raise wrong_block(header.height, "has other transactions than its header says")
    receipts = store.receipts(header.height) if block.transactions else []
    if merkle_root(receipts) != header.receipts_root:
        raise wrong_block(header.height, "has other receipts than its header says")
    return len(block.transactions)


def wrong_block(height: int, what: str) -> Refusal:
    """The refusal of a block that is not what it should be."""
    remedy = "Restore the data directory from a copy, or begin with an empty one."
    return Refusal(Refused.WRONG_BLOCK, f"block {height} {what}", remedy, height=height)
