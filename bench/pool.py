"""What the pool costs, in microseconds of processor time for each transaction, by how many wait and in how many lanes.

    python bench/pool.py

`check`: may this one come, at the end of its lane (asked before its signature is looked at); `add`: it comes; `take`: it goes
into a block; `included`: the block is there; `sum`: of the last three. As many go as come, so that the pool stays as full as the
table says. `evict`: a newcomer to a full pool, dearer than its cheapest; `expire`: one that leaves at its height.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from chain.node.pool import Pool  # noqa: E402
from chain.node.waiting import Waiting  # noqa: E402
from chain.primitives.transaction import Body, Pay, Transaction  # noqa: E402

WAITING = (1_000, 20_000)
BATCH = 1_000
ROUNDS = 9
TRANSACTION = Transaction(Body("bench", bytes(32), 0, 0, 1, 1, 0, (Pay(bytes(32), "CNY", 1),)))


class Feed:
    """New transactions, around so many lanes in turn."""

    def __init__(self, lanes: int, mark: bytes = b"a", gas_price: int = 1, expiry_height: int = 10**6) -> None:
        self._mark = mark
        self._senders = [mark + b"%031d" % number for number in range(lanes)]
        self._made = 0
        self._gas_price = gas_price
        self._expiry_height = expiry_height

    def some(self, number: int) -> list[Waiting]:
        """The next ones."""
        return [self._one() for _ in range(number)]

    def _one(self) -> Waiting:
        number, self._made = self._made, self._made + 1
        sequence, sender = divmod(number, len(self._senders))
        address, price = self._senders[sender], self._gas_price + number % 3
        identity = self._mark + b"%031d" % number
        return Waiting(identity, address, 0, sequence, price, 5, address, 200, self._expiry_height, None, TRANSACTION)


def spent(work: Callable[[], object]) -> float:
    """Microseconds of a batch, for each transaction."""
    gc.collect()
    gc.disable()
    start = time.process_time_ns()
    work()
    end = time.process_time_ns()
    gc.enable()
    return (end - start) / 1_000 / BATCH


def steady(waiting: int, lanes: int) -> dict[str, float]:
    """The cost of coming and going with so many waiting."""
    pool, feed = Pool(2 * waiting + 2 * BATCH + 2), Feed(lanes)
    following: dict[bytes, int] = {}
    for one in feed.some(waiting):
        pool.add(one, 0, 0)
    costs: dict[str, list[float]] = {"check": [], "add": [], "take": [], "included": []}
    for _ in range(ROUNDS):
        batch = [(one, following.get(one.sender, 0)) for one in feed.some(BATCH)]
        taken: list[Waiting] = []
        first = [(one._replace(sequence=pool.next_sequence(one.sender, 0, sequence)), sequence) for one, sequence in batch]
        costs["check"].append(spent(lambda those=first: [pool.check(one, sequence) for one, sequence in those]))
        costs["add"].append(spent(lambda those=batch: [pool.add(one, sequence, 0) for one, sequence in those]))
        costs["take"].append(spent(lambda into=taken: into.extend(one for _ in range(BATCH) if (one := pool.take()))))
        costs["included"].append(spent(lambda those=taken: pool.included(those)))
        following.update((one.sender, one.sequence + 1) for one in taken)
        assert len(pool) == waiting
    return {name: median(times) for name, times in costs.items()}


def evict(waiting: int, lanes: int) -> float:
    """A newcomer that is dearer than all, in a pool that is full."""
    pool = Pool(waiting, shares=1)
    for one in Feed(lanes).some(waiting):
        pool.add(one, 0, 0)
    newcomers = Feed(lanes, b"n", gas_price=100).some(BATCH)
    cost = spent(lambda: [pool.add(one, 0, 0) for one in newcomers])
    assert len(pool.departed()) == BATCH
    return cost


def expire(waiting: int, lanes: int) -> float:
    """Those of one height among many of another."""
    pool = Pool(2 * waiting + 2 * BATCH + 2)
    for one in Feed(lanes).some(waiting):
        pool.add(one, 0, 0)
    for one in Feed(lanes, b"x", expiry_height=5).some(BATCH):
        pool.add(one, 0, 0)
    cost = spent(lambda: pool.expire(6, 0))
    assert len(pool.departed()) == BATCH
    return cost


def main() -> None:
    """The table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    names = ("check", "add", "take", "included", "sum", "evict", "expire")
    print(f"{'waiting':>8} {'lanes':>7}" + "".join(f"{name:>9}" for name in names))
    for waiting in WAITING:
        for lanes in (1, 100, waiting):
            cost = steady(waiting, lanes)
            cost["sum"] = cost["add"] + cost["take"] + cost["included"]
            cost |= {"evict": evict(waiting, lanes), "expire": expire(waiting, lanes)}
            print(f"{waiting:8} {lanes:7}" + "".join(f"{cost[name]:9.2f}" for name in names))


if __name__ == "__main__":
    main()
