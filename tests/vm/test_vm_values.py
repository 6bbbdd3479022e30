"""Values and their bytes."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import msgpack
import pytest
from hypothesis import example, given
from strategies_vm import plain_types, typed_values, wires

from vm.failure import Code, Failure
from vm.pricing import Scale, is_sized, price_of_type
from vm.types import (
    ADDRESS,
    AMOUNT,
    BOOL,
    COIN,
    I8,
    I256,
    U8,
    U64,
    U128,
    U256,
    Bytes,
    CoinValue,
    List,
    Map,
    Option,
    Resource,
    ResourceValue,
    Set,
    Text,
    Type,
    Vault,
    encoded_max,
    size_max,
)
from vm.values import belongs, decode, decode_arguments, encode, encode_arguments, length


@given(typed_values())
def test_round_trip(pair: tuple[Type, Any]) -> None:
    """A value belongs to its type, and decoding its encoding gives it back."""
    kind, value = pair
    assert belongs(kind, value)
    assert decode(kind, encode(kind, value)) == value


@given(typed_values())
def test_sizes_are_bounds(pair: tuple[Type, Any]) -> None:
    """No value is larger, encoded or in abstract bytes, than its type says."""
    kind, value = pair
    assert len(encode(kind, value)) <= encoded_max(kind)
    if is_sized(kind):
        price = Scale.of(kind).price("make", length(value))
        assert price.memory <= size_max(kind)
        assert price.gas <= price_of_type("make", kind).gas


@given(plain_types(), st.one_of(st.binary(max_size=60), wires().map(msgpack.packb)))
@example(U64, b"\xcc\x01")
@example(U64, b"\x00\x00")
@example(U64, b"\xcb" + b"\0" * 8)
@example(BOOL, b"\x01")
@example(U8, b"\xc3")
def test_decode_accepts_only_what_encode_gives(kind: Type, data: bytes) -> None:
    """Any bytes are refused with WrongArguments or are exactly the encoding of what they decode to."""
    try:
        value = decode(kind, data)
    except Failure as failure:
        assert failure.name == Code.WRONG_ARGUMENTS
    else:
        assert encode(kind, value) == data


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (U64, True),
        (U64, -1),
        (U64, 2**64),
        (I8, 128),
        (AMOUNT, 2**128),
        (BOOL, 1),
        (ADDRESS, b"a" * 31),
        (ADDRESS, "a" * 32),
        (ADDRESS, bytearray(32)),
        (Text(2), "é" * 2),
        (Text(9), "\ud800"),
        (Text(9), b"a"),
        (Bytes(2), b"aaa"),
        (List(U8, 2), [1]),
        (List(U8, 2), (1, 2, 3)),
        (List(U8, 2), (256,)),
        (Option(U8), (1,)),
        (Option(U8), (0, 1)),
        (Option(U8), (2,)),
        (Option(U8), (True, 1)),
        (Option(U8), ()),
        (Option(U8), None),
        (COIN, ("CNY", 1)),
        (COIN, CoinValue("cny", 1)),
        (COIN, CoinValue("CNY", -1)),
        (COIN, CoinValue("CNY", True)),
        (Map(U8, U8), {}),
        (Set(U8), {1}),
    ],
)
def test_what_does_not_belong(kind: Type, value: object) -> None:
    """A value of another type, range or length belongs to no type and is not encoded."""
    assert not belongs(kind, value)
    with pytest.raises(Failure, match=r"WrongArguments|WRONG_ARGUMENTS"):
        encode(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "data"),
    [
        (U64, 0, "00"),
        (U64, 128, "cc80"),
        (U64, 2**64 - 1, "cf" + "ff" * 8),
        (U128, 2**64, "c409" + "01" + "00" * 8),
        (U128, 2**128 - 1, "c411" + "00" + "ff" * 16),
        (I256, -(2**63) - 1, "c409" + "ff7f" + "ff" * 7),
        (I256, -(2**255), "c420" + "80" + "00" * 31),
        (U256, 2**256 - 1, "c421" + "00" + "ff" * 32),
        (Text(4), "é", "a2c3a9"),
        (Bytes(4), b"\1", "c40101"),
        (Option(U8), (0,), "9100"),
        (Option(U8), (1, 7), "920107"),
        (COIN, CoinValue("CNY", 5), "92a3434e5905"),
        (Vault(), 5, "05"),
        (Resource("R", (("a", U8),)), ResourceValue("R", (1,)), "9101"),
    ],
)
def test_golden_encodings(kind: Type, value: object, data: str) -> None:
    """These bytes are what receipts and state hold; they never change."""
    assert encode(kind, value).hex() == data
    assert decode(kind, bytes.fromhex(data)) == value


def test_arguments() -> None:
    """Arguments are one array; a wrong count or type is refused in both directions."""
    kinds = (U64, COIN)
    data = encode_arguments(kinds, [7, CoinValue("CNY", 5)])
    assert decode_arguments(kinds, data) == (7, CoinValue("CNY", 5))
    for bad in ([7], [7, 7], [CoinValue("CNY", 5), 7]):
        with pytest.raises(Failure):
            encode_arguments(kinds, bad)
    for wrong in (b"", b"\x91\x07", data + b"\0", b"\x92\x07\x07"):
        with pytest.raises(Failure):
            decode_arguments(kinds, wrong)


@given(st.lists(plain_types(), max_size=4), st.binary(max_size=80))
def test_arguments_of_any_bytes(kinds: list[Type], data: bytes) -> None:
    """Bytes from outside decode to arguments that encode to them, or fail cleanly."""
    try:
        arguments = decode_arguments(kinds, data)
    except Failure:
        return
    assert encode_arguments(kinds, arguments) == data
