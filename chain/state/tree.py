"""The canonical sparse Merkle tree over hashed keys, kept in pages of four levels (`docs/ledger.md`, "Tree").

Nothing here touches a disk: pages are read through a function and changed pages are handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from chain.primitives.codec import as_bytes, as_list, decode, encode, malformed
from chain.primitives.hash import HASH_BYTES
from chain.primitives.proof import EMPTY_ROOT, Proof, inner_hash, leaf_hash

Node: TypeAlias = "bytes | tuple[bytes, bytes] | None"
"""The top of a subtree: nothing, a leaf's (key hash, value hash), or the hash of an inner node."""
Page: TypeAlias = "list[Node]"
"""The 16 subtrees below one place."""
ReadPage: TypeAlias = "Callable[[bytes], bytes | None]"
"""The stored page at a path (hexadecimal digits in ASCII), or None."""

_FAN = 16


class Tree:
    """A tree whose stored pages come from `read`; changed ones gather in `changed` (None where a page went
    away).
    """

    def __init__(self, read: ReadPage) -> None:
        self._read = read
        self._pages: dict[bytes, Page] = {}
        self.changed: dict[bytes, bytes | None] = {}
        self._root: Node = self._stored_root()

    @property
    def root(self) -> bytes:
        """The state root, 32 bytes."""
        return _node_hash(self._root)

    def update(self, entries: Iterable[tuple[bytes, bytes | None]]) -> bytes:
        """Set keys to values (None removes) and return the new root. Of a key given twice the last counts."""
        by_hash: dict[bytes, bytes | None] = {}
        for key, value in entries:
            by_hash[sha256(key).digest()] = None if value is None else sha256(value).digest()
        changes = [(key_hash.hex().encode(), key_hash, value) for key_hash, value in sorted(by_hash.items())]
        if changes:
            self._root = self._update(b"", self._root, changes)
            self._store_root()
        return self.root

    def prove(self, key: bytes, value: bytes | None) -> Proof:
        """The proof that `key` has `value`, which the caller has read, or that it is absent."""
        leaf, beside = self.descend(sha256(key).digest())
        return Proof(key, value, beside[::-1], leaf if value is None else None)

    def descend(self, path: bytes) -> tuple[tuple[bytes, bytes] | None, tuple[bytes, ...]]:
        """Where a path (32 bytes) ends: the leaf there, as its (key hash, value hash), or None; and the hashes beside the way to
        it, from the root down.
        """
        digits = path.hex().encode()
        node, beside, place = self._root, list[bytes](), b""
        while isinstance(node, bytes):
            page = self._page(place)
            digit = int(digits[len(place) : len(place) + 1], 16)
            node, siblings = _descend(page, digit)
            beside.extend(siblings)
            place = digits[: len(place) + 1]
        return node, tuple(beside)

    def _update(self, place: bytes, node: Node, changes: Sequence[tuple[bytes, bytes, bytes | None]]) -> Node:
        """The subtree at `place` after the changes, all of which belong below it."""
        if isinstance(node, bytes):
            page, stored = list(self._page(place)), True
        else:
            if node is not None and all(node[0] != key_hash for _, key_hash, _ in changes):
                changes = [*changes, (node[0].hex().encode(), *node)]
            kept = [(key_hash, value) for _, key_hash, value in changes if value is not None]
            if not kept:
                return None
            if len(kept) == 1:
                return kept[0]
            page, stored = [None] * _FAN, False
        depth = len(place)
        groups: dict[int, list[tuple[bytes, bytes, bytes | None]]] = {}
        for change in changes:
            groups.setdefault(int(change[0][depth : depth + 1], 16), []).append(change)
        for digit, group in groups.items():
            page[digit] = self._update(place + b"%x" % digit, page[digit], group)
        filled = [entry for entry in page if entry is not None]
        if not filled or (len(filled) == 1 and isinstance(filled[0], tuple)):
            if stored:
                self._write(place, None)
            return filled[0] if filled else None
        self._write(place, page)
        return _fold(page)[0]

    def _page(self, place: bytes) -> Page:
        page = self._pages.get(place)
        if page is None:
            data = self._read(b"p" + place)
            if data is None:
                raise malformed("a page of the tree is missing")
            page = self._pages[place] = _decode_page(data)
        return page

    def _write(self, place: bytes, page: Page | None) -> None:
        if page is None:
            self._pages.pop(place, None)
            self.changed[b"p" + place] = None
        else:
            self._pages[place] = page
            self.changed[b"p" + place] = encode([list(entry) if isinstance(entry, tuple) else entry for entry in page])

    def _stored_root(self) -> Node:
        data = self._read(b"r")
        if data is None:
            return None
        node = _decode_node(decode(data))
        if isinstance(node, bytes) and _fold(self._page(b""))[0] != node:
            raise malformed("the root page of the tree does not give its root")
        return node

    def _store_root(self) -> None:
        root = self._root
        self.changed[b"r"] = None if root is None else encode(list(root) if isinstance(root, tuple) else root)


def _decode_page(data: bytes) -> Page:
    return [_decode_node(entry) for entry in as_list(decode(data), "a page", size=_FAN)]


def _decode_node(plain: object) -> Node:
    if plain is None:
        return None
    if isinstance(plain, list):
        key_hash, value_hash = as_list(plain, "a leaf", size=2)
        return as_bytes(key_hash, "a hash", size=HASH_BYTES), as_bytes(value_hash, "a hash", size=HASH_BYTES)
    return as_bytes(plain, "a hash", size=HASH_BYTES)


def _node_hash(node: Node) -> bytes:
    if node is None:
        return EMPTY_ROOT
    return node if isinstance(node, bytes) else leaf_hash(*node)


def _join(left: Node, right: Node) -> Node:
    """The parent of two subtrees: a single leaf rises, anything else is an inner node."""
    if left is None and not isinstance(right, bytes):
        return right
    if right is None and not isinstance(left, bytes):
        return left
    return inner_hash(_node_hash(left), _node_hash(right))


def _fold(nodes: Sequence[Node]) -> list[Node]:
    """The one subtree that a power of two of neighbours make."""
    row = list(nodes)
    while len(row) > 1:
        row = [_join(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row


def _descend(page: Page, digit: int) -> tuple[Node, list[bytes]]:
    """The node at the place of `digit` and the siblings on the way down to it (as far down as there are
    nodes).
    """
    siblings, row = list[bytes](), list(page)
    while len(row) > 1:
        node = _fold(row)[0]
        if not isinstance(node, bytes):
            return node, siblings
        half = len(row) // 2
        if digit >= half:
            siblings.append(_node_hash(_fold(row[:half])[0]))
            row, digit = row[half:], digit - half
        else:
            siblings.append(_node_hash(_fold(row[half:])[0]))
            row = row[:half]
    return row[0], siblings
