"""The tests of one file, and how one of them is run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from kit.testing.bulk import Dictionary
from kit.testing.options import LINES, STORIES, Options
from kit.testing.properties import Property, dictionary_of
from kit.testing.results import Result, Trouble
from kit.testing.rows import rows_of
from kit.testing.stage import Cases, Prepared, Stage
from kit.testing.world import Unmet, World
from lang import ast
from lang.check import CheckedFile, CheckedScenario, CheckedTest
from lang.compiler import Compiled
from lang.emit import emit_contract
from lang.interface import describe_contract
from lang.symbols import ContractSymbol
from vm.codec import encode_module
from vm.failure import Failure
from vm.trace import Tracer

_AFTER_A_DIGIT = re.compile(r"(?<=[0-9_]) +([A-Z][A-Z0-9]*)\b")
if TYPE_CHECKING:
    from kit.testing.recorded import RecordedTest

MAIN_CURRENCY = "CNY"  # where no test names a currency

Onlooker: TypeAlias = Callable[[World], Tracer]
"""Makes the tracer for one world, before anything happens in it."""


class Suite:
    """The tests of one file, checked. Contracts are compiled once, when a test first deploys them.

    Where the file comes from does not matter: a tree that was changed in memory and checked is as good as one from disk.
    """

    def __init__(self, checked: CheckedFile) -> None:
        self.checked = checked
        self.units = _units(checked)
        self.currency = _currency(checked, [*checked.tests, *checked.scenarios]) or MAIN_CURRENCY
        self._compiled: dict[int, Compiled] = {}
        self._currencies: dict[int, str] = {}
        self._stages: dict[str, Stage] = {}
        self._prepared: dict[int, Prepared] = {}
        self._dictionary: Dictionary | None = None
        self._of_rows: dict[int, list[CheckedTest]] = {}

    def chosen(self, options: Options) -> list[CheckedTest]:
        """The tests that are to be run, in order."""
        tests = [test for test in self.checked.tests if self._is_chosen(test.declaration.name.value, options)]
        return [row for test in tests for row in (self._rows(test) if test.columns else (test,))]

    def _is_chosen(self, name: str, options: Options) -> bool:
        named = options.only is None or (self.checked.file.source.path, name) in options.only
        return named and (options.match is None or options.match.lower() in name.lower())

    def _rows(self, test: CheckedTest) -> list[CheckedTest]:
        """A test for each row of a table."""
        if id(test) not in self._of_rows:
            self._of_rows[id(test)] = rows_of(test, self.world(test))
        return self._of_rows[id(test)]

    def scenarios(self, options: Options) -> list[CheckedScenario]:
        """The scenarios that are to be played, in order."""
        return [each for each in self.checked.scenarios if self._is_chosen(each.declaration.name.value, options)]

    def compiled(self, symbol: ContractSymbol) -> Compiled:
        """A contract's compiled form."""
        if id(symbol) not in self._compiled:
            emitted = emit_contract(symbol)
            interface = describe_contract(symbol, emitted.module)
            code = encode_module(emitted.module)
            self._compiled[id(symbol)] = Compiled(symbol.name, emitted.module, code, interface, emitted.debug)
        return self._compiled[id(symbol)]

    def in_order_of_running(self, tests: Sequence[CheckedTest]) -> list[CheckedTest]:
        """Tests of one case first, those beside one another that begin alike; then those that take longer, in their order."""
        single = [test for test in tests if not test.parameters]
        single.sort(key=lambda test: (self._main_currency(test), self._prepare(test).said))
        return [*single, *(test for test in tests if test.parameters)]

    def run(
        self, test: CheckedTest, options: Options, onlooker: Onlooker | None = None, following: CheckedTest | None = None
    ) -> Result:
        """Run one test, with many cases if it says `for any`. An onlooker sees every case; with one the machine's reference tier
        runs, which is slower. Who knows which test will be the next says so, and what both begin with is done once.
        """
        source = self.checked.file.source
        line, _ = source.position(test.declaration.span.start)
        result = Result(source.path, test.declaration.name.value, line, row=test.row)
        began = time.perf_counter()
        if test.parameters:
            Property(self, test, options, result).run(onlooker)
        else:
            result.trouble = self._single(test, result, onlooker, following, lines=options.verbose >= LINES)
        result.seconds = time.perf_counter() - began
        if options.verbose >= STORIES and result.trouble is None and (result.case is not None or not test.parameters):
            from kit.testing.failing import story_of  # what tells is not needed where nothing is told

            result.story = story_of(self.recorded(test, result.case or {}), lines=options.verbose >= LINES)
        return result

    def _single(
        self, test: CheckedTest, result: Result, onlooker: Onlooker | None, following: CheckedTest | None, *, lines: bool
    ) -> Trouble | None:
        """Run a test of one case; a failing one once more, with someone who writes down what happens."""
        if onlooker is not None:
            world = self.world(test, onlooker)
            problem = self.attempt(world, test, {})
        else:
            stage, prepared = self._stage(test), self._prepare(test)
            world = stage.world
            shared = 0
            if following is not None and self._main_currency(following) == self._main_currency(test):
                shared = prepared.alike(self._prepare(following).said)
            problem = stage.run(prepared, shared)
        if problem is None:
            result.gas = world.gas_used
            return None
        return self.told(test, {}, lines=lines)

    def cases(self, test: CheckedTest) -> Cases:
        """The cases of a `for any` test. Raises what the statements raise that depend on no chosen value."""
        return Cases(self._stage(test), self._prepare(test), len(test.parameters))

    @property
    def dictionary(self) -> Dictionary:
        """Values of the file that are worth trying."""
        if self._dictionary is None:
            self._dictionary = dictionary_of(self.checked.file)
        return self._dictionary

    def _stage(self, test: CheckedTest) -> Stage:
        currency = self._main_currency(test)
        if currency not in self._stages:
            self._stages[currency] = Stage(World(self.compiled, currency=currency, units=self.units))
        return self._stages[currency]

    def _prepare(self, test: CheckedTest) -> Prepared:
        prepared = self._prepared.get(id(test))
        if prepared is None:
            world = self._stage(test).world
            prepared = self._prepared[id(test)] = Prepared(world, test, self.checked.file.source)
        return prepared

    def _main_currency(self, test: CheckedTest | CheckedScenario) -> str:
        found = self._currencies.get(id(test))
        if found is None:
            found = self._currencies[id(test)] = _currency(self.checked, [test]) or self.currency
        return found

    def told(self, test: CheckedTest, chosen: Mapping[str, Any], *, lines: bool = False) -> Trouble:
        """What is to be told of a case that fails."""
        from kit.testing.failing import trouble_of

        run = self.recorded(test, chosen)
        if run.problem is None:
            message = "it failed, and did not when it was run again by the reference: a defect of Tael, please report it"
            return Trouble(message, self.checked.file.source, test.declaration.name.span)
        return trouble_of(self.checked.file.source, test, run, chosen, lines=lines)

    def recorded(self, test: CheckedTest, chosen: Mapping[str, Any]) -> RecordedTest:
        """A test carried out and written down, for the values that were chosen for its parameters."""
        from kit.testing.recorded import record_test

        values = {local: chosen[local.name] for local in test.parameters}
        name, body = test.declaration.name.value, test.declaration.body
        currency = self._main_currency(test)
        return record_test(self.checked.file.source, name, body, values, self.compiled, currency=currency, units=self.units)

    def world(self, test: CheckedTest | CheckedScenario, onlooker: Onlooker | None = None) -> World:
        """A new world for a test."""
        world = World(self.compiled, currency=self._main_currency(test), units=self.units)
        if onlooker is not None:
            world.sandbox.tracer = onlooker(world)
        return world

    def attempt(self, world: World, test: CheckedTest, chosen: Mapping[str, Any]) -> Unmet | Failure | None:
        """Carry out a test in a world; why it failed, if it did."""
        for local in test.parameters:
            world.names[local] = chosen[local.name]
        try:
            world.carry_out(test.declaration.body)
        except (Unmet, Failure) as problem:
            return problem
        return None


def _units(checked: CheckedFile) -> dict[str, int]:
    units = dict(checked.scope.units)
    for other in checked.imports:
        units = {**_units(other), **units}
    return units


def _currency(checked: CheckedFile, tests: Sequence[CheckedTest | CheckedScenario]) -> str | None:
    """The first currency that one of the tests names: the home of what it deploys without `in`."""
    known = checked.scope.decimals
    for test in tests:
        span, text = test.declaration.span, checked.file.source.text
        said = text[test.declaration.name.span.end : span.end]
        if '"' not in said and "#" not in said:  # nothing in it only looks like an amount
            found: str | None = next((unit for unit in _AFTER_A_DIGIT.findall(said) if known(unit) is not None), None)
            if found is not None:
                return found
            continue
        spans: list[tuple[int, str]] = []
        for node in ast.walk(test.declaration):
            if isinstance(node, ast.Number) and node.unit is not None and known(node.unit) is not None:
                spans.append((node.span.start, node.unit))
        if spans:
            return min(spans)[1]
    return None
