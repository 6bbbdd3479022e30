"""How long people wait: `tael --help`, a devnet until it is ready, `tael check` and `tael test` as whole processes.

    python bench/start.py [--runs 7] [--json]

Prints minimum, median and maximum of wall seconds. Every run is a process of its own; the first, which fills the file cache,
is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TAEL = [sys.executable, "-c", "from kit.main import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
READY_SECONDS_MAX = 20


def process(*arguments: str) -> float:
    """Seconds of one whole command."""
    began = time.perf_counter()
    subprocess.run([*TAEL, *arguments], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def devnet() -> float:
    """Seconds from the start of the process to its ready file."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [*TAEL, "devnet", "--port", "0", "--data", f"{folder}/data", "--ready-file", str(ready)]
        began = time.perf_counter()
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as running:
            while not ready.exists() and time.perf_counter() - began < READY_SECONDS_MAX:
                time.sleep(0.002)
            seconds = time.perf_counter() - began
            running.terminate()
        return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    examples = sorted(str(path) for path in (ROOT / "contracts" / "examples").glob("*.tael"))
    measured: dict[str, Callable[[], float]] = {
        "tael --help": lambda: process("--help"),
        "tael devnet, until ready": devnet,
        "tael check, the examples": lambda: process("check", *examples),
        "tael test, the examples": lambda: process("test", *examples),
    }
    results = {}
    for name, measure in measured.items():
        measure()
        seconds = [measure() for _ in range(options.runs)]
        results[name] = {"min": min(seconds), "median": statistics.median(seconds), "max": max(seconds)}
        if not options.json:
            shown = "  ".join(f"{word} {value:6.3f}" for word, value in results[name].items())
            print(f"{name:28} {shown} s", flush=True)
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
