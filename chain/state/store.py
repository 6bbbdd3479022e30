"""The ledger on disk: LMDB, one synced write transaction a block, the head written last."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import lmdb

from chain.primitives.codec import as_bytes, as_int, as_list, decode, encode
from chain.primitives.hash import HASH_BYTES
from chain.primitives.limits import HEIGHT_MAX, PAGE_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.pages import Damaged, check_pages

FORMAT = 2
MAP_BYTES = 64 * 2**30  # address space, not disk: the file grows as it is filled
_HEAD, _FORMAT = b"head", b"format"
_TABLES = (b"meta", b"blocks", b"index", b"receipts", b"events", b"state", b"tree")
CURSOR_BYTES = 16


@dataclass(frozen=True, slots=True)
class Commit:
    """All that one block writes. `state` and `tree` map keys to values, None where one goes away."""

    height: int
    block_hash: bytes
    block: bytes
    identities: Sequence[bytes]
    receipts: Sequence[bytes]
    events: Sequence[tuple[int, int, bytes]]
    """(index of the transaction, number within it, encoded event)"""
    state: Mapping[bytes, bytes | None]
    tree: Mapping[bytes, bytes | None]


class Store:
    """An open data directory. It is a `View` of the state at its head. One process holds it at a time."""

    def __init__(self, directory: Path) -> None:
        """Open or begin a data directory, whose file is looked at before it is trusted. Raises `Refusal` WrongStore."""
        self._lock = _lock(directory)
        self._marker = directory / "begun"
        try:
            self._check_file(directory / "ledger" / "data.mdb")
            self._env = lmdb.open(
                str(directory / "ledger"),
                map_size=MAP_BYTES,
                max_dbs=len(_TABLES),
                subdir=True,
                max_readers=16,
            )
        except Damaged as problem:
            self._lock.close()
            raise damaged(str(problem)) from None
        except (lmdb.Error, OSError) as error:
            self._lock.close()
            if isinstance(error, lmdb.InvalidError | lmdb.CorruptedError | lmdb.VersionMismatchError):
                raise damaged(str(error)) from None
            raise Refusal(
                Refused.WRONG_STORE,
                f"the data directory cannot be opened: {error}",
                "See that it may be read and written, or choose another.",
            ) from None
        try:
            self._tables = {name: self._env.open_db(name) for name in _TABLES}
            self._read = self._env.begin()
            found = self._get(b"meta", _FORMAT)
        except (lmdb.Error, StoreFailed) as error:
            self._env.close()
            self._lock.close()
            raise damaged(str(error)) from None
        if found is not None and found != encode(FORMAT):
            self.close()
            raise Refusal(Refused.WRONG_STORE, f"the data directory has another format than {FORMAT}")

    def _check_file(self, path: Path) -> None:
        """Raises `Damaged`. An empty file is a ledger that has not begun, unless the marker says that it had."""
        if path.exists() and path.stat().st_size:
            check_pages(path)
        elif self._marker.exists():
            raise Damaged("it had a ledger, which is gone")

    def mark(self, genesis: bytes) -> None:
        """Leave a note beside the ledger that it has begun, with the hash of its genesis. Raises `Refusal` WrongStore."""
        if self.marked() == genesis:
            return
        try:
            partial = self._marker.with_name("begun.new")
            partial.write_text(genesis.hex() + "\n")
            partial.replace(self._marker)
        except OSError as error:
            raise Refusal(Refused.WRONG_STORE, f"the data directory cannot be written: {error.strerror}") from None

    def marked(self) -> bytes | None:
        """The hash of the genesis with which the ledger began, if there is a readable note of it."""
        try:
            return bytes.fromhex(self._marker.read_text())
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Close it. Nothing is lost: every commit has been synced."""
        self._read.abort()
        self._env.close()
        self._lock.close()

    # Reading.

    def is_empty(self) -> bool:
        """Whether there is no genesis yet."""
        return self._get(b"meta", _HEAD) is None

    def head(self) -> tuple[int, bytes] | None:
        """(height, hash) of the last block, or None when there is no genesis yet."""
        data = self._get(b"meta", _HEAD)
        if data is None:
            return None
        height, block_hash = as_list(decode(data), "the head", size=2)
        return as_int(height, 0, HEIGHT_MAX, "height"), as_bytes(block_hash, "the head", size=HASH_BYTES)

    def size(self) -> int:
        """How many keys the flat state has."""
        count: int = self._read.stat(self._tables[b"state"])["entries"]
        return count

    def get(self, key: bytes) -> bytes | None:
        """A value of the flat state."""
        return self._get(b"state", key)

    def page(self, key: bytes) -> bytes | None:
        """A page of the tree."""
        return self._get(b"tree", key)

    def block(self, height: int) -> bytes | None:
        """The encoded block at a height."""
        return self._get(b"blocks", height.to_bytes(8))

    def find(self, identity: bytes) -> tuple[int, int] | None:
        """(height, index) of a transaction."""
        place = self._get(b"index", identity) if len(identity) == HASH_BYTES else None
        return None if place is None else (int.from_bytes(place[:8]), int.from_bytes(place[8:]))

    def receipt(self, height: int, index: int) -> bytes | None:
        """The encoded receipt of a transaction."""
        return self._get(b"receipts", height.to_bytes(8) + index.to_bytes(4))

    def receipts(self, height: int) -> list[bytes]:
        """All encoded receipts of a block, in order."""
        return [value for _, value in self._scan(b"receipts", height.to_bytes(8), height.to_bytes(8))]

    def events(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most `limit` (cursor, encoded event) that come after a cursor (b"" for the beginning), fewer if they are
        large.
        """
        found: list[tuple[bytes, bytes]] = []
        size = 0
        for key, value in self._scan(b"events", after, b""):
            if key != after:
                found.append((key, value))
                size += len(value)
            if len(found) == limit or size >= PAGE_BYTES_MAX:
                break
        return found

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """The whole flat state, sorted by key."""
        return self._scan(b"state", b"", b"")

    def _get(self, table: bytes, key: bytes) -> bytes | None:
        try:
            value: bytes | None = self._read.get(key, db=self._tables[table])
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error
        return value

    def _scan(self, table: bytes, start: bytes, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        try:
            with self._env.begin(db=self._tables[table]) as transaction:
                cursor = transaction.cursor()
                found = cursor.set_range(start) if start else cursor.first()
                while found and bytes(cursor.key()).startswith(prefix):
                    yield bytes(cursor.key()), bytes(cursor.value())
                    found = cursor.next()
        except lmdb.Error as error:
            raise StoreFailed(f"reading failed: {error}") from error

    # Writing.

    def commit(self, commit: Commit) -> None:
        """Write one block, all or nothing, and wait for the disk. Raises `StoreFailed`; then the process must
        stop.
        """
        head = self.head()
        assert commit.height == (0 if head is None else head[0] + 1), "blocks are written in order"
        height = commit.height.to_bytes(8)
        try:
            with self._env.begin(write=True) as transaction:
                put = transaction.put
                tables = self._tables
                if head is None:
                    put(_FORMAT, encode(FORMAT), db=tables[b"meta"])
                put(height, commit.block, db=tables[b"blocks"])
                for index, (identity, receipt) in enumerate(zip(commit.identities, commit.receipts, strict=True)):
                    place = height + index.to_bytes(4)
                    put(identity, place, db=tables[b"index"])
                    put(place, receipt, db=tables[b"receipts"])
                for index, number, event in commit.events:
                    put(height + index.to_bytes(4) + number.to_bytes(4), event, db=tables[b"events"])
                for name, changes in ((b"state", commit.state), (b"tree", commit.tree)):
                    for key, value in sorted(changes.items()):
                        if value is None:
                            transaction.delete(key, db=tables[name])
                        else:
                            put(key, value, db=tables[name])
                put(_HEAD, encode([commit.height, commit.block_hash]), db=tables[b"meta"])
        except (lmdb.Error, OSError) as error:
            raise StoreFailed(f"writing block {commit.height} failed: {error}") from error
        self._read.abort()
        self._read = self._env.begin()


def damaged(what: str) -> Refusal:
    """The refusal of a data directory that is not as it was written."""
    return Refusal(
        Refused.WRONG_STORE,
        f"the data directory is damaged: {what}",
        "Restore it from a copy, or begin with an empty one.",
    )


def _lock(directory: Path) -> TextIOWrapper:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = (directory / "lock").open("a")
    except OSError as error:
        raise Refusal(
            Refused.WRONG_STORE,
            f"the data directory cannot be opened: {error.strerror}",
            "Choose another directory.",
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise Refusal(
            Refused.WRONG_STORE,
            "another node holds this data directory",
            "Stop the other node, or choose another one.",
        ) from None
    return handle
