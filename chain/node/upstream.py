"""Another node, as a follower asks it: every answer is bounded in bytes and time, and is only bytes until it is checked."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgpack

from chain.node.outcome import Row
from chain.primitives.address import format_address
from chain.primitives.hash import HASH_BYTES
from chain.primitives.json_text import parse_json
from chain.primitives.limits import HEIGHT_MAX, SYNC_ANSWER_BYTES_MAX, SYNC_BLOCKS_MAX, SYNC_SECONDS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Transaction

_MSGPACK = "application/msgpack"
_CHUNK_BYTES = 256 * 1024
_CONNECT_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a node says of its chain: height and hash of its head, and blocks with their certificates, all of it unchecked."""

    height: int
    block_hash: bytes
    blocks: Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class StatePage:
    """A part of the state after a block, in the order of its keys, unchecked. `more` is the key to go on behind."""

    header: bytes
    certificate: bytes | None
    entries: Sequence[tuple[bytes, bytes]]
    more: bytes | None


class Upstream:
    """A node somewhere. May be used by several threads, each with a connection of its own. Every method raises `Refusal`: the
    node's own, Unreachable when it does not answer in time, TooLarge, or Malformed for an answer that is none.
    """

    def __init__(self, url: str, *, seconds_max: float = SYNC_SECONDS_MAX) -> None:
        """`url` is the node's, such as `http://127.0.0.1:7070`; `seconds_max` is how long an answer may take beyond what it was
        asked to wait. Raises `Refusal` BadRequest.
        """
        self._seconds_max = seconds_max
        self.url = url.rstrip("/")
        try:
            parts = urlsplit(self.url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            raise _no_address(url) from None
        if parts.scheme not in ("http", "https") or not self._host or parts.path or parts.query:
            raise _no_address(url)
        self._secure = parts.scheme == "https"
        self._local = threading.local()

    def blocks(self, first: int, *, parent: bytes | None = None, wait_seconds: int = 0, limit: int = SYNC_BLOCKS_MAX) -> Blocks:
        """Blocks from a height on; see `chain.node.api_sync`."""
        query = {"from": str(first), "wait": str(wait_seconds), "limit": str(limit)}
        if parent is not None:
            query["parent"] = parent.hex()
        match self._packed(f"/v1/sync/blocks?{urlencode(query)}", wait_seconds):
            case [int(height), bytes(block_hash), list(found)] if 0 <= height <= HEIGHT_MAX and len(block_hash) == HASH_BYTES:
                if all(_is_pair(one, (bytes, bytes | None)) for one in found):
                    return Blocks(height, block_hash, [(block, certificate or b"") for block, certificate in found[:limit]])
        raise _garbage("blocks")

    def state(self, height: int, after: bytes | None) -> StatePage:
        """A page of the state after a block; see `chain.node.api_sync`."""
        query = {"height": str(height)} | ({} if after is None else {"after": after.hex()})
        match self._packed(f"/v1/sync/state?{urlencode(query)}", 0):
            case [bytes(header), bytes() | None as certificate, list(found), bytes() | None as more]:
                if all(_is_pair(one, (bytes, bytes)) for one in found):
                    return StatePage(header, certificate, [(key, value) for key, value in found], more)
        raise _garbage("state")

    def status(self) -> dict[str, Any]:
        """As of `GET /v1/status`."""
        return self._json("/v1/status")

    def next_sequence(self, wallet: bytes, lane: int) -> int:
        """The next sequence of a lane, those that wait counted."""
        found = self._json(f"/v1/wallets/{format_address(wallet)}?lane={lane}").get("next_sequence")
        if type(found) is not int:
            raise _garbage("sequence")
        return found

    def outlook(self, identity: bytes) -> bool | Refusal:
        """Of a transaction: whether it waits or is in a block there, or why it was refused."""
        try:
            self._json(f"/v1/receipts/{identity.hex()}")
        except Refusal as refusal:
            return bool(refusal.data.get("waiting")) if refusal.code is Refused.NOT_FOUND else refusal
        return True

    def submit(self, transactions: Sequence[Transaction], wait_seconds: float | None) -> list[Row]:
        """What becomes of transactions there, a row for each."""
        query = "" if wait_seconds is None else f"?wait=commit&timeout={int(wait_seconds)}"
        body: bytes = msgpack.packb([transaction.encoded for transaction in transactions])
        answer = _object(self._ask("POST", f"/v1/batch{query}", body, {"Content-Type": _MSGPACK}, int(wait_seconds or 0)))
        rows = answer.get("rows")
        if not isinstance(rows, list) or len(rows) != len(transactions):
            raise _garbage("rows")
        return [_row(transaction.identity, plain) for transaction, plain in zip(transactions, rows, strict=True)]

    # HTTP.

    def _packed(self, path: str, wait_seconds: int) -> Any:
        content = self._ask("GET", path, None, {"Accept": _MSGPACK}, wait_seconds)
        try:
            return msgpack.unpackb(content, use_list=True)
        except (ValueError, TypeError, msgpack.UnpackException):
            raise _garbage("msgpack") from None

    def _json(self, path: str) -> dict[str, Any]:
        return _object(self._ask("GET", path, None, {}, 0))

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str], wait_seconds: int) -> bytes:
        """The body of a good answer."""
        for kept in (hasattr(self._local, "connection"), False):
            try:
                content, status = self._ask_once(method, path, body, headers, wait_seconds)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if kept:  # it may have been closed long ago; asking twice is safe
                    continue
                raise Refusal(Refused.UNREACHABLE, f"{self.url} does not answer: {error}") from None
            except Refusal:
                self.close()
                raise
            if status != http.client.OK:
                raise _told(content, status)
            return content
        raise AssertionError

    def _ask_once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], wait_seconds: int
    ) -> tuple[bytes, int]:
        """(content, status)."""
        connection = self._connection(wait_seconds)
        with _within(connection.sock, wait_seconds + self._seconds_max):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return _read(response), response.status

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _connection(self, wait_seconds: int) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._local.connection = kind(self._host, self._port, timeout=_CONNECT_SECONDS_MAX)
            self._local.connection.connect()
        connection: http.client.HTTPConnection = self._local.connection
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(wait_seconds + _CONNECT_SECONDS_MAX)
        return connection


@contextmanager
def _within(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Cut a connection off when time is up: who sends a byte now and then keeps within every timeout of a socket."""
    timer = threading.Timer(seconds, _cut, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse) -> bytes:
    """The whole of an answer. Raises `Refusal` TooLarge, and what sockets raise."""
    found = bytearray()
    while chunk := response.read(_CHUNK_BYTES):
        found += chunk
        if len(found) > SYNC_ANSWER_BYTES_MAX:
            raise Refusal(
                Refused.TOO_LARGE, f"the node's answer has more than {SYNC_ANSWER_BYTES_MAX} bytes", "Ask another node."
            )
    if response.length:  # of what was announced
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(found)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = parse_json(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _garbage("JSON")
    return found


def _told(content: bytes, status: int) -> Refusal:
    """The refusal that a node has sent."""
    try:
        answer = _object(content)
        code = Refused(str(answer.get("code")))
    except (Refusal, ValueError):
        return Refusal(Refused.UNREACHABLE, f"no node answers there (status {status})")
    data = answer.get("data")
    refusal = Refusal(code, str(answer.get("message"))[:500], str(answer.get("remedy"))[:500])
    refusal.data.update(data if isinstance(data, dict) else {})
    return refusal


def _row(identity: bytes, plain: Any) -> Row:
    """What became of one transaction, from the row of a batch."""
    if not isinstance(plain, dict) or plain.get("id") != identity.hex():
        raise _garbage("rows")
    if (told := plain.get("refusal")) is not None:
        return Row(identity, refusal=_told(json.dumps(told).encode(), 0))
    height, index, ok, error = (plain.get(name) for name in ("height", "index", "ok", "error"))
    if plain.get("status") != "committed":
        return Row(identity)
    if type(height) is not int or type(index) is not int or type(ok) is not bool or not isinstance(error, str | None):
        raise _garbage("rows")
    return Row(identity, height, index, ok, error)


def _is_pair(found: Any, kinds: tuple[Any, Any]) -> bool:
    return isinstance(found, list) and len(found) == 2 and all(map(isinstance, found, kinds))


def _garbage(what: str) -> Refusal:
    return Refusal(Refused.MALFORMED, f"the node's answer is no {what}", "See that the address is a node's; else ask another.")


def _no_address(url: str) -> Refusal:
    return Refusal(Refused.BAD_REQUEST, f"not the address of a node: {url[:100]}", "Give http://HOST:PORT.")
