"""The Python client against an instant devnet: what a payment costs client and node, over one connection and over eight.

    python bench/client.py [--payments N] [--connections N] [--json FILE]

A payment is built, signed, sent and waited for until it is on disk. `one after another` waits for each; `at once` has as many
under way as there are connections, from ten wallets or from a single one whose sequence numbers are counted in the client;
`batches` are of one wallet too. The devnet is a process of its own with blocks made at once. Processor time is the client's and
the node's; rates are by the clock and mean little on a busy computer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.node.devnet import Process
from chain.client.aio import AsyncClient
from chain.client.client import Client
from chain.client.sender import Sender
from chain.node.development import development_wallets
from chain.primitives.transaction import Pay

WALLETS = [Sender.of(wallet.key) for wallet in development_wallets()]
PAYMENT = [Pay(bytes(WALLETS[1].address), "CNY", 1)]


def blocking(url: str, payments: int, connections: int, senders: int) -> None:
    """By threads."""
    with Client(url) as client, ThreadPoolExecutor(connections) as pool:
        for outcome in pool.map(lambda number: client.transact(WALLETS[number % senders], PAYMENT), range(payments)):
            assert outcome.receipt.ok


def awaited(url: str, payments: int, connections: int, senders: int) -> None:
    """By tasks."""

    async def work(client: AsyncClient, numbers: list[int]) -> None:
        while numbers:
            outcome = await client.transact(WALLETS[numbers.pop() % senders], PAYMENT)
            assert outcome.receipt.ok

    async def all_of_it() -> None:
        async with AsyncClient(url, connections=connections) as client:
            numbers = list(range(payments))
            await asyncio.gather(*[work(client, numbers) for _ in range(connections)])

    asyncio.run(all_of_it())


def batches(url: str, payments: int, connections: int, senders: int) -> None:
    """In as few requests as they fit into."""
    with Client(url) as client:
        assert all(row.ok for row in client.transact_many(WALLETS[0], [PAYMENT] * payments))


ROWS: dict[str, tuple[Callable[[str, int, int, int], None], bool, int]] = {
    "blocking, one after another": (blocking, False, 1),
    "awaited, one after another": (awaited, False, 1),
    "blocking, at once, ten wallets": (blocking, True, 10),
    "awaited, at once, ten wallets": (awaited, True, 10),
    "awaited, at once, one wallet": (awaited, True, 1),
    "batches, one wallet": (batches, True, 1),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--payments", type=int, default=800)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="tael-bench-") as name, Process(Path(name)) as node:
        url = f"http://127.0.0.1:{node.port}"
        for row, (work, many, senders) in ROWS.items():
            work(url, 40, options.connections if many else 1, senders)  # to warm up
            client_before, node_before, began = time.process_time(), node.processor_seconds(), time.perf_counter()
            work(url, options.payments, options.connections if many else 1, senders)
            seconds = time.perf_counter() - began
            client_us = (time.process_time() - client_before) / options.payments * 1e6
            node_us = (node.processor_seconds() - node_before) / options.payments * 1e6
            found[row] = {"rate": options.payments / seconds, "client us": client_us, "node us": node_us}
            print(f"{row:32} {options.payments / seconds:7,.0f} a second  client {client_us:5,.0f} us  node {node_us:5,.0f} us")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
