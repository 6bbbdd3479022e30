"""A synchronous client of a node's HTTP API."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TypeVar

from chain.client.plan import NO_ANSWER, Answer, Blocking, Pause, Plan, Request
from chain.client.surface import EXPIRY_MS, GAS_LIMIT, MSGPACK, BatchRow, Outcome, Proved, Surface
from chain.primitives.refusal import Refusal, Refused

__all__ = ["EXPIRY_MS", "GAS_LIMIT", "MSGPACK", "BatchRow", "Client", "Outcome", "Proved"]

ANSWER_BYTES_MAX = 64 * 1024 * 1024  # of one answer: many times what a node gives

T = TypeVar("T")


class Client(Surface, Blocking):
    """A connection to one node. May be shared by threads; each has a connection of its own.

    Its methods are those of `Surface`. Every one raises `Refusal`: the node's own, or Unreachable.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds)
        self._local = threading.local()

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def carry_out(self, plan: Plan[T]) -> T:
        """The outcome of a plan. Raises what it raises."""
        try:
            step = next(plan)
            while True:
                try:
                    answer = self._do(step)
                except Refusal as lost:
                    step = plan.throw(lost)
                else:
                    step = plan.send(answer)
        except StopIteration as ended:
            outcome: T = ended.value
            return outcome

    def _do(self, step: Request | Pause) -> Answer:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return NO_ANSWER
        # A connection that was kept may have been closed by the other side in the meantime, so it is tried again.
        for last in (False, True):
            fresh = not hasattr(self._local, "connection")
            connection = self._connection()
            try:
                connection.request(step.method, step.path, step.content, dict(step.headers))
                response = connection.getresponse()
                content = response.read(ANSWER_BYTES_MAX)
                return Answer(response.status, content, retry_after(response.getheader("Retry-After")))
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if last or fresh:
                    where = f"{self.target.host}:{self.target.port}"
                    raise Refusal(Refused.UNREACHABLE, f"{where} does not answer: {error}") from None
        raise AssertionError

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            kind = http.client.HTTPSConnection if self.target.secure else http.client.HTTPConnection
            self._local.connection = kind(self.target.host, self.target.port, timeout=self._timeout_seconds)
        connection: http.client.HTTPConnection = self._local.connection
        return connection


def retry_after(text: str | None) -> float | None:
    """Seconds of a `Retry-After` that is a number; dates are not looked at."""
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 6 else None
