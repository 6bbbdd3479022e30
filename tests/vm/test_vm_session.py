"""Sessions: gas, roll-back, re-entry, deployment, conservation, tracing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from machine_world import ALICE, BOB, HERE, NOW, THERE, World, address, program, run_pure, verified

from vm.cells import MEMORY, cells
from vm.failure import Code, Failure
from vm.gas import GAS_ADD, GAS_BASE, GAS_COMPARE, GAS_LOOP, GAS_PART_SCAN, GAS_SEGMENT
from vm.journal import Journal
from vm.machine import Defect, Moved, Session, Tier
from vm.state import State
from vm.types import CoinValue
from vm.verifier import Verified


def coin(amount: int, currency: str = "CNY") -> CoinValue:
    return CoinValue(currency, amount)


def pair() -> World:
    """`caller` at HERE, `callee` at THERE with ten minor units."""
    world = World()
    world.deploy(program("caller"), THERE)
    world.deploy(program("callee"), coin(10), at=THERE)
    return world


def bank(amount: int = 100) -> World:
    """`bank` at HERE in which Alice has some money."""
    world = World()
    world.deploy(program("bank"))
    world.call("deposit", coin(amount))
    return world


def snapshot(session: Session) -> Any:
    """All that a session would leave behind but its gas."""
    effects = session.finish()
    return effects.writes, effects.events, effects.moved


def failing(run: Any, *arguments: Any) -> Failure:
    with pytest.raises(Failure) as failed:
        run(*arguments)
    return failed.value


# Gas.


@pytest.mark.parametrize(
    ("world", "function", "arguments"),
    [
        (pair, "bump", [3]),
        (pair, "round_trip", [coin(4)]),
        (bank, "pay", [BOB, 20]),
        (bank, "withdraw_all", []),
    ],
)
def test_every_gas_limit_up_to_enough(world: Any, function: str, arguments: list[Any]) -> None:
    """With too little gas a call fails with OutOfGas, uses it all, leaves nothing; with enough it succeeds."""
    ledger = world()
    session = ledger.session()
    result = session.call(HERE, function, arguments, ALICE)
    needed, left, paid = session.gas_used, snapshot(session), dict(ledger.balances)
    succeeded = []
    # A call of another contract keeps back a 64th, so more may have to be there than is used.
    for limit in range(needed + needed // 32):
        ledger.balances.clear()
        session = ledger.session(gas_limit=limit)
        try:
            assert session.call(HERE, function, arguments, ALICE) == result
        except Failure as failure:
            assert failure.name == Code.OUT_OF_GAS
            assert session.gas_left == 0
            assert snapshot(session) == ({}, (), {})
            assert ledger.balances == {}
            succeeded.append(False)
        else:
            assert session.gas_used == needed
            assert snapshot(session) == left
            assert ledger.balances == paid
            succeeded.append(True)
    assert succeeded == sorted(succeeded)
    assert succeeded.count(False) >= needed
    assert succeeded[-1]


def test_gas_is_shared_by_all_calls_of_a_session() -> None:
    """One meter for calls and for what the ledger charges."""
    session = bank().session(gas_limit=100_000)
    session.read(HERE, "balance", [ALICE], ALICE)
    used = session.gas_used
    session.charge(100)
    assert session.gas_used == used + 100
    assert failing(session.charge, 100_000).name == Code.OUT_OF_GAS
    assert session.gas_left == 0
    assert failing(session.read, HERE, "balance", [ALICE], ALICE).name == Code.OUT_OF_GAS


def test_a_segment_is_charged_whole_at_its_entry() -> None:
    """Gas does not depend on where within a segment a failure happens."""
    text = """module M
const u64 = 1
pure f(x: u64) -> u64
  get 0
  const 0
  sub u64
  get 0
  const 0
  add u64
  add u64
  return
"""
    world = World()
    world.deploy(verified(text))
    used = []
    for argument in (0, 5, 2**64 - 1):
        session = world.session()
        try:
            session.read(HERE, "f", [argument], ALICE)
        except Failure as failure:
            assert failure.name == Code.OVERFLOW
        used.append(session.gas_used)
    assert used == [GAS_SEGMENT + 5 * GAS_BASE + 3 * GAS_ADD] * 3  # `return` counts as a move


def test_gas_of_branches_and_loops() -> None:
    """A segment after `if`, `else`, `end`, and for every pass."""
    text = """module M
const u64 = 1
pure f(n: u64) -> u64
  local u64
  const 0
  set 1
  loop 9
    get 1
    get 0
    eq u64
    if
      break
    end
    get 1
    const 0
    add u64
    set 1
  end
  get 1
  return
"""

    def expected(passes: int) -> int:
        start = GAS_SEGMENT + 2 * GAS_BASE + GAS_LOOP
        head = GAS_SEGMENT + 2 * GAS_BASE + GAS_COMPARE + GAS_PART_SCAN  # `eq` looks at one part
        tail = GAS_SEGMENT + 3 * GAS_BASE + GAS_ADD
        return start + passes * (head + tail) + head + GAS_SEGMENT + (GAS_SEGMENT + 2 * GAS_BASE)

    for passes in (1, 2, 7):
        assert run_pure(text, [1 + passes]) == (1 + passes, expected(passes))


# Roll-back.


def test_a_failed_call_leaves_nothing() -> None:
    """State, events, payments and coins of a failed call are gone; its gas is not."""
    world = bank()
    session = world.session()
    failure = failing(session.call, HERE, "pay_then_fail", [BOB, 30], ALICE)
    assert (failure.name, failure.contract) == ("Sorry", HERE)
    assert session.gas_used > 0
    assert world.balances == {}
    assert snapshot(session) == ({}, (), {})


def test_a_failed_call_leaves_earlier_calls_alone() -> None:
    """Only the failed call is taken back, not what the session did before."""
    world = bank()
    session = world.session()
    session.call(HERE, "pay", [BOB, 30], ALICE)
    before = snapshot(session)
    failing(session.call, HERE, "pay_then_fail", [BOB, 30], ALICE)
    failing(session.call, HERE, "withdraw", [71], ALICE)
    assert snapshot(session) == before
    assert world.balances == {(BOB, "CNY"): 30}
    assert session.call(HERE, "withdraw", [70], ALICE) == coin(70)
    assert world.balances == {(BOB, "CNY"): 30, (ALICE, "CNY"): 70}


def test_a_tried_call_that_fails_takes_back_the_callee_only() -> None:
    """What the callee did is gone, what the caller did stays, and the session goes on."""
    world = pair()
    session = world.session()
    assert session.call(HERE, "try_fails", [5], ALICE) is False
    assert session.read(THERE, "count", [], ALICE) == 0
    assert session.call(HERE, "try_bump", [5], ALICE) == (1, 5)
    assert [payload for _, _, payload in session.events] == [b"\x91\x05"]
    assert session.call(HERE, "try_bump", [2**64 - 1], ALICE) == (0,)
    assert session.read(THERE, "count", [], ALICE) == 5


def test_a_host_that_refuses_fails_the_payment() -> None:
    """The ledger's failure passes through under its own name, and names no contract."""
    world = bank()
    world.no_wallet.add(BOB)
    session = world.session()
    failure = failing(session.call, HERE, "pay", [BOB, 30], ALICE)
    assert (failure.name, failure.contract) == ("NoWallet", None)
    assert failure.where == [(HERE, 6, 7)]
    assert snapshot(session) == ({}, (), {})


def test_a_sender_without_wallet_gets_nothing() -> None:
    """A result's coin that cannot be credited fails the whole call."""
    world = bank()
    world.no_wallet.add(ALICE)
    session = world.session()
    assert failing(session.call, HERE, "withdraw", [30], ALICE).name == "NoWallet"
    assert snapshot(session) == ({}, (), {})


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["deposit", "withdraw", "pay", "pay_then_fail", "maybe", "split_back", "withdraw_all"]),
            st.integers(0, 200),
        ),
        max_size=12,
    )
)
def test_any_sequence_conserves_coins(steps: list[tuple[str, int]]) -> None:
    """After any calls, failed ones included, coins add up and vaults hold what is not in wallets."""
    world = bank()
    session = world.session()
    spent = 0
    for function, amount in steps:
        arguments: list[Any] = {
            "deposit": [coin(amount)],
            "split_back": [coin(amount), 50],
            "pay": [BOB, amount],
            "pay_then_fail": [BOB, amount],
            "withdraw_all": [],
        }.get(function, [amount])
        before = snapshot(session)
        try:
            session.call(HERE, function, arguments, ALICE)
            spent += sum(argument.amount for argument in arguments if isinstance(argument, CoinValue))
        except Failure:
            assert snapshot(session) == before
    effects = world.commit(session)
    held = world.read("balance", ALICE)
    assert held + sum(world.balances.values()) == 100 + spent
    moved = effects.moved.get("CNY", Moved())
    assert moved.entered == spent
    assert moved.is_conserved()


# Calls.


def test_re_entry_fails() -> None:
    """A contract on the call stack is not entered again, by call or by itself."""
    session = pair().session()
    failure = failing(session.call, HERE, "again", [], ALICE)
    assert failure.name == Code.RE_ENTRY
    assert [at for at, _, _ in failure.where] == [HERE, THERE]
    assert session.call(HERE, "try_again", [], ALICE) is False


def test_the_callee_sees_the_contract_as_sender() -> None:
    """`sender` is who made this call, not who began the transaction."""
    text = """module M
external view I.who() -> Address
view who() -> Address
  sender
  return
view ask(at: Address) -> Address does read_other
  get 0
  read 0
  return
"""
    world = World()
    world.deploy(verified(text))
    world.deploy(verified(text), at=THERE)
    assert world.read("who") == ALICE
    assert world.read("ask", THERE) == HERE


def test_out_of_gas_in_a_tried_call_leaves_a_64th() -> None:
    """The caller keeps what was held back and goes on with it."""
    world = pair()
    session = world.session(gas_limit=640_000)
    assert session.call(HERE, "try_burn", [], ALICE) is False
    assert 0 < session.gas_left < 10_000


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        ("nothing", [], Code.NO_FUNCTION),
        ("balance", [ALICE], Code.NO_FUNCTION),
        ("pay_out", [ALICE, 1], Code.NO_FUNCTION),
        ("withdraw", [], Code.WRONG_ARGUMENTS),
        ("withdraw", [1, 2], Code.WRONG_ARGUMENTS),
        ("withdraw", [-1], Code.WRONG_ARGUMENTS),
        ("withdraw", ["1"], Code.WRONG_ARGUMENTS),
        ("deposit", [5], Code.WRONG_ARGUMENTS),
        ("deposit", [CoinValue("USD", 5)], Code.WRONG_CURRENCY),
        ("deposit_dollars", [CoinValue("CNY", 5)], Code.WRONG_CURRENCY),
    ],
)
def test_calls_that_are_refused_at_the_door(function: str, arguments: list[Any], name: str) -> None:
    """What comes from outside is checked before anything runs, and costs no gas."""
    session = bank().session()
    assert failing(session.call, HERE, function, arguments, ALICE).name == name
    assert session.gas_used == 0


def test_a_call_of_nothing() -> None:
    """No contract, no call."""
    session = World().session()
    for run in (session.call, session.read):
        assert failing(run, HERE, "f", [], ALICE).name == Code.NO_CONTRACT
    assert failing(session.rule, HERE, (ALICE, BOB, 1)).name == Code.NO_CONTRACT


# Deployment.


def test_a_deployed_contract_can_be_called_at_once() -> None:
    """Within the session that deploys it, before the host knows of it."""
    session = World().session()
    session.deploy(HERE, program("bank"), "CNY", [], ALICE)
    session.call(HERE, "deposit", [coin(5)], ALICE)
    assert session.read(HERE, "balance", [ALICE], ALICE) == 5


def test_a_deployment_that_fails_did_not_happen() -> None:
    """A failed `init` leaves no contract."""
    session = World().session()
    assert failing(session.deploy, HERE, program("callee"), "CNY", [coin(5, "USD")], ALICE).name == "WrongCurrency"
    assert failing(session.call, HERE, "bump", [1], ALICE).name == Code.NO_CONTRACT
    session.deploy(HERE, program("callee"), "CNY", [coin(5)], ALICE)
    assert session.call(HERE, "bump", [1], ALICE) == 1


def test_a_taken_address_is_not_deployed_to() -> None:
    """One contract an address, deployed before or in this session."""
    world = bank()
    session = world.session()
    assert failing(session.deploy, HERE, program("bank"), "CNY", [], ALICE).name == Code.KEY_EXISTS
    session.deploy(THERE, program("bank"), "CNY", [], ALICE)
    assert failing(session.deploy, THERE, program("bank"), "CNY", [], ALICE).name == Code.KEY_EXISTS


def test_a_module_may_insist_on_its_currency() -> None:
    """`currency CNY` refuses any other home."""
    module = verified("module M\ncurrency CNY\n")
    session = World().session()
    assert failing(session.deploy, HERE, module, "USD", [], ALICE).name == Code.WRONG_CURRENCY
    session.deploy(HERE, module, "CNY", [], ALICE)
    assert failing(session.deploy, THERE, module, "CNY", [1], ALICE).name == Code.WRONG_ARGUMENTS


def test_phases_begin_with_the_first() -> None:
    """Deployment writes the first phase; stepping changes it; final phases hold no money."""
    world = World()
    world.deploy(program("escrow"), BOB, 100, 1000)
    assert world.store[HERE, b"\x91\xff"] == b"\x00"
    world.call("fund", coin(100))
    assert world.store[HERE, b"\x91\xff"] == b"\x01"
    with pytest.raises(Failure, match="MONEY_TRAPPED"):
        world.call("abandon")
    world.call("accept")
    assert world.store[HERE, b"\x91\xff"] == b"\x02"
    assert world.balances == {(BOB, "CNY"): 100}
    assert not any(slot[0] == 0x92 for _, slot in world.store)


def test_a_final_phase_takes_no_money() -> None:
    """`vault_put` in a phase without a step onward fails, even of nothing."""
    module = verified(
        """module M
phase Only
field v: Vault
public put(c: Coin) does read write money
  move 0
  vault_put v
  return
"""
    )
    world = World()
    world.deploy(module)
    for amount in (0, 5):
        assert failing(world.call, "put", coin(amount)).name == Code.WRONG_PHASE


# What comes out.


def test_writes_are_only_what_changed() -> None:
    """A slot written with what it held before is not among the writes, an emptied one is there as None."""
    world = World()
    world.deploy(program("state"))
    world.call("set_count", 5)
    session = world.session()
    session.call(HERE, "set_count", [6], ALICE)
    session.call(HERE, "set_count", [5], ALICE)
    session.call(HERE, "see", [3], ALICE)
    session.call(HERE, "unsee", [3], ALICE)
    assert session.finish().writes == {}
    world.call("put", 4)
    session = world.session()
    session.call(HERE, "take", [], ALICE)
    assert list(session.finish().writes.values()) == [None]


def test_slots_are_where_the_specification_says() -> None:
    """A field, a map's entry, a set's entry, a vault, and the sum of vaults."""
    world = World()
    world.deploy(program("state"))
    world.call("set_count", 5)
    world.call("put", 6)
    world.call("see", 7)
    key = b"\xc4\x20" + ALICE
    assert world.store == {
        (HERE, b"\x91\x00"): b"\x05",
        (HERE, b"\x92\x01" + key): b"\x06",
        (HERE, b"\x92\x02\x07"): b"\xc3",
    }
    ledger = bank(9)
    assert ledger.store == {(HERE, b"\x92\x00" + key): b"\x09", (HERE, b"\x92\xfe\xa3CNY"): b"\x09"}


def test_keys_that_hash_alike_are_no_slower() -> None:
    """Twenty thousand keys that Python hashes to one number are held and found; in a plain dict this would take minutes."""
    text = """module M
type (u256, u256)
type Map[(u256, u256), u64]
field of: Map[(u256, u256), u64]
"""
    journal = Journal()
    state = State(World(), journal, cells(journal, now=0, gas=0))
    contract = state.open(HERE, verified(text), "CNY")
    for n in range(20_000):
        state.put(contract, 0, (n * (2**61 - 1), 7), n)
    assert state.get(contract, 0, (19_999 * (2**61 - 1), 7)) == 19_999


def test_a_corrupt_store_stops_the_machine() -> None:
    """Bytes in a slot that are no value of its type are a defect, not a failure of the call."""
    world = World()
    world.deploy(program("state"))
    world.store[HERE, b"\x91\x00"] = b"\xc0"
    with pytest.raises(Defect):
        world.read("count")


def test_events_carry_payload_and_values() -> None:
    """The payload is the encoded fields in an array."""
    world = bank()
    session = world.session()
    session.call(HERE, "pay", [BOB, 3], ALICE)
    (event,) = session.finish().events
    assert event == (HERE, 0, b"\x92\xc4\x20" + BOB + b"\x03")


def test_moved_is_by_currency() -> None:
    """Each currency has its own account of where coins came from and went."""
    world = bank()
    session = world.session()
    session.call(HERE, "deposit_dollars", [coin(7, "USD")], ALICE)
    session.call(HERE, "pay", [BOB, 3], ALICE)
    session.call(HERE, "withdraw", [4], ALICE)
    assert session.finish().moved == {
        "CNY": Moved(taken=7, paid=3, returned=4),
        "USD": Moved(entered=7, put=7),
    }


def test_a_lost_coin_stops_the_machine() -> None:
    """If coins do not add up the session does not finish. No program can do this: it is done by hand."""
    session = bank().session()
    session._execution.move("CNY", "entered", 1)
    with pytest.raises(Defect):
        session.finish()


def test_time_and_place() -> None:
    """`now` is the session's, `this` the contract's."""
    world = World()
    world.deploy(program("world"))
    assert world.read("see") == (ALICE, NOW, HERE)


def test_where_names_every_frame() -> None:
    """Contract, function and word of each frame, outermost first."""
    failure = failing(pair().session().call, HERE, "fails", [3], ALICE)
    assert failure.where == [(HERE, 6, 4), (THERE, 3, 6)]
    assert failure.contract == THERE
    assert failure.values == (3,)


# Tracing.


class Recorder:
    """A tracer that writes everything down."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *what: self.seen.append((name, *what))


def test_a_tracer_sees_it_all() -> None:
    """Frames, steps, state, events in order; and watching changes nothing."""
    recorder = Recorder()
    world = pair()
    session = world.session(tracer=recorder)
    session.call(HERE, "bump", [3], ALICE)
    plain = world.session()
    plain.call(HERE, "bump", [3], ALICE)
    assert session.finish() == plain.finish()
    told = [what for what in recorder.seen if what[0] not in ("step", "stand")]
    assert told == [
        ("enter", HERE, 1, (3,), ALICE),
        ("read", HERE, 0, None, THERE),
        ("enter", THERE, 1, (3,), HERE),
        ("read", THERE, 0, None, 0),
        ("write", THERE, 0, None, 3),
        ("read", THERE, 0, None, 3),
        ("emit", THERE, 0, (3,)),
        ("read", THERE, 0, None, 3),
        ("leave", THERE, 1, 3, None),
        ("leave", HERE, 1, 3, None),
    ]
    steps = [what for what in recorder.seen if what[0] == "step"]
    assert [(at, position) for _, at, _, position, _ in steps][:4] == [
        (HERE, 0),
        (HERE, 2),
        (HERE, 4),
        (THERE, 0),
    ]
    assert all(later[4] <= earlier[4] for earlier, later in pairwise(steps) if later[1] == THERE)


def test_a_tracer_sees_failures_and_payments() -> None:
    """Frames that fail are left with the failure; payments are told."""
    recorder = Recorder()
    session = bank().session(tracer=recorder)
    failing(session.call, HERE, "pay_then_fail", [BOB, 30], ALICE)
    assert ("pay", HERE, BOB, "CNY", 30) in recorder.seen
    name, at, function, result, failure = recorder.seen[-1]
    assert (name, at, function, result, failure.name) == ("leave", HERE, 7, None, "Sorry")


# The journal.


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from(["set", "mark", "undo"])), max_size=60))
def test_undo_restores_exactly(steps: list[tuple[int, int, str]]) -> None:
    """Undoing to a mark gives the tables exactly as they were at the mark, however marks nest."""
    journal, table = Journal(), {address("x"): 1}
    marks: list[tuple[int, dict[Any, Any]]] = []
    for key, value, what in steps:
        if what == "set":
            journal.set(table, key, value)
        elif what == "mark":
            marks.append((journal.mark(), dict(table)))
        elif marks:
            mark, before = marks.pop()
            journal.undo(mark)
            assert table == before
    journal.undo((0, 0))
    assert table == {address("x"): 1}


@pytest.mark.parametrize("tier", list(Tier))
def test_a_caller_at_an_address_that_was_taken_back_is_another_one(tier: Tier) -> None:
    """What a deployment that failed had called says nothing about what the next module at its address calls."""
    world = World()
    world.deploy(
        verified(
            "module B\nconst u64 = 1\nconst u64 = 2\npure f() -> u64\n  const 0\n  return\npure g() -> u64\n  const 1\n  return\n"
        ),
        at=THERE,
    )
    begins = "module A\nexternal view I.{}() -> u64\n{}init init(at: Address) does {}read_other\n  get 0\n  read 0\n"
    first = begins.format("f", "error No()\n", "") + "  drop\n  fail No\n"
    second = (
        begins.format("g", "field x: u64\n", "write ") + "  store x\n  return\nview look() -> u64 does read\n  load x\n  return\n"
    )
    session = Session(world, Journal(), now=NOW, gas_limit=1_000_000, tier=tier)
    with pytest.raises(Failure, match="No"):
        session.deploy(HERE, verified(first), "CNY", [THERE], ALICE)
    session.deploy(HERE, verified(second), "CNY", [THERE], ALICE)
    assert session.read(HERE, "look", [], ALICE) == 2


RENEWED = """module M
type Text[16]
type Map[Address, Text[16]]
field n: u64
field names: Map[Address, Text[16]]
error No()
event Told(n: u64)
init start(n: u64) does write
  get 0
  store n
  return
public set(n: u64) does read write emit
  load n
  drop
  get 0
  store n
  get 0
  emit Told
  return
public set_and_fail(n: u64) does write
  get 0
  store n
  fail No
public name(text: Text[16]) does read write
  sender
  get 0
  map_put names
  return
view n() -> u64 does read
  load n
  return
view name_of(who: Address) -> Text[16] does read
  get 0
  map_get names
  return
"""


class Asked(World):
    """Counts the questions for contracts and slots."""

    count = 0

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        self.count += 1
        return super().contract(address)

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        self.count += 1
        return super().load(contract, slot)


@pytest.mark.parametrize(("limit", "most"), [("CONTRACTS_AT_HAND_MAX", 2), ("SLOTS_AT_HAND_BYTES_MAX", 2 * (64 + 1 + 64 + 8))])
def test_what_is_remembered_is_dropped_past_the_limit(limit: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit nobody is asked again; past it for everything, two contracts and a slot of each."""
    world = Asked()
    for place in (HERE, THERE):
        world.deploy(verified(RENEWED), 7, at=place)
    for most_of_all, questions in ((most, 0), (most - 1, 4)):
        monkeypatch.setattr(f"vm.execution.{limit}", most_of_all)
        session = world.session()
        for _ in range(2):
            before = world.count
            assert [session.read(place, "n", (), ALICE) for place in (HERE, THERE)] == [7, 7]
            asked = world.count - before
            session.renew(Journal(), 1_000_000)
        assert asked == questions


@pytest.fixture
def renewed() -> tuple[World, Session]:
    """A contract with 7 in its field, and a session that has called it in a transaction of its own."""
    world = World()
    world.deploy(verified(RENEWED), 7)
    session = world.session()
    session.call(HERE, "set", (8,), ALICE)
    return world, session


def test_a_transaction_that_was_not_kept_leaves_nothing_to_the_next(renewed: tuple[World, Session]) -> None:
    """The next one sees what the store has, whether the last one was finished or not."""
    _, session = renewed
    session.renew(Journal(), 1_000_000)
    assert session.read(HERE, "n", (), ALICE) == 7
    session.call(HERE, "set", (9,), ALICE)
    session.finish()
    session.renew(Journal(), 1_000_000)
    assert session.read(HERE, "n", (), ALICE) == 7


def test_a_transaction_that_was_kept_is_seen_by_the_next(renewed: tuple[World, Session]) -> None:
    """And what that one leaves behind is the difference to it."""
    world, session = renewed
    world.commit(session)
    session.keep()
    session.renew(Journal(), 1_000_000)
    assert session.read(HERE, "n", (), ALICE) == 8
    session.call(HERE, "set", (8,), ALICE)
    assert session.finish().writes == {}


def test_what_the_store_has_counts_in_the_next_transaction(renewed: tuple[World, Session]) -> None:
    """Also if nobody said that it has what the last one left behind."""
    world, session = renewed
    world.commit(session)
    session.renew(Journal(), 1_000_000)
    assert session.read(HERE, "n", (), ALICE) == 8


def test_a_call_that_failed_leaves_nothing_to_the_next_transaction(renewed: tuple[World, Session]) -> None:
    """Its value is gone, and so is what failed with it."""
    _, session = renewed
    session.renew(Journal(), 1_000_000)
    with pytest.raises(Failure, match="No"):
        session.call(HERE, "set_and_fail", (9,), ALICE)
    session.renew(Journal(), 1_000_000)
    assert session.read(HERE, "n", (), ALICE) == 7
    assert session.finish().writes == {}


def test_each_transaction_has_gas_events_and_memory_of_its_own(renewed: tuple[World, Session]) -> None:
    """They are what a new session would have, although the slots are known already."""
    world, session = renewed
    session.call(HERE, "name", ("sixteen or fewer",), ALICE)
    world.commit(session)
    session.keep()
    session.renew(Journal(), 9_000)
    assert (session.gas_left, session.gas_used, session.events) == (9_000, 0, ())
    alone = world.session(gas_limit=9_000)
    for each in (session, alone):
        each.call(HERE, "set", (9,), BOB)
        each.call(HERE, "name", ("x",), BOB)
        assert each.read(HERE, "name_of", (ALICE,), BOB) == "sixteen or fewer"
    assert session.finish() == alone.finish()
    assert session._execution.cells[MEMORY] == alone._execution.cells[MEMORY] > 0
    with pytest.raises(Failure, match="OutOfGas"):
        session.charge(session.gas_left + 1)


def test_each_transaction_has_calls_and_coins_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of other contracts are counted anew, and so is what coins do."""
    monkeypatch.setattr("vm.limits.CALLS_MAX", 1)
    world = pair()
    session = world.session()
    for _ in range(3):
        session.call(HERE, "round_trip", (coin(7),), ALICE)
        effects = world.commit(session)
        assert effects.moved["CNY"].entered == effects.moved["CNY"].returned == 7
        session.keep()
        world.journal = Journal()
        session.renew(world.journal, 1_000_000)


def test_a_contract_that_was_made_is_the_hosts_in_the_next_transaction(renewed: tuple[World, Session]) -> None:
    """Until the host has it there is none, however often it was called when it was new."""
    _, session = renewed
    session.renew(Journal(), 1_000_000)
    session.deploy(THERE, verified(RENEWED), "CNY", [1], ALICE)
    session.call(THERE, "set", (2,), ALICE)
    session.renew(Journal(), 1_000_000)
    with pytest.raises(Failure, match="NoContract"):
        session.call(THERE, "set", (2,), ALICE)
    assert session.finish().writes == {}
