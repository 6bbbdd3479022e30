"""Connections at their limits and one past them, over bare sockets. Whatever comes, the node answers the next one."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from chain.client.client import Client
from chain.client.subscription import Subscription
from chain.node import connections
from chain.node.connections import Connections
from chain.node.devnet import Devnet
from chain.primitives.refusal import Refusal, Refused

STATUS = b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def opened(devnet: Devnet) -> Iterator[socket.socket]:
    """A connection."""
    host, port = devnet.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    while True:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def answer(connection: socket.socket) -> bytes:
    """One answer of JSON, which nothing follows."""
    data = b""
    while not data.endswith(b"}"):
        data += connection.recv(65_536)
    return data


def told(devnet: Devnet, data: bytes) -> tuple[int, dict[str, object]]:
    """(status, JSON) of the answer to bytes, after which the node closes."""
    with opened(devnet) as connection:
        connection.sendall(data)
        head, _, body = received(connection).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def answers(devnet: Devnet) -> bool:
    """Whether the node answers others."""
    with Client(devnet.address) as client:
        return bool(client.status()["chain_id"])


def asked(path: str = "/v1/status", headers: int = 0, size: int = 10) -> bytes:
    """A request after which the node closes, with so many more headers of a size."""
    more = "".join(f"X-{n:05}: {'x' * (size - 7)}\r\n" for n in range(headers))
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode()


def test_the_address_of_a_request_is_bounded(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit it is looked at, one past it is 414."""
    monkeypatch.setattr(connections, "REQUEST_LINE_BYTES_MAX", 100)
    assert told(devnet, asked("/v1/" + "x" * 96))[0] == 404
    status, body = told(devnet, asked("/v1/" + "x" * 97))
    assert (status, body["code"]) == (414, "TooLarge")
    assert answers(devnet)


def test_headers_are_bounded_in_number_and_bytes(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limits they are taken, one past them is 431: `Host` and `Connection` are among them."""
    monkeypatch.setattr(connections, "HEADERS_MAX", 10)
    assert told(devnet, asked(headers=8))[0] == 200
    status, body = told(devnet, asked(headers=9))
    assert (status, body["code"]) == (431, "TooLarge")
    monkeypatch.setattr(connections, "HEADERS_MAX", 1_000)
    own = len(b"Hostx") + len(b"Connectionclose")
    monkeypatch.setattr(connections, "REQUEST_HEAD_BYTES_MAX", own + 20 * 100)
    assert told(devnet, asked(headers=20, size=100))[0] == 200
    assert told(devnet, asked(headers=20, size=101))[0] == 431


def test_a_head_that_does_not_end_is_not_kept(devnet: Devnet) -> None:
    """Neither one long header nor ever more of them: the connection ends, long before the megabyte that is offered."""
    for data in (b"GET / HTTP/1.1\r\nX: " + b"x" * 2**20, b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 200_000, b"GET /" + b"x" * 2**20):
        with opened(devnet) as connection, pytest.raises(OSError):
            connection.settimeout(5)
            for _ in range(64):
                connection.sendall(data)
    assert answers(devnet)


def test_a_head_that_does_not_arrive_is_given_up(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has so many seconds from its first byte on, however many bytes come in the meantime."""
    monkeypatch.setattr(connections, "REQUEST_HEAD_SECONDS_MAX", 0.3)
    with opened(devnet) as connection:
        for _ in range(20):
            connection.sendall(b"G" if _ == 0 else b"E")
            if select.select([connection], [], [], 0.05)[0]:
                break
        assert received(connection).split()[1] in (b"408", b"400")
    with opened(devnet) as connection:
        for _ in range(2):
            connection.sendall(STATUS)
            assert answer(connection).startswith(b"HTTP/1.1 200")
            time.sleep(0.4)  # between requests the limit does not run
        connection.sendall(STATUS[:20])
        assert b"408 Request Timeout" in received(connection)


def test_a_connection_that_is_idle_is_closed(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one on which nothing has ever come."""
    monkeypatch.setattr(connections, "CONNECTION_IDLE_SECONDS_MAX", 0.2)
    with opened(devnet) as connection:
        assert received(connection) == b""


def test_an_answer_that_is_not_taken_is_given_up(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks and does not read is cut off; requests that it had sent are not answered without end."""
    monkeypatch.setattr(connections, "ANSWER_SECONDS_MAX", 0.3)
    ask = b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with opened(devnet) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(0.2)
        deadline = time.monotonic() + 20
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() < deadline:
                try:
                    connection.sendall(ask)
                except TimeoutError:
                    time.sleep(0.1)
    assert answers(devnet)


def test_requests_behind_each_other_are_bounded(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the limit wait behind the first; with one more the connection ends."""
    monkeypatch.setattr(connections, "REQUESTS_PIPELINED_MAX", 3)
    with opened(devnet) as connection:
        connection.sendall(STATUS * 3 + asked())
        assert received(connection).count(b"HTTP/1.1 200") == 4
    with opened(devnet) as connection:
        connection.sendall(STATUS * 100)
        assert received(connection).count(b"HTTP/1.1 200") <= 1
    assert answers(devnet)


def test_connections_are_bounded_in_all_and_by_address(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """One past either limit is refused, with when to ask again; when others have gone there is room again."""
    with ExitStack() as stack:
        monkeypatch.setattr(connections, "CONNECTIONS_PER_ADDRESS_MAX", 20)
        held = [stack.enter_context(opened(devnet)) for _ in range(20)]
        for connection in held:
            connection.sendall(STATUS)
            assert answer(connection).startswith(b"HTTP/1.1 200")
        with opened(devnet) as connection:
            refused = received(connection)
        assert refused.startswith(b"HTTP/1.1 429") and b"retry-after: 1" in refused and b'"Busy"' in refused
    for _ in range(100):
        time.sleep(0.02)
        with opened(devnet) as connection:
            connection.sendall(asked())
            if received(connection).startswith(b"HTTP/1.1 200"):
                break
    else:
        pytest.fail("there is no room again")


def test_a_connection_that_became_a_subscription_is_counted_until_it_ends(
    devnet: Devnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a place, and gives it back."""
    for _ in range(30):
        with Subscription(devnet.address) as listening:
            listening.subscribe("blocks", "one")
            listening.receive()
    monkeypatch.setattr(connections, "CONNECTIONS_PER_ADDRESS_MAX", 1)
    time.sleep(0.2)
    with Subscription(devnet.address) as listening:
        listening.subscribe("blocks", "one")
        listening.receive()
        with opened(devnet) as connection:
            assert received(connection).startswith(b"HTTP/1.1 429")


def test_a_subscriber_says_a_bounded_amount(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames up to the limit are answered; with a byte more the connection ends, and nothing of that is looked at. In the next
    window it may say as much again.
    """
    ping = b"\x89\x80" + bytes(4)
    upgrade = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b"A" * 22 + b"==\r\n"
    )
    monkeypatch.setattr(connections, "SUBSCRIBER_BYTES_MAX", 60)
    monkeypatch.setattr(connections, "SUBSCRIBER_WINDOW_SECONDS", 0.3)
    with opened(devnet) as connection:
        connection.sendall(b"GET /v1/subscribe HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
        assert connection.recv(4_096).startswith(b"HTTP/1.1 101")
        for _ in range(2):
            connection.sendall(ping * 10)
            time.sleep(0.4)
            assert connection.recv(4_096) == b"\x8a\x00" * 10
        connection.sendall(ping * 10 + b"\x89")
        assert received(connection) == b""
    assert answers(devnet)


def test_a_body_that_comes_behind_the_answer_is_not_taken_without_end(devnet: Devnet) -> None:
    """Some of it is passed over, so that the answer is read; then the connection ends."""
    with opened(devnet) as connection:
        connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200")
        sent = 0
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while sent < 2**28:
                sent += connection.send(bytes(65_536))
        assert sent < 2**28
    assert answers(devnet)


class Transport:
    """The part of a transport that tells the address."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get_extra_info(self, name: str) -> tuple[str, int]:
        """See asyncio."""
        assert name == "peername"
        return self._address, 1


def test_the_number_of_all_connections_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the addresses; one that was refused is not counted, nor taken away twice."""
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 3)
    counted = Connections()
    transports = [Transport(f"10.0.0.{n}") for n in range(4)]
    outcomes = [counted.add(transport) for transport in transports]  # type: ignore[arg-type]
    assert outcomes[:3] == [None] * 3
    refusal = outcomes[3]
    assert isinstance(refusal, Refusal) and refusal.code is Refused.STOPPED
    for transport in (transports[3], transports[0], transports[0]):
        counted.remove(transport)  # type: ignore[arg-type]
    assert len(counted) == 2
    assert counted.add(transports[3]) is None  # type: ignore[arg-type]


def test_requests_at_once_are_bounded(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """When as many are being answered as may be, the next is told to come again."""
    monkeypatch.setattr("chain.node.api.REQUESTS_AT_ONCE_MAX", 2)
    with ExitStack() as stack:
        for _ in range(2):
            begun = stack.enter_context(opened(devnet))
            begun.sendall(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        time.sleep(0.2)
        status, body = told(devnet, asked())
        assert (status, body["code"]) == (429, "Busy")
    time.sleep(0.2)
    assert told(devnet, asked())[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/read HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1/read HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/sta\x00tus HTTP/1.1\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n",
        b"POST /v1/read HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_same_shape(devnet: Devnet, data: bytes) -> None:
    """Code, message, remedy, height and state root; the connection ends."""
    status, body = told(devnet, data)
    assert status == 400
    assert {"code", "message", "remedy", "data", "height", "state_root"} == set(body)
    assert answers(devnet)
