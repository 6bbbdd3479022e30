"""The condition of a node: whether it is alive, whether it is ready and if not why, and the numbers of the present moment.

The node's own thread enters what happens; the thread of the operations port asks.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from enum import StrEnum
from importlib import metadata

import lmdb

from chain.node.logs import say
from chain.node.measures import Measures
from chain.node.metrics import Gauge, Labels, Metric
from chain.node.node import Node
from chain.node.processes import Usage, read_usage
from chain.primitives.limits import BEAT_SECONDS_MAX
from chain.primitives.refusal import StoreFailed
from chain.state.reader import Room


class Stage(StrEnum):
    """How far a node is between its start and its end."""

    OPENING = "opening"
    SERVING = "serving"
    DRAINING = "draining"


class Vitals:
    """What is known of a node's condition."""

    def __init__(
        self,
        measures: Measures,
        *,
        head_age_seconds_max: float,
        disk_free_bytes_min: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`head_age_seconds_max` is for how long no block may be written while one is due; with less than `disk_free_bytes_min`
        on the disk nobody should send anything, so that there is time before a block has no room.
        """
        self.measures = measures
        self.stage = Stage.OPENING
        self.node: Node | None = None
        self.block_time_ms: int | None = 0
        self.ahead: Callable[[], int] = _none
        """How many blocks are being written."""
        self.connections: Callable[[], int] = _none
        self.workers: Callable[[], dict[str, int]] = dict
        """The workers' names and process identities."""
        self.worker_starts: Callable[[], int] = _none
        self._head_age_seconds_max = head_age_seconds_max
        self._disk_free_bytes_min = disk_free_bytes_min
        self._disk_is_low = False
        self._clock = clock
        self._beat = self._written = self._began = clock()
        self._store_in_use = threading.Lock()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._oldest: float | None = None

    # What the node's thread enters.

    def opened(self, node: Node) -> None:
        """The store is open, and the head known."""
        self.node = node
        self._written = self._clock()

    def closes(self) -> None:
        """The store is to be closed, and not asked any more."""
        with self._store_in_use:
            self.node = None

    def beat(self) -> None:
        """The node's thread is at work: it says so again and again, and looks who has waited longest."""
        now = self._beat = self._clock()
        if self.node is None:
            return
        pool = self.node.pool
        self._arrivals.append((pool.arrivals, now))
        oldest = pool.oldest()
        while self._arrivals and (oldest is None or self._arrivals[0][0] < oldest):
            self._arrivals.popleft()
        self._oldest = self._arrivals[0][1] if oldest is not None and self._arrivals else None
        self._look_at_disk()

    def written(self) -> None:
        """A block is on disk."""
        self._written = self._clock()

    def _look_at_disk(self) -> None:
        free = self.disk_free()
        was, self._disk_is_low = self._disk_is_low, free is not None and free < self._disk_free_bytes_min
        if self._disk_is_low and not was:
            say(logging.WARNING, "the disk is nearly full", free_bytes=free, wanted_bytes=self._disk_free_bytes_min)

    # What the operations port asks.

    def alive(self) -> str | None:
        """None if the node works, else what is wrong: restarting it is the remedy."""
        node = self.node
        if node is not None and node.failure is not None:
            return "the node has stopped after a failure"
        still = self._clock() - self._beat
        if self.stage is not Stage.OPENING and still > BEAT_SECONDS_MAX:
            return f"the node has done nothing for {still:.0f} s"
        return None

    def unready(self) -> list[str]:
        """Why nobody should send anything here at present; empty if all is well."""
        dead = self.alive()
        reasons = [] if dead is None else [dead]
        if self.stage is not Stage.SERVING:
            reasons.append("the store is being opened" if self.stage is Stage.OPENING else "the node is stopping")
        overdue = self.overdue_seconds()
        if overdue > self._head_age_seconds_max:
            reasons.append(f"no block was written for {overdue:.0f} s, though one was due")
        if self._disk_is_low:
            reasons.append(f"less than {self._disk_free_bytes_min // 1024**2} MB are free on the disk")
        return reasons

    def disk_free(self) -> int | None:
        """Bytes that are free on the disk of the data directory, if that is known."""
        node = self.node
        with suppress(OSError):
            return None if node is None else shutil.disk_usage(node.directory).free
        return None

    def overdue_seconds(self) -> float:
        """For how long a block has been due and none was written: at an interval always, else while something waits."""
        node = self.node
        if node is None or self.stage is not Stage.SERVING or self.block_time_ms is None:
            return 0
        now = self._clock()
        since = self._written
        if not self.block_time_ms:
            oldest = self._oldest
            if oldest is None or not node.pool.ready:
                return 0
            since = max(since, oldest)
        return max(0.0, now - since - (self.block_time_ms / 1000))

    def metrics(self) -> list[Metric]:
        """Every metric of a node."""
        return [*self._present(), *self.measures.all()]

    # The numbers of the present moment.

    def _present(self) -> list[Gauge]:
        room, usages, node = self._room(), self._usages(), self.node
        pool = None if node is None else node.pool.counts()
        return [
            Gauge("tael_build_info", "The version, as labels.", _build, "version", "python"),
            Gauge("tael_up_seconds", "Time since the start.", lambda: self._clock() - self._began),
            Gauge("tael_ready", "1 if /ready says yes, else 0.", lambda: not self.unready()),
            Gauge("tael_height", "Height of the newest block on disk.", self._height),
            Gauge("tael_head_age_seconds", "Time since the newest block, by its own time.", self._head_age),
            Gauge("tael_block_overdue_seconds", "For how long a block has been due.", self.overdue_seconds),
            Gauge("tael_pool_transactions", "Transactions that wait, by what for.", lambda: pool and {
                ("ready",): pool.ready, ("gap",): pool.queued, ("block",): pool.taken}, "state"),
            Gauge("tael_pool_bytes", "Bytes of all that wait.", lambda: pool and pool.size_bytes),
            Gauge("tael_pool_oldest_seconds", "How long the one that waits longest has waited, to a second.", self._oldest_age),
            Gauge("tael_blocks_ahead", "Blocks that were made and are being written.", self.ahead),
            Gauge("tael_connections", "Connections to the API that are open.", self.connections),
            Gauge("tael_store_bytes", "Bytes of the ledger's file.", lambda: room and room.size_bytes),
            Gauge("tael_store_free_bytes", "Bytes in that file that are free for what comes.", lambda: room and room.free_bytes),
            Gauge("tael_disk_free_bytes", "Bytes that are free on the disk of the data directory.", self.disk_free),
            Gauge("tael_undo_oldest_height", "The oldest height whose state can be read.", lambda: room and room.oldest_height),
            Gauge("tael_workers", "Worker processes at work.", lambda: len(self.workers())),
            Gauge("tael_worker_starts_total", "Worker processes started.", self.worker_starts, kind="counter"),
            Gauge("tael_processor_seconds_total", "Processor time, by process.",
                  lambda: {who: usage.processor_seconds for who, usage in usages.items()}, "process", kind="counter"),
            Gauge("tael_resident_bytes", "Memory, by process.",
                  lambda: {who: usage.resident_bytes for who, usage in usages.items()}, "process"),
            Gauge("tael_open_files", "Open files and sockets, by process.",
                  lambda: {who: usage.open_files for who, usage in usages.items()}, "process"),
        ]  # fmt: skip

    def _height(self) -> int | None:
        node = self.node
        return None if node is None else node.head.height

    def _head_age(self) -> float | None:
        node = self.node
        return None if node is None else max(0.0, time.time() - node.head.time_ms / 1000)

    def _oldest_age(self) -> float:
        oldest = self._oldest
        return 0 if oldest is None else self._clock() - oldest

    def _room(self) -> Room | None:
        with self._store_in_use, suppress(StoreFailed, lmdb.Error):
            if self.node is not None and self.node.failure is None:
                with closing(self.node.store.beside()) as reader:
                    return reader.room()
        return None

    def _usages(self) -> dict[Labels, Usage]:
        pids = {"node": os.getpid(), **self.workers()}
        found = {(who,): read_usage(pid) for who, pid in pids.items()}
        return {who: usage for who, usage in found.items() if usage is not None}


def build() -> dict[str, str]:
    """What runs: the versions of Tael and of Python."""
    try:
        version = metadata.version("tael")
    except metadata.PackageNotFoundError:
        version = "unknown"
    return {"version": version, "python": platform.python_version()}


def _build() -> dict[Labels, float]:
    return {tuple(build().values()): 1}


def _none() -> int:
    return 0
