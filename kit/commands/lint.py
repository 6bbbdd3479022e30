"""`tael lint`: find what is allowed and probably not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kit.compiling import compile_paths, findings_of, plain_findings, summary, tell_findings
from kit.options import command
from kit.output import Output, count
from kit.problem import Exit, Problem, usage
from kit.project import find_sources

if TYPE_CHECKING:
    from lang.compiler import Compilation


@command("lint", examples="tael lint\ntael lint contracts/escrow.tael\ntael lint --rule L0301 --rule L0303 --json contracts/")
@click.argument("paths", nargs=-1)
@click.option("--rule", "rules", metavar="CODE", multiple=True, help="Ask only this rule; may be repeated.")
@click.option("--fix", is_flag=True, help="Make the edits that are offered, as far as they do not meet.")
def lint(out: Output, paths: tuple[str, ...], rules: tuple[str, ...], fix: bool) -> int:
    """Find what is allowed and probably not meant: in the files and folders PATHS, else in the project.

    State that nobody reads, money that moves without an event, time windows that never open, roundings in the payer's
    favour. `tael explain L0301` tells of a rule; `# allow L0301: reason` on a line allows what is meant. Exit code 1 if there is
    a finding.
    """
    from lang.lint import RULES
    from lang.lint import lint as lint_file

    codes = {code.upper() for code in rules}
    unknown = sorted(codes - RULES.keys())
    if unknown:
        raise usage(f"there is no rule {unknown[0]}", f"There are {', '.join(RULES)}.")
    sources = find_sources(paths)
    compilations = compile_paths(sources)
    broken = findings_of([compilation for compilation in compilations if not compilation.ok])
    if broken:
        tell_findings(out, broken)
        data = {"findings": plain_findings(broken)}
        raise Problem(f"nothing was looked at: {summary(broken)}", "Mend the errors first.", code="DoesNotCompile", data=data)
    imported = _imported(compilations)
    findings = [
        finding
        for compilation in compilations
        if compilation.checked is not None
        for finding in lint_file(compilation.checked, codes, is_imported=compilation.checked.file.source.path in imported)
    ]
    fixed = 0
    if fix:
        from kit.fixing import fix_all

        findings, fixed = fix_all(findings)
    tell_findings(out, findings)
    ok = not findings
    mark = out.style("ok", "green", "bold") if ok else out.style("not ok", "red", "bold")
    mended = f", {fixed} mended" if fix else ""
    out.line(f"{mark}: {count(len(sources), 'file')}, {count(len(findings), 'finding') if findings else 'no findings'}{mended}")
    out.result({"ok": ok, "files": [str(path) for path in sources], "fixed": fixed, "findings": plain_findings(findings)})
    return Exit.OK if ok else Exit.FINDINGS


def _imported(compilations: list[Compilation]) -> set[str]:
    """The paths of files that others import."""
    found: set[str] = set()
    waiting = [compilation.checked for compilation in compilations if compilation.checked is not None]
    while waiting:
        for other in waiting.pop().imports:
            if other.file.source.path not in found:
                found.add(other.file.source.path)
                waiting.append(other)
    return found
