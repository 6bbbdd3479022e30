"""State: slots, keys, phases."""

from __future__ import annotations

from vm import intervals
from vm.function_verifier import Op
from vm.generator.text import PHASE_NAME, Slot, Value
from vm.generator.writer import Writer
from vm.pricing import Scale, is_sized
from vm.state import PHASE_FIELD, is_quick, is_safe_key
from vm.types import Resource


class StateAccess(Writer):
    """Slots are items of `vm.state.Slots`; a change is noted in the journal first."""

    def slots(self, field: int) -> str:
        """What holds the slots of a field, by a name that the head of the function gives it."""
        name = PHASE_NAME if field == PHASE_FIELD else f"v{field}"
        self.tables[field] = name
        return name

    def key(self, op: Op, *, write: bool = False) -> Value:
        """Take the key of a field that has keys, and pay for what its size adds."""
        if op.key is None:
            return Value("None")
        key = self.pop()
        if is_sized(op.key):
            self.work_on("key", op.key, key.text)
            if write:
                self.work("write", Scale.of(op.key), "n")
        return key

    def token(self, op: Op, key: Value) -> str:
        """What stands for a key in the slots of the field."""
        if op.key is None or is_safe_key(op.key):
            return key.text
        self.line(f"x = encode({self.wire(op.key, key)})")
        return "x"

    def slot(self, op: Op, *, write: bool = False) -> Slot:
        """Take the key of a field, and say where its slot is."""
        key = self.key(op, write=write)
        return Slot(self.slots(op.operands[0]), self.token(op, key))

    def read(self, op: Op, slot: Slot, absent: str) -> str:
        """Put a value out of state on the place on top, failing where there is none."""
        target = self.target()
        held = self.held_by(op, slot, target)
        self.line(f"{held} = {slot.text}")
        self.line(f"if {held} is None: {absent}()")
        if held != target:
            self.line(f"{target} = {held}")
        self.work_on("read", op.value, target)
        return target

    def write(self, op: Op, slot: Slot, value: str) -> None:
        """Pay for what the size of a value adds, and put it into state."""
        self.work_on("write", op.value, value)
        self.change(slot, value, quick=op.value is None or is_quick(op.value))

    def held_by(self, op: Op, slot: Slot, target: str) -> str:
        """Where to put what a slot holds: in a name of its own if the slot may yet be written, else in the target."""
        if op.operands[0] not in self.written or not slot.stays:
            return target
        self.held += 1
        held = self.seen.slots[slot.table, slot.token] = f"b{self.held}"
        return held

    def change(self, slot: Slot, value: str, *, quick: bool) -> None:
        """Put a value into state and what was there into the journal."""
        self.notes = True
        before = self.seen.slots.get((slot.table, slot.token))
        if before is None:
            before = slot.text if quick else f"before({slot.table}, {slot.token})"
        self.line(f"w(({slot.table}, {slot.token}, {before}))")
        self.line(f"{slot.text} = {value}")
        self.seen.forget_slots(slot.table)

    def _do_load(self, op: Op) -> None:
        self.give(self.read(op, self.slot(op), "unset"), intervals.of_type(op.gives[0]))

    def _do_store(self, op: Op) -> None:
        value = self.pop().text
        self.write(op, self.slot(op), value)

    def _do_map_get(self, op: Op) -> None:
        slot = self.slot(op)
        self.give(self.read(op, slot, "missing_key"), intervals.of_type(op.gives[0]))

    def _do_map_find(self, op: Op) -> None:
        slot = self.slot(op)
        target = self.target()
        self.line(f"{target} = {slot.text}")
        self.line(f"if {target} is None: {target} = (0,)")
        self.line("else:")
        self.indent += 1
        self.work_on("read", op.value, target)
        self.line(f"{target} = (1, {target})")
        self.indent -= 1
        self.give(target)

    def _do_map_or(self, op: Op) -> None:
        other = self.pop().text
        slot = self.slot(op)
        target = self.target()
        if op.value is not None and is_sized(op.value):
            self.line(f"y = {slot.text}")
            self.line(f"if y is None: {target} = {other}")
            self.line("else:")
            self.indent += 1
            self.work_on("read", op.value, "y")
            self.line(f"{target} = y")
            self.indent -= 1
        else:
            held = self.held_by(op, slot, target)
            if held == target == other:
                held = "y"
            self.line(f"{held} = {slot.text}")
            if held == target:
                self.line(f"if {target} is None: {target} = {other}")
            else:
                self.line(f"{target} = {other} if {held} is None else {held}")
        self.give(target, intervals.of_type(op.gives[0]))

    def _do_map_peek(self, op: Op) -> None:
        slot = self.slot(op)
        target = self.read(op, slot, "missing_key")
        self.line(f"{target} = {target}[1][{op.operands[1]}]")
        self.give(target, intervals.of_type(op.gives[0]))

    def _do_map_put(self, op: Op) -> None:
        value = self.pop().text
        slot = self.slot(op, write=True)
        if isinstance(op.value, Resource):
            self.line(f"if present({slot.table}, {slot.token}): key_exists()")
        self.write(op, slot, value)

    def _do_has(self, op: Op) -> None:
        slot = self.slot(op)
        self.line(f"y = present({slot.table}, {slot.token})")
        self.truth("y")

    def _do_map_take(self, op: Op) -> None:
        slot = self.slot(op)
        if slot.token == self.target():
            self.line(f"x = {slot.token}")  # the value comes to lie where the key does
            slot = slot._replace(token="x")
        target = self.read(op, slot, "missing_key")
        self.change(slot, "None", quick=True)
        self.give(target)

    def _do_set_add(self, op: Op) -> None:
        self.change(self.slot(op, write=True), "True", quick=True)

    def _do_remove(self, op: Op) -> None:
        self.change(self.slot(op), "None", quick=op.value is None or is_quick(op.value))

    def _do_phase_in(self, op: Op) -> None:
        self.line(f"y = {self.slots(PHASE_FIELD)}[None] or 0")
        self.truth(f"{op.operands[0]} >> y & 1 != 0")

    def _do_become(self, op: Op) -> None:
        self.line(f"become(m, {op.operands[0]})")
