"""A run of tests as it was asked for: listed, run once, or again and again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kit.output import Output, count
from kit.problem import Exit, usage
from kit.reporting import Asked
from kit.testing.options import Options


def start(find: Callable[[], Sequence[Path]], options: Options, asked: Asked) -> int:
    """Do what was asked for with the files that are found; the exit code."""
    _check(options, asked)
    paths = find()
    if asked.list_only:
        return _list(paths, options)
    options = dataclasses.replace(options, fail_fast=asked.fail_fast)
    if asked.watch:
        from kit.testing.reports.again import run_again

        return run_again(find, lambda ordered: run_once(ordered, options, asked))
    return run_once(paths, options, asked)


def run_once(paths: Sequence[Path], options: Options, asked: Asked) -> int:
    """Run the tests, or those of them that failed last time."""
    from kit.testing.runner import run

    if asked.rerun:
        from kit.testing.reports.remembered import failed_before

        failed = frozenset(name for name in failed_before() if name[0] in {str(path) for path in paths})
        if failed:
            options = dataclasses.replace(options, only=failed)
        elif not options.as_json:
            print("no test failed last time: all are run")
    return run(paths, options, asked)


def _check(options: Options, asked: Asked) -> None:
    partly = options.match is not None or asked.rerun or asked.fail_fast
    if (asked.gas_save or asked.gas_check) and partly:
        raise usage("a gas snapshot is of all tests of a file", "Leave out -k, --rerun and --fail-fast.")
    if (asked.gas_save or asked.gas_check) and options.time_s is not None:
        raise usage(
            "a gas snapshot is of cases that are the same in every run", "Say how many with --runs, not how long with --time."
        )
    if asked.tolerance and not asked.gas_check:
        raise usage("--tolerance is said without --gas-check", "Say both: --gas-check --tolerance 1%.")
    if asked.watch and options.as_json:
        raise usage("--watch has no end, and --json prints one value at the end", "Leave out one of them.")


def _list(paths: Sequence[Path], options: Options) -> int:
    from kit.compiling import compile_paths, findings_of, plain_findings, tell_findings
    from kit.testing.suite import Suite

    out = Output(as_json=options.as_json)
    compilations = compile_paths(paths)
    tests: list[dict[str, Any]] = []
    for compilation in compilations:
        if compilation.ok and compilation.checked is not None:
            source, suite = compilation.checked.file.source, Suite(compilation.checked)
            declared = {id(test.declaration): test.declaration.name for test in suite.chosen(options)}  # a table is one test
            declared |= {id(scenario.declaration): scenario.declaration.name for scenario in suite.scenarios(options)}
            for name in declared.values():
                line, _ = source.position(name.span.start)
                tests.append({"path": source.path, "line": line, "name": name.value})
    for found in tests:
        out.line(f"{found['path']}:{found['line']}  {found['name']}")
    broken = [compilation for compilation in compilations if not compilation.ok]
    tell_findings(out, findings_of(broken))
    out.line(count(len(tests), "test"))
    out.result({"ok": not broken, "tests": tests, "findings": plain_findings(findings_of(broken))})
    return Exit.FINDINGS if broken else Exit.OK
