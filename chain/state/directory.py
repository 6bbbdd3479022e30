"""A data directory: the lock that one process holds, the note that a ledger has begun, and the opening of its file."""

from __future__ import annotations

import fcntl
import os
from io import TextIOWrapper
from pathlib import Path

import lmdb

from chain.primitives.limits import STORE_MAP_BYTES, STORE_READERS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.state.pages import Damaged, check_pages
from chain.state.sealed import TABLES

LEDGER, FILE, MARKER, LOCK, UNFINISHED = "ledger", "data.mdb", "begun", "lock", "unfinished"


def damaged(what: str) -> Refusal:
    """The refusal of a data directory that is not as it was written."""
    return Refusal(
        Refused.WRONG_STORE,
        f"the data directory is damaged: {what}",
        "Restore it from a copy, or begin with an empty one.",
    )


def lock(directory: Path) -> TextIOWrapper:
    """Make a directory if there is none, and hold it until what is returned is closed. Raises `Refusal` WrongStore."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = (directory / LOCK).open("a")
    except OSError as error:
        raise Refusal(
            Refused.WRONG_STORE,
            f"the data directory cannot be opened: {error.strerror}",
            "Choose another directory.",
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise Refusal(
            Refused.WRONG_STORE,
            "another node holds this data directory",
            "Stop the other node, or choose another one.",
        ) from None
    return handle


def check_file(directory: Path) -> None:
    """Look at a ledger's file before it is trusted. An empty one is a ledger that has not begun, unless the note says that it
    had. Raises `Refusal` WrongStore.
    """
    refuse_unfinished(directory)
    path = directory / LEDGER / FILE
    try:
        if path.exists() and path.stat().st_size:
            check_pages(path)
        elif (directory / MARKER).exists():
            raise Damaged("it had a ledger, which is gone")
    except Damaged as problem:
        raise damaged(str(problem)) from None
    except OSError as error:
        raise _unreadable(error) from None


def refuse_unfinished(directory: Path) -> None:
    """Raises `Refusal` WrongStore for a backup that did not come to its end."""
    if (directory / UNFINISHED).exists():
        raise Refusal(
            Refused.WRONG_STORE,
            "the data directory is a backup that was not finished",
            "Delete it and make the backup again.",
        )


def open_environment(directory: Path, *, readonly: bool = False) -> lmdb.Environment:
    """The open file of a ledger. A file of more than half the usual map gets a map of twice its size. Raises `Refusal`
    WrongStore.
    """
    path = directory / LEDGER
    try:
        size = (path / FILE).stat().st_size if (path / FILE).exists() else 0
        return lmdb.open(
            str(path),
            map_size=max(STORE_MAP_BYTES, 2 * size),
            max_dbs=len(TABLES),
            subdir=True,
            readonly=readonly,
            create=not readonly,
            max_readers=STORE_READERS_MAX,
            max_spare_txns=1,
        )
    except (lmdb.InvalidError, lmdb.CorruptedError, lmdb.VersionMismatchError) as error:
        raise damaged(str(error)) from None
    except (lmdb.Error, OSError) as error:
        raise _unreadable(error) from None


def read_marker(directory: Path) -> bytes | None:
    """The hash of the genesis with which the ledger began, if there is a readable note of it."""
    try:
        return bytes.fromhex((directory / MARKER).read_text())
    except (OSError, ValueError):
        return None


def write_marker(directory: Path, genesis: bytes) -> None:
    """Leave a note beside the ledger that it has begun, and have it and the names of both on the disk. Raises `Refusal`
    WrongStore.
    """
    partial = directory / f"{MARKER}.new"
    try:
        with partial.open("w") as file:
            file.write(genesis.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(directory / MARKER)
        sync_names(directory / LEDGER)
        sync_names(directory)
    except OSError as error:
        raise Refusal(Refused.WRONG_STORE, f"the data directory cannot be written: {error.strerror}") from None


def sync_names(directory: Path) -> None:
    """Wait until the names in a directory are on the disk. Raises `OSError`."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unreadable(error: lmdb.Error | OSError) -> Refusal:
    return Refusal(
        Refused.WRONG_STORE,
        f"the data directory cannot be opened: {error}",
        "See that it may be read and written, or choose another.",
    )
