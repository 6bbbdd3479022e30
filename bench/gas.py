"""How long a unit of gas takes: every operation measured on the compiled tier, and the schedule fitted to that.

    python bench/gas.py [--rounds 7] [--only TEXT] [--json]     measure and report
    python bench/gas.py --write                                  measure, fit, write `vm/gas.py`

A case (`bench/prices/cases.py`) is a loop whose body does one thing some times; what the same loop takes without that body is
taken off, time and gas. Each figure is the least of all rounds, those with the body and those without in turns. Time over gas
is what a schedule is judged by: by its spread, slowest over median.

The fit (`bench/prices/fit.py`) is: each price is the least for which none of the cases that are to fix it takes more than
`NANOSECONDS` per gas, rounded up to two digits; a price that is already that, within `TOLERANCE`, stays as it is, so that a
second run changes nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.gas_search import kept  # noqa: E402
from bench.prices.cases import all_cases  # noqa: E402
from bench.prices.deploy import deployments  # noqa: E402
from bench.prices.fit import fitted, schedule_text  # noqa: E402
from bench.prices.measure import Measured, measured_all  # noqa: E402
from vm import gas  # noqa: E402

SHOWN = 10


def with_prices(rows: list[Measured], prices: dict[str, int]) -> list[tuple[str, float, float]]:
    """Name, nanoseconds and nanoseconds per gas of what costs gas, dearest first."""
    found = []
    for row in rows:
        cost = sum(prices[name] * count for name, count in row.counts.items())
        if cost > 0:
            found.append((row.name, row.nanoseconds, row.nanoseconds / cost))
    return sorted(found, key=lambda row: -row[2])


def summary(rows: list[tuple[str, float, float]]) -> dict[str, Any]:
    """What a schedule is judged by."""
    ratios = [ratio for _, _, ratio in rows]
    median = statistics.median(ratios)
    return {
        "python": platform.python_version(),
        "rows": len(rows),
        "ns per gas, median": median,
        "ns per gas, slowest": ratios[0],
        "slowest over median": ratios[0] / median,
        "slowest rows": rows[:SHOWN],
        "fastest rows": rows[-SHOWN:][::-1],
    }


def show(found: dict[str, Any]) -> None:
    """The summary, to be read."""
    for name, value in found.items():
        if isinstance(value, list):
            print(name)
            for row, nanoseconds, ratio in value:
                print(f"  {row:50} {nanoseconds:14,.0f} ns {ratio:8.2f} ns per gas")
        else:
            print(f"{name:24} {value:.2f}" if isinstance(value, float) else f"{name:24} {value}")


def main() -> None:
    """Measure, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--write", action="store_true", help="write the fitted schedule to vm/gas.py")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("a schedule is fitted to all cases: leave out --only")
    cases = [case for case in all_cases() if options.only in case.name]
    early = deployments() if options.only in "deployment" else []
    rows = measured_all(cases, options.rounds)
    for before, after in zip(early, deployments() if early else [], strict=True):
        rows.append(min(before, after, key=lambda row: row.nanoseconds))
    prices = {name: value for name, value in vars(gas).items() if name.startswith("GAS_")}
    if options.write:
        fit = fitted(rows, prices)
        (ROOT / "vm" / "gas.py").write_text(schedule_text(fit, prices), encoding="utf-8")
        prices |= {name: price.number for name, price in fit.items()}
    found = summary(with_prices(rows, prices))
    if not options.only and not options.write:  # a schedule that has just been written is in force in the next run
        programs = sorted(kept(), key=lambda pair: -pair[1].nanoseconds_per_gas)
        found["kept programs"] = [(name, one.gas * one.nanoseconds_per_gas, one.nanoseconds_per_gas) for name, one in programs]
        found["slowest of all over median"] = max(
            found["slowest over median"], programs[0][1].nanoseconds_per_gas / found["ns per gas, median"]
        )
    if options.json:
        all_rows = with_prices(rows, prices)
        print(json.dumps(found | {"all": all_rows}, indent=1))
    else:
        show(found)


if __name__ == "__main__":
    main()
