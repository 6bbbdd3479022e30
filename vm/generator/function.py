"""All instructions together: the Python of a function from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vm.cells import GAS, IN_FLIGHT, MEMORY, NOTE
from vm.checks import CROSSINGS, in_flight, python_type
from vm.function_verifier import Op
from vm.generator.compounds import Compounds
from vm.generator.doors import Tests, parameters
from vm.generator.money import Money
from vm.generator.numbers import Numbers
from vm.generator.text import Generated, tuple_of
from vm.generator.world import World
from vm.generator.writer import crowded
from vm.instructions import INVOKE, RETURN, SET, TABLE
from vm.limits import MEMORY_BYTES_MAX
from vm.module import Kind
from vm.support import TABLES, UNSEEN


class FunctionWriter(Numbers, Compounds, Money, World):
    """Writes a function, one instruction after the other."""

    def run(self) -> Generated:
        """All of it."""
        function = self.at.function
        kind = self.module.functions[function].kind
        names, tests = parameters(self.verified, function)
        self.parameters = set(range(len(names))) - {op.operands[0] for op in self.at.body.ops if op.code == SET}
        if kind == Kind.PUBLIC:
            self._write_door(names, tests)
        else:
            self.line(f"def f{function}({', '.join(['c', 'm', *(['q'] if self.promised else []), *names])}):")
            self.indent = 1
            self.line(f"gas = c[{GAS}]")
        head = len(self.lines)
        self.line("try:")
        self.indent = 2
        self.write_all()
        self.indent = 1
        self.line("except failure:")
        self.line(" settle(c, gas)")
        self.line(" raise")
        self._take_from_the_run(head)
        return Generated("\n".join(self.lines) + "\n", tuple(self.places), self.names, frozenset(self.calls))

    def _write_door(self, names: list[str], tests: Tests) -> None:
        """Begin a function that only strangers call, with all arguments as `x`: it gives `misfit` if they are not of the
        parameters' types, else it pays for its first segment. What fails here, fails where it is called from.
        """
        function = self.at.function
        lines = [f"def f{function}(c, m, x):", f" if len(x) != {len(names)}: return misfit"]
        if names:
            lines += [f" ({', '.join(names)},) = x", f" if m[{UNSEEN}] and not ({' and '.join(tests.texts)}): return misfit"]
        segment = self.at.body.segments[0]
        lines += [f" gas = c[{GAS}] - {segment.gas}", " if gas < 0: out_at_door(c)"]
        if segment.memory or segment.changes:
            lines += [f" c[{GAS}] = gas"]
        if segment.memory:
            lines += [f" c[{MEMORY}] += {segment.memory}", f" if c[{MEMORY}] > {MEMORY_BYTES_MAX}: full()"]
        if segment.changes:
            lines += [f" if {crowded(segment)}: crowded()"]
        if self.promised:
            lines += [f" c[{GAS}] = gas", f" q = remember(m, {function}, {tuple_of(names)})"]
        self.indent = 1
        self.names |= tests.names
        self.lines += lines
        self.places += [()] * len(lines)

    def write_all(self) -> None:
        """The instructions of the function at work."""
        at = self.at
        while at.index < len(at.body.ops):
            op = at.body.ops[at.index]
            self.position = op.position
            count = in_flight(op) if self.checked else 0
            if self.checked and op.code in CROSSINGS:
                self.check(op)
            _WRITERS[op.code](self, op)
            if count:
                self.line(f"c[{IN_FLIGHT}] {'+' if count > 0 else '-'}= 1")
            at.index += 1

    def check(self, op: Op) -> None:
        """Look at what an instruction takes over a border; parameters were looked at when they came."""
        if (op.code == RETURN and self.at.within) or (op.code == INVOKE and self.can_be_written_here(op.operands[0])):
            return
        given = self.stack[len(self.stack) - len(op.takes) :]
        tests = []
        for value, kind in zip(given, op.takes, strict=True):
            seen = value.text, python_type(kind)
            if value.is_constant or value.local in self.parameters or seen in self.seen.types:
                continue
            tests.append(f"kind({value.text}) is {seen[1]}")
            if value.stays:
                self.seen.types.add(seen)
        if tests:
            self.line(f"if not ({' and '.join(tests)}): broken()")

    def _take_from_the_run(self, place: int) -> None:
        """Write, before a line, names for what the lines of the function take from the cells and the run."""
        head = [f" {name} = m[{TABLES}][{field}]" for field, name in self.tables.items()]
        if self.notes:
            head.append(f" w = c[{NOTE}]")
        self.lines[place:place] = head
        self.places[place:place] = [()] * len(head)


_SHARED: Final = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), "compare"),
    **dict.fromkeys(("sha256", "sha3_256", "blake2b_256"), "hash"),
    **dict.fromkeys(("read", "try_call", "try_read"), "call"),
    "move": "get",
    "list": "pack",
}
_WRITERS: Final[dict[int, Callable[[FunctionWriter, Op], None]]] = {
    row.code: getattr(FunctionWriter, f"_do_{_SHARED.get(row.name, row.name)}") for row in TABLE.values()
}
