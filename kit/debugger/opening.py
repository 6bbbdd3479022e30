"""Which test is meant, in which case, and the stage that it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kit.compiling import summary, tell_findings
from kit.debugger.stage import Stage
from kit.output import Output
from kit.problem import Exit, Problem, usage
from kit.project import find_sources
from kit.testing.failing import trouble_of
from kit.testing.options import Options
from kit.testing.suite import Suite
from kit.values import Setting, read_value
from lang.check import CheckedTest
from lang.currencies import DECIMALS
from lang.types import lower

_SHOWN_MAX = 12  # tests that are named where none or too many are meant


def open_test(out: Output, wanted: str, paths: Sequence[str], case: Sequence[str], *, seed: int | None = None) -> Stage:
    """The stage of the test that is meant by a part of its name, or by FILE:LINE. Raises `Problem`."""
    suite, test = _find(out, wanted, paths)
    chosen = _chosen(suite, test, case, seed)
    run = suite.recorded(test, chosen)
    source = suite.checked.file.source
    line, _ = source.position(test.declaration.span.start)
    setting = _setting(suite)
    shown = "".join(f", {local.name} = {_shown(chosen[local.name], local.type, setting)}" for local in test.parameters)
    title = f'{source.path}:{line} test "{test.declaration.name.value}"{shown}'
    outcome: list[str] = ["it passes"]
    if run.problem is not None:
        trouble = trouble_of(source, test, run, chosen)
        outcome = [trouble.message, *(f"  {text} = {value}" for text, value in trouble.facts)]
        outcome += [f"  {reason}" for reason in trouble.reasons]
    return Stage(run.record, run.guide, title, outcome, run.problem is not None, run.world.sandbox.time_ms, test)


def _find(out: Output, wanted: str, paths: Sequence[str]) -> tuple[Suite, CheckedTest]:
    path, _, number = wanted.rpartition(":")
    by_line = int(number) if number.isdecimal() and path else None
    files = [Path(path)] if by_line is not None else find_sources(paths)
    if Path(wanted).is_file():
        files, wanted = [Path(wanted)], ""
    suites = [suite for file in files if (suite := _suite(out, file)) is not None]
    found = [(suite, test) for suite in suites for test in suite.checked.tests if _is_meant(suite, test, wanted, by_line)]
    exact = [(suite, test) for suite, test in found if test.declaration.name.value == wanted]
    found = exact or found
    if len(found) == 1:
        return found[0]
    every = found or [(suite, test) for suite in suites for test in suite.checked.tests]
    names = [_place(suite, test) for suite, test in every[:_SHOWN_MAX]]
    names += [f"and {len(every) - _SHOWN_MAX} more"] if len(every) > _SHOWN_MAX else []
    what = f"{len(found)} tests have {wanted!r} in their name" if found else f"no test is meant by {wanted!r}"
    raise usage(what, f"There are: {'; '.join(names)}" if names else "These files have no tests.")


def _suite(out: Output, file: Path) -> Suite | None:
    from lang.compiler import compile_file

    if not file.is_file():
        raise usage(f"{file} is not there", "Name a contract file and a line in it, as in jar.tael:12.")
    compilation = compile_file(file)
    if not compilation.ok or compilation.checked is None:
        errors = [finding for finding in compilation.findings if finding.is_error]
        tell_findings(out, errors)
        message = f"{file} does not compile: {summary(errors)}"
        raise Problem(message, "Mend it first; `tael check` says more.", exit_code=Exit.FINDINGS, code="DoesNotCompile")
    return Suite(compilation.checked)


def _is_meant(suite: Suite, test: CheckedTest, wanted: str, line: int | None) -> bool:
    if line is None:
        return wanted.lower() in test.declaration.name.value.lower()
    source = suite.checked.file.source
    first, _ = source.position(test.declaration.span.start)
    starts = [source.position(other.declaration.span.start)[0] for other in suite.checked.tests]
    behind = min((start for start in starts if start > first), default=source.text.count("\n") + 2)
    return first <= line < behind


def _place(suite: Suite, test: CheckedTest) -> str:
    source = suite.checked.file.source
    return f"{source.path}:{source.position(test.declaration.span.start)[0]} {test.declaration.name.value!r}"


def _setting(suite: Suite) -> Setting:
    return Setting(suite.currency, {**DECIMALS, **suite.units})


def _shown(value: Any, kind: Any, setting: Setting) -> str:
    from kit.record.differences import show

    return show(value, lower(kind), setting)


def _chosen(suite: Suite, test: CheckedTest, case: Sequence[str], seed: int | None) -> Mapping[str, Any]:
    """The values of a `for any` test: those that were given, else a case that fails (remembered, or found now), else one that
    does not.
    """
    if not test.parameters:
        if case:
            raise usage("this test has no values to choose", "Leave out --case.")
        return {}
    if case:
        return _given(suite, test, case)
    result = suite.run(test, Options(seed=seed))
    chosen = result.case
    if chosen is None:
        names = ", ".join(f"--case {local.name}=…" for local in test.parameters)
        raise usage("no case of this test was found that could be walked through", f"Give one: {names}")
    return chosen


def _given(suite: Suite, test: CheckedTest, case: Sequence[str]) -> dict[str, Any]:
    kinds = {local.name: lower(local.type) for local in test.parameters}
    setting = _setting(suite)
    chosen = {}
    for text in case:
        name, equals, value = text.partition("=")
        if not equals or name.strip() not in kinds:
            raise usage(f"--case {text!r} is no value of this test", f"Write NAME=VALUE; it has {', '.join(kinds)}.")
        chosen[name.strip()] = read_value(value.strip(), kinds[name.strip()], setting)
    lacking = [name for name in kinds if name not in chosen]
    if lacking:
        raise usage(f"--case says nothing of {', '.join(lacking)}", "Give every value that `for any` chooses.")
    return chosen
