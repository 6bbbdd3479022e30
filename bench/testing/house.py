"""Our own test command, as people run it: a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.testing.running import Broken, Ran, run


def tael(path: Path, folder: Path, checkout: Path, *options: str) -> tuple[Ran, list[dict[str, Any]]]:
    """`tael test` of a file, with the code of a checkout. Raises `Broken` if it ends in anything but a report."""
    command = [sys.executable, "-m", "kit.main", "test", str(path), "--json", *options]
    ran = run(command, folder, PYTHONPATH=str(checkout))
    try:
        told = json.loads(ran.output)
    except ValueError:
        raise Broken(f"tael test says no JSON: {ran.output[-300:]}") from None
    tests: list[dict[str, Any]] = told["tests"]
    return ran, tests
