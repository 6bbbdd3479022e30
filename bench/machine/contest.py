"""A contest: everyone's results are compared, then everyone plays in turns, and ratios are taken within each turn."""

from __future__ import annotations

import gc
import statistics
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple

from bench.machine.play import Contestant, Expected, Outcome, Size, Speed, Workload

SECONDS_ENOUGH = 8
"""Of one contestant at one workload; the EVM in Python takes as long for a sort as everyone else for a whole contest."""


class Spread(NamedTuple):
    """Minimum, median and maximum."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of some values."""
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant: operations a second, and for the house gas of an operation and nanoseconds of a gas."""

    rate: Spread
    turns: int
    gas: float | None
    ns_per_gas: Spread | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast one is as another, turn by turn, and what the house wants it to be."""

    of: str
    to: str
    times: Spread
    goal: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a contest found."""

    workload: Workload
    rows: dict[str, Row]
    ratios: list[Ratio]

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""

        def named(spread: Spread | None) -> dict[str, float] | None:
            return None if spread is None else spread._asdict()

        return {
            "unit": self.workload.unit,
            "alike": self.workload.alike,
            "unlike": self.workload.unlike,
            "rows": {
                name: {"per second": named(row.rate), "turns": row.turns, "gas": row.gas, "ns per gas": named(row.ns_per_gas)}
                for name, row in self.rows.items()
            },
            "ratios": [{**asdict(ratio), "times": named(ratio.times)} for ratio in self.ratios],
        }


class Unequal(Exception):
    """Somebody's results are not what the work gives."""


def small(size: Size, scale_max: int = 20, calls_max: int = 3) -> Size:
    """A size in which results are compared before anything is timed."""
    return Size(min(size.scale, scale_max), min(size.calls, calls_max))


@cache
def _expected(workload: Workload, size: Size) -> Expected:
    return workload.model(size)


def played(workload: Workload, contestant: Contestant, size: Size) -> Outcome:
    """One play, held against plain Python. Raises `Unequal`."""
    outcome = contestant.play(workload, size)
    expected = _expected(workload, size)
    got = outcome.got
    if got.results != expected.results:
        raise Unequal(f"{workload.name}: results of {contestant.name} are not those of plain Python")
    if contestant.name != "plain Python" and (got.looks, got.events) != (expected.looks, expected.events):
        raise Unequal(f"{workload.name}: what {contestant.name} leaves behind is not what plain Python does")
    return outcome


def set_aside() -> None:
    """Spare the collector a walk over everybody's modules in the time of whoever plays."""
    gc.collect()
    gc.freeze()


def contest(workload: Workload, contestants: list[Contestant], turns: int) -> Result:
    """Compare, warm up, and play in turns: every other one backwards, so that nobody always follows the same one.

    Whoever is slow has nothing to warm up that comparing has not, and sits out turns once they have played long enough.
    """
    players = [contestant for contestant in contestants if contestant.plays(workload)]
    for player in players:
        played(workload, player, small(_size(workload, player)))
    for player in players:
        if player.speed is not Speed.SLOW:
            played(workload, player, _size(workload, player))
    set_aside()
    outcomes: dict[str, list[Outcome]] = {player.name: [] for player in players}
    for turn in range(turns):
        for player in players[:: -1 if turn % 2 else 1]:
            before = outcomes[player.name]
            if sum(outcome.seconds for outcome in before) < SECONDS_ENOUGH:
                before.append(played(workload, player, _size(workload, player)))
    rates = {
        player.name: [workload.operations(_size(workload, player)) / outcome.seconds for outcome in outcomes[player.name]]
        for player in players
    }
    rows = {
        player.name: _row(rates[player.name], outcomes[player.name], workload.operations(_size(workload, player)))
        for player in players
    }
    return Result(workload, rows, _ratios(workload, rates))


def _size(workload: Workload, player: Contestant) -> Size:
    return workload.sizes.get(player.speed) or workload.sizes[Speed.FAST]


def _row(rates: list[float], outcomes: list[Outcome], operations: int) -> Row:
    gas = outcomes[0].gas
    if gas is None:
        return Row(Spread.of(rates), len(rates), None, None)
    return Row(Spread.of(rates), len(rates), gas / operations, Spread.of([outcome.seconds * 1e9 / gas for outcome in outcomes]))


def _ratios(workload: Workload, rates: dict[str, list[float]]) -> list[Ratio]:
    """Every compiled row of the house to every peer, and to the slower rows of the house."""
    own = [name for name in rates if name.startswith("tael ")]
    fast = [name for name in own if "reference" not in name]
    found = []
    for one in fast:
        for other, slower in rates.items():
            if other == one or (other in fast and fast.index(other) < fast.index(one)):
                continue
            times = Spread.of([a / b for a, b in zip(rates[one], slower, strict=False)])
            found.append(Ratio(one, other, times, workload.goals.get(other)))
    return found
