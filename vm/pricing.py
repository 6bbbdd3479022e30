"""What an instruction costs beyond its row of the table: gas and memory for the sizes of the values it works
on.

Where the size follows from the type alone it is part of the static price of the segment (`static_price`).
For texts, byte strings and lists the interpreter charges the actual size before the work, at the same rates.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from vm import gas
from vm import instructions as i
from vm.types import AMOUNT, Bytes, List, Text, Type, size_max

MAKE: Final = "make"  # a new value: GAS_BYTE_COPY_PER_16, and its size counts as memory
SCAN: Final = "scan"  # a value looked through: GAS_BYTE_COPY_PER_16
KEY: Final = "key"  # a key of state, encoded: GAS_BYTE_HASH_PER_16
READ: Final = "read"  # a value out of state: GAS_BYTE_HASH_PER_16, and its size counts as memory
WRITE: Final = "write"  # a value into state: GAS_BYTE_STORE
HASH: Final = "hash"  # bytes hashed: GAS_BYTE_HASH_PER_16
ENCODE: Final = "encode"  # a value encoded: GAS_BYTE_HASH_PER_16, and its size counts as memory
EVENT: Final = "event"  # a field of an event: GAS_BYTE_EVENT


class Price(NamedTuple):
    """Gas, and abstract bytes of memory."""

    gas: int
    memory: int


def is_sized(kind: Type) -> bool:
    """True for the types whose values are charged by their actual size: texts, byte strings, lists."""
    return isinstance(kind, Text | Bytes | List)


def price_of(work: str, size: int) -> Price:
    """The price of one kind of work on so many abstract bytes."""
    sixteenths = (size + 15) // 16
    match work:
        case "make":
            return Price(sixteenths * gas.GAS_BYTE_COPY_PER_16, size)
        case "scan":
            return Price(sixteenths * gas.GAS_BYTE_COPY_PER_16, 0)
        case "key" | "hash":
            return Price(sixteenths * gas.GAS_BYTE_HASH_PER_16, 0)
        case "read" | "encode":
            return Price(sixteenths * gas.GAS_BYTE_HASH_PER_16, size)
        case "write":
            return Price(size * gas.GAS_BYTE_STORE, 0)
        case "event":
            return Price(size * gas.GAS_BYTE_EVENT, 0)
    raise AssertionError(work)


_WORK: Final[dict[int, str]] = {
    i.PACK: "make T",
    i.WITH_FIELD: "make T",
    i.VARIANT: "make T",
    i.NEW: "make T",
    i.MERGE: "make T",
    i.SPLIT: "make T make T",
    i.EQ: "scan T",
    i.NE: "scan T",
    i.LOAD: "read V",
    i.STORE: "write V",
    i.MAP_GET: "key K read V",
    i.MAP_FIND: "key K read V",
    i.MAP_PEEK: "key K read V",
    i.MAP_PUT: "key K write K write V",
    i.MAP_TAKE: "key K read V",
    i.HAS: "key K",
    i.SET_ADD: "key K write K",
    i.REMOVE: "key K",
    i.VAULT_PUT: "key K write K write amount write amount",
    i.VAULT_TAKE: "key K write amount write amount",
    i.VAULT_TAKE_ALL: "key K write amount write amount",
    i.VAULT_AMOUNT: "key K",
    i.ENCODE: "encode T",
}


def work_of(code: int, kind: Type | None, key: Type | None, value: Type | None) -> list[tuple[str, Type]]:
    """The works of an instruction on its operand type `T`, or the key `K` and value `V` of its state
    field.
    """
    words = _WORK.get(code, "").split()
    types = {"T": kind, "K": key, "V": value, "amount": AMOUNT}
    pairs = [(work, types[name]) for work, name in zip(words[::2], words[1::2], strict=True)]
    return [(work, of) for work, of in pairs if of is not None]


def static_price(works: list[tuple[str, Type]]) -> Price:
    """The sum of the works on types of fixed size."""
    prices = [price_of(work, size_max(of)) for work, of in works if not is_sized(of)]
    return Price(sum(price.gas for price in prices), sum(price.memory for price in prices))
