"""How tight static bounds of gas are: gas used over bound, for every outermost call that goes well in the corpora.

    python bench/bounds.py [--seeds 60] [--worst 5] [--json]

1.00 is a bound that is met to the unit. A call that takes a shorter way than the dearest one, or finds less in state than its
types allow, is below; so the median says how near bounds are in daily use, and the worst calls are named to be looked at. Calls
that fail are left out: they may end anywhere. Nothing here is measured in seconds; two runs print the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "vm")]

import bound_watch  # noqa: E402
from bound_watch import Seen  # noqa: E402
from corpus import all_programs, compile_program, run  # noqa: E402
from test_vm_programs import SCENARIOS, play  # noqa: E402
from tiers import Tally, compare  # noqa: E402

from kit.testing import Options  # noqa: E402
from kit.testing.runner import run_file  # noqa: E402
from lang.compiler import compile_file  # noqa: E402


def scenarios() -> None:
    """Programs of the machine, in assembly."""
    for path in SCENARIOS:
        play({"steps": [step for step in json.loads(path.read_text())["steps"] if "store" not in step]})


def programs() -> None:
    """Programs of the language."""
    for program in all_programs():
        with tempfile.TemporaryDirectory() as folder:
            list(run(program, compile_program(program, Path(folder))))


def contracts() -> None:
    """Whole contracts, by their own tests."""
    for path in sorted([*(ROOT / "contracts").rglob("*.tael"), *(ROOT / "tests" / "contracts").glob("*.tael")]):
        checked = compile_file(path).checked
        assert checked is not None
        list(run_file(checked, Options(runs=10)))


def random_programs(seeds: int) -> None:
    """Well-typed programs made at random."""
    for seed in range(seeds):
        compare(seed, Tally())


def watched(work: Callable[[], None]) -> list[Seen]:
    """The calls that went well meanwhile."""
    bound_watch.seen = found = []
    work()
    bound_watch.seen = None
    return [call for call in found if call.failure is None]


def summary(calls: list[Seen], worst: int) -> dict[str, Any]:
    """Figures of one corpus; each function counts once in the median of functions, with its dearest call."""
    ratios = sorted(call.used / call.bound for call in calls)
    best: dict[str, Seen] = {}
    for call in calls:
        name = f"{call.module}.{call.function}: {call.formula}"  # programs of a corpus have names in common
        if name not in best or call.used * best[name].bound > best[name].used * call.bound:
            best[name] = call
    by_function = sorted(best.items(), key=lambda item: (item[1].used / item[1].bound, item[0]))
    return {
        "calls": len(calls),
        "functions": len(best),
        "median": round(statistics.median(ratios), 4),
        "tenth": round(ratios[len(ratios) // 10], 4),
        "worst": round(ratios[0], 6),
        "median_of_functions": round(statistics.median(call.used / call.bound for _, call in by_function), 4),
        "met_by_functions": sum(call.used == call.bound for _, call in by_function),
        "loosest": [{"function": name, "used": call.used, "bound": call.bound} for name, call in by_function[:worst]],
    }


def main() -> None:
    """Print the figures of every corpus."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--worst", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    bound_watch.install()
    corpora: dict[str, Callable[[], None]] = {
        "machine programs": scenarios,
        "programs": programs,
        "contracts": contracts,
        "random programs": lambda: random_programs(options.seeds),
    }
    found = {name: summary(watched(work), options.worst) for name, work in corpora.items()}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print("gas used over bound, of calls that went well; of functions: the nearest call of each\n")
    print(f"{'corpus':18} {'calls':>7} {'median':>7} {'tenth':>7} {'worst':>9}   {'functions':>9} {'median':>7} {'met':>5}")
    for name, figures in found.items():
        calls = f"{figures['calls']:>7_} {figures['median']:>7.3f} {figures['tenth']:>7.3f} {figures['worst']:>9.6f}"
        functions = f"{figures['functions']:>9_} {figures['median_of_functions']:>7.3f} {figures['met_by_functions']:>5_}"
        print(f"{name:18} {calls}   {functions}")
    for name, figures in found.items():
        for call in figures["loosest"]:
            print(f"\n{name}: {call['function'][:100]}\n  used {call['used']:_} of {call['bound']:_}", end="")
    print()


if __name__ == "__main__":
    main()
