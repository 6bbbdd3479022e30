"""Modules made to be dear to the machine and cheap to their maker."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import pytest
from machine_world import ALICE, HERE, THERE, World

from vm import gas, limits
from vm import instructions as i
from vm.cells import cells
from vm.codec import decode_module, encode_module
from vm.compatibility import Fit, compare, fit
from vm.failure import Code, Failure
from vm.illegal import Illegal, Reason
from vm.journal import Journal
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.pricing import price_of_value
from vm.state import Contract, State
from vm.type_table import type_indices, type_table
from vm.types import (
    ADDRESS,
    AMOUNT,
    BOOL,
    COIN,
    U8,
    Amount,
    Bytes,
    Coin,
    Enum,
    List,
    Option,
    Struct,
    Text,
    Tuple,
    Type,
    is_subtype,
    nodes,
)
from vm.verifier import Verified, verify


def made(name: str, types: tuple[Type, ...] = (), **parts: Any) -> Verified:
    """A verified module, through its bytes as a ledger would get it."""
    empty: dict[str, Any] = dict.fromkeys(
        ("constants", "fields", "phases", "steps", "events", "errors", "externals", "implements", "promises"), ()
    )
    module = Module(name=name, currency=None, types=type_table(types), **{**empty, **parts})
    return verify(decode_module(encode_module(module)))


def wide(leaf: Type) -> Struct:
    """A struct of 241 types."""
    inner = Struct("Inner", tuple((f"f{n}", leaf) for n in range(14)))
    return Struct("Outer", tuple((f"g{n}", inner) for n in range(16)))


def function(name: str, kind: Kind, *code: int, **parts: Any) -> Function:
    """A function without parameters, result and effects, unless told otherwise."""
    standard = {"parameters": (), "result": None, "phases": None, "effects": 0, "locals": ()}
    return Function(name=name, kind=kind, code=code, **{**standard, **parts})


def calls_of_python(run: Callable[[], object]) -> int:
    """How many functions of Python some work calls: what it costs, without a clock."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(see)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def test_many_promises_about_wide_parameters_are_verified_quickly() -> None:
    """3,600 promises on sixteen wide parameters each: every type is looked into once, not once a promise."""
    parameters = tuple((f"a{n}", wide(BOOL)) for n in range(16))
    functions = [function(f"p{n}", Kind.PRIVATE, i.RETURN, parameters=parameters) for n in range(60)]
    functions += [function(f"e{n}", Kind.ENSURES, i.CONST, 0, i.RETURN, parameters=parameters, result=BOOL) for n in range(60)]

    def run() -> None:
        made(
            "Promises",
            (wide(BOOL),),
            constants=(Constant(BOOL, True),),
            functions=tuple(functions),
            promises=tuple((a, None, 60 + b) for a, b in itertools.product(range(60), range(60))),
        )

    assert calls_of_python(run) < 3_000_000


def test_a_call_pays_for_the_signature_that_it_expects() -> None:
    """Comparing signatures is work: every type within costs, and the comparison ends with the smaller of the two."""
    used = []
    for kind in (BOOL, wide(BOOL)):
        expected = External("There", "go", False, (kind,), None)
        caller = made(
            "Caller",
            (kind,),
            externals=(expected,),
            functions=(
                function(
                    "go",
                    Kind.PUBLIC,
                    *(i.GET, 0, i.GET, 1, i.TRY_CALL, 0, i.DROP, i.RETURN),
                    parameters=(("there", ADDRESS), ("value", kind)),
                    effects=32,
                ),
            ),
        )
        world = World()
        world.contracts[HERE] = caller, "CNY"
        session = world.session()
        session.call(HERE, "go", (THERE, True if kind == BOOL else ((True,) * 14,) * 16), ALICE)
        used.append(session.gas_used)
    assert used[1] - used[0] == gas.GAS_SIGNATURE_TYPE * (nodes(wide(BOOL)) - 1)


def _known(at: bytes, module: Verified, home: str) -> Contract:
    """A contract as a session knows it."""
    journal = Journal()
    return State(World(), journal, cells(journal, now=0, gas=0)).open(at, module, home)


def test_wide_signatures_in_other_currencies_are_compared_quickly() -> None:
    """Sixteen wide parameters, home currencies different: the same two types are compared once, not sixteen times."""
    kind = wide(BOOL)
    callee = made("There", (kind,), functions=(function("go", Kind.PUBLIC, i.RETURN, parameters=_many(kind)),))
    caller = _caller((kind,) * 16, None)
    a, b = _known(HERE, caller, "CNY"), _known(THERE, callee, "USD")
    assert fit(a, 0, b, 0) is Fit.YES
    assert calls_of_python(lambda: compare(a, 0, b, 0)) < 5_000


def _many(kind: Type) -> tuple[tuple[str, Type], ...]:
    return tuple((f"a{n}", kind) for n in range(16))


def _caller(parameters: tuple[Type, ...], result: Type | None) -> Verified:
    return made(
        "Caller",
        tuple(dict.fromkeys((*parameters, *(() if result is None else (result,))))),
        externals=(External("There", "go", False, parameters, result),),
        functions=(function("nothing", Kind.PUBLIC, i.RETURN),),
    )


def _written_out(kind: Type, home: str | None) -> Type:
    """The type with its currencies written out, or struck out: what `fit` means, said at length."""
    match kind:
        case Amount(currency) | Coin(currency):
            return type(kind)(home and (currency or home))
        case List(element, most):
            return List(_written_out(element, home), most)
        case Option(element):
            return Option(_written_out(element, home))
        case Tuple(items):
            return Tuple(tuple(_written_out(item, home) for item in items))
        case Struct(name, fields):
            return Struct(name, tuple((field, _written_out(part, home)) for field, part in fields))
        case Enum(name, variants):
            return Enum(name, tuple((v, tuple((f, _written_out(part, home)) for f, part in fields)) for v, fields in variants))
    return kind


_LEAVES: tuple[Type, ...] = (BOOL, U8, AMOUNT, Amount("USD"), Amount("CNY"), Text(3), Text(5), Bytes(3))
_PLAIN: tuple[Type, ...] = (
    *_LEAVES,
    *(Option(leaf) for leaf in _LEAVES),
    *(List(leaf, most) for leaf in _LEAVES for most in (2, 4)),
    *(Tuple((leaf, U8)) for leaf in _LEAVES),
    Tuple((U8, U8, U8)),
    *(Struct("S", (("a", leaf),)) for leaf in _LEAVES),
    Struct("S", (("b", U8),)),
    Struct("T", (("a", U8),)),
    Struct("S", (("a", Option(Text(3))),)),
    Struct("S", (("a", Option(Text(5))),)),
    Struct("S", (("a", List(U8, 2)),)),
    Struct("S", (("a", List(U8, 4)),)),
    Enum("E", (("A", ()), ("B", ()))),
    Enum("E", (("A", (("x", U8),)), ("B", ()))),
    Enum("E", (("A", ()), ("B", (("x", U8),)))),
    *(Enum("E", (("A", (("x", leaf),)),)) for leaf in _LEAVES),
)


@pytest.mark.parametrize("homes", [("CNY", "CNY"), ("CNY", "USD"), ("EUR", "USD")], ids="-".join)
def test_signatures_fit_exactly_when_they_do_with_currencies_written_out(homes: tuple[str, str]) -> None:
    """The comparison side by side says what building both types and comparing them says, for every pair."""
    here, there = homes
    contracts = {kind: _known(THERE, made("There", (kind,), functions=(_public(kind),)), there) for kind in _PLAIN}
    for expected in _PLAIN:
        caller = _known(HERE, _caller((expected,), None), here)
        for found in _PLAIN:
            if not is_subtype(_written_out(expected, None), _written_out(found, None)):
                meant = Fit.NO
            elif is_subtype(_written_out(expected, here), _written_out(found, there)):
                meant = Fit.YES
            else:
                meant = Fit.OTHER_CURRENCY
            assert fit(caller, 0, contracts[found], 0) is meant, (expected, found)


def _public(kind: Type) -> Function:
    return function("go", Kind.PUBLIC, i.RETURN, parameters=(("a", kind),))


def test_a_coin_within_a_result_of_another_home_does_not_fit() -> None:
    """An option of a coin is a coin of the callee's home currency, whatever the caller's is."""
    kind = Option(COIN)
    callee = made(
        "There",
        (kind,),
        functions=(function("go", Kind.PUBLIC, i.VARIANT, _index(kind), 0, i.RETURN, result=kind),),
    )
    caller = _caller((), kind)
    assert fit(_known(HERE, caller, "CNY"), 0, _known(THERE, callee, "USD"), 0) is Fit.OTHER_CURRENCY
    assert fit(_known(HERE, caller, "USD"), 0, _known(THERE, callee, "USD"), 0) is Fit.YES


def _index(kind: Type) -> int:
    return type_indices(type_table((kind,)))(kind)


def emitter(passes: int) -> Verified:
    """A contract that emits so many events of 16,000 bytes."""
    kind = Bytes(16_000)
    return made(
        "Emitter",
        (kind,),
        constants=(Constant(kind, bytes(16_000)),),
        events=(Record("Big", (("a", kind),)),),
        functions=(function("go", Kind.PUBLIC, *(i.CONST, 0, i.EMIT, 0) * passes, i.RETURN, effects=8),),
    )


@pytest.mark.parametrize(("passes", "fails"), [(63, False), (64, True)])
def test_the_events_of_a_transaction_are_bounded_in_bytes(passes: int, fails: bool) -> None:
    """A receipt with more than `EVENTS_BYTES_MAX` of events could not be read again."""
    world = World()
    world.contracts[HERE] = emitter(passes), "CNY"
    session = world.session(gas_limit=50_000_000)
    if not fails:
        session.call(HERE, "go", (), ALICE)
        assert sum(len(payload) + limits.EVENT_BYTES_EACH for _, _, payload in session.events) <= limits.EVENTS_BYTES_MAX
        return
    with pytest.raises(Failure) as caught:
        session.call(HERE, "go", (), ALICE)
    assert caught.value.name == Code.LIMIT_EXCEEDED
    assert session.events == ()


@pytest.mark.parametrize(("most", "legal"), [(4_090, True), (4_091, False)])
def test_an_error_has_few_bytes(most: int, legal: bool) -> None:
    """Whoever fails does not pay for the encoding of the error, so it is small: `ERROR_BYTES_MAX`."""
    kind = Bytes(most)

    def make() -> Verified:
        return made(
            "Failing",
            (kind,),
            errors=(Record("Big", (("a", kind),)),),
            functions=(function("go", Kind.PUBLIC, i.RETURN),),
        )

    if legal:
        make()
        return
    with pytest.raises(Illegal) as caught:
        make()
    assert caught.value.code == Reason.LIMIT


def test_the_price_of_a_value_follows_its_length_where_it_has_one() -> None:
    """A list of two costs less than a list of four thousand; other values cost what their type says."""
    kind = List(BOOL, 4_096)
    few, many = (price_of_value("encode", kind, (True,) * n).gas for n in (2, 4_000))
    assert (few, many) == (gas.GAS_PART_ENCODE * 3, gas.GAS_PART_ENCODE * 4_001)
    assert price_of_value("encode", BOOL, True).gas == gas.GAS_PART_ENCODE
