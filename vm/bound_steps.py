"""What instructions make of sizes, and what they cost beyond the static price of their segment.

One short function an instruction that gives a number, a length, a truth value or a compound value; everything else gives
values of which nothing is known. What is charged by size follows `vm.pricing` and the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vm import instructions as i
from vm.function_verifier import Op
from vm.module import Module
from vm.polynomial import EACH, ONE, ZERO, Algebra, Ends, Polynomial, difference, number, product, total
from vm.pricing import BYTES_SCALE, Scale, is_sized, works_of
from vm.sizes import Facts, Measure, Parts, Sizes, Truth, Value, measure_max
from vm.types import U64, List, Option, Type, encoded_max
from vm.values import length

Taken = list[Value]


def price(algebra: Algebra, work: str, scale: Scale, size: Polynomial) -> Polynomial:
    """The gas for work on a value of at most so many elements or bytes, as `Scale.price` has it."""
    size = algebra.counting(size)
    known = size.constant()
    if known is not None:
        return number(scale.price(work, known).gas)
    if algebra.is_spent:
        return number(scale.price(work, algebra.maximum(size)).gas)
    fixed, each, chunk = scale.slope(work)
    whole = total(number(fixed.gas), size, each.gas)
    if not chunk:
        return whole
    return total(whole, algebra.quotient(total(size, number(4)), 16), chunk)


class Steps:
    """Takes instructions without control one by one: a stack of values, locals, facts, and the gas so far."""

    def __init__(self, module: Module, sizes: Sizes) -> None:
        self.module = module
        self.sizes = sizes
        self.algebra = sizes.algebra
        self.stack: list[Value] = []
        self.locals: list[Value] = []
        self.facts: Facts = ()
        self.cost: Polynomial = ZERO

    def pay(self, gas: Polynomial) -> None:
        """Add to the gas so far."""
        if gas.terms:
            self.algebra.spend(1 + len(self.cost.terms))
            self.cost = self.algebra.fit(total(self.cost, gas))

    def work(self, work: str, kind: Type, size: Polynomial) -> None:
        """Add the price of work on a value of a sized type."""
        self.pay(price(self.algebra, work, Scale.of(kind), size))

    def take(self, count: int) -> Taken:
        """Pop so many values."""
        if not count:
            return []
        taken = self.stack[-count:]
        del self.stack[-count:]
        return taken

    def step(self, op: Op) -> None:
        """One instruction."""
        taken = self.take(len(op.takes))
        self._charge_table(op, taken)
        made = _STEPS.get(op.code)
        self.stack += [None] * len(op.gives) if made is None else made(self, op, taken)

    def _charge_table(self, op: Op, taken: Taken) -> None:
        """What `vm.pricing.works_of` charges by size."""
        writes_key = op.key is not None  # before a value, where both are written
        for work, kind in works_of(op.code, op.kind, op.key, op.value):
            if work == "read":
                value = None  # out of state
            elif work == "write" and not writes_key:
                value = taken[-1] if taken else None
            else:
                writes_key = writes_key and work != "write"
                value = taken[0] if taken else None
            if is_sized(kind):
                self.work(work, kind, self.sizes.ends(value, kind).high)

    # What instructions take and give.

    def ends(self, op: Op, taken: Taken, position: int) -> Ends:
        """The bounds of what an instruction takes."""
        return self.sizes.ends(taken[position], op.takes[position])

    def gives(self, op: Op, low: Polynomial, high: Polynomial) -> Taken:
        """A result of the type that the instruction gives, between bounds."""
        return [self.sizes.measure(low, high, op.gives[0])]

    # Values and locals.

    def const(self, op: Op, _: Taken) -> Taken:
        """`const`."""
        value = self.module.constants[op.operands[0]].value
        if isinstance(value, bool):
            return [Truth((), None) if value else Truth(None, ())]
        kind = op.gives[0]
        if measure_max(kind) is None:
            return [None]
        size = number(value if isinstance(value, int) else length(value))  # type: ignore[arg-type]
        return [Measure(Ends(size, size))]

    def get(self, op: Op, _: Taken) -> Taken:
        """`get`."""
        return [self.locals[op.operands[0]]]

    def move(self, op: Op, _: Taken) -> Taken:
        """`move`."""
        value = self.locals[op.operands[0]]
        self.locals[op.operands[0]] = None
        return [value]

    def assign(self, op: Op, taken: Taken) -> Taken:
        """`set`."""
        self.locals[op.operands[0]] = taken[0]
        return []

    # Numbers.

    def add(self, op: Op, taken: Taken) -> Taken:
        """`add`."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        return self.gives(op, total(a.low, b.low), total(a.high, b.high))

    def sub(self, op: Op, taken: Taken) -> Taken:
        """`sub`."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        return self.gives(op, difference(a.low, b.high), difference(a.high, b.low))

    def mul(self, op: Op, taken: Taken) -> Taken:
        """`mul`, of numbers that are not negative."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        if not (self._not_negative(a) and self._not_negative(b)):
            return [None]
        low, high = ZERO, product(a.high, b.high)
        if a.low.is_growing() and b.low.is_growing():
            low = product(a.low, b.low)
        self.algebra.spend(len(high.terms))
        return self.gives(op, low, high)

    def div(self, op: Op, taken: Taken) -> Taken:
        """`div`, by a constant."""
        a, by = self.ends(op, taken, 0), self.ends(op, taken, 1).low.constant()
        if by is None or by < 1 or not self._not_negative(a):
            return [None]
        return self.gives(op, ZERO, self.algebra.quotient(a.high, by))

    def mod(self, op: Op, taken: Taken) -> Taken:
        """`mod`, by numbers that are not negative."""
        b = self.ends(op, taken, 1)
        if not self._not_negative(b):
            return [None]
        return self.gives(op, ZERO, difference(b.high, ONE))

    def smaller(self, op: Op, taken: Taken) -> Taken:
        """`min`, of numbers that are not negative."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        if not (self._not_negative(a) and self._not_negative(b)):
            return [None]
        least, other = sorted((a.high, b.high), key=self.algebra.maximum)
        most = least.constant()
        return self.gives(op, ZERO, least if most is None else self.algebra.clip(other, most))

    def greater(self, op: Op, taken: Taken) -> Taken:
        """`max`."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        return self.gives(op, a.low, self.algebra.join(a.high, b.high))

    def cast(self, op: Op, taken: Taken) -> Taken:
        """`cast`."""
        return self.gives(op, *self.ends(op, taken, 0))

    def _not_negative(self, ends: Ends) -> bool:
        """Whether a number is at least 0 for all that is known."""
        low = ends.low.constant()
        return low >= 0 if low is not None else ends.low.is_growing()

    # Comparison.

    def less(self, op: Op, taken: Taken) -> Taken:
        """`lt`, `le`, `gt`, `ge`."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        if op.code in (i.GT, i.LE):
            a, b = b, a
        below = difference(b.high, a.low)  # at least 1 where a < b
        not_above = total(difference(a.high, b.low), ONE)  # at least 1 where b <= a
        truth = self.sizes.truth(below, not_above)
        return [truth if op.code in (i.LT, i.GT) else Truth(truth.fails, truth.holds)]

    def invert(self, _: Op, taken: Taken) -> Taken:
        """`not`."""
        truth = taken[0]
        return [Truth(truth.fails, truth.holds) if isinstance(truth, Truth) else None]

    # Compound values.

    def pack(self, _: Op, taken: Taken) -> Taken:
        """`pack`."""
        return [Parts(tuple(taken))]

    def unpack(self, op: Op, taken: Taken) -> Taken:
        """`unpack`."""
        return [self._part(op, taken[0], position) for position in range(len(op.gives))]

    def field(self, op: Op, taken: Taken) -> Taken:
        """`field`."""
        return [self._part(op, taken[0], op.operands[1])]

    def variant(self, op: Op, taken: Taken) -> Taken:
        """`variant`, of an option that is not none."""
        return [Parts((None, taken[0])) if isinstance(op.kind, Option) and taken else None]

    def open(self, op: Op, taken: Taken) -> Taken:
        """`open`, of an option that is not none."""
        return [self._part(op, taken[0], 1)] if isinstance(op.kind, Option) and op.gives else [None] * len(op.gives)

    def _part(self, op: Op, value: Value, position: int) -> Value:
        assert op.kind is not None
        return self.sizes.part(value, op.kind, position)

    # Lists, texts, byte strings.

    def scan(self, op: Op, taken: Taken) -> Taken:
        """`contains`."""
        assert op.kind is not None
        self.work("scan", op.kind, self.ends(op, taken, 0).high)
        return [None]

    def make_list(self, op: Op, taken: Taken) -> Taken:
        """`list`."""
        return self.gives(op, number(len(taken)), number(len(taken)))

    def append(self, op: Op, taken: Taken) -> Taken:
        """`append`."""
        old = self.ends(op, taken, 0)
        return self._longer(op, total(old.low, ONE), total(old.high, ONE))

    def concat(self, op: Op, taken: Taken) -> Taken:
        """`concat`."""
        a, b = self.ends(op, taken, 0), self.ends(op, taken, 1)
        return self._longer(op, total(a.low, b.low), total(a.high, b.high))

    def with_index(self, op: Op, taken: Taken) -> Taken:
        """`with_index`."""
        return self._longer(op, *self.ends(op, taken, 0))

    def slice(self, op: Op, taken: Taken) -> Taken:
        """`slice`: up to its end, and that is within the whole."""
        whole, start, end = (self.ends(op, taken, position) for position in range(3))
        high = min((difference(last, start.low) for last in (end.high, whole.high)), key=self.algebra.maximum)
        return self._longer(op, difference(end.low, start.high), high)

    def pop(self, op: Op, taken: Taken) -> Taken:
        """`pop`."""
        old = self.ends(op, taken, 0)
        return [*self._longer(op, difference(old.low, ONE), difference(old.high, ONE)), self._part(op, taken[0], EACH)]

    def index(self, op: Op, taken: Taken) -> Taken:
        """`index`."""
        return [self._part(op, taken[0], EACH)]

    def _longer(self, op: Op, low: Polynomial, high: Polynomial) -> Taken:
        """A list, text or byte string that is made: it fails before it is paid for if it were too long."""
        made = self.sizes.measure(low, high, op.gives[0])
        assert op.kind is not None
        self.work("make", op.kind, made.ends.high)
        return [made]

    def length(self, op: Op, taken: Taken) -> Taken:
        """`length`."""
        return [self.sizes.measure(*self.ends(op, taken, 0), U64)]

    # Standard functions.

    def digest(self, op: Op, taken: Taken) -> Taken:
        """`sha256`, `sha3_256`, `blake2b_256`, and the message of `verify_ed25519`."""
        message = 1 if op.code == i.VERIFY_ED25519 else 0
        self.pay(price(self.algebra, "hash", BYTES_SCALE, self.ends(op, taken, message).high))
        return [None]

    def encode(self, op: Op, taken: Taken) -> Taken:
        """`encode`: three bytes at most, and the elements."""
        kind = op.kind
        if kind is None or not is_sized(kind):
            return [None]
        element = encoded_max(kind.element) if isinstance(kind, List) else 1
        return self.gives(op, ZERO, total(number(3), self.ends(op, taken, 0).high, element))

    def text_bytes(self, op: Op, taken: Taken) -> Taken:
        """`text_bytes`."""
        ends = self.ends(op, taken, 0)
        self.pay(price(self.algebra, "make", BYTES_SCALE, ends.high))
        return self.gives(op, *ends)

    def emit(self, op: Op, taken: Taken) -> Taken:
        """`emit`."""
        for (_, kind), value in zip(self.module.events[op.operands[0]].fields, taken, strict=True):
            if is_sized(kind):
                self.work("event", kind, self.sizes.ends(value, kind).high)
        return []


_STEPS: Final[dict[int, Callable[[Steps, Op, Taken], Taken]]] = {
    i.CONST: Steps.const,
    i.GET: Steps.get,
    i.SET: Steps.assign,
    i.MOVE: Steps.move,
    i.ADD: Steps.add,
    i.SUB: Steps.sub,
    i.MUL: Steps.mul,
    i.DIV: Steps.div,
    i.MOD: Steps.mod,
    i.MIN: Steps.smaller,
    i.MAX: Steps.greater,
    i.CAST: Steps.cast,
    i.LT: Steps.less,
    i.LE: Steps.less,
    i.GT: Steps.less,
    i.GE: Steps.less,
    i.NOT: Steps.invert,
    i.PACK: Steps.pack,
    i.UNPACK: Steps.unpack,
    i.FIELD: Steps.field,
    i.VARIANT: Steps.variant,
    i.OPEN: Steps.open,
    i.INDEX: Steps.index,
    i.LIST: Steps.make_list,
    i.APPEND: Steps.append,
    i.WITH_INDEX: Steps.with_index,
    i.LENGTH: Steps.length,
    i.CONTAINS: Steps.scan,
    i.SLICE: Steps.slice,
    i.CONCAT: Steps.concat,
    i.POP: Steps.pop,
    i.SHA256: Steps.digest,
    i.SHA3_256: Steps.digest,
    i.BLAKE2B_256: Steps.digest,
    i.VERIFY_ED25519: Steps.digest,
    i.ENCODE: Steps.encode,
    i.TEXT_BYTES: Steps.text_bytes,
    i.EMIT: Steps.emit,
}
