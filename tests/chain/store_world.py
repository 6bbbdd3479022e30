"""Stores for tests: blocks of made-up rows, and all that a store has."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import lmdb

from chain.primitives.codec import encode
from chain.primitives.hash import tagged_hash
from chain.state.sealed import TABLES
from chain.state.store import Store
from chain.state.tree import Tree
from chain.state.writing import Commit


def block(store: Store, state: Mapping[bytes, bytes | None], *, transactions: int = 2, fork: bytes = b"") -> Commit:
    """The next block of a store with some changes of the state, and rows in every table. `fork` makes it another block."""
    head = store.head()
    height = 0 if head is None else head[0] + 1
    mark = height.to_bytes(8) + fork
    return Commit(
        height=height,
        block_hash=tagged_hash(b"tests/block", mark),
        block=encode([b"header" + mark, [b"transaction" + mark] * transactions]),
        identities=[tagged_hash(b"tests/transaction", mark + bytes([n])) for n in range(transactions)],
        receipts=[b"receipt" + mark + bytes([n]) for n in range(transactions)],
        events=[(n, number, b"event" + mark) for n in range(transactions) for number in range(n)],
        state=state,
        tree=Tree(store.page).update(state.items()).pages,
        certificate=b"certificate" + mark,
    )


def changes(chance: random.Random, keys: int, count: int) -> dict[bytes, bytes | None]:
    """Some keys of so many, with new values or none."""
    chosen = (b"k%05d" % chance.randrange(keys) for _ in range(count))
    return {key: None if chance.random() < 0.2 else chance.randbytes(chance.randrange(1, 200)) for key in chosen}


def contents(store: Store) -> dict[bytes, dict[bytes, bytes]]:
    """Every table, byte for byte as it is stored."""
    with store._env.begin() as transaction:
        return {name: dict(transaction.cursor(store._tables[name])) for name in TABLES}


def put_raw(directory: Path, table: bytes, key: bytes, stored: bytes | None) -> None:
    """Write bytes into a closed store, with no checksum made; None removes the row."""
    with lmdb.open(str(directory / "ledger"), max_dbs=16, map_size=2**30) as environment:
        database = environment.open_db(table)
        with environment.begin(write=True) as transaction:
            if stored is None:
                transaction.delete(key, db=database)
            else:
                transaction.put(key, stored, db=database)
