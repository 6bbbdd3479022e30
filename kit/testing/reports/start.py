"""A run of tests as it was asked for: listed, run once, or again and again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.output import count
from kit.problem import Exit, usage
from kit.reporting import Asked
from kit.testing.options import Options

if TYPE_CHECKING:
    from lang.diagnostics import Diagnostic


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
    from kit.testing.suite import Suite
    from lang.compiler import compile_file
    from lang.render import render, to_json

    tests: list[dict[str, Any]] = []
    findings: list[Diagnostic] = []
    for path in paths:
        compilation = compile_file(path)
        if not compilation.ok or compilation.checked is None:
            findings += compilation.findings
            continue
        source = compilation.checked.file.source
        for test in Suite(compilation.checked).chosen(options):
            line, _ = source.position(test.declaration.span.start)
            tests.append({"path": source.path, "line": line, "name": test.declaration.name.value})
    if options.as_json:
        plain = {"ok": not findings, "tests": tests, "findings": [to_json(finding) for finding in findings]}
        print(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        for found in tests:
            print(f"{found['path']}:{found['line']}  {found['name']}")
        for finding in findings:
            print(render(finding, colour=False))
        print(count(len(tests), "test"))
    return Exit.FINDINGS if findings else Exit.OK
