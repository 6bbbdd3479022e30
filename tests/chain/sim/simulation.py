"""A node driven by one seed: what clients send, when blocks are made and written, when it goes back, when it crashes.

    python tests/chain/sim/simulation.py FIRST_SEED [LAST_SEED] [--steps 300]

Everything that is acknowledged is held against the model after each step that changes the disk.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from shutil import copytree
from unittest.mock import patch

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 3)]

from ledger_world import ADDRESSES, ALICE, BOB, CAROL, CHAIN_ID, DAVE, FEES, FUNDS, KEYS, TIME_MS, specification
from sim.actions import Actions
from sim.model import Model, Place

from chain.node.check import check_rows
from chain.node.commit import commit_of
from chain.node.node import Node
from chain.node.pool import Pool
from chain.primitives.refusal import Refusal, StoreFailed
from chain.primitives.transaction import Body, Transaction, sign
from chain.state import writing

SENDERS = ("alice", "bob", "carol")
LANES = 3
GAS_LIMIT = 100_000
GAS_PRICES = (0, 0, 1_000, 50_000, 400_000)  # minor units per million gas
GAS_LIMIT_CALL = 5_000_000
GAS_PRICES_CALL = (0, 0, 10, 300)
UNDO_BLOCKS = 8  # kept in a simulation, so that blocks become old enough to be pruned
ROOM_BYTES_MAX = 400_000  # that a disk has left when it is about to be full
PAGE_BYTES = 4096
ROOT_PAGES = 2  # LMDB's two meta pages: the newer says which tree counts, and is written once all else is on the disk


class Simulation:
    """A node in a directory of its own, and the model beside it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._chance = folder, Random(seed)
        self._now_ms = TIME_MS
        self._lives = 0
        self._good: dict[bytes, Transaction] = {}
        self._all: list[Transaction] = []
        self._actions = Actions(self._chance)
        self.model = Model(dict.fromkeys((ALICE, BOB, CAROL), FUNDS) | {FEES: 0, DAVE: 0}, specification())
        self.happened = Counter[str]()
        self.node = self._open()

    def run(self, steps: int) -> None:
        """So many steps, then all that waits for the disk is written, and the whole ledger is looked at."""
        ways = {
            self.send: 60,
            self.make: 12,
            self.write: 8,
            self.wait: 6,
            self.drop: 2,
            self.revert: 2,
            self.crash: 2,
            self.fill_the_disk: 2,
            self.prune: 1,
            self.restore: 1,
        }
        for step in self._chance.choices(list(ways), list(ways.values()), k=steps):
            self.happened[step.__name__] += 1
            step()
            self._check_told()
        self.write()
        while self.model.unwritten():
            self.write()
        self.check_all()
        self.node.close()

    # What happens.

    def send(self) -> None:
        """A client sends something new, something old, or something wrong."""
        if self._all and not self._chance.randrange(4):
            self._offer(self._chance.choice(self._all[-100:]))
            return
        kind = self._chance.choices(("next", "ahead", "replacing", "stale", "forged", "elsewhere"), (12, 3, 3, 2, 1, 1))[0]
        name, lane = self._chance.choice(SENDERS), self._chance.randrange(LANES)
        first = self.model.newest.sequences.get((ADDRESSES[name], lane), 0)
        sequence = self.node.next_sequence(ADDRESSES[name], lane)
        if kind == "ahead":
            sequence += self._chance.randint(1, 3)
        elif kind == "replacing":
            sequence = self._chance.randint(first, sequence)
        elif kind == "stale":
            sequence = self._chance.randrange(first + 1)
        body = self._body(name, lane, sequence)
        transaction = sign(body, self._actions.signers(body.sender, self.model.newest, body.authority))
        if kind == "forged":
            others = transaction.signatures[1:]
            transaction = Transaction(transaction.body, ((transaction.signatures[0][0], bytes(64)), *others))
        elif kind == "elsewhere":
            transaction = sign(transaction.body._replace(chain_id="elsewhere"), [KEYS[name]])
        else:
            self._good[transaction.identity] = transaction
            self._all.append(transaction)
        self._offer(transaction)

    def make(self) -> None:
        """A block is made, which may be the second or third that is not written."""
        if len(self.model.unwritten()) < 3:
            applied = self.node.make_block()
            self.model.add(applied, self._good)
            for receipt in applied.receipts:
                body = self._good[receipt.identity].body
                how = "done" if receipt.ok else "failed"
                self.happened.update(f"{type(action).__name__} {how}" for action in body.actions)
                self.happened[f"session {how}"] += body.authority is not None
                self.happened["events"] += len(receipt.events)

    def write(self) -> None:
        """Some of the blocks are written in one go, and acknowledged."""
        blocks = self.model.unwritten()[: self._chance.randint(1, 3)]
        if not blocks:
            return
        self.node.store.write(*[commit_of(applied) for applied in blocks])
        if not self._chance.randrange(15):  # it is on the disk, and nobody has been told
            self.model.written += len(blocks)
            self._reopen(copytree(self.node.directory, self._next_folder()))
            return
        for applied in blocks:
            self.node.written(applied)
        self.model.written += len(blocks)
        self.check()

    def wait(self) -> None:
        """Time passes: some of what waits expires."""
        self._now_ms += self._chance.choice((1, 1_000, 10_000, 61_000))

    def drop(self) -> None:
        """Something is taken out of the pool."""
        if self._all:
            self.node.pool.drop(self._chance.choice(self._all[-20:]).identity)
            self.node.note_departed()

    def revert(self) -> None:
        """The ledger goes back by some blocks."""
        if self.model.unwritten():
            return
        height = max(self.node.store.oldest(), self.model.written - self._chance.randint(0, 4))
        self.node.revert(height)
        self.model.cut(height)
        self.check()

    def crash(self) -> None:
        """The node is gone without a word: between writes, or in the middle of one."""
        folder = copytree(self.node.directory, self._next_folder())
        blocks = self.model.unwritten()
        if blocks and self._chance.randrange(2):
            before = self._file().read_bytes()
            self.node.store.write(*[commit_of(applied) for applied in blocks])
            torn = self._torn(before, self._file().read_bytes())
            (folder / "ledger" / "data.mdb").write_bytes(torn)
        self._reopen(folder)

    def fill_the_disk(self) -> None:
        """The disk has no room for all of some blocks: the node must stop, and what it finds when it starts is as before."""
        blocks = self.model.unwritten()
        if not blocks:
            return
        size = self._file().stat().st_size
        room = self._chance.randrange(ROOT_PAGES * PAGE_BYTES, size + ROOM_BYTES_MAX)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
            self.node.store.write(*[commit_of(applied) for applied in blocks])
        except StoreFailed:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            self.happened["a full disk"] += 1
            self._check_stopped()
        else:
            self.model.written += len(blocks)  # there was room, and nobody has been told
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.node.close()
        self._reopen(copytree(self.node.directory, self._next_folder()))

    def prune(self) -> None:
        """Blocks that are old enough are left as headers."""
        if not self.model.unwritten():
            before = self.node.store.pruned_before()
            pruned = self.node.store.prune(self._chance.randint(1, self.model.written + 1))
            assert before <= pruned <= max(before, self.node.store.oldest())
            self.happened["blocks pruned"] += pruned - before
            self.check()

    def restore(self) -> None:
        """A backup is made while blocks wait for the disk, and is what goes on."""
        folder = self._next_folder()
        self.node.store.backup(folder)
        self._reopen(folder)

    # What must hold.

    def check(self) -> None:
        """At the head on disk: wallets, the supply equation, the newest block's receipts."""
        node, made = self.node, self.model.on_disk
        assert node.head.height == self.model.written
        assert {wallet: node.balance(wallet, "CNY") for wallet in made.balances} == made.balances
        assert all(supply.holds for supply in node.head.supply)
        (supply,) = [supply for supply in node.head.supply if supply.currency == "CNY"]
        assert (supply.wallets, supply.contracts) == (sum(made.balances.values()), made.in_contracts)
        assert list(node.store.entries()) == made.view.entries()
        if made.applied is not None:
            for receipt in made.applied.receipts:
                assert node.receipt(receipt.identity) == receipt
            told = [event for _, event in node.store.block_events(self.model.written)]
            assert told == [event for _, _, event in commit_of(made.applied).events]
        if self._all:
            identity = self._chance.choice(self._all).identity
            assert node.store.find(identity) == self._kept(made.places.get(identity))

    def check_all(self) -> None:
        """Every block, receipt and place; and executed again from genesis, the blocks come to the head."""
        self.check()
        floor = self.node.store.pruned_before()
        for height, made in enumerate(self.model.blocks[1:], 1):
            assert made.applied is not None
            assert self.node.store.header(height) == made.header.encoded
            if height < floor:
                continue
            assert self.node.block(height) == made.applied.block
            assert self.node.store.receipts(height) == [receipt.encoded for receipt in made.applied.receipts]
        for identity in self._good:
            assert self.node.store.find(identity) == self._kept(self.model.on_disk.places.get(identity))
        assert check_rows(self.node.store, progress=lambda done, total: None).head == self.node.head
        if floor <= 1:
            assert self.node.replay() == self.node.head.state_root

    def _check_told(self) -> None:
        """Nobody is told that a transaction left which is in a block."""
        for identity, refusal in self.node.take_refused():
            assert identity not in self.model.newest.places, f"told {refusal.code}, and is in a block"

    def _offer(self, transaction: Transaction) -> None:
        """What is in a block is answered with its place; what is not either waits or is refused, and what is wrong is refused."""
        known = self._kept(self.model.newest.places.get(transaction.identity))
        body = transaction.body
        try:
            place = self.node.offer(transaction)
        except Refusal as refusal:
            assert known is None, f"{refusal.code} for what is in a block"
            assert transaction.identity not in self.node.pool, f"{refusal.code} for what waits"
            return
        assert place == known
        assert (transaction.identity in self.node.pool) == (known is None)
        assert known or transaction.identity in self._good
        assert known or body.sequence >= self.model.newest.sequences.get((body.sender, body.lane), 0)

    # Within.

    def _body(self, name: str, lane: int, sequence: int) -> Body:
        chance, sender = self._chance, ADDRESSES[name]
        actions, gas_limit, gas_price = (self._actions.pay(sender),), GAS_LIMIT, chance.choice(GAS_PRICES)
        authority = self._actions.authority(sender, self.model.newest)
        if chance.randrange(3) == 0:
            actions = self._actions.other(sender, self.model.newest, self._now_ms)
            gas_limit, gas_price = GAS_LIMIT_CALL, chance.choice(GAS_PRICES_CALL)
        height = self.node.newest.height + chance.choice((1, 2, 5, 50, 50, 50))
        times = chance.choice((None, None, self._now_ms + chance.choice((5_000, 100_000))))
        return Body(
            CHAIN_ID,
            sender,
            sequence,
            gas_limit,
            gas_price,
            actions,
            lane=lane,
            expiry_height=height,
            expiry_ms=times,
            authority=authority,
        )

    def _open(self) -> Node:
        directory = self._folder / str(self._lives)
        pool = Pool(transactions_max=16, shares=2)  # so that some is refused and some evicted
        return Node(directory, specification(), clock=lambda: self._now_ms, pool=pool, archive=bool(self._chance.randrange(2)))

    def _next_folder(self) -> Path:
        return self._folder / str(self._lives + 1)

    def _reopen(self, folder: Path) -> None:
        """Go on in a copy; the old node is closed only now, when that does not matter any more."""
        self.node.close()
        self._lives += 1
        assert folder == self._folder / str(self._lives)
        self.model.cut(self.model.written)
        self.node = self._open()
        self.check()

    def _kept(self, place: Place | None) -> Place | None:
        """A place that is found: not that of a block that was pruned."""
        return None if place is None or place[0] < self.node.store.pruned_before() else place

    def _check_stopped(self) -> None:
        """A store whose disk has failed writes nothing more."""
        applied = self.model.unwritten()[0]
        try:
            self.node.store.write(commit_of(applied))
        except StoreFailed:
            return
        raise AssertionError("it went on after a failure")

    def _file(self) -> Path:
        return self.node.directory / "ledger" / "data.mdb"

    def _torn(self, before: bytes, after: bytes) -> bytes:
        """A file in the middle of a write: some of its new pages are on the disk, the page that makes them count is not."""
        pages = range(ROOT_PAGES, -(-len(after) // PAGE_BYTES))
        torn = bytearray(before)
        for page in pages:
            begin, end = page * PAGE_BYTES, (page + 1) * PAGE_BYTES
            if before[begin:end] != after[begin:end] and self._chance.randrange(2):
                torn.extend(bytes(max(0, end - len(torn))))
                torn[begin:end] = after[begin:end]
        return bytes(torn)


def simulate(seed: int, steps: int) -> Simulation:
    """One seed. Raises `AssertionError` with a note of how to run it again."""
    with tempfile.TemporaryDirectory(prefix="tael-sim-") as folder:
        try:
            with patch.object(writing, "UNDO_BLOCKS_MAX", UNDO_BLOCKS):
                simulation = Simulation(Path(folder), seed)
                simulation.run(steps)
        except BaseException as error:
            error.add_note(f"again: python tests/chain/sim/simulation.py {seed} --steps {steps}")
            raise
        return simulation


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?")
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    happened = Counter[str]()
    for seed in range(options.first, (options.last or options.first) + 1):
        simulation = simulate(seed, options.steps)
        made, happened = simulation.model, happened + simulation.happened
        print(
            f"seed {seed}: {len(made.newest.places)} transactions in {made.written} blocks, {made.newest.balances[FEES]} in fees"
        )
    print(", ".join(f"{name} {count}" for name, count in sorted(happened.items())))


if __name__ == "__main__":
    main()
