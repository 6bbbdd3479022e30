"""A node killed in the middle of commits: nothing that it acknowledged is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_world import ADDRESSES, BOB, CHAIN_ID, FUNDS, KEYS, specification

from chain.node.node import Node
from chain.primitives.transaction import Body, Pay, sign

TIME_MS = 1_700_000_000_000
ROOT = Path(__file__).parents[2]
NAMES = ("alice", "carol")


def open_node(directory: Path) -> Node:
    """A node whose clock stands still."""
    return Node(directory, specification(), clock=lambda: TIME_MS)


def work(directory: Path) -> None:
    """Pay for ever, and say of every transaction that it is on disk only when it is."""
    node = open_node(directory)
    print("ready", flush=True)
    while True:
        for name in NAMES:
            sender = ADDRESSES[name]
            for lane in range(4):
                payment = (Pay(BOB, "CNY", 1),)
                sequence, expiry = node.next_sequence(sender, lane), node.head.height + 9
                body = Body(CHAIN_ID, sender, sequence, 50_000, 0, payment, lane, expiry)
                node.submit(sign(body, [KEYS[name]]).encoded)
        for identity in node.produce().identities:
            os.write(1, identity.hex().encode() + b"\n")


def kill_and_reopen(directory: Path, chance: random.Random) -> int:
    """One life of a node, ended at some moment; how many transactions it had acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
    worker = subprocess.Popen([sys.executable, __file__, str(directory)], stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    acknowledged = [worker.stdout.readline() for _ in range(chance.randrange(1, 60))]
    for _ in range(chance.randrange(20_000)):  # somewhere within the next commits
        pass
    worker.send_signal(signal.SIGKILL)
    acknowledged += worker.stdout.readlines()
    worker.wait()
    worker.stdout.close()
    whole = [bytes.fromhex(line.decode().strip()) for line in acknowledged if len(line) == 65]
    node = open_node(directory)
    try:
        for identity in whole:
            receipt = node.receipt(identity)
            assert receipt is not None
            assert receipt.ok
        assert all(supply.holds for supply in node.head.supply)
        total = node.head.height * len(NAMES) * 4
        assert node.balance(BOB, "CNY") == FUNDS + total
    finally:
        node.close()
    return len(whole)


def run(directory: Path, rounds: int) -> int:
    """So many lives of one ledger, which at the end leads from genesis to its head; the transactions acknowledged."""
    chance = random.Random(rounds)
    count = sum(kill_and_reopen(directory, chance) for _ in range(rounds))
    node = open_node(directory)
    assert node.replay() == node.head.state_root
    node.close()
    return count


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Three kills under load."""
    assert run(tmp_path, 3) > 0


@pytest.mark.long
def test_nothing_acknowledged_is_lost_in_a_hundred_kills(tmp_path: Path) -> None:
    """120 kills under load."""
    assert run(tmp_path, 120) > 1_000


if __name__ == "__main__":
    work(Path(sys.argv[1]))
