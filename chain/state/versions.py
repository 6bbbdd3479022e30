"""The flat state at heights before the head: what later blocks have overwritten, over what is there now."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from chain.primitives.account import Account, own_account
from chain.primitives.keyspace import account_key
from chain.primitives.limits import OLD_VIEW_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.state.sealed import unseal
from chain.state.undo import Undo

_ENTRY_BYTES = 170  # of memory for one old value beside its own bytes: two objects and their place in a table


class Present(Protocol):
    """What old states are read from: the state at the head, and what every block has overwritten."""

    @property
    def folds(self) -> Folds:
        """The old values of the states that were read of late."""

    def height(self) -> int:
        """The height of the head."""

    def tip(self) -> bytes:
        """The encoded head."""

    def oldest(self) -> int:
        """The oldest height whose state can be read."""

    def get(self, key: bytes) -> bytes | None:
        """A value of the state at the head."""

    def undo(self, height: int) -> Undo | None:
        """What a block has overwritten."""


class OldView:
    """The flat state after the block at `height`, which stays so while the head goes on, for as long as it is kept. Every method
    raises `Refusal` Pruned when it is not any more, NotFound when the block was taken back, and `StoreFailed`.
    """

    __slots__ = ("_block", "_present", "height")

    def __init__(self, present: Present, height: int) -> None:
        """Raises `Refusal` NotFound, Pruned; `StoreFailed`."""
        head = present.height()
        if not 0 <= height <= head:
            raise Refusal(Refused.NOT_FOUND, f"there is no block {height}; the newest is {head}", head=head)
        self._present = present
        self.height = height
        self._block = present.folds.fold(present, height).block

    def get(self, key: bytes) -> bytes | None:
        """A value of the state, or None."""
        old = self._old()
        if key not in old:
            return self._present.get(key)
        stored = old[key]
        return None if stored is None else unseal(b"state", key, stored)

    def account(self, address: bytes) -> Account | None:
        """The account at an address, or None. Raises `Refusal` Malformed if its record is damaged."""
        value = self.get(account_key(address))
        return None if value is None else own_account(value)

    def page(self, key: bytes) -> bytes | None:
        """Never answers: pages of old trees are not kept. Update the tree of the head with `changes` to get the old one."""
        raise Refusal(Refused.PRUNED, "the pages of old trees are not kept")

    def changes(self) -> dict[bytes, bytes | None]:
        """What makes the state at the head this one: the values of all keys that have changed since, None for those that were not
        there.
        """
        return {key: None if stored is None else unseal(b"state", key, stored) for key, stored in self._old().items()}

    def _old(self) -> dict[bytes, bytes | None]:
        if not self.height <= self._present.height():
            raise self._taken_back()
        fold = self._present.folds.fold(self._present, self.height)
        if fold.block != self._block:
            raise self._taken_back()
        return fold.values

    def _taken_back(self) -> Refusal:
        return Refusal(Refused.NOT_FOUND, f"the block {self.height} whose state was read has been taken back")


class Fold:
    """The stored values that keys had after the block at one height, of the keys that were changed from there to `upto`. `block`
    and `tip` are the encoded heads of these two.
    """

    __slots__ = ("block", "bytes", "tip", "upto", "values")

    def __init__(self, height: int, block: bytes) -> None:
        self.values: dict[bytes, bytes | None] = {}
        self.bytes = 0
        self.upto = height
        self.block = self.tip = block

    def extend(self, record: Undo) -> None:
        """Go on by one block: a value that it overwrote is the old one if no block before it changed the key."""
        self.upto += 1
        for key, stored in record.state.items():
            if key not in self.values:
                self.values[key] = stored
                self.bytes += len(key) + len(stored or b"") + _ENTRY_BYTES


class Folds:
    """Old values by height, those used last, within a bound of memory."""

    def __init__(self, bytes_max: int = OLD_VIEW_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._by_height: OrderedDict[int, Fold] = OrderedDict()

    def fold(self, present: Present, height: int) -> Fold:
        """The stored values at a height, at most the head's, of the keys that have changed since. Raises `Refusal` Pruned."""
        fold = self._begun(present, height)
        self._extend(present, fold, height, present.height())
        return fold

    def prepare(self, present: Present, height: int, records_max: int) -> bool:
        """Go on by so many records at most, and say whether `fold` has none left to go through: a full block takes 13 ms. Raises
        `Refusal` Pruned.
        """
        fold = self._begun(present, height)
        self._extend(present, fold, height, min(present.height(), fold.upto + records_max))
        return fold.upto == present.height()

    def _begun(self, present: Present, height: int) -> Fold:
        fold = self._by_height.get(height)
        if fold is not None and fold.tip == present.tip():
            self._by_height.move_to_end(height)
            return fold
        if fold is None or fold.upto > present.height() or fold.tip != _block_at(present, fold.upto, height):
            fold = Fold(height, _block_at(present, height, height))
        self._by_height.pop(height, None)
        return fold

    def _extend(self, present: Present, fold: Fold, height: int, upto: int) -> None:
        if fold.upto == upto == present.height() and fold.tip == present.tip():
            self._by_height[height] = fold
            return
        while fold.upto < upto:
            fold.extend(_record(present, fold.upto + 1, height))
            if fold.bytes > self._bytes_max:
                raise _pruned(present, height, "too much has changed since")
        fold.tip = _block_at(present, upto, height)
        self._by_height[height] = fold
        while sum(each.bytes for each in self._by_height.values()) > self._bytes_max:
            self._by_height.popitem(last=False)


def _block_at(present: Present, height: int, wanted: int) -> bytes:
    """The encoded head as it was at a height."""
    return present.tip() if height == present.height() else _record(present, height + 1, wanted).head


def _record(present: Present, height: int, wanted: int) -> Undo:
    record = present.undo(height)
    if record is None:
        raise _pruned(present, wanted, "it is not kept")
    return record


def _pruned(present: Present, height: int, why: str) -> Refusal:
    oldest, head = present.oldest(), present.height()
    return Refusal(
        Refused.PRUNED,
        f"the state at height {height} cannot be read: {why}; heights {oldest} to {head} are kept",
        oldest=oldest,
        head=head,
    )
