"""What an instruction costs: the one table of prices that the verifier, both tiers and the ledger read.

An instruction costs a base, by the word in its row of `vm.instructions` and for numbers by their width, and the works that it
does on values, by their types. What follows from types is part of the static price of the segment (`instruction_price`); for
texts, byte strings and lists the tiers charge the actual length before the work (`Scale`). The numbers stand in `vm.gas`: every
price is a sum of them, each taken so many times as there is of what it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from vm import gas
from vm import instructions as i
from vm.instructions import TABLE, Rounding
from vm.types import Amount, Bytes, Enum, Int, List, Option, Resource, Struct, Text, Tuple, Type, bounds, parts, size_max
from vm.values import is_direct, length

if TYPE_CHECKING:
    from vm.function_verifier import Body, Op


class Price(NamedTuple):
    """Gas, and abstract bytes of memory."""

    gas: int
    memory: int


class Segment(NamedTuple):
    """What a segment of code takes, known beforehand and looked at when it is entered: gas, abstract bytes of memory, and entries
    of the journal, which are at most so many.
    """

    gas: int
    memory: int
    changes: int


class Measure(NamedTuple):
    """What there is at most in a value of a type."""

    size: int  # abstract bytes
    parts: int  # values within, itself included
    chunks: int  # sixteen bytes, as begun, of texts and byte strings

    def times(self, count: int) -> Measure:
        """So many of them."""
        return Measure(self.size * count, self.parts * count, self.chunks * count)


def measure(kind: Type, within: Callable[[Type], Measure] | None = None) -> Measure:
    """The measure of a type. `within` answers for its parts, whoever knows some already."""
    within = within or measure
    match kind:
        case Text(most) | Bytes(most):
            return Measure(4 + most, 1, _chunks(most))
        case List(element, most):
            return _together([Measure(4, 1, 0), within(element).times(most)])
        case Option(element):
            return _together([Measure(1, 1, 0), within(element)])
        case Enum(_, variants):
            carried = [_together([within(part) for _, part in payload]) for _, payload in variants]
            return _together([Measure(1, 1, 0), Measure(*map(max, zip(*carried, strict=True)))])
        case Tuple() | Struct() | Resource():
            return _together([Measure(0, 1, 0), *map(within, parts(kind))])
    return Measure(size_max(kind), 1, 0)


def _together(measures: list[Measure]) -> Measure:
    return Measure(*map(sum, zip(*measures, strict=True))) if measures else Measure(0, 0, 0)


def _chunks(bytes_: int) -> int:
    return (bytes_ + 19) // 16


def is_sized(kind: Type) -> bool:
    """True for the types whose values are charged by their actual size: texts, byte strings, lists."""
    return isinstance(kind, Text | Bytes | List)


class Rates(NamedTuple):
    """What one kind of work costs for each of what a measure counts; memory is counted or not."""

    part: int
    chunk: int
    byte: int = 0
    remembers: bool = False

    def price(self, of: Measure) -> Price:
        """The price of work on so much."""
        return Price(of.parts * self.part + of.chunks * self.chunk + of.size * self.byte, of.size if self.remembers else 0)


def rates(work: str, direct: bool) -> Rates:
    """What one kind of work costs. `direct` if values need no conversion before they are encoded."""
    convert = 0 if direct else gas.GAS_PART_CONVERT
    match work:
        case "make":  # a new value
            return Rates(gas.GAS_PART_MAKE, gas.GAS_CHUNK_MAKE, remembers=True)
        case "open":  # a value laid out in its parts
            return Rates(gas.GAS_PART_MAKE, 0)
        case "scan":  # a value looked through
            return Rates(gas.GAS_PART_SCAN, gas.GAS_CHUNK_SCAN)
        case "hash":  # bytes hashed
            return Rates(0, gas.GAS_CHUNK_HASH)
        case "read":  # a value out of state
            return Rates(gas.GAS_PART_DECODE, gas.GAS_CHUNK_ENCODE)
        case "key":  # a key of state
            return Rates(gas.GAS_PART_ENCODE + convert, gas.GAS_CHUNK_ENCODE)
        case "encode":  # a value encoded
            return Rates(gas.GAS_PART_ENCODE + convert, gas.GAS_CHUNK_ENCODE, remembers=True)
        case "write":  # a key or a value into state
            return Rates(gas.GAS_PART_ENCODE + convert, gas.GAS_CHUNK_ENCODE, gas.GAS_BYTE_STORE)
        case "event":  # a field of an event
            return Rates(gas.GAS_PART_ENCODE + convert, gas.GAS_CHUNK_ENCODE, gas.GAS_BYTE_EVENT)
    raise AssertionError(work)


def price_of_type(work: str, kind: Type, of: Measure | None = None) -> Price:
    """The price of work on the greatest value of a type, whose measure may be known."""
    return rates(work, _is_direct(work, kind)).price(of or measure(kind))


def _is_direct(work: str, kind: Type) -> bool:
    """Whether values need no conversion before work that encodes them; compound keys do, since they are no keys of Python's."""
    return is_direct(kind) and not (work == "key" and parts(kind))


class Scale(NamedTuple):
    """How values of a text, byte string or list type count by their length."""

    element: Measure  # a byte for texts and byte strings, whose chunks are counted apart
    bytewise: bool
    direct: bool  # see `is_direct`

    @classmethod
    def of(cls, kind: Type) -> Scale:
        """The scale of a type for which `is_sized` holds."""
        if isinstance(kind, List):
            return cls(measure(kind.element), False, is_direct(kind))
        return BYTES_SCALE

    def size(self, length: int) -> int:
        """The abstract bytes of a value of so many elements, or of so many bytes."""
        return 4 + length * self.element.size

    def slope(self, work: str) -> Slope:
        """The same for one kind of work."""
        rate = rates(work, self.direct and (self.bytewise or work != "key"))
        fixed, each = rate.price(Measure(4, 1, 0)), rate.price(self.element)
        return Slope(fixed, each, rate.chunk if self.bytewise else 0)

    def price(self, work: str, length: int) -> Price:
        """The price of work on a value of so many elements, or of so many bytes."""
        fixed, each, chunk = self.slope(work)
        return Price(fixed.gas + each.gas * length + chunk * _chunks(length), fixed.memory + each.memory * length)


class Slope(NamedTuple):
    """A price that grows with a length: fixed, for each element or byte, and gas for every sixteen bytes as begun."""

    fixed: Price
    each: Price
    chunk: int


BYTES_SCALE: Final = Scale(Measure(1, 0, 0), True, True)
"""Of texts and byte strings."""


def price_of_value(work: str, kind: Type, value: Any) -> Price:
    """The price of work on a value, by its length if it has one."""
    return Scale.of(kind).price(work, length(value)) if is_sized(kind) else price_of_type(work, kind)


CHANGES: Final[dict[int, int]] = {
    **dict.fromkeys((i.STORE, i.MAP_PUT, i.MAP_TAKE, i.SET_ADD, i.REMOVE, i.BECOME, i.PAY), 1),
    **dict.fromkeys((i.VAULT_PUT, i.VAULT_TAKE, i.VAULT_TAKE_ALL), 3),  # the vault, the sum of all vaults, what has moved
}
"""How many entries of the journal an instruction makes at most, beside those of the host."""

PriceOf: TypeAlias = Callable[[str, Type], Price]
"""`price_of_type`, or somebody who remembers what it gave."""

_WORK: Final[dict[int, str]] = {
    i.PACK: "make T",
    i.UNPACK: "open T",
    i.WITH_FIELD: "make T",
    i.VARIANT: "make T",
    i.OPEN: "open T",
    i.NEW: "make T",
    i.DESTROY: "open T",
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
    i.VAULT_PUT: "key K write K",
    i.VAULT_TAKE: "key K",
    i.VAULT_TAKE_ALL: "key K",
    i.VAULT_AMOUNT: "key K",
    i.ENCODE: "encode T",
}


def works_of(code: int, kind: Type | None, key: Type | None, value: Type | None) -> list[tuple[str, Type]]:
    """The works of an instruction on its operand type `T`, or the key `K` and value `V` of its state
    field.
    """
    words = _WORK.get(code, "").split()
    types = {"T": kind, "K": key, "V": value}
    pairs = [(work, types[name]) for work, name in zip(words[::2], words[1::2], strict=True)]
    return [(work, of) for work, of in pairs if of is not None]


def static_price(works: list[tuple[str, Type]], priced: PriceOf = price_of_type) -> Price:
    """The sum of the works on types of fixed size."""
    prices = [priced(work, of) for work, of in works if not is_sized(of)]
    return Price(sum(price.gas for price in prices), sum(price.memory for price in prices))


def instruction_price(
    code: int, kind: Type | None, key: Type | None, value: Type | None, rounding: int, priced: PriceOf = price_of_type
) -> Price:
    """The static price of an instruction: its base, and its works on types of fixed size."""
    works = static_price(works_of(code, kind, key, value), priced)
    return Price(base_price(TABLE[code].price, kind, rounding) + works.gas, works.memory)


def base_price(word: str, kind: Type | None, rounding: int) -> int:
    """The gas that the word of a row stands for, with this operand type and rounding."""
    if word == "free":  # part of what a segment costs
        return 0
    price = 0
    name = f"GAS_{word.upper()}"
    if word in _BY_WIDTH:
        name += ("", "_128", "_256")[_width(kind)]
        if rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN):
            price += gas.GAS_ROUND
    elif word == "length":
        name = "GAS_FIELD"
        if isinstance(kind, Text):  # in UTF-8 a text is as long as its encoding
            price += gas.GAS_TEXT + price_of_type("scan", kind).gas
    elif word == "text" or (isinstance(kind, Text) and word in ("list", "compare")):
        name = "GAS_LIST"
        price += gas.GAS_TEXT
    elif word == "encode" and isinstance(kind, Text):
        price += gas.GAS_TEXT
    elif word == "compare" and kind is not None and is_sized(kind):
        name = "GAS_LIST"
    number: int = getattr(gas, name)
    return price + number


class CodeCounts(NamedTuple):
    """What there is in code that takes time to verify, generate and compile, beside its bytes."""

    values: int  # that instructions take or give
    segments: int  # and what takes as long: see `_extra_segments`


def code_counts(bodies: Iterable[Body]) -> CodeCounts:
    """The counts of verified code."""
    values = segments = 0
    for body in bodies:
        segments += len(body.segments)
        for op in body.ops:
            values += len(op.takes) + len(op.gives)
            segments += _extra_segments(op)
    return CodeCounts(values, segments)


def code_price(size_bytes: int, bodies: Iterable[Body]) -> int:
    """The gas of making the code of a module ready to run: decode, verify, generate and compile it. It hangs on what was verified
    only, never on what the generator writes, which may change.
    """
    values, segments = code_counts(bodies)
    return gas.GAS_DEPLOY_BYTE * size_bytes + gas.GAS_DEPLOY_VALUE * values + gas.GAS_DEPLOY_SEGMENT * segments


def _extra_segments(op: Op) -> int:
    """How many segments more an instruction is worth: one if it invokes or touches the world, and one for each text, byte string
    or list that it works on, since the length of that is charged for apart.
    """
    row = TABLE[op.code]
    if row.price in _MOVES:
        return 0
    if op.code == i.INVOKE:
        return 1
    kinds = (*op.takes, *op.gives) if op.key is op.value is None else (op.key, op.value)
    return (row.does != 0) + sum(kind is not None and is_sized(kind) for kind in kinds)


_MOVES: Final = frozenset(("base", "free", "fail"))
"""The prices of instructions that work on no value."""
_BY_WIDTH: Final = frozenset(("multiply", "divide", "muldiv"))


def _width(kind: Type | None) -> int:
    """0, 1, 2 for numbers of up to 64, 128, 256 bits."""
    assert isinstance(kind, Int | Amount)
    low, high = bounds(kind)
    bits = max(high, -low - 1).bit_length() + (low < 0)
    return (bits > 64) + (bits > 128)
