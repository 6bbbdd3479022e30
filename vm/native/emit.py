"""Turns verified functions that only compute with numbers into one WebAssembly module: one linear pass over each.

The stack of the machine is the stack of WebAssembly, a local one or two locals, and structured control maps one to one: an `if`
is an `if`, a loop a `block` around a `loop`. A function takes its parameters and the gas, its first segment paid, and gives
its result and the gas that is left.

Native code never tells how it fails: whatever fails traps, and the call is done again by another tier. So gas need only be
looked at where code can come back to: at the head of a loop, at the entry of a function, and at the end of it all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vm import instructions as i
from vm import intervals
from vm.function_verifier import Op
from vm.instructions import TABLE, Rounding
from vm.intervals import Interval
from vm.native import arithmetic, wasm
from vm.native.eligible import COMPARISONS, NATIVE
from vm.native.shapes import Shape, shape_of
from vm.native.wide import HELPERS
from vm.types import Type
from vm.verifier import Verified

Span = Interval | None


def emit(verified: Verified, functions: tuple[int, ...], exported: int) -> bytes:
    """The module of these functions, which invoke none but each other. Linear in the length of their code."""
    places = {str(function): n for n, function in enumerate(functions)}
    emitted = [_Emitter(verified, function, places, function == exported).run() for function in functions]
    helpers = [HELPERS[name].function(places) for name in list(places)[len(functions) :]]
    return wasm.module([*emitted, *helpers], places[str(exported)])


def _place(name: str, places: dict[str, int]) -> None:
    """Give a helper, and those that it uses, a place in the module."""
    places.setdefault(name, len(places))
    for used in HELPERS[name].uses:
        places.setdefault(used, len(places))


def shape(kind: Type) -> Shape:
    """The shape of a type that has one."""
    found = shape_of(kind)
    assert found is not None
    return found


def signature(verified: Verified, function: int) -> tuple[tuple[Shape, ...], Shape | None]:
    """The shapes of the parameters and of the result."""
    declared = verified.module.functions[function]
    parameters = tuple([shape(kind) for _, kind in declared.parameters])
    return parameters, None if declared.result is None else shape(declared.result)


@dataclass(slots=True)
class _Block:
    """An open `if` or `loop`: what lies below it, whether code after it is reached, the labels around its inside."""

    loop: bool
    stack: list[Span]
    labels: int
    reached: bool = False
    other: bool = False


class _Emitter:
    def __init__(self, verified: Verified, function: int, places: dict[str, int], exported: bool) -> None:
        self.verified = verified
        self.function = function
        self.body = verified.bodies[function]
        self.places = places
        self.exported = exported
        self.shapes = [shape(kind) for kind in self.body.locals]
        self.code = bytearray()
        self.texts: dict[str, bytes] = {}  # what texts have come to before
        self.stack: list[Span] = []
        self.blocks: list[_Block] = []
        self.labels = 0
        self.live = True
        self.index = 0
        self._name_locals()

    def _name_locals(self) -> None:
        """Lay out the locals: parameters, gas, the other locals, passes left of loops by depth, scratch."""
        parameters = len(self.verified.module.functions[self.function].parameters)
        kinds = bytearray()
        self.at: list[int] = []
        for n, held in enumerate(self.shapes):
            if n == parameters:
                kinds.append(wasm.I64)
            self.at.append(len(kinds))
            kinds += held.takes
        if len(self.shapes) == parameters:
            kinds.append(wasm.I64)
        gas = sum(len(held.takes) for held in self.shapes[:parameters])
        self.names = {"gas": gas}
        depth, deepest = 0, 0
        blocks: list[bool] = []
        for op in self.body.ops:
            if op.code in (i.IF, i.LOOP):
                blocks.append(op.code == i.LOOP)
                depth += blocks[-1]
                deepest = max(deepest, depth)
            elif op.code == i.END:
                depth -= blocks.pop()
        for name, kind in (*((f"p{n}", wasm.I32) for n in range(deepest)), *((name, wasm.I64) for name in arithmetic.SCRATCH)):
            self.names[name] = len(kinds)
            kinds.append(kind)
        self.kinds = bytes(kinds)

    def run(self) -> wasm.Function:
        """All of it."""
        parameters, result = signature(self.verified, self.function)
        if not self.exported:
            self.text(".gas 0 lt_s trap")
        for index, op in enumerate(self.body.ops):
            self.index = index
            _EMITTERS[op.code](self, op)
        takes = b"".join([held.takes for held in parameters]) + bytes([wasm.I64])
        gives = (b"" if result is None else result.takes) + bytes([wasm.I64])
        self.text("fail")
        return wasm.Function(takes, gives, self.kinds[len(takes) :], bytes(self.code))

    def text(self, words: str) -> None:
        """Add code."""
        code = self.texts.get(words)
        if code is None:
            for word in words.split():
                if word.startswith("call:"):
                    _place(word[5:], self.places)
            code = self.texts[words] = wasm.written(words, self.names, self.places)
        self.code += code

    def charge(self, index: int) -> None:
        """Enter the segment that begins at an instruction."""
        self.text(f".gas {self.body.segments[index].gas} sub =gas")

    def give(self, span: Span = None) -> None:
        """Note what a result on the stack can be."""
        self.stack.append(span)

    # Control.

    def do_if(self, op: Op) -> None:
        self.stack.pop()
        self.text("if")
        self.labels += 1
        self.blocks.append(_Block(False, list(self.stack), self.labels))
        self.charge(self.index + 1)

    def do_else(self, op: Op) -> None:
        block = self.blocks[-1]
        block.reached, block.other = self.live, True
        self.stack, self.live = list(block.stack), True
        self.text("else")
        self.charge(self.index + 1)

    def do_end(self, op: Op) -> None:
        block = self.blocks.pop()
        if block.loop:
            if self.live:
                self.code += wasm.branch(self.labels - block.labels)
            self.text("end end")
            self.labels -= 2
        else:
            block.reached = block.reached or self.live or not block.other
            self.text("end")
            self.labels -= 1
        self.stack, self.live = block.stack, block.reached
        if self.live:
            self.charge(self.index + 1)
        else:
            self.text("fail")

    def do_loop(self, op: Op) -> None:
        passes = f"p{sum(block.loop for block in self.blocks)}"
        self.code += wasm.const_32(op.operands[0])
        self.text(f"={passes} block loop .{passes} eqz32 trap .{passes}")
        self.code += wasm.const_32(1)
        self.text(f"sub32 ={passes}")
        self.labels += 2
        self.blocks.append(_Block(True, list(self.stack), self.labels))
        self.charge(self.index + 1)
        self.text(".gas 0 lt_s trap")

    def _leave(self, label: int) -> None:
        """To the head of the innermost loop, or out of the block around it."""
        block = next(block for block in reversed(self.blocks) if block.loop)
        self.code += wasm.branch(self.labels - block.labels + label)
        block.reached = block.reached or label == 1
        self.live = False

    def do_break(self, op: Op) -> None:
        self._leave(1)

    def do_continue(self, op: Op) -> None:
        self._leave(0)

    def do_return(self, op: Op) -> None:
        if self.exported:
            self.text(".gas 0 lt_s trap")
        self.text(".gas return")
        self.live = False

    def do_fail(self, op: Op) -> None:
        self.text("fail")
        self.live = False

    def do_authorize(self, op: Op) -> None:
        self.stack.pop()
        self.text("eqz32 trap")

    def do_invoke(self, op: Op) -> None:
        function = op.operands[0]
        if op.takes:
            del self.stack[-len(op.takes) :]
        self.text(f".gas {self.verified.bodies[function].segments[0].gas} sub")
        self.code += wasm.call(self.places[str(function)])
        self.text("=gas")
        for kind in op.gives:
            self.give(shape(kind).span)

    # Values and locals.

    def do_const(self, op: Op) -> None:
        constant = self.verified.module.constants[op.operands[0]]
        held, value = shape(constant.type), constant.value
        assert isinstance(value, int)
        if held.span is None:
            self.code += wasm.const_32(value)
            self.give()
            return
        self.code += wasm.const_64(value & 2**64 - 1)
        if held.wide:
            self.code += wasm.const_64(value >> 64 & 2**64 - 1)
        self.give((value, value))

    def do_get(self, op: Op) -> None:
        held = self.shapes[op.operands[0]]
        for half in range(len(held.takes)):
            self.code += wasm.get(self.at[op.operands[0]] + half)
        self.give(held.span)

    def do_set(self, op: Op) -> None:
        self.stack.pop()
        for half in reversed(range(len(self.shapes[op.operands[0]].takes))):
            self.code += wasm.put(self.at[op.operands[0]] + half)

    def do_drop(self, op: Op) -> None:
        self.stack.pop()
        self.text(" ".join(["drop"] * len(shape(op.takes[0]).takes)))

    def do_not(self, op: Op) -> None:
        self.text("eqz32")

    # Numbers.

    def take(self, op: Op) -> list[Interval]:
        """Take the operands off the stack into scratch, and tell what they can be."""
        spans: list[Interval] = []
        for name, kind in reversed(list(zip("abc", op.takes, strict=False))):
            self.text(arithmetic.taken(shape(kind), name))
            span = self.stack.pop()
            assert span is not None
            spans.insert(0, span)
        return spans

    def result(self, op: Op, text: str, raw: Interval) -> None:
        """A result that would be `raw` if its type did not bound it."""
        span = shape(op.gives[0]).span
        assert span is not None
        self.text(text)
        self.give(intervals.within(raw, span))

    def do_add(self, op: Op) -> None:
        a, b = self.take(op)
        self.result(op, arithmetic.added(shape(op.gives[0]), a, b), intervals.total(a, b))

    def do_sub(self, op: Op) -> None:
        a, b = self.take(op)
        self.result(op, arithmetic.subtracted(shape(op.gives[0]), a, b), intervals.difference(a, b))

    def do_mul(self, op: Op) -> None:
        a, b = self.take(op)
        self.result(op, arithmetic.multiplied(shape(op.gives[0]), a, b), intervals.product(a, b))

    def do_neg(self, op: Op) -> None:
        (a,) = self.take(op)
        self.result(op, arithmetic.negated(shape(op.gives[0]), a), intervals.negative(a))

    def do_div(self, op: Op) -> None:
        a, b = self.take(op)
        text = arithmetic.divided(shape(op.gives[0]), Rounding(op.operands[1]), a, b)
        self.result(op, text, intervals.quotient(a, b))

    def do_mod(self, op: Op) -> None:
        a, b = self.take(op)
        self.result(op, arithmetic.remainder(shape(op.gives[0]), a, b), intervals.remainder(a, b))

    def do_muldiv(self, op: Op) -> None:
        a, b, c = self.take(op)
        text = arithmetic.multiplied_and_divided(shape(op.gives[0]), Rounding(op.operands[1]), a, b, c)
        self.result(op, text, intervals.quotient(intervals.product(a, b), c))

    def do_min(self, op: Op) -> None:
        a, b = self.take(op)
        text = arithmetic.least(shape(op.gives[0]), greatest=False)
        self.result(op, text, (min(a[0], b[0]), min(a[1], b[1])))

    def do_max(self, op: Op) -> None:
        a, b = self.take(op)
        text = arithmetic.least(shape(op.gives[0]), greatest=True)
        self.result(op, text, (max(a[0], b[0]), max(a[1], b[1])))

    def do_cast(self, op: Op) -> None:
        (a,) = self.take(op)
        self.result(op, arithmetic.converted(shape(op.takes[0]), shape(op.gives[0]), a), a)

    def do_compare(self, op: Op) -> None:
        held = shape(op.takes[0])
        if held.span is None:
            self.text("eq32" if op.code == i.EQ else "ne32")
            del self.stack[-2:]
        else:
            self.take(op)
            self.text(arithmetic.compared(op.code, held))
        self.give()


_EMITTERS: Final[dict[int, Callable[[_Emitter, Op], None]]] = {
    code: getattr(_Emitter, f"do_{'compare' if code in COMPARISONS else TABLE[code].name}") for code in NATIVE
}
