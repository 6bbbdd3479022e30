"""Subscriptions over WebSocket: whoever listens is read to from the store, from a cursor on and then as blocks come.

What is old and what is new come by the same way, so there is no gap between them and nothing comes twice. Nothing is queued for
a reader: the next page is read when the last one has been taken.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from chain.node.inquiries import header_at
from chain.node.questions import Questions
from chain.node.rendering import event_json, header_json, receipt_json, refusal_json
from chain.primitives.address import parse_address
from chain.primitives.codec import decode
from chain.primitives.json_text import parse_json
from chain.primitives.limits import (
    HEIGHT_MAX,
    REQUEST_DEPTH_MAX,
    SUBSCRIBER_SECONDS_MAX,
    SUBSCRIBERS_MAX,
    SUBSCRIPTION_BEAT_SECONDS,
    SUBSCRIPTION_ITEMS_MAX,
    SUBSCRIPTION_NAME_CHARACTERS_MAX,
    SUBSCRIPTION_POLL_MS,
    SUBSCRIPTIONS_MAX,
    UNDO_BLOCKS_MAX,
)
from chain.primitives.receipt import decode_receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import decode_transaction
from chain.state.reader import CURSOR_BYTES

_TRY_LATER = 1013  # of the closing codes of RFC 6455's registry
_ROW_BYTES = 12  # of a cursor in transactions: height and index

Item = tuple[bytes, dict[str, Any] | None]
"""The cursor after something, and what is told of it: None if it is not what was asked for."""


@dataclass(slots=True)
class _Subscription:
    """What one name listens to, and where it is."""

    cursor: bytes
    items: Callable[[bytes], Iterator[Item]]
    start: Callable[[int], bytes]
    """The cursor behind which come the things of the blocks after a height."""


class Subscriptions:
    """All who listen to one node."""

    def __init__(self, node: Questions, on_damage: Callable[[StoreFailed], None]) -> None:
        """`on_damage` is told when what is on disk is not as it was written."""
        self._node = node
        self._on_damage = on_damage
        self._count = 0

    async def serve(self, socket: WebSocket) -> None:
        """Read to one listener until one of both goes."""
        await socket.accept()
        if self._count >= SUBSCRIBERS_MAX:
            await socket.close(_TRY_LATER, f"PoolFull: {SUBSCRIBERS_MAX} listen already")
            return
        self._count += 1
        listener = _Listener(self._node, socket)
        tasks = [asyncio.create_task(listener.listen()), asyncio.create_task(listener.feed())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._count -= 1
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, StoreFailed):
                    self._on_damage(outcome)


class _Listener:
    """One connection."""

    def __init__(self, node: Questions, socket: WebSocket) -> None:
        self._node = node
        self._socket = socket
        self._subscriptions: dict[str, _Subscription] = {}
        self._seen: deque[tuple[int, bytes]] = deque(maxlen=UNDO_BLOCKS_MAX)
        self._woken = asyncio.Event()
        self._sending = asyncio.Lock()

    async def listen(self) -> None:
        """Take what the other side asks for, until it goes."""
        while True:
            try:
                text = await self._socket.receive_text()
            except (WebSocketDisconnect, KeyError, RuntimeError):
                return
            try:
                answer = self._take(text)
            except Refusal as refusal:
                answer = {"type": "refused", **refusal_json(refusal)}
            if not await self._send(answer):
                return
            self._woken.set()

    async def feed(self) -> None:
        """Send what there is, wait for more, and show now and then that the connection stands."""
        loop = asyncio.get_running_loop()
        beat = loop.time() + SUBSCRIPTION_BEAT_SECONDS
        while True:
            self._node.renew()
            if not await self._tell_reverted():
                return
            sent = await self._turn()
            if sent is None:
                return
            if sent:
                beat = loop.time() + SUBSCRIPTION_BEAT_SECONDS
                await asyncio.sleep(0)
                continue
            if loop.time() >= beat:
                beat = loop.time() + SUBSCRIPTION_BEAT_SECONDS
                if not await self._send({"type": "head", "height": self._node.head.height}):
                    return
            self._woken.clear()
            try:
                async with asyncio.timeout(SUBSCRIPTION_POLL_MS / 1000):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _turn(self) -> bool | None:
        """One page of every subscription: whether there was anything, None if the other side is gone."""
        moved = False
        for name, subscription in list(self._subscriptions.items()):
            try:
                items = list(subscription.items(subscription.cursor))
            except Refusal as refusal:  # what it was to read next is kept no longer
                del self._subscriptions[name]
                told = {"type": "refused", "id": name, "cursor": subscription.cursor.hex(), **refusal_json(refusal)}
                if not await self._send(told):
                    return None
                continue
            for cursor, told_of in items:
                if self._subscriptions.get(name) is not subscription:
                    break  # it has been ended in the meantime
                moved = True
                subscription.cursor = cursor
                if told_of is not None and not await self._send({**told_of, "id": name, "cursor": cursor.hex()}):
                    return None
        return moved

    async def _send(self, message: dict[str, Any]) -> bool:
        """Whether the other side took it. One that is too slow is cut off, and goes on from the last cursor it has."""
        try:
            async with asyncio.timeout(SUBSCRIBER_SECONDS_MAX), self._sending:
                await self._socket.send_text(json.dumps(message, separators=(",", ":")))
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            return False
        return True

    async def _tell_reverted(self) -> bool:
        """When blocks were taken back, say to where, and go on from there."""
        head = self._node.head
        if self._seen and self._seen[-1] == (head.height, head.hash):
            return True
        reverted = False
        while self._seen and not self._stands(*self._seen[-1]):
            self._seen.pop()
            reverted = True
        height = self._seen[-1][0] if self._seen else max(0, head.height - UNDO_BLOCKS_MAX)
        self._seen.append((head.height, head.hash))
        if not reverted:
            return True
        for subscription in self._subscriptions.values():
            subscription.cursor = min(subscription.cursor, subscription.start(height))
        return await self._send({"type": "reverted", "height": height})

    def _stands(self, height: int, block_hash: bytes) -> bool:
        return height <= self._node.head.height and header_at(self._node, height).hash == block_hash

    # What can be asked for.

    def _take(self, text: str) -> dict[str, Any]:
        try:
            asked = parse_json(text, REQUEST_DEPTH_MAX)
        except ValueError:
            raise _bad("a message must be JSON") from None
        if not isinstance(asked, dict):
            raise _bad("a message must be a JSON object")
        name = _text(asked, "id", SUBSCRIPTION_NAME_CHARACTERS_MAX)
        if "unsubscribe" in asked:
            if self._subscriptions.pop(name, None) is None:
                raise _bad("nothing has this id")
            return {"type": "unsubscribed", "id": name}
        if name in self._subscriptions:
            raise _bad("the id is taken")
        if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise Refusal(Refused.SENDER_FULL, f"a connection has at most {SUBSCRIPTIONS_MAX} subscriptions")
        made = self._subscribe(asked)
        self._subscriptions[name] = made
        return {"type": "subscribed", "id": name, "cursor": made.cursor.hex()}

    def _subscribe(self, asked: dict[str, Any]) -> _Subscription:
        kind = _text(asked, "subscribe", 32)
        if kind == "blocks":
            made = _Subscription(b"", self._blocks, _after_block)
            size = 8
        elif kind == "events":
            contract = parse_address(_text(asked, "contract", 128)) if "contract" in asked else None
            event = _text(asked, "event", 64) if "event" in asked else None
            made = _Subscription(b"", lambda cursor: self._events(cursor, contract, event), _after_events)
            size = CURSOR_BYTES
        elif kind == "transactions":
            wallet = parse_address(_text(asked, "wallet", 128))
            made = _Subscription(b"", lambda cursor: self._transactions(cursor, wallet), _after_rows)
            size = _ROW_BYTES
        else:
            raise _bad("subscribe must be `blocks`, `events` or `transactions`")
        if "from" not in asked:
            made.cursor = made.start(self._node.head.height)
            return made
        try:
            made.cursor = bytes.fromhex(_text(asked, "from", 2 * CURSOR_BYTES)) or made.start(-1)
        except ValueError:
            raise _bad("from must be a cursor") from None
        if len(made.cursor) != size or int.from_bytes(made.cursor[:8]) > HEIGHT_MAX:
            raise _bad("from must be a cursor of the same kind of subscription")
        return made

    def _blocks(self, cursor: bytes) -> Iterator[Item]:
        first = max(int.from_bytes(cursor), self._node.store.first())
        for height in range(first, min(self._node.head.height + 1, first + SUBSCRIPTION_ITEMS_MAX)):
            told = {"type": "block", "header": header_json(header_at(self._node, height), self._node.store)}
            yield (height + 1).to_bytes(8), told

    def _events(self, cursor: bytes, contract: bytes | None, event: str | None) -> Iterator[Item]:
        for after, data in self._node.store.events(cursor, SUBSCRIPTION_ITEMS_MAX):
            identity, source, number, payload = decode(data)
            told = None
            if contract in (None, source):
                told = event_json(source, number, payload, self._node.store)
                told |= {"type": "event", "block": int.from_bytes(after[:8]), "transaction": identity.hex()}
            yield after, told if told is not None and event in (None, told["event"]) else None

    def _transactions(self, cursor: bytes, wallet: bytes) -> Iterator[Item]:
        """Those that a wallet sent, paid the fee of, or that moved its money: every transaction is looked at."""
        height, index = int.from_bytes(cursor[:8]), int.from_bytes(cursor[8:])
        block = self._node.block(height) if height <= self._node.head.height else None
        if block is None:
            return
        for position in range(index, min(len(block.transactions), index + SUBSCRIPTION_ITEMS_MAX)):
            data = self._node.store.receipt(height, position)
            assert data is not None
            receipt = decode_receipt(data)
            body = decode_transaction(block.transactions[position], included=True).body
            touched = {body.sender, body.payer, *(address for move in receipt.moves for address in (move.source, move.to))}
            told = {"type": "transaction", "receipt": receipt_json(receipt, self._node.store)} if wallet in touched else None
            yield height.to_bytes(8) + (position + 1).to_bytes(4), told
        if index + SUBSCRIPTION_ITEMS_MAX >= len(block.transactions):
            yield _after_rows(height), None


def _after_block(height: int) -> bytes:
    return (height + 1).to_bytes(8)


def _after_events(height: int) -> bytes:
    # The store goes on behind a cursor; the place just before the first event of the next block.
    return bytes(CURSOR_BYTES) if height < 0 else height.to_bytes(8) + b"\xff" * (CURSOR_BYTES - 8)


def _after_rows(height: int) -> bytes:
    return (height + 1).to_bytes(8) + bytes(_ROW_BYTES - 8)


def _text(asked: dict[str, Any], name: str, most: int) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or len(value) > most or not value.isascii():
        raise _bad(f"{name} must be a text of at most {most} plain characters")
    return value


def _bad(message: str) -> Refusal:
    return Refusal(Refused.BAD_REQUEST, message)
