"""A node that serves: it listens, makes blocks, says when it is ready, and stops in order. The devnet and `tael node run` are
this.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from chain.node.api import Api
from chain.node.control_table import control_operations
from chain.node.counted import Counted
from chain.node.logs import say
from chain.node.node import Node
from chain.node.producer import Producer
from chain.node.serving import server_config
from chain.node.supervisor import notify, watchdog_seconds
from chain.node.template import Template
from chain.node.vitals import Stage, Vitals
from chain.node.workers import Desk, Workers
from chain.primitives.limits import BEAT_SECONDS
from chain.primitives.refusal import Refusal, Refused

_LOOK_SECONDS = 0.05  # how often a parent of workers looks whether it is to stop


class NodeServer(uvicorn.Server):
    """uvicorn with a node: it starts the producer, says when it is ready, and stops when the node fails."""

    def __init__(
        self,
        node: Node,
        vitals: Vitals,
        resources: ExitStack,
        *,
        block_time_ms: int | None,
        drain_seconds: float = 0,
        desk: Callable[[Producer], Desk] | None = None,
        on_hangup: Callable[[], None] | None = None,
    ) -> None:
        """`resources` are closed in the end. What waits when it is to stop has `drain_seconds` to get into last blocks. `desk` is
        that of a devnet, where it is controlled. `on_hangup` is what SIGHUP asks for; without it SIGHUP ends the process.
        """
        self.node = node
        self.failure: BaseException | None = None
        self.on_ready: Callable[[], None] = _nothing
        self._on_hangup = on_hangup
        self._vitals = vitals
        self._resources = resources
        self._drain_seconds = drain_seconds
        self.producer = Producer(node, block_time_ms, self._stop_after, vitals)
        self._beating: asyncio.Task[None] | None = None
        self._desk = None if desk is None else desk(self.producer)
        operations = () if self._desk is None else control_operations(self._desk.answer)
        api = Api(node, self.producer, operations, on_refused=vitals.measures.refusals.add)
        super().__init__(server_config(Counted(api.application(), vitals.measures)))
        vitals.connections = lambda: len(self.server_state.connections)
        vitals.opened(node)
        resources.callback(vitals.closes)

    def serve_on(self, listener: socket.socket, workers: int = 0, template: Template | None = None) -> None:
        """Serve until stopped, in this process or in so many workers, then close the node. Workers are forked from `template`, if
        it has been started already.
        """
        with self._resources:
            if workers:
                asyncio.run(self._serve_by_workers(listener, workers, template or Template()))
            else:
                asyncio.run(self.serve([listener]))
        say(logging.INFO, "stopped", height=self.node.head.height)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the producer begins."""
        await super().startup(sockets)
        self.producer.start()
        self._begin()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No more connections; those who wait are told what became of what they sent; then as uvicorn's."""
        for server in self.servers:
            server.close()
        await self._drain()
        self.producer.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks it to stop, the second not to wait for anything but the disk."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask it to stop; unlike uvicorn's own they are not raised again, so that the
        store closes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        if self._on_hangup is not None:
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._hangup)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hangup(self, sig: int, frame: FrameType | None) -> None:
        if self._on_hangup is not None:
            self._on_hangup()

    async def _serve_by_workers(self, listener: socket.socket, count: int, template: Template) -> None:
        """The workers have the listening socket; here blocks are made."""
        workers = Workers(
            self.node.directory, listener, self.producer, count, self._stop_after, self._vitals.measures, template, self._desk
        )
        self._vitals.connections, self._vitals.workers = workers.connections, lambda: dict(workers.pids)
        self._vitals.worker_starts = lambda: workers.starts
        with self.capture_signals():
            self.producer.start()
            try:
                await workers.start()
                self._begin()
                while not self.should_exit:
                    await asyncio.sleep(_LOOK_SECONDS)
                listener.close()
                workers.drain()
                await self._drain()
            finally:
                await workers.stop()
                self.producer.stop()

    def _begin(self) -> None:
        """Requests are answered from now on."""
        self._vitals.stage = Stage.SERVING
        self._beating = asyncio.get_running_loop().create_task(self._beat())
        self.on_ready()
        notify("READY=1")

    async def _beat(self) -> None:
        """Say again and again that this thread is at work: the operations port and a service manager want to know."""
        within = watchdog_seconds()
        while True:
            self._vitals.beat()
            if within is not None:
                notify("WATCHDOG=1")
            await asyncio.sleep(BEAT_SECONDS if within is None else min(BEAT_SECONDS, within / 3))

    async def _drain(self) -> None:
        self._vitals.stage = Stage.DRAINING
        notify("STOPPING=1")
        say(logging.INFO, "stopping", waiting=len(self.node.pool))
        until = time.monotonic() + self._drain_seconds
        await self.producer.drain(lambda: self.force_exit or time.monotonic() > until)

    def _stop_after(self, error: BaseException) -> None:
        self.failure = error
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `Refusal` BadRequest."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=1_024)
    except (OSError, OverflowError) as error:
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise Refusal(
            Refused.BAD_REQUEST,
            f"{host}:{port} cannot be listened on: {why.partition(' (while')[0]}",
            "Choose another port, or 0 for any.",
        ) from None
    # Accepted sockets inherit it. asyncio sets it only where the protocol number is given, and without it
    # answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address at which a socket listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_ready_file(path: Path | str | None, address: str, chain_id: str, operations: str | None = None) -> None:
    """Tell whoever waits for the file, which appears whole or not at all."""
    if path is None:
        return
    plain = {"address": address, "pid": os.getpid(), "chain_id": chain_id}
    if operations is not None:
        plain["operations"] = operations
    target = Path(path)
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_text(json.dumps(plain))
    partial.replace(target)


def _nothing() -> None:
    """Until someone wants to know."""
