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
from chain.state.tree import Tree

ROOT = Path(__file__).parents[2]
NOT_DONE, HALF_DONE, DONE = range(3)


def start(directory: Path) -> None:
    """A ledger of five blocks."""
    with closing(Store(directory)) as store:
        for _ in range(5):
            add(store)


def add(store: Store) -> None:
    """The next block, whose content hangs on its height alone."""
    head = store.head()
    store.commit(block(store, changes(random.Random(-1 if head is None else head[0]), 400, 60)))


def go_back(store: Store) -> None:
    """Two blocks."""
    height = store.height() - 2
    store.revert(height, Tree(store.page).update(store.at(height).changes().items()).pages)


STEPS = (add, add, add, go_back, add)
"""What is written while calls fail, each step one transaction."""


def digest(directory: Path) -> bytes:
    """The hash of all tables of a closed ledger."""
    with closing(Store(directory)) as store:
        rows = repr([sorted(table.items()) for table in contents(store).values()])
        return hashlib.sha256(rows.encode()).digest()


def right_digests(directory: Path) -> list[bytes]:
    """What a ledger should have before the steps and after each."""
    found = [digest(directory)]
    for step in STEPS:
        with closing(Store(directory)) as store:
            step(store)
        found.append(digest(directory))
    return found


# In a process whose disk fails.


def fail_at_every_call(directory: Path, way: int, error: int, for_ever: int) -> None:
    """Do the steps so often, with the first, the second, … call failing, until all are done before that; after each time look at
    what there is, with a disk that works.
    """
    disk = CDLL(None)
    start(directory / "whole")
    shutil.copytree(directory / "whole", directory / "right")
    right = right_digests(directory / "right")
    for at in count(1):
        place = directory / "copy"
        shutil.copytree(directory / "whole", place)
        code, acknowledged = write_in_a_child(disk, place, (at, error, way, for_ever))
        assert digest(place) in right[acknowledged : acknowledged + 2], f"call {at}: {acknowledged} steps were acknowledged"
        shutil.rmtree(place)
        if code == 0:
            assert acknowledged == len(STEPS)
            assert at > 3 * len(STEPS)  # the pages, their sync, and the head of each
            return
        assert code == 7, f"call {at}: {code}"


def write_in_a_child(disk: CDLL, directory: Path, failing: tuple[int, int, int, int]) -> tuple[int, int]:
    """(what became of a process that does the steps, how many it acknowledged): 0 all were done, 7 `StoreFailed`, now and at
    every later writing.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store = Store(directory)
            disk.disk_fails(*failing)
            try:
                for step in STEPS:
                    step(store)
                    os.write(writing, b".")
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
        acknowledged = len(pipe.read())
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
    """Each call to the disk while blocks are written and taken back, with nothing, half or all of it done: `StoreFailed`, and the
    ledger opens with all its rows as after the last step that was acknowledged, or after the one that was being done.
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
