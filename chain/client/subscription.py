"""Subscriptions to a node over WebSocket: messages as they come, each with the cursor to go on from.

`Listening` is the protocol without input or output: what is listened to, how far, and what to send. `Subscription` waits,
`AsyncSubscription` is for asyncio. Both connect again, if they are told to, and go on from the last cursors: nothing is lost and
nothing comes twice.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from abc import abstractmethod
from collections import deque
from types import TracebackType
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

from chain.client.surface import read_url
from chain.primitives.json_text import parse_json
from chain.primitives.refusal import Refusal, Refused

_STEP_BYTES = 65_536
_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX = 0.1, 5.0  # between two tries to connect


class Listening:
    """What is listened to, and how far it has been read; the two ways to do so are below.

    `retry_seconds` is how long to try to connect again when the connection is lost, 0 for not at all. Every method raises
    `Refusal`: the node's own, or Unreachable when the connection is lost for good.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0) -> None:
        """`url` is the node's, such as `http://127.0.0.1:7070`."""
        self.target = read_url(url)
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self._asked: dict[str, dict[str, Any]] = {}  # by name: what was asked for, with the last cursor
        self._messages: deque[dict[str, Any]] = deque()
        self._begin()

    def cursor(self, name: str) -> str | None:
        """Where a subscription is, to go on from there later; None before its first message."""
        return self._asked[name].get("from")

    def _begin(self) -> None:
        """A new connection."""
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._text = ""
        self._open = False
        self._again = deque(self._asked)  # names whose `subscribed` is not news

    def _hello(self) -> bytes:
        return self._say(Request(host=f"{self.target.host}:{self.target.port}", target="/v1/subscribe"))

    def _subscribe(self, kind: str, name: str, asked: dict[str, str]) -> bytes:
        if "cursor" in asked:
            asked["from"] = asked.pop("cursor")
        self._asked[name] = {"subscribe": kind, "id": name, **asked}
        return self._say(TextMessage(json.dumps(self._asked[name])))

    def _unsubscribe(self, name: str) -> bytes:
        self._asked.pop(name, None)
        return self._say(TextMessage(json.dumps({"unsubscribe": True, "id": name})))

    def _resubscribe(self) -> bytes:
        return b"".join(self._say(TextMessage(json.dumps(asked))) for asked in self._asked.values())

    def _say(self, event: Event) -> bytes:
        try:
            return self._protocol.send(event)
        except ProtocolError as error:
            raise _lost(str(error)) from None

    def _take_bytes(self, data: bytes) -> bytes:
        """Look at what has come; gives what to send in answer."""
        try:
            self._protocol.receive_data(data or None)
            answer = b"".join([self._take(event) for event in self._protocol.events()])
        except ProtocolError as error:
            raise _lost(str(error)) from None
        if not data:
            raise _lost("the connection ended")
        return answer

    def _take(self, event: Event) -> bytes:
        match event:
            case AcceptConnection():
                self._open = True
            case Ping():
                return self._say(event.response())
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    text, self._text = self._text, ""
                    self._note(parse_json(text))
            case CloseConnection():
                raise _lost(f"the node ended it: {event.reason or event.code}")
            case RejectConnection():
                raise _lost(f"the node does not take it: {event.status_code}")
        return b""

    def _note(self, message: dict[str, Any]) -> None:
        asked = self._asked.get(str(message.get("id")))
        if asked is not None and "cursor" in message:
            asked["from"] = message["cursor"]
        if message.get("type") == "subscribed" and message.get("id") in self._again:
            self._again.remove(message["id"])
            return
        self._messages.append(message)

    @abstractmethod
    def close(self) -> object:
        """End the connection."""


class Subscription(Listening):
    """A connection that listens. Not for use by several threads at once."""

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds)
        self._connect()

    def subscribe(self, kind: str, name: str, **asked: str) -> None:
        """Listen to `blocks`, `events` (of a `contract`, of an `event`) or `transactions` (of a `wallet`).

        `cursor` is where to go on; "" is the beginning, and without it only what is new comes.
        """
        self._send(self._subscribe(kind, name, asked))

    def unsubscribe(self, name: str) -> None:
        """Listen no more."""
        self._send(self._unsubscribe(name))

    def receive(self) -> dict[str, Any]:
        """The next message; its `type` says what it is."""
        while not self._messages:
            try:
                self._step()
            except Refusal as refusal:
                self._reconnect(refusal)
        return self._messages.popleft()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _connect(self) -> None:
        self._begin()
        try:
            self._socket = socket.create_connection((self.target.host, self.target.port), self._timeout_seconds)
        except OSError as error:
            raise _lost(str(error)) from None
        try:
            if self.target.secure:
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=self.target.host)
            self._send(self._hello())
            while not self._open:
                self._step()
            self._send(self._resubscribe())
        except BaseException:
            self._socket.close()
            raise

    def _reconnect(self, refusal: Refusal) -> None:
        self._socket.close()
        end, pause_seconds = time.monotonic() + self._retry_seconds, _PAUSE_SECONDS_MIN
        while time.monotonic() + pause_seconds <= end:
            time.sleep(pause_seconds)
            try:
                self._connect()
            except Refusal:
                pause_seconds = min(2 * pause_seconds, _PAUSE_SECONDS_MAX)
            else:
                return
        raise refusal

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise _lost(str(error)) from None

    def _step(self) -> None:
        try:
            data = self._socket.recv(_STEP_BYTES)
        except OSError as error:
            raise _lost(str(error)) from None
        answer = self._take_bytes(data)
        if answer:
            self._send(answer)


class AsyncSubscription(Listening):
    """The same in an event loop: `async with AsyncSubscription(url) as listening`."""

    _writer: asyncio.StreamWriter | None = None

    async def subscribe(self, kind: str, name: str, **asked: str) -> None:
        """See `Subscription.subscribe`."""
        await self._send(self._subscribe(kind, name, asked))

    async def unsubscribe(self, name: str) -> None:
        """Listen no more."""
        await self._send(self._unsubscribe(name))

    async def receive(self) -> dict[str, Any]:
        """The next message; its `type` says what it is."""
        while not self._messages:
            try:
                await self._step()
            except Refusal as refusal:
                await self._reconnect(refusal)
        return self._messages.popleft()

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()

    async def __aenter__(self) -> AsyncSubscription:
        await self._connect()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def _connect(self) -> None:
        self._begin()
        context = ssl.create_default_context() if self.target.secure else None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                opened = asyncio.open_connection(self.target.host, self.target.port, ssl=context)
                self._reader, self._writer = await opened
        except OSError as error:
            raise _lost(str(error)) from None
        try:
            await self._send(self._hello())
            while not self._open:
                await self._step()
            await self._send(self._resubscribe())
        except BaseException:
            self._writer.close()
            raise

    async def _reconnect(self, refusal: Refusal) -> None:
        await self.close()
        end, pause_seconds = time.monotonic() + self._retry_seconds, _PAUSE_SECONDS_MIN
        while time.monotonic() + pause_seconds <= end:
            await asyncio.sleep(pause_seconds)
            try:
                await self._connect()
            except Refusal:
                pause_seconds = min(2 * pause_seconds, _PAUSE_SECONDS_MAX)
            else:
                return
        raise refusal

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise _lost("it was not opened")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise _lost(str(error)) from None

    async def _step(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                data = await self._reader.read(_STEP_BYTES)
        except OSError as error:
            raise _lost(str(error) or "nothing came") from None
        answer = self._take_bytes(data)
        if answer:
            await self._send(answer)


def _lost(why: str) -> Refusal:
    return Refusal(Refused.UNREACHABLE, f"the subscription is lost: {why}", "Subscribe again from the last cursor.")
