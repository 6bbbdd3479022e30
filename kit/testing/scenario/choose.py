"""The next step of a history: which function, who calls it, with what, how much later."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from kit.testing.scenario.pools import Pools, pool_key
from kit.testing.scenario.stage import Outcome, Stage, Step, Target
from lang.types import Reference, Type, lower
from vm import types as vm
from vm.failure import Code, Failure

DAY_MS = 86_400_000
WAIT_MAX_MS = 400 * DAY_MS
"""A wait by chance is at most this: longer than a year, so that yearly things happen."""
AGAIN_SHARE = 0.1
"""Of steps that repeat the last one that succeeded: what may be done once is often wrongly done twice."""
LIST_MAX = 4
"""Elements of a list by chance: enough for two alike and one that is not."""
ENDING_SHUNNED = 0.85
"""By how much a function is called less because it leads to where nothing else can be called."""
FRUITLESS_SHARE = 0.7
"""What is left of a function's weight each time it fails while nothing changes."""
EVERYDAY_MS = (1, 1_000, 60_000, 3_600_000, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 365 * DAY_MS)


class Chooser:
    """Chooses steps; learns what succeeds. The same numbers give the same choices."""

    def __init__(self, stage: Stage, rng: Random) -> None:
        self.stage = stage
        self.rng = rng
        self.last: Step | None = None
        self.pools = Pools(stage)
        self.tries = [1.0] * len(stage.targets)
        self.successes = [1.0] * len(stage.targets)
        self.endings = [0.0] * len(stage.targets)
        self.fruitless: dict[int, int] = {}
        """How often targets failed since anything last changed."""
        self.by_actor: dict[tuple[int, bytes], list[float]] = {}
        self.plain_fields = {address: _plain_fields(stage, address) for address in stage.contracts}
        self.amounts_wanted: tuple[int, ...] = ()
        """Amounts that are tried often, while a way out is looked for."""
        self.views = {address: _views(stage, address) for address in stage.contracts}

    def learn(self, step: Step, outcome: Outcome, is_new: bool, *, is_over: bool = False) -> None:
        """What came of a step. `is_new` says that nothing like it was seen before, `is_over` that nothing can follow."""
        succeeded = outcome.failure is None
        if succeeded:
            self.fruitless.clear()
        else:
            self.fruitless[step.target] = self.fruitless.get(step.target, 0) + 1
        self.tries[step.target] += 1
        known = self.by_actor.setdefault((step.target, step.actor), [1.0, 1.0])
        known[1] += 1
        if succeeded:
            self.last = step
            self.successes[step.target] += 1
            self.endings[step.target] += is_over
            target = self.stage.targets[step.target]
            for (name, _), kind, value in zip(target.function.parameters, target.kinds, step.arguments, strict=True):
                self.pools.see(kind, value, name)
            known[0] += 1
        if is_new or not succeeded or self.rng.random() < 0.125:
            self.pools.learn(self.stage, self.stage.targets[step.target], step.arguments, outcome)

    # ── Steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def step(self) -> Step:
        """A step by chance, from where the stage is; now and then what succeeded last once more."""
        if self.last is not None and self.rng.random() < AGAIN_SHARE:
            return replace(self.last, wait_ms=0)
        number = self._target()
        return self.step_of(number, self._wait())

    def step_of(self, number: int, wait_ms: int) -> Step:
        """A call of a target, so much later."""
        target = self.stage.targets[number]
        actor = self._actor(number, target)
        return Step(wait_ms, actor, number, self.arguments(target, actor))

    def _target(self) -> int:
        """Rather one that runs in the present phase, that succeeds, and that does not end everything; now and then any."""
        weights = []
        for number, target in enumerate(self.stage.targets):
            weight = 0.25 + self.successes[number] / self.tries[number]
            weight *= 1 - ENDING_SHUNNED * self.endings[number] / self.successes[number]
            weight *= FRUITLESS_SHARE ** self.fruitless.get(number, 0)
            phases = target.function.phases
            if phases is not None and self.stage.phase(target.contract) not in phases:
                weight *= 0.04
            weights.append(weight)
        return self.rng.choices(range(len(weights)), weights)[0]

    def _actor(self, number: int, target: Target) -> bytes:
        if len(target.actors) == 1:
            return target.actors[0]
        weights = []
        for actor in target.actors:
            succeeded, tried = self.by_actor.get((number, actor), (1.0, 1.0))
            weights.append(0.08 + succeeded / tried)
        return self.rng.choices(target.actors, weights)[0]

    def _wait(self) -> int:
        """Mostly none; else to a time that the contracts know, a duration that they know, or any."""
        roll = self.rng.random()
        if roll < 0.6:
            return 0
        return self.jump() if roll < 0.8 else self.some_wait()

    def some_wait(self) -> int:
        """A duration that the contracts know, an everyday one, or any."""
        rng, roll = self.rng, self.rng.random()
        if roll < 0.4:
            known = self.pools.pick(rng, "Duration")
            if known is not None and known <= 100 * WAIT_MAX_MS:
                return max(0, int(known) + rng.choice((-1, 0, 0, 1)))
        if roll < 0.8:
            return rng.choice(EVERYDAY_MS)
        return min(WAIT_MAX_MS, int(2 ** rng.uniform(0, 36)))

    def jump(self) -> int:
        """The wait until a time that the state or a failure names: just before, then, or just after."""
        times = []
        now = self.stage.sandbox.time_ms
        for contract, fields in self.plain_fields.items():
            for index, kind in fields:
                if kind == vm.TIME:
                    value = self.stage.field(contract, index, kind)
                    if value is not None:
                        times.append(value)
        seen = self.pools.pick(self.rng, "Time")
        if seen is not None:
            times.append(seen)
        later = [time for time in times if now - 1 <= time <= now + 100 * WAIT_MAX_MS]
        if not later:
            return self.some_wait()
        return max(0, int(self.rng.choice(later)) - now + self.rng.choice((-1, 0, 1)))

    # ── Values ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def arguments(self, target: Target, actor: bytes) -> tuple[Any, ...]:
        """The arguments of a call; coins within what the caller holds."""
        made: list[Any] = []
        left: dict[str, int] = {}
        for (name, kind), lowered in zip(target.function.parameters, target.kinds, strict=True):
            if isinstance(lowered, vm.Coin):
                code = lowered.currency or target.deployed.currency
                held = left.get(code)
                if held is None:
                    held = self.stage.sandbox.balance(actor, code)
                amount = self._money(target, held)
                left[code] = held - amount
                made.append(vm.CoinValue(code, amount))
            else:
                made.append(self._value(name, kind, target, actor))
        return tuple(made)

    def _money(self, target: Target, held: int) -> int:
        """An amount that the caller has."""
        if held == 0:
            return 0
        rng, roll = self.rng, self.rng.random()
        if roll < 0.35:
            amount = self.pools.pick(rng, "Amount")
            if amount is not None and 0 <= amount <= held:
                return min(held, max(0, int(amount) + rng.choice((-1, 0, 0, 0, 1))))
        if roll < 0.6:
            amount = self._from_state(target, vm.AMOUNT)
            if amount is not None and 0 <= amount <= held:
                return int(amount)
        if roll < 0.75:
            return rng.choice((0, 1, 2, held, held - 1, held // 2))
        return min(held, int(held * 2 ** -rng.uniform(0, 12)))

    def _value(self, name: str, kind: Type, target: Target, actor: bytes) -> Any:
        if isinstance(kind, Reference):
            alike = [a for a, d in self.stage.world.deployed.items() if _is_one(d.symbol, kind)]
            return self.rng.choice(alike or self.stage.contracts)
        return self._plain(name, lower(kind), target, actor)

    def _plain(self, name: str, kind: vm.Type, target: Target, actor: bytes) -> Any:
        rng = self.rng
        match kind:
            case vm.Bool():
                return rng.random() < 0.5
            case vm.Int() | vm.Amount():
                return self._number(name, kind, target)
            case vm.Address():
                return self._address(actor)
            case vm.Text(most):
                return self._text(name, most)
            case vm.Bytes(most):
                return self._bytes(name, most)
            case vm.List(element, most):
                return tuple(self._plain(name, element, target, actor) for _ in range(rng.randint(0, min(most, LIST_MAX))))
            case vm.Option(element):
                return (0,) if rng.random() < 0.3 else (1, self._plain(name, element, target, actor))
            case vm.Tuple(items):
                return tuple(self._plain(name, item, target, actor) for item in items)
            case vm.Struct(_, fields):
                return tuple(self._plain(own, item, target, actor) for own, item in fields)
            case vm.Enum(_, variants):
                tag = rng.randrange(len(variants))
                return (tag, *(self._plain(own, item, target, actor) for own, item in variants[tag][1]))
        raise AssertionError(kind)

    def _number(self, name: str, kind: vm.Int | vm.Amount, target: Target) -> int:
        """One that is known, one at an edge, or any; small ones often."""
        rng, roll = self.rng, self.rng.random()
        low, high = vm.bounds(kind)
        key = pool_key(kind)
        assert key is not None
        found = None
        if self.amounts_wanted and isinstance(kind, vm.Amount) and rng.random() < 0.5:
            return min(high, rng.choice(self.amounts_wanted))
        if roll < 0.55:
            found = self.pools.pick(rng, key, name)
        elif roll < 0.7:
            found = self._from_state(target, kind)
        if found is not None:
            return min(high, max(low, int(found) + (rng.choice((-1, 1)) if rng.random() < 0.15 else 0)))
        if kind == vm.TIME:
            return min(high, self.stage.sandbox.time_ms + rng.choice((0, self.some_wait())))
        if kind == vm.DURATION:
            return self.some_wait()
        if roll < 0.85:
            return min(high, max(low, rng.choice((0, 1, 2, 3, low, high, high - 1, 100))))
        value = int(2 ** rng.uniform(0, min(64, high.bit_length()) if rng.random() < 0.3 else min(14, high.bit_length())))
        return max(low, -value) if low < 0 and rng.random() < 0.4 else min(high, value)

    def _address(self, actor: bytes) -> bytes:
        roll = self.rng.random()
        if roll < 0.2:
            return actor
        if roll < 0.8 or not self.stage.contracts:
            return self.rng.choice(tuple(self.stage.wallets) or self.stage.actors)
        return self.rng.choice(self.stage.contracts)

    def _text(self, name: str, most: int) -> str:
        known = self.pools.pick(self.rng, "Text", name) if self.rng.random() < 0.6 else None
        if known is not None and len(known.encode()) <= most:
            return str(known)
        return self.rng.choice(("", "a", "b", "x" * most))[:most]

    def _bytes(self, name: str, most: int) -> bytes:
        known = self.pools.pick(self.rng, "Bytes", name) if self.rng.random() < 0.6 else None
        if known is not None and len(known) <= most:
            return bytes(known)
        return self.rng.choice((b"\x00", b"\x01", bytes(most), self.rng.randbytes(most)))[:most]

    def _from_state(self, target: Target, kind: vm.Type) -> int | None:
        """A number of such a kind that the contract's state holds, or that a view gives."""
        fields = [index for index, each in self.plain_fields[target.contract] if pool_key(each) == pool_key(kind)]
        views = self.views[target.contract].get(pool_key(kind) or "", ())
        if not fields and not views:
            return None
        place = self.rng.randrange(len(fields) + len(views))
        try:
            if place < len(fields):
                declared = target.deployed.compiled.module.fields[fields[place]][1]
                kind = vm.AMOUNT if isinstance(declared, vm.Vault) else declared
                stored = self.stage.field(target.contract, fields[place], kind)
                return None if stored is None else int(stored)
            return int(self.stage.sandbox.read(target.contract, views[place - len(fields)]))
        except Failure as failure:
            assert failure.name != Code.NO_FUNCTION
            return None


def _is_one(symbol: Any, kind: Reference) -> bool:
    names = {symbol.name, *(each if isinstance(each, str) else each.name for each in symbol.implements)}
    return kind.name in names


def _plain_fields(stage: Stage, contract: bytes) -> list[tuple[int, vm.Type]]:
    """The state fields that hold one number, vaults among them."""
    fields = stage.world.deployed[contract].compiled.module.fields
    return [(index, kind) for index, (_, kind) in enumerate(fields) if isinstance(kind, vm.Int | vm.Amount | vm.Vault)]


def _views(stage: Stage, contract: bytes) -> dict[str, list[str]]:
    """The views without parameters that give a number, by what the number may stand for."""
    found: dict[str, list[str]] = {}
    symbol = stage.world.deployed[contract].symbol
    for function in symbol.functions.values():
        if function.kind == "view" and not function.parameters and isinstance(function.result, vm.Int | vm.Amount):
            key = pool_key(function.result)
            assert key is not None
            found.setdefault(key, []).append(function.name)
    return found
