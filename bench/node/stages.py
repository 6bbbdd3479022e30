"""What a block of payments or calls is made of: every stage by itself, in this process, in processor time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bench.machine.contest import Spread
from bench.node.scene import Scene
from bench.node.work import FUNDS, SENDERS_MAX, Book, Mix, dealing, deployment, public_key, signed_bytes
from chain.ledger.admission import admit
from chain.ledger.apply import BlockRun, execute
from chain.ledger.machine import BlockMachine
from chain.ledger.residence import settle
from chain.node.commit import commit_of
from chain.node.development import CURRENCY, development_wallets, devnet_specification
from chain.node.node import Node
from chain.primitives.address import contract_address
from chain.primitives.hash import merkle_root
from chain.primitives.keys import signing_message, verify
from chain.primitives.transaction import Transaction, decode_transaction
from chain.state.overlay import BlockOverlay

BLOCK = 4_000
TIME_MS = 1_767_225_601_000
STAGES = (
    "decode",
    "identity",
    "verify",
    "admit",
    "execute",
    "settle",
    "tree",
    "receipts",
    "two roots",
    "write",
    "write, by the clock",
)

Result = TypeVar("Result")


class Laps:
    """Microseconds of a transaction that stages took, block by block."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.micros: dict[str, list[float]] = {}

    @contextmanager
    def lap(self, stage: str) -> Any:
        """What is within is a stage."""
        began = time.process_time()
        yield
        self.note(stage, time.process_time() - began)

    def note(self, stage: str, seconds: float) -> None:
        """Seconds that a stage took for a whole block."""
        self.micros.setdefault(stage, []).append(seconds * 1e6 / self._size)


def stages(scene: Scene) -> dict[str, Any]:
    """Microseconds of processor time of a transaction, in blocks of many (median; the fastest and the slowest block)."""
    size = 200 if scene.quick else BLOCK
    node, book = _node(scene.folder / "stages", scene.wallets)
    try:
        found = {}
        for mix in (Mix("payments"), Mix("token transfers", calls=True)):
            laps = Laps(size)
            for _ in range(scene.repeats):
                (items,) = book.plan(mix, size, 1)
                _block(node, signed_bytes(items), laps)
            found[mix.name] = {stage: Spread.of(laps.micros[stage])._asdict() for stage in STAGES}
            _print(f"{mix.name}, {size:,} a block, {scene.wallets:,} wallets", found[mix.name])
        return found
    finally:
        node.close()


def _block(node: Node, data: list[bytes], laps: Laps) -> None:
    """One block, stage after stage, as the node makes it."""
    transactions = _all(laps, "decode", decode_transaction, data)
    _all(laps, "identity", lambda transaction: transaction.identity, transactions)
    assert all(_all(laps, "verify", _verified, transactions))
    overlay, parameters, height = BlockOverlay(node.store), node.parameters, node.head.height + 1
    machine = BlockMachine(overlay, now_ms=TIME_MS)
    run = BlockRun(node.store, node.head, time_ms=TIME_MS, proposer=parameters.fee_wallet)
    with laps.lap("admit"):  # signatures are remembered; against the state before the block, a transaction a lane
        for transaction in transactions:
            admit(transaction, overlay, parameters, height=height, time_ms=TIME_MS)
    with laps.lap("execute"):
        receipts = [
            execute(machine, transaction, parameters, height=height, index=index)
            for index, transaction in enumerate(transactions)
        ]
    assert all(receipt.ok for receipt in receipts), next(receipt.error for receipt in receipts if not receipt.ok)
    with laps.lap("settle"):
        settle(overlay)
        overlay.settle_accounts()
    with laps.lap("tree"):
        node.tree.update(overlay.changes.items())
    with laps.lap("receipts"):
        encoded = [receipt.encoded for receipt in receipts]
    with laps.lap("two roots"):
        merkle_root([transaction.encoded for transaction in transactions])
        merkle_root(encoded)
    _write(node, run, transactions, laps)


def _write(node: Node, run: BlockRun, transactions: list[Transaction], laps: Laps) -> None:
    """The same block by the ledger's own function, and what its commit takes."""
    for transaction in transactions:
        run.add(transaction)
    applied = run.finish()
    written = commit_of(applied)
    clock = time.perf_counter()
    with laps.lap("write"):
        node.store.commit(written)
    laps.note("write, by the clock", time.perf_counter() - clock)
    node.head = node.newest = applied.block.header


def _verified(transaction: Transaction) -> bool:
    ((key, signature),) = transaction.signatures
    return verify(key, signing_message(transaction.body.chain_id, transaction.identity), signature)


def _all(laps: Laps, stage: str, work: Callable[[Any], Result], items: list[Any]) -> list[Result]:
    with laps.lap(stage):
        return [work(item) for item in items]


def _node(folder: Path, wallets: int) -> tuple[Node, Book]:
    """A node whose genesis has the wallets, with a token that those who send have some of."""
    folder.mkdir()
    specification = devnet_specification()
    senders = min(wallets, SENDERS_MAX)
    specification["wallets"] += [
        {"key": public_key(n).hex(), "balances": {CURRENCY: FUNDS} if n < senders else {}} for n in range(wallets)
    ]
    node = Node(folder, specification, clock=lambda: TIME_MS)
    used: dict[int, int] = {}
    deployed = deployment(used)
    token = contract_address(development_wallets()[0].address, deployed.identity, 0)
    node.submit(deployed.encoded)
    node.produce()
    _deal(node, token, senders, used)
    return node, Book(senders, wallets, token)


def _deal(node: Node, token: bytes, senders: int, used: dict[int, int]) -> None:
    for stream in dealing(token, senders, used):
        for transaction in stream:
            node.submit(transaction.encoded)
    while len(node.pool):
        assert all(receipt.ok for receipt in node.produce().receipts)


def _print(title: str, rows: dict[str, dict[str, float]]) -> None:
    print(f"{title}\n{'':24}{'median':>9}{'min':>9}{'max':>9}")
    for stage, row in rows.items():
        print(f"{stage:24}{row['median']:9.1f}{row['min']:9.1f}{row['max']:9.1f}")
    own = sum(row["median"] for stage, row in rows.items() if "clock" not in stage)
    print(f"{'all, processor time':24}{own:9.1f}", flush=True)
