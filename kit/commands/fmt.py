"""`tael fmt`: lay out contracts the one way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kit.compiling import plain_findings, tell_findings
from kit.options import command
from kit.output import Output, count
from kit.problem import Exit
from kit.project import find_sources, read_source, write_file

if TYPE_CHECKING:
    from lang.diagnostics import Diagnostic


@command("fmt", examples="tael fmt\ntael fmt --check contracts/\ntael fmt - < escrow.tael")
@click.argument("paths", nargs=-1)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 if a file would change.")
def fmt(out: Output, paths: tuple[str, ...], only_check: bool) -> int:
    """Lay out contracts the one way: the files and folders PATHS, else those of the project.

    A file is written whole or not at all. A file that cannot be parsed is left as it is. With - the text comes
    from standard input and goes to standard output.
    """
    from lang.diagnostics import Refused
    from lang.formatter import format_text

    if paths == ("-",):
        return _filter(out)
    changed: list[str] = []
    broken: list[Diagnostic] = []
    sources = find_sources(paths)
    for path in sources:
        text = read_source(path)
        try:
            laid_out = format_text(text, str(path))
        except Refused as refused:
            broken.extend(refused.diagnostics)
            continue
        if laid_out != text:
            changed.append(str(path))
            if not only_check:
                write_file(path, laid_out.encode())
    tell_findings(out, broken)
    for name in changed:
        out.line(f"{'would lay out' if only_check else 'laid out'} {name}")
    ok = not broken and not (only_check and changed)
    unreadable = f", {count(len({f.source.path for f in broken}), 'file')} could not be read" if broken else ""
    done = "would change" if only_check else "changed"
    out.line(f"{count(len(sources), 'file')}, {len(changed)} {done}{unreadable}")
    out.result({"ok": ok, "changed": changed, "written": not only_check, "findings": plain_findings(broken)})
    return Exit.OK if ok else Exit.FINDINGS


def _filter(out: Output) -> int:
    from lang.diagnostics import Refused
    from lang.formatter import format_text

    try:
        laid_out = format_text(sys.stdin.read(), "<stdin>")
    except Refused as refused:
        for finding in refused.diagnostics:
            from lang.render import render

            print(render(finding, colour=False), file=sys.stderr)
        out.result({"ok": False, "findings": plain_findings(refused.diagnostics)})
        return Exit.FINDINGS
    if out.as_json:
        out.result({"ok": True, "text": laid_out})
    else:
        print(laid_out, end="")
    return Exit.OK
