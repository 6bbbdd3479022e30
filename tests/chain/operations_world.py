"""A node of a chain of one's own in this process, and what its operations port tells."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from test_chain_node import open_node

from chain.node.measures import Measures
from chain.node.metrics import read
from chain.node.server import NodeServer, listen, url_of
from chain.node.vitals import Vitals


def ask(url: str, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
    """(status, text) of an answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    with closing(connection):
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def told(url: str, path: str) -> Any:
    """The JSON of an answer, whatever its status."""
    return json.loads(ask(url, path)[1])


def numbers(url: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """All metrics."""
    return read(ask(url, "/metrics")[1])


class Serving:
    """A server in a thread; `url` is that of its API."""

    def __init__(self, directory: Path, *, block_time_ms: int | None, drain_seconds: float) -> None:
        self.node = open_node(directory)
        self.vitals = Vitals(Measures(), head_age_seconds_max=30)
        listener = listen("127.0.0.1", 0)
        self.url = url_of(listener)
        resources = ExitStack()
        resources.enter_context(closing(self.node))
        self.server = NodeServer(self.node, self.vitals, resources, block_time_ms=block_time_ms, drain_seconds=drain_seconds)
        ready = threading.Event()
        self.server.on_ready = ready.set
        self.thread = threading.Thread(target=self.server.serve_on, args=(listener,), daemon=True)
        self.thread.start()
        assert ready.wait(10)

    def ask_to_stop(self) -> None:
        """As the first signal does."""
        self.server.handle_exit(15, None)


@contextmanager
def serving(directory: Path, *, block_time_ms: int | None = 0, drain_seconds: float = 0) -> Iterator[Serving]:
    """A server that is stopped in the end."""
    running = Serving(directory, block_time_ms=block_time_ms, drain_seconds=drain_seconds)
    try:
        yield running
    finally:
        running.ask_to_stop()
        running.thread.join(20)
        assert not running.thread.is_alive()
