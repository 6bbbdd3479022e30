"""What the system knows of processes: their processor time and memory, children counted; and what a sync of the disk takes."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from chain.state import tree

TICKS = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
MIB = 1024 * 1024
COMPILED = not str(tree.__file__).endswith(".py")
"""Whether the node's hot modules are compiled."""


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found, at = [pid], 0
    while at < len(found):
        for children in Path(f"/proc/{found[at]}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
        at += 1
    return found


def processor_seconds(pid: int) -> float:
    """Processor time that a process and those below it have used, to a hundredth of a second or so, in the kernel too."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_mib(pid: int) -> float:
    """Memory in use by a process and those below it, what they share counted once (proportional set size)."""
    total = 0
    for member in family(pid):
        lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def sync_ms(folder: Path, times: int = 20) -> float:
    """Milliseconds that a sync of 4 KiB takes in a folder, the median."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e3


def load() -> float:
    """Processes that want to run, the mean of the last minute."""
    return os.getloadavg()[0]
