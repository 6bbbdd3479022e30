"""Where native code pays, and where it loses: calls of functions as Python, natively, and as the machine chooses.

    python bench/native.py [--runs 15] [--json]

Measured are calls of compiled functions, without the session around them, which all have alike. `python` and `native` are
the two forms; `chosen` is what runs by default, warm, when all calls are like this one. The rows of `choice` are mixtures that
deceive it, and first calls, compilation included. Figures are medians over the runs, in microseconds of processor time a
call; ratios are of the runs of one turn, above 1 where native code gains.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from lang.compiler import compile_text  # noqa: E402
from vm.cells import Cells, cells  # noqa: E402
from vm.compiled import Compiled  # noqa: E402
from vm.journal import Journal  # noqa: E402
from vm.native import adaptive  # noqa: E402
from vm.native.adaptive import LONG_GAS, PYTHON_GAS_MAX  # noqa: E402
from vm.native.engine import native  # noqa: E402
from vm.verifier import Verified, verify  # noqa: E402

TEXT = """contract Numbers:
    pure fn loop(n: u64) -> u64:
        let total = 0
        for i in 0..n max 1_000_000:
            total += i mod 7
        return total

    pure fn compound(start: Amount, rate: Rate, periods: u64) -> Amount:
        let total = start
        for i in 0..periods max 1000:
            total += total * rate rounded half_even
        return total

    pure fn root(n: u128) -> u128:
        let half = n / 2 rounded down
        let x = half + 1
        for i in 0..100:
            let other = n / x rounded down
            let y = (x + other) / 2 rounded down
            if y >= x:
                return x
            x = y
        return x
"""
GAS = 10**15
PASS_GAS = 84  # of `loop`
PASSES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
Call = Callable[[Sequence[Any]], float]


def module() -> Verified:
    """The functions under test, verified anew, so that nothing is known of them."""
    compilation = compile_text(TEXT, "numbers.tael")
    assert compilation.ok
    return verify(compilation.contracts["Numbers"].module)


def python_of(verified: Verified, name: str, *, enabled: bool) -> Callable[..., Any]:
    """What compiled code calls, with native code or without."""
    return Compiled(verified, checked=True, native=enabled).function(verified.by_name[name])


def timed(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> float:
    """Seconds for some calls."""
    c = cells(Journal(), now=0, gas=GAS)
    began = time.thread_time()
    for arguments in calls:
        c[0] = GAS
        function(c, [], *arguments)
    return time.thread_time() - began


def forms(name: str) -> dict[str, Callable[..., Any]]:
    """The function in its forms."""
    verified = module()
    made = native(verified, verified.by_name[name])
    assert made is not None

    def natively(c: Cells, _: list[Any], *arguments: Any) -> Any:
        done = made(c[0], arguments)
        assert done is not None
        c[0] = done[1]
        return done[0]

    chosen = python_of(verified, name, enabled=True)
    return {"python": python_of(verified, name, enabled=False), "native": natively, "chosen": chosen}


def warm(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Call a function until it has used so much gas that it is compiled."""
    c, used = cells(Journal(), now=0, gas=GAS), 0
    while used < 2 * adaptive.COMPILE_GAS:
        c[0] = GAS
        function(c, [], *arguments)
        used += GAS - c[0]


def turns(functions: dict[str, Callable[..., Any]], calls: Sequence[tuple[Any, ...]], runs: int) -> dict[str, list[float]]:
    """Microseconds a call in each form, run by run, the forms in turns."""
    found: dict[str, list[float]] = {form: [] for form in functions}
    for _ in range(runs):
        for form, function in functions.items():
            found[form].append(timed(function, calls) / len(calls) * 1e6)
    return found


def gain(found: dict[str, list[float]], form: str) -> float:
    """How much faster than Python, turn by turn, in the median."""
    return statistics.median(a / b for a, b in zip(found["python"], found[form], strict=True))


def row(name: str, arguments: tuple[Any, ...], runs: int) -> dict[str, float]:
    """Microseconds a call in each form, and how much faster than Python."""
    functions = forms(name)
    warm(functions["chosen"], (900_000,) if name == "loop" else arguments)
    count = max(1, min(500, int(0.005 / max(timed(functions["python"], [arguments]), 1e-6))))
    found = turns(functions, [arguments] * count, runs)
    ratios = {f"{form} gains": gain(found, form) for form in ("native", "chosen")}
    return {form: statistics.median(times) for form, times in found.items()} | ratios


def mixtures(runs: int) -> dict[str, dict[str, float]]:
    """Calls that deceive the choice."""
    mixed: dict[str, list[tuple[Any, ...]]] = {
        "all short": [(3,)] * 200,
        "short and long in turns": [(1,), (1_000,)] * 25,
        "one long in ten": ([(1,)] * 9 + [(2_000,)]) * 5,
        "just too long for Python, and short": [(1,), (PYTHON_GAS_MAX // PASS_GAS + 2,)] * 25,
        "just long, and short": [(1,), (LONG_GAS // PASS_GAS + 2,)] * 50,
    }
    functions = forms("loop")
    del functions["native"]
    warm(functions["chosen"], (900_000,))
    return {title: {"chosen gains": gain(turns(functions, calls, runs), "chosen")} for title, calls in mixed.items()}


def first_calls(runs: int) -> dict[str, dict[str, float]]:
    """A function's first call, with so many passes, compilation included."""
    found = {}
    for passes in (10_000, 90_000, 110_000, 130_000, 200_000, 1_000_000):
        times: dict[str, list[float]] = {"python": [], "chosen": []}
        for _ in range(runs):
            verified = module()
            for form, of_form in times.items():
                function = python_of(verified, "loop", enabled=form == "chosen")
                of_form.append(timed(function, [(passes,)]))
        found[f"first call, {passes} passes"] = {"chosen gains": gain(times, "chosen")}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    calls = {f"loop, {passes} passes": ("loop", (passes,)) for passes in PASSES}
    calls["compound interest, 360 periods"] = "compound", (10**14, 4 * 10**9, 360)
    calls["compound interest, wide, 360 periods"] = "compound", (10**30, 4 * 10**9, 360)
    calls["square root of a u128"] = "root", (3 * 10**37,)
    rows = {title: row(name, arguments, options.runs) for title, (name, arguments) in calls.items()}
    for title, found in rows.items():
        if title.startswith("loop"):
            found["million passes a second, native"] = int(title.split()[1]) / found["native"]
    choice = mixtures(options.runs) | first_calls(options.runs)
    worst = min(found["chosen gains"] for found in itertools.chain(rows.values(), choice.values()))
    results = {"python": platform.python_version(), "calls": rows, "choice": choice, "worst": worst}
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"Python {results['python']}")
    for title, found in itertools.chain(rows.items(), choice.items()):
        print(f"  {title:38}" + "".join(f"  {word} {value:,.2f}" for word, value in found.items()))
    print(f"\n  the greatest loss: {worst:.2f} of the speed of Python")


if __name__ == "__main__":
    main()
