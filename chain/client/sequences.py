"""Sequence numbers counted here, so that many transactions of one wallet can be under way at once.

Safe is to sign again what takes the *same* sequence number, since one of the two can be executed at most, or what had a number
that is used up. Nothing else is ever signed a second time: the first signature might still be executed.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """Where a transaction stands: a lane, and a sequence number in it."""

    lane: int
    sequence: int


@dataclass(slots=True)
class _Lane:
    next: int | None = None  # None: the node is to be asked
    under_way: set[int] = field(default_factory=set)
    freed: list[int] = field(default_factory=list)  # a heap: numbers of what was refused, for the next ones


class Sequences:
    """The lanes of all wallets that one client sends for. May be shared by threads."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[bytes, int], _Lane] = {}
        self._lock = threading.Lock()

    def quietest(self, wallet: bytes, lanes: Sequence[int]) -> int:
        """Of a wallet's lanes the one with the fewest transactions under way."""
        with self._lock:
            return min(lanes, key=lambda lane: len(self._lane(wallet, lane).under_way))

    def take(self, wallet: bytes, lane: int) -> Place | None:
        """The next place in a lane, counted as under way until `settle`; None if the node is to be asked first (`learn`)."""
        with self._lock:
            state = self._lane(wallet, lane)
            if state.freed:
                sequence = heapq.heappop(state.freed)
            elif state.next is None:
                return None
            else:
                sequence, state.next = state.next, state.next + 1
            state.under_way.add(sequence)
            return Place(lane, sequence)

    def learn(self, wallet: bytes, lane: int, told: int) -> None:
        """The node's next sequence number. What is under way the node may not know yet, so a count never goes back."""
        with self._lock:
            state = self._lane(wallet, lane)
            state.next = told if state.next is None else max(state.next, told)
            state.freed = [number for number in state.freed if number >= told]
            heapq.heapify(state.freed)

    def forget(self, wallet: bytes, lane: int) -> None:
        """Have the node asked again, unless something is under way."""
        with self._lock:
            state = self._lane(wallet, lane)
            if not state.under_way:
                state.next, state.freed = None, []

    def settle(self, wallet: bytes, place: Place, *, free: bool = False, doubtful: bool = False) -> None:
        """A transaction is no longer under way. `free`: it was refused and its number is for the next one. `doubtful`: nobody
        knows; the node is asked again once nothing else is under way in its lane.
        """
        with self._lock:
            state = self._lane(wallet, place.lane)
            state.under_way.discard(place.sequence)
            if free:
                heapq.heappush(state.freed, place.sequence)
            if (doubtful or free) and not state.under_way:
                state.next, state.freed = None, []

    def reclaim(self, wallet: bytes, place: Place) -> bool:
        """Take back a freed place that others wait behind, unless somebody has taken it; it is under way then."""
        with self._lock:
            state = self._lane(wallet, place.lane)
            wanted = place.sequence in state.freed and any(number > place.sequence for number in state.under_way)
            if wanted:
                state.freed.remove(place.sequence)
                heapq.heapify(state.freed)
                state.under_way.add(place.sequence)
            return wanted

    def may_go(self, wallet: bytes, place: Place) -> bool:
        """Whether something before a place is under way, or free for the next one, so that a gap before it may be filled."""
        with self._lock:
            state = self._lane(wallet, place.lane)
            return any(number < place.sequence for number in (*state.under_way, *state.freed))

    def _lane(self, wallet: bytes, lane: int) -> _Lane:
        return self._lanes.setdefault((wallet, lane), _Lane())
