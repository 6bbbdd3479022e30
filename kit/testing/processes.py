"""Tests of one file spread over the cores, where that is worth it. What is reported is the same with one core and with many."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from kit.testing.options import Options
from kit.testing.results import Result
from kit.testing.suite import Suite
from lang.check import CheckedTest

TEST_SECONDS = 0.001  # what a test of one case takes, roughly
CASE_SECONDS = 0.000_2  # and what a case of a `for any` test does
WORTH_SECONDS = 2.0  # of work, before processes are started for it

_at_work: list[tuple[Suite, Sequence[Sequence[CheckedTest]], Options]] = []
"""At most one: what the processes forked from this one find in their memory: trees are never sent anywhere."""


def jobs_for(tests: Sequence[CheckedTest], options: Options) -> int:
    """In how many processes to run tests: as many as were asked for, else one, or all cores where there is enough to do."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    properties = sum(bool(test.parameters) for test in tests)
    each = options.runs * CASE_SECONDS if options.time_s is None else options.time_s
    if options.jobs is None and len(tests) * TEST_SECONDS + properties * each < WORTH_SECONDS:
        return 1
    wanted = _cores() if options.jobs is None else options.jobs
    return max(1, min(wanted, len(_pieces(tests))))


def spread(suite: Suite, tests: Sequence[CheckedTest], options: Options, jobs: int) -> Iterator[Result]:
    """The results of tests, in their order, from so many processes. Ends them when it is left, also by Ctrl-C."""
    pieces = _pieces(suite.in_order_of_running(tests))
    _at_work[:] = [(suite, pieces, options)]
    places = {id(test): place for place, test in enumerate(tests)}
    done: dict[int, Result] = {}
    told = 0
    with multiprocessing.get_context("fork").Pool(jobs, initializer=_leave_interrupts_to_the_parent) as pool:
        for number, results in pool.imap_unordered(_run, range(len(pieces))):
            for test, result in zip(pieces[number], results, strict=True):
                done[places[id(test)]] = result
            while told in done:
                yield done.pop(told)
                told += 1


def _pieces(tests: Sequence[CheckedTest]) -> list[list[CheckedTest]]:
    """Each `for any` test by itself, and all tests of one case together, which share their beginnings."""
    single = [test for test in tests if not test.parameters]
    return [*([single] if single else []), *([test] for test in tests if test.parameters)]


def _run(number: int) -> tuple[int, list[Result]]:
    suite, pieces, options = _at_work[0]
    piece = pieces[number]
    return number, [suite.run(test, options, None, following) for test, following in zip_longest(piece, piece[1:])]


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
