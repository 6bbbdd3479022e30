"""Values as people write and read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.problem import Exit, Problem
from kit.values import Setting, WrongValue, example, plain_value, read_arguments, read_value, show_value
from vm import types as vm

ALICE = bytes(range(32))
SETTING = Setting(
    home="CNY",
    decimals={"CNY": 2, "JPY": 0, "KWD": 3},
    address_of={"alice": ALICE}.get,
    name_of={ALICE: "alice"}.get,
)
POINT = vm.Struct("Point", (("x", vm.U64), ("y", vm.I64)))
SHAPE = vm.Enum("Shape", (("Empty", ()), ("Circle", (("radius", vm.U64),)), ("Box", (("at", POINT), ("name", vm.Text(9))))))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (vm.BOOL, "true", True),
        (vm.BOOL, " false ", False),
        (vm.U64, "1_000", 1000),
        (vm.I8, "-128", -128),
        (vm.AMOUNT, "100.00", 10000),
        (vm.AMOUNT, "100", 10000),
        (vm.AMOUNT, "100.5", 10050),
        (vm.AMOUNT, "1_000.00 CNY", 100000),
        (vm.Amount("JPY"), "7", 7),
        (vm.Amount("KWD"), "7.125KWD", 7125),
        (vm.COIN, "0.01", vm.CoinValue("CNY", 1)),
        (vm.Coin("JPY"), "1_000 JPY", vm.CoinValue("JPY", 1000)),
        (vm.DURATION, "5 days", 432_000_000),
        (vm.DURATION, "90s", 90_000),
        (vm.DURATION, "1h30m", 5_400_000),
        (vm.DURATION, "1 day 12 hours", 129_600_000),
        (vm.DURATION, "250 ms", 250),
        (vm.TIME, "1970-01-02", 86_400_000),
        (vm.TIME, "1970-01-01T00:00:01Z", 1000),
        (vm.TIME, "1970-01-01T08:00:00.250+08:00", 250),
        (vm.TIME, "1_500", 1500),
        (vm.RATE, "25 bps", 2_500_000_000),
        (vm.RATE, "3.85%", 38_500_000_000),
        (vm.RATE, "100 %", vm.RATE_ONE),
        (vm.ADDRESS, "alice", ALICE),
        (vm.Text(8), "hello", "hello"),
        (vm.Text(8), "two wds", "two wds"),
        (vm.Text(8), '"a\\"b"', 'a"b'),
        (vm.Text(8), "", ""),
        (vm.Bytes(4), "0x0aFF", b"\x0a\xff"),
        (vm.Bytes(4), "0x", b""),
        (vm.List(vm.U8, 3), "[1, 2,3]", (1, 2, 3)),
        (vm.List(vm.U8, 3), "[]", ()),
        (vm.List(vm.Text(4), 2), '["a, b", "c]"]', ("a, b", "c]")),
        (vm.Tuple((vm.U8, vm.DURATION)), "(1, 2 days)", (1, 172_800_000)),
        (vm.Option(vm.U8), "none", (0,)),
        (vm.Option(vm.U8), "Some(7)", (1, 7)),
        (POINT, "{y: -2, x: 1}", (1, -2)),
        (POINT, "Point(1, -2)", (1, -2)),
        (POINT, "Point(x: 1, y: -2)", (1, -2)),
        (SHAPE, "Empty", (0,)),
        (SHAPE, "Circle(3)", (1, 3)),
        (SHAPE, "Shape.Circle(radius: 3)", (1, 3)),
        (SHAPE, 'Box({x: 1, y: 2}, "b")', (2, (1, 2), "b")),
    ],
)
def test_a_written_value_is_read(kind: vm.Type, text: str, value: object) -> None:
    """Every way to write a value that the command line documents gives the machine's value."""
    assert read_value(text, kind, SETTING) == value


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (vm.BOOL, "yes", "neither true nor false"),
        (vm.U8, "256", "outside 0 … 255"),
        (vm.U8, "-1", "outside"),
        (vm.U64, "1.5", "has decimals"),
        (vm.U64, "one", "not a whole number"),
        (vm.U64, "1__0", "left over"),
        (vm.U64, "9" * 200, "out of range"),
        (vm.AMOUNT, "100.001", "has 2 decimals, not 3"),
        (vm.AMOUNT, "-1", "less than nothing"),
        (vm.AMOUNT, "1 USD", "CNY is expected"),
        (vm.Amount("XYZ"), "1", "not known here"),
        (vm.AMOUNT, "9" * 60, "more than any amount"),
        (vm.DURATION, "5", "does not say the unit"),
        (vm.DURATION, "5 parsecs", "parsecs is not a unit of time"),
        (vm.DURATION, "-5 days", "no sign"),
        (vm.DURATION, "", "not a length of time"),
        (vm.TIME, "2026-02-30", "no such day"),
        (vm.TIME, "2026-02-20T10:00", "time zone"),
        (vm.TIME, "1969-12-31", "outside"),
        (vm.TIME, "tomorrow", "neither a date"),
        (vm.RATE, "0.05", "does not say % or bps"),
        (vm.RATE, "1.00000000001 %", "more than 10 decimals"),
        (vm.ADDRESS, "carol", "no wallet has this name"),
        (vm.ADDRESS, "tael1qqqq", "characters"),
        (vm.ADDRESS, "'", "neither an address"),
        (vm.Text(3), "four", "has 4 bytes"),
        (vm.List(vm.Text(9), 2), "[a]", "double quotes"),
        (vm.Text(9), '"open', "closing quote"),
        (vm.Bytes(2), "0x123", "even number"),
        (vm.Bytes(2), "0x010203", "has 3 bytes"),
        (vm.Bytes(2), "ff", "not 0x"),
        (vm.List(vm.U8, 2), "[1, 2, 3]", "at most 2"),
        (vm.List(vm.U8, 2), "[1 2]", "comma or ]"),
        (vm.List(vm.U8, 2), "1", "does not begin with ["),
        (vm.Tuple((vm.U8, vm.U8)), "(1)", "1 items, not 2"),
        (vm.Tuple((vm.U8, vm.U8)), "(1, 2, 3)", "more than 2 items"),
        (vm.Option(vm.U8), "7", "neither None nor Some"),
        (POINT, "{x: 1}", "field y is missing"),
        (POINT, "{x: 1, x: 2, y: 1}", "given twice"),
        (POINT, "{z: 1}", "no field z"),
        (POINT, "{1, 2}", "name is missing"),
        (POINT, "Point(1, 2, 3)", "too many fields"),
        (SHAPE, "Square(1)", "none of Empty, Circle, Box"),
        (SHAPE, "Circle", "in parentheses"),
        (vm.VAULT, "1", "cannot be written"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(kind: vm.Type, text: str, why: str) -> None:
    """A value that does not fit its type is refused: exit code 2, the reason, and an example."""
    with pytest.raises(WrongValue) as caught:
        read_value(text, kind, SETTING)
    assert why in caught.value.message
    assert caught.value.exit_code == Exit.USAGE
    assert example(kind, SETTING) in caught.value.remedy or '"hello"' in caught.value.remedy


def _plain(depth: int) -> st.SearchStrategy[vm.Type]:
    scalars = st.sampled_from(
        [
            vm.BOOL,
            *vm.INTEGERS,
            vm.TIME,
            vm.DURATION,
            vm.RATE,
            vm.ADDRESS,
            vm.AMOUNT,
            vm.Amount("KWD"),
            vm.Text(40),
            vm.Bytes(9),
        ]
    )
    if depth == 0:
        return scalars
    inner = _plain(depth - 1)
    fields = st.lists(inner, min_size=1, max_size=3).map(lambda kinds: tuple((f"f{i}", k) for i, k in enumerate(kinds)))
    return st.one_of(
        scalars,
        st.builds(vm.List, inner, st.just(4)),
        st.builds(vm.Option, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda kinds: vm.Tuple(tuple(kinds))),
        fields.map(lambda f: vm.Struct("Record", f)),
        fields.map(lambda f: vm.Enum("Choice", (("Nothing", ()), ("Something", f)))),
    )


def _value_of(kind: vm.Type) -> st.SearchStrategy[Any]:
    match kind:
        case vm.Bool():
            return st.booleans()
        case vm.Int(_, low, high):
            return st.integers(low, high)
        case vm.Amount():
            return st.integers(0, vm.AMOUNT_MAX)
        case vm.Address():
            return st.binary(min_size=32, max_size=32)
        case vm.Text(most):
            return st.text(st.characters(codec="utf-8"), max_size=most // 4)
        case vm.Bytes(most):
            return st.binary(max_size=most)
        case vm.List(element, most):
            return st.lists(_value_of(element), max_size=most).map(tuple)
        case vm.Option(element):
            return st.one_of(st.just((0,)), _value_of(element).map(lambda v: (1, v)))
        case vm.Tuple(items):
            return st.tuples(*map(_value_of, items))
        case vm.Struct(_, fields):
            return st.tuples(*(_value_of(k) for _, k in fields))
        case vm.Enum(_, variants):
            return st.one_of(
                *(st.tuples(st.just(i), *(_value_of(k) for _, k in fields)) for i, (_, fields) in enumerate(variants))
            )
    raise AssertionError(kind)


_TYPED = _plain(2).flatmap(lambda kind: st.tuples(st.just(kind), _value_of(kind)))


@given(_TYPED)
@settings(max_examples=400, deadline=None)
def test_what_is_shown_reads_back_to_the_same_value(typed: tuple[vm.Type, Any]) -> None:
    """`read_value` undoes `show_value`, for every type that can be an argument."""
    kind, value = typed
    assert read_value(show_value(value, kind, SETTING), kind, SETTING) == value


@given(_TYPED)
@settings(max_examples=200, deadline=None)
def test_every_value_has_a_json_form(typed: tuple[vm.Type, Any]) -> None:
    """JSON takes every value, and no number in it is too wide for a double."""
    kind, value = typed
    text = json.dumps(plain_value(value, kind, SETTING))

    def wide(number: str) -> int:
        assert abs(int(number)) < 2**53 or kind != vm.U256
        return int(number)

    json.loads(text, parse_int=wide)


@given(st.text(max_size=30), _plain(1))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str, kind: vm.Type) -> None:
    """No text ends in anything but a value or a `WrongValue`."""
    try:
        value = read_value(text, kind, SETTING)
    except WrongValue:
        return
    assert read_value(show_value(value, kind, SETTING), kind, SETTING) == value


def test_coins_fill_the_money_parameters() -> None:
    """`--coins` gives the parameters of type Coin, and the arguments the others, by place or by name."""
    parameters = (("to", vm.ADDRESS), ("money", vm.COIN), ("note", vm.Text(9)))
    values = read_arguments(["note=hi", "alice"], parameters, SETTING, coins=("5.00",), function="give")
    assert values == [ALICE, vm.CoinValue("CNY", 500), "hi"]


@pytest.mark.parametrize(
    ("texts", "coins", "why"),
    [
        ([], (), "also needs to, money (give money with --coins 100.00)"),
        (["alice", "1", "2"], (), "too many"),
        (["to=alice", "to=alice", "1"], (), "to is given twice"),
        (["alice"], ("1", "2"), "takes coins once, but --coins is given 2 times"),
        (["bob"], ("1",), "to: 'bob' is not an Address"),
    ],
)
def test_wrong_arguments_are_refused_with_the_signature(texts: list[str], coins: tuple[str, ...], why: str) -> None:
    """Too few, too many and misnamed arguments are refused with a reason."""
    with pytest.raises(Problem) as caught:
        read_arguments(texts, (("to", vm.ADDRESS), ("money", vm.COIN)), SETTING, coins=coins, function="give")
    assert why in caught.value.message
    assert caught.value.exit_code == Exit.USAGE


def test_an_item_of_a_list_that_is_wrong_is_named() -> None:
    """The message says which item it is, and articles fit their types."""
    with pytest.raises(WrongValue) as wrong:
        read_value("[1, 2, x]", vm.List(vm.U8, 5), Setting())
    assert wrong.value.message.startswith("item 3, at 'x]': ")
    assert "is not a u8" in wrong.value.message
