"""A scenario after its set-up: whose functions may be called by whom, and a sandbox that goes back to there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from chain.ledger.sandbox import Snapshot
from chain.primitives.refusal import SupplyBroken
from kit.testing.world import Deployed, Unmet, World
from lang import ast
from lang.check import CheckedScenario
from lang.symbols import FunctionSymbol, Local
from lang.types import lower
from vm import types as vm
from vm import values
from vm.failure import Code, Failure
from vm.instructions import Effect
from vm.module import Kind

PROMISES = frozenset({Code.INVARIANT_BROKEN, Code.ENSURES_BROKEN})


@dataclass(frozen=True, slots=True)
class Target:
    """A function that may be called: of the contract at an address, which the scenario calls `contract_name`."""

    contract: bytes
    contract_name: str
    function: FunctionSymbol
    kinds: tuple[vm.Type, ...]
    actors: tuple[bytes, ...]
    deployed: Deployed

    @property
    def name(self) -> str:
        """`pot.fill`."""
        return f"{self.contract_name}.{self.function.name}"


@dataclass(frozen=True, slots=True)
class Step:
    """One call: so many milliseconds after the one before, an actor calls a target (by its number) with machine values."""

    wait_ms: int
    actor: bytes
    target: int
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step: a failure, or the result; and the numbers of what it added to the events."""

    failure: Failure | None
    result: Any
    events: tuple[tuple[bytes, int], ...]
    gas: int

    @property
    def name(self) -> str:
        """`ok`, or the error's name."""
        return "ok" if self.failure is None else self.failure.name


@dataclass(frozen=True, slots=True)
class Break:
    """What went wrong. Two breaks are alike if their `key` is the same."""

    key: tuple[Any, ...]
    message: str
    check: ast.Check | None = None


class NotStaged(Exception):
    """The set-up came to an end that leaves nothing to play."""

    def __init__(self, message: str, node: ast.Node) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


class Stage:
    """Plays steps. Raises what the set-up raises (`Unmet`, `Failure`), and `NotStaged`."""

    def __init__(self, scenario: CheckedScenario, world: World) -> None:
        self.scenario = scenario
        self.world = world
        self.sandbox = world.sandbox
        world.carry_out(scenario.setup)
        self.wallets = self._wallets()
        self.targets = self._targets()
        self.actors = tuple(dict.fromkeys(actor for target in self.targets for actor in target.actors))
        self.contracts = tuple(world.deployed)
        self.checks = [_Remembering(check) for check in scenario.checks]
        self.calls = 0
        self.start: Snapshot = self.sandbox.snapshot()
        self._remember()
        self._old_at_start = [list(check.values) for check in self.checks]

    def _wallets(self) -> dict[bytes, str]:
        """The wallets that the set-up opened and keeps under a name, one by one or together."""
        bound = [value if isinstance(value, tuple) else (value,) for value in self.world.names.values()]
        named = {item for values_ in bound for item in values_ if isinstance(item, bytes)}
        known = self.world.wallet_names.items()
        return {address: name for address, name in known if address in named and address not in self.world.deployed}

    def _targets(self) -> list[Target]:
        """The functions that may be called, each once, with everybody who may."""
        found: dict[tuple[bytes, str], tuple[FunctionSymbol, list[bytes]]] = {}
        for act in self.scenario.acts:
            actors = list(self.wallets) if act.actors is None else [a for node in act.actors for a in self._actors(node)]
            for target in act.targets:
                address = self.world.value(target.contract)
                if address not in self.world.deployed:
                    raise NotStaged("no contract is at this address: nothing can be called", target.contract)
                for function in target.functions:
                    known = found.setdefault((address, function.name), (function, []))
                    known[1].extend(actor for actor in actors if actor not in known[1])
        made = []
        for (address, _), (function, actors) in found.items():
            deployed = self.world.deployed[address]
            kinds = tuple(lower(kind) for _, kind in function.parameters)
            name = self.world.wallet_names[address]
            made.append(Target(address, name, function, kinds, tuple(actors), deployed))
        return made

    def _actors(self, node: ast.Expression) -> Sequence[bytes]:
        value = self.world.value(node)
        return value if isinstance(value, tuple) else (value,)

    # ── Playing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def rewind(self) -> None:
        """Go back to the end of the set-up."""
        self.sandbox.restore(self.start)
        for check, remembered in zip(self.checks, self._old_at_start, strict=True):
            check.values = list(remembered)

    def play(self, step: Step) -> Outcome:
        """Carry out one step. A failed call leaves nothing but the time that passed."""
        sandbox = self.sandbox
        if step.wait_ms:
            sandbox.advance(step.wait_ms)
        self.calls += 1
        target = self.targets[step.target]
        count = len(sandbox.events)
        try:
            result = sandbox.call(target.contract, target.function.name, step.arguments, step.actor)
        except Failure as failure:
            return Outcome(failure, None, (), sandbox.last_gas)
        events = tuple((event.contract, event.number) for event in sandbox.events[count:])
        return Outcome(None, result, events, sandbox.last_gas)

    def judge(self, step: Step, outcome: Outcome) -> Break | None:
        """What a step broke: a promise, a check, or the supply equation."""
        failure = outcome.failure
        if failure is not None:
            if failure.name in PROMISES and not self._is_before(failure):
                place = failure.where[-1][:2] if failure.where else None
                said = f"{failure.name} in {self.targets[step.target].name}"
                return Break(("promise", failure.name, place, failure.detail), said)
            if not step.wait_ms:
                return None  # nothing has changed
        return self.judge_state()

    def _is_before(self, failure: Failure) -> bool:
        """Whether it is the computing of what `old(…)` is that failed: a call that would have failed too breaks no promise."""
        cause = failure.__cause__
        where = cause.where if isinstance(cause, Failure) else []
        frames = ((self.world.deployed.get(contract), function) for contract, function, _ in where)
        return any(found is not None and found.compiled.module.functions[place].kind == Kind.OLD for found, place in frames)

    def may_pay(self, number: int) -> bool:
        """Whether a target moves money at all: pays, or gives a coin back."""
        target = self.targets[number]
        functions = target.deployed.compiled.module.functions
        function = next(each for each in functions if each.name == target.function.name)
        return bool(function.effects & Effect.MONEY) or (function.result is not None and vm.is_linear(function.result))

    def judge_state(self) -> Break | None:
        """What does not hold now. What `old` means is remembered anew."""
        for number, check in enumerate(self.checks):
            try:
                holds = check.holds(self.world)
            except Failure as failure:
                said = f"asking this failed with {failure.name}"
                return Break(("check fails", number, failure.name), said, check.check)
            if not holds:
                return Break(("check", number), "this does not hold", check.check)
        for supply in self.sandbox.supply():
            if not supply.holds:
                return Break(("supply", supply.currency), f"money in {supply.currency} came from nowhere or went there")
        self._remember()
        return None

    def _remember(self) -> None:
        for check in self.checks:
            check.remember(self.world)

    def successes(self, steps: Sequence[Step]) -> list[Step]:
        """The steps of a history that did something, with the time that passed before those that did not; with the last step,
        whatever it did.
        """
        self.rewind()
        done: list[Step] = []
        waited_ms = 0
        for place, step in enumerate(steps):
            waited_ms += step.wait_ms
            if self.play(step).failure is None or place == len(steps) - 1:
                done.append(replace(step, wait_ms=waited_ms))
                waited_ms = 0
        return done

    def paid_out(self, moves: int) -> bool:
        """Whether a contract has paid a wallet since so many moves."""
        return any(move.reason == "payout" for move in self.sandbox.moves[moves:])

    def broken_by(self, steps: Sequence[Step]) -> tuple[int, Break] | None:
        """Play a history from the start: how many steps it took to break something, and what; None if nothing broke."""
        self.rewind()
        for count, step in enumerate(steps, 1):
            try:
                found = self.judge(step, self.play(step))
            except SupplyBroken as broken:
                found = Break(("supply broken",), str(broken))
            if found is not None:
                return count, found
        return None

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def kept(self) -> dict[tuple[bytes, str], int]:
        """The money that lies in each contract's vaults, by currency, in minor units; only where there is some."""
        found = {}
        for address in self.contracts:
            for currency in self.sandbox.currencies:
                stored = self.sandbox.slot(address, msgpack.packb([-2, currency]))
                if stored is not None:
                    amount = int(values.decode(vm.AMOUNT, stored))
                    if amount:
                        found[address, currency] = amount
        return found

    def phase(self, contract: bytes) -> int:
        """The number of the phase that a contract is in."""
        stored = self.sandbox.slot(contract, PHASE_SLOT)
        return 0 if stored is None else int(values.decode(vm.U8, stored))

    def is_over(self) -> bool:
        """Whether no function can be called any more, by the phases that they run in."""
        phases = {contract: self.phase(contract) for contract in self.contracts}
        return all(
            target.function.phases is not None and phases[target.contract] not in target.function.phases
            for target in self.targets
        )

    def field(self, contract: bytes, index: int, kind: vm.Type) -> Any:
        """The value of a plain state field, or None where none is stored."""
        stored = self.sandbox.slot(contract, msgpack.packb([index]))
        return None if stored is None else values.decode(kind, stored)


PHASE_SLOT = msgpack.packb([-1])


class _Remembering:
    """A check; what stands in its `old(…)` is computed before each step and stands for a name in it."""

    def __init__(self, check: ast.Check) -> None:
        self.check = check
        self.olds: list[tuple[ast.Old, Local]] = []
        self.condition = self._without_old(check.condition)
        self.values: list[Any] = []

    def _without_old(self, node: Any) -> Any:
        if isinstance(node, ast.Old):
            assert node.value.type is not None
            local = Local("old", node.value.type, -1, node.span)
            self.olds.append((node, local))
            return ast.Name("old", span=node.span, type=node.type, ref=local)
        if isinstance(node, ast.Node) and any(isinstance(inner, ast.Old) for inner in ast.walk(node)):
            names = (name for name in node.__dataclass_fields__ if name not in ("type", "ref", "span"))
            return replace(node, **{name: self._without_old(getattr(node, name)) for name in names})
        if isinstance(node, list):
            return [self._without_old(item) for item in node]
        return node

    def remember(self, world: World) -> None:
        """Compute what `old` is for the next step. What fails now has no value before the next step."""
        self.values = []
        for old, _ in self.olds:
            try:
                self.values.append(world.value(old.value))
            except Failure:
                self.values.append(None)

    def holds(self, world: World) -> bool:
        """Whether it holds. Raises `Failure`."""
        for (_, local), value in zip(self.olds, self.values, strict=True):
            world.names[local] = value
        return bool(world.value(self.condition))


def before_the_first_step(stage: Stage) -> Break | None:
    """What does not hold when nobody has done anything yet."""
    return stage.judge_state()


__all__ = ["Break", "NotStaged", "Outcome", "Stage", "Step", "Target", "Unmet", "before_the_first_step"]
