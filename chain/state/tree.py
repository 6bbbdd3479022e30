"""The canonical sparse Merkle tree over hashed keys (`docs/ledger.md`, "Tree" and "The tree as it is kept").

Nothing here touches a disk: pages are read through a function, and changed pages are handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from chain.primitives.limits import TREE_CACHE_BYTES_MAX
from chain.primitives.proof import EMPTY_ROOT, Proof, bit
from chain.primitives.refusal import StoreFailed
from chain.primitives.short_hash import sha256_of_few
from chain.state.tree_build import build, make
from chain.state.tree_cache import PageCache
from chain.state.tree_page import (
    BELOW,
    CHECK_BYTES,
    CLUSTER_MAX,
    COUNTS,
    FAN,
    LEAF_BYTES,
    LEVELS,
    Heap,
    Leaf,
    Subtree,
    check,
    count_under,
    few_leaves,
    fold,
    leaf_key,
    leaf_value,
    leaves_under,
    make_leaf,
    page_key,
    part,
    put,
    put_value,
    side,
    slot_leaves,
    top_hash,
)

ReadPage: TypeAlias = "Callable[[bytes], bytes | None]"
"""The stored page of a key, or None."""
Change: TypeAlias = "tuple[bytes, bytes | None]"
"""(key hash, value hash), or None where the key goes away."""

ROOT_KEY = page_key(b"", 0)
_FEW_BYTES = FAN + CLUSTER_MAX * LEAF_BYTES


def root_of(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The root of all entries of a state, each once, without its pages."""

    def no_page(key: bytes, page: bytes | None) -> None: ...

    leaves = (make_leaf(sha256_of_few(key).digest(), sha256(value).digest()) for key, value in entries)
    return build(sorted(leaves), no_page)


@dataclass(frozen=True, slots=True)
class Update:
    """A new root and the pages that make it, by their keys; None where a page goes away."""

    root: bytes
    pages: dict[bytes, bytes | None]


class Tree:
    """The tree of one state. A node keeps that of its head: what a block changes comes from `update`, which changes nothing
    here, so a block that comes to nothing is forgotten; `adopt` goes on to the pages of one that is on disk.
    """

    def __init__(self, read: ReadPage, *, cache_bytes_max: int = TREE_CACHE_BYTES_MAX) -> None:
        """`read` gives the stored pages. Raises `StoreFailed` if the uppermost is damaged."""
        self._read = read
        self._cache = PageCache(cache_bytes_max)
        self._heap = Heap()
        self.root = self._stored_root()

    def update(self, entries: Iterable[tuple[bytes, bytes | None]]) -> Update:
        """Keys set to values (None removes) in this tree. Of a key given twice the last counts. Raises `StoreFailed`."""
        by_hash: dict[bytes, bytes | None] = {}
        for key, value in entries:
            by_hash[sha256_of_few(key).digest()] = None if value is None else sha256(value).digest()
        pages: dict[bytes, bytes | None] = {}
        page = self._root_page()
        if page is None:
            leaves = [make_leaf(key_hash, value) for key_hash, value in sorted(by_hash.items()) if value is not None]
            return Update(build(leaves, pages.__setitem__), pages)
        if not by_hash:
            return Update(self.root, pages)
        subtree = _Updating(self, self._heap, pages).change(page, ROOT_KEY, 0, sorted(by_hash.items()))
        return Update(subtree if isinstance(subtree, bytes) else EMPTY_ROOT, pages)

    def adopt(self, pages: Mapping[bytes, bytes | None]) -> None:
        """Go on to the pages of an update of this tree, which `read` gives from now on."""
        for key, page in pages.items():
            self._cache.put(key, page)
        self.root = self._stored_root()

    def fork(self, pages: Mapping[bytes, bytes | None]) -> Tree:
        """The tree with these pages in place of ours (None: there is none): that of a block that is not on disk yet, or of a
        height before. It holds only as long as this one does not go on to another.
        """

        def read(key: bytes) -> bytes | None:
            return pages[key] if key in pages else self._cache.get(key) or self._read(key)

        return Tree(read, cache_bytes_max=0)

    def prove(self, key: bytes, value: bytes | None) -> Proof:
        """The proof that `key` has `value`, which the caller has read, or that it is absent. Raises `StoreFailed`."""
        leaf, beside = self.descend(sha256(key).digest())
        return Proof(key, value, beside[::-1], leaf if value is None else None)

    def descend(self, path: bytes) -> tuple[tuple[bytes, bytes] | None, tuple[bytes, ...]]:
        """Where a path (32 bytes) ends: the leaf there, as its (key hash, value hash), or None; and the hashes beside the way to
        it, from the root down. Raises `StoreFailed`.
        """
        beside: list[bytes] = []
        leaf = self._descend(path, beside)
        return None if leaf is None else (leaf_key(leaf), leaf_value(leaf)), tuple(beside)

    def _descend(self, key_hash: bytes, path: list[bytes]) -> Leaf | None:
        """What stands at the place of a key; the siblings on the way down are added to the path."""
        page = self._root_page()
        digits = 0
        while page is not None:
            digit = _digit(key_hash, digits)
            node = 1
            while node < FAN and count_under(page, node) >= 2:
                node = node * 2 + (digit >> (LEVELS - node.bit_length()) & 1)
                path.append(side(page, node ^ 1))
            if count_under(page, node) < BELOW:
                return _descend_leaves(leaves_under(page, node), key_hash, LEVELS * (digits + 1), path)
            digits += 1
            page = self.below(page, digit, page_key(key_hash, digits))
        return None

    # Pages.

    def below(self, page: bytes, digit: int, key: bytes) -> bytes:
        """The page below a slot, whose key is `key`. Raises `StoreFailed` if it is damaged or not the one that belongs there."""
        found = self._cache.get(key)
        if found is None:
            found = self._stored(key)
            if found is None or top_hash(found) != side(page, FAN + digit):
                raise StoreFailed(f"page {key.hex()} of the tree is not the one that belongs there")
            self._cache.put(key, found)
        return found

    def _root_page(self) -> bytes | None:
        page = self._cache.get(ROOT_KEY)
        if page is None:
            page = self._stored(ROOT_KEY)
            self._cache.put(ROOT_KEY, page)
        return page

    def _stored(self, key: bytes) -> bytes | None:
        page = self._read(key)
        if page is not None:
            check(page, key)
        return page

    def _stored_root(self) -> bytes:
        page = self._root_page()
        return EMPTY_ROOT if page is None else top_hash(page)


class _Updating:
    """One update, whose pages gather in `pages`."""

    __slots__ = ("_heap", "_pages", "_tree")

    def __init__(self, tree: Tree, heap: Heap, pages: dict[bytes, bytes | None]) -> None:
        self._tree = tree
        self._heap = heap
        self._pages = pages

    def change(self, page: bytes, key: bytes, digits: int, changes: Sequence[Change]) -> Subtree:
        """What becomes of a page after sorted changes, of which there is at least one."""
        tail = bytearray(page[COUNTS:-CHECK_BYTES])
        if len(changes) == 1:
            digit = _digit(changes[0][0], digits)
            nodes = [(digit, self._change_slot(page, tail, digit, digits, changes))]
        else:
            nodes = [(digit, self._change_slot(page, tail, digit, digits, group)) for digit, group in _by_digit(changes, digits)]
        if len(tail) <= _FEW_BYTES:
            leaves = few_leaves(tail)
            if leaves is not None and (digits or not leaves):
                self._pages[key] = None
                return leaves
        node = self._heap.climb(page, nodes, tail)
        self._pages[key] = self._heap.seal(tail, key)
        return node

    def _change_slot(self, page: bytes, tail: bytearray, digit: int, digits: int, changes: Sequence[Change]) -> bytes:
        """Change what hangs in a slot, in the counts and leaves of its page, and return its hash."""
        key_hash, value_hash = changes[0]
        if tail[digit] == BELOW:
            key = page_key(key_hash, digits + 1)
            subtree = self.change(self._tree.below(page, digit, key), key, digits + 1, changes)
            return subtree if isinstance(subtree, bytes) else put(tail, digit, subtree, digits)
        if len(changes) == 1 and value_hash is not None:
            node = put_value(tail, digit, key_hash, value_hash, digits)
            if node is not None:
                return node
        leaves = {leaf_key(leaf): leaf for leaf in slot_leaves(tail, digit)}
        for key_hash, value_hash in changes:
            if value_hash is None:
                leaves.pop(key_hash, None)
            else:
                leaves[key_hash] = make_leaf(key_hash, value_hash)
        return put(tail, digit, make(sorted(leaves.values()), digits + 1, self._heap, self._pages.__setitem__), digits)


def _by_digit(changes: Sequence[Change], digits: int) -> list[tuple[int, list[Change]]]:
    """Sorted changes by the hexadecimal digit after so many."""
    byte, high = digits >> 1, not digits & 1
    groups: list[tuple[int, list[Change]]] = []
    group: list[Change] = []
    current = -1
    for change in changes:
        digit = change[0][byte] >> 4 if high else change[0][byte] & 15
        if digit != current:
            current, group = digit, []
            groups.append((digit, group))
        group.append(change)
    return groups


def _digit(key_hash: bytes, digits: int) -> int:
    """The hexadecimal digit after so many."""
    return key_hash[digits >> 1] & 15 if digits & 1 else key_hash[digits >> 1] >> 4


def _descend_leaves(leaves: Sequence[Leaf], key_hash: bytes, depth: int, path: list[bytes]) -> Leaf | None:
    """The same as `Tree._descend` below a slot, whose depth is in bits."""
    while len(leaves) >= 2:
        parting, index = part(leaves)
        shared = leaf_key(leaves[0])
        while depth < parting:
            if bit(shared, depth) != bit(key_hash, depth):
                path.append(fold(leaves, depth + 1))
                return None
            path.append(EMPTY_ROOT)
            depth += 1
        left, right = leaves[:index], leaves[index:]
        leaves, others = (right, left) if bit(key_hash, depth) else (left, right)
        depth += 1
        path.append(fold(others, depth))
    return leaves[0] if leaves else None
