"""Finds the tests of files, runs them, and says what came of them."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from kit.reporting import NOTHING, Asked
from kit.testing.options import Options
from kit.testing.processes import jobs_for, spread
from kit.testing.reports.reports import Reports
from kit.testing.results import Result
from kit.testing.suite import Suite
from kit.testing.telling import plain, tell, tell_end, went_well
from lang.check import CheckedFile, CheckedTest
from lang.compiler import Compilation, compile_file

if TYPE_CHECKING:
    from kit.testing.reports.watching import Watch

VERSION = 1
"""Of the JSON that a run prints (`docs/reports.md`). Members may be added; what one means changes only with the number."""


def run(paths: Sequence[Path], options: Options, asked: Asked = NOTHING) -> int:
    """Run the tests of files; prints a report; the exit code: 0 all passed, 1 a test failed, a file did not compile, or a report
    that was asked for says so.
    """
    began = time.perf_counter()
    reports = Reports(asked, options)
    results: list[Result] = []
    broken: list[Compilation] = []
    for path in paths:
        compilation = compile_file(path)
        if not compilation.ok or compilation.checked is None:
            broken.append(compilation)
            continue
        gc.freeze()  # trees stay to the end, and are many; looking through them again and again takes longer than the tests
        reports.compiled(compilation)
        for result in run_file(compilation.checked, options, reports.watch):
            results.append(result)
            if not options.as_json:
                tell(result, options)
        if options.fail_fast and not all(result.ok for result in results):
            break
    seconds = time.perf_counter() - began
    reports.finish(results, broken, seconds)
    well = went_well(results, broken, options) and reports.ok
    if options.as_json:
        said = {"version": VERSION, **plain(results, broken, seconds, options), "ok": well, **reports.data}
        print(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        tell_end(results, broken, seconds, len(paths), options)
        if options.match is not None and not results and not broken:
            print(f"no test has {options.match!r} in its name")
    return 0 if well else 1


def run_file(checked: CheckedFile, options: Options, watch: Watch | None = None) -> Iterator[Result]:
    """Run the tests of one checked file, in order."""
    suite = Suite(checked)
    tests = suite.chosen(options)
    jobs = 1 if watch is not None else jobs_for(tests, options)
    for result in run_tests(suite, tests, options, watch) if jobs == 1 else spread(suite, tests, options, jobs):
        yield result
        if options.fail_fast and not result.ok:
            return
    for scenario in suite.scenarios(options):
        from kit.testing.scenario import run_scenario

        result = run_scenario(suite, scenario, options)
        yield result
        if options.fail_fast and not result.ok:
            return


def run_tests(suite: Suite, tests: Sequence[CheckedTest], options: Options, watch: Watch | None = None) -> Iterator[Result]:
    """Run tests of a suite in the order that is quickest; their results come in the order of the tests."""
    waiting = {id(test): place for place, test in enumerate(tests)}
    done: dict[int, Result] = {}
    told = 0
    order = suite.in_order_of_running(tests)
    for test, following in zip_longest(order, order[1:]):
        onlooker = None if watch is None else watch.onlooker(suite.checked.file.source.path, test.declaration.name.value)
        done[waiting[id(test)]] = suite.run(test, options, onlooker, following)
        while told in done:
            yield done.pop(told)
            told += 1
