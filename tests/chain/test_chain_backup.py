"""Copies of a ledger that were made while it was used."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_world import block, changes, contents

from chain.primitives.refusal import Refusal, Refused
from chain.state import backup as backup_module
from chain.state.directory import UNFINISHED
from chain.state.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store of 30 blocks."""
    opened = Store(tmp_path / "data")
    opened.commit(block(opened, {b"k%05d" % n: b"genesis" for n in range(300)}))
    opened.mark(b"\x07" * 32)
    grow(opened, 30)
    yield opened
    opened.close()


def grow(store: Store, blocks: int) -> None:
    """So many more blocks."""
    for _ in range(blocks):
        store.commit(block(store, changes(random.Random(store.height()), 300, 12)))


def test_a_backup_is_the_ledger_and_goes_on(store: Store, tmp_path: Path) -> None:
    """Every table byte for byte, without the free pages; with its note, and without a lock."""
    store.backup(tmp_path / "deep" / "copy")
    before = contents(store)
    size = (tmp_path / "data" / "ledger" / "data.mdb").stat().st_size
    assert (tmp_path / "deep" / "copy" / "ledger" / "data.mdb").stat().st_size < size
    assert sorted(path.name for path in (tmp_path / "deep" / "copy").rglob("*")) == ["begun", "data.mdb", "ledger"]
    with closing(Store(tmp_path / "deep" / "copy")) as copy:
        assert contents(copy) == before
        assert copy.marked() == store.marked()
        grow(copy, 3)
        grow(store, 3)
        assert contents(copy) == contents(store)


def test_blocks_are_written_while_a_backup_is_made(store: Store, tmp_path: Path) -> None:
    """Each copy is the ledger at one height, and the ledger goes on."""
    states = {store.height(): dict(store.entries())}
    copies: list[Path] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def copy() -> None:
        try:
            while not done.is_set() or len(copies) < 2:
                target = tmp_path / f"copy-{len(copies)}"
                store.backup(target)
                copies.append(target)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=copy)
    thread.start()
    for _ in range(40):
        grow(store, 1)
        states[store.height()] = dict(store.entries())
    done.set()
    thread.join()
    assert not failures
    for target in copies:
        with closing(Store(target)) as made:
            assert dict(made.entries()) == states[made.height()]


COPIER = """
import sys
from pathlib import Path
from chain.state.store import Store
reader = Store.reader(Path(sys.argv[1]))
reader.backup(Path(sys.argv[2]))
print(reader.height())
"""


def test_another_process_makes_a_backup(store: Store, tmp_path: Path) -> None:
    """It opens the ledger for reading only, while this one holds it."""
    command = [sys.executable, "-c", COPIER, str(tmp_path / "data"), str(tmp_path / "copy")]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert int(done.stdout) == store.height()
    with closing(Store(tmp_path / "copy")) as copy:
        assert contents(copy) == contents(store)


@pytest.mark.parametrize("kind", ["a file in it", "a file", "a ledger"])
def test_a_target_that_is_not_empty_is_refused(store: Store, tmp_path: Path, kind: str) -> None:
    """And left as it is."""
    target = tmp_path / "target"
    if kind == "a file":
        target.touch()
    elif kind == "a ledger":
        Store(target).close()
    else:
        target.mkdir()
        (target / "letter").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refusal, match="not empty") as caught:
        store.backup(target)
    assert caught.value.code is Refused.WRONG_STORE
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_target_is_taken(store: Store, tmp_path: Path) -> None:
    """Whoever makes the directory before may do so."""
    (tmp_path / "copy").mkdir()
    store.backup(tmp_path / "copy")
    with closing(Store(tmp_path / "copy")) as copy:
        assert copy.height() == store.height()


def dies_after(function: str, store: Store, target: Path) -> None:
    """Make a backup in a child process that is killed when it calls a function."""
    child = os.fork()
    if child == 0:
        setattr(backup_module, function, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        store.backup(target)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("function", ["sync_names", "check_pages", "_check_copy", "write_marker"])
def test_a_backup_that_was_not_finished_is_not_opened(store: Store, tmp_path: Path, function: str) -> None:
    """Wherever it was killed: by no node and no reader, and no second backup goes on with it."""
    target = tmp_path / "copy"
    dies_after(function, store, target)
    assert (target / UNFINISHED).exists()
    for opening in (Store, Store.reader):
        with pytest.raises(Refusal, match="backup that was not finished") as caught:
            opening(target)
        assert "again" in caught.value.remedy
    with pytest.raises(Refusal, match="not empty"):
        store.backup(target)
    shutil.rmtree(target)
    store.backup(target)
    Store(target).close()


def test_damage_is_found_when_a_backup_is_made(store: Store, tmp_path: Path) -> None:
    """A value that is not as it was written is not carried on in silence."""
    with store._env.begin(write=True) as transaction:
        transaction.put(b"k00001", b"something else", db=store._tables[b"state"])
    with pytest.raises(Refusal, match="damaged") as caught:
        store.backup(tmp_path / "copy")
    assert caught.value.code is Refused.WRONG_STORE
    with pytest.raises(Refusal, match="not finished"):
        Store(tmp_path / "copy")


def test_a_backup_without_room_stops_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is about the copy; the ledger goes on."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_module, "sync_names", full)
    with pytest.raises(Refusal, match="cannot be written"):
        store.backup(tmp_path / "copy")
    grow(store, 1)
