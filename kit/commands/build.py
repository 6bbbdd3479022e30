"""`tael build`: modules, interfaces and debug tables on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.compiling import compile_paths, findings_of, plain_findings, summary, tell_findings
from kit.options import command
from kit.output import Output, count, short
from kit.problem import Exit, missing
from kit.project import find_project, find_sources, relative, write_file

if TYPE_CHECKING:
    from lang.compiler import Compiled


@command("build", examples="tael build\ntael build contracts/escrow.tael --out modules")
@click.argument("paths", nargs=-1)
@click.option("--out", "folder", type=click.Path(), help="The folder to write to. Else that of tael.toml, else out.")
def build(out: Output, paths: tuple[str, ...], folder: str | None) -> int:
    """Compile contracts: the files and folders PATHS, else those of the project.

    For every contract NAME it writes NAME.tmod (the module's one byte string), NAME.json (the interface) and
    NAME.debug.json (which stretch of text every instruction came from). Nothing is written if there is an error.
    """
    compilations = compile_paths(find_sources(paths))
    findings = findings_of(compilations)
    tell_findings(out, findings)
    if any(finding.is_error for finding in findings):
        out.line(f"{out.style('not built', 'red', 'bold')}: {summary(findings)}")
        out.result({"ok": False, "findings": plain_findings(findings), "built": []})
        return Exit.FINDINGS
    contracts: dict[str, tuple[Compiled, str]] = {}
    for compilation in compilations:
        for name, compiled in compilation.contracts.items():
            if name in contracts:
                remedy = "Rename one, or build them to different folders with --out."
                raise missing(f"{name} is in {contracts[name][1]} and in {compilation.path}", remedy)
            contracts[name] = compiled, compilation.path
    target = Path(folder) if folder is not None else relative(find_project().out_folder)
    built = [_write(compiled, source, target) for compiled, source in contracts.values()]
    for entry in built:
        out.line(f"built {out.style(entry['name'], 'bold')}  {entry['module']}  {entry['bytes']:_} bytes  {short(entry['hash'])}")
    out.line(f"{out.style('ok', 'green', 'bold')}: {count(len(built), 'contract')}, {summary(findings)}")
    out.result({"ok": True, "findings": plain_findings(findings), "built": built})
    return Exit.OK


def _write(compiled: Compiled, source: str, folder: Path) -> dict[str, Any]:
    module = folder / f"{compiled.name}.tmod"
    interface, debug = module.with_suffix(".json"), module.with_suffix(".debug.json")
    write_file(module, compiled.code)
    write_file(interface, _json({"hash": compiled.hash.hex(), **compiled.interface}))
    write_file(debug, _json(_debug(compiled)))
    return {
        "name": compiled.name,
        "source": source,
        "module": str(module),
        "interface": str(interface),
        "debug": str(debug),
        "bytes": len(compiled.code),
        "hash": compiled.hash.hex(),
    }


def _debug(compiled: Compiled) -> dict[str, Any]:
    """Where instructions came from: per function [position in the code, line, column, end line, end column], from 1."""
    functions = []
    for function in compiled.debug:
        places = [
            [position, *function.source.position(span.start), *function.source.position(span.end)]
            for position, span in function.places
        ]
        functions.append({"name": function.name, "source": function.source.path, "locals": function.locals, "places": places})
    return {"module": compiled.name, "hash": compiled.hash.hex(), "functions": functions}


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
