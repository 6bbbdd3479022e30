"""The leanest client: requests whose bytes are made beforehand, over connections that stay open, in one thread.

It shares the computer with the node that it measures, so it does nothing while the clock runs but send, wait and keep what came.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RECEIVED_BYTES_MAX = 1 << 20
SILENCE_SECONDS_MAX = 120
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"

Follow = Callable[[bytes], tuple[bytes, float] | None]
"""Of an answer's body: what to ask next before the request counts as answered, and after how many seconds; None if it is."""


@dataclass(frozen=True, slots=True)
class Request:
    """Bytes to send, how many transactions they carry, and what to ask after them."""

    data: bytes
    count: int = 1
    follow: Follow | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `due`, `done`: seconds of the monotonic clock; a request is due when its turn had come, sent or not."""

    due: float
    done: float
    status: int
    body: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Driven:
    """The answers of each stream in its order, wall seconds from first to last, and processor seconds of the client."""

    answers: list[list[Answer]]
    seconds: float
    client_seconds: float


class Broken(Exception):
    """The other side closed a connection, said nothing for too long, or does not speak as expected."""


def post(path: str, body: bytes, kind: str = "application/json", *, host: str = "127.0.0.1") -> bytes:
    """The bytes of a POST request, to be answered in the kind of content that it has itself."""
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\naccept: {kind}\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def get(path: str, *, host: str = "127.0.0.1") -> bytes:
    """The bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()


class _Connection:
    """One connection, its requests to come, and the one that is under way. It is opened anew if it was closed while idle."""

    def __init__(self, port: int, requests: Sequence[tuple[float, Request]], selector: selectors.BaseSelector) -> None:
        self._port = port
        self._selector = selector
        self._socket: socket.socket | None = None
        self._open()
        self.waiting = deque(requests)
        self.under_way: tuple[float, Request] | None = None
        self.next_data: bytes | None = None  # what follows within the request under way
        self.next_at = 0.0
        self.answers: list[Answer] = []
        self._unsent = memoryview(b"")
        self._received = bytearray()

    def begin(self, now: float) -> float | None:
        """Send what is due, if nothing is under way. When to look again, None if an answer is to be waited for."""
        if self.under_way is not None:
            if self.next_data is None:
                return None
            if self.next_at > now:
                return self.next_at
            data, self.next_data = self.next_data, None
        else:
            if not self.waiting:
                return None
            if self.waiting[0][0] > now:
                return self.waiting[0][0]
            self.under_way = self.waiting.popleft()
            data = self.under_way[1].data
        self._unsent = memoryview(data)
        connected = self._socket or self._open()
        self.send()
        if self._unsent:
            self._selector.modify(connected, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        return None

    def _open(self) -> socket.socket:
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._selector.register(self._socket, selectors.EVENT_READ, self)
        return self._socket

    def close(self) -> None:
        """Close it, if it is open."""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def send(self) -> None:
        """Send as much as there is room for."""
        assert self._socket is not None
        while self._unsent:
            try:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            except BlockingIOError:
                return

    def send_on(self) -> None:
        """As `send`, when there is room again."""
        self.send()
        if not self._unsent:
            assert self._socket is not None
            self._selector.modify(self._socket, selectors.EVENT_READ, self)

    def receive(self) -> bool:
        """Take what has come; whether an answer is whole."""
        assert self._socket is not None
        try:
            data = self._socket.recv(RECEIVED_BYTES_MAX)
        except BlockingIOError:
            return False
        if not data:
            if self.under_way is not None and self.next_data is None:
                raise Broken("the other side closed a connection")
            self.close()
            return False
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return False
        head = bytes(self._received[:end]).lower()
        at = head.find(_LENGTH)
        if at < 0:
            raise Broken("an answer without a length")
        stop = end + len(_HEAD_END) + int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
        if len(self._received) < stop:
            return False
        body = bytes(self._received[end + len(_HEAD_END) : stop])
        del self._received[:stop]
        self._take(int(head[9:12]), body)
        return True

    def _take(self, status: int, body: bytes) -> None:
        assert self.under_way is not None
        due, request = self.under_way
        now = time.perf_counter()
        following = None if request.follow is None else request.follow(body)
        if following is not None:
            self.next_data, self.next_at = following[0], now + following[1]
            return
        self.answers.append(Answer(due, now, status, body, request.count))
        self.under_way = None


def drive(port: int, streams: Sequence[Sequence[Request]], per_second: float | None = None) -> Driven:
    """Send every stream in its order over a connection of its own, one request under way on each.

    With `per_second`, that many requests a second are due in all, one after the other from stream to stream, whether answers have
    come or not: what had to wait for its connection has waited since it was due. Without, each is due when the one before it is
    answered. Raises `Broken`.
    """
    began = time.perf_counter() + 0.005
    step = 0.0 if per_second is None else 1 / per_second
    with selectors.DefaultSelector() as selector:
        connections = [
            _Connection(
                port, [(began + (at * len(streams) + place) * step, request) for at, request in enumerate(stream)], selector
            )
            for place, stream in enumerate(streams)
        ]
        time.sleep(max(0.0, began - time.perf_counter()))
        processor = time.process_time()
        _run(selector, connections)
        client_seconds = time.process_time() - processor
        for connection in connections:
            connection.close()
    done = max(answer.done for connection in connections for answer in connection.answers)
    answers = [connection.answers for connection in connections]
    return Driven(answers if step else [_from_one_another(part, began) for part in answers], done - began, client_seconds)


def _run(selector: selectors.BaseSelector, connections: list[_Connection]) -> None:
    later: dict[_Connection, float] = {}
    busy = set(connections)
    ready = list(connections)
    while busy:
        now = time.perf_counter()
        for connection in ready:
            at = connection.begin(now)
            later.pop(connection, None)
            if at is not None:
                later[connection] = at
            elif connection.under_way is None:
                busy.discard(connection)
        if not busy:
            return
        patience = max(0.0, min(later.values()) - time.perf_counter()) if later else SILENCE_SECONDS_MAX
        events = selector.select(patience)
        if not events and not later:
            raise Broken(f"no answer for {SILENCE_SECONDS_MAX} s")
        ready = []
        for key, mask in events:
            connection = key.data
            if mask & selectors.EVENT_WRITE:
                connection.send_on()
            if mask & selectors.EVENT_READ and connection.receive():
                ready.append(connection)
        if later:
            now = time.perf_counter()
            ready += [connection for connection, at in later.items() if at <= now]


def _from_one_another(answers: list[Answer], began: float) -> list[Answer]:
    """The same, each due when the one before it was done."""
    starts = [began, *(answer.done for answer in answers)]
    return [Answer(due, a.done, a.status, a.body, a.count) for due, a in zip(starts, answers, strict=False)]


def ask(port: int, data: bytes) -> Answer:
    """One request over a connection of its own. Raises `Broken`."""
    return drive(port, [[Request(data)]]).answers[0][0]
