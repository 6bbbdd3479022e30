"""What a workload is, what a contestant is, and what comes of one playing the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]
EVM_ADDRESS_BYTES = 20
ADDRESS_BYTES = 32


class Speed(StrEnum):
    """How much work a contestant is given, so that everyone's turn takes some tens of milliseconds."""

    SLOW = "slow"
    FAST = "fast"
    NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Size:
    """Calls that are made, and the size of what each works on: passes, numbers, recipients."""

    scale: int
    calls: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address, whatever addresses are. Person 0 deploys and calls."""

    number: int

    @property
    def address_evm(self) -> bytes:
        """Twenty bytes, of which none are known to hash alike and none are those of a precompiled contract."""
        return hashlib.sha256(b"person %d" % self.number).digest()[:EVM_ADDRESS_BYTES]

    @property
    def address(self) -> bytes:
        """The same with twelve zeros behind."""
        return self.address_evm.ljust(ADDRESS_BYTES, b"\0")


@dataclass(frozen=True, slots=True)
class Place:
    """The contract that was deployed as number so and so, or nowhere if the number is negative."""

    number: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the contract deployed last, and its arguments."""

    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a workload of a size must give: results of its calls, of the looks after them, and events of each call."""

    results: list[Any]
    looks: list[Any]
    events: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """The same work in every language.

    `model` is the work in plain Python: it says what must come out. `alike` and `unlike` are for the reader of the figures.
    """

    name: str
    unit: str
    alike: str
    unlike: str
    program: str  # a file of Tael, from the root of the repository
    contract: str
    peer: str  # a file of Vyper, alike
    sizes: dict[Speed, Size]
    calls: Callable[[Size], list[Call]]
    model: Callable[[Size], Expected]
    looks: Callable[[Size], list[Call]] = lambda size: []
    deployments: Callable[[Size], list[tuple[Any, ...]]] = lambda size: [()]
    reads: bool = False  # whether its function is a pure one
    numeric: bool = False  # whether it is arithmetic alone, which a native tier would take
    by_scale: bool = False  # whether what is counted is the scale, not the call
    calls_per_session: int = 1  # where many go into one session, within the machine's limits of a transaction
    goals: dict[str, float] = field(default_factory=dict)  # by peer, how many times as fast the house wants to be

    def operations(self, size: Size) -> int:
        """What a play of this size counts for."""
        return size.calls * size.scale if self.by_scale else size.calls


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of processor time of the calls of one play, the gas they used where that is ours, and what came of them."""

    seconds: float
    got: Expected
    gas: int | None = None


class Contestant(Protocol):
    """Who plays workloads. Every play begins with a state of its own; what is built before the calls is not timed."""

    name: str
    speed: Speed

    def plays(self, workload: Workload) -> bool:
        """Whether the workload is for this contestant."""

    def play(self, workload: Workload, size: Size) -> Outcome:
        """Play it once."""


def as_lists(value: Any) -> Any:
    """A result with tuples as lists, so that results of different machines compare."""
    return [as_lists(part) for part in value] if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value
