"""The writing of a first block whose state is too large for one transaction, or for memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import islice

from chain.primitives.limits import BEGINNING_PAGES_MAX, BEGINNING_ROWS_MAX
from chain.state.writing import Commit, Writing


class Beginning:
    """The state and the tree of a first block, written in many transactions, the block and the head in the last: until then the
    ledger has not begun, and what there is of it goes away with the next beginning. Every method raises `StoreFailed`; then the
    process must stop.
    """

    def __init__(self, writing: Callable[[str], AbstractContextManager[Writing]]) -> None:
        """`writing` gives a synced transaction, all or nothing."""
        self._writing = writing
        self._pages: dict[bytes, bytes | None] = {}
        self._paths: dict[bytes, bytes] = {}
        with self._step() as step:
            step.clear()

    def write_state(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keys and values, sorted, after all that were written before."""
        left = iter(rows)
        while some := dict(islice(left, BEGINNING_ROWS_MAX)):
            with self._step() as step:
                step.add_state(some)

    def write_path(self, path: bytes, key: bytes) -> None:
        """A key of the state by its hash, after all that were written before."""
        self._paths[path] = key
        if len(self._paths) == BEGINNING_ROWS_MAX:
            self._write_paths()

    def write_page(self, key: bytes, page: bytes | None) -> None:
        """A page of the tree."""
        self._pages[key] = page
        if len(self._pages) == BEGINNING_PAGES_MAX:
            self._write_pages()

    def settle(self) -> None:
        """Let all that was given so far be on disk."""
        self._write_paths()
        self._write_pages()

    def finish(self, commit: Commit) -> None:
        """The block, and what stands in `commit` of its state and tree besides."""
        self.settle()
        with self._step() as step:
            step.add(commit, archive=False, begun=True)

    def _write_paths(self) -> None:
        with self._step() as step:
            step.add_paths(self._paths)
        self._paths = {}

    def _write_pages(self) -> None:
        with self._step() as step:
            step.add_pages(self._pages)
        self._pages = {}

    def _step(self) -> AbstractContextManager[Writing]:
        return self._writing("writing block 0")
