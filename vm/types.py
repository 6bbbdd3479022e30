"""The types of the machine, and the questions that are asked of them.

Types are plain frozen values compared by content. A module lists the compound ones in a table in which an
entry refers only to earlier entries, so a type can never contain itself.

How values look at run time (see `docs/machine.md`, "Values"): integers and units are `int`, texts `str`, byte
strings and addresses `bytes`, lists, tuples and structs `tuple`, enum and option values `(tag, *payload)`,
coins `Coin`, resources `Resource`.

A question whose answer for a whole hangs on the answers for its parts takes `within`, the way to ask about a part. Left
out, it is the question itself; whoever asks about many types that share parts gives one that remembers (`vm.facts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from vm.limits import CURRENCY_CODE_CHARACTERS_MAX


@dataclass(frozen=True, slots=True)
class Int:
    """A checked integer or unit: `u8` … `u256`, `i8` … `i256`, `Time`, `Duration`, `Rate`."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of minor units of one currency, 0 … 2**128 - 1. `currency` None is the contract's home
    currency.
    """

    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Bool:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Address:
    """32 bytes that name a wallet or a contract."""


@dataclass(frozen=True, slots=True)
class Text:
    """Unicode text of at most `max` bytes in UTF-8."""

    max: int


@dataclass(frozen=True, slots=True)
class Bytes:
    """A byte string of at most `max` bytes."""

    max: int


@dataclass(frozen=True, slots=True)
class List:
    """At most `max` plain elements in order."""

    element: Type
    max: int


@dataclass(frozen=True, slots=True)
class Option:
    """`None` (tag 0) or `Some(element)` (tag 1). Linear when its element is."""

    element: Type


@dataclass(frozen=True, slots=True)
class Tuple:
    """Two or more values side by side. Linear when an item is."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """A named record of plain fields."""

    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Enum:
    """A named choice of variants, each with plain payload fields; the tag is the variant's position."""

    name: str
    variants: tuple[tuple[str, tuple[tuple[str, Type], ...]], ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A linear record that only its declaring contract makes or unmakes.

    `divides` is the position of the field by which it splits and merges, or None.
    """

    name: str
    fields: tuple[tuple[str, Type], ...]
    divides: int | None = None


@dataclass(frozen=True, slots=True)
class Coin:
    """Money in flight: linear. `currency` None is the contract's home currency."""

    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Vault:
    """Money at rest in a contract's state. A state field, or the value of a state map; never a value."""

    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """A state field from plain keys to plain values, resources, coins' vaults. Cannot be iterated."""

    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class Set:
    """A state field that remembers plain keys. Cannot be iterated."""

    key: Type


Type: TypeAlias = (
    Int | Amount | Bool | Address | Text | Bytes | List | Option | Tuple | Struct | Enum | Resource | Coin | Vault | Map | Set
)


class CoinValue(NamedTuple):
    """A coin as the machine carries it: currency code and minor units."""

    currency: str
    amount: int


class ResourceValue(NamedTuple):
    """A resource as the machine carries it: its type's name and its fields in order."""

    name: str
    fields: tuple[object, ...]


def _unsigned(bits: int) -> Int:
    return Int(f"u{bits}", 0, 2**bits - 1)


def _signed(bits: int) -> Int:
    return Int(f"i{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


U8, U16, U32, U64, U128, U256 = (_unsigned(bits) for bits in (8, 16, 32, 64, 128, 256))
I8, I16, I32, I64, I128, I256 = (_signed(bits) for bits in (8, 16, 32, 64, 128, 256))

TIME = Int("Time", 0, 2**64 - 1)
"""Milliseconds since 1970-01-01T00:00:00Z, without leap seconds."""
DURATION = Int("Duration", 0, 2**64 - 1)
"""Milliseconds."""
RATE = Int("Rate", 0, 2**64 - 1)
"""A ratio in units of 10**-12, so that one basis point is 10**8."""
RATE_ONE = 10**12
"""The `Rate` that stands for 1, or 100 %."""

AMOUNT_MAX = 2**128 - 1
BOOL = Bool()
ADDRESS = Address()
AMOUNT = Amount()
COIN = Coin()
VAULT = Vault()
ADDRESS_BYTES = 32
HASH = Bytes(32)

INTEGERS: tuple[Int, ...] = (U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256)
SCALARS: tuple[Type, ...] = (BOOL, *INTEGERS, TIME, DURATION, RATE, ADDRESS, AMOUNT, COIN, VAULT)
"""The types without parts. Their position here is their index in every module's type table."""

PAYMENT = Struct("Payment", (("payer", ADDRESS), ("to", ADDRESS), ("amount", AMOUNT)))
"""What the ledger shows to a wallet rule before the wallet pays."""


def is_linear(kind: Type) -> bool:
    """True for values that must be used exactly once: coins, resources, and options and tuples that hold
    one.
    """
    match kind:
        case Coin() | Resource():
            return True
        case Option(element):
            return is_linear(element)
        case Tuple(items):
            return any(is_linear(item) for item in items)
    return False


def is_plain(kind: Type, within: Callable[[Type], bool] | None = None) -> bool:
    """True for values that may be copied, compared, stored and encoded."""
    if isinstance(kind, Coin | Resource | Vault | Map | Set):
        return False
    return all(map(within or is_plain, parts(kind)))


def has_resource(kind: Type, within: Callable[[Type], bool] | None = None) -> bool:
    """True for resources, and for what holds one."""
    return isinstance(kind, Resource) or any(map(within or has_resource, parts(kind)))


def is_number(kind: Type) -> bool:
    """True for everything held as a checked integer: sized integers, units and amounts."""
    return isinstance(kind, Int | Amount)


def bounds(kind: Int | Amount) -> tuple[int, int]:
    """The least and the greatest value of a number type."""
    return (kind.low, kind.high) if isinstance(kind, Int) else (0, AMOUNT_MAX)


def is_subtype(kind: Type, of: Type, within: Callable[[Type, Type], bool] | None = None) -> bool:
    """True if every value of `kind` is a value of `of`: equal, or alike with smaller greatest lengths."""
    within = within or is_subtype
    match kind, of:
        case (Text(a), Text(b)) | (Bytes(a), Bytes(b)):
            return a <= b
        case List(a, m), List(b, n):
            return m <= n and within(a, b)
        case Option(a), Option(b):
            return within(a, b)
        case Tuple(a), Tuple(b):
            return len(a) == len(b) and all(map(within, a, b))
    return kind == of


def size_max(kind: Type, within: Callable[[Type], int] | None = None) -> int:
    """The greatest number of abstract bytes a value of this type counts for; the unit of size-dependent
    gas.
    """
    within = within or size_max
    match kind:
        case Bool():
            return 1
        case Int(_, low, high):
            return max(1, (max(high, -low).bit_length() + 7) // 8)
        case Amount() | Coin() | Vault():
            return 16
        case Address():
            return ADDRESS_BYTES
        case Text(most) | Bytes(most):
            return 4 + most
        case List(element, most):
            return 4 + most * within(element)
        case Option(element):
            return 1 + within(element)
        case Tuple(items):
            return sum(within(item) for item in items)
        case Struct(_, fields) | Resource(_, fields, _):
            return sum(within(field) for _, field in fields)
        case Enum(_, variants):
            return 1 + max(sum(within(field) for _, field in payload) for _, payload in variants)
        case Map() | Set():
            return 0
    raise AssertionError(kind)


def encoded_max(kind: Type, within: Callable[[Type], int] | None = None) -> int:
    """The greatest number of bytes of the encoding of a value of this type (`docs/machine.md`, "Values")."""
    within = within or encoded_max
    match kind:
        case Bool():
            return 1
        case Int(_, low, high):
            return max(_encoded_int(low), _encoded_int(high))
        case Amount() | Vault():
            return _encoded_int(AMOUNT_MAX)
        case Coin():
            return 1 + 1 + CURRENCY_CODE_CHARACTERS_MAX + _encoded_int(AMOUNT_MAX)
        case Address():
            return 2 + ADDRESS_BYTES
        case Text(most):
            return most + (1 if most < 2**5 else 2 if most < 2**8 else 3)
        case Bytes(most):
            return most + (2 if most < 2**8 else 3)
        case List(element, most):
            return _encoded_array(most) + most * within(element)
        case Option(element):
            return 2 + within(element)
        case Tuple(items):
            return _encoded_array(len(items)) + sum(within(item) for item in items)
        case Struct(_, fields) | Resource(_, fields, _):
            return _encoded_array(len(fields)) + sum(within(field) for _, field in fields)
        case Enum(_, variants):
            return max(
                _encoded_array(1 + len(payload)) + 1 + sum(within(field) for _, field in payload) for _, payload in variants
            )
        case Map() | Set():
            return 0
    raise AssertionError(kind)


def _encoded_array(length: int) -> int:
    return 1 if length < 2**4 else 3


def _encoded_int(value: int) -> int:
    if -(2**63) <= value < 2**64:
        steps = ((1, -(2**5), 2**7), (2, -(2**7), 2**8), (3, -(2**15), 2**16), (5, -(2**31), 2**32))
        for size, least, above in steps:
            if least <= value < above:
                return size
        return 9
    return 2 + (value if value >= 0 else ~value).bit_length() // 8 + 1


def parts(kind: Type) -> tuple[Type, ...]:
    """The types that a type is directly made of, in order."""
    match kind:
        case List(element, _) | Option(element):
            return (element,)
        case Tuple(items):
            return items
        case Struct(_, fields) | Resource(_, fields, _):
            return tuple([field for _, field in fields])
        case Enum(_, variants):
            return tuple([field for _, payload in variants for _, field in payload])
        case Map(key, value):
            return (key, value)
        case Set(key):
            return (key,)
    return ()


def labels(kind: Type) -> tuple[object, ...]:
    """The names that belong to a type: its own, and those of its fields or variants."""
    match kind:
        case Struct(name, fields) | Resource(name, fields, _):
            return (name, *(field for field, _ in fields))
        case Enum(name, variants):
            return (name, *((variant, *(field for field, _ in payload)) for variant, payload in variants))
    return ()


def nodes(kind: Type, within: Callable[[Type], int] | None = None) -> int:
    """The number of types within a type, itself included, counted with repetition."""
    return 1 + sum(map(within or nodes, parts(kind)))


def type_name(kind: Type) -> str:
    """The type as it is written in Tael."""
    match kind:
        case Bool():
            return "bool"
        case Int(name, _, _) | Struct(name, _) | Enum(name, _) | Resource(name, _, _):
            return name
        case Address():
            return "Address"
        case Amount(currency) | Coin(currency) | Vault(currency):
            word = type(kind).__name__
            return word if currency is None else f"{word}[{currency}]"
        case Text(most) | Bytes(most):
            return f"{type(kind).__name__}[{most}]"
        case List(element, most):
            return f"List[{type_name(element)}, {most}]"
        case Option(element):
            return f"Option[{type_name(element)}]"
        case Tuple(items):
            return f"({', '.join(type_name(item) for item in items)})"
        case Map(key, value):
            return f"Map[{type_name(key)}, {type_name(value)}]"
        case Set(key):
            return f"Set[{type_name(key)}]"
    raise AssertionError(kind)
