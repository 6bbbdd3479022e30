"""What an instruction costs beyond its row of the table: gas and memory for the sizes of the values it works
on.

Where the size follows from the type alone it is part of the static price of the segment (`vm.facts`).
For texts, byte strings and lists the interpreter charges the actual size before the work, at the same rates.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from vm import gas
from vm import instructions as i
from vm.types import AMOUNT, Bytes, List, Text, Type, size_max, units_max
from vm.values import length


class Price(NamedTuple):
    """Gas, and abstract bytes of memory."""

    gas: int
    memory: int


def is_sized(kind: Type) -> bool:
    """True for the types whose values are charged by their actual size: texts, byte strings, lists."""
    return isinstance(kind, Text | Bytes | List)


def price_of(work: str, size: int, units: int) -> Price:
    """The price of one kind of work on a value of so many abstract bytes and units."""
    match work:
        case "make":  # a new value
            return Price(units * gas.GAS_UNIT_COPY, size)
        case "scan":  # a value looked through
            return Price(units * gas.GAS_UNIT_COPY, 0)
        case "key" | "hash" | "read":  # a key of state encoded, bytes hashed, a value out of state
            return Price(units * gas.GAS_UNIT_ENCODE, 0)
        case "encode":  # a value encoded
            return Price(units * gas.GAS_UNIT_ENCODE, size)
        case "write":  # a key or a value into state
            return Price(units * gas.GAS_UNIT_ENCODE + size * gas.GAS_BYTE_STORE, 0)
        case "event":  # a field of an event
            return Price(units * gas.GAS_UNIT_ENCODE + size * gas.GAS_BYTE_EVENT, 0)
    raise AssertionError(work)


class Scale(NamedTuple):
    """How values of a text, byte string or list type count by their length."""

    element_size: int
    element_units: int  # 0 for texts and byte strings: sixteen bytes a unit

    @classmethod
    def of(cls, kind: Type) -> Scale:
        """The scale of a type for which `is_sized` holds."""
        if isinstance(kind, List):
            return cls(size_max(kind.element), units_max(kind.element))
        return cls(1, 0)

    def size(self, length: int) -> int:
        """The abstract bytes of a value of so many elements, or of so many bytes."""
        return 4 + length * self.element_size

    def price(self, work: str, length: int) -> Price:
        """The price of work on a value of so many elements, or of so many bytes."""
        size = self.size(length)
        units = 1 + length * self.element_units if self.element_units else (size + 15) // 16
        return price_of(work, size, units)


def price_of_value(work: str, kind: Type, value: Any) -> Price:
    """The price of work on a value, by its length if it has one."""
    if is_sized(kind):
        return Scale.of(kind).price(work, length(value))
    return price_of(work, size_max(kind), units_max(kind))


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
    i.MAP_OR: "key K read V",
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


WORKS: Final = frozenset(_WORK)
"""The instructions that have a price beyond their row."""
