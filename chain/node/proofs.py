"""Proofs of the state at the head or at an old height, made a slice at a time: each is of one state, and others have their turn
in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice

from chain.node.key_names import key_of
from chain.node.questions import Questions
from chain.primitives.header import Header, decode_header
from chain.primitives.limits import (
    GAS_PROOF_CHANGE,
    GAS_PROOF_KEY,
    PROOF_CHANGES_MAX,
    PROOF_SLICE,
    UNDO_RECORDS_SLICE,
)
from chain.primitives.multiproof import merge_proofs
from chain.primitives.proof import Proof
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.overlay import View
from chain.state.proving import BatchProof, Provable, absence_proof, existence_proof, prove, some_keys
from chain.state.reader import Reader
from chain.state.tree import Tree

_TREE_CACHE_BYTES = 4 * 1024 * 1024  # of one request: the pages at the top are walked through again and again


class Prover:
    """What one request has proved: a state of its own, which stays while blocks come."""

    def __init__(self, node: Questions, reader: Reader) -> None:
        self._node = node
        self._reader = reader
        self._view: View = reader
        self._state: Provable | None = None
        self.header = _head(reader)

    @staticmethod
    @contextmanager
    def open(node: Questions) -> Iterator[Prover]:
        """One for the newest state, to be used within the block."""
        reader = node.store.beside()
        reader.folds = node.store.folds
        try:
            yield Prover(node, reader)
        finally:
            reader.close()

    async def go_to(self, height: int | None) -> None:
        """Prove at a height, the newest if None. Raises `Refusal` NotFound, Pruned, TooLarge."""
        tree = Tree(self._reader.page, cache_bytes_max=_TREE_CACHE_BYTES)
        if height is None or height == self.header.height:
            self._state = Provable(tree, self._reader.get, self._reader.key_of)
            return
        header = header_of(self._reader, height, self.header)
        while not self._reader.folds.prepare(self._reader, height, UNDO_RECORDS_SLICE):
            await asyncio.sleep(0)
        view = self._reader.at(height)
        changes = view.changes()
        if len(changes) > PROOF_CHANGES_MAX:
            message = f"{len(changes)} keys have changed since block {height}; proofs are made back over {PROOF_CHANGES_MAX}"
            raise Refusal(Refused.TOO_LARGE, message, "Ask for a newer height, or an archive of that time.")
        self._node.gas_unpaid += GAS_PROOF_CHANGE * len(changes)
        pages: dict[bytes, bytes | None] = {}
        left = iter(changes.items())
        forked = tree
        while some := list(islice(left, PROOF_SLICE)):
            pages |= forked.update(some).pages
            forked = tree.fork(pages)
            await asyncio.sleep(0)
        if forked.root != header.state_root:
            raise StoreFailed(f"what is kept of block {height} does not lead back to it")
        gone = {sha256(key).digest(): key for key, value in changes.items() if value is not None}
        self._state = Provable(forked, view.get, lambda path: gone.get(path) or self._reader.key_of(path))
        self._view, self.header = view, header

    def keys(self, names: Sequence[str]) -> list[bytes]:
        """The keys that names stand for in this state. Raises `Refusal`."""
        return [key_of(name, self._view) for name in names]

    @property
    def state(self) -> Provable:
        """What proofs are made of."""
        assert self._state is not None, "went to a height first"
        return self._state

    async def single(self, keys: Sequence[bytes]) -> list[Proof]:
        """A proof of each key. Raises `Refusal` WrongStore."""
        proofs = []
        for number, key in enumerate(some_keys(keys), 1):
            proofs.append(prove(self.state, key))
            if number % PROOF_SLICE == 0:
                await asyncio.sleep(0)
        self._node.gas_unpaid += GAS_PROOF_KEY * len(keys)
        return proofs

    async def one(self, proof: Proof) -> bytes:
        """A proof in the form of ICS-23. Raises `Refusal` WrongProof, WrongStore."""
        return existence_proof(self.state, proof.key) if proof.value is not None else absence_proof(self.state, proof.key)

    async def many(self, keys: Sequence[bytes]) -> bytes:
        """One proof of many keys in the ledger's own form. Raises `Refusal` TooLarge, WrongStore."""
        return merge_proofs(await self.single(keys)).encoded

    async def batch(self, keys: Sequence[bytes]) -> bytes:
        """One proof of many keys in that of ICS-23. Raises `Refusal` TooLarge, WrongStore, WrongProof."""
        batch = BatchProof(self.state)
        for number, proof in enumerate(await self.single(keys), 1):
            batch.add(proof)
            if number % PROOF_SLICE == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        return batch.encoded()


def header_of(reader: Reader, height: int, head: Header) -> Header:
    """The header at a height. Raises `Refusal` NotFound."""
    data = reader.header(height) if height <= head.height else None
    if data is None:
        raise Refusal(Refused.NOT_FOUND, f"there is no block {height}; the newest is {head.height}", head=head.height)
    return decode_header(data)


def _head(reader: Reader) -> Header:
    data = reader.header(reader.height())
    if data is None:
        raise StoreFailed("the header of the head is missing")
    return decode_header(data)
