"""A copy of a ledger that was made while it is used. It is a data directory; opening it is all that a restore takes."""

from __future__ import annotations

import os
from pathlib import Path

import lmdb

from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.directory import FILE, LEDGER, UNFINISHED, damaged, open_environment, sync_names, write_marker
from chain.state.pages import Damaged, check_pages
from chain.state.sealed import TABLES, unseal


def copy(environment: lmdb.Environment, target: Path, genesis: bytes | None) -> None:
    """Copy what an open file has now into a directory that is empty or not there, without its free pages, and read the copy
    once from end to end. Until that is done a file `unfinished` stands in the directory, with which nobody opens it.

    `genesis` is the note that the ledger has begun. Raises `Refusal` WrongStore.
    """
    try:
        _begin(target)
        data = target / LEDGER / FILE
        with data.open("xb") as file:
            environment.copyfd(file.fileno(), compact=True)
            os.fsync(file.fileno())
        sync_names(target / LEDGER)
        check_pages(data)
        _check_values(target)
        if genesis is not None:
            write_marker(target, genesis)
        (target / LEDGER / "lock.mdb").unlink(missing_ok=True)
        (target / UNFINISHED).unlink()
        sync_names(target)
    except (Damaged, StoreFailed) as problem:
        raise damaged(f"{problem} (seen in the copy)") from None
    except (lmdb.Error, OSError) as error:
        raise Refusal(
            Refused.WRONG_STORE,
            f"the backup cannot be written: {error}",
            "Delete what there is of it, see that there is room, and make it again.",
        ) from None


def _begin(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Refusal(
            Refused.WRONG_STORE,
            "the directory for the backup is not empty",
            "Choose one that is empty or not there.",
        )
    target.mkdir(parents=True, exist_ok=True)
    with (target / UNFINISHED).open("x") as file:
        os.fsync(file.fileno())
    sync_names(target)
    (target / LEDGER).mkdir()


def _check_values(target: Path) -> None:
    """Raises `StoreFailed` at the first value that is not as it was written."""
    environment = open_environment(target, readonly=True)
    try:
        tables = {name: environment.open_db(name, create=False) for name in TABLES}
        with environment.begin() as transaction:
            for name, table in tables.items():
                for key, stored in transaction.cursor(table):
                    unseal(name, key, stored)
    finally:
        environment.close()
