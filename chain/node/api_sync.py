"""Operations by which other nodes fetch in bulk, answered in msgpack: blocks with their certificates, and the whole state.

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
from collections.abc import Iterator
from heapq import merge
from itertools import islice

import msgpack

from chain.node.api_ledger import OLD_HEIGHT, old_state
from chain.node.batch import MSGPACK
from chain.node.operation import Operation, Query, Raw
from chain.node.parameters import HEIGHT, IDENTITY, Parameter, hexadecimal, number
from chain.node.questions import Questions
from chain.primitives.header import Header
from chain.primitives.limits import (
    COPY_PAGE_ENTRIES_MAX,
    PAGE_BYTES_MAX,
    SUBSCRIPTION_POLL_MS,
    SYNC_BLOCKS_MAX,
    SYNC_WAIT_SECONDS_MAX,
    SYNC_WAITING_MAX,
)
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.reader import Reader

_KEY_BYTES_MAX = 510  # of LMDB, and one more of the key from which is read on
_GONE = (Refused.NOT_FOUND, Refused.PRUNED)


class SyncApi:
    """The answers."""

    def __init__(self, node: Questions) -> None:
        self._node = node
        self._waiting = 0
        limit, wait = number(1, SYNC_BLOCKS_MAX), number(0, SYNC_WAIT_SECONDS_MAX)
        self.operations = (
            Operation(
                *("GET", "/v1/sync/blocks", "sync_blocks", "Blocks from a height on, with their certificates.", self.blocks),
                parameters=(
                    Parameter("from", HEIGHT, "The height of the first.", 1, required=True),
                    Parameter("parent", IDENTITY, "The hash of the block before it, as far as it is known."),
                    Parameter("wait", wait, "Seconds to wait until there is one, or another parent.", 0, default=0),
                    Parameter("limit", limit, "At most so many.", SYNC_BLOCKS_MAX, default=SYNC_BLOCKS_MAX),
                ),
                refusals=_GONE,
                packed="[height of the head, hash of the head, [[block, certificate or nil]…]]",
            ),
            Operation(
                *("GET", "/v1/sync/state", "sync_state", "The state after a block, in the order of its keys.", self.state),
                parameters=(
                    OLD_HEIGHT,
                    Parameter("after", hexadecimal(1, _KEY_BYTES_MAX), "The last key of the page before, if there was one."),
                ),
                refusals=_GONE,
                packed="[header, certificate or nil, [[key, value]…], last key or nil if there is no more]",
            ),
        )

    async def blocks(self, query: Query) -> Raw:
        """See the table."""
        first = query["from"]
        await self._wait(first, query["parent"], query["wait"])
        head, store = self._node.head, self._node.store
        found = []
        size = 0
        for height in range(first, min(head.height, first + query["limit"] - 1) + 1):
            block, certificate = store.block(height), store.certificate(height)
            if block is None:
                raise StoreFailed(f"block {height} is missing")
            found.append((block, certificate))
            size += len(block)
            if size >= PAGE_BYTES_MAX:
                break
        return _packed(head, (head.height, head.hash, found))

    async def state(self, query: Query) -> Raw:
        """See the table."""
        old = await old_state(self._node, query["height"])
        store, header = self._node.store, self._node.head if old is None else old[1]
        found = []
        size = 0
        for key, value in islice(state_entries(store, header.height, query["after"] or b""), COPY_PAGE_ENTRIES_MAX):
            found.append((key, value))
            size += len(key) + len(value)
            if size >= PAGE_BYTES_MAX:
                break
        more = len(found) == COPY_PAGE_ENTRIES_MAX or size >= PAGE_BYTES_MAX
        last = found[-1][0] if more else None
        return _packed(header, (header.encoded, store.certificate(header.height), found, last))

    async def _wait(self, first: int, parent: bytes | None, seconds: int) -> None:
        """Until there is a block at a height, or the head is another than the asker's, or time is up."""
        if not seconds or not self._is_newest(first, parent):
            return
        if self._waiting >= SYNC_WAITING_MAX:
            raise Refusal(Refused.BUSY, f"{SYNC_WAITING_MAX} wait for the next block already")
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


def state_entries(store: Reader, height: int, after: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The state after the block at a height in the order of its keys, behind a key. Raises `Refusal` NotFound, Pruned, and
    `StoreFailed`.
    """
    old = {} if height == store.height() else store.at(height).changes()
    gone = sorted((key, value) for key, value in old.items() if key > after and value is not None)
    kept = ((key, value) for key, value in store.entries_after(after) if key not in old)
    return merge(gone, kept)


def _packed(header: Header, content: object) -> Raw:
    """An answer in msgpack, of the state of a header."""
    return Raw(msgpack.packb(content), header, MSGPACK)
