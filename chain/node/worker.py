"""A worker: a process that answers requests from the store, looks at transactions alone, and passes them on to its parent, which
makes the blocks. Forked by `chain.node.template`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from chain.ledger.parameters import read_parameters
from chain.node.api import Api
from chain.node.clock import DevnetClock
from chain.node.control_table import control_operations
from chain.node.counted import Counted
from chain.node.logs import begin_logs, set_level
from chain.node.measures import RequestMeasures
from chain.node.questions import Questions
from chain.node.remote import RemoteGateway
from chain.node.serving import server_config, spare_collector
from chain.primitives.header import Header, decode_header
from chain.primitives.limits import BEAT_SECONDS
from chain.primitives.refusal import Refusal, StoreFailed
from chain.state.reader import Reader
from chain.state.store import Store


class StoredQuestions(Questions):
    """The ledger as it is on disk, which another process writes."""

    def __init__(self, store: Reader, clock: Callable[[], int]) -> None:
        self.store = store
        self._clock = clock
        self.head = self._newest()
        self.parameters = read_parameters(store)

    def renew(self) -> None:
        """See what is on disk by now. Raises `StoreFailed`."""
        self.store.renew()
        head = self.store.head()
        if head is not None and head[1] != self.head.hash:
            self.head = self._newest()

    def now_ms(self) -> int:
        """The time that a block made now would have."""
        return max(self._clock(), self.head.time_ms)

    def _newest(self) -> Header:
        head = self.store.head()
        data = None if head is None else self.store.header(head[0])
        if data is None:
            raise StoreFailed("the header of the head is missing")
        return decode_header(data)


class _Server(uvicorn.Server):
    """uvicorn that stops when the parent is gone, and leaves signals to it."""

    def __init__(self, questions: StoredQuestions, channel: socket.socket, *, controlled: bool) -> None:
        """`controlled` if it is a devnet's."""
        self._channel = channel
        self._measures = RequestMeasures()
        self._gateway = RemoteGateway(questions.parameters, questions.store, self._close_listeners)
        operations = control_operations(self._gateway.control) if controlled else ()
        api = Api(questions, self._gateway, operations, on_refused=self._measures.refusals.add)
        super().__init__(server_config(Counted(api.application(), self._measures)))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the parent is told."""
        listening = await self._gateway.connect(self._channel)
        listening.add_done_callback(lambda _: self._stop())
        await super().startup(sockets)
        with suppress(Refusal):  # the parent is gone already
            await self._gateway.ready()
        self._counting = asyncio.create_task(self._count())

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the parent says when to stop, by closing the channel."""
        yield

    async def _count(self) -> None:
        """Hand over what was counted, again and again. It costs the parent some 50 us a time."""
        with suppress(Refusal):  # the parent is gone
            while True:
                set_level(await self._gateway.count(self._measures.take(), len(self.server_state.connections)))
                await asyncio.sleep(BEAT_SECONDS)

    def _close_listeners(self) -> None:
        for server in self.servers:
            server.close()

    def _stop(self) -> None:
        self.should_exit = True


def main(
    directory: str,
    log_level: str,
    log_format: str,
    listener_number: int,
    channel_number: int,
    clock_number: int | None = None,
) -> None:
    """Serve on a listening socket until the parent is gone; sockets and files by their descriptors. Logs begin if there is a form
    for them; a worker of a devnet has a clock to share.
    """
    if log_format:
        begin_logs(log_level, log_format)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # those of a terminal go to all; the parent decides
        signal.signal(number, signal.SIG_IGN)
    listener, channel = (socket.socket(fileno=number) for number in (listener_number, channel_number))
    store = Store.reader(Path(directory))
    try:
        clock = _world_ms if clock_number is None else DevnetClock(clock_number)
        server = _Server(StoredQuestions(store, clock), channel, controlled=clock_number is not None)
        spare_collector()
        asyncio.run(server.serve([listener]))
    finally:
        store.close()


def _world_ms() -> int:
    return time.time_ns() // 1_000_000
