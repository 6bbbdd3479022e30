"""Functions on numbers of 128 bits, each given by the low and the high half, for what takes more than a few instructions.

Each fails (traps) where its result does not fit. Division is long division in base 2**32 for a divisor of 64 bits and in base
2**64 above (Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D), by way of magnitudes for numbers with a sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from vm.instructions import Rounding
from vm.native.wasm import I32, I64, Function, written


class Helper(NamedTuple):
    """A function as text. Names of flags, which are i32, begin with `f`; the other parameters and locals are i64."""

    parameters: str
    locals: str
    results: int
    uses: tuple[str, ...]
    text: str

    def function(self, places: Mapping[str, int]) -> Function:
        """Its WebAssembly, given where the functions are that it uses."""
        names = f"{self.parameters} {self.locals}".split()
        code = written(self.text, {name: n for n, name in enumerate(names)}, places)
        return Function(_kinds(self.parameters), bytes([I64] * self.results), _kinds(self.locals), code)


def _kinds(names: str) -> bytes:
    return bytes([I32 if name[0] == "f" else I64 for name in names.split()])


_MULTIPLY = """
    .a1 .b1 or eqz if .a0 .b0 mul_u return end
    .a1 eqz .b1 eqz or32 eqz32 trap
    .a1 .b0 mul_u =p1 =p0
    .b1 .a0 mul_u =q1 =q0
    .p1 .q1 or 0 ne trap
    .p0 .q0 or =p0
    .a0 .b0 mul_u =q1 =q0
    .q1 .p0 add =q1
    .q1 .p0 lt_u trap
    .q0 .q1
"""
"""The product of magnitudes. At most one of two high halves is not zero, so one of the cross products is zero."""

_MULTIPLY_SIGNED = """
    .a1 .b1 xor 0 lt_s =f
    .a1 0 lt_s if 0 0 .a0 .a1 sub128 =a1 =a0 end
    .b1 0 lt_s if 0 0 .b0 .b1 sub128 =b1 =b0 end
    .a0 .a1 .b0 .b1 call:multiply =p1 =p0
    .p0 .p1 .f call:with_sign
"""

_WITH_SIGN = """
    .f if
        0 0 .p0 .p1 sub128 =p1 =p0
        .p1 0 gt_s trap
        .p1 eqz .p0 0 ne and32 trap
    else
        .p1 0 lt_s trap
    end
    .p0 .p1
"""
"""A magnitude and whether it is negative, as a number with a sign. The negative of a magnitude up to 2**127 is 0 or has its
highest bit set; that of a greater one has not. The negative of 2**128 - p with p < 2**127 has not either.
"""

_DIVIDE_DIGIT = """
    .high eqz if .low .d div_u .low .d rem_u return end
    .d clz =s
    .d .s shl =d
    .high .s shl .low 1 shr_u 63 .s sub shr_u or =high
    .low .s shl =low
    .d 32 shr_u =d1
    .d 4294967295 and =d0
    .low 32 shr_u =u
    .high .d1 div_u =q1
    .high .q1 .d1 mul sub =r
    loop
        .q1 32 shr_u 0 ne .q1 .d0 mul .r 32 shl .u or gt_u or32
        if
            .q1 1 sub =q1
            .r .d1 add =r
            .r 32 shr_u eqz if again end
        end
    end
    .high 32 shl .u or .q1 .d mul sub =high
    .low 4294967295 and =u
    .high .d1 div_u =q0
    .high .q0 .d1 mul sub =r
    loop
        .q0 32 shr_u 0 ne .q0 .d0 mul .r 32 shl .u or gt_u or32
        if
            .q0 1 sub =q0
            .r .d1 add =r
            .r 32 shr_u eqz if again end
        end
    end
    .q1 32 shl .q0 add
    .high 32 shl .u or .q0 .d mul sub .s shr_u
"""
"""Quotient and rest of two digits of 64 bits by one that is greater than the higher of them."""

_DIVIDE = """
    .d1 eqz if
        .n3 0 ne trap
        .n2 .d0 ge_u trap
        .n2 .n1 .d0 call:divide_digit =r =q1
        .r .n0 .d0 call:divide_digit =r =q0
        .q0 .q1 .r 0 return
    end
    .n3 .d1 gt_u .n3 .d1 eq .n2 .d0 ge_u and32 or32 trap
    .d1 clz =s
    .s 0 ne if
        64 .s sub =t
        .n3 .s shl .n2 .t shr_u or =n3
        .n2 .s shl .n1 .t shr_u or =n2
        .n1 .s shl .n0 .t shr_u or =n1
        .n0 .s shl =n0
        .d1 .s shl .d0 .t shr_u or =d1
        .d0 .s shl =d0
    end
    .n3 .n2 .n1 .d1 .d0 call:divide_step =n2 =n1 =q1
    .n2 .n1 .n0 .d1 .d0 call:divide_step =n1 =n0 =q0
    .q0 .q1
    .s eqz if .q0 .q1 .n0 .n1 return end
    .n0 .s shr_u .n1 .t shl or
    .n1 .s shr_u
"""
"""Quotient and rest of four digits by two; fails where the quotient has more than two."""

_DIVIDE_STEP = """
    .u2 .d1 eq if
        -1 =q
        .u1 .d1 add =r
        .r .d1 lt_u =f
    else
        .u2 .u1 .d1 call:divide_digit =r =q
    end
    .f eqz32 if
        loop
            .q .d0 mul_u =p1 =p0
            .p1 .r gt_u .p1 .r eq .p0 .u0 gt_u and32 or32
            if
                .q 1 sub =q
                .r .d1 add =r
                .r .d1 ge_u if again end
            end
        end
    end
    .q .d0 mul_u =p1 =p0
    .q
    .u0 .u1 .p0 .p1 .q .d1 mul add sub128
"""
"""One digit of a quotient, and the rest: three digits by two of which the higher has its highest bit set. The rest fits two
digits, so that is all that is computed of it.
"""

_MODULO = """
    .a0 .a1 0 0 .b0 .b1 call:divide =r1 =r0 drop drop
    .r0 .r1
"""

_MODULO_SIGNED = """
    .a1 0 lt_s =f
    .b1 0 lt_s =fb
    .f if 0 0 .a0 .a1 sub128 =a1 =a0 end
    .b0 =d0
    .b1 =d1
    .fb if 0 0 .b0 .b1 sub128 =d1 =d0 end
    .a0 .a1 0 0 .d0 .d1 call:divide =r1 =r0 drop drop
    .f if 0 0 .r0 .r1 sub128 =r1 =r0 end
    .r0 .r1 or 0 ne .f .fb xor32 and32
    if .r0 .r1 .b0 .b1 add128 return end
    .r0 .r1
"""
"""The rest has the sign of the divisor."""

_QUOTIENT = """
    .a1 .b1 or eqz if
        .a0 .b0 mul_u =n1 =n0
    else
        .a0 .b0 mul_u =n1 =n0
        .a1 .b1 mul_u =n3 =n2
        .a1 .b0 mul_u =h =l
        .n1 .l add =n1
        .h .n1 .l lt_u wide add =h
        .n2 .h add =n2
        .n3 .n2 .h lt_u wide add =n3
        .a0 .b1 mul_u =h =l
        .n1 .l add =n1
        .h .n1 .l lt_u wide add =h
        .n2 .h add =n2
        .n3 .n2 .h lt_u wide add =n3
    end
    .n0 .n1 .n2 .n3 .c0 .c1 call:divide =r1 =r0 =q1 =q0
"""
"""The quotient and rest of a product of magnitudes."""

_AWAY: Final = {
    Rounding.DOWN: ".r0 .r1 or 0 ne .fn and32",
    Rounding.UP: ".r0 .r1 or 0 ne .fn eqz32 and32",
    Rounding.HALF_UP: ".fm .fe .fn eqz32 and32 or32",
    Rounding.HALF_EVEN: ".fm .fe .q0 1 and 0 ne and32 or32",
}
"""Whether a quotient with a rest goes away from zero; `fm` tells whether the rest is more than half of the divisor, `fe` whether
it is just half, `fn` whether the quotient is negative.
"""

_HALF = """
    .c0 .c1 .r0 .r1 sub128 =h =l
    .r1 .h gt_u .r1 .h eq .r0 .l gt_u and32 or32 =fm
    .r1 .h eq .r0 .l eq and32 =fe
"""


def _quotient(rounding: Rounding, signed: bool) -> Helper:
    text = ""
    if signed:
        text += ".a1 .b1 xor .c1 xor 0 lt_s =fn"
        for name in "abc":
            text += f" .{name}1 0 lt_s if 0 0 .{name}0 .{name}1 sub128 ={name}1 ={name}0 end"
    text += _QUOTIENT
    if signed or rounding != Rounding.DOWN:
        if rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN):
            text += _HALF
        text += f"""
            {_AWAY[rounding]} if
                .q0 .q1 1 0 add128 =q1 =q0
                .q0 .q1 or eqz trap
            end
        """
    text += ".q0 .q1 .fn call:with_sign" if signed else ".q0 .q1"
    locals_ = "n0 n1 n2 n3 q0 q1 r0 r1 h l f fn fm fe"
    return Helper("a0 a1 b0 b1 c0 c1", locals_, 2, ("divide", "divide_digit", "divide_step", "with_sign"), text)


def quotient_name(rounding: Rounding, signed: bool) -> str:
    """The helper that gives `a * b / c`, exact in between and rounded once."""
    return f"quotient_{rounding.name.lower()}{'_signed' if signed else ''}"


HELPERS: Final[dict[str, Helper]] = {
    "multiply": Helper("a0 a1 b0 b1", "p0 p1 q0 q1", 2, (), _MULTIPLY),
    "multiply_signed": Helper("a0 a1 b0 b1", "p0 p1 f", 2, ("multiply", "with_sign"), _MULTIPLY_SIGNED),
    "with_sign": Helper("p0 p1 f", "", 2, (), _WITH_SIGN),
    "divide_digit": Helper("high low d", "s d0 d1 u q0 q1 r", 2, (), _DIVIDE_DIGIT),
    "divide_step": Helper("u2 u1 u0 d1 d0", "q r p0 p1 f", 3, ("divide_digit",), _DIVIDE_STEP),
    "divide": Helper("n0 n1 n2 n3 d0 d1", "s t q0 q1 r", 4, ("divide_digit", "divide_step"), _DIVIDE),
    "modulo": Helper("a0 a1 b0 b1", "r0 r1", 2, ("divide", "divide_digit", "divide_step"), _MODULO),
    "modulo_signed": Helper("a0 a1 b0 b1", "d0 d1 r0 r1 f fb", 2, ("divide", "divide_digit", "divide_step"), _MODULO_SIGNED),
    **{quotient_name(rounding, signed): _quotient(rounding, signed) for rounding in Rounding for signed in (False, True)},
}
"""All of them, by name."""
