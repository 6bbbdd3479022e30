"""Values worth trying again: constants of the code, amounts and times that were seen, the people of the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from kit.testing.scenario.stage import Outcome, Stage, Target
from lang import ast
from vm import types as vm
from vm import values

RECENT_MAX = 64
"""Values of one type that are kept beside the constants; more would make the good ones rare."""
CONSTANTS_MAX = 64
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

    def see(self, kind: vm.Type, value: Any) -> None:
        """Remember a value, and what it is made of."""
        match kind:
            case vm.Option(element):
                if value[0] == 1:
                    self.see(element, value[1])
                return
            case vm.List(element, _):
                for item in value[:4]:
                    self.see(element, item)
                return
            case vm.Tuple(items):
                for each, item in zip(items, value, strict=True):
                    self.see(each, item)
                return
            case vm.Struct(_, fields):
                for (_, each), item in zip(fields, value, strict=True):
                    self.see(each, item)
                return
        key = pool_key(kind)
        if key is None or isinstance(value, vm.CoinValue):
            return
        known = self.recent.setdefault(key, [])
        if value in known:
            known.remove(value)
        known.append(value)
        if len(known) > RECENT_MAX:
            del known[0]

    def learn(self, stage: Stage, target: Target, outcome: Outcome) -> None:
        """What a step told: the result, the fields of events or of an error of the contract's own."""
        if outcome.failure is not None:
            failure = outcome.failure
            deployed = stage.world.contract(failure.contract) if failure.contract is not None else None
            records = deployed.compiled.module.errors if deployed is not None else ()
            for record in records:
                if record.name == failure.name and len(record.fields) == len(failure.values):
                    for (_, kind), value in zip(record.fields, failure.values, strict=True):
                        self.see(kind, value)
            return
        if outcome.result is not None:
            module = target.deployed.compiled.module
            given = next(function.result for function in module.functions if function.name == target.function.name)
            if given is not None and vm.is_plain(given):
                self.see(given, outcome.result)
        for event in stage.sandbox.events[len(stage.sandbox.events) - len(outcome.events) :]:
            deployed = stage.world.contract(event.contract)
            if deployed is not None:
                fields = deployed.compiled.module.events[event.number].fields
                told = values.decode_arguments([kind for _, kind in fields], event.payload)
                for (_, kind), value in zip(fields, told, strict=True):
                    self.see(kind, value)

    def pick(self, rng: Random, key: str) -> Any | None:
        """A constant or a value that was seen, or None if there are none."""
        constants, recent = self.constants.get(key), self.recent.get(key)
        if constants and (not recent or rng.random() < 0.5):
            return rng.choice(constants)
        if not recent:
            return None
        return recent[-1 - min(len(recent) - 1, int(rng.expovariate(LATEST_RATE)))]


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
