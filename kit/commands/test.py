"""`tael test`: run the test blocks of contracts."""

from __future__ import annotations

import click

from kit.options import command, seconds
from kit.output import Output
from kit.project import find_sources
from kit.reporting import Asked, report_options


@command(
    "test",
    examples="""
    tael test
    tael test contracts/escrow.tael -k early
    tael test --runs 1000 --seed 7
    tael test --time 10s
    tael test --gas --coverage
    tael test --gas-check --tolerance 1%
    tael test --watch --rerun
    """,
)
@click.argument("paths", nargs=-1)
@click.option("-k", "--match", metavar="TEXT", help="Only tests whose name has this text in it.")
@click.option(
    "--runs", type=click.IntRange(1), default=100, show_default=True, help="Cases of `for any`, histories of a scenario."
)
@click.option(
    "--time",
    "time_s",
    callback=seconds,
    metavar="TIME",
    help="How long each `for any` test chooses cases, such as 10s; in place of --runs.",
)
@click.option("--seed", type=click.IntRange(0), help="Choose the cases of `for any` tests by this number.")
@click.option("--jobs", type=click.IntRange(1), help="In how many processes; as many as are worth it if not given.")
@click.option("--keep", is_flag=True, help="Write the tests that scenarios find into their files.")
@click.option("-v", "--verbose", count=True, help="Each test; -vv stories of failures, -vvv of all, -vvvv line by line.")
@report_options
def test(
    out: Output,
    paths: tuple[str, ...],
    match: str | None,
    runs: int,
    time_s: float | None,
    seed: int | None,
    jobs: int | None,
    keep: bool,
    verbose: int,
    asked: Asked,
) -> int:
    """Run the test blocks of contracts: of the files and folders PATHS, else of the project.

    Each test runs on the real machine in a world of its own. `for any` tests run many cases; one that fails is made
    small, remembered, and tried first next time; so is a history of a scenario that breaks something.

    Exit code 1 if a test fails or a file does not compile.
    """
    from kit.testing.options import Options
    from kit.testing.reports.start import start

    options = Options(
        match=match, runs=runs, time_s=time_s, seed=seed, jobs=jobs, verbose=verbose, as_json=out.as_json, keep=keep
    )
    return start(lambda: find_sources(paths), options, asked)
