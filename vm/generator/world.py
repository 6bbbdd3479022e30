"""The world: who calls, when, what is told, and calls of other functions and contracts."""

from __future__ import annotations

from typing import Final

from vm import instructions as i
from vm import intervals
from vm.cells import EVENT_BYTES, EVENTS, GAS, NOW
from vm.function_verifier import Body, Op
from vm.generator.control import Control
from vm.generator.text import Value, tuple_of
from vm.generator.writer import Activation, written_fields
from vm.limits import EVENT_BYTES_EACH, EVENTS_BYTES_MAX
from vm.support import ADDRESS_HEAD, SENDER, THIS
from vm.types import Address

_ARRAY: Final = 0x90  # the first byte of the msgpack of an array, but for its length
_SHORT_ARRAY: Final = 15  # the greatest length for which that holds


class World(Control):
    """Small functions without loops are written into those that invoke them."""

    def _do_sender(self, op: Op) -> None:
        self.stack.append(Value(f"m[{SENDER}]"))

    def _do_now(self, op: Op) -> None:
        self.stack.append(Value(f"c[{NOW}]", intervals.of_type(op.gives[0])))

    def _do_this(self, op: Op) -> None:
        self.stack.append(Value(f"m[{THIS}]"))

    def _do_authorize(self, op: Op) -> None:
        value = self.pop()
        if value.condition is None:
            self.line(f"if not {value.text}: not_authorized()")
        else:
            opposite = value.condition.opposite()
            self.line(f"if {opposite.a.text} {opposite.relation} {opposite.b.text}: not_authorized()")
            self.env = self._where(value.condition)

    def _do_emit(self, op: Op) -> None:
        given = self.stack[len(self.stack) - len(op.takes) :]
        values = self.pop_many(len(op.takes))
        fields = self.module.events[op.operands[0]].fields
        for (_, kind), value in zip(fields, values, strict=True):
            self.work_on("event", kind, value)
        wires = [self.wire(kind, value) for (_, kind), value in zip(fields, given, strict=True)]
        others = [place for place, (_, kind) in enumerate(fields) if not isinstance(kind, Address)]
        if 0 in others or len(others) > 1 or not 0 < len(fields) <= _SHORT_ARRAY:
            payload = f"encode({tuple_of(wires)})"
        else:  # the encodings of addresses differ in their last 32 bytes only
            first = self.name("a", len(fields), bytes([_ARRAY + len(fields), *ADDRESS_HEAD]))
            parts = [f"address, {wire}" if place not in others else f"encode({wire})" for place, wire in enumerate(wires)]
            payload = f"join(({first}, {', '.join([wires[0], *parts[1:]])}))"
        self.line(f"y = {payload}")
        self.line(f"n = c[{EVENT_BYTES}] + len(y) + {EVENT_BYTES_EACH}")
        self.line(f"c[{EVENT_BYTES}] = n")
        self.line(f"if n > {EVENTS_BYTES_MAX}: too_many_events()")
        self.line(f"tell(c[{EVENTS}], (m[{THIS}], {op.operands[0]}, y))")

    # Calls.

    def _do_invoke(self, op: Op) -> None:
        function = op.operands[0]
        callee = self.module.functions[function]
        if callee.phases is not None:
            self.line(f"check_phase(m, {callee.phases})")
        self.charge(self.verified.bodies[function].segments[0])
        if self.can_be_written_here(function):
            self.write_here(op, function)
            return
        self.calls.add(function)
        self.seen.forget_slots()
        arguments = self.pop_many(len(op.takes))
        given = ["c", "m", *arguments]
        self.line(f"c[{GAS}] = gas")
        if function in self.verified.promises:
            given.insert(2, f"remember(m, {function}, {tuple_of(arguments)})")
        call = f"f{function}({', '.join(given)})"
        if callee.result is None:
            self.line(call)
            self.line(f"gas = c[{GAS}]")
        else:
            target = self.target()
            self.line(f"{target} = {call}")
            self.line(f"gas = c[{GAS}]")
            self.give(target, intervals.of_type(callee.result))

    def can_be_written_here(self, function: int) -> bool:
        """Whether a function can stand where it is invoked: no loops, one end, no promises, and room for it."""
        body = self.verified.bodies[function]
        return function not in self.verified.promises and len(body.ops) <= self.room and _is_straight(body)

    def write_here(self, op: Op, function: int) -> None:
        """Write a function where it is invoked."""
        body = self.verified.bodies[function]
        self.room -= len(body.ops)
        arguments = self.stack[len(self.stack) - len(op.takes) :]
        del self.stack[len(self.stack) - len(op.takes) :]
        around = self.at
        self.written = self.written | written_fields(body)
        inner = Activation(function, body, {}, self.add_locals(body), within=(*around.within, (around.function, self.position)))
        changed = {inside.operands[0] for inside in body.ops if inside.code in (i.SET, i.MOVE)}
        for n, value in enumerate(arguments):
            if n not in changed and (value.local >= 0 or value.is_constant):
                inner.given[n] = value
            else:
                self.line(f"l{inner.base + n} = {value.text}")
                self.assign(inner.base + n, value.span)
                self.seen.types |= {(f"l{inner.base + n}", kind) for text, kind in self.seen.types if text == value.text}
        here, self.at = self.position, inner
        self.write_all()
        self.position, self.at = here, around

    def _do_call(self, op: Op) -> None:
        tried = op.code in (i.TRY_CALL, i.TRY_READ)
        arguments = self.pop_many(len(op.takes) - 1)
        address = self.pop().text
        call = f"outside(m, {op.operands[0]}, {tried}, {address}, {tuple_of(arguments)})"
        self.line(f"c[{GAS}] = gas")
        if op.gives:
            target = self.target()
            self.line(f"{target} = {call}")
            self.line(f"gas = c[{GAS}]")
            self.give(target, intervals.of_type(op.gives[0]))
        else:
            self.line(call)
            self.line(f"gas = c[{GAS}]")


def _is_straight(body: Body) -> bool:
    """Whether code has no loops and ends in one place."""
    codes = [op.code for op in body.ops]
    return i.LOOP not in codes and codes.count(i.RETURN) == 1 and codes[-1] == i.RETURN
