"""`tael mutate`: how much the tests of contracts notice."""

from __future__ import annotations

import sys

import click

from kit.options import command
from kit.output import Output
from kit.project import find_sources


@command(
    "mutate",
    examples="tael mutate\ntael mutate contracts/escrow.tael --contract Escrow\ntael mutate --max 200 --seed 7 --min 80",
)
@click.argument("paths", nargs=-1)
@click.option("--contract", metavar="NAME", help="Only what this contract says.")
@click.option("-k", "--match", metavar="TEXT", help="Only functions whose name has this text in it.")
@click.option(
    "--min", "share_min", type=click.FloatRange(0, 100), default=90.0, show_default=True, help="Fewer killed: exit code 1."
)
@click.option("--max", "most", type=click.IntRange(1), metavar="N", help="Judge at most so many, chosen by --seed.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Chooses mutants and cases of `for any`.")
@click.option("--runs", type=click.IntRange(1, 1_000), default=100, show_default=True, help="Cases of a `for any` test.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Processes. Else one a core.")
@click.option("--fresh", is_flag=True, help="Neither use nor write what earlier runs found out.")
def mutate(
    out: Output,
    paths: tuple[str, ...],
    contract: str | None,
    match: str | None,
    share_min: float,
    most: int | None,
    seed: int,
    runs: int,
    jobs: int | None,
    fresh: bool,
) -> int:
    """Change contracts a little in many ways, and see whether their own tests notice.

    Of the files and folders PATHS, else of the project. Each change is one that a mistake could make: a limit taken in, a
    `require` left out, another party paid. It is compiled and the tests beside the contract are run against it, in memory; a
    change that no test notices is shown. `# same limit: reason` on a line says why changes of that kind mean the same there.
    """
    from kit.commands.version import own_version
    from kit.mutation.report import plain, tell
    from kit.mutation.work import Choice, run
    from kit.problem import Exit

    choice = Choice(contract, match, runs, seed, most, jobs, remember=not fresh)
    progress = _Progress(not out.as_json and sys.stderr.isatty())
    report = run(find_sources(paths), choice, own_version(), progress.show)
    progress.clear()
    _refuse_if_not_ready(out, report)
    if not report.judged:
        from kit.problem import usage

        raise usage("nothing to change was found", "Name files with functions, or a --contract or --match that is in them.")
    tell(out, report, share_min)
    out.result(plain(report, share_min))
    return Exit.OK if report.share >= share_min else Exit.FINDINGS


def _refuse_if_not_ready(out: Output, report: object) -> None:
    """Raise `Problem` where a file does not compile, or a test fails as it is."""
    from kit.compiling import findings_of, plain_findings, summary, tell_findings
    from kit.mutation.work import Report
    from kit.problem import Problem

    assert isinstance(report, Report)
    if report.broken:
        findings = findings_of(report.broken)
        tell_findings(out, findings)
        data = {"findings": plain_findings(findings)}
        raise Problem(f"nothing was changed: {summary(findings)}", "Mend the findings first.", code="DoesNotCompile", data=data)
    if report.troubles:
        for path, test, trouble in report.troubles:
            out.line(f"{out.style('FAIL', 'red')}  {path}  {test}: {trouble}")
        raise Problem("tests fail without any change", "Mend them first; `tael test` shows what is wrong.", code="TestsFail")


class _Progress:
    """A line on a terminal that is written over as work goes on."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted

    def show(self, done: int, of: int) -> None:
        """So many mutants are judged."""
        if self.wanted:
            filled = 30 * done // of if of else 30
            sys.stderr.write(f"\r{'█' * filled}{'░' * (30 - filled)} {done} of {of} mutants")
            sys.stderr.flush()

    def clear(self) -> None:
        """The line goes."""
        if self.wanted:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
