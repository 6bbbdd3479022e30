"""Code that is not at hand is paid for before it is brought, the same on all tiers."""

from __future__ import annotations

from typing import Any

import pytest
from machine_world import ALICE, HERE, THERE, World, program
from tiers import TIERS, Twins, outcome
from tiers import Tally as Nothing

from vm.failure import Code
from vm.machine import Session, Tier
from vm.types import CoinValue

PRICE = 7_000


class Watched(World):
    """A world that remembers which contracts were brought."""

    def __init__(self, tier: Tier) -> None:
        super().__init__(tier=tier)
        self.brought: list[bytes] = []
        self.deploy(program("caller"), THERE)
        self.deploy(program("callee"), CoinValue("CNY", 10), at=THERE)
        self.brought.clear()

    def contract(self, address: bytes) -> Any:
        self.brought.append(address)
        return super().contract(address)


def gas_of(world: World, at: bytes, function: str, *arguments: Any) -> int:
    session = world.session()
    session.call(at, function, arguments, ALICE)
    return session.gas_used


@pytest.mark.parametrize("tier", TIERS)
def test_each_contract_is_charged_once_in_a_session(tier: Tier) -> None:
    """Whoever is called first pays for the code, from outside or by another contract; later calls pay nothing more."""
    world = Watched(tier)
    usual = gas_of(world, HERE, "bump", 3)
    world.prices = {HERE: PRICE, THERE: 2 * PRICE}
    session = world.session()
    session.call(HERE, "bump", (3,), ALICE)
    assert session.gas_used == usual + 3 * PRICE
    session.call(HERE, "bump", (3,), ALICE)
    session.call(THERE, "bump", (3,), ALICE)
    assert session.gas_used < 3 * usual + 3 * PRICE


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("way", ["call", "read", "rule"])
def test_code_that_cannot_be_paid_is_not_brought(tier: Tier, way: str) -> None:
    """One unit under the price: OutOfGas, all gas gone, and the host was not asked for the contract."""
    world = Watched(tier)
    world.prices = {THERE: PRICE}
    for limit, brought in ((PRICE - 1, []), (PRICE, [THERE])):
        world.brought.clear()
        session = world.session(gas_limit=limit)
        calls: dict[str, Any] = {
            "call": lambda: session.call(THERE, "bump", (3,), ALICE),  # noqa: B023
            "read": lambda: session.read(THERE, "count", (), ALICE),  # noqa: B023
            "rule": lambda: session.rule(THERE, (ALICE, ALICE, 1)),  # noqa: B023
        }
        name, _, left, _ = outcome(session, lambda _: calls[way]())  # noqa: B023
        assert name == (Code.NO_FUNCTION if brought and way == "rule" else Code.OUT_OF_GAS)
        assert left == 0
        assert world.brought == brought


@pytest.mark.parametrize("tier", TIERS)
def test_no_contract_costs_nothing_to_bring(tier: Tier) -> None:
    """Where no contract is the host asks for nothing, and the failure is as ever."""
    session = Watched(tier).session()
    assert outcome(session, lambda s: s.call(ALICE, "bump", (3,), ALICE))[0] == Code.NO_CONTRACT
    assert session.gas_used == 0


@pytest.mark.parametrize("step", [31, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("function", ["bump", "try_bump", "fails", "try_fails", "look"])
def test_tiers_agree_wherever_gas_ends_around_a_price(function: str, step: int) -> None:
    """With every gas limit near those at which something can be paid, result, gas and place of failure are the same."""
    twins = Twins({HERE: program("caller"), THERE: program("callee")}, Nothing())
    for world in twins.worlds.values():
        world.deploy(program("caller"), THERE)
        world.deploy(program("callee"), CoinValue("CNY", 10), at=THERE)
        world.prices = {HERE: 500, THERE: PRICE}

    def call(session: Session) -> Any:
        if function == "look":
            return session.read(HERE, function, (), ALICE)
        return session.call(HERE, function, (3,), ALICE)

    needed = twins.run([call, call], gas_limit=100_000, check_promises=False, commit=False, note=function)
    for limit in [*range(0, needed + needed // 64 + 2, step), *range(490, 510)]:
        twins.run([call, call], gas_limit=limit, check_promises=False, commit=False, note=(function, limit))
