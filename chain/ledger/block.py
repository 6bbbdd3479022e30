"""Blocks: a header and the byte strings of its transactions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chain.primitives.codec import as_bytes, as_list, decode, encode
from chain.primitives.header import Header, decode_header
from chain.primitives.limits import BLOCK_TRANSACTIONS_MAX


@dataclass(frozen=True)
class Block:
    """A header and its transactions in order, encoded."""

    header: Header
    transactions: tuple[bytes, ...]

    @cached_property
    def encoded(self) -> bytes:
        """The one byte string of this block."""
        return encode([self.header.encoded, list(self.transactions)])


def decode_block(data: bytes) -> Block:
    """The block of a byte string. Raises `Refusal` Malformed, TooLarge, UnknownVersion."""
    header, transactions = as_list(decode(data), "a block", size=2)
    items = as_list(transactions, "transactions", most=BLOCK_TRANSACTIONS_MAX)
    return Block(decode_header(as_bytes(header, "a header")), tuple(as_bytes(item, "a transaction") for item in items))
