"""Locals, numbers and comparisons."""

from __future__ import annotations

from typing import Final

from vm import instructions as i
from vm import intervals
from vm.function_verifier import Op
from vm.generator.text import Condition, Value, number
from vm.generator.writer import Writer
from vm.instructions import Rounding
from vm.intervals import Interval
from vm.types import Amount, Int, bounds

_RELATIONS: Final = {i.EQ: "==", i.NE: "!=", i.LT: "<", i.LE: "<=", i.GT: ">", i.GE: ">="}


class Numbers(Writer):
    """Checks are left out where intervals show that they cannot fail."""

    def _do_const(self, op: Op) -> None:
        constant = self.module.constants[op.operands[0]]
        value = constant.value
        if isinstance(value, bool):
            self.stack.append(Value(str(value)))
        elif isinstance(value, int):
            self.stack.append(Value(number(value), (value, value)))
        else:
            self.stack.append(Value(self.name("k", op.operands[0], value)))

    def _do_get(self, op: Op) -> None:
        given = self.at.given.get(op.operands[0])
        if given is None:
            local = self.at.base + op.operands[0]
            given = Value(f"l{local}", self.env.get(local, self.local_spans[local]), local)
        self.stack.append(given)

    def _do_set(self, op: Op) -> None:
        value = self.pop()
        local = self.at.base + op.operands[0]
        self.spill(local)
        if value.text != f"l{local}":
            self.line(f"l{local} = {value.text}")
        self.assign(local, value.span)

    def _do_drop(self, op: Op) -> None:
        self.pop()

    # Numbers.

    def number(self, text: str, raw: Interval, op: Op) -> None:
        """A result that must lie within the bounds of its type, which it might not within `raw`."""
        assert isinstance(op.kind, Int | Amount)
        low, high = bounds(op.kind)
        target = self.target()
        self.line(f"{target} = {text}")
        if raw[0] < low and raw[1] > high:
            self.line(f"if not {number(low)} <= {target} <= {number(high)}: overflow()")
        elif raw[0] < low:
            self.line(f"if {target} < {number(low)}: overflow()")
        elif raw[1] > high:
            self.line(f"if {target} > {number(high)}: overflow()")
        self.give(target, intervals.within(raw, (low, high)))

    def two(self, op: Op) -> tuple[Value, Interval, Value, Interval]:
        """Two operands and what they can be."""
        b, a = self.pop(), self.pop()
        return a, self.span_of(a, op.takes[0]), b, self.span_of(b, op.takes[1])

    def _do_add(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.number(f"{a.text} + {b.text}", intervals.total(of_a, of_b), op)

    def _do_sub(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.number(f"{a.text} - {b.text}", intervals.difference(of_a, of_b), op)

    def _do_mul(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.number(f"{a.text} * {b.text}", intervals.product(of_a, of_b), op)

    def divide(self, a: str, of_a: Interval, b: Value, of_b: Interval, op: Op) -> None:
        """A quotient; `a` binds as tightly as a product."""
        rounding = Rounding(op.operands[1])
        if of_b[0] <= 0 <= of_b[1]:
            self.line(f"if {b.text} == 0: division_by_zero()")
        divisor = b.text
        match rounding:
            case Rounding.DOWN:
                text = f"{a} // {divisor}"
            case Rounding.UP:
                text = f"-(-({a}) // {divisor})"
            case Rounding.HALF_UP if of_b[0] >= 0:
                text = f"({a} * 2 + {divisor}) // ({divisor} * 2)"
            case _:
                text = f"div({a}, {divisor}, {int(rounding)}, {_bounds_text(op)})"
                self.result(text, intervals.within(intervals.quotient(of_a, of_b), self.bounds(op)))
                return
        self.number(text, intervals.quotient(of_a, of_b), op)

    def bounds(self, op: Op) -> Interval:
        """The bounds of the type of the operand."""
        span = intervals.of_type(op.kind) if op.kind is not None else None
        assert span is not None
        return span

    def _do_div(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.divide(a.text, of_a, b, of_b, op)

    def _do_muldiv(self, op: Op) -> None:
        c = self.pop()
        b, a = self.pop(), self.pop()
        product = intervals.product(self.span_of(a, op.takes[0]), self.span_of(b, op.takes[1]))
        self.divide(f"{a.text} * {b.text}", product, c, self.span_of(c, op.takes[2]), op)

    def _do_mod(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        if of_b[0] <= 0 <= of_b[1]:
            self.line(f"if {b.text} == 0: division_by_zero()")
        self.number(f"{a.text} % {b.text}", intervals.remainder(of_a, of_b), op)

    def _do_neg(self, op: Op) -> None:
        a = self.pop()
        self.number(f"-{a.text}", intervals.negative(self.span_of(a, op.takes[0])), op)

    def _do_min(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        span = min(of_a[0], of_b[0]), min(of_a[1], of_b[1])
        self.result(f"{a.text} if {a.text} <= {b.text} else {b.text}", span)

    def _do_max(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        span = max(of_a[0], of_b[0]), max(of_a[1], of_b[1])
        self.result(f"{a.text} if {a.text} >= {b.text} else {b.text}", span)

    def _do_cast(self, op: Op) -> None:
        a = self.pop()
        raw, whole = self.span_of(a, op.takes[0]), self.bounds(op)
        if whole[0] <= raw[0] and raw[1] <= whole[1]:
            self.stack.append(a)
        else:
            self.number(a.text, raw, op)

    # Comparison.

    def _do_compare(self, op: Op) -> None:
        b, a = self.pop(), self.pop()
        relation = _RELATIONS[op.code]
        if op.code in (i.EQ, i.NE):
            self.work_on("scan", op.kind, a.text)
        condition = None
        if isinstance(op.kind, Int | Amount):
            condition = Condition(
                relation,
                a._replace(span=self.span_of(a, op.takes[0])),
                b._replace(span=self.span_of(b, op.takes[1])),
            )
        self.truth(f"{a.text} {relation} {b.text}", condition)

    def _do_not(self, op: Op) -> None:
        value = self.pop()
        if value.condition is not None:
            opposite = value.condition.opposite()
            self.truth(f"{opposite.a.text} {opposite.relation} {opposite.b.text}", opposite)
        else:
            self.truth(f"not {value.text}")


def _bounds_text(op: Op) -> str:
    assert isinstance(op.kind, Int | Amount)
    low, high = bounds(op.kind)
    return f"{number(low)}, {number(high)}"
