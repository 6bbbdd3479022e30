"""One linear pass over the verified code of a function, which gives the most gas that it can use and the size of its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from vm import instructions as i
from vm.bound_loops import Closing, Loop, Way, begun, costlier, joined
from vm.bound_steps import Steps
from vm.function_verifier import Body, Op
from vm.polynomial import CALLS, ZERO, Algebra, Ends, Polynomial, Shape, number
from vm.sizes import Argument, Facts, Measure, Parts, Sizes, Truth, Value, facts_with, part_of
from vm.types import Type
from vm.verifier import Verified


class Summary(NamedTuple):
    """What callers need to know of a function: its gas and its result, in the sizes of its parameters."""

    gas: Polynomial
    result: Value


@dataclass(slots=True)
class _Block:
    """An open `if` or `loop`: the stack outside of it, the way into the other branch, the way out so far."""

    stack: list[Value]
    loop: Loop | None = None
    other: Way | None = None
    out: Way | None = None


_CALLS = frozenset((i.CALL, i.READ, i.TRY_CALL, i.TRY_READ))
_ONE_CALL = Polynomial({(CALLS,): 1})


class FunctionBound:
    """Walks one function. `summary` gives those of the functions that it invokes."""

    def __init__(self, verified: Verified, function: int, algebra: Algebra, summary: Callable[[int], Summary]) -> None:
        self.module = verified.module
        self.body: Body = verified.bodies[function]
        self.algebra = algebra
        self.summary = summary
        self.sizes = Sizes(algebra, function)
        self.steps = Steps(verified.module, self.sizes)
        parameters = verified.module.functions[function].parameters
        arguments = [self.sizes.argument(kind, (place,), name) for place, (name, kind) in enumerate(parameters)]
        self.steps.locals = [*arguments, *(None,) * (len(self.body.locals) - len(parameters))]
        self.assigned = _assigned(self.body.ops)
        self.blocks: list[_Block] = []
        self.loops: list[Loop] = []
        self.is_live = True
        self.finish: Polynomial | None = None
        self.results: list[Value] = []

    def run(self) -> Summary:
        """The bound of the whole function."""
        self._enter(0)
        for index, op in enumerate(self.body.ops):
            control = _CONTROL.get(op.code)
            if control is not None:
                control(self, index, op)
            elif op.code == i.INVOKE:
                self._invoke(op)
            else:
                self.steps.step(op)
                if op.code in _CALLS:
                    self.steps.pay(_ONE_CALL)
        assert self.finish is not None
        return Summary(self.finish, self._result())

    def _result(self) -> Value:
        whole = self.results[0] if self.results else None
        for other in self.results[1:]:
            whole = self.sizes.join(whole, other, (), ())
        return whole

    # Where control is.

    def _enter(self, index: int) -> None:
        """Pay for the segment that begins at an instruction."""
        self.steps.pay(number(self.body.segments[index].gas))

    def _way(self) -> Way:
        return Way(self.steps.cost, self.steps.locals, self.steps.facts)

    def _go_on(self, way: Way | None) -> None:
        """Stand where a way leads; None leads nowhere."""
        self.is_live = way is not None
        self.steps.stack = []
        if way is not None:
            self.steps.cost, self.steps.locals, self.steps.facts = way.cost, way.locals, way.facts

    def _open(self) -> _Block:
        block = _Block(self.steps.stack)
        self.steps.stack = []
        self.blocks.append(block)
        return block

    def _if(self, index: int, op: Op) -> None:
        (truth,) = self.steps.take(1)
        block = self._open()
        holds, fails = (truth.holds, truth.fails) if isinstance(truth, Truth) else (None, None)
        way = self._way()
        self._go_on(Way(way.cost, list(way.locals), _more(way.facts, fails)))
        self._enter(op.target)
        block.other = self._way()
        self._go_on(Way(way.cost, way.locals, _more(way.facts, holds)))
        self._enter(index + 1)

    def _else(self, _: int, op: Op) -> None:
        block = self.blocks[-1]
        if self.is_live:
            self._enter(op.target)
            block.out = self._way()
        self._go_on(block.other)
        block.other = None

    def _end(self, index: int, _: Op) -> None:
        block = self.blocks.pop()
        if block.loop is not None:
            self._end_loop(block.loop)
        else:
            way = block.other
            if self.is_live:
                self._enter(index + 1)
                way = joined(self.sizes, self._way(), way)
            self._go_on(joined(self.sizes, block.out, way))
        self.steps.stack = block.stack

    def _loop(self, index: int, op: Op) -> None:
        block = self._open()
        before = self._way()
        block.loop, locals_ = begun(self.sizes, self.body.locals, op.operands[0], self.assigned[index], before)
        self.loops.append(block.loop)
        self._go_on(Way(ZERO, locals_, before.facts))
        self._enter(index + 1)

    def _end_loop(self, loop: Loop) -> None:
        self.loops.pop()
        if self.is_live:
            loop.backs.append(self._way())
        closing = Closing(self.sizes, self.body.locals, loop)
        self._finished(closing.finish(), [closing.carried(value) for value in loop.results])
        self._go_on(closing.left())

    def _continue(self, _: int, __: Op) -> None:
        self.loops[-1].backs.append(self._way())
        self.is_live = False

    def _break(self, _: int, op: Op) -> None:
        loop = self.loops[-1]
        self._enter(op.target)
        loop.left = joined(self.sizes, loop.left, self._way())
        self.is_live = False

    def _return(self, _: int, op: Op) -> None:
        self._finished(self.steps.cost, self.steps.take(len(op.takes)))
        self.is_live = False

    def _fail(self, _: int, __: Op) -> None:
        self._finished(self.steps.cost, [])
        self.is_live = False

    def _finished(self, cost: Polynomial | None, results: list[Value]) -> None:
        """The function can end with so much gas used since the head of the innermost loop, and with these results."""
        if self.loops:
            loop = self.loops[-1]
            loop.finish = costlier(self.algebra, loop.finish, cost)
            loop.results += results
        else:
            self.finish = costlier(self.algebra, self.finish, cost)
            self.results += results

    # Calls of functions of this contract.

    def _invoke(self, op: Op) -> None:
        taken = self.steps.take(len(op.takes))
        gas, result = self.summary(op.operands[0])
        kinds = tuple([kind for _, kind in self.module.functions[op.operands[0]].parameters])

        def found(place: tuple[int, ...]) -> tuple[Value, Type]:
            value, kind = taken[place[0]], kinds[place[0]]
            for position in place[1:]:
                value, kind = self.sizes.part(value, kind, position), part_of(kind, position)[1]
            return value, kind

        def resolve(atom: int) -> Ends | None:
            made = self.algebra.atoms[atom]
            if made.shape not in (Shape.LENGTH, Shape.VALUE):
                return None
            ends = self.sizes.ends(*found(made.place))
            return Ends(ends.low, self.algebra.counting(ends.high))

        self.steps.pay(self.algebra.upper(gas, resolve))
        if op.gives:
            self.steps.stack.append(self._given(result, resolve, found))

    def _given(
        self,
        value: Value,
        resolve: Callable[[int], Ends | None],
        found: Callable[[tuple[int, ...]], tuple[Value, Type]],
    ) -> Value:
        """A result in what its caller knows."""
        match value:
            case Measure():
                return self.sizes.replaced(value, resolve, lambda _: True)
            case Parts(parts):
                return Parts(tuple([self._given(part, resolve, found) for part in parts]))
            case Argument(place):
                return found(place)[0]
        return None


def _more(facts: Facts, new: Facts | None) -> Facts:
    return facts if not new else facts_with(facts, new)


def _assigned(ops: tuple[Op, ...]) -> dict[int, frozenset[int]]:
    """The locals that each loop assigns, loops within it included, by where it begins."""
    found: dict[int, frozenset[int]] = {}
    opened: list[tuple[int, set[int]]] = []
    for index, op in enumerate(ops):
        if op.code in (i.IF, i.LOOP):
            opened.append((index if op.code == i.LOOP else -1, set()))
        elif op.code == i.END:
            begin, inner = opened.pop()
            if begin >= 0:
                found[begin] = frozenset(inner)
            if opened:
                opened[-1][1].update(inner)
        elif op.code in (i.SET, i.MOVE) and opened:
            opened[-1][1].add(op.operands[0])
    return found


_CONTROL: dict[int, Callable[[FunctionBound, int, Op], None]] = {
    i.IF: FunctionBound._if,
    i.ELSE: FunctionBound._else,
    i.END: FunctionBound._end,
    i.LOOP: FunctionBound._loop,
    i.CONTINUE: FunctionBound._continue,
    i.BREAK: FunctionBound._break,
    i.RETURN: FunctionBound._return,
    i.FAIL: FunctionBound._fail,
}
