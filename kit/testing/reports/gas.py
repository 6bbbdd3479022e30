"""The gas of functions: least, median, most of all calls from outside of the contract that succeeded, beside the static bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kit.output import Output
from kit.testing.reports.meter import GasCounts, Meter
from kit.testing.reports.subjects import Subject
from vm.bounds import GasBound


@dataclass(frozen=True, slots=True)
class FunctionGas:
    """The gas of one function. `calls` are those that succeeded, whose gas is told; without one that is 0."""

    contract: str  # FILE:CONTRACT
    function: str
    calls: int
    failed: int
    minimum: int
    median: int
    maximum: int
    bound: GasBound

    @property
    def name(self) -> str:
        """`Contract.function`."""
        return f"{self.contract.rpartition(':')[2]}.{self.function}"

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        return {
            "contract": self.contract,
            "function": self.function,
            "calls": self.calls,
            "failed": self.failed,
            "minimum": self.minimum,
            "median": self.median,
            "maximum": self.maximum,
            "bound": self.bound.formula,
            "bound_maximum": self.bound.maximum,
            "bound_has_calls": self.bound.calls_max > 0,
        }


def function_gas(meter: Meter, subjects: Iterable[Subject]) -> list[FunctionGas]:
    """The gas of all functions that were called, by contract, then by name."""
    rows = []
    for subject in subjects:
        for number, function, _ in subject.functions():
            calls = meter.calls.get((subject.key, number))
            if calls is not None:
                figures = (min(calls.gas, default=0), _median(calls.gas), max(calls.gas, default=0))
                row = FunctionGas(subject.key, function.name, calls.gas.total(), calls.failed, *figures, subject.bounds[number])
                rows.append(row)
    return sorted(rows, key=lambda row: (row.contract, row.function))


def _median(counts: GasCounts) -> int:
    """The lower median: the gas of a call that was made."""
    middle = (counts.total() + 1) // 2
    for gas in sorted(counts):
        middle -= counts[gas]
        if middle <= 0:
            return gas
    return 0


def tell_gas(out: Output, rows: list[FunctionGas]) -> None:
    """The table for people."""
    out.line()
    if not rows:
        out.line("no function was called, so there is no gas to tell")
        return
    shown = [(row.name, f"{row.calls:_}", f"{row.failed:_}", *_figures(row), _bound(row)) for row in rows]
    head = ("gas of a call", "calls", "failed", "least", "median", "most", "bound")
    right = [
        (row[0], *(cell.rjust(width) for cell, width in zip(row[1:], _widths(head, shown)[1:], strict=True))) for row in shown
    ]
    out.table(head, right, indent="")


def _widths(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[int]:
    return [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]


def _figures(row: FunctionGas) -> tuple[str, str, str]:
    if not row.calls:
        return "-", "-", "-"
    return f"{row.minimum:_}", f"{row.median:_}", f"{row.maximum:_}"


def _bound(row: FunctionGas) -> str:
    return f"{row.bound.maximum:_}" + (" + calls" if row.bound.calls_max else "")
