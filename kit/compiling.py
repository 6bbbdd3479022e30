"""Compiling for commands: many files, their findings told once, one contract picked out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.output import Output, count
from kit.problem import Exit, Problem, usage

if TYPE_CHECKING:
    from lang.compiler import Compilation, Compiled
    from lang.diagnostics import Diagnostic
    from vm.module import Module


def compile_paths(paths: Sequence[Path]) -> list[Compilation]:
    """Compile files one by one."""
    from lang.compiler import compile_file

    return [compile_file(path) for path in paths]


def findings_of(compilations: Sequence[Compilation]) -> list[Diagnostic]:
    """All findings by place, each once: a file that several import is found wrong once."""
    found = {(f.source.path, f.span, f.code): f for compilation in compilations for f in compilation.findings}
    return [found[key] for key in sorted(found, key=lambda key: (key[0], key[1].start, key[2]))]


def tell_findings(out: Output, findings: Sequence[Diagnostic]) -> None:
    """Show findings to people, each with the line it is about."""
    from lang.render import render

    for finding in findings:
        out.line(render(finding, colour=out.colour))
        out.line()


def plain_findings(findings: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Findings for JSON."""
    from lang.render import to_json

    return [to_json(finding) for finding in findings]


def summary(findings: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; what there is none of is left out."""
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    parts = [count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    return ", ".join(parts) or "no findings"


def compile_contract(out: Output, path: Path, name: str | None) -> Compiled:
    """The one contract that a command is about; its findings are told if it does not compile. Raises `Problem`."""
    from lang.compiler import compile_file

    compilation = compile_file(path)
    if not compilation.ok:
        tell_findings(out, compilation.findings)
        raise Problem(
            f"{path} does not compile: {summary(compilation.findings)}",
            "Mend the findings above; `tael explain CODE` says more about one."
            if not out.as_json
            else "Mend the findings; `tael explain CODE` says more about one.",
            exit_code=Exit.FINDINGS,
            code="DoesNotCompile",
            data={"findings": plain_findings(compilation.findings)},
        )
    return pick_contract(compilation, path, name)


def pick_contract(compilation: Compilation, path: Path, name: str | None) -> Compiled:
    """The contract of a name, or the only one. Raises `Problem`."""
    contracts = compilation.contracts
    if not contracts:
        raise usage(f"{path} has no contract", "Name a file with `contract NAME:` in it.")
    if name is None:
        if len(contracts) > 1:
            choices = ", ".join(f"{path}:{contract}" for contract in contracts)
            raise usage(f"{path} has {len(contracts)} contracts", f"Say which: {choices}")
        return next(iter(contracts.values()))
    if name not in contracts:
        raise usage(f"{path} has no contract {name}", f"It has {', '.join(contracts)}.")
    return contracts[name]


def load_code(out: Output, target: str) -> tuple[bytes, Module]:
    """(bytes, module) of a contract in FILE, FILE:CONTRACT or a module (.tmod). Raises `Problem`."""
    from vm.codec import decode_module
    from vm.illegal import Illegal

    path = Path(target)
    if path.suffix == ".tmod" and path.is_file():
        code = path.read_bytes()
        try:
            return code, decode_module(code)
        except Illegal as illegal:
            raise Problem(f"{target} is not a module: {illegal}", "Build it again.", code="IllegalModule") from None
    from kit.project import split_target

    file, name = split_target(target)
    compiled = compile_contract(out, file, name)
    return compiled.code, compiled.module
