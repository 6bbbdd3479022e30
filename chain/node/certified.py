"""Verifying a data directory without executing its history: from what validators have signed for its head.

The head's certificate vouches for its header, the header for the state and the parent, and so on down: whatever is on disk
hangs on signatures that are checked with keys from elsewhere. So a snapshot may come from anybody, and blocks may be missing
that were pruned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chain.ledger.block import decode_block
from chain.ledger.parameters import decode_parameters
from chain.node.check import Checked, Progress, check_body, first_parameters, has_body, headers_down, wrong_block
from chain.node.commit import event_rows
from chain.node.genesis import Genesis
from chain.primitives.certificate import check_certified
from chain.primitives.codec import encode
from chain.primitives.header import Header, decode_header
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.policy import KeyOrPolicy
from chain.primitives.receipt import decode_receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.short_hash import sha256_of_few
from chain.primitives.transaction import decode_transaction
from chain.state.reader import Reader
from chain.state.sealed import unseal
from chain.state.tree import Tree
from chain.state.tree_build import build
from chain.state.tree_page import make_leaf


@dataclass(frozen=True, slots=True)
class Trust:
    """What a ledger is held against: who certifies its blocks, and the hash of its first block if that is known."""

    validators: KeyOrPolicy
    genesis: bytes | None = None


def trust_of(specification: Mapping[str, Any]) -> Trust:
    """What a genesis specification says. Raises `Refusal` WrongGenesis; NotCertified for a chain without validators."""
    genesis = Genesis(specification)
    validators = decode_parameters(genesis.parameters).validators
    if validators is None:
        raise Refusal(Refused.NOT_CERTIFIED, "the genesis specification names no validators", "Execute all blocks instead.")
    return Trust(validators, genesis.header().hash)


def check_certified_rows(store: Reader, trust: Trust, *, progress: Progress) -> Checked:
    """That all there is follows from what the validators have signed for the head. Blocks are not executed.

    Raises `StoreFailed` for what is not as it was written, and `Refusal` NotCertified, or WrongBlock at the first height that is
    wrong.
    """
    store.check()
    with _makes_sense(store.height()):
        return _check_all(store, trust, progress)


def _check_all(store: Reader, trust: Trust, progress: Progress) -> Checked:
    head = _certified_head(store, trust.validators)
    _check_state(store, head)
    counts = dict.fromkeys((b"blocks", b"identities", b"index", b"receipts", b"events", b"headers", b"certificates"), 0)
    certified = True
    for header in headers_down(store, 0):
        counts[b"headers"] += 1
        with _makes_sense(header.height):
            if header.height > store.first():
                certified = _check_certificate(store, header, trust.validators, certified)
                counts[b"certificates"] += certified
            if has_body(store, header.height):
                _check_rows(store, header, counts)
        progress(head.height - header.height, head.height - store.first())
    counts[b"certificates"] += _check_first(store, trust)
    counts[b"undo"] = _check_undo(store, head)
    for name, count in counts.items():
        if store.count(name) != count:
            raise wrong_block(
                head.height, f"has {count} rows in the table of {name.decode()}, and {store.count(name)} are on disk"
            )
    return Checked(head, head.height - store.first(), counts[b"index"])


@contextmanager
def _makes_sense(height: int) -> Iterator[None]:
    """Whatever is refused within is a row that makes no sense, unless it says more."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code in (Refused.WRONG_BLOCK, Refused.NOT_CERTIFIED):
            raise
        raise wrong_block(height, f"has a row that makes no sense: {refusal.message}") from None


def _certified_head(store: Reader, validators: KeyOrPolicy) -> Header:
    """The header of the head, or of the first block if there is no other, for which the genesis must be known."""
    data = store.header(store.height())
    if data is None:
        raise wrong_block(store.height(), "has no header")
    header = decode_header(data)
    if header.height > store.first():
        check_certified(store.certificate(header.height) or b"", header, validators)
    return header


def _check_certificate(store: Reader, header: Header, validators: KeyOrPolicy, above: bool) -> bool:
    """Whether a block has a certificate, of which that of the head was looked at; `above` says so of the block after it. An old
    ledger may have blocks from before there were any, at its beginning.
    """
    found = store.certificate(header.height)
    if found is None:
        return False
    if not above:
        raise wrong_block(header.height, "has a certificate, and the one after it has none")
    check_certified(found, header, validators)
    return True


def _check_rows(store: Reader, header: Header, counts: dict[bytes, int]) -> None:
    """The rows of a block whose body is kept: all follow from its transactions and receipts, whose roots the header has."""
    height = header.height
    check_body(store, header)
    block = decode_block(store.block(height) or b"")
    identities = [decode_transaction(data, included=True).identity for data in block.transactions]
    if store.identities(height) != identities:
        raise wrong_block(height, "has other identities than its transactions")
    for index, identity in enumerate(identities):
        if store.place(identity) != height.to_bytes(8) + index.to_bytes(4):
            raise wrong_block(height, f"has a transaction that is not found: {identity.hex()}")
    receipts = [decode_receipt(data) for data in store.receipts(height)] if identities else []
    mark = height.to_bytes(8)
    events = [(mark + index.to_bytes(4) + number.to_bytes(4), event) for index, number, event in event_rows(receipts)]
    if store.block_events(height) != events:
        raise wrong_block(height, "has other events than its receipts")
    counts[b"blocks"] += 1
    counts[b"identities"] += 1
    counts[b"index"] += len(identities)
    counts[b"receipts"] += len(receipts)
    counts[b"events"] += len(events)


def _check_state(store: Reader, head: Header) -> None:
    """The tree is made anew of the flat state, and must have the head's root and just the pages that are on disk."""
    leaves = sorted(make_leaf(sha256_of_few(key).digest(), sha256(value).digest()) for key, value in store.entries())
    pages = 0

    def compare(key: bytes, page: bytes | None) -> None:
        nonlocal pages
        pages += 1
        if store.page(key) != page:
            raise wrong_block(head.height, f"has another tree than its state makes, at page {key.hex()}")

    if build(leaves, compare) != head.state_root:
        raise wrong_block(head.height, "has another state root than the state")
    if store.count(b"tree") != pages:
        raise wrong_block(head.height, "has pages of the tree that do not belong to it")


def _check_first(store: Reader, trust: Trust) -> bool:
    """The first block is that of the genesis, and its parameters name these validators. Whether it has a proof of them."""
    first = store.first()
    header = decode_header(store.header(first) or b"")
    if trust.genesis is not None and header.hash != trust.genesis:
        raise wrong_block(first, f"is {header.hash.hex()}, and not {trust.genesis.hex()}, which genesis makes")
    if trust.genesis is None and store.height() == first:
        raise Refusal(Refused.NOT_CERTIFIED, "there is only the first block, which nobody signs", "Give the chain's genesis.")
    value = first_parameters(store)
    if store.get(PARAMETERS) != value or decode_parameters(value).validators != trust.validators:
        raise wrong_block(first, "names other parameters or validators")
    return store.certificate(first) is not None


def _check_undo(store: Reader, head: Header) -> int:
    """What is kept to go back by leads from state root to state root. Returns how many records there are."""
    pages: dict[bytes, bytes | None] = {}
    tree = Tree(lambda key: pages[key] if key in pages else store.page(key))
    count = 0
    if not store.first() <= store.oldest() <= head.height:
        raise wrong_block(head.height, "has records of what blocks have overwritten that are no blocks")
    for height in range(head.height, store.oldest(), -1):
        record = store.undo(height)
        below = decode_header(store.header(height - 1) or b"")
        if record is None or record.head != encode([below.height, below.hash]):
            raise wrong_block(height, "has no record of what it has overwritten, or that of another")
        old = {key: None if stored is None else unseal(b"state", key, stored) for key, stored in record.state.items()}
        update = tree.update(old.items())
        if update.root != below.state_root:
            raise wrong_block(height, "has a record that does not lead back to the block before")
        pages.update(update.pages)
        tree.adopt(update.pages)
        count += 1
    return count
