"""The table of paths: which key a leaf of the tree belongs to. A leaf has the hash of its key only, and a proof of absence for
others must show the keys beside the absent one.

It changes when a key is born or dies, and not when its value changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from typing import Any

import lmdb

from chain.primitives.short_hash import sha256_of_few
from chain.state.sealed import sealed, unseal

_MIGRATED_TOGETHER = 100_000  # keys that are sorted at a time: some 20 MB


def changed_paths(keys: Iterable[bytes], before: Iterable[object], after: Iterable[object]) -> dict[bytes, bytes | None]:
    """What becomes of the table when keys that had the values `before` (None: none) have those `after`: those that are new, and
    None for those that go.
    """
    return {
        sha256_of_few(key).digest(): None if new is None else key
        for key, old, new in zip(keys, before, after, strict=True)
        if (old is None) is not (new is None)
    }


def fill_paths(transaction: lmdb.Transaction[bytes], state: Any, paths: Any) -> None:
    """Enter all keys of the flat state. Raises `StoreFailed` if one is not as it was written."""
    entries = iter(transaction.cursor(state))
    while rows := [(sha256(key).digest(), _checked(key, stored)) for key, stored in islice(entries, _MIGRATED_TOGETHER)]:
        rows.sort()
        places = [path for path, _ in rows]
        stored = sealed(b"paths", places, [key for _, key in rows])
        transaction.cursor(paths).putmulti(zip(places, stored, strict=True))


def check_paths(transaction: lmdb.Transaction[bytes], state: Any, paths: Any) -> bool:
    """Whether the table has just the keys of the flat state. Raises `StoreFailed` if something is not as it was written."""
    if transaction.stat(state)["entries"] != transaction.stat(paths)["entries"]:
        return False
    for path, stored in transaction.cursor(paths):
        key = unseal(b"paths", path, stored)
        if sha256(key).digest() != path or transaction.get(key, db=state) is None:
            return False
    return True


def _checked(key: bytes, stored: bytes) -> bytes:
    unseal(b"state", key, stored)
    return key
