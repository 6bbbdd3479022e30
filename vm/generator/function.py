"""All instructions together: the Python of a function from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vm.function_verifier import Op
from vm.generator.compounds import Compounds
from vm.generator.money import Money
from vm.generator.numbers import Numbers
from vm.generator.text import Generated
from vm.generator.world import World
from vm.instructions import TABLE
from vm.support import GAS, KEEP_EVENT, LOG, NOTE, TABLES


class FunctionWriter(Numbers, Compounds, Money, World):
    """Writes a function, one instruction after the other."""

    def run(self) -> Generated:
        """All of it."""
        function = self.at.function
        count = len(self.module.functions[function].parameters)
        names = ["m", *(["q"] if self.promised else []), *(f"l{n}" for n in range(count))]
        self.line(f"def f{function}({', '.join(names)}):")
        self.indent = 1
        self.line(f"gas = m[{GAS}]")
        self.line("try:")
        self.indent = 2
        self.write_all()
        self.indent = 1
        self.line("except failure:")
        self.line(" settle(m, gas)")
        self.line(" raise")
        self._take_from_the_run()
        return Generated("\n".join(self.lines) + "\n", tuple(self.places), self.names, frozenset(self.calls))

    def write_all(self) -> None:
        """The instructions of the function at work."""
        at = self.at
        while at.index < len(at.body.ops):
            op = at.body.ops[at.index]
            self.position = op.position
            _WRITERS[op.code](self, op)
            at.index += 1

    def _take_from_the_run(self) -> None:
        """Write the head of the function: names for what its lines take from the run."""
        head = [f" {name} = m[{TABLES}][{field}]" for field, name in self.tables.items()]
        if self.changes:
            head += [f" g = m[{LOG}]", f" w = m[{NOTE}]"]
        if self.emits:
            head.append(f" z = m[{KEEP_EVENT}]")
        self.lines[1:1] = head
        self.places[1:1] = self.places[:1] * len(head)


_SHARED: Final = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), "compare"),
    **dict.fromkeys(("sha256", "sha3_256", "blake2b_256"), "hash"),
    **dict.fromkeys(("read", "try_call", "try_read"), "call"),
    "move": "get",
    "list": "pack",
}
_WRITERS: Final[dict[int, Callable[[FunctionWriter, Op], None]]] = {
    row.code: getattr(FunctionWriter, f"do_{_SHARED.get(row.name, row.name)}") for row in TABLE.values()
}
