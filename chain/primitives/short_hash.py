"""SHA-256 of a few bytes, in the quickest way that this Python has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module
from typing import Protocol


class _Hash(Protocol):
    def digest(self) -> bytes: ...


def _quickest() -> Callable[[bytes | bytearray | memoryview], _Hash]:
    # OpenSSL, which hashlib prefers, makes and copies a context for every hash: of 65 bytes it takes a fifth longer than the
    # interpreter's own, which is slower past some 300. The module was called one thing up to Python 3.11 and another since.
    for name in ("_sha256", "_sha2"):
        try:
            own: Callable[[bytes | bytearray | memoryview], _Hash] = import_module(name).sha256
        except ImportError:
            continue
        return own
    return hashlib.sha256


sha256_of_few = _quickest()
"""As `hashlib.sha256`, for at most a few hundred bytes."""
