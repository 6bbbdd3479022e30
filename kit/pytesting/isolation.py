"""Isolation: each test, fixture and Hypothesis example finds the ledger as the fixtures around it have left it.

There is one stack. At its bottom is the ledger as the session found it; above that, one state for every living fixture that
changed the ledger, taken when it was set up. A test, or an example, begins at the top and is taken back to there. When a fixture
goes, the ledger goes back to what is below it.

Going back over a fixture that still lives would take its contracts away under it. So whoever changed the ledger later depends on
who changed it earlier, as if it had asked for it: pytest tears the later one down first and sets it up anew when it is needed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kit.pytesting.lab import LabLedger

SCOPES = ("function", "class", "module", "package", "session")
"""From narrow to wide."""


@dataclass(slots=True)
class _Level:
    """A fixture that changed the ledger, and the ledger then."""

    definition: Any
    request: Any
    snapshot: Any

    def finish(self) -> None:
        """Let pytest tear it down."""
        self.definition.finish(request=self.request)


class Isolation:
    """Of one ledger. Definitions and requests are pytest's."""

    def __init__(self, ledger: LabLedger) -> None:
        self._ledger = ledger
        self._bottom = ledger.snapshot()
        self._levels: list[_Level] = []
        self._keeps = False

    @contextmanager
    def fixture(self, definition: Any, request: Any) -> Iterator[None]:
        """A fixture is set up inside."""
        try:
            yield
        except BaseException:
            self.go_back()
            raise
        if self._ledger.is_at(self._top):
            return
        level = _Level(definition, request, self._ledger.snapshot())
        if self._levels:
            below = self._levels[-1].definition
            if SCOPES.index(definition.scope) >= max(SCOPES.index(below.scope), 1):
                below.addfinalizer(level.finish)
        self._levels.append(level)

    def fixture_gone(self, definition: Any) -> None:
        """A fixture has been torn down."""
        if not any(level.definition is definition for level in self._levels):
            return
        while True:
            level = self._levels.pop()
            if level.definition is definition:
                break
            level.finish()  # it is none that pytest would have torn down before, and what it made is going to be gone
        self.go_back()

    @contextmanager
    def test(self, *, isolated: bool) -> Iterator[None]:
        """A test runs inside. Of one that is not isolated the next ones of the same wider fixtures see what it did."""
        height = len(self._levels)
        self._keeps = not isolated
        try:
            yield
        finally:
            if isolated:
                for level in reversed(self._levels[height:]):  # set up while it ran, on top of what it did
                    level.finish()
                del self._levels[height:]
                self.go_back()

    def over(self) -> None:
        """A test and its teardown are over."""
        if self._keeps:
            self._keeps = False
            self._retake()
        else:
            self.go_back()

    def example(self, run: Callable[..., Any], failed: Callable[[Exception], None]) -> Callable[..., Any]:
        """A function whose every call is taken back; awaited, if it is one that is awaited. `failed` is told while the ledger is
        still where the failure has left it.
        """

        @contextmanager
        def around() -> Iterator[None]:
            with self._ledger.anchor():
                try:
                    yield
                except Exception as error:
                    failed(error)
                    raise

        if inspect.iscoroutinefunction(run):

            @functools.wraps(run)
            async def awaited(*arguments: Any, **named: Any) -> Any:
                with around():
                    return await run(*arguments, **named)

            return awaited

        @functools.wraps(run)
        def called(*arguments: Any, **named: Any) -> Any:
            with around():
                return run(*arguments, **named)

        return called

    def go_back(self) -> None:
        """Take the ledger back to the top, unless what is done stays."""
        if not self._keeps:
            self._ledger.revert(self._top)

    @property
    def _top(self) -> Any:
        return self._levels[-1].snapshot if self._levels else self._bottom

    def _retake(self) -> None:
        """What is there now is what the innermost fixture has left."""
        if self._levels:
            self._levels[-1].snapshot = self._ledger.snapshot()
        else:
            self._bottom = self._ledger.snapshot()
