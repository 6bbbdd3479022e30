"""The options of `tael test` that are about reports, and about which tests run in which order."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for besides running tests. `tolerance` and `coverage_min` are in percent."""

    gas: bool = False
    gas_save: bool = False
    gas_check: bool = False
    tolerance: float = 0.0
    gas_lines: bool = False
    flame: Path | None = None
    profile: Path | None = None
    coverage: bool = False
    coverage_min: float | None = None
    lcov: Path | None = None
    html: Path | None = None
    junit: Path | None = None
    durations: int = 0
    fail_fast: bool = False
    rerun: bool = False
    list_only: bool = False
    watch: bool = False

    @property
    def covers(self) -> bool:
        """Whether it has to be known what code ran."""
        return self.coverage or self.coverage_min is not None or self.lcov is not None or self.html is not None

    @property
    def gauges(self) -> bool:
        """Whether it has to be known where gas went."""
        wanted = (self.gas, self.gas_save, self.gas_check, self.gas_lines, self.flame, self.profile)
        return any(bool(what) for what in wanted)

    @property
    def measures(self) -> bool:
        """Whether the machine has to be looked at while it runs."""
        return self.covers or self.gauges


NOTHING = Asked()
"""Only whether tests pass."""


class _Percent(click.ParamType[float]):
    """`1%`, `0.5`: a percentage, with its mark or without."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        """Raises click's own error for what is no percentage."""
        if isinstance(value, float):
            return value
        try:
            number = float(str(value).removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0.0 <= number <= 100.0:
            self.fail(f"{value!r} is not a percentage from 0 to 100, as in 1%", param, context)
        return number


_OPTIONS = (
    click.option("--list", "list_only", is_flag=True, help="List the tests; run none."),
    click.option("--rerun", is_flag=True, help="Only the tests that failed last time; all of them if none did."),
    click.option("--fail-fast", is_flag=True, help="Stop at the first test that fails."),
    click.option("--watch", is_flag=True, help="Run again whenever a contract changes, those that it concerns first."),
    click.option("--durations", type=click.IntRange(0), default=0, metavar="N", help="Show the N slowest tests."),
    click.option("--gas", is_flag=True, help="Show the gas of every function: least, median, most, and its bound."),
    click.option("--gas-lines", is_flag=True, help="Show the contracts with the gas of each line."),
    click.option("--gas-save", is_flag=True, help="Write the gas of every function to gas.json, to be committed."),
    click.option("--gas-check", is_flag=True, help="Compare with gas.json; exit code 1 if they differ."),
    click.option("--tolerance", type=_Percent(), default=0.0, metavar="1%", help="By how much gas may differ. Else not at all."),
    click.option("--flame", type=_FILE, metavar="FILE.svg", help="Draw where gas goes, by calls and lines."),
    click.option("--profile", type=_FILE, metavar="FILE", help="The same for speedscope (.json), or as folded stacks."),
    click.option("--coverage", is_flag=True, help="Show what of the contracts was run."),
    click.option("--coverage-min", type=_Percent(), metavar="90", help="Exit code 1 if less than so much of the lines was run."),
    click.option("--lcov", type=_FILE, metavar="FILE", help="Write the coverage for editors and services."),
    click.option(
        "--html", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Write the coverage as pages."
    ),
    click.option("--junit", type=_FILE, metavar="FILE", help="Write the outcome as JUnit XML."),
)


def report_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options; the function gets them as one `Asked`."""
    names = frozenset(Asked.__dataclass_fields__)

    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        asked = Asked(**{name: options.pop(name) for name in list(options) if name in names})
        return function(*arguments, asked=asked, **options)

    declared: Callable[..., Any] = run
    for option in reversed(_OPTIONS):
        declared = option(declared)
    return declared
