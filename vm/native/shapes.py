"""How values of the machine lie in WebAssembly: truth values as an i32, numbers as one i64 or as the low and high half of two.

A number is held without a sign if no value of its type is negative, else in two's complement.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from vm.intervals import Interval
from vm.native.wasm import I32, I64
from vm.types import Amount, Bool, Int, Type, bounds

SIGNED_64: Final = (-(2**63), 2**63 - 1)
UNSIGNED_64: Final = (0, 2**64 - 1)
SIGNED_128: Final = (-(2**127), 2**127 - 1)
UNSIGNED_128: Final = (0, 2**128 - 1)


class Shape(NamedTuple):
    """The value types that a value takes, and for numbers whether they have a sign and what they can be."""

    takes: bytes
    signed: bool = False
    span: Interval | None = None

    @property
    def wide(self) -> bool:
        """Whether a value takes two i64."""
        return len(self.takes) == 2

    @property
    def holds(self) -> Interval:
        """What would fit, whatever the type allows."""
        if self.wide:
            return SIGNED_128 if self.signed else UNSIGNED_128
        return SIGNED_64 if self.signed else UNSIGNED_64


_TRUTH: Final = Shape(bytes([I32]))


@cache
def shape_of(kind: Type) -> Shape | None:
    """The shape of the values of a type; None if the native tier has none for it."""
    match kind:
        case Bool():
            return _TRUTH
        case Int() | Amount():
            span = bounds(kind)
            for held in (UNSIGNED_64, SIGNED_64, UNSIGNED_128, SIGNED_128):
                if held[0] <= span[0] and span[1] <= held[1]:
                    halves = 2 if held in (UNSIGNED_128, SIGNED_128) else 1
                    return Shape(bytes([I64] * halves), held[0] < 0, span)
    return None
