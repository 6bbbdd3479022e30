"""What is told of a run of mutation: survivors as changes of the source, and the figures."""

from __future__ import annotations

from typing import Any

from kit.mutation.limits import EXCERPT_TESTS_MAX
from kit.mutation.work import Judged, Report
from kit.output import Output, count
from lang.remarks import Remark


def tell(out: Output, report: Report, share_min: float) -> None:
    """Tell people."""
    for judged in report.explained:
        assert judged.remark is not None
        _survivor(out, "same", judged, f"known: {judged.remark.reason}")
    for judged in report.survivors:
        _survivor(out, "survived", judged, _who(judged))
    for source, remark in report.stale:
        out.line(f"{out.style('note', 'yellow')}  {source.path}:{remark.line}  tests notice it: `{remark_text(remark)}` may go")
    _files(out, report)
    left_out = ", ".join(
        f"{report.count(state)} {says}"
        for state, says in (("refused", "did not compile"), ("equal", "changed nothing"), ("double", "were the same as another"))
        if report.count(state)
    )
    judged_count = report.count("killed") + report.count("survived")
    colour = "green" if report.share >= share_min else "red"
    explained = f", {len(report.explained)} explained" if report.explained else ""
    out.line(
        out.style(f"{report.share:.1f} % killed", colour, "bold")
        + f": {report.count('killed')} of {count(judged_count, 'mutant')}, {len(report.survivors)} survived{explained}"
    )
    if left_out:
        out.line(out.style(f"besides, {left_out}", "dim"))
    if len(report.judged) < report.found:
        out.line(out.style(f"{len(report.judged)} of {report.found} were chosen", "dim"))


def remark_text(remark: Remark) -> str:
    """A remark without its reason."""
    return f"# {remark.word} {', '.join(sorted(remark.names))}"


def _survivor(out: Output, word: str, judged: Judged, aside: str) -> None:
    colour = "red" if word == "survived" else "yellow"
    place = f"{judged.source.path}:{judged.line}"
    out.line(f"{out.style(word, colour)}  {place}  {out.style(judged.mutant.operator, 'bold')}: {judged.mutant.says}")
    for number, before, after in judged.mutant.diff(judged.source):
        out.line(out.style(f"    {number:>4} - {before}", "red"))
        out.line(out.style(f"    {number:>4} + {after}", "green"))
    out.line(out.style(f"         {aside}", "dim"))
    out.line()


def _who(judged: Judged) -> str:
    if not judged.run_by:
        return "no test runs this line"
    shown = ", ".join(f"“{name}”" for name in judged.run_by[:EXCERPT_TESTS_MAX])
    more = len(judged.run_by) - EXCERPT_TESTS_MAX
    return f"run by {shown}" + (f" and {count(more, 'other test')}" if more > 0 else "")


def _files(out: Output, report: Report) -> None:
    """The figures of each file."""
    rows = []
    for path in dict.fromkeys(judged.source.path for judged in report.judged):
        part = Report([judged for judged in report.judged if judged.source.path == path])
        if part.count("killed") + part.count("survived"):
            rows.append(
                (path, str(part.count("killed")), str(len(part.survivors)), str(len(part.explained)), f"{part.share:.1f} %")
            )
    if rows:
        out.table(("file", "killed", "survived", "explained", "share"), rows, indent="")
        out.line()


def plain(report: Report, share_min: float) -> dict[str, Any]:
    """The same for programs."""
    return {
        "ok": report.share >= share_min,
        "share": round(report.share, 2),
        "share_min": share_min,
        "found": report.found,
        "judged": len(report.judged),
        **{state: report.count(state) for state in ("killed", "refused", "equal", "double")},
        "survived": len(report.survivors),
        "explained": len(report.explained),
        "stale": [{"path": source.path, "line": remark.line, "remark": remark_text(remark)} for source, remark in report.stale],
        "mutants": [_plain(judged) for judged in report.judged],
    }


def _plain(judged: Judged) -> dict[str, Any]:
    return {
        "path": judged.source.path,
        "line": judged.line,
        "contract": judged.mutant.contract,
        "function": judged.mutant.function,
        "operator": judged.mutant.operator,
        "says": judged.mutant.says,
        "state": judged.verdict.state,
        "killed_by": judged.verdict.test,
        "reason": judged.remark.reason if judged.remark is not None else None,
        "run_by": list(judged.run_by),
        "diff": [
            {"line": number, "before": before, "after": after} for number, before, after in judged.mutant.diff(judged.source)
        ],
    }
