"""Where instructions came from and what they cost, function by function."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lang.source import Source, Span
from vm import gas
from vm.instructions import RETURN
from vm.pricing import instruction_price

if TYPE_CHECKING:
    from lang.emit import FunctionDebug
    from vm.function_verifier import Body, Op

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class CodeMap:
    """The code of one function: for each instruction its place in the text, its line, its own price and, where a segment begins,
    the price that is charged for all of that. Without the text all is on line 0.
    """

    name: str
    source: Source | None
    ops: tuple[Op, ...]
    spans: tuple[Span, ...]
    lines: tuple[int, ...]
    prices: tuple[int, ...]
    segments: tuple[int, ...]
    names: tuple[str, ...]


def code_map(name: str, body: Body, debug: FunctionDebug | None) -> CodeMap:
    """The map of one function. `debug` is None where only the code is known."""
    prices = tuple(_price(op) + (gas.GAS_SEGMENT if index in body.segments else 0) for index, op in enumerate(body.ops))
    segments = tuple(body.segments[index].gas if index in body.segments else 0 for index in range(len(body.ops)))
    if debug is None:
        nowhere = (NOWHERE,) * len(body.ops)
        return CodeMap(name, None, body.ops, nowhere, (0,) * len(body.ops), prices, segments, ())
    starts = [position for position, _ in debug.places]
    spans = [debug.places[max(0, bisect_right(starts, op.position) - 1)][1] for op in body.ops]
    for index, op in enumerate(body.ops):
        if index and op.code == RETURN and spans[index].start < spans[index - 1].start:
            spans[index] = spans[index - 1]  # nobody wrote it: the function ends with its last statement
    lines = tuple(debug.source.position(span.start)[0] for span in spans)
    return CodeMap(debug.name, debug.source, body.ops, tuple(spans), lines, prices, segments, tuple(debug.locals))


def _price(op: Op) -> int:
    rounding = op.operands[1] if len(op.operands) > 1 else 0  # where there is none, nothing asks for it
    return instruction_price(op.code, op.kind, op.key, op.value, rounding).gas
