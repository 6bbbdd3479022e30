"""What is done to the tables within one write transaction: a block added, blocks taken back, the bodies of old blocks removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import lmdb
import msgpack

from chain.primitives.codec import as_bytes, encode
from chain.primitives.limits import PRUNED_ROWS_MAX, UNDO_BLOCKS_MAX, UNDO_BYTES_MAX, UNDO_RECORDS_REMOVED_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.formats import write_format
from chain.state.paths import changed_paths
from chain.state.reader import HEAD_KEY, PRUNED_KEY, Tables, decode_head, read_pruned, split_identities
from chain.state.sealed import SEAL, SEEDS, seal, sealed, unseal
from chain.state.undo import Undo, decode_undo, encode_undo


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
    certificate: bytes | None = None
    """Of its validators, encoded; of block 0 the proof of the chain's parameters. None on a chain without validators."""


class Writing:
    """A write transaction over the tables. Every method raises `StoreFailed` and `lmdb.Error`, after which it must be aborted."""

    def __init__(self, transaction: lmdb.Transaction[bytes], tables: Tables) -> None:
        self._transaction = transaction
        self._tables = tables

    # The three things that are done.

    def clear(self) -> None:
        """Empty the state and the tree: what is in them without a head was left by a beginning that did not come to its end."""
        for name in (b"state", b"paths", b"tree"):
            if self._transaction.stat(self._tables[name])["entries"]:
                self._transaction.drop(self._tables[name], delete=False)

    def add_state(self, rows: Mapping[bytes, bytes]) -> None:
        """Add to the state of a first block, in order and after all that is there."""
        self._append(b"state", list(rows), rows.values())

    def add_paths(self, rows: Mapping[bytes, bytes]) -> None:
        """Enter keys of the state of a first block by their hashes, in the order of these and after all that are there."""
        self._append(b"paths", list(rows), rows.values())

    def add_pages(self, pages: Mapping[bytes, bytes | None]) -> None:
        """Add to the tree of a first block."""
        self._change(b"tree", pages)

    def add(self, commit: Commit, *, archive: bool, begun: bool = False) -> None:
        """Add the next block; the first one to an empty state, unless that was `begun` for it. Undo records that have become too
        many or too large go away, unless it is for an archive.
        """
        head = self._get(b"meta", HEAD_KEY)
        if head is None and not begun:
            self.clear()
        assert head is None or commit.height == decode_head(head)[0] + 1, "blocks are written in order"
        height = commit.height.to_bytes(8)
        places = [height + index.to_bytes(4) for index in range(len(commit.identities))]
        events = [height + index.to_bytes(4) + number.to_bytes(4) for index, number, _ in commit.events]
        self._append(b"headers", [height], [_header_of(commit.block)])
        if commit.certificate is not None:
            self._append(b"certificates", [height], [commit.certificate])
        self._append(b"blocks", [height], [commit.block])
        self._append(b"identities", [height], [b"".join(commit.identities)])
        self._append(b"receipts", places, commit.receipts)
        self._append(b"events", events, [event for _, _, event in commit.events])
        self._change(b"index", dict(zip(commit.identities, places, strict=True)))
        self._change(b"tree", commit.tree)
        keys = sorted(commit.state)
        old = self._replace(b"state", keys, commit.state)
        self._change_paths(keys, old, commit.state)
        if head is None:
            write_format(self._transaction, self._tables[b"meta"])
        else:
            self._append(b"undo", [height], [encode_undo(head, keys, old)])
            if not archive:
                self._forget_undo()
        self._put(b"meta", HEAD_KEY, encode([commit.height, commit.block_hash]))

    def revert(self, height: int, tree: Mapping[bytes, bytes | None]) -> None:
        """Make it what it was after the block at a height. Raises `Refusal` NotFound, Pruned."""
        top = decode_head(self._get(b"meta", HEAD_KEY) or b"")[0]
        if not 0 <= height <= top:
            raise Refusal(Refused.NOT_FOUND, f"there is no block {height}; the newest is {top}", head=top)
        if height == top:
            return
        head: bytes | None = None
        state: dict[bytes, bytes | None] = {}
        for record in self._records(height + 1, top):
            head = head or record.head
            for key, stored in record.state.items():
                state.setdefault(key, stored)
        then = {key: stored and unseal(b"state", key, stored) for key, stored in state.items()}
        keys = sorted(then)
        self._change_paths(keys, self._replace(b"state", keys, then), then)
        self._change(b"tree", tree)
        for each in range(top, height, -1):
            self._remove_body(each)
            for name in (b"headers", b"undo", b"certificates"):
                self._transaction.delete(each.to_bytes(8), db=self._tables[name])
        assert head is not None
        self._put(b"meta", HEAD_KEY, head)

    def prune(self, before: int) -> int:
        """Leave only the headers of blocks below a height, but for genesis and those whose state is kept, as far as one call
        goes. Returns the height below which that is done now.
        """
        top = decode_head(self._get(b"meta", HEAD_KEY) or b"")[0]
        floor = max(1 + next(self._heights(b"headers"), 0), read_pruned(self._get(b"meta", PRUNED_KEY)))
        before = min(before, next(self._heights(b"undo"), top + 1) - 1)
        height = floor
        rows = 0
        while height < before and rows < PRUNED_ROWS_MAX:
            rows += 1 + self._remove_body(height)
            height += 1
        if height == floor:
            return read_pruned(self._get(b"meta", PRUNED_KEY))
        self._put(b"meta", PRUNED_KEY, encode(height))
        return height

    # What they are made of.

    def _records(self, first: int, last: int) -> Iterator[Undo]:
        """Undo records. Raises `Refusal` Pruned if there are not all."""
        for height in range(first, last + 1):
            data = self._get(b"undo", height.to_bytes(8))
            if data is None:
                oldest = next(self._heights(b"undo"), last + 1) - 1
                message = f"height {first - 1} cannot be gone back to; {oldest} is the oldest that can"
                raise Refusal(Refused.PRUNED, message, oldest=oldest, head=last)
            yield decode_undo(data)

    def _remove_body(self, height: int) -> int:
        """Remove a block with what it left, but for state and undo record; how many rows that were."""
        key, end = height.to_bytes(8), (height + 1).to_bytes(8)
        identities = split_identities(self._get(b"identities", key) or b"")
        for identity in identities:
            self._transaction.delete(identity, db=self._tables[b"index"])
        for name in (b"blocks", b"identities"):
            self._transaction.delete(key, db=self._tables[name])
        rows = len(identities)
        for name in (b"receipts", b"events"):
            cursor = self._cursor(name)
            found = cursor.set_range(key)
            while found and cursor.key() < end:
                found = cursor.delete()
                rows += 1
        return rows

    def _forget_undo(self) -> None:
        """Remove the oldest records, a few at a time, while they are too many or too large; never the newest."""
        table = self._tables[b"undo"]
        for _ in range(UNDO_RECORDS_REMOVED_MAX):
            kept = self._transaction.stat(table)
            size = kept["psize"] * (kept["branch_pages"] + kept["leaf_pages"] + kept["overflow_pages"])
            if kept["entries"] <= UNDO_BLOCKS_MAX and (size <= UNDO_BYTES_MAX or kept["entries"] <= 1):
                return
            cursor = self._cursor(b"undo")
            cursor.first()
            cursor.delete()

    def _heights(self, name: bytes) -> Iterator[int]:
        cursor = self._cursor(name)
        return (int.from_bytes(key) for key in cursor.iternext(values=False))

    def _get(self, name: bytes, key: bytes) -> bytes | None:
        stored: bytes | None = self._transaction.get(key, db=self._tables[name])
        return None if stored is None else unseal(name, key, stored)

    def _put(self, name: bytes, key: bytes, value: bytes) -> None:
        self._transaction.put(key, seal(name, key, value), db=self._tables[name])

    def _append(self, name: bytes, keys: Sequence[bytes], values: Iterable[bytes]) -> None:
        """Set keys that are in order and come after all that are there."""
        _, added = self._cursor(name).putmulti(zip(keys, sealed(name, keys, values), strict=True), append=True)
        if added != len(keys):
            raise StoreFailed(f"the table of {name.decode()} goes beyond the head")

    def _change(self, name: bytes, changes: Mapping[bytes, bytes | None]) -> None:
        """Set keys and remove those whose value is None, in their order: neighbours are on the same pages."""
        keys = sorted(changes)
        values = {key: value for key in keys if (value := changes[key]) is not None}
        self._cursor(name).putmulti(zip(values, sealed(name, values, values.values()), strict=True))
        if len(values) < len(keys):
            for key in keys:
                if key not in values:
                    self._transaction.delete(key, db=self._tables[name])

    def _change_paths(self, keys: Sequence[bytes], old: Sequence[object], changes: Mapping[bytes, object]) -> None:
        """Enter the keys of the state that are new, and remove those that are gone: most blocks have few of either."""
        paths = changed_paths(keys, old, [changes[key] for key in keys])
        if paths:
            self._change(b"paths", paths)

    def _replace(self, name: bytes, keys: Sequence[bytes], changes: Mapping[bytes, bytes | None]) -> list[bytes | None]:
        """The same, with what was stored before: faster than to read it first."""
        cursor, seed = self._cursor(name), SEEDS[name]
        replace, pop, pack = cursor.replace, cursor.pop, SEAL.pack
        return [
            pop(key) if (value := changes[key]) is None else replace(key, value + pack(crc32(value, crc32(key, seed))))
            for key in keys
        ]

    def _cursor(self, name: bytes) -> lmdb.Cursor[bytes]:
        return self._transaction.cursor(self._tables[name])


def _header_of(block: bytes) -> bytes:
    """The bytes of the header in an encoded block, an array of two of which they are the first. The rest is not looked at."""
    unpacker = msgpack.Unpacker(max_buffer_size=len(block) + 1)
    unpacker.feed(block)
    assert unpacker.read_array_header() == 2, "a block is its header and its transactions"
    return as_bytes(unpacker.unpack(), "a header")
