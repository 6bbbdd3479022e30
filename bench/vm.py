"""How fast the machine is beside its peers: the EVM in Rust, the EVM in Python, WebAssembly, and Python itself.

    python bench/vm.py [--runs 5] [--only NAME …] [--no-peers] [--json]

Peers are optional: `pip install pyrevm titanoboa vyper wasmtime`, or `pip install -e '.[bench]'`. What is not installed is left
out and named. All play in this one process, in turns, so that whatever else the computer does meets all of them alike; results
are compared before and while they are timed, and ratios are taken within each turn. bench/README.md says what the rows mean.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.machine import compiling
from bench.machine.contest import Result, contest
from bench.machine.evm import PyEvm, PyRevm
from bench.machine.own import own
from bench.machine.plain import Plain
from bench.machine.play import Contestant
from bench.machine.webassembly import Wasm
from bench.machine.workloads import WORKLOADS

COMPILING = "compiling"
NAMES = (*(workload.name for workload in WORKLOADS), COMPILING)


def contestants(*, with_peers: bool) -> tuple[list[Contestant], list[str]]:
    """Everyone who can play, and what is left out."""
    peers: list[tuple[str, tuple[str, ...], list[Contestant]]] = [
        ("pyrevm", ("pyrevm", "vyper", "eth_abi"), [PyRevm()]),
        ("py-evm", ("boa", "vyper", "eth_abi"), [PyEvm()]),
        ("wasmtime", ("wasmtime",), [Wasm(fuel=True), Wasm(fuel=False)]),
    ]
    found: list[Contestant] = list(own())
    missing = []
    for name, needs, playing in peers:
        if with_peers and all(map(importlib.util.find_spec, needs)):
            found += playing
        else:
            missing.append(name)
    return [*found, Plain()], missing


def figure(value: float) -> str:
    """A number with as many decimals as it has use for."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def spread(values: Iterable[float], width: int = 13) -> str:
    """Minimum, median and maximum."""
    return "".join(f"{figure(value):>{width}}" for value in values)


def print_result(result: Result, turns: int) -> None:
    """A workload for people to read."""
    workload = result.workload
    print(f"\n{workload.name}: {workload.unit}\n  the same: {workload.alike}\n  not the same: {workload.unlike}")
    print(f"  {'a second':34}{'min':>13}{'median':>13}{'max':>13}{'gas each':>12}  ns/gas min, median, max")
    for name, row in result.rows.items():
        gas = "" if row.gas is None or row.ns_per_gas is None else f"{row.gas:12,.1f}" + spread(row.ns_per_gas, 8)
        fewer = "" if row.turns == turns else f"  (turns: {row.turns})"
        print(f"  {name:34}{spread(row.rate)}{gas}{fewer}")
    print(f"  {'times as fast':62}{'min':>8}{'median':>8}{'max':>8}")
    for ratio in result.ratios:
        goal = ""
        if ratio.goal is not None:
            goal = f"   at least {ratio.goal:g} is wanted: {'met' if ratio.times.median >= ratio.goal else 'not met'}"
        print(f"  {ratio.of + ' / ' + ratio.to:62}{spread(ratio.times, 8)}{goal}")
    sys.stdout.flush()


def print_compiling(stages: dict[str, Any], tokens: dict[str, Any]) -> None:
    """The stages of compiling for people to read."""
    print(f"\n{COMPILING}: milliseconds\n  {'':34}{'min':>13}{'median':>13}{'max':>13}{'lines a second':>18}")
    for lines, rows in stages["lines"].items():
        for name, row in rows.items():
            times = spread(row[word] for word in ("min", "median", "max"))
            print(f"  {lines:5} lines, {name:21}{times}{row['lines per second']:18,.0f}")
    print("  growth: time is size to the power of e, in all and from size to size; 1 is linear")
    for name, row in stages["growth"].items():
        steps = ", ".join(f"{step:.2f}" for step in row["steps"])
        print(f"  {name:10} by {row['by']:16} e = {row['exponent']:.2f} ({steps})")
    print("  a token from its text to its bytecode")
    for name, row in tokens.items():
        print(f"  {name:34}{spread(row.values())}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5, help="turns that are counted, one more warms up")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one or more of {', '.join(NAMES)}")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="only the house, and plain Python")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    wanted = options.only or NAMES
    everyone, missing = contestants(with_peers=options.peers)
    results: dict[str, Any] = {"python": platform.python_version(), "left out": missing, "runs": options.runs}
    if not options.json:
        print(
            f"Python {results['python']}, {options.runs} turns; not installed, or not wanted: {', '.join(missing) or 'nothing'}"
        )
    for workload in WORKLOADS:
        if workload.name in wanted:
            result = contest(workload, everyone, options.runs)
            results[workload.name] = result.as_json()
            if not options.json:
                print_result(result, options.runs)
    if COMPILING in wanted:
        results[COMPILING] = {"stages": compiling.stages(options.runs), "tokens": compiling.tokens(options.runs)}
        if not options.json:
            print_compiling(**results[COMPILING])
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
