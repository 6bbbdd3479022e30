"""Reading a store: everything that is read is compared with its checksum first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import lmdb

from chain.primitives.account import Account, own_account
from chain.primitives.codec import as_bytes, as_int, as_list, decode
from chain.primitives.hash import HASH_BYTES
from chain.primitives.keyspace import account_key
from chain.primitives.limits import HEIGHT_MAX, PAGE_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state import backup
from chain.state.directory import read_marker
from chain.state.paths import check_paths
from chain.state.sealed import unseal
from chain.state.undo import Undo, decode_undo
from chain.state.versions import Folds, OldView

CURSOR_BYTES = 16
HEAD_KEY = b"head"
PRUNED_KEY = b"pruned"
Tables: TypeAlias = "dict[bytes, Any]"
"""The open tables by their names."""
_META_PAGES = 2  # at the beginning of every file


class Room(NamedTuple):
    """How large the file is, how much of it is free for what comes, and the oldest height whose state can be read."""

    size_bytes: int
    free_bytes: int
    oldest_height: int


class Reader:
    """A read transaction of a store: a `View` of the state at the head as it was when the reader was made or last renewed.

    For one thread at a time. It sees later blocks once it is renewed, which should be often: pages that a reader might still
    look at are not used again, so the file grows in the meantime. Every method that reads raises `StoreFailed` if what it finds
    is not as it was written, or if the place where something is missing is not.
    """

    def __init__(self, directory: Path, environment: lmdb.Environment, tables: Tables, *, owner: bool = False) -> None:
        """Begin a transaction of an open file; the owner closes the file in the end. Raises `lmdb.Error`."""
        self._directory = directory
        self._env = environment
        self._tables = tables
        self._owner = owner
        self._read: lmdb.Transaction[bytes] = environment.begin()
        self._head: tuple[int, bytes] | None = None
        self._tip = b""
        self._first: int | None = None
        self.folds = Folds()

    def renew(self) -> None:
        """See what has been committed until now. Raises `StoreFailed`."""
        self._read.abort()
        self._head = None
        try:
            self._read = self._env.begin()
        except lmdb.MapResizedError:
            self._grow()
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    def beside(self) -> Reader:
        """A reader of the same file for another thread of this process; to be closed before this one."""
        return Reader(self._directory, self._env, self._tables)

    def close(self) -> None:
        """End the transaction; and close the file, if it is the reader's own."""
        self._read.abort()
        if self._owner:
            self._env.close()

    def _grow(self) -> None:
        """Another process has made the file larger than the map of this one."""
        try:
            self._env.set_mapsize(0)
            self._read = self._env.begin()
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    # The head and the state.

    def is_empty(self) -> bool:
        """Whether there is no genesis yet."""
        return self._get(b"meta", HEAD_KEY) is None

    def head(self) -> tuple[int, bytes] | None:
        """(height, hash) of the last block, or None when there is no genesis yet."""
        if self._head is None:
            data = self._get(b"meta", HEAD_KEY)
            if data is not None:
                self._head, self._tip = decode_head(data), data
        return self._head

    def height(self) -> int:
        """The height of the last block. Raises `StoreFailed` when there is none."""
        head = self.head()
        if head is None:
            raise StoreFailed("there is no head")
        return head[0]

    def tip(self) -> bytes:
        """The head as it is stored, without its checksum. Raises `StoreFailed` when there is none."""
        self.height()
        return self._tip

    def marked(self) -> bytes | None:
        """The hash of the genesis with which the ledger began, if there is a readable note of it."""
        return read_marker(self._directory)

    def size(self) -> int:
        """How many keys the flat state has."""
        return self.count(b"state")

    def count(self, table: bytes) -> int:
        """How many rows a table has."""
        count: int = self._read.stat(self._tables[table])["entries"]
        return count

    def get(self, key: bytes) -> bytes | None:
        """A value of the flat state."""
        return self._get(b"state", key)

    def account(self, address: bytes) -> Account | None:
        """The account at an address, or None. Raises `Refusal` Malformed if its record is damaged."""
        value = self.get(account_key(address))
        return None if value is None else own_account(value)

    def page(self, key: bytes) -> bytes | None:
        """A page of the tree."""
        return self._get(b"tree", key)

    def key_of(self, path: bytes) -> bytes | None:
        """The key of the flat state whose hash is a path of the tree."""
        return self._get(b"paths", path)

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """The whole flat state, sorted by key."""
        return self._scan(b"state", b"", b"")

    def entries_after(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The flat state behind a key, which need not be there, sorted by key."""
        return self._scan(b"state", key + b"\x00", b"", sought=False)

    def entries_behind(self, after: bytes, prefix: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most so many entries of the flat state whose keys have a prefix, sorted, those that come after a key."""
        return list(islice((entry for entry in self._scan(b"state", after, prefix) if entry[0] != after), limit))

    def pages(self) -> Iterator[tuple[bytes, bytes]]:
        """All pages of the tree, sorted by key."""
        return self._scan(b"tree", b"", b"")

    # Blocks and what they left.

    def block(self, height: int) -> bytes | None:
        """The encoded block at a height. Raises `Refusal` Pruned."""
        data = self._get(b"blocks", height.to_bytes(8))
        if data is None:
            self._refuse_pruned(height)
        return data

    def header(self, height: int) -> bytes | None:
        """The bytes of the header at a height, which are kept for ever. The block, which may be large, is not read."""
        return self._get(b"headers", height.to_bytes(8))

    def first(self) -> int:
        """The height of the block with which the ledger begins: 0, or where it was copied from another network. Raises
        `StoreFailed` if it has not begun.
        """
        if self._first is None:
            for key, _ in self._scan(b"headers", b"", b""):
                self._first = int.from_bytes(key)
                break
            else:
                raise StoreFailed("there is no head")
        return self._first

    def certificate(self, height: int) -> bytes | None:
        """The certificate of the block at a height, kept for ever as its header is; that of the first block is a proof of the
        chain's parameters. None on a chain without validators.
        """
        return self._get(b"certificates", height.to_bytes(8))

    def identities(self, height: int) -> list[bytes]:
        """The identities of a block's transactions, in order. Raises `Refusal` Pruned."""
        data = self._get(b"identities", height.to_bytes(8))
        if data is None:
            self._refuse_pruned(height)
        return split_identities(data or b"")

    def find(self, identity: bytes) -> tuple[int, int] | None:
        """(height, index) of a transaction; None also if it was pruned."""
        place = self.place(identity)
        return None if place is None else (int.from_bytes(place[:8]), int.from_bytes(place[8:]))

    def place(self, identity: bytes) -> bytes | None:
        """The same as it is stored: height and index, big-endian, of eight and four bytes."""
        return self._get(b"index", identity) if len(identity) == HASH_BYTES else None

    def seen(self, identity: bytes) -> bool:
        """Whether a transaction is found, without the look around that makes sure of a no: four microseconds less, for the first
        check of what was just sent, behind which the sequences of the lane stand. Raises `StoreFailed`.
        """
        try:
            return self._read.get(identity, db=self._tables[b"index"]) is not None
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    def receipt(self, height: int, index: int) -> bytes | None:
        """The encoded receipt of a transaction. Raises `Refusal` Pruned."""
        data = self._get(b"receipts", height.to_bytes(8) + index.to_bytes(4))
        if data is None:
            self._refuse_pruned(height)
        return data

    def receipts(self, height: int) -> list[bytes]:
        """All encoded receipts of a block, in order. Raises `Refusal` Pruned."""
        found = [value for _, value in self._scan(b"receipts", height.to_bytes(8), height.to_bytes(8))]
        if not found:
            self._refuse_pruned(height)
        return found

    def events(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most `limit` (cursor, encoded event) that come after a cursor (b"" for the beginning, or what is left of it), fewer
        if they are large. Raises `Refusal` Pruned for a cursor whose followers are gone.
        """
        if height := int.from_bytes(after[:8]):
            self._refuse_pruned(height)
        found: list[tuple[bytes, bytes]] = []
        size = 0
        for key, value in self._scan(b"events", after, b""):
            if key != after:
                found.append((key, value))
                size += len(value)
            if len(found) == limit or size >= PAGE_BYTES_MAX:
                break
        return found

    def block_events(self, height: int) -> list[tuple[bytes, bytes]]:
        """(cursor, encoded event) of all events of a block, in order."""
        return list(self._scan(b"events", height.to_bytes(8), height.to_bytes(8)))

    def pruned_before(self) -> int:
        """The height below which only headers are kept, the first block apart."""
        return read_pruned(self._get(b"meta", PRUNED_KEY))

    def _refuse_pruned(self, height: int) -> None:
        if self.is_empty():
            return
        floor, first = self.pruned_before(), self.first()
        if 0 <= height < first:
            raise Refusal(Refused.PRUNED, f"the ledger begins with block {first}", oldest=first)
        if first < height < floor:
            raise Refusal(Refused.PRUNED, f"blocks before {floor} are kept as headers only", oldest=floor)

    # Old states.

    def at(self, height: int) -> OldView:
        """The flat state as it was after the block at a height. Raises `Refusal` NotFound for a block to come, Pruned for one
        whose state is not kept (`data` has the oldest that is).
        """
        return OldView(self, height)

    def oldest(self) -> int:
        """The oldest height whose state can be read, and to which can be gone back."""
        try:
            cursor = self._read.cursor(self._tables[b"undo"])
            return int.from_bytes(cursor.key()) - 1 if cursor.first() else self.height()
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    def undo(self, height: int) -> Undo | None:
        """What the block at a height has overwritten, if that is still known."""
        data = self._get(b"undo", height.to_bytes(8))
        return None if data is None else decode_undo(data)

    def room(self) -> Room:
        """What the ledger takes on the disk. No value is read. Raises `StoreFailed`."""
        try:
            tables = [self._env.stat(), *[self._read.stat(table) for table in self._tables.values()]]
            used = _META_PAGES + sum(t["branch_pages"] + t["leaf_pages"] + t["overflow_pages"] for t in tables)
            pages, page_bytes = self._env.info()["last_pgno"] + 1, tables[0]["psize"]
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error
        return Room(pages * page_bytes, max(0, pages - used) * page_bytes, self.oldest())

    def backup(self, target: Path) -> None:
        """Copy the ledger as it is now on the disk into a directory that is empty or not there; opening that is all that a
        restore takes. Other threads and processes may go on reading and writing. Raises `Refusal` WrongStore.
        """
        backup.copy(self._env, target, self.marked())

    def check(self) -> None:
        """Read every value that there is once: some three seconds for a million. Raises `StoreFailed` at the first that is not
        as it was written.
        """
        try:
            backup.check_values(self._read, self._tables)
            if not check_paths(self._read, self._tables[b"state"], self._tables[b"paths"]):
                raise StoreFailed("the table of paths does not have the keys of the state")
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    # Within.

    def _get(self, table: bytes, key: bytes) -> bytes | None:
        try:
            stored: bytes | None = self._read.get(key, db=self._tables[table])
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error
        if stored is None:
            self._check_absent(table, key)
            return None
        return unseal(table, key, stored)

    def _check_absent(self, table: bytes, key: bytes) -> None:
        """A key that is not there is between two neighbours, both as they were written: were it one of them, or had a page above
        led astray, that would show.
        """
        try:
            cursor = self._read.cursor(self._tables[table])
            after = cursor.item() if cursor.set_range(key) else None
            before = cursor.item() if (cursor.prev() if after else cursor.last()) else None
            for neighbour in (before, after):
                if neighbour is not None:
                    unseal(table, *neighbour)
            if (before is not None and before[0] >= key) or (after is not None and after[0] <= key):
                raise StoreFailed(f"the table of {table.decode()} is not in order")
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    def _scan(self, table: bytes, start: bytes, prefix: bytes, *, sought: bool = True) -> Iterator[tuple[bytes, bytes]]:
        """The entries from a key on, as long as they have a prefix; to be used up before the reader is renewed. With `sought`
        the first is looked for as a value that is read would be.
        """
        if start and sought:
            self._get(table, start)
        try:
            cursor = self._read.cursor(self._tables[table])
            found = cursor.set_range(start) if start else cursor.first()
            before = b""
            while found:
                key, stored = cursor.item()
                value = unseal(table, key, stored)
                if key <= before:
                    raise StoreFailed(f"the table of {table.decode()} is not in order")
                if not key.startswith(prefix):
                    return
                yield key, value
                before = key
                found = cursor.next()
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error


def decode_head(data: bytes) -> tuple[int, bytes]:
    """(height, hash) of an encoded head. Raises `Refusal` Malformed."""
    height, block_hash = as_list(decode(data), "the head", size=2)
    return as_int(height, 0, HEIGHT_MAX, "height"), as_bytes(block_hash, "the head", size=HASH_BYTES)


def read_pruned(data: bytes | None) -> int:
    """The height below which only headers are kept, of its encoding. Raises `Refusal` Malformed."""
    return 0 if data is None else as_int(decode(data), 0, HEIGHT_MAX, "height")


def split_identities(data: bytes) -> list[bytes]:
    """The identities in the row of a block."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
