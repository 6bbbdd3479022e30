"""Looks for the program that takes longest for its gas: at random first, then by changing and crossing the worst found.

    python bench/gas_search.py [--seconds 60] [--seed 1] [--keep 0] [--json]

A program is a row of pieces in a loop, each a few instructions that leave the stack as it was, on a state with fields of many
kinds and with constants, lists and texts of many lengths. Chances are drawn from the seed alone; which programs are the worst
hangs on time. `--keep N` writes the N worst to `tests/vm/dear`, which `bench/gas.py` times again on each run and the tests run
on both tiers.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.prices.grammar import Program, crossed, dear, keep, mutated, text_of  # noqa: E402
from bench.prices.grammar import program as random_program  # noqa: E402
from bench.prices.measure import ALICE, HERE, THERE, World  # noqa: E402
from vm import gas  # noqa: E402
from vm.assembler import assemble  # noqa: E402
from vm.failure import Failure  # noqa: E402
from vm.machine import Tier  # noqa: E402
from vm.verifier import verify  # noqa: E402

SECONDS_MIN = 0.004
GAS_MAX = 50_000_000
REPEATS = 3
KEPT = 24
RANDOM_SHARE = 0.3


class Timed(NamedTuple):
    """A program with what it took."""

    nanoseconds_per_gas: float
    gas: int
    program: Program


def world_of(text: str) -> World:
    """A world with a program in it, and one that it can call."""
    world = World()
    module = verify(assemble(text))
    world.contracts[HERE] = module, "CNY"
    world.contracts[THERE] = module, "CNY"
    world.keep(world.run(Tier.COMPILED, "fill", ())[2])
    return world


def run(world: World, passes: int) -> tuple[float, int]:
    """Seconds and gas of a transaction of so many passes. One that fails is taken to have paid for that as a call that is tried
    does: it ends a transaction, once, and that has paid the ledger for being one.
    """
    began = time.process_time()
    session = world.session(Tier.COMPILED, GAS_MAX)
    failed = 0
    try:
        session.call(HERE, "run", (passes, THERE), ALICE)
    except Failure:
        failed = gas.GAS_TRY
    session.finish()
    return time.process_time() - began, session.gas_used + failed


def timed(program: Program, repeats: int = REPEATS) -> Timed:
    """The least of some runs of a program, of as many passes as take long enough, less what no pass takes."""
    world = world_of(text_of(program))
    return Timed(*time_per_gas(world, repeats), program)


def time_per_gas(world: World, repeats: int) -> tuple[float, int]:
    """Nanoseconds per gas, and gas."""
    run(world, 2)  # compiles
    idle, idle_gas = min(run(world, 0) for _ in range(repeats))
    passes, (seconds, used) = 2, run(world, 2)
    while seconds - idle < SECONDS_MIN and passes < 2**16:
        passes *= 4
        before, (seconds, used) = used, run(world, passes)
        if used <= before:
            break
    for _ in range(repeats - 1):
        again, used = run(world, passes)
        seconds = min(seconds, again)
    return (seconds - idle) * 1e9 / max(used - idle_gas, 1), used


def search(seconds: float, seed: int) -> list[Timed]:
    """All programs that were timed, dearest first."""
    chance = random.Random(seed)
    ends = time.monotonic() + seconds
    begins = time.monotonic() + seconds * RANDOM_SHARE
    found: list[Timed] = []
    while time.monotonic() < ends:
        if time.monotonic() < begins or len(found) < KEPT:
            program = random_program(chance)
        elif chance.random() < 0.3:
            program = crossed(*(one.program for one in chance.sample(found[:KEPT], 2)), chance)
        else:
            program = mutated(chance.choice(found[:KEPT]).program, chance)
        found.append(timed(program))
        found.sort(key=lambda one: -one.nanoseconds_per_gas)
    return found


def kept() -> list[tuple[str, Timed]]:
    """The programs of `tests/vm/dear`, timed."""
    return [(name, timed(one, 5)) for name, one in dear().items()]


def different(found: list[Timed], count: int) -> list[Timed]:
    """The dearest that are not made of the same pieces."""
    seen: set[frozenset[str]] = set()
    kept = []
    for one in found:
        kinds = frozenset(one.program.pieces)
        if kinds not in seen:
            seen.add(kinds)
            kept.append(one)
    return kept[:count]


def main() -> None:
    """Search, report, keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=int, default=0, help="how many to write to tests/vm/dear")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = search(options.seconds, options.seed)
    worst = [timed(one.program, 7) for one in different(found, 10)]
    worst.sort(key=lambda one: -one.nanoseconds_per_gas)
    for number, one in enumerate(worst[: options.keep]):
        keep(f"found_{options.seed}_{number}", one.program)
    results: dict[str, Any] = {
        "programs": len(found),
        "ns per gas, median of random ones": sorted(one.nanoseconds_per_gas for one in found)[len(found) // 2],
        "ns per gas, slowest": worst[0].nanoseconds_per_gas,
        "ms per million gas, slowest": worst[0].nanoseconds_per_gas,
        "slowest": [(one.nanoseconds_per_gas, one.gas, one.program.pieces) for one in worst],
    }
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for name, value in results.items():
        if isinstance(value, list):
            for ratio, used, pieces in value:
                print(f"  {ratio:8.2f} ns per gas, {used:,} gas: {' | '.join(pieces)}")
        else:
            print(f"{name:36} {value:.2f}" if isinstance(value, float) else f"{name:36} {value}")


if __name__ == "__main__":
    main()
