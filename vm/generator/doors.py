"""Doors: what stands between a function and arguments from outside."""

from __future__ import annotations

from typing import Any

from vm import intervals
from vm.generator.text import Generated, number
from vm.support import GAS
from vm.types import ADDRESS_BYTES, Address
from vm.verifier import Verified


def generate_door(verified: Verified, function: int) -> Generated:
    """The Python of a function `d…` that tells whether arguments from outside, as many as there are parameters, are of the
    parameters' types.
    """
    tests, names = _tests(verified, function)
    taken = ", ".join(f"l{n}" for n in range(len(verified.module.functions[function].parameters)))
    return _generated([f"def d{function}({taken}):", f" return {' and '.join(tests) or True}"], names)


def generate_entry(verified: Verified, function: int) -> Generated:
    """The Python of a function `b…` that is given the run and all arguments from outside as `x`: it gives `misfit` if they are
    not of the parameters' types, else it pays for the first segment, which takes no memory, and calls the function.
    """
    tests, names = _tests(verified, function)
    locals_ = [f"l{n}" for n in range(len(verified.module.functions[function].parameters))]
    lines = [f"def b{function}(m, x):", f" if len(x) != {len(locals_)}: return misfit"]
    if locals_:
        lines += [f" ({', '.join(locals_)},) = x", f" if not ({' and '.join(tests)}): return misfit"]
    lines += [
        f" gas = m[{GAS}] - {verified.bodies[function].segments[0].gas}",
        " if gas < 0:",
        f"  m[{GAS}] = 0",
        "  out()",
        f" m[{GAS}] = gas",
        f" return f{function}({', '.join(['m', *locals_])})",
    ]
    return _generated(lines, names)


def _tests(verified: Verified, function: int) -> tuple[list[str], dict[str, Any]]:
    """What has to hold of each parameter, and the numbered names in it."""
    names: dict[str, Any] = {}
    tests = []
    for n, (_, kind) in enumerate(verified.module.functions[function].parameters):
        span = intervals.of_type(kind)
        if span is not None:
            tests.append(f"kind(l{n}) is int and {number(span[0])} <= l{n} <= {number(span[1])}")
        elif isinstance(kind, Address):
            tests.append(f"kind(l{n}) is bytes and len(l{n}) == {ADDRESS_BYTES}")
        else:
            index = verified.table.index(kind)
            names[f"t{index}"] = kind
            tests.append(f"belongs(t{index}, l{n})")
    return tests, names


def _generated(lines: list[str], names: dict[str, Any]) -> Generated:
    return Generated("\n".join(lines) + "\n", ((),) * len(lines), names)
