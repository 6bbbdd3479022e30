"""Block headers: the commitments that a client needs to check everything else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import (
    amount_plain,
    as_amount,
    as_bytes,
    as_int,
    as_list,
    as_text,
    check_version,
    decode,
    encode,
    malformed,
)
from chain.primitives.hash import HASH_BYTES, TAG_HEADER, tagged_hash
from chain.primitives.limits import (
    CHAIN_ID_CHARACTERS_MAX,
    CURRENCY_CODE_CHARACTERS_MAX,
    GAS_LIMIT_MAX,
    HEIGHT_MAX,
    PROTOCOLS_MAX,
    TIME_MS_MAX,
)

HEADER_VERSION = 2
PROTOCOL_VERSION = 1
"""Of the rules by which a block is executed: a change of what a block means is a new one."""


@dataclass(frozen=True, slots=True)
class Supply:
    """The supply equation of one currency, in minor units: issued - redeemed + minted - burned = wallets + contracts. Minted and
    burned is what edits of a development chain have added and taken away in all.
    """

    currency: str
    issued: int
    redeemed: int
    wallets: int
    contracts: int
    minted: int = 0
    burned: int = 0

    @property
    def holds(self) -> bool:
        """Whether the two sides are equal."""
        return self.issued - self.redeemed + self.minted - self.burned == self.wallets + self.contracts

    def plain(self) -> list[int | bytes]:
        """The numbers as the codec takes them: four, and two more where there have been edits."""
        numbers = [self.issued, self.redeemed, self.wallets, self.contracts]
        if self.minted or self.burned:
            numbers += [self.minted, self.burned]
        return [amount_plain(number) for number in numbers]


@dataclass(frozen=True)
class Header:
    """What a block is, in hashes. `protocol` is the version of the rules that made it, `time_ms` is milliseconds since 1970 UTC;
    the roots are those after the block.
    """

    protocol: int
    chain_id: str
    height: int
    time_ms: int
    parent: bytes
    transactions_root: bytes
    receipts_root: bytes
    state_root: bytes
    supply: tuple[Supply, ...]
    gas_used: int
    gas_limit: int
    proposer: bytes

    @cached_property
    def encoded(self) -> bytes:
        """The one byte string of this header."""
        return encode(
            [
                HEADER_VERSION,
                self.protocol,
                self.chain_id,
                self.height,
                self.time_ms,
                self.parent,
                self.transactions_root,
                self.receipts_root,
                self.state_root,
                [[supply.currency, *supply.plain()] for supply in self.supply],
                self.gas_used,
                self.gas_limit,
                self.proposer,
            ]
        )

    @cached_property
    def hash(self) -> bytes:
        """The block's hash."""
        return tagged_hash(TAG_HEADER, self.encoded)


def decode_header(data: bytes) -> Header:
    """The header of a byte string. Raises `Refusal` Malformed, UnknownVersion."""
    fields = as_list(decode(data), "a header", size=13)
    check_version(fields[0], "the header", HEADER_VERSION)
    parent, transactions, receipts, state = (as_bytes(value, "a hash", size=HASH_BYTES) for value in fields[5:9])
    return Header(
        protocol=as_int(fields[1], 0, PROTOCOLS_MAX, "protocol"),
        chain_id=as_text(fields[2], "chain_id", CHAIN_ID_CHARACTERS_MAX),
        height=as_int(fields[3], 0, HEIGHT_MAX, "height"),
        time_ms=as_int(fields[4], 0, TIME_MS_MAX, "time_ms"),
        parent=parent,
        transactions_root=transactions,
        receipts_root=receipts,
        state_root=state,
        supply=tuple(_read_supply(entry) for entry in as_list(fields[9], "supply")),
        gas_used=as_int(fields[10], 0, GAS_LIMIT_MAX, "gas_used"),
        gas_limit=as_int(fields[11], 0, GAS_LIMIT_MAX, "gas_limit"),
        proposer=as_bytes(fields[12], "proposer", size=ADDRESS_BYTES),
    )


def read_supply_plain(currency: str, numbers: list[object]) -> Supply:
    """The supply equation of a currency from its numbers, as `Supply.plain` gives them. Raises `Refusal` Malformed."""
    if len(numbers) not in (4, 6):
        raise malformed("a supply has four numbers, or six")
    supply = Supply(currency, *[as_amount(number, "a supply") for number in numbers])
    if len(numbers) == 6 and not (supply.minted or supply.burned):
        raise malformed("a supply without edits has four numbers")
    return supply


def _read_supply(plain: object) -> Supply:
    currency, *numbers = as_list(plain, "a supply", most=7) or [None]
    return read_supply_plain(as_text(currency, "currency", CURRENCY_CODE_CHARACTERS_MAX), numbers)
