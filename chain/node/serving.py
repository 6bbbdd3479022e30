"""How requests are served over HTTP, by the node's own process and by its workers alike."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from chain.primitives.limits import CONNECTION_IDLE_SECONDS_MAX, SUBSCRIPTION_MESSAGE_BYTES_MAX


def server_config(application: ASGIApp) -> uvicorn.Config:
    """uvicorn's settings: no access log, no signature of the server, connections that may be idle for a while."""
    return uvicorn.Config(
        application,
        http="httptools",
        ws="wsproto",
        ws_max_size=SUBSCRIPTION_MESSAGE_BYTES_MAX,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=CONNECTION_IDLE_SECONDS_MAX,
        timeout_graceful_shutdown=1,
    )
