"""A day of blocks: what it takes to make them, to keep them, and to check them again from genesis.

    python bench/day.py [--blocks 86400] [--payments 2] [--folder DIR]

A real node without HTTP makes blocks of so many payments between wallets, a block a second of its own clock, and writes each
with a wait for the disk. Then all are executed again, as `tael node check --genesis` does. Seeded. With fewer blocks the day is
reckoned in proportion, which is too little where cost grows with the depth of tree and tables.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chain.node.check import check_replay, check_rows  # noqa: E402
from chain.node.development import CHAIN_ID, CURRENCY, development_wallets, devnet_specification  # noqa: E402
from chain.node.node import Node  # noqa: E402
from chain.primitives.transaction import Body, Pay, sign  # noqa: E402
from chain.state.store import Store  # noqa: E402

DAY_BLOCKS = 86_400
GAS_LIMIT = 100_000


def make(directory: Path, blocks: int, payments: int) -> bytes:
    """Make so many blocks and return the state root of the last."""
    chance = random.Random(1)
    wallets = development_wallets()
    sequences = [0] * len(wallets)
    specification = devnet_specification()
    now_ms = specification["time_ms"]
    node = Node(directory, specification, clock=lambda: now_ms)
    with closing(node):
        for _ in range(blocks):
            now_ms += 1_000
            for _ in range(payments):
                sender, to = chance.sample(range(len(wallets)), 2)
                pay = (Pay(wallets[to].address, CURRENCY, chance.randrange(1, 100)),)
                height = node.newest.height + 10
                body = Body(CHAIN_ID, wallets[sender].address, sequences[sender], GAS_LIMIT, 0, pay, expiry_height=height)
                sequences[sender] += 1
                node.submit(sign(body, [wallets[sender].key]).encoded)
            node.produce()
        return node.head.state_root


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=DAY_BLOCKS)
    parser.add_argument("--payments", type=int, default=2, help="of each block")
    parser.add_argument("--folder", help="where the ledger is put for the time; else a temporary directory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        directory = Path(folder) / "ledger"
        times = [(time.process_time(), time.perf_counter())]
        root = make(directory, options.blocks, options.payments)
        times.append((time.process_time(), time.perf_counter()))
        size = (directory / "ledger" / "data.mdb").stat().st_size
        with closing(Store.reader(directory)) as store:
            check_rows(store, progress=lambda done, total: None)
            times.append((time.process_time(), time.perf_counter()))
            checked = check_replay(store, devnet_specification(), progress=lambda done, total: None)
        times.append((time.process_time(), time.perf_counter()))
    assert checked.head.state_root == root
    print(f"{options.blocks:,} blocks of {options.payments} payments, {size / 1e6:,.1f} MB; the replay has the same root")
    for name, before, after in zip(("made and signed", "rows checked", "executed again"), times, times[1:], strict=False):
        processor, wall = after[0] - before[0], after[1] - before[1]
        day = processor * DAY_BLOCKS / options.blocks
        each_ms = 1_000 * processor / options.blocks
        print(f"{name:16} {processor:8.1f} s of processor, {wall:8.1f} s; {each_ms:.2f} ms a block, a day in {day:,.0f} s")


if __name__ == "__main__":
    main()
