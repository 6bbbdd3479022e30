"""What a test run was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`match` is a text in the names of the tests to run, `runs` the cases of a `for any` test, or `seconds` the time that it has
    for them, `seed` chooses them.
    """

    match: str | None = None
    runs: int = 100
    seconds: float | None = None
    seed: int | None = None
    verbose: bool = False
    as_json: bool = False
