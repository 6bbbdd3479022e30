"""What a test run was asked for."""

from __future__ import annotations

from dataclasses import dataclass

EACH, FAILURES, STORIES, LINES = 1, 2, 3, 4
"""How much is told of a run."""


@dataclass(frozen=True, slots=True)
class Options:
    """`match` is a text in the names of the tests to run, `only` the tests themselves by path and name, `runs` the cases of a
    `for any` test, or `time_s` the seconds that it has for them, `seed` chooses them. `jobs` is the number of processes, None as
    many as are worth it. `fail_fast` ends the run with the first test that fails. `verbose` is how much is told: 1 each test, 2
    the stories of those that fail, 3 of all, 4 with every line that ran. Of a scenario, `runs` and `time_s` count histories;
    `keep` writes what it found into its file.
    """

    match: str | None = None
    runs: int = 100
    time_s: float | None = None
    seed: int | None = None
    jobs: int | None = None
    verbose: int = 0
    as_json: bool = False
    keep: bool = False
    only: frozenset[tuple[str, str]] | None = None
    fail_fast: bool = False
