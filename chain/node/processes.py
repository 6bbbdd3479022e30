"""What a process of this machine uses, as Linux tells it under /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """Seconds of processor time since it began, bytes of memory at present, files and sockets that are open."""

    processor_seconds: float
    resident_bytes: int
    open_files: int


def read_usage(pid: int) -> Usage | None:
    """What a process uses, None if it is gone or this is another system."""
    place = Path("/proc") / str(pid)
    try:
        # The name, which may have blanks and brackets in it, ends with the last bracket.
        fields = (place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        pages = int((place / "statm").read_text().split()[1])
        files = sum(1 for _ in (place / "fd").iterdir())
    except (OSError, ValueError, IndexError):
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"), files)
