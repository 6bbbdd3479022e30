"""What a test run was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`match` is a text in the names of the tests to run, `runs` the cases of a `for any` test and the histories of a scenario,
    `time_s` the seconds of a scenario in their place, `seed` chooses them. `keep` writes what a scenario found into its file.
    """

    match: str | None = None
    runs: int = 100
    seed: int | None = None
    verbose: bool = False
    as_json: bool = False
    time_s: float | None = None
    keep: bool = False
