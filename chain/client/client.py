"""A synchronous client of a node's HTTP API."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TypeVar

from chain.client.http1 import STEP_BYTES, Broken, Exchange
from chain.client.plan import NO_ANSWER, Answer, Blocking, Pause, Plan, Request
from chain.client.surface import EXPIRY_MS, GAS_LIMIT, MSGPACK, BatchRow, Outcome, Proved, Surface
from chain.primitives.refusal import Refusal, Refused

__all__ = ["EXPIRY_MS", "GAS_LIMIT", "MSGPACK", "BatchRow", "Client", "Outcome", "Proved"]

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
        while True:
            kept = hasattr(self._local, "connection")
            try:
                if not kept:
                    self._local.connection = self._connect()
                exchange = Exchange(step, self.target)
                self._local.connection.sendall(exchange.sent)
                while (answer := exchange.take(self._local.connection.recv(STEP_BYTES))) is None:
                    pass
            except Broken as error:
                self.close()
                if not kept or isinstance(error, TimeoutError):
                    where = f"{self.target.host}:{self.target.port}"
                    raise Refusal(Refused.UNREACHABLE, f"{where} does not answer: {error}") from None
            except BaseException:
                self.close()  # half of an answer may have come
                raise
            else:
                if not exchange.stays:
                    self.close()
                return answer

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((self.target.host, self.target.port), self._timeout_seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.target.secure:
            return connection
        return ssl.create_default_context().wrap_socket(connection, server_hostname=self.target.host)
