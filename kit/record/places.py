"""Where instructions came from and what they cost, function by function."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from lang.source import Source, Span
from vm import gas
from vm.disassembler import code_lines
from vm.instructions import RETURN
from vm.pricing import instruction_price

if TYPE_CHECKING:
    from lang.emit import FunctionDebug
    from vm.function_verifier import Body, Op
    from vm.module import Module
    from vm.types import Type


@dataclass(frozen=True, slots=True)
class CodeMap:
    """The code of one function: for each instruction its place in the text, its line, its own price and, where a segment begins,
    the price that is charged for all of that. Where the text is not at hand it is that of the code, an instruction a line.
    """

    name: str
    source: Source
    ops: tuple[Op, ...]
    spans: tuple[Span, ...]
    lines: tuple[int, ...]
    prices: tuple[int, ...]
    segments: tuple[int, ...]
    names: tuple[str, ...]  # of the first locals
    kinds: tuple[Type, ...]  # of all locals


def code_map(module: Module, function: int, body: Body, debug: FunctionDebug | None) -> CodeMap:
    """The map of one function of a module. `debug` is None where its text is not at hand."""
    prices = tuple(_price(op) + (gas.GAS_SEGMENT if index in body.segments else 0) for index, op in enumerate(body.ops))
    segments = tuple(body.segments[index].gas if index in body.segments else 0 for index in range(len(body.ops)))
    if debug is None:
        return _without_text(module, function, body, prices, segments)
    starts = [position for position, _ in debug.places]
    spans = [debug.places[max(0, bisect_right(starts, op.position) - 1)][1] for op in body.ops]
    for index, op in enumerate(body.ops):
        if index and op.code == RETURN and spans[index].start < spans[index - 1].start:
            spans[index] = spans[index - 1]  # nobody wrote it: the function ends with its last statement
    lines = tuple(debug.source.position(span.start)[0] for span in spans)
    return CodeMap(debug.name, debug.source, body.ops, tuple(spans), lines, prices, segments, tuple(debug.locals), body.locals)


def _without_text(module: Module, function: int, body: Body, prices: tuple[int, ...], segments: tuple[int, ...]) -> CodeMap:
    what = module.functions[function]
    texts = list(code_lines(module, what))
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    spans = tuple(
        Span(start + len(text) - len(text.lstrip()), start + len(text)) for text, start in zip(texts, starts, strict=False)
    )
    source = Source(f"code of {module.name}.{what.name}", "\n".join(texts))
    names = tuple(name for name, _ in what.parameters)
    return CodeMap(what.name, source, body.ops, spans, tuple(range(1, len(spans) + 1)), prices, segments, names, body.locals)


def _price(op: Op) -> int:
    rounding = op.operands[1] if len(op.operands) > 1 else 0  # where there is none, nothing asks for it
    return instruction_price(op.code, op.kind, op.key, op.value, rounding).gas
