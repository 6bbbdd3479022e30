"""The workers of a node, seen from their parent: it starts them, answers what they ask, and starts another when one has ended."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from chain.node.clock import DevnetClock
from chain.node.control_table import Ask as AskControl
from chain.node.control_table import read_control
from chain.node.frames import Ask, pack_frame, read_frame, refusal_plain, row_plain
from chain.node.logs import read_format, read_level, say
from chain.node.measures import Measures
from chain.node.producer import Producer
from chain.node.template import Template
from chain.primitives.limits import WORKER_STARTS_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import recall_transaction


class Desk(NamedTuple):
    """What the workers of a devnet share with it: who answers its control, and its clock."""

    answer: AskControl
    clock: DevnetClock


class Workers:
    """Processes that share one listening socket. Blocks are made by the producer of this process."""

    def __init__(
        self,
        directory: Path,
        listener: socket.socket,
        producer: Producer,
        count: int,
        on_failure: Callable[[BaseException], None],
        measures: Measures,
        template: Template,
        desk: Desk | None = None,
    ) -> None:
        """They are forked from `template`, which is closed with them. `on_failure` is told when they end again and again. What
        they count is added to `measures`. `desk` is that of a devnet.
        """
        self._desk = desk
        self._directory = directory
        self._listener = listener
        self._producer = producer
        self._count = count
        self._on_failure = on_failure
        self._measures = measures
        self._connections: dict[str, int] = {}
        self.starts = 0
        self.pids: dict[str, int] = {}
        """Of those at work, by name."""
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._channels: set[asyncio.StreamWriter] = set()
        self._template = template
        self._ready = 0
        self._all_ready: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Return when all answer requests."""
        self._all_ready = asyncio.get_running_loop().create_future()
        for number in range(1, self._count + 1):
            self._begin(self._care(f"worker-{number}"))
        await self._all_ready

    def drain(self) -> None:
        """Have them take no more connections; what they were asked they go on to answer."""
        for channel in self._channels:
            channel.write(pack_frame((None, None)))

    def connections(self) -> int:
        """How many connections they have, as of when they last said."""
        return sum(list(self._connections.values()))

    async def stop(self) -> None:
        """Tell them to stop, and wait."""
        self._stopping = True
        for channel in list(self._channels):
            channel.close()
        await asyncio.to_thread(self._template.close)
        for task in list(self._tasks):
            task.cancel()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._on_failure(error)

    async def _care(self, name: str) -> None:
        """One worker, and the next one in its place when it has ended."""
        while not self._stopping:
            self.starts += 1
            if self.starts > self._count + WORKER_STARTS_MAX:
                self._on_failure(Refusal(Refused.STOPPED, "worker processes end again and again"))
                return
            ours, theirs = socket.socketpair()
            shared = () if self._desk is None else (self._desk.clock.file_number,)
            with theirs:
                try:
                    self.pids[name] = await asyncio.to_thread(
                        self._template.fork,
                        (str(self._directory), read_level(), read_format()),
                        (self._listener.fileno(), theirs.fileno(), *shared),
                    )
                except OSError:
                    ours.close()
                    say(logging.WARNING, "the process that workers are forked from has ended")
                    self._template = Template()
                    continue
            await self._answer_all(name, ours)
            del self.pids[name]
            self._connections.pop(name, None)
            if not self._stopping:
                say(logging.WARNING, "a worker has ended", worker=name)

    async def _answer_all(self, name: str, channel: socket.socket) -> None:
        """Answer a worker until it is gone."""
        reader, writer = await asyncio.open_connection(sock=channel)
        self._channels.add(writer)
        try:
            while (frame := await read_frame(reader)) is not None:
                self._begin(self._answer(name, writer, *frame))
        finally:
            self._channels.discard(writer)
            writer.close()

    async def _answer(self, name: str, writer: asyncio.StreamWriter, number: int, kind: int, *rest: object) -> None:
        answer = self._counted(name, *rest) if kind == Ask.COUNTED else await self._found(Ask(kind), *rest)
        if not writer.is_closing():
            writer.write(pack_frame((number, answer)))

    async def _found(self, kind: Ask, *rest: object) -> object:
        match kind, rest:
            case Ask.SUBMIT, (float() | int() | None as wait_seconds, list(items)):
                transactions = [
                    recall_transaction(data, identity, self._producer.parameters if looked_at else None)
                    for identity, data, looked_at in items
                ]
                return [row_plain(row) for row in await self._producer.submit(transactions, wait_seconds=wait_seconds)]
            case Ask.NEXT_SEQUENCE, (bytes(wallet), int(lane)):
                return await self._producer.next_sequence(wallet, lane)
            case Ask.OUTLOOK, (bytes(identity),):
                outlook = await self._producer.outlook(identity)
                return refusal_plain(outlook) if isinstance(outlook, Refusal) else outlook
            case Ask.WAITING, ():
                return await self._producer.waiting()
            case Ask.CONTROL, (str(name), str(body)):
                return await self._controlled(name, json.loads(body))
            case Ask.READY, ():
                self._one_is_ready()
                return None
            case Ask.FAILED, (str(what),):
                self._producer.failed(StoreFailed(what))
                return None
        raise AssertionError(f"a worker asks {kind}")

    def _counted(self, name: str, *rest: Any) -> str:
        taken, connections = rest
        self._measures.merge(taken)
        self._connections[name] = connections
        return read_level()

    async def _controlled(self, name: str, body: dict[str, Any]) -> object:
        """What the control answers, as JSON, or a refusal."""
        assert self._desk is not None, "a worker of no devnet asks for its control"
        try:
            return json.dumps(await self._desk.answer(name, read_control(name, body)))
        except Refusal as refusal:
            return refusal_plain(refusal)
        except StoreFailed as error:
            self._producer.failed(error)
            return refusal_plain(Refusal(Refused.STOPPED, "the node has stopped after a failure"))

    def _one_is_ready(self) -> None:
        self._ready += 1
        if self._ready == self._count and self._all_ready is not None and not self._all_ready.done():
            self._all_ready.set_result(None)
