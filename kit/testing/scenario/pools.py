"""Values worth trying again: constants of the code, amounts and times that were seen, the people of the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from random import Random
from typing import Any

from kit.testing.scenario.stage import Outcome, Stage, Target
from lang import ast
from vm import types as vm
from vm import values

RECENT_MAX = 64
"""Values of one type that are kept beside the constants; more would make the good ones rare."""
CONSTANTS_MAX = 64
NAMED_SHARE = 0.7
"""Of choices that take what a field of the parameter's name has had: a `number` is that of an event, not any integer."""
LATEST_RATE = 0.3
"""How strongly the latest values are preferred: the number just given to a proposal is the one to approve."""


def pool_key(kind: vm.Type) -> str | None:
    """Which values may stand for one another: amounts, times, durations, rates, other numbers, texts, bytes."""
    match kind:
        case vm.Amount() | vm.Coin() | vm.Vault():
            return "Amount"
        case vm.Int(name) if name in ("Time", "Duration", "Rate"):
            return name
        case vm.Int():
            return "integer"
        case vm.Text():
            return "Text"
        case vm.Bytes():
            return "Bytes"
    return None


class Pools:
    """Values by what they may stand for. What comes in late pushes out what came early, constants stay."""

    def __init__(self, stage: Stage) -> None:
        self.constants: dict[str, list[Any]] = {}
        self.recent: dict[str, list[Any]] = {}
        self.by_name: dict[tuple[str, str], list[Any]] = {}
        for deployed in stage.world.deployed.values():
            for constant in deployed.compiled.module.constants:
                self._constant(constant.type, constant.value)
        for node in _numbers(stage):
            if node.type is not None and node.ref is not None:
                self._constant(node.type, node.ref)

    def _constant(self, kind: vm.Type, value: Any) -> None:
        key = pool_key(kind)
        known = self.constants.setdefault(key, []) if key is not None else []
        if value not in known and len(known) < CONSTANTS_MAX:
            known.append(value)

    def forget(self) -> None:
        """A new history begins: what was seen in another one is not there."""
        self.recent = {}
        self.by_name = {}

    def remembered(self) -> Pools:
        """These pools as they are now, whatever is seen later."""
        twin = copy(self)
        twin.recent = {key: list(known) for key, known in self.recent.items()}
        twin.by_name = {key: list(known) for key, known in self.by_name.items()}
        return twin

    def see(self, kind: vm.Type, value: Any, name: str) -> None:
        """Remember a value, and what it is made of, under what it may stand for and under the name of its field."""
        match kind:
            case vm.Option(element):
                if value[0] == 1:
                    self.see(element, value[1], name)
                return
            case vm.List(element, _):
                for item in value[:4]:
                    self.see(element, item, name)
                return
            case vm.Tuple(items):
                for each, item in zip(items, value, strict=True):
                    self.see(each, item, name)
                return
            case vm.Struct(_, fields):
                for (own, each), item in zip(fields, value, strict=True):
                    self.see(each, item, own)
                return
        key = pool_key(kind)
        if key is not None and not isinstance(value, vm.CoinValue):
            _put(self.recent.setdefault(key, []), value)
            _put(self.by_name.setdefault((key, name), []), value)

    def learn(self, stage: Stage, target: Target, arguments: tuple[Any, ...], outcome: Outcome) -> None:
        """What a step told: the result, the fields of events or of an error of the contract's own, but not what it was given."""
        if outcome.failure is not None:
            failure = outcome.failure
            deployed = stage.world.contract(failure.contract) if failure.contract is not None else None
            records = deployed.compiled.module.errors if deployed is not None else ()
            for record in records:
                if record.name == failure.name and len(record.fields) == len(failure.values):
                    for (name, kind), value in zip(record.fields, failure.values, strict=True):
                        if value not in arguments:
                            self.see(kind, value, name)
            return
        if outcome.result is not None:
            module = target.deployed.compiled.module
            given = next(function.result for function in module.functions if function.name == target.function.name)
            if given is not None and vm.is_plain(given):
                self.see(given, outcome.result, "")
        for event in stage.sandbox.events[len(stage.sandbox.events) - len(outcome.events) :]:
            deployed = stage.world.contract(event.contract)
            if deployed is not None:
                fields = deployed.compiled.module.events[event.number].fields
                told = values.decode_arguments([kind for _, kind in fields], event.payload)
                for (name, kind), value in zip(fields, told, strict=True):
                    self.see(kind, value, name)

    def pick(self, rng: Random, key: str, name: str = "") -> Any | None:
        """A value that a field of this name had, a constant, or any that was seen, or None if there are none."""
        named = self.by_name.get((key, name)) if name else None
        if named and rng.random() < NAMED_SHARE:
            return _late(rng, named)
        constants, recent = self.constants.get(key), self.recent.get(key)
        if constants and (not recent or rng.random() < 0.5):
            return rng.choice(constants)
        return _late(rng, recent) if recent else None


def _put(known: list[Any], value: Any) -> None:
    if value in known:
        known.remove(value)
    known.append(value)
    if len(known) > RECENT_MAX:
        del known[0]


def _late(rng: Random, known: list[Any]) -> Any:
    return known[-1 - min(len(known) - 1, int(rng.expovariate(LATEST_RATE)))]


def _numbers(stage: Stage) -> Iterable[ast.Number]:
    """The literals of the contracts' source and of the scenario."""
    seen: set[int] = set()
    roots: list[ast.Node] = [stage.scenario.declaration]
    for deployed in stage.world.deployed.values():
        if id(deployed.symbol) not in seen:
            seen.add(id(deployed.symbol))
            roots.append(deployed.symbol.declaration)
    for root in roots:
        for node in ast.walk(root):
            if isinstance(node, ast.Number):
                yield node
