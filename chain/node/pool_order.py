"""The two ends of the pool: who comes into a block next, and who makes room when the pool is full."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count

from chain.node.pool_lane import ARRIVAL, LANE, WAITING, WORTH, Lane, Ready
from chain.node.waiting import Waiting

_STALE_MIN = 64  # entries that nobody needs any more before it is worth making a heap anew


class Heads:
    """The first free transaction of each lane, dearest first, of one price the longest ready first. Each step is O(log lanes).

    An entry that is no head any more stays until it comes up or until most entries are like it.
    """

    def __init__(self) -> None:
        self._heap: list[Ready] = []

    def offer(self, entry: Ready, lanes: Iterable[Lane], waiting: int) -> None:
        """A lane has a new head. `lanes` are all there are, with `waiting` transactions in all."""
        heappush(self._heap, entry)
        if len(self._heap) > 2 * waiting + _STALE_MIN:
            self._heap = [head for lane in lanes if (head := lane.head()) is not None]
            heapify(self._heap)

    def take(self) -> Waiting | None:
        """The next transaction; its lane moves on. None if no lane has any."""
        heap = self._heap
        while heap:
            entry = heap[0]
            lane = entry[LANE]
            if not lane.has(lane.first, entry):
                heappop(heap)
                continue
            lane.first += 1
            head = lane.ready.get(lane.first)
            if head is None:
                heappop(heap)
            else:
                heapreplace(heap, head)
            return entry[WAITING]
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()


def in_order(lanes: Iterable[Lane]) -> list[Waiting]:
    """All that `Heads` would give out, one after the other."""
    heap = [head for lane in lanes if (head := lane.head()) is not None]
    heapify(heap)
    ordered = []
    while heap:
        waiting, lane = heap[0][WAITING], heap[0][LANE]
        ordered.append(waiting)
        following = lane.ready.get(waiting.sequence + 1)
        if following is None:
            heappop(heap)
        else:
            heapreplace(heap, following)
    return ordered


class Tails:
    """The last ready transaction of each lane, of least worth first, of one worth the latest first.

    The heap is there only once the pool has been full; stale entries stay in it until it is thrown away and made anew.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Ready]] | None = None
        self._tickets = count()  # an entry may be in the heap twice: lanes are never compared

    @property
    def used(self) -> bool:
        """Whether it needs to be told of new tails."""
        return self._heap is not None

    def offer(self, entry: Ready | None, waiting: int) -> None:
        """A lane has a new tail (or none). The pool has `waiting` transactions."""
        if self._heap is not None and entry is not None:
            heappush(self._heap, self._item(entry))
            if len(self._heap) > 4 * waiting + _STALE_MIN:
                self._heap = None

    def cheapest(self, lanes: Iterable[Lane], transactions: int, size_bytes: int) -> tuple[list[Waiting], int] | None:
        """The tails of least worth that are together so many and so large, and the greatest worth among them. None if all
        are not enough. Nothing changes.
        """
        if self._heap is None:
            self._heap = [self._item(tail) for lane in lanes if (tail := lane.tail()) is not None]
            heapify(self._heap)
        heap, ends = self._heap, dict[Lane, int]()
        found: list[tuple[int, int, int, Ready]] = []
        while heap and (transactions > 0 or size_bytes > 0):
            item = heappop(heap)
            entry = item[3]
            lane, waiting = entry[LANE], entry[WAITING]
            end = ends.get(lane, lane.end)
            if end <= lane.first or not lane.has(end - 1, entry):
                continue
            found.append(item)
            transactions -= 1
            size_bytes -= waiting.size_bytes
            ends[lane] = end - 1
            if end - 1 > lane.first:
                heappush(heap, self._item(lane.ready[end - 2]))
        for item in found:
            heappush(heap, item)
        if transactions > 0 or size_bytes > 0:
            return None
        return [item[3][WAITING] for item in found], max(item[0] for item in found)

    def clear(self) -> None:
        """Forget everything."""
        self._heap = None

    def _item(self, entry: Ready) -> tuple[int, int, int, Ready]:
        return entry[WORTH], -entry[ARRIVAL], next(self._tickets), entry
