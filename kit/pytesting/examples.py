"""Hypothesis examples: each is a test of its own to the ledger.

Hypothesis gives others a place for this: `test.hypothesis.inner_test` is what it calls for every example, and may be exchanged.
So nothing of Hypothesis is patched, and only tests that have the ledger are touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def around_examples(item: pytest.Item, around: Callable[[Any], Any] | None) -> Iterator[None]:
    """While a test runs, what Hypothesis calls for each example is what `around` makes of it."""
    test = getattr(item, "obj", None)
    handle = getattr(test, "hypothesis", None)
    if handle is None or around is None:
        yield
        return
    inner = handle.inner_test
    handle.inner_test = around(inner)
    try:
        yield
    finally:
        handle.inner_test = inner
