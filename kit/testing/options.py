"""What a test run was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`match` is a text in the names of the tests to run, `runs` the cases of a `for any` test, or `time_s` the seconds that it
    has for them, `seed` chooses them. `jobs` is the number of processes, None as many as are worth it. Of a scenario, `runs` and
    `time_s` count histories; `keep` writes what it found into its file.
    """

    match: str | None = None
    runs: int = 100
    time_s: float | None = None
    seed: int | None = None
    jobs: int | None = None
    verbose: bool = False
    as_json: bool = False
    keep: bool = False
