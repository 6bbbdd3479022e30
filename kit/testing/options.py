"""What a test run was asked for."""

from __future__ import annotations

from dataclasses import dataclass

EACH, FAILURES, STORIES, LINES = 1, 2, 3, 4
"""How much is told of a run."""


@dataclass(frozen=True, slots=True)
class Options:
    """`match` is a text in the names of the tests to run, `runs` the cases of a `for any` test, or `time_s` the seconds that it
    has for them, `seed` chooses them. `jobs` is the number of processes, None as many as are worth it. `verbose` is how much is
    told: 1 each test, 2 the stories of those that fail, 3 of all, 4 with every line that ran.
    """

    match: str | None = None
    runs: int = 100
    time_s: float | None = None
    seed: int | None = None
    jobs: int | None = None
    verbose: int = 0
    as_json: bool = False
