"""Turns verified code into flat Python: one function of three-address lines for each function of a module.

What lies on the stack becomes a name (`s0` for the lowest place), a local (`l0`) or a constant; a segment is paid by one
subtraction from `gas`; checks are left out where intervals show that they cannot fail. Each line belongs to one instruction, so
the line that fails tells the instruction. The text holds nothing of what people wrote: only the names of `vm.support.NAMES`, the
numbered names of `NUMBERED`, a few plain ones, integers and operators, and never a dot.

A function is given the run (`vm.support`) as `m`, what its promises remember as `q` if it has any, and its parameters. Its
caller has paid for its first segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from vm import instructions as i
from vm import intervals
from vm.function_verifier import Body, Op
from vm.instructions import TABLE, Rounding
from vm.intervals import OPPOSITE, Env, Interval
from vm.limits import MEMORY_BYTES_MAX
from vm.pricing import BYTES_SCALE, Price, Scale, is_sized
from vm.state import is_safe_key
from vm.support import GAS, MEMORY, NOW, SENDER, THIS
from vm.types import ADDRESS_BYTES, AMOUNT, AMOUNT_MAX, Address, Amount, Int, List, Resource, Struct, Text, Tuple, Type, bounds
from vm.values import is_direct
from vm.verifier import Verified

GENERATOR_VERSION = 1

PLAIN_NAMES: Final = ("gas", "m", "n", "q", "x", "y")
NUMBERED: Final = "defklnprst"
"""First letters of numbered names: doors, error names, functions, constants, locals, names of resources, positions and passes
of loops, stack places, types.
"""

_RELATIONS: Final = {i.EQ: "==", i.NE: "!=", i.LT: "<", i.LE: "<=", i.GT: ">", i.GE: ">="}
_CONDITIONS: Final = frozenset((i.IF, i.NOT, i.AUTHORIZE))
_FIELDS_APART: Final = 8  # up to so many parts are named one by one where one of them changes


class Condition(NamedTuple):
    """A comparison of two numbers, which of them are locals, and what they can be."""

    relation: str
    a: Value
    b: Value

    def opposite(self) -> Condition:
        """What holds where this does not."""
        return Condition(OPPOSITE[self.relation], self.a, self.b)


class Value(NamedTuple):
    """What lies in a place of the stack: its Python, what it can be if it is a number, the local it is, the comparison it is."""

    text: str
    span: Interval | None = None
    local: int = -1
    condition: Condition | None = None


@dataclass(slots=True)
class _Block:
    """An open `if` or `loop`."""

    op: int
    loop: bool
    stack: list[Value]
    indent: int
    env: Env | None  # of the other way, until it is taken; at the head of a loop
    exit: Env | None = None  # where the ways that have ended meet
    back: Env | None = None  # where the passes that go on meet
    flat: bool = False  # whether the other way stands at the indent of the `if`
    other: bool = False  # whether the other way has begun


@dataclass(slots=True)
class _Loop:
    """What has to be known of a loop at its head."""

    end: int = -1
    continues: bool = False
    assigned: set[int] = field(default_factory=set)


class Generated(NamedTuple):
    """The Python of one function, for each of its lines the position of the instruction it belongs to, and the numbered names
    that it uses with what they stand for.
    """

    source: str
    positions: tuple[int, ...]
    names: dict[str, Any]


def generate(verified: Verified, function: int) -> Generated:
    """The Python of one function. Linear in the length of its code."""
    loops = _loops(verified.bodies[function])
    heads: dict[int, Env] = {}
    if loops:
        # A first run, which takes locals that a loop assigns for anything, shows what they can be after a pass.
        first = _Generator(verified, function, loops, {})
        first.run()
        heads = first.heads
    return _Generator(verified, function, loops, heads).run()


def generate_door(verified: Verified, function: int) -> Generated:
    """The Python of a function `d…` that tells whether arguments from outside are of the parameters' types."""
    names: dict[str, Any] = {}
    parameters = [kind for _, kind in verified.module.functions[function].parameters]
    tests = ["True"]
    for n, kind in enumerate(parameters):
        span = intervals.of_type(kind)
        if span is not None:
            tests.append(f"kind(l{n}) is int and {_number(span[0])} <= l{n} <= {_number(span[1])}")
        elif isinstance(kind, Address):
            tests.append(f"kind(l{n}) is bytes and len(l{n}) == {ADDRESS_BYTES}")
        else:
            number = verified.table.index(kind)
            names[f"t{number}"] = kind
            tests.append(f"belongs(t{number}, l{n})")
    taken = ", ".join(f"l{n}" for n in range(len(parameters)))
    source = f"def d{function}({taken}):\n return {' and '.join(tests)}\n"
    return Generated(source, (0, 0), names)


def _loops(body: Body) -> dict[int, _Loop]:
    loops: dict[int, _Loop] = {}
    open_blocks: list[_Loop | None] = []
    for index, op in enumerate(body.ops):
        match op.code:
            case i.LOOP:
                loops[index] = _Loop()
                open_blocks.append(loops[index])
            case i.IF:
                open_blocks.append(None)
            case i.END:
                closed = open_blocks.pop()
                if closed is not None:
                    closed.end = op.position
                    around = _innermost(open_blocks)
                    if around is not None:
                        around.assigned |= closed.assigned
            case i.CONTINUE:
                innermost = _innermost(open_blocks)
                assert innermost is not None
                innermost.continues = True
            case i.SET:
                innermost = _innermost(open_blocks)
                if innermost is not None:
                    innermost.assigned.add(op.operands[0])
    return loops


def _innermost(blocks: list[_Loop | None]) -> _Loop | None:
    return next((block for block in reversed(blocks) if block is not None), None)


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


class _Generator:
    def __init__(self, verified: Verified, function: int, loops: dict[int, _Loop], heads: dict[int, Env]) -> None:
        self.verified = verified
        self.module = verified.module
        self.function = function
        self.body = verified.bodies[function]
        self.promised = function in verified.promises
        self.loops = loops
        self.known_heads = heads
        self.heads: dict[int, Env] = {}
        self.lines: list[str] = []
        self.positions: list[int] = []
        self.names: dict[str, Any] = {}
        self.indent = 2
        self.index = 0
        self.position = 0
        self.stack: list[Value] = []
        self.blocks: list[_Block] = []
        self.env: Env = {}
        self.live = True
        self.local_spans = [intervals.of_type(kind) for kind in self.body.locals]

    def run(self) -> Generated:
        """All of it."""
        parameters = self.module.functions[self.function].parameters
        names = ["m", *(["q"] if self.promised else []), *(f"l{n}" for n in range(len(parameters)))]
        self.indent = 0
        self.line(f"def f{self.function}({', '.join(names)}):")
        self.indent = 1
        self.line(f"gas = m[{GAS}]")
        self.line("try:")
        self.indent = 2
        ops = self.body.ops
        while self.index < len(ops):
            op = ops[self.index]
            self.position = op.position
            _EMITTERS[op.code](self, op)
            self.index += 1
        self.indent = 1
        self.line("except failure:")
        self.line(" settle(m, gas)")
        self.line(" raise")
        return Generated("\n".join(self.lines) + "\n", tuple(self.positions), self.names)

    # Lines, names, the stack.

    def line(self, text: str) -> None:
        """One line, of the instruction at work."""
        self.lines.append(" " * self.indent + text)
        self.positions.append(self.position)

    def name(self, letter: str, number: int, value: Any) -> str:
        """A numbered name that stands for a value."""
        name = f"{letter}{number}"
        self.names[name] = value
        return name

    def pop(self) -> Value:
        """Take the topmost value."""
        return self.stack.pop()

    def pop_many(self, count: int) -> list[str]:
        """Take so many values, the last from the top."""
        if count == 0:
            return []
        values = [value.text for value in self.stack[-count:]]
        del self.stack[-count:]
        return values

    def next_code(self) -> int:
        """The number of the instruction that follows."""
        return self.body.ops[self.index + 1].code

    def spill(self, local: int | None = None) -> None:
        """Copy locals that lie on the stack to their places there: one that is about to change, or all."""
        for place, value in enumerate(self.stack):
            if value.local >= 0 and local in (None, value.local):
                self.line(f"s{place} = {value.text}")
                self.stack[place] = Value(f"s{place}", value.span)

    def target(self) -> str:
        """Where to put a result that will lie on top: straight into a local if the next instruction puts it there."""
        if self.next_code() == i.SET:
            local = self.body.ops[self.index + 1].operands[0]
            self.spill(local)
            return f"l{local}"
        return f"s{len(self.stack)}"

    def give(self, target: str, span: Interval | None = None) -> None:
        """Say that a result now is where `target` said."""
        if target[0] == "l":
            self.index += 1
            self.assign(self.body.ops[self.index].operands[0], span)
        else:
            self.stack.append(Value(target, span))

    def result(self, text: str, span: Interval | None = None) -> None:
        """Compute a result."""
        target = self.target()
        self.line(f"{target} = {text}")
        self.give(target, span)

    def assign(self, local: int, span: Interval | None) -> None:
        """Note what a local now can be."""
        self.env.pop(local, None)
        whole = self.local_spans[local]
        if whole is not None and span is not None and span != whole:
            self.env[local] = intervals.within(span, whole)

    def span_of(self, value: Value, kind: Type) -> Interval:
        """What a number can be."""
        span = value.span or intervals.of_type(kind)
        assert span is not None
        return span

    # Gas and memory.

    def charge(self, price: Price) -> None:
        """Enter a segment."""
        self.line(f"gas -= {price.gas}")
        self.line("if gas < 0: out()")
        if price.memory:
            self.grow(str(price.memory))

    def grow(self, memory: str) -> None:
        """Count memory; all that is there is looked at even if nothing is added."""
        if memory != "0":
            self.line(f"m[{MEMORY}] += {memory}")
        self.line(f"if m[{MEMORY}] > {MEMORY_BYTES_MAX}: full()")

    def work(self, kind: str, scale: Scale, length: str) -> None:
        """Charge for work on a value of this length."""
        fixed, each, chunk = scale.slope(kind)
        terms = [str(fixed.gas)] if fixed.gas else []
        if each.gas:
            terms.append(f"{each.gas} * {length}")
        if chunk:
            terms.append(f"{chunk} * ({length} + 19 >> 4)")
        self.line(f"gas -= {' + '.join(terms) or '0'}")
        self.line("if gas < 0: out()")
        self.grow(f"{fixed.memory} + {each.memory} * {length}" if fixed.memory else "0")

    def work_on(self, kind: str, of: Type | None, value: str) -> None:
        """Charge for work on a value, if its type is charged by its length."""
        if of is not None and is_sized(of):
            self.line(f"n = {self.length(of, value)}")
            self.work(kind, Scale.of(of), "n")

    def length(self, kind: Type, value: str) -> str:
        """The length of a list, text or byte string."""
        return f"text_size({value})" if isinstance(kind, Text) else f"len({value})"

    # Control.

    def do_if(self, op: Op) -> None:
        value = self.pop()
        self.spill()
        self.line(f"if {value.text}:")
        other = self._where(value.condition.opposite() if value.condition else None)
        self.blocks.append(_Block(self.index, False, list(self.stack), self.indent, other))
        self.env = self._where(value.condition)
        self.indent += 1
        self.charge(self.body.segments[self.index + 1])

    def _where(self, condition: Condition | None) -> Env:
        """What is known of locals where a condition holds."""
        env = dict(self.env)
        if condition is not None:
            relation, a, b = condition
            for mine, how, other in ((a, relation, b), (b, intervals.mirrored(relation), a)):
                if mine.local >= 0 and mine.span is not None and other.span is not None:
                    env[mine.local] = intervals.refined(mine.span, how, other.span)
        return env

    def _otherwise(self, block: _Block) -> None:
        """Begin the way on which the condition does not hold, at the instruction that asked."""
        block.other = True
        block.exit = self.env if self.live else None
        self.indent = block.indent
        if self.live:
            self.line("else:")
            self.indent += 1
        asked = self.body.ops[block.op]
        here, self.position = self.position, asked.position
        self.charge(self.body.segments[asked.target])
        self.position = here
        self.stack = list(block.stack)
        assert block.env is not None
        self.env, self.live = block.env, True

    def do_else(self, op: Op) -> None:
        if self.live:
            self.charge(self.body.segments[op.target])
        self._otherwise(self.blocks[-1])

    def do_end(self, op: Op) -> None:
        block = self.blocks.pop()
        if block.loop:
            self._end_loop(block)
            return
        if self.live:
            self.charge(self.body.segments[self.index + 1])
        if not block.other:
            self._otherwise(block)
        env = intervals.join(self.env if self.live else None, block.exit)
        self._go_on(block, env)

    def _go_on(self, block: _Block, env: Env | None) -> None:
        """After the end of a block."""
        self.indent = block.indent
        self.stack = block.stack
        self.live = env is not None
        self.env = env or {}

    def do_loop(self, op: Op) -> None:
        loop = self.loops[self.index]
        self.spill()
        if op.operands[0] < 1:
            self.line("loop_bound()")
        depth = sum(block.loop for block in self.blocks)
        if loop.continues:
            self.line(f"p{depth} = {op.position}")
        entry = self.env
        self.blocks.append(_Block(self.index, True, list(self.stack), self.indent, entry))
        self.env = intervals.without(entry, loop.assigned) | self.known_heads.get(self.index, {})
        self.line(f"for r{depth} in passes({op.operands[0]}):")
        self.indent += 1
        price = self.body.segments[self.index + 1]
        self.line(f"gas -= {price.gas}")
        self._pass_fails("gas < 0", "out", loop, depth)
        if price.memory:
            self.line(f"m[{MEMORY}] += {price.memory}")
            self._pass_fails(f"m[{MEMORY}] > {MEMORY_BYTES_MAX}", "full", loop, depth)

    def _pass_fails(self, condition: str, failure: str, loop: _Loop, depth: int) -> None:
        """A failure to begin a pass, at the instruction that led there."""
        if loop.continues:
            self.line(f"if {condition}: {failure}_at(m, p{depth})")
            return
        self.line(f"if {condition}:")
        here = self.position
        self.position = loop.end
        self.line(f" if r{depth}: {failure}()")
        self.position = here
        self.line(f" {failure}()")

    def _end_loop(self, block: _Block) -> None:
        loop = self.loops[block.op]
        depth = sum(around.loop for around in self.blocks)
        if self.live:
            block.back = intervals.join(block.back, self.env)
            if loop.continues:
                self.line(f"p{depth} = {self.position}")
        self.indent = block.indent
        if self.live or loop.continues:
            self.line("else:")
            self.line(f" loop_bound_at(m, p{depth})" if loop.continues else " loop_bound()")
        assert block.env is not None
        head = intervals.join(block.env, block.back) or {}
        self.heads[block.op] = {local: known for local, known in head.items() if local in loop.assigned}
        self._go_on(block, block.exit)

    def _loop_block(self) -> _Block:
        return next(block for block in reversed(self.blocks) if block.loop)

    def do_break(self, op: Op) -> None:
        self.charge(self.body.segments[op.target])
        self.line("break")
        block = self._loop_block()
        block.exit = intervals.join(block.exit, self.env)
        self.live = False

    def do_continue(self, op: Op) -> None:
        self.line(f"p{sum(block.loop for block in self.blocks) - 1} = {op.position}")
        self.line("continue")
        block = self._loop_block()
        block.back = intervals.join(block.back, self.env)
        self.live = False

    def do_return(self, op: Op) -> None:
        result = self.pop().text if op.takes else None
        if self.promised:
            self.line(f"if q: ensure(m, {self.function}, q, {result})")
        self.line(f"m[{GAS}] = gas")
        self.line("return" if result is None else f"return {result}")
        self.live = False

    def do_fail(self, op: Op) -> None:
        error = self.name("e", op.operands[0], self.module.errors[op.operands[0]].name)
        self.line(f"fail({error}, {_tuple(self.pop_many(len(op.takes)))})")
        self.live = False

    # Values and locals.

    def do_const(self, op: Op) -> None:
        constant = self.module.constants[op.operands[0]]
        value = constant.value
        if isinstance(value, bool):
            self.stack.append(Value(str(value)))
        elif isinstance(value, int):
            self.stack.append(Value(_number(value), (value, value)))
        else:
            self.stack.append(Value(self.name("k", op.operands[0], value)))

    def do_get(self, op: Op) -> None:
        local = op.operands[0]
        self.stack.append(Value(f"l{local}", self.env.get(local, self.local_spans[local]), local))

    def do_set(self, op: Op) -> None:
        value = self.pop()
        local = op.operands[0]
        self.spill(local)
        if value.text != f"l{local}":
            self.line(f"l{local} = {value.text}")
        self.assign(local, value.span)

    def do_drop(self, op: Op) -> None:
        self.pop()

    # Numbers.

    def number(self, text: str, raw: Interval, op: Op) -> None:
        """A result that must lie within the bounds of its type, which it might not within `raw`."""
        assert isinstance(op.kind, Int | Amount)
        low, high = bounds(op.kind)
        target = self.target()
        self.line(f"{target} = {text}")
        if raw[0] < low and raw[1] > high:
            self.line(f"if not {_number(low)} <= {target} <= {_number(high)}: overflow()")
        elif raw[0] < low:
            self.line(f"if {target} < {_number(low)}: overflow()")
        elif raw[1] > high:
            self.line(f"if {target} > {_number(high)}: overflow()")
        self.give(target, intervals.within(raw, (low, high)))

    def two(self, op: Op) -> tuple[Value, Interval, Value, Interval]:
        """Two operands and what they can be."""
        b, a = self.pop(), self.pop()
        return a, self.span_of(a, op.takes[0]), b, self.span_of(b, op.takes[1])

    def do_add(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.number(f"{a.text} + {b.text}", intervals.total(of_a, of_b), op)

    def do_sub(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.number(f"{a.text} - {b.text}", intervals.difference(of_a, of_b), op)

    def do_mul(self, op: Op) -> None:
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

    def do_div(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        self.divide(a.text, of_a, b, of_b, op)

    def do_muldiv(self, op: Op) -> None:
        c = self.pop()
        b, a = self.pop(), self.pop()
        product = intervals.product(self.span_of(a, op.takes[0]), self.span_of(b, op.takes[1]))
        self.divide(f"{a.text} * {b.text}", product, c, self.span_of(c, op.takes[2]), op)

    def do_mod(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        if of_b[0] <= 0 <= of_b[1]:
            self.line(f"if {b.text} == 0: division_by_zero()")
        self.number(f"{a.text} % {b.text}", intervals.remainder(of_a, of_b), op)

    def do_neg(self, op: Op) -> None:
        a = self.pop()
        self.number(f"-{a.text}", intervals.negative(self.span_of(a, op.takes[0])), op)

    def do_min(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        span = min(of_a[0], of_b[0]), min(of_a[1], of_b[1])
        self.result(f"{a.text} if {a.text} <= {b.text} else {b.text}", span)

    def do_max(self, op: Op) -> None:
        a, of_a, b, of_b = self.two(op)
        span = max(of_a[0], of_b[0]), max(of_a[1], of_b[1])
        self.result(f"{a.text} if {a.text} >= {b.text} else {b.text}", span)

    def do_cast(self, op: Op) -> None:
        a = self.pop()
        raw, whole = self.span_of(a, op.takes[0]), self.bounds(op)
        if whole[0] <= raw[0] and raw[1] <= whole[1]:
            self.stack.append(a)
        else:
            self.number(a.text, raw, op)

    # Comparison.

    def do_compare(self, op: Op) -> None:
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

    def truth(self, text: str, condition: Condition | None = None) -> None:
        """A truth value: left as it is for the next instruction if that only asks, else computed."""
        if self.next_code() in _CONDITIONS:
            self.stack.append(Value(text, condition=condition))
        else:
            self.result(text)

    def do_not(self, op: Op) -> None:
        value = self.pop()
        if value.condition is not None:
            opposite = value.condition.opposite()
            self.truth(f"{opposite.a.text} {opposite.relation} {opposite.b.text}", opposite)
        else:
            self.truth(f"not {value.text}")

    # Compound values.

    def do_pack(self, op: Op) -> None:
        self.result(_tuple(self.pop_many(len(op.takes))))

    def spread(self, op: Op, whole: str, tag: bool = False) -> None:
        """Lay the parts of a tuple on the stack, behind its tag if it has one."""
        count = len(op.gives)
        if count == 0:
            return
        if count == 1:
            self.result(f"{whole}[{int(tag)}]", intervals.of_type(op.gives[0]))
            return
        names = [f"s{len(self.stack) + n}" for n in range(count)]
        self.line(f"{', '.join(['x'] * tag + names)} = {whole}")
        self.stack += [Value(name, intervals.of_type(kind)) for name, kind in zip(names, op.gives, strict=True)]

    def do_unpack(self, op: Op) -> None:
        self.spread(op, self.pop().text)

    def do_field(self, op: Op) -> None:
        whole = self.pop()
        self.result(f"{whole.text}[{op.operands[1]}]", intervals.of_type(op.gives[0]))

    def do_with_field(self, op: Op) -> None:
        value, whole = self.pop().text, self.pop().text
        part = op.operands[1]
        count = _parts(op.kind)
        if count <= _FIELDS_APART:
            self.result(_tuple([value if n == part else f"{whole}[{n}]" for n in range(count)]))
        else:
            self.result(f"{whole}[:{part}] + ({value},) + {whole}[{part + 1}:]")

    def do_variant(self, op: Op) -> None:
        self.result(_tuple([str(op.operands[1]), *self.pop_many(len(op.takes))]))

    def do_tag(self, op: Op) -> None:
        self.result(f"{self.pop().text}[0]", intervals.of_type(op.gives[0]))

    def do_open(self, op: Op) -> None:
        whole = self.pop().text
        self.line(f"if {whole}[0] != {op.operands[1]}: wrong_variant()")
        self.spread(op, whole, tag=True)

    def do_append(self, op: Op) -> None:
        element, whole = self.pop().text, self.pop().text
        assert isinstance(op.kind, List)
        self.line(f"n = len({whole}) + 1")
        self.line(f"if n > {op.kind.max}: too_long()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole} + ({element},)")

    def do_index(self, op: Op) -> None:
        place, whole = self.pop().text, self.pop().text
        self.line(f"if {place} >= len({whole}): out_of_range()")
        self.result(f"{whole}[{place}]", intervals.of_type(op.gives[0]))

    def do_with_index(self, op: Op) -> None:
        element, place, whole = self.pop().text, self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"n = len({whole})")
        self.line(f"if {place} >= n: out_of_range()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole}[:{place}] + ({element},) + {whole}[{place} + 1:]")

    def do_length(self, op: Op) -> None:
        assert op.kind is not None
        most: int = getattr(op.kind, "max")  # noqa: B009
        self.result(self.length(op.takes[0], self.pop().text), (0, most))

    def do_contains(self, op: Op) -> None:
        element, whole = self.pop().text, self.pop().text
        self.work_on("scan", op.kind, whole)
        self.result(f"{element} in {whole}")

    def do_slice(self, op: Op) -> None:
        end, start, whole = self.pop().text, self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"if not {start} <= {end} <= len({whole}): out_of_range()")
        self.line(f"n = {end} - {start}")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole}[{start}:{end}]")

    def do_concat(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"n = {self.length(op.kind, a)} + {self.length(op.kind, b)}")
        most: int = getattr(op.kind, "max")  # noqa: B009
        self.line(f"if n > {most}: too_long()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{a} + {b}")

    def do_pop(self, op: Op) -> None:
        whole = self.pop().text
        assert op.kind is not None
        self.line(f"if not {whole}: out_of_range()")
        self.line(f"n = len({whole}) - 1")
        self.work("make", Scale.of(op.kind), "n")
        place = len(self.stack)
        self.line(f"s{place}, s{place + 1} = {whole}[:n], {whole}[n]")
        self.stack += [Value(f"s{place}"), Value(f"s{place + 1}", intervals.of_type(op.gives[1]))]

    # A look at a linear local.

    def do_peek_amount(self, op: Op) -> None:
        self.result(f"l{op.operands[0]}[1]", (0, AMOUNT_MAX))

    def do_peek_field(self, op: Op) -> None:
        local, part = op.operands
        self.result(f"l{local}[1][{part}]", intervals.of_type(op.gives[0]))

    def do_peek_tag(self, op: Op) -> None:
        self.result(f"l{op.operands[0]}[0]", intervals.of_type(op.gives[0]))

    # State.

    def key(self, op: Op, *, write: bool = False) -> str:
        """Take the key of a field that has keys, and pay for what its size adds."""
        if op.key is None:
            return "None"
        key = self.pop().text
        if is_sized(op.key):
            self.work_on("key", op.key, key)
            if write:
                self.work("write", Scale.of(op.key), "n")
        return key

    def token(self, op: Op, *, write: bool = False) -> str:
        """The same, and what stands for the key in tables."""
        key = self.key(op, write=write)
        if is_safe_key(op.key):
            return key
        self.line(f"x = token(m, {op.operands[0]}, {key})")
        return "x"

    def read(self, op: Op, token: str, absent: str) -> str:
        """Put a value out of state on the place on top, failing where there is none."""
        target = self.target()
        self.line(f"{target} = read(m, {op.operands[0]}, {token})")
        self.line(f"if {target} is None: {absent}()")
        self.work_on("read", op.value, target)
        return target

    def write(self, op: Op, token: str, value: str) -> None:
        """Pay for what the size of a value adds, and put it into state."""
        self.work_on("write", op.value, value)
        self.line(f"write(m, {op.operands[0]}, {token}, {value})")

    def do_load(self, op: Op) -> None:
        self.give(self.read(op, "None", "unset"), intervals.of_type(op.gives[0]))

    def do_store(self, op: Op) -> None:
        self.write(op, "None", self.pop().text)

    def do_map_get(self, op: Op) -> None:
        token = self.token(op)
        self.give(self.read(op, token, "missing_key"), intervals.of_type(op.gives[0]))

    def do_map_find(self, op: Op) -> None:
        token = self.token(op)
        target = self.target()
        self.line(f"{target} = read(m, {op.operands[0]}, {token})")
        self.line(f"if {target} is None: {target} = (0,)")
        self.line("else:")
        self.indent += 1
        self.work_on("read", op.value, target)
        self.line(f"{target} = (1, {target})")
        self.indent -= 1
        self.give(target)

    def do_map_peek(self, op: Op) -> None:
        token = self.token(op)
        target = self.read(op, token, "missing_key")
        self.line(f"{target} = {target}[1][{op.operands[1]}]")
        self.give(target, intervals.of_type(op.gives[0]))

    def do_map_put(self, op: Op) -> None:
        value = self.pop().text
        token = self.token(op, write=True)
        if isinstance(op.value, Resource):
            self.line(f"if read(m, {op.operands[0]}, {token}) is not None: key_exists()")
        self.write(op, token, value)

    def do_has(self, op: Op) -> None:
        token = self.token(op)
        self.truth(f"read(m, {op.operands[0]}, {token}) is not None")

    def do_map_take(self, op: Op) -> None:
        token = self.token(op)
        target = self.read(op, token, "missing_key")
        self.line(f"write(m, {op.operands[0]}, {token}, None)")
        self.give(target)

    def do_set_add(self, op: Op) -> None:
        self.line(f"write(m, {op.operands[0]}, {self.token(op, write=True)}, True)")

    def do_remove(self, op: Op) -> None:
        self.line(f"write(m, {op.operands[0]}, {self.token(op)}, None)")

    def do_vault_put(self, op: Op) -> None:
        coin = self.pop().text
        self.line(f"vault_put(m, {op.operands[0]}, {self.key(op)}, {coin})")

    def do_vault_take(self, op: Op) -> None:
        amount = self.pop().text
        key = self.key(op)
        self.result(f"vault_take(m, {op.operands[0]}, {key}, {amount})")

    def do_vault_take_all(self, op: Op) -> None:
        key = self.key(op)
        token = key
        if not is_safe_key(op.key):
            self.line(f"x = token(m, {op.operands[0]}, {key})")
            token = "x"
        self.result(f"vault_take(m, {op.operands[0]}, {key}, read(m, {op.operands[0]}, {token}) or 0)")

    def do_vault_amount(self, op: Op) -> None:
        token = self.token(op)
        self.result(f"read(m, {op.operands[0]}, {token}) or 0", (0, AMOUNT_MAX))

    # Coins and resources in flight.

    def two_results(self, a: str, b: str) -> None:
        """Two results at once."""
        place = len(self.stack)
        self.line(f"s{place}, s{place + 1} = {a}, {b}")
        self.stack += [Value(f"s{place}"), Value(f"s{place + 1}")]

    def do_coin_split(self, op: Op) -> None:
        amount, coin = self.pop().text, self.pop().text
        self.line(f"if {amount} > {coin}[1]: insufficient()")
        self.two_results(f"make(coin, ({coin}[0], {amount}))", f"make(coin, ({coin}[0], {coin}[1] - {amount}))")

    def do_coin_join(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        self.line(f"n = {a}[1] + {b}[1]")
        self.line(f"if n > {bounds(AMOUNT)[1]}: overflow()")
        self.result(f"make(coin, ({a}[0], n))")

    def do_pay(self, op: Op) -> None:
        coin, to = self.pop().text, self.pop().text
        self.line(f"pay(m, {to}, {coin})")

    def do_new(self, op: Op) -> None:
        assert isinstance(op.kind, Resource)
        name = self.name("n", op.operands[0], op.kind.name)
        self.result(f"make(resource, ({name}, {_tuple(self.pop_many(len(op.takes)))}))")

    def do_destroy(self, op: Op) -> None:
        self.spread(op, f"{self.pop().text}[1]")

    def divides(self, op: Op) -> tuple[int, Interval]:
        """By which field a resource divides, and the bounds of that."""
        assert isinstance(op.kind, Resource)
        assert op.kind.divides is not None
        span = intervals.of_type(op.kind.fields[op.kind.divides][1])
        assert span is not None
        return op.kind.divides, span

    def do_split(self, op: Op) -> None:
        amount, whole = self.pop().text, self.pop().text
        by, _ = self.divides(op)
        self.line(f"n = {whole}[1][{by}] - {amount}")
        self.line("if n < 0: insufficient()")
        self.two_results(f"part({whole}, {by}, {amount})", f"part({whole}, {by}, n)")

    def do_merge(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        by, (low, high) = self.divides(op)
        self.result(f"merge({a}, {b}, {by}, {low}, {high})")

    # The world.

    def do_sender(self, op: Op) -> None:
        self.stack.append(Value(f"m[{SENDER}]"))

    def do_now(self, op: Op) -> None:
        self.stack.append(Value(f"m[{NOW}]", intervals.of_type(op.gives[0])))

    def do_this(self, op: Op) -> None:
        self.stack.append(Value(f"m[{THIS}]"))

    def do_phase_in(self, op: Op) -> None:
        self.truth(f"phase_in(m, {op.operands[0]})")

    def do_become(self, op: Op) -> None:
        self.line(f"become(m, {op.operands[0]})")

    def do_authorize(self, op: Op) -> None:
        value = self.pop()
        if value.condition is None:
            self.line(f"if not {value.text}: not_authorized()")
        else:
            opposite = value.condition.opposite()
            self.line(f"if {opposite.a.text} {opposite.relation} {opposite.b.text}: not_authorized()")
            self.env = self._where(value.condition)

    def do_emit(self, op: Op) -> None:
        given = self.stack[len(self.stack) - len(op.takes) :]
        values = self.pop_many(len(op.takes))
        fields = self.module.events[op.operands[0]].fields
        for (_, kind), value in zip(fields, values, strict=True):
            self.work_on("event", kind, value)
        wires = [self.wire(kind, value) for (_, kind), value in zip(fields, given, strict=True)]
        self.line(f"emit(m, {op.operands[0]}, {_tuple(values)}, {_tuple(wires)})")

    def wire(self, kind: Type, value: Value) -> str:
        """A value as msgpack packs it: as it is, unless some number in it may need more than 64 bits."""
        span = value.span or intervals.of_type(kind)
        if span is not None and (span[0] < -(2**63) or span[1] >= 2**64):
            return f"wire_number({value.text})"
        if span is not None or is_direct(kind):
            return value.text
        number = self.verified.table.index(kind)
        return f"wire({self.name('t', number, kind)}, {value.text})"

    # Calls.

    def do_invoke(self, op: Op) -> None:
        function = op.operands[0]
        callee = self.module.functions[function]
        arguments = self.pop_many(len(op.takes))
        if callee.phases is not None:
            self.line(f"check_phase(m, {callee.phases})")
        self.charge(self.verified.bodies[function].segments[0])
        given = ["m", *arguments]
        self.line(f"m[{GAS}] = gas")
        if function in self.verified.promises:
            given.insert(1, f"remember(m, {function}, {_tuple(arguments)})")
        call = f"f{function}({', '.join(given)})"
        if callee.result is None:
            self.line(call)
            self.line(f"gas = m[{GAS}]")
        else:
            target = self.target()
            self.line(f"{target} = {call}")
            self.line(f"gas = m[{GAS}]")
            self.give(target, intervals.of_type(callee.result))

    def do_call(self, op: Op) -> None:
        tried = op.code in (i.TRY_CALL, i.TRY_READ)
        arguments = self.pop_many(len(op.takes) - 1)
        address = self.pop().text
        call = f"outside(m, {op.operands[0]}, {tried}, {address}, {_tuple(arguments)})"
        self.line(f"m[{GAS}] = gas")
        if op.gives:
            target = self.target()
            self.line(f"{target} = {call}")
            self.line(f"gas = m[{GAS}]")
            self.give(target, intervals.of_type(op.gives[0]))
        else:
            self.line(call)
            self.line(f"gas = m[{GAS}]")

    # Standard functions.

    def do_hash(self, op: Op) -> None:
        data = self.pop().text
        self.line(f"n = len({data})")
        self.work("hash", BYTES_SCALE, "n")
        self.result(f"{TABLE[op.code].name}({data})")

    def do_encode(self, op: Op) -> None:
        value = self.pop()
        assert op.kind is not None
        self.work_on("encode", op.kind, value.text)
        self.result(f"encode({self.wire(op.kind, value)})")

    def do_verify_ed25519(self, op: Op) -> None:
        key, message, signature = self.pop_many(3)
        self.line(f"n = len({message})")
        self.work("hash", BYTES_SCALE, "n")
        self.result(f"verify_ed25519(m, {key}, {message}, {signature})")

    def do_text_bytes(self, op: Op) -> None:
        value = self.pop().text
        self.line(f"n = text_size({value})")
        self.work("make", BYTES_SCALE, "n")
        self.result(f"text_bytes({value})")


def _bounds_text(op: Op) -> str:
    assert isinstance(op.kind, Int | Amount)
    low, high = bounds(op.kind)
    return f"{_number(low)}, {_number(high)}"


def _parts(kind: Type | None) -> int:
    assert isinstance(kind, Struct | Tuple)
    return len(kind.fields) if isinstance(kind, Struct) else len(kind.items)


_SHARED: Final = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), "compare"),
    **dict.fromkeys(("sha256", "sha3_256", "blake2b_256"), "hash"),
    **dict.fromkeys(("read", "try_call", "try_read"), "call"),
    "move": "get",
    "list": "pack",
}
_EMITTERS: Final[dict[int, Callable[[_Generator, Op], None]]] = {
    row.code: getattr(_Generator, f"do_{_SHARED.get(row.name, row.name)}") for row in TABLE.values()
}
