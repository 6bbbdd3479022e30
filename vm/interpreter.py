"""The reference interpreter: one short function an instruction, in the order of `vm.instructions`.

`link` pairs each instruction of verified code with its function and an operand made ready; `Execution` in
`vm.execution` walks the pairs. A function is given the frame and its operand, takes what it needs from the
stack, charges work whose size depends on data before doing it, and returns where to go on: None for the next
instruction, an index, or `SWITCH` when another frame is now in charge. What a verified program cannot do is
not checked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from vm import arithmetic
from vm import instructions as i
from vm.cells import enter, work
from vm.failure import Code, Failure
from vm.function_verifier import Body, Op
from vm.instructions import TABLE, Rounding
from vm.pricing import BYTES_SCALE, Scale, Segment, is_sized
from vm.state import ABSENT, PHASE_FIELD
from vm.types import (
    AMOUNT,
    Amount,
    Bytes,
    Int,
    List,
    Resource,
    ResourceValue,
    Text,
    Type,
    Vault,
    bounds,
)
from vm.values import length, pack, to_wire
from vm.verifier import Verified, once

if TYPE_CHECKING:
    from vm.execution import Call, Execution

SWITCH: Final = -1

Handler: TypeAlias = Callable[["Frame", Any], int | None]
Linked: TypeAlias = tuple[Handler, Any]


class Frame:
    """One function at work: its stack, its locals, the passes made of the loops it is in, and where it
    stands.
    """

    __slots__ = (
        "arguments",
        "call",
        "cells",
        "code",
        "function",
        "locals",
        "loops",
        "machine",
        "ops",
        "pc",
        "remembered",
        "stack",
    )

    def __init__(self, machine: Execution, call: Call, function: int, arguments: tuple[Any, ...]) -> None:
        body = call.contract.verified.bodies[function]
        self.machine = machine
        self.cells = machine.cells
        self.call = call
        self.function = function
        self.arguments = arguments
        self.ops = body.ops
        self.code = linked(call.contract.verified)[function]
        self.pc = 0
        self.stack: list[Any] = []
        self.locals: list[Any] = [*arguments, *(None,) * (len(body.locals) - len(arguments))]
        self.loops: list[int] = []
        self.remembered: tuple[tuple[int, tuple[Any, ...]], ...] = ()
        self.begin(body.segments[0])

    def begin(self, segment: Segment) -> None:
        """Enter a segment. Raises OutOfGas, LimitExceeded."""
        enter(self.cells, segment)

    def work(self, kind: str, scale: Scale, length: int) -> None:
        """Pay for work on a value of this length. Raises OutOfGas, LimitExceeded."""
        work(self.cells, kind, scale, length)

    def pop_many(self, count: int) -> tuple[Any, ...]:
        """Take so many values, the last from the top."""
        if count == 0:
            return ()
        values = tuple(self.stack[-count:])
        del self.stack[-count:]
        return values


# Control.


def _do_if(frame: Frame, ways: tuple[int, Segment, Segment]) -> int | None:
    target, price, price_else = ways
    if frame.stack.pop():
        frame.begin(price)
        return None
    frame.begin(price_else)
    return target


def _do_else(frame: Frame, way: tuple[int, Segment]) -> int:
    frame.begin(way[1])
    return way[0]


def _do_end(frame: Frame, price: Segment) -> None:
    frame.begin(price)


def _do_loop(frame: Frame, bound: tuple[int, Segment]) -> None:
    if bound[0] < 1:
        raise Failure(Code.LOOP_BOUND)
    frame.loops.append(bound[0] - 1)
    frame.begin(bound[1])


def _do_again(frame: Frame, way: tuple[int, int, Segment]) -> int:
    """`end` of a loop, and `continue`."""
    target, height, price = way
    if frame.loops[-1] == 0:
        raise Failure(Code.LOOP_BOUND)
    frame.loops[-1] -= 1
    del frame.stack[height:]
    frame.begin(price)
    return target


def _do_break(frame: Frame, way: tuple[int, int, Segment]) -> int:
    target, height, price = way
    frame.loops.pop()
    del frame.stack[height:]
    frame.begin(price)
    return target


def _do_return(frame: Frame, has_result: bool) -> int:
    frame.machine.leave(frame, frame.stack.pop() if has_result else None)
    return SWITCH


def _do_fail(frame: Frame, error: tuple[str, int]) -> None:
    raise Failure(error[0], frame.pop_many(error[1]))


# Values and locals.


def _do_const(frame: Frame, value: Any) -> None:
    frame.stack.append(value)


def _do_get(frame: Frame, local: int) -> None:
    frame.stack.append(frame.locals[local])


def _do_set(frame: Frame, local: int) -> None:
    frame.locals[local] = frame.stack.pop()


def _do_move(frame: Frame, local: int) -> None:
    frame.stack.append(frame.locals[local])
    frame.locals[local] = None


def _do_drop(frame: Frame, _: None) -> None:
    frame.stack.pop()


# Numbers. The operand is the bounds of the result, after the rounding where there is one.


def _do_add(frame: Frame, span: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.add(frame.stack[-1], b, *span)


def _do_sub(frame: Frame, span: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.sub(frame.stack[-1], b, *span)


def _do_mul(frame: Frame, span: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.mul(frame.stack[-1], b, *span)


def _do_div(frame: Frame, how: tuple[Rounding, int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.div(frame.stack[-1], b, *how)


def _do_mod(frame: Frame, span: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.mod(frame.stack[-1], b, *span)


def _do_neg(frame: Frame, span: tuple[int, int]) -> None:
    frame.stack[-1] = arithmetic.neg(frame.stack[-1], *span)


def _do_muldiv(frame: Frame, how: tuple[Rounding, int, int]) -> None:
    c = frame.stack.pop()
    b = frame.stack.pop()
    frame.stack[-1] = arithmetic.muldiv(frame.stack[-1], b, c, *how)


def _do_min(frame: Frame, _: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = min(frame.stack[-1], b)


def _do_max(frame: Frame, _: tuple[int, int]) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = max(frame.stack[-1], b)


def _do_cast(frame: Frame, span: tuple[int, int]) -> None:
    frame.stack[-1] = arithmetic.cast(frame.stack[-1], *span)


# Comparison.


def _do_eq(frame: Frame, scale: Scale | None) -> None:
    b = frame.stack.pop()
    if scale is not None:
        frame.work("scan", scale, length(frame.stack[-1]))
    frame.stack[-1] = frame.stack[-1] == b


def _do_ne(frame: Frame, scale: Scale | None) -> None:
    b = frame.stack.pop()
    if scale is not None:
        frame.work("scan", scale, length(frame.stack[-1]))
    frame.stack[-1] = frame.stack[-1] != b


def _do_lt(frame: Frame, _: None) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = frame.stack[-1] < b


def _do_le(frame: Frame, _: None) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = frame.stack[-1] <= b


def _do_gt(frame: Frame, _: None) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = frame.stack[-1] > b


def _do_ge(frame: Frame, _: None) -> None:
    b = frame.stack.pop()
    frame.stack[-1] = frame.stack[-1] >= b


def _do_not(frame: Frame, _: None) -> None:
    frame.stack[-1] = not frame.stack[-1]


# Compound values.


def _do_pack(frame: Frame, count: int) -> None:
    frame.stack.append(frame.pop_many(count))


def _do_unpack(frame: Frame, _: None) -> None:
    frame.stack.extend(frame.stack.pop())


def _do_field(frame: Frame, part: int) -> None:
    frame.stack[-1] = frame.stack[-1][part]


def _do_with_field(frame: Frame, part: int) -> None:
    value = frame.stack.pop()
    whole = frame.stack[-1]
    frame.stack[-1] = (*whole[:part], value, *whole[part + 1 :])


def _do_variant(frame: Frame, variant: tuple[int, int]) -> None:
    tag, count = variant
    frame.stack.append((tag, *frame.pop_many(count)))


def _do_tag(frame: Frame, _: None) -> None:
    frame.stack[-1] = frame.stack[-1][0]


def _do_open(frame: Frame, tag: int) -> None:
    found, *parts = frame.stack.pop()
    if found != tag:
        raise Failure(Code.WRONG_VARIANT)
    frame.stack.extend(parts)


def _do_list(frame: Frame, count: int) -> None:
    frame.stack.append(frame.pop_many(count))


def _do_append(frame: Frame, shape: tuple[int, Scale]) -> None:
    most, scale = shape
    element = frame.stack.pop()
    elements = frame.stack[-1]
    if len(elements) >= most:
        raise Failure(Code.TOO_LONG)
    frame.work("make", scale, len(elements) + 1)
    frame.stack[-1] = (*elements, element)


def _do_index(frame: Frame, _: None) -> None:
    position = frame.stack.pop()
    elements = frame.stack[-1]
    if position >= len(elements):
        raise Failure(Code.INDEX_OUT_OF_RANGE)
    frame.stack[-1] = elements[position]


def _do_with_index(frame: Frame, scale: Scale) -> None:
    element = frame.stack.pop()
    position = frame.stack.pop()
    elements = frame.stack[-1]
    if position >= len(elements):
        raise Failure(Code.INDEX_OUT_OF_RANGE)
    frame.work("make", scale, len(elements))
    frame.stack[-1] = (*elements[:position], element, *elements[position + 1 :])


def _do_length(frame: Frame, _: None) -> None:
    frame.stack[-1] = length(frame.stack[-1])


def _do_contains(frame: Frame, scale: Scale) -> None:
    element = frame.stack.pop()
    elements = frame.stack[-1]
    frame.work("scan", scale, len(elements))
    frame.stack[-1] = element in elements


def _do_slice(frame: Frame, scale: Scale) -> None:
    end = frame.stack.pop()
    start = frame.stack.pop()
    whole = frame.stack[-1]
    if not start <= end <= len(whole):
        raise Failure(Code.INDEX_OUT_OF_RANGE)
    frame.work("make", scale, end - start)
    frame.stack[-1] = whole[start:end]


def _do_concat(frame: Frame, shape: tuple[int, Scale]) -> None:
    most, scale = shape
    b = frame.stack.pop()
    a = frame.stack[-1]
    together = length(a) + length(b)
    if together > most:
        raise Failure(Code.TOO_LONG)
    frame.work("make", scale, together)
    frame.stack[-1] = a + b


def _do_pop(frame: Frame, scale: Scale) -> None:
    elements = frame.stack[-1]
    if not elements:
        raise Failure(Code.INDEX_OUT_OF_RANGE)
    frame.work("make", scale, len(elements) - 1)
    frame.stack[-1] = elements[:-1]
    frame.stack.append(elements[-1])


# A look at a linear local.


def _do_peek_amount(frame: Frame, local: int) -> None:
    frame.stack.append(frame.locals[local].amount)


def _do_peek_field(frame: Frame, where: tuple[int, int]) -> None:
    local, part = where
    frame.stack.append(frame.locals[local].fields[part])


def _do_peek_tag(frame: Frame, local: int) -> None:
    frame.stack.append(frame.locals[local][0])


# State. The operand begins with the field's `Place`.


@dataclass(frozen=True, slots=True)
class Place:
    """A state field as an instruction needs it: the scales of its key and value where they have one, and its vault's
    currency.
    """

    field: int
    keyed: bool
    key_scale: Scale | None
    value_scale: Scale | None
    currency: str | None


def pop_key(frame: Frame, place: Place, *, write: bool = False) -> Any:
    """Take the key of a field that has keys, and pay for what its size adds."""
    if not place.keyed:
        return None
    key = frame.stack.pop()
    if place.key_scale is not None:
        frame.work("key", place.key_scale, length(key))
        if write:
            frame.work("write", place.key_scale, length(key))
    return key


def found(frame: Frame, place: Place, value: Any) -> Any:
    """Pay for what the size of a value out of state adds."""
    if place.value_scale is not None:
        frame.work("read", place.value_scale, length(value))
    return value


def read(frame: Frame, place: Place, key: Any, missing: Code) -> Any:
    """The value of a slot; fails where there is none."""
    value = frame.machine.read_state(frame.call.contract, place.field, key)
    if value is ABSENT:
        raise Failure(missing)
    return found(frame, place, value)


def write(frame: Frame, place: Place, key: Any, value: Any) -> None:
    """Pay for what the size of a value adds, and put it into state."""
    if place.value_scale is not None:
        frame.work("write", place.value_scale, length(value))
    frame.machine.write_state(frame.call.contract, place.field, key, value)


def _do_load(frame: Frame, place: Place) -> None:
    frame.stack.append(read(frame, place, None, Code.UNSET))


def _do_store(frame: Frame, place: Place) -> None:
    write(frame, place, None, frame.stack.pop())


def _do_map_get(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    frame.stack.append(read(frame, place, key, Code.MISSING_KEY))


def _do_map_find(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    value = frame.machine.read_state(frame.call.contract, place.field, key)
    frame.stack.append((0,) if value is ABSENT else (1, found(frame, place, value)))


def _do_map_or(frame: Frame, place: Place) -> None:
    other = frame.stack.pop()
    key = pop_key(frame, place)
    value = frame.machine.read_state(frame.call.contract, place.field, key)
    frame.stack.append(other if value is ABSENT else found(frame, place, value))


def _do_map_peek(frame: Frame, where: tuple[Place, int]) -> None:
    place, part = where
    key = pop_key(frame, place)
    frame.stack.append(read(frame, place, key, Code.MISSING_KEY).fields[part])


def _do_map_put(frame: Frame, place: Place) -> None:
    value = frame.stack.pop()
    key = pop_key(frame, place, write=True)
    if isinstance(value, ResourceValue) and frame.machine.has_state(frame.call.contract, place.field, key):
        raise Failure(Code.KEY_EXISTS)
    write(frame, place, key, value)


def _do_has(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    frame.stack.append(frame.machine.has_state(frame.call.contract, place.field, key))


def _do_map_take(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    frame.stack.append(read(frame, place, key, Code.MISSING_KEY))
    frame.machine.write_state(frame.call.contract, place.field, key, ABSENT)


def _do_set_add(frame: Frame, place: Place) -> None:
    frame.machine.write_state(frame.call.contract, place.field, pop_key(frame, place, write=True), True)


def _do_remove(frame: Frame, place: Place) -> None:
    frame.machine.write_state(frame.call.contract, place.field, pop_key(frame, place), ABSENT)


def _do_vault_put(frame: Frame, place: Place) -> None:
    coin = frame.stack.pop()
    frame.machine.vault_put(frame.call.contract, place.field, pop_key(frame, place, write=True), coin)


def _do_vault_take(frame: Frame, place: Place) -> None:
    amount = frame.stack.pop()
    key = pop_key(frame, place)
    frame.stack.append(frame.machine.vault_take(frame.call.contract, place.field, key, place.currency, amount))


def _do_vault_take_all(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    amount = frame.machine.read_state(frame.call.contract, place.field, key) or 0
    frame.stack.append(frame.machine.vault_take(frame.call.contract, place.field, key, place.currency, amount))


def _do_vault_amount(frame: Frame, place: Place) -> None:
    key = pop_key(frame, place)
    frame.stack.append(frame.machine.read_state(frame.call.contract, place.field, key) or 0)


# Coins and resources in flight.


def _do_coin_split(frame: Frame, _: None) -> None:
    amount = frame.stack.pop()
    coin = frame.stack.pop()
    if amount > coin.amount:
        raise Failure(Code.INSUFFICIENT_FUNDS)
    frame.stack += (coin._replace(amount=amount), coin._replace(amount=coin.amount - amount))


def _do_coin_join(frame: Frame, span: tuple[int, int]) -> None:
    b = frame.stack.pop()
    a = frame.stack.pop()
    frame.stack.append(a._replace(amount=arithmetic.add(a.amount, b.amount, *span)))


def _do_pay(frame: Frame, _: None) -> None:
    coin = frame.stack.pop()
    frame.machine.pay(frame.call.contract, frame.stack.pop(), coin)


def _do_new(frame: Frame, shape: tuple[str, int]) -> None:
    name, count = shape
    frame.stack.append(ResourceValue(name, frame.pop_many(count)))


def _do_destroy(frame: Frame, _: None) -> None:
    frame.stack.extend(frame.stack.pop().fields)


def _do_split(frame: Frame, by: int) -> None:
    amount = frame.stack.pop()
    name, fields = frame.stack.pop()
    if amount > fields[by]:
        raise Failure(Code.INSUFFICIENT_FUNDS)
    for part in (amount, fields[by] - amount):
        frame.stack.append(ResourceValue(name, (*fields[:by], part, *fields[by + 1 :])))


def _do_merge(frame: Frame, how: tuple[int, int, int]) -> None:
    by, low, high = how
    _, b = frame.stack.pop()
    name, a = frame.stack.pop()
    if a[:by] != b[:by] or a[by + 1 :] != b[by + 1 :]:
        raise Failure(Code.CANNOT_MERGE)
    whole = arithmetic.add(a[by], b[by], low, high)
    frame.stack.append(ResourceValue(name, (*a[:by], whole, *a[by + 1 :])))


# The world.


def _do_sender(frame: Frame, _: None) -> None:
    frame.stack.append(frame.call.sender)


def _do_now(frame: Frame, _: None) -> None:
    frame.stack.append(frame.machine.now)


def _do_this(frame: Frame, _: None) -> None:
    frame.stack.append(frame.call.contract.address)


def _do_phase_in(frame: Frame, phases: int) -> None:
    phase = frame.machine.read_state(frame.call.contract, PHASE_FIELD, None) or 0
    frame.stack.append(bool(phases >> phase & 1))


def _do_become(frame: Frame, phase: int) -> None:
    frame.machine.become(frame.call.contract, phase)


def _do_authorize(frame: Frame, _: None) -> None:
    if not frame.stack.pop():
        raise Failure(Code.NOT_AUTHORIZED)


def _do_emit(frame: Frame, event: tuple[int, tuple[Scale | None, ...]]) -> None:
    index, scales = event
    values = frame.pop_many(len(scales))
    for scale, value in zip(scales, values, strict=True):
        if scale is not None:
            frame.work("event", scale, length(value))
    frame.machine.emit(frame.call.contract, index, values)


# Calls.


def _do_invoke(frame: Frame, callee: tuple[int, int]) -> int:
    function, count = callee
    frame.machine.invoke(frame.call, function, frame.pop_many(count))
    return SWITCH


def _do_call(frame: Frame, outside: tuple[int, int, bool]) -> int:
    """`call`, `read` and their `try` forms."""
    external, count, tried = outside
    arguments = frame.pop_many(count)
    frame.machine.call_outside(frame, external, frame.stack.pop(), arguments, tried=tried)
    return SWITCH


# Standard functions.


def _do_sha256(frame: Frame, _: None) -> None:
    frame.work("hash", BYTES_SCALE, len(frame.stack[-1]))
    frame.stack[-1] = hashlib.sha256(frame.stack[-1]).digest()


def _do_sha3_256(frame: Frame, _: None) -> None:
    frame.work("hash", BYTES_SCALE, len(frame.stack[-1]))
    frame.stack[-1] = hashlib.sha3_256(frame.stack[-1]).digest()


def _do_blake2b_256(frame: Frame, _: None) -> None:
    frame.work("hash", BYTES_SCALE, len(frame.stack[-1]))
    frame.stack[-1] = hashlib.blake2b(frame.stack[-1], digest_size=32).digest()


def _do_encode(frame: Frame, how: tuple[Type, Scale | None]) -> None:
    kind, scale = how
    value = frame.stack[-1]
    if scale is not None:
        frame.work("encode", scale, length(value))
    frame.stack[-1] = pack(to_wire(kind, value))


def _do_verify_ed25519(frame: Frame, _: None) -> None:
    key, message, signature = frame.pop_many(3)
    frame.work("hash", BYTES_SCALE, len(message))
    frame.stack.append(frame.machine.verify_ed25519(key, message, signature))


def _do_text_bytes(frame: Frame, _: None) -> None:
    value = frame.stack[-1]
    frame.work("make", BYTES_SCALE, length(value))
    frame.stack[-1] = value.encode()


# Linking.


_HANDLERS: Final[dict[int, Handler]] = {
    row.code: globals()[f"_do_{row.name}"] for row in TABLE.values() if f"_do_{row.name}" in globals()
} | {i.CONTINUE: _do_again, i.READ: _do_call, i.TRY_CALL: _do_call, i.TRY_READ: _do_call}
assert _HANDLERS.keys() == TABLE.keys()


@once
def linked(verified: Verified) -> tuple[tuple[Linked, ...], ...]:
    """The code of every function, ready to run."""
    return tuple([tuple([_link(verified, body, index) for index in range(len(body.ops))]) for body in verified.bodies])


def _link(verified: Verified, body: Body, index: int) -> Linked:
    op = body.ops[index]
    if op.code == i.END and op.target >= 0:
        return _do_again, (op.target, op.height, body.segments[op.target])
    return _HANDLERS[op.code], _operand(verified, body, index, op)


def _operand(verified: Verified, body: Body, index: int, op: Op) -> Any:
    """What the instruction's function wants to be given."""
    module, operands, kind = verified.module, op.operands, op.kind
    match op.code:
        case i.IF:
            return op.target, body.segments[index + 1], body.segments[op.target]
        case i.ELSE:
            return op.target, body.segments[op.target]
        case i.END:
            return body.segments[index + 1]
        case i.LOOP:
            return operands[0], body.segments[index + 1]
        case i.BREAK | i.CONTINUE:
            return op.target, op.height, body.segments[op.target]
        case i.RETURN:
            return len(op.takes) > 0
        case i.FAIL:
            return module.errors[operands[0]].name, len(op.takes)
        case i.CONST:
            return module.constants[operands[0]].value
        case i.GET | i.SET | i.MOVE | i.PEEK_AMOUNT | i.PEEK_TAG | i.PHASE_IN | i.BECOME:
            return operands[0]
        case i.DIV | i.MULDIV:
            return Rounding(operands[1]), *_span(kind)
        case i.ADD | i.SUB | i.MUL | i.MOD | i.NEG | i.MIN | i.MAX | i.CAST:
            return _span(kind)
        case i.COIN_JOIN:
            return bounds(AMOUNT)
        case i.EQ | i.NE:
            return _scale(kind)
        case i.PACK | i.LIST:
            return len(op.takes)
        case i.NEW:
            assert isinstance(kind, Resource)
            return kind.name, len(op.takes)
        case i.FIELD | i.WITH_FIELD | i.OPEN:
            return operands[1]
        case i.VARIANT:
            return operands[1], len(op.takes)
        case i.APPEND:
            return _shape(kind)
        case i.WITH_INDEX | i.CONTAINS | i.SLICE | i.POP:
            return _shape(kind)[1]
        case i.CONCAT:
            return _shape(kind)
        case i.PEEK_FIELD:
            return operands[0], operands[1]
        case i.SPLIT:
            return _divided(kind)[0]
        case i.MERGE:
            by, part = _divided(kind)
            return by, *_span(part)
        case i.EMIT:
            return operands[0], tuple([_scale(field) for _, field in module.events[operands[0]].fields])
        case i.INVOKE:
            return operands[0], len(op.takes)
        case i.CALL | i.READ:
            return operands[0], len(op.takes) - 1, False
        case i.TRY_CALL | i.TRY_READ:
            return operands[0], len(op.takes) - 1, True
        case i.ENCODE:
            return kind, _scale(kind)
        case i.MAP_PEEK:
            return _place(op), operands[1]
    return _place(op) if TABLE[op.code].operands[:1] == ("field",) else None


def _span(kind: Type | None) -> tuple[int, int]:
    assert isinstance(kind, Int | Amount)
    return bounds(kind)


def _scale(kind: Type | None) -> Scale | None:
    """The scale of a type whose values are charged by their length, None for others."""
    return Scale.of(kind) if kind is not None and is_sized(kind) else None


def _shape(kind: Type | None) -> tuple[int, Scale]:
    """Greatest length, and scale."""
    assert isinstance(kind, List | Text | Bytes)
    return kind.max, Scale.of(kind)


def _divided(kind: Type | None) -> tuple[int, Type]:
    assert isinstance(kind, Resource)
    assert kind.divides is not None
    return kind.divides, kind.fields[kind.divides][1]


def _place(op: Op) -> Place:
    assert op.value is not None
    return Place(
        field=op.operands[0],
        keyed=op.key is not None,
        key_scale=_scale(op.key),
        value_scale=_scale(op.value),
        currency=op.value.currency if isinstance(op.value, Vault) else None,
    )
