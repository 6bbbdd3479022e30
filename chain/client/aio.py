"""The same client for asyncio: a few connections that are kept, each with one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from types import TracebackType
from typing import TypeVar

from chain.client.http1 import STEP_BYTES, Broken, Exchange
from chain.client.plan import NO_ANSWER, Answer, Awaiting, Pause, Plan, Request
from chain.client.surface import Surface, Target
from chain.primitives.refusal import Refusal, Refused

CONNECTIONS = 8
"""At once, if nothing else is said: a node on two cores gains nothing from more."""

T = TypeVar("T")


class AsyncClient(Surface, Awaiting):
    """Connections to one node, for one event loop. Any number of tasks may ask; they wait for a free connection.

    Its methods are those of `Surface`, awaited. Every one raises `Refusal`: the node's own, or Unreachable.
    """

    def __init__(
        self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0, connections: int = CONNECTIONS
    ) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds)
        self._free = asyncio.Semaphore(connections)
        self._idle: deque[_Connection] = deque()

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def carry_out(self, plan: Plan[T]) -> T:
        """The outcome of a plan. Raises what it raises."""
        try:
            step = next(plan)
            while True:
                try:
                    answer = await self._do(step)
                except (Refusal, asyncio.CancelledError) as lost:  # who is cancelled still puts its counts in order
                    step = plan.throw(lost)
                else:
                    step = plan.send(answer)
        except StopIteration as ended:
            outcome: T = ended.value
            return outcome

    async def _do(self, step: Request | Pause) -> Answer:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return NO_ANSWER
        async with contextlib.nullcontext() if step.urgent else self._free:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    return await self._ask(step)
            except TimeoutError:
                raise self._unreachable(f"no answer within {self._timeout_seconds:g} seconds") from None

    async def _ask(self, request: Request) -> Answer:
        while True:
            kept = bool(self._idle)
            connection = self._idle.pop() if kept else await self._connect()
            answer = None
            try:
                answer = await connection.ask(request)
                return answer
            except Broken as error:
                if not kept:  # one that was kept may have been closed by the other side in the meantime
                    raise self._unreachable(str(error) or type(error).__name__) from None
            finally:
                if answer is not None and connection.stays:
                    self._idle.append(connection)
                else:
                    connection.close()

    async def _connect(self) -> _Connection:
        context = ssl.create_default_context() if self.target.secure else None
        try:
            reader, writer = await asyncio.open_connection(self.target.host, self.target.port, ssl=context)
        except OSError as error:
            raise self._unreachable(str(error)) from None
        return _Connection(reader, writer, self.target)

    def _unreachable(self, why: str) -> Refusal:
        return Refusal(Refused.UNREACHABLE, f"{self.target.host}:{self.target.port} does not answer: {why}")


class _Connection:
    """One connection: a request is written, its answer is read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target) -> None:
        self.stays = True
        self._reader, self._writer, self._target = reader, writer, target

    def close(self) -> None:
        """Give it up."""
        self._writer.close()

    async def ask(self, request: Request) -> Answer:
        """The answer of a request. Raises what `Broken` has."""
        exchange = Exchange(request, self._target)
        self._writer.write(exchange.sent)
        await self._writer.drain()
        while (answer := exchange.take(await self._reader.read(STEP_BYTES))) is None:
            pass
        self.stays = exchange.stays
        return answer
