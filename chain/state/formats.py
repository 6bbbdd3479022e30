"""The formats of the data directory, of which each was once the present one, and the steps from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import lmdb

from chain.primitives.codec import decode, encode
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.paths import fill_paths
from chain.state.sealed import TABLES, seal, unseal

FORMAT = 4
FORMAT_KEY = b"format"
Step: TypeAlias = "Callable[[lmdb.Environment, lmdb.Transaction[bytes]], None]"
"""Makes a file of one format one of the next within a transaction, but for the number itself."""


def _add_tables(environment: lmdb.Environment, transaction: lmdb.Transaction[bytes]) -> None:
    """Format 4 has more tables: among them that of the keys by their hashes, which has all keys of the state."""
    for name in TABLES:
        environment.open_db(name, txn=transaction)
    state, paths = (environment.open_db(name, txn=transaction) for name in (b"state", b"paths"))
    fill_paths(transaction, state, paths)


STEPS: dict[int, Step] = {3: _add_tables}
"""By the format that a step begins with. Format 3 is the first that can be kept: before it transactions, headers and the state
had other forms, whose hashes stand in the chain, so that a directory of format 2 cannot be made one of format 3.
"""
_UNSEALED_FORMATS_MAX = 2  # wrote their number without a checksum


def read_format(transaction: lmdb.Transaction[bytes], meta: Any) -> int | None:
    """The format of an open file, None if nothing is in it yet. Raises `StoreFailed` if the number is damaged or gone."""
    stored: bytes | None = transaction.get(FORMAT_KEY, db=meta)
    if stored is None:
        if transaction.stat(meta)["entries"]:
            raise StoreFailed("the format of the data directory is gone")
        return None
    if len(stored) == 1 and 1 <= stored[0] <= _UNSEALED_FORMATS_MAX:
        return stored[0]
    number = decode(unseal(b"meta", FORMAT_KEY, stored))
    if not isinstance(number, int):
        raise StoreFailed("the format of the data directory is no number")
    return number


def write_format(transaction: lmdb.Transaction[bytes], meta: Any) -> None:
    """Say that a file has the present format."""
    transaction.put(FORMAT_KEY, seal(b"meta", FORMAT_KEY, encode(FORMAT)), db=meta)


def migrate(environment: lmdb.Environment, found: int) -> None:
    """Make a file one of the present format if it is not, all steps in one synced transaction. Raises `Refusal` WrongStore if
    there is no way, and then nothing was written.
    """
    check_format(found)
    if found == FORMAT:
        return
    with environment.begin(write=True) as transaction:
        for number in range(found, FORMAT):
            STEPS[number](environment, transaction)
        write_format(transaction, environment.open_db(b"meta", txn=transaction))


def check_format(found: int, *, readonly: bool = False) -> None:
    """Raises `Refusal` WrongStore if a file of a format cannot be opened, be it after some steps; who only reads makes none."""
    if found > FORMAT:
        raise Refusal(
            Refused.WRONG_STORE,
            f"the data directory has format {found}, and this program knows formats up to {FORMAT}",
            "Use a newer program, or choose another directory.",
            format=found,
        )
    if any(number not in STEPS for number in range(found, FORMAT)):
        raise Refusal(
            Refused.WRONG_STORE,
            f"the data directory has format {found}, which cannot be made format {FORMAT}: the transactions and states of its"
            " time have other forms, whose hashes stand in its chain",
            "Begin with an empty directory, or use the program that wrote this one.",
            format=found,
        )
    if found < FORMAT and readonly:
        raise Refusal(
            Refused.WRONG_STORE,
            f"the data directory has format {found}, and not yet {FORMAT}",
            "Start the node first: it brings the directory to the present format.",
            format=found,
        )
