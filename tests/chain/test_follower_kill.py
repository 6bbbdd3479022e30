"""A follower that is killed again and again, while its producer makes blocks, has in the end what the producer has."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from store_world import contents

from chain.client.client import Client
from chain.node.check import check_replay
from chain.node.development import development_wallets, devnet_specification
from chain.node.devnet import start_devnet
from chain.primitives.transaction import Pay, sign
from chain.state.store import Store

ROOT = Path(__file__).parents[2]
ALICE, BOB = development_wallets()[:2]


def begin(folder: Path, url: str) -> subprocess.Popen[bytes]:
    """`tael devnet --follow` as a process of its own, once it answers."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    program = [sys.executable, "-c", "from kit.main import main; main()", "devnet", "--follow", url, "--port", "0"]
    process = subprocess.Popen(
        [*program, "--data", "one", "--ready-file", "ready.json"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    end = time.monotonic() + 60
    while not ready.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def kill_followers(folder: Path, kills: int) -> None:
    """So many lives, ended at random moments under load; then one that catches up. Every table is as the producer's."""
    chance = random.Random(kills)
    stop = threading.Event()
    with start_devnet(folder / "producer") as devnet, Client(devnet.address) as client:

        def load() -> None:
            with Client(devnet.address) as paying:
                sequence = 0
                while not stop.is_set():
                    bodies = [paying.build(ALICE.address, [Pay(BOB.address, "CNY", 1)], sequence=sequence + n) for n in range(5)]
                    paying.submit_batch([sign(body, [ALICE.key]) for body in bodies])
                    sequence += 5

        loading = threading.Thread(target=load)
        loading.start()
        try:
            for _ in range(kills):
                process = begin(folder, devnet.address)
                time.sleep(chance.random())
                process.send_signal(signal.SIGKILL)
                process.wait()
        finally:
            stop.set()
            loading.join()
        process = begin(folder, devnet.address)
        address = json.loads((folder / "ready.json").read_text())["address"]
        with Client(address) as following:
            end = time.monotonic() + 60
            while following.block() != client.block():
                assert time.monotonic() < end
                time.sleep(0.05)
        process.terminate()
        assert process.wait(30) == 0
    tables = []
    for name in ("producer", "one"):
        with closing(Store(folder / name)) as store:
            tables.append(contents(store))
            check_replay(store, devnet_specification())
    assert tables[0] == tables[1]


@pytest.mark.long
@pytest.mark.parametrize("kills", [3, 25])
def test_a_follower_that_is_killed_has_in_the_end_what_the_producer_has(tmp_path: Path, kills: int) -> None:
    """Whatever it was doing: nothing is missing, nothing is there twice, and it executes to the same root."""
    kill_followers(tmp_path, kills)
