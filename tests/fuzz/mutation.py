"""Mutations of modules as arrays, so that most of what comes out still decodes and some of it still verifies."""

from __future__ import annotations

import random
from typing import Any, Final

import msgpack

from vm.instructions import TABLE

FUNCTIONS: Final = 12  # the place of the functions in the array of a module
EFFECTS, CODE = 5, 7  # and of these in the array of a function
INTERESTING: Final = (0, 1, 2, 3, 15, 16, 20, 21, 31, 32, 33, 63, 64, 127, 128, 255, 256, 4096, 2**16, 2**32, 2**64 - 1, -1)


def mutated(data: bytes, seed: int, bytes_max: int) -> bytes | None:
    """A module changed in one to four places; None if the bytes are no module, or became too many."""
    source = random.Random(seed)
    try:
        wire = msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException):
        return None
    if not isinstance(wire, list) or not _functions(wire):
        return None
    for _ in range(source.choice([1, 1, 2, 4])):
        functions = _functions(wire)
        if functions and source.random() < 0.6:
            _change_code(source.choice(functions)[CODE], source)
        else:
            _change_anything(wire, source)
    if source.random() < 0.7:
        _declare_effects(wire)
    try:
        packed: bytes = msgpack.packb(wire)
    except (ValueError, TypeError, OverflowError):
        return None
    return packed if len(packed) <= bytes_max else None


def _functions(wire: list[Any]) -> list[list[Any]]:
    functions = wire[FUNCTIONS] if len(wire) > FUNCTIONS else None
    return [one for one in functions if _is_function(one)] if isinstance(functions, list) else []


def _is_function(wire: Any) -> bool:
    return isinstance(wire, list) and len(wire) == CODE + 1 and isinstance(wire[CODE], list)


def instructions(code: list[Any]) -> list[list[Any]]:
    """The words of a function's code, an instruction each, as far as they are instructions."""
    found, word = [], 0
    while word < len(code):
        row = TABLE.get(code[word]) if isinstance(code[word], int) else None
        width = 1 + (len(row.operands) if row else 0)
        found.append(code[word : word + width])
        word += width
    return found


def _change_code(code: list[Any], source: random.Random) -> None:
    steps = instructions(code)
    place = source.randrange(len(steps) + 1)
    match source.randrange(6):
        case 0 if steps:
            del steps[min(place, len(steps) - 1)]
        case 1 if steps:
            steps.insert(place, list(source.choice(steps)))
        case 2 if len(steps) > 1:
            a, b = source.sample(range(len(steps)), 2)
            steps[a], steps[b] = steps[b], steps[a]
        case 3 if steps:
            step = steps[min(place, len(steps) - 1)]
            at = source.randrange(len(step))
            step[at] = source.choice([*range(8), 20, 21, 22, source.choice(list(TABLE)), source.choice(INTERESTING)])
        case 4 if steps:
            start = min(place, len(steps) - 1)
            piece = [list(step) for step in steps[start : start + source.randint(1, 8)]]
            steps[place:place] = piece
        case _:
            row = TABLE[source.choice(list(TABLE))]
            steps.insert(place, [row.code, *(source.choice([0, 1, 2, 3, 4, 20, 21]) for _ in row.operands)])
    code[:] = [word for step in steps for word in step]


def _arrays(wire: Any) -> list[list[Any]]:
    found, waiting = [], [wire]
    while waiting:
        array = waiting.pop()
        found.append(array)
        waiting += [part for part in array if isinstance(part, list)]
    return found


def _change_anything(wire: list[Any], source: random.Random) -> None:
    arrays = _arrays(wire)
    array = source.choice(arrays)
    place = source.randrange(len(array) + 1)
    match source.randrange(5):
        case 0 if array and array is not wire:
            del array[min(place, len(array) - 1)]
        case 1 if array:
            array.insert(place, _copy(source.choice(array)))
        case 2 if array:
            other = source.choice([one for one in arrays if one] or [array])
            array[min(place, len(array) - 1)] = _copy(source.choice(other)) if other else 0
        case _ if array:
            at = min(place, len(array) - 1)
            before = array[at]
            if isinstance(before, int) and not isinstance(before, bool):
                array[at] = source.choice([before + 1, max(0, before - 1), source.choice(INTERESTING)])
            elif isinstance(before, str):
                array[at] = source.choice(["a", "A", "", "USD", "init", "public", "view", "private", before + "x", before[:-1]])
            elif before is None or isinstance(before, bool):
                array[at] = source.choice([None, True, False, 0, 1, 20])
        case _:
            array.append(source.choice([0, 20, None, []]))


def _copy(part: Any) -> Any:
    return [_copy(one) for one in part] if isinstance(part, list) else part


def _declare_effects(wire: list[Any]) -> None:
    """Have functions declare what their code does, as far as that can be told without verifying it."""
    functions = _functions(wire)
    for _ in range(3):
        for function in functions:
            does = 0
            for step in instructions(function[CODE]):
                row = TABLE.get(step[0]) if isinstance(step[0], int) else None
                if row is None:
                    continue
                does |= row.does
                callee = step[1] if row.name == "invoke" and len(step) > 1 else None
                if isinstance(callee, int) and 0 <= callee < len(functions) and isinstance(functions[callee][EFFECTS], int):
                    does |= functions[callee][EFFECTS]
            function[EFFECTS] = does
