"""What it costs to be watched: counting for a block and for a request, telling the numbers, a line of the log.

    python bench/operations.py [--transactions 1000] [--json]

Processor time in microseconds, the median of some runs. The work is the node's own: the same calls in the same number as for one
block of so many payments, handed in as one batch.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where `vm` would be a benchmark

from chain.node.counted import Counted
from chain.node.logs import LOG, begin_logs, say
from chain.node.measures import Measures
from chain.node.metrics import tell
from chain.node.outcome import Row
from chain.node.vitals import Vitals
from chain.primitives.limits import BATCH_STEP

RUNS = 30


def microseconds(work: Callable[[], object], times: int) -> float:
    """Of one call, the median of RUNS runs of so many."""
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - began) / times * 1e6)
    return statistics.median(found)


def block(transactions: int) -> float:
    """What is done for one block only in order to count."""
    measures = Measures()
    receipts: list[Any] = [SimpleNamespace(ok=True)] * transactions
    rows = [Row(b"")] * transactions
    observe, now = measures.stage_seconds.observe, time.perf_counter

    def count() -> None:
        for _ in range(2 * transactions // BATCH_STEP + 8):
            now()
        for stage in ("admit", "execute", "tree", "write"):
            observe(0.001, stage)
        measures.sync_seconds.observe(0.002)
        measures.written(receipts, 10**9)
        for row in rows:
            if row.refusal is not None:
                measures.refusals.add(1, row.refusal.code)

    return microseconds(count, 20)


def request() -> float:
    """What a request takes more when it is counted."""

    async def nothing(request: Request) -> Response:
        return Response()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        return None

    application = Starlette(routes=[Route("/", nothing)])

    def asked(served: Any) -> float:
        async def all_of_them() -> None:
            for _ in range(200):
                await served({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}, receive, send)

        return microseconds(lambda: asyncio.run(all_of_them()), 1) / 200

    return asked(Counted(application, Measures())) - asked(application)


def line(form: str) -> float:
    """A line for a block."""
    begin_logs("info", form, io.StringIO())
    fields = {"height": 7, "hash": "0" * 64, "transactions": 3, "gas": 57_000, "waiting": 0, "write_ms": 3.4}
    taken = microseconds(lambda: say(logging.INFO, "block", **fields), 200)
    LOG.setLevel(logging.WARNING)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    vitals = Vitals(Measures(), head_age_seconds_max=30)
    rows = {
        f"counting a block of {options.transactions:_} payments": block(options.transactions),
        "counting a request": request(),
        "telling all numbers once": microseconds(lambda: tell(vitals.metrics()), 5),
        "a sign of life": microseconds(vitals.beat, 200),
        "a line of text": line("text"),
        "a line of JSON": line("json"),
    }
    if options.json:
        print(json.dumps({name: round(taken, 2) for name, taken in rows.items()}, indent=2))
        return
    for name, taken in rows.items():
        print(f"{name:40} {taken:10.2f} us")


if __name__ == "__main__":
    main()
