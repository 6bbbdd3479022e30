"""The leaves on both sides of a path, in any tree that can be walked down."""

from __future__ import annotations

from typing import Protocol

from chain.primitives.hash import HASH_BYTES
from chain.primitives.proof import EMPTY_ROOT, bit

_PATH_BITS = 8 * HASH_BYTES


class Descends(Protocol):
    """What a tree must be able to do for proofs."""

    def descend(self, path: bytes) -> tuple[tuple[bytes, bytes] | None, tuple[bytes, ...]]:
        """Where a path (32 bytes) ends: the leaf there, as its (key hash, value hash), or None; and the hashes beside the way to
        it, from the root down. Only what is beside and empty is 32 zero bytes.
        """


def neighbours(tree: Descends, path: bytes) -> tuple[bytes | None, bytes | None]:
    """The paths of the leaves next to a path (32 bytes) on the left and on the right, None where there is none.

    Takes a descent for every time that the way goes on in an emptier half: three or four in a tree of random paths, 256 at most.
    """
    return _nearest(tree, path, 1), _nearest(tree, path, 0)


def _nearest(tree: Descends, path: bytes, side: int) -> bytes | None:
    """The nearest leaf before a path (`side` 1: from where the path goes right) or after it (0)."""
    target, from_path = path, True
    while True:
        leaf, beside = tree.descend(target)
        if leaf is not None and leaf[0] != path and (leaf[0] < path) == (side == 1):
            return leaf[0]
        turns = [depth for depth, sibling in enumerate(beside) if bit(target, depth) == side and sibling != EMPTY_ROOT]
        if not turns:
            assert from_path, "a subtree that is not empty has a leaf"
            return None
        target, from_path = _turned(target, turns[-1], side), False


def _turned(path: bytes, depth: int, side: int) -> bytes:
    """The end of the other half at a depth that is next to this path: of all to the left the rightmost, or the other way
    around.
    """
    below = _PATH_BITS - depth - 1
    prefix = (int.from_bytes(path) >> below) ^ 1
    return (prefix << below | ((1 << below) - 1 if side else 0)).to_bytes(HASH_BYTES)
