"""Types as the compiler sees them: those of the machine, and three that exist only in the text.

`lower` turns a type into the machine's: a reference to a contract is an address there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from vm import types as vm
from vm.instructions import Rounding


@dataclass(frozen=True, slots=True)
class Reference:
    """The address of a contract that is known to have an interface. `path` tells same names of two files apart."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a function without a result gives."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The type of something already found wrong; fits everywhere, so that one mistake is told once."""


Type: TypeAlias = vm.Type | Reference | Nothing | Unknown

NOTHING = Nothing()
UNKNOWN = Unknown()

NAMED: dict[str, vm.Type] = {
    "bool": vm.BOOL,
    "Address": vm.ADDRESS,
    "Time": vm.TIME,
    "Duration": vm.DURATION,
    "Rate": vm.RATE,
    "Payment": vm.PAYMENT,
    **{kind.name: kind for kind in vm.INTEGERS},
}
"""The types with a name and no arguments. `Amount`, `Coin` and `Vault` may have one, the others below must."""

PARAMETRIC = frozenset({"Amount", "Coin", "Vault", "Text", "Bytes", "List", "Option", "Map", "Set"})

MILLISECONDS = {
    "ms": 1,
    "second": 1000,
    "seconds": 1000,
    "minute": 60_000,
    "minutes": 60_000,
    "hour": 3_600_000,
    "hours": 3_600_000,
    "day": 86_400_000,
    "days": 86_400_000,
    "week": 604_800_000,
    "weeks": 604_800_000,
}
"""The units of durations, in milliseconds."""


def describe(kind: Type) -> str:
    """The type as people write it."""
    match kind:
        case Reference(name, _):
            return name
        case Nothing():
            return "nothing"
        case Unknown():
            return "?"
        case vm.List(element, most):
            return f"List[{describe(element)}, {most}]"
        case vm.Option(element):
            return f"Option[{describe(element)}]"
        case vm.Tuple(items):
            return f"({', '.join(describe(item) for item in items)})"
        case vm.Map(key, value):
            return f"Map[{describe(key)}, {describe(value)}]"
        case vm.Set(key):
            return f"Set[{describe(key)}]"
    return vm.type_name(kind)


def one(kind: Type) -> str:
    """The type in a sentence: "an `Amount`", "a `u64`"."""
    name = describe(kind)
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} `{name}`"


def lower(kind: Type) -> vm.Type:
    """The machine's type of a checked type."""
    match kind:
        case Reference():
            return vm.ADDRESS
        case Nothing() | Unknown():
            raise AssertionError(kind)
        case vm.List(element, most):
            return vm.List(lower(element), most)
        case vm.Option(element):
            return vm.Option(lower(element))
        case vm.Tuple(items):
            return vm.Tuple(tuple(lower(item) for item in items))
        case vm.Struct(_, fields) | vm.Resource(_, fields, _):
            return replace(kind, fields=tuple((name, lower(field)) for name, field in fields))
        case vm.Enum(name, variants):
            lowered = tuple((v, tuple((n, lower(f)) for n, f in payload)) for v, payload in variants)
            return vm.Enum(name, lowered)
        case vm.Map(key, value):
            return vm.Map(lower(key), lower(value))
        case vm.Set(key):
            return vm.Set(lower(key))
    return kind


def depth(kind: Type) -> int:
    """How deep a type nests; a scalar is 1."""
    return 1 + max((depth(part) for part in _parts(kind)), default=0)


def nodes(kind: Type) -> int:
    """How many types a type is made of, itself included."""
    return 1 + sum(nodes(part) for part in _parts(kind))


def _parts(kind: Type) -> tuple[vm.Type, ...]:
    return () if isinstance(kind, Reference | Nothing | Unknown) else vm.parts(kind)


def is_plain(kind: Type) -> bool:
    """Whether values may be copied, compared and stored."""
    if isinstance(kind, Nothing | Unknown):
        return isinstance(kind, Unknown)
    return vm.is_plain(lower(kind))


def is_linear(kind: Type) -> bool:
    """Whether a value must be used exactly once."""
    return not isinstance(kind, Nothing | Unknown) and vm.is_linear(lower(kind))


def is_value(kind: Type) -> bool:
    """Whether it may be held in a local: everything but vaults, maps, sets and nothing."""
    return isinstance(kind, Unknown) or is_plain(kind) or is_linear(kind)


def is_integer(kind: Type) -> bool:
    """Whether it is one of `u8` … `i256`."""
    return isinstance(kind, vm.Int) and kind in vm.INTEGERS


def is_unsigned(kind: Type) -> bool:
    """Whether it is one of `u8` … `u256`."""
    return isinstance(kind, vm.Int) and kind in vm.INTEGERS and kind.low == 0


def is_number(kind: Type) -> bool:
    """Whether the machine holds it as a checked integer."""
    return isinstance(kind, vm.Int | vm.Amount)


def fits(kind: Type, expected: Type) -> bool:
    """Whether a value of `kind` may stand where `expected` is asked for."""
    if isinstance(kind, Unknown) or isinstance(expected, Unknown) or kind == expected:
        return True
    match kind, expected:
        case vm.Option(a), vm.Option(b):
            return fits(a, b)
        case vm.List(a, m), vm.List(b, n):
            return m <= n and fits(a, b)
        case vm.Tuple(a), vm.Tuple(b):
            return len(a) == len(b) and all(fits(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(kind, Reference | Nothing) or isinstance(expected, Reference | Nothing):
        return False
    return vm.is_subtype(kind, expected)


def wider(left: Type, right: Type) -> Type | None:
    """The one of two types that holds the values of both, or None."""
    if fits(left, right):
        return right if not isinstance(right, Unknown) else left
    return left if fits(right, left) else None


ROUNDINGS = {rounding.name.lower(): rounding for rounding in Rounding}
"""How a text names a rounding."""

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
ARITHMETIC = frozenset({"+", "-", "*", "/", "mod"})


@dataclass(frozen=True, slots=True)
class Rule:
    """How an operation on two numbers runs: both become `work`, and its result becomes `result`.

    `scale` is set where a `Rate` takes part: the product is divided by, or the dividend multiplied with, `RATE_ONE`.
    """

    work: vm.Type
    result: vm.Type
    scale: bool = False


def arithmetic(operator: str, left: Type, right: Type) -> Rule | None:
    """The rule for `left operator right`, or None where the units do not go together. See `docs/language.md`, Units."""
    if not isinstance(left, vm.Int | vm.Amount) or not isinstance(right, vm.Int | vm.Amount):
        return None
    unit = left in (vm.DURATION, vm.RATE) or isinstance(left, vm.Amount)
    match operator:
        case "+" | "-" if left == right and left != vm.TIME:
            return Rule(left, left)
        case "+" if (left, right) in ((vm.TIME, vm.DURATION), (vm.DURATION, vm.TIME)):
            return Rule(vm.TIME, vm.TIME)
        case "-" if (left, right) == (vm.TIME, vm.DURATION):
            return Rule(vm.TIME, vm.TIME)
        case "-" if left == right == vm.TIME:
            return Rule(vm.TIME, vm.DURATION)
        case "*" | "/" | "mod" if left == right and is_integer(left):
            return Rule(left, left)
        case "*" | "/" if right == vm.RATE and unit:
            return Rule(left, left, scale=True)
        case "*" if left == vm.RATE and (right == vm.DURATION or isinstance(right, vm.Amount)):
            return Rule(right, right, scale=True)
        case "*" | "/" | "mod" if unit and is_unsigned(right):
            return Rule(left, left)
        case "*" if is_unsigned(left) and (right in (vm.DURATION, vm.RATE) or isinstance(right, vm.Amount)):
            return Rule(right, right)
        case "/" if left == right and isinstance(left, vm.Amount):
            return Rule(left, vm.U128)
        case "/" if left == right == vm.DURATION:
            return Rule(left, vm.U64)
        case "mod" if left == right and (left == vm.DURATION or isinstance(left, vm.Amount)):
            return Rule(left, left)
        case "mod" if (left, right) == (vm.TIME, vm.DURATION):
            return Rule(vm.TIME, vm.DURATION)
    return None


def needs_rounding(operator: str, rule: Rule) -> bool:
    """Whether the operation can come out uneven, so that the text must say which way it is rounded."""
    return operator == "/" or rule.scale


def scaling_type(kind: Type, factor: Type) -> Type:
    """In which type `mul_div` works when it scales a `kind` by a fraction of `factor`s: one that holds them both."""
    if kind == factor:
        return kind
    numbers = [number for number in (kind, factor) if isinstance(number, vm.Int | vm.Amount)]
    return vm.U256 if all(vm.bounds(number)[0] == 0 for number in numbers) else vm.I256
