"""Threads and processes that share a store, formats of the directory, and old blocks without their bodies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import lmdb
import pytest
from store_world import block, changes, contents, put_raw

from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state import formats as formats_module
from chain.state import store as store_module
from chain.state import writing as writing_module
from chain.state.sealed import seal, unseal
from chain.state.store import Store
from chain.state.tree import Tree

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store with genesis."""
    opened = Store(tmp_path / "data")
    opened.commit(block(opened, {b"k%05d" % n: b"genesis" for n in range(60)}, transactions=0))
    yield opened
    opened.close()


def grow(store: Store, blocks: int) -> None:
    """So many more blocks, of three transactions."""
    for _ in range(blocks):
        store.commit(block(store, changes(random.Random(store.height()), 60, 12), transactions=3))


# Threads.


def test_one_thread_reads_while_another_writes(store: Store) -> None:
    """It sees the state before the block until it renews, and then the state after it; each of them whole."""
    for height in range(1, 60):
        written = block(store, {b"k%05d" % n: b"%d" % height for n in range(60)})
        writer = threading.Thread(target=store.write, args=(written,))
        before = dict(store.entries())
        writer.start()
        while writer.is_alive():
            assert dict(store.entries()) == before
            assert store.height() == height - 1
        writer.join()
        assert dict(store.entries()) == before
        store.renew()
        assert set(dict(store.entries()).values()) == {b"%d" % height}
        assert store.height() == height


def test_blocks_that_are_written_in_one_go_are_written_all_or_none(store: Store, tmp_path: Path) -> None:
    """Each with its rows and its undo record, as if they had been written one after the other; none if one of them fails."""
    other = Store(tmp_path / "other")
    other.commit(block(other, {b"k%05d" % n: b"genesis" for n in range(60)}, transactions=0))
    made = []
    for height in range(1, 6):
        made.append(block(other, changes(random.Random(height), 60, 12)))
        other.commit(made[-1])
    store.write(*made[:3])
    store.renew()
    assert store.height() == 3
    with pytest.raises(AssertionError, match="in order"):
        store.write(made[3], made[3])
    store.renew()
    assert store.height() == 3
    store.write(*made[3:])
    assert contents(store) == contents(other)
    other.close()


def test_more_threads_read_with_readers_of_their_own(store: Store) -> None:
    """Every state that one sees is that of one block."""
    seen: list[set[bytes]] = []
    done = threading.Event()

    def read() -> None:
        reader = store.beside()
        while not done.is_set():
            reader.renew()
            seen.append(set(dict(reader.entries()).values()))
        reader.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for height in range(1, 40):
        store.commit(block(store, {b"k%05d" % n: b"%d" % height for n in range(60)}))
    done.set()
    for thread in threads:
        thread.join()
    assert len(seen) >= 3
    assert all(len(values) == 1 for values in seen)


# Processes.


READER = """
import sys
from pathlib import Path
from chain.state.store import Store
reader = Store.reader(Path(sys.argv[1]))
for line in sys.stdin:
    reader.renew()
    height = reader.height()
    print(height, reader.get(b"k00007"), len(reader.receipts(height)), reader.at(height - 1).get(b"k00007"), flush=True)
"""


def start_reader(directory: Path, program: str = READER) -> subprocess.Popen[str]:
    """A process that tells what it sees whenever it is given a line."""
    return subprocess.Popen(
        [sys.executable, "-c", program, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def reading_processes(store: Store) -> set[int]:
    """The processes that hold a read transaction, as LMDB lists them."""
    return {int(line.split()[0]) for line in store._env.readers().splitlines()[1:]}


def ask(process: subprocess.Popen[str]) -> str:
    """What it sees."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_other_processes_read_while_this_one_writes(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, each of which sees a block once it renews; one that is killed leaves nothing behind."""
    monkeypatch.setattr(store_module, "DEAD_READERS_EVERY_BLOCKS", 1)
    readers = [start_reader(tmp_path / "data") for _ in range(3)]
    try:
        for height in range(1, 6):
            store.commit(block(store, {b"k00007": b"%d" % height}))
            before = "genesis" if height == 1 else str(height - 1)
            assert {ask(reader) for reader in readers} == {f"{height} b'{height}' 2 b'{before}'"}
        readers[0].send_signal(signal.SIGKILL)
        readers[0].wait()
        assert readers[0].pid in reading_processes(store)
        grow(store, 1)
        assert readers[0].pid not in reading_processes(store)
        assert ask(readers[1]).startswith("6 ")
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_a_reader_follows_a_file_that_outgrows_its_map(store: Store, tmp_path: Path) -> None:
    """It maps more of it when it is renewed."""
    small = "import chain.state.directory as directory\ndirectory.STORE_MAP_BYTES = 2**18\n"
    reader = start_reader(tmp_path / "data", small + READER)
    try:
        grow(store, 1)
        assert ask(reader).startswith("1 ")
        store.commit(block(store, {b"k%05d" % n: bytes(20_000) for n in range(60)}))
        assert (tmp_path / "data" / "ledger" / "data.mdb").stat().st_size > 2**20
        assert ask(reader).startswith("2 ")
    finally:
        reader.kill()
        reader.communicate()


def test_a_reader_needs_a_ledger_that_has_begun(tmp_path: Path) -> None:
    """Nothing is made where there is none."""
    with pytest.raises(Refusal) as caught:
        Store.reader(tmp_path / "nothing")
    assert caught.value.code is Refused.WRONG_STORE
    assert not (tmp_path / "nothing").exists()
    Store(tmp_path / "empty").close()
    with pytest.raises(Refusal, match="no ledger yet"):
        Store.reader(tmp_path / "empty")


# Formats.


def test_a_directory_of_format_2_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """It was written by the program before, and stays as it is."""
    file = unpacked(tmp_path, 2) / "ledger" / "data.mdb"
    before = file.read_bytes()
    for opening in (Store, Store.reader):
        with pytest.raises(Refusal) as caught:
            opening(tmp_path / "data")
        refusal = caught.value
        assert (refusal.code, refusal.data) == (Refused.WRONG_STORE, {"format": 2})
        assert "damaged" not in refusal.message
        assert "empty directory" in refusal.remedy
    assert file.read_bytes() == before


def unpacked(tmp_path: Path, number: int) -> Path:
    """A data directory that the program of an earlier format has written."""
    with tarfile.open(Path(__file__).with_name(f"format-{number}.tar.xz")) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "data"


def test_a_directory_of_format_3_gets_the_table_of_paths(tmp_path: Path) -> None:
    """All keys of the state stand in it by their hashes, as if written as the blocks came; a reader waits for that."""
    directory = unpacked(tmp_path, 3)
    with pytest.raises(Refusal, match="format 3, and not yet 4"):
        Store.reader(directory)
    for _ in range(2):
        with closing(Store(directory)) as store:
            keys = dict(store.entries())
            assert (store.height(), len(keys)) == (5, 9)
            assert {path: store.key_of(path) for path, _ in rows(store)} == {sha256(key).digest(): key for key in keys}
            store.check()


def rows(store: Store) -> list[tuple[bytes, bytes]]:
    """The table of paths as it is stored."""
    return list(contents(store)[b"paths"].items())


def test_the_table_of_paths_has_the_keys_of_the_state(store: Store, tmp_path: Path) -> None:
    """However blocks change it and are taken back; one that is not there, or is another's, is found by a check."""
    for blocks, back in ((7, 2), (6, 5), (3, 0)):
        grow(store, blocks)
        height = store.height() - back
        store.revert(height, Tree(store.page).update(store.at(height).changes().items()).pages)
        assert {key for key, _ in store.entries()} == {store.key_of(path) for path, _ in rows(store)}
        store.check()
    store.close()
    put_raw(tmp_path / "data", b"paths", bytes(32), seal(b"paths", bytes(32), b"k"))
    with closing(Store(tmp_path / "data")) as again, pytest.raises(StoreFailed, match="paths"):
        again.check()


def test_a_directory_of_a_later_format_is_refused(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the advice to use a newer program."""
    store.close()
    monkeypatch.setattr(formats_module, "FORMAT", 2)
    with pytest.raises(Refusal, match="has format 4, and this program knows formats up to 2") as caught:
        Store(tmp_path / "data")
    assert "newer" in caught.value.remedy


def rewrite_head(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
    """A step as there may be one: it moves the head to a table of its own."""
    meta, made = environment.open_db(b"meta", txn=transaction), environment.open_db(b"headers", txn=transaction)
    head = transaction.pop(b"head", db=meta)
    assert head is not None
    transaction.put(b"moved", seal(b"headers", b"moved", unseal(b"meta", b"head", head)), db=made)


def test_an_older_directory_is_brought_to_the_present_format(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are made when it is opened, once, and a reader waits until that is done."""
    tip = store.tip()
    store.close()
    made = []
    steps = {4: rewrite_head, 5: lambda environment, transaction: made.append(5)}
    monkeypatch.setattr(formats_module, "FORMAT", 6)
    monkeypatch.setattr(formats_module, "STEPS", steps)
    with pytest.raises(Refusal, match="format 4, and not yet 6"):
        Store.reader(tmp_path / "data")
    for _ in range(2):
        with closing(Store(tmp_path / "data")) as again:
            assert again.is_empty()
            assert unseal(b"headers", b"moved", contents(again)[b"headers"][b"moved"]) == tip
    assert made == [5]


def test_a_step_that_fails_leaves_the_directory_as_it_was(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction."""

    def fail(environment: lmdb.Environment, transaction: lmdb.Transaction) -> None:
        raise StoreFailed("a row makes no sense")

    before = contents(store)
    store.close()
    with monkeypatch.context() as later:
        later.setattr(formats_module, "FORMAT", 6)
        later.setattr(formats_module, "STEPS", {4: rewrite_head, 5: fail})
        with pytest.raises(Refusal, match="a row makes no sense"):
            Store(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as again:
        assert contents(again) == before


# Pruning.


@pytest.fixture
def short(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of 40 blocks, of which the last eight can be taken back."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 8)
    grow(store, 40)
    return store


def test_pruned_blocks_are_headers_only_and_say_so(short: Store) -> None:
    """Their bodies, identities, receipts and events are refused, typed; genesis and the rest are as before."""
    identities = short.identities(7)
    headers = [short.header(height) for height in range(41)]
    kept = [(short.block(height), short.receipts(height), short.identities(height)) for height in (0, 20, 40)]
    state = dict(short.entries())
    assert short.prune(20) == short.pruned_before() == 20
    for gone in (short.block, short.identities, short.receipts, lambda height: short.receipt(height, 0)):
        for height in (1, 7, 19):
            with pytest.raises(Refusal) as caught:
                gone(height)
            assert (caught.value.code, caught.value.data) == (Refused.PRUNED, {"oldest": 20})
    with pytest.raises(Refusal, match="headers only"):
        short.events((7).to_bytes(8) + bytes(8), 5)
    assert short.events(b"", 1)[0][0][:8] == (20).to_bytes(8)
    assert short.find(identities[0]) is None
    assert [short.header(height) for height in range(41)] == headers
    assert [(short.block(height), short.receipts(height), short.identities(height)) for height in (0, 20, 40)] == kept
    assert dict(short.entries()) == state
    assert short.block(41) is None


def test_pruning_stops_at_what_can_be_taken_back(short: Store) -> None:
    """So going back finds all that it has to remove, and leaves what is pruned."""
    assert short.prune(1_000) == short.oldest() == 32
    before = contents(short)
    grow(short, 5)
    short.revert(40, Tree(short.page).update(short.at(40).changes().items()).pages)
    after = contents(short)
    assert {name: after[name] for name in after if name != b"undo"} == {name: before[name] for name in before if name != b"undo"}
    assert short.prune(1_000) == short.oldest() == 37


def test_a_call_of_pruning_is_bounded(short: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few blocks of ten rows each; where it stopped is known after it was closed."""
    monkeypatch.setattr(writing_module, "PRUNED_ROWS_MAX", 25)
    assert [short.prune(12) for _ in range(6)] == [4, 7, 10, 12, 12, 12]
    short.close()
    with closing(Store(tmp_path / "data")) as again:
        assert again.pruned_before() == 12
        assert again.prune(5) == 12
