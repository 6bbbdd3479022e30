"""The pages of an LMDB file, looked at before they are mapped: LMDB trusts them, and a page that lies (or is not there) can
kill the process. The layout is that of LMDB 0.9 on 64-bit little-endian machines.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, unpack_from
from typing import BinaryIO

PAGES_CHECKED_MAX = 20_000  # with the upper ones first: about a second

_HEADER = Struct("<QHHHH")  # number, padding, flags, lower, upper
_META = Struct("<IIQQ")  # magic, version, address, size of the map; then two databases, last page, transaction
_DATABASE = Struct("<IHHQQQQQ")  # padding, flags, depth, branches, leaves, overflows, entries, root
_LAST = Struct("<QQ")
_NODE = Struct("<HHHH")  # low half of the size, high half, flags, size of the key
_NUMBER = Struct("<Q")
_MAGIC, _VERSION, _NO_PAGE = 0xBEEFC0DE, 1, 2**64 - 1
_BRANCH, _LEAF, _OVERFLOW, _IS_META = 1, 2, 4, 8
_KINDS = _BRANCH | _LEAF | _OVERFLOW | _IS_META
_BIG, _DATABASE_NODE = 1, 2
_INTEGER_KEYS = 8  # what the table of free pages is flagged with, and no other
_DEPTH_MAX = 32
_PAGE_SIZES = tuple(2**power for power in range(9, 17))


class Damaged(Exception):
    """What is wrong with the file."""


@dataclass(slots=True)
class _Table:
    """What a table says of itself, the list of free pages being one too, and what has been found of it: pages of three kinds, and
    entries.
    """

    free: bool
    said: tuple[int, int, int, int]
    branches: int = 0
    leaves: int = 0
    overflows: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A page that should be there: its number, its height above the leaves, and of which table it is."""

    number: int
    height: int
    table: _Table


def check_pages(path: Path) -> None:
    """Look at both meta pages and at the pages that can be reached, upper ones first, at most `PAGES_CHECKED_MAX`. Raises
    `Damaged`, `OSError`.

    A file may end before its last page if that one is free. Of a file that does, all pages are looked at.
    """
    with path.open("rb") as file:
        _File(file).check()


class _File:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._page_size = 0
        self._last = 0
        self._waiting: deque[_Place] = deque()
        self._tables: list[_Table] = []
        self._runs: dict[int, int] = {}  # of neighbouring pages that are pointed at: the first, and how many
        self._looked_at = 0

    def check(self) -> None:
        self._roots(self._newest_meta())
        cut = self._size < (self._last + 1) * self._page_size
        while self._waiting and (cut or self._looked_at < PAGES_CHECKED_MAX):
            self._check_page(self._waiting.popleft())
        end = 0
        for number, count in sorted(self._runs.items()):
            if number < end:
                raise Damaged(f"page {number} is used twice")
            end = number + count
        for table in () if self._waiting else self._tables:
            if (table.branches, table.leaves, table.overflows, table.entries) != table.said:
                raise Damaged("a table does not have as much as it says")

    def _newest_meta(self) -> bytes:
        start = self._file.read(_HEADER.size + _META.size + _DATABASE.size)
        if len(start) < _HEADER.size + _META.size + _DATABASE.size:
            raise Damaged("it was cut off")
        (self._page_size,) = Struct("<I").unpack_from(start, _HEADER.size + _META.size)
        if self._page_size not in _PAGE_SIZES:
            raise Damaged("its first page is not one of a ledger")
        metas: list[tuple[int, bytes]] = []
        for number in (0, 1):
            page = self._read(number)
            magic, version, _, _ = _META.unpack_from(page, _HEADER.size)
            own, _, flags, _, _ = _HEADER.unpack_from(page)
            if own != number or not flags & _IS_META or (magic, version) != (_MAGIC, _VERSION):
                raise Damaged(f"page {number} is not one of a ledger")
            _, transaction = _LAST.unpack_from(page, _HEADER.size + _META.size + 2 * _DATABASE.size)
            metas.append((transaction, page))
        # They are written in turn. One that is out of turn would hide the newest block.
        if abs(metas[0][0] - metas[1][0]) > 1 or any(turn and turn % 2 != number for number, (turn, _) in enumerate(metas)):
            raise Damaged("its first two pages do not belong together")
        # Of equal ones LMDB takes the first.
        return metas[1][1] if metas[1][0] > metas[0][0] else metas[0][1]

    def _roots(self, meta: bytes) -> None:
        at = _HEADER.size + _META.size
        self._last, _ = _LAST.unpack_from(meta, at + 2 * _DATABASE.size)
        self._add_database(meta, at, free=True)
        self._add_database(meta, at + _DATABASE.size, free=False)

    def _add_database(self, data: bytes, at: int, *, free: bool) -> None:
        _, flags, depth, branches, leaves, overflows, entries, root = _DATABASE.unpack_from(data, at)
        if flags != (_INTEGER_KEYS if free else 0):
            raise Damaged("a table is of a kind that is not used")
        table = _Table(free, (branches, leaves, overflows, entries))
        self._tables.append(table)
        if root == _NO_PAGE:
            return
        if not 1 <= depth <= _DEPTH_MAX:
            raise Damaged("a table has no possible depth")
        self._waiting.append(_Place(root, depth - 1, table))

    def _read(self, number: int, count: int = 1) -> bytes:
        """Pages that must be whole."""
        self._file.seek(number * self._page_size)
        data = self._file.read(count * self._page_size)
        if len(data) < count * self._page_size:
            raise Damaged("it was cut off")
        return data

    def _known(self, number: int, count: int = 1) -> None:
        """Pages that may be pointed at, once."""
        if not 2 <= number <= self._last - count + 1:
            raise Damaged("a page points beyond the end")
        if number in self._runs:
            raise Damaged(f"page {number} is used twice")
        self._runs[number] = count
        self._looked_at += 1

    def _check_page(self, place: _Place) -> None:
        self._known(place.number)
        page = self._read(place.number)
        number, _, flags, lower, upper = _HEADER.unpack_from(page)
        wrong = Damaged(f"page {place.number} makes no sense")
        if number != place.number or flags & _KINDS != (_BRANCH if place.height else _LEAF):
            raise wrong
        if lower % 2 or not _HEADER.size < lower <= upper <= self._page_size:
            raise wrong
        table = place.table
        before, room, count = b"", upper, (lower - _HEADER.size) // 2
        if place.height:
            table.branches += 1
        else:
            table.leaves += 1
            table.entries += count
        for i, at in enumerate(unpack_from(f"<{count}H", page, _HEADER.size)):
            if not upper <= at <= self._page_size - _NODE.size:
                raise wrong
            low, high, node_flags, key_size = _NODE.unpack_from(page, at)
            value = at + _NODE.size + key_size
            if value > self._page_size:
                raise wrong
            key = page[at + _NODE.size : value]
            if not table.free and i and not (key > before or (place.height and i == 1)):
                raise wrong
            before = key
            if place.height:
                self._waiting.append(_Place(low | high << 16 | node_flags << 32, place.height - 1, table))
            elif node_flags or table.free:
                self._check_value(page, value, low | high << 16, node_flags, table, wrong)
                value += _NUMBER.size if node_flags & _BIG else low | high << 16
            else:
                value += low | high << 16
                if value > self._page_size:
                    raise wrong
            room += value - at + (value - at) % 2
        if room != self._page_size:  # entries fill the end of a page; with one that is not listed there would be a gap
            raise wrong

    def _check_value(self, page: bytes, at: int, size: int, flags: int, table: _Table, wrong: Damaged) -> None:
        if flags & ~(_BIG | _DATABASE_NODE):
            raise wrong
        if flags & _BIG:
            if at + _NUMBER.size > self._page_size:
                raise wrong
            number, count = _NUMBER.unpack_from(page, at)[0], (_HEADER.size + size + self._page_size - 1) // self._page_size
            table.overflows += count
            self._check_overflow(number, count)
            data = self._read(number, count)[_HEADER.size : _HEADER.size + size] if table.free else b""
        elif at + size > self._page_size:
            raise wrong
        else:
            data = page[at : at + size]
        if table.free:
            self._check_free(data)
        elif flags & _DATABASE_NODE:
            if size != _DATABASE.size or flags & _BIG:
                raise wrong
            self._add_database(data, 0, free=False)

    def _check_overflow(self, number: int, count: int) -> None:
        """The pages of a value that has its own, of which only the first says what it is."""
        self._known(number, count)
        if (number + count) * self._page_size > self._size:
            raise Damaged("it was cut off")
        own, _, flags, low, high = _HEADER.unpack(self._read(number)[: _HEADER.size])
        if own != number or flags & _KINDS != _OVERFLOW or low | high << 16 < count:
            raise Damaged(f"page {number} makes no sense")

    def _check_free(self, data: bytes) -> None:
        """A list of free pages: how many, and their numbers."""
        numbers = [number for (number,) in _NUMBER.iter_unpack(data[: len(data) // _NUMBER.size * _NUMBER.size])]
        if not numbers or len(numbers) <= numbers[0]:
            raise Damaged("its list of free pages makes no sense")
        if any(not 2 <= number <= self._last for number in numbers[1 : numbers[0] + 1]):
            raise Damaged("its list of free pages makes no sense")
