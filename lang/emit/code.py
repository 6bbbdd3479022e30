"""Code in the making: instructions with their places in the text, temporaries, branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lang import ast
from lang.source import Source, Span
from lang.symbols import (
    Local,
)
from lang.types import lower
from vm import instructions as op
from vm import types as vm
from vm.module import Kind

NOWHERE = Span(0, 0)
if TYPE_CHECKING:
    from lang.emit.module import ModuleEmitter


@dataclass(frozen=True, slots=True)
class Fork:
    """A conditional jump, and what it asks: the `if` at a position goes into its block when what is written at `span` holds, or,
    `inverted`, when it does not. `kind` is the word of the text that makes it. Of `and`, `or` and `implies`, `span` is the first
    operand, `right` the second, and `whole` both. A `return` of a truth value is told as well, though it jumps to nowhere.
    """

    position: int
    kind: str
    span: Span
    inverted: bool = False
    right: Span | None = None
    whole: Span | None = None


@dataclass(slots=True)
class FunctionDebug:
    """Where one function's instructions came from. `declared` is its name in the text, `NOWHERE` if the text does not have it."""

    name: str
    source: Source
    places: list[tuple[int, Span]]  # position in the code, place in the text
    locals: list[str]
    forks: list[Fork] = field(default_factory=list)
    declared: Span = NOWHERE


@dataclass(slots=True)
class Draft:
    """A function whose type operands are still types."""

    name: str
    kind: Kind
    parameters: tuple[tuple[str, vm.Type], ...]
    result: vm.Type | None
    phases: int | None
    locals: list[vm.Type]
    code: list[int]
    types: list[tuple[int, vm.Type]]
    debug: FunctionDebug
    invoked: set[int]
    effects: int


@dataclass(slots=True)
class CodeWriter:
    """Writes the code of one function: instructions, temporaries, branches."""

    module: ModuleEmitter
    source: Source
    slots: dict[int, int] | None = None  # of parameters, where linear ones are left out
    locals: list[vm.Type] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    types: list[tuple[int, vm.Type]] = field(default_factory=list)
    places: list[tuple[int, Span]] = field(default_factory=list)
    forks: list[Fork] = field(default_factory=list)
    declared: Span = NOWHERE
    invoked: set[int] = field(default_factory=set)
    effects: int = 0
    is_live: bool = True
    span: Span = NOWHERE
    steps: list[Callable[[], None]] = field(default_factory=list)  # what the innermost loops do before the next pass
    olds: dict[int, list[int]] = field(default_factory=dict)
    result_slot: int = 0
    used: list[int] = field(default_factory=list)  # temporaries of the present statement
    spare: dict[vm.Type, list[int]] = field(default_factory=dict)  # temporaries that nothing needs any more

    def at(self, span: Span) -> None:
        """What follows comes from there."""
        self.span = span

    def claim(self, position: int, span: Span) -> None:
        """Say of one instruction that was put at a position that it comes from elsewhere: of a statement that has no other."""
        before = [place for place in self.places if place[0] <= position]
        after = [place for place in self.places if place[0] > position]
        next_position = position + 1 + len(op.TABLE[self.code[position]].operands)
        kept = [place for place in before if place[0] < position]
        if next_position < len(self.code) and (not after or after[0][0] > next_position):
            after.insert(0, (next_position, before[-1][1]))
        self.places[:] = [*kept, (position, span), *after]

    def put(self, number: int, *operands: int | vm.Type) -> None:
        """One instruction."""
        if not self.places or self.places[-1][1] != self.span:
            self.places.append((len(self.code), self.span))
        row = op.TABLE[number]
        assert len(operands) == len(row.operands), row.name
        self.code.append(number)
        self.effects |= row.does
        for kind, operand in zip(row.operands, operands, strict=True):
            if kind == "type":
                assert not isinstance(operand, int)
                self.types.append((len(self.code), operand))
                self.code.append(0)
            else:
                assert isinstance(operand, int)
                self.code.append(operand)
        if number in (op.RETURN, op.FAIL, op.BREAK, op.CONTINUE):
            self.is_live = False

    def constant(self, kind: vm.Type, value: object) -> None:
        """Push a constant."""
        self.put(op.CONST, self.module.constant(kind, value))

    def temporary(self, kind: vm.Type) -> int:
        """A fresh local."""
        if self.spare.get(kind):
            slot = self.spare[kind].pop()
        else:
            self.locals.append(kind)
            slot = len(self.locals) - 1
        self.used.append(slot)
        return slot

    def slot(self, local: Local) -> int:
        """The number of a local of the text."""
        return self.slots[local.slot] if self.slots is not None else local.slot

    def remember(self, olds: list[ast.Old], first: int, result: int) -> None:
        """Say where remembered values and the result are found."""
        self.result_slot = result
        if len(olds) == 1 and isinstance(olds[0].value.type, vm.Tuple):
            self.olds[id(olds[0])] = list(range(first, result))
        else:
            self.olds = {id(old): [first + number] for number, old in enumerate(olds)}

    def draft(
        self, name: str, kind: Kind, parameters: Sequence[tuple[str, vm.Type]], result: vm.Type | None, phases: int | None
    ) -> Draft:
        """The function, its types still open."""
        debug = FunctionDebug(name, self.source, self.places, self.names, self.forks, self.declared)
        return Draft(
            name, kind, tuple(parameters), result, phases, self.locals, self.code, self.types, debug, self.invoked, self.effects
        )

    def type(self, node: ast.Expression) -> vm.Type:
        """The machine's type of an expression."""
        assert node.type is not None
        return lower(node.type)

    def fork(self, kind: str, asked: Span | ast.Expression, *, inverted: bool = False) -> None:
        """The `if` that comes next asks this; what is under a `not` is asked the other way round."""
        while isinstance(asked, ast.Unary) and asked.operator == "not":
            asked, inverted = asked.operand, not inverted
        span = asked if isinstance(asked, Span) else asked.span
        self.forks.append(Fork(len(self.code), kind, span, inverted))

    def branch(self, then: Callable[[], None], otherwise: Callable[[], None] | None = None) -> None:
        """`if` on the truth value on the stack."""
        self.put(op.IF)
        then()
        after_then, self.is_live = self.is_live, True
        if otherwise is not None:
            self.put(op.ELSE)
            otherwise()
        self.put(op.END)
        self.is_live = after_then or self.is_live

    def set_or_move(self, slot: int) -> None:
        """Push a local's value: a plain one stays, a linear one is gone."""
        self.put(op.MOVE if vm.is_linear(self.locals[slot]) else op.GET, slot)
