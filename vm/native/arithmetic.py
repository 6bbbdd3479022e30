"""What one instruction on numbers is in WebAssembly, as text for `vm.native.wasm.written`.

Operands are in the scratch locals `a0 a1 b0 b1 c0 c1` (low and high half), the result goes on the stack. What the
reference fails on traps. `spans` tell what operands can be: a check that cannot fail is left out.
"""

from __future__ import annotations

from typing import Final

from vm import instructions as i
from vm import intervals
from vm.instructions import Rounding
from vm.intervals import Interval
from vm.native.shapes import SIGNED_64, UNSIGNED_64, Shape
from vm.native.wide import quotient_name

SCRATCH: Final = ("a0", "a1", "b0", "b1", "c0", "c1", "q0", "q1", "r0", "r1")

_BELOW: Final = {False: "lt_u", True: "lt_s"}
_NEGATIVE: Final = "0 lt_s"


def taken(shape: Shape, name: str) -> str:
    """Take an operand off the stack."""
    return f"={name}1 ={name}0" if shape.wide else f"={name}0"


def given(shape: Shape, name: str) -> str:
    """Push a scratch number."""
    return f".{name}0 .{name}1" if shape.wide else f".{name}0"


def _within(span: Interval, holds: Interval) -> bool:
    return holds[0] <= span[0] and span[1] <= holds[1]


def bounded(text: str, raw: Interval, shape: Shape) -> str:
    """A result, which may be `raw` and fits the shape, held to the bounds of its type."""
    assert shape.span is not None
    low, high = shape.span
    if _within(raw, shape.span) or shape.span == shape.holds:
        return text
    text += " =q0"
    if raw[0] < low:
        assert shape.signed
        text += f" .q0 {low} lt_s trap"
    if raw[1] > high:
        text += f" .q0 {high} {'gt_s' if shape.signed else 'gt_u'} trap"
    return text + " .q0"


def below(a: str, b: str, shape: Shape) -> str:
    """Whether one number is less than another."""
    less = _BELOW[shape.signed]
    if not shape.wide:
        return f".{a}0 .{b}0 {less}"
    return f".{a}1 .{b}1 {less} .{a}1 .{b}1 eq .{a}0 .{b}0 lt_u and32 or32"


def compared(code: int, shape: Shape) -> str:
    """Whether a relation holds between two numbers."""
    match code:
        case i.LT:
            return below("a", "b", shape)
        case i.GT:
            return below("b", "a", shape)
        case i.LE:
            return f"{below('b', 'a', shape)} eqz32"
        case i.GE:
            return f"{below('a', 'b', shape)} eqz32"
    same = ".a0 .b0 xor .a1 .b1 xor or eqz" if shape.wide else ".a0 .b0 eq"
    return same if code == i.EQ else f"{same} eqz32"


def _differs(a: str, b: str) -> str:
    """Fail if the sign of a result is that of neither operand, as `a` and `b` show."""
    return f"{a} {b} and {_NEGATIVE} trap"


def added(shape: Shape, a: Interval, b: Interval) -> str:
    """a + b."""
    raw = intervals.total(a, b)
    if not shape.wide:
        text = ".a0 .b0 add"
        if not _within(raw, shape.holds):
            over = _differs(".q0 .a0 xor", ".q0 .b0 xor") if shape.signed else ".q0 .a0 lt_u trap"
            text += f" =q0 {over} .q0"
        return bounded(text, raw, shape)
    text = ".a0 .a1 .b0 .b1 add128 =q1 =q0"
    if not _within(raw, shape.holds):
        text += " " + (_differs(".q1 .a1 xor", ".q1 .b1 xor") if shape.signed else f"{below('q', 'a', shape)} trap")
    return text + " .q0 .q1"


def subtracted(shape: Shape, a: Interval, b: Interval) -> str:
    """a - b."""
    raw = intervals.difference(a, b)
    text = "" if shape.signed or raw[0] >= 0 else f"{below('a', 'b', shape)} trap "
    if shape.wide:
        text += ".a0 .a1 .b0 .b1 sub128 =q1 =q0 "
        if shape.signed and not _within(raw, shape.holds):
            text += _differs(".a1 .b1 xor", ".q1 .a1 xor")
        return text + " .q0 .q1"
    text += ".a0 .b0 sub"
    if shape.signed:
        if not _within(raw, SIGNED_64):
            text += f" =q0 {_differs('.a0 .b0 xor', '.q0 .a0 xor')} .q0"
        return bounded(text, raw, shape)
    return text


def multiplied(shape: Shape, a: Interval, b: Interval) -> str:
    """a * b."""
    raw = intervals.product(a, b)
    if shape.wide:
        if not shape.signed and _within(a, UNSIGNED_64) and _within(b, UNSIGNED_64):
            return ".a0 .b0 mul_u"
        return f".a0 .a1 .b0 .b1 call:multiply{'_signed' if shape.signed else ''}"
    if _within(raw, shape.holds):
        return bounded(".a0 .b0 mul", raw, shape)
    return ".a0 .b0 mul_s =q1 =q0 .q0 63 shr_s .q1 ne trap .q0" if shape.signed else ".a0 .b0 mul_u =q1 =q0 .q1 0 ne trap .q0"


def negated(shape: Shape, a: Interval) -> str:
    """-a."""
    if not shape.signed:
        return ".a0 .a1 or 0 ne trap 0 0" if shape.wide else ".a0 0 ne trap 0"
    raw = intervals.negative(a)
    if shape.wide:
        return f".a0 .a1 {SIGNED_64[0]} xor or eqz trap 0 0 .a0 .a1 sub128"
    least = "" if _within(raw, SIGNED_64) else f".a0 {SIGNED_64[0]} eq trap "
    return bounded(f"{least}0 .a0 sub", raw, shape)


def divided(shape: Shape, rounding: Rounding, a: Interval, b: Interval) -> str:
    """a / b, rounded."""
    if shape.wide:
        return f".a0 .a1 1 0 .b0 .b1 call:{quotient_name(rounding, shape.signed)}"
    if not shape.signed:
        text = f".a0 .b0 div_u =q0 .a0 .q0 .b0 mul sub =r0 .q0 {_up(rounding, signed=False)}"
        return bounded(text, intervals.quotient(a, b), shape)
    text = ".a0 .b0 div_s =q0 .a0 .q0 .b0 mul sub =r0"
    text += f" .r0 .b0 xor {_NEGATIVE} .r0 0 ne and32 if .q0 1 sub =q0 .r0 .b0 add =r0 end"
    return bounded(f"{text} .q0 {_up(rounding, signed=True)}", intervals.quotient(a, b), shape)


def _up(rounding: Rounding, *, signed: bool) -> str:
    """Add one to the floor in `q0`, which is on the stack, if the rest in `r0` says so. The rest has the sign of the divisor."""
    if rounding == Rounding.DOWN:
        return ""
    if rounding == Rounding.UP:
        return ".r0 0 ne wide add"
    more, half = ".r0 .b0 .r0 sub gt_u", ".r0 .b0 .r0 sub eq"
    if signed:
        more = f".r0 .b0 .r0 sub lt_s .r0 .b0 .r0 sub gt_s .b0 {_NEGATIVE} select"
    tie = f"{half} .q0 1 and 0 ne and32" if rounding == Rounding.HALF_EVEN else half
    return f"{more} {tie} or32 wide add"


def remainder(shape: Shape, a: Interval, b: Interval) -> str:
    """a mod b, with the sign of b."""
    if shape.wide:
        return f".a0 .a1 .b0 .b1 call:modulo{'_signed' if shape.signed else ''}"
    if not shape.signed:
        return ".a0 .b0 rem_u"
    return f".a0 .b0 rem_s =r0 .r0 .b0 xor {_NEGATIVE} .r0 0 ne and32 if .r0 .b0 add =r0 end .r0"


def multiplied_and_divided(shape: Shape, rounding: Rounding, a: Interval, b: Interval, c: Interval) -> str:
    """a * b / c, exact in between and rounded once."""
    product = intervals.product(a, b)
    if not shape.wide and _within(product, shape.holds):
        return f".a0 .b0 mul =a0 .c0 =b0 {divided(shape, rounding, product, c)}"
    name = quotient_name(rounding, shape.signed)
    if shape.wide:
        return f".a0 .a1 .b0 .b1 .c0 .c1 call:{name}"
    high = "{0} 63 shr_s" if shape.signed else "0"
    text = " ".join(f".{n}0 {high.format(f'.{n}0')}" for n in "abc")
    return f"{text} call:{name} {_narrowed(shape.signed, shape)}"


def _narrowed(signed: bool, shape: Shape) -> str:
    """A wide number on the stack as a number of a narrow shape, failing where that cannot hold it."""
    text = "=q1 =q0 "
    if shape.signed:
        text += ".q0 63 shr_s .q1 ne trap .q0" if signed else f".q1 0 ne .q0 {_NEGATIVE} or32 trap .q0"
    else:
        text += ".q1 0 ne trap .q0"
    return bounded(text, shape.holds, shape)


def converted(of: Shape, shape: Shape, a: Interval) -> str:
    """A number in another shape."""
    assert shape.span is not None
    if of.wide and not shape.wide:
        return f".a0 .a1 {_narrowed(of.signed, shape)}"
    top = ".a1" if of.wide else ".a0"
    check = "" if _within(a, shape.holds) else f"{top} {_NEGATIVE} trap "
    if not shape.wide:
        return check + bounded(".a0", intervals.within(a, shape.holds), shape)
    if of.wide:
        return check + ".a0 .a1"
    return f"{check}.a0 .a0 63 shr_s" if of.signed else ".a0 0"


def least(shape: Shape, *, greatest: bool) -> str:
    """The smaller or the greater of two."""
    holds = below("a", "b", shape) if greatest else below("b", "a", shape)
    if not shape.wide:
        return f".b0 .a0 {holds} select"
    return f".b0 .a0 {holds} select .b1 .a1 {holds} select"
