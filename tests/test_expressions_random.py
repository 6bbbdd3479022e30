"""Random expressions: the machine, the compiler's own evaluator and exact arithmetic in Python agree on every one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.ledger.sandbox import Sandbox
from lang.compiler import compile_text
from vm.failure import Failure

RANGES: dict[str, tuple[int, int]] = {
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64, 128, 256)},
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128, 256)},
    "Amount": (0, 2**128 - 1),
    "Time": (0, 2**64 - 1),
    "Duration": (0, 2**64 - 1),
    "Rate": (0, 2**64 - 1),
}
INTEGERS = [name for name in RANGES if name[0] in "ui"]
UNITS = ["Amount", "Time", "Duration", "Rate"]
ONE = 10**12
MODES = ("down", "up", "half_up", "half_even")

# How tightly forms bind, the loosest first.
CONDITIONAL, IMPLIES, OR, AND, NOT, COMPARISON, SUM, PRODUCT, PREFIX, ATOM = range(10)


class Wrong(Exception):
    """The reference fails, by the name of the failure."""


@dataclass(frozen=True)
class Form:
    """An expression: its type, how it is written, how tightly it binds, and its value, computed exactly."""

    kind: str
    text: str
    level: int
    value: Any  # a function of nothing

    def at(self, level: int) -> str:
        """The text where something that binds at least so tightly is asked for."""
        return self.text if self.level >= level else f"({self.text})"


def within(kind: str, value: int) -> int:
    """The value, if the type holds it."""
    low, high = RANGES[kind]
    if not low <= value <= high:
        raise Wrong("Overflow")
    return value


def rounded(quotient: Fraction, mode: str) -> int:
    """A fraction as an integer, by the textbook."""
    floor = math.floor(quotient)
    rest = quotient - floor
    if mode == "down" or rest == 0:
        return floor
    if mode == "up":
        return floor + 1
    if rest != Fraction(1, 2):
        return floor + (rest > Fraction(1, 2))
    return floor + (1 if mode == "half_up" else floor % 2)


def literal(kind: str, number: int) -> Form:
    """A number of a type, written so that it needs no surroundings."""
    return Form(kind, f"{kind}({number})", ATOM, lambda: number)


@st.composite
def numbers(draw: st.DrawFn, kind: str) -> Form:
    """A number, near an edge of its type more often than not."""
    low, high = RANGES[kind]
    near = [low, low + 1, high, high - 1, 0, 1, 2, 3, 7, ONE, math.isqrt(high)]
    edges = [edge for edge in near if low <= edge <= high]
    number = draw(st.one_of(st.sampled_from(edges), st.integers(max(low, -100), min(high, 100)), st.integers(low, high)))
    return literal(kind, number)


def pair(left: Form, right: Form, operator: str, level: int, kind: str, compute: Any, tail: str = "") -> Form:
    """`left operator right tail`, both sides computed from left to right."""

    def value() -> Any:
        a = left.value()
        return compute(a, right.value())

    return Form(kind, f"{left.at(level)} {operator} {right.at(level + 1)}{tail}", level, value)


def divided(kind: str, mode: str, top: Any, bottom: Any) -> int:
    """A quotient, rounded, in a type."""
    if bottom == 0:
        raise Wrong("DivisionByZero")
    return within(kind, rounded(Fraction(top, bottom), mode))


def remainder(kind: str, top: int, bottom: int) -> int:
    """What is left, with the divisor's sign."""
    if bottom == 0:
        raise Wrong("DivisionByZero")
    return within(kind, top - bottom * math.floor(Fraction(top, bottom)))


# The operations on units: operator, left, right, result, and how it is computed from both and the rounding.
UNIT_RULES: list[tuple[str, str, str, str, Any]] = [
    *[("+", kind, kind, kind, lambda a, b, m, k=kind: within(k, a + b)) for kind in ("Amount", "Duration", "Rate")],
    *[("-", kind, kind, kind, lambda a, b, m, k=kind: within(k, a - b)) for kind in ("Amount", "Duration", "Rate")],
    ("+", "Time", "Duration", "Time", lambda a, b, m: within("Time", a + b)),
    ("+", "Duration", "Time", "Time", lambda a, b, m: within("Time", a + b)),
    ("-", "Time", "Duration", "Time", lambda a, b, m: within("Time", a - b)),
    ("-", "Time", "Time", "Duration", lambda a, b, m: within("Duration", a - b)),
    ("mod", "Time", "Duration", "Duration", lambda a, b, m: remainder("Duration", a, b)),
    *[("*", k, "Rate", k, lambda a, b, m, k=k: divided(k, m, a * b, ONE)) for k in ("Amount", "Duration", "Rate")],
    *[("/", k, "Rate", k, lambda a, b, m, k=k: divided(k, m, a * ONE, b)) for k in ("Amount", "Duration", "Rate")],
    *[("*", "Rate", k, k, lambda a, b, m, k=k: divided(k, m, a * b, ONE)) for k in ("Amount", "Duration")],
    *[("*", k, "u64", k, lambda a, b, m, k=k: within(k, a * b)) for k in ("Amount", "Duration", "Rate")],
    *[("*", "u64", k, k, lambda a, b, m, k=k: within(k, a * b)) for k in ("Amount", "Duration", "Rate")],
    *[("/", k, "u64", k, lambda a, b, m, k=k: divided(k, m, a, b)) for k in ("Amount", "Duration", "Rate")],
    *[("mod", k, "u64", k, lambda a, b, m, k=k: remainder(k, a, b)) for k in ("Amount", "Duration", "Rate")],
    ("/", "Amount", "Amount", "u128", lambda a, b, m: divided("u128", m, a, b)),
    ("/", "Duration", "Duration", "u64", lambda a, b, m: divided("u64", m, a, b)),
    *[("mod", k, k, k, lambda a, b, m, k=k: remainder(k, a, b)) for k in ("Amount", "Duration")],
]


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int) -> Form:
    """An expression of a type."""
    if kind == "bool":
        return draw(truths(depth))
    if depth == 0:
        return draw(numbers(kind))
    deeper = expressions(kind, depth - 1)
    ways = ["number", "conditional", "least", "index", "get", "parentheses"]
    ways += ["sum", "product", "quotient", "convert", "mul_div"] if kind in INTEGERS else ["unit"] * 4
    ways += ["negative"] if kind[0] == "i" else []
    ways += ["unit"] if kind in ("u64", "u128") else []
    match draw(st.sampled_from(ways)):
        case "number":
            return draw(numbers(kind))
        case "parentheses":
            inner = draw(deeper)
            return Form(kind, f"({inner.text})", ATOM, inner.value)
        case "negative":
            inner = draw(deeper)
            return Form(kind, f"-{inner.at(PREFIX)}", PREFIX, lambda: within(kind, -inner.value()))
        case "conditional":
            return conditional(kind, draw(deeper), draw(truths(depth - 1)), draw(deeper))
        case "least":
            a, b = draw(deeper), draw(deeper)
            name = draw(st.sampled_from(["min", "max"]))
            least = min if name == "min" else max
            return Form(kind, f"{name}({a.text}, {b.text})", ATOM, lambda: least([a.value(), b.value()]))
        case "index":
            return draw(indexed(kind, depth))
        case "get":
            a, b = draw(deeper), draw(deeper)
            return Form(kind, f"Some({a.text}).get(default={b.text})", ATOM, a.value)
        case "sum":
            operator = draw(st.sampled_from(["+", "-"]))
            sign = 1 if operator == "+" else -1
            return pair(draw(deeper), draw(deeper), operator, SUM, kind, lambda a, b: within(kind, a + sign * b))
        case "product":
            return pair(draw(deeper), draw(deeper), "*", PRODUCT, kind, lambda a, b: within(kind, a * b))
        case "quotient":
            if draw(st.booleans()):
                return pair(draw(deeper), draw(deeper), "mod", PRODUCT, kind, lambda a, b: remainder(kind, a, b))
            mode = draw(st.sampled_from(MODES))
            compute = lambda a, b: divided(kind, mode, a, b)  # noqa: E731
            return pair(draw(deeper), draw(deeper), "/", PRODUCT, kind, compute, f" rounded {mode}")
        case "convert":
            other = draw(st.sampled_from([*INTEGERS, *UNITS]))
            inner = draw(expressions(other, depth - 1))
            return Form(kind, f"{kind}({inner.text})", ATOM, lambda: within(kind, inner.value()))
        case "mul_div":
            return draw(scaled(kind, depth))
    return draw(of_units(kind, depth))


def conditional(kind: str, then: Form, condition: Form, otherwise: Form) -> Form:
    """`then if condition else otherwise`; only one side is computed."""
    text = f"{then.at(IMPLIES)} if {condition.at(IMPLIES)} else {otherwise.text}"
    return Form(kind, text, CONDITIONAL, lambda: then.value() if condition.value() else otherwise.value())


@st.composite
def indexed(draw: st.DrawFn, kind: str, depth: int) -> Form:
    """An element of a list written out."""
    items = draw(st.lists(expressions(kind, depth - 1), min_size=1, max_size=3))
    place = draw(st.one_of(st.integers(0, len(items)).map(lambda n: literal("u64", n)), expressions("u64", depth - 1)))

    def value() -> Any:
        values = [item.value() for item in items]
        at = place.value()
        if at >= len(values):
            raise Wrong("IndexOutOfRange")
        return values[at]

    return Form(kind, f"[{', '.join(item.text for item in items)}][{place.text}]", ATOM, value)


@st.composite
def scaled(draw: st.DrawFn, kind: str, depth: int) -> Form:
    """`mul_div` with three numbers of a type."""
    a, b, c = (draw(expressions(kind, depth - 1)) for _ in range(3))
    mode = draw(st.sampled_from(MODES))

    def value() -> int:
        x, y, z = a.value(), b.value(), c.value()
        return divided(kind, mode, x * y, z)

    return Form(kind, f"mul_div({a.text}, {b.text}, {c.text}, {mode})", ATOM, value)


@st.composite
def of_units(draw: st.DrawFn, kind: str, depth: int) -> Form:
    """An operation on units that gives this type."""
    rules = [rule for rule in UNIT_RULES if rule[3] == kind]
    if not rules:
        return draw(numbers(kind))
    operator, left, right, _, compute = draw(st.sampled_from(rules))
    mode = draw(st.sampled_from(MODES))
    uneven = operator == "/" or (operator == "*" and "Rate" in (left, right) and "u64" not in (left, right))
    sides = draw(expressions(left, depth - 1)), draw(expressions(right, depth - 1))
    level = SUM if operator in "+-" else PRODUCT
    return pair(*sides, operator, level, kind, lambda a, b: compute(a, b, mode), f" rounded {mode}" if uneven else "")


@st.composite
def truths(draw: st.DrawFn, depth: int) -> Form:
    """A condition."""
    if depth == 0:
        value = draw(st.booleans())
        return Form("bool", str(value).lower(), ATOM, lambda: value)
    way = draw(st.sampled_from(["compare", "compare", "logic", "not", "in", "conditional"]))
    if way == "compare":
        kind = draw(st.sampled_from([*INTEGERS, *UNITS]))
        operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
        left, right = draw(expressions(kind, depth - 1)), draw(expressions(kind, depth - 1))
        compare = {"==": int.__eq__, "!=": int.__ne__, "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}
        return pair(left, right, operator, COMPARISON, "bool", compare[operator])
    if way == "logic":
        left, right = draw(truths(depth - 1)), draw(truths(depth - 1))
        operator, level = draw(st.sampled_from([("and", AND), ("or", OR), ("implies", IMPLIES)]))

        def value() -> bool:
            a = left.value()
            if operator == "and":
                return a and right.value()
            if operator == "or":
                return a or right.value()
            return not a or right.value()

        sides = (level + 1, level) if operator == "implies" else (level, level + 1)
        return Form("bool", f"{left.at(sides[0])} {operator} {right.at(sides[1])}", level, value)
    if way == "not":
        inner = draw(truths(depth - 1))
        return Form("bool", f"not {inner.at(NOT)}", NOT, lambda: not inner.value())
    if way == "conditional":
        return conditional("bool", draw(truths(depth - 1)), draw(truths(depth - 1)), draw(truths(depth - 1)))
    kind = draw(st.sampled_from([*INTEGERS, *UNITS]))
    element = draw(expressions(kind, depth - 1))
    items = draw(st.lists(expressions(kind, depth - 1), min_size=1, max_size=3))
    negated = draw(st.booleans())
    text = f"{element.at(SUM)} {'not in' if negated else 'in'} [{', '.join(item.text for item in items)}]"

    def among() -> bool:
        wanted = element.value()
        return (wanted in [item.value() for item in items]) != negated

    return Form("bool", text, COMPARISON, among)


def any_expression() -> st.SearchStrategy[Form]:
    """An expression of any type that has arithmetic."""
    return st.sampled_from([*INTEGERS, *UNITS, "bool"]).flatmap(lambda kind: expressions(kind, 3))


def expected(form: Form) -> object:
    """The value, or the name of the failure."""
    try:
        return form.value()
    except Wrong as wrong:
        return str(wrong)


def on_the_machine(forms: list[Form]) -> list[object]:
    """What a contract with a function for each gives."""
    text = "contract C:\n"
    for number, form in enumerate(forms):
        text += f"    pure fn f{number}() -> {form.kind}:\n        return {form.text}\n"
    compilation = compile_text(text)
    assert compilation.ok, (text, compilation.findings)
    sandbox = Sandbox()
    address = sandbox.deploy(compilation.contracts["C"].code, "CNY", (), sandbox.wallet("alice"))
    found: list[object] = []
    for number in range(len(forms)):
        try:
            found.append(sandbox.read(address, f"f{number}"))
        except Failure as failure:
            found.append(failure.name)
    return found


def as_constant(form: Form) -> object:
    """What the compiler makes of it where a constant stands."""
    compilation = compile_text(f"const X: {form.kind} = {form.text}\n")
    if not compilation.ok:
        (finding,) = compilation.findings
        assert finding.code == "E0315", finding
        return finding.message.rpartition(": ")[2]
    assert compilation.checked is not None
    return compilation.checked.scope.find("X").value


SLOW_IS_FINE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW_IS_FINE
@given(st.lists(any_expression(), min_size=1, max_size=6))
def test_the_machine_computes_what_arithmetic_says(forms: list[Form]) -> None:
    """Compiled and run, an expression gives the exact result, or the failure that is met first from left to right."""
    for form, found in zip(forms, on_the_machine(forms), strict=True):
        assert found == expected(form), form.text


@SLOW_IS_FINE
@given(any_expression())
def test_constants_are_computed_as_the_machine_would(form: Form) -> None:
    """The compiler's evaluator gives the same as exact arithmetic, and so as the machine."""
    assert as_constant(form) == expected(form), form.text
