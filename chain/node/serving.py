"""How requests are served over HTTP, by the node's own process and by its workers alike."""

from __future__ import annotations

import gc

import uvicorn
from starlette.types import ASGIApp

from chain.node.connections import Connections, http_protocol, websocket_protocol
from chain.primitives.limits import COLLECTED_OBJECTS, CONNECTION_IDLE_SECONDS_MAX, SUBSCRIPTION_MESSAGE_BYTES_MAX


def spare_collector() -> None:
    """Have Python look for cycles less often, in a process that is a node and nothing else.

    What there is by now stays. What a block is made of has no cycles, and to look through it for some, a few times for each of
    its transactions, takes a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_OBJECTS)


def server_config(application: ASGIApp) -> uvicorn.Config:
    """uvicorn's settings: no access log, no signature of the server, connections that may be idle for a while."""
    connections = Connections()
    head = getattr(getattr(application, "state", None), "head", None)
    return uvicorn.Config(
        application,
        http=http_protocol(connections, head),
        ws=websocket_protocol(connections),
        ws_max_size=SUBSCRIPTION_MESSAGE_BYTES_MAX,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=CONNECTION_IDLE_SECONDS_MAX,
        timeout_graceful_shutdown=1,
    )
