"""When somebody who waits must leave: by height, by time, by age."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

_STALE_MIN = 64  # entries that nobody needs any more before it is worth making the heap anew


class Agenda:
    """Identities by the number (height or ms) at which each is due.

    Nothing is taken out when one leaves before its time: `keeps` says whether an entry still holds, and the heap is made anew
    when most entries do not. So an entry costs O(log n) once, and space stays in proportion to what waits.
    """

    def __init__(self, keeps: Callable[[int, bytes], bool]) -> None:
        """`keeps(when, identity)`: whether that entry still holds."""
        self._keeps = keeps
        self._heap: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, when: int, identity: bytes, waiting: int) -> None:
        """Note one of at most `waiting` entries that can hold."""
        heappush(self._heap, (when, identity))
        if len(self._heap) > 2 * waiting + _STALE_MIN:
            self._heap = [entry for entry in self._heap if self._keeps(*entry)]
            heapify(self._heap)

    def due(self, before: int) -> list[tuple[int, bytes]]:
        """Take the entries under `before` that still hold, soonest first."""
        heap = self._heap
        found = []
        while heap and heap[0][0] < before:
            entry = heappop(heap)
            if self._keeps(*entry):
                found.append(entry)
        return found

    def soonest(self) -> bytes | None:
        """The identity of the soonest entry that still holds, or None. It stays."""
        heap = self._heap
        while heap and not self._keeps(*heap[0]):
            heappop(heap)
        return heap[0][1] if heap else None

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
