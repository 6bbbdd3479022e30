"""What clients know of a ledger that is killed again and again: what they have sent, and what was said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from time import time_ns
from typing import Any, NamedTuple

from chain.node.development import BALANCE, CHAIN_ID, CURRENCY, development_wallets, devnet_specification
from chain.node.node import Node
from chain.primitives.receipt import decode_receipt
from chain.primitives.transaction import Body, Pay, Transaction, sign

WALLETS = development_wallets()
PAYEE = WALLETS[-1].address
EXPIRY_MS = 12 * 60 * 60 * 1000  # longer than a run, so that no retry comes too late
FAILING = 20  # one payment in so many is of more than there is: it is in a block and not done
TOO_MUCH = 10**18


class Lost(AssertionError):
    """The ledger does not hold what it has acknowledged."""


class Place(NamedTuple):
    """Where a transaction is, and whether its actions were done."""

    height: int
    index: int
    ok: bool


class Lane:
    """What one client has sent in one lane, by sequence, and which of it has been acknowledged. For one thread at a time."""

    def __init__(self, wallet: int, lane: int) -> None:
        self._wallet, self._lane = WALLETS[wallet], lane
        self.sent: list[Transaction] = []
        self.places: dict[int, Place] = {}

    def more(self, count: int, chance: Random) -> list[int]:
        """Sign more payments; their sequences."""
        first = len(self.sent)
        expiry_ms = time_ns() // 1_000_000 + EXPIRY_MS
        for sequence in range(first, first + count):
            pay = Pay(PAYEE, CURRENCY, 1 if chance.randrange(FAILING) else TOO_MUCH)
            body = Body(CHAIN_ID, self._wallet.address, sequence, 100_000, 0, (pay,), self._lane, expiry_ms=expiry_ms)
            self.sent.append(sign(body, [self._wallet.key]))
        return list(range(first, first + count))

    def open(self) -> list[int]:
        """The sequences of which nothing is known, in order."""
        return [sequence for sequence in range(len(self.sent)) if sequence not in self.places]

    def take(self, sequences: Sequence[int], rows: Sequence[Sequence[Any]]) -> None:
        """Note the answers to a batch. Raises `Lost` if one contradicts an earlier one, or nature."""
        if len(rows) != len(sequences):
            raise Lost(f"{len(sequences)} transactions are answered by {len(rows)} rows")
        for sequence, row in zip(sequences, rows, strict=True):
            transaction = self.sent[sequence]
            if row[0] != transaction.identity or row[1] != "committed":
                raise Lost(f"sequence {sequence} of lane {self._lane} is answered {row}")
            place = Place(row[4], row[5], row[2])
            (pay,) = transaction.body.actions
            if place.ok != (isinstance(pay, Pay) and pay.amount != TOO_MUCH):
                raise Lost(f"sequence {sequence} of lane {self._lane} came out as it cannot: {row}")
            if self.places.setdefault(sequence, place) != place:
                raise Lost(f"sequence {sequence} of lane {self._lane} was at {self.places[sequence]}, and now at {place}")


class History:
    """The lanes of some clients, each of which has a wallet of its own."""

    def __init__(self, clients: int, lanes: int) -> None:
        self.lanes = [[Lane(wallet, lane) for lane in range(lanes)] for wallet in range(clients)]

    def each(self) -> Iterator[Lane]:
        """All lanes."""
        for lanes in self.lanes:
            yield from lanes

    def acknowledged(self) -> int:
        """How many transactions have been acknowledged."""
        return sum(len(lane.places) for lane in self.each())

    def check_balances(self, balance: Callable[[bytes], int]) -> None:
        """That wallets have what they must have when all that was sent is acknowledged. Raises `Lost`."""
        paid = [sum(place.ok for lane in lanes for place in lane.places.values()) for lanes in self.lanes]
        expected = {WALLETS[wallet].address: BALANCE - amount for wallet, amount in enumerate(paid)}
        expected[PAYEE] = BALANCE + sum(paid)
        for address, amount in expected.items():
            found = balance(address)
            if found != amount:
                raise Lost(f"a wallet has {found}, and by what was acknowledged {amount}")

    def check_ledger(self, directory: Path) -> tuple[int, int]:
        """Read the ledger from end to end when nobody holds it: all that was acknowledged is where it was said to be, nothing is
        there twice, and executing it again from genesis comes to its head. Returns blocks and transactions. Raises `Lost`.
        """
        node = Node(directory, devnet_specification(), clock=lambda: time_ns() // 1_000_000, archive=True)
        try:
            found = _places(node)
            for lane in self.each():
                for sequence, place in lane.places.items():
                    if found.get(lane.sent[sequence].identity) != place:
                        raise Lost(f"acknowledged at {place}, and found at {found.get(lane.sent[sequence].identity)}")
            if len(found) != self.acknowledged():
                raise Lost(f"{len(found)} transactions are in the ledger and {self.acknowledged()} were acknowledged")
            self.check_balances(lambda address: node.balance(address, CURRENCY))
            if not all(supply.holds for supply in node.head.supply):
                raise Lost("the supply equation does not hold")
            if node.replay() != node.head.state_root:
                raise Lost("executing the blocks again comes to another state")
            return node.head.height, len(found)
        finally:
            node.close()


def _places(node: Node) -> dict[bytes, Place]:
    """Of all transactions in the blocks. Raises `Lost` if one is there twice, or the index has it elsewhere."""
    found: dict[bytes, Place] = {}
    for height in range(1, node.head.height + 1):
        for index, data in enumerate(node.store.receipts(height)):
            receipt = decode_receipt(data)
            place = Place(height, index, receipt.ok)
            if found.setdefault(receipt.identity, place) is not place:
                raise Lost(f"a transaction is at {found[receipt.identity]} and at {place}")
            if node.store.find(receipt.identity) != (height, index):
                raise Lost(f"a transaction at {place} is not found there")
    return found
