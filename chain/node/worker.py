"""A worker: a process that answers requests from the store, looks at transactions alone, and passes them on to its parent, which
makes the blocks. Started by `chain.node.workers`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from chain.ledger.parameters import read_parameters
from chain.node.api import Api
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

    def __init__(self, store: Reader) -> None:
        self.store = store
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
        return max(time.time_ns() // 1_000_000, self.head.time_ms)

    def _newest(self) -> Header:
        head = self.store.head()
        data = None if head is None else self.store.header(head[0])
        if data is None:
            raise StoreFailed("the header of the head is missing")
        return decode_header(data)


class _Server(uvicorn.Server):
    """uvicorn that stops when the parent is gone, and leaves signals to it."""

    def __init__(self, questions: StoredQuestions, channel: socket.socket) -> None:
        self._channel = channel
        self._measures = RequestMeasures()
        self._gateway = RemoteGateway(questions.parameters, questions.store, self._close_listeners)
        api = Api(questions, self._gateway, on_refused=self._measures.refusals.add)
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


def main(directory: str, listener_number: str, channel_number: str, log_level: str, log_format: str) -> None:
    """Serve on an inherited listening socket until the parent is gone. Logs begin if there is a form for them."""
    if log_format:
        begin_logs(log_level, log_format)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # those of a terminal go to all; the parent decides
        signal.signal(number, signal.SIG_IGN)
    listener, channel = (socket.socket(fileno=int(number)) for number in (listener_number, channel_number))
    store = Store.reader(Path(directory))
    try:
        server = _Server(StoredQuestions(store), channel)
        spare_collector()
        asyncio.run(server.serve([listener]))
    finally:
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
