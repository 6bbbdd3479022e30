"""The devnet: one process, one command, ready in under a second, with funded wallets whose keys everybody
knows.
"""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chain.ledger.apply import Applied
from chain.node.clock import DevnetClock
from chain.node.control import Control
from chain.node.copied import copy_network
from chain.node.development import (
    BALANCE,
    CHAIN_ID,
    CURRENCY,
    DECIMALS,
    SEED,
    WALLETS,
    DevelopmentWallet,
    development_validator,
    development_wallets,
    devnet_specification,
)
from chain.node.measures import Measures
from chain.node.node import Node
from chain.node.operations import Operations
from chain.node.server import NodeServer, listen, url_of, write_ready_file
from chain.node.serving import spare_collector
from chain.node.template import Template
from chain.node.vitals import Vitals
from chain.node.workers import Desk
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
_LOOK_SECONDS = 0.05  # between two looks whether it answers
_HEAD_AGE_SECONDS_MAX = 30  # without a block that is due, before its operations port says that it is not ready


class Devnet:
    """A devnet in a thread of this process. `address` is its base URL, `operations` that of its operations port, if it has one.
    Also a context manager.
    """

    def __init__(self, server: NodeServer, thread: threading.Thread, address: str, operations: str | None = None) -> None:
        self._server = server
        self._thread = thread
        self.address = address
        self.operations = operations

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
    copy: str | None = None,
    ready_file: Path | str | None = None,
    operations_port: int | None = None,
) -> Devnet:
    """Start a devnet in a thread and return when it answers. Without a data directory it forgets all at the
    end. With `workers` so many processes look at signatures and answer requests. With `operations_port` it has an
    operations port (0 takes any). With `copy`, `URL` or `URL@HEIGHT`, it begins with the state of that network.

    Raises `Refusal` WrongStore, BadRequest (the address cannot be listened on), Stopped; and as `copy_network`.
    """
    prepared = _prepare(data_dir, host, port, block_time_ms, seed, operations_port, copy, None)
    server = prepared.server
    ready = threading.Event()
    server.on_ready = ready.set
    thread = threading.Thread(target=server.serve_on, args=(prepared.listener, workers), name="tael-devnet", daemon=True)
    thread.start()
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not ready.wait(_LOOK_SECONDS):
        if not thread.is_alive():
            raise server.failure or Refusal(Refused.STOPPED, "the devnet ended before it answered; see what it printed")
        if time.monotonic() > deadline:
            raise Refusal(Refused.STOPPED, f"the devnet does not answer after {_READY_SECONDS_MAX} s")
    write_ready_file(ready_file, prepared.address, CHAIN_ID, prepared.operations)
    return Devnet(server, thread, prepared.address, prepared.operations)


def run_devnet(
    data_dir: Path | str | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    block_time_ms: int = 0,
    workers: int = 0,
    seed: str = SEED,
    copy: str | None = None,
    ready_file: Path | str | None = None,
    operations_port: int | None = None,
    makes_empty: bool = True,
    template: Template | None = None,
    announce: Callable[[str, list[DevelopmentWallet]], None] | None = None,
    watch: Callable[[Node], Watcher] | None = None,
) -> int:
    """Run a devnet in this thread until a signal ends it; the exit status. `announce(address, wallets)` is
    called when it answers; what `watch` gives is told of blocks. Blocks at an interval are made though nothing waits if
    `makes_empty`. Workers are forked from `template`, for who has started it before this module was imported.

    Raises as `start_devnet`.
    """
    prepared = _prepare(data_dir, host, port, block_time_ms, seed, operations_port, copy, watch)
    server = prepared.server
    server.producer.makes_empty = makes_empty

    def ready() -> None:
        write_ready_file(ready_file, prepared.address, CHAIN_ID, prepared.operations)
        if announce is not None:
            announce(prepared.address, development_wallets(seed))

    server.on_ready = ready
    spare_collector()
    server.serve_on(prepared.listener, workers, template)
    return 0 if server.failure is None else 1


class Watcher(Protocol):
    """Whoever is told of blocks, in the thread that makes them."""

    def see(self, blocks: Sequence[Applied]) -> None:
        """Blocks are on disk. It does not raise, and does not take long."""

    def close(self) -> None:
        """There are no more."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A devnet that does not serve yet."""

    server: NodeServer
    listener: socket.socket
    address: str
    operations: str | None


def _prepare(
    data_dir: Path | str | None,
    host: str,
    port: int,
    block_time_ms: int,
    seed: str,
    operations_port: int | None,
    copy: str | None,
    watch: Callable[[Node], Watcher] | None,
) -> _Prepared:
    vitals = Vitals(Measures(), head_age_seconds_max=_HEAD_AGE_SECONDS_MAX)
    operations = None
    with ExitStack() as resources:
        listener = resources.enter_context(closing(listen(host, port)))
        directory = Path(
            resources.enter_context(tempfile.TemporaryDirectory(prefix="tael-devnet-")) if data_dir is None else data_dir
        )
        if operations_port is not None:
            operations_listener = listen(host, operations_port)
            operations = url_of(operations_listener)
            resources.enter_context(Operations(operations_listener, vitals))
        clock = resources.enter_context(closing(DevnetClock()))
        if copy is not None:
            copy_network(copy, directory, seed)
        signers = [development_validator(seed)]
        node = Node(directory, devnet_specification(seed), clock=clock, archive=True, signers=signers)
        resources.enter_context(closing(node))
        watcher = None if watch is None else resources.enter_context(closing(watch(node)))
        server = NodeServer(
            node,
            vitals,
            resources.pop_all(),
            block_time_ms=block_time_ms,
            desk=lambda producer: Desk(Control(node, producer, clock, seed).answer, clock),
        )
    if watcher is not None:
        server.producer.on_written = watcher.see
    return _Prepared(server, listener, url_of(listener), operations)
