"""A page of the state tree: four levels of it in one byte string (`docs/ledger.md`, "The tree as it is kept").

```
page    15 pairs ‖ 16 counts ‖ leaves ‖ check
pair    01 ‖ left hash ‖ right hash     pair 1 is the top, pairs 2i and 2i + 1 are below pair i, the slots below pairs 8 to 15
count   a byte for each slot: its leaves, at most CLUSTER_MAX, or BELOW when there is a page of its own below it
leaf    00 ‖ key hash ‖ value hash      slot by slot, sorted
check   CRC-32 of the page's key and of all before it, 4 bytes
```

Pairs and leaves are kept as they are hashed, so that nothing has to be put together for it. Nodes are numbered likewise: 1 is the
top, 2i and 2i + 1 are below i, 16 to 31 are the slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from zlib import crc32

from chain.primitives.hash import HASH_BYTES
from chain.primitives.proof import EMPTY_ROOT
from chain.primitives.refusal import StoreFailed
from chain.primitives.short_hash import sha256_of_few as sha256

Leaf: TypeAlias = bytes
"""00 ‖ key hash ‖ value hash"""
Subtree: TypeAlias = "bytes | list[Leaf]"
"""What hangs in a slot: the hash of a page of its own, or its leaves, sorted and at most CLUSTER_MAX."""

FAN = 16
LEVELS = 4
CLUSTER_MAX = 4  # more leaves are hashed again too often, fewer make too many pages: measured, see docs/ledger.md
BELOW = 128  # so that a sum of counts modulo this is a number of leaves
LEAF_BYTES = PAIR_BYTES = 1 + 2 * HASH_BYTES
COUNTS = (FAN - 1) * PAIR_BYTES  # where they begin
LEAVES = COUNTS + FAN
CHECK_BYTES = 4
_LEAF, _INNER = b"\x00", b"\x01"
_WAYS_MAX = 4096  # sets of slots whose ways up are kept: all of at most three are 696, and a way takes a kilobyte or two
_Way: TypeAlias = "tuple[tuple[memoryview, memoryview, int], ...]"
_EMPTY_PAIRS = (_INNER + bytes(2 * HASH_BYTES)) * (FAN - 1)
_HIGH_DIGIT = tuple(bytes([byte & 0xF0]) for byte in range(256))
_LENGTH = tuple(bytes([digits]) for digits in range(2 * HASH_BYTES + 1))


def _side(node: int) -> slice:
    start = (node // 2 - 1) * PAIR_BYTES + 1 + HASH_BYTES * (node & 1)
    return slice(start, start + HASH_BYTES)


def _under(node: int) -> slice:
    width = 1 << (LEVELS + 1 - node.bit_length())
    return slice(node * width - FAN, node * width - FAN + width)


SIDES = (slice(0), slice(0), *(_side(node) for node in range(2, 2 * FAN)))
"""Where a node's hash stands, by its number."""
UNDER = (slice(0), *(_under(node) for node in range(1, 2 * FAN)))
"""The slots under a node, by its number."""


# Keys and leaves.


def page_key(key_hash: bytes, digits: int) -> bytes:
    """The key of the page that is `digits` hexadecimal digits down the way of a key hash.

    It begins with that number, so that the upper pages, of which every block changes most, lie together.
    """
    half = digits >> 1
    if digits & 1:
        return _LENGTH[digits] + key_hash[:half] + _HIGH_DIGIT[key_hash[half]]
    return _LENGTH[digits] + key_hash[:half]


def make_leaf(key_hash: bytes, value_hash: bytes) -> Leaf:
    """The leaf of two hashes."""
    return _LEAF + key_hash + value_hash


def leaf_key(leaf: Leaf) -> bytes:
    """Its key hash."""
    return leaf[1 : 1 + HASH_BYTES]


def leaf_value(leaf: Leaf) -> bytes:
    """Its value hash."""
    return leaf[1 + HASH_BYTES :]


def part(leaves: Sequence[Leaf]) -> tuple[int, int]:
    """(depth, index) where two or more sorted leaves part: the first bit that they do not share, and the first of them that
    goes right there.
    """
    # Equal key hashes are never of two leaves, so the first bit that differs is one of theirs.
    depth = 8 * (LEAF_BYTES - 1) - (int.from_bytes(leaves[0]) ^ int.from_bytes(leaves[-1])).bit_length()
    if len(leaves) == 2:
        return depth, 1
    byte, mask = 1 + (depth >> 3), 128 >> (depth & 7)
    index = 1
    while not leaves[index][byte] & mask:
        index += 1
    return depth, index


def fold(leaves: Sequence[Leaf], depth: int) -> bytes:
    """The hash of the subtree of sorted leaves at a depth in bits."""
    if len(leaves) < 2:
        return sha256(leaves[0]).digest() if leaves else EMPTY_ROOT
    parting, index = part(leaves)
    if len(leaves) == 2:  # the usual case, without two calls
        node = sha256(_INNER + sha256(leaves[0]).digest() + sha256(leaves[1]).digest()).digest()
    else:
        node = sha256(_INNER + fold(leaves[:index], parting + 1) + fold(leaves[index:], parting + 1)).digest()
    first = leaves[0]
    while parting > depth:
        parting -= 1
        if first[1 + (parting >> 3)] & 128 >> (parting & 7):
            node = sha256(_INNER + EMPTY_ROOT + node).digest()
        else:
            node = sha256(_INNER + node + EMPTY_ROOT).digest()
    return node


# Pages at rest.


def check(page: bytes, key: bytes) -> None:
    """Raises `StoreFailed` if the page is not as it was sealed under this key."""
    content = memoryview(page)[:-CHECK_BYTES]
    if (
        len(content) < LEAVES
        or page[-CHECK_BYTES:] != crc32(content, crc32(key)).to_bytes(CHECK_BYTES)
        or len(content) != LEAVES + LEAF_BYTES * (sum(page[COUNTS:LEAVES]) % BELOW)
    ):
        raise StoreFailed(f"page {key.hex()} of the tree is damaged")


def top_hash(page: bytes) -> bytes:
    """The hash of all that is in a page; only the uppermost may have a single leaf."""
    if sum(page[COUNTS:LEAVES]) == 1:
        return sha256(page[LEAVES : LEAVES + LEAF_BYTES]).digest()
    return sha256(page[:PAIR_BYTES]).digest()


def side(page: bytes, node: int) -> bytes:
    """The hash that stands at a node, by its number; not that of the top."""
    place = SIDES[node]
    return page[place.start : place.stop]


def leaves_under(page: bytes, node: int) -> list[Leaf]:
    """The leaves of all slots under a node, which have no pages below."""
    slots = UNDER[node]
    start = LEAVES + LEAF_BYTES * (sum(page[COUNTS : COUNTS + slots.start]) % BELOW)
    stop = start + LEAF_BYTES * sum(page[COUNTS + slots.start : COUNTS + slots.stop])
    return [page[at : at + LEAF_BYTES] for at in range(start, stop, LEAF_BYTES)]


def count_under(page: bytes, node: int) -> int:
    """How many leaves there are under a node; `BELOW` and more if there are pages below."""
    slots = UNDER[node]
    return sum(page[COUNTS + slots.start : COUNTS + slots.stop])


# Pages being made.


def put(tail: bytearray, digit: int, subtree: Subtree, digits: int) -> bytes:
    """Hang a subtree into a slot of a page's counts and leaves, and return its hash."""
    if isinstance(subtree, bytes) and tail[digit] == BELOW:
        return subtree
    start = FAN + LEAF_BYTES * (sum(tail[:digit]) % BELOW)
    stop = start + LEAF_BYTES * (tail[digit] % BELOW)
    if isinstance(subtree, bytes):
        tail[digit] = BELOW
        del tail[start:stop]
        return subtree
    tail[digit] = len(subtree)
    tail[start:stop] = b"".join(subtree)
    return fold(subtree, LEVELS * (digits + 1))


def slot_leaves(tail: bytearray, digit: int) -> list[Leaf]:
    """The leaves of a slot of a page's counts and leaves."""
    start = FAN + LEAF_BYTES * (sum(tail[:digit]) % BELOW)
    return [bytes(tail[at : at + LEAF_BYTES]) for at in range(start, start + tail[digit] * LEAF_BYTES, LEAF_BYTES)]


def put_value(tail: bytearray, digit: int, key_hash: bytes, value_hash: bytes, digits: int) -> bytes | None:
    """Change the value of a leaf in counts and leaves, and return the hash of its slot; None if there is no such leaf."""
    at = tail.find(key_hash, FAN) - 1
    # Where a value is another key, its hash is found in place of the key's own.
    if at < 0 or (at - FAN) % LEAF_BYTES:
        return None
    tail[at + 1 + HASH_BYTES : at + LEAF_BYTES] = value_hash
    count = tail[digit]
    if count == 1:
        return sha256(tail[at : at + LEAF_BYTES]).digest()
    start = FAN + LEAF_BYTES * (sum(tail[:digit]) % BELOW)
    leaves = bytes(tail[start : start + count * LEAF_BYTES])
    return fold([leaves[i : i + LEAF_BYTES] for i in range(0, len(leaves), LEAF_BYTES)], LEVELS * (digits + 1))


def few_leaves(tail: bytes | bytearray) -> list[Leaf] | None:
    """All leaves of a page that is not to exist, since they fit into a slot; otherwise None."""
    if len(tail) > FAN + CLUSTER_MAX * LEAF_BYTES or BELOW in tail[:FAN]:
        return None
    return [bytes(tail[at : at + LEAF_BYTES]) for at in range(FAN, len(tail), LEAF_BYTES)]


class Heap:
    """The pairs of a page while they are hashed: one buffer used for one page after the other, with a view of each part made
    once, since cutting parts out takes as long as hashing them.
    """

    __slots__ = ("_pairs", "_sides", "_view", "_ways", "data")

    def __init__(self) -> None:
        self.data = bytearray(_EMPTY_PAIRS)
        self._view = memoryview(self.data)
        self._pairs = [self._view[(node - 1) * PAIR_BYTES : node * PAIR_BYTES] for node in range(1, FAN)]
        self._sides = [self._view[side] for side in SIDES]
        self._ways = dict[int, _Way]()

    def climb(self, page: bytes | None, nodes: Sequence[tuple[int, bytes]], counts: bytes | bytearray) -> bytes:
        """Take the pairs of a page (None: all are empty), put the hashes of some slots, hash the ways up from them, and return
        the hash of the top. `counts` begins with those of the slots as they are now.
        """
        self._view[:] = _EMPTY_PAIRS if page is None else page[:COUNTS]
        sides = self._sides
        dirty = 0
        thin = False
        for digit, node in nodes:
            dirty |= 1 << digit
            sides[FAN + digit][:] = node
            if counts[digit] + counts[digit ^ 1] < 2:
                thin = True
        way = self._ways.get(dirty) or self._way(dirty)
        if thin:
            return self._climb_thin(way, counts)
        for pair, side, _ in way:
            side[:] = sha256(pair).digest()
        return sha256(self._pairs[0]).digest()

    def _way(self, dirty: int) -> _Way:
        """What is hashed, from below, where that goes, and the node; without the top."""
        if len(self._ways) >= _WAYS_MAX:
            self._ways.clear()
        nodes = _dirty_nodes(dirty)[:-1]
        way = self._ways[dirty] = tuple((self._pairs[node - 1], self._sides[node], node) for node in nodes)
        return way

    def _climb_thin(self, way: _Way, counts: bytes | bytearray) -> bytes:
        """The same where a single leaf rises: its hash goes up as it is, and so does that of no leaf at all."""
        for pair, side, node in way:
            side[:] = sha256(pair).digest() if sum(counts[UNDER[node]]) >= 2 else self._risen(node)
        return sha256(self._pairs[0]).digest() if sum(counts[:FAN]) >= 2 else self._risen(1)

    def _risen(self, node: int) -> bytes:
        """The hash of the one leaf under a node, or that of nothing."""
        left = bytes(self._sides[2 * node])
        return bytes(self._sides[2 * node + 1]) if left == EMPTY_ROOT else left

    def seal(self, tail: bytes | bytearray, key: bytes) -> bytes:
        """The page of these pairs and of counts and leaves, at rest."""
        data = self.data
        return b"".join((data, tail, crc32(tail, crc32(data, crc32(key))).to_bytes(CHECK_BYTES)))


def _dirty_nodes(dirty: int) -> list[int]:
    """The nodes above slots whose bits are set, from below."""
    dirty <<= FAN
    nodes = []
    for node in range(FAN - 1, 0, -1):
        if dirty >> 2 * node & 3:
            dirty |= 1 << node
            nodes.append(node)
    return nodes
