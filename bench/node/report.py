"""What scenarios give: runs, their spread over the repeats, and a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.machine.contest import Spread
from bench.node.client import Answer

PERCENTILES = (50, 90, 99, 100)


@dataclass(frozen=True, slots=True)
class Run:
    """One repeat: transactions, wall seconds, processor seconds of node and client, blocks, latencies in ms, outcomes."""

    count: int
    seconds: float
    node_seconds: float
    client_seconds: float
    blocks: int
    latencies_ms: tuple[float, ...]
    outcomes: dict[str, int]

    @property
    def rate(self) -> float:
        """Transactions a second by the clock."""
        return self.count / self.seconds


def latencies_ms(answers: Iterable[Sequence[Answer]]) -> tuple[float, ...]:
    """p50, p90, p99 and the greatest of the times from due to answered, every transaction of a batch counted with its batch."""
    taken = sorted((answer.done - answer.due, answer.count) for part in answers for answer in part)
    total = sum(count for _, count in taken)
    found, passed, at = [], 0, 0
    for percent in PERCENTILES:
        while passed + taken[at][1] < total * percent / 100:
            passed += taken[at][1]
            at += 1
        found.append(taken[at][0] * 1e3)
    return tuple(found)


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """The spread of every figure over the repeats; for JSON."""
    said: Counter[str] = Counter()
    for run in runs:
        said.update(run.outcomes)
    return {
        "transactions": runs[0].count,
        "per second": Spread.of([run.rate for run in runs])._asdict(),
        "node us": Spread.of([run.node_seconds * 1e6 / run.count for run in runs])._asdict(),
        "client us": Spread.of([run.client_seconds * 1e6 / run.count for run in runs])._asdict(),
        "per block": Spread.of([run.count / max(1, run.blocks) for run in runs])._asdict(),
        "latency ms": {
            name: Spread.of([run.latencies_ms[at] for run in runs])._asdict()
            for at, name in enumerate(("p50", "p90", "p99", "max"))
        },
        "outcomes": dict(sorted(said.items())),
    }


HEAD = (
    f"{'':46}{'a second: min':>14}{'median':>9}{'max':>9}{'node us':>9}{'client us':>10}{'a block':>9}"
    f"{'p50 ms':>9}{'p90':>8}{'p99':>8}{'max':>8}"
)


def print_runs(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """A row for people, medians where nothing else is said; and the summary."""
    found = summary(runs)
    rate = found["per second"]
    row = f"{name:46}{rate['min']:14,.0f}{rate['median']:9,.0f}{rate['max']:9,.0f}"
    row += f"{found['node us']['median']:9,.0f}{found['client us']['median']:10,.1f}{found['per block']['median']:9,.0f}"
    row += "".join(f"{found['latency ms'][p]['median']:{9 if p == 'p50' else 8},.0f}" for p in ("p50", "p90", "p99", "max"))
    others = {code: count for code, count in found["outcomes"].items() if code != "ok"}
    print(row + (f"  {others}" if others else ""), flush=True)
    return found
