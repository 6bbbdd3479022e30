"""A test's world that is written down while the test is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain.ledger.execution import GivenCall
from chain.ledger.sandbox import Sandbox, Snapshot
from chain.primitives.transaction import Action
from kit.record.entries import Kind, Part, Record, Scene, Where
from kit.record.guide import Known
from kit.record.recorder import LINES_MAX, Recorder
from kit.testing.world import Unmet, World
from kit.values import Setting
from lang import ast
from lang.compiler import Compiled
from lang.source import Source
from lang.symbols import ContractSymbol, FunctionSymbol, Local
from vm.failure import Failure


class WorldGuide:
    """A test's world as a `kit.record.guide.Guide`."""

    world: RecordedWorld

    def known(self, address: bytes) -> Known | None:
        """See `Guide`."""
        found = self.world.contract(address)
        if found is None:
            return None
        return Known(found.compiled.module, found.currency, found.compiled.debug, found.symbol)

    def setting(self, home: str | None) -> Setting:
        """See `Guide`."""
        world = self.world
        return Setting(home or world.currency, world.decimals, name_of=world.wallet_names.get)

    def name(self, address: bytes) -> str:
        """See `Guide`."""
        arriving = self.world.arriving
        known = self.world.wallet_names.get(address)
        return known or (arriving.symbol.name if arriving is not None else f"{address.hex()[:8]}…")

    def stored(self, contract: bytes, slot: bytes) -> bytes | None:
        """See `Guide`."""
        return self.world.sandbox.slot(contract, slot)

    def balance(self, wallet: bytes, currency: str) -> int:
        """See `Guide`."""
        return self.world.sandbox.balance(wallet, currency)


class RecordedSandbox(Sandbox):
    """A sandbox that tells a recorder what is done in it."""

    def __init__(self, world: RecordedWorld, recorder: Recorder, currencies: Mapping[str, int]) -> None:
        self._marks: dict[int, tuple[Snapshot, int]] = {}  # of the recorder, by identity of snapshot
        self._world = world
        self._recorder = recorder
        super().__init__(currencies, tracer=recorder, check_promises=True)

    def read(self, address: bytes, function: str, arguments: tuple[Any, ...] = ()) -> Any:
        """See `Sandbox`."""
        scene = self._recorder.begin(Kind.READ, gas_limit=self.gas_limit)
        scene.asked = address, function, arguments
        return self._seen(scene, lambda: super(RecordedSandbox, self).read(address, function, arguments))

    def fund(self, address: bytes, balances: Mapping[str, int]) -> None:
        """See `Sandbox`."""
        wheres = [Where(Part.BALANCE, (address, currency)) for currency in balances]
        for where in wheres:
            self._recorder.meet(where, self.balance(*where.place))
        super().fund(address, balances)
        for where in wheres:
            self._recorder.settle(where, self.balance(*where.place))

    def advance(self, duration_ms: int) -> None:
        """See `Sandbox`."""
        super().advance(duration_ms)
        self._recorder.passed(duration_ms, self.time_ms)

    def snapshot(self) -> Snapshot:
        """See `Sandbox`."""
        made = super().snapshot()
        self._marks[id(made)] = made, self._recorder.mark()
        return made

    def restore(self, snapshot: Snapshot) -> None:
        """See `Sandbox`."""
        super().restore(snapshot)
        self._recorder.undo(self._marks[id(snapshot)][1])

    def _run(self, action: Action | GivenCall, sender: bytes) -> Any:
        for where in self._purses():
            self._recorder.meet(where, self.balance(*where.place))
        scene = self._recorder.begin(Kind.TRANSACTION, sender=sender, gas_limit=self.gas_limit)
        if isinstance(action, GivenCall):
            scene.asked = action
        else:
            scene.action = action
        return self._seen(scene, lambda: super(RecordedSandbox, self)._run(action, sender))

    def _seen(self, scene: Scene, act: Callable[[], Any]) -> Any:
        told = len(self.moves)
        try:
            result = act()
        except Failure as failure:
            self._recorder.end(scene, failure=failure, gas=self.last_gas)
            raise
        for move in self.moves[told:]:
            if move.reason == "pay" and move.source is not None:
                self._recorder.moved(move.source, move.to, move.currency, move.amount, "pays")
        self._recorder.end(scene, result=result, gas=self.last_gas)
        for where in self._purses():
            self._recorder.settle(where, self.balance(*where.place))
        return result

    def _purses(self) -> list[Where]:
        """What wallets hold, as things in the world, currency by currency."""
        wallets = [address for address in self._world.wallet_names if address not in self._world.deployed]
        return [Where(Part.BALANCE, (wallet, currency)) for wallet in wallets for currency in self.currencies]


class RecordedWorld(World):
    """Carries out a test and writes down what happens; what an expectation looked at is kept too."""

    def __init__(
        self,
        recorder: Recorder,
        source: Source,
        compiled: Callable[[ContractSymbol], Compiled],
        *,
        currency: str,
        units: Mapping[str, int],
    ) -> None:
        super().__init__(compiled, currency=currency, units=units)
        self.recorder = recorder
        self.sandbox: Sandbox = RecordedSandbox(self, recorder, self.sandbox.currencies)
        self._sources = [source]
        self.condition: ast.Expression | None = None  # that is asserted
        self.seen: dict[int, Any] = {}  # the values of the present statement's expressions, by identity of node
        self.failing: ast.Expression | None = None  # the innermost one that failed in it
        self.expecting: Expecting | None = None

    def carry_out(self, statements: Sequence[ast.Statement]) -> None:
        """See `World`."""
        for statement in statements:
            self.seen, self.failing = {}, None
            self.recorder.statement(self._sources[-1], statement.span, self.names)
            super().carry_out([statement])

    def invoke(self, node: ast.Call, function: FunctionSymbol, arguments: list[Any]) -> Any:
        """See `World`."""
        scene = self.recorder.begin(Kind.PURE, name=function.name)
        scene.symbol, scene.arguments = function, tuple(arguments)
        self._sources.append(function.source)
        try:
            result = super().invoke(node, function, arguments)
        except Failure as failure:
            self.recorder.end(scene, failure=failure)
            raise
        finally:
            self._sources.pop()
        self.recorder.end(scene, result=result)
        return result

    def value(self, node: ast.Expression) -> Any:
        """See `Evaluator`."""
        try:
            value = super().value(node)
        except Failure:
            self.failing = self.failing or node
            raise
        self.seen[id(node)] = value
        return value

    def setting(self, node: ast.Expression) -> Setting:
        """How the values of an expression of the test are shown."""
        return Setting(self.currency_in(node), self.decimals, name_of=self.wallet_names.get)

    def _do_assert(self, node: ast.Assert) -> None:
        self.condition = node.condition
        if not self.value(node.condition):
            raise Unmet("this does not hold", node.condition.span)
        self.condition = None

    def _do_expect(self, node: ast.Expect) -> None:
        before, self.expecting = self.expecting, Expecting(node, len(self.sandbox.events))
        if not node.is_event:
            self.expecting.wanted = self._wanted(node)
        try:
            super()._do_expect(node)
        except Unmet as unmet:
            if node.is_event:
                self.expecting.wanted = self._wanted(node)
            elif isinstance(unmet.__context__, Failure):
                self.expecting.failure = unmet.__context__
            raise
        self.expecting = before

    def _wanted(self, node: ast.Expect) -> tuple[Any, ...] | None:
        given = node.what.arguments
        return None if given is None else tuple(self.value(argument.value) for argument in given)


@dataclass(slots=True)
class Expecting:
    """An expectation that is waited for: the events before it, the fields that are wanted, and a failure that has others."""

    node: ast.Expect
    events: int
    wanted: tuple[Any, ...] | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """A test that was carried out once more, with its record, its world as it was at the end, and what went wrong."""

    record: Record
    world: RecordedWorld
    guide: WorldGuide
    problem: Unmet | Failure | None


def record_test(
    source: Source,
    name: str,
    body: Sequence[ast.Statement],
    chosen: Mapping[Local, Any],
    compiled: Callable[[ContractSymbol], Compiled],
    *,
    currency: str,
    units: Mapping[str, int],
    lines_max: int = LINES_MAX,
) -> RecordedTest:
    """Carry out a test's statements and write it down. Of a run of more lines than may be kept, the last ones are, for which it
    is carried out twice.
    """
    skip = 0
    while True:
        guide = WorldGuide()
        recorder = Recorder(guide, Scene(Kind.TEST, None, name=name), skip=skip, lines_max=lines_max)
        world = guide.world = RecordedWorld(recorder, source, compiled, currency=currency, units=units)
        world.names.update(chosen)
        recorder.meet(Where(Part.TIME), world.sandbox.time_ms)
        problem: Unmet | Failure | None = None
        try:
            world.carry_out(body)
        except (Unmet, Failure) as found:
            problem = found
        recorder.record.root.failure = problem if isinstance(problem, Failure) else None
        if not recorder.record.lost:
            return RecordedTest(recorder.record, world, guide, problem)
        skip = recorder.record.lost
