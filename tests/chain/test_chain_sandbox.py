"""The sandbox for tests of contracts."""

from __future__ import annotations

import pytest
from ledger_world import module

from chain.ledger.sandbox import Sandbox
from vm.failure import Failure


@pytest.fixture
def sandbox() -> Sandbox:
    """A new one."""
    return Sandbox({"CNY": 2, "USD": 2})


def escrow(sandbox: Sandbox) -> tuple[bytes, bytes, bytes]:
    """(contract, buyer, seller) of a new agreement over 100."""
    buyer, seller = sandbox.wallet("buyer", {"CNY": 1_000}), sandbox.wallet("seller")
    return sandbox.deploy(module("escrow"), "CNY", (seller, 100, 5_000), buyer), buyer, seller


def test_an_agreement_runs(sandbox: Sandbox) -> None:
    """Deploy, call with coins, read, and look at balances, events and gas."""
    deal, buyer, seller = escrow(sandbox)
    sandbox.call(deal, "fund", (sandbox.coin(100),), buyer)
    assert sandbox.read(deal, "remaining") == 100
    sandbox.call(deal, "accept", (), buyer)
    assert (sandbox.balance(buyer, "CNY"), sandbox.balance(seller, "CNY")) == (900, 100)
    assert [event.contract for event in sandbox.events] == [deal]
    assert sandbox.last_gas > 0


def test_a_failed_call_raises_and_leaves_nothing(sandbox: Sandbox) -> None:
    """The contract's error comes with its values, and the money is where it was."""
    deal, buyer, _ = escrow(sandbox)
    with pytest.raises(Failure) as caught:
        sandbox.call(deal, "fund", (sandbox.coin(99),), buyer)
    assert (caught.value.name, caught.value.values) == ("WrongPrice", (100, 99))
    assert sandbox.balance(buyer, "CNY") == 1_000


def test_time_passes_when_told(sandbox: Sandbox) -> None:
    """A deadline is reached by advancing."""
    deal, buyer, _ = escrow(sandbox)
    sandbox.call(deal, "fund", (sandbox.coin(100),), buyer)
    with pytest.raises(Failure, match="TooEarly"):
        sandbox.call(deal, "reclaim", (), buyer)
    sandbox.advance(5_001)
    sandbox.call(deal, "reclaim", (), buyer)


def test_a_snapshot_is_restored_any_number_of_times(sandbox: Sandbox) -> None:
    """State, time and events come back."""
    deal, buyer, _ = escrow(sandbox)
    snapshot = sandbox.snapshot()
    for _ in range(2):
        sandbox.call(deal, "fund", (sandbox.coin(100),), buyer)
        sandbox.call(deal, "accept", (), buyer)
        sandbox.advance(1)
        sandbox.restore(snapshot)
        assert (sandbox.balance(buyer, "CNY"), sandbox.events, sandbox.snapshot()) == (1_000, [], snapshot)


def test_rules_judge_payments(sandbox: Sandbox) -> None:
    """An attached rule refuses with its own error."""
    parent, child = sandbox.wallet("parent"), sandbox.wallet("child", {"CNY": 500})
    shop = sandbox.wallet("shop")
    rule = sandbox.deploy(module("allowance"), "CNY", (100,), parent)
    sandbox.attach(rule, child, child)
    with pytest.raises(Failure, match="NotHere"):
        sandbox.pay(child, shop, "CNY", 1)
    sandbox.call(rule, "allow", (shop,), parent)
    sandbox.pay(child, shop, "CNY", 100)
    with pytest.raises(Failure, match="OverBudget"):
        sandbox.pay(child, shop, "CNY", 1)


def test_promises_are_checked_if_told(sandbox: Sandbox) -> None:
    """A broken invariant fails the call, unless they are switched off."""
    deal, buyer, _ = escrow(sandbox)
    sandbox.call(deal, "fund", (sandbox.coin(100),), buyer)
    with pytest.raises(Failure):
        sandbox.call(deal, "abandon", (), buyer)
    assert all(supply.holds for supply in sandbox.supply())


def test_what_is_not_there_fails(sandbox: Sandbox) -> None:
    """Unknown contracts, functions and arguments are failures."""
    deal, buyer, _ = escrow(sandbox)
    with pytest.raises(Failure, match="NoContract"):
        sandbox.call(bytes(32), "f", (), buyer)
    with pytest.raises(Failure, match="NoFunction"):
        sandbox.call(deal, "f", (), buyer)
    with pytest.raises(Failure, match="WrongArguments"):
        sandbox.call(deal, "fund", (1,), buyer)
