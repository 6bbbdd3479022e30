"""Connections within limits: how many there are, how large a head may be, and how long a head, a body or the taking of an answer
may last. uvicorn reads and writes them; what it does not bound is bounded here.
"""

from __future__ import annotations

import asyncio
import json
import resource
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from chain.node.rendering import refusal_json
from chain.primitives.header import Header
from chain.primitives.limits import (
    ANSWER_SECONDS_MAX,
    CONNECTION_IDLE_SECONDS_MAX,
    CONNECTIONS_MAX,
    CONNECTIONS_PER_ADDRESS_MAX,
    DESCRIPTORS_SPARE,
    HEADERS_MAX,
    REQUEST_DISCARDED_BYTES_MAX,
    REQUEST_HEAD_BYTES_MAX,
    REQUEST_HEAD_SECONDS_MAX,
    REQUEST_LINE_BYTES_MAX,
    REQUEST_SECONDS_MAX,
    REQUESTS_PIPELINED_MAX,
    RETRY_AFTER_SECONDS,
    SUBSCRIBER_BYTES_MAX,
    SUBSCRIBER_WINDOW_SECONDS,
)
from chain.primitives.refusal import Refusal, Refused


class Connections:
    """All connections of one server, by transport, with the addresses that they come from."""

    def __init__(self) -> None:
        self._most = min(CONNECTIONS_MAX, _descriptors() - DESCRIPTORS_SPARE)
        self._addresses: dict[int, str] = {}
        self._by_address: Counter[str] = Counter()

    def add(self, transport: asyncio.BaseTransport) -> Refusal | None:
        """Count one, or say why it may not stay."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if len(self._addresses) >= self._most:
            return Refusal(Refused.STOPPED, f"there are {self._most} connections already", "Ask again in a moment.")
        if self._by_address[address] >= CONNECTIONS_PER_ADDRESS_MAX:
            return Refusal(Refused.BUSY, f"an address has at most {CONNECTIONS_PER_ADDRESS_MAX} connections")
        self._addresses[id(transport)] = address
        self._by_address[address] += 1
        return None

    def remove(self, transport: asyncio.BaseTransport) -> None:
        """Forget one, if it was counted."""
        address = self._addresses.pop(id(transport), None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def __len__(self) -> int:
        return len(self._addresses)


def _descriptors() -> int:
    """How many files the process may have open, which is raised as far as it may be and is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + DESCRIPTORS_SPARE
    if 0 <= soft < wanted:
        soft = wanted if hard < 0 else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft < 0 else soft


class _Timer:
    """One limit of time at work on a connection, a new one ending the one before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float, end: Callable[[], None]) -> None:
        self.stop()
        self._handle = self._loop.call_later(seconds, end)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def http_protocol(connections: Connections, head: Callable[[], Header] | None) -> type[HttpToolsProtocol]:
    """A protocol of uvicorn's whose connections are within limits. `head` gives the header that refusals are told under."""

    class Limited(HttpToolsProtocol):
        """One connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._timer, self._taking = _Timer(self.loop), _Timer(self.loop)
            self._in_head, self._head_bytes, self._refused = False, 0, False
            refusal = connections.add(transport)
            if refusal is not None:
                self._end(503 if refusal.code is Refused.STOPPED else 429, refusal)
                return
            self._timer.start(CONNECTION_IDLE_SECONDS_MAX, transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            self._timer.stop()
            self._taking.stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._refused:
                return
            super().data_received(data)
            if self._in_head and not self._refused:
                self._head_bytes += len(data)
                if self._head_bytes > REQUEST_HEAD_BYTES_MAX:
                    self._end(431, _too_large(f"the head of a request has at most {REQUEST_HEAD_BYTES_MAX} bytes"))

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._in_head, self._head_bytes = True, 0
            self._timer.start(REQUEST_HEAD_SECONDS_MAX, self._too_slow)

        def on_headers_complete(self) -> None:
            self._in_head = False
            if self._refused:
                return
            refusal = self._look_at_head()
            if refusal is not None:
                self._end(*refusal)
                return
            self._discarded = 0
            self._timer.start(REQUEST_SECONDS_MAX + 1, self.transport.abort)  # the operation itself answers before
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if self._refused:
                return
            if self.cycle.response_complete:
                self._discarded += len(body)
                if self._discarded > REQUEST_DISCARDED_BYTES_MAX:
                    self._refused = True
                    self.transport.abort()
            super().on_body(body)

        def on_message_complete(self) -> None:
            if not self._refused:
                self._timer.stop()
                super().on_message_complete()

        def pause_writing(self) -> None:
            super().pause_writing()
            self.transport.pause_reading()
            self._taking.start(ANSWER_SECONDS_MAX, self.transport.abort)

        def resume_writing(self) -> None:
            self._taking.stop()
            super().resume_writing()
            if not self.flow.read_paused:
                self.transport.resume_reading()

        def handle_websocket_upgrade(self) -> None:
            self._timer.stop()
            super().handle_websocket_upgrade()

        def send_400_response(self, msg: str) -> None:
            self._end(400, Refusal(Refused.BAD_REQUEST, "this is no HTTP"))

        def _look_at_head(self) -> tuple[int, Refusal] | None:
            size = sum([len(name) + len(value) for name, value in self.headers])
            if len(self.url) > REQUEST_LINE_BYTES_MAX:
                return 414, _too_large(f"an address has at most {REQUEST_LINE_BYTES_MAX} bytes")
            if len(self.headers) > HEADERS_MAX or size > REQUEST_HEAD_BYTES_MAX:
                return 431, _too_large(f"a request has at most {HEADERS_MAX} headers, of {REQUEST_HEAD_BYTES_MAX} bytes together")
            if len(self.pipeline) >= REQUESTS_PIPELINED_MAX:
                return 429, Refusal(Refused.BUSY, f"at most {REQUESTS_PIPELINED_MAX} requests wait on one connection")
            return None

        def _too_slow(self) -> None:
            self._end(408, Refusal(Refused.BAD_REQUEST, f"the head of a request takes at most {REQUEST_HEAD_SECONDS_MAX} s"))

        def _end(self, status: int, refusal: Refusal) -> None:
            """Refuse, and close. When an answer has begun, or several are to come, nothing can be said."""
            self._refused = True
            self._timer.stop()
            cycle = self.cycle
            if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
                if cycle is not None:
                    cycle.disconnected = True  # whoever works on it says nothing any more
                    cycle.message_event.set()
                self.transport.write(_answer(status, refusal, None if head is None else head()))
            self.transport.close()

    return Limited


def websocket_protocol(connections: Connections) -> type[WSProtocol]:
    """The same for a connection that has gone over to WebSocket."""

    class LimitedSocket(WSProtocol):
        """One connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self._window_end, self._sent_bytes = self.loop.time() + SUBSCRIBER_WINDOW_SECONDS, 0
            self._in_head, self._cut = True, False
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """What is more than a subscriber has to say is not even looked at. The first is the head, which was."""
            if self._in_head:
                self._in_head = False
                super().data_received(data)
                return
            now = self.loop.time()
            if now >= self._window_end:
                self._window_end, self._sent_bytes = now + SUBSCRIBER_WINDOW_SECONDS, 0
            self._sent_bytes += len(data)
            if self._sent_bytes > SUBSCRIBER_BYTES_MAX:
                self._cut = True
                self.transport.abort()
            elif not self._cut:
                super().data_received(data)

        def pause_writing(self) -> None:
            """Who does not read is not read from either: it would be answered all the same."""
            super().pause_writing()
            self.transport.pause_reading()

        def resume_writing(self) -> None:
            super().resume_writing()
            if not self.read_paused:
                self.transport.resume_reading()

    return LimitedSocket


def _too_large(message: str) -> Refusal:
    return Refusal(Refused.TOO_LARGE, message)


def _answer(status: int, refusal: Refusal, head: Header | None) -> bytes:
    """The bytes of a refusal by which a connection ends."""
    place: dict[str, Any] = {} if head is None else {"height": head.height, "state_root": head.state_root.hex()}
    body = json.dumps({**place, **refusal_json(refusal)}).encode()
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "content-type: application/json", f"content-length: {len(body)}"]
    if status in (429, 503):
        lines.append(f"retry-after: {RETRY_AFTER_SECONDS}")
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body
