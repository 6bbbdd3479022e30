"""The contracts that a run is about, by name, with what reports need of their code."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from chain.ledger.contracts import verified_code
from lang.compiler import Compiled
from lang.emit import FunctionDebug
from lang.source import Source, Span
from vm.bounds import GasBound, gas_bounds
from vm.function_verifier import Op
from vm.gas import GAS_SEGMENT
from vm.instructions import EMIT, TABLE
from vm.module import Function, Kind
from vm.pricing import instruction_price, static_price
from vm.verifier import Verified

CHECKERS = (Kind.INVARIANT, Kind.OLD, Kind.ENSURES)
"""Functions that no block runs: promises, which tests ask for."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of code that is paid for when it is entered: its price, and which instruction it is paid for."""

    gas: int
    shares: tuple[tuple[int, int], ...]  # position of an instruction, its part of the price


class Subject:
    """A compiled contract under the name that reports give it, `FILE:CONTRACT`."""

    def __init__(self, path: str, compiled: Compiled) -> None:
        self.path = path
        self.compiled = compiled
        self.key = f"{path}:{compiled.name}"
        self.places = [_Places(debug) for debug in compiled.debug]

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.compiled.name

    @cached_property
    def verified(self) -> Verified:
        """The verified module."""
        return verified_code(self.compiled.code)[1]

    @cached_property
    def bounds(self) -> tuple[GasBound, ...]:
        """The most gas that each function can use."""
        return gas_bounds(self.verified)

    @cached_property
    def segments(self) -> tuple[dict[int, Segment], ...]:
        """Of every function, its segments by the position where they begin."""
        return tuple([_segments(self.verified, number) for number in range(len(self.verified.bodies))])

    def functions(self) -> Iterator[tuple[int, Function, FunctionDebug]]:
        """The functions that blocks run, by number."""
        for number, (function, debug) in enumerate(zip(self.compiled.module.functions, self.compiled.debug, strict=True)):
            if function.kind not in CHECKERS:
                yield number, function, debug

    def place(self, function: int, position: int) -> tuple[Source, Span]:
        """Where in a text an instruction came from."""
        return self.compiled.debug[function].source, self.places[function].of(position)

    def line(self, function: int, position: int) -> int:
        """The line an instruction came from."""
        source, span = self.place(function, position)
        return source.position(span.start)[0]


class _Places:
    """The places of one function's code, to be looked up by position."""

    def __init__(self, debug: FunctionDebug) -> None:
        self._starts = [position for position, _ in debug.places]
        self._spans = [span for _, span in debug.places]

    def of(self, position: int) -> Span:
        """The place in the text of what stands at a position in the code."""
        return self._spans[bisect_right(self._starts, position) - 1]


def _segments(verified: Verified, function: int) -> dict[int, Segment]:
    body = verified.bodies[function]
    starts = [start for start in sorted(body.segments) if start < len(body.ops)]
    found = {}
    for start, end in zip(starts, [*starts[1:], len(body.ops)], strict=True):
        gas = body.segments[start].gas
        prices = {op.position: _static_gas(verified, op) for op in body.ops[start:end]}
        calls = [op.position for op in body.ops[start:end] if TABLE[op.code].operands == ("external",)]
        if calls:  # what a signature costs that is expected there
            prices[calls[0]] += gas - GAS_SEGMENT - sum(prices.values())
        prices[body.ops[start].position] += gas - sum(prices.values())  # the price of entering
        found[body.ops[start].position] = Segment(gas, tuple(prices.items()))
    return found


def _static_gas(verified: Verified, op: Op) -> int:
    """What is paid for an instruction when its segment is entered."""
    rounding = op.operands[1] if TABLE[op.code].operands[1:] == ("rounding",) else 0
    price = instruction_price(op.code, op.kind, op.key, op.value, rounding).gas
    if op.code == EMIT:
        price += static_price([("event", kind) for _, kind in verified.module.events[op.operands[0]].fields]).gas
    return price
