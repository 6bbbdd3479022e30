"""Finds the tests of files, runs them, and says what came of them."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from kit.testing.options import Options
from kit.testing.processes import jobs_for, spread
from kit.testing.results import Result
from kit.testing.suite import Onlooker, Suite
from kit.testing.telling import plain, tell, tell_end, went_well
from lang.check import CheckedFile, CheckedTest
from lang.compiler import Compilation, compile_file


def run(paths: Sequence[Path], options: Options) -> int:
    """Run the tests of files; prints a report; the exit code: 0 all passed, 1 a test failed or a file did not compile."""
    began = time.perf_counter()
    results: list[Result] = []
    broken: list[Compilation] = []
    for path in paths:
        compilation = compile_file(path)
        if not compilation.ok or compilation.checked is None:
            broken.append(compilation)
            continue
        gc.freeze()  # trees stay to the end, and are many; looking through them again and again takes longer than the tests
        for result in run_file(compilation.checked, options):
            results.append(result)
            if not options.as_json:
                tell(result, options)
    seconds = time.perf_counter() - began
    if options.as_json:
        print(json.dumps(plain(results, broken, seconds, options), ensure_ascii=False, indent=2))
    else:
        tell_end(results, broken, seconds, len(paths), options)
        if options.match is not None and not results and not broken:
            print(f"no test has {options.match!r} in its name")
    return 0 if went_well(results, broken, options) else 1


def run_file(checked: CheckedFile, options: Options, onlooker: Onlooker | None = None) -> Iterator[Result]:
    """Run the tests of one checked file, in order."""
    suite = Suite(checked)
    tests = suite.chosen(options)
    jobs = 1 if onlooker is not None else jobs_for(tests, options)
    yield from run_tests(suite, tests, options, onlooker) if jobs == 1 else spread(suite, tests, options, jobs)


def run_tests(suite: Suite, tests: Sequence[CheckedTest], options: Options, onlooker: Onlooker | None = None) -> Iterator[Result]:
    """Run tests of a suite in the order that is quickest; their results come in the order of the tests."""
    waiting = {id(test): place for place, test in enumerate(tests)}
    done: dict[int, Result] = {}
    told = 0
    order = suite.in_order_of_running(tests)
    for test, following in zip_longest(order, order[1:]):
        done[waiting[id(test)]] = suite.run(test, options, onlooker, following)
        while told in done:
            yield done.pop(told)
            told += 1
