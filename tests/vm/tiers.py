"""Runs one thing on both tiers and tells whether anything came out differently."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from machine_world import ALICE, BOB, HERE, THERE, World
from onlooker import Onlooker
from random_programs import pair, small_value
from random_state import key_value, state_pair

from vm.failure import Code, Failure
from vm.machine import Session, Tier
from vm.module import Kind, Module
from vm.types import PAYMENT, Type
from vm.verifier import Verified, verify

TIERS = (Tier.REFERENCE, Tier.NATIVE)
Call = Callable[[Session], Any]
LOOKED_AT_EVERY = 4  # of the sessions that leave nothing behind; all others are


@dataclass
class Tally:
    """What has been compared."""

    programs: int = 0
    runs: int = 0
    steps: int = 0  # that an onlooker saw
    endings: Counter[str] = field(default_factory=Counter)


class Twins:
    """Two worlds that ought to stay alike, one for each tier."""

    def __init__(self, modules: dict[bytes, Verified], tally: Tally) -> None:
        self.worlds = {tier: World(tier=tier) for tier in TIERS}
        self.modules = modules
        self.tally = tally
        self.sessions = 0
        for world in self.worlds.values():
            world.no_wallet.add(b"nobody".ljust(32, b"."))

    def run(self, calls: list[Call], *, gas_limit: int, check_promises: bool, commit: bool, note: object) -> int:
        """Do some calls in one session on each tier and compare all that can be seen; the gas used."""
        seen: dict[Tier, Any] = {}
        self.sessions += 1
        looked_at = self._looked_at(calls, gas_limit, check_promises) if commit or self.sessions % LOOKED_AT_EVERY == 0 else None
        for tier, world in self.worlds.items():
            before = dict(world.balances)
            session = world.session(gas_limit=gas_limit, check_promises=check_promises)
            outcomes = [outcome(session, call) for call in calls]
            effects = session.finish()
            seen[tier] = outcomes, session.gas_left, effects, dict(world.balances)
            if commit:
                for slot, data in effects.writes.items():
                    if data is None:
                        del world.store[slot]
                    else:
                        world.store[slot] = data
            else:
                world.balances = before
            if tier is Tier.NATIVE:
                self.tally.runs += len(calls)
                self.tally.endings.update(str(found[0]) for found in outcomes)
        reference, compiled = (seen[tier] for tier in TIERS)
        assert compiled == reference, f"{note}\nreference {reference}\ncompiled  {compiled}"
        if looked_at is not None:
            assert looked_at == reference[:3], f"{note}\nreference {reference}\nlooked at {looked_at}"
        return gas_limit - int(reference[1])

    def ends(self, calls: list[Call], *, gas_limit: int) -> list[int]:
        """Gas limits that just do, and just do not, for each point of the calls at which gas can end."""
        world = self.worlds[Tier.REFERENCE]
        before, onlooker = dict(world.balances), Onlooker()
        session = world.session(gas_limit=gas_limit, tracer=onlooker)
        for call in calls:
            outcome(session, call)
        world.balances = before
        used = {gas_limit - left for left in (*onlooker.gas, session.gas_left)}
        return sorted({limit for gas in used for limit in (gas - 1, gas) if limit >= 0})

    def _looked_at(self, calls: list[Call], gas_limit: int, check_promises: bool) -> tuple[Any, ...]:
        """What the calls do in a session with a tracer, which is held to what it is told. Nothing stays of it."""
        world = self.worlds[Tier.REFERENCE]
        before, onlooker = dict(world.balances), Onlooker()
        session = world.session(gas_limit=gas_limit, check_promises=check_promises, tracer=onlooker)
        outcomes = []
        for call in calls:
            mark = len(onlooker.stands)
            outcomes.append(outcome(session, call))
            if outcomes[-1][0] != "result":
                onlooker.undo(mark)
        effects = session.finish()
        onlooker.check(effects, self.modules)
        world.balances = before
        self.tally.steps += onlooker.steps
        return outcomes, session.gas_left, effects


def outcome(session: Session, call: Call) -> tuple[Any, ...]:
    """How a call ended, in full, and the gas that it left."""
    try:
        result = call(session)
    except Failure as failure:
        shown = failure.values, failure.contract, failure.detail, failure.where
        return failure.name, shown, session.gas_left, session.events
    return "result", result, type(result), session.gas_left, session.events


@dataclass(frozen=True)
class Kit:
    """What makes pairs of programs and arguments for them, how many calls to do in a session, and whether gas is to end once at
    every point where it may.
    """

    pair: Callable[[random.Random], tuple[Module, Module]]
    value: Callable[[Type, random.Random], Any]
    calls: tuple[int, ...] = (1, 1, 1, 2, 3)
    every_end: bool = False


ANYTHING = Kit(pair, small_value)
STATE = Kit(state_pair, key_value, calls=(1, 1, 2, 4), every_end=True)


def compare(seed: int, tally: Tally, *, kit: Kit = ANYTHING, gas_limit: int = 3_000_000) -> None:
    """Make a pair of programs, deploy them, and call everything they have, on both tiers."""
    source = random.Random(seed)
    mine, theirs = map(verify, kit.pair(source))
    twins = Twins({HERE: mine, THERE: theirs}, tally)
    tally.programs += 2
    promises = source.random() < 0.4
    prices = random.Random(f"prices {seed}")
    for at, module in twins.modules.items():
        price = prices.choice([0, 0, 1, 300, 20_000])
        for world in twins.worlds.values():
            world.prices[at] = price
        _deploy(twins, at, module, source, promises, seed, kit)
    for _ in range(source.randint(2, 5)):
        calls = [_call(twins, source, kit) for _ in range(source.choice(kit.calls))]
        note = seed, "calls"
        limit = source.choice([gas_limit, gas_limit, gas_limit // 10])
        needed = twins.run(calls, gas_limit=limit, check_promises=promises, commit=False, note=note)
        some = [source.randint(0, needed + needed // 32) for _ in range(6)]
        if kit.every_end:
            some += twins.ends(calls, gas_limit=limit)
        for limit in range(needed + 2) if needed <= 1_000 else some:
            twins.run(calls, gas_limit=limit, check_promises=promises, commit=False, note=(*note, limit))
        twins.run(calls, gas_limit=gas_limit, check_promises=promises, commit=True, note=note)


def _deploy(twins: Twins, at: bytes, module: Verified, source: random.Random, promises: bool, seed: int, kit: Kit) -> None:
    assert module.init is not None
    currency = "CNY" if source.random() < 0.9 else "USD"
    kinds = [kind for _, kind in module.module.functions[module.init].parameters]
    arguments = [kit.value(kind, source) for kind in kinds]

    def call(session: Session) -> None:
        session.deploy(at, module, currency, arguments, ALICE)

    for limit in (*(source.randint(0, 20_000) for _ in range(3)), 3_000_000):
        final = limit == 3_000_000
        twins.run([call], gas_limit=limit, check_promises=promises and not final, commit=final, note=(seed, "deploy"))
    for world in twins.worlds.values():
        world.contracts[at] = module, currency


def _call(twins: Twins, source: random.Random, kit: Kit) -> Call:
    at = source.choice([HERE, HERE, THERE])
    module = twins.modules[at]
    function = source.choice([f for f in module.module.functions if f.kind in (Kind.PUBLIC, Kind.VIEW, Kind.PURE, Kind.RULE)])
    sender = source.choice([ALICE, BOB])
    if function.kind == Kind.RULE:
        payment = small_value(PAYMENT, source)
        return lambda session: session.rule(at, payment)
    arguments = [kit.value(kind, source) for _, kind in function.parameters]
    if function.kind == Kind.PUBLIC:
        return lambda session: session.call(at, function.name, arguments, sender)
    return lambda session: session.read(at, function.name, arguments, sender)


def likely_first(likely: int, seeds: int) -> Iterator[int]:
    """So many seeds from 0, before them the one that has told of a fault: most tests of faults end with it."""
    yield likely
    yield from range(seeds)


def out_of_gas(tally: Tally) -> int:
    """How many calls ran out of gas."""
    return tally.endings[str(Code.OUT_OF_GAS)]
