"""What requests cost in the server when nothing is done with them: parsers of HTTP, forms of a body, and forms of an answer."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack

from bench.machine.contest import Spread
from bench.node.client import Request, drive, post
from bench.node.scene import Scene
from bench.node.system import processor_seconds

REQUESTS = 2_000
CONNECTIONS = 4
TRANSACTION_BYTES = 250


@dataclass(frozen=True, slots=True)
class Form:
    """How a batch is written, read, answered, and through what."""

    name: str
    framework: str  # "starlette", or "bare" for an ASGI function of our own
    parser: str  # uvicorn's
    packed: bool  # msgpack, or JSON with hexadecimal


FORMS = tuple(
    Form(f"{framework}, {parser}, {'msgpack' if packed else 'JSON'}", framework, parser, packed)
    for framework in ("starlette", "bare")
    for parser in ("h11", "httptools")
    for packed in (False, True)
)


def http(scene: Scene) -> dict[str, Any]:
    """Microseconds of processor time for a request of 1, 100 and 1,000 transactions, answered row by row."""
    found: dict[str, Any] = {}
    print(f"{'':34}{'1':>9}{'100':>9}{'1,000':>9}   of the client: {'1':>9}{'100':>9}{'1,000':>9}")
    for form in FORMS:
        if form.parser == "httptools" and importlib.util.find_spec("httptools") is None:
            print(f"{form.name:34}httptools is not installed")
            continue
        rows = {size: _measure(form, size, scene) for size in (1, 100, 1_000)}
        found[form.name] = {size: {"server": s._asdict(), "client": c._asdict()} for size, (s, c) in rows.items()}
        server = "".join(f"{spread.median:9.0f}" for spread, _ in rows.values())
        client = "".join(f"{spread.median:9.0f}" for _, spread in rows.values())
        print(f"{form.name:34}{server}                  {client}", flush=True)
    return found


def _measure(form: Form, size: int, scene: Scene) -> tuple[Spread, Spread]:
    count = max(20, (100 if scene.quick else REQUESTS) // (1 + size // 100)) // CONNECTIONS
    context = multiprocessing.get_context("spawn")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = context.Process(target=_serve, args=(listener, form))
        server.start()
        port = listener.getsockname()[1]
        requests = [[Request(_body(form, size))] * count] * CONNECTIONS
        drive(port, requests)  # the server has started, and is warm
        assert server.pid is not None
        servers, clients = [], []
        for _ in range(scene.repeats):
            before = processor_seconds(server.pid)
            driven = drive(port, requests)
            assert all(answer.status == 200 for part in driven.answers for answer in part)
            servers.append((processor_seconds(server.pid) - before) * 1e6 / (count * CONNECTIONS))
            clients.append(driven.client_seconds * 1e6 / (count * CONNECTIONS))
        server.terminate()
        server.join()
    return Spread.of(servers), Spread.of(clients)


def _body(form: Form, size: int) -> bytes:
    transactions = [os.urandom(TRANSACTION_BYTES) for _ in range(size)]
    if form.packed:
        return post("/v1/batch", msgpack.packb(transactions), "application/msgpack")
    return post("/v1/batch", json.dumps({"transactions": [data.hex() for data in transactions]}).encode())


def _answered(form: Form) -> Callable[[bytes], bytes]:
    """Decode, take something of every transaction as its identity, and encode a row for each."""

    def packed(body: bytes) -> bytes:
        data: bytes = msgpack.packb([[one[:32], "committed", True] for one in msgpack.unpackb(body)])
        return data

    def text(body: bytes) -> bytes:
        given = [bytes.fromhex(one) for one in json.loads(body)["transactions"]]
        return json.dumps([{"id": one[:32].hex(), "status": "committed", "ok": True} for one in given]).encode()

    return packed if form.packed else text


def _serve(listener: socket.socket, form: Form) -> None:
    import uvicorn

    application = (_starlette if form.framework == "starlette" else _bare)(_answered(form))
    config = uvicorn.Config(
        application, http=form.parser, ws="none", loop="asyncio", lifespan="off", log_config=None, access_log=False,
        server_header=False,
    )  # fmt: skip
    uvicorn.Server(config).run([listener])


def _starlette(answer: Callable[[bytes], bytes]) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request as Asked
    from starlette.responses import Response
    from starlette.routing import Route

    async def endpoint(request: Asked) -> Response:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
        return Response(answer(bytes(data)))

    return Starlette(routes=[Route("/v1/batch", endpoint, methods=["POST"])])


def _bare(answer: Callable[[bytes], bytes]) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        data = bytearray()
        while True:
            part = await receive()
            data += part.get("body", b"")
            if not part.get("more_body"):
                break
        body = answer(bytes(data))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    return application
