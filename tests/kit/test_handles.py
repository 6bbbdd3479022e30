"""Contracts as objects: on a node, waited for and awaited, and in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from handle_world import ALICE, BOB, Told, zoo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.client.interface import ContractFailed
from chain.client.ledger import AsyncLedger, Ledger
from chain.client.money import Address, Money
from chain.client.values import Some, Values
from chain.primitives.address import format_address
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Pay
from kit.testing.in_process import SandboxLedger
from vm import types as vm
from vm.codec import encode_module
from vm.values import belongs

KINDS = ("node", "awaited", "sandbox")


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, devnet_url: str) -> Iterator[Any]:
    """A ledger of each kind; on each of them Alice and Bob have money."""
    if request.param == "sandbox":
        sandbox = SandboxLedger()
        for sender in (ALICE, BOB):
            sandbox.sandbox.fund(sender.address, {"CNY": 1_000_000})
        yield sandbox
    elif request.param == "node":
        with Ledger(devnet_url) as opened:
            yield opened
    else:
        loop = asyncio.new_event_loop()
        asynchronous = AsyncLedger(devnet_url)
        yield Told(asynchronous, loop)
        loop.run_until_complete(asynchronous.close())
        loop.close()


@pytest.fixture
def animals(ledger: Any) -> Any:
    """The handle of a new zoo."""
    return ledger.deploy(zoo(), sender=ALICE)


def test_values_come_back_as_they_were_given(animals: Any) -> None:
    """Of every type, by whatever form they were given in."""
    moment = datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC)
    assert animals.moment(moment) == animals.moment(moment.astimezone(timezone(timedelta(hours=8)))) == moment
    assert animals.length(timedelta(days=3, milliseconds=1)) == timedelta(days=3, milliseconds=1)
    assert animals.rate("3.85%") == animals.rate(Decimal("0.0385")) == animals.rate("385bps") == Decimal("0.0385")
    money = Money(1_234_50, "CNY")
    assert animals.amount("1_234.50 CNY") == animals.amount(Decimal("1234.5")) == animals.amount(money) == money
    assert animals.amount(7).minor == 700
    text = format_address(BOB.address)
    assert animals.whom(BOB) == animals.whom(text) == animals.whom(bytes(BOB.address)) == BOB.address
    assert str(animals.whom(BOB)) == text
    assert (animals.words("hé"), animals.octets(b"\x01\x02"), animals.truth(True), animals.small(255)) == (
        "hé",
        b"\x01\x02",
        True,
        255,
    )
    points = animals.points([{"x": 1, "y": -2}, {"x": 3, "y": 4}])
    assert animals.points(points) == points
    assert (points[0].x, points[1].y) == (1, 4)
    assert animals.pair((1, "ab")) == (1, "ab")
    assert (animals.maybe(None), animals.maybe(0)) == (None, 0)
    assert animals.mood("Wild") == animals.mood(animals.mood("Wild"))
    assert animals.mood("Wild").name == "Wild"
    assert type(animals.shape("Empty")).__name__ == "Empty"


def test_calls_give_values_events_and_gas(animals: Any, ledger: Any) -> None:
    """The money that is attached leaves the sender, and nothing else may."""
    before = ledger.balance(ALICE)
    done = animals.put(coins="2.50 CNY", sender=ALICE)
    assert done.ok
    assert done.value == Money(250, "CNY")
    assert [happened.event for happened in done.events] == [animals.events.Took(Money(250, "CNY"))]
    assert done.gas_used > 0
    moved = done.moves[0]
    assert (moved.source, moved.to, moved.amount, moved.reason) == (ALICE.address, animals.address, done.value, "coins")
    assert before - ledger.balance(ALICE) == Money(250, "CNY")
    assert animals.see("Empty", "Calm", sender=BOB).value == 1
    assert animals.sees() == 1


def test_what_a_contract_refuses_is_an_exception_of_its_own(animals: Any, ledger: Any) -> None:
    """With the fields of its error, from a call as from a read; nothing has been sent where it was known before."""
    with pytest.raises(animals.errors.Never) as caught:
        animals.refuse("Empty", sender=ALICE)
    error = caught.value
    assert (error.name, error.left, error.from_) == ("Never", Money(0, "CNY"), ALICE.address)
    assert error.receipt is None or isinstance(ledger, SandboxLedger)  # where nothing is estimated
    assert error.contract == animals.address
    with pytest.raises(animals.errors.Never) as caught:
        animals.refuses("Empty")
    assert caught.value.from_ is None
    with pytest.raises(animals.errors.Never) as caught:
        animals.refuse("Empty", sender=ALICE, gas=5_000_000)
    assert caught.value.receipt.gas_used > 0
    done = animals.refuse("Empty", sender=ALICE, check=False)
    assert (done.ok, done.error.name, done.value) == (False, "Never", None)


def test_a_failure_of_the_machine_is_a_contract_failed_too(animals: Any, ledger: Any) -> None:
    """More money than there is, and a wallet that is not: in Python's terms as well."""
    with pytest.raises(ContractFailed) as caught:
        animals.put("9_000_000_000.00", sender=ALICE)
    error = caught.value
    assert (error.name, error.want) == ("InsufficientFunds", Money(900_000_000_000, "CNY"))
    with pytest.raises(ContractFailed) as caught:
        ledger.pay(bytes(31) + b"z", 1, sender=ALICE)
    assert (caught.value.name, caught.value.wallet) == ("NoWallet", Address(bytes(31) + b"z"))


def test_who_sends_and_the_memo_are_looked_at_before_anything_is_sent(ledger: Any) -> None:
    """A key is no sender, a text is no hash."""
    with pytest.raises(Refusal, match="SecretKey is no Sender"):
        ledger.pay(BOB, 1, sender=ALICE.keys[0])
    with pytest.raises(Refusal, match="memo: it has 32 bytes"):
        ledger.pay(BOB, 1, sender=ALICE, memo="rent")
    assert ledger.pay(BOB, 1, sender=ALICE, memo=bytes(32)).ok


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("small", (256,), "value: 256 is not a u8: it is no whole number of 0 … 255"),
        ("small", ("1",), "it is no whole number"),
        ("small", (True,), "it is no whole number"),
        ("amount", (1.5,), "floats are not exact"),
        ("amount", ("1.50 USD",), "it is in USD; CNY is expected"),
        ("amount", ("1.505",), "at most 2 decimals"),
        ("amount", (-1,), "not a number of money"),
        ("moment", (datetime(2026, 1, 1),), "it does not say the time zone"),
        ("moment", ("2026-01-01",), "it is no datetime"),
        ("length", (timedelta(microseconds=1),), "it has parts of a millisecond"),
        ("length", (timedelta(-1),), "it is no timedelta"),
        ("rate", ("much",), "is not a Rate"),
        ("whom", ("tael1nobody",), "not an address"),
        ("whom", (5,), "int is no address"),
        ("words", ("x" * 21,), "at most 20 bytes"),
        ("octets", ("text",), "at most 8 bytes"),
        ("points", ([{"x": 1}],), "its fields are x, not x, y"),
        ("points", ([{"x": 1, "y": 2}] * 5,), "more than 4 elements"),
        ("points", ("xy",), "it is no sequence"),
        ("pair", ((1,),), "it has 1 items, not 2"),
        ("shape", ("Circle",), "Circle carries radius"),
        ("shape", ("Dot",), "it is none of Empty, Circle, Box"),
        ("maybe", (300,), "0 … 255"),
        ("small", (), "value is missing"),
        ("small", (1, 2), "2 arguments are too many"),
        ("see", ("Empty", "Calm"), "sender is missing"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_sent(function: str, arguments: tuple[Any, ...], said: str) -> None:
    """With the parameter, what was expected, and the signature."""
    handle = SandboxLedger()
    animals = handle.deploy(zoo(), sender=ALICE)
    with pytest.raises(Refusal) as caught:
        animals.function(function)(*arguments)
    assert caught.value.code is Refused.WRONG_ARGUMENTS
    assert said in caught.value.message
    assert caught.value.remedy


def test_names_that_are_not_there_are_told_with_those_that_are(animals: Any) -> None:
    """Functions, events, parameters and terms."""
    with pytest.raises(AttributeError, match=r"Zoo has no function smal; it has .*small"):
        animals.smal(1)
    with pytest.raises(AttributeError, match="it has Seen, Took"):
        assert animals.events.Gone
    with pytest.raises(Refusal, match="no parameter valu"):
        animals.small(valu=1)
    with pytest.raises(Refusal, match="no parameter gaz"):
        animals.put(1, sender=ALICE, gaz=1)


def test_nothing_leaves_a_wallet_but_what_was_said(ledger: Any) -> None:
    """A transaction of several actions takes nothing unless it is told what."""
    actions = [Pay(bytes(BOB.address), "CNY", 5)]
    with pytest.raises(ContractFailed) as caught:
        ledger.send(actions, sender=ALICE)
    assert caught.value.name == "SpendingLimit"
    assert ledger.send(actions, sender=ALICE, max_spend="0.05").ok
    assert ledger.pay(BOB, "0.05", sender=ALICE).ok
    with pytest.raises(Refusal, match="no term lanes"):
        ledger.pay(BOB, 1, sender=ALICE, lanes=3)


def test_simulating_and_estimating_change_nothing(animals: Any, ledger: Any) -> None:
    """They say what would be."""
    assert animals.see.simulate("Empty", "Calm", sender=ALICE).value == 1
    estimate = animals.see.estimate("Empty", "Calm", sender=ALICE)
    assert estimate.error is None
    assert estimate.gas_limit >= estimate.gas_used > 0
    assert animals.sees() == 0
    call = animals.see.action("Empty", "Calm")
    assert ledger.send([call, call], sender=ALICE).ok
    assert animals.sees() == 2


def test_events_are_read_on_from_where_one_was(animals: Any, ledger: Any) -> None:
    """By kind, with a cursor that another program can use; those of other contracts are passed over."""
    other = ledger.deploy(zoo(), sender=ALICE)
    for mood in ("Calm", "Wild"):
        animals.see("Empty", mood, sender=ALICE)
        other.see("Empty", mood, sender=ALICE)
    animals.put(1, sender=BOB)
    seen = list(animals.events(animals.events.Seen))
    assert [happened.event.mood.name for happened in seen] == ["Calm", "Wild"]
    assert [type(happened.event).__name__ for happened in animals.events(after=seen[0].cursor)] == ["Seen", "Took"]
    assert list(animals.events(after=list(animals.events())[-1].cursor)) == []


def test_a_sandbox_is_taken_back_with_its_events() -> None:
    """What happened after the snapshot is no longer told, and what comes then is."""
    ledger = SandboxLedger()
    animals = ledger.deploy(zoo(), sender=ALICE)
    animals.see("Empty", "Calm", sender=ALICE)
    snapshot = ledger.sandbox.snapshot()
    animals.see("Empty", "Wild", sender=ALICE)
    ledger.sandbox.restore(snapshot)
    assert [happened.event.mood.name for happened in animals.events()] == ["Calm"]
    done = animals.see("Empty", "Wild", sender=BOB)
    happened = list(animals.events())[1]
    assert (happened.event.by, happened.identity) == (BOB.address, done.identity)


def test_a_contract_is_what_was_expected_there(ledger: Any, animals: Any) -> None:
    """By its name or its code, or it is refused."""
    assert ledger.contract(animals.address).sees() == 0
    found = ledger.contract("Zoo", str(animals.address))
    assert found.sees() == 0
    with pytest.raises(found.errors.Never):
        found.refuse("Empty", sender=ALICE)
    assert ledger.contract(zoo().code, animals.address).sees() == 0
    with pytest.raises(Refusal, match="the contract there is Zoo, not token"):
        ledger.contract("token", animals.address)
    with pytest.raises(Refusal) as caught:
        ledger.contract(bytes(32))
    assert caught.value.code is Refused.NOT_FOUND


def test_a_call_that_is_not_waited_for_is_waited_for_later(devnet_url: str) -> None:
    """Twice gives the same."""
    with Ledger(devnet_url) as ledger:
        animals = ledger.deploy(encode_module(zoo().module), sender=ALICE)
        pending = animals.see.submit("Empty", "Wild", sender=ALICE)
        assert pending.wait().value == 1
        assert pending.wait().identity == pending.identity


def test_a_trace_tells_the_steps(devnet_url: str) -> None:
    """Nothing is sent."""
    with Ledger(devnet_url) as ledger:
        animals = ledger.deploy(zoo(), sender=ALICE)
        trace = animals.see.trace("Empty", "Wild", sender=ALICE)
        assert trace["calls"][0]["function"] == "see"
        assert animals.sees() == 0


SCALARS = st.sampled_from([vm.BOOL, *vm.INTEGERS, vm.TIME, vm.DURATION, vm.RATE, vm.ADDRESS, vm.AMOUNT, vm.Text(8), vm.Bytes(8)])
TYPES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(vm.List, inner, st.just(3)),
        st.builds(vm.Option, inner),
        st.builds(lambda a, b: vm.Tuple((a, b)), inner, inner),
        st.builds(lambda a, b: vm.Struct("S", (("a", a), ("class", b))), inner, inner),
        st.builds(lambda a: vm.Enum("E", (("None", ()), ("Some", (("value", a),)))), inner),
    ),
    max_leaves=5,
)


def values_of(kind: vm.Type) -> st.SearchStrategy[Any]:
    """Values of the machine."""
    match kind:
        case vm.Bool():
            return st.booleans()
        case vm.Int(name="Time"):
            return st.integers(0, 253_402_300_799_999)
        case vm.Int(name="Duration"):
            return st.integers(0, timedelta.max // timedelta(milliseconds=1) - 1)
        case vm.Int(_, low, high):
            return st.integers(low, high)
        case vm.Amount():
            return st.integers(0, vm.AMOUNT_MAX)
        case vm.Address():
            return st.binary(min_size=32, max_size=32)
        case vm.Text():
            return st.text(st.characters(codec="ascii"), max_size=8)
        case vm.Bytes():
            return st.binary(max_size=8)
        case vm.List(element, most):
            return st.lists(values_of(element), max_size=most).map(tuple)
        case vm.Option(element):
            return st.one_of(st.just((0,)), values_of(element).map(lambda value: (1, value)))
        case vm.Tuple(items):
            return st.tuples(*map(values_of, items))
        case vm.Struct(_, fields):
            return st.tuples(*[values_of(field) for _, field in fields])
        case vm.Enum(_, variants):
            return st.one_of(
                *[
                    st.tuples(st.just(tag), *[values_of(field) for _, field in payload])
                    for tag, (_, payload) in enumerate(variants)
                ]
            )
    raise AssertionError(kind)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_value_of_the_machine_has_its_own_in_python(data: st.DataObject) -> None:
    """There and back it is the same."""
    kind = data.draw(TYPES)
    value = data.draw(values_of(kind))
    values = Values("CNY", {"CNY": 2})
    assert belongs(kind, value)
    assert values.to_machine(kind, values.to_python(kind, value)) == value


def test_an_option_within_an_option_tells_which_is_empty() -> None:
    """`Some(None)` is not `None`."""
    kind = vm.Option(vm.Option(vm.U8))
    values = Values(None, {})
    assert [values.to_python(kind, value) for value in ((0,), (1, (0,)), (1, (1, 5)))] == [None, Some(None), Some(5)]


def test_what_is_later_than_python_knows_is_its_last_moment() -> None:
    """And the last moment is the machine's."""
    values = Values(None, {})
    assert values.to_python(vm.TIME, vm.TIME.high) == datetime.max.replace(tzinfo=UTC)
    assert values.to_machine(vm.TIME, datetime.max) == vm.TIME.high
    assert values.to_machine(vm.DURATION, values.to_python(vm.DURATION, vm.DURATION.high)) == vm.DURATION.high


def test_money_is_reckoned_exactly_and_within_a_currency() -> None:
    """Sums, differences, order; never below nothing."""
    money = Money(250, "CNY")
    assert str(money + money) == "5.00 CNY"
    assert money.amount == Decimal("2.50")
    assert money < Money(251, "CNY")
    with pytest.raises(Refusal):
        assert money - Money(251, "CNY")
    with pytest.raises(Refusal):
        assert money + Money(1, "USD")
    assert repr(Address(bytes(32))).startswith("Address('tael1")


def test_a_handle_that_was_not_made_by_deploying_has_its_own_errors_too(devnet_url: str) -> None:
    """Those that are raised are those of the handle."""
    with Ledger(devnet_url) as first, Ledger(devnet_url) as second:
        found = second.contract(first.deploy(zoo(), sender=ALICE).address)
        with pytest.raises(found.errors.Never):
            found.refuse("Empty", sender=ALICE)
        done = found.see("Empty", "Calm", sender=ALICE)
        assert isinstance(done.events[0].event, found.events.Seen)
