"""Modules and their one byte string."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from vm.failure import Failure
from vm.illegal import Illegal, Reason
from vm.limits import CODE_WORDS_MAX, MODULE_BYTES_MAX
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.type_table import TypeTable, check_limit
from vm.types import (
    SCALARS,
    Amount,
    Bytes,
    Coin,
    Enum,
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
)
from vm.values import belongs, from_wire, pack, to_wire, unpack

MODULE_VERSION: Final = 1
_HASH_TAG: Final = b"tael/module/1"
_KINDS: Final = tuple(Kind)


def module_hash(data: bytes) -> bytes:
    """The 32 bytes by which a module is known: SHA-256 of a tag and its byte string."""
    return hashlib.sha256(_HASH_TAG + data).digest()


def encode_module(module: Module) -> bytes:
    """The one byte string of a module. Raises `Illegal` if types are missing from its table or it is too
    large.
    """
    table = TypeTable()
    for kind in module.types:
        table.add(kind)
    try:
        data = pack(_module_to_wire(module, _Writer(table)))
    except (ValueError, TypeError, OverflowError) as error:
        raise Illegal(Reason.MALFORMED, "module", "a text or number that cannot be encoded") from error
    check_limit("MODULE_BYTES_MAX", len(data), MODULE_BYTES_MAX, "module")
    return data


def decode_module(data: bytes) -> Module:
    """The module of a byte string. Raises `Illegal` for any but the one that `encode_module` gives.

    A decoded module is well shaped and its types are sound; whether it may run is for `vm.verifier` to say.
    """
    return decode_with_table(data)[0]


def decode_with_table(data: bytes) -> tuple[Module, TypeTable]:
    """The same, and the table in which its types have been checked."""
    check_limit("MODULE_BYTES_MAX", len(data), MODULE_BYTES_MAX, "module")
    try:
        wire = unpack(data, elements_max=CODE_WORDS_MAX)
    except Failure as failure:
        raise Illegal(Reason.MALFORMED, "module", failure.detail) from failure
    (
        version, name, currency, types, constants, fields, phases, steps,
        events, errors, externals, implements, functions, promises,
    ) = _array(wire, "module", 14)  # fmt: skip
    if _int(version, "version") != MODULE_VERSION:
        raise Illegal(Reason.MALFORMED, "version", "not a version this machine knows")
    reader = _Reader()
    for entry in _array(types, "types"):
        reader.table.add(reader.entry(entry))
    module = Module(
        name=_text(name, "name"),
        currency=None if currency is None else _text(currency, "currency"),
        types=tuple(reader.table.types[len(SCALARS) :]),
        constants=tuple([reader.constant(x, f"constants[{i}]") for i, x in enumerate(_array(constants, "constants"))]),
        fields=reader.fields(fields, "fields"),
        phases=_texts(phases, "phases"),
        steps=tuple([_step(x, f"steps[{i}]") for i, x in enumerate(_array(steps, "steps"))]),
        events=tuple([reader.record(x, f"events[{i}]") for i, x in enumerate(_array(events, "events"))]),
        errors=tuple([reader.record(x, f"errors[{i}]") for i, x in enumerate(_array(errors, "errors"))]),
        externals=tuple([reader.external(x, f"externals[{i}]") for i, x in enumerate(_array(externals, "externals"))]),
        implements=_texts(implements, "implements"),
        functions=tuple([reader.function(x, f"functions[{i}]") for i, x in enumerate(_array(functions, "functions"))]),
        promises=tuple([_promise(x, f"promises[{i}]") for i, x in enumerate(_array(promises, "promises"))]),
    )
    return module, reader.table


def _module_to_wire(module: Module, writer: _Writer) -> list[Any]:
    return [
        MODULE_VERSION,
        module.name,
        module.currency,
        [writer.entry(kind) for kind in module.types],
        [writer.constant(constant) for constant in module.constants],
        writer.fields(module.fields),
        list(module.phases),
        [list(step) for step in module.steps],
        [[record.name, writer.fields(record.fields)] for record in module.events],
        [[record.name, writer.fields(record.fields)] for record in module.errors],
        [writer.external(external) for external in module.externals],
        list(module.implements),
        [writer.function(function) for function in module.functions],
        [list(promise) for promise in module.promises],
    ]


class _Writer:
    """The wire forms of the parts of a module that name types."""

    def __init__(self, table: TypeTable) -> None:
        self._table = table

    def _type(self, kind: Type) -> int:
        return self._table.index(kind, "module")

    def _optional(self, kind: Type | None) -> int | None:
        return None if kind is None else self._type(kind)

    def fields(self, fields: tuple[tuple[str, Type], ...]) -> list[Any]:
        return [[name, self._type(kind)] for name, kind in fields]

    def entry(self, kind: Type) -> list[Any]:
        match kind:
            case Amount(code) | Coin(code) | Vault(code):
                return [type(kind).__name__.lower(), code]
            case Text(most) | Bytes(most):
                return [type(kind).__name__.lower(), most]
            case List(element, most):
                return ["list", self._type(element), most]
            case Option(element):
                return ["option", self._type(element)]
            case Tuple(items):
                return ["tuple", [self._type(item) for item in items]]
            case Struct(name, fields):
                return ["struct", name, self.fields(fields)]
            case Enum(name, variants):
                return ["enum", name, [[variant, self.fields(payload)] for variant, payload in variants]]
            case Resource(name, fields, divides):
                return ["resource", name, self.fields(fields), divides]
            case Map(key, value):
                return ["map", self._type(key), self._type(value)]
            case Set(key):
                return ["set", self._type(key)]
        raise AssertionError(kind)

    def constant(self, constant: Constant) -> list[Any]:
        if not belongs(constant.type, constant.value):
            raise Illegal(Reason.CONSTANT, "constants", "a constant that is no value of its type")
        return [self._type(constant.type), to_wire(constant.type, constant.value)]

    def external(self, external: External) -> list[Any]:
        return [
            external.interface,
            external.function,
            external.view,
            [self._type(kind) for kind in external.parameters],
            self._optional(external.result),
        ]

    def function(self, function: Function) -> list[Any]:
        return [
            function.name,
            str(function.kind),
            self.fields(function.parameters),
            self._optional(function.result),
            function.phases,
            int(function.effects),
            [self._type(kind) for kind in function.locals],
            [int(word) for word in function.code],
        ]


class _Reader:
    """The parts of a module that name types, from their wire forms."""

    def __init__(self) -> None:
        self.table = TypeTable()

    def _type(self, wire: Any, where: str) -> Type:
        index = _int(wire, where)
        if index >= len(self.table.types):
            raise Illegal(Reason.UNKNOWN_TYPE, where, "no such entry of the table, or not yet")
        return self.table.types[index]

    def _types(self, wire: Any, where: str) -> tuple[Type, ...]:
        return tuple([self._type(x, where) for x in _array(wire, where)])

    def _optional(self, wire: Any, where: str) -> Type | None:
        return None if wire is None else self._type(wire, where)

    def fields(self, wire: Any, where: str) -> tuple[tuple[str, Type], ...]:
        pairs = [_array(x, where, 2) for x in _array(wire, where)]
        return tuple([(_text(name, where), self._type(kind, where)) for name, kind in pairs])

    def record(self, wire: Any, where: str) -> Record:
        name, fields = _array(wire, where, 2)
        return Record(_text(name, where), self.fields(fields, where))

    def entry(self, wire: Any) -> Type:
        where = f"types[{len(self.table.types) - len(SCALARS)}]"
        match wire:
            case ["amount", code]:
                return Amount(_text(code, where))
            case ["coin", code]:
                return Coin(_text(code, where))
            case ["vault", code]:
                return Vault(_text(code, where))
            case ["text", most]:
                return Text(_int(most, where))
            case ["bytes", most]:
                return Bytes(_int(most, where))
            case ["list", element, most]:
                return List(self._type(element, where), _int(most, where))
            case ["option", element]:
                return Option(self._type(element, where))
            case ["tuple", items]:
                return Tuple(self._types(items, where))
            case ["struct", name, fields]:
                return Struct(_text(name, where), self.fields(fields, where))
            case ["enum", name, variants]:
                pairs = [_array(x, where, 2) for x in _array(variants, where)]
                return Enum(
                    _text(name, where),
                    tuple([(_text(variant, where), self.fields(payload, where)) for variant, payload in pairs]),
                )
            case ["resource", name, fields, divides]:
                by = None if divides is None else _int(divides, where)
                return Resource(_text(name, where), self.fields(fields, where), by)
            case ["map", key, value]:
                return Map(self._type(key, where), self._type(value, where))
            case ["set", key]:
                return Set(self._type(key, where))
        raise Illegal(Reason.MALFORMED, where, "not an entry of a table of types")

    def constant(self, wire: Any, where: str) -> Constant:
        index, value = _array(wire, where, 2)
        kind = self._type(index, where)
        try:
            return Constant(kind, from_wire(kind, value))
        except Failure as failure:
            raise Illegal(Reason.CONSTANT, where, failure.detail) from failure

    def external(self, wire: Any, where: str) -> External:
        interface, function, view, parameters, result = _array(wire, where, 5)
        if type(view) is not bool:
            raise Illegal(Reason.MALFORMED, where, "not a truth value")
        return External(
            _text(interface, where),
            _text(function, where),
            view,
            self._types(parameters, where),
            self._optional(result, where),
        )

    def function(self, wire: Any, where: str) -> Function:
        name, kind, parameters, result, phases, effects, local_types, code = _array(wire, where, 8)
        if kind not in _KINDS:
            raise Illegal(Reason.MALFORMED, where, "no kind of function")
        return Function(
            name=_text(name, where),
            kind=Kind(kind),
            parameters=self.fields(parameters, where),
            result=self._optional(result, where),
            phases=None if phases is None else _int(phases, where),
            effects=_int(effects, where),
            locals=self._types(local_types, where),
            code=_numbers(code, where),
        )


def _step(wire: Any, where: str) -> tuple[int, int]:
    before, after = _array(wire, where, 2)
    return _int(before, where), _int(after, where)


def _promise(wire: Any, where: str) -> tuple[int, int | None, int]:
    function, old, ensures = _array(wire, where, 3)
    return _int(function, where), None if old is None else _int(old, where), _int(ensures, where)


def _array(wire: Any, where: str, length: int | None = None) -> list[Any]:
    if type(wire) is not list or (length is not None and len(wire) != length):
        raise Illegal(Reason.MALFORMED, where, "not an array" if length is None else f"not an array of {length}")
    return wire


def _text(wire: Any, where: str) -> str:
    if type(wire) is not str:
        raise Illegal(Reason.MALFORMED, where, "not a text")
    return wire


def _texts(wire: Any, where: str) -> tuple[str, ...]:
    return tuple([_text(x, where) for x in _array(wire, where)])


def _numbers(wire: Any, where: str) -> tuple[int, ...]:
    words = _array(wire, where)
    if not {int}.issuperset(map(type, words)) or (words and min(words) < 0):
        raise Illegal(Reason.MALFORMED, where, "not a number from 0")
    return tuple(words)


def _int(wire: Any, where: str) -> int:
    if type(wire) is not int or wire < 0:
        raise Illegal(Reason.MALFORMED, where, "not a number from 0")
    return wire
