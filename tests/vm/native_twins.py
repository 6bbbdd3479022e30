"""Runs a function natively and on the reference tier, and tells whether anything came out differently."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from machine_world import ALICE, HERE, World
from random_numbers import numeric_module, value_of

from vm.failure import Failure
from vm.machine import Tier
from vm.native.engine import NativeFunction, native
from vm.verifier import Verified, verify


@dataclass
class Tally:
    """What has been compared."""

    functions: int = 0
    runs: int = 0
    endings: Counter[str] = field(default_factory=Counter)


class NativeTwins:
    """A function in its native form, and a world in which the reference tier runs it."""

    def __init__(self, verified: Verified, name: str, tally: Tally) -> None:
        made = native(verified, verified.by_name[name])
        assert made is not None
        self.native: NativeFunction = made
        self.name = name
        self.first = verified.bodies[verified.by_name[name]].segments[0].gas
        self.world = World(tier=Tier.REFERENCE)
        self.world.contracts[HERE] = verified, "CNY"
        self.tally = tally
        tally.functions += 1

    def run(self, arguments: tuple[Any, ...], gas_limit: int) -> int:
        """One call on both: the same result and gas, or a failure natively where there is one. Gives the gas used."""
        session = self.world.session(gas_limit=gas_limit)
        expected: tuple[Any, int] | None = None
        ending = "result"
        try:
            expected = session.read(HERE, self.name, arguments, ALICE), session.gas_left
        except Failure as failure:
            ending = str(failure.name)
        self.tally.endings[ending] += 1
        self.tally.runs += 1
        if gas_limit >= self.first:
            found = self.native(gas_limit - self.first, arguments)
            assert found == expected, f"{self.name}{arguments} with {gas_limit} gas: {ending} {expected}, natively {found}"
            assert found is None or type(found[0]) is type(expected[0])  # type: ignore[index]
        return gas_limit - session.gas_left


def compare_numbers(seed: int, tally: Tally, *, calls: int = 8) -> None:
    """Make a random module and call its functions, with every limit of gas up to what they need where that is little."""
    source = random.Random(seed)
    verified = verify(numeric_module(source))
    for function in verified.module.functions[1:]:
        twins = NativeTwins(verified, function.name, tally)
        for _ in range(calls):
            arguments = tuple(value_of(kind, source) for _, kind in function.parameters)
            needed = twins.run(arguments, 10_000)
            some = (source.randint(0, needed + 1), needed - 1, needed)
            for limit in range(needed + 2) if needed <= 100 else some:
                twins.run(arguments, limit)
