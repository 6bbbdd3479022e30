"""The cells of a transaction: what it has left and what it has made, in one list that the state and both tiers share.

A list and numbers rather than an object and names, since compiled code may reach for items only.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from vm.failure import Code, Failure
from vm.journal import ENTRY, Journal, too_many_changes
from vm.limits import JOURNAL_ENTRIES_MAX, MEMORY_BYTES_MAX
from vm.pricing import Scale, Segment

GAS: Final = 0  # left; compiled code at work keeps it in a name of its own and writes it down where others need it
MEMORY: Final = 1  # abstract bytes of all values made and slots looked at
EVENT_BYTES: Final = 2  # of all events, undone ones included: their payloads, and EVENT_BYTES_EACH
SETTLED: Final = 3  # compiled code only: whether a failure on its way out has written down the gas it leaves
POSITION: Final = 4  # compiled code only: where it failed if the line that failed does not tell, else None
LOG: Final = 5  # `Journal.log`
NOTE: Final = 6  # what adds an entry to it
EVENTS: Final = 7  # `Journal.events`
NOW: Final = 8  # milliseconds since 1970 UTC
IN_FLIGHT: Final = 9  # linear values, counted where code is checked as it runs

Cells: TypeAlias = list[Any]


def cells(journal: Journal, *, now: int, gas: int) -> Cells:
    """The cells of a transaction that begins."""
    return [gas, 0, 0, False, None, journal.log, journal.log.extend, journal.events, now, 0]


def charge(of: Cells, gas: int) -> None:
    """Pay, or fail with OutOfGas and nothing left."""
    of[GAS] -= gas
    if of[GAS] < 0:
        of[GAS] = 0
        raise Failure(Code.OUT_OF_GAS)


def grow(of: Cells, memory: int) -> None:
    """Count memory. Raises LimitExceeded past MEMORY_BYTES_MAX."""
    of[MEMORY] += memory
    if of[MEMORY] > MEMORY_BYTES_MAX:
        raise Failure(Code.LIMIT_EXCEEDED, detail="memory")


def enter(of: Cells, segment: Segment) -> None:
    """Begin a segment. Raises OutOfGas, LimitExceeded."""
    gas, memory, changes = segment
    charge(of, gas)
    if memory:
        grow(of, memory)
    if changes and len(of[LOG]) > (JOURNAL_ENTRIES_MAX - changes) * ENTRY:
        raise too_many_changes()


def work(of: Cells, kind: str, scale: Scale, length: int) -> None:
    """Pay for work on a value of this length. Raises OutOfGas, LimitExceeded."""
    gas, memory = scale.price(kind, length)
    charge(of, gas)
    grow(of, memory)
