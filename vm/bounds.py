"""Static bounds of gas: before anything runs, the most gas that a call of each function can use, whether it succeeds or fails.

A bound is a formula in the sizes of the arguments: `812 + 96*len(to) + calls`. `calls` stands for the gas that contracts use
which are called; nothing is known of it but that it is no more than what is left. What comes out of state counts with the
greatest size of its type. What of the code a bound rests on, and how loops are counted, is told in `docs/machine.md`, "Static
bounds". Work is linear in the size of the code and bounded by `BOUND_WORK_MAX`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vm.bound_function import FunctionBound, Summary
from vm.limits import CALLS_MAX
from vm.polynomial import CALLS, Algebra, Polynomial
from vm.verifier import Verified, once


@dataclass(frozen=True, slots=True)
class GasBound:
    """The most gas that a call of one function can use.

    `formula` is for people, `maximum` the greatest value of it without what called contracts use, `calls_max` how many
    calls of other contracts there can be at most (0: `formula` has no `calls`).
    """

    formula: str
    maximum: int
    calls_max: int
    _algebra: Algebra = field(repr=False, compare=False)
    _gas: Polynomial = field(repr=False, compare=False)

    def evaluate(self, arguments: Sequence[Any], calls: int = 0) -> int:
        """The bound for these arguments, which must be values of the parameters' types, where called contracts use `calls`
        gas in all.
        """
        return self._algebra.evaluate(self._gas, tuple(arguments)) + (calls if self.calls_max else 0)


@once
def gas_bounds(verified: Verified) -> tuple[GasBound, ...]:
    """The bound of every function of a module, by position."""
    algebra = Algebra()
    summaries: dict[int, Summary] = {}

    def summary(function: int) -> Summary:
        # The verifier has seen to it that functions do not reach themselves, and bounded how deep this goes.
        if function not in summaries:
            summaries[function] = FunctionBound(verified, function, algebra, summary).run()
        return summaries[function]

    return tuple([_bound(algebra, summary(function).gas) for function in range(len(verified.bodies))])


def _bound(algebra: Algebra, gas: Polynomial) -> GasBound:
    assert not algebra.heads(gas), "what a loop makes of its locals is settled where it ends"
    own = Polynomial({monomial: factor for monomial, factor in gas.terms.items() if CALLS not in monomial})
    calls_max = min(CALLS_MAX, algebra.calls(gas))
    formula = algebra.text(own) + (" + calls" if calls_max else "")
    return GasBound(formula, algebra.maximum(own), calls_max, algebra, own)
