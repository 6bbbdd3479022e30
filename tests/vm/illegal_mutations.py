"""Makes `illegal/mutations.json`: modules one fault away from a legal one, each refused in a way that no other is.

    python tests/vm/illegal_mutations.py

The programs of the tests are changed in one place: a word of code, an instruction more or less, an entry of a list, a number, a
name. A mutation is kept if the pair of its reason and of what is refused, the instruction or the part of the module, is new.
There is no chance in it: the same programs give the same corpus, in a minute or two.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgpack

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent), str(ROOT / "tests" / "fuzz")]

from illegal_made import made  # noqa: E402
from mutation import CODE, EFFECTS, FUNCTIONS, instructions  # noqa: E402
from test_vm_illegal import text_cases  # noqa: E402

from vm.assembler import assemble  # noqa: E402
from vm.codec import encode_module  # noqa: E402
from vm.illegal import Illegal  # noqa: E402
from vm.instructions import TABLE  # noqa: E402
from vm.verifier import verify, verify_bytes  # noqa: E402

PARTS = (
    "version", "name", "currency", "types", "constants", "fields", "phases", "steps", "events", "errors", "externals",
    "implements", "functions", "promises",
)  # fmt: skip
MUTANT_BYTES_MAX = 540  # so that the corpus stays of a size to be read
SCALARS_TRIED = (0, 4, 16, 17, 18, 19, 20, 21, 22, 23, 24)
INSERTED = ((0x14,), (0x10, 0), (0x03,), (0x05,), (0x06,), (0x02,), (0x07,), (0x80,), (0x04, 1), (0x13, 0), (0x11, 0), (0x36,))


def mutations(wire: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """What was done, and the module with it done."""
    for number, function in enumerate(wire[FUNCTIONS]):
        for what, code in _codes(function[CODE]):
            yield f"function {number}, {what}", _with(wire, (FUNCTIONS, number, CODE), code)
        for bit in range(7):
            yield (
                f"function {number}, effect {1 << bit} told otherwise",
                _with(wire, (FUNCTIONS, number, EFFECTS), function[EFFECTS] ^ 1 << bit),
            )
    for path in _paths(wire):
        if path[0] == FUNCTIONS and len(path) > 3 and path[2] == CODE:
            continue
        place = ".".join((PARTS[path[0]], *map(str, path[1:])))
        before = _at(wire, path)
        for after in _instead(before):
            yield f"{place}: {_short(after)} for {_short(before)}", _with(wire, path, after)


def _codes(code: list[int]) -> Iterator[tuple[str, list[int]]]:
    steps = instructions(code)

    def joined(changed: list[list[int]]) -> list[int]:
        return [word for step in changed for word in step]

    for n, step in enumerate(steps):
        name = TABLE[step[0]].name
        yield f"instruction {n} ({name}) left out", joined([*steps[:n], *steps[n + 1 :]])
        yield f"instruction {n} ({name}) twice", joined([*steps[: n + 1], *steps[n:]])
        yield f"code cut behind word 1 of instruction {n} ({name})", joined([*steps[:n], step[:1]])
        for operand in range(1, len(step)):
            for other in (*range(6), *SCALARS_TRIED, 63, 255, 2**32):
                if other != step[operand]:
                    changed = [*step[:operand], other, *step[operand + 1 :]]
                    yield f"instruction {n} ({name}) with operand {other}", joined([*steps[:n], changed, *steps[n + 1 :]])
        for row in TABLE.values():
            if row.code != step[0] and len(row.operands) == len(step) - 1:
                yield f"instruction {n}: {row.name} for {name}", joined([*steps[:n], [row.code, *step[1:]], *steps[n + 1 :]])
        for more in INSERTED:
            yield f"{TABLE[more[0]].name} before instruction {n} ({name})", joined([*steps[:n], list(more), *steps[n:]])


def _paths(wire: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    if path:
        yield path
    if isinstance(wire, list):
        for n, part in enumerate(wire):
            yield from _paths(part, (*path, n))


def _instead(before: Any) -> Iterator[Any]:
    match before:
        case bool():
            yield from (not before, 1, None)
        case int():
            yield from (before + 1, max(0, before - 1), 255, 2**40, -1, None, "1", [])
        case str():
            yield from (
                "",
                "1x",
                "a b",
                before + "$",
                "Overflow",
                "Coin",
                "u8",
                "view",
                "init",
                "rule",
                "private",
                before.lower(),
                None,
                3,
            )
        case None:
            yield from (0, 4, 17, 20, "X", "USD")
        case list():
            yield from ([*before, *before[-1:]], before[:-1], before[::-1], [], None, {}, 3)
        case bytes():
            yield from (b"", before + b"\0", None)


def _at(wire: Any, path: tuple[int, ...]) -> Any:
    for step in path:
        wire = wire[step]
    return wire


def _with(wire: list[Any], path: tuple[int, ...], value: Any) -> list[Any]:
    first, *rest = path
    return [*wire[:first], _with(wire[first], tuple(rest), value) if rest else value, *wire[first + 1 :]]


def _short(value: Any) -> str:
    text = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else repr(value)
    return text if len(text) <= 20 else text[:17] + "…"


def _kind(refusal: Illegal) -> tuple[str, str]:
    """What makes one refusal another than others: the reason, and the instruction or the part of the module."""
    where = re.sub(r"\d+", "", re.sub(r"\(.*?\)", "", refusal.where)).strip()
    return str(refusal.code), where


def by_hand() -> set[tuple[str, str]]:
    """What the modules made by hand are refused for already."""
    ways = [partial(_verify_text, text) for _, _, text in text_cases()]
    ways += [partial(verify, case.module) for case in made()]
    found = set()
    for way in ways:
        try:
            way()
        except Illegal as refusal:
            found.add(_kind(refusal))
    return found


def _verify_text(text: str) -> None:
    verify(assemble(text))


def corpus() -> list[dict[str, str]]:
    """The mutations that are kept, in the order in which they are found."""
    seen = by_hand()
    kept: dict[str, dict[str, str]] = {}
    for path in sorted((Path(__file__).parent / "programs").glob("*.tasm")):
        data = encode_module(assemble(path.read_text()))
        for what, wire in mutations(msgpack.unpackb(data)):
            mutant: bytes = msgpack.packb(wire)
            try:
                verify_bytes(mutant)
            except Illegal as refusal:
                title, kind = f"{path.stem}: {what}", _kind(refusal)
                if kind not in seen and title not in kept and len(mutant) <= MUTANT_BYTES_MAX:
                    seen.add(kind)
                    kept[title] = {"reason": kind[0], "title": title, "where": refusal.where, "bytes": mutant.hex()}
    return list(kept.values())


def main() -> None:
    """Write the corpus, a case a line."""
    cases = ",\n".join(json.dumps(case, ensure_ascii=False) for case in corpus())
    (Path(__file__).parent / "illegal" / "mutations.json").write_text(f"[\n{cases}\n]\n")


if __name__ == "__main__":
    main()
