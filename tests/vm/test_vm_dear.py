"""Programs that once took long for their gas (`bench/gas_search.py`) do the same on both tiers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from machine_world import ALICE, HERE, THERE, verified
from tiers import Tally, Twins

from vm.failure import Code

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.prices.grammar import dear, text_of

PASSES = 5


@pytest.mark.parametrize("name", dear())
def test_dear_programs_do_the_same_on_both_tiers(name: str) -> None:
    """Result, gas, events, failure and state of a few passes are the same, with enough gas and with less."""
    module = verified(text_of(dear()[name]))
    tally = Tally()
    twins = Twins({HERE: module, THERE: module}, tally)
    for world in twins.worlds.values():
        world.contracts |= {HERE: (module, "CNY"), THERE: (module, "CNY")}
    filled = twins.run(
        [lambda session: session.call(HERE, "fill", [], ALICE)], gas_limit=10**9, check_promises=False, commit=True, note=name
    )
    assert filled < 10**9
    run = [lambda session: session.call(HERE, "run", [PASSES, THERE], ALICE)]
    used = twins.run(run, gas_limit=10**9, check_promises=False, commit=False, note=name)
    for gas_limit in range(0, used, used // 7):
        twins.run(run, gas_limit=gas_limit, check_promises=False, commit=False, note=(name, gas_limit))
    assert tally.endings["result"] >= 2
    assert tally.endings[str(Code.OUT_OF_GAS)] > 3
