"""Lines, names, the stack of the verified code as names of Python, gas and memory: what all instructions are written with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from vm import instructions as i
from vm import intervals
from vm.cells import LOG, MEMORY
from vm.function_verifier import Body, Op
from vm.generator.text import Condition, Place, Value
from vm.intervals import Env, Interval
from vm.journal import ENTRY
from vm.limits import JOURNAL_ENTRIES_MAX, MEMORY_BYTES_MAX
from vm.pricing import Scale, Segment, is_sized
from vm.support import SENDER, THIS
from vm.types import Text, Type
from vm.values import is_direct
from vm.verifier import Verified

SMALL: Final = (-(2**63), 2**64 - 1)
"""The integers that msgpack has a form for."""
_ROOM_MIN: Final = 64
_CONDITIONS: Final = frozenset((i.IF, i.NOT, i.AUTHORIZE))
_WRITES: Final = frozenset((i.STORE, i.MAP_PUT, i.SET_ADD, i.REMOVE, i.MAP_TAKE))


@dataclass(slots=True)
class Loop:
    """What has to be known of a loop at its head."""

    end: int = -1
    continues: bool = False
    assigned: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Seen:
    """What need not be done once more: values whose type was looked at, by their Python and the type; slots that were read, by
    table and token, with the name that has what they held.
    """

    types: set[tuple[str, str]] = field(default_factory=lambda: {(f"m[{SENDER}]", "bytes"), (f"m[{THIS}]", "bytes")})
    slots: dict[tuple[str, str], str] = field(default_factory=dict)

    def copy(self) -> Seen:
        """The same, for another way."""
        return Seen(set(self.types), dict(self.slots))

    def forget(self, name: str) -> None:
        """A name stands for another value from now on."""
        self.types = {seen for seen in self.types if seen[0] != name}
        self.slots = {slot: held for slot, held in self.slots.items() if slot[1] != name}

    def forget_slots(self, table: str | None = None) -> None:
        """A slot of a table has changed, or of any."""
        self.slots = {slot: held for slot, held in self.slots.items() if table is not None and slot[0] != table}

    def join(self, other: Seen) -> Seen:
        """What holds where two ways meet."""
        return Seen(self.types & other.types, dict(self.slots.items() & other.slots.items()))


@dataclass(slots=True)
class Activation:
    """A function at work: its code, how far it has been written, and, where it is written into another one, the number of its
    first local there, the parameters that are just other names for values there, and the place it stands at.
    """

    function: int
    body: Body
    loops: dict[int, Loop]
    base: int = 0
    given: dict[int, Value] = field(default_factory=dict)
    within: Place = ()
    index: int = 0


@dataclass(slots=True)
class Block:
    """An open `if` or `loop`."""

    op: int
    loop: bool
    stack: list[Value]
    indent: int
    env: Env | None  # of the other way, until it is taken; at the head of a loop
    exit: Env | None = None  # where the ways that have ended meet
    back: Env | None = None  # where the passes that go on meet
    other: bool = False  # whether the other way has begun
    seen: Seen | None = None  # on the other way, until it is taken; then at the end of the first one


class Writer:
    """Writes the Python of one function, with those that are written into it."""

    def __init__(self, verified: Verified, function: int, loops: dict[int, Loop], heads: dict[int, Env], checked: bool) -> None:
        self.verified = verified
        self.checked = checked
        self.module = verified.module
        self.at = Activation(function, verified.bodies[function], loops)
        self.promised = function in verified.promises
        self.known_heads = heads
        self.heads: dict[int, Env] = {}
        self.lines: list[str] = []
        self.places: list[Place] = []
        self.names: dict[str, Any] = {}
        self.calls: set[int] = set()
        self.parameters: set[int] = set()  # those that keep the value they came with
        self.tables: dict[int, str] = {}  # names of slots, by field
        self.written = written_fields(self.at.body)
        self.seen = Seen()
        self.held = 0  # names for what slots held
        self.notes = False
        self.indent = 0
        self.position = 0
        self.stack: list[Value] = []
        self.blocks: list[Block] = []
        self.env: Env = {}
        self.live = True
        self.local_spans: list[Interval | None] = []
        self.add_locals(self.at.body)
        self.room = max(_ROOM_MIN, len(self.at.body.ops))  # instructions of other functions that may be written here

    def write_all(self) -> None:
        """Write the instructions of the function at work."""
        raise NotImplementedError

    def add_locals(self, body: Body) -> int:
        """Make room for the locals of some code; the number of the first."""
        base = len(self.local_spans)
        self.local_spans += [intervals.of_type(kind) for kind in body.locals]
        return base

    # Lines, names, the stack.

    def line(self, text: str) -> None:
        """One line, of the instruction at work."""
        self.lines.append(" " * self.indent + text)
        self.places.append((*self.at.within, (self.at.function, self.position)))

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
        return self.at.body.ops[self.at.index + 1].code

    def spill(self, local: int | None = None) -> None:
        """Copy locals that lie on the stack to their places there: one that is about to change, or all."""
        for place, value in enumerate(self.stack):
            if value.local >= 0 and local in (None, value.local):
                self.line(f"s{place} = {value.text}")
                self.stack[place] = Value(f"s{place}", value.span)

    def target(self) -> str:
        """Where to put a result that will lie on top: straight into a local if the next instruction puts it there."""
        if self.next_code() == i.SET:
            local = self.at.base + self.at.body.ops[self.at.index + 1].operands[0]
            self.spill(local)
            return f"l{local}"
        return f"s{len(self.stack)}"

    def give(self, target: str, span: Interval | None = None) -> None:
        """Say that a result now is where `target` said."""
        if target[0] == "l":
            self.at.index += 1
            self.assign(self.at.base + self.at.body.ops[self.at.index].operands[0], span)
        else:
            self.stack.append(Value(target, span))

    def result(self, text: str, span: Interval | None = None) -> None:
        """Compute a result."""
        target = self.target()
        self.line(f"{target} = {text}")
        self.give(target, span)

    def assign(self, local: int, span: Interval | None) -> None:
        """Note what a local now can be."""
        self.seen.forget(f"l{local}")
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

    def charge(self, segment: Segment) -> None:
        """Enter a segment."""
        self.line(f"gas -= {segment.gas}")
        self.line("if gas < 0: out()")
        if segment.memory:
            self.grow(str(segment.memory))
        if segment.changes:
            self.line(f"if {crowded(segment)}: crowded()")

    def grow(self, memory: str) -> None:
        """Count memory; all that is there is looked at even if nothing is added."""
        if memory != "0":
            self.line(f"c[{MEMORY}] += {memory}")
        self.line(f"if c[{MEMORY}] > {MEMORY_BYTES_MAX}: full()")

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

    def wire(self, kind: Type, value: Value) -> str:
        """A value as msgpack packs it: as it is, unless some number in it may need more than 64 bits."""
        span = value.span or intervals.of_type(kind)
        if span is not None and (span[0] < SMALL[0] or span[1] > SMALL[1]):
            return f"({value.text} if {_within(value.text, span, SMALL)} else wire_number({value.text}))"
        if span is not None or is_direct(kind):
            return value.text
        number = self.verified.table.index(kind)
        return f"wire({self.name('t', number, kind)}, {value.text})"

    def two_results(self, a: str, b: str) -> None:
        """Two results at once."""
        place = len(self.stack)
        self.line(f"s{place}, s{place + 1} = {a}, {b}")
        self.stack += [Value(f"s{place}"), Value(f"s{place + 1}")]

    def local(self, local: int) -> str:
        """The Python of a local."""
        given = self.at.given.get(local)
        return f"l{self.at.base + local}" if given is None else given.text

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

    def truth(self, text: str, condition: Condition | None = None) -> None:
        """A truth value: left as it is for the next instruction if that only asks, else computed."""
        if self.next_code() in _CONDITIONS:
            self.stack.append(Value(text, condition=condition))
        else:
            self.result(text)


def crowded(segment: Segment) -> str:
    """The Python that asks whether the journal has no room for the changes of a segment."""
    return f"len(c[{LOG}]) > {(JOURNAL_ENTRIES_MAX - segment.changes) * ENTRY}"


def written_fields(body: Body) -> set[int]:
    """The fields in which some code puts what the journal is told of in line."""
    return {op.operands[0] for op in body.ops if op.code in _WRITES}


def _within(text: str, span: Interval, bounds: Interval) -> str:
    """The Python that asks whether a number that can be what `span` says lies within bounds."""
    if span[0] >= bounds[0]:
        return f"{text} <= {bounds[1]}"
    if span[1] <= bounds[1]:
        return f"{text} >= ({bounds[0]})"
    return f"({bounds[0]}) <= {text} <= {bounds[1]}"
