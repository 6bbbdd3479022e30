"""The state tree: what a changed key takes, and what is written for it.

    python bench/tree.py [--keys N …] [--batch N] [--json FILE]

Pages are in a dictionary, so the disk is no part of it. Processor time, the median of five batches.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import statistics
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from chain.state.tree import Tree
from chain.state.tree_build import build
from chain.state.tree_page import make_leaf

BATCHES = 5


def main() -> None:
    """Print a row for each number of keys."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--batch", type=int, default=4_000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = []
    print(f"{'keys':>12}{'build us':>10}{'us a key':>10}{'pages a key':>13}{'bytes a key':>13}{'MB':>8}")
    for keys in options.keys:
        row = measure(keys, min(options.batch, keys))
        rows.append(row)
        print(
            f"{keys:12,}{row['build us']:10.1f}{row['us']:10.1f}{row['pages']:13.2f}{row['bytes']:13,.0f}{row['MB']:8,}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def measure(keys: int, batch: int) -> dict[str, Any]:
    """One tree: built, then changed batch by batch at random places."""
    pages: dict[bytes, bytes | None] = {}
    began = time.process_time()
    leaves = sorted(make_leaf(sha256(b"%d" % n).digest(), sha256(b"value").digest()) for n in range(keys))
    build(leaves, pages.__setitem__)
    built = time.process_time() - began
    tree, chance = Tree(pages.get), random.Random(1)
    times, changed, written = [], 0, 0
    for number in range(BATCHES + 1):
        changes = [(b"%d" % n, b"new %d" % number) for n in chance.sample(range(keys), batch)]
        gc.collect()
        began = time.process_time()
        update = tree.update(changes)
        pages.update(update.pages)
        tree.adopt(update.pages)
        if number:  # the first one finds no page at hand
            times.append(time.process_time() - began)
            changed += len(update.pages)
            written += sum(len(page) for page in update.pages.values() if page is not None)
    return {
        "keys": keys,
        "batch": batch,
        "build us": built / keys * 1e6,
        "us": statistics.median(times) / batch * 1e6,
        "pages": changed / BATCHES / batch,
        "bytes": written / BATCHES / batch,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
