"""Where native code pays, and where it loses: calls of functions as Python, natively, and as the machine chooses.

    python bench/native.py [--runs 7] [--json]

Measured are calls of compiled functions, without the session around them, which all have alike. `python` and `native` are
the two forms; `chosen` is what runs by default, warm, when all calls are like this one. The rows of `choice` are mixtures that
deceive it, and one function from its first call on, compilation included. Figures are medians over the runs, in microseconds a
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
from vm.compiled import Compiled  # noqa: E402
from vm.native import adaptive  # noqa: E402
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
PASSES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
Call = Callable[[Sequence[Any]], float]


def module() -> Verified:
    """The functions under test, verified anew, so that nothing is known of them."""
    compilation = compile_text(TEXT, "numbers.tael")
    assert compilation.ok
    return verify(compilation.contracts["Numbers"].module)


def python_of(verified: Verified, name: str, *, enabled: bool) -> Callable[..., Any]:
    """What compiled code calls, with native code or without."""
    adaptive.ENABLED = enabled
    try:
        return Compiled(verified).function(verified.by_name[name])
    finally:
        adaptive.ENABLED = True


def run_list() -> list[Any]:
    """What stands for a call in compiled code, as far as numbers need it."""
    return [GAS, 0, False, None, *(None,) * 8]


def timed(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> float:
    """Seconds for some calls."""
    m = run_list()
    began = time.perf_counter()
    for arguments in calls:
        m[0] = GAS
        function(m, *arguments)
    return time.perf_counter() - began


def forms(name: str) -> dict[str, Callable[..., Any]]:
    """The function in its forms."""
    verified = module()
    made = native(verified, verified.by_name[name])
    assert made is not None

    def natively(m: list[Any], *arguments: Any) -> Any:
        done = made(m[0], arguments)
        assert done is not None
        m[0] = done[1]
        return done[0]

    chosen = python_of(verified, name, enabled=True)
    return {"python": python_of(verified, name, enabled=False), "native": natively, "chosen": chosen}


def row(name: str, arguments: tuple[Any, ...], runs: int) -> dict[str, float]:
    """Microseconds a call in each form, and how much faster than Python."""
    functions = forms(name)
    timed(functions["chosen"], [(1_000_000,) if name == "loop" else arguments] * 40)  # compiled by now
    count = max(1, min(2000, int(0.02 / max(timed(functions["python"], [arguments]), 1e-6))))
    found: dict[str, list[float]] = {form: [] for form in functions}
    for _ in range(runs):
        for form, function in functions.items():
            found[form].append(timed(function, [arguments] * count) / count * 1e6)
    ratios = {
        f"{form} gains": statistics.median(a / b for a, b in zip(found["python"], found[form], strict=True))
        for form in ("native", "chosen")
    }
    return {form: statistics.median(times) for form, times in found.items()} | ratios


def mixtures(runs: int) -> dict[str, dict[str, float]]:
    """Calls that deceive the choice."""
    mixed = {
        "short and long in turns": [(1,), (200,)] * 100,
        "one long in ten": ([(1,)] * 9 + [(400,)]) * 20,
        "just too long for Python": [(1,), (80,)] * 100,
        "all short": [(3,)] * 400,
    }
    found = {}
    for title, calls in mixed.items():
        functions = forms("loop")
        timed(functions["chosen"], [(1_000_000,)] * 3)
        ratios = []
        for _ in range(runs):
            python, chosen = (timed(functions[form], calls) for form in ("python", "chosen"))
            ratios.append(python / chosen)
        found[title] = {"chosen gains": statistics.median(ratios)}
    return found


def first_calls(runs: int) -> dict[str, dict[str, float]]:
    """A function from its first call on, once, until it has made so many passes."""
    found = {}
    for passes in (10_000, 60_000, 80_000, 100_000, 200_000, 1_000_000):
        ratios = []
        for _ in range(runs):
            verified = module()
            python, chosen = (timed(python_of(verified, "loop", enabled=enabled), [(passes,)]) for enabled in (False, True))
            ratios.append(python / chosen)
        found[f"first call, {passes} passes"] = {"chosen gains": statistics.median(ratios), "least": min(ratios)}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=7)
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
