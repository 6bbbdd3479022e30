"""A writer of WebAssembly binaries: no more of the format than functions over integers need.

Code is written as words in the order in which they run, as people write for stack machines: `.x` pushes a local, `=x` takes
one off the stack, a number pushes an i64, `call:f` calls a function by name, all else is a row of `_WORDS`. Operations without a
number in their name are on i64. The binary format is that of the WebAssembly specification, chapter 5, with the proposal
"wide-arithmetic" for numbers of 128 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

I32: Final = 0x7F
I64: Final = 0x7E

_VOID: Final = b"\x40"
_CALL: Final = b"\x10"
_BRANCH: Final = b"\x0c"
_GET: Final = b"\x20"
_SET: Final = b"\x21"
_CONST_32: Final = b"\x41"
_CONST_64: Final = b"\x42"
_END: Final = b"\x0b"

_WORDS: Final[dict[str, bytes]] = {
    "fail": b"\x00",
    "trap": b"\x04\x40\x00\x0b",  # fail if the i32 on top is not zero
    "block": b"\x02" + _VOID,
    "loop": b"\x03" + _VOID,
    "if": b"\x04" + _VOID,
    "else": b"\x05",
    "end": _END,
    "again": b"\x0c\x02",  # from within two `if`, to the head of the loop around them
    "return": b"\x0f",
    "drop": b"\x1a",
    "select": b"\x1b",
    "eqz32": b"\x45",
    "eq32": b"\x46",
    "ne32": b"\x47",
    "sub32": b"\x6b",
    "and32": b"\x71",
    "or32": b"\x72",
    "xor32": b"\x73",
    "eqz": b"\x50",
    "eq": b"\x51",
    "ne": b"\x52",
    "lt_s": b"\x53",
    "lt_u": b"\x54",
    "gt_s": b"\x55",
    "gt_u": b"\x56",
    "le_s": b"\x57",
    "le_u": b"\x58",
    "ge_s": b"\x59",
    "ge_u": b"\x5a",
    "clz": b"\x79",
    "add": b"\x7c",
    "sub": b"\x7d",
    "mul": b"\x7e",
    "div_s": b"\x7f",
    "div_u": b"\x80",
    "rem_s": b"\x81",
    "rem_u": b"\x82",
    "and": b"\x83",
    "or": b"\x84",
    "xor": b"\x85",
    "shl": b"\x86",
    "shr_s": b"\x87",
    "shr_u": b"\x88",
    "wide": b"\xad",  # an i32 as an i64, without a sign
    "add128": b"\xfc\x13",  # low and high of two numbers; low and high of their sum
    "sub128": b"\xfc\x14",
    "mul_s": b"\xfc\x15",  # low and high of the product of two i64
    "mul_u": b"\xfc\x16",
}


class Function(NamedTuple):
    """One function: the value types of its parameters, its results and its further locals, and its code."""

    parameters: bytes
    results: bytes
    locals: bytes
    code: bytes


def unsigned(value: int) -> bytes:
    """LEB128 of a number that is not negative."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def signed(value: int) -> bytes:
    """LEB128 of any number, in two's complement."""
    found = bytearray()
    while not -0x40 <= value < 0x40:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value & 0x7F)
    return bytes(found)


def const_64(bits: int) -> bytes:
    """Push an i64, given by its value with or without a sign."""
    return _CONST_64 + signed(bits - (1 << 64) if bits >= 1 << 63 else bits)


def const_32(value: int) -> bytes:
    """Push an i32."""
    return _CONST_32 + signed(value)


def get(local: int) -> bytes:
    """Push a local."""
    return _GET + unsigned(local)


def put(local: int) -> bytes:
    """Take a local off the stack."""
    return _SET + unsigned(local)


def call(function: int) -> bytes:
    """Call a function."""
    return _CALL + unsigned(function)


def branch(label: int) -> bytes:
    """Go to a label, the innermost one being 0."""
    return _BRANCH + unsigned(label)


def written(text: str, locals_: Mapping[str, int], functions: Mapping[str, int] | None = None) -> bytes:
    """The code of a text of words."""
    return b"".join([_word(word, locals_, functions or {}) for word in text.split()])


def _word(word: str, locals_: Mapping[str, int], functions: Mapping[str, int]) -> bytes:
    known = _WORDS.get(word)
    if known is not None:
        return known
    if word[0] == ".":
        return get(locals_[word[1:]])
    if word[0] == "=":
        return put(locals_[word[1:]])
    if word.startswith("call:"):
        return call(functions[word[5:]])
    return const_64(int(word))


def module(functions: Sequence[Function], exported: int) -> bytes:
    """A module of these functions, of which one can be called from outside by the name `f`."""
    types: dict[bytes, int] = {}
    for function in functions:
        types.setdefault(_signature(function), len(types))
    sections = (
        (1, _vector(list(types))),
        (3, _vector([unsigned(types[_signature(function)]) for function in functions])),
        (7, _vector([_sized(b"f") + b"\x00" + unsigned(exported)])),
        (10, _vector([_sized(_body(function)) for function in functions])),
    )
    return b"\0asm\x01\0\0\0" + b"".join([bytes([number]) + _sized(content) for number, content in sections])


def _signature(function: Function) -> bytes:
    return b"\x60" + _sized(function.parameters) + _sized(function.results)


def _body(function: Function) -> bytes:
    return _vector([b"\x01" + bytes([kind]) for kind in function.locals]) + function.code + _END


def _vector(items: Sequence[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)


def _sized(content: bytes) -> bytes:
    return unsigned(len(content)) + content
