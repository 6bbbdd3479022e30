"""Transactions that wait for a block: in which order they come, how many may wait, and who leaves when there is no room.

Every lane of a sender is kept in its sequence: *ready* as far as no sequence is missing, *queued* behind a gap. Blocks take ready
ones, dearest first, of one price the longest ready first. No step is linear in what waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chain.node import pool_refusals as no
from chain.node.agenda import Agenda, Expiries
from chain.node.pool_accounts import Accounts
from chain.node.pool_lane import ARRIVAL, WAITING, WORTH, Lane, Queued
from chain.node.pool_order import Heads, Tails, in_order
from chain.node.waiting import Departure, Placed, Waiting
from chain.primitives.limits import (
    POOL_BYTES_MAX,
    POOL_LOOK_AHEAD_MAX,
    POOL_QUEUED_MAX,
    POOL_QUEUED_MS_MAX,
    POOL_QUEUED_PER_SENDER_MAX,
    POOL_SHARES,
    POOL_TRANSACTIONS_MAX,
)
from chain.primitives.refusal import Refusal


class Counts(NamedTuple):
    """How many are ready, queued behind a gap, and taken for a block that is not committed yet; and the bytes of all."""

    ready: int
    queued: int
    taken: int
    size_bytes: int


class Pool:
    """What waits. Whoever leaves without a block, and why, stands in `departed` until that is called."""

    def __init__(
        self,
        transactions_max: int = POOL_TRANSACTIONS_MAX,
        bytes_max: int = POOL_BYTES_MAX,
        *,
        shares: int = POOL_SHARES,
        look_ahead_max: int = POOL_LOOK_AHEAD_MAX,
        queued_max: int = POOL_QUEUED_MAX,
        queued_per_sender_max: int = POOL_QUEUED_PER_SENDER_MAX,
        queued_ms_max: int = POOL_QUEUED_MS_MAX,
    ) -> None:
        self._transactions_max = transactions_max
        self._bytes_max = bytes_max
        self._half_transactions, self._half_bytes = transactions_max // 2, bytes_max // 2
        self._look_ahead_max = look_ahead_max
        self._queued_max = queued_max
        self._queued_per_sender_max = queued_per_sender_max
        self._queued_ms_max = queued_ms_max
        self._waiting: dict[bytes, Waiting] = {}
        self._lanes: dict[tuple[bytes, int], Lane] = {}
        self._accounts = Accounts(max(1, transactions_max // shares), bytes_max // shares)
        self._heads, self._tails = Heads(), Tails()
        self._heights, self._times = Expiries(self._waiting), Expiries(self._waiting)
        self._deadlines = Agenda(self._keeps_queued)
        self._bytes = self._queued = self._queued_bytes = self._taken = 0
        self._arrivals = self._now_ms = 0
        self._gone: list[Departure] = []

    # What is there.

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._waiting

    @property
    def ready(self) -> int:
        """How many the next block could take."""
        return len(self._waiting) - self._queued - self._taken

    def counts(self) -> Counts:
        """The pool in numbers."""
        return Counts(self.ready, self._queued, self._taken, self._bytes)

    @property
    def arrivals(self) -> int:
        """How many have become ready so far; each has the number that it brought this to."""
        return self._arrivals

    def oldest(self) -> int | None:
        """The number (see `arrivals`) of one that came first of all that wait, None if none does or it waits behind a gap."""
        first = next(iter(self._waiting.values()), None)
        entry = None if first is None else self._lanes[first.sender, first.lane].ready.get(first.sequence)
        return None if entry is None else entry[ARRIVAL]

    def senders(self) -> dict[bytes, int]:
        """How many wait of each sender."""
        found: dict[bytes, int] = {}
        for (sender, _), lane in self._lanes.items():
            found[sender] = found.get(sender, 0) + len(lane.ready) + len(lane.queued)
        return found

    def reserved(self, payer: bytes) -> int:
        """Minor units that the fees of all that waits may take from a wallet."""
        account = self._accounts.find(payer)
        return 0 if account is None else account.reserved

    def at(self, sender: bytes, lane: int, sequence: int) -> Waiting | None:
        """Who waits at a place: the one that a newcomer there would replace."""
        found = self._lanes.get((sender, lane))
        return None if found is None else found.at(sequence)

    def next_sequence(self, sender: bytes, lane: int, after: int) -> int:
        """The first sequence from the state's next, `after`, on that is missing in a lane."""
        found = self._lanes.get((sender, lane))
        return after if found is None or found.end < after else found.end

    def in_order(self) -> list[Waiting]:
        """The ready ones in the order in which blocks will take them."""
        return in_order(self._lanes.values())

    def queued(self) -> list[Waiting]:
        """Those behind a gap, lane by lane in sequence."""
        return [lane.queued[sequence].waiting for lane in self._lanes.values() for sequence in sorted(lane.queued)]

    def departed(self) -> list[Departure]:
        """Those that have left without a block since the last call: each is told once."""
        gone, self._gone = self._gone, []
        return gone

    # Coming.

    def check(self, waiting: Waiting, next_sequence: int) -> None:
        """That `add` would take it: the cheap part of admission, to be asked before the dear one. Raises `Refusal` as `add`."""
        if waiting.identity not in self._waiting:
            self._check(waiting, self._lanes.get((waiting.sender, waiting.lane)), next_sequence)

    def add(self, waiting: Waiting, next_sequence: int, now_ms: int) -> None:
        """Take an admitted transaction. `next_sequence` is the state's for its lane, without those that wait.

        Taking one twice is fine. Raises `Refusal` SequenceUsed (also for a replacement that is too cheap), SequenceAhead,
        SenderFull, PayerFull, PoolFull; the pool is then as before.
        """
        if waiting.identity in self._waiting:
            return
        place, sequence = (waiting.sender, waiting.lane), waiting.sequence
        lane = self._lanes.get(place)
        if now_ms != self._now_ms:
            self._now_ms = max(self._now_ms, now_ms)
        if lane is not None and lane.next != next_sequence:
            assert lane.next < next_sequence, "the state has gone back, and the pool has not been told by `clear`"
            self._advance(lane, next_sequence)
            self._forget_if_empty(place, lane)
            lane = self._lanes.get(place)
        if lane is None or sequence != lane.end or self._is_past_half(waiting.size_bytes):
            victims = self._check(waiting, lane, next_sequence)
            if victims is not None:
                self._make_room(waiting, victims)
            if lane is None or lane.empty():
                lane = self._lanes[place] = Lane(next_sequence, self._accounts.of(waiting.sender))
            elif sequence < lane.end or sequence in lane.queued:
                self._replace(lane, waiting)
                return
        self._remember(lane, waiting)
        if sequence == lane.end:
            self._place(lane, waiting)
            if lane.queued:
                self._promote(lane)
        else:
            self._queue(lane, waiting, self._now_ms + self._queued_ms_max)

    def _check(self, waiting: Waiting, lane: Lane | None, next_sequence: int) -> list[Waiting] | None:
        """None if there is room for it; else the ready ones that would have to make room once all queued ones have left. Raises
        `Refusal`.
        """
        sequence = waiting.sequence
        missing = next_sequence if lane is None or lane.end < next_sequence else lane.end
        if sequence != missing:
            if sequence < next_sequence:
                raise no.sequence_used(waiting, missing)
            old = None if lane is None else lane.at(sequence)
            if lane is not None and old is not None:
                self._check_replacement(lane, old, waiting)
                return None
            self._check_queue(waiting, missing)
        if self._is_past_half(waiting.size_bytes):
            self._accounts.check_shares(waiting)
        if len(self._waiting) < self._transactions_max and self._bytes + waiting.size_bytes <= self._bytes_max:
            return None
        if sequence != missing:
            raise no.pool_full(None)
        return self._victims(waiting, lane)

    def _check_replacement(self, lane: Lane, old: Waiting, waiting: Waiting) -> None:
        if old.sequence < lane.first:
            raise no.place_taken(old, lane.end)
        if waiting.gas_price < no.replacement_price_min(old):
            raise no.too_cheap_to_replace(old, lane.end)
        if waiting.payer == old.payer and waiting.size_bytes <= old.size_bytes:
            return
        if self._is_past_half(waiting.size_bytes):
            self._accounts.check_shares(waiting, old)
        if self._bytes - old.size_bytes + waiting.size_bytes > self._bytes_max:
            raise no.pool_full(None)

    def _check_queue(self, waiting: Waiting, missing: int) -> None:
        if waiting.sequence > missing + self._look_ahead_max:
            raise no.too_far_ahead(waiting, missing, self._look_ahead_max)
        account = self._accounts.find(waiting.sender)
        if account is not None and account.queued >= self._queued_per_sender_max:
            raise no.queue_full(waiting, missing, "of this wallet")
        if self._queued >= self._queued_max:
            raise no.queue_full(waiting, missing, "of all wallets")

    def _is_past_half(self, size_bytes: int) -> bool:
        """Whether more than half the pool is used with one more of this size."""
        return len(self._waiting) >= self._half_transactions or self._bytes + size_bytes > self._half_bytes

    def _victims(self, waiting: Waiting, lane: Lane | None) -> list[Waiting]:
        """The ready ones that leave for a ready newcomer to a full pool, once all queued ones have left. Raises `Refusal`
        PoolFull if they are not all cheaper.
        """
        transactions = len(self._waiting) + 1 - self._transactions_max - self._queued
        size_bytes = self._bytes + waiting.size_bytes - self._bytes_max - self._queued_bytes
        if transactions <= 0 and size_bytes <= 0:
            return []
        found = self._tails.cheapest(self._lanes.values(), transactions, size_bytes)
        if found is None:
            raise no.pool_full(None)
        victims, worth = found
        bid = waiting.gas_price if lane is None else lane.worth(waiting.gas_price)
        if bid <= worth:
            raise no.pool_full(worth + 1 if lane is None or lane.worth(worth + 1) > worth else None)
        return victims

    def _make_room(self, waiting: Waiting, victims: list[Waiting]) -> None:
        while self._queued and (
            victims or len(self._waiting) >= self._transactions_max or self._bytes + waiting.size_bytes > self._bytes_max
        ):
            soonest = self._deadlines.soonest()
            assert soonest is not None
            place = self._waiting[soonest].sender, self._waiting[soonest].lane
            lane = self._lanes[place]
            self._depart_queued(lane, max(lane.queued), no.evicted(waiting))
            self._forget_if_empty(place, lane)
        for victim in victims:
            self._gone.append(Departure(victim, no.evicted(waiting)))
        self._remove(victims)

    def _replace(self, lane: Lane, waiting: Waiting) -> None:
        old = lane.at(waiting.sequence)
        assert old is not None
        self._remember(lane, waiting)
        self._forget(lane, old)
        self._gone.append(Departure(old, no.replaced(waiting)))
        queued = lane.queued.get(waiting.sequence)
        if queued is None:
            self._place(lane, waiting)
        else:
            lane.queued[waiting.sequence] = Queued(queued.deadline_ms, waiting)
            self._deadlines.add(queued.deadline_ms, waiting.identity, self._queued)
            self._queued_bytes += waiting.size_bytes - old.size_bytes

    # Into a block.

    def take(self) -> Waiting | None:
        """The next one for the block under construction, or None. It goes on waiting until `included`, `release` or `refuse`."""
        waiting = self._heads.take()
        if waiting is not None:
            self._taken += 1
        return waiting

    def release(self, waiting: Waiting) -> None:
        """The block has no room for one that was taken: it, and what was taken after it of its lane, may be taken again."""
        lane = self._lanes.get((waiting.sender, waiting.lane))
        if lane is None or lane.at(waiting.sequence) != waiting or waiting.sequence >= lane.first:
            return
        self._taken -= lane.first - waiting.sequence
        lane.first = waiting.sequence
        self._offer(lane)
        self._tails.offer(lane.tail(), len(self._waiting))

    def refuse(self, waiting: Waiting) -> None:
        """One that was taken may be in no block: it leaves, and what it is told is the caller's business."""
        if self._waiting.get(waiting.identity) is waiting:
            self._remove([waiting])

    def included(self, placed: Iterable[Placed]) -> None:
        """These are in a block, whoever made it. Others at their places leave."""
        for one in placed:
            place = one.sender, one.lane
            lane, sequence = self._lanes.get(place), one.sequence
            if lane is None or sequence < lane.next:
                continue
            entry = lane.ready.get(sequence)
            if sequence == lane.next < lane.first and entry is not None and entry[WAITING].identity == one.identity:
                del lane.ready[sequence]  # the usual case, cut short: it is the first that was taken
                lane.next = sequence + 1
                self._taken -= 1
                self._forget(lane, entry[WAITING])
            else:
                self._advance(lane, sequence + 1, one.identity)
            if not lane.ready and not lane.queued:
                del self._lanes[place]

    # Leaving.

    def expire(self, height: int, now_ms: int) -> None:
        """Let go who may not be in the next block, of this height and at this time or later, and who waits too long for a gap to
        close.
        """
        self._now_ms = max(self._now_ms, now_ms)
        leaving: dict[bytes, Waiting] = {}
        for expiries, before in ((self._heights, height), (self._times, now_ms)):
            for when, identity in expiries.due(before):
                waiting = self._waiting[identity]
                if waiting.sequence < self._lanes[waiting.sender, waiting.lane].first:
                    expiries.add(when, identity, len(self._waiting))  # the block that has taken it decides
                else:
                    leaving[identity] = waiting
        self._gone += [Departure(waiting, no.expired(waiting, height, now_ms)) for waiting in leaving.values()]
        self._remove(leaving.values())
        for _, identity in self._deadlines.due(now_ms):
            waiting = self._waiting[identity]
            place = waiting.sender, waiting.lane
            lane = self._lanes[place]
            self._depart_queued(lane, waiting.sequence, no.gap_stayed(waiting, lane.end, self._queued_ms_max))
            self._forget_if_empty(place, lane)

    def drop(self, identity: bytes) -> bool:
        """Take one out. False if it does not wait, or if a block has taken it."""
        waiting = self._waiting.get(identity)
        if waiting is None or waiting.sequence < self._lanes[waiting.sender, waiting.lane].first:
            return False
        self._gone.append(Departure(waiting, no.dropped()))
        self._remove([waiting])
        return True

    def drop_all(self) -> int:
        """Take all out that no block has taken, and say how many."""
        leaving = [
            waiting for waiting in self._waiting.values() if waiting.sequence >= self._lanes[waiting.sender, waiting.lane].first
        ]
        self._gone += [Departure(waiting, no.dropped()) for waiting in leaving]
        self._remove(leaving)
        return len(leaving)

    def clear(self) -> list[Waiting]:
        """Empty the pool and tell nobody: what waited, for `add` to take again in this order when the state has gone back."""
        ready = sorted((entry[ARRIVAL], entry[WAITING]) for lane in self._lanes.values() for entry in lane.ready.values())
        waiting = [one for _, one in ready] + self.queued()
        self._waiting.clear()
        self._lanes.clear()
        self._accounts.clear()
        self._heads.clear()
        self._tails.clear()
        self._heights.clear()
        self._times.clear()
        self._deadlines.clear()
        self._bytes = self._queued = self._queued_bytes = self._taken = 0
        return waiting

    # Within.

    def _remember(self, lane: Lane, waiting: Waiting) -> None:
        self._waiting[waiting.identity] = waiting
        size_bytes, account = waiting.size_bytes, lane.account
        self._bytes += size_bytes
        account.transactions += 1
        account.size_bytes += size_bytes
        if waiting.payer != waiting.sender:
            account = self._accounts.of(waiting.payer)
            account.transactions += 1
            account.size_bytes += size_bytes
        account.reserved += waiting.fee_max
        height, time_ms = waiting.expiry_height, waiting.expiry_ms
        if height is not None:
            self._heights.add(height, waiting.identity, len(self._waiting))
        if time_ms is not None:
            self._times.add(time_ms, waiting.identity, len(self._waiting))

    def _forget(self, lane: Lane, waiting: Waiting) -> None:
        del self._waiting[waiting.identity]
        size_bytes, account, payer = waiting.size_bytes, lane.account, waiting.payer
        self._bytes -= size_bytes
        account.transactions -= 1
        account.size_bytes -= size_bytes
        if payer != waiting.sender:
            if not account.transactions:
                self._accounts.close(waiting.sender)
            account = self._accounts.of(payer)
            account.transactions -= 1
            account.size_bytes -= size_bytes
        account.reserved -= waiting.fee_max
        if not account.transactions:
            self._accounts.close(payer)

    def _forget_if_empty(self, place: tuple[bytes, int], lane: Lane) -> None:
        if lane.empty():
            self._lanes.pop(place, None)

    def _promote(self, lane: Lane) -> None:
        """What was missing may be there: those that waited for it are ready."""
        while lane.end in lane.queued:
            self._place(lane, self._unqueue(lane, lane.end))

    def _place(self, lane: Lane, waiting: Waiting) -> None:
        """Put it among the ready ones: at their end, or where another was."""
        self._arrivals += 1
        sequence, gas_price = waiting.sequence, waiting.gas_price
        worth, ready, first = gas_price, lane.ready, lane.first
        if sequence != first:
            before = ready[sequence - 1][WORTH]
            worth = before if before < gas_price else gas_price  # `min` takes three times as long
        entry = ready[sequence] = (-gas_price, self._arrivals, worth, waiting, lane)
        if sequence == lane.end:
            lane.end = sequence + 1
        if sequence == first:
            self._heads.offer(entry, self._lanes.values(), len(self._waiting))
        if self._tails.used:
            self._tails.offer(entry, len(self._waiting))

    def _offer(self, lane: Lane) -> None:
        head = lane.head()
        if head is not None:
            self._heads.offer(head, self._lanes.values(), len(self._waiting))

    def _queue(self, lane: Lane, waiting: Waiting, deadline_ms: int) -> None:
        lane.queued[waiting.sequence] = Queued(deadline_ms, waiting)
        self._queued += 1
        self._queued_bytes += waiting.size_bytes
        lane.account.queued += 1
        self._deadlines.add(deadline_ms, waiting.identity, self._queued)

    def _unqueue(self, lane: Lane, sequence: int) -> Waiting:
        waiting = lane.queued.pop(sequence).waiting
        self._queued -= 1
        self._queued_bytes -= waiting.size_bytes
        lane.account.queued -= 1
        return waiting

    def _depart_queued(self, lane: Lane, sequence: int, refusal: Refusal) -> None:
        waiting = self._unqueue(lane, sequence)
        self._forget(lane, waiting)
        self._gone.append(Departure(waiting, refusal))

    def _advance(self, lane: Lane, next_sequence: int, identity: bytes | None = None) -> None:
        """The state's next sequence is past what the lane knows: who has an earlier one leaves, `identity` without being told."""
        taken = lane.first - lane.next
        passed = [lane.ready.pop(sequence)[WAITING] for sequence in range(lane.next, min(next_sequence, lane.end))]
        passed += [self._unqueue(lane, sequence) for sequence in sorted(lane.queued) if sequence < next_sequence]
        for waiting in passed:
            self._forget(lane, waiting)
            if waiting.identity != identity:
                self._gone.append(Departure(waiting, no.sequence_used(waiting, next_sequence)))
        lane.next = next_sequence
        lane.first = max(lane.first, next_sequence)
        lane.end = max(lane.end, next_sequence)
        self._taken += lane.first - lane.next - taken
        self._offer(lane)
        self._promote(lane)

    def _remove(self, leaving: Iterable[Waiting]) -> None:
        """Take some out; what stood behind them in their lanes is not ready any more."""
        cuts: dict[tuple[bytes, int], int] = {}
        lanes: dict[tuple[bytes, int], Lane] = {}
        for waiting in leaving:
            place, sequence = (waiting.sender, waiting.lane), waiting.sequence
            lane = lanes[place] = self._lanes[place]
            if lane.ready.pop(sequence, None) is None:
                self._unqueue(lane, sequence)
            else:
                cuts[place] = min(sequence, cuts.get(place, sequence))
            self._forget(lane, waiting)
        for place, sequence in cuts.items():
            self._cut(lanes[place], sequence)
        for place, lane in lanes.items():
            self._forget_if_empty(place, lane)

    def _cut(self, lane: Lane, missing: int) -> None:
        """A ready one is missing now: those behind it are queued as far as the limits of the queue go."""
        taken, end = lane.first - lane.next, lane.end
        lane.end = missing
        lane.first = min(lane.first, missing)
        self._taken += lane.first - lane.next - taken
        for sequence in sorted(lane.queued):
            if sequence > missing + self._look_ahead_max:
                self._depart_queued(lane, sequence, no.gap_opened(lane.queued[sequence].waiting, missing))
        for sequence in range(missing + 1, end):
            entry = lane.ready.pop(sequence, None)
            if entry is not None:
                self._demote(lane, entry[WAITING], missing)
        self._tails.offer(lane.tail(), len(self._waiting))

    def _demote(self, lane: Lane, waiting: Waiting, missing: int) -> None:
        try:
            self._check_queue(waiting, missing)
        except Refusal:
            self._forget(lane, waiting)
            self._gone.append(Departure(waiting, no.gap_opened(waiting, missing)))
        else:
            self._queue(lane, waiting, self._now_ms + self._queued_ms_max)

    def _keeps_queued(self, deadline_ms: int, identity: bytes) -> bool:
        waiting = self._waiting.get(identity)
        if waiting is None:
            return False
        queued = self._lanes[waiting.sender, waiting.lane].queued.get(waiting.sequence)
        return queued is not None and queued.deadline_ms == deadline_ms
