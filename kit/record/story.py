"""The story of a record: a tree of calls in lines, as far in as is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kit.record.differences import shorten, show
from kit.record.entries import Kind, Line, Paid, Passed, Record, Scene, Told, Wrote
from kit.record.words import Words
from lang.symbols import Local
from lang.types import lower

Style = Callable[[str, str], str]
"""A text in a style such as "dim" or "red"."""
STORY_LINES_MAX = 120
"""Of one story that is told to people unasked; of longer ones the middle is left out."""
_CODE_WIDTH = 64


class Row(NamedTuple):
    """One line of a story: how far in, what, an aside, and what it is: "call", "failure", "state", "money", "event", "line"."""

    depth: int
    text: str
    aside: str = ""
    role: str = "call"


_STYLES = {"failure": "red", "event": "cyan", "money": "yellow", "line": "dim"}


def rows(record: Record, words: Words, *, lines: bool = False, of: Scene | None = None) -> list[Row]:
    """The story of a record, or of one scene in it; with `lines` every line of the sources that ran, with its gas and the values
    that it changed.
    """
    teller = _Teller(words, lines)
    scene = of or record.root
    told = list(teller.inside(scene, 0) if scene.parent is None else teller.scene(scene, 0))
    if record.skipped or record.entries_lost:
        told.insert(0, Row(0, f"… {record.skipped + record.entries_lost:_} lines are left out: too long to be kept", "", "line"))
    return told


class _Teller:
    def __init__(self, words: Words, lines: bool) -> None:
        self.words = words
        self.lines = lines
        self.gutter = "     │   " if lines else ""

    def scene(self, scene: Scene, depth: int) -> Iterator[Row]:
        """One call, and what is inside of it."""
        if scene.kind is Kind.PROMISE:
            if scene.failure is None and scene.result is not False:
                return  # a promise that was kept is no news
            if scene.failure is None:
                yield Row(depth, f"{self._promise(scene)} does not hold", "", "failure")
                return
        yield Row(depth, self.words.title(scene), f"{scene.gas:_} gas" if scene.gas else "")
        inner = self._only(scene)
        if inner is not None:  # a transaction is told as the call that it is
            yield from self.inside(inner, depth + 1)
            rest = [entry for entry in scene.entries if entry is not inner]
            yield from self._entries(Scene(scene.kind, scene.parent, rest), depth + 1)
        else:
            yield from self.inside(scene, depth + 1)
        yield from self._outcome(scene, inner, depth + 1)

    def inside(self, scene: Scene, depth: int) -> Iterator[Row]:
        """What a scene is made of."""
        yield from self._entries(scene, depth)

    def _entries(self, scene: Scene, depth: int) -> Iterator[Row]:
        last: Line | None = None
        for entry in scene.entries:
            if isinstance(entry, Line):
                if self.lines:
                    yield from self._changed(last, entry, depth)
                    yield self._line(entry, depth)
                    last = entry
            elif isinstance(entry, Scene):
                yield from self.scene(entry, depth)
            else:
                role = {Wrote: "state", Paid: "money", Told: "event", Passed: "time"}[type(entry)]
                yield from (Row(depth, self.gutter + text, "", role) for text in self.words.entry(entry))

    def _outcome(self, scene: Scene, inner: Scene | None, depth: int) -> Iterator[Row]:
        if scene.failure is not None:
            yield Row(depth, f"fails: {self.words.failure(scene.failure)}", "", "failure")
            return
        given = self.words.result(inner or scene) if scene.kind is not Kind.TRANSACTION or inner is not None else None
        if given is not None:
            yield Row(depth, f"gives {given}", "", "result")

    def _only(self, scene: Scene) -> Scene | None:
        if scene.kind not in (Kind.TRANSACTION, Kind.READ):
            return None
        functions = [entry for entry in scene.entries if isinstance(entry, Scene) and entry.kind is Kind.FUNCTION]
        return functions[0] if len(functions) == 1 else None

    def _promise(self, scene: Scene) -> str:
        code = scene.code
        if code is None or code.source is None:
            return "a promise"
        what = "invariant" if code.name.startswith("invariant") else "ensures"
        span = code.spans[0]
        return f"{what} {' '.join(code.source.text[span.start : span.end].split())}"

    def _line(self, line: Line, depth: int) -> Row:
        if line.source is None:
            return Row(depth, "its text is not here", f"{line.gas:_} gas", "line")
        text = line.source.line(line.line).strip()
        return Row(depth, f"{line.line:>4} │ {shorten(text, _CODE_WIDTH)}", f"{line.gas:_} gas" if line.gas else "", "line")

    def _changed(self, before: Line | None, after: Line, depth: int) -> Iterator[Row]:
        """The locals that the last line changed."""
        if before is None:
            return
        old, new = dict(named(before)), dict(named(after))
        setting = self.words.setting(after.scene.contract or None)
        for local, value in new.items():
            if local not in old or old[local] != value:
                shown = "used up" if value is None else show(value, lower(local.type), setting)
                yield Row(depth, f"{self.gutter}{local.name} = {shown}", "", "value")


def named(line: Line) -> Iterator[tuple[Local, object]]:
    """The locals of a line by their names, as far as they have one and a value."""
    if isinstance(line.locals, dict):
        yield from line.locals.items()
    elif line.scene.symbol is not None:
        for local in line.scene.symbol.locals:
            if local.slot < len(line.locals):
                yield local, line.locals[local.slot]


def lay_out(told: Sequence[Row], style: Style | None = None, *, most: int | None = STORY_LINES_MAX) -> list[str]:
    """Rows as lines, indented by depth. Of more than `most` the middle is left out."""
    kept: list[Row | None] = list(told)
    if most is not None and len(told) > most:
        first = most // 3
        kept = [*told[:first], None, *told[first + len(told) - most :]]
    lines = []
    for row in kept:
        if row is None:
            lines.append(f"… {len(told) - (most or 0):_} lines are left out; --json and `tael debug` have them all")
            continue
        text, aside = "  " * row.depth + row.text, f"  {row.aside}" if row.aside else ""
        if style is not None:
            text = style(text, _STYLES[row.role]) if row.role in _STYLES else text
            aside = style(aside, "dim") if aside else ""
        lines.append(text + aside)
    return lines
