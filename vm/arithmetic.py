"""Checked integer arithmetic with explicit rounding; the one place where numbers of contracts are computed.

Every function takes the bounds of the type of the result last and raises `vm.failure.Failure`: Overflow for
a result outside of them, DivisionByZero for a divisor of zero.
"""

from __future__ import annotations

from vm.failure import Code, Failure
from vm.instructions import Rounding


def checked(value: int, low: int, high: int) -> int:
    """The value itself if it lies within the bounds; Overflow if not."""
    if low <= value <= high:
        return value
    raise Failure(Code.OVERFLOW)


def quotient(numerator: int, divisor: int, rounding: Rounding) -> int:
    """The exact quotient of two integers of any size, rounded. Raises DivisionByZero."""
    if divisor == 0:
        raise Failure(Code.DIVISION_BY_ZERO)
    if divisor < 0:
        numerator, divisor = -numerator, -divisor
    floor, rest = divmod(numerator, divisor)
    if rest == 0 or rounding == Rounding.DOWN:
        return floor
    if rounding == Rounding.UP:
        return floor + 1
    if 2 * rest != divisor:
        return floor + (2 * rest > divisor)
    if rounding == Rounding.HALF_UP:
        return floor + 1
    return floor + floor % 2


def add(a: int, b: int, low: int, high: int) -> int:
    """a + b."""
    return checked(a + b, low, high)


def sub(a: int, b: int, low: int, high: int) -> int:
    """a - b."""
    return checked(a - b, low, high)


def mul(a: int, b: int, low: int, high: int) -> int:
    """a * b."""
    return checked(a * b, low, high)


def div(a: int, b: int, rounding: Rounding, low: int, high: int) -> int:
    """a / b, rounded."""
    return checked(quotient(a, b, rounding), low, high)


def mod(a: int, b: int, low: int, high: int) -> int:
    """a - b * floor(a / b): the remainder with the sign of the divisor."""
    if b == 0:
        raise Failure(Code.DIVISION_BY_ZERO)
    return checked(a % b, low, high)


def neg(a: int, low: int, high: int) -> int:
    """-a."""
    return checked(-a, low, high)


def muldiv(a: int, b: int, c: int, rounding: Rounding, low: int, high: int) -> int:
    """a * b / c, exact in between and rounded once."""
    return checked(quotient(a * b, c, rounding), low, high)


def cast(a: int, low: int, high: int) -> int:
    """The same number as a value of another type."""
    return checked(a, low, high)
