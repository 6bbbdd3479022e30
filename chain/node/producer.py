"""When blocks are made: at once when transactions arrive, or at an interval. It tells those who wait what became of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter

from chain.ledger.apply import Applied
from chain.ledger.parameters import Parameters
from chain.node.logs import LOG, say
from chain.node.node import Node
from chain.node.outcome import Row
from chain.node.vitals import Vitals
from chain.node.writer import Writer, Written
from chain.primitives.edits import Edit
from chain.primitives.limits import BATCH_STEP, BLOCKS_AHEAD_MAX, TRANSACTIONS_AHEAD_MAX
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Transaction


class _Submission:
    """Transactions that were handed in together, and what is known of each."""

    __slots__ = ("done", "left", "rows")

    def __init__(self, size: int) -> None:
        self.rows: list[Row | None] = [None] * size
        self.left = size
        self.done: asyncio.Future[None] | None = None

    def set(self, place: int, row: Row) -> None:
        """Enter what became of one."""
        self.rows[place] = row
        self.left -= 1
        if not self.left and self.done is not None and not self.done.done():
            self.done.set_result(None)


class Producer:
    """Drives a node in an event loop, and is its `Gateway`. Blocks are made there and written in another thread; what is told is
    on disk.
    """

    def __init__(
        self, node: Node, block_time_ms: int | None, on_failure: Callable[[BaseException], None], vitals: Vitals
    ) -> None:
        """`block_time_ms` 0 makes a block as soon as there is something for it, None only when `produce` is called. `on_failure`
        must stop the process. What is done is entered in `vitals`.
        """
        self._node = node
        self._block_time_ms = block_time_ms
        self.on_written: Callable[[Sequence[Applied]], None] = _nothing
        """Told of blocks that are on disk. It must not raise."""
        self.makes_empty = True
        """Whether a block is made when its time has come though nothing waits."""
        self._on_failure = on_failure
        self._vitals = vitals
        self._measures = vitals.measures
        self._admit_seconds = 0.0  # of what was handed in since the last block
        self._draining = self._has_failed = False
        self._waiting: dict[bytes, list[tuple[_Submission, int]]] = {}
        self._ahead: list[int] = []  # transactions of each block that is being written
        self._ticker: asyncio.Task[None] | None = None
        self._progress: asyncio.Future[None] | None = None
        self._writer: Writer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def parameters(self) -> Parameters:
        """What the chain is set to."""
        return self._node.parameters

    def start(self) -> None:
        """Begin to make blocks."""
        self._loop = asyncio.get_running_loop()
        self._vitals.ahead = lambda: len(self._ahead)
        self._writer = Writer(self._node, self._written_elsewhere, self._failed_elsewhere)
        self.set_mode(self._block_time_ms)

    def set_mode(self, block_time_ms: int | None) -> None:
        """Make blocks otherwise from now on; see `__init__`."""
        assert self._loop is not None
        self._block_time_ms = self._vitals.block_time_ms = block_time_ms
        if self._ticker is not None:
            self._ticker.cancel()
        self._ticker = self._loop.create_task(self._tick(block_time_ms)) if block_time_ms else None
        self._arrived()

    async def drain(self, until: Callable[[], bool]) -> None:
        """Take nothing more; make last blocks of what waits until it is time to end, and see all that was made on the disk."""
        self._draining = True
        while self._block_time_ms is not None and self._node.failure is None and self._node.pool.ready and not until():
            if self._has_room():
                self.produce()
            await asyncio.sleep(0.01)
        with suppress(Refusal):  # it has failed, which is known already
            await self.settled()

    def stop(self) -> None:
        """Make no more blocks; those that were made are written, and who still waits is told so."""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._writer is not None:
            self._writer.close()
        self._tell_all(_stops())

    async def submit(
        self, transactions: Sequence[Transaction], *, wait_seconds: float | None, development: bool = False
    ) -> list[Row]:
        """What became of transactions: at once if `wait_seconds` is None, else when all are on disk or were refused. The same
        ones again are answered with what became of the first. `development` as for `Node.offer`.
        """
        submission = _Submission(len(transactions))
        if self._draining:
            return [Row(transaction.identity, refusal=_stops()) for transaction in transactions]
        began = perf_counter()
        for place, transaction in enumerate(transactions):
            self._offer(submission, place, transaction, development)
            if place % BATCH_STEP == BATCH_STEP - 1:
                self._admit_seconds += perf_counter() - began
                await asyncio.sleep(0)  # others have their turn: signatures take long
                began = perf_counter()
        self._admit_seconds += perf_counter() - began
        self._tell_refused()  # who had to make room
        self._arrived()
        if submission.left and wait_seconds is not None:
            submission.done = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(submission.done, wait_seconds)
            except TimeoutError:
                late = Refusal(Refused.NOT_COMMITTED, f"it is in no block after {wait_seconds:g} s")
                return [row or Row(t.identity, refusal=late) for t, row in zip(transactions, submission.rows, strict=True)]
        return [row or Row(t.identity) for t, row in zip(transactions, submission.rows, strict=True)]

    async def next_sequence(self, wallet: bytes, lane: int) -> int:
        """See `Gateway`."""
        return self._node.next_sequence(wallet, lane)

    async def outlook(self, identity: bytes) -> Refusal | bool:
        """See `Gateway`."""
        return self._node.refused.get(identity) or identity in self._node.pool

    async def waiting(self) -> int:
        """See `Gateway`."""
        return len(self._node.pool)

    def _offer(self, submission: _Submission, place: int, transaction: Transaction, development: bool) -> None:
        identity = transaction.identity
        try:
            found = self._node.offer(transaction, development=development)
        except Refusal as refusal:
            submission.set(place, Row(identity, refusal=refusal))
            return
        if found is None or found[0] > self._node.head.height:
            self._waiting.setdefault(identity, []).append((submission, place))
        else:
            receipt = self._node.receipt(identity)
            assert receipt is not None
            submission.set(place, row_of(receipt))

    # Making blocks.

    def _arrived(self) -> None:
        """Something may be ready: what was handed in together gets a block of its own. While a large block, or many small ones,
        are being written, the next one gathers what comes.
        """
        if self._block_time_ms == 0 and self._node.pool.ready and self._has_room():
            self.produce()

    def _has_room(self) -> bool:
        return len(self._ahead) < BLOCKS_AHEAD_MAX and sum(self._ahead) < TRANSACTIONS_AHEAD_MAX

    def produce(self) -> None:
        """Make one block now."""
        if self._node.failure is not None or self._writer is None:
            return
        try:
            applied = self._node.make_block()
        except BaseException as error:  # whatever it is, the node has stopped
            self._failed(error)
            return
        self._measure_made()
        self._write(self._writer, applied)

    def _write(self, writer: Writer, applied: Applied) -> None:
        self._tell_refused()
        self._ahead.append(len(applied.identities))
        writer.write(applied)

    def _measure_made(self) -> None:
        observe, (execute, tree) = self._measures.stage_seconds.observe, self._node.took
        observe(self._admit_seconds, "admit")
        observe(execute, "execute")
        observe(tree, "tree")
        self._admit_seconds = 0.0

    async def _tick(self, block_time_ms: int) -> None:
        while self._node.failure is None:
            await asyncio.sleep(block_time_ms / 1000)
            if len(self._ahead) < BLOCKS_AHEAD_MAX and (self.makes_empty or self._node.pool.ready):
                self.produce()

    # Control.

    async def settled(self) -> None:
        """Return when all blocks that were made are on disk. Raises `Refusal` Stopped."""
        await self._wait(lambda: not self._ahead)

    async def room(self) -> None:
        """Return when one more block may be made. Raises `Refusal` Stopped."""
        await self._wait(self._has_room)

    async def _wait(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self._check_running()
            self._progress = self._progress or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._progress)
        self._check_running()

    def _check_running(self) -> None:
        if self._node.failure is not None:
            raise Refusal(Refused.STOPPED, "the node has stopped after a failure")

    def revert(self, height: int) -> None:
        """Go back to the state after a block, once `settled`. What waits goes on waiting, as far as it still may. Raises
        `Refusal` Pruned, NotFound.
        """
        try:
            self._node.revert(height)
        except StoreFailed as error:
            self._failed(error)
            raise
        self._tell_refused()
        self._arrived()

    async def edit(self, edits: Sequence[Edit]) -> bytes:
        """Make a block of edits alone and return the identity of its transaction when it is on disk. Raises `Refusal` as
        `Node.make_edit`; Stopped.
        """
        await self.room()
        assert self._writer is not None
        try:
            applied = self._node.make_edit(edits)
        except Refusal:
            raise
        except BaseException as error:
            self._failed(error)
            raise
        self._write(self._writer, applied)
        await self.settled()
        return applied.identities[0]

    def drop(self, identity: bytes | None) -> int:
        """Take a transaction out of the pool, or all that no block has taken, and say how many. Who waits for them is told."""
        pool = self._node.pool
        dropped = pool.drop_all() if identity is None else int(pool.drop(identity))
        self._node.note_departed()
        self._tell_refused()
        return dropped

    def failed(self, error: StoreFailed) -> None:
        """See `Gateway`."""
        self._failed(error)

    # What became of them.

    def _written_elsewhere(self, written: Written) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._written, written)

    def _failed_elsewhere(self, error: BaseException) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._failed, error)

    def _written(self, written: Written) -> None:
        del self._ahead[: len(written.blocks)]
        self._vitals.written()
        self._measures.stage_seconds.observe(written.seconds, "write")
        self._measures.sync_seconds.observe(written.sync_seconds)
        for applied in written.blocks:
            self._node.written(applied)
            self._measures.written(applied.receipts, applied.block.header.gas_used)
            if LOG.isEnabledFor(logging.INFO):
                self._say(applied, written)
            for receipt in applied.receipts:
                if receipt.identity in self._waiting:
                    self._tell(receipt.identity, row_of(receipt))
        self.on_written(written.blocks)
        self._progressed()
        self._arrived()

    def _say(self, applied: Applied, written: Written) -> None:
        header = applied.block.header
        say(
            logging.INFO,
            "block",
            height=header.height,
            hash=header.hash.hex(),
            transactions=len(applied.identities),
            gas=header.gas_used,
            waiting=len(self._node.pool),
            write_ms=round(written.seconds * 1000, 1),
        )

    def _progressed(self) -> None:
        if self._progress is not None:
            self._progress.set_result(None)
            self._progress = None

    def _failed(self, error: BaseException) -> None:
        if not self._has_failed:
            self._has_failed = True
            say(
                logging.ERROR,
                "the node stops after a failure",
                error=type(error).__name__,
                why=str(error),
                disk_free_bytes=self._vitals.disk_free(),
            )
        self._node.failure = error
        self._tell_all(Refusal(Refused.STOPPED, "the node has stopped after a failure"))
        self._progressed()
        self._on_failure(error)

    def _tell_refused(self) -> None:
        for identity, refusal in self._node.take_refused():
            self._measures.departures.add(1, refusal.code)
            self._tell(identity, Row(identity, refusal=refusal))

    def _tell(self, identity: bytes, row: Row) -> None:
        for submission, place in self._waiting.pop(identity, ()):
            submission.set(place, row)

    def _tell_all(self, refusal: Refusal) -> None:
        for identity in list(self._waiting):
            self._tell(identity, Row(identity, refusal=refusal))


def _nothing(blocks: Sequence[Applied]) -> None:
    """Until someone wants to know."""


def _stops() -> Refusal:
    return Refusal(Refused.STOPPED, "the node stops")


def row_of(receipt: Receipt) -> Row:
    """The row of a transaction that is on disk."""
    error = None if receipt.error is None else receipt.error.name
    return Row(receipt.identity, receipt.height, receipt.index, receipt.ok, error)
