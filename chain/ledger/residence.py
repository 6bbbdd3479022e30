"""Resident code: which modules every node has at hand, decided by the ledger alone (`docs/ledger.md`, "Resident code").

The resident codes stand in the state as a queue by last use, each with its neighbours, so that a block reads and writes the few
that it moves and never the whole. A code's stamp is the queue's clock when it was put in: the price in gas of all that was ever
put in until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chain.primitives.codec import as_list, decode, encode, malformed
from chain.primitives.keyspace import code_key, residence_key
from chain.state.overlay import BlockOverlay
from vm.limits import CODE_RESIDENT_GAS_MAX

_Hash: TypeAlias = bytes


@dataclass(slots=True)
class _Place:
    """One code in the queue."""

    price: int
    stamp: int
    older: _Hash | None
    newer: _Hash | None


@dataclass(slots=True)
class _Whole:
    """The queue: what its codes cost in all, its clock, its ends."""

    price: int
    clock: int
    oldest: _Hash | None
    newest: _Hash | None


def is_resident(block: BlockOverlay, code_hash: bytes) -> bool:
    """Whether a code was resident when the block began."""
    return block.get(residence_key(code_hash)) is not None


def stands_still(block: BlockOverlay) -> bool:
    """Whether so little code was ever put into the queue that using what is in it moves nothing."""
    return _Queue(block).clock <= CODE_RESIDENT_GAS_MAX // 4


def settle(block: BlockOverlay) -> None:
    """End a block: what it used goes to the end of the queue, by hash, and from its beginning goes what is too much.

    A code that stands among the newest, within a quarter of CODE_RESIDENT_GAS_MAX, stays where it is, so that contracts in
    constant use are not written anew in every block. Raises `Refusal` Malformed if the state is damaged.
    """
    used, block.used = block.used, {}
    if not used:
        return
    queue = _Queue(block)
    for code_hash in sorted(used):
        queue.use(code_hash, used[code_hash])
    queue.end()


class _Queue:
    """The queue as a block changes it; what is changed is written at once, but for the record of the whole."""

    def __init__(self, block: BlockOverlay) -> None:
        self._block = block
        value = block.get(residence_key())
        self._whole = _Whole(0, 0, None, None) if value is None else _Whole(*as_list(decode(value), "the resident codes", size=4))
        self._changed = False

    @property
    def clock(self) -> int:
        """The price in gas of all that was ever put in."""
        return self._whole.clock

    def use(self, code_hash: bytes, price: int) -> None:
        """Note that a code was used. One whose deployment failed, so that nobody has it, is not kept."""
        place = self._find(code_hash)
        if place is None:
            if self._block.get(code_key(code_hash)) is None:
                return
        elif self._whole.clock - place.stamp <= CODE_RESIDENT_GAS_MAX // 4:
            return
        else:
            self._take_out(code_hash, place)
        self._append(code_hash, price)

    def end(self) -> None:
        """Let go of the oldest until the rest fits."""
        whole = self._whole
        while whole.price > CODE_RESIDENT_GAS_MAX and whole.oldest is not None:
            self._take_out(whole.oldest, self._at(whole.oldest))
        if self._changed:
            self._block.set(residence_key(), encode([whole.price, whole.clock, whole.oldest, whole.newest]))

    def _append(self, code_hash: bytes, price: int) -> None:
        whole = self._whole
        if whole.newest is None:
            whole.oldest = code_hash
        else:
            before = self._at(whole.newest)
            before.newer = code_hash
            self._put(whole.newest, before)
        whole.price += price
        whole.clock += price
        self._put(code_hash, _Place(price, whole.clock, whole.newest, None))
        whole.newest = code_hash

    def _take_out(self, code_hash: bytes, place: _Place) -> None:
        whole = self._whole
        if place.older is None:
            whole.oldest = place.newer
        else:
            older = self._at(place.older)
            older.newer = place.newer
            self._put(place.older, older)
        if place.newer is None:
            whole.newest = place.older
        else:
            newer = self._at(place.newer)
            newer.older = place.older
            self._put(place.newer, newer)
        whole.price -= place.price
        self._put(code_hash, None)

    def _find(self, code_hash: bytes) -> _Place | None:
        value = self._block.get(residence_key(code_hash))
        return None if value is None else _Place(*as_list(decode(value), "a resident code", size=4))

    def _at(self, code_hash: bytes) -> _Place:
        place = self._find(code_hash)
        if place is None:
            raise malformed("the queue of resident codes lacks one that it names")
        return place

    def _put(self, code_hash: bytes, place: _Place | None) -> None:
        self._changed = True
        value = None if place is None else encode([place.price, place.stamp, place.older, place.newer])
        self._block.set(residence_key(code_hash), value)
