"""Sorting more byte strings than there is memory for."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgpack

from chain.primitives.limits import SORTED_IN_MEMORY_BYTES_MAX
from chain.primitives.refusal import StoreFailed

_ITEM_BYTES = 41  # that Python takes for a byte string in a list, beside its own
_WRITTEN_TOGETHER = 4_096


class Sorting:
    """Byte strings that are given in any order and come back in theirs; those that are more than fit into `bytes_max` of memory
    wait in files without a name, which are gone when the process is. Every method raises `StoreFailed` if the disk does not do as
    it is told.
    """

    def __init__(self, folder: Path | None = None, *, bytes_max: int = SORTED_IN_MEMORY_BYTES_MAX) -> None:
        """`folder` is where the files are, otherwise where the system has such."""
        self._folder = folder
        self._bytes_max = bytes_max
        self._held: list[bytes] = []
        self._bytes = 0
        self._runs: list[IO[bytes]] = []

    def add(self, item: bytes) -> None:
        """Take one."""
        self._held.append(item)
        self._bytes += len(item) + _ITEM_BYTES
        if self._bytes > self._bytes_max:
            self._put_down()

    def __iter__(self) -> Iterator[bytes]:
        """All of them in their order, once; nothing is added any more."""
        self._held.sort()
        if not self._runs:
            yield from self._held
            return
        try:
            yield from heapq.merge(self._held, *map(_read, self._runs))
        except (OSError, ValueError) as error:
            raise _failed(error) from None

    def close(self) -> None:
        """Forget them all."""
        self._held = []
        for run in self._runs:
            run.close()
        self._runs = []

    def _put_down(self) -> None:
        self._held.sort()
        pack = msgpack.Packer(use_bin_type=True).pack
        try:
            run = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it is closed with the others
            self._runs.append(run)
            for at in range(0, len(self._held), _WRITTEN_TOGETHER):
                run.write(b"".join(map(pack, self._held[at : at + _WRITTEN_TOGETHER])))
            run.seek(0)
        except OSError as error:
            raise _failed(error) from None
        self._held = []
        self._bytes = 0


def _read(run: IO[bytes]) -> Iterator[bytes]:
    return iter(msgpack.Unpacker(run, raw=False, read_size=64 * 1024))


def _failed(error: Exception) -> StoreFailed:
    return StoreFailed(f"sorting on the disk failed: {error}")
