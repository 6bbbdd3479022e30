"""The table of a module's compound types: how it is made, searched and held to its rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from vm import limits
from vm.facts import Facts
from vm.illegal import Illegal, Reason
from vm.limits import NAME_CHARACTERS_MAX
from vm.module import Module
from vm.types import (
    SCALARS,
    Amount,
    Bytes,
    Coin,
    Enum,
    Int,
    List,
    Map,
    Option,
    Resource,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    bounds,
    is_number,
    labels,
    parts,
    type_name,
)
from vm.values import is_currency_code

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*", re.ASCII)
_TYPE_WORDS: Final = frozenset(map(type_name, SCALARS)) | {"Text", "Bytes", "List", "Option", "Map", "Set"}
"""Names that a struct, enum or resource may not bear, so that every type of a table has a spelling of its
own.
"""
_SCALAR_INDEX: Final[dict[Hashable, int]] = {kind: position for position, kind in enumerate(SCALARS)}


def type_table(used: Iterable[Type]) -> tuple[Type, ...]:
    """The closed table for the types a module uses, in order of first use, parts before wholes, scalars left
    out.
    """
    table: dict[Type, None] = {}

    def add(kind: Type) -> None:
        if kind in _SCALAR_INDEX or kind in table:
            return
        for part in parts(kind):
            add(part)
        table[kind] = None

    for kind in used:
        add(kind)
    return tuple(table)


def type_index(module: Module, kind: Type) -> int:
    """The number by which operands of this module name a type. Raises `Illegal` if it is not in the table."""
    return type_indices(module.types)(kind)


def type_indices(table: tuple[Type, ...]) -> Callable[[Type], int]:
    """A look-up of the numbers of types, for many look-ups in one table."""
    index = _SCALAR_INDEX | {kind: len(SCALARS) + position for position, kind in enumerate(table)}

    def find(kind: Type) -> int:
        found = index.get(kind)
        if found is None:
            raise Illegal(Reason.UNKNOWN_TYPE, "types", "a type is not in the table")
        return found

    return find


def check_name(name: object, where: str) -> None:
    """Refuse anything but ASCII letters, digits, `_` and `$`, no digit first, `NAME_CHARACTERS_MAX` at
    most.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Illegal(Reason.NAME, where, "not a name")
    check_limit("NAME_CHARACTERS_MAX", len(name), NAME_CHARACTERS_MAX, where)


def check_unique(names: Iterable[str], where: str) -> None:
    """Refuse a name that comes twice, and names that are not well formed."""
    seen = set()
    for name in names:
        check_name(name, where)
        if name in seen:
            raise Illegal(Reason.DUPLICATE, where, name)
        seen.add(name)


def check_limit(name: str, value: int, most: int, where: str) -> None:
    """Refuse more than a limit allows."""
    if value > most:
        raise Illegal(Reason.LIMIT, where, f"{value} is past {name} = {most}")


class TypeTable:
    """Checks a table entry by entry, before anything walks over a type whose parts might be shared without
    end. No entry costs more than its own parts: what is known of those is not worked out again.
    """

    def __init__(self) -> None:
        self.types: list[Type] = list(SCALARS)
        self.facts: Final = Facts()
        self._depths: list[int] = [1] * len(SCALARS)
        self._numbers = {id(kind): number for number, kind in enumerate(SCALARS)}
        self._keys = dict(_SCALAR_INDEX)
        self._kept: list[Type] = []
        self._names: set[str] = set()

    def add(self, kind: Type) -> None:
        """Take in the next entry. Raises `Illegal`."""
        where = f"types[{len(self.types) - len(SCALARS)}]"
        check_limit("TYPES_MAX", len(self.types) - len(SCALARS) + 1, limits.TYPES_MAX, where)
        _check_shape(kind, where)
        numbers = [self.index(part, where) for part in parts(kind)]
        nodes = 1 + sum([self.facts.nodes(self.types[number]) for number in numbers])
        depth = 1 + max([self._depths[number] for number in numbers], default=0)
        check_limit("TYPE_NODES_MAX", nodes, limits.TYPE_NODES_MAX, where)
        check_limit("TYPE_DEPTH_MAX", depth, limits.TYPE_DEPTH_MAX, where)
        _check_parts(kind, where, self.facts)
        check_limit("TYPE_SIZE_BYTES_MAX", self.facts.size_max(kind), limits.TYPE_SIZE_BYTES_MAX, where)
        key = _key(kind, numbers)
        if key in self._keys:
            raise Illegal(Reason.DUPLICATE, where, "this type is already in the table")
        if isinstance(kind, Struct | Enum | Resource):
            if kind.name in _TYPE_WORDS:
                raise Illegal(Reason.RESERVED, where, kind.name)
            if kind.name in self._names:
                raise Illegal(Reason.DUPLICATE, where, kind.name)
            self._names.add(kind.name)
        self._keys[key] = self._numbers[id(kind)] = len(self.types)
        self._depths.append(depth)
        self.types.append(kind)

    def index(self, kind: Type, where: str) -> int:
        """The number of a type that is in the table. Raises `Illegal`."""
        found = self._numbers.get(id(kind))
        if found is None:
            found = self._keys.get(_key(kind, [self.index(part, where) for part in parts(kind)]))
            if found is None:
                raise Illegal(Reason.UNKNOWN_TYPE, where, "a type that is not in the table, or not yet")
            self._numbers[id(kind)] = found
            self._kept.append(kind)
        return found

    def parts_of(self, index: int) -> list[int]:
        """The numbers of the types that an entry is directly made of."""
        return [self.index(part, "types") for part in parts(self.types[index])]


def _key(kind: Type, numbers: list[int]) -> Hashable:
    """What tells a type from all others, given the numbers of its parts: found without looking into those."""
    match kind:
        case List(_, most):
            own: object = most
        case Resource(_, _, divides):
            own = labels(kind), divides
        case _ if not numbers:
            return kind
        case _:
            own = labels(kind)
    return type(kind), own, tuple(numbers)


def _check_shape(kind: Type, where: str) -> None:
    """What can be said of an entry without looking into its parts."""
    match kind:
        case Amount(code) | Coin(code) | Vault(code):
            if not is_currency_code(code):
                raise Illegal(Reason.NAME, where, "not a currency code")
        case Text(most):
            check_limit("TEXT_BYTES_MAX", most, limits.TEXT_BYTES_MAX, where)
        case Bytes(most):
            check_limit("BYTES_MAX", most, limits.BYTES_MAX, where)
        case List(_, most):
            check_limit("LIST_ELEMENTS_MAX", most, limits.LIST_ELEMENTS_MAX, where)
        case Tuple(items):
            if len(items) < 2:
                raise Illegal(Reason.TYPE, where, "a tuple has two items or more")
            check_limit("STRUCT_FIELDS_MAX", len(items), limits.STRUCT_FIELDS_MAX, where)
        case Struct(name, fields) | Resource(name, fields, _):
            check_name(name, where)
            _check_fields(fields, where)
            if isinstance(kind, Struct) and not fields:
                raise Illegal(Reason.TYPE, where, "a struct without fields")
        case Enum(name, variants):
            check_name(name, where)
            if not variants:
                raise Illegal(Reason.TYPE, where, "an enum without variants")
            check_limit("VARIANTS_MAX", len(variants), limits.VARIANTS_MAX, where)
            check_unique((variant for variant, _ in variants), where)
            for _, fields in variants:
                _check_fields(fields, where)
        case Option() | Map() | Set():
            pass
        case _:
            raise Illegal(Reason.TYPE, where, "a scalar in the table of compound types")
    if isinstance(kind, Text | Bytes | List) and kind.max < 1:
        raise Illegal(Reason.TYPE, where, "a greatest length below 1")


def _check_fields(fields: tuple[tuple[str, Type], ...], where: str) -> None:
    check_limit("STRUCT_FIELDS_MAX", len(fields), limits.STRUCT_FIELDS_MAX, where)
    check_unique((name for name, _ in fields), where)


def _check_parts(kind: Type, where: str, facts: Facts) -> None:
    """What may stand inside of what."""
    match kind:
        case List() | Struct() | Enum() | Resource():
            allowed = all(map(facts.plain, parts(kind)))
        case Option() | Tuple():
            allowed = all(is_value(part) for part in parts(kind))
        case Map(key, value):
            allowed = facts.plain(key) and (facts.plain(value) or isinstance(value, Resource | Vault))
        case Set(key):
            allowed = facts.plain(key)
        case _:
            allowed = True
    if not allowed:
        raise Illegal(Reason.TYPE, where, "a part that may not stand here")
    if isinstance(kind, Map | Set):
        check_limit("KEY_BYTES_MAX", facts.encoded_max(kind.key), limits.KEY_BYTES_MAX, where)
    if isinstance(kind, Resource) and kind.divides is not None:
        divisible = 0 <= kind.divides < len(kind.fields) and _is_unsigned(kind.fields[kind.divides][1])
        if not divisible:
            raise Illegal(Reason.TYPE, where, "a resource divides by an unsigned number among its fields")


def is_value(kind: Type) -> bool:
    """True for types whose values may lie on the stack and in locals: all but maps, sets and vaults."""
    return not isinstance(kind, Map | Set | Vault)


def _is_unsigned(kind: Type) -> bool:
    return isinstance(kind, Int | Amount) and is_number(kind) and bounds(kind)[0] == 0
