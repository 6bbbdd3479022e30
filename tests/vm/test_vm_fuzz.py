"""Bytes and modules nobody meant to write: a clean refusal or a run that ends as runs may."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgpack
import pytest
from hypothesis import given, settings
from machine_world import ALICE, BOB, HERE, PROGRAMS, World
from strategies_vm import wires

from vm.assembler import assemble
from vm.assembly import AssemblyError
from vm.codec import decode_module, encode_module
from vm.disassembler import disassemble
from vm.failure import Failure
from vm.illegal import Illegal
from vm.module import Module
from vm.types import (
    Address,
    Amount,
    Bool,
    Bytes,
    Coin,
    CoinValue,
    Enum,
    Int,
    List,
    Option,
    Struct,
    Text,
    Tuple,
    Type,
)
from vm.verifier import Verified, verify

TEXTS = {path.stem: path.read_text() for path in sorted(PROGRAMS.glob("*.tasm"))}
MODULES = {name: assemble(text) for name, text in TEXTS.items()}
BYTES = {name: encode_module(module) for name, module in MODULES.items()}


def some_value(kind: Type, source: random.Random) -> Any:
    """A value of a type that may come from outside, often at an edge."""
    match kind:
        case Int(_, low, high):
            return source.choice([low, high, max(low, 0), max(low, 1), min(high, 3)])
        case Amount():
            return source.choice([0, 1, 5, 2**128 - 1])
        case Coin(currency):
            return CoinValue(currency or "CNY", source.choice([0, 1, 10, 2**127]))
        case Bool():
            return source.random() < 0.5
        case Address():
            return source.choice([ALICE, BOB, HERE])
        case Text(most):
            return "x" * source.randint(0, min(most, 4))
        case Bytes(most):
            return b"y" * source.randint(0, min(most, 4))
        case List(element, most):
            return tuple(some_value(element, source) for _ in range(source.randint(0, min(most, 3))))
        case Option(element):
            return source.choice([(0,), (1, some_value(element, source))])
        case Tuple(items):
            return tuple(some_value(item, source) for item in items)
        case Struct(_, fields):
            return tuple(some_value(field, source) for _, field in fields)
        case Enum(_, variants):
            tag = source.randrange(len(variants))
            return (tag, *(some_value(field, source) for _, field in variants[tag][1]))
    raise AssertionError(kind)


def exercise(verified: Verified, source: random.Random) -> None:
    """Deploy a module and call everything it has; only `Failure` may come of it, and coins are conserved."""
    world = World()
    session = world.session(gas_limit=100_000)
    kinds = {} if verified.init is None else dict(verified.module.functions[verified.init].parameters)
    try:
        session.deploy(HERE, verified, "CNY", [some_value(kind, source) for kind in kinds.values()], ALICE)
    except Failure:
        return
    world.contracts[HERE] = (verified, "CNY")
    world.commit(session)
    for function in verified.module.functions:
        session = world.session(gas_limit=100_000)
        arguments = [some_value(kind, source) for _, kind in function.parameters if not _is_resource(kind)]
        for run in (session.call, session.read):
            try:
                run(HERE, function.name, arguments, ALICE)
            except Failure as failure:
                assert failure.name
        world.commit(session)


def _is_resource(kind: Type) -> bool:
    return not isinstance(kind, Int | Amount | Coin | Bool | Address | Text | Bytes | List | Option | Tuple | Struct | Enum) or (
        isinstance(kind, Option | Tuple) and "Resource" in repr(kind)
    )


def try_bytes(data: bytes, source: random.Random) -> bool:
    """Whether the bytes were a legal module, which is then run."""
    try:
        verified = verify(decode_module(data))
    except Illegal:
        return False
    assert encode_module(verified.module) == data
    assert assemble(disassemble(verified.module)) == verified.module
    exercise(verified, source)
    return True


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    """Random bytes are refused with `Illegal`."""
    assert not try_bytes(data, random.Random(0))


@settings(max_examples=40, deadline=None)
@given(st.lists(wires(), min_size=14, max_size=14))
def test_random_wires(wire: list[Any]) -> None:
    """Well-formed msgpack of fourteen members is refused with `Illegal`, or is a module."""
    wire[0] = 1
    try_bytes(msgpack.packb(wire), random.Random(0))


@pytest.mark.long
@settings(max_examples=2_000, deadline=None)
@given(st.lists(wires(), min_size=14, max_size=14))
def test_very_many_random_wires(wire: list[Any]) -> None:
    """The same for thousands."""
    wire[0] = 1
    try_bytes(msgpack.packb(wire), random.Random(0))


@pytest.mark.parametrize("name", sorted(BYTES))
def test_flipped_bytes(name: str) -> None:
    """A legal module with bytes changed, dropped or doubled is refused with `Illegal` or runs as others."""
    source = random.Random(name)
    for _ in range(300):
        data = bytearray(BYTES[name])
        for _ in range(source.randint(1, 3)):
            place = source.randrange(len(data))
            match source.randrange(4):
                case 0:
                    data[place] = source.randrange(256)
                case 1:
                    data[place] ^= 1 << source.randrange(8)
                case 2:
                    del data[place]
                case _:
                    data.insert(place, data[place])
        try_bytes(bytes(data), source)


def mutated(module: Module, source: random.Random) -> Module:
    """The module with a few words of one function's code changed, dropped, doubled or swapped."""
    functions = list(module.functions)
    place = source.randrange(len(functions))
    function = functions[place]
    code = list(function.code)
    for _ in range(source.randint(1, 2)):
        at = source.randrange(len(code))
        match source.randrange(5):
            case 0:
                code[at] = source.choice([0, 1, 2, 3, 4, *code, source.randrange(256)])
            case 1:
                del code[at]
            case 2:
                code.insert(at, code[at])
            case 3:
                other = source.randrange(len(code))
                code[at], code[other] = code[other], code[at]
            case _:
                code[at] += source.choice([-1, 1])
        if not code:
            return module
    effects = source.choice([function.effects, function.effects, source.randrange(64)])
    functions[place] = type(function)(
        function.name,
        function.kind,
        function.parameters,
        function.result,
        function.phases,
        effects,
        function.locals,
        tuple(code),
    )
    return Module(**{field: getattr(module, field) for field in Module.__slots__} | {"functions": tuple(functions)})


@pytest.mark.parametrize("count", [100, pytest.param(2_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", sorted(MODULES))
def test_mutated_code(name: str, count: int) -> None:
    """A legal module with words of code changed is refused with `Illegal` or runs as modules may."""
    source = random.Random(name)
    legal = 0
    for _ in range(count):
        try:
            verified = verify(mutated(MODULES[name], source))
        except Illegal:
            continue
        legal += 1
        exercise(verified, source)
    assert legal > 0


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", sorted(MODULES))
def test_any_code_has_a_text(name: str, count: int) -> None:
    """Disassembling and assembling gives the same module, whatever the words of its code are."""
    source = random.Random(name)
    for _ in range(count):
        module = mutated(MODULES[name], source)
        if all(word >= 0 for function in module.functions for word in function.code):
            assert assemble(disassemble(module)) == module


LINES = [line for text in TEXTS.values() for line in text.splitlines()]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=20)), max_size=25), st.randoms())
def test_random_text(lines: list[str], source: random.Random) -> None:
    """Any text assembles to a module, legal or not, or is refused with `AssemblyError`."""
    try:
        module = assemble("\n".join(["module M", *lines]))
    except AssemblyError as error:
        assert error.line >= 1
        return
    with contextlib.suppress(Illegal):
        exercise(verify(module), source)


@given(st.sampled_from(LINES), st.data())
def test_cut_lines(line: str, data: st.DataObject) -> None:
    """A line cut or joined with another one is refused with `AssemblyError`, or is a line."""
    other = data.draw(st.sampled_from(LINES))
    cut = data.draw(st.integers(0, len(line)))
    rest = other[data.draw(st.integers(0, len(other))) :]
    with contextlib.suppress(AssemblyError):
        assemble("module M\n" + line[:cut] + rest)


def test_programs_are_found() -> None:
    """The corpus that the mutations start from is there."""
    assert len(MODULES) >= 10
    assert Path(PROGRAMS).is_dir()
