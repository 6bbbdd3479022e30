"""An application whose requests are counted and, at the level `debug`, logged."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from chain.node.logs import LOG, say
from chain.node.measures import RequestMeasures


class Counted:
    """An ASGI application around another. Routes are counted as they stand in the table, so that nobody makes new ones up."""

    def __init__(self, application: Starlette, measures: RequestMeasures) -> None:
        self._application = application
        self._measures = measures
        self.state = application.state
        """As the application's: who serves it finds the head there, for refusals below HTTP."""
        self._routes = {route.endpoint: route.path for route in application.routes if isinstance(route, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As the application's."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began = perf_counter()
        status = 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, send_noted)
        finally:
            seconds = perf_counter() - began
            self._measures.request(self._routes.get(scope.get("endpoint", _nobody), "other"), status, seconds)
            if LOG.isEnabledFor(logging.DEBUG):
                ms = round(seconds * 1000, 1)
                say(logging.DEBUG, "request", method=scope["method"], path=scope["path"], status=status, ms=ms)


def _nobody() -> None:
    """Who answers a request that fits no route."""
