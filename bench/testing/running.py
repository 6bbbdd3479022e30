"""Runs a program to its end: the clock, the processor time of it and its children, and what it said."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Broken(Exception):
    """A program did not do what it was to be timed at."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A program's end: seconds by the clock, processor seconds, its exit code and its output."""

    seconds: float
    processor_seconds: float
    code: int
    output: str


def run(command: Sequence[str], folder: Path, *, timeout_seconds: float = 600, **environment: str) -> Ran:
    """Run it in a folder. Raises `Broken` if it takes too long."""
    before = _children_seconds()
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired:
        raise Broken(f"{Path(command[0]).name} takes more than {timeout_seconds:.0f} s") from None
    seconds = time.perf_counter() - began
    return Ran(seconds, _children_seconds() - before, done.returncode, done.stdout or done.stderr)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
