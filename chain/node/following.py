"""A follower that serves: it listens, follows, says when it is ready, and stops in order."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn

from chain.node.api import Api
from chain.node.development import CHAIN_ID
from chain.node.follower import Follower
from chain.node.node import Node
from chain.node.server import listen, write_ready_file
from chain.node.serving import server_config
from chain.node.upstream import Upstream
from chain.primitives.refusal import Refusal, Refused

_READY_SECONDS_MAX = 30
_LOOK_SECONDS = 0.05


class _Server(uvicorn.Server):
    """uvicorn with a follower."""

    def __init__(self, node: Node, upstream: Upstream, resources: ExitStack) -> None:
        """`resources` are closed in the end."""
        self.node = node
        self.failure: BaseException | None = None
        self.on_ready: Callable[[], None] = lambda: None
        self.follower = Follower(node, upstream, self._stop_after)
        self._resources = resources
        super().__init__(server_config(Api(node, self.follower, following=self.follower.about).application()))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the follower begins."""
        await super().startup(sockets)
        self.follower.start()
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What is being written is written; then as uvicorn's."""
        await self.follower.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask it to stop; unlike uvicorn's own they are not raised again, so that the store closes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until stopped, then close the node."""
        with self._resources:
            asyncio.run(self.serve([listener]))

    def _stop_after(self, error: BaseException) -> None:
        self.failure = error
        self.should_exit = True


class Following:
    """A follower in a thread of this process. `address` is its base URL. Also a context manager."""

    def __init__(self, server: _Server, thread: threading.Thread, address: str) -> None:
        self._server = server
        self._thread = thread
        self.address = address

    @property
    def follower(self) -> Follower:
        """What it is about."""
        return self._server.follower

    def stop(self) -> None:
        """Stop serving and close the store. Raises what stopped the node, if something did."""
        self._server.should_exit = True
        self._thread.join()
        if self._server.failure is not None:
            raise self._server.failure

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_follower(
    url: str,
    data_dir: Path | str | None = None,
    specification: Mapping[str, Any] | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
) -> Following:
    """Follow a node in a thread and return when it answers. `specification` is the genesis of the chain; it may be left out when
    the data directory has begun, as a follower's or as a copy. Without a data directory it forgets all at the end.

    Raises `Refusal` WrongStore, WrongGenesis, NotCertified (a chain without validators), BadRequest (the address cannot be
    listened on, or `url` is none), Stopped.
    """
    listener = listen(host, port)
    try:
        server = _prepare(url, data_dir, specification)
    except BaseException:
        listener.close()
        raise
    ready = threading.Event()
    server.on_ready = ready.set
    thread = threading.Thread(target=server.serve_on, args=(listener,), name="tael-following", daemon=True)
    thread.start()
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not ready.wait(_LOOK_SECONDS):
        if not thread.is_alive() or time.monotonic() > deadline:
            raise server.failure or Refusal(Refused.STOPPED, "the follower ended before it answered; see what it printed")
    return Following(server, thread, f"http://{host}:{listener.getsockname()[1]}")


def run_follower(
    url: str,
    data_dir: Path | str | None = None,
    specification: Mapping[str, Any] | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    ready_file: Path | str | None = None,
    announce: Callable[[str], None] | None = None,
) -> int:
    """Follow a node in this thread until a signal ends it; the exit status. `announce(address)` is called when it answers.

    Raises as `start_follower`.
    """
    listener = listen(host, port)
    try:
        server = _prepare(url, data_dir, specification)
    except BaseException:
        listener.close()
        raise
    address = f"http://{host}:{listener.getsockname()[1]}"

    def ready() -> None:
        write_ready_file(ready_file, address, server.node.parameters.chain_id)
        if announce is not None:
            announce(address)

    server.on_ready = ready
    server.serve_on(listener)
    return 0 if server.failure is None else 1


def _prepare(url: str, data_dir: Path | str | None, specification: Mapping[str, Any] | None) -> _Server:
    """The node and its server, not serving yet. A devnet may go back to any height, so its followers keep what that takes."""
    upstream = Upstream(url)
    with ExitStack() as resources:
        temporary = tempfile.TemporaryDirectory(prefix="tael-follower-") if data_dir is None else None
        directory = Path(data_dir or resources.enter_context(temporary or nullcontext(".")))
        node = Node(directory, specification, clock=lambda: time.time_ns() // 1_000_000)
        node.store.archive = node.parameters.chain_id == CHAIN_ID
        resources.callback(node.close)
        if node.parameters.validators is None:
            raise Refusal(
                Refused.NOT_CERTIFIED,
                "the chain names no validators, so nobody can certify its blocks",
                "Name validators in the genesis specification; see docs/operations.md.",
            )
        return _Server(node, upstream, resources.pop_all())
