"""The ledger end to end, and what it charges for by hand-set prices.

    python bench/ledger.py [SCENARIO ...] [--wallets N] [--repeats N] [--transactions N] [--batch N] [--connections N]
                           [--people N] [--folder DIR] [--quick] [--json FILE]

`contest`: signed payments and token transfers over HTTP into blocks on disk, beside the same on Anvil and beside processes that
only verify signatures, in turns. `mixes`: 0, 10 and 50 % invalid ones, one wallet in all of them. `latency`: at offered rates and
at saturation. `instant`: blocks of one payment each. `stages`: what a block is made of, in processor time, in this process.
`http`: what requests cost in the server. `start`: how long a devnet takes to be ready. These are meant if none is named.

`code`, `arguments`, `calls`: what the hand-set prices of the ledger are set by (`bench/node/charges.py`).

The node is a `tael devnet` in a process of its own, its data in DIR (the folder for temporary files if none is given). If a wheel
of Tael is installed (docs/architecture.md, "Compiled modules"), that is measured, else what is beside this folder. Everything is
signed before a clock runs. Rates are by the clock and mean little on a busy computer: the load is printed, and processor time
beside every rate.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Not this folder, whose `vm` is a benchmark; and the root last, so that an installed wheel is measured if there is one.
sys.path.pop(0)
sys.path.append(str(Path(__file__).parents[1]))

from bench.node import charges, scenarios
from bench.node.http import http
from bench.node.scene import Scene
from bench.node.stages import stages
from bench.node.starting import start
from bench.node.system import COMPILED, CORES, load, sync_ms

SCENARIOS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "contest": scenarios.contest,
    "mixes": scenarios.mixes,
    "latency": scenarios.latency,
    "instant": scenarios.instant,
    "stages": stages,
    "http": http,
    "start": start,
}
CHARGES: dict[str, Callable[[], None]] = {"code": charges.code, "arguments": charges.arguments, "calls": charges.calls}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", nargs="*", metavar="SCENARIO", help=", ".join([*SCENARIOS, *CHARGES]))
    parser.add_argument("--wallets", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--transactions", type=int, default=20_000, help="of one repeat of one row")
    parser.add_argument("--batch", type=int, default=250, help="transactions a request, where the node takes batches")
    parser.add_argument("--connections", type=int, default=4, help="with one request under way each, where it does")
    parser.add_argument("--people", type=int, default=11, help="accounts of Anvil, which is slower the more there are")
    parser.add_argument("--workers", type=int, default=CORES, help="processes of the node beside the one that makes blocks")
    parser.add_argument("--folder", type=Path, help="where the ledger is kept while it is measured")
    parser.add_argument("--quick", action="store_true", help="see that all of it works: the figures mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a process of `code`
    options = parser.parse_args()
    if options.one:
        charges.one(options.one)
        return
    unknown = sorted(set(options.what) - SCENARIOS.keys() - CHARGES.keys())
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join([*SCENARIOS, *CHARGES])}")
    if options.quick:
        options.repeats, options.transactions, options.wallets = 1, 400, min(options.wallets, 400)
    found = measure(options, [name for name in SCENARIOS if name in options.what or not options.what])
    for name in options.what:
        if name in CHARGES:
            CHARGES[name]()
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def measure(options: argparse.Namespace, wanted: list[str]) -> dict[str, Any]:
    """What the scenarios find, by name."""
    if not wanted:
        return {}
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="tael-bench-") as name:
        folder = Path(name)
        found: dict[str, Any] = {
            "python": platform.python_version(),
            "compiled": COMPILED,
            "cores": CORES,
            "load before": load(),
            "sync ms": sync_ms(folder),
            "repeats": options.repeats,
            "wallets": options.wallets,
            "workers": options.workers,
        }
        print(
            f"Python {found['python']}{', hot modules compiled' if COMPILED else ''}, {CORES} cores,"
            f" load {found['load before']:.1f}; a sync of 4 KiB takes {found['sync ms']:.2f} ms; repeats: {options.repeats}",
            flush=True,
        )
        scene = Scene(
            folder,
            options.wallets,
            options.repeats,
            options.transactions,
            options.batch,
            options.connections,
            options.people,
            options.workers,
            options.quick,
        )
        with scene:
            for scenario in wanted:
                print(f"\n{scenario}: {SCENARIOS[scenario].__doc__}", flush=True)
                found[scenario] = SCENARIOS[scenario](scene)
        found["load after"] = load()
        print(f"\nload {found['load after']:.1f}")
    return found


if __name__ == "__main__":
    main()
