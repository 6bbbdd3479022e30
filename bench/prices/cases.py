"""What `bench/gas.py` measures: for every instruction and every service of the machine, code that does it over and over.

A case is the body of a loop, in assembly. `{a}` … `{d}` are the arguments it is given, which nothing is known of when it is
compiled, `{i}` the number of the pass, `{r}` … `{w}` further locals. It bears the name of the price that it is to fix, if it is
to fix one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vm.types import AMOUNT_MAX, CoinValue

ALICE, BOB = b"alice".ljust(32, b"."), b"bob".ljust(32, b".")
HERE, THERE = b"here".ljust(32, b"."), b"there".ljust(32, b".")
NEVER = "never"


@dataclass(frozen=True)
class Case:
    """One thing to measure."""

    name: str
    body: str
    fits: str = ""  # the price it fixes
    arguments: tuple[tuple[str, Any], ...] = ()  # types and values of `{a}`, `{b}` …
    locals: tuple[str, ...] = ()  # types of `{r}`, `{s}` …
    before: str = ""  # code ahead of the loop
    after: str = ""  # code behind the loop
    base: str = ""  # what the body is compared with
    types: tuple[str, ...] = ()
    declare: str = ""  # constants, fields, events, errors, externals, other functions
    fill: str = ""  # the body of a loop that fills the state beforehand, once for every pass
    there: str = ""  # the module at THERE
    repeat: int = 10  # times the body stands in the loop
    passes_max: int = 1_000_000
    passes_exact: int = 0


@dataclass
class Maker:
    """Cases as they are made."""

    cases: list[Case] = field(default_factory=list)

    def add(self, name: str, body: str, fits: str = "", **how: Any) -> None:
        """One more."""
        self.cases.append(Case(name, body, fits, **how))


WIDE = 2**255 - 19
NUMBERS: dict[str, tuple[int, int, int]] = {
    # a large number, one that may be added and taken, one for products
    "u8": (220, 17, 1),
    "u32": (2**32 - 99, 17, 1),
    "u64": (2**64 - 99, 17, 1),
    "i64": (-(2**63) + 99, 17, -1),
    "u128": (2**128 - 99, 2**127 - 5, 1),
    "Amount": (2**128 - 99, 2**70 - 5, 1),
    "u256": (2**256 - 99, 2**255 - 5, 1),
    "i256": (-(2**255) + 99, 2**254 - 5, -1),
}
FACTORS = {
    "u8": (15, 16),
    "u32": (65535, 65535),
    "u64": (2**32 - 1, 2**32 - 1),
    "i64": (-(2**31), 2**31),
    "u128": (2**64 - 1, 2**64 - 1),
    "Amount": (2**64 - 1, 2**64 - 1),
    "u256": (2**128 - 1, 2**128 - 1),
    "i256": (-(2**127), 2**127),
}
DIVISORS = {
    "u8": 7,
    "u32": 65521,
    "u64": 2**33 - 9,
    "i64": -(2**33) + 9,
    "u128": 2**65 - 9,
    "Amount": 2**65 - 9,
    "u256": 2**129 - 9,
    "i256": -(2**129) + 9,
}


def width(kind: str) -> str:
    """The ending of prices for this type."""
    return {"u128": "_128", "Amount": "_128", "u256": "_256", "i256": "_256"}.get(kind, "")


def arithmetic(make: Maker) -> None:
    """Numbers."""
    for kind, (large, small, _) in NUMBERS.items():
        two: dict[str, Any] = {"arguments": ((kind, large), (kind, small)), "locals": (kind,)}
        op = "sub" if large > 0 else "add"
        make.add(f"{op} {kind}", f"get {{a}}\nget {{b}}\n{op} {kind}\nset {{r}}", "GAS_ADD", **two)
        low = {"arguments": ((kind, large // 2), (kind, small // 2)), "locals": (kind,)}
        op = "add" if large > 0 else "sub"
        low = low if large > 0 else {"arguments": ((kind, small), (kind, small)), "locals": (kind,)}
        make.add(f"{op} {kind}", f"get {{a}}\nget {{b}}\n{op} {kind}\nset {{r}}", "GAS_ADD", **low)
        for op in ("min", "max"):
            make.add(f"{op} {kind}", f"get {{a}}\nget {{b}}\n{op} {kind}\nset {{r}}", "GAS_ADD", **two)
        for op in ("lt", "eq"):
            make.add(
                f"{op} {kind}", f"get {{a}}\nget {{b}}\n{op} {kind}\nset {{r}}", "GAS_COMPARE", **{**two, "locals": ("bool",)}
            )
        other = "u8" if kind != "u8" else "i8"
        make.add(
            f"cast {kind} {other}", f"get {{a}}\ncast {other}\nset {{r}}", "GAS_ADD", arguments=((kind, 100),), locals=(other,)
        )
        if kind[0] == "i":
            make.add(f"neg {kind}", f"get {{a}}\nneg {kind}\nset {{r}}", "GAS_ADD", **two)
        a, b = FACTORS[kind]
        make.add(
            f"mul {kind}",
            f"get {{a}}\nget {{b}}\nmul {kind}\nset {{r}}",
            f"GAS_MULTIPLY{width(kind)}",
            arguments=((kind, a), (kind, b)),
            locals=(kind,),
        )
        divided: dict[str, Any] = {"arguments": ((kind, large), (kind, DIVISORS[kind]), (kind, small)), "locals": (kind,)}
        for rounding in ("down", "up", "half_up", "half_even"):
            fits = f"GAS_DIVIDE{width(kind)}" if rounding in ("down", "up") else "GAS_ROUND"
            make.add(f"div {kind} {rounding}", f"get {{a}}\nget {{b}}\ndiv {kind} {rounding}\nset {{r}}", fits, **divided)
        make.add(f"mod {kind}", f"get {{a}}\nget {{b}}\nmod {kind}\nset {{r}}", f"GAS_DIVIDE{width(kind)}", **divided)
        for rounding in ("down", "up", "half_even"):
            fits = f"GAS_MULDIV{width(kind)}" if rounding in ("down", "up") else "GAS_ROUND"
            three: dict[str, Any] = {
                "arguments": ((kind, large), (kind, abs(large) - 9), (kind, abs(large) - 1)),
                "locals": (kind,),
            }
            make.add(
                f"muldiv {kind} {rounding}",
                f"get {{a}}\nget {{b}}\nget {{c}}\nmuldiv {kind} {rounding}\nset {{r}}",
                fits,
                **three,
            )


def control(make: Maker) -> None:
    """Moves and segments."""
    word = (("u64", 2**40), ("u64", 2**50))
    make.add("get, set", "get {a}\nset {r}", "GAS_BASE", arguments=word, locals=("u64",))
    make.add("get, drop", "get {a}\ndrop", "GAS_BASE", arguments=word)
    make.add("const, set", "const 0\nset {r}", "GAS_BASE", declare="const u64 = 123456789", locals=("u64",))
    make.add("not", "get {a}\nnot\nset {r}", "GAS_BASE", arguments=(("bool", True),), locals=("bool",))
    make.add(
        "sender, now, this", "sender\nset {r}\nnow\nset {s}\nthis\nset {t}", "GAS_BASE", locals=("Address", "Time", "Address")
    )
    make.add("authorize", "get {a}\nauthorize", "GAS_BASE", arguments=(("bool", True),))
    make.add("authorize sender", "get {a}\nsender\neq Address\nauthorize", "GAS_COMPARE", arguments=(("Address", ALICE),))
    for name, value in (("true", True), ("false", False)):
        make.add(f"if {name}", "get {a}\nif\nend", "GAS_SEGMENT", arguments=(("bool", value),))
        make.add(
            f"if else {name}",
            "get {a}\nif\nget {a}\nset {r}\nelse\nget {a}\nset {r}\nend",
            "GAS_SEGMENT",
            arguments=(("bool", value),),
            locals=("bool",),
        )
    make.add("if lt", "get {a}\nget {b}\nlt u64\nif\nend", "GAS_SEGMENT", arguments=word)
    make.add("loop left at once", "loop 3\nbreak\nend", "GAS_LOOP")
    inner = "const 0\nset {r}\nloop 100\nget {r}\nconst 1\nge u64\nif\nbreak\nend\nget {r}\nconst 2\nadd u64\nset {r}\n%send"
    numbers = "const u64 = 0\nconst u64 = 20\nconst u64 = 1"
    make.add("loop of 20 passes", inner % "", "GAS_SEGMENT", declare=numbers, locals=("u64",), repeat=2)
    make.add(
        "loop of 20 passes, continue",
        inner % "get {a}\nif\ncontinue\nend\n",
        "GAS_SEGMENT",
        declare=numbers,
        locals=("u64",),
        arguments=(("bool", True),),
        repeat=2,
    )
    nest = "get {a}\nif\n" * 20 + "end\n" * 20
    make.add("20 ifs in each other", nest, "GAS_SEGMENT", arguments=(("bool", True),), repeat=2)


def fields(count: int, kind: str) -> str:
    """The fields of a struct."""
    return ", ".join(f"f{n}: {kind}" for n in range(count))


def compounds(make: Maker) -> None:
    """Tuples, structs, enums, options."""
    wide = {"u8": 200, "u64": 2**63, "u256": 2**256 - 9, "Address": ALICE, "bool": True}
    for kind, count in (("u64", 1), ("u64", 2), ("u64", 8), ("u64", 9), ("u8", 32), ("u256", 32), ("Address", 32)):
        value = wide[kind]
        struct: dict[str, Any] = {
            "types": (f"struct S({fields(count, kind)})",),
            "arguments": (("S", (value,) * count), (kind, value)),
            "locals": ("S", kind),
        }
        make.add(
            f"pack {count} {kind}",
            "get {b}\n" * count + "pack S\nset {r}",
            "GAS_COMPOUND" if count < 9 else "GAS_PART_MAKE",
            **struct,
        )
        make.add(f"unpack {count} {kind}", "get {a}\nunpack S\n" + "drop\n" * count, "GAS_OPEN", **struct)
        make.add(f"field of {count} {kind}", f"get {{a}}\nfield S {count - 1}\nset {{s}}", "GAS_FIELD", **struct)
        make.add(
            f"with_field of {count} {kind}",
            f"get {{a}}\nget {{b}}\nwith_field S {count - 1}\nset {{r}}",
            "GAS_COMPOUND",
            **struct,
        )
        make.add(f"with_field first of {count} {kind}", "get {a}\nget {b}\nwith_field S 0\nset {r}", "GAS_COMPOUND", **struct)
    option: dict[str, Any] = {
        "types": ("Option[u64]",),
        "arguments": (("Option[u64]", (1, 2**40)), ("u64", 2**40)),
        "locals": ("Option[u64]", "u64", "u8"),
    }
    make.add("variant Some", "get {b}\nvariant Option[u64] 1\nset {r}", "GAS_COMPOUND", **option)
    make.add("variant None", "variant Option[u64] 0\nset {r}", "GAS_COMPOUND", **option)
    make.add("tag", "get {a}\ntag Option[u64]\nset {t}", "GAS_FIELD", **option)
    make.add("open Some", "get {a}\nopen Option[u64] 1\nset {s}", "GAS_OPEN", **option)
    make.add(
        "open of 8",
        "get {a}\nopen E 0\n" + "drop\n" * 8,
        "GAS_OPEN",
        types=(f"enum E(A({fields(8, 'u64')}), B)",),
        arguments=(("E", (0, *[2**40] * 8)),),
    )


LISTS: dict[str, tuple[tuple[str, ...], str, Any]] = {
    # types, element, and what gives the element at a position
    "u64": ((), "u64", lambda n: 2**31 + n),
    "u8": ((), "u8", lambda n: n % 251),
    "u256": ((), "u256", lambda n: 2**255 + n),
    "Address": ((), "Address", lambda n: b"%032d" % n),
    "(u64, u64)": (("(u64, u64)",), "(u64, u64)", lambda n: (2**40 + n, 2**41 + n)),
    "Text[16]": (("Text[16]",), "Text[16]", lambda n: f"é{n:012}"),
    "Option[u64]": (("Option[u64]",), "Option[u64]", lambda n: (1, 2**40 + n)),
}


def lists(make: Maker) -> None:
    """Lists by length and element."""
    for name, (types, element, item) in LISTS.items():
        lengths = (0, 1, 16, 256, 4096) if name == "u64" else (256,)
        for count in lengths:
            most = 4096 if name in ("u64", "u8") else 512
            kind = f"List[{element}, {most}]"
            value, again = (tuple(item(n) for n in range(count)) for _ in range(2))
            how: dict[str, Any] = {
                "types": (*types, kind),
                "arguments": ((kind, value), (element, item(9000)), (kind, again)),
                "locals": (kind, element, "bool"),
                "repeat": 4 if count > 100 else 10,
            }
            small = "GAS_LIST" if count <= 16 else "GAS_PART_MAKE"
            if count < most:
                make.add(f"append to {count} {name}", f"get {{a}}\nget {{b}}\nappend {kind}\nset {{r}}", small, **how)
            scan = "GAS_LIST" if count <= 1 else "GAS_PART_SCAN"
            make.add(f"contains, {count} {name}", f"get {{a}}\nget {{b}}\ncontains {kind}\nset {{t}}", scan, **how)
            make.add(f"eq of lists, {count} {name}", f"get {{a}}\nget {{c}}\neq {kind}\nset {{t}}", scan, **how)
            make.add(
                f"slice of {count} {name}",
                f"get {{a}}\nconst 0\nconst 1\nslice {kind}\nset {{r}}",
                small,
                **{**how, "declare": f"const u64 = 0\nconst u64 = {count}"},
            )
            if 2 * count <= most:
                make.add(f"concat of {count} {name}", f"get {{a}}\nget {{c}}\nconcat {kind}\nset {{r}}", small, **how)
            if count:
                place = {**how, "declare": f"const u64 = {count - 1}"}
                make.add(f"index of {count} {name}", f"get {{a}}\nconst 0\nindex {kind}\nset {{s}}", "GAS_INDEX", **place)
                make.add(
                    f"with_index of {count} {name}",
                    f"get {{a}}\nconst 0\nget {{b}}\nwith_index {kind}\nset {{r}}",
                    small,
                    **place,
                )
                make.add(f"pop of {count} {name}", f"get {{a}}\npop {kind}\nset {{s}}\nset {{r}}", small, **how)
            make.add(f"length of {count} {name}", f"get {{a}}\nlength {kind}\ndrop", "GAS_FIELD", **how)
        for count in (0, 1, 16, 60):
            how |= {"arguments": ((kind, ()), (element, item(9000)), (kind, ()))}
            make.add(
                f"list of {count} {name}",
                "get {b}\n" * count + f"list {kind} {count}\nset {{r}}",
                "GAS_LIST" if count <= 1 else "GAS_PART_MAKE",
                **how,
            )
    deep = ("List[u8, 8]", "List[List[u8, 8], 8]", "List[List[List[u8, 8], 8], 8]")
    value, again = (tuple(tuple(tuple([n] * 7 + [m]) for n in range(8)) for m in range(8)) for _ in range(2))
    make.add(
        "eq of nested lists, 512 u8",
        f"get {{a}}\nget {{b}}\neq {deep[2]}\nset {{r}}",
        "GAS_PART_SCAN",
        types=deep,
        arguments=((deep[2], value), (deep[2], again)),
        locals=("bool",),
        repeat=4,
    )


def strings(make: Maker) -> None:
    """Texts and byte strings."""
    for name, most, letter in (("Text", 4096, "a"), ("Text", 4096, "é"), ("Text", 4096, "漢"), ("Bytes", 16384, b"\xe9")):
        kind = f"{name}[{most}]"
        width = len(letter.encode()) if isinstance(letter, str) else 1
        for size in (0, 15, 255, 2046, most // 2 - 2):
            value, again = (letter * (size // width) for _ in range(2))
            if value:
                again = value[:1] + value[1:]
            shown = letter if isinstance(letter, str) else ""
            how: dict[str, Any] = {
                "types": (kind,),
                "arguments": ((kind, value), (kind, again)),
                "locals": (kind, "bool"),
                "repeat": 4,
            }
            base = "GAS_TEXT" if name == "Text" else "GAS_LIST"
            small = base if size <= 255 else "GAS_CHUNK_MAKE"
            label = f"{name} {shown} of {size} bytes"
            make.add(f"concat {label}", f"get {{a}}\nget {{b}}\nconcat {kind}\nset {{r}}", small, **how)
            make.add(
                f"eq {label}", f"get {{a}}\nget {{b}}\neq {kind}\nset {{s}}", base if size <= 255 else "GAS_CHUNK_SCAN", **how
            )
            make.add(
                f"length {label}",
                f"get {{a}}\nlength {kind}\ndrop",
                ("GAS_TEXT" if name == "Text" else "GAS_FIELD") if size <= 255 or name != "Text" else "GAS_CHUNK_SCAN",
                **how,
            )
            if name == "Text":
                bytes_ = f"Bytes[{most}]"
                make.add(
                    f"text_bytes {label}",
                    "get {a}\ntext_bytes\nset {t}",
                    small,
                    **{**how, "types": (kind, bytes_), "locals": (kind, "bool", bytes_)},
                )
            else:
                make.add(
                    f"slice {label}",
                    f"get {{a}}\nconst 0\nconst 1\nslice {kind}\nset {{r}}",
                    small,
                    **{**how, "declare": f"const u64 = 0\nconst u64 = {size}"},
                )


def parts_price(name: str) -> str:
    """Which price the parts of one of `VALUES` fix when they are encoded."""
    return "GAS_PART_CONVERT" if name in INDIRECT else "GAS_PART_ENCODE"


def standard(make: Maker) -> None:
    """Hashes, signatures, encodings."""
    for size in (0, 32, 135, 1024, 16384):
        for name in ("sha256", "sha3_256", "blake2b_256"):
            make.add(
                f"{name} of {size}",
                f"get {{a}}\n{name}\nset {{r}}",
                "GAS_HASH" if size <= 32 else "GAS_CHUNK_HASH",
                types=("Bytes[16384]", "Bytes[32]"),
                arguments=(("Bytes[16384]", bytes(size)),),
                locals=("Bytes[32]",),
                repeat=2,
            )
    signed = ("Bytes[32]", "Bytes[16384]", "Bytes[64]")
    for size in (32, 16384):
        make.add(
            f"verify_ed25519 of {size}",
            "get {a}\nget {b}\nget {c}\nverify_ed25519\nset {r}",
            "GAS_SIGNATURE",
            types=signed,
            arguments=(("Bytes[32]", b"key"), ("Bytes[16384]", bytes(size)), ("Bytes[64]", b"signature")),
            locals=("bool",),
            repeat=1,
        )
    for name, (types, kind, value) in VALUES.items():
        fits = "GAS_CHUNK_ENCODE" if name in CHUNKY else parts_price(name) if types else "GAS_ENCODE"
        make.add(f"encode {name}", f"get {{a}}\nencode {kind}\ndrop", fits, types=types, arguments=((kind, value),), repeat=2)


VALUES: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "bool": ((), "bool", True),
    "u64": ((), "u64", 2**63),
    "u256": ((), "u256", 2**256 - 9),
    "i256": ((), "i256", -(2**255) + 9),
    "Amount": ((), "Amount", AMOUNT_MAX),
    "Address": ((), "Address", ALICE),
    "text": (("Text[4096]",), "Text[4096]", "é" * 2000),
    "bytes": (("Bytes[16000]",), "Bytes[16000]", bytes(16000)),
    "1000 u64": (("List[u64, 1000]",), "List[u64, 1000]", tuple(2**63 + n for n in range(1000))),
    "4000 u8": (("List[u8, 4000]",), "List[u8, 4000]", (200,) * 4000),
    "400 u256": (("List[u256, 400]",), "List[u256, 400]", tuple(2**255 + n for n in range(400))),
    "32 u8": ((f"struct S({fields(32, 'u8')})",), "S", (200,) * 32),
    "32 u256": ((f"struct S({fields(32, 'u256')})",), "S", (2**255,) * 32),
    "250 small u256": (("List[u256, 250]",), "List[u256, 250]", (7,) * 250),
    "64 (u8, u128)": (("(u8, u128)", "List[(u8, u128), 64]"), "List[(u8, u128), 64]", ((200, 2**100),) * 64),
    "64 (u8, u8)": (("(u8, u8)", "List[(u8, u8), 64]"), "List[(u8, u8), 64]", ((200, 201),) * 64),
    "64 options": (("Option[u64]", "List[Option[u64], 64]"), "List[Option[u64], 64]", ((1, 200), (0,)) * 32),
    "nested": (
        ("List[u8, 8]", "List[List[u8, 8], 8]", "List[List[List[u8, 8], 8], 8]"),
        "List[List[List[u8, 8], 8], 8]",
        (((200,) * 8,) * 8,) * 8,
    ),
    "100 empty lists": (("List[u8, 2]", "List[List[u8, 2], 100]"), "List[List[u8, 2], 100]", ((),) * 100),
}
INDIRECT = ("u256", "i256", "Amount", "400 u256", "32 u256", "250 small u256", "64 (u8, u128)")
CHUNKY = ("text", "bytes")


KEYS: dict[str, tuple[tuple[str, ...], str, Any, str]] = {
    # types, key, value, and what makes a key of the number of the pass
    "u64": ((), "u64", 5, "get {i}"),
    "u256": ((), "u256", 2**256 - 9, "get {i}\ncast u256"),
    "Address": ((), "Address", ALICE, ""),
    "Text[64]": (("Text[64]",), "Text[64]", "é" * 30, ""),
    "(u64, u64)": (("(u64, u64)",), "(u64, u64)", (7, 2**63), "get {i}\nget {i}\npack (u64, u64)"),
    "30 u256": ((f"struct K({fields(7, 'u256')})",), "K", (2**255,) * 7, "get {i}\ncast u256\n" + "const 0\n" * 6 + "pack K"),
    "100 u8": (("List[u8, 100]",), "List[u8, 100]", (200,) * 100, ""),
}


def state(make: Maker) -> None:
    """What contracts remember."""
    plain: dict[str, Any] = {
        "declare": "field x: u64",
        "arguments": (("u64", 2**40),),
        "locals": ("u64",),
        "before": "get {a}\nstore x",
    }
    make.add("load again", "load x\nset {r}", "", **plain)
    make.add("store again", "get {a}\nstore x", "", **plain)
    for name, (types, key, value, numbered) in KEYS.items():
        how: dict[str, Any] = {
            "types": (*types, f"Map[{key}, u64]", f"Set[{key}]", "Option[u64]"),
            "declare": f"const u256 = {2**255}\nfield m: Map[{key}, u64]\nfield s: Set[{key}]",
            "arguments": ((key, value), ("u64", 2**40)),
            "locals": ("u64", "bool", "Option[u64]"),
        }
        kept = {**how, "before": "get {a}\nget {b}\nmap_put m"}
        simple = name == "u64"
        make.add(f"map_get again, key {name}", "get {a}\nmap_get m\nset {r}", "" if simple else "GAS_PART_CONVERT", **kept)
        make.add(f"map_find again, key {name}", "get {a}\nmap_find m\nset {t}", "", **kept)
        make.add(f"has again, key {name}", "get {a}\nhas m\nset {s}", "", **kept)
        make.add(f"map_put again, key {name}", "get {a}\nget {b}\nmap_put m", "", **kept)
        make.add(f"set_add again, key {name}", "get {a}\nset_add s", "", **kept)
        make.add(f"remove again, key {name}", "get {a}\nremove s", "", **kept)
        if not numbered:
            continue
        many = {**how, "repeat": 1, "passes_exact": 2000}
        full = {**many, "fill": f"{numbered}\nget {{b}}\nmap_put m"}
        make.add(
            f"map_get first, key {name}",
            f"{numbered}\nmap_get m\nset {{r}}",
            "GAS_LOAD" if simple else "GAS_PART_CONVERT",
            **full,
        )
        make.add(f"map_find none, key {name}", f"{numbered}\nmap_find m\nset {{t}}", "GAS_LOAD", **many)
        make.add(f"has none, key {name}", f"{numbered}\nhas m\nset {{s}}", "GAS_LOAD", **many)
        make.add(f"map_put new, key {name}", f"{numbered}\nget {{b}}\nmap_put m", "GAS_STORE", **many)
        make.add(
            f"map_put over, key {name}",
            f"{numbered}\nget {{b}}\nmap_put m",
            "GAS_STORE",
            **{**full, "fill": f"{numbered}\nget {{i}}\nmap_put m"},
        )
        make.add(f"set_add new, key {name}", f"{numbered}\nset_add s", "GAS_STORE", **many)
        make.add(f"remove kept, key {name}", f"{numbered}\nremove m", "GAS_STORE", **full)
    for name, (types, kind, value) in VALUES.items():
        big: dict[str, Any] = {
            "types": (*types, f"Map[u64, {kind}]"),
            "declare": f"field m: Map[u64, {kind}]",
            "arguments": ((kind, value),),
            "locals": (kind,),
            "repeat": 1,
            "passes_exact": 100,
        }
        decode = "GAS_CHUNK_ENCODE" if name in CHUNKY else "GAS_PART_DECODE" if types else "GAS_LOAD"
        make.add(
            f"map_get first, value {name}",
            "get {i}\nmap_get m\nset {r}",
            decode,
            **{**big, "fill": "get {i}\nget {a}\nmap_put m"},
        )
        write = "GAS_BYTE_STORE" if name in CHUNKY else parts_price(name) if types else "GAS_STORE"
        make.add(f"map_put new, value {name}", "get {i}\nget {a}\nmap_put m", write, **big)
        make.add(
            f"map_get again, value {name}",
            "const 0\nmap_get m\nset {r}",
            "",
            **{**big, "declare": big["declare"] + "\nconst u64 = 0", "before": "const 0\nget {a}\nmap_put m"},
        )
    phased: dict[str, Any] = {"declare": "phase One\nphase Two\nstep One -> Two\nstep Two -> One", "locals": ("bool",)}
    make.add("phase_in", "phase_in One\nset {r}", "", **phased)
    make.add("become there and back", "become Two\nbecome One", "GAS_BECOME", **{**phased, "repeat": 5})


def money(make: Maker) -> None:
    """Coins, vaults, resources."""
    coins: dict[str, Any] = {
        "types": ("Map[u64, Vault]", "Map[(u64, u64), Vault]"),
        "declare": "const Amount = 5\nconst u64 = 0\nfield v: Vault\nfield m: Map[u64, Vault]\nfield k: Map[(u64, u64), Vault]",
        "arguments": (("Coin", CoinValue("CNY", 10**30)), ("Address", BOB)),
        "before": "move {a}\nvault_put v",
    }
    coins["types"] = ("(u64, u64)", *coins["types"])
    make.add("vault take and put", "const 0\nvault_take v\nvault_put v", "GAS_VAULT", **coins)
    make.add("vault take all and put", "vault_take_all v\nvault_put v", "GAS_VAULT", **coins)
    make.add("vault amount", "vault_amount v\ndrop", "", **coins)
    many = {**coins, "repeat": 1, "passes_exact": 1000}
    make.add("vault put in a map, new", "get {i}\nconst 0\nvault_take v\nvault_put m", "GAS_VAULT", **many)
    make.add(
        "vault put in a map with tuples, new",
        "get {i}\nget {i}\npack (u64, u64)\nconst 0\nvault_take v\nvault_put k",
        "GAS_VAULT",
        **many,
    )
    held = {**coins, "before": "", "after": "move {a}\nvault_put v"}
    paid = "get {b}\nmove {a}\nconst 0\ncoin_split\nset {a}\npay"  # without a vault
    make.add("coin split and pay", paid, "GAS_PAY", **{**held, "repeat": 4, "passes_max": 2000})
    make.add("coin split and join", "move {a}\nconst 0\ncoin_split\ncoin_join\nset {a}", "GAS_MONEY", **held)
    part: dict[str, Any] = {
        "types": ("resource R(tag: u64, size: u64) divides 1", "Map[u64, R]"),
        "declare": "const u64 = 5\nconst u64 = 1\nfield m: Map[u64, R]",
        "locals": ("R", "R", "u64"),
        "arguments": (("Address", ALICE),),
    }
    whole = "const 0\nconst 0\nnew R\nset {r}"
    gone = "move {r}\ndestroy R\ndrop\ndrop"
    make.add("new and destroy", f"{whole}\n{gone}", "GAS_COMPOUND", **part)
    make.add("split and merge", f"{whole}\nmove {{r}}\nconst 1\nsplit R\nmerge R\nset {{r}}\n{gone}", "GAS_MONEY", **part)
    make.add("peek_field", f"{whole}\npeek_field {{r}} 1\nset {{t}}\n{gone}", "", **part)
    make.add(
        "map_put and map_take of a resource",
        "get {i}\nconst 0\nconst 0\nnew R\nmap_put m\nget {i}\nmap_take m\nset {r}\n" + gone,
        "",
        **{**part, "passes_exact": 1000, "repeat": 1},
    )
    make.add(
        "map_put of resources",
        "get {i}\nconst 0\nconst 0\nnew R\nmap_put m",
        "GAS_STORE",
        **{**part, "passes_exact": 1000, "repeat": 1},
    )


def events(make: Maker) -> None:
    """Events."""
    how = {"repeat": 1, "passes_exact": 60}
    short = {"types": ("Text[40]",), "arguments": (("Text[40]", "é" * 7),), **how, "passes_exact": 1000}
    make.add("emit a short text", "get {a}\nemit E", "GAS_EVENT", declare="event E(a: Text[40])", **short)
    make.add("emit nothing", "emit E", "GAS_EVENT", declare="event E()", **{**how, "passes_exact": 1000})
    make.add(
        "emit 3 fields",
        "get {a}\nget {b}\nget {c}\nemit E",
        "GAS_EVENT",
        declare="event E(a: u64, b: Address, c: bool)",
        arguments=(("u64", 2**40), ("Address", BOB), ("bool", True)),
        **{**how, "passes_exact": 1000},
    )
    for name, (types, kind, value) in VALUES.items():
        fits = "GAS_BYTE_EVENT" if name in CHUNKY else ""
        make.add(
            f"emit {name}", "get {a}\nemit E", fits, types=types, declare=f"event E(a: {kind})", arguments=((kind, value),), **how
        )


THERE_TEXT = """
module There
type Map[u64, u64]
type List[u64, 4096]
field m: Map[u64, u64]
error No()
error Why(n: u64)
const u64 = 1
const u64 = 50
public go()
  return
view see() -> u64
  const 0
  return
public no()
  fail No
public list(a: List[u64, 4096])
  return
public many() -> u64 does read write
  local u64
  const 0
  set 0
  loop 100
    get 0
    const 1
    ge u64
    if
      const 0
      fail Why
    end
    get 0
    get 0
    map_put m
    get 0
    const 0
    add u64
    set 0
  end
public overflow(a: u64) -> u64
  get 0
  get 0
  add u64
  return
public deep()
  invoke f59
  return
"""


def calls(make: Maker) -> None:
    """Functions of the same and of other contracts."""
    make.add("invoke", "invoke f", "GAS_INVOKE", declare="private f()\n  return")
    make.add(
        "invoke with a result",
        "get {a}\ninvoke f\nset {r}",
        "GAS_INVOKE",
        declare="private f(a: u64) -> u64\n  get 0\n  return",
        arguments=(("u64", 2**40),),
        locals=("u64",),
    )
    make.add(
        "invoke with 16 arguments",
        "get {a}\n" * 16 + "invoke f",
        "GAS_INVOKE",
        declare=f"private f({fields(16, 'u64')})\n  return",
        arguments=(("u64", 2**40),),
    )
    chain = "private f0()\n  return\n" + "\n".join(f"private f{n}()\n  invoke f{n - 1}\n  return" for n in range(1, 60))
    make.add("invoke, 60 deep", "invoke f59", "GAS_INVOKE", declare=chain, repeat=2)
    there = THERE_TEXT + chain.replace("private f0()\n  return", "private f0()\n  fail No")
    declare = "\n".join(
        f"external {how} There.{what}"
        for how, what in (
            ("public", "go()"),
            ("view", "see() -> u64"),
            ("public", "no()"),
            ("public", "list(List[u64, 4096])"),
            ("public", "many() -> u64"),
            ("public", "deep()"),
            ("public", "overflow(u64) -> u64"),
            ("public", "missing()"),
        )
    )
    how: dict[str, Any] = {
        "there": there,
        "types": ("List[u64, 4096]", "Option[u64]"),
        "declare": declare,
        "arguments": (("Address", THERE), ("List[u64, 4096]", (7,) * 4000), ("u64", 2**63)),
        "locals": ("bool", "Option[u64]", "u64"),
        "repeat": 1,
        "passes_exact": 250,
    }
    make.add("call", "get {a}\ncall 0", "GAS_CALL", **how)
    make.add("read", "get {a}\nread 1\nset {t}", "GAS_CALL", **how)
    make.add("call with a list of 4000", "get {a}\nget {b}\ncall 3", "GAS_CALL", **how)
    make.add("try_call", "get {a}\ntry_call 0\nset {r}", "GAS_CALL", **how)
    make.add("try_read", "get {a}\ntry_read 1\nset {s}", "GAS_CALL", **how)
    make.add("try_call of what fails", "get {a}\ntry_call 2\nset {r}", "GAS_TRY", **how)
    make.add("try_call of what overflows", "get {a}\nget {c}\ntry_call 6\nset {s}", "GAS_TRY", **how)
    make.add("try_call of nobody", "sender\ntry_call 0\nset {r}", "GAS_TRY", **how)
    make.add("try_call of no function", "get {a}\ntry_call 7\nset {r}", "GAS_TRY", **how)
    make.add("try_call that takes back 50 writes", "get {a}\ntry_call 4\nset {s}", "GAS_TRY", **how)
    make.add("try_call that fails 60 functions deep", "get {a}\ntry_call 5\nset {r}", "GAS_INVOKE", **how)


def all_cases() -> Iterator[Case]:
    """All of them."""
    make = Maker()
    for group in (control, arithmetic, compounds, lists, strings, standard, state, money, events, calls):
        group(make)
    yield from make.cases
