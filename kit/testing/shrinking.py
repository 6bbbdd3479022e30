"""Making a failing case small: simpler values of the same types, as long as the test still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vm import types as vm

TRIES_MAX = 2_000  # cases that are run to make one small


def shrunk(case: Sequence[Any], kinds: Sequence[vm.Type], fails: Callable[[Sequence[Any]], bool]) -> list[Any]:
    """The smallest case that was found to fail still, from one that fails. `fails` is asked at most `TRIES_MAX` times."""
    best, tries = list(case), 0
    improved = True
    while improved:
        improved = False
        for place, kind in enumerate(kinds):
            candidates = simpler(kind, best[place])
            for candidate in candidates:
                if tries == TRIES_MAX:
                    return best
                tries += 1
                attempt = [*best[:place], candidate, *best[place + 1 :]]
                if fails(attempt):
                    best, improved = attempt, True
                    break
    return best


def simplest(kind: vm.Type) -> Any:
    """The value that a type's other values are made small towards."""
    match kind:
        case vm.Bool():
            return False
        case vm.Int() | vm.Amount():
            low, high = vm.bounds(kind)
            return min(max(0, low), high)
        case vm.Address():
            return bytes(vm.ADDRESS_BYTES)
        case vm.Text():
            return ""
        case vm.Bytes():
            return b""
        case vm.List():
            return ()
        case vm.Option():
            return (0,)
        case vm.Tuple(items):
            return tuple([simplest(item) for item in items])
        case vm.Struct(_, fields):
            return tuple([simplest(item) for _, item in fields])
        case vm.Enum(_, variants):
            return (0, *(simplest(item) for _, item in variants[0][1]))
    raise AssertionError(kind)


def simpler(kind: vm.Type, value: Any) -> Iterator[Any]:
    """Values simpler than one of a type, the simplest first."""
    match kind:
        case vm.Bool():
            if value:
                yield False
        case vm.Int() | vm.Amount():
            yield from _numbers(simplest(kind), value)
        case vm.Address():
            if any(value):
                yield bytes(vm.ADDRESS_BYTES)
                yield from _elements(value, lambda byte: (0,) if byte else ())
        case vm.Text():
            yield from _shorter(value)
            yield from ("".join(made) for made in _elements(tuple(value), lambda letter: ("a",) if letter != "a" else ()))
        case vm.Bytes():
            yield from _shorter(value)
            yield from _elements(value, lambda byte: (0,) if byte else ())
        case vm.List(element, _):
            yield from _shorter(value)
            yield from _elements(value, lambda item: simpler(element, item))
        case vm.Option(element):
            if value[0]:
                yield (0,)
                yield from ((1, inner) for inner in simpler(element, value[1]))
        case vm.Tuple(items):
            yield from _parts(items, value)
        case vm.Struct(_, fields):
            yield from _parts([item for _, item in fields], value)
        case vm.Enum(_, variants):
            for tag in range(value[0]):
                yield (tag, *(simplest(item) for _, item in variants[tag][1]))
            payload = [item for _, item in variants[value[0]][1]]
            yield from ((value[0], *made) for made in _parts(payload, value[1:]))


def _numbers(aim: int, value: int) -> Iterator[int]:
    """Numbers between an aim and a value, in steps from the aim that get smaller towards the value."""
    if value == aim:
        return
    yield aim
    if value < 0 < -value:
        yield -value
    step = abs(value - aim)
    sign = 1 if value > aim else -1
    while step > 1:
        step //= 2
        yield value - sign * step


def _shorter(value: Any) -> Iterator[Any]:
    """A sequence with parts left out: large ones first, then single elements."""
    size = len(value)
    while size:
        for start in range(0, len(value) - size + 1, max(1, size)):
            yield value[:start] + value[start + size :]
        size //= 2


def _elements(value: Any, simpler_element: Callable[[Any], Any]) -> Iterator[Any]:
    """A sequence with one element made simpler."""
    for place, item in enumerate(value):
        for made in simpler_element(item):
            yield value[:place] + type(value)((made,)) + value[place + 1 :]


def _parts(kinds: Sequence[vm.Type], value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """A tuple with one part made simpler."""
    for place, kind in enumerate(kinds):
        for made in simpler(kind, value[place]):
            yield (*value[:place], made, *value[place + 1 :])
