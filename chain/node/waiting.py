"""What the pool knows of a transaction, and what it says of one that left."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from chain.primitives.refusal import Refusal
from chain.primitives.transaction import Transaction


class Waiting(NamedTuple):
    """An admitted transaction as the pool sees it. `gas_price` is in minor units per million gas, `fee_max` in minor units.

    `expiry_height` is the last height and `expiry_ms` the last block time at which it may be in a block, None without a bound.
    """

    identity: bytes
    sender: bytes
    lane: int
    sequence: int
    gas_price: int
    fee_max: int
    payer: bytes
    size_bytes: int
    expiry_height: int | None
    expiry_ms: int | None
    transaction: Transaction


class Placed(Protocol):
    """Whatever has an identity and a place in a lane: `Waiting`, or a body of a block that was made elsewhere."""

    @property
    def identity(self) -> bytes:
        """The transaction's 32 bytes."""

    @property
    def sender(self) -> bytes:
        """The wallet whose lane it is."""

    @property
    def lane(self) -> int:
        """The lane's number."""

    @property
    def sequence(self) -> int:
        """The place in the lane."""


class Departure(NamedTuple):
    """A transaction that left the pool without a block, and why: whoever waits for it is to be told."""

    waiting: Waiting
    refusal: Refusal
