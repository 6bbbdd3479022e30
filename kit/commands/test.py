"""`tael test`: run the test blocks of contracts."""

from __future__ import annotations

import click

from kit.options import command
from kit.output import Output
from kit.project import find_sources


@command("test", examples="tael test\ntael test contracts/escrow.tael -k early\ntael test --runs 1000 --seed 7")
@click.argument("paths", nargs=-1)
@click.option("-k", "--match", metavar="TEXT", help="Only tests whose name has this text in it.")
@click.option(
    "--runs", type=click.IntRange(1), default=100, show_default=True, help="Cases of `for any`, histories of scenarios."
)
@click.option("--seed", type=click.IntRange(0), help="Choose cases and histories by this number.")
@click.option("-v", "--verbose", is_flag=True, help="Show every test, its gas and its time.")
@click.option("--time", "time_s", type=click.FloatRange(0.01), metavar="SECONDS", help="Time for each scenario, not --runs.")
@click.option("--keep", is_flag=True, help="Write the tests that scenarios find into their files.")
def test(
    out: Output,
    paths: tuple[str, ...],
    match: str | None,
    runs: int,
    seed: int | None,
    verbose: bool,
    time_s: float | None,
    keep: bool,
) -> int:
    """Run the test blocks of contracts: of the files and folders PATHS, else of the project.

    Each test runs on the real machine in a world of its own. `for any` tests run many cases; one that fails is made
    small, remembered, and tried first next time. Exit code 1 if a test fails or a file does not compile.
    """
    from kit.testing import Options, run

    options = Options(match=match, runs=runs, seed=seed, verbose=verbose, as_json=out.as_json, time_s=time_s, keep=keep)
    return run(find_sources(paths), options)
