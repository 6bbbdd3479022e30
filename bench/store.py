"""What the store takes: writing and syncing blocks, reading, old states, going back, pruning, a backup.

    python bench/store.py [--keys 100000] [--blocks 40] [--folder DIR]

A full block is 4,000 payments: 8,000 keys of the state with values of 110 bytes, 4,000 index rows, 4,000 receipts of 300 bytes, a
block of 1.2 MB, and 5,000 pages of the tree of 900 bytes, all of them at random places; a small one is one payment: 2 keys, 12
pages. Processor time of the process, and wall time with the sync; medians. Values and pages are made up.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chain.primitives.codec import encode  # noqa: E402
from chain.state.store import Commit, Store  # noqa: E402

VALUE_BYTES, RECEIPT_BYTES, TRANSACTION_BYTES, PAGE_BYTES = 110, 300, 300, 900
PAGES_A_FULL_BLOCK, PAGES_A_SMALL_BLOCK = 5_000, 12


@dataclass
class Chain:
    """Made-up blocks over so many keys."""

    keys: list[bytes]
    pages: list[bytes]
    chance: random.Random
    height: int = -1

    def genesis(self) -> Commit:
        """All keys and pages."""
        state = {key: self.chance.randbytes(VALUE_BYTES) for key in self.keys}
        return self._commit(0, state, {page: self.chance.randbytes(PAGE_BYTES) for page in self.pages})

    def payments(self, count: int, pages: int) -> Commit:
        """A block of payments."""
        state = {key: self.chance.randbytes(VALUE_BYTES) for key in self.chance.sample(self.keys, 2 * count)}
        tree = {page: self.chance.randbytes(PAGE_BYTES) for page in self.chance.sample(self.pages, pages)}
        return self._commit(count, state, tree)

    def _commit(self, count: int, state: dict[bytes, bytes], tree: dict[bytes, bytes]) -> Commit:
        self.height += 1
        random_bytes = self.chance.randbytes
        return Commit(
            height=self.height,
            block_hash=random_bytes(32),
            block=encode([random_bytes(500), [random_bytes(TRANSACTION_BYTES) for _ in range(count)]]),
            identities=[random_bytes(32) for _ in range(count)],
            receipts=[random_bytes(RECEIPT_BYTES) for _ in range(count)],
            events=[],
            state=state,
            tree=tree,
        )


def made(keys: int) -> Chain:
    """A chain of so many keys; its tree has a page for every twelve, two levels of them full."""
    chance = random.Random(1)
    pages = [b"p%06x" % n for n in range(max(PAGES_A_FULL_BLOCK, keys // 12))]
    return Chain([b"w" + chance.randbytes(32) for _ in range(keys)], pages, chance)


def timed(what: Callable[[], object]) -> tuple[float, float]:
    """(processor, wall) milliseconds."""
    wall, processor = time.perf_counter(), time.process_time()
    what()
    return (time.process_time() - processor) * 1e3, (time.perf_counter() - wall) * 1e3


def line(name: str, times: list[tuple[float, float]], count: int, unit: str, *, size: int = 0) -> None:
    """A row of the table."""
    processor, wall = (statistics.median(each) for each in zip(*times, strict=True))
    more = f"  file {size / 2**20:,.0f} MB" if size else ""
    print(f"{name:34} {processor:9.2f} ms cpu {wall:9.2f} ms wall {processor * 1e3 / count:8.2f} us a {unit}{more}", flush=True)


def writing(store: Store, chain: Chain, blocks: int, file: Path) -> None:
    """Small blocks, one after the other, and full ones."""
    line("genesis", [timed(lambda: store.commit(chain.genesis()))], len(chain.keys), "key", size=file.stat().st_size)
    kinds = (("a block of one payment", 1, PAGES_A_SMALL_BLOCK), ("a block of 4,000 payments", 4_000, PAGES_A_FULL_BLOCK))
    for name, count, pages in kinds:
        times = []
        for _ in range(blocks):
            commit = chain.payments(count, pages)
            times.append(timed(lambda commit=commit: store.commit(commit)))
        line(name, times, count, "payment", size=file.stat().st_size)


def together(store: Store, chain: Chain, count: int) -> None:
    """Small blocks that are written in one go."""
    times = []
    chain.height = store.height()
    for _ in range(5):
        commits = [chain.payments(1, PAGES_A_SMALL_BLOCK) for _ in range(count)]
        times.append(timed(lambda commits=commits: store.write(*commits)))
    store.renew()
    line(f"{count} blocks of one payment, one sync", times, count, "payment")


def reading(store: Store, chain: Chain) -> None:
    """Values that are there and values that are not."""
    present = chain.chance.sample(chain.keys, min(20_000, len(chain.keys)))
    absent = [b"w" + chain.chance.randbytes(32) for _ in range(20_000)]
    for name, keys in (("values read", present), ("values found absent", absent)):
        line(name, [timed(lambda keys=keys: [store.get(key) for key in keys]) for _ in range(3)], len(keys), "value")


def versions(store: Store) -> None:
    """Old states, going back to them, and a copy. The tree is left as it is: its pages come from the caller."""
    deepest = (store.height() - store.oldest()) // 3
    for depth in (1, deepest):
        height = store.height() - depth
        line(f"the state {depth} blocks ago", [timed(lambda height=height: store.at(height))], depth, "block")
    for depth in (1, deepest):
        height = store.height() - depth
        line(f"going back {depth} blocks", [timed(lambda height=height: store.revert(height, {}))], depth, "block")


def copying(store: Store, target: Path) -> None:
    """A backup, pruning, and opening."""
    rows = store.size()
    line("a backup", [timed(lambda: store.backup(target))], rows, "key", size=(target / "ledger" / "data.mdb").stat().st_size)
    line("renewing a reader", [timed(store.renew) for _ in range(9)], 1, "time")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        chain = made(options.keys)
        store = Store(Path(folder) / "data")
        file = Path(folder) / "data" / "ledger" / "data.mdb"
        writing(store, chain, options.blocks, file)
        reading(store, chain)
        versions(store)
        together(store, chain, 50)
        copying(store, Path(folder) / "copy")
        store.close()
        line("opening", [timed(lambda: Store(Path(folder) / "data").close()) for _ in range(3)], 1, "time")


if __name__ == "__main__":
    main()
