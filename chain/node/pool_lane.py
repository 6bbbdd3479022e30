"""One lane of one sender in the pool: who is ready, and who waits behind a gap."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from chain.node.pool_accounts import Account
from chain.node.waiting import Waiting

Ready: TypeAlias = "tuple[int, int, int, Waiting, Lane]"
"""(-gas price, arrival, worth, waiting, lane): sorts dearest first, of one price the longest ready first. Arrivals are distinct,
so no two are compared further. `worth` is the lowest gas price in the lane from its head to here when it came: a dear transaction
behind a cheap one comes no sooner than the cheap one, so that is what it counts when the pool is full.
"""
ARRIVAL: Final = 1
WORTH: Final = 2
WAITING: Final = 3
LANE: Final = 4


class Queued(NamedTuple):
    """One behind a gap, and the time at which the pool gives up on the gap."""

    deadline_ms: int
    waiting: Waiting


class Lane:
    """`next` ≤ `first` ≤ `end`: the state's next sequence; the first that no block under construction has taken; the first that
    is missing. All of `next` … `end - 1` are in `ready`; those in `queued` are past `end`.
    """

    __slots__ = ("account", "end", "first", "next", "queued", "ready")

    def __init__(self, next_sequence: int, account: Account) -> None:
        """`account` is the sender's."""
        self.account = account
        self.next = self.first = self.end = next_sequence
        self.ready: dict[int, Ready] = {}
        self.queued: dict[int, Queued] = {}

    def at(self, sequence: int) -> Waiting | None:
        """Who waits with a sequence, if anybody."""
        entry = self.ready.get(sequence)
        if entry is not None:
            return entry[WAITING]
        queued = self.queued.get(sequence)
        return None if queued is None else queued.waiting

    def has(self, sequence: int, entry: Ready) -> bool:
        """Whether this entry, by its arrival, is the ready one of a sequence."""
        found = self.ready.get(sequence)
        return found is not None and found[ARRIVAL] == entry[ARRIVAL]

    def head(self) -> Ready | None:
        """The next one for a block."""
        return self.ready.get(self.first)

    def tail(self) -> Ready | None:
        """The last of the ready ones, unless a block has taken it."""
        return self.ready.get(self.end - 1) if self.end > self.first else None

    def empty(self) -> bool:
        """Whether nobody waits in it."""
        return not self.ready and not self.queued

    def worth(self, gas_price: int) -> int:
        """What one of this price would be worth behind the tail."""
        tail = self.tail()
        return gas_price if tail is None else min(gas_price, tail[WORTH])
