"""What the processes of one node say to each other: frames of msgpack over a socket pair that nobody else holds.

A worker asks `[number, kind, …]` and is answered `[number, answer]`; numbers are the worker's own. Unasked it is told one thing,
`[None, None]`: to take no more connections, since the node stops. Both ends are one version of
this program, so nothing here is checked as something that comes from outside is.
"""

from __future__ import annotations

import asyncio
from enum import IntEnum
from typing import Any

import msgpack

from chain.node.outcome import Row
from chain.primitives.limits import FRAME_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused

_LENGTH_BYTES = 4


class Ask(IntEnum):
    """What a worker asks."""

    SUBMIT = 0  # seconds to wait or None, [[identity, transaction's bytes, signatures looked at]…] -> [row…]
    NEXT_SEQUENCE = 1  # wallet, lane -> sequence
    OUTLOOK = 2  # identity -> whether it waits, or a refusal
    WAITING = 3  # -> how many wait
    READY = 4  # it serves -> None
    FAILED = 5  # what is wrong with what is on disk -> None
    COUNTED = 6  # what it has counted since the last time, its connections -> the level from which on to log
    CONTROL = 7  # operation of a devnet's control, body in JSON -> answer in JSON, or a refusal


def pack_frame(value: object) -> bytes:
    """A frame: its length and the value."""
    body: bytes = msgpack.packb(value)
    return len(body).to_bytes(_LENGTH_BYTES) + body


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next value, or None when the other end is gone."""
    try:
        size = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
        assert size <= FRAME_BYTES_MAX, "a frame of another version"
        return msgpack.unpackb(await reader.readexactly(size), strict_map_key=False)
    except (asyncio.IncompleteReadError, OSError):
        return None


def refusal_plain(refusal: Refusal) -> list[Any]:
    """A refusal for a frame."""
    return [str(refusal.code), refusal.message, refusal.remedy, refusal.data]


def read_refusal(plain: list[Any]) -> Refusal:
    """The refusal of a frame."""
    code, message, remedy, data = plain
    refusal = Refusal(Refused(code), message, remedy)
    refusal.data.update(data)
    return refusal


def row_plain(row: Row) -> list[Any]:
    """A row for a frame, whose identity the other end knows."""
    if row.refusal is not None:
        return refusal_plain(row.refusal)
    return [] if row.height is None else [row.height, row.number, row.ok, row.error, None]


def read_row(identity: bytes, plain: list[Any]) -> Row:
    """The row of a frame."""
    if not plain:
        return Row(identity)
    if isinstance(plain[0], str):
        return Row(identity, refusal=read_refusal(plain))
    height, number, ok, error, _ = plain
    return Row(identity, height, number, ok, error)
