"""The pool and the making of blocks as a worker sees them: in the parent process, at the other end of a socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import Callable, Sequence
from typing import Any

from chain.ledger.admission import check_alone, check_form, check_signers
from chain.ledger.parameters import Parameters
from chain.node.frames import Ask, pack_frame, read_frame, read_refusal, read_row
from chain.node.operation import Query
from chain.node.outcome import Row
from chain.primitives.limits import BATCH_STEP, SIGNATURES_UNASKED_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Transaction
from chain.state.overlay import View


class RemoteGateway:
    """A `Gateway` over a socket to the parent process."""

    def __init__(self, parameters: Parameters, state: View, on_draining: Callable[[], None]) -> None:
        """`parameters` are the chain's, by which transactions are looked at here before they are passed on. `state` is the newest
        that is on disk. `on_draining` is called when no more connections are to be taken.
        """
        self._parameters = parameters
        self._state = state
        self._on_draining = on_draining
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, channel: socket.socket) -> asyncio.Task[None]:
        """Begin to listen to the parent; the task ends when it is gone."""
        reader, self._writer = await asyncio.open_connection(sock=channel)
        return asyncio.get_running_loop().create_task(self._listen(reader))

    async def ready(self) -> None:
        """Tell the parent that requests are answered."""
        await self._ask(Ask.READY)

    async def count(self, taken: list[Any], connections: int) -> str:
        """Hand over what was counted, and hear from which level on to log."""
        return str(await self._ask(Ask.COUNTED, taken, connections))

    async def submit(self, transactions: Sequence[Transaction], *, wait_seconds: float | None) -> list[Row]:
        """See `Gateway`."""
        rows: list[Row | None] = [None] * len(transactions)
        good: list[tuple[int, bool]] = []
        for place, transaction in enumerate(transactions):
            try:
                looked_at = self._look_at(transaction)
            except Refusal as refusal:
                rows[place] = Row(transaction.identity, refusal=refusal)
            else:
                good.append((place, looked_at))
            if place % BATCH_STEP == BATCH_STEP - 1:
                await asyncio.sleep(0)  # others have their turn: signatures take long
        if good:
            passed = [(transactions[place], looked_at) for place, looked_at in good]
            items = [(one.identity, one.encoded, looked_at) for one, looked_at in passed]
            told = await self._ask(Ask.SUBMIT, wait_seconds, items)
            for (place, _), (one, _), plain in zip(good, passed, told, strict=True):
                rows[place] = read_row(one.identity, plain)
        return [row for row in rows if row is not None]

    def _look_at(self, transaction: Transaction) -> bool:
        """Look at a transaction as far as that hangs on no state, and say whether its signatures were looked at. Many of them are
        only if the wallets are known to ask for them: else who has no wallet at all could have 32 verified for nothing. The
        state on disk may be behind, so it is not here that the others are refused. Raises `Refusal`.
        """
        if len(transaction.signatures) > SIGNATURES_UNASKED_MAX:
            try:
                check_signers(transaction, self._state)
            except Refusal:
                check_form(transaction, self._parameters)
                return False
        check_alone(transaction, self._parameters)
        return True

    async def next_sequence(self, wallet: bytes, lane: int) -> int:
        """See `Gateway`."""
        return int(await self._ask(Ask.NEXT_SEQUENCE, wallet, lane))

    async def outlook(self, identity: bytes) -> Refusal | bool:
        """See `Gateway`."""
        found = await self._ask(Ask.OUTLOOK, identity)
        return found if isinstance(found, bool) else read_refusal(found)

    async def waiting(self) -> int:
        """See `Gateway`."""
        return int(await self._ask(Ask.WAITING))

    async def control(self, name: str, query: Query) -> dict[str, Any]:
        """What the control of the devnet answers. Raises `Refusal`."""
        told = await self._ask(Ask.CONTROL, name, json.dumps(query.body))
        if not isinstance(told, str):
            raise read_refusal(told)
        answer: dict[str, Any] = json.loads(told)
        return answer

    def failed(self, error: StoreFailed) -> None:
        """See `Gateway`."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack_frame((next(self._numbers), Ask.FAILED, str(error))))

    async def _ask(self, kind: Ask, *rest: object) -> Any:
        if self._writer is None or self._writer.is_closing():
            raise _gone()
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._writer.write(pack_frame((number, kind, *rest)))
        try:
            await self._writer.drain()
            return await answer
        except OSError:
            raise _gone() from None
        finally:
            self._asked.pop(number, None)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (frame := await read_frame(reader)) is not None:
            number, answer = frame
            if number is None:
                self._on_draining()
                continue
            asked = self._asked.get(number)
            if asked is not None and not asked.done():
                asked.set_result(answer)
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(_gone())
        if self._writer is not None:
            self._writer.close()


def _gone() -> Refusal:
    return Refusal(Refused.STOPPED, "the node stops")
