"""Promises: invariants and `ensures`, checked in tests and never on a ledger."""

from __future__ import annotations

import pytest
from machine_world import ALICE, HERE, World, program, verified

from vm.failure import Code, Failure
from vm.types import CoinValue

COUNTER = verified(
    """module Counter
type (u64, u64)
const u64 = 0
const u64 = 1
const u64 = 10
field count: u64
field other: u64
init start() does write
  const 0
  store count
  const 0
  store other
  return
public add(n: u64, honest: bool) -> u64 does read write
  get 1
  if
    get 0
    invoke grow
  else
    get 0
    const 1
    add u64
    invoke grow
  end
  const 0
  set 0
  load count
  return
private grow(n: u64) does read write
  load count
  get 0
  add u64
  store count
  return
public reset() does write
  const 2
  store count
  return
old add$old(n: u64, honest: bool) -> (u64, u64) does read
  load count
  load other
  pack (u64, u64)
  return
ensures add$ensures(n: u64, honest: bool, before: u64, other: u64, result: u64) -> bool does read
  get 2
  get 0
  add u64
  get 4
  eq u64
  load other
  get 3
  eq u64
  eq bool
  return
ensures grow$ensures(n: u64) -> bool does read
  load count
  get 0
  ge u64
  return
invariant small() -> bool does read
  load count
  const 2
  lt u64
  return
promise add old add$old ensures add$ensures
promise grow ensures grow$ensures
"""
)


def world() -> World:
    ledger = World()
    ledger.deploy(COUNTER)
    return ledger


def test_promises_that_hold() -> None:
    """A checked session does, gives and costs exactly what an unchecked one does."""
    ledger = world()
    checked, plain = ledger.session(check_promises=True), ledger.session()
    for session in (checked, plain):
        assert session.call(HERE, "add", [3, True], ALICE) == 3
        assert session.call(HERE, "add", [4, True], ALICE) == 7
    assert checked.finish() == plain.finish()


def test_a_broken_ensures_fails_the_call() -> None:
    """The function's promise is held against parameters as they came, remembered values, and the result."""
    session = world().session(check_promises=True)
    with pytest.raises(Failure) as failed:
        session.call(HERE, "add", [3, False], ALICE)
    assert (failed.value.name, failed.value.detail, failed.value.contract) == (
        Code.ENSURES_BROKEN,
        "add",
        HERE,
    )
    assert session.finish().writes == {}


def test_a_broken_invariant_fails_the_call() -> None:
    """Invariants are checked after every outermost call on every contract it entered."""
    session = world().session(check_promises=True)
    with pytest.raises(Failure) as failed:
        session.call(HERE, "reset", [], ALICE)
    assert (failed.value.name, failed.value.detail, failed.value.contract) == (
        Code.INVARIANT_BROKEN,
        "small",
        HERE,
    )
    assert session.finish().writes == {}


def test_a_ledger_does_not_look() -> None:
    """Without checking, broken promises pass."""
    ledger = world()
    assert ledger.call("add", 3, False) == 4
    ledger.call("reset")


def test_an_invariant_of_a_called_contract() -> None:
    """A contract that was only called by another is checked too."""
    caller = verified(
        """module Caller
external public Counter.reset()
public go(at: Address) does call_other
  get 0
  call 0
  return
"""
    )
    ledger = world()
    ledger.deploy(caller, at=ALICE)
    with pytest.raises(Failure, match="INVARIANT_BROKEN"):
        ledger.session(check_promises=True).call(ALICE, "go", [HERE], ALICE)


def test_invariants_hold_at_deployment() -> None:
    """A deployment that breaks an invariant fails."""
    module = verified("module M\nconst bool = false\ninvariant never() -> bool\n  const 0\n  return\n")
    session = World().session(check_promises=True)
    with pytest.raises(Failure, match="INVARIANT_BROKEN"):
        session.deploy(HERE, module, "CNY", [], ALICE)


def test_escrow_keeps_its_promise() -> None:
    """The invariant of the corpus's escrow holds at every step."""
    ledger = World()
    ledger.deploy(program("escrow"), ALICE, 100, 1000)
    session = ledger.session(check_promises=True)
    session.call(HERE, "fund", [CoinValue("CNY", 100)], ALICE)
    session.call(HERE, "accept", [], ALICE)
    assert ledger.balances == {(ALICE, "CNY"): 100}
