"""A devnet as people start it: `tael devnet` in a process of its own; then wallets are opened, and a token is deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from bench.node.client import Broken, ask, drive, get
from bench.node.system import memory_mib, processor_seconds
from bench.node.wires import OK, Wire, outcomes, requests, wire_of
from bench.node.work import SENDERS_MAX, Book, dealing, deployment, opening
from chain.node.development import development_wallets
from chain.primitives.address import contract_address
from chain.primitives.transaction import Transaction

ROOT = Path(__file__).parents[2]
TAEL = [sys.executable, "-P", "-c", "from kit.main import main; main()"]  # not the folder it is started in, but what is installed
READY_SECONDS_MAX = 600  # with many wallets


class Process:
    """A `tael devnet` with its data in a folder. A context manager; ends with it."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Raises `Broken` if it does not get ready."""
        folder = folder.resolve()
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        where = ["--data", str(folder / "data"), "--ready-file", str(ready)]
        command = [*TAEL, "devnet", "--port", "0", "--quiet", *where, *options]
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.DEVNULL
        )  # its complaints are shown
        while not ready.exists():
            if self._process.poll() is not None or time.perf_counter() - began > READY_SECONDS_MAX:
                self._process.kill()
                raise Broken("the devnet does not get ready")
            time.sleep(0.002)
        self.ready_seconds = time.perf_counter() - began
        port = urlsplit(json.loads(ready.read_text())["address"]).port
        assert port is not None
        self.port: int = port

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()

    def processor_seconds(self) -> float:
        """Processor time of the node so far."""
        return processor_seconds(self._process.pid)

    def memory_mib(self) -> float:
        """Memory of the node now."""
        return memory_mib(self._process.pid)

    def status(self) -> dict[str, Any]:
        """What the node says of itself."""
        said: dict[str, Any] = json.loads(ask(self.port, get("/v1/status")).body)
        return said


class Bench:
    """A devnet that is ready for work: `wallets` in all, those that send have money and tokens."""

    def __init__(self, process: Process, wallets: int, batch: int, connections: int) -> None:
        """Raises `Broken` if something of the preparation is refused."""
        self.process = process
        self.wire = wire_of(process.port, batch, connections)
        senders = min(wallets, SENDERS_MAX)
        began = time.perf_counter()
        used: dict[int, int] = {}
        self._all(opening(wallets, senders, used))
        deployed = deployment(used)
        self._all([[deployed]])
        token = contract_address(development_wallets()[0].address, deployed.identity, 0)
        self._all(dealing(token, senders, used))
        self.setup_seconds = time.perf_counter() - began
        self.book = Book(senders, wallets, token)

    def _all(self, streams: list[list[Transaction]]) -> None:
        """Send all and see that all is done."""
        wire = _Alone(self.wire)
        driven = drive(self.process.port, requests(wire, [[t.encoded for t in stream] for stream in streams]))
        said = outcomes(wire, driven)
        if set(said) != {OK}:
            raise Broken(f"the preparation is refused: {dict(said)}")


class _Alone:
    """A wire with one transaction a request, since those of the preparation are large."""

    def __init__(self, wire: Wire) -> None:
        self.name, self.batch, self.connections = wire.name, 1, wire.connections
        self.submit, self.outcomes = wire.submit, wire.outcomes
