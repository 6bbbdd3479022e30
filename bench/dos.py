"""What the programs of `tests/vm/dos` cost whoever runs them: wall time, and nanoseconds for each gas that they pay.

    python bench/dos.py [--runs 3]

Each is run to its end on both tiers; the figure is the least time of the runs. Gas is priced fairly when the last column is
much the same for all: a program far above the median is underpriced.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "vm")]

from dos_programs import Bomb, bombs, world  # noqa: E402
from machine_world import ALICE, HERE  # noqa: E402

from vm.failure import Failure  # noqa: E402
from vm.machine import Tier  # noqa: E402


def measure(bomb: Bomb, tier: Tier) -> tuple[int, int, str]:
    """Nanoseconds, gas used, and the failure it ended with."""
    ready = world(bomb, tier)
    ending = "result"
    for _ in range(2):  # once to have it compiled
        session = ready.session(gas_limit=bomb.gas)
        begun = time.perf_counter_ns()
        try:
            session.call(HERE, "bomb", (), ALICE)
        except Failure as failure:
            ending = failure.name
        taken = time.perf_counter_ns() - begun
    return taken, session.gas_used, ending


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    rates: dict[Tier, list[float]] = {tier: [] for tier in Tier}
    print(f"{'program':20} {'tier':10} {'ends with':14} {'gas':>11} {'ms':>9} {'ns/gas':>8}")
    for bomb in bombs():
        if not bomb.gas:
            continue
        for tier in Tier:
            taken, used, ending = min(measure(bomb, tier) for _ in range(options.runs))
            rate = taken / used
            rates[tier].append(rate)
            print(f"{bomb.name:20} {tier:10} {ending:14} {used:11,} {taken / 1e6:9.1f} {rate:8.2f}")
    for tier, found in rates.items():
        median = statistics.median(found)
        print(f"{tier}: median {median:.2f} ns/gas, worst {max(found):.2f}, worst/median {max(found) / median:.1f}")


if __name__ == "__main__":
    main()
