"""Programs for `bench/gas_search.py`: rows of pieces in a loop, in one module that has something of everything.

In pieces `$x` is a local and `%x` a constant. A piece leaves the stack as it found it, reads what it likes and assigns what it
likes, so that pieces can stand in any order.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any, NamedTuple

from vm.instructions import BY_NAME

PIECES_MAX = 12
DEAR = Path(__file__).parents[2] / "tests" / "vm" / "dear"
"""Programs that took long for their gas, one a file, one piece a line."""


class Program(NamedTuple):
    """What stands in the loop."""

    pieces: tuple[str, ...]


NUMBERS: dict[str, tuple[int, int, int]] = {
    # a large number, one less than half of it, a divisor
    "u8": (220, 15, 7),
    "u64": (2**64 - 99, 2**32 - 1, 2**33 - 9),
    "i64": (-(2**62) + 99, 2**31, -(2**33) + 9),
    "u128": (2**128 - 99, 2**64 - 1, 2**65 - 9),
    "u256": (2**256 - 99, 2**128 - 1, 2**129 - 9),
    "i256": (-(2**254) + 99, 2**127, -(2**129) + 9),
}
WIDE = "struct S(" + ", ".join(f"f{n}: u256" for n in range(20)) + ")"
FLAT = "struct F(" + ", ".join(f"f{n}: u8" for n in range(32)) + ")"
TYPES = (
    "Text[4096]",
    "Bytes[4096]",
    "List[u64, 1500]",
    "(u64, u64)",
    "List[(u64, u64), 200]",
    "List[u8, 100]",
    "Text[60]",
    "List[Text[60], 40]",
    "List[u256, 200]",
    "Option[u64]",
    WIDE,
    FLAT,
    "Bytes[32]",
    "Bytes[64]",
    "(u256, u256)",
    "Map[u64, u64]",
    "Map[(u64, u64), u64]",
    "Map[(u256, u256), u256]",
    "Map[u64, List[u64, 1500]]",
    "Map[u64, S]",
    "Map[List[u8, 100], u64]",
    "Set[Text[60]]",
    "Map[u64, Text[4096]]",
    "Map[u64, List[(u64, u64), 200]]",
    "Map[u64, Vault]",
    "Map[u64, List[u256, 200]]",
)
FIELDS = (
    "x: u64",
    "m: Map[u64, u64]",
    "pairs: Map[(u64, u64), u64]",
    "wides: Map[(u256, u256), u256]",
    "long: Map[u64, List[u64, 1500]]",
    "structs: Map[u64, S]",
    "listed: Map[List[u8, 100], u64]",
    "named: Set[Text[60]]",
    "texts: Map[u64, Text[4096]]",
    "nested: Map[u64, List[(u64, u64), 200]]",
    "v: Vault",
    "vaults: Map[u64, Vault]",
    "bigs: Map[u64, List[u256, 200]]",
)
EVENTS = ("None()", "Word(a: u64)", "Wide(a: S)", "Flat(a: F)", "Long(a: List[u64, 1500])", "Said(a: Text[4096])")
NAMED = tuple(event.partition("(")[0] for event in EVENTS)
FUNCTIONS = """
private f0()
  return
private bad()
  fail No
public go()
  return
public no()
  invoke bad
  return
public take(a: List[u64, 1500]) -> u64
  const %u64_a
  return
view see(n: u64) -> Option[u64] does read
  get 0
  map_find m
  return
public write(n: u64) -> u64 does read write
  get 0
  get 0
  map_put m
  get 0
  get 0
  pack (u64, u64)
  get 0
  map_put pairs
  fail No
"""
EXTERNALS = (
    "public D.go()",
    "public D.no()",
    "public D.take(List[u64, 1500]) -> u64",
    "view D.see(u64) -> Option[u64]",
    "public D.write(u64) -> u64",
    "public D.gone()",
)


def constants() -> dict[str, tuple[str, Any]]:
    """Names of constants with their types and values."""
    found: dict[str, tuple[str, Any]] = {"none": ("bool", False), "all": ("bool", True)}
    for kind, numbers in NUMBERS.items():
        found |= {f"{kind}_{letter}": (kind, number) for letter, number in zip("abc", numbers, strict=True)}
    found |= {f"n{n}": ("u64", n) for n in (0, 1, 7, 40, 1500)}
    for count in (0, 1, 16, 250, 1500):
        found[f"l{count}"] = ("List[u64, 1500]", tuple(2**31 + n for n in range(count)))
    for count in (0, 1, 100):
        found[f"p{count}"] = ("List[(u64, u64), 200]", tuple((2**31 + n, n) for n in range(count)))
        found[f"w{count}"] = ("List[u256, 200]", tuple(2**255 + n for n in range(count)))
        found[f"k{count}"] = ("List[u8, 100]", (200,) * count)
    for count in (0, 7, 100, 1000):
        found[f"t{count}"] = ("Text[4096]", "é" * count)
        found[f"b{count}"] = ("Bytes[4096]", bytes(2 * count))
    found["name"] = ("Text[60]", "é" * 30)
    found["names"] = ("List[Text[60], 40]", tuple(f"é{n:050}" for n in range(20)))
    found["s"] = ("S", (2**255,) * 20)
    found["f"] = ("F", (200,) * 32)
    found["coin"] = ("Amount", 0)
    found["key"] = ("Bytes[32]", bytes(32))
    found["signature"] = ("Bytes[64]", bytes(64))
    return found


LOCALS: dict[str, tuple[str, str]] = {
    "i": ("u64", "n0"),
    "j": ("u64", "n0"),
    "k": ("u64", "n7"),
    "q": ("bool", "all"),
    "t": ("Text[4096]", "t7"),
    "u": ("Text[4096]", "t1000"),
    "b": ("Bytes[4096]", "b100"),
    "c": ("Bytes[4096]", "b1000"),
    "l": ("List[u64, 1500]", "l16"),
    "m": ("List[u64, 1500]", "l250"),
    "p": ("List[(u64, u64), 200]", "p100"),
    "g": ("List[(u64, u64), 200]", "p1"),
    "w": ("List[u256, 200]", "w100"),
    "a": ("List[u8, 100]", "k100"),
    "n": ("List[Text[60], 40]", "names"),
    "z": ("Text[60]", "name"),
    "s": ("S", "s"),
    "f": ("F", "f"),
    "o": ("Option[u64]", ""),
    "h": ("Bytes[32]", "key"),
    "d": ("(u64, u64)", ""),
    "e": ("(u256, u256)", ""),
    "r": ("S", "s"),
    **{f"{kind}x": (kind, f"{kind}_a") for kind in NUMBERS},
    **{f"{kind}y": (kind, f"{kind}_b") for kind in NUMBERS},
    **{f"{kind}z": (kind, f"{kind}_c") for kind in NUMBERS},
    **{f"{kind}r": (kind, f"{kind}_a") for kind in NUMBERS},
}


def _number_piece(chance: random.Random) -> str:
    kind = chance.choice(list(NUMBERS))
    rounding = chance.choice(("down", "up", "half_up", "half_even"))
    kind_of = f" {kind}"
    match chance.randrange(8):
        case 0:
            return f"get ${kind}y; get ${kind}y; mul{kind_of}; set ${kind}r"
        case 1 | 2:
            return f"get ${kind}x; get ${kind}z; div{kind_of} {rounding}; set ${kind}r"
        case 3:
            return f"get ${kind}x; get ${kind}z; mod{kind_of}; set ${kind}r"
        case 4:
            return (
                f"get ${kind}x; get ${kind}y; get ${kind}z; muldiv{kind_of} {rounding}; set ${kind}r"
                if kind != "u8"
                else "get $u8x; set $u8r"
            )
        case 5:
            return f"get ${kind}y; get ${kind}z; {chance.choice(['min', 'max'])}{kind_of}; set ${kind}r"
        case 6:
            return f"get ${kind}x; get ${kind}r; {chance.choice(['lt', 'eq', 'ge'])}{kind_of}; set $q"
    return (
        f"get ${kind}y; get ${kind}z; add{kind_of}; set ${kind}r"
        if kind[0] == "u"
        else f"get ${kind}x; get ${kind}z; sub{kind_of}; set ${kind}r"
    )


LIST_KINDS = {
    "List[u64, 1500]": ("l", "m", "u64x"),
    "List[(u64, u64), 200]": ("p", "g", "d"),
    "List[u256, 200]": ("w", "w", "u256x"),
    "List[u8, 100]": ("a", "a", "u8x"),
    "List[Text[60], 40]": ("n", "n", "z"),
}


def _list_piece(chance: random.Random) -> str:
    kind, (one, other, element) = chance.choice(list(LIST_KINDS.items()))
    match chance.randrange(8):
        case 0 | 1:
            return f"get ${one}; get ${element}; contains {kind}; set $q"
        case 2:
            return f"get ${one}; get ${other}; eq {kind}; set $q"
        case 3:
            return f"get ${one}; const %n0; get ${element}; with_index {kind}; set ${one}" if one != "d" else "get $q; set $q"
        case 4:
            return f"get ${one}; const %n0; const %n1; slice {kind}; set ${other}"
        case 5:
            return f"get ${one}; const %n0; index {kind}; set ${element}"
        case 6:
            return f"get ${one}; length {kind}; set $j"
    return f"get ${one}; pop {kind}; set ${element}; drop"


def _string_piece(chance: random.Random) -> str:
    text = chance.random() < 0.5
    kind, one, other = ("Text[4096]", "t", "u") if text else ("Bytes[4096]", "b", "c")
    hashed = chance.choice(("sha256", "sha3_256", "blake2b_256"))
    ways = [
        f"get ${one}; get ${other}; eq {kind}; set $q",
        f"get ${one}; length {kind}; set $j",
        f"get ${one}; get ${other}; concat {kind}; drop",
        f"get ${one}; text_bytes; set $c" if text else f"get ${one}; {hashed}; set $h",
        f"get ${one}; encode {kind}; drop",
    ]
    return chance.choice(ways)


def _set_piece(chance: random.Random) -> str:
    by_type: dict[str, list[str]] = {}
    for name, (kind, _) in constants().items():
        by_type.setdefault(kind, []).append(name)
    local = chance.choice(("l", "m", "p", "g", "w", "a", "t", "u", "b", "c"))
    return f"const %{chance.choice(by_type[LOCALS[local][0]])}; set ${local}"


PLAIN_PIECES = (
    "get $s; set $r",
    "get $s; const %u256_a; with_field S 3; set $r",
    "get $s; get $r; eq S; set $q",
    "get $f; unpack F; " + "drop; " * 31 + "drop",
    "get $k; get $i; pack (u64, u64); set $d",
    "get $d; field (u64, u64) 0; set $j",
    "get $k; variant Option[u64] 1; set $o",
    "get $o; tag Option[u64]; set $u8r",
    "get $q; not; set $q",
    "sender; this; eq Address; set $q",
    "get $s; encode S; drop",
    "get $f; encode F; drop",
    "get $l; encode List[u64, 1500]; drop",
    "get $w; encode List[u256, 200]; drop",
    "get $p; encode List[(u64, u64), 200]; drop",
    "get $h; get $b; const %signature; verify_ed25519; set $q",
    "invoke f0",
    "get $u256x; encode u256; drop",
    "now; drop; this; drop",
    "get $i; cast u256; set $u256r",
    "get $q; not; not; not; set $q",
    "get $u64x; cast u128; cast u256; set $u256r",
    "const %all; authorize",
)
KEYS = {
    "m": ("get {k}", "get $k"),
    "pairs": ("get {k}; get {k}; pack (u64, u64)", "get $k"),
    "wides": ("get {k}; cast u256; const %u256_a; pack (u256, u256)", "const %u256_b"),
    "long": ("get {k}", "get $l"),
    "structs": ("get {k}", "get $s"),
    "listed": ("get $a", "get $k"),
    "texts": ("get {k}", "get $t"),
    "nested": ("get {k}", "get $p"),
    "bigs": ("get {k}", "get $w"),
}
VALUES = {
    "m": "j",
    "pairs": "j",
    "wides": "u256r",
    "long": "m",
    "structs": "r",
    "listed": "j",
    "texts": "t",
    "nested": "p",
    "bigs": "w",
}


SMALL = ("m", "pairs", "wides", "listed")
"""Maps of small values. To look whether a key is there costs the same whatever the value, for the first time too long, and this
is known: `tests/vm/dear/has_of_long_values.pieces`.
"""


def _state_piece(chance: random.Random) -> str:
    field = chance.choice(list(KEYS))
    key = KEYS[field][0].format(k=chance.choice(("$i", "$i", "$k")))
    match chance.randrange(9):
        case 0 | 1:
            return f"{key}; has {field}; set $q" if field in SMALL else f"{key}; remove {field}"
        case 2 | 3:
            return f"{key}; {KEYS[field][1]}; map_put {field}"
        case 4:
            return f"{key}; remove {field}"
        case 5 | 6:
            get = f"{key}; map_get {field}; set ${VALUES[field]}"
            return f"{key}; has {field}; if; {get}; end" if field in SMALL or chance.random() < 0.5 else get
        case 7:
            return chance.choice(
                (
                    "load x; set $j",
                    "get $i; store x",
                    "get $z; set_add named",
                    "get $z; has named; set $q",
                    "get $z; remove named",
                )
            )
    return chance.choice(
        (
            "const %coin; vault_take v; vault_put v",
            "vault_amount v; drop",
            "get $i; const %coin; vault_take v; vault_put vaults",
            "sender; const %coin; vault_take v; pay",
            "become Other; become One",
            "phase_in One; set $q",
        )
    )


def _outside_piece(chance: random.Random) -> str:
    ways = [
        "get 1; try_call 0; set $q",
        "get 1; try_call 1; set $q",
        "get 1; get $l; try_call 2; set $o",
        "get 1; get $i; try_read 3; drop",
        "get 1; get $i; try_call 4; set $o",
        "get 1; try_call 5; set $q",
        "sender; try_call 0; set $q",
        "this; try_call 0; set $q",
        "get 1; call 0",
        "emit None",
        "get $k; emit Word",
        "get $s; emit Wide",
        "get $f; emit Flat",
        "get $l; emit Long",
        "get $t; emit Said",
    ]
    return chance.choice(ways)


def piece(chance: random.Random, depth: int = 0) -> str:
    """One piece."""
    if depth < 2 and chance.random() < 0.12:
        inner = piece(chance, depth + 1)
        if chance.random() < 0.5:
            return f"get $q; if; {inner}; {'else; get $q; set $q; ' if chance.random() < 0.5 else ''}end"
        counted = "get $j; const %n7; ge u64; if; break; end; get $j; const %n1; add u64; set $j"
        return f"loop 2; {inner}; break; end" if "$j" in inner else f"const %n0; set $j; loop 50; {counted}; {inner}; end"
    kinds = (
        _number_piece,
        _list_piece,
        _string_piece,
        _state_piece,
        _set_piece,
        _outside_piece,
        lambda chance: chance.choice(PLAIN_PIECES),
    )
    return chance.choice(kinds)(chance)


def dear() -> dict[str, Program]:
    """The programs that are kept."""
    return {
        path.stem: Program(tuple(path.read_text(encoding="utf-8").split("\n")[:-1])) for path in sorted(DEAR.glob("*.pieces"))
    }


def keep(name: str, one: Program) -> None:
    """One more of them."""
    DEAR.mkdir(exist_ok=True)
    (DEAR / f"{name}.pieces").write_text("\n".join([*one.pieces, ""]), encoding="utf-8")


def program(chance: random.Random) -> Program:
    """One program."""
    return Program(tuple(piece(chance) for _ in range(chance.choice((1, 1, 2, 3, 5, 8)))))


def mutated(one: Program, chance: random.Random) -> Program:
    """The same with a piece more, a piece less, another piece, or one twice."""
    pieces = list(one.pieces)
    place = chance.randrange(len(pieces))
    match chance.randrange(4):
        case 0:
            pieces.insert(place, piece(chance))
        case 1 if len(pieces) > 1:
            del pieces[place]
        case 2:
            pieces.insert(place, chance.choice(pieces))
        case _:
            pieces[place] = piece(chance)
    return Program(tuple(pieces[:PIECES_MAX]))


def crossed(one: Program, other: Program, chance: random.Random) -> Program:
    """The beginning of one and the end of the other."""
    a, b = chance.randint(1, len(one.pieces)), chance.randrange(len(other.pieces))
    return Program((*one.pieces[:a], *other.pieces[b:])[:PIECES_MAX])


COUNTED = "get $i; {count}; ge u64; if; break; end; {body}; get $i; const %n1; add u64; set $i"
TUPLES = (
    "variant Option[u64] 0; set $o; get $k; get $k; pack (u64, u64); set $d; get $u256x; get $u256x; pack (u256, u256); set $e"
)


def text_of(one: Program) -> str:
    """The module of a program, as text: `run(passes, there)`, and `fill`, which makes some state ahead."""
    places = {name: place for place, name in enumerate(constants())}
    values = [f"const {kind} = {_json(value)}" for kind, value in constants().values()]
    kept = "; ".join(f"{key.format(k='$i')}; {value}; map_put {field}" for field, (key, value) in KEYS.items())
    lines = [
        "module D",
        *(f"type {kind}" for kind in TYPES),
        *("phase One", "phase Other", "step One -> Other", "step Other -> One"),
        *values,
        *(f"field {field}" for field in FIELDS),
        *(f"event {event}" for event in EVENTS),
        "error No()",
        *(f"external {external}" for external in EXTERNALS),
        *FUNCTIONS.strip().split("\n"),
        *_function("run", ("n: u64", "there: Address"), "", COUNTED.format(count="get 0", body="; ".join(one.pieces))),
        *_function("fill", (), "get $k; store x; ", COUNTED.format(count="const %n40", body=kept)),
    ]
    return re.sub(r"%(\w+)", lambda found: str(places[found[1]]), "\n".join(lines)) + "\n"


def _function(name: str, parameters: tuple[str, ...], before: str, body: str) -> list[str]:
    """A public function: all locals set, then a loop."""
    numbers = {local: len(parameters) + place for place, local in enumerate(LOCALS)}
    setup = "; ".join(f"const %{value}; set ${local}" for local, (_, value) in LOCALS.items() if value)
    code = f"{setup}; {TUPLES}; {before}const %n0; set $i; loop 1000000; {body}; end; return".split("; ")
    rows = [re.sub(r"\$(\w+)", lambda found: str(numbers[found[1]]), line) for line in code]
    kinds = [f"  local {kind}" for kind, _ in LOCALS.values()]
    return [f"public {name}({', '.join(parameters)}) does {effects_of(rows)}", *kinds, *(f"  {row}" for row in rows)]


def effects_of(code: list[str]) -> int:
    """What a function does that invokes none that does anything."""
    effects = 0
    for line in code:
        row = BY_NAME.get(line.partition(" ")[0])
        effects |= row.does if row else 0
    return effects


def _json(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case bytes():
            return f'"{value.hex()}"'
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(map(_json, value))}]"
    return str(value)
