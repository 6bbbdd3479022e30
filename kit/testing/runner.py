"""Finds tests, runs them, and says what came of them."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.meanings import FAILURES
from kit.output import count, wants_colour
from kit.testing.options import Options
from kit.testing.rows import rows_of
from kit.testing.story import Storyteller
from kit.testing.world import Unmet, World
from lang import ast
from lang.check import CheckedFile, CheckedScenario, CheckedTest
from lang.compiler import Compilation, Compiled, compile_file
from lang.emit import emit_contract
from lang.interface import describe_contract
from lang.source import Source, Span
from lang.symbols import ContractSymbol
from vm.codec import encode_module
from vm.failure import Failure

if TYPE_CHECKING:
    from kit.testing.scenario.explore import Tally

EXAMPLES_FOLDER = Path(".tael/examples")
MAIN_CURRENCY = "CNY"  # where no test names a currency


@dataclass(slots=True)
class Trouble:
    """Why a test failed: a sentence, the place in the test, the place in the contract, the values, the story."""

    message: str
    source: Source
    span: Span
    inner: list[tuple[str, Source, Span]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    chosen: list[tuple[str, str]] = field(default_factory=list)
    test: str = ""  # a test block that fails alike, of what a scenario found


@dataclass(slots=True)
class Play:
    """What a scenario played: histories, calls, and how often each function was called and succeeded."""

    histories: int
    calls: int
    tallies: Sequence[Tally]


@dataclass(slots=True)
class Result:
    """What came of one test."""

    path: str
    name: str
    line: int
    cases: int = 1
    gas: int = 0
    seconds: float = 0.0
    trouble: Trouble | None = None
    row: str = ""  # of a table of cases, as its values
    play: Play | None = None
    notes: list[str] = field(default_factory=list)


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
                _tell(result, options)
    seconds = time.perf_counter() - began
    if options.as_json:
        print(json.dumps(_plain(results, broken, seconds, options), ensure_ascii=False, indent=2))
    else:
        _tell_end(results, broken, seconds, len(paths))
        if options.match is not None and not results and not broken:
            print(f"no test has {options.match!r} in its name")
    return 0 if _went_well(results, broken, options) else 1


def _went_well(results: list[Result], broken: list[Compilation], options: Options) -> bool:
    """Whether everything compiled and passed, and a choice by name chose something."""
    nothing_chosen = options.match is not None and not results
    return not broken and not nothing_chosen and all(result.trouble is None for result in results)


def run_file(checked: CheckedFile, options: Options) -> Iterator[Result]:
    """Run the tests of one checked file."""
    suite = Suite(checked)
    for test in checked.tests:
        if options.match is None or options.match.lower() in test.declaration.name.value.lower():
            yield from suite.run_rows(test, options) if test.columns else (suite.run(test, options),)
    for scenario in checked.scenarios:
        if options.match is None or options.match.lower() in scenario.declaration.name.value.lower():
            from kit.testing.scenario import run_scenario

            yield run_scenario(suite, scenario, options)


class Suite:
    """The tests of one file. Contracts are compiled once, when a test first deploys them."""

    def __init__(self, checked: CheckedFile) -> None:
        self.checked = checked
        self.units = _units(checked)
        self.currency = _currency(checked, [*checked.tests, *checked.scenarios]) or MAIN_CURRENCY
        self._compiled: dict[int, Compiled] = {}

    def compiled(self, symbol: ContractSymbol) -> Compiled:
        """A contract's compiled form."""
        if id(symbol) not in self._compiled:
            emitted = emit_contract(symbol)
            interface = describe_contract(symbol, emitted.module)
            code = encode_module(emitted.module)
            self._compiled[id(symbol)] = Compiled(symbol.name, emitted.module, code, interface, emitted.debug)
        return self._compiled[id(symbol)]

    def run(self, test: CheckedTest, options: Options) -> Result:
        """Run one test, with many cases if it says `for any`."""
        source = self.checked.file.source
        line, _ = source.position(test.declaration.span.start)
        result = Result(source.path, test.declaration.name.value, line)
        began = time.perf_counter()
        if test.parameters:
            self._property(test, options, result)
        else:
            result.trouble = self._case(test, {}, result)
        result.seconds = time.perf_counter() - began
        return result

    def run_rows(self, test: CheckedTest, options: Options) -> Iterator[Result]:
        """Run a test with a table once for each row."""
        source = self.checked.file.source
        line, _ = source.position(test.declaration.span.start)
        for chosen, row in rows_of(test, self.world(test)):
            result = Result(source.path, test.declaration.name.value, line, row=row)
            began = time.perf_counter()
            result.trouble = self._case(test, chosen, result)
            result.seconds = time.perf_counter() - began
            yield result

    def _case(self, test: CheckedTest, chosen: dict[str, Any], result: Result) -> Trouble | None:
        """Run one case; a failing one once more, with someone who writes down what happens."""
        world = self.world(test)
        if self._attempt(world, test, chosen) is None:
            result.gas = max(result.gas, world.gas_used)
            return None
        teller = Storyteller()
        world = teller.world = self.world(test, teller)
        problem = self._attempt(world, test, chosen)
        assert problem is not None, "a test that fails only sometimes"
        return self._trouble(test, world, problem, teller, chosen)

    def world(self, test: CheckedTest | CheckedScenario, teller: Storyteller | None = None) -> World:
        """A new world for a test, in which the first currency that it names is at home."""
        currency = _currency(self.checked, [test]) or self.currency
        return World(self.compiled, currency=currency, units=self.units, tracer=teller)

    def _attempt(self, world: World, test: CheckedTest, chosen: dict[str, Any]) -> Unmet | Failure | None:
        for local in (*test.parameters, *test.columns):
            world.names[local] = chosen[local.name]
        try:
            world.carry_out(test.declaration.body)
        except (Unmet, Failure) as problem:
            return problem
        return None

    def _property(self, test: CheckedTest, options: Options, result: Result) -> None:
        from hypothesis import HealthCheck, Phase, assume, given, seed, settings
        from hypothesis.configuration import set_hypothesis_home_dir
        from hypothesis.database import DirectoryBasedExampleDatabase
        from hypothesis.errors import HypothesisException, Unsatisfiable

        from kit.testing.choices import choices

        set_hypothesis_home_dir(EXAMPLES_FOLDER.parent / "hypothesis")
        failed: list[tuple[dict[str, Any], Unmet | Failure]] = []
        where = test.declaration.where
        result.cases = 0

        def case(**chosen: Any) -> None:
            world = self.world(test)
            for local in test.parameters:
                world.names[local] = chosen[local.name]
            if where is not None:
                try:
                    assume(world.value(where))
                except Failure:
                    assume(False)
            result.cases += 1
            problem = self._attempt(world, test, chosen)
            if problem is not None:
                failed.append((chosen, problem))
                raise problem
            result.gas = max(result.gas, world.gas_used)

        identity = hashlib.sha256(f"{result.path}:{result.name}".encode()).hexdigest()
        case.__qualname__ = case.__name__ = f"case_{identity[:16]}"  # failing cases are remembered under it
        examples = DirectoryBasedExampleDatabase(EXAMPLES_FOLDER)
        number = options.seed if options.seed is not None else 0
        checked = settings(
            max_examples=options.runs,
            database=examples,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(seed(number)(given(**choices(test.parameters, where))(case)))
        source = self.checked.file.source
        try:
            checked()
        except (Unmet, Failure):
            result.trouble = self._case(test, failed[-1][0], result)
        except Unsatisfiable:
            message = "no case was found that satisfies `where`; nothing was tested. Narrower types or plain bounds help"
            result.trouble = Trouble(message, source, where.span if where is not None else test.declaration.name.span)
        except HypothesisException as error:
            result.trouble = Trouble(f"the choice of cases failed: {error}", source, test.declaration.name.span)

    def _trouble(
        self, test: CheckedTest, world: World, problem: Unmet | Failure, teller: Storyteller, chosen: dict[str, Any]
    ) -> Trouble:
        source = self.checked.file.source
        locals_ = (*test.parameters, *test.columns)
        shown = [(local.name, world.show(chosen[local.name], local.type)) for local in locals_]
        if isinstance(problem, Unmet):
            facts = [(_cut(source, place), value) for place, value in problem.facts]
            return Trouble(problem.message, source, problem.span, [], facts, teller.tell(), shown)
        trouble = Trouble(self._failure(world, problem), source, world.here, [], [], teller.tell(), shown)
        for contract, function, position in problem.where:
            deployed = world.contract(contract)
            if deployed is None:
                continue
            debug = deployed.compiled.debug[function]
            place = next((span for start, span in reversed(debug.places) if start <= position), None)
            if place is not None:
                trouble.inner.append((f"{deployed.symbol.name}.{debug.name}", debug.source, place))
        return trouble

    def _failure(self, world: World, failure: Failure) -> str:
        fields = self._error_fields(world, failure)
        if fields is not None:
            parts = [f"{name}: {world.show(v, kind)}" for (name, kind), v in zip(fields, failure.values, strict=False)]
        else:
            parts = [world.show_plain(value) for value in failure.values]
        said = f"{failure.name}({', '.join(parts)})" if parts else failure.name
        detail = f" ({failure.detail})" if failure.detail else ""
        meaning = f": {FAILURES[failure.name]}" if fields is None and failure.name in FAILURES else ""
        return f"failed with {said}{detail}{meaning}"

    def _error_fields(self, world: World, failure: Failure) -> Sequence[tuple[str, Any]] | None:
        deployed = world.contract(failure.contract) if failure.contract is not None else None
        if deployed is None:
            return None
        for record in deployed.compiled.module.errors:
            if record.name == failure.name:
                return record.fields
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
        spans: list[tuple[int, str]] = []
        for node in ast.walk(test.declaration):
            if isinstance(node, ast.Number) and node.unit is not None and known(node.unit) is not None:
                spans.append((node.span.start, node.unit))
        if spans:
            return min(spans)[1]
    return None


def _cut(source: Source, place: str) -> str:
    """The source text of a fact's place, `@start:end`."""
    start, end = place[1:].split(":")
    return " ".join(source.text[int(start) : int(end)].split())


# ── Reports ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _style(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if wants_colour(sys.stdout) else text


def _tell(result: Result, options: Options) -> None:
    if result.trouble is None:
        if options.verbose:
            cases = f", {count(result.cases, 'case')}" if result.cases > 1 else ""
            if result.play is not None:
                cases = f", {result.play.histories:_} histories, {count(result.play.calls, 'call')}"
            aside = _style(f"({result.gas:_} gas{cases}, {result.seconds * 1000:.0f} ms)", "2")
            print(f"{_style('ok', '32')}    {result.path}:{result.line}  {_titled(result)}  {aside}")
        for line in [*(played(result.play, options.verbose) if result.play is not None else ()), *result.notes]:
            print(f"      {line}")
        return
    print(f"{_style('FAIL', '31')}  {result.path}:{result.line}  {_style(_titled(result), '1')}")
    for line in [*explain(result.trouble), *result.notes]:
        print(f"      {line}".rstrip())
    print()


def _titled(result: Result) -> str:
    return f"{result.name} {result.row}" if result.row else result.name


def played(play: Play, verbose: bool) -> list[str]:
    """How often each function was called and succeeded; if not asked for, only the functions that never did."""
    lines = []
    for tally in play.tallies:
        errors = ", ".join(f"{name} {number:_}" for name, number in tally.errors.most_common(4))
        if not tally.successes and tally.calls:
            lines.append(f"note: {tally.name} never succeeded in {count(tally.calls, 'call')}: {errors}")
        elif verbose:
            said = f"{tally.name}: {tally.successes:_} of {count(tally.calls, 'call')} succeeded"
            lines.append(f"{said}; {errors}" if errors else said)
    return lines


def explain(trouble: Trouble) -> list[str]:
    """A test's trouble, line by line."""
    lines = [trouble.message]
    for name, value in trouble.chosen:
        lines.append(f"with {name} = {value}")
    lines += _shown(trouble.source, trouble.span)
    width = max((len(text) for text, _ in trouble.facts), default=0)
    lines += [f"  {text.ljust(width)} = {value}" for text, value in trouble.facts]
    for name, source, span in reversed(trouble.inner):
        lines.append(f"in {name}")
        lines += _shown(source, span)
    if trouble.story:
        lines.append("what happened")
        lines += [f"  {line}" for line in trouble.story]
    if trouble.test:
        lines.append("as a test (--keep writes it into the file)")
        lines += [f"  {line}" for line in trouble.test.splitlines()]
    return lines


def _shown(source: Source, span: Span) -> list[str]:
    """A place with its line of text, marked."""
    line, column = source.position(span.start)
    text = source.line(line)
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    number = str(line)
    return [
        f"--> {source.path}:{line}:{column}",
        f"{number} | {text}",
        f"{' ' * len(number)} | {' ' * (column - 1)}{'^' * width}",
    ]


def _tell_end(results: list[Result], broken: list[Compilation], seconds: float, files: int) -> None:
    from lang.render import render

    for compilation in broken:
        for finding in compilation.findings:
            print(render(finding, colour=wants_colour(sys.stdout)))
            print()
    failed = sum(1 for result in results if result.trouble is not None)
    passed = len(results) - failed
    parts = [f"{passed} passed", f"{failed} failed"]
    if broken:
        parts.append(f"{count(len(broken), 'file')} did not compile")
    colour = "31" if failed or broken else "32"
    print(f"{_style(', '.join(parts), colour)} in {count(files, 'file')}, {seconds:.2f} s")


def _plain(results: list[Result], broken: list[Compilation], seconds: float, options: Options) -> dict[str, Any]:
    from lang.render import to_json

    return {
        "ok": _went_well(results, broken, options),
        "passed": sum(1 for result in results if result.trouble is None),
        "failed": sum(1 for result in results if result.trouble is not None),
        "seconds": round(seconds, 3),
        "tests": [
            {
                "path": result.path,
                "line": result.line,
                "name": result.name,
                "ok": result.trouble is None,
                "cases": result.cases,
                "gas": result.gas,
                "seconds": round(result.seconds, 4),
                **({"row": result.row} if result.row else {}),
                **({"scenario": _plain_play(result.play)} if result.play is not None else {}),
                **({"notes": result.notes} if result.notes else {}),
                "trouble": None if result.trouble is None else _plain_trouble(result.trouble),
            }
            for result in results
        ],
        "findings": [to_json(finding) for compilation in broken for finding in compilation.findings],
    }


def _plain_trouble(trouble: Trouble) -> dict[str, Any]:
    line, column = trouble.source.position(trouble.span.start)
    inner = [
        {"function": name, "path": source.path, "line": source.position(span.start)[0]} for name, source, span in trouble.inner
    ]
    return {
        "message": trouble.message,
        "path": trouble.source.path,
        "line": line,
        "column": column,
        "chosen": dict(trouble.chosen),
        "values": [{"text": text, "value": value} for text, value in trouble.facts],
        "frames": inner,
        "story": trouble.story,
        **({"test": trouble.test} if trouble.test else {}),
    }


def _plain_play(play: Play) -> dict[str, Any]:
    functions = [
        {"function": t.name, "calls": t.calls, "successes": t.successes, "errors": dict(t.errors.most_common())}
        for t in play.tallies
    ]
    return {"histories": play.histories, "calls": play.calls, "functions": functions}
