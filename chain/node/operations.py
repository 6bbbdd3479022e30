"""The operations port: what whoever runs a node asks it, apart from the API and in a thread of its own, so that it answers while
blocks are being made, while the store is being opened, and while the node stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chain.node.logs import LEVELS, read_level, set_level
from chain.node.metrics import CONTENT_TYPE, tell
from chain.node.rendering import refusal_json
from chain.node.serving import server_config
from chain.node.vitals import Vitals, build
from chain.primitives.json_text import parse_json
from chain.primitives.limits import OPERATIONS_REQUEST_BYTES_MAX, REQUEST_DEPTH_MAX
from chain.primitives.refusal import Refusal, Refused

_START_SECONDS_MAX = 10


class Operations:
    """The port, from `__enter__` to `__exit__`."""

    def __init__(self, listener: socket.socket, vitals: Vitals) -> None:
        self._listener = listener
        self._vitals = vitals
        self._server = uvicorn.Server(server_config(self.application()))
        self._thread = threading.Thread(target=self._serve, name="tael-operations", daemon=True)
        self._started = threading.Event()

    def __enter__(self) -> Operations:
        self._thread.start()
        self._started.wait(_START_SECONDS_MAX)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._listener.close()

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._metrics),
            Route("/version", self._version),
            Route("/log-level", self._log_level, methods=["GET", "PUT"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})

    def _serve(self) -> None:
        async def serve() -> None:
            self._started.set()
            await self._server.serve([self._listener])

        asyncio.run(serve())

    async def _health(self, request: Request) -> Response:
        """Whether the process works; if not, restarting it is the remedy."""
        reason = self._vitals.alive()
        return JSONResponse({"alive": reason is None, "reason": reason}, 200 if reason is None else 503)

    async def _ready(self, request: Request) -> Response:
        """Whether to send anything here."""
        reasons = self._vitals.unready()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def _metrics(self, request: Request) -> Response:
        """The numbers for Prometheus."""
        return Response(tell(self._vitals.metrics()), media_type=CONTENT_TYPE)

    async def _version(self, request: Request) -> Response:
        """What runs, and on which chain."""
        node = self._vitals.node
        return JSONResponse({**build(), "chain_id": None if node is None else node.head.chain_id})

    async def _log_level(self, request: Request) -> Response:
        """From which level on is logged; PUT sets it, workers follow within a second."""
        if request.method == "PUT":
            level = await _read_level(request)
            if level not in LEVELS:
                refusal = Refusal(Refused.BAD_REQUEST, "that is no level", f"Send one of {', '.join(LEVELS)}.")
                return JSONResponse(refusal_json(refusal), 400)
            set_level(level)
        return JSONResponse({"level": read_level()})


async def _read_level(request: Request) -> str:
    """The level that was sent: a word, or JSON with `level`; "" for anything else."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > OPERATIONS_REQUEST_BYTES_MAX:
            return ""
    text = data.decode("utf-8", "replace").strip()
    with contextlib.suppress(ValueError):
        found = parse_json(text, REQUEST_DEPTH_MAX)
        text = str(found.get("level")) if isinstance(found, dict) else str(found)
    return text


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known = "There is /health, /ready, /metrics, /version and /log-level."
    return JSONResponse(refusal_json(Refusal(Refused.NOT_FOUND, "there is nothing here", known)), status)
