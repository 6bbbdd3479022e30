"""What following takes: catching up block by block, copying a state, holding a ledger against its certificates.

    python bench/follow.py [--blocks 20] [--payments 1000] [--wallets 1000]

A producer's ledger is made first, in this process: full blocks of payments, then as many of one payment each. A follower takes
them as it would from the net, but without it: decoding, certificate, signatures, execution, roots, and one write for a page. Then
the state is copied as `tael devnet --copy` does, and the ledger checked as by `tael node check --certified`. Processor time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chain.ledger.block import decode_block  # noqa: E402
from chain.node.certified import check_certified_rows, trust_of  # noqa: E402
from chain.node.commit import first_commit  # noqa: E402
from chain.node.copied import begin_copy  # noqa: E402
from chain.node.node import Node  # noqa: E402
from chain.node.pool import Pool  # noqa: E402
from chain.primitives.address import wallet_address  # noqa: E402
from chain.primitives.keys import SecretKey  # noqa: E402
from chain.primitives.transaction import Body, Pay, sign  # noqa: E402
from chain.state.store import Store  # noqa: E402

TIME_MS = 1_800_000_000_000
TOGETHER = 64  # blocks in one write, as a follower's


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--blocks", type=int, default=20)
    parser.add_argument("--payments", type=int, default=1000)
    parser.add_argument("--wallets", type=int, default=1000)
    given = parser.parse_args()
    keys = [SecretKey.development("bench/follow", number) for number in range(given.wallets)]
    validator = SecretKey.development("bench/follow/validator", 0)
    specification = {
        "chain_id": "bench",
        "time_ms": TIME_MS,
        "base_currency": "CNY",
        "fee_wallet": keys[0].public.hex(),
        "validators": {"threshold": 1, "keys": [validator.public.hex()]},
        "currencies": [{"code": "CNY", "decimals": 2, "issuer": None}],
        "wallets": [{"key": key.public.hex(), "balances": {"CNY": 10**9}} for key in keys],
    }
    with tempfile.TemporaryDirectory(prefix="tael-bench-") as folder:
        run(Path(folder), specification, keys, validator, given.blocks, given.payments)


def run(
    folder: Path, specification: dict[str, object], keys: list[SecretKey], validator: SecretKey, blocks: int, payments: int
) -> None:
    """All of it."""
    with closing(Node(folder / "producer", specification, clock=lambda: TIME_MS, pool=Pool(), signers=[validator])) as node:
        produce(node, keys, blocks, payments)
        produce(node, keys, blocks, 1)
        made = [(node.store.block(at) or b"", node.store.certificate(at) or b"") for at in range(1, node.head.height + 1)]
        state, header = dict(node.store.entries()), node.head
    with closing(Node(folder / "follower", specification, clock=lambda: TIME_MS, pool=Pool())) as node:
        full = follow(node, made[:blocks])
        small = follow(node, made[blocks:])
        assert node.head.encoded == header.encoded
    count = blocks * payments
    print(
        f"full blocks    {count / full:9,.0f} payments/s  {blocks / full:8,.1f} blocks/s  {full / count * 1e6:7,.0f} us a payment"
    )
    print(f"small blocks   {blocks / small:9,.0f} blocks/s    {small / blocks * 1e6:7,.0f} us a block")
    began = time.process_time()
    with closing(Store(folder / "copy", archive=True)) as store:
        store.commit(first_commit(begin_copy(header, state, "tael")))
    took = time.process_time() - began
    print(f"copy           {len(state):9,} keys        {took:7.2f} s  {took / len(state) * 1e6:6,.0f} us a key")
    began = time.process_time()
    with closing(Store.reader(folder / "follower")) as reader:
        check_certified_rows(reader, trust_of(specification), progress=lambda done, of: None)
    print(f"certified      {time.process_time() - began:9.2f} s")


def produce(node: Node, keys: list[SecretKey], blocks: int, payments: int) -> None:
    """Blocks of payments, each by another wallet in turn."""
    addresses = [wallet_address(key.public) for key in keys]
    for _ in range(blocks):
        for number in range(payments):
            who = number % len(keys)
            sequence = node.next_sequence(addresses[who], 0)
            pay = Pay(addresses[(who * 7 + 1) % len(keys)], "CNY", 1)
            body = Body("bench", addresses[who], sequence, 50_000, 0, (pay,), expiry_ms=TIME_MS + 1000)
            node.submit(sign(body, [keys[who]]).encoded)
        assert len(node.produce().identities) == payments


def follow(node: Node, blocks: list[tuple[bytes, bytes]]) -> float:
    """Seconds of processor time that it takes."""
    began = time.process_time()
    for at in range(0, len(blocks), TOGETHER):
        taken = [node.follow(decode_block(block), certificate) for block, certificate in blocks[at : at + TOGETHER]]
        node.store.write(*[node.commit_of(applied) for applied in taken])
        for applied in taken:
            node.written(applied)
    return time.process_time() - began


if __name__ == "__main__":
    main()
