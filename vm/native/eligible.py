"""Which functions have a native form. The rule is fixed, looks at verified code alone, and is this:

- it is not public, has no promise and no phases, and neither has any function that it invokes, in turn;
- they consist of the instructions of `NATIVE` alone, which neither read nor change anything and make no values that take memory;
- every type in them is `bool` or a number of up to 128 bits;
- there is a loop in one of them;
- together they have at most `NATIVE_WORDS_MAX` code words.
"""

from __future__ import annotations

from typing import Final

from vm import instructions as i
from vm.limits import NATIVE_WORDS_MAX
from vm.module import Kind
from vm.native.shapes import shape_of
from vm.types import Type
from vm.verifier import Verified

_CONTROL: Final = (i.IF, i.ELSE, i.END, i.LOOP, i.BREAK, i.CONTINUE, i.RETURN, i.FAIL, i.AUTHORIZE, i.INVOKE)
_VALUES: Final = (i.CONST, i.GET, i.SET, i.DROP, i.NOT)
_ARITHMETIC: Final = (i.ADD, i.SUB, i.MUL, i.DIV, i.MOD, i.NEG, i.MULDIV, i.MIN, i.MAX, i.CAST)
COMPARISONS: Final = frozenset((i.EQ, i.NE, i.LT, i.LE, i.GT, i.GE))
NATIVE: Final = frozenset((*_CONTROL, *_VALUES, *_ARITHMETIC, *COMPARISONS))
"""The instructions that native code has."""


def closure(verified: Verified, function: int) -> tuple[int, ...] | None:
    """The function and all that it invokes, in turn, in ascending order, if it has a native form; None if not."""
    found: set[int] = set()
    words = 0
    needed = [function]
    while needed:
        one = needed.pop()
        if one in found:
            continue
        found.add(one)
        words += len(verified.module.functions[one].code)
        if words > NATIVE_WORDS_MAX or not _computes(verified, one):
            return None
        needed += verified.bodies[one].invokes
    loops = any(op.code == i.LOOP for one in found for op in verified.bodies[one].ops)
    return tuple(sorted(found)) if loops else None


def _computes(verified: Verified, function: int) -> bool:
    """Whether a function, those that it invokes left aside, only computes with numbers."""
    whole = verified.module.functions[function]
    if whole.kind == Kind.PUBLIC or whole.phases is not None or function in verified.promises:
        return False
    body = verified.bodies[function]
    shaped: dict[Type, bool] = {}
    for kind in body.locals:
        if kind not in shaped:
            shaped[kind] = shape_of(kind) is not None
    result = whole.result
    if not all(shaped.values()) or not (result is None or shape_of(result) is not None):
        return False
    return all(op.code in NATIVE and all(shape_of(kind) is not None for kind in (*op.takes, *op.gives)) for op in body.ops)
