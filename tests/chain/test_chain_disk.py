"""A disk that is full, or fails at a call of choice: the process is told, and the ledger opens where it was."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from ctypes import CDLL
from itertools import count
from pathlib import Path

import pytest
from store_world import block, changes, contents

from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state import directory as directory_module
from chain.state.store import Store

ROOT = Path(__file__).parents[2]
NOT_DONE, HALF_DONE, DONE = range(3)
BLOCKS = 3
"""Blocks that are written while calls fail."""


def start(directory: Path) -> None:
    """A ledger of five blocks."""
    with closing(Store(directory)) as store:
        for _ in range(5):
            add(store)


def add(store: Store) -> None:
    """The next block, whose content hangs on its height alone."""
    head = store.head()
    store.commit(block(store, changes(random.Random(-1 if head is None else head[0]), 400, 60)))


def digest(directory: Path) -> tuple[int, bytes]:
    """(height, hash of all tables) of a closed ledger."""
    with closing(Store(directory)) as store:
        rows = repr([sorted(table.items()) for table in contents(store).values()])
        return store.height(), hashlib.sha256(rows.encode()).digest()


def right_digests(directory: Path) -> dict[int, bytes]:
    """What a ledger should have at the heights at which it can be found."""
    found = dict([digest(directory)])
    for _ in range(BLOCKS):
        with closing(Store(directory)) as store:
            add(store)
        found.update([digest(directory)])
    return found


# In a process whose disk fails.


def fail_at_every_call(directory: Path, way: int, error: int, for_ever: int) -> None:
    """Write blocks so often, with the first, the second, … call failing, until all are written before that; after each time look
    at what there is, with a disk that works.
    """
    disk = CDLL(None)
    start(directory / "whole")
    shutil.copytree(directory / "whole", directory / "right")
    right = right_digests(directory / "right")
    for at in count(1):
        place = directory / "copy"
        shutil.copytree(directory / "whole", place)
        code, acknowledged = write_in_a_child(disk, place, (at, error, way, for_ever))
        height, found = digest(place)
        assert right[height] == found, f"call {at}: another state at height {height}"
        assert 0 <= height - acknowledged <= 1, f"call {at}: {acknowledged} was acknowledged and {height} is there"
        shutil.rmtree(place)
        if code == 0:
            assert acknowledged == max(right)
            assert at > 3 * BLOCKS  # the pages, their sync, and the head of each
            return
        assert code == 7, f"call {at}: {code}"


def write_in_a_child(disk: CDLL, directory: Path, failing: tuple[int, int, int, int]) -> tuple[int, int]:
    """(what became of a process that adds blocks, the last height that it acknowledged): 0 all were written, 7 `StoreFailed`, now
    and at every later writing.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store = Store(directory)
            os.write(writing, bytes([store.height()]))
            disk.disk_fails(*failing)
            try:
                for _ in range(BLOCKS):
                    add(store)
                    os.write(writing, bytes([store.height()]))
                os._exit(0)
            except StoreFailed:
                disk.disk_fails(0, 0, 0, 0)
                try:
                    store.renew()
                    add(store)
                except StoreFailed:
                    os._exit(7)
                os._exit(8)
        except BaseException:
            os._exit(9)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        acknowledged = pipe.read()[-1]
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), acknowledged


# In the process of the tests.


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The library that makes calls fail."""
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no gcc, or no LD_PRELOAD")
    made = tmp_path_factory.mktemp("shim") / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    yield made


@pytest.mark.parametrize(
    ("way", "error", "for_ever"),
    [
        (NOT_DONE, errno.EIO, 0),
        (NOT_DONE, errno.ENOSPC, 1),
        (HALF_DONE, errno.ENOSPC, 1),
        (DONE, errno.EIO, 0),
        (DONE, errno.EIO, 1),
    ],
)
def test_a_call_that_fails_stops_the_store_at_a_whole_block(
    shim: Path, tmp_path: Path, way: int, error: int, for_ever: int
) -> None:
    """Each call to the disk in three blocks, with nothing, half or all of it done: `StoreFailed`, and the ledger opens with all
    its rows at the last block that was acknowledged, or the one that was being written.
    """
    environment = {
        **os.environ,
        "LD_PRELOAD": str(shim),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent))),
    }
    command = [sys.executable, __file__, str(tmp_path), str(way), str(error), str(for_ever)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def test_a_map_that_is_full_stops_the_store_at_a_whole_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the file is opened with a map of twice its size, in which there is room again."""
    monkeypatch.setattr(directory_module, "STORE_MAP_BYTES", 600 * 1024)
    with closing(Store(tmp_path)) as store:
        with pytest.raises(StoreFailed, match="MDB_MAP_FULL"):
            for _ in range(1_000):
                add(store)
        with pytest.raises(StoreFailed, match="failed before"):
            add(store)
        height = store.height()
    with closing(Store(tmp_path)) as store:
        assert store.height() == height
        add(store)


def test_a_disk_without_room_for_a_ledger_is_no_damage(shim: Path, tmp_path: Path) -> None:
    """A directory that cannot be written is refused as that."""
    program = (
        "import ctypes, sys, pathlib\n"
        "from chain.primitives.refusal import Refusal\n"
        "from chain.state.store import Store\n"
        "ctypes.CDLL(None).disk_fails(1, 28, 0, 1)\n"
        "try: Store(pathlib.Path(sys.argv[1]))\n"
        "except Refusal as refusal: print(refusal.code, refusal.message)\n"
    )
    environment = {**os.environ, "LD_PRELOAD": str(shim), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("WrongStore the data directory cannot be opened")
    with closing(Store(tmp_path)) as store:
        add(store)


def test_a_directory_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the directory should be."""
    (tmp_path / "data").touch()
    with pytest.raises(Refusal) as caught:
        Store(tmp_path / "data")
    assert caught.value.code is Refused.WRONG_STORE


if __name__ == "__main__":
    fail_at_every_call(Path(sys.argv[1]), *map(int, sys.argv[2:]))
