"""Plain Python: the same work with no machine at all, for orientation."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from bench.machine.play import Expected, Outcome, Size, Speed, Workload, as_lists
from bench.machine.workloads import compounded, remainders, root

WORK: dict[str, Callable[..., Any]] = {"loop": remainders, "sort": sorted, "proof": root, "interest": compounded}


class Plain:
    """CPython: no checks, no meter, no bounds."""

    name = "plain Python"
    speed = Speed.FAST

    def plays(self, workload: Workload) -> bool:
        """What is a function of its arguments."""
        return workload.name in WORK

    def play(self, workload: Workload, size: Size) -> Outcome:
        """Call the function so often."""
        work = WORK[workload.name]
        calls = [call.arguments for call in workload.calls(size)]
        gc.collect()
        began = time.process_time()
        results = [work(*arguments) for arguments in calls]
        seconds = time.process_time() - began
        return Outcome(seconds, Expected(as_lists(results), []))
