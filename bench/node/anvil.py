"""Anvil, the development node of Ethereum in Rust: the same work over JSON-RPC in batches, in memory.

It makes the root of its whole state anew for every block, so few accounts are what it is fastest with, and that is what it gets;
it keeps all states unless told to prune them, which it is. Version 1.7.1, brought by npm into the user's cache folder, outside of
the repository.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.node import ethereum
from bench.node.client import Broken, Driven, Request, ask, drive, post
from bench.node.ethereum import Ask
from bench.node.system import memory_mib, processor_seconds
from bench.node.work import TOKEN_SUPPLY

VERSION = "1.7.1"
PACKAGE = f"@foundry-rs/anvil-linux-amd64@{VERSION}"
BLOCK_GAS = 500_000_000  # as ours
BALANCE_WEI = 10**24
READY_SECONDS_MAX = 20
INSTALL_SECONDS_MAX = 300
ASK_AGAIN_SECONDS = 0.002
BATCH = 500


class Absent(Exception):
    """Anvil cannot be had here; the text says why."""


def program() -> Path:
    """Anvil's program, brought if it is not there yet. Raises `Absent`."""
    missing = [name for name in ("coincurve", "Crypto") if importlib.util.find_spec(name) is None]
    if missing:
        raise Absent(f"what signs for it is not installed ({', '.join(missing)}): pip install -e '.[bench]'")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tael-bench" / f"anvil-{VERSION}"
    found = cache / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Absent("there is no npm to bring it")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(cache), PACKAGE]
        brought = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX)
        if brought.returncode or not found.exists():
            raise Absent(f"npm does not bring {PACKAGE}: {(brought.stderr.strip().splitlines() or ['nothing said'])[-1]}")
    return found


class Anvil:
    """An Anvil with funded people, of whom all but number 0 have tokens. A context manager; ends with it."""

    def __init__(self, people: int, *options: str) -> None:
        """`options` are Anvil's, on top of those that take away what would hold it up. Raises `Absent`, `Broken`."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        command = [str(program()), "--quiet", "--port", str(self.port), "--gas-limit", str(BLOCK_GAS), "--base-fee", "0"]
        command += ["--order", "fifo", "--accounts", "1", "--prune-history", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._people = people
        self._nonces: dict[int, int] = {}
        self._turn = 1
        self.token = ethereum.contract_address(ethereum.address(0), 0)
        try:
            self._prepare()
        except BaseException:
            self._process.kill()
            raise

    def __enter__(self) -> Anvil:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def plan(self, count: int, streams: int, *, calls: bool) -> list[list[Ask]]:
        """`count` transactions in streams, of everyone in turn, a person always in one stream."""
        planned: list[list[Ask]] = [[] for _ in range(streams)]
        for number in range(self._turn, self._turn + count):
            sender = 1 + number % (self._people - 1)
            nonce = self._nonces.get(sender, 0)
            self._nonces[sender] = nonce + 1
            receiver = 1 + number * 7_919 % (self._people - 1)
            planned[sender % streams].append(Ask(sender, nonce, receiver, 1, self.token if calls else None))
        self._turn += count
        return planned

    def requests(self, streams: Sequence[Sequence[bytes]], batch: int, *, receipts_all: bool) -> list[list[Request]]:
        """Batches of transactions. One is answered when the receipt of its last transaction has come, or of all."""
        pieces = [[part[at : at + batch] for at in range(0, len(part), batch)] for part in streams]
        return [[_request(piece, receipts_all=receipts_all) for piece in part] for part in pieces]

    def processor_seconds(self) -> float:
        """Processor time so far."""
        return processor_seconds(self._process.pid)

    def memory_mib(self) -> float:
        """Memory now."""
        return memory_mib(self._process.pid)

    def height(self) -> int:
        """The number of the newest block."""
        return int(self._call([("eth_blockNumber", [])])[0], 16)

    def _prepare(self) -> None:
        began = time.perf_counter()
        while True:
            try:
                self.height()
                break
            except OSError:
                if time.perf_counter() - began > READY_SECONDS_MAX or self._process.poll() is not None:
                    raise Broken("Anvil does not get ready") from None
                time.sleep(0.01)
        rich = hex(BALANCE_WEI)
        for first in range(0, self._people, BATCH):
            somebody = range(first, min(self._people, first + BATCH))
            self._call([("anvil_setBalance", ["0x" + ethereum.address(p).hex(), rich]) for p in somebody])
        given = TOKEN_SUPPLY // (2 * self._people)
        dealt = [
            ethereum.signed(
                ethereum.secret(0), p, ethereum.GAS_CALL, self.token, 0, ethereum.transfer_data(ethereum.address(p), given)
            )
            for p in range(1, self._people)
        ]
        all_of_it = self.requests([[ethereum.deployment(TOKEN_SUPPLY), *dealt]], BATCH, receipts_all=True)
        check(drive(self.port, all_of_it), receipts_all=True)

    def _call(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        said = json.loads(ask(self.port, post("/", _batch(calls))).body)
        return [answer["result"] for answer in said]


def check(driven: Driven, *, receipts_all: bool) -> int:
    """How many transactions were done, all of them. Raises `Broken` if one was not."""
    count = sum(answer.count for answers in driven.answers for answer in answers)
    done = sum(answer.body.count(b'"status":"0x1"') for answers in driven.answers for answer in answers)
    if done != (count if receipts_all else sum(map(len, driven.answers))):
        raise Broken("Anvil has not done all that it was asked to")
    return count


def _batch(calls: Sequence[tuple[str, list[Any]]]) -> bytes:
    return json.dumps(
        [{"jsonrpc": "2.0", "id": at, "method": name, "params": given} for at, (name, given) in enumerate(calls)],
        separators=(",", ":"),
    ).encode()


def _request(piece: Sequence[bytes], *, receipts_all: bool) -> Request:
    """Submit, then ask for receipts until there are some."""
    submitted = post("/", _batch([("eth_sendRawTransaction", ["0x" + data.hex()]) for data in piece]))
    asked_for = piece if receipts_all else piece[-1:]
    receipts = post("/", _batch([("eth_getTransactionReceipt", ["0x" + ethereum.keccak(data).hex()]) for data in asked_for]))
    asked = False

    def follow(body: bytes) -> tuple[bytes, float] | None:
        nonlocal asked
        if b'"error"' in body:
            raise Broken(f"Anvil refuses: {body[:300]!r}")
        if not asked:
            asked = True
            return receipts, 0.0
        return (receipts, ASK_AGAIN_SECONDS) if b'"result":null' in body else None

    return Request(submitted, len(piece), follow)
