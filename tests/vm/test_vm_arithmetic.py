"""Checked arithmetic against exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vm import arithmetic
from vm.failure import Code, Failure
from vm.instructions import Rounding
from vm.types import INTEGERS, Int

KINDS = st.sampled_from(INTEGERS)
ANY = st.integers(-(2**300), 2**300)


def numbers(kind: Int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(kind.low, kind.high), st.sampled_from([kind.low, kind.high, 0, 1]))


def triples() -> st.SearchStrategy[tuple[Int, int, int, int]]:
    return KINDS.flatmap(lambda kind: st.tuples(st.just(kind), numbers(kind), numbers(kind), numbers(kind)))


def expect(kind: Int, exact: int, run: Callable[[], int]) -> None:
    """The exact result if it fits the type, Overflow if not."""
    if kind.low <= exact <= kind.high:
        assert run() == exact
        return
    with pytest.raises(Failure) as failed:
        run()
    assert failed.value.name == Code.OVERFLOW


def rounded(exact: Fraction, rounding: Rounding) -> int:
    """Rounding as the words say it."""
    match rounding:
        case Rounding.DOWN:
            return math.floor(exact)
        case Rounding.UP:
            return math.ceil(exact)
        case Rounding.HALF_UP:
            return math.floor(exact + Fraction(1, 2))
        case Rounding.HALF_EVEN:
            return round(exact)


@given(triples())
def test_sum_difference_product(case: tuple[Int, int, int, int]) -> None:
    """Exact within the bounds of the type, Overflow outside of them."""
    kind, a, b, _ = case
    span = (kind.low, kind.high)
    expect(kind, a + b, lambda: arithmetic.add(a, b, *span))
    expect(kind, a - b, lambda: arithmetic.sub(a, b, *span))
    expect(kind, a * b, lambda: arithmetic.mul(a, b, *span))
    expect(kind, -a, lambda: arithmetic.neg(a, *span))


@given(triples(), st.sampled_from(Rounding))
def test_quotients(case: tuple[Int, int, int, int], rounding: Rounding) -> None:
    """Division and muldiv round the exact fraction once; a divisor of zero fails."""
    kind, a, b, c = case
    span = (kind.low, kind.high)
    if b == 0:
        with pytest.raises(Failure, match="DIVISION"):
            arithmetic.div(a, b, rounding, *span)
        with pytest.raises(Failure, match="DIVISION"):
            arithmetic.mod(a, b, *span)
    else:
        expect(kind, rounded(Fraction(a, b), rounding), lambda: arithmetic.div(a, b, rounding, *span))
        expect(kind, a - b * math.floor(Fraction(a, b)), lambda: arithmetic.mod(a, b, *span))
    if c == 0:
        with pytest.raises(Failure, match="DIVISION"):
            arithmetic.muldiv(a, b, c, rounding, *span)
    else:
        expect(kind, rounded(Fraction(a * b, c), rounding), lambda: arithmetic.muldiv(a, b, c, rounding, *span))


@given(KINDS, ANY)
def test_cast(kind: Int, value: int) -> None:
    """A cast keeps the number or overflows; it never wraps."""
    expect(kind, value, lambda: arithmetic.cast(value, kind.low, kind.high))


@given(ANY, ANY.filter(bool))
def test_roundings_stand_in_order(a: int, b: int) -> None:
    """Down is below or equal to every other rounding, up above or equal, and they differ by at most one."""
    down, up, half_up, half_even = (arithmetic.quotient(a, b, rounding) for rounding in Rounding)
    assert down <= half_even <= half_up <= up <= down + 1
