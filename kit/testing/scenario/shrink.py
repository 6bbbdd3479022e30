"""The shortest history that fails alike: steps left out, waits and arguments made simple, people made fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from kit.testing.scenario.stage import Stage, Step
from vm import types as vm

PLAYS_MAX = 4_000
"""Histories that are played to shrink one; what is left then is told as it is."""
ROUNDS_MAX = 12
"""Rounds of making everything simpler; three are usual."""
NICE_WAITS_MS = (
    1,
    1_000,
    60_000,
    3_600_000,
    86_400_000,
    2 * 86_400_000,
    7 * 86_400_000,
    30 * 86_400_000,
    365 * 86_400_000,
)

UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000, 1)


class Shrinker:
    """Makes a history smaller as long as `fails` says that it fails alike."""

    def __init__(self, stage: Stage, fails: Callable[[Sequence[Step]], bool], plays_max: int = PLAYS_MAX) -> None:
        self.stage = stage
        self.fails = fails
        self.left = plays_max
        self._known: dict[tuple[Step, ...], bool] = {}

    def run(self, steps: Sequence[Step]) -> list[Step]:
        """The smaller history; no single step of it can be left out, unless the plays ran out."""
        best = list(steps)
        for shorter in (self.stage.successes(best), [replace(step, wait_ms=0) for step in self.stage.successes(best)]):
            if self._try(shorter):
                best = shorter
        best = self._without_steps(best)
        for _ in range(ROUNDS_MAX):
            before = list(best)
            best = self._simpler_waits(best)
            best = self._fewer_people(best)
            best = self._simpler_arguments(best)
            best = self._joined(best)
            best = self._without_steps(best)
            if best == before:
                break
        return best

    def _try(self, steps: list[Step]) -> bool:
        key = tuple(steps)
        known = self._known.get(key)
        if known is None:
            if self.left <= 0:
                return False
            self.left -= 1
            known = self._known[key] = self.fails(steps)
        return known

    # ── Steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _without_steps(self, steps: list[Step]) -> list[Step]:
        size = max(1, len(steps) // 2)
        while True:
            place, dropped = 0, False
            while place < len(steps):
                for shorter in _without(steps, place, size):
                    if self._try(shorter):
                        steps, dropped = shorter, True
                        break
                else:
                    place += size
            if size == 1 and not dropped:
                return steps
            size = max(1, size // 2)

    def _joined(self, steps: list[Step]) -> list[Step]:
        """Two calls of one function as one, with the sum of what they had: two payments as one."""
        later = len(steps) - 1
        while later > 0:
            for earlier in range(later):
                joined = _sum(steps[earlier], steps[later])
                if joined is None:
                    continue
                wait_ms = steps[earlier].wait_ms
                rest = [*steps[:earlier], *steps[earlier + 1 : later], joined, *steps[later + 1 :]]
                if wait_ms:
                    rest[earlier] = replace(rest[earlier], wait_ms=rest[earlier].wait_ms + wait_ms)
                if self._try(rest):
                    steps = rest
                    later = len(steps)
                    break
            later -= 1
        return steps

    # ── Waits ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _simpler_waits(self, steps: list[Step]) -> list[Step]:
        for place, step in enumerate(steps):
            if not step.wait_ms:
                continue
            for wait_ms in (0, *(nice for nice in NICE_WAITS_MS if nice < step.wait_ms)):
                changed = _with(steps, place, replace(step, wait_ms=wait_ms))
                if self._try(changed):
                    steps = changed
                    break
            else:
                steps = self._least_wait(steps, place)
        return steps

    def _least_wait(self, steps: list[Step], place: int) -> list[Step]:
        """Halve between what is too short and what is long enough, in the largest unit that still helps."""
        step = steps[place]
        for unit in UNITS_MS:
            if unit > step.wait_ms:
                continue
            low, high = 0, -(-step.wait_ms // unit)
            while high - low > 1:
                middle = (low + high) // 2
                changed = _with(steps, place, replace(step, wait_ms=middle * unit))
                low, high = (low, middle) if self._try(changed) else (middle, high)
            changed = _with(steps, place, replace(step, wait_ms=high * unit))
            if changed == steps or self._try(changed):
                return changed  # finer units would only make it longer to read
        return steps

    # ── People ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fewer_people(self, steps: list[Step]) -> list[Step]:
        people = list(self.stage.actors)
        for place in range(len(people) - 1, 0, -1):
            for other in people[:place]:
                changed = [_instead(step, people[place], other) for step in steps]
                if changed != steps and self._allowed(changed) and self._try(changed):
                    steps = changed
                    break
        return steps

    def _allowed(self, steps: Sequence[Step]) -> bool:
        return all(step.actor in self.stage.targets[step.target].actors for step in steps)

    # ── Arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _simpler_arguments(self, steps: list[Step]) -> list[Step]:
        for place in range(len(steps)):
            for number, kind in enumerate(self.stage.targets[steps[place].target].kinds):
                steps = self._simpler_argument(steps, place, number, kind)
        return steps

    def _simpler_argument(self, steps: list[Step], place: int, number: int, kind: vm.Type) -> list[Step]:
        is_simpler = True
        while is_simpler and self.left > 0:
            is_simpler = False
            step = steps[place]
            for value in self._simpler(kind, step.arguments[number], step):
                arguments = (*step.arguments[:number], value, *step.arguments[number + 1 :])
                changed = _with(steps, place, replace(step, arguments=arguments))
                if changed != steps and self._try(changed):
                    steps, is_simpler = changed, True
                    break
        return steps

    def _simpler(self, kind: vm.Type, value: Any, step: Step) -> Iterator[Any]:
        """Simpler values, the simplest first."""
        match kind:
            case vm.Bool():
                if value:
                    yield False
            case vm.Coin():
                decimals = self.stage.world.decimals[value.currency]
                for amount in _smaller(value.amount, decimals):
                    yield vm.CoinValue(value.currency, amount)
            case vm.Amount(currency):
                home = self.stage.targets[step.target].deployed.currency
                yield from _smaller(value, self.stage.world.decimals[currency or home])
            case vm.Int(name="Time"):
                if value != self.stage.start.time_ms:
                    yield self.stage.start.time_ms
            case vm.Int(name="Duration"):
                yield from (wait for wait in (0, *NICE_WAITS_MS) if wait < value)
            case vm.Int():
                yield from _smaller(value, 0)
            case vm.Address():
                people = list(self.stage.actors)
                yield from people[: people.index(value)] if value in people else people
            case vm.Text():
                if value:
                    yield ""
                    yield value[: len(value) // 2]
            case vm.Bytes():
                if len(value) > 1:
                    yield value[:1]
                    yield value[: len(value) // 2]
            case vm.List(element, _):
                yield from (value[:n] + value[n + 1 :] for n in range(len(value)))
                yield from self._within([element] * len(value), value, step)
            case vm.Option(element):
                if value[0] == 1:
                    yield (0,)
                    yield from ((1, inner) for inner in self._simpler(element, value[1], step))
            case vm.Tuple(items):
                yield from self._within(list(items), value, step)
            case vm.Struct(_, fields):
                yield from self._within([each for _, each in fields], value, step)
            case vm.Enum(_, variants):
                yield from ((tag,) for tag in range(value[0]) if not variants[tag][1])
                kinds = [each for _, each in variants[value[0]][1]]
                yield from ((value[0], *inner) for inner in self._within(kinds, value[1:], step))

    def _within(self, kinds: list[vm.Type], value: tuple[Any, ...], step: Step) -> Iterator[tuple[Any, ...]]:
        for number, kind in enumerate(kinds):
            for inner in self._simpler(kind, value[number], step):
                yield (*value[:number], inner, *value[number + 1 :])


def _with(steps: list[Step], place: int, step: Step) -> list[Step]:
    return [*steps[:place], step, *steps[place + 1 :]]


def _without(steps: list[Step], place: int, size: int) -> Iterator[list[Step]]:
    """Without some steps; first without the time that passed in them, then with it before the next step."""
    dropped, rest = steps[place : place + size], steps[place + size :]
    yield [*steps[:place], *rest]
    wait_ms = sum(step.wait_ms for step in dropped)
    if wait_ms and rest:
        yield [*steps[:place], replace(rest[0], wait_ms=rest[0].wait_ms + wait_ms), *rest[1:]]


def _smaller(value: int, decimals: int) -> Iterator[int]:
    """Numbers nearer to nothing: none, one, whole ones, halves, one less."""
    if value < 0:
        yield -value
        yield from (-smaller for smaller in _smaller(-value, decimals))
        return
    if value == 0:
        return  # half of nothing is no smaller
    one = 10**decimals
    yield from (each for each in sorted({0, 1, 2, 10, one, 2 * one, 10 * one, 100 * one}) if each < value)
    if value > one > 1 and value % one:
        yield value - value % one
    yield value // 2
    step = value // 4
    while step:
        yield value - step
        step //= 2


def _sum(earlier: Step, later: Step) -> Step | None:
    """The later call with what the earlier one had added to its numbers; None where there is nothing to add up."""
    if earlier.target != later.target:
        return None
    arguments: list[Any] = []
    for ours, theirs in zip(earlier.arguments, later.arguments, strict=True):
        if isinstance(theirs, vm.CoinValue) and theirs.currency == ours.currency:
            arguments.append(vm.CoinValue(theirs.currency, ours.amount + theirs.amount))
        elif type(theirs) is int:
            arguments.append(ours + theirs)
        else:
            arguments.append(theirs)
    return replace(later, arguments=tuple(arguments)) if tuple(arguments) != later.arguments else None


def _instead(step: Step, who: bytes, other: bytes) -> Step:
    """The same step with another person in the place of one."""

    def changed(value: Any) -> Any:
        if isinstance(value, bytes):
            return other if value == who else value
        if type(value) is tuple:
            return tuple(changed(item) for item in value)
        return value

    return replace(step, actor=changed(step.actor), arguments=tuple(changed(value) for value in step.arguments))
