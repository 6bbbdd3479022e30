"""When blocks are made: at once when a transaction arrives, or at an interval."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chain.node.node import Node
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused


class Producer:
    """Drives a node in an event loop, and tells those who wait what became of their transactions."""

    def __init__(self, node: Node, block_time_ms: int, on_failure: Callable[[BaseException], None]) -> None:
        """`block_time_ms` 0 makes a block as soon as there is something for it. `on_failure` must stop the
        process.
        """
        self._node = node
        self._block_time_ms = block_time_ms
        self._on_failure = on_failure
        self._waiting: dict[bytes, list[asyncio.Future[Receipt]]] = {}
        self._scheduled = False
        self._ticker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to make blocks at the interval, if there is one."""
        if self._block_time_ms:
            self._ticker = asyncio.get_running_loop().create_task(self._tick())

    def stop(self) -> None:
        """Make no more blocks; those who wait are told so."""
        if self._ticker is not None:
            self._ticker.cancel()
        for identity in list(self._waiting):
            self._tell(identity, Refusal(Refused.STOPPED, "the node stops"))

    def arrived(self) -> None:
        """A transaction is in the pool: those that arrive in the same moment share a block. One behind a gap makes none."""
        if not self._block_time_ms and not self._scheduled and self._node.pool.ready:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.produce)

    def produce(self) -> None:
        """Make one block now and tell who waits."""
        self._scheduled = False
        try:
            applied = self._node.produce()
        except BaseException as error:  # whatever it is, the node has stopped
            for identity in list(self._waiting):
                self._tell(identity, Refusal(Refused.STOPPED, "the node has stopped after a failure"))
            self._on_failure(error)
            return
        for receipt in applied.receipts:
            self._tell(receipt.identity, receipt)
        for identity in list(self._waiting):
            refusal = self._node.refused.get(identity)
            if refusal is not None:
                self._tell(identity, refusal)
        self.arrived()

    async def committed(self, identity: bytes, timeout_seconds: float) -> Receipt:
        """The receipt of a waiting transaction, once it is on disk. Raises `Refusal`; NotCommitted when time
        is up.
        """
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(identity, [])
        waiting.append(future)
        try:
            return await asyncio.wait_for(future, timeout_seconds)
        except TimeoutError:
            raise Refusal(Refused.NOT_COMMITTED, f"it is in no block after {timeout_seconds:g} s") from None
        finally:
            if future in waiting:
                waiting.remove(future)
            if not waiting and self._waiting.get(identity) is waiting:
                del self._waiting[identity]

    def _tell(self, identity: bytes, outcome: Receipt | Refusal) -> None:
        for future in self._waiting.pop(identity, []):
            if future.done():
                continue
            if isinstance(outcome, Refusal):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    async def _tick(self) -> None:
        while self._node.failure is None:
            await asyncio.sleep(self._block_time_ms / 1000)
            self.produce()
