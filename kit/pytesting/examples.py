"""Hypothesis examples: each is a test of its own to the ledger.

Hypothesis gives others a place for this: `test.hypothesis.inner_test` is what it calls for every example, and may be exchanged.
So nothing of Hypothesis is patched, and only tests that have the ledger are touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def is_final() -> bool:
    """Whether a failure here is the one that people see: of no example, or of the smallest one in its last run."""
    from hypothesis.control import _current_build_context

    context = _current_build_context.value
    return context is None or bool(context.is_final)


@contextmanager
def around_examples(item: pytest.Item, around: Callable[[Any], Any] | None) -> Iterator[None]:
    """While a test runs, what Hypothesis calls for each example is what `around` makes of it."""
    test = getattr(item, "obj", None)
    handle = getattr(test, "hypothesis", None)
    if handle is None or around is None:
        yield
        return
    inner, before = handle.inner_test, getattr(test, _SETTINGS, None)
    handle.inner_test = around(inner)
    if before is not None and not _other_fixtures(item):
        from hypothesis import HealthCheck, settings

        suppressed = {*before.suppress_health_check, HealthCheck.function_scoped_fixture}
        setattr(test, _SETTINGS, settings(before, suppress_health_check=list(suppressed)))
    try:
        yield
    finally:
        handle.inner_test = inner
        if before is not None:
            setattr(test, _SETTINGS, before)


_SETTINGS = "_hypothesis_internal_use_settings"  # if it goes away some day, people are warned for nothing, and that is all


def _other_fixtures(item: pytest.Item) -> bool:
    """Whether the test takes fixtures of its own scope that have nothing to do with the ledger: those are not made anew for each
    example, of which Hypothesis warns. What the others did to the ledger is there at the beginning of each.
    """
    known: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})

    def has_ledger(name: str) -> bool:
        return name == "ledger" or any(
            has_ledger(one) for one in (known[name][-1].argnames if name in known else ()) if one != name
        )

    own = [name for name, definitions in known.items() if definitions[-1].scope == "function"]
    return any(not has_ledger(name) for name in own)
