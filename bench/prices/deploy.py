"""How long a deployment takes for each byte of a module: to decode, verify, generate and compile all of its functions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from bench.prices.measure import Measured
from lang.compiler import compile_file
from vm import instructions as i
from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.generator import generate, generate_door
from vm.module import Constant, Function, Kind, Module
from vm.pricing import code_counts
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


class Shape(NamedTuple):
    """Functions that do something over and over, as text. What they do it with lies before them, and stays on the stack if the
    first instructions say so.
    """

    name: str
    fits: str
    declared: str
    head: str
    body: str
    first: str = ""
    times: int = 250

    def module(self) -> bytes:
        """The bytes of four of them."""
        code = lines(self.first) + lines(self.body) * self.times + lines("return")
        functions = "".join(f"{self.head.format(n)}\n{code}" for n in range(4))
        return encode_module(assemble(f"module Shape\n{self.declared}\n{functions}"))


def lines(code: str) -> str:
    """Instructions, which stand between semicolons, as lines."""
    return "".join(f"  {one.strip()}\n" for one in code.split(";") if one)


def fields(count: int, kind: str = "u64") -> str:
    """Parts of a struct, of an event or parameters."""
    return ", ".join(f"a{n}: {kind}" for n in range(count))


SEGMENT, VALUE = "GAS_DEPLOY_SEGMENT", "GAS_DEPLOY_VALUE"
WIDE = f"type struct S({fields(32)})"
TEXTS = "type Text[20]\ntype Map[Text[20], Text[20]]\nfield m: Map[Text[20], Text[20]]"
MAPS = "type Map[u64, u64]\nfield m: Map[u64, u64]"
LOOP = "loop 1; break; end"
SMALL = "const u64 = 1\nprivate g(a: u64) -> u64\n  get 0\n  const 0\n  add u64\n  return"
TWICE = "\nprivate h(a: u64) -> u64\n  get 0\n  invoke g\n  invoke g\n  return"
LARGE = f"const u64 = 1\nprivate g(a: u64) -> u64\n  get 0\n{lines('const 0; add u64') * 30}  return"
EMITS = "public f{}(a: u64) does emit"
NUMBER = "pure f{}(a: u64) -> u64"
SHAPES = (
    Shape("invokes within invokes", SEGMENT, SMALL + TWICE, NUMBER, "invoke h", "get 0", 500),
    Shape("invokes of what is long", SEGMENT, LARGE, NUMBER, "invoke g", "get 0", 500),
    Shape("invokes behind a loop", SEGMENT, SMALL, NUMBER, "invoke g", f"{LOOP}; get 0", 500),
    Shape("events", SEGMENT, "event E(a: u64)", EMITS, "get 0; emit E", times=500),
    Shape("events without fields", SEGMENT, "event E()", EMITS, "emit E", times=500),
    Shape("events of 16 numbers", VALUE, f"event E({fields(16)})", EMITS, "get 0;" * 16 + "emit E", times=60),
    Shape(
        "events of 8 texts",
        SEGMENT,
        f"type Text[20]\nevent E({fields(8, 'Text[20]')})",
        "public f{}(a: Text[20]) does emit",
        "get 0;" * 8 + "emit E",
        times=120,
    ),
    Shape("structs", VALUE, WIDE, "pure f{}(a: S) -> S", "unpack S; pack S", "get 0", 300),
    Shape("structs behind a loop", VALUE, WIDE, "pure f{}(a: S) -> S", "unpack S; pack S", f"{LOOP}; get 0", 300),
    Shape("maps", SEGMENT, MAPS, "public f{}(a: u64) does read write", "get 0; get 0; map_put m; get 0; map_get m; drop"),
    Shape(
        "maps of texts",
        SEGMENT,
        TEXTS,
        "public f{}(a: Text[20]) does read write",
        "get 0; get 0; map_put m; get 0; map_get m; drop",
    ),
    Shape(
        "maps of tuples",
        SEGMENT,
        "type (u64, Address)\ntype Text[9]\ntype Map[(u64, Address), Text[9]]\nfield m: Map[(u64, Address), Text[9]]",
        "public f{}(a: (u64, Address)) does read",
        "get 0; map_find m; drop",
    ),
    Shape("slots of texts", SEGMENT, "type Text[9]\nfield n: Text[9]", "public f{}() does read write", "load n; store n"),
    Shape("vaults", SEGMENT, "field v: Vault", "public f{}(a: Amount) does read write money", "get 0; vault_take v; vault_put v"),
    Shape("hashes", SEGMENT, "type Bytes[32]", "pure f{}(a: Bytes[32]) -> Bytes[32]", "sha256", "get 0"),
    Shape("lengths of texts", SEGMENT, "type Text[20]", "pure f{}(a: Text[20])", "get 0; length Text[20]; drop"),
    Shape("texts that are compared", SEGMENT, "type Text[20]", "pure f{}(a: Text[20])", "get 0; get 0; eq Text[20]; drop"),
    Shape(
        "lists",
        SEGMENT,
        "const u64 = 1\ntype List[u64, 9]",
        "pure f{}(a: List[u64, 9]) -> List[u64, 9]",
        "const 0; append List[u64, 9]",
        "get 0",
    ),
)
"""Each is dear in another way for its bytes."""
SMALL_FUNCTIONS = "".join(f"public f{n}({fields(16)})\n  return\n" for n in range(256))


def modules() -> list[tuple[str, bytes]]:
    """The modules that are timed: what is usual, and what is as costly as can be for its bytes."""
    u64 = 4
    found = [
        ("moves", dense("Moves", (i.GET, 0, i.SET, 1, i.CONST, 0, i.SET, 1), 8)),
        ("sums", dense("Sums", (i.GET, 0, i.CONST, 0, i.ADD, u64, i.SET, 1), 8)),
        ("ifs", dense("Ifs", (i.GET, 0, i.GET, 0, i.LT, u64, i.IF, i.END), 8)),
        ("loops", dense("Loops", (i.LOOP, 1, i.BREAK, i.END), 8)),
    ]
    found += [(shape.name, shape.module()) for shape in SHAPES]
    found.append(("256 functions", encode_module(assemble(f"module Small\n{SMALL_FUNCTIONS}"))))
    for path in sorted(CONTRACTS.rglob("*.tael")):
        compilation = compile_file(path)
        if compilation.ok:
            found += [(name, encode_module(contract.module)) for name, contract in compilation.contracts.items()]
    return found


def deployments() -> list[Measured]:
    """Nanoseconds of each module as a whole."""
    found = []
    fixing = {shape.name: shape.fits for shape in SHAPES} | {"ifs": SEGMENT, "loops": SEGMENT}
    for name, data in modules():
        values, segments = code_counts(verify(decode_module(data)).bodies)
        counts = {"GAS_DEPLOY": 1, "GAS_DEPLOY_BYTE": len(data), VALUE: values, SEGMENT: segments}
        found.append(Measured(f"deployment of {name}", fixing.get(name, "GAS_DEPLOY_BYTE"), seconds(data) * 1e9, 0, counts))
    return found


def seconds(data: bytes) -> float:
    """The least of some deployments."""
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        verified = verify(decode_module(data))
        for position, function in enumerate(verified.module.functions):
            compile(generate(verified, position).source, "<bench>", "exec")
            if function.kind == Kind.PUBLIC:
                compile(generate_door(verified, position).source, "<bench>", "exec")
        found.append(time.process_time() - began)
    return min(found)
