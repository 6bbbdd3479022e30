"""How answers and refusals go out over HTTP: each says the height and state root of what was read."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from chain.node.batch import MSGPACK, rows_msgpack
from chain.node.operation import Raw
from chain.node.outcome import Row
from chain.node.rendering import refusal_json
from chain.primitives.header import Header
from chain.primitives.limits import RETRY_AFTER_SECONDS
from chain.primitives.refusal import Refusal, Refused

STATUSES: dict[Refused, int] = {
    Refused.BAD_REQUEST: 400,
    Refused.NOT_FOUND: 404,
    Refused.CONFLICT: 409,
    Refused.PRUNED: 410,
    Refused.TOO_LARGE: 413,
    Refused.POOL_FULL: 429,
    Refused.SENDER_FULL: 429,
    Refused.PAYER_FULL: 429,
    Refused.EVICTED: 429,
    Refused.BUSY: 429,
    Refused.DEFECT: 500,
    Refused.STOPPED: 503,
    Refused.NOT_COMMITTED: 504,
}
"""The HTTP status of a refusal. 400 is for what is not as the description says, all others for what is."""
REFUSED_STATUS = 422
"""Of all other codes: understood, and not done."""
_TRY_AGAIN = (429, 503)


def answer_json(content: dict[str, Any], head: Header, status: int = 200) -> Response:
    """An answer; one from an old state brings its own height and root."""
    return JSONResponse({"height": head.height, "state_root": head.state_root.hex(), **content}, status)


def answer_refusal(refusal: Refusal, head: Header) -> Response:
    """A refusal."""
    answer = answer_json(refusal_json(refusal), head, STATUSES.get(refusal.code, REFUSED_STATUS))
    if answer.status_code in _TRY_AGAIN:
        answer.headers["Retry-After"] = str(refusal.data.get("retry_after_seconds", RETRY_AFTER_SECONDS))
    return answer


def answer_raw(raw: Raw) -> Response:
    """Bytes, with height and root in the head of the answer."""
    place = {"Tael-Height": str(raw.header.height), "Tael-State-Root": raw.header.state_root.hex()}
    return Response(raw.content, media_type=raw.media_type, headers=place)


def answer_rows(rows: list[Row], head: Header) -> Response:
    """The rows of a batch, in msgpack."""
    return Response(rows_msgpack(rows, head.height, head.state_root), media_type=MSGPACK)
