"""Gas of the calls of a pytest session, by contract and function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median

from chain.client.interface import Interface
from chain.primitives.transaction import Call
from kit.pytesting.history import Ran

Used = dict[tuple[str, str], list[int]]
"""(contract, function) -> gas of each call that went well."""


def gas_watcher(used: Used, interfaces: Callable[[], Mapping[bytes, Interface | None]]) -> Callable[[Ran], None]:
    """What is told of every transaction and counts those that are one call."""

    def watch(ran: Ran) -> None:
        if ran.receipt is None or not ran.receipt.ok or len(ran.actions) != 1:
            return
        action = ran.actions[0]
        interface = interfaces().get(action.contract) if isinstance(action, Call) else None
        if isinstance(action, Call) and interface is not None:
            used.setdefault((interface.module.name, action.function), []).append(ran.receipt.gas_used)

    return watch


def gas_table(used: Used) -> list[str]:
    """A line for each function: calls, least, median, most."""
    head = ("function", "calls", "least", "median", "most")
    rows = [
        (f"{contract}.{function}", f"{len(gas):_}", f"{min(gas):_}", f"{round(median(gas)):_}", f"{max(gas):_}")
        for (contract, function), gas in sorted(used.items())
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = []
    for row in (head, *rows):
        numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers]))
    return lines
