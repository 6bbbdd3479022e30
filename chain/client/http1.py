"""HTTP/1.1 without input or output: what to send for a request, and what the bytes that come are. Both clients use it."""

from __future__ import annotations

import httptools

from chain.client.plan import Answer, Request
from chain.client.surface import Target

ANSWER_BYTES_MAX = 64 * 1024 * 1024  # of one answer: many times what a node gives
STEP_BYTES = 65_536  # read at once
Broken = (OSError, EOFError, httptools.HttpParserError)
"""After one of these a connection is of no more use."""


class Exchange:
    """One request and its answer. The parser calls the methods that begin with `on_`."""

    def __init__(self, request: Request, target: Target) -> None:
        self.stays = False
        """Whether the other side keeps the connection, once all has come."""
        self._parser = httptools.HttpResponseParser(self)
        self._content: list[bytes] = []
        self._size = 0
        self._retry_after: float | None = None
        self._whole = False
        host = f"[{target.host}]" if ":" in target.host else target.host
        content = request.content or b""
        lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {host}:{target.port}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        self.sent = "\r\n".join((*lines, "", "")).encode("latin-1") + content
        """What to send."""

    def take(self, data: bytes) -> Answer | None:
        """Look at what has come: the answer, or None if there is more to it. Raises what `Broken` has."""
        if not data:
            raise EOFError("the connection ended")
        self._parser.feed_data(data)
        if not self._whole:
            return None
        return Answer(self._parser.get_status_code(), b"".join(self._content), self._retry_after)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come."""
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= 6:  # dates are not looked at
            self._retry_after = float(value)

    def on_body(self, data: bytes) -> None:
        """A part of the content has come."""
        self._size += len(data)
        if self._size > ANSWER_BYTES_MAX:
            raise OSError("the answer is too long")
        self._content.append(data)

    def on_message_complete(self) -> None:
        """All has come. Only now does the parser know whether the other side keeps the connection."""
        self.stays = bool(self._parser.should_keep_alive())
        self._whole = True
