"""Where tests are run fast: one world for many tests, gone back to and never made anew, and test bodies as closures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.testing.closures import Frame, Step, Translator, Value, depends
from kit.testing.world import Point, Unmet, World
from lang.check import CheckedTest
from lang.source import Source
from vm.failure import Failure

GAS_BITS = 6  # cases that differ by less gas than 2 to the power of so much are alike


class Prepared:
    """A test, ready to be run any number of times in the world of a stage.

    `fixed` counts the statements before the first that depends on a chosen value. `said` has the text of each of these, by which
    another test is seen to begin alike.
    """

    def __init__(self, world: World, test: CheckedTest, source: Source) -> None:
        body = test.declaration.body
        translator = Translator(world, test.parameters)
        self.steps: list[Step] = [translator.step(statement) for statement in body]
        self.fixed = next((n for n, statement in enumerate(body) if depends(statement, test.parameters)), len(body))
        where = test.declaration.where
        self.where: Value | None = None if where is None else translator.value(where)
        self.size = len(translator.frame())
        beginning = f"{len(test.parameters)} chosen"  # whose places come first
        self.said = (beginning, *(source.text[s.span.start : s.span.end] for s in body[: self.fixed]))

    def alike(self, said: Sequence[str]) -> int:
        """How many statements at its beginning are the same as in another test."""
        for place, (mine, other) in enumerate(zip(self.said, said, strict=False)):
            if mine != other:
                return max(0, place - 1)
        return min(len(self.said), len(said)) - 1


class Stage:
    """The world in which the tests of one file with one main currency are run, one after the other.

    Tests that begin with the same statements share them: they are carried out once, and each test goes on from there.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._reached: list[tuple[tuple[str, ...], Point, Frame]] = [((), world.point(), [])]

    def go_to(self, prepared: Prepared, count: int) -> tuple[int, Frame]:
        """Bring the world to where at least so many statements of a test have been carried out; how many have been, and the
        test's frame. Raises what they raise.
        """
        reached = self._reached
        while reached[-1][0] != prepared.said[: len(reached[-1][0])]:
            reached.pop()
        known, point, kept = reached[-1]
        self.world.back(point)
        frame = [*kept, *[None] * (prepared.size - len(kept))]
        done = max(0, len(known) - 1)
        if done >= count:
            return done, frame
        for step in prepared.steps[done:count]:
            step(frame)
        reached.append((prepared.said[: count + 1], self.world.point(), frame.copy()))
        return count, frame

    def run(self, prepared: Prepared, shared: int) -> Unmet | Failure | None:
        """Run a test from its beginning to its end, and remember where `shared` of its statements have been carried out; why it
        failed, if it did.
        """
        try:
            done, frame = self.go_to(prepared, shared)
            for step in prepared.steps[done:]:
                step(frame)
        except (Unmet, Failure) as problem:
            return problem
        return None


class Cases:
    """The cases of a `for any` test, from where its beginning has been carried out once."""

    def __init__(self, stage: Stage, prepared: Prepared, count: int) -> None:
        """Raises what the beginning of the test raises."""
        self._world = stage.world
        self._where = prepared.where
        self._count = count
        _, self._frame = stage.go_to(prepared, prepared.fixed)
        self._steps = prepared.steps[prepared.fixed :]
        self._start = stage.world.point()

    def admits(self, values: Sequence[Any]) -> bool:
        """Whether the values satisfy `where`."""
        if self._where is None:
            return True
        frame = self._frame
        frame[: self._count] = values
        try:
            return bool(self._where(frame))
        except Failure:
            return False

    def run(self, values: Sequence[Any]) -> Unmet | Failure | None:
        """Run the case of these values, one for each parameter; why it failed, if it did. What it did is there until the next."""
        world = self._world
        world.back(self._start)
        frame = self._frame.copy()
        frame[: self._count] = values
        try:
            for step in self._steps:
                step(frame)
        except (Unmet, Failure) as problem:
            return problem
        return None

    @property
    def gas_used(self) -> int:
        """What the last case used, its beginning included."""
        return self._world.gas_used

    def signal(self) -> object:
        """What the last case showed, roughly: how many events there were, how much gas was used."""
        return len(self._world.sandbox.events), self._world.gas_used >> GAS_BITS
