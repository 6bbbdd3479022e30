"""A devnet killed again and again while clients pay: what it has acknowledged must be there after each restart.

    python bench/kill.py --kills 500 [--seconds 900] [--workers 2] [--seed 1] [--json FILE]

Three clients send batches and wait for the disk, in four lanes each. The process is killed (SIGKILL) at a random moment: while
it starts, while it is asked again about what it had not answered, or under load. After each restart all that was not answered
is sent again, twice; what was answered in the last life, and some of what was answered before, must be where it was said to be;
the wallets must have what follows from it, and the supply equation must hold. In the end the ledger is read from end to end and
executed again. Prints the seconds from the start of the process until `/v1/status` answers, and the processor seconds of its
processes by then, which others on the machine do not disturb. With --seconds it kills no more after that time. Ends with status
1 if something is lost.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgpack

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.node.history import History, Lane, Lost  # noqa: E402  the script runs without being installed
from bench.node.system import family, processor_seconds  # noqa: E402
from chain.node.development import CURRENCY  # noqa: E402
from chain.primitives.address import format_address  # noqa: E402

COMMAND = [sys.executable, "-m", "kit.main", "devnet", "--port", "0"]
CLIENTS, LANES, BATCH_MAX = 3, 4, 20
START_SECONDS_MAX = 20  # then it is broken, not slow
ORPHAN_SECONDS_MAX = 10
RETRY_KILL_SECONDS, LOAD_KILL_SECONDS = 0.1, 0.4  # at the latest, after that part of a life begins
SAMPLE = 200  # of earlier acknowledgements, looked at after each restart
ASK_MAX = 500  # transactions in a retry
GONE = (OSError, http.client.HTTPException)


class Life:
    """One process of a devnet, from its start until it is killed."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._ready = folder / "ready.json"
        self._ready.unlink(missing_ok=True)
        self._said = folder / "said"
        command = [*COMMAND, "--data", str(folder / "data"), "--ready-file", str(self._ready), "--workers", str(workers)]
        self._began = time.perf_counter()
        with self._said.open("wb") as said:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        self._port = 0
        self.workers: list[int] = []

    def wait(self) -> tuple[float, float]:
        """Wait until it answers; the seconds since its start, and its processor seconds. Raises `Lost`."""
        while not self._ready.exists():
            self._check_starting()
            time.sleep(0.002)
        port = urlsplit(json.loads(self._ready.read_text())["address"]).port
        assert port is not None
        self._port = port
        while True:
            try:
                self.get("/v1/status")
            except GONE:
                self._check_starting()
            else:
                return time.perf_counter() - self._began, processor_seconds(self._process.pid)

    def _check_starting(self) -> None:
        if self._process.poll() is not None or time.perf_counter() - self._began > START_SECONDS_MAX:
            raise Lost(f"it does not start: {self._said.read_text('utf-8', 'replace')[-2_000:]}")

    def kill(self) -> None:
        """Kill it, if that has not been done, but not its workers, which are to end by themselves. Raises `Lost`."""
        if self._process.poll() is None:
            self.workers = family(self._process.pid)[1:]
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        said = self._said.read_text("utf-8", "replace")
        if "Traceback" in said:
            raise Lost(f"it complains: {said[-2_000:]}")

    def end(self) -> None:
        """Stop it as people do. Raises `Lost` if it does not stop well."""
        self._process.terminate()
        if self._process.wait(START_SECONDS_MAX):
            raise Lost(f"it ends badly: {self._said.read_text('utf-8', 'replace')[-2_000:]}")

    def connection(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=START_SECONDS_MAX)

    def get(self, path: str) -> Any:
        """An answer in JSON. Raises one of `GONE`."""
        connection = self.connection()
        try:
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer.get("code") == "Stopped":
            raise ConnectionResetError("a worker outlived its parent for a moment")
        return answer


def send(connection: http.client.HTTPConnection, lane: Lane, sequences: Sequence[int]) -> None:
    """Send transactions of a lane and note what becomes of them. Raises one of `GONE`, and `Lost`."""
    body = msgpack.packb([lane.sent[sequence].encoded for sequence in sequences])
    headers = {"content-type": "application/msgpack", "accept": "application/msgpack"}
    connection.request("POST", "/v1/batch?wait=commit&timeout=20", body, headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status == 503:
        raise ConnectionError("a worker says that its parent is gone: nothing is known of the batch")
    if response.status != 200:
        raise Lost(f"a batch is answered {response.status}: {answer[:500]!r}")
    lane.take(sequences, msgpack.unpackb(answer)[0])


class Client:
    """One client under load, in a thread: new payments, now and then a batch that has been answered already."""

    def __init__(self, life: Life, lanes: Sequence[Lane], chance: Random) -> None:
        self._life, self._lanes, self._chance = life, lanes, chance
        self.trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for its end, which the end of the process brings. Raises `Lost`."""
        self._thread.join()
        if self.trouble is not None:
            raise self.trouble

    def _work(self) -> None:
        connection = self._life.connection()
        try:
            while True:
                lane = self._chance.choice(self._lanes)
                sequences = lane.more(self._chance.randint(1, BATCH_MAX), self._chance)
                for _ in range(1 + (not self._chance.randrange(8))):
                    send(connection, lane, sequences)
        except GONE:
            pass
        except BaseException as trouble:
            self.trouble = trouble
        finally:
            connection.close()


class Run:
    """A ledger through its lives."""

    def __init__(self, folder: Path, workers: int, seed: int) -> None:
        self._folder, self._workers, self._chance = folder, workers, Random(seed)
        self.history = History(CLIENTS, LANES)
        self.starts: list[tuple[float, float]] = []
        self.kills: Counter[str] = Counter()
        self._fresh: list[set[int]] = [set() for _ in self.history.each()]

    def kill(self) -> None:
        """One life. Raises `Lost`."""
        life = Life(self._folder, self._workers)
        try:
            when = self._chance.choices(("start", "retry", "load"), (2, 2, 6))[0]
            if when == "start":
                time.sleep(self._chance.uniform(0, self.starts[-1][0] if self.starts else 1))
            else:
                self.starts.append(life.wait())
                self._live(life, killed=when == "retry")
        finally:
            life.kill()
        self.kills[when] += 1
        _see_off(life.workers)

    def _live(self, life: Life, *, killed: bool) -> None:
        """Ask about what was, with the end coming meanwhile or not; then put load on it until the end."""
        if killed:
            timer = threading.Timer(self._chance.uniform(0, RETRY_KILL_SECONDS), life.kill)
            timer.start()
            with suppress(*GONE):
                self._ask(life)
            timer.join()
            return
        self._ask(life)
        before = [len(lane.sent) for lane in self.history.each()]
        clients = [Client(life, lanes, Random(self._chance.random())) for lanes in self.history.lanes]
        time.sleep(self._chance.uniform(0, LOAD_KILL_SECONDS))
        life.kill()
        for client in clients:
            client.join()
        self._fresh = [set(range(first, len(lane.sent))) for first, lane in zip(before, self.history.each(), strict=True)]

    def _ask(self, life: Life) -> None:
        """What was not answered is sent again, twice; what was answered is where it was; nobody has more or less than that makes.
        Raises one of `GONE`, and `Lost`.
        """
        connection = life.connection()
        try:
            for lane, fresh in zip(self.history.each(), self._fresh, strict=True):
                asked = sorted(fresh | set(lane.open()) | set(self._sample(lane)))
                for begin in range(0, len(asked), ASK_MAX):
                    for _ in range(2):
                        send(connection, lane, asked[begin : begin + ASK_MAX])
        finally:
            connection.close()
        self.history.check_balances(lambda address: _balance(life, address))
        for supply in life.get("/v1/blocks/latest")["header"]["supply"]:
            if int(supply["issued"]) - int(supply["redeemed"]) != int(supply["wallets"]) + int(supply["contracts"]):
                raise Lost(f"the supply equation does not hold: {supply}")

    def _sample(self, lane: Lane) -> list[int]:
        known = list(lane.places)
        return self._chance.sample(known, min(len(known), SAMPLE // (CLIENTS * LANES)))

    def finish(self) -> tuple[int, int]:
        """A last life that ends well, and the ledger read from end to end: blocks and transactions. Raises `Lost`."""
        life = Life(self._folder, self._workers)
        try:
            self.starts.append(life.wait())
            self._ask(life)
        except BaseException:
            life.kill()
            raise
        life.end()
        return self.history.check_ledger(self._folder / "data")


def _see_off(workers: Sequence[int]) -> None:
    """See that workers end when their parent is gone. Raises `Lost`."""
    deadline = time.perf_counter() + ORPHAN_SECONDS_MAX
    while left := [worker for worker in workers if _is_worker(worker)]:
        if time.perf_counter() > deadline:
            raise Lost(f"workers {left} outlive their parent")
        time.sleep(0.001)


def _balance(life: Life, address: bytes) -> int:
    answer = life.get(f"/v1/wallets/{format_address(address)}")
    if "balances" not in answer:
        raise Lost(f"a wallet is not shown: {answer}")
    balances = answer["balances"]
    return sum(int(entry["amount"]) for entry in balances if entry["currency"] == CURRENCY)


def _is_worker(pid: int) -> bool:
    """Whether a process is there and is a worker; the number may be another's by now."""
    try:
        return b"chain.node.template" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Some of them, the largest last."""
    ordered = sorted(values)
    found = {f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] for part in (50, 90, 99)}
    return {**found, "max": ordered[-1]}


def main() -> int:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tael-kill-") as folder:
        run = Run(Path(folder), options.workers, options.seed)
        try:
            while run.kills.total() < options.kills and time.perf_counter() - began < options.seconds:
                run.kill()
            blocks, transactions = run.finish()
        except Lost as lost:
            print(f"after {run.kills.total()} kills (--seed {options.seed}): {lost}", file=sys.stderr)
            return 1
    spreads = {
        name: percentiles(values) for name, values in zip(("wall", "processor"), zip(*run.starts, strict=True), strict=True)
    }
    figures = {
        "kills": dict(run.kills),
        "workers": options.workers,
        "starts": len(run.starts),
        "start_seconds": spreads,
        "blocks": blocks,
        "transactions": transactions,
        "seconds": time.perf_counter() - began,
    }
    print(f"{run.kills.total()} kills {dict(run.kills)}, {options.workers} workers, in {figures['seconds']:.0f} s: nothing lost")
    print(f"{transactions} transactions in {blocks} blocks, each once; executed again they come to the same root")
    for name, spread in spreads.items():
        shown = "  ".join(f"{part} {value:.2f}" for part, value in spread.items())
        print(f"{name} seconds until it answers, {len(run.starts)} starts: {shown}")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
