"""The devnet: one process, one command, ready in under a second, with funded wallets whose keys everybody
knows.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from chain.node.api import Api
from chain.node.clock import DevnetClock
from chain.node.control import Control
from chain.node.development import (
    BALANCE,
    CHAIN_ID,
    CURRENCY,
    DECIMALS,
    SEED,
    WALLETS,
    DevelopmentWallet,
    development_wallets,
    devnet_specification,
)
from chain.node.node import Node
from chain.node.producer import Producer
from chain.node.serving import server_config, spare_collector
from chain.node.workers import Workers
from chain.primitives.refusal import Refusal, Refused

__all__ = [
    "BALANCE",
    "CHAIN_ID",
    "CURRENCY",
    "DECIMALS",
    "SEED",
    "WALLETS",
    "DevelopmentWallet",
    "Devnet",
    "development_wallets",
    "devnet_specification",
    "run_devnet",
    "start_devnet",
]

_READY_SECONDS_MAX = 30
_LOOK_SECONDS = 0.05  # how often a parent of workers looks whether it is to stop


class _Server(uvicorn.Server):
    """uvicorn with a node: it starts the producer, says when it is ready, and stops when the node fails."""

    def __init__(self, node: Node, block_time_ms: int, clock: DevnetClock, seed: str, close: Callable[[], None]) -> None:
        self.node = node
        self.failure: BaseException | None = None
        self._close = close
        self._producer = Producer(node, block_time_ms, self._stop_after)
        self.on_ready: Callable[[], None] = _nothing
        control = Control(node, self._producer, clock, seed)
        super().__init__(server_config(Api(node, self._producer, control.operations).application()))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the producer begins."""
        await super().startup(sockets)
        self._producer.start()
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Those who wait are told; then as uvicorn's."""
        self._producer.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask it to stop; unlike uvicorn's own they are not raised again, so that the
        store closes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def serve_on(self, listener: socket.socket, workers: int = 0) -> None:
        """Serve until stopped, in this process or in so many workers, then close the node."""
        try:
            asyncio.run(self._serve_by_workers(listener, workers) if workers else self.serve([listener]))
        finally:
            self._close()

    async def _serve_by_workers(self, listener: socket.socket, count: int) -> None:
        """The workers have the listening socket; here blocks are made."""
        workers = Workers(self.node.directory, listener, self._producer, count, self._stop_after)
        with self.capture_signals():
            self._producer.start()
            try:
                await workers.start()
                self.on_ready()
                while not self.should_exit:
                    await asyncio.sleep(_LOOK_SECONDS)
            finally:
                await workers.stop()
                self._producer.stop()

    def _stop_after(self, error: BaseException) -> None:
        self.failure = error
        self.should_exit = True


class Devnet:
    """A devnet in a thread of this process. `address` is its base URL. Also a context manager."""

    def __init__(self, server: _Server, thread: threading.Thread, address: str) -> None:
        self._server = server
        self._thread = thread
        self.address = address

    def stop(self) -> None:
        """Stop serving and close the store. Raises what stopped the node, if something did."""
        self._server.should_exit = True
        self._thread.join()
        if self._server.failure is not None:
            raise self._server.failure

    def __enter__(self) -> Devnet:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_devnet(
    data_dir: Path | str | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    block_time_ms: int = 0,
    workers: int = 0,
    seed: str = SEED,
    ready_file: Path | str | None = None,
) -> Devnet:
    """Start a devnet in a thread and return when it answers. Without a data directory it forgets all at the
    end. With `workers` so many processes look at signatures and answer requests.

    Raises `Refusal` WrongStore, BadRequest (the address cannot be listened on), Stopped.
    """
    listener = _listen(host, port)
    try:
        server = _prepare(data_dir, block_time_ms, seed)
    except BaseException:
        listener.close()
        raise
    address = f"http://{host}:{listener.getsockname()[1]}"
    ready = threading.Event()
    server.on_ready = ready.set
    thread = threading.Thread(target=server.serve_on, args=(listener, workers), name="tael-devnet", daemon=True)
    thread.start()
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not ready.wait(_LOOK_SECONDS):
        if not thread.is_alive():
            raise server.failure or Refusal(Refused.STOPPED, "the devnet ended before it answered; see what it printed")
        if time.monotonic() > deadline:
            raise Refusal(Refused.STOPPED, f"the devnet does not answer after {_READY_SECONDS_MAX} s")
    _write_ready_file(ready_file, address)
    return Devnet(server, thread, address)


def run_devnet(
    data_dir: Path | str | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    block_time_ms: int = 0,
    workers: int = 0,
    seed: str = SEED,
    ready_file: Path | str | None = None,
    announce: Callable[[str, list[DevelopmentWallet]], None] | None = None,
) -> int:
    """Run a devnet in this thread until a signal ends it; the exit status. `announce(address, wallets)` is
    called when it answers.

    Raises as `start_devnet`.
    """
    listener = _listen(host, port)
    try:
        server = _prepare(data_dir, block_time_ms, seed)
    except BaseException:
        listener.close()
        raise
    address = f"http://{host}:{listener.getsockname()[1]}"

    def ready() -> None:
        _write_ready_file(ready_file, address)
        if announce is not None:
            announce(address, development_wallets(seed))

    server.on_ready = ready
    spare_collector()
    server.serve_on(listener, workers)
    return 0 if server.failure is None else 1


def _prepare(data_dir: Path | str | None, block_time_ms: int, seed: str) -> _Server:
    """The node and its server, not serving yet."""
    temporary = tempfile.TemporaryDirectory(prefix="tael-devnet-") if data_dir is None else None
    directory = Path(temporary.name if temporary is not None else data_dir or ".")
    clock = DevnetClock()
    node = Node(directory, devnet_specification(seed), clock=clock, archive=True)

    def close() -> None:
        node.close()
        if temporary is not None:
            temporary.cleanup()

    return _Server(node, block_time_ms, clock, seed, close)


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=1_024)
    except (OSError, OverflowError) as error:
        raise Refusal(
            Refused.BAD_REQUEST,
            f"{host}:{port} cannot be listened on: {error}",
            "Choose another port, or 0 for any.",
        ) from None
    # Accepted sockets inherit it. asyncio sets it only where the protocol number is given, and without it
    # answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _write_ready_file(path: Path | str | None, address: str) -> None:
    """Tell whoever waits for the file, which appears whole or not at all."""
    if path is None:
        return
    target = Path(path)
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_text(json.dumps({"address": address, "pid": os.getpid(), "chain_id": CHAIN_ID}))
    partial.replace(target)


def _nothing() -> None:
    """Until someone wants to know."""
