"""Checks, as code runs, of what the verifier has proved: a second lock, for the day on which the first one has a hole.

The compiled tier asks at every border that a value crosses (`CROSSINGS`) whether it is of the Python type of its verified
type; the reference tier asks the same of everything that an instruction takes and gives, in full. Both count the linear values in
flight: at the end of a call from outside, those that came with it and were made must have been used up or be in its result. What
is found is a `Defect`, since no verified code can do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vm import instructions as i
from vm.failure import Defect
from vm.function_verifier import Op
from vm.instructions import TABLE
from vm.types import Address, Amount, Bool, Bytes, Coin, Int, Resource, Text, Type, type_name
from vm.values import belongs

CROSSINGS: Final = frozenset(
    (
        *(i.STORE, i.MAP_PUT, i.SET_ADD, i.EMIT, i.PAY, i.VAULT_PUT),
        *(i.INVOKE, i.CALL, i.READ, i.TRY_CALL, i.TRY_READ, i.RETURN),
    )
)
"""Instructions that take values over a border: into state, events, wallets, other functions and contracts, or out."""

_IN_FLIGHT: Final = {
    i.COIN_SPLIT: 1,
    i.COIN_JOIN: -1,
    i.VAULT_TAKE: 1,
    i.VAULT_TAKE_ALL: 1,
    i.VAULT_PUT: -1,
    i.PAY: -1,
    i.NEW: 1,
    i.DESTROY: -1,
    i.SPLIT: 1,
    i.MERGE: -1,
}


def in_flight(op: Op) -> int:
    """By how many an instruction changes the number of linear values in flight."""
    if isinstance(op.value, Resource) and op.code in (i.MAP_TAKE, i.MAP_PUT):
        return 1 if op.code == i.MAP_TAKE else -1
    return _IN_FLIGHT.get(op.code, 0)


def python_type(kind: Type) -> str:
    """The type of Python, by its name in `vm.support.NAMES`, of the values of a type."""
    match kind:
        case Int() | Amount():
            return "int"
        case Bool():
            return "bool"
        case Address() | Bytes():
            return "bytes"
        case Text():
            return "text"
        case Coin():
            return "coin"
        case Resource():
            return "resource"
    return "tuple"


def check(op: Op, kinds: Sequence[Type], stack: Sequence[Any]) -> None:
    """Raises `Defect` if the values on top of the stack are not of these types."""
    for kind, value in zip(reversed(kinds), reversed(stack), strict=False):
        if not belongs(kind, value):
            raise Defect(f"{TABLE[op.code].name} at word {op.position} meets a value that is no {type_name(kind)}")


def lost(count: int) -> Defect:
    """What is wrong if so many linear values more came than went."""
    return Defect(f"{abs(count)} linear values {'were lost' if count > 0 else 'came from nowhere'}")
