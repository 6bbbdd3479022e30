"""How two values of one type differ, part by part: what changed in a struct or a list, and not the whole of it twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from kit.values import Setting, show_value
from vm import types as vm

VALUE_CHARACTERS_MAX = 160
"""Of one value in a line; longer ones lose their middle."""
_PARTS_MAX = 6  # of one difference; the rest is counted
_NOTHING = object()


def show(value: Any, kind: vm.Type, setting: Setting) -> str:
    """A value in at most `VALUE_CHARACTERS_MAX` characters; coins, vaults and resources too."""
    if isinstance(kind, vm.Vault):
        value = value or 0
    if isinstance(kind, vm.Map | vm.Set):
        return kind.__class__.__name__
    return shorten(show_value(value, kind, setting))


def shorten(text: str, most: int = VALUE_CHARACTERS_MAX) -> str:
    """A text without its middle, where it is long."""
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def parts(before: Any, after: Any, kind: vm.Type, setting: Setting, path: str = "") -> Iterator[tuple[str, str, str]]:
    """(path, before, after) of every part that differs, as deep as both have the same shape. `path` is "" for the whole."""
    if before == after:
        return
    match kind:
        case vm.Struct(_, fields):
            for (name, inner), old, new in zip(fields, before, after, strict=True):
                yield from parts(old, new, inner, setting, f"{path}.{name}")
        case vm.Tuple(items):
            for number, (inner, old, new) in enumerate(zip(items, before, after, strict=True)):
                yield from parts(old, new, inner, setting, f"{path}.{number}")
        case vm.List(inner, _):
            for number, (old, new) in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
                if old is _NOTHING or new is _NOTHING:
                    shown = ["nothing" if value is _NOTHING else show(value, inner, setting) for value in (old, new)]
                    yield f"{path}[{number}]", shown[0], shown[1]
                else:
                    yield from parts(old, new, inner, setting, f"{path}[{number}]")
        case vm.Option(inner) if before[0] and after[0]:
            yield from parts(before[1], after[1], inner, setting, f"{path}.value")
        case vm.Enum(_, variants) if before[0] == after[0]:
            for (name, inner), old, new in zip(variants[before[0]][1], before[1:], after[1:], strict=True):
                yield from parts(old, new, inner, setting, f"{path}.{name}")
        case _:
            yield path, show(before, kind, setting), show(after, kind, setting)


def is_compound(kind: vm.Type) -> bool:
    """Whether values have parts that are worth telling apart."""
    return isinstance(kind, vm.Struct | vm.Tuple | vm.List | vm.Option | vm.Enum)


def change(before: Any, after: Any, kind: vm.Type, setting: Setting) -> list[tuple[str, str]]:
    """(path, "before → after") of what changed, at most a few, then how many more."""
    found = list(parts(before, after, kind, setting))
    told = [(path, f"{old} → {new}") for path, old, new in found[:_PARTS_MAX]]
    if len(found) > _PARTS_MAX:
        told.append(("", f"… and {len(found) - _PARTS_MAX} more"))
    return told
