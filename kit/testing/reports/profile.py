"""Where gas went, as a tree: the functions that tests called, their lines, the functions called there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kit.testing.reports.meter import Meter, Node, Ways

BRINGING = "arguments, and bringing code"


@dataclass(slots=True)
class Stack:
    """A place in the tree: its name, where it is in a text, the gas that was used there and nowhere deeper, what is inside."""

    name: str
    path: str = ""
    line: int = 0
    own: int = 0
    inside: dict[str, Stack] = field(default_factory=dict)

    def at(self, name: str, path: str = "", line: int = 0) -> Stack:
        """What is inside by this name; new if need be."""
        return self.inside.setdefault(name, Stack(name, path, line))

    @property
    def total(self) -> int:
        """The gas used here, whatever the depth."""
        return self.own + sum(stack.total for stack in self.inside.values())

    def walk(self, above: tuple[Stack, ...] = ()) -> Iterator[tuple[Stack, ...]]:
        """Every way from here down to a place."""
        way = (*above, self)
        yield way
        for stack in self.inside.values():
            yield from stack.walk(way)


def profile(meter: Meter) -> Stack:
    """The calls of all tests, those of one way as one. Its total is the gas of all transactions and reads, but for what is paid
    for the code of contracts that are deployed: that hangs on their size, and would hide everything else.
    """
    root = Stack("all tests")
    for trial in meter.trials.values():
        if trial.bringing:
            root.at(BRINGING).own += trial.bringing
        _add(root, trial.inside)
    return root


def _add(above: Stack, ways: Ways) -> None:
    for node in ways.values():
        _add_node(above, node)


def _add_node(above: Stack, node: Node) -> None:
    subject, number = node.subject, node.function
    debug = subject.compiled.debug[number]
    line = debug.source.position(debug.declared.start)[0]
    here = above.at(f"{subject.name}.{debug.name}", debug.source.path, line)
    for position, gas in enumerate(node.spent()):
        if gas:
            _line(here, node, position).own += gas
    for (position, _, _), inner in node.inside.items():
        _add_node(_line(here, node, position), inner)


def _line(function: Stack, node: Node, position: int) -> Stack:
    source, span = node.subject.place(node.function, position)
    line = source.position(span.start)[0]
    return function.at(f"{line}: {source.line(line).strip()}", source.path, line)


def folded(root: Stack) -> str:
    """A line for every way: the names along it, then the gas used at its end."""
    lines = []
    for way in root.walk():
        if way[-1].own:
            names = [stack.name.replace(";", ",") for stack in way[1:]]
            lines.append(f"{';'.join(names)} {way[-1].own}")
    return "".join(f"{line}\n" for line in lines)


def speedscope(root: Stack) -> str:
    """The file that speedscope.app opens: a sample for every way, weighed by its gas."""
    frames: dict[tuple[str, str, int], int] = {}
    samples, weights = [], []
    for way in root.walk():
        if way[-1].own:
            samples.append([frames.setdefault((s.name, s.path, s.line), len(frames)) for s in way[1:]])
            weights.append(way[-1].own)
    shown: list[dict[str, Any]] = [_frame(*frame) for frame in frames]
    content = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": "tael",
        "name": "gas",
        "shared": {"frames": shown},
        "profiles": [
            {
                "type": "sampled",
                "name": "gas",
                "unit": "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }
    return json.dumps(content, ensure_ascii=False) + "\n"


def _frame(name: str, path: str, line: int) -> dict[str, Any]:
    return {"name": name, **({"file": path} if path else {}), **({"line": line} if line else {})}
