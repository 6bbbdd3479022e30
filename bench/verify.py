"""How long decoding and verifying a module takes, by the byte: the dearest module that a search can find.

    python bench/verify.py [--seconds 60] [--seed 1] [--bytes 8000] [--keep FILE]

A module is a mix of shapes, each made to be dear in one way: types that share parts, many names, wide values, full stacks, many
blocks, first uses of prices, promises and so on. The search begins with every shape alone, goes on with random mixes, and then
changes the dearest mixes found, one thing at a time. It prints nanoseconds a byte (the least of several runs, since whatever
disturbs a run makes it longer): the median over all mixes, the worst, their ratio, and the worst mix at sizes from 1,000 to
64,000 bytes, which shows whether time grows with size alone. What deployment pays for is `GAS_DEPLOY_BYTE`.

`--keep` writes the dearest mixes as modules of some two thousand bytes, for the corpus `tests/vm/dear.json`.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from vm import instructions as i  # noqa: E402
from vm.codec import encode_module  # noqa: E402
from vm.gas import GAS_DEPLOY_BYTE  # noqa: E402
from vm.limits import (  # noqa: E402
    CODE_WORDS_MAX,
    CONSTANTS_MAX,
    ERRORS_MAX,
    EVENTS_MAX,
    EXTERNALS_MAX,
    FUNCTIONS_MAX,
    LOCALS_MAX,
    MODULE_BYTES_MAX,
    STATE_FIELDS_MAX,
    TYPES_MAX,
)
from vm.module import Constant, External, Function, Kind, Module, Record  # noqa: E402
from vm.types import (  # noqa: E402
    BOOL,
    SCALARS,
    U8,
    U64,
    U256,
    Enum,
    List,
    Map,
    Option,
    Resource,
    Struct,
    Text,
    Tuple,
    Type,
    nodes,
    parts,
    size_max,
)
from vm.verifier import verify_bytes  # noqa: E402


class Full(Exception):
    """No room in the module for more of this."""


@dataclass
class Maker:
    """A module in the making. Everything it is asked for, it has room for, or says `Full`."""

    types: dict[Type, int] = field(default_factory=lambda: {kind: number for number, kind in enumerate(SCALARS)})
    constants: list[Constant] = field(default_factory=list)
    fields: list[tuple[str, Type]] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    errors: list[Record] = field(default_factory=list)
    externals: list[External] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    promises: list[tuple[int, int | None, int]] = field(default_factory=list)
    phases: tuple[str, ...] = ()
    steps: tuple[tuple[int, int], ...] = ()
    bytes: int = 0  # about how many so far

    def type(self, kind: Type) -> int:
        """The number of a type, put into the table with its parts."""
        if kind not in self.types:
            for part in parts(kind):
                self.type(part)
            if len(self.types) >= TYPES_MAX + len(SCALARS) or nodes(kind) > 256 or size_max(kind) > 2**16:
                raise Full
            self.types[kind] = len(self.types)
            self.bytes += 12 + 4 * len(parts(kind))
        return self.types[kind]

    def constant(self, kind: Type, value: object, size: int) -> int:
        """A new constant of so many bytes."""
        if len(self.constants) >= CONSTANTS_MAX:
            raise Full
        self.type(kind)
        self.constants.append(Constant(kind, value))
        self.bytes += size + 4
        return len(self.constants) - 1

    def function(
        self,
        code: list[int],
        *,
        kind: Kind = Kind.PRIVATE,
        parameters: tuple[Type, ...] = (),
        locals_: tuple[Type, ...] = (),
        result: Type | None = None,
        effects: int = 0,
    ) -> int:
        """A function with this code; its parameters have names of their own."""
        if len(self.functions) >= FUNCTIONS_MAX or len(code) > CODE_WORDS_MAX or len(parameters) + len(locals_) > LOCALS_MAX:
            raise Full
        for used in (*parameters, *locals_, *(() if result is None else (result,))):
            self.type(used)
        named = tuple((f"a{n}", part) for n, part in enumerate(parameters))
        name = f"f{len(self.functions)}"
        self.functions.append(Function(name, kind, named, result, None, effects, locals_, tuple(code)))
        self.bytes += 24 + 6 * len(parameters) + 2 * len(locals_) + len(code)
        return len(self.functions) - 1

    def record(self, kinds: tuple[Type, ...]) -> int:
        """An event."""
        if len(self.events) >= EVENTS_MAX:
            raise Full
        for kind in kinds:
            self.type(kind)
        self.events.append(Record(f"E{len(self.events)}", tuple((f"p{n}", kind) for n, kind in enumerate(kinds))))
        self.bytes += 8 + 6 * len(kinds)
        return len(self.events) - 1

    def field(self, kind: Type) -> int:
        """A state field."""
        if len(self.fields) >= STATE_FIELDS_MAX:
            raise Full
        self.type(kind)
        self.fields.append((f"s{len(self.fields)}", kind))
        self.bytes += 8
        return len(self.fields) - 1

    def module(self) -> bytes:
        """The bytes of the module. Types that nothing uses get a function that takes them as locals."""
        table = [kind for kind in self.types if kind not in SCALARS]
        loose = [kind for kind in table if not isinstance(kind, Map)]
        chunks = [tuple(loose[n : n + LOCALS_MAX]) for n in range(0, len(loose), LOCALS_MAX)]
        users = [Function(f"u{n}", Kind.PRIVATE, (), None, None, 0, chunk, (i.RETURN,)) for n, chunk in enumerate(chunks)]
        return encode_module(
            Module(
                name="Dear",
                types=tuple(table),
                constants=tuple(self.constants),
                fields=tuple(self.fields),
                phases=self.phases,
                steps=self.steps,
                events=tuple(self.events),
                errors=tuple(self.errors),
                externals=tuple(self.externals),
                functions=(*self.functions, *users)[:FUNCTIONS_MAX],
                promises=tuple(self.promises),
            )
        )


Shape: TypeAlias = Callable[[Maker, int], None]
"""Adds one piece to a module, given a number from 1 to 32 to vary by."""
SHAPES: dict[str, Shape] = {}


def shape(make: Shape) -> Shape:
    """Have the search know a shape by its name."""
    SHAPES[make.__name__] = make
    return make


def text(n: int) -> Text:
    """One of many text types."""
    return Text(1 + n % 4000)


def shared(maker: Maker, leaf: Type, width: int) -> Type:
    """A type of as many types as may be, with few entries of the table."""
    kind = leaf
    while nodes(kind) * width + 1 <= 256 and size_max(kind) * width < 2**15:
        kind = Tuple((kind,) * max(width, 2))
        if width < 2:
            break
    maker.type(kind)
    return kind


def wide(number: int, width: int, leaf: Type = U8) -> Struct:
    """A struct with short names."""
    return Struct(f"W{number}", tuple((f"{chr(97 + n % 26)}{n // 26}", leaf) for n in range(max(width, 1))))


def repeat(piece: list[int], words: int = 2000) -> list[int]:
    """The piece as often as it fits, and a return."""
    return [*piece * max(1, words // len(piece)), i.RETURN]


@shape
def types_shared(maker: Maker, p: int) -> None:
    """Types with few direct parts and many within."""
    shared(maker, text(len(maker.types)), 2 + p % 4)


@shape
def types_lists(maker: Maker, p: int) -> None:
    """Options and lists of one wide type."""
    maker.type(List(wide(p, p), 1 + len(maker.types)))


@shape
def types_enums(maker: Maker, p: int) -> None:
    """Enums of many variants."""
    maker.type(Enum(f"N{len(maker.types)}", tuple((f"V{n}", (("x", U8),) * (n % 2)) for n in range(p))))


@shape
def constants_bools(maker: Maker, p: int) -> None:
    """Lists of truth values: a byte each."""
    maker.constant(List(BOOL, 4000), (True,) * (p * 20), p * 20)


@shape
def constants_enums(maker: Maker, p: int) -> None:
    """Lists of variants without payload."""
    maker.constant(List(Enum("C", (("A", ()), ("B", ()))), 2000), ((1,),) * (p * 10), p * 20)


@shape
def constants_options(maker: Maker, p: int) -> None:
    """Options within options within lists."""
    maker.constant(List(Option(Option(Option(BOOL))), 2000), ((1, (1, (1, True))),) * (p * 5), p * 35)


@shape
def constants_small(maker: Maker, p: int) -> None:
    """Many constants of a byte."""
    for n in range(p):
        maker.constant(U8, n, 1)


@shape
def constants_big(maker: Maker, p: int) -> None:
    """Integers beyond 64 bits."""
    maker.constant(List(U256, 1000), (2**200 + p,) * p, p * 28)


@shape
def functions_empty(maker: Maker, p: int) -> None:
    """Functions that do nothing."""
    maker.function([i.RETURN])


@shape
def functions_signatures(maker: Maker, p: int) -> None:
    """Functions with many parameters, entered from outside."""
    kind = shared(maker, U8, 4)
    maker.function([i.RETURN], kind=Kind.PUBLIC, parameters=(kind,) * (p % 17))


@shape
def functions_locals(maker: Maker, p: int) -> None:
    """Functions with as many locals as may be."""
    maker.function([i.RETURN], locals_=(U8, BOOL, text(p), wide(0, p)) * 32)


@shape
def code_pack(maker: Maker, p: int) -> None:
    """Wide values made and opened."""
    kind = wide(100 + p, p)
    number = maker.type(kind)
    maker.function([i.GET, 0, *([i.UNPACK, number, i.PACK, number] * 400), i.DROP, i.RETURN], parameters=(kind,))


@shape
def code_pack_subtypes(maker: Maker, p: int) -> None:
    """Wide values opened and made again of parts of longer types."""
    a, b = Tuple((Text(3),) * max(2, p)), Tuple((Text(4),) * max(2, p))
    numbers = maker.type(a), maker.type(b)
    maker.function(
        repeat([i.GET, 0, i.UNPACK, numbers[0], i.PACK, numbers[1], i.DROP]),
        parameters=(a,),
    )


@shape
def code_fields(maker: Maker, p: int) -> None:
    """Parts of wide values."""
    kind = wide(200 + p, p)
    number = maker.type(kind)
    maker.function(repeat([i.GET, 0, i.FIELD, number, p - 1, i.DROP]), parameters=(kind,))


@shape
def code_with_field(maker: Maker, p: int) -> None:
    """Wide values with one part replaced."""
    kind = wide(300 + p, p)
    number = maker.type(kind)
    maker.function(repeat([i.GET, 0, i.GET, 1, i.WITH_FIELD, number, 0, i.DROP]), parameters=(kind, U8))


@shape
def code_variants(maker: Maker, p: int) -> None:
    """Variants of wide enums."""
    kind = Enum(f"X{p}", tuple((f"V{n}", tuple((f"x{m}", U8) for m in range(p))) for n in range(max(1, p // 4))))
    number = maker.type(kind)
    maker.function([i.GET, 0, *([i.OPEN, number, 0, i.VARIANT, number, 0] * 300), i.DROP, i.RETURN], parameters=(kind,))


@shape
def code_tags(maker: Maker, p: int) -> None:
    """Tags of wide enums."""
    kind = Enum(f"T{p}", tuple((f"V{n}", tuple((f"x{m}", U8) for m in range(32))) for n in range(max(1, p // 4))))
    number = maker.type(kind)
    maker.function(repeat([i.GET, 0, i.TAG, number, i.DROP]), parameters=(kind,))


@shape
def code_resources(maker: Maker, p: int) -> None:
    """Resources made, divided, merged and unmade."""
    kind = Resource(f"R{p}", tuple((f"x{n}", U8) for n in range(p)), 0)
    number = maker.type(kind)
    body = [i.DESTROY, number, i.NEW, number] * 300
    maker.function([i.MOVE, 0, *body, i.DESTROY, number, *[i.DROP] * p, i.RETURN], parameters=(kind,))


@shape
def code_lists(maker: Maker, p: int) -> None:
    """Lists of as many elements as the stack holds."""
    whole, kind = Tuple((U8,) * 32), List(U8, 64)
    numbers = maker.type(whole), maker.type(kind)
    maker.function(
        repeat([i.GET, 0, i.UNPACK, numbers[0], i.GET, 0, i.UNPACK, numbers[0], i.LIST, numbers[1], 64, i.DROP]),
        parameters=(whole,),
    )


@shape
def code_drops(maker: Maker, p: int) -> None:
    """The stack filled and emptied by words of one byte."""
    whole = Tuple((U8,) * max(2, p))
    number = maker.type(whole)
    maker.function(repeat([i.GET, 0, i.UNPACK, number, *[i.DROP] * max(2, p)]), parameters=(whole,))


@shape
def code_nots(maker: Maker, p: int) -> None:
    """The shortest instructions."""
    maker.function([i.GET, 0, *[i.NOT] * 2000, i.DROP, i.RETURN], parameters=(BOOL,))


@shape
def code_senders(maker: Maker, p: int) -> None:
    """Instructions of a byte that push."""
    maker.function(repeat([i.SENDER, i.DROP]))


@shape
def code_arithmetic(maker: Maker, p: int) -> None:
    """Checked sums."""
    maker.function(repeat([i.GET, 0, i.GET, 0, i.ADD, SCALARS.index(U64), i.SET, 0]), parameters=(U64,))


@shape
def code_blocks(maker: Maker, p: int) -> None:
    """Blocks within blocks."""
    maker.function(repeat([i.GET, 0, i.IF] * p + [i.END] * p), parameters=(BOOL,))


@shape
def code_branches(maker: Maker, p: int) -> None:
    """Both ways of a condition."""
    maker.function(repeat([i.GET, 0, i.IF, i.ELSE, i.END]), parameters=(BOOL,))


@shape
def code_loops(maker: Maker, p: int) -> None:
    """Loops within loops, and ways out of them."""
    depth = 1 + p % 16
    maker.function(repeat([i.LOOP, 3] * depth + [i.BREAK, i.END] * depth))


@shape
def code_breaks(maker: Maker, p: int) -> None:
    """Ways out over a full stack."""
    whole = Tuple((U8,) * 31)
    number = maker.type(whole)
    leave = [i.GET, 1, i.IF, i.BREAK, i.END] * 200
    code = [i.LOOP, 3, *[i.GET, 0, i.UNPACK, number] * 2, *leave, i.BREAK, i.END, i.RETURN]
    maker.function(code, parameters=(whole, BOOL))


@shape
def code_returns(maker: Maker, p: int) -> None:
    """Returns and failures over a full stack."""
    whole = Tuple((U8,) * 31)
    number = maker.type(whole)
    leave = [i.GET, 1, i.IF, i.RETURN, i.END] * 200
    maker.function([*[i.GET, 0, i.UNPACK, number] * 2, *leave, i.RETURN], parameters=(whole, BOOL))


@shape
def code_subtypes(maker: Maker, p: int) -> None:
    """Every type given where another is expected, each a first meeting."""
    kinds = tuple([shared(maker, Text(1 + n), 6) for n in range(40)])
    maker.function(
        [word for a in range(16) for b in range(a, 40) for word in (i.GET, a, i.SET, b)] + [i.RETURN],
        parameters=kinds[:16],
        locals_=kinds[16:],
    )


@shape
def code_prices(maker: Maker, p: int) -> None:
    """Every type compared and encoded, each a first price."""
    kinds = tuple([shared(maker, Text(1 + n), 2 + p % 6) for n in range(40)])
    body = []
    for n, kind in enumerate(kinds[:16]):
        number = maker.type(kind)
        body += [i.GET, n, i.GET, n, i.EQ, number, i.DROP, i.GET, n, i.GET, n, i.NE, number, i.DROP]
    maker.function([*body, i.RETURN], parameters=kinds[:16])


@shape
def code_encodings(maker: Maker, p: int) -> None:
    """Byte strings of new types."""
    maker.function(repeat([i.GET, 0, i.TEXT_BYTES, i.SHA256, i.DROP]), parameters=(text(p),))


@shape
def code_encode(maker: Maker, p: int) -> None:
    """Encodings of wide values."""
    kind = wide(400 + p, p)
    number = maker.type(kind)
    maker.function(repeat([i.GET, 0, i.ENCODE, number, i.DROP]), parameters=(kind,))


@shape
def code_events(maker: Maker, p: int) -> None:
    """Wide events, from values opened at once."""
    whole = Tuple((U8,) * max(2, p))
    number, event = maker.type(whole), maker.record((U8,) * max(2, p))
    maker.function(repeat([i.GET, 0, i.UNPACK, number, i.EMIT, event]), parameters=(whole,), effects=8)


@shape
def code_invokes(maker: Maker, p: int) -> None:
    """Functions of many parameters that invoke each other."""
    whole = Tuple((U8,) * max(2, p % 17))
    number = maker.type(whole)
    callee = maker.function([i.RETURN], parameters=whole.items)
    maker.function(repeat([i.GET, 0, i.UNPACK, number, i.INVOKE, callee], 600), parameters=(whole,))


@shape
def code_invokes_many(maker: Maker, p: int) -> None:
    """Every function invokes all before it."""
    code = [word for n in range(len(maker.functions)) for word in (i.INVOKE, n) if not maker.functions[n].parameters][:200]
    fit = all(maker.functions[n].result is None and maker.functions[n].kind == Kind.PRIVATE for n in code[1::2])
    effects = 0
    for n in code[1::2]:
        effects |= maker.functions[n].effects
    depth = len(maker.functions) < 60
    maker.function([*(code if fit and depth else []), i.RETURN], effects=effects if fit and depth else 0)


@shape
def code_state(maker: Maker, p: int) -> None:
    """Maps read and written."""
    place = maker.field(Map(U64, wide(0, p)))
    maker.function(
        repeat([i.GET, 0, i.GET, 0, i.MAP_GET, place, i.MAP_PUT, place, i.GET, 0, i.MAP_FIND, place, i.DROP], 1200),
        parameters=(U64,),
        effects=3,
    )


@shape
def code_calls(maker: Maker, p: int) -> None:
    """Calls with many arguments."""
    if len(maker.externals) >= EXTERNALS_MAX:
        raise Full
    whole = Tuple((U8,) * max(2, p % 17))
    number = maker.type(whole)
    maker.externals.append(External("I", "f", False, whole.items, None))
    maker.bytes += 30
    piece = [i.SENDER, i.GET, 0, i.UNPACK, number, i.TRY_CALL, len(maker.externals) - 1, i.DROP]
    maker.function(repeat(piece, 800), parameters=(whole,), effects=32)


@shape
def declared_externals(maker: Maker, p: int) -> None:
    """Signatures of other contracts."""
    if len(maker.externals) >= EXTERNALS_MAX:
        raise Full
    maker.externals.append(External("I", "f", False, (shared(maker, U8, 4),) * (p % 17), None))
    maker.bytes += 8 + p % 17


@shape
def declared_records(maker: Maker, p: int) -> None:
    """Errors of many fields."""
    if len(maker.errors) >= ERRORS_MAX:
        raise Full
    maker.errors.append(Record(f"R{len(maker.errors)}", tuple((f"p{n}", U8) for n in range(p))))
    maker.bytes += 8 + 6 * p


@shape
def declared_phases(maker: Maker, p: int) -> None:
    """All steps between all phases."""
    if maker.phases:
        raise Full
    maker.phases = tuple(f"P{n}" for n in range(32))
    maker.steps = tuple((a, b) for a in range(32) for b in range(32))
    maker.bytes += 3300


@shape
def promises(maker: Maker, p: int) -> None:
    """Every function promises what every checker checks."""
    if maker.promises:
        raise Full
    kinds = (shared(maker, U8, 4),) * (p % 17)
    truth = maker.constant(BOOL, True, 1)
    about = [maker.function([i.RETURN], parameters=kinds) for _ in range(24)]
    checkers = [maker.function([i.CONST, truth, i.RETURN], kind=Kind.ENSURES, parameters=kinds, result=BOOL) for _ in range(24)]
    maker.promises = [(a, None, b) for a in about for b in checkers]
    maker.bytes += 5 * 24 * 24


Mix: TypeAlias = tuple[tuple[str, int, int], ...]
"""Shapes with their numbers and their weights."""


def build(mix: Mix, size: int) -> bytes:
    """A module of about so many bytes; shapes of which there is no room for more are left behind."""
    maker = Maker()
    open_ = list(mix)
    wheel: list[tuple[str, int, int]] = []
    while open_ and maker.bytes < size * 0.97:
        wheel = wheel or [part for part in open_ for _ in range(part[2])]
        part = wheel.pop()
        if part not in open_:
            continue
        kept = maker.bytes
        try:
            SHAPES[part[0]](maker, part[1])
        except Full:
            open_.remove(part)
            continue
        if maker.bytes == kept:
            open_.remove(part)
    return maker.module()


def nanoseconds(data: bytes, runs: int = 3) -> float:
    """The least time of decoding and verifying, by the byte."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        begun = time.process_time_ns()
        verify_bytes(data)
        best = min(best, time.process_time_ns() - begun)
    return best / len(data)


def random_mix(source: random.Random) -> Mix:
    """A few shapes."""
    names = source.sample(sorted(SHAPES), source.randint(1, 3))
    return tuple((name, source.randint(1, 32), source.randint(1, 4)) for name in names)


def changed(mix: Mix, source: random.Random) -> Mix:
    """A mix with one thing changed."""
    parts_ = list(mix)
    place = source.randrange(len(parts_))
    name, number, weight = parts_[place]
    match source.randrange(5):
        case 0 if len(parts_) > 1:
            del parts_[place]
        case 1:
            parts_.append((source.choice(sorted(SHAPES)), source.randint(1, 32), 1))
        case 2:
            parts_[place] = name, source.randint(1, 32), weight
        case 3:
            parts_[place] = name, max(1, min(32, number + source.choice([-3, -1, 1, 3]))), weight
        case _:
            parts_[place] = name, number, max(1, weight + source.choice([-1, 1]))
    return tuple(parts_)


@dataclass(frozen=True)
class Found:
    """A mix and what it costs."""

    cost: float  # nanoseconds a byte
    mix: Mix


def measured(mix: Mix, size: int) -> Found | None:
    """The cost of a mix; None if it is no module of that size."""
    data = build(mix, size)
    if not size / 2 < len(data) <= MODULE_BYTES_MAX:
        return None
    return Found(nanoseconds(data), mix)


def search(seconds: float, seed: int, size: int) -> list[Found]:
    """What was found, the dearest first."""
    source = random.Random(seed)
    end = time.monotonic() + seconds
    found: dict[Mix, Found] = {}

    def look(mix: Mix) -> Found | None:
        if mix not in found:
            result = measured(mix, size)
            if result is not None:
                found[mix] = result
        return found.get(mix)

    for name in sorted(SHAPES):
        for number in (3, 16, 31):
            look(((name, number, 1),))
    while time.monotonic() < end:
        if source.random() < 0.3:
            look(random_mix(source))
            continue
        best = sorted(found.values(), key=lambda one: -one.cost)[:8]
        look(changed(source.choice(best).mix, source))
    return sorted(found.values(), key=lambda one: -one.cost)


def spelled(mix: Mix) -> str:
    """A mix for people."""
    return " + ".join(f"{weight}×{name}({number})" for name, number, weight in mix)


def alone(found: list[Found]) -> Iterator[Found]:
    """The dearest of every shape alone."""
    seen = set()
    for one in found:
        if len(one.mix) == 1 and one.mix[0][0] not in seen:
            seen.add(one.mix[0][0])
            yield one


def main() -> None:
    """Search, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=8000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    found = search(options.seconds, options.seed, options.bytes)
    median = statistics.median(one.cost for one in found)
    print(f"{len(found)} mixes of shapes at {options.bytes} bytes; GAS_DEPLOY_BYTE pays for {GAS_DEPLOY_BYTE * 10} ns a byte")
    print("shape alone, ns/byte")
    for one in alone(found):
        print(f"  {one.cost:8.0f}  {spelled(one.mix)}")
    print(f"median {median:.0f} ns/byte, worst {found[0].cost:.0f} ns/byte, worst/median {found[0].cost / median:.1f}")
    for one in found[:3]:
        print(f"  {one.cost:8.0f}  {spelled(one.mix)}")
    print("the worst by size")
    for size in (1000, 2000, 4000, 8000, 16_000, 32_000, 64_000):
        data = build(found[0].mix, size)
        if len(data) <= MODULE_BYTES_MAX:
            print(f"  {len(data):8} bytes {nanoseconds(data, 5):8.0f} ns/byte")
    if options.keep is not None:
        keep(options.keep, [*found[:3], *list(alone(found))[:12]])


def keep(file: Path, found: list[Found]) -> None:
    """Write modules of some two thousand bytes."""
    cases = {spelled(one.mix): build(one.mix, 2000).hex() for one in found}
    lines = ",\n".join(json.dumps({"title": title, "bytes": data}, ensure_ascii=False) for title, data in cases.items())
    file.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
