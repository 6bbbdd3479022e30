"""Which numbers a value can be: just enough interval arithmetic to leave out checks that cannot fail.

An interval is a pair (least, greatest). `Env` holds what is known of locals beyond their types.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from vm.types import AMOUNT_MAX, Amount, Int, Type

Interval: TypeAlias = tuple[int, int]
Env: TypeAlias = dict[int, Interval]

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def of_type(kind: Type) -> Interval | None:
    """The values of a number type; None for other types."""
    match kind:
        case Int(_, low, high):
            return low, high
        case Amount():
            return 0, AMOUNT_MAX
    return None


def total(a: Interval, b: Interval) -> Interval:
    """a + b."""
    return a[0] + b[0], a[1] + b[1]


def difference(a: Interval, b: Interval) -> Interval:
    """a - b."""
    return a[0] - b[1], a[1] - b[0]


def product(a: Interval, b: Interval) -> Interval:
    """a * b."""
    corners = a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]
    return min(corners), max(corners)


def negative(a: Interval) -> Interval:
    """-a."""
    return -a[1], -a[0]


def quotient(a: Interval, b: Interval) -> Interval:
    """a / b with any rounding; b is not zero."""
    if a[0] >= 0 and b[0] >= 0:
        # Rounded up at most; a divisor of zero has been refused.
        return a[0] // max(b[1], 1), -(-a[1] // max(b[0], 1))
    greatest = max(abs(a[0]), abs(a[1]))
    return -greatest, greatest


def remainder(a: Interval, b: Interval) -> Interval:
    """a mod b with the sign of b; b is not zero."""
    if a[0] >= 0 and b[0] >= 0:
        return 0, min(a[1], max(b[1] - 1, 0))
    return min(b[0] + 1, 0), max(b[1] - 1, 0)


def within(a: Interval, bounds: Interval) -> Interval:
    """What is left of an interval within bounds; the bounds themselves if nothing is, which then is never reached."""
    low, high = max(a[0], bounds[0]), min(a[1], bounds[1])
    return (low, high) if low <= high else bounds


def union(a: Interval, b: Interval) -> Interval:
    """The least interval that holds both."""
    return min(a[0], b[0]), max(a[1], b[1])


def join(a: Env | None, b: Env | None) -> Env | None:
    """What holds after two paths meet; None is a path that is never taken."""
    if a is None or b is None:
        return b if a is None else a
    return {local: union(a[local], b[local]) for local in a.keys() & b.keys()}


def without(env: Env, locals_: Iterable[int]) -> Env:
    """What is known of all other locals."""
    gone = set(locals_)
    return {local: known for local, known in env.items() if local not in gone}


def refined(a: Interval, relation: str, b: Interval) -> Interval:
    """What a can be where `a relation b` holds."""
    low, high = a
    match relation:
        case "<":
            high = min(high, b[1] - 1)
        case "<=":
            high = min(high, b[1])
        case ">":
            low = max(low, b[0] + 1)
        case ">=":
            low = max(low, b[0])
        case "==":
            low, high = max(low, b[0]), min(high, b[1])
        case "!=":
            if b == (low, low):
                low += 1
            if b == (high, high):
                high -= 1
    return (low, high) if low <= high else a


def mirrored(relation: str) -> str:
    """The relation of b to a for that of a to b."""
    return _MIRRORED[relation]
