"""The pool: order, gaps, shares, replacement, eviction and expiry, each at its limit and one past; and all of it at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from ledger_world import CHAIN_ID
from pool_model import Limits, Model

from chain.node.pool import Counts, Pool
from chain.node.waiting import Waiting
from chain.primitives.limits import POOL_LOOK_AHEAD_MAX, POOL_QUEUED_MS_MAX, POOL_QUEUED_PER_SENDER_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Body, Pay, Transaction

ANN, BEN, CAT, DAN = (bytes([number]) * 32 for number in range(1, 5))
TRANSACTION = Transaction(Body(CHAIN_ID, ANN, 0, 0, 1, 1, 0, (Pay(BEN, "CNY", 1),)))
NUMBERS = count(1)


def waiting(sequence: int = 0, gas_price: int = 0, sender: bytes = ANN, **fields: object) -> Waiting:
    """One of Ann's, of 100 bytes, that never expires, unless told otherwise. Each has its own identity."""
    usual = {"lane": 0, "fee_max": 0, "payer": sender, "size_bytes": 100, "expiry_height": None, "expiry_ms": None}
    identity = next(NUMBERS).to_bytes(32)
    values = {**usual, "identity": identity, "sender": sender, "sequence": sequence, "gas_price": gas_price, **fields}
    return Waiting(transaction=TRANSACTION, **values)  # type: ignore[arg-type]


def fill(pool: Pool, *those: Waiting, next_sequence: int = 0, now_ms: int = 0) -> list[Waiting]:
    """Add them all."""
    for one in those:
        pool.add(one, next_sequence, now_ms)
    return list(those)


def lane_of(number: int, sender: bytes = ANN, gas_price: int = 0, start: int = 0) -> list[Waiting]:
    """So many in sequence."""
    return [waiting(sequence, gas_price, sender) for sequence in range(start, start + number)]


def refusal_of(pool: Pool, one: Waiting, next_sequence: int = 0) -> Refusal:
    """Why it is not taken; nothing is changed by asking or by trying."""
    before = pool.counts(), pool.in_order(), pool.queued(), pool.senders()
    with pytest.raises(Refusal) as asked:
        pool.check(one, next_sequence)
    with pytest.raises(Refusal) as tried:
        pool.add(one, next_sequence, 0)
    assert (asked.value.code, asked.value.data) == (tried.value.code, tried.value.data)
    assert before == (pool.counts(), pool.in_order(), pool.queued(), pool.senders())
    assert pool.departed() == []
    return tried.value


def departed(pool: Pool) -> dict[bytes, Refused]:
    """Who has left since the last time, and why."""
    return {departure.waiting.identity: departure.refusal.code for departure in pool.departed()}


def taken(pool: Pool) -> Iterator[Waiting]:
    """All that blocks would take."""
    while (one := pool.take()) is not None:
        yield one


# Order.


def test_dearer_transactions_go_first_and_equal_ones_as_they_came() -> None:
    """Of four senders, the dearest; of the others with one price, the first that came."""
    pool = Pool()
    a, b, c, d = fill(pool, waiting(0, 5, ANN), waiting(0, 7, BEN), waiting(0, 5, CAT), waiting(0, 9, DAN))
    assert pool.in_order() == list(taken(pool)) == [d, b, a, c]


def test_a_lane_keeps_its_sequence_whatever_its_prices() -> None:
    """A dear transaction behind a cheap one waits for it, and goes at once after it."""
    pool = Pool()
    a0, a1, b0, b1 = fill(pool, waiting(0, 1), waiting(1, 9), waiting(0, 5, BEN), waiting(1, 1, BEN))
    assert list(taken(pool)) == [b0, a0, a1, b1]


def test_a_busy_sender_holds_nobody_up_for_longer_than_it_came_before() -> None:
    """At one price the 101st to come is the 101st to go, though a thousand of the busy sender's wait."""
    pool = Pool()
    fill(pool, *lane_of(100), waiting(0, 0, BEN), *lane_of(900, start=100))
    assert next(number for number, one in enumerate(taken(pool)) if one.sender == BEN) == 100


def test_a_transaction_is_as_old_as_its_readiness() -> None:
    """Who waited behind a gap comes after those that were ready before the gap closed."""
    pool = Pool()
    late, other, first = fill(pool, waiting(1), waiting(0, 0, BEN), waiting(0))
    assert list(taken(pool)) == [other, first, late]


# Gaps.


def test_what_is_behind_a_gap_goes_when_the_gap_closes() -> None:
    """Any order of arrival makes the same lane; the next sequence to send is the missing one."""
    pool = Pool()
    those = lane_of(6)
    fill(pool, *(those[number] for number in (5, 1, 4, 2)))
    assert (pool.ready, pool.next_sequence(ANN, 0, 0), pool.take()) == (0, 0, None)
    fill(pool, those[0])
    assert (pool.in_order(), pool.next_sequence(ANN, 0, 0)) == (those[:3], 3)
    fill(pool, those[3])
    assert list(taken(pool)) == those


def test_a_lane_looks_ahead_so_far_and_no_further() -> None:
    """At the limit it is taken, one past it refused with the range that would be taken."""
    pool = Pool()
    fill(pool, waiting(0))
    refusal = refusal_of(pool, waiting(1 + POOL_LOOK_AHEAD_MAX + 1))
    assert refusal.code is Refused.SEQUENCE_AHEAD
    assert refusal.data == {"next_sequence": 1, "sequence_max": 1 + POOL_LOOK_AHEAD_MAX}
    fill(pool, waiting(1 + POOL_LOOK_AHEAD_MAX))


def test_one_sender_may_queue_so_many_over_all_lanes() -> None:
    """One more is refused, and another sender's is not."""
    pool = Pool()
    lanes = POOL_QUEUED_PER_SENDER_MAX // 64
    fill(pool, *(waiting(sequence, lane=lane) for lane in range(lanes) for sequence in range(1, 65)))
    assert refusal_of(pool, waiting(1, lane=lanes)).code is Refused.SEQUENCE_AHEAD
    fill(pool, waiting(1, 0, BEN))


def test_all_senders_may_queue_so_many() -> None:
    """One more is refused whose ever it is; a ready one is not."""
    pool = Pool(queued_max=2)
    fill(pool, waiting(1), waiting(1, 0, BEN))
    assert refusal_of(pool, waiting(1, 0, CAT)).code is Refused.SEQUENCE_AHEAD
    fill(pool, waiting(0, 0, CAT))


def test_nobody_waits_for_a_gap_to_close_for_ever() -> None:
    """At the last moment it still waits; a millisecond later it leaves and is told what was missing."""
    pool = Pool()
    (one,) = fill(pool, waiting(1), now_ms=1_000)
    pool.expire(1, 1_000 + POOL_QUEUED_MS_MAX)
    assert one.identity in pool
    pool.expire(1, 1_000 + POOL_QUEUED_MS_MAX + 1)
    (departure,) = pool.departed()
    assert (departure.waiting, departure.refusal.code) == (one, Refused.SEQUENCE_AHEAD)
    assert departure.refusal.data == {"next_sequence": 0}
    assert len(pool) == 0


def test_who_stands_behind_one_that_left_is_queued_as_far_as_a_lane_looks_ahead() -> None:
    """The near ones wait for the gap to close, the far ones are told that it has opened."""
    pool = Pool(look_ahead_max=3)
    those = fill(pool, *lane_of(10))
    assert pool.drop(those[2].identity)
    assert pool.in_order() == those[:2]
    assert pool.queued() == those[3:6]
    assert departed(pool) == {
        those[2].identity: Refused.DROPPED,
        **{one.identity: Refused.SEQUENCE_AHEAD for one in those[6:]},
    }
    again = waiting(2)
    fill(pool, again)
    assert list(taken(pool)) == [*those[:2], again, *those[3:6]]


# Limits.


def test_a_sender_may_fill_half_the_pool_and_then_has_a_share() -> None:
    """Up to half nobody counts; from there on a wallet with its share is refused, and one with less is not."""
    pool = Pool(transactions_max=64, shares=16)
    fill(pool, *lane_of(32))
    refusal = refusal_of(pool, waiting(32))
    assert (refusal.code, refusal.data["transactions_max"]) == (Refused.SENDER_FULL, 4)
    fill(pool, *lane_of(4, BEN))
    assert refusal_of(pool, waiting(4, 0, BEN)).code is Refused.SENDER_FULL


def test_a_fee_payer_has_a_share_as_a_sender_has() -> None:
    """Many senders with one payer are refused at the payer's share; with their own money they are taken."""
    pool = Pool(transactions_max=64, shares=16)
    fill(pool, *lane_of(32))
    for number in range(4):
        fill(pool, waiting(0, 0, bytes([9, number] * 16), payer=DAN))
    assert refusal_of(pool, waiting(0, 0, BEN, payer=DAN)).code is Refused.PAYER_FULL
    fill(pool, waiting(0, 0, BEN))


def test_shares_count_bytes_too() -> None:
    """A few large transactions are as much as many small ones; the first one of a wallet always goes."""
    pool = Pool(bytes_max=1_600, shares=16)
    fill(pool, waiting(size_bytes=800))
    fill(pool, waiting(0, 0, BEN, size_bytes=40), waiting(1, 0, BEN, size_bytes=60))
    assert refusal_of(pool, waiting(2, 0, BEN, size_bytes=1)).code is Refused.SENDER_FULL
    fill(pool, waiting(0, 0, CAT, size_bytes=700))


def test_the_pool_is_bounded_by_count_and_by_bytes() -> None:
    """At each limit one more is PoolFull, and has room again when one has gone."""
    for pool in (Pool(transactions_max=2), Pool(bytes_max=200)):
        first, _ = fill(pool, waiting(), waiting(0, 0, BEN))
        refusal = refusal_of(pool, waiting(0, 0, CAT, size_bytes=1))
        assert (refusal.code, refusal.data) == (Refused.POOL_FULL, {"gas_price_min": 1})
        pool.included([first])
        fill(pool, waiting(0, 0, CAT))


def test_fees_of_all_that_waits_are_counted_by_payer() -> None:
    """Ready and queued, own and others'; they are free again when a transaction has gone or was replaced."""
    pool = Pool()
    a0, a2, _ = fill(pool, waiting(0, fee_max=5), waiting(2, fee_max=7), waiting(0, 0, BEN, fee_max=11, payer=ANN))
    assert (pool.reserved(ANN), pool.reserved(BEN)) == (23, 0)
    pool.add(waiting(2, 1, fee_max=2), 0, 0)
    pool.included([a0])
    assert pool.reserved(ANN) == 13
    assert a2.identity not in pool


# Replacement.


@pytest.mark.parametrize(("old", "least"), [(0, 1), (1, 2), (10, 11), (11, 13), (100, 110), (101, 112)])
@pytest.mark.parametrize("sequence", [0, 1])
def test_a_tenth_more_takes_a_place(old: int, least: int, sequence: int) -> None:
    """Among the ready and among the queued; one less is refused with the price that it would take."""
    pool = Pool()
    (first,) = fill(pool, waiting(sequence, old))
    refusal = refusal_of(pool, waiting(sequence, least - 1))
    assert (refusal.code, refusal.data["gas_price_min"]) == (Refused.SEQUENCE_USED, least)
    assert str(least) in refusal.remedy
    second = waiting(sequence, least)
    fill(pool, second)
    (departure,) = pool.departed()
    assert (departure.waiting, departure.refusal.code) == (first, Refused.REPLACED)
    assert departure.refusal.data["by"] == second.identity.hex()
    assert pool.in_order() + pool.queued() == [second]


def test_a_place_in_the_block_under_construction_is_not_to_be_had() -> None:
    """Nor can it be dropped; when the block has no room for it, it is as the others again."""
    pool = Pool()
    (first,) = fill(pool, waiting())
    assert pool.take() is first
    assert refusal_of(pool, waiting(0, 99)).code is Refused.SEQUENCE_USED
    assert not pool.drop(first.identity)
    pool.release(first)
    fill(pool, waiting(0, 99))
    assert first.identity not in pool


def test_a_full_pool_still_replaces() -> None:
    """One of the same size and payer needs no room, whatever the sender's share; a larger one does."""
    pool = Pool(transactions_max=4, bytes_max=400)
    fill(pool, *lane_of(2), waiting(0, 0, BEN), waiting(0, 0, CAT))
    fill(pool, waiting(1, 1))
    assert list(departed(pool).values()) == [Refused.REPLACED]
    assert refusal_of(pool, waiting(0, 5, BEN, size_bytes=101)).code is Refused.POOL_FULL


# Eviction.


def test_a_dearer_newcomer_takes_the_room_of_the_cheapest_tail() -> None:
    """Of the lanes' last ones the cheapest leaves, of equal ones the latest; what it would take is said to who offers less."""
    pool = Pool(transactions_max=5, shares=1)
    a0, a1, _, c0, d0 = fill(pool, waiting(0, 2), waiting(1, 3), waiting(0, 9, BEN), waiting(0, 2, CAT), waiting(0, 2, DAN))
    newcomers = [bytes([8, number] * 16) for number in range(3)]
    refusal = refusal_of(pool, waiting(0, 2, newcomers[0]))
    assert (refusal.code, refusal.data) == (Refused.POOL_FULL, {"gas_price_min": 3})
    fill(pool, waiting(0, 3, newcomers[0]), waiting(0, 3, newcomers[1]))
    assert departed(pool) == {d0.identity: Refused.EVICTED, c0.identity: Refused.EVICTED}
    fill(pool, waiting(0, 3, newcomers[2]))
    assert departed(pool) == {a1.identity: Refused.EVICTED}
    assert a0.identity in pool


def test_a_dear_tail_behind_a_cheap_head_is_worth_no_more_than_the_head() -> None:
    """So nobody fills the pool with what will never go, and a lane does not throw out others for its own cheap head's sake."""
    pool = Pool(transactions_max=3, shares=1)
    _, tail, _ = fill(pool, waiting(0, 1), waiting(1, 99), waiting(0, 5, BEN))
    assert refusal_of(pool, waiting(2, 99)).data == {}
    fill(pool, waiting(0, 2, CAT))
    assert departed(pool) == {tail.identity: Refused.EVICTED}


def test_what_is_behind_a_gap_makes_room_for_what_is_ready() -> None:
    """Whatever the prices, the last of the lane that has waited longest leaves; a queued newcomer moves nobody."""
    pool = Pool(transactions_max=4, shares=1)
    _, a3, b1 = fill(pool, waiting(2, 9), waiting(3, 9), waiting(1, 9, BEN))
    fill(pool, waiting(0, 0, CAT))
    assert refusal_of(pool, waiting(5, 99)).code is Refused.POOL_FULL
    fill(pool, waiting(1, 0, CAT))
    assert departed(pool) == {a3.identity: Refused.EVICTED}
    assert b1.identity in pool


def test_a_large_newcomer_moves_as_many_as_it_needs_or_nobody() -> None:
    """Three small ones leave for it if all three are cheaper; the price that is asked is that of the dearest of them."""
    pool = Pool(bytes_max=400, shares=1)
    those = fill(pool, *(waiting(0, price, bytes([price]) * 32) for price in (1, 2, 3, 4)))
    refusal = refusal_of(pool, waiting(0, 3, b"n" * 32, size_bytes=300))
    assert refusal.data == {"gas_price_min": 4}
    fill(pool, waiting(0, 4, b"n" * 32, size_bytes=300))
    assert departed(pool) == {one.identity: Refused.EVICTED for one in those[:3]}


def test_a_large_newcomer_moves_several_of_one_lane_from_its_end() -> None:
    """The middle of a lane never leaves while its tail stays."""
    pool = Pool(bytes_max=400, shares=1)
    those = fill(pool, *lane_of(3), waiting(0, 9, BEN))
    fill(pool, waiting(0, 1, CAT, size_bytes=200))
    assert departed(pool) == {one.identity: Refused.EVICTED for one in those[1:3]}


def test_what_a_block_has_taken_makes_no_room_until_the_block_gives_it_back() -> None:
    """Nothing else waits, so nobody can come; then it is as cheap as before."""
    pool = Pool(transactions_max=2, shares=1)
    a, b = fill(pool, waiting(0, 1), waiting(0, 2, BEN))
    assert [pool.take(), pool.take()] == [b, a]
    assert refusal_of(pool, waiting(0, 9, CAT)).code is Refused.POOL_FULL
    pool.release(a)
    fill(pool, waiting(0, 9, CAT))
    assert departed(pool) == {a.identity: Refused.EVICTED}


# Leaving.


def test_the_expired_leave_after_their_last_height_or_time() -> None:
    """At the last height and the last millisecond they are there, one past it they are not; each bound alone."""
    pool = Pool()
    by_height, by_time, _ = fill(pool, waiting(expiry_height=7), waiting(0, 0, BEN, expiry_ms=500), waiting(0, 0, CAT))
    pool.expire(7, 500)
    assert len(pool) == 3
    pool.expire(8, 500)
    assert departed(pool) == {by_height.identity: Refused.EXPIRED}
    pool.expire(8, 501)
    assert departed(pool) == {by_time.identity: Refused.EXPIRED}
    assert len(pool) == 1


def test_the_block_that_has_taken_it_decides_whether_a_transaction_is_too_late() -> None:
    """It does not expire meanwhile; if the block has no room for it, it does then."""
    pool = Pool()
    (one,) = fill(pool, waiting(expiry_ms=5))
    pool.take()
    pool.expire(1, 6)
    assert one.identity in pool
    pool.release(one)
    pool.expire(1, 6)
    assert departed(pool) == {one.identity: Refused.EXPIRED}


def test_a_whole_lane_that_expires_is_told_so() -> None:
    """Nobody is told that one before it has left, when it has expired itself."""
    pool = Pool(look_ahead_max=2)
    those = fill(pool, *(waiting(sequence, expiry_height=5) for sequence in range(20)))
    pool.expire(6, 0)
    assert departed(pool) == {one.identity: Refused.EXPIRED for one in those}


def test_a_block_made_elsewhere_ends_the_hope_of_others_at_its_places() -> None:
    """Who has a sequence that was used is told; who has a later one goes on, and a gap that the block closed is closed."""
    pool = Pool()
    mine, behind, far = fill(pool, waiting(0), waiting(1), waiting(3))
    pool.included([waiting(0), waiting(1), waiting(2)])
    assert departed(pool) == {mine.identity: Refused.SEQUENCE_USED, behind.identity: Refused.SEQUENCE_USED}
    assert pool.in_order() == [far]


def test_a_lane_goes_on_behind_a_block_made_elsewhere() -> None:
    """The next one of it is taken, though nobody has taken those before it."""
    pool = Pool()
    those = fill(pool, *lane_of(3))
    pool.included(those[:1])
    pool.add(waiting(0, 0, BEN), 0, 0)
    assert list(taken(pool))[:2] == those[1:]
    pool = Pool()
    those = fill(pool, *lane_of(3))
    pool.included([waiting(0)])
    assert list(taken(pool)) == those[1:]


def test_the_pool_is_put_back_after_the_state_has_gone_back() -> None:
    """What waited comes out in its order, and goes in again behind what the reverted blocks had."""
    pool = Pool()
    those = fill(pool, *lane_of(4))
    pool.included([pool.take()])
    held = pool.clear()
    assert (held, len(pool), pool.reserved(ANN)) == (those[1:], 0, 0)
    fill(pool, those[0], *held)
    assert list(taken(pool)) == those


def test_dropping_all_leaves_what_a_block_has_taken() -> None:
    """The others are told, each once."""
    pool = Pool()
    those = fill(pool, *lane_of(3))
    first = pool.take()
    assert pool.drop_all() == 2
    assert departed(pool) == {one.identity: Refused.DROPPED for one in those[1:]}
    assert pool.counts() == Counts(ready=0, queued=0, taken=1, size_bytes=100)
    pool.included([first])
    assert (len(pool), pool.senders()) == (0, {})


def test_replacing_and_dropping_without_end_leaves_nothing_behind() -> None:
    """What the pool keeps to find its way is in proportion to what waits."""
    pool = Pool()
    fill(pool, waiting(1, 0, BEN))
    for number in range(2_000):
        one = waiting(0, expiry_height=10**9, expiry_ms=10**9)
        fill(pool, one, waiting(2, number, DAN, expiry_height=10**9))
        assert pool.drop(one.identity)
        pool.drop_all()
        pool.departed()
    kept = (pool._heads._heap, pool._heights, pool._times, pool._deadlines, pool._lanes, pool._accounts)
    assert max(map(len, kept)) <= 100  # type: ignore[arg-type]


# At random, against the rules as they read.

LIMITS = Limits(
    transactions_max=10,
    bytes_max=1_500,
    shares=2,
    look_ahead_max=3,
    queued_max=5,
    queued_per_sender_max=4,
    queued_ms_max=20,
)
PRICES = (0, 1, 2, 10, 11, 12, 50)
SENDERS = st.sampled_from((ANN, BEN, CAT, DAN))
SELDOM = st.integers(0, 9).map(lambda number: number == 9)
LANES = st.integers(0, 1)


class PoolMachine(RuleBasedStateMachine):
    """The pool and the model get the same; after every step they look the same."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(**vars(LIMITS))
        self.model = Model(LIMITS)
        self.height = 1
        self.now_ms = 0
        self.numbers = count(1)
        self.block: list[Waiting] = []
        self.seen: list[Waiting] = []

    @rule(
        sender=SENDERS,
        lane=LANES,
        ahead=st.sampled_from((0, 0, 0, 0, 1, 2, 3, 4, -1)),
        gas_price=st.sampled_from(PRICES),
        payer=st.sampled_from((None, None, None, ANN, DAN)),
        fee_max=st.integers(0, 3),
        size_bytes=st.sampled_from((100, 100, 100, 250, 600)),
        blocks=st.none() | st.integers(0, 3),
        wait_ms=st.none() | st.integers(0, 20),
    )
    def add(
        self,
        sender: bytes,
        lane: int,
        ahead: int,
        gas_price: int,
        payer: bytes | None,
        fee_max: int,
        size_bytes: int,
        blocks: int | None,
        wait_ms: int | None,
    ) -> None:
        """Somewhere near the end of a lane, with a new identity."""
        sequence = max(0, self.model.missing((sender, lane)) + ahead)
        one = Waiting(
            next(self.numbers).to_bytes(32),
            sender,
            lane,
            sequence,
            gas_price,
            fee_max,
            payer or sender,
            size_bytes,
            None if blocks is None else self.height + blocks,
            None if wait_ms is None else self.now_ms + wait_ms,
            TRANSACTION,
        )
        self.seen.append(one)
        self._add(one)

    @rule(sender=SENDERS, lane=LANES, number=st.integers(1, 5), price=st.sampled_from(PRICES))
    def add_a_run(self, sender: bytes, lane: int, number: int, price: int) -> None:
        """Several at the end of a lane."""
        for _ in range(number):
            self.add(sender, lane, 0, price, None, 1, 100, None, None)

    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        """A little or a lot dearer than one that waits."""
        if self.model.items:
            old = data.draw(st.sampled_from(self.model.items)).waiting
            one = old._replace(
                identity=next(self.numbers).to_bytes(32),
                gas_price=old.gas_price + data.draw(st.sampled_from((0, 1, 2, 10))),
                size_bytes=old.size_bytes + data.draw(st.sampled_from((-1, 0, 200))),
                payer=data.draw(st.sampled_from((old.payer, old.payer, DAN))),
            )
            self.seen.append(one)
            self._add(one)

    @rule(data=st.data())
    def add_again(self, data: st.DataObject) -> None:
        """One that was there before, or still is."""
        if self.seen:
            self._add(data.draw(st.sampled_from(self.seen)))

    @rule(number=st.integers(1, 6))
    def take(self, number: int) -> None:
        """Some go into the block."""
        for _ in range(number):
            one = self.pool.take()
            assert one is self.model.take()
            if one is not None:
                self.block.append(one)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """The block has no room for one, nor for those after it in its lane."""
        if self.block:
            one = data.draw(st.sampled_from(self.block))
            self.block = [other for other in self.block if other[1:3] != one[1:3] or other.sequence < one.sequence]
            self.pool.release(one)
            self.model.release(one)

    @rule()
    def refuse(self) -> None:
        """The last one may be in no block."""
        if self.block:
            one = self.block.pop()
            self.pool.refuse(one)
            self.model.refuse(one)

    @rule(sender=SENDERS, prices=st.lists(st.sampled_from(PRICES), min_size=4, max_size=8))
    def crowd(self, sender: bytes, prices: list[int]) -> None:
        """Many with different prices, of all wallets in turn."""
        for number, price in enumerate(prices):
            wallet = (ANN, BEN, CAT, DAN)[(sender[0] + number) % 4]
            self.add(wallet, 0, 0, price, None, 1, 100 + 100 * (price == 12), None, None)

    @rule()
    def commit(self) -> None:
        """The block is made."""
        self.pool.included(self.block)
        for one in self.block:
            self.model.included(one.identity, (one.sender, one.lane), one.sequence)
        self.block = []
        self.expire(1, 5)

    @rule(sender=SENDERS, lane=LANES, number=st.integers(1, 4), told=st.booleans())
    def elsewhere(self, sender: bytes, lane: int, number: int, told: bool) -> None:
        """A block of others' uses places; the pool is told, or finds out by the state at the next `add`."""
        if self.block:
            return
        start = self.model.next.get((sender, lane), 0)
        others = [waiting(sequence, 0, sender, lane=lane, identity=bytes([1]) * 32) for sequence in range(start, start + number)]
        for one in others:
            self.model.included(one.identity, (sender, lane), one.sequence)
        if told:
            self.pool.included(others)
        else:
            one = waiting(start, 99, sender, lane=lane, identity=bytes([2]) * 32)
            if self.pool.next_sequence(sender, lane, start) > start or any(i.place == (sender, lane) for i in self.model.items):
                self._add(one)
            self.pool.included(others)

    @rule(blocks=st.integers(0, 2), wait_ms=st.integers(0, 12))
    def expire(self, blocks: int, wait_ms: int) -> None:
        """Time goes by."""
        self.height += blocks
        self.now_ms += wait_ms
        self.pool.expire(self.height, self.now_ms)
        self.model.expire(self.height, self.now_ms)

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Somebody is taken out, or is not there."""
        if self.seen:
            identity = data.draw(st.sampled_from(self.seen)).identity
            assert self.pool.drop(identity) == self.model.drop(identity)

    @rule(really=SELDOM)
    def drop_all(self, really: bool) -> None:
        """Everybody is taken out."""
        if really:
            assert self.pool.drop_all() == self.model.drop_all()

    @rule(really=SELDOM)
    def go_back(self, really: bool) -> None:
        """The pool is emptied, and filled again as far as it takes what it had."""
        if not really:
            return
        held = self.pool.clear()
        assert sorted(held) == sorted(self.model.clear())
        self.block = []
        for one in held:
            self._add(one)

    @invariant()
    def looks_the_same(self) -> None:
        """Content, order, counts, sums; and who left is told why, once."""
        pool, model = self.pool, self.model
        assert departed(pool) == model.gone
        model.gone = {}
        assert pool.in_order() == model.in_order()
        assert sorted(pool.queued()) == sorted(item.waiting for item in model.queued())
        in_block, queued = sum(item.taken for item in model.items), len(model.queued())
        assert pool.counts() == Counts(len(model.items) - queued - in_block, queued, in_block, model.size_bytes())
        for address in (ANN, BEN, CAT, DAN):
            assert pool.reserved(address) == model.reserved(address)
            assert pool.senders().get(address, 0) == sum(item.waiting.sender == address for item in model.items)
        for place in ((sender, lane) for sender in (ANN, BEN, CAT, DAN) for lane in (0, 1)):
            assert pool.next_sequence(*place, model.next.get(place, 0)) == model.missing(place)

    @invariant()
    def is_within_bounds(self) -> None:
        """Whatever happens, and sequences within a lane are in order."""
        counts = self.pool.counts()
        assert len(self.pool) <= LIMITS.transactions_max
        assert counts.size_bytes <= LIMITS.bytes_max
        assert counts.queued <= LIMITS.queued_max
        last: dict[tuple[bytes, int], int] = {}
        for one in self.pool.in_order():
            place = one.sender, one.lane
            assert last.get(place, one.sequence - 1) == one.sequence - 1
            last[place] = one.sequence

    def teardown(self) -> None:
        """In the end all that is ready comes out."""
        while (one := self.pool.take()) is not None:
            assert one is self.model.take()
        assert self.model.take() is None

    def _add(self, one: Waiting) -> None:
        next_sequence = self.model.next.get((one.sender, one.lane), 0)
        expected = self.model.add(one, self.now_ms)
        found = None
        try:
            self.pool.add(one, next_sequence, self.now_ms)
        except Refusal as refusal:
            found = refusal.code
        assert found == expected


PoolMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=60, deadline=None)


class TestPoolMachine(PoolMachine.TestCase):
    """Any history of the pool is one of the model."""


@pytest.mark.long
def test_many_more_histories_of_the_pool_are_those_of_the_model() -> None:
    """The same at length."""
    run_state_machine_as_test(PoolMachine, settings=settings(max_examples=2_000, stateful_step_count=80, deadline=None))
