"""The ledger on disk: LMDB, one synced write transaction a block, the head written last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import lmdb

from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.beginning import Beginning
from chain.state.directory import check_file, lock, not_opened, open_environment, refuse_unfinished, write_marker
from chain.state.formats import check_format, migrate, read_format
from chain.state.reader import Reader, Tables
from chain.state.sealed import TABLES
from chain.state.writing import Commit, Writing

DEAD_READERS_EVERY_BLOCKS = 64  # processes that have died hold pages until they are looked for


class Store(Reader):
    """An open data directory, which one process holds at a time, and a `View` of the state at its head.

    One thread reads, through the methods of `Reader`. One thread, the same or another, writes, and only one: LMDB binds a write
    transaction to its thread. While `write` is at work the other thread may read, and sees the state before that block until it
    calls `renew`; so the two are `commit` if they are one thread. More threads read through readers of their own (`beside`),
    other processes through `Store.reader`. Python's lock is free while LMDB writes and waits for the disk. A failed write is the
    end of the store: whatever follows it raises `StoreFailed`.
    """

    def __init__(self, directory: Path, *, archive: bool = False) -> None:
        """Open or begin a data directory, whose file is looked at before it is trusted. An archive keeps what is needed for the
        states of all heights. Raises `Refusal` WrongStore.
        """
        self._lock = lock(directory)
        self.archive = archive
        """Whether what is needed for the states of all heights is kept, from the next block on."""
        self._failed = False
        self.sync_seconds = 0.0
        """How long the last write has waited for the disk to have it."""
        try:
            check_file(directory)
            environment = open_environment(directory)
            try:
                super().__init__(directory, environment, _open_tables(environment), owner=True)
            except BaseException:
                environment.close()
                raise
        except (lmdb.Error, StoreFailed) as error:
            self._lock.close()
            raise not_opened(error) from None
        except BaseException:
            self._lock.close()
            raise

    @staticmethod
    def reader(directory: Path) -> Reader:
        """A reader of a data directory that another process may hold and write to; there may be many. Its file is not looked at
        as a whole: whoever holds it has done so. Raises `Refusal` WrongStore.
        """
        refuse_unfinished(directory)
        environment = open_environment(directory, readonly=True)
        try:
            found = _found_format(environment)
            if found is None:
                raise Refusal(Refused.WRONG_STORE, "the data directory has no ledger yet", "Start the node first.")
            check_format(found, readonly=True)
            return Reader(directory, environment, _tables(environment), owner=True)
        except (lmdb.Error, StoreFailed) as error:
            environment.close()
            raise not_opened(error) from None
        except BaseException:
            environment.close()
            raise

    def mark(self, genesis: bytes) -> None:
        """Leave a note beside the ledger that it has begun, with the hash of its genesis. Raises `Refusal` WrongStore."""
        if self.marked() != genesis:
            write_marker(self._directory, genesis)

    def close(self) -> None:
        """Close it. Nothing is lost: every commit has been synced."""
        super().close()
        self._lock.close()

    def commit(self, commit: Commit) -> None:
        """Write one block and see it. Raises `StoreFailed`; then the process must stop."""
        self.write(commit)
        self.renew()

    def write(self, *commits: Commit) -> None:
        """Write blocks in their order, all or nothing, and wait for the disk, once for all of them; the reader is not renewed.
        Raises `StoreFailed`; then the process must stop.
        """
        with self._writing(f"writing block {commits[0].height}") as writing:
            for commit in commits:
                writing.add(commit, archive=self.archive)
                if commit.height % DEAD_READERS_EVERY_BLOCKS == 0:
                    self._env.reader_check()

    def begin(self) -> Beginning:
        """The writing of a first block that is too large to be written at once; `renew` when it is finished."""
        return Beginning(self._writing)

    def revert(self, height: int, tree: Mapping[bytes, bytes | None]) -> None:
        """Go back to the state after the block at a height, and see it: later blocks and all that they left go away. Every table
        is then as it was, but for undo records that later blocks have pushed out.

        `tree` has the changes of the tree's pages: those that come of updating the head's tree with `at(height).changes()`.
        Raises `Refusal` NotFound, Pruned, and then nothing has changed; `StoreFailed`, and then the process must stop.
        """
        with self._writing(f"going back to block {height}") as writing:
            writing.revert(height, tree)
        self.renew()

    def prune(self, before: int) -> int:
        """Leave only the headers of the blocks below a height: their transactions, receipts and events go, and their
        transactions are not found any more. Genesis stays, and blocks whose state is kept (`oldest` and later).

        One call removes some `PRUNED_ROWS_MAX` rows. Returns the height below which only headers are kept: the work is done when
        that does not grow any more. Raises `StoreFailed`; then the process must stop.
        """
        with self._writing("pruning") as writing:
            done = writing.prune(before)
        self.renew()
        return done

    @contextmanager
    def _writing(self, what: str) -> Iterator[Writing]:
        """A synced transaction, all or nothing."""
        if self._failed:
            raise StoreFailed(f"{what} is not possible: the disk has failed before")
        try:
            with self._env.begin(write=True) as transaction:
                yield Writing(transaction, self._tables)
                began = perf_counter()
            self.sync_seconds = perf_counter() - began
        except (lmdb.Error, OSError) as error:
            self._failed = True
            raise StoreFailed(f"{what} failed: {error}") from error
        except StoreFailed:
            self._failed = True
            raise


def _open_tables(environment: lmdb.Environment) -> Tables:
    """The tables of a file, which gets them if it is new and the present format if it has an older one. Raises `Refusal`
    WrongStore, `StoreFailed`, `lmdb.Error`.
    """
    found = _found_format(environment)
    if found is None:
        with environment.begin(write=True) as transaction:
            return {name: environment.open_db(name, txn=transaction) for name in TABLES}
    migrate(environment, found)
    return _tables(environment)


def _tables(environment: lmdb.Environment) -> Tables:
    """The tables of a file that has begun, all of which must be there."""
    return {name: environment.open_db(name, create=False) for name in TABLES}


def _found_format(environment: lmdb.Environment) -> int | None:
    """The format of a file, None if it has not begun."""
    if not environment.stat()["entries"]:
        return None
    meta = environment.open_db(b"meta", create=False)
    with environment.begin() as transaction:
        return read_format(transaction, meta)
