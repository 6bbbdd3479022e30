"""Blocks on their way to the disk, in a thread of their own: while it waits for the disk the next blocks are made."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from chain.ledger.apply import Applied
from chain.node.node import Node


class Written(NamedTuple):
    """Blocks that are on disk now, and what it took: seconds in all, and of these seconds of waiting for the disk."""

    blocks: list[Applied]
    seconds: float
    sync_seconds: float


class Writer:
    """Writes the blocks of a node in their order. All that wait when the disk is free again are written in one go, with one wait
    for the disk, so that many small blocks a second do not each have to wait for it.
    """

    def __init__(self, node: Node, on_written: Callable[[Written], None], on_failure: Callable[[BaseException], None]) -> None:
        """Both are called in the writer's thread."""
        self._node = node
        self._on_written = on_written
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Applied | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="tael-writer", daemon=True)
        self._thread.start()

    def write(self, applied: Applied) -> None:
        """Write a block some time soon."""
        self._queue.put(applied)

    def close(self) -> None:
        """Return when all is written."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        closing = False
        while not closing:
            blocks, closing = self._take()
            if not blocks:
                continue
            began = perf_counter()
            try:
                self._node.store.write(*[self._node.commit_of(applied) for applied in blocks])
            except BaseException as error:  # whatever it is, the process must stop
                self._on_failure(error)
                return
            self._on_written(Written(blocks, perf_counter() - began, self._node.store.sync_seconds))

    def _take(self) -> tuple[list[Applied], bool]:
        """The blocks that wait, at least one unless the writer closes; and whether it does."""
        found = self._queue.get()
        blocks: list[Applied] = []
        while found is not None:
            blocks.append(found)
            try:
                found = self._queue.get_nowait()
            except queue.Empty:
                return blocks, False
        return blocks, True
