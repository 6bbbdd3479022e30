"""The pages of the state tree that are at hand."""

from __future__ import annotations

from collections import OrderedDict

PAGE_OVERHEAD_BYTES = 250  # what Python takes for a page beside its bytes: measured


class PageCache:
    """Pages by their keys, as many as fit; those used longest ago go first. Upper pages stay, since every way down is theirs."""

    __slots__ = ("_bytes_max", "_pages", "bytes_used")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._pages = OrderedDict[bytes, bytes]()
        self.bytes_used = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: bytes) -> bytes | None:
        """The page, or None if it is not at hand."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: bytes, page: bytes | None) -> None:
        """Have this page at hand, or none of this key."""
        old = self._pages.pop(key, None)
        if old is not None:
            self.bytes_used -= len(old) + PAGE_OVERHEAD_BYTES
        if page is None:
            return
        self._pages[key] = page
        self.bytes_used += len(page) + PAGE_OVERHEAD_BYTES
        while self.bytes_used > self._bytes_max:
            _, oldest = self._pages.popitem(last=False)
            self.bytes_used -= len(oldest) + PAGE_OVERHEAD_BYTES
