"""How fast contracts are tested beside Forge and titanoboa, and how soon planted bugs are found.

    python bench/testkit.py [--only unit|fuzz|stateful|planted …] [--repeats 3] [--no-peers] [--checkout FOLDER] [--json]

Peers are optional: npm brings Forge and the compiler of Solidity, `pip install -e '.[bench]'` titanoboa. Who is not there is
left out and named. Everyone runs as people run it, a process each, in turns; figures are minimum, median and maximum over the
repeats, ratios are taken within a turn and by processor time. What tests alone take is what they take together less one of
them. Exit code 1 if a planted bug is not found within 10 s of processor time.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.machine.contest import Spread
from bench.testing import work
from bench.testing.forge import Absent, Forge
from bench.testing.house import tael
from bench.testing.running import Broken, Ran, run

NAMES = ("unit", "fuzz", "stateful", "planted")
BOA_TESTS = 100
"""Of the three hundred: enough to know what one takes, and they take long."""
FORGE_RUNS = 20_000
HISTORIES = 100
FIND_SECONDS_MAX = 10
"""Of processor time, the whole process: the goal for each planted bug."""
Figures = dict[str, dict[str, float]]


class Bench:
    """Everyone who plays, and the folder they play in."""

    def __init__(self, folder: Path, checkout: Path, runs: int, *, with_peers: bool) -> None:
        self.folder = folder
        self.checkout = checkout
        self.runs = runs
        self.missing: list[str] = []
        self.forge: Forge | None = None
        for name, text in (("unit", work.unit_tael()), ("fuzz", work.fuzz_tael()), ("stateful", work.stateful_tael())):
            (folder / f"{name}.tael").write_text(text, encoding="utf-8")
        self.with_boa = with_peers and importlib.util.find_spec("boa") is not None
        if not with_peers:
            self.missing = ["forge (not asked for)", "titanoboa (not asked for)"]
            return
        if self.with_boa:
            (folder / "test_units.py").write_text(work.unit_python(BOA_TESTS), encoding="utf-8")
            shutil.copy(work.ROOT / "bench" / "peers" / "token.vy", folder / "token.vy")
        else:
            self.missing.append("titanoboa (pip install -e '.[bench]')")
        try:
            self.forge = Forge.prepared(folder / "forge", runs=FORGE_RUNS, histories=HISTORIES)
        except (Absent, Broken) as why:
            self.missing.append(f"forge ({why})")

    # ── One turn each ─────────────────────────────────────────────────────────────────────────────────────────────────

    def unit(self) -> Figures:
        """Seconds of three hundred unit tests: the whole process by the clock and by the processor, and the tests alone."""
        one, _ = self._tael("unit", "-k", "unit 0")
        ran, tests = self._tael("unit")
        _all_pass(tests, work.UNIT_TESTS)
        found = {"tael": _unit_figures(ran, one, 1)}
        if self.forge is not None:
            one = self.forge.run_one()
            ran, reports = self.forge.run("UnitTest")
            assert len(reports) == work.UNIT_TESTS
            found["forge"] = _unit_figures(ran, one, 1)
        if self.with_boa:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "test_units.py"]
            one, ran = run([*command, "-k", "test_unit[0]"], self.folder), run(command, self.folder)
            if ran.code or one.code:
                raise Broken(f"titanoboa fails: {(ran.output or one.output)[-300:]}")
            found["titanoboa"] = _unit_figures(ran, one, work.UNIT_TESTS / BOA_TESTS)
        return found

    def fuzz(self) -> Figures:
        """Runs of the transfer property a second of processor time."""
        one, _ = self._tael("fuzz", "--runs", "1", "--seed", "1")
        ran, tests = self._tael("fuzz", "--runs", str(self.runs), "--seed", "1")
        _all_pass(tests, 1)
        found = {"tael": _rate("runs", tests[0]["cases"], ran, one)}
        if self.forge is not None:
            ran, reports = self.forge.run("FuzzTest")
            found["forge"] = _rate("runs", next(iter(reports.values()))["kind"]["Fuzz"]["runs"], ran, self.forge.run_one())
        return found

    def stateful(self) -> Figures:
        """Calls in histories a second of processor time; what holds is asked after each by both."""
        one, _ = self._tael("stateful", "--runs", "1", "--seed", "1")
        ran, tests = self._tael("stateful", "--runs", str(HISTORIES), "--seed", "1")
        _all_pass(tests, 1)
        found = {"tael": _rate("calls", tests[0]["scenario"]["calls"], ran, one)}
        if self.forge is not None:
            ran, reports = self.forge.run("StatefulTest")
            kind = next(iter(reports.values()))["kind"]["Invariant"]
            found["forge"] = _rate("calls", kind["calls"], ran, self.forge.run_one())
        return found

    def _tael(self, name: str, *options: str) -> tuple[Ran, list[dict[str, Any]]]:
        return tael(self.folder / f"{name}.tael", self.folder, self.checkout, *options)

    def planted(self) -> Figures:
        """Processor seconds until each planted bug is told, the whole process, with nothing remembered."""
        found = {}
        for path in sorted((work.ROOT / "tests" / "planted" / "bugs").glob("*.tael")):
            shutil.rmtree(self.folder / ".tael", ignore_errors=True)
            ran, tests = tael(path, self.folder, self.checkout, "--seed", "1")
            troubles = [test["trouble"]["message"] for test in tests if not test["ok"]]
            steps = re.search(r"after (\d+) step", troubles[0]) if len(troubles) == 1 else None
            found[path.stem] = {
                "processor s": ran.processor_seconds,
                "steps": float(steps[1]) if steps is not None else 0.0,
            }
        return found


def _unit_figures(ran: Ran, one: Ran, scale: float) -> dict[str, float]:
    """Of all tests and of one; `scale` says how many times as many the three hundred are as those that ran."""
    tests, alone = ran.processor_seconds - one.processor_seconds, ran.seconds - one.seconds
    return {
        "process s": one.seconds + alone * scale,
        "processor s": one.processor_seconds + tests * scale,
        "tests processor ms": max(0.1, tests * scale * 1e3),
    }


def _rate(what: str, count: int, ran: Ran, one: Ran) -> dict[str, float]:
    """How many a second of processor time, without what a process takes for hardly any."""
    return {f"{what}/s": count / max(1e-3, ran.processor_seconds - one.processor_seconds), what: float(count)}


def _all_pass(tests: list[dict[str, Any]], count: int) -> None:
    failed = [test["name"] for test in tests if not test["ok"]]
    if failed or len(tests) != count:
        raise Broken(f"{len(tests)} tests of {count}, {len(failed)} failed: {failed[:3]}")


def measured(play: Callable[[], Figures], repeats: int) -> dict[str, dict[str, Spread]]:
    """The spread of every figure, and of its ratio to ours within a turn."""
    turns = [play() for _ in range(repeats)]
    told: dict[str, dict[str, Spread]] = {}
    for who in turns[0]:
        told[who] = {what: Spread.of([turn[who][what] for turn in turns]) for what in turns[0][who]}
        if who == "tael" or "tael" not in turns[0]:
            continue
        for what in ("tests processor ms", "processor s", "runs/s", "calls/s"):
            if what in turns[0][who]:
                told[who][f"ours to its {what}"] = Spread.of([turn["tael"][what] / turn[who][what] for turn in turns])
    return told


def report(name: str, told: dict[str, dict[str, Spread]]) -> None:
    """A table for people."""
    print(f"\n{name}")
    for who, figures in told.items():
        parts = [f"{what} {spread.median:,.4g} ({spread.min:,.4g} … {spread.max:,.4g})" for what, spread in figures.items()]
        print(f"  {who}\n    " + "\n    ".join(parts))


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=NAMES, help="what to measure; all of it if not said")
    parser.add_argument("--repeats", type=int, default=3, help="turns of everyone")
    parser.add_argument("--runs", type=int, default=2_000, help="cases of our property")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    parser.add_argument("--checkout", type=Path, default=work.ROOT, help="the folder of the code that is measured")
    parser.add_argument("--json", action="store_true", help="the same as data")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked.checkout.resolve(), asked.runs, with_peers=not asked.no_peers)
        if not asked.json:
            print(f"left out: {', '.join(bench.missing) or 'nobody'}")
        results = {}
        for name in asked.only or NAMES:
            results[name] = measured(getattr(bench, name), asked.repeats)
            if not asked.json:
                report(name, results[name])
    if asked.json:
        plain = {name: {who: {w: s._asdict() for w, s in f.items()} for who, f in told.items()} for name, told in results.items()}
        print(json.dumps({"left_out": bench.missing, "results": plain}, indent=2))
    late = [
        name
        for name, figures in results.get("planted", {}).items()
        if figures["steps"].min == 0 or figures["processor s"].max > FIND_SECONDS_MAX
    ]
    if late:
        print(f"not found, or not within {FIND_SECONDS_MAX} s: {', '.join(late)}", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
