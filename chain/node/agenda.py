"""When somebody who waits must leave: by height, by time, by age.

Nothing is taken out when one leaves before its time. What holds no more is passed over when its time comes, and thrown away when
it is the greater part: so space stays in proportion to what waits, and an entry costs the same whatever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from heapq import heapify, heappop, heappush

_STALE_MIN = 64  # entries that hold no more before it is worth throwing them away


class Expiries:
    """Identities by their last height or time. Many have the same one, so only different ones are kept in order."""

    def __init__(self, waiting: Container[bytes]) -> None:
        """An entry holds while its identity is in `waiting`."""
        self._waiting = waiting
        self._identities: dict[int, list[bytes]] = {}
        self._whens: list[int] = []
        self._entries = 0

    def __len__(self) -> int:
        return self._entries

    def add(self, when: int, identity: bytes, waiting: int) -> None:
        """Note one of at most `waiting` entries that can hold."""
        found = self._identities.get(when)
        if found is None:
            self._identities[when] = [identity]
            heappush(self._whens, when)
        else:
            found.append(identity)
        self._entries += 1
        if self._entries > 2 * waiting + _STALE_MIN:
            self._throw_away()

    def due(self, before: int) -> list[tuple[int, bytes]]:
        """Take the entries under `before` that still hold, soonest first."""
        found = []
        while self._whens and self._whens[0] < before:
            when = heappop(self._whens)
            identities = self._identities.pop(when)
            self._entries -= len(identities)
            found += [(when, identity) for identity in sorted(set(identities)) if identity in self._waiting]
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._identities.clear()
        self._whens.clear()
        self._entries = 0

    def _throw_away(self) -> None:
        kept = {when: [i for i in found if i in self._waiting] for when, found in self._identities.items()}
        self._identities = {when: found for when, found in kept.items() if found}
        self._entries = sum(map(len, self._identities.values()))
        self._whens = sorted(self._identities)


class Agenda:
    """Identities by the time at which the pool gives up on them."""

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
