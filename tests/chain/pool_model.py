"""The pool as its rules read, with a list and loops, to hold the real one against."""

from __future__ import annotations

from dataclasses import dataclass

from chain.node.waiting import Waiting
from chain.primitives.refusal import Refused

Place = tuple[bytes, int]


@dataclass
class Item:
    """One that waits: `since` numbers the moment in which it became ready, None while it is queued until `deadline_ms`."""

    waiting: Waiting
    since: int | None = None
    worth: int = 0
    deadline_ms: int = 0
    taken: bool = False

    @property
    def place(self) -> Place:
        """The lane."""
        return self.waiting.sender, self.waiting.lane

    @property
    def sequence(self) -> int:
        """The place within it."""
        return self.waiting.sequence


@dataclass
class Limits:
    """Those of the pool."""

    transactions_max: int
    bytes_max: int
    shares: int
    look_ahead_max: int
    queued_max: int
    queued_per_sender_max: int
    queued_ms_max: int


class Model:
    """Answers are codes of refusals, or None; `gone` maps who left untold to its code."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.items: list[Item] = []
        self.next: dict[Place, int] = {}
        self.gone: dict[bytes, Refused] = {}
        self.arrivals = 0
        self.now_ms = 0

    # Questions.

    def lane(self, place: Place) -> dict[int, Item]:
        return {item.sequence: item for item in self.items if item.place == place}

    def missing(self, place: Place) -> int:
        lane, sequence = self.lane(place), self.next.get(place, 0)
        while sequence in lane and lane[sequence].since is not None:
            sequence += 1
        return sequence

    def queued(self) -> list[Item]:
        return [item for item in self.items if item.since is None]

    def size_bytes(self) -> int:
        return sum(item.waiting.size_bytes for item in self.items)

    def reserved(self, payer: bytes) -> int:
        return sum(item.waiting.fee_max for item in self.items if item.waiting.payer == payer)

    def in_order(self) -> list[Waiting]:
        """Always the best of those that are first in their lanes."""
        free = [item for item in self.items if item.since is not None and not item.taken]
        ordered = []
        while free:
            heads = [item for item in free if all(o.place != item.place or o.sequence >= item.sequence for o in free)]
            best = min(heads, key=lambda item: (-item.waiting.gas_price, item.since))
            ordered.append(best.waiting)
            free.remove(best)
        return ordered

    # Coming.

    def add(self, waiting: Waiting, now_ms: int) -> Refused | None:
        self.now_ms = max(self.now_ms, now_ms)
        if any(item.waiting.identity == waiting.identity for item in self.items):
            return None
        place = waiting.sender, waiting.lane
        missing = self.missing(place)
        old = self.lane(place).get(waiting.sequence)
        if waiting.sequence < self.next.get(place, 0):
            return Refused.SEQUENCE_USED
        if old is not None:
            return self._replace(old, waiting)
        if waiting.sequence != missing and not self._may_queue(waiting, missing):
            return Refused.SEQUENCE_AHEAD
        full = self._over_share(waiting, self.items)
        if full is not None:
            return full
        victims = self._victims(waiting, waiting.sequence == missing)
        if victims is None:
            return Refused.POOL_FULL
        for victim in victims:
            self._leave(victim, Refused.EVICTED)
        item = Item(waiting, deadline_ms=self.now_ms + self.limits.queued_ms_max)
        self.items.append(item)
        if waiting.sequence == missing:
            self._ready(item)
            self._promote(place)
        return None

    def _replace(self, old: Item, waiting: Waiting) -> Refused | None:
        before = old.waiting
        if old.taken or waiting.gas_price <= before.gas_price or waiting.gas_price * 100 < before.gas_price * 110:
            return Refused.SEQUENCE_USED
        if waiting.payer != before.payer or waiting.size_bytes > before.size_bytes:
            full = self._over_share(waiting, [item for item in self.items if item is not old])
            if full is not None:
                return full
            if self.size_bytes() - before.size_bytes + waiting.size_bytes > self.limits.bytes_max:
                return Refused.POOL_FULL
        self.gone[before.identity] = Refused.REPLACED
        old.waiting = waiting
        if old.since is not None:
            self._ready(old)
        return None

    def _over_share(self, waiting: Waiting, others: list[Item]) -> Refused | None:
        limits = self.limits
        size_bytes = self.size_bytes() + waiting.size_bytes
        if len(self.items) + 1 <= limits.transactions_max // 2 and size_bytes <= limits.bytes_max // 2:
            return None
        share = max(1, limits.transactions_max // limits.shares)
        for code, wallet in ((Refused.SENDER_FULL, waiting.sender), (Refused.PAYER_FULL, waiting.payer)):
            mine = [item for item in others if wallet in (item.waiting.sender, item.waiting.payer)]
            size_bytes = sum(item.waiting.size_bytes for item in mine) + waiting.size_bytes
            if mine and (len(mine) >= share or size_bytes > limits.bytes_max // limits.shares):
                return code
        return None

    def _may_queue(self, waiting: Waiting, missing: int) -> bool:
        queued = self.queued()
        mine = [item for item in queued if item.waiting.sender == waiting.sender]
        return (
            waiting.sequence <= missing + self.limits.look_ahead_max
            and len(mine) < self.limits.queued_per_sender_max
            and len(queued) < self.limits.queued_max
        )

    def _fits(self, waiting: Waiting, items: list[Item]) -> bool:
        size_bytes = sum(item.waiting.size_bytes for item in items) + waiting.size_bytes
        return len(items) < self.limits.transactions_max and size_bytes <= self.limits.bytes_max

    def _victims(self, waiting: Waiting, is_ready: bool) -> list[Item] | None:
        victims: list[Item] = []
        left = list(self.items)
        while not self._fits(waiting, left):
            if not is_ready:
                return None
            queued = [item for item in left if item.since is None]
            if queued:
                soonest = min(queued, key=lambda item: (item.deadline_ms, item.waiting.identity))
                victim = max((item for item in queued if item.place == soonest.place), key=lambda item: item.sequence)
            else:
                tails = [i for i in left if not i.taken and all(o.place != i.place or o.sequence <= i.sequence for o in left)]
                if not tails:
                    return None
                victim = min(tails, key=lambda item: (item.worth, -(item.since or 0)))
                if victim.worth >= self._bid(waiting):
                    return None
            left.remove(victim)
            victims.append(victim)
        if any(victim.since is not None for victim in victims):
            victims = self.queued() + [victim for victim in victims if victim.since is not None]
        return victims

    def _bid(self, waiting: Waiting) -> int:
        before = self.lane((waiting.sender, waiting.lane)).get(waiting.sequence - 1)
        return waiting.gas_price if before is None or before.taken else min(waiting.gas_price, before.worth)

    def _ready(self, item: Item) -> None:
        self.arrivals += 1
        item.since = self.arrivals
        item.worth = self._bid(item.waiting)

    def _promote(self, place: Place) -> None:
        while (item := self.lane(place).get(self.missing(place))) is not None:
            self._ready(item)

    # Into a block.

    def take(self) -> Waiting | None:
        ordered = self.in_order()
        for item in self.items:
            if ordered and item.waiting is ordered[0]:
                item.taken = True
        return ordered[0] if ordered else None

    def release(self, waiting: Waiting) -> None:
        for item in self.items:
            if item.place == (waiting.sender, waiting.lane) and item.sequence >= waiting.sequence:
                item.taken = False

    def refuse(self, waiting: Waiting) -> None:
        self._remove([item for item in self.items if item.waiting.identity == waiting.identity], None)

    def included(self, identity: bytes, place: Place, sequence: int) -> None:
        if sequence < self.next.get(place, 0):
            return
        self.next[place] = sequence + 1
        for item in list(self.items):
            if item.place == place and item.sequence <= sequence:
                self._leave(item, None if item.waiting.identity == identity else Refused.SEQUENCE_USED)
        self._promote(place)

    # Leaving.

    def expire(self, height: int, now_ms: int) -> None:
        self.now_ms = max(self.now_ms, now_ms)
        free = [item for item in self.items if not item.taken]
        by_height = [i for i in free if i.waiting.expiry_height is not None and i.waiting.expiry_height < height]
        by_height.sort(key=lambda item: (item.waiting.expiry_height, item.waiting.identity))
        by_time = [i for i in free if i.waiting.expiry_ms is not None and i.waiting.expiry_ms < now_ms and i not in by_height]
        by_time.sort(key=lambda item: (item.waiting.expiry_ms, item.waiting.identity))
        self._remove(by_height + by_time, Refused.EXPIRED)
        for item in self.queued():
            if item.deadline_ms < now_ms:
                self._leave(item, Refused.SEQUENCE_AHEAD)

    def drop(self, identity: bytes) -> bool:
        found = [item for item in self.items if item.waiting.identity == identity and not item.taken]
        self._remove(found, Refused.DROPPED)
        return bool(found)

    def drop_all(self) -> int:
        found = [item for item in self.items if not item.taken]
        self._remove(found, Refused.DROPPED)
        return len(found)

    def clear(self) -> list[Waiting]:
        ready = sorted((item for item in self.items if item.since is not None), key=lambda item: item.since or 0)
        waiting = [item.waiting for item in ready]
        self.items = self.queued()
        queued = [item.waiting for item in self.items]
        self.items = []
        return waiting + queued

    def _leave(self, item: Item, code: Refused | None) -> None:
        self.items.remove(item)
        if code is not None:
            self.gone[item.waiting.identity] = code

    def _remove(self, leaving: list[Item], code: Refused | None) -> None:
        gaps: dict[Place, int] = {}
        for item in leaving:
            self._leave(item, code)
            if item.since is not None:
                gaps[item.place] = min(item.sequence, gaps.get(item.place, item.sequence))
        for place, missing in gaps.items():
            behind = sorted(self.lane(place).items())
            for sequence, item in behind:
                if item.since is None and sequence > missing + self.limits.look_ahead_max:
                    self._leave(item, Refused.SEQUENCE_AHEAD)
            for sequence, item in behind:
                if sequence > missing and item.since is not None:
                    self._demote(item, missing)

    def _demote(self, item: Item, missing: int) -> None:
        if self._may_queue(item.waiting, missing):
            item.since, item.taken, item.deadline_ms = None, False, self.now_ms + self.limits.queued_ms_max
        else:
            self._leave(item, Refused.SEQUENCE_AHEAD)
