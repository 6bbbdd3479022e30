"""Illegal modules that are too long, or too far from anything a text or bytes can say, to be kept as such: made here by hand.

Each is one past a limit, or one thing that no text assembles to, in a module that would be legal otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from vm import instructions as i
from vm import limits
from vm.illegal import Reason
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.types import (
    ADDRESS,
    BOOL,
    COIN,
    I64,
    U8,
    U64,
    VAULT,
    Amount,
    Bytes,
    Coin,
    CoinValue,
    Enum,
    List,
    Map,
    Option,
    Resource,
    ResourceValue,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
)


class Made(NamedTuple):
    """A module, why it must be refused, and what the place of the refusal has in it."""

    title: str
    reason: Reason
    where: str
    module: Module


def _module(**parts: Any) -> Module:
    return Module(name="M", **{"functions": (_function(),), **parts})


def _function(*code: int, **parts: Any) -> Function:
    standard: dict[str, Any] = {"parameters": (), "result": None, "phases": None, "effects": 0, "locals": ()}
    return Function(**{"name": "f", "kind": Kind.PRIVATE, "code": code or (i.RETURN,), **standard, **parts})


def _names(count: int, kind: Type = U8) -> tuple[tuple[str, Type], ...]:
    return tuple((f"x{n}", kind) for n in range(count))


def made() -> Iterator[Made]:
    """All of them."""
    yield from _counts()
    yield from _names_and_tables()
    yield from _sizes()
    yield from _codes()
    yield from _hidden_coins()


def _counts() -> Iterator[Made]:
    def one(limit: str, where: str, **parts: Any) -> Made:
        return Made(f"one more than {limit}", Reason.LIMIT, where, _module(**parts))

    texts = tuple(Text(1 + n) for n in range(limits.TYPES_MAX + 1))
    yield one("TYPES_MAX", "types", types=texts)
    yield one("CONSTANTS_MAX", "constants", constants=(Constant(U8, 1),) * (limits.CONSTANTS_MAX + 1))
    yield one("STATE_FIELDS_MAX", "fields", fields=_names(limits.STATE_FIELDS_MAX + 1))
    yield one("PHASES_MAX", "phases", phases=tuple(f"P{n}" for n in range(limits.PHASES_MAX + 1)))
    yield one("EVENTS_MAX", "events", events=tuple(Record(f"E{n}", ()) for n in range(limits.EVENTS_MAX + 1)))
    yield one("ERRORS_MAX", "errors", errors=tuple(Record(f"E{n}", ()) for n in range(limits.ERRORS_MAX + 1)))
    yield one("EXTERNALS_MAX", "externals", externals=(External("I", "f", True, (), U8),) * (limits.EXTERNALS_MAX + 1))
    yield one("IMPLEMENTS_MAX", "implements", implements=tuple(f"I{n}" for n in range(limits.IMPLEMENTS_MAX + 1)))
    yield one("FUNCTIONS_MAX", "functions", functions=tuple(_function(name=f"f{n}") for n in range(limits.FUNCTIONS_MAX + 1)))
    yield one("STRUCT_FIELDS_MAX of an event", "events[0]", events=(Record("E", _names(limits.STRUCT_FIELDS_MAX + 1)),))
    yield one("STRUCT_FIELDS_MAX of an error", "errors[0]", errors=(Record("E", _names(limits.STRUCT_FIELDS_MAX + 1)),))
    yield one("STRUCT_FIELDS_MAX of a struct", "types[0]", types=(Struct("S", _names(limits.STRUCT_FIELDS_MAX + 1)),))
    yield one("STRUCT_FIELDS_MAX of a resource", "types[0]", types=(Resource("R", _names(limits.STRUCT_FIELDS_MAX + 1)),))
    yield one("STRUCT_FIELDS_MAX of a tuple", "types[0]", types=(Tuple((U8,) * (limits.STRUCT_FIELDS_MAX + 1)),))
    payload = (("V", _names(limits.STRUCT_FIELDS_MAX + 1)),)
    yield one("STRUCT_FIELDS_MAX of a variant", "types[0]", types=(Enum("E", payload),))
    variants = tuple((f"V{n}", ()) for n in range(limits.VARIANTS_MAX + 1))
    yield one("VARIANTS_MAX", "types[0]", types=(Enum("E", variants),))
    many = (U8,) * (limits.PARAMETERS_MAX + 1)
    yield one("PARAMETERS_MAX of an external", "externals[0]", externals=(External("I", "f", True, many, U8),))
    yield one("PARAMETERS_MAX of a function", "functions[0]", functions=(_function(parameters=_names(len(many))),))
    yield one("LOCALS_MAX", "functions[0]", functions=(_function(locals=(U8,) * (limits.LOCALS_MAX + 1)),))
    some = _names(limits.PARAMETERS_MAX)
    rest = (U8,) * (limits.LOCALS_MAX - limits.PARAMETERS_MAX + 1)
    yield one("LOCALS_MAX, parameters counted", "functions[0]", functions=(_function(parameters=some, locals=rest),))
    long = (i.NOW, i.DROP) * (limits.CODE_WORDS_MAX // 2) + (i.RETURN,)
    yield one("CODE_WORDS_MAX", "functions[0]", functions=(_function(*long),))
    chain = [_function(name="f0")]
    chain += [_function(i.INVOKE, n, i.RETURN, name=f"f{n + 1}") for n in range(limits.INVOKE_DEPTH_MAX)]
    yield one("INVOKE_DEPTH_MAX", f"functions[{limits.INVOKE_DEPTH_MAX}]", functions=tuple(chain))


def _names_and_tables() -> Iterator[Made]:
    def one(title: str, reason: Reason, where: str, **parts: Any) -> Made:
        return Made(title, reason, where, _module(**parts))

    long = "n" * (limits.NAME_CHARACTERS_MAX + 1)
    view = External("I", "f", True, (), U8)
    yield one("a struct with a name of no characters", Reason.NAME, "types[0]", types=(Struct("", _names(1)),))
    yield one("a resource with a blank in its name", Reason.NAME, "types[0]", types=(Resource("R S", ()),))
    yield one("an enum with a digit first", Reason.NAME, "types[0]", types=(Enum("1E", (("A", ()),)),))
    yield one("a variant with a dot in its name", Reason.NAME, "types[0]", types=(Enum("E", (("A.B", ()),)),))
    yield one("a field of a struct with a letter beyond ASCII", Reason.NAME, "types[0]", types=(Struct("S", (("é", U8),)),))
    yield one("an interface with a blank in its name", Reason.NAME, "externals[0]", externals=(replace(view, interface="I J"),))
    yield one("an external function without a name", Reason.NAME, "externals[0]", externals=(replace(view, function=""),))
    yield one("a name that ends with a line", Reason.NAME, "functions", functions=(_function(name="f\n"),))
    yield one(
        "a parameter with a name that is too long", Reason.LIMIT, "functions[0]", functions=(_function(parameters=((long, U8),)),)
    )
    yield one(
        "an interface with a name that is too long", Reason.LIMIT, "externals[0]", externals=(replace(view, interface=long),)
    )
    yield one("a name that is no text", Reason.NAME, "functions", functions=(_function(name=b"f"),))
    yield one("a scalar among the compound types", Reason.TYPE, "types[0]", types=(U8,))
    yield one("a home currency's amount among the compound types", Reason.NAME, "types[0]", types=(Amount(),))
    yield one("a type made of one that is not in the table", Reason.UNKNOWN_TYPE, "types[0]", types=(Option(Text(3)),))
    yield one("a type made of one that comes later", Reason.UNKNOWN_TYPE, "types[0]", types=(Option(Text(3)), Text(3)))
    yield one(
        "a constant of a type that is not in the table", Reason.UNKNOWN_TYPE, "constants[0]", constants=(Constant(Text(3), ""),)
    )
    yield one("a field of a type that is not in the table", Reason.UNKNOWN_TYPE, "fields[0]", fields=(("x", Map(U8, U8)),))
    yield one(
        "a local of a type that is not in the table",
        Reason.UNKNOWN_TYPE,
        "functions[0]",
        functions=(_function(locals=(Bytes(3),)),),
    )
    yield one("a constant that is no value of its type", Reason.CONSTANT, "constants", constants=(Constant(U8, 256),))
    yield one("a truth value for a number", Reason.CONSTANT, "constants", constants=(Constant(U8, True),))
    yield one("a number for a truth value", Reason.CONSTANT, "constants", constants=(Constant(BOOL, 1),))
    yield one(
        "a list for an array of values",
        Reason.CONSTANT,
        "constants",
        types=(List(U8, 3),),
        constants=(Constant(List(U8, 3), [1]),),
    )
    lone = Constant(Text(3), "\ud800")
    yield one("a text with half a pair of surrogates", Reason.CONSTANT, "constants", types=(Text(3),), constants=(lone,))


def _sizes() -> Iterator[Made]:
    def one(title: str, where: str, **parts: Any) -> Made:
        return Made(title, Reason.LIMIT, where, _module(**parts))

    kind = Bytes(limits.BYTES_MAX)
    values = tuple(Constant(kind, bytes([n]) * limits.BYTES_MAX) for n in range(4))
    yield one("constants longer together than a module", "module", types=(kind,), constants=values)
    pairs: list[Type] = [U8]
    while len(pairs) < limits.TYPE_DEPTH_MAX + 1:
        pairs.append(Option(pairs[-1]))
    yield one("a type deeper than types may be", f"types[{limits.TYPE_DEPTH_MAX - 1}]", types=tuple(pairs[1:]))
    wide = Tuple((U8,) * 16)
    yield one("a type of too many types", "types[1]", types=(wide, Tuple((wide,) * 16)))
    big = Bytes(limits.BYTES_MAX)
    yield one("a value longer than a value may be", "types[1]", types=(big, Tuple((big,) * 4)))
    yield one("an event longer than an event may be", "events[0]", types=(big,), events=(Record("E", (("a", big),)),))
    most = Bytes(limits.KEY_BYTES_MAX - 1)
    yield one("a key longer than a key may be", "types[1]", types=(most, Map(most, U8)))
    nested = (Option(U8), Option(Option(U8)), Option(Option(Option(U8))), List(Option(Option(Option(U8))), 4096))
    three = Tuple((nested[-1],) * 3)  # small to the meter, long when encoded
    yield one("a state field longer than a value may be", "fields[0]", types=(*nested, three), fields=(("x", three),))
    view = _function(i.GET, 0, i.RETURN, kind=Kind.VIEW, parameters=(("x", three),), result=three)
    yield one("a result longer than a result may be", "functions[0]", types=(*nested, three), functions=(view,))


def _codes() -> Iterator[Made]:
    def one(title: str, reason: Reason, where: str, *code: int, **parts: Any) -> Made:
        shared = {name: parts.pop(name) for name in ("types", "constants", "fields", "phases") if name in parts}
        return Made(title, reason, where, _module(functions=(_function(*code, **parts),), **shared))

    yield one("a number below every instruction's", Reason.INSTRUCTION, "word 0", -1)
    yield one("a local below the first", Reason.INDEX, "get", i.GET, -1, parameters=_names(1))
    yield one(
        "a coin given away and kept",
        Reason.UNASSIGNED,
        "move",
        i.SENDER,
        i.MOVE,
        0,
        i.PAY,
        i.SENDER,
        i.MOVE,
        0,
        i.PAY,
        i.RETURN,
        parameters=(("c", COIN),),
        effects=4,
    )
    yield one(
        "a coin of another currency joined to one of home",
        Reason.MISMATCH,
        "coin_join",
        i.SENDER,
        i.MOVE,
        0,
        i.MOVE,
        1,
        i.COIN_JOIN,
        i.PAY,
        i.RETURN,
        parameters=(("c", COIN), ("d", Coin("USD"))),
        types=(Coin("USD"),),
        effects=4,
    )
    yield one(
        "an address that is the bytes of one",
        Reason.MISMATCH,
        "pay",
        i.CONST,
        0,
        i.MOVE,
        0,
        i.PAY,
        i.RETURN,
        parameters=(("c", COIN),),
        types=(Bytes(32),),
        constants=(Constant(Bytes(32), bytes(32)),),
        effects=4,
    )
    yield one(
        "more rounding than there is",
        Reason.INDEX,
        "div",
        i.GET,
        0,
        i.GET,
        0,
        i.DIV,
        4,
        4,
        i.DROP,
        i.RETURN,
        parameters=(("x", U64),),
    )
    yield one(
        "a mask of a phase that is not there",
        Reason.INDEX,
        "phase_in",
        i.PHASE_IN,
        4,
        i.DROP,
        i.RETURN,
        phases=("A", "B"),
        effects=1,
    )
    yield one(
        "an address among numbers",
        Reason.OPERAND,
        "add",
        i.GET,
        0,
        i.GET,
        0,
        i.ADD,
        16,
        i.DROP,
        i.RETURN,
        parameters=(("x", ADDRESS),),
    )


def _hidden_coins() -> Iterator[Made]:
    def one(title: str, reason: Reason, where: str, *types: Type, **parts: Any) -> Made:
        return Made(title, reason, where, _module(types=types, **parts))

    yield one("a list that would hold coins by the thousand", Reason.TYPE, "types[0]", List(COIN, 3))
    yield one("a struct that would hide a coin from whoever copies it", Reason.TYPE, "types[0]", Struct("S", (("c", COIN),)))
    yield one(
        "an enum that would hide a coin from whoever copies it", Reason.TYPE, "types[0]", Enum("E", (("A", (("c", COIN),)),))
    )
    yield one("a resource that would carry a coin into a map", Reason.TYPE, "types[0]", Resource("R", (("c", COIN),)))
    yield one("a map of coins, which would be counted in no vault", Reason.TYPE, "types[0]", Map(U8, COIN))
    yield one("a map of options of coins", Reason.TYPE, "types[1]", Option(COIN), Map(U8, Option(COIN)))
    yield one("a map by keys that are coins", Reason.TYPE, "types[0]", Map(COIN, U8))
    yield one("a set of coins", Reason.TYPE, "types[0]", Set(COIN))
    yield one("a set of resources", Reason.TYPE, "types[1]", Resource("R", ()), Set(Resource("R", ())))
    yield one("a map within an option, as if it were a value", Reason.TYPE, "types[1]", Map(U8, U8), Option(Map(U8, U8)))
    yield one("a vault within a tuple, as if it were a value", Reason.TYPE, "types[0]", Tuple((VAULT, U8)))
    yield one("a map whose values are maps", Reason.TYPE, "types[1]", Map(U8, U8), Map(U8, Map(U8, U8)))
    yield one(
        "a resource divided by a signed number, which would make more of it",
        Reason.TYPE,
        "types[0]",
        Resource("R", (("x", I64),), 0),
    )
    yield one("a resource divided by a truth value", Reason.TYPE, "types[0]", Resource("R", (("x", BOOL),), 0))
    yield one("a resource divided by a field behind its last", Reason.TYPE, "types[0]", Resource("R", (("x", U8),), 1))
    yield one("a struct by the name of a scalar", Reason.RESERVED, "types[0]", Struct("Address", (("x", U8),)))
    yield one("a resource by the name of money", Reason.RESERVED, "types[0]", Resource("Coin", ()))
    yield one("an enum by the name of a list", Reason.RESERVED, "types[0]", Enum("List", (("A", ()),)))
    two = Struct("S", (("x", U8),)), Enum("S", (("A", ()),))
    yield one("a struct and an enum of one name", Reason.DUPLICATE, "types[1]", *two)
    yield one("a struct twice, with another field", Reason.DUPLICATE, "types[1]", two[0], Struct("S", (("y", U8),)))
    yield one("an option twice", Reason.DUPLICATE, "types[1]", Option(U8), Option(U8))
    coin = Constant(COIN, CoinValue("CNY", 5))
    yield one("a coin as a constant, made of nothing", Reason.CONSTANT, "constants[0]", constants=(coin,))
    vault = Constant(VAULT, 5)
    yield one("a vault's sum as a constant", Reason.CONSTANT, "constants[0]", constants=(vault,))
    minted = Constant(Resource("R", ()), ResourceValue("R", ()))
    yield one(
        "a resource as a constant, made of nothing", Reason.CONSTANT, "constants[0]", Resource("R", ()), constants=(minted,)
    )
