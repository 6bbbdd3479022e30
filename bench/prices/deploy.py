"""How long a deployment takes for each byte of a module: to decode, verify, generate and compile all of its functions."""

from __future__ import annotations

import time
from pathlib import Path

from bench.prices.measure import Measured
from lang.compiler import compile_file
from vm import instructions as i
from vm.codec import decode_module, encode_module
from vm.generator import generate
from vm.module import Constant, Function, Kind, Module
from vm.types import U64
from vm.verifier import verify

CONTRACTS = Path(__file__).parents[2] / "contracts"
REPEATS = 2
WORDS = 4000


def dense(name: str, code: tuple[int, ...], count: int) -> bytes:
    """A module of functions that do one thing over and over."""
    times = (WORDS - 1) // len(code)
    functions = [
        Function(f"f{n}", Kind.PURE, (("a", U64),), None, None, 0, (U64,), (*code * times, i.RETURN)) for n in range(count)
    ]
    return encode_module(Module(name, constants=(Constant(U64, 1),), functions=tuple(functions)))


def modules() -> list[tuple[str, bytes]]:
    """The modules that are timed: what is usual, and what is as costly as can be for its bytes."""
    u64 = 4
    found = [
        ("moves", dense("Moves", (i.GET, 0, i.SET, 1, i.CONST, 0, i.SET, 1), 8)),
        ("sums", dense("Sums", (i.GET, 0, i.CONST, 0, i.ADD, u64, i.SET, 1), 8)),
        ("ifs", dense("Ifs", (i.GET, 0, i.GET, 0, i.LT, u64, i.IF, i.END), 8)),
        ("loops", dense("Loops", (i.LOOP, 1, i.BREAK, i.END), 8)),
    ]
    for path in sorted(CONTRACTS.rglob("*.tael")):
        compilation = compile_file(path)
        if compilation.ok:
            found += [(name, encode_module(contract.module)) for name, contract in compilation.contracts.items()]
    return found


def deployments() -> list[Measured]:
    """Nanoseconds of each module as a whole."""
    found = []
    for name, data in modules():
        segments = sum(len(body.segments) for body in verify(decode_module(data)).bodies)
        fits = "GAS_DEPLOY_SEGMENT" if name in ("ifs", "loops") else "GAS_DEPLOY_BYTE"
        counts = {"GAS_DEPLOY": 1, "GAS_DEPLOY_BYTE": len(data), "GAS_DEPLOY_SEGMENT": segments}
        found.append(Measured(f"deployment of {name}", fits, seconds(data) * 1e9, 0, counts))
    return found


def seconds(data: bytes) -> float:
    """The least of some deployments."""
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        verified = verify(decode_module(data))
        for function in range(len(verified.module.functions)):
            compile(generate(verified, function).source, "<bench>", "exec")
        found.append(time.process_time() - began)
    return min(found)
