"""Doors: what stands between a function and arguments from outside."""

from __future__ import annotations

from typing import Any, NamedTuple

from vm import intervals
from vm.generator.text import Generated, number
from vm.types import ADDRESS_BYTES, Address
from vm.verifier import Verified


class Tests(NamedTuple):
    """What has to hold of each parameter, in Python, and the numbered names in it."""

    texts: list[str]
    names: dict[str, Any]


def generate_door(verified: Verified, function: int) -> Generated:
    """The Python of a function `d…` that tells whether arguments from outside, as many as there are parameters, are of the
    parameters' types.
    """
    names, tests = parameters(verified, function)
    lines = [f"def d{function}({', '.join(names)}):", f" return {' and '.join(tests.texts) or True}"]
    return Generated("\n".join(lines) + "\n", ((),) * len(lines), tests.names)


def parameters(verified: Verified, function: int) -> tuple[list[str], Tests]:
    """The names of a function's parameters, and whether what they stand for is of their types."""
    kinds = [kind for _, kind in verified.module.functions[function].parameters]
    tests = Tests([], {})
    for n, kind in enumerate(kinds):
        span = intervals.of_type(kind)
        if span is not None:
            tests.texts.append(f"kind(l{n}) is int and {number(span[0])} <= l{n} <= {number(span[1])}")
        elif isinstance(kind, Address):
            tests.texts.append(f"kind(l{n}) is bytes and len(l{n}) == {ADDRESS_BYTES}")
        else:
            index = verified.table.index(kind)
            tests.names[f"t{index}"] = kind
            tests.texts.append(f"belongs(t{index}, l{n})")
    return [f"l{n}" for n in range(len(kinds))], tests
