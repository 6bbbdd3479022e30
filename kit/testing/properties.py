"""`for any` tests: many cases, the failing one made small and remembered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit.testing.bulk import Bulk, Dictionary
from kit.testing.examples import Examples
from kit.testing.narrowing import narrowed
from kit.testing.options import LINES, Options
from kit.testing.results import Result, Trouble
from kit.testing.shrinking import shrunk, simplest
from kit.testing.stage import Cases
from kit.testing.world import Unmet
from lang import ast
from lang.check import CheckedTest
from lang.types import lower
from vm.failure import Failure

if TYPE_CHECKING:
    from kit.testing.suite import Onlooker, Suite

REFUSED_MAX = 1_000  # cases in a row that `where` refuses, before it is said that there are none
CLOCK_EVERY = 64  # cases between two looks at the clock


class Property:
    """One `for any` test at work."""

    def __init__(self, suite: Suite, test: CheckedTest, options: Options, result: Result) -> None:
        self._suite, self._test, self._options, self._result = suite, test, options, result
        self._names = [local.name for local in test.parameters]
        self._kinds = [lower(local.type) for local in test.parameters]
        found = narrowed(test.parameters, test.declaration.where)
        self._bounds = {self._names.index(name): bounds for name, bounds in found.items()}
        self._examples = Examples(result.path, result.name, test.parameters)
        self._passed: list[Sequence[Any]] | None = None
        result.cases = 0

    def run(self, onlooker: Onlooker | None) -> None:
        """Run the test and say in its result what came of it."""
        suite, test, result = self._suite, self._test, self._result
        if onlooker is not None:
            self._passed = []
        try:
            cases = suite.cases(test)
        except (Unmet, Failure):
            result.cases = 1
            self._tell([simplest(kind) for kind in self._kinds])
            return
        failing = self._remembered(cases) or self._search(cases)
        if failing is not None:
            small = shrunk(failing, self._kinds, lambda case: self._is_admitted(cases, case) and cases.run(case) is not None)
            self._examples.keep(small)
            self._tell(small)
        elif result.cases == 0:
            where = test.declaration.where
            message = "no case was found that satisfies `where`; nothing was tested. Narrower types or plain bounds help"
            span = where.span if where is not None else test.declaration.name.span
            result.trouble = Trouble(message, suite.checked.file.source, span)
        for case in self._passed or ():  # the reference shows the onlooker what the closures have done
            suite.attempt(suite.world(test, onlooker), test, self._named(case))

    def _tell(self, case: Sequence[Any]) -> None:
        """Say in the result of a case why it fails."""
        self._result.case = self._named(case)
        lines = self._options.verbose >= LINES
        self._result.trouble = self._suite.told(self._test, self._result.case, lines=lines)

    def _named(self, case: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self._names, case, strict=True))

    def _is_admitted(self, cases: Cases, case: Sequence[Any]) -> bool:
        """Whether numbers are within the bounds of their types, and `where` holds."""
        return all(low <= case[place] <= high for place, (low, high) in self._bounds.items()) and cases.admits(case)

    def _remembered(self, cases: Cases) -> list[Any] | None:
        """A case that failed before and does so again."""
        for case in self._examples.cases():
            if cases.admits(case):
                self._result.cases += 1
                if cases.run(case) is not None:
                    return case
        return None

    def _search(self, cases: Cases) -> list[Any] | None:
        """A case that fails, out of as many as were asked for."""
        result, options = self._result, self._options
        seed = options.seed or 0
        bulk = Bulk(self._kinds, self._bounds, self._suite.dictionary, name=result.name, seed=seed)
        until = None if options.time_s is None else time.monotonic() + options.time_s
        refused = done = 0
        while until is not None or done < options.runs:
            case = bulk.case()
            if not cases.admits(case):
                refused += 1
                if refused == REFUSED_MAX:
                    break
                continue
            refused = 0
            done += 1
            if cases.run(case) is not None:
                result.cases += done
                result.seed = seed
                return case
            result.gas = max(result.gas, cases.gas_used)
            result.case = self._named(case)
            bulk.learn(case, cases.signal())
            if self._passed is not None:
                self._passed.append(case)
            if until is not None and done % CLOCK_EVERY == 0 and time.monotonic() > until:
                break
        result.cases += done
        return None


def dictionary_of(tree: ast.Node) -> Dictionary:
    """The constants in the text of a file."""
    found = Dictionary()
    for node in ast.walk(tree):
        if isinstance(node, ast.Number):
            found.add(node.ref)
        elif isinstance(node, ast.TextLiteral | ast.BytesLiteral):
            found.add(node.value)
    return found
