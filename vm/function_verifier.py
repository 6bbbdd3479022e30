"""One linear pass over the code of one function: operands, blocks, stack types, locals, linear values,
segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any, Final, NamedTuple, Never

from vm import gas, limits
from vm import instructions as i
from vm.illegal import Illegal, Reason
from vm.instructions import TABLE, Instruction, Rounding
from vm.module import Module
from vm.pricing import CHANGES, Segment, is_sized
from vm.type_table import TypeTable, check_limit, is_value
from vm.types import (
    ADDRESS,
    BOOL,
    TIME,
    U8,
    U64,
    Amount,
    Bytes,
    Coin,
    Enum,
    List,
    Map,
    Option,
    Resource,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    is_number,
    type_name,
)
from vm.values import payload


class Op(NamedTuple):
    """One instruction of verified code.

    `position` is its place in the words of the function, `target` the instruction to go on at when control
    does not fall through (-1 if it always does), `height` the depth to which `break` and `continue` cut the
    stack, `kind`, `key` and `value` the types it works on: its operand type, or those of its state field.
    `takes` and `gives` are the types on the stack before and after, top last.
    """

    code: int
    operands: tuple[int, ...]
    position: int
    target: int
    height: int
    takes: tuple[Type, ...]
    gives: tuple[Type, ...]
    kind: Type | None = None
    key: Type | None = None
    value: Type | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The verified code of one function. `segments` gives the static price of the segment that begins at an
    instruction.
    """

    ops: tuple[Op, ...]
    segments: Mapping[int, Segment]
    locals: tuple[Type, ...]
    stack_max: int
    effects: int
    invokes: frozenset[int]


@dataclass(slots=True)
class _Block:
    """An open `if` or `loop`: where it began, the stack below it, and what is known of locals where it will
    be left.
    """

    op: int
    loop: bool
    base: int
    entry: int
    exit: int | None = None
    other: bool = False
    leaves: list[int] = field(default_factory=list)


_ENDS_SEGMENT: Final = frozenset((i.IF, i.ELSE, i.END, i.LOOP))
_GOES_ON: Final = frozenset((i.ELSE, i.END))
"""What may stand behind the end of a path."""
_PLAIN_WORDS: Final[Mapping[str, Type]] = {
    "bool": BOOL,
    "address": ADDRESS,
    "time": TIME,
    "u8": U8,
    "u64": U64,
    "Bytes[32]": Bytes(32),
    "Bytes[64]": Bytes(64),
}
_NUMBERS: Final = frozenset((i.ADD, i.SUB, i.MUL, i.DIV, i.MOD, i.NEG, i.MULDIV, i.MIN, i.MAX, i.CAST, i.LT, i.LE, i.GT, i.GE))
"""Instructions whose operand type is a number."""


def _by_words(instruction: Instruction) -> bool:
    words = set(instruction.effect.replace("--", "").split())
    return words <= {*_PLAIN_WORDS, "T", "bytes", "number"} and instruction.operands[:1] != ("field",)


def _words(row: Instruction) -> tuple[tuple[Type | str, ...], tuple[Type | str, ...]]:
    """What an instruction takes, the top first, and what it gives: types, and words for what hangs on the operand."""
    takes, gives = row.effect.split("--")
    return (
        tuple([_PLAIN_WORDS.get(word, word) for word in reversed(takes.split())]),
        tuple([_PLAIN_WORDS.get(word, word) for word in gives.split()]),
    )


_TARGET: Final = Op._fields.index("target")
_MAY_BE_LINEAR: Final = frozenset((Coin, Resource, Option, Tuple))
_SIMPLE: Final = {row.code: _words(row) for row in TABLE.values() if _by_words(row)}


class Scope:
    """What the functions of one module share: its table of types, and below which number operands must lie."""

    def __init__(self, module: Module, table: TypeTable, mark: Callable[[int], None]) -> None:
        self.module = module
        self.table = tuple(table.types)
        self.facts = table.facts
        self.mark = mark
        spelled = {
            "type": len(table.types),
            "const": len(module.constants),
            "field": len(module.fields),
            "function": len(module.functions),
            "external": len(module.externals),
            "event": len(module.events),
            "error": len(module.errors),
            "phase": len(module.phases),
            "phases": 1 << len(module.phases),
            "rounding": len(Rounding),
        }
        # Parts, counts and locals depend on more.
        self.bounds = {code: tuple([spelled.get(word, 2**64) for word in row.operands]) for code, row in TABLE.items()}
        self.values = tuple([is_value(kind) for kind in self.table])


class FunctionVerifier:
    """Verifies one function of a module whose types and signatures are already known to be sound."""

    def __init__(self, scope: Scope, position: int) -> None:
        self.scope = scope
        self.module = scope.module
        self.function = scope.module.functions[position]
        self.table = scope.table
        self.facts = scope.facts
        self.here = f"functions[{position}] ({self.function.name})"
        self.locals = (*(kind for _, kind in self.function.parameters), *self.function.locals)
        self.linear = 0
        for local, kind in enumerate(self.locals):
            if not self.facts.plain(kind):
                self.linear |= 1 << local
        self.assigned = (1 << len(self.function.parameters)) - 1
        self.live = True
        self.stack: list[Type] = []
        self.stack_max = 0
        self.base = 0  # of the innermost block
        self.blocks: list[_Block] = []
        self.loops: list[_Block] = []
        self.linear_heights: list[int] = []  # where on the stack a linear value lies
        self.ops: list[list[Any]] = []  # the fields of `Op`, since targets are known later
        self.segments: dict[int, Segment] = {}
        self.segment_start = 0
        self.gas, self.memory, self.changes = gas.GAS_SEGMENT, 0, 0
        self.effects = 0
        self.invokes: set[int] = set()
        self.word = 0
        self.name = ""
        self.takes: list[Type] = []
        self.gives: list[Type] = []
        self.target = -1
        self.height = 0
        self.kind: Type | None = None
        self.key: Type | None = None
        self.value: Type | None = None

    def run(self) -> Body:
        """The verified body. Raises `Illegal`."""
        code = self.function.code
        word, end = 0, len(code)
        while word < end:
            self.word = word
            row = TABLE.get(code[word])
            if row is None:
                self.name = "?"
                self.refuse(Reason.INSTRUCTION, f"number {code[word]}")
            self.name = row.name
            word += 1 + len(row.operands)
            if word > end:
                self.refuse(Reason.TRUNCATED)
            self._step(row, code[self.word + 1 : word])
        self.word = word
        self.name = "end of code"
        if self.blocks:
            self.refuse(Reason.BLOCK, "a block without its end")
        if self.live:
            self.refuse(Reason.NO_RETURN)
        self._end_segment()
        return Body(
            ops=tuple(map(Op._make, self.ops)),
            segments=self.segments,
            locals=self.locals,
            stack_max=self.stack_max,
            effects=self.effects,
            invokes=frozenset(self.invokes),
        )

    def _step(self, row: Instruction, operands: tuple[int, ...]) -> None:
        code = row.code
        if not self.live and code not in _GOES_ON:
            self.refuse(Reason.DEAD_CODE)
        self.takes, self.gives = [], []
        self.kind = self.key = self.value = None
        self.target, self.height = -1, 0
        if operands:
            self._check_operands(row, operands)
        check = _CHECKS.get(code)
        if check is None:
            self._simple(row)
        else:
            check(self, *operands)
        self.effects |= row.does
        if self.gives:
            self.stack += self.gives
            if len(self.stack) > self.stack_max:
                self._grown()
        takes, gives = tuple(self.takes[::-1]), tuple(self.gives)
        place, types = (self.word, self.target, self.height), (self.kind, self.key, self.value)
        self.ops.append([code, operands, *place, takes, gives, *types])
        rounding = operands[1] if row.operands[1:] == ("rounding",) else 0
        self.pay(*self.facts.price(code, *types, rounding))
        self.changes += CHANGES.get(code, 0)
        if code in _ENDS_SEGMENT:
            self._end_segment()

    def _grown(self) -> None:
        self.stack_max = len(self.stack)
        if self.stack_max > limits.STACK_DEPTH_MAX:
            check_limit("STACK_DEPTH_MAX", self.stack_max, limits.STACK_DEPTH_MAX, self.where())

    def pay(self, price: int, memory: int) -> None:
        """Add to the price of the segment."""
        self.gas += price
        self.memory += memory

    def _end_segment(self) -> None:
        self.segments[self.segment_start] = Segment(self.gas, self.memory, self.changes)
        self.segment_start = len(self.ops)
        self.gas, self.memory, self.changes = gas.GAS_SEGMENT, 0, 0

    def _check_operands(self, row: Instruction, operands: tuple[int, ...]) -> None:
        bounds = self.scope.bounds[row.code]
        first = operands[0]
        if not 0 <= first < bounds[0] or not 0 <= operands[-1] < bounds[-1]:
            self.refuse(Reason.INDEX, f"{' '.join(row.operands)}: {operands}, where there are {bounds}")
        if row.operands[0] == "type":
            self.scope.mark(first)
            self.kind = self.table[first]
            if not self.scope.values[first]:
                self.refuse(Reason.OPERAND, f"{type_name(self.kind)} is not a type of values")
            if row.code in _NUMBERS and not is_number(self.kind):
                self.refuse(Reason.OPERAND, "not a number type")
        elif row.operands[0] == "local" and first >= len(self.locals):
            self.refuse(Reason.INDEX, f"local {first}, where there are {len(self.locals)}")

    # What the checks are made of.

    def where(self) -> str:
        """The place in the module, for people."""
        return f"{self.here} word {self.word}: {self.name}"

    def refuse(self, code: Reason, detail: str = "") -> Never:
        """Stop here."""
        raise Illegal(code, self.where(), detail)

    def take(self) -> Type:
        """Pop a value of any type."""
        if len(self.stack) <= self.base:
            self.refuse(Reason.UNDERFLOW)
        kind = self.stack.pop()
        if self.linear_heights:
            self.cut(len(self.stack))
        self.takes.append(kind)
        return kind

    def cut(self, height: int) -> None:
        """Forget the linear values that lay on the stack from a height on."""
        while self.linear_heights and self.linear_heights[-1] >= height:
            self.linear_heights.pop()

    def pop(self, expected: Type) -> Type:
        """Pop a value that belongs to the expected type."""
        kind = self.take()
        if kind is not expected and not self.facts.subtype(kind, expected):
            self.refuse(Reason.MISMATCH, f"{type_name(kind)} where {type_name(expected)} is expected")
        return kind

    def pop_all(self, expected: tuple[Type, ...]) -> None:
        """Pop values of these types, the last one from the top."""
        rest = len(self.stack) - len(expected)
        if len(expected) > 1 and rest >= self.base:
            found = self.stack[rest:]
            if all(map(is_, found, expected)) or all(map(self.facts.subtype, found, expected)):
                del self.stack[rest:]
                self.cut(rest)
                self.takes += reversed(found)
                return
        for kind in reversed(expected):
            self.pop(kind)

    def pop_plain(self) -> Type:
        """Pop a value of any plain type."""
        kind = self.take()
        if not self.facts.plain(kind):
            self.refuse(Reason.LINEAR, f"{type_name(kind)} is linear")
        return kind

    def push(self, *kinds: Type) -> None:
        """Push values of these types, all pops done."""
        for kind in kinds:
            if type(kind) in _MAY_BE_LINEAR and not self.facts.plain(kind):
                self.linear_heights.append(len(self.stack) + len(self.gives))
            self.gives.append(kind)

    def push_plain(self, kinds: Iterable[Type]) -> None:
        """Push values of types that are known to be plain."""
        self.gives.extend(kinds)

    def push_parts(self, whole: Type, kinds: tuple[Type, ...]) -> None:
        """Push the parts of a value."""
        if self.facts.plain(whole):
            self.push_plain(kinds)
        else:
            self.push(*kinds)

    def operand_type(self) -> Type:
        """The type operand of the instruction."""
        assert self.kind is not None
        return self.kind

    def want(self, holds: bool, detail: str) -> None:
        """Refuse an operand that does not suit the instruction."""
        if not holds:
            self.refuse(Reason.OPERAND, detail)

    def _simple(self, row: Instruction) -> None:
        """An instruction whose whole effect is the words of its row."""
        takes, gives = _SIMPLE[row.code]
        for word in takes:
            if word == "T":
                self.pop(self.operand_type())
            elif word == "bytes":
                self.want_bytes()
            elif word == "number":
                kind = self.take()
                if not is_number(kind):
                    self.refuse(Reason.MISMATCH, f"{type_name(kind)} is not a number")
            else:
                assert not isinstance(word, str)
                self.pop(word)
        for word in gives:
            self.gives.append(self.operand_type() if isinstance(word, str) else word)

    def want_bytes(self) -> None:
        """Pop a byte string of any greatest length."""
        kind = self.take()
        if not isinstance(kind, Bytes):
            self.refuse(Reason.MISMATCH, f"{type_name(kind)} where bytes are expected")

    # Control.

    def loop_block(self) -> _Block:
        """The innermost open loop."""
        if not self.loops:
            self.refuse(Reason.BLOCK, "no loop around")
        return self.loops[-1]

    def no_linear(self, base: int) -> None:
        """Refuse linear values on the stack from a height on."""
        if self.linear_heights and self.linear_heights[-1] >= base:
            self.refuse(Reason.LINEAR, "a linear value is left on the stack")

    def same_linear(self, a: int, b: int) -> None:
        """Refuse a join of two states of locals that differ in a linear one."""
        differing = (a ^ b) & self.linear
        if differing:
            self.refuse(Reason.JOIN, f"local {differing.bit_length() - 1} holds a value on one path only")

    def joined(self, a: int | None, b: int) -> int:
        """The state of locals after two paths meet."""
        if a is None:
            return b
        self.same_linear(a, b)
        return a & b

    def _check_if(self) -> None:
        self.pop(BOOL)
        self._open(loop=False)

    def _check_loop(self, count: int) -> None:
        if count > limits.LOOP_PASSES_MAX:
            check_limit("LOOP_PASSES_MAX", count, limits.LOOP_PASSES_MAX, self.where())
        self._open(loop=True)

    def _open(self, *, loop: bool) -> None:
        if len(self.blocks) >= limits.BLOCK_DEPTH_MAX:
            check_limit("BLOCK_DEPTH_MAX", len(self.blocks) + 1, limits.BLOCK_DEPTH_MAX, self.where())
        self.base = len(self.stack)
        block = _Block(len(self.ops), loop, self.base, self.assigned)
        self.blocks.append(block)
        if loop:
            self.loops.append(block)
            if len(self.loops) > limits.LOOP_DEPTH_MAX:
                check_limit("LOOP_DEPTH_MAX", len(self.loops), limits.LOOP_DEPTH_MAX, self.where())

    def _close(self, block: _Block) -> None:
        if self.live and len(self.stack) != block.base:
            self.refuse(Reason.LEFTOVER)
        del self.stack[block.base :]
        self.cut(block.base)

    def _check_else(self) -> None:
        if not self.blocks or self.blocks[-1].loop or self.blocks[-1].other:
            self.refuse(Reason.BLOCK, "no `if` to be the other branch of")
        block = self.blocks[-1]
        self._close(block)
        block.other = True
        if self.live:
            block.exit = self.assigned
        block.leaves.append(len(self.ops))
        self.ops[block.op][_TARGET] = len(self.ops) + 1
        self.assigned, self.live = block.entry, True

    def _check_end(self) -> None:
        if not self.blocks:
            self.refuse(Reason.BLOCK, "nothing to end")
        block = self.blocks.pop()
        self._close(block)
        self.base = self.blocks[-1].base if self.blocks else 0
        after = len(self.ops) + 1
        if block.loop:
            self.loops.pop()
            if self.live:
                self.same_linear(self.assigned, block.entry)
            self.height = block.base
            self.target = block.op + 1
        else:
            if not block.other:
                self.ops[block.op][_TARGET] = after
                block.exit = block.entry
            if self.live:
                block.exit = self.joined(block.exit, self.assigned)
        for leave in block.leaves:
            self.ops[leave][_TARGET] = after
        self.live = block.exit is not None
        if block.exit is not None:
            self.assigned = block.exit

    def _check_break(self) -> None:
        block = self.loop_block()
        self.no_linear(block.base)
        self.height = block.base
        block.exit = self.joined(block.exit, self.assigned)
        block.leaves.append(len(self.ops))
        self.live = False

    def _check_continue(self) -> None:
        block = self.loop_block()
        self.no_linear(block.base)
        self.height = block.base
        self.same_linear(self.assigned, block.entry)
        self.target = block.op + 1
        self.live = False

    def _check_return(self) -> None:
        if self.function.result is not None:
            self.pop(self.function.result)
        self.no_linear(0)
        kept = self.assigned & self.linear
        if kept:
            self.refuse(Reason.LINEAR, f"local {kept.bit_length() - 1} still holds a value")
        self.live = False

    def _check_fail(self, error: int) -> None:
        self.pop_all(tuple([kind for _, kind in self.module.errors[error].fields]))
        self.no_linear(0)
        self.live = False

    # Values and locals.

    def _check_const(self, constant: int) -> None:
        self.push(self.module.constants[constant].type)

    def _check_get(self, local: int) -> None:
        if self.linear >> local & 1:
            self.refuse(Reason.LINEAR, f"local {local} cannot be copied")
        self._held(local)
        self.push(self.locals[local])

    def _check_set(self, local: int) -> None:
        self.pop(self.locals[local])
        if self.linear & self.assigned & 1 << local:
            self.refuse(Reason.OVERWRITE, f"local {local} holds a value")
        self.assigned |= 1 << local

    def _check_move(self, local: int) -> None:
        self.want(bool(self.linear >> local & 1), f"local {local} is plain")
        self._held(local)
        self.assigned &= ~(1 << local)
        self.push(self.locals[local])

    def _check_drop(self) -> None:
        self.pop_plain()

    def _held(self, local: int) -> None:
        if not self.assigned >> local & 1:
            self.refuse(Reason.UNASSIGNED, f"local {local}")

    def peeked(self, local: int) -> Type:
        """The type of a local that is looked at and stays."""
        self._held(local)
        self.kind = self.locals[local]
        return self.kind

    def _check_peek_amount(self, local: int) -> None:
        coin = self.peeked(local)
        if not isinstance(coin, Coin):
            self.refuse(Reason.OPERAND, f"local {local} is not a coin")
        self.push(Amount(coin.currency))

    def _check_peek_field(self, local: int, part: int) -> None:
        resource = self.peeked(local)
        if not isinstance(resource, Resource):
            self.refuse(Reason.OPERAND, f"local {local} is not a resource")
        self.push(self.part(resource.fields, part))

    def _check_peek_tag(self, local: int) -> None:
        option = self.peeked(local)
        self.want(isinstance(option, Option) and not self.facts.plain(option), f"local {local} is not a linear option")
        self.push(U8)

    # Compound values.

    def part(self, fields: tuple[tuple[str, Type], ...], part: int) -> Type:
        """The type of one field."""
        if not 0 <= part < len(fields):
            self.refuse(Reason.INDEX, f"part {part}, where there are {len(fields)}")
        return fields[part][1]

    def record_parts(self) -> tuple[Type, ...]:
        """The types of the parts of the struct or tuple that the operand names."""
        kind = self.operand_type()
        if isinstance(kind, Struct):
            return tuple([part for _, part in kind.fields])
        if isinstance(kind, Tuple):
            return kind.items
        return self.refuse(Reason.OPERAND, f"{type_name(kind)} is not a struct or tuple")

    def resource(self) -> Resource:
        """The resource that the operand names."""
        kind = self.operand_type()
        if not isinstance(kind, Resource):
            self.refuse(Reason.OPERAND, f"{type_name(kind)} is not a resource")
        return kind

    def variant(self, part: int) -> tuple[Type, ...]:
        """The payload of a variant of the enum or option that the operand names."""
        kind = self.operand_type()
        if not isinstance(kind, Enum | Option):
            self.refuse(Reason.OPERAND, f"{type_name(kind)} has no variants")
        kinds = payload(kind, part)
        if kinds is None:
            self.refuse(Reason.INDEX, f"variant {part}")
        return tuple(kinds)

    def _check_pack(self, _kind: int) -> None:
        self.pop_all(self.record_parts())
        self.push(self.operand_type())

    def _check_unpack(self, _kind: int) -> None:
        self.pop(self.operand_type())
        self.push_parts(self.operand_type(), self.record_parts())

    def _check_field(self, _kind: int, part: int) -> None:
        kinds = self.record_parts()
        self.want(self.facts.plain(self.operand_type()), "a linear tuple is opened whole")
        self.pop(self.operand_type())
        self.push(kinds[self._in(part, kinds)])

    def _check_with_field(self, _kind: int, part: int) -> None:
        kinds = self.record_parts()
        self.want(self.facts.plain(self.operand_type()), "a linear tuple is opened whole")
        self.pop(kinds[self._in(part, kinds)])
        self.pop(self.operand_type())
        self.push(self.operand_type())

    def _in(self, part: int, kinds: tuple[Type, ...]) -> int:
        if not 0 <= part < len(kinds):
            self.refuse(Reason.INDEX, f"part {part}, where there are {len(kinds)}")
        return part

    def _check_variant(self, _kind: int, part: int) -> None:
        self.pop_all(self.variant(part))
        self.push(self.operand_type())

    def _check_tag(self, _kind: int) -> None:
        self.variant(0)
        self.want(self.facts.plain(self.operand_type()), "a linear option is looked at in its local")
        self.pop(self.operand_type())
        self.push(U8)

    def _check_open(self, _kind: int, part: int) -> None:
        kinds = self.variant(part)
        self.pop(self.operand_type())
        self.push_parts(self.operand_type(), kinds)

    def _check_new(self, _kind: int) -> None:
        self.pop_all(tuple([kind for _, kind in self.resource().fields]))
        self.push(self.resource())

    def _check_destroy(self, _kind: int) -> None:
        self.pop(self.resource())
        self.push_plain(kind for _, kind in self.resource().fields)

    def _check_split(self, _kind: int) -> None:
        resource = self.resource()
        self.pop(self._divided(resource))
        self.pop(resource)
        self.push(resource, resource)

    def _check_merge(self, _kind: int) -> None:
        resource = self.resource()
        self._divided(resource)
        self.pop_all((resource, resource))
        self.push(resource)

    def _divided(self, resource: Resource) -> Type:
        if resource.divides is None:
            self.refuse(Reason.OPERAND, f"{resource.name} does not divide")
        return resource.fields[resource.divides][1]

    # Lists, texts, byte strings.

    def list_type(self) -> List:
        """The list type that the operand names."""
        kind = self.operand_type()
        if not isinstance(kind, List):
            self.refuse(Reason.OPERAND, f"{type_name(kind)} is not a list")
        return kind

    def _check_list(self, _kind: int, count: int) -> None:
        kind = self.list_type()
        self.want(
            count <= min(kind.max, limits.STACK_DEPTH_MAX),
            "more elements than the list or the stack may have",
        )
        self.pop_all((kind.element,) * count)
        self.push(kind)
        self.pay(*self.facts.scale(kind).price("make", count))

    def _check_append(self, _kind: int) -> None:
        self.pop(self.list_type().element)
        self.pop(self.list_type())
        self.push(self.list_type())

    def _check_index(self, _kind: int) -> None:
        self.pop(U64)
        self.pop(self.list_type())
        self.push(self.list_type().element)

    def _check_with_index(self, _kind: int) -> None:
        self.pop(self.list_type().element)
        self.pop(U64)
        self.pop(self.list_type())
        self.push(self.list_type())

    def _check_length(self, _kind: int) -> None:
        self.want(is_sized(self.operand_type()), "not a list, text or byte string")
        self.pop(self.operand_type())
        self.push(U64)

    def _check_contains(self, _kind: int) -> None:
        self.pop(self.list_type().element)
        self.pop(self.list_type())
        self.push(BOOL)

    def _check_slice(self, _kind: int) -> None:
        self.want(isinstance(self.operand_type(), List | Bytes), "not a list or byte string")
        self.pop_all((self.operand_type(), U64, U64))
        self.push(self.operand_type())

    def _check_concat(self, _kind: int) -> None:
        whole = self.operand_type()
        self.want(is_sized(whole), "not a list, text or byte string")
        for _ in range(2):
            part = self.take()
            fits = (
                self.facts.subtype(part.element, whole.element)
                if isinstance(part, List) and isinstance(whole, List)
                else type(part) is type(whole)
            )
            if not fits:
                self.refuse(Reason.MISMATCH, f"{type_name(part)} is no part of {type_name(whole)}")
        self.push(whole)

    def _check_pop(self, _kind: int) -> None:
        self.pop(self.list_type())
        self.push(self.list_type(), self.list_type().element)

    def _check_equal(self, _kind: int) -> None:
        self.want(self.facts.plain(self.operand_type()), "not a plain type")
        self.pop_all((self.operand_type(), self.operand_type()))
        self.push(BOOL)

    def _check_encode(self, _kind: int) -> None:
        kind = self.operand_type()
        self.want(self.facts.plain(kind), "not a plain type")
        if self.facts.encoded_max(kind) > limits.BYTES_MAX:
            check_limit("BYTES_MAX", self.facts.encoded_max(kind), limits.BYTES_MAX, self.where())
        self.pop(kind)
        self.push(Bytes(self.facts.encoded_max(kind)))

    def _check_text_bytes(self) -> None:
        kind = self.take()
        if not isinstance(kind, Text):
            self.refuse(Reason.MISMATCH, f"{type_name(kind)} is not a text")
        self.push(Bytes(kind.max))

    # State.

    def state(self, field: int, *, want: str) -> None:
        """Set `key` and `value` from a state field, refusing fields that the instruction does not work on."""
        kind = self.module.fields[field][1]
        match kind:
            case Map(key, value):
                found = "vault" if isinstance(value, Vault) else "resource" if isinstance(value, Resource) else "plain"
                self.key, self.value, found = key, value, f"map-{found}"
            case Set(key):
                self.key, self.value, found = key, BOOL, "set"
            case Vault():
                self.value, found = kind, "vault"
            case _:
                self.value, found = kind, "plain"
        if found not in want.split():
            self.refuse(Reason.OPERAND, f"the state field is of another kind: {type_name(kind)}")

    def pop_key(self) -> None:
        """Pop the key of the state field, if it has keys."""
        if self.key is not None:
            self.pop(self.key)

    def field_value(self) -> Type:
        """The type of what the state field holds."""
        assert self.value is not None
        return self.value

    def currency(self) -> str | None:
        """The currency of the vault that the state field holds."""
        assert isinstance(self.value, Vault)
        return self.value.currency

    def _check_load(self, field: int) -> None:
        self.state(field, want="plain")
        self.push(self.field_value())

    def _check_store(self, field: int) -> None:
        self.state(field, want="plain")
        self.pop(self.field_value())

    def _check_map_get(self, field: int) -> None:
        self.state(field, want="map-plain")
        self.pop_key()
        self.push(self.field_value())

    def _check_map_find(self, field: int) -> None:
        self.state(field, want="map-plain")
        self.pop_key()
        self.push(self.facts.option_of(self.field_value()))

    def _check_map_or(self, field: int) -> None:
        self.state(field, want="map-plain")
        self.pop(self.field_value())
        self.pop_key()
        self.push(self.field_value())

    def _check_map_peek(self, field: int, part: int) -> None:
        self.state(field, want="map-resource")
        self.pop_key()
        resource = self.field_value()
        assert isinstance(resource, Resource)
        self.push(self.part(resource.fields, part))

    def _check_map_put(self, field: int) -> None:
        self.state(field, want="map-plain map-resource")
        self.pop(self.field_value())
        self.pop_key()

    def _check_has(self, field: int) -> None:
        self.state(field, want="map-plain map-resource map-vault set")
        self.pop_key()
        self.push(BOOL)

    def _check_map_take(self, field: int) -> None:
        self.state(field, want="map-plain map-resource")
        self.pop_key()
        self.push(self.field_value())

    def _check_set_add(self, field: int) -> None:
        self.state(field, want="set")
        self.pop_key()

    def _check_remove(self, field: int) -> None:
        self.state(field, want="set map-plain")
        self.pop_key()

    def _check_vault_put(self, field: int) -> None:
        self.state(field, want="vault map-vault")
        self.pop(Coin(self.currency()))
        self.pop_key()

    def _check_vault_take(self, field: int) -> None:
        self.state(field, want="vault map-vault")
        self.pop(Amount(self.currency()))
        self.pop_key()
        self.push(Coin(self.currency()))

    def _check_vault_take_all(self, field: int) -> None:
        self.state(field, want="vault map-vault")
        self.pop_key()
        self.push(Coin(self.currency()))

    def _check_vault_amount(self, field: int) -> None:
        self.state(field, want="vault map-vault")
        self.pop_key()
        self.push(Amount(self.currency()))

    # Coins in flight.

    def take_coin(self) -> Coin:
        """Pop a coin of any currency."""
        kind = self.take()
        if not isinstance(kind, Coin):
            self.refuse(Reason.MISMATCH, f"{type_name(kind)} where a coin is expected")
        return kind

    def _check_coin_split(self) -> None:
        amount = self.take()
        coin = self.take_coin()
        if amount != Amount(coin.currency):
            self.refuse(Reason.MISMATCH, f"{type_name(amount)} is no part of {type_name(coin)}")
        self.push(coin, coin)

    def _check_coin_join(self) -> None:
        coin = self.take_coin()
        self.pop(coin)
        self.push(coin)

    def _check_pay(self) -> None:
        self.take_coin()
        self.pop(ADDRESS)

    # The world and other contracts.

    def _check_phase_in(self, phases: int) -> None:
        self.want(phases > 0, "no phase")
        self.push(BOOL)

    def _check_become(self, _phase: int) -> None:
        pass

    def _check_emit(self, event: int) -> None:
        kinds = tuple([kind for _, kind in self.module.events[event].fields])
        self.pop_all(kinds)
        self.pay(*self.facts.event_price(event, kinds))

    def _check_invoke(self, function: int) -> None:
        callee = self.module.functions[function]
        self.pop_all(tuple([kind for _, kind in callee.parameters]))
        if callee.result is not None:
            self.push(callee.result)
        self.invokes.add(function)

    def _check_call(self, external: int) -> None:
        result = self._outside(external, view=False)
        self.push(*(() if result is None else (result,)))

    def _check_read(self, external: int) -> None:
        result = self._outside(external, view=True)
        self.push(*(() if result is None else (result,)))

    def _check_try_call(self, external: int) -> None:
        # A coin given to a call that is undone would be nowhere.
        coins = any(isinstance(kind, Coin) for kind in self.module.externals[external].parameters)
        self.want(not coins, "coins cannot be given to a call that may fail")
        result = self._outside(external, view=False)
        self.push(BOOL if result is None else self.facts.option_of(result))

    def _check_try_read(self, external: int) -> None:
        result = self._outside(external, view=True)
        self.push(BOOL if result is None else self.facts.option_of(result))

    def _outside(self, external: int, *, view: bool) -> Type | None:
        expected = self.module.externals[external]
        self.want(expected.view == view, "views are read, all else is called")
        self.pop_all(expected.parameters)
        self.pop(ADDRESS)
        kinds = (*expected.parameters, *(() if expected.result is None else (expected.result,)))
        self.pay(gas.GAS_SIGNATURE_TYPE * self.facts.signature_nodes(external, kinds), 0)
        return expected.result


_NAMES_APART: Final = {"eq": "equal", "ne": "equal"}
_CHECKS: Final[dict[int, Callable[..., None]]] = {
    row.code: getattr(FunctionVerifier, f"_check_{_NAMES_APART.get(row.name, row.name)}")
    for row in TABLE.values()
    if hasattr(FunctionVerifier, f"_check_{_NAMES_APART.get(row.name, row.name)}")
}
assert all(row.code in _CHECKS or _by_words(row) for row in TABLE.values())
