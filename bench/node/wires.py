"""How transactions are put into requests, and what the answers say: one at a time, or in batches."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgpack

from bench.node.client import Answer, Broken, Driven, Request, ask, get, post

OK = "ok"
FAILED = "failed"  # in a block, and its actions were not done


class Wire(Protocol):
    """A way to submit."""

    name: str
    connections: int
    batch: int

    def submit(self, batch: Sequence[bytes]) -> Request:
        """The request that submits transactions and is answered when they are on disk."""

    def outcomes(self, answer: Answer) -> list[str]:
        """Of each transaction, in order: OK, FAILED, or the code of its refusal. Raises `Broken`."""


class Single:
    """One transaction a request, as JSON: many connections, so that transactions meet in a block."""

    name = "one a request, JSON"
    batch = 1

    def __init__(self, connections: int = 100) -> None:
        self.connections = connections

    def submit(self, batch: Sequence[bytes]) -> Request:
        """See `Wire`."""
        (data,) = batch
        return Request(post("/v1/transactions?wait=commit&timeout=60", b'{"transaction":"' + data.hex().encode() + b'"}'))

    def outcomes(self, answer: Answer) -> list[str]:
        """See `Wire`."""
        said = json.loads(answer.body)
        if answer.status != 200:
            return [said["code"]]
        return [OK if said["receipt"]["ok"] else FAILED]


class Batches:
    """Many transactions a request, as msgpack. The answer is [rows, height, state root]; a row begins with identity, status,
    whether it was done, and the code of its refusal or the name of its error.
    """

    def __init__(self, batch: int, connections: int) -> None:
        self.name = f"{batch} a request, msgpack"
        self.batch = batch
        self.connections = connections

    def submit(self, batch: Sequence[bytes]) -> Request:
        """See `Wire`."""
        body = msgpack.packb(list(batch), use_bin_type=True)
        return Request(post("/v1/batch?wait=commit&timeout=60", body, "application/msgpack"), len(batch))

    def outcomes(self, answer: Answer) -> list[str]:
        """See `Wire`."""
        if answer.status != 200:
            raise Broken(f"a batch is answered {answer.status}: {answer.body[:200]!r}")
        rows, _, _ = msgpack.unpackb(answer.body)
        return [_outcome(*row[1:4]) for row in rows]


def _outcome(status: str, ok: bool | None, code: str | None) -> str:
    if status == "committed":
        return OK if ok else FAILED
    return code or status


def wire_of(port: int, batch: int, connections: int) -> Wire:
    """Batches if the node takes them, else one at a time."""
    paths = json.loads(ask(port, get("/v1/openapi.json")).body)["paths"]
    return Batches(batch, connections) if "/v1/batch" in paths else Single()


def requests(wire: Wire, streams: Sequence[Sequence[bytes]]) -> list[list[Request]]:
    """The requests of streams of transactions."""
    return [[wire.submit(part[at : at + wire.batch]) for at in range(0, len(part), wire.batch)] for part in streams]


def outcomes(wire: Wire, driven: Driven) -> Counter[str]:
    """How often each outcome came, all answers taken together. Raises `Broken`."""
    return Counter(outcome for answers in driven.answers for answer in answers for outcome in wire.outcomes(answer))
