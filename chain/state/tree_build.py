"""Making subtrees of the state tree from nothing but their leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

from chain.primitives.proof import EMPTY_ROOT
from chain.state.tree_page import CLUSTER_MAX, FAN, Heap, Leaf, Subtree, few_leaves, leaf_key, page_key, put

WritePage: TypeAlias = "Callable[[bytes, bytes | None], None]"
"""Takes a page and its key; None where a page goes away."""

_CHUNK_DIGITS = 4  # at most 65,536 subtrees wait for those above; of 10 M keys 150 leaves are held beside them
_CHUNK_BYTES = _CHUNK_DIGITS // 2


def build(leaves: Iterable[Leaf], write: WritePage) -> bytes:
    """The root of a tree of sorted leaves, whose pages go to `write`, those below before those above.

    It takes memory for `_CHUNK_DIGITS`, whatever their number.
    """
    heap = Heap()
    row: list[tuple[int, Subtree]] = []
    for prefix, chunk in groupby(leaves, lambda leaf: leaf[1 : 1 + _CHUNK_BYTES]):
        held = list(chunk)
        assert all(held[i] < held[i + 1] for i in range(len(held) - 1)), "leaves are sorted"
        assert not row or row[-1][0] < int.from_bytes(prefix), "leaves are sorted"
        row.append((int.from_bytes(prefix), make(held, _CHUNK_DIGITS, heap, write)))
    for digits in range(_CHUNK_DIGITS - 1, -1, -1):
        above: list[tuple[int, Subtree]] = []
        for place, group in groupby(row, lambda entry: entry[0] // FAN):
            slots = [(number % FAN, subtree) for number, subtree in group]
            key_hash = (place << 4 * (_CHUNK_DIGITS - digits)).to_bytes(_CHUNK_BYTES)
            above.append((place, join(slots, digits, key_hash, heap, write)))
        row = above
    if not row:
        return EMPTY_ROOT
    root = row[0][1]
    assert isinstance(root, bytes), "the uppermost page exists whatever is in it"
    return root


def make(leaves: Sequence[Leaf], digits: int, heap: Heap, write: WritePage) -> Subtree:
    """The subtree of sorted leaves that agree in so many digits."""
    if not leaves or (len(leaves) <= CLUSTER_MAX and digits):
        return list(leaves)
    byte, high = 1 + (digits >> 1), not digits & 1
    groups: dict[int, list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(leaf[byte] >> 4 if high else leaf[byte] & 15, []).append(leaf)
    slots = [(digit, make(group, digits + 1, heap, write)) for digit, group in groups.items()]
    return join(slots, digits, leaf_key(leaves[0]), heap, write)


def join(slots: Sequence[tuple[int, Subtree]], digits: int, key_hash: bytes, heap: Heap, write: WritePage) -> Subtree:
    """The subtree of those in its slots; `key_hash` is, or begins like, one in it."""
    tail = bytearray(FAN)
    nodes = [(digit, put(tail, digit, subtree, digits)) for digit, subtree in slots]
    leaves = few_leaves(tail)
    if leaves is not None and digits:
        return leaves
    node = heap.climb(None, nodes, tail)
    key = page_key(key_hash, digits)
    write(key, heap.seal(tail, key))
    return node
