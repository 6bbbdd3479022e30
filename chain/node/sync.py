"""What other nodes fetch in bulk, as msgpack: blocks with their certificates, and the whole state.

```
GET /v1/sync/blocks?from=HEIGHT&parent=HASH&wait=SECONDS&limit=N
    [height of the head, hash of the head, [[block, certificate | nil]…]]
GET /v1/sync/state?height=HEIGHT&after=KEY
    [header, certificate | nil, [[key, value]…], last key | nil]
```

The first waits, if it is asked to, until there is a block at that height, or until the block before it is not the one of that
hash any more. The second has the state after a block in the order of its keys, a page at a time; nil says that there is no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from heapq import merge
from itertools import islice
from typing import Any

import msgpack
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from chain.node.questions import Questions
from chain.node.rendering import refusal_json
from chain.primitives.hash import HASH_BYTES
from chain.primitives.limits import (
    COPY_PAGE_ENTRIES_MAX,
    HEIGHT_MAX,
    PAGE_BYTES_MAX,
    SUBSCRIPTION_POLL_MS,
    SYNC_BLOCKS_MAX,
    SYNC_WAIT_SECONDS_MAX,
    SYNC_WAITING_MAX,
)
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.reader import Reader

MSGPACK = "application/msgpack"
_STATUS = {Refused.NOT_FOUND: 404, Refused.PRUNED: 410, Refused.POOL_FULL: 429, Refused.STOPPED: 503}
_KEY_BYTES_MAX = 510  # of LMDB, and one more of the key from which is read on
_Answer = Callable[[Request], Awaitable[Any]]


class Sync:
    """The answers."""

    def __init__(self, node: Questions, on_damage: Callable[[StoreFailed], None]) -> None:
        """`on_damage` is told when what is on disk is not as it was written."""
        self._node = node
        self._on_damage = on_damage
        self._waiting = 0

    def routes(self) -> list[BaseRoute]:
        """Where they are asked for."""
        return [
            Route("/v1/sync/blocks", self._endpoint(self.blocks), methods=["GET"]),
            Route("/v1/sync/state", self._endpoint(self.state), methods=["GET"]),
        ]

    async def blocks(self, request: Request) -> Any:
        """The blocks from a height on."""
        first = _number(request, "from", 0, HEIGHT_MAX)
        parent = _bytes(request, "parent", HASH_BYTES)
        limit = _number(request, "limit", 1, SYNC_BLOCKS_MAX, SYNC_BLOCKS_MAX)
        await self._wait(first, parent, _number(request, "wait", 0, SYNC_WAIT_SECONDS_MAX, 0))
        head, store = self._node.head, self._node.store
        found = []
        size = 0
        for height in range(first, min(head.height, first + limit - 1) + 1):
            block, certificate = store.block(height), store.certificate(height)
            if block is None:
                raise StoreFailed(f"block {height} is missing")
            found.append((block, certificate))
            size += len(block)
            if size >= PAGE_BYTES_MAX:
                break
        return head.height, head.hash, found

    async def state(self, request: Request) -> Any:
        """The state after a block, from a key on."""
        store = self._node.store
        height = _number(request, "height", 0, HEIGHT_MAX, self._node.head.height)
        entries = state_entries(store, height, _bytes(request, "after", _KEY_BYTES_MAX) or b"")
        found = []
        size = 0
        for key, value in islice(entries, COPY_PAGE_ENTRIES_MAX):
            found.append((key, value))
            size += len(key) + len(value)
            if size >= PAGE_BYTES_MAX:
                break
        more = len(found) == COPY_PAGE_ENTRIES_MAX or size >= PAGE_BYTES_MAX
        return store.header(height), store.certificate(height), found, found[-1][0] if more else None

    async def _wait(self, first: int, parent: bytes | None, seconds: int) -> None:
        """Until there is a block at a height, or the head is another than the asker's, or time is up."""
        if not seconds or not self._is_newest(first, parent):
            return
        if self._waiting >= SYNC_WAITING_MAX:
            raise Refusal(Refused.POOL_FULL, f"{SYNC_WAITING_MAX} wait for the next block already")
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while self._is_newest(first, parent):
                    await asyncio.sleep(SUBSCRIPTION_POLL_MS / 1000)
                    self._node.renew()
        except (TimeoutError, asyncio.CancelledError):
            pass  # the second when the node stops: the asker gets what there is
        finally:
            self._waiting -= 1

    def _is_newest(self, first: int, parent: bytes | None) -> bool:
        head = self._node.head
        return head.height < first and (parent is None or (head.height + 1, head.hash) == (first, parent))

    def _endpoint(self, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                self._node.renew()
                content: bytes = msgpack.packb(await answer(request))
            except Refusal as refusal:
                return JSONResponse(refusal_json(refusal), _STATUS.get(refusal.code, 400))
            except StoreFailed as error:  # it may have misled others already
                self._on_damage(error)
                stopped = Refusal(Refused.STOPPED, "the node has stopped after a failure")
                return JSONResponse(refusal_json(stopped), _STATUS[Refused.STOPPED])
            return Response(content, media_type=MSGPACK)

        return endpoint


def state_entries(store: Reader, height: int, after: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The state after the block at a height in the order of its keys, behind a key. Raises `Refusal` NotFound, Pruned, and
    `StoreFailed`.
    """
    old = {} if height == store.height() else store.at(height).changes()
    gone = sorted((key, value) for key, value in old.items() if key > after and value is not None)
    kept = ((key, value) for key, value in store.entries_after(after) if key not in old)
    return merge(gone, kept)


def _number(request: Request, name: str, low: int, high: int, default: int | None = None) -> int:
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    if not (text and text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
        raise Refusal(Refused.BAD_REQUEST, f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _bytes(request: Request, name: str, most: int) -> bytes | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not 0 < len(found) <= most:
        raise Refusal(Refused.BAD_REQUEST, f"{name} must be hexadecimal, of 1 to {most} bytes")
    return found
