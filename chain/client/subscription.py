"""A subscription to a node over WebSocket: messages as they come, each with the cursor to go on from."""

from __future__ import annotations

import json
import socket
from collections import deque
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

from chain.primitives.refusal import Refusal, Refused

_STEP_BYTES = 65_536


class Subscription:
    """A connection that listens. Not for use by several threads at once.

    Every method raises `Refusal`: the node's own, or Unreachable when the connection is lost, after which a new one goes on from
    the last cursor without a gap.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0) -> None:
        """`url` is the node's, such as `http://127.0.0.1:7070`."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise Refusal(Refused.BAD_REQUEST, f"not the address of a node: {url[:100]}", "Give http://HOST:PORT.")
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._messages: deque[dict[str, Any]] = deque()
        self._text = ""
        self._open = False
        try:
            self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout_seconds)
        except OSError as error:
            raise _lost(str(error)) from None
        try:
            self._send(Request(host=parts.netloc, target="/v1/subscribe"))
            while not self._open:
                self._receive()
        except BaseException:
            self._socket.close()
            raise

    def subscribe(self, kind: str, name: str, **asked: str) -> None:
        """Listen to `blocks`, `events` (of a `contract`, of an `event`) or `transactions` (of a `wallet`).

        `cursor` is where to go on; "" is the beginning, and without it only what is new comes.
        """
        if "cursor" in asked:
            asked["from"] = asked.pop("cursor")
        self._send(TextMessage(json.dumps({"subscribe": kind, "id": name, **asked})))

    def unsubscribe(self, name: str) -> None:
        """Listen no more."""
        self._send(TextMessage(json.dumps({"unsubscribe": True, "id": name})))

    def receive(self) -> dict[str, Any]:
        """The next message; its `type` says what it is."""
        while not self._messages:
            self._receive()
        return self._messages.popleft()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _send(self, event: Event) -> None:
        try:
            self._socket.sendall(self._protocol.send(event))
        except (OSError, ProtocolError) as error:
            raise _lost(str(error)) from None

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_STEP_BYTES)
            self._protocol.receive_data(data or None)
            events = list(self._protocol.events())
        except (OSError, ProtocolError) as error:
            raise _lost(str(error)) from None
        for event in events:
            self._take(event)
        if not data:
            raise _lost("the connection ended")

    def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._open = True
            case Ping():
                self._send(event.response())
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    self._messages.append(json.loads(self._text))
                    self._text = ""
            case CloseConnection():
                raise _lost(f"the node ended it: {event.reason or event.code}")
            case RejectConnection():
                raise _lost(f"the node does not take it: {event.status_code}")


def _lost(why: str) -> Refusal:
    return Refusal(Refused.UNREACHABLE, f"the subscription is lost: {why}", "Subscribe again from the last cursor.")
