"""A node that makes no blocks: it takes those of another, checks that the chain's validators have signed them, executes them
again, and passes on what is submitted to it.

It serves what it has whatever becomes of the other node, and says in its status how far behind it is and why. Nothing that was
not certified and did not come to the same roots is ever written, so nothing wrong is served.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from chain.ledger.admission import check_alone, read_sequence
from chain.ledger.apply import Applied
from chain.ledger.block import decode_block
from chain.ledger.parameters import Parameters
from chain.node.development import CHAIN_ID
from chain.node.logs import say
from chain.node.node import Node
from chain.node.outcome import Row
from chain.node.producer import row_of
from chain.node.rendering import refusal_json
from chain.node.upstream import Blocks, Upstream
from chain.primitives.certificate import check_certified
from chain.primitives.header import decode_header
from chain.primitives.limits import (
    BATCH_STEP,
    FOLLOW_BLOCKS_TOGETHER_MAX,
    FOLLOW_FORWARDS_MAX,
    FOLLOW_PAUSE_SECONDS_MAX,
    FOLLOW_TRANSACTIONS_TOGETHER_MAX,
    SUBSCRIPTION_POLL_MS,
    SYNC_WAIT_SECONDS_MAX,
)
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Transaction

_PAUSE_SECONDS_MIN = 0.1
_FINAL = frozenset({Refused.WRONG_BLOCK, Refused.FORKED, Refused.WRONG_CHAIN, Refused.UNKNOWN_VERSION, Refused.PRUNED})
"""What does not get better by asking again: validators have signed what we cannot take, or the other node has another chain."""
_T = TypeVar("_T")


class Follower:
    """Drives a node by another's blocks in an event loop, and is its `Gateway`."""

    def __init__(self, node: Node, upstream: Upstream, on_failure: Callable[[BaseException], None]) -> None:
        """`on_failure` must stop the process."""
        self._node = node
        self._upstream = upstream
        self._on_failure = on_failure
        self._fetching = ThreadPoolExecutor(1, "tael-follower")
        self._forwarding = ThreadPoolExecutor(FOLLOW_FORWARDS_MAX, "tael-forward")
        self._task: asyncio.Task[None] | None = None
        self._greeted = False
        self._heard: float | None = None
        self._height = node.head.height
        self.problem: Refusal | None = None
        """Why it cannot go on at present; None while it can."""
        self.stopped = False
        """Whether it has given up, for a reason that somebody has to look at."""

    @property
    def parameters(self) -> Parameters:
        """What the chain is set to."""
        return self._node.parameters

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Follow no more; what is being written is written first."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for executor in (self._fetching, self._forwarding):
            executor.shutdown(wait=False, cancel_futures=True)

    def about(self) -> dict[str, Any]:
        """What `GET /v1/status` says of following: the other node, its height when it was last heard, how many blocks we are
        behind it, how long ago that was and how old our head is in milliseconds, and what is in the way.
        """
        head = self._node.head
        return {
            "url": self._upstream.url,
            "height": self._height,
            "behind": max(0, self._height - head.height),
            "heard_ms_ago": None if self._heard is None else int((time.monotonic() - self._heard) * 1000),
            "head_age_ms": max(0, self._node.now_ms() - head.time_ms),
            "stopped": self.stopped,
            "problem": None if self.problem is None else refusal_json(self.problem),
        }

    # Following.

    async def _run(self) -> None:
        pause_seconds = _PAUSE_SECONDS_MIN
        while self._node.failure is None:
            try:
                await self._step()
            except Refusal as refusal:
                self.stopped = refusal.code in _FINAL
                self._tell(refusal)
                self.problem = refusal
                if self.stopped:
                    return
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, FOLLOW_PAUSE_SECONDS_MAX)
            except Exception as error:  # of the disk, or a defect: whatever it is, the node must stop
                self.failed(error)
                return
            else:
                if self.problem is not None:
                    say(logging.INFO, "following again", url=self._upstream.url, height=self._node.head.height)
                self.problem = None
                pause_seconds = _PAUSE_SECONDS_MIN

    def _tell(self, refusal: Refusal) -> None:
        """Log a problem, once as long as it is the same."""
        if self.stopped or self.problem is None or self.problem.code is not refusal.code:
            what = "follows no more" if self.stopped else "cannot follow at present"
            level = logging.ERROR if self.stopped else logging.WARNING
            say(level, what, url=self._upstream.url, height=self._node.head.height, code=str(refusal.code), why=refusal.message)

    async def _step(self) -> None:
        """One question and what follows of it. Raises `Refusal`; `StoreFailed`, and then the node has stopped."""
        if not self._greeted:
            await self._greet()
        node, newest = self._node, self._node.newest
        wait_seconds = 0 if self.problem is not None else SYNC_WAIT_SECONDS_MAX  # that it answers again is known at once
        found = await self._fetch(newest.height + 1, newest.hash, wait_seconds)
        if found.blocks:
            first = decode_block(found.blocks[0][0]).header
            if first.height != newest.height + 1:
                raise Refusal(Refused.MALFORMED, f"the node gave block {first.height}, and not {newest.height + 1}")
            if first.parent != newest.hash:
                await self._other_history()
                return
            await self._take(found.blocks)
        elif found.height > newest.height:
            raise Refusal(Refused.MALFORMED, f"the node says that it has {found.height} blocks, and gives none")
        elif (found.height, found.block_hash) != (newest.height, newest.hash):
            data = node.store.header(found.height)
            same = data is not None and decode_header(data).hash == found.block_hash
            if not same or node.parameters.chain_id == CHAIN_ID:
                await self._other_history()
                return
            message = f"the node has {found.height} blocks, and {newest.height} are here"
            raise Refusal(Refused.UNREACHABLE, message, "Wait until it has caught up, or follow another node.")

    async def _greet(self) -> None:
        """See that the other node has our chain. Raises `Refusal` WrongChain."""
        answer = await self._ask(self._fetching, self._upstream.status)
        ours = self._node.block(self._node.store.first())
        assert ours is not None
        if answer.get("genesis") != ours.header.hash.hex():
            raise Refusal(
                Refused.WRONG_CHAIN,
                f"the node has another chain: its genesis is {str(answer.get('genesis'))[:64]}, ours {ours.header.hash.hex()}",
                "Follow a node of this chain, or begin with an empty directory and the genesis of the other.",
            )
        self._greeted = True

    async def _fetch(self, first: int, parent: bytes | None, wait_seconds: int, limit: int | None = None) -> Blocks:
        def ask() -> Blocks:
            if limit is not None:
                return self._upstream.blocks(first, limit=limit)
            return self._upstream.blocks(first, parent=parent, wait_seconds=wait_seconds)

        found = await self._ask(self._fetching, ask)
        self._heard, self._height = time.monotonic(), found.height
        return found

    async def _take(self, blocks: Sequence[tuple[bytes, bytes]]) -> None:
        """Go on by blocks, as far as they are what they should be. Raises `Refusal` NotCertified, WrongBlock; `StoreFailed`."""
        made: list[Applied] = []
        transactions = 0
        try:
            for encoded, certificate in blocks:
                applied = self._node.follow(decode_block(encoded), certificate)
                made.append(applied)
                transactions += len(applied.identities)
                if len(made) >= FOLLOW_BLOCKS_TOGETHER_MAX or transactions >= FOLLOW_TRANSACTIONS_TOGETHER_MAX:
                    await self._write(made)
                    transactions = 0
                await asyncio.sleep(0)  # others have their turn
        finally:
            await self._write(made)  # those before the one that was refused are good

    async def _write(self, made: list[Applied]) -> None:
        """Write blocks in another thread, all of them even if this task is to end."""
        if not made:
            return
        blocks = made.copy()
        made.clear()
        commits = [self._node.commit_of(applied) for applied in blocks]
        writing = asyncio.get_running_loop().run_in_executor(None, lambda: self._node.store.write(*commits))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise
        for applied in blocks:
            self._node.written(applied)

    async def _other_history(self) -> None:
        """The other node does not have our newest block. A devnet has gone back to a snapshot, and so do we. On any other chain
        that cannot be: raises `Refusal` Forked if the validators have signed another block at a height that we have, NotCertified
        if they have not.
        """
        node = self._node
        common = await self._common()
        if node.parameters.chain_id == CHAIN_ID:
            node.revert(common)
            return
        height = common + 1
        found = await self._fetch(height, None, 0, limit=1)
        if not found.blocks:
            raise Refusal(Refused.UNREACHABLE, f"the node no longer has a block {height}")
        (encoded, certificate), *_ = found.blocks
        header, validators = decode_block(encoded).header, node.parameters.validators
        assert validators is not None, "blocks that are here were certified"
        check_certified(certificate, header, validators)
        raise Refusal(
            Refused.FORKED,
            f"the validators have signed block {height} as {header.hash.hex()}, and another one is here",
            height=height,
        )

    async def _common(self) -> int:
        """The greatest height at which the other node has our block. Raises `Refusal` WrongChain if there is none."""
        low, step = self._node.newest.height, 1
        while not await self._is_shared(low):
            if low == self._node.store.first():
                raise Refusal(Refused.WRONG_CHAIN, "the node has another chain: not even the first block is ours")
            low = max(self._node.store.first(), low - step)
            step *= 2
        high = min(self._node.newest.height, low + step)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if await self._is_shared(middle) else (low, middle - 1)
        return low

    async def _is_shared(self, height: int) -> bool:
        found = await self._fetch(height, None, 0, limit=1)
        return bool(found.blocks) and decode_block(found.blocks[0][0]).header.encoded == self._node.store.header(height)

    async def _ask(self, executor: ThreadPoolExecutor, question: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(executor, question)

    # As a gateway.

    async def submit(self, transactions: Sequence[Transaction], *, wait_seconds: float | None) -> list[Row]:
        """See `Gateway`: what could never be is refused here and the rest passed on. What is in a block there is told when that
        block is here, as it is here.
        """
        rows: list[Row | None] = [None] * len(transactions)
        good: list[int] = []
        for place, transaction in enumerate(transactions):
            try:
                check_alone(transaction, self.parameters)
            except Refusal as refusal:
                rows[place] = Row(transaction.identity, refusal=refusal)
            else:
                good.append(place)
            if place % BATCH_STEP == BATCH_STEP - 1:
                await asyncio.sleep(0)  # others have their turn: signatures take long
        passed = [transactions[place] for place in good]
        try:
            told = await self._ask(self._forwarding, lambda: self._upstream.submit(passed, wait_seconds)) if passed else []
        except Refusal as refusal:
            raise _not_passed_on(refusal, self._upstream.url) from None
        await self._until(max((row.height or 0 for row in told), default=0), wait_seconds)
        for place, row in zip(good, told, strict=True):
            rows[place] = row if row.height is None else self._as_here(transactions[place].identity, row.height, wait_seconds)
        return [row for row in rows if row is not None]

    def _as_here(self, identity: bytes, height: int, wait_seconds: float | None) -> Row:
        """What became of a transaction that is in a block there, as it is here."""
        receipt = self._node.receipt(identity)
        if receipt is not None:
            return row_of(receipt)
        if wait_seconds is None:
            return Row(identity)
        message = f"it is in block {height} of the node that is followed, which is not here yet"
        return Row(identity, refusal=Refusal(Refused.NOT_COMMITTED, message))

    async def _until(self, height: int, wait_seconds: float | None) -> None:
        """Until a block is here, or time is up, or it will not come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds or 0):
                while self._node.head.height < height and not self.stopped and self._node.failure is None:
                    await asyncio.sleep(SUBSCRIPTION_POLL_MS / 1000)

    async def next_sequence(self, wallet: bytes, lane: int) -> int:
        """See `Gateway`: as the other node counts, or as the state here while that does not answer."""
        here = read_sequence(self._node.store, wallet, lane)
        if self.problem is not None:
            return here
        try:
            return max(here, await self._ask(self._forwarding, lambda: self._upstream.next_sequence(wallet, lane)))
        except Refusal:
            return here

    async def outlook(self, identity: bytes) -> Refusal | bool:
        """See `Gateway`."""
        try:
            return await self._ask(self._forwarding, lambda: self._upstream.outlook(identity))
        except Refusal:
            return False

    async def waiting(self) -> int:
        """See `Gateway`: nothing waits here."""
        return 0

    def failed(self, error: BaseException) -> None:
        """See `Gateway`."""
        self._node.failure = error
        self._on_failure(error)


def _not_passed_on(refusal: Refusal, url: str) -> Refusal:
    """Why a submission could not be passed on: it is not known whether it arrived, but sending it again is safe."""
    return Refusal(
        Refused.UNREACHABLE if refusal.code in (Refused.MALFORMED, Refused.TOO_LARGE) else refusal.code,
        f"this node follows {url} and could not pass it on: {refusal.message}",
        "Send the same transaction again later, or to another node: that is safe.",
    )
