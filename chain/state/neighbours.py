"""The leaves on both sides of a path, in any tree that can be walked down."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from chain.primitives.hash import HASH_BYTES
from chain.primitives.proof import EMPTY_ROOT, bit

Descent: TypeAlias = "tuple[tuple[bytes, bytes] | None, tuple[bytes, ...]]"
"""Where a path ends: the leaf there, as its (key hash, value hash), or None; and the hashes beside the way to it, from the root
down. 32 zero bytes beside it are an empty subtree, and nothing else is.
"""

_PATH_BITS = 8 * HASH_BYTES


class Descends(Protocol):
    """What a tree must be able to do for proofs."""

    def descend(self, path: bytes) -> Descent:
        """The way down a path of 32 bytes, as far as there are nodes."""


def neighbours(tree: Descends, path: bytes) -> tuple[bytes | None, bytes | None]:
    """The paths of the leaves next to a path (32 bytes) on the left and on the right, None where there is none.

    Takes a descent, and on each side another for every time that the way goes on in an emptier half: about one or two in a tree
    of random paths, 256 at most.
    """
    descent = tree.descend(path)
    return _nearest(tree, path, descent, 1), _nearest(tree, path, descent, 0)


def _nearest(tree: Descends, path: bytes, descent: Descent, side: int) -> bytes | None:
    """The nearest leaf before a path (`side` 1: from where the path goes right) or after it (0)."""
    target, (leaf, beside) = path, descent
    while leaf is None or leaf[0] == path or (leaf[0] < path) != (side == 1):
        turns = [depth for depth, sibling in enumerate(beside) if bit(target, depth) == side and sibling != EMPTY_ROOT]
        if not turns:
            assert target == path, "a subtree that is not empty has a leaf"
            return None
        target = _turned(target, turns[-1], side)
        leaf, beside = tree.descend(target)
    return leaf[0]


def _turned(path: bytes, depth: int, side: int) -> bytes:
    """The end of the other half at a depth that is next to this path: of all to the left the rightmost, or the other way
    around.
    """
    below = _PATH_BITS - depth - 1
    prefix = (int.from_bytes(path) >> below) ^ 1
    return (prefix << below | ((1 << below) - 1 if side else 0)).to_bytes(HASH_BYTES)
