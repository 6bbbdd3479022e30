"""`tael check`: find mistakes."""

from __future__ import annotations

import click

from kit.compiling import compile_paths, findings_of, plain_findings, summary, tell_findings
from kit.options import command
from kit.output import Output, count
from kit.problem import Exit
from kit.project import find_sources


@command("check", examples="tael check\ntael check contracts/escrow.tael\ntael check --json contracts/")
@click.argument("paths", nargs=-1)
def check(out: Output, paths: tuple[str, ...]) -> int:
    """Find mistakes in contracts: the files and folders PATHS, else those of the project.

    Exit code 1 if there is an error; warnings alone do not count.
    """
    sources = find_sources(paths)
    compilations = compile_paths(sources)
    findings = findings_of(compilations)
    tell_findings(out, findings)
    ok = not any(finding.is_error for finding in findings)
    mark = out.style("ok", "green", "bold") if ok else out.style("not ok", "red", "bold")
    out.line(f"{mark}: {count(len(sources), 'file')}, {summary(findings)}")
    out.result({"ok": ok, "files": [str(path) for path in sources], "findings": plain_findings(findings)})
    return Exit.OK if ok else Exit.FINDINGS
