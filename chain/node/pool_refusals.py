"""How the pool says no, to who comes and to who waited."""

from __future__ import annotations

from chain.node.waiting import Waiting
from chain.primitives.limits import POOL_REPLACEMENT_PERCENT
from chain.primitives.refusal import Refusal, Refused


def replacement_price_min(old: Waiting) -> int:
    """The least gas price that replaces one that waits: so much more that nobody can replace for nothing, again and again."""
    return max(old.gas_price + 1, -(-old.gas_price * (100 + POOL_REPLACEMENT_PERCENT) // 100))


def sequence_used(waiting: Waiting, next_sequence: int) -> Refusal:
    """Its place in the lane is history."""
    return Refusal(
        Refused.SEQUENCE_USED,
        f"sequence {waiting.sequence} of lane {waiting.lane} has been used; the next is {next_sequence}",
        next_sequence=next_sequence,
    )


def place_taken(waiting: Waiting, next_sequence: int) -> Refusal:
    """Another one with its sequence is on its way into a block."""
    return Refusal(
        Refused.SEQUENCE_USED,
        f"another transaction with sequence {waiting.sequence} of lane {waiting.lane} is on its way into a block",
        next_sequence=next_sequence,
    )


def too_cheap_to_replace(old: Waiting, next_sequence: int) -> Refusal:
    """Another one with its sequence waits and is not much cheaper."""
    price = replacement_price_min(old)
    return Refusal(
        Refused.SEQUENCE_USED,
        f"another transaction with sequence {old.sequence} of lane {old.lane} waits, and only a gas_price of {price} replaces it",
        f"Sign it with the lane's next sequence, {next_sequence}; or, to replace the other one, with a gas_price of {price}.",
        next_sequence=next_sequence,
        gas_price_min=price,
        waiting=old.identity.hex(),
    )


def replaced(by: Waiting) -> Refusal:
    """Another one took its place."""
    return Refusal(
        Refused.REPLACED,
        f"{by.identity.hex()} with a gas_price of {by.gas_price} has taken its place",
        by=by.identity.hex(),
        gas_price=by.gas_price,
    )


def too_far_ahead(waiting: Waiting, missing: int, most: int) -> Refusal:
    """The gap before it is too wide."""
    return Refusal(
        Refused.SEQUENCE_AHEAD,
        f"sequence {waiting.sequence} of lane {waiting.lane} is more than {most} ahead of {missing}, which is missing",
        next_sequence=missing,
        sequence_max=missing + most,
    )


def queue_full(waiting: Waiting, missing: int, whose: str) -> Refusal:
    """Too many others wait behind gaps."""
    return Refusal(
        Refused.SEQUENCE_AHEAD,
        f"sequence {missing} of lane {waiting.lane} is missing, and too many transactions {whose} wait like that",
        next_sequence=missing,
    )


def gap_stayed(waiting: Waiting, missing: int, waited_ms: int) -> Refusal:
    """What it waited for did not come."""
    return Refusal(
        Refused.SEQUENCE_AHEAD,
        f"it waited {waited_ms} ms for sequence {missing} of lane {waiting.lane}, which did not come",
        next_sequence=missing,
    )


def gap_opened(waiting: Waiting, missing: int) -> Refusal:
    """One before it has left, and it stands too far behind to be kept."""
    return Refusal(
        Refused.SEQUENCE_AHEAD,
        f"sequence {missing} of lane {waiting.lane}, which waited before it, has left the pool",
        f"Send sequence {missing} again, then this one.",
        next_sequence=missing,
    )


def expired(waiting: Waiting, height: int, time_ms: int) -> Refusal:
    """It may be in no block any more."""
    if waiting.expiry_height is not None and waiting.expiry_height < height:
        text = f"it expired after block {waiting.expiry_height}; the next is {height}"
    else:
        text = f"it expired after {waiting.expiry_ms} ms; it is {time_ms}"
    return Refusal(Refused.EXPIRED, text, height=height, time_ms=time_ms)


def pool_full(gas_price_min: int | None) -> Refusal:
    """There is no room. With the least gas price that would make room, if one would."""
    if gas_price_min is None:
        return Refusal(Refused.POOL_FULL, "too many transactions wait")
    return Refusal(
        Refused.POOL_FULL,
        f"too many transactions wait, and none of them is cheaper; a gas_price of {gas_price_min} makes room",
        f"Try again in a moment, or sign it with a gas_price of {gas_price_min}.",
        gas_price_min=gas_price_min,
    )


def evicted(by: Waiting) -> Refusal:
    """The pool was full and somebody needed the room more."""
    return Refusal(
        Refused.EVICTED,
        f"the pool was full, and it made room for one with a gas_price of {by.gas_price}",
        gas_price=by.gas_price,
    )


def dropped() -> Refusal:
    """Whoever runs the node took it out."""
    return Refusal(Refused.DROPPED, "it was taken out of the pool by the node's control")
