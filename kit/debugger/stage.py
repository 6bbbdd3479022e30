"""What a debugger walks through: a record, the world it was made in, and what surrounds each of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kit.debugger.evaluate import Frame, Unclear, compute, kind_of, understand
from kit.record.differences import show
from kit.record.entries import Kind, Line, Record, Where
from kit.record.guide import Guide
from kit.record.look import Look
from kit.record.past import Past
from kit.record.words import Words
from lang.check import CheckedTest
from lang.scope import Scope
from lang.symbols import StateField
from lang.types import lower
from vm import types as vm


@dataclass(slots=True)
class Stage:
    """`title` says what ran, `outcome` what came of it in lines; `time_ms` is the time where the record says none;
    `is_whole` whether the record has seen all of the world from its beginning, so that what it does not know is not there.
    """

    record: Record
    guide: Guide
    title: str
    outcome: Sequence[str]
    failed: bool
    time_ms: int
    test: CheckedTest | None = None
    is_whole: bool = True
    words: Words = field(init=False)
    past: Past = field(init=False)

    def __post_init__(self) -> None:
        self.words = Words(self.guide)
        self.past = Past(self.record, self.guide)

    def look(self, line: Line, now: Line) -> Look:
        """What evaluates expressions in the call of a line, when the line `now` further in is about to run."""
        return Look(self.past, self.guide, line, self.time(now), changes=now.changes)

    def time(self, line: Line) -> int:
        """What time it is when a line is about to run, in milliseconds since 1970 UTC."""
        told = self.past.at(line).time_ms()
        return self.time_ms if told is None else told

    def frame(self, line: Line) -> Frame:
        """What surrounds a line. Raises `Unclear` where its text is not known."""
        scene = line.scene
        if scene.kind is Kind.TEST and self.test is not None:
            return Frame(line, self.test.scope, self.test.declaration.body, True)
        if scene.symbol is not None and isinstance(scene.symbol.scope, Scope):
            return Frame(line, scene.symbol.scope, scene.symbol.declaration.body or [], False)
        known = self.guide.known(scene.contract) if scene.contract else None
        if known is not None and known.symbol is not None:
            for function in (known.symbol.init, *known.symbol.functions.values()):
                if function is not None and isinstance(function.scope, Scope):
                    return Frame(line, function.scope, (), False)
        raise Unclear("the text of this code is not here, so that nothing can be named")

    def value(self, text: str, line: Line, now: Line) -> str:
        """The value of an expression in the call of a line, when the line `now` is about to run. Raises `Unclear`."""
        node = understand(text, self.frame(line))
        kind = kind_of(node)
        if isinstance(kind, vm.Map | vm.Set):
            if not isinstance(node.ref, StateField):
                raise Unclear("this has no value here")
            return self._entries(line, now, node.ref.index, kind)
        value = compute(node, self.look(line, now))
        lowered = vm.AMOUNT if isinstance(kind, vm.Vault) else lower(kind)
        return show(value, lowered, self.words.setting(line.scene.contract or None))

    def wheres(self, text: str, line: Line, now: Line) -> frozenset[Where]:
        """The things in the world on which an expression hangs at a line. Raises `Unclear`."""
        self.past.asked = set()
        try:
            self.value(text, line, now)
        except Unclear:
            if not self.past.asked:
                raise
        finally:
            asked, self.past.asked = self.past.asked, None
        return frozenset(asked)

    def _entries(self, line: Line, now: Line, field_number: int, kind: vm.Map | vm.Set) -> str:
        setting = self.words.setting(line.scene.contract)
        shown = []
        for number, key, value in self.past.at(now).slots(line.scene.contract):
            if number == field_number:
                entry = show(key, kind.key, setting)
                shown.append(f"{entry}: {show(value, kind.value, setting)}" if isinstance(kind, vm.Map) else entry)
        return "{" + ", ".join(shown) + "}" + self.rest

    @property
    def rest(self) -> str:
        """What is said behind a map or set of which not all need be known."""
        return "" if self.is_whole else " and what this transaction did not touch"
