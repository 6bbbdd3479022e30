"""What came of a test, as far as reports need to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lang.source import Source, Span

if TYPE_CHECKING:
    from kit.record.story import Row


@dataclass(slots=True)
class Trouble:
    """Why a test failed: a sentence, the place in the test, the places in the contracts from the outside in, the values of what
    was asserted (parts within parts are indented), why the machine refused or what came instead, the story of the transaction
    that failed and that of all, and the same as data.
    """

    message: str
    source: Source
    span: Span
    inner: list[tuple[str, Source, Span]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    last: list[Row] = field(default_factory=list)
    story: list[Row] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    chosen: list[tuple[str, str]] = field(default_factory=list)
    test: str = ""  # a test block that fails alike, of what a scenario found


@dataclass(slots=True)
class Tally:
    """How often a function was called, how often that succeeded, and with which errors it failed."""

    name: str
    calls: int = 0
    successes: int = 0
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Play:
    """What a scenario played: histories, calls, and how often each function was called and succeeded."""

    histories: int
    calls: int
    tallies: Sequence[Tally]


@dataclass(slots=True)
class Result:
    """What came of one test: in how many cases, the most gas that one of them used, how long it took, and why it failed, if it
    did. `seed` is what a failing case was chosen by, None where nothing was chosen or it was remembered.
    """

    path: str
    name: str
    line: int
    cases: int = 1
    gas: int = 0
    seconds: float = 0.0
    trouble: Trouble | None = None
    seed: int | None = None
    row: str = ""  # of a table of cases, as its values
    play: Play | None = None
    notes: list[str] = field(default_factory=list)
    case: Mapping[str, Any] | None = None
    story: list[Row] = field(default_factory=list)  # of a test that passed, if it was asked for

    @property
    def ok(self) -> bool:
        """Whether the test passed."""
        return self.trouble is None
