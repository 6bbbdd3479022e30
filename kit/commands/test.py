"""`tael test`: run the test blocks of contracts."""

from __future__ import annotations

import click

from kit.options import command, seconds
from kit.output import Output
from kit.project import find_sources


@command(
    "test", examples="tael test\ntael test contracts/escrow.tael -k early\ntael test --runs 1000 --seed 7\ntael test --time 10s"
)
@click.argument("paths", nargs=-1)
@click.option("-k", "--match", metavar="TEXT", help="Only tests whose name has this text in it.")
@click.option("--runs", type=click.IntRange(1), default=100, show_default=True, help="Cases of a `for any` test.")
@click.option(
    "--time",
    "time_s",
    callback=seconds,
    metavar="TIME",
    help="How long each `for any` test chooses cases, such as 10s; in place of --runs.",
)
@click.option("--seed", type=click.IntRange(0), help="Choose the cases of `for any` tests by this number.")
@click.option("--jobs", type=click.IntRange(1), help="In how many processes; as many as are worth it if not given.")
@click.option("-v", "--verbose", count=True, help="Each test; -vv stories of failures, -vvv of all, -vvvv line by line.")
def test(
    out: Output,
    paths: tuple[str, ...],
    match: str | None,
    runs: int,
    time_s: float | None,
    seed: int | None,
    jobs: int | None,
    verbose: int,
) -> int:
    """Run the test blocks of contracts: of the files and folders PATHS, else of the project.

    Each test runs on the real machine in a world of its own. `for any` tests run many cases; one that fails is made
    small, remembered, and tried first next time. Exit code 1 if a test fails or a file does not compile.
    """
    from kit.testing import Options, run

    options = Options(match=match, runs=runs, time_s=time_s, seed=seed, jobs=jobs, verbose=verbose, as_json=out.as_json)
    return run(find_sources(paths), options)
