"""Finds the tests of files, runs them, and says what came of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kit.testing.options import Options
from kit.testing.results import Result
from kit.testing.suite import Onlooker, Suite
from kit.testing.telling import plain, tell, tell_end, went_well
from lang.check import CheckedFile
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
    for test in suite.chosen(options):
        yield suite.run(test, options, onlooker)
