"""What the fuzzer and the replay of its corpus hold the decoder, the verifier and the machine to.

Each target takes bytes. It returns the name of how they ended, for counting, and raises for a finding: `Finding` where two
things that ought to agree do not, or whatever should never have been raised.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "vm"))

from machine_world import ALICE, BOB, HERE, PROGRAMS, THERE
from random_programs import small_value
from tiers import Call, Tally, Twins

from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.failure import Failure
from vm.illegal import Illegal
from vm.machine import Session
from vm.module import Function, Kind
from vm.types import (
    ADDRESS,
    AMOUNT,
    BOOL,
    COIN,
    I8,
    I128,
    PAYMENT,
    U8,
    U64,
    U256,
    Amount,
    Bytes,
    Coin,
    Enum,
    List,
    Option,
    Resource,
    Struct,
    Text,
    Tuple,
    Type,
    encoded_max,
)
from vm.values import decode, decode_arguments, encode, encode_arguments
from vm.verifier import Verified, verify, verify_bytes

GAS_LIMITS: Final = (30_000, 2_000, 100)
KINDS: Final[tuple[Type, ...]] = (
    BOOL, U8, I8, U64, I128, U256, ADDRESS, AMOUNT, COIN, Coin("USD"), Amount("USD"), Text(5), Text(300), Bytes(3), Bytes(300),
    List(BOOL, 3), List(Text(2), 40), Option(U256), Option(Option(U8)), Tuple((U8, Text(4))), Tuple((COIN, U8)),
    Struct("S", (("a", I128), ("b", List(U8, 20)))), Enum("E", (("A", ()), ("B", (("x", U64), ("y", Bytes(2)))))),
    Resource("R", ()), Resource("Q", (("a", U8),), 0),
)  # fmt: skip
"""One of every shape that a value can have."""
SIGNATURES: Final[tuple[tuple[Type, ...], ...]] = ((), (U64,), (COIN, ADDRESS), KINDS[:16], (KINDS[16], KINDS[21], KINDS[22]))


class Finding(AssertionError):
    """Two things that ought to agree do not."""


def agree(holds: bool, what: str) -> None:
    """Raise a `Finding` if they do not."""
    if not holds:
        raise Finding(what)


def decoding(data: bytes) -> str:
    """Bytes are refused, or are those of the module that they decode to."""
    try:
        module = decode_module(data)
    except Illegal as illegal:
        return f"refused: {illegal.code}"
    agree(encode_module(module) == data, "a module with two byte strings")
    return "decoded"


def verified_or_refused(data: bytes) -> Verified | Illegal:
    """The same answer for bytes and for the module that they decode to."""
    outcomes: list[Verified | Illegal] = []
    for way in (lambda: verify_bytes(data), lambda: verify(decode_module(data))):
        try:
            outcomes.append(way())
        except Illegal as illegal:
            outcomes.append(illegal)
    first, second = outcomes
    if isinstance(first, Verified) and isinstance(second, Verified):
        agree(first.module == second.module and first.bodies == second.bodies, "two ways to verify, two results")
    else:
        agree(isinstance(first, Illegal) and isinstance(second, Illegal), "legal in one way, illegal in another")
        agree(str(first) == str(second), f"refused for two reasons: {first}, {second}")
    return first


def verifying(data: bytes) -> str:
    """Bytes are refused or verified, whichever way they are looked at."""
    found = verified_or_refused(data)
    return "verified" if isinstance(found, Verified) else f"refused: {found.code}"


def running(data: bytes) -> str:
    """Whatever is verified runs alike on both tiers and ends in a result or a `Failure`."""
    try:
        verified = verify_bytes(data)
    except Illegal as illegal:
        return f"refused: {illegal.code}"
    source = random.Random(zlib.crc32(data))
    tally = Tally()
    twins = Twins({HERE: verified, THERE: NEIGHBOUR}, tally)
    for world in twins.worlds.values():
        world.contracts[THERE] = NEIGHBOUR, "CNY"
    _deploy(twins, verified, source)
    enterable = [f for f in verified.module.functions if f.kind in (Kind.PUBLIC, Kind.VIEW, Kind.PURE, Kind.RULE)]
    for function in enterable[:6]:
        calls = [_call(function, source) for _ in range(2)]
        for limit in GAS_LIMITS:
            twins.run(calls, gas_limit=limit, check_promises=limit != GAS_LIMITS[1], commit=limit == GAS_LIMITS[0], note=function)
    return "ran"


def _deploy(twins: Twins, verified: Verified, source: random.Random) -> None:
    module = verified.module
    currency = module.currency or "CNY"
    kinds = () if verified.init is None else tuple(kind for _, kind in module.functions[verified.init].parameters)
    arguments = [small_value(kind, source) for kind in kinds]

    def deploy(session: Session) -> None:
        session.deploy(HERE, verified, currency, arguments, ALICE)

    twins.run([deploy], gas_limit=GAS_LIMITS[0], check_promises=True, commit=True, note="deploy")
    for world in twins.worlds.values():
        world.contracts[HERE] = verified, currency


def _call(function: Function, source: random.Random) -> Call:
    if function.kind == Kind.RULE:
        payment = small_value(PAYMENT, source)
        return lambda session: session.rule(HERE, payment)
    arguments = [small_value(kind, source) for _, kind in function.parameters]
    sender = source.choice([ALICE, BOB])
    if function.kind == Kind.PUBLIC:
        return lambda session: session.call(HERE, function.name, arguments, sender)
    return lambda session: session.read(HERE, function.name, arguments, sender)


def values(data: bytes) -> str:
    """Behind a byte that chooses a type: bytes are refused, or are those of the value that they decode to, and not too many."""
    kind = KINDS[data[0] % len(KINDS)] if data else BOOL
    try:
        value = decode(kind, data[1:])
    except Failure as failure:
        return f"refused: {failure.name}"
    agree(encode(kind, value) == data[1:], "a value with two byte strings")
    agree(len(data) - 1 <= encoded_max(kind), "an encoding longer than the longest")
    return "decoded"


def arguments(data: bytes) -> str:
    """Behind a byte that chooses a signature: bytes are refused, or are those of the arguments that they decode to."""
    kinds = SIGNATURES[data[0] % len(SIGNATURES)] if data else ()
    try:
        found = decode_arguments(kinds, data[1:])
    except Failure as failure:
        return f"refused: {failure.name}"
    agree(encode_arguments(kinds, found) == data[1:], "arguments with two byte strings")
    return "decoded"


TARGETS: Final[dict[str, Callable[[bytes], str]]] = {
    "decode": decoding,
    "verify": verifying,
    "run": running,
    "values": values,
    "arguments": arguments,
}
OF_MODULES: Final = ("decode", "verify", "run")
"""The targets whose bytes are a module's."""
NEIGHBOUR: Final = verify(assemble((PROGRAMS / "callee.tasm").read_text()))
