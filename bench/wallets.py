"""What more wallets cost: a payment by its processor time, and the node by its memory, with 10,000, 1,000,000 and 10,000,000.

    python bench/wallets.py [--sizes 10000 1000000 10000000] [--blocks 6] [--payments 4000] [--folder DIR] [--keep] [--json FILE]

For every size a ledger is begun from a genesis whose wallets are rows of a file (kept in DIR with `--keep`, and taken from there
if it is there already), in a process of its own, whose time and memory are told. Then another process, with nothing at hand but
what the disk gives, makes blocks of payments from wallets to wallets: at first of any (`uniform`), then of 1,000 that are always
the same (`hot`). `executor` is all that the process that makes blocks does for a payment, from the frame of a worker to the row
that goes back; `worker` what a worker does before, which is the same at every size.

Memory is that of the executor after its blocks: `anonymous` is its own, `mapped` what it has touched of the ledger's file, which
the system takes back when it is short.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import msgpack  # noqa: E402

from chain.ledger.admission import check_alone  # noqa: E402
from chain.node.commit import commit_of  # noqa: E402
from chain.node.frames import row_plain  # noqa: E402
from chain.node.node import Node  # noqa: E402
from chain.node.producer import row_of  # noqa: E402
from chain.node.wallet_file import with_wallets, write_wallets  # noqa: E402
from chain.primitives.address import wallet_address  # noqa: E402
from chain.primitives.keys import SecretKey  # noqa: E402
from chain.primitives.transaction import Body, Pay, Transaction, decode_transaction, recall_transaction, sign  # noqa: E402

CHAIN_ID, CURRENCY, TIME_MS = "bulk-1", "CNY", 1_767_225_600_000
FUNDS, GAS_LIMIT = 1_000_000, 100_000
HOT = 1_000
FEES = SecretKey(sha256(b"fee").digest())
Laps = Counter[str]


def key(number: int) -> bytes:
    """The public key of a wallet; nobody has the secret, and the executor does not ask."""
    return b"\x01" + sha256(b"%d" % number).digest()


def wallets(count: int) -> Iterator[tuple[bytes, dict[str, int]]]:
    """So many, that of the fees among them."""
    yield FEES.public, {CURRENCY: FUNDS}
    for number in range(count - 1):
        yield key(number), {CURRENCY: FUNDS}


def begin(folder: Path, count: int) -> dict[str, Any]:
    """Begin a ledger in a folder; seconds of the processor, and megabytes."""
    folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    named = write_wallets(folder / "wallets.rows", wallets(count))
    written = time.process_time()
    found = {
        "chain_id": CHAIN_ID,
        "time_ms": TIME_MS,
        "base_currency": CURRENCY,
        "fee_wallet": FEES.public.hex(),
        "currencies": [{"code": CURRENCY, "decimals": 2, "issuer": None}],
        "wallets": named,
    }
    open_node(folder, found).close()
    (folder / "genesis.json").write_text(json.dumps(found))
    return {
        "file s": written - began,
        "genesis s": time.process_time() - written,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def open_node(folder: Path, found: dict[str, Any]) -> Node:
    """The node of a ledger, whose clock stands."""
    return Node(folder / "ledger", with_wallets(found, folder), clock=lambda: TIME_MS)


def measure(folder: Path, blocks: int, payments: int) -> dict[str, Any]:
    """Open a ledger and make blocks."""
    found = json.loads((folder / "genesis.json").read_text())
    count = found["wallets"]["count"] - 1
    began = time.process_time()
    with closing(open_node(folder, found)) as node:
        result: dict[str, Any] = {"start s": time.process_time() - began, "start memory": memory()}
        gc.freeze()
        chance = random.Random(node.head.height + 1)
        hot = [chance.randrange(count) for _ in range(min(HOT, count))]
        sequences = Counter[int]()
        for name, choose in (("uniform", lambda: chance.randrange(count)), ("hot", lambda: chance.choice(hot))):
            laps = [_block(node, payments, choose, sequences) for _ in range(blocks)]
            later = laps[len(laps) // 3 :]  # after what is read for the first time
            result[name] = {stage: sum(lap[stage] for lap in later) / len(later) / payments * 1e6 for stage in laps[0]}
            result[name]["executor"] = sum(result[name].values())
            result[name]["memory"] = memory()
        result["file MB"] = (folder / "ledger" / "ledger" / "data.mdb").stat().st_size / 1e6
    result["worker"] = _worker()
    return result


def _block(node: Node, payments: int, choose: Any, sequences: Counter[int]) -> Laps:
    """One block, stage by stage; seconds of the processor."""
    items = [_payment(node, choose(), choose(), sequences) for _ in range(payments)]
    frame = msgpack.packb([(one.identity, one.encoded) for one in items])
    laps = Laps()

    def lap(stage: str, work: Any) -> Any:
        before = time.process_time()
        done = work()
        laps[stage] += time.process_time() - before
        return done

    transactions = lap(
        "recall", lambda: [recall_transaction(data, name, node.parameters) for name, data in msgpack.unpackb(frame)]
    )
    lap("offer", lambda: [node.offer(one) for one in transactions])
    applied = lap("make", node.make_block)
    assert len(applied.receipts) == payments
    assert all(receipt.ok for receipt in applied.receipts)
    lap("write", lambda: node.store.write(commit_of(applied)))
    lap("written", lambda: node.written(applied))
    lap("answer", lambda: msgpack.packb([row_plain(row_of(receipt)) for receipt in applied.receipts]))
    return laps


def _payment(node: Node, sender: int, to: int, sequences: Counter[int]) -> Transaction:
    address = wallet_address(key(sender))
    if sender not in sequences:
        sequences[sender] = node.next_sequence(address, 0)
    pay = Pay(wallet_address(key(to)), CURRENCY, 1)
    body = Body(CHAIN_ID, address, sequences[sender], GAS_LIMIT, 0, (pay,), expiry_height=node.newest.height + 10)
    sequences[sender] += 1
    return Transaction(body, ((key(sender), bytes(64)),))


def _worker(count: int = 300) -> float:
    """Microseconds of the processor for what is done before, of one payment."""
    body = Body(CHAIN_ID, wallet_address(FEES.public), 0, GAS_LIMIT, 0, (Pay(bytes(32), CURRENCY, 1),), expiry_height=9)
    data = sign(body, [FEES]).encoded
    parameters: Any = type("P", (), {"chain_id": CHAIN_ID, "gas_price_min": 0, "gas_price_max": 9, "gas_limit": 2**40})()
    began = time.process_time()
    for _ in range(count):
        one = decode_transaction(data)
        check_alone(one, parameters)
        assert one.identity
    return (time.process_time() - began) / count * 1e6


def memory() -> dict[str, float]:
    """Megabytes of this process."""
    rows = (line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    sizes = {row[0]: int(row[1]) / 1024 for row in rows}
    return {"all": sizes["Rss:"], "anonymous": sizes["Anonymous:"], "mapped": sizes["Rss:"] - sizes["Anonymous:"]}


def child(*arguments: object) -> dict[str, Any]:
    """What one process finds."""
    command = [sys.executable, __file__, *map(str, arguments)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--payments", type=int, default=4_000, help="of a block")
    parser.add_argument("--folder", type=Path, help="where the ledgers are; else a temporary directory")
    parser.add_argument("--keep", action="store_true", help="leave them there")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--begin", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.begin:
        print(json.dumps(begin(Path(options.begin[0]), int(options.begin[1]))))
        return
    if options.measure:
        print(json.dumps(measure(Path(options.measure), options.blocks, options.payments)))
        return
    found = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            folder = options.folder / f"wallets-{size}" if options.keep and options.folder else Path(name)
            begun = {} if (folder / "genesis.json").exists() else child("--begin", folder, size)
            made = child("--measure", folder, "--blocks", options.blocks, "--payments", options.payments)
            found[size] = {**made, "begun": begun}
            _tell(size, found[size])
    if len(found) > 1:
        first, *_, last = found.values()
        for name in ("uniform", "hot"):
            alone = last[name]["executor"] / first[name]["executor"]
            worker = first["worker"]
            whole = (last[name]["executor"] + worker) / (first[name]["executor"] + worker)
            print(f"{name}: from first to last the executor takes {alone:.2f} times as much, with what a worker does {whole:.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def _tell(size: int, found: dict[str, Any]) -> None:
    begun = "  ".join(f"{name} {value:.1f}" for name, value in found["begun"].items())
    print(f"{size:,} wallets: start {found['start s']:.1f} s, file {found['file MB']:,.0f} MB  {begun}")
    for name in ("uniform", "hot"):
        row = found[name]
        stages = "  ".join(f"{stage} {value:.1f}" for stage, value in row.items() if stage not in ("executor", "memory"))
        print(f"  {name:8} executor {row['executor']:.0f} us: {stages}; worker {found['worker']:.0f}")
        print(f"  {'':8} memory {', '.join(f'{what} {value:,.0f} MB' for what, value in row['memory'].items())}", flush=True)


if __name__ == "__main__":
    main()
