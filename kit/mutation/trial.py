"""Tests run against changed contracts, in memory: what the tests of a file do on the contracts as they stand, and
whether one of them fails on a mutant.

Cases of `for any` are chosen once, on the contracts as they stand; every mutant meets the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.mutation.limits import CASES_MAX, GAS_FACTOR, GAS_SLACK, REFUSED_FACTOR, TRACED_CASES_MAX
from kit.testing.bulk import Bulk
from kit.testing.narrowing import narrowed
from kit.testing.suite import Suite
from kit.testing.world import Unmet, World
from lang.check import CheckedFile, CheckedTest
from lang.compiler import Compiled
from lang.symbols import ContractSymbol
from lang.types import lower
from vm.failure import Failure
from vm.illegal import Illegal

Cases = list[dict[str, Any]]


@dataclass(slots=True)
class Baseline:
    """What one test does on the contracts as they stand: `lines` are those of the file that it ran, `contracts` those it
    deployed by name, `gas` what all of it used at most. `trouble` says why it cannot serve as a test. One that is remembered has
    no `cases`, only their number.
    """

    name: str
    cases: Cases
    case_count: int = 0
    lines: set[int] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)
    gas: int = 0
    trouble: str | None = None


class Bench(Suite):
    """The tests of one file, and the compiled contracts they deploy: those of the file, or others in their place."""

    def __init__(self, checked: CheckedFile) -> None:
        super().__init__(checked)
        self.deployed: set[str] = set()
        self._instead: Mapping[str, Compiled] = {}

    def compiled(self, symbol: ContractSymbol) -> Compiled:
        """A contract's compiled form, of the mutant if that has one."""
        self.deployed.add(symbol.name)
        if symbol.source.path == self.checked.file.source.path and symbol.name in self._instead:
            return self._instead[symbol.name]
        return super().compiled(symbol)

    def baseline(self, test: CheckedTest, runs: int, seed: int) -> Baseline:
        """Run a test on the contracts as they stand."""
        self.deployed.clear()
        name = test.declaration.name.value
        cases, trouble = self._choose(test, runs, seed) if test.parameters else ([{}], None)
        seen = Baseline(name, cases, len(cases), trouble=trouble)
        for chosen in cases:
            world = self.world(test)
            problem = _attempt(world, test, chosen)
            if problem is not None:
                seen.trouble = f"it fails without any change: {problem}"
                return seen
            seen.gas = max(seen.gas, world.gas_used)
        for chosen in cases[:TRACED_CASES_MAX]:
            lines = Lines(self.checked)
            world = lines.world = self.world(test)
            world.sandbox.tracer = lines
            _attempt(world, test, chosen)
            seen.lines |= lines.seen
        seen.contracts = set(self.deployed)
        return seen

    def notices(self, test: CheckedTest, cases: Cases, gas: int, instead: Mapping[str, Compiled]) -> bool:
        """Whether a test fails in one of the cases with other contracts in place of those of the same names."""
        bench = Bench(self.checked)
        bench._instead = instead
        sandbox = bench._stage(test).world.sandbox
        sandbox.gas_limit = min(sandbox.gas_limit, gas * GAS_FACTOR + GAS_SLACK)
        try:
            if not test.parameters:
                return bench._stage(test).run(bench._prepare(test), 0) is not None
            prepared = bench.cases(test)
            return any(prepared.run(list(chosen.values())) is not None for chosen in cases)
        except (Unmet, Failure, Illegal):
            return True

    def _choose(self, test: CheckedTest, runs: int, seed: int) -> tuple[Cases, str | None]:
        """The cases of a `for any` test that satisfy its `where`."""
        names = [local.name for local in test.parameters]
        bounds = {names.index(name): range_ for name, range_ in narrowed(test.parameters, test.declaration.where).items()}
        kinds = [lower(local.type) for local in test.parameters]
        bulk = Bulk(kinds, bounds, self.dictionary, name=test.declaration.name.value, seed=seed)
        try:
            cases = self.cases(test)
        except (Unmet, Failure):
            return [dict(zip(names, bulk.case(), strict=True))], None  # the test fails, and is seen to
        found: Cases = []
        for _ in range(runs * REFUSED_FACTOR):
            case = bulk.case()
            if cases.admits(case):
                cases.run(case)
                bulk.learn(case, cases.signal())
                found.append(dict(zip(names, case, strict=True)))
                if len(found) == min(runs, CASES_MAX):
                    break
        return (found, None) if found else ([], "no case satisfies its `where`")


def _attempt(world: World, test: CheckedTest, chosen: dict[str, Any]) -> str | None:
    """Carry out a test in a world; what went wrong, or None."""
    for local in test.parameters:
        world.names[local] = chosen[local.name]
    try:
        world.carry_out(test.declaration.body)
    except Unmet as unmet:
        return unmet.message
    except Failure as failure:
        return failure.name
    except Illegal as illegal:
        return str(illegal)
    return None


class Lines:
    """A tracer that gathers the lines of a file that run."""

    def __init__(self, checked: CheckedFile) -> None:
        self.source = checked.file.source
        self.world: World | None = None
        self.seen: set[int] = set()
        self._lines: dict[tuple[bytes, int], dict[int, int]] = {}

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """An instruction is about to run."""
        line = self._table(contract, function).get(position)
        if line is not None:
            self.seen.add(line)

    def _table(self, contract: bytes, function: int) -> dict[int, int]:
        """The lines of a function by position; the places of another file's contracts are left out."""
        key = (contract, function)
        if key not in self._lines:
            assert self.world is not None
            table: dict[int, int] = {}
            deployed = self.world.contract(contract)
            if deployed is not None:
                debug = deployed.compiled.debug[function]
                if debug.source.path == self.source.path:
                    table = {start: self.source.position(span.start)[0] for start, span in debug.places}
                    table.setdefault(0, min(table.values(), default=1))
            self._lines[key] = table
        return self._lines[key]

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends."""

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """State is read."""

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """State is written."""

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """Money leaves."""

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """An event."""
