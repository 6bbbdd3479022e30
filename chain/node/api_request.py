"""How a request over HTTP becomes what was asked."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.requests import ClientDisconnect, Request

from chain.node.batch import MSGPACK
from chain.node.operation import BARE, Operation, Query
from chain.node.parameters import bad, read_some
from chain.primitives.json_text import parse_json
from chain.primitives.limits import (
    BATCH_BYTES_MAX,
    QUERY_FIELDS_MAX,
    REQUEST_BYTES_MAX,
    REQUEST_DEPTH_MAX,
    REQUEST_SECONDS_MAX,
)
from chain.primitives.refusal import Refusal, Refused

_THIS_MACHINE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?")


async def read_request(request: Request, operation: Operation) -> Query:
    """What was asked, each parameter read by its kind. Raises `Refusal`."""
    path = dict(request.path_params)
    pairs = request.query_params.multi_items()
    query = dict(pairs)
    if len(query) != len(pairs) or len(pairs) > QUERY_FIELDS_MAX:
        raise bad(f"a query has at most {QUERY_FIELDS_MAX} parameters, each once")
    later: list[Refusal] = []
    values = read_some(operation.places, path, "the path", later) | read_some(operation.parameters, query, "the query", later)
    raw = operation.bare is not None and BARE in request.headers.get("accept", "")
    if operation.method != "POST":
        return _checked(Query(path, query, {}, None, values, raw), later)
    data = await _data(request, BATCH_BYTES_MAX if operation.lists else REQUEST_BYTES_MAX)
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if operation.lists and content_type == MSGPACK:
        return _checked(Query(path, query, {}, data, values, raw), later)
    body = _object(data)
    values |= read_some(operation.body, body, "the body", later)
    if operation.one_of and sum(name in body for name in operation.one_of) != 1:
        raise bad(f"the body must have one of {', '.join(operation.one_of)}")
    return _checked(Query(path, query, body, None, values, raw), later)


def _checked(query: Query, later: list[Refusal]) -> Query:
    if later:
        raise later[0]
    return query


def check_host(request: Request) -> None:
    """Raises `Refusal` BadRequest if the request names another host than this machine, or none."""
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or _THIS_MACHINE.fullmatch(hosts[0]) is None:
        raise bad("the devnet is controlled under 127.0.0.1 only")


async def _data(request: Request, bytes_max: int) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            async for chunk in request.stream():
                data += chunk
                if len(data) > bytes_max:
                    raise Refusal(Refused.TOO_LARGE, f"a request has at most {bytes_max} bytes")
    except (ClientDisconnect, TimeoutError):
        raise bad("the request ended too early, or took too long") from None
    return bytes(data)


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = parse_json(data, REQUEST_DEPTH_MAX)
    except ValueError:
        raise bad("the body must be JSON, and not so deep") from None
    if not isinstance(body, dict):
        raise bad("the body must be a JSON object")
    return body
