"""Coverage of the code that would be deployed: what ran of it, told in terms of the text it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kit.testing.reports.meter import Meter, Node
from kit.testing.reports.subjects import Subject
from lang.emit import NOWHERE, Fork, FunctionDebug
from lang.source import Source, Span
from vm import instructions as op

LOGIC = ("and", "or", "implies")


@dataclass(slots=True)
class Ways:
    """How often a question was answered with yes, and with no. `known` is False where the code does not show the answer."""

    yes: int = 0
    no: int = 0
    known: bool = True

    @property
    def taken(self) -> int:
        """How many of the two ways were taken."""
        return (self.yes > 0) + (self.no > 0)

    def add(self, yes: int, no: int) -> None:
        """Count more answers."""
        self.yes += yes
        self.no += no


@dataclass(slots=True)
class Count:
    """So many of so many."""

    hit: int = 0
    all: int = 0

    def add(self, hit: int, of: int = 1) -> None:
        """Count more."""
        self.hit += hit
        self.all += of

    @property
    def percent(self) -> float:
        """100 where there is nothing to hit."""
        return 100.0 if not self.all else self.hit * 100 / self.all

    def __str__(self) -> str:
        return f"{self.hit}/{self.all}" if self.all else "-"


@dataclass(slots=True)
class Told:
    """How often an error was raised or an event emitted, and the first line that does it."""

    line: int
    times: int = 0


@dataclass(slots=True)
class FileCoverage:
    """What ran of one file. Lines and functions are counted by how often they ran, questions by their answers.

    `branches` are the conditional jumps by place and word; `conditions` the operands of `and`, `or`, `implies` and of several
    `by`; `errors` and `events` are by contract and name.
    """

    source: Source
    lines: dict[int, int] = field(default_factory=dict)
    functions: dict[tuple[int, str], int] = field(default_factory=dict)
    branches: dict[tuple[Span, str], Ways] = field(default_factory=dict)
    conditions: dict[Span, Ways] = field(default_factory=dict)
    errors: dict[tuple[str, str], Told] = field(default_factory=dict)
    events: dict[tuple[str, str], Told] = field(default_factory=dict)

    def counts(self) -> dict[str, Count]:
        """How much was hit of each kind, in the order of the table."""
        lines, functions = list(self.lines.values()), list(self.functions.values())
        conditions = [ways for ways in self.conditions.values() if ways.known]
        return {
            "lines": Count(sum(n > 0 for n in lines), len(lines)),
            "branches": Count(sum(ways.taken for ways in self.branches.values()), 2 * len(self.branches)),
            "conditions": Count(sum(ways.taken for ways in conditions), 2 * len(conditions)),
            "functions": Count(sum(n > 0 for n in functions), len(functions)),
            "errors": Count(sum(told.times > 0 for told in self.errors.values()), len(self.errors)),
            "events": Count(sum(told.times > 0 for told in self.events.values()), len(self.events)),
        }


KINDS = ("lines", "branches", "conditions", "functions", "errors", "events")


def coverage(meter: Meter, subjects: Iterable[Subject]) -> list[FileCoverage]:
    """What ran of the files that the contracts come from, by path."""
    sums: dict[tuple[str, int], Node] = {}
    for trial in meter.trials.values():
        for node in trial.nodes():
            place = node.subject.key, node.function
            if place not in sums:
                sums[place] = Node.new(node.subject, node.function)
            sums[place].add(node)
    files: dict[str, FileCoverage] = {}
    for subject in subjects:
        for number, _, debug in subject.functions():
            file = files.setdefault(debug.source.path, FileCoverage(debug.source))
            _Function(file, debug, sums.get((subject.key, number)) or Node.new(subject, number)).add()
    return [files[path] for path in sorted(files)]


class _Function:
    """One function's visits, told to its file."""

    def __init__(self, file: FileCoverage, debug: FunctionDebug, node: Node) -> None:
        self.file = file
        self.debug = debug
        self.subject, self.number = node.subject, node.function
        self.visits, self.truths = node.visits, node.truths
        self.ops = self.subject.verified.bodies[self.number].ops
        self.at = {op.position: index for index, op in enumerate(self.ops)}
        self.answers: dict[Span, Ways] = {}
        self.firsts: dict[Span, Ways] = {}  # of the first operands, by the place of the whole

    def add(self) -> None:
        """Count everything."""
        if self.debug.declared != NOWHERE:
            line, _ = self.debug.source.position(self.debug.declared.start)
            place = line, self.debug.name.partition("$")[0]
            self.file.functions[place] = self.file.functions.get(place, 0) + self.visits[0]
        self._lines()
        self._errors_and_events()
        for fork in self.debug.forks:
            if fork.kind == "return":
                yes, no = self.truths.get(fork.position, (0, 0))
                self.answers.setdefault(fork.span, Ways()).add(*((no, yes) if fork.inverted else (yes, no)))
            else:
                self._branch(fork)
        self._authority()
        for fork in self.debug.forks:
            if fork.kind in LOGIC:
                self._condition(fork)

    def _lines(self) -> None:
        lines: dict[int, int] = {}
        for instruction in self.ops:
            if instruction.code in (op.ELSE, op.END):
                continue  # where ways meet belongs to neither
            source, span = self.subject.place(self.number, instruction.position)
            if instruction.code == op.RETURN and not source.text.startswith("return", span.start):
                continue  # it is not written
            line = source.position(span.start)[0]
            lines[line] = max(lines.get(line, 0), self.visits[instruction.position])
        for line, times in lines.items():
            self.file.lines[line] = self.file.lines.get(line, 0) + times

    def _errors_and_events(self) -> None:
        module = self.subject.compiled.module
        for instruction in self.ops:
            if instruction.code in (op.FAIL, op.EMIT):
                is_error = instruction.code == op.FAIL
                known = self.file.errors if is_error else self.file.events
                name = (module.errors if is_error else module.events)[instruction.operands[0]].name
                place = self.subject.name, name
                told = known.setdefault(place, Told(self.subject.line(self.number, instruction.position)))
                told.times += self.visits[instruction.position]

    def _after(self, position: int) -> int:
        """How often the instruction behind the one at a position ran."""
        return self.visits[self.ops[self.at[position] + 1].position]

    def _branch(self, fork: Fork) -> None:
        """Behind an `if` its block begins, which is entered by no other way."""
        into = self._after(fork.position)
        past = self.visits[fork.position] - into
        yes, no = (past, into) if fork.inverted else (into, past)
        self.answers.setdefault(fork.span, Ways()).add(yes, no)
        if fork.kind in LOGIC:
            assert fork.whole is not None
            self.firsts.setdefault(fork.whole, Ways()).add(into, past)  # the operand as it is written, with its `not`
        if fork.kind == "by" or fork.kind in LOGIC:
            self.file.conditions.setdefault(fork.span, Ways()).add(yes, no)
        else:
            self.file.branches.setdefault((fork.span, fork.kind), Ways()).add(yes, no)

    def _authority(self) -> None:
        """`by` lets a caller in or does not; of several alternatives the last decides when none before it did."""
        for instruction in self.ops:
            if instruction.code != op.AUTHORIZE:
                continue
            _, span = self.subject.place(self.number, instruction.position)
            allowed = self._after(instruction.position)
            refused = self.visits[instruction.position] - allowed
            earlier = [fork.span for fork in self.debug.forks if fork.kind == "by"]
            clause = Span(min([span, *earlier]).start, span.end)
            self.file.branches.setdefault((clause, "by"), Ways()).add(allowed, refused)
            if earlier:
                allowed -= sum(self.answers[asked].yes for asked in earlier)
                self.file.conditions.setdefault(span, Ways()).add(allowed, refused)

    def _condition(self, fork: Fork) -> None:
        """The second operand of `and`, `or`, `implies`, whose answer shows only in that of the whole."""
        assert fork.right is not None
        ways = self.file.conditions.setdefault(fork.right, Ways())
        answer = self._second(fork)
        if answer is None:
            ways.known = False
        elif fork.right not in self.answers:
            ways.add(*answer)

    def _second(self, fork: Fork) -> tuple[int, int] | None:
        """How often the second operand held and did not; None if the code does not show it."""
        assert fork.whole is not None
        whole, first = self._answer(fork.whole), self.firsts[fork.whole]
        if whole is None:
            return None
        if fork.kind == "and":
            return whole.yes, whole.no - first.no
        return whole.yes - (first.yes if fork.kind == "or" else first.no), whole.no

    def _answer(self, asked: Span) -> Ways | None:
        """How often an expression held and did not: where the code jumps by it, or where it is a part of what does so."""
        if asked in self.answers:
            return self.answers[asked]
        for fork in self.debug.forks:
            if fork.right == asked and fork.whole != asked:
                second = self._second(fork)
                return None if second is None else Ways(*second)
        return None


def total(files: Iterable[FileCoverage]) -> dict[str, Count]:
    """How much was hit of each kind in all files together."""
    counts = {kind: Count() for kind in KINDS}
    for file in files:
        for kind, count in file.counts().items():
            counts[kind].add(count.hit, count.all)
    return counts


def plain_coverage(files: list[FileCoverage]) -> dict[str, Any]:
    """In JSON's types: percentages of all, and of each file what was not reached."""

    def percents(counts: dict[str, Count]) -> dict[str, Any]:
        return {kind: {"hit": count.hit, "all": count.all, "percent": round(count.percent, 2)} for kind, count in counts.items()}

    return {
        "total": percents(total(files)),
        "files": [
            {
                "path": file.source.path,
                **percents(file.counts()),
                "missed": [{"line": line, "what": what} for line, what in missed(file)],
            }
            for file in files
        ],
    }


_SAID = {
    "by": ("allowed", "refused"),
    "for": ("ran", "ran out"),
    "while": ("ran", "ran out"),
    "case": ("chosen", "passed over"),
    "try": ("went well", "failed"),
    "else": ("needed", "not needed"),
    "merge": ("joined", "alone"),
}
"""What the two ways of a branch are called; else true and false."""


def missed(file: FileCoverage) -> list[tuple[int, str]]:
    """What was not reached, by line: whole lines, and ways not taken on lines that ran."""
    found = [(line, "line") for line, times in file.lines.items() if not times]
    for (span, kind), ways in file.branches.items():
        found += _ways_missed(file, span, ways, kind, _SAID.get(kind, ("true", "false")))
    for span, ways in file.conditions.items():
        if ways.known:
            found += _ways_missed(file, span, ways, "condition", ("true", "false"))
    for word, known, what in (("error", file.errors, "raised"), ("event", file.events, "emitted")):
        found += [(told.line, f"{word} {name}: never {what}") for (_, name), told in known.items() if not told.times]
    return sorted(found)


def _ways_missed(file: FileCoverage, span: Span, ways: Ways, kind: str, said: tuple[str, str]) -> list[tuple[int, str]]:
    line = file.source.position(span.start)[0]
    if ways.taken == 2 or not file.lines.get(line, 1):
        return []
    text = " ".join(file.source.text[span.start : span.end].split())
    missing = [word for word, times in zip(said, (ways.yes, ways.no), strict=True) if not times]
    return [(line, f"{kind} {text}: never {word}") for word in missing]
