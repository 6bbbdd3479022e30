"""Where one is in a record, and the ways to go on from there. Nothing is shown here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from kit.record.entries import Change, Kind, Line, Record, Scene

FORWARDS, BACKWARDS = 1, -1


class Walk:
    """A place among the lines of a record: the line there is about to run. Every way says whether one has come anywhere; its
    `way` is `FORWARDS` or `BACKWARDS`. Promises that were kept are passed by.
    """

    def __init__(self, record: Record, *, failed: bool) -> None:
        """`failed` says whether the whole did: then its last line is where."""
        self.record = record
        self.lines = [line for line in record.lines if not _is_kept(line.scene)]
        self.at = 0
        self._failing = {id(scene.lines[-1]) for scene in _innermost(record.root)}
        if failed and not self._failing:
            self._failing = {id(record.root.lines[-1])}

    @property
    def line(self) -> Line:
        """The line that is about to run."""
        return self.lines[self.at]

    def go(self, number: int) -> bool:
        """To a line by its number in the record."""
        before, self.at = self.at, max(0, min(number, len(self.lines) - 1))
        return self.at != before

    def find(self, wanted: Callable[[Line], bool], way: int) -> bool:
        """To the nearest line that is wanted; nowhere if there is none."""
        number = self.at + way
        while 0 <= number < len(self.lines):
            if wanted(self.lines[number]):
                self.at = number
                return True
            number += way
        return False

    def step(self, way: int) -> bool:
        """To the line that runs next, wherever, or that ran before."""
        return self.go(self.at + way)

    def over(self, way: int) -> bool:
        """To the next line of this function, or of the one that called it when this one is over; likewise back."""
        around = list(self.line.scene.within())
        return self.find(lambda line: line.scene in around, way)

    def out(self, way: int) -> bool:
        """To where this function is over, or back to where it was called."""
        around = list(self.line.scene.within())[1:]
        return self.find(lambda line: line.scene in around, way)

    def end(self, way: int) -> bool:
        """To the last line, or back to the first."""
        return self.go(len(self.lines) - 1 if way > 0 else 0)

    def change(self, wanted: Callable[[Change], bool], way: int) -> Change | None:
        """To the line that makes the next change that is wanted, or made the last one; the change."""
        changes = self.record.changes
        number = self.count(self.at + 1) if way > 0 else self.line.changes - 1
        while 0 <= number < len(changes):
            if wanted(changes[number]):
                self.at = max(0, bisect_right(self.lines, number, key=lambda line: line.changes) - 1)
                return changes[number]
            number += way
        return None

    def count(self, number: int) -> int:
        """How many changes were made before the line of a number; all of them behind the last line."""
        return self.lines[number].changes if number < len(self.lines) else len(self.record.changes)

    def made(self, number: int) -> list[Change]:
        """The changes that a line made, and what it called that had no lines of its own."""
        return self.record.changes[self.count(number) : self.count(number + 1)]

    def failure(self, way: int) -> bool:
        """To the next line in which something failed, or the last one."""
        return self.find(self.is_failing, way)

    def is_failing(self, line: Line) -> bool:
        """Whether a failure came up in a line, and not further in."""
        return id(line) in self._failing


def _is_kept(scene: Scene) -> bool:
    """Whether a scene is the checking of a promise that was kept, or within one."""
    outermost = next((around for around in reversed(list(scene.within())) if around.kind is Kind.PROMISE), None)
    return outermost is not None and outermost.failure is None and outermost.result is not False


def _innermost(root: Scene) -> list[Scene]:
    """For each failure the innermost scene with lines that it ended."""
    found: dict[int, Scene] = {}
    stack = [root]
    while stack:
        scene = stack.pop(0)
        if scene.failure is not None and scene.lines:
            found[id(scene.failure)] = scene
        stack += [entry for entry in scene.entries if isinstance(entry, Scene)]
    return list(found.values())
