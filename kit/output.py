"""What commands print: plain lines for people, one JSON value for programs, colour only where it is wanted.

Results go to standard output; what goes wrong goes to standard error, except with `--json`, where standard output has
exactly one JSON value either way.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from kit.problem import Problem

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_STEERING = re.compile(
    r"\x1b\[(?:0|1|2|3[1-6])m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: a terminal, unless NO_COLOR or TERM=dumb says otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def printable(text: str) -> str:
    """The text with what would steer a terminal or turn text around written out; line ends and our own styles stay."""
    return _STEERING.sub(lambda found: found[0] if found[0].startswith("\x1b[") else f"\\u{ord(found[0]):04x}", text)


def styled(text: str, *names: str) -> str:
    """The text in styles such as "bold", "green", for a terminal that shows them."""
    return "".join(f"\x1b[{_STYLES[name]}m" for name in names) + text + "\x1b[0m"


class Output:
    """Where a command's words go. With `as_json` only `result` prints."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.colour = not as_json and wants_colour(sys.stdout)

    def style(self, text: str, *names: str) -> str:
        """The text in styles such as "bold", "green", where the terminal shows them."""
        if not self.colour:
            return text
        return styled(text, *names)

    def line(self, text: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            print(printable(text), flush=True)

    def pairs(self, pairs: Iterable[tuple[str, str]], *, indent: str = "  ") -> None:
        """Names and values under one another, for people."""
        rows = list(pairs)
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            self.line(f"{indent}{self.style(name.ljust(width), 'dim')}  {value}")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], *, indent: str = "  ") -> None:
        """A table for people: columns padded, the head dimmed."""
        cells = [tuple(head), *(tuple(row) for row in rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        for number, row in enumerate(cells):
            text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self.line(indent + (self.style(text, "dim") if number == 0 else text))

    def result(self, value: Any) -> None:
        """The one JSON value of a command that was asked for JSON."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, indent=2), flush=True)


def show_problem(problem: Problem, *, as_json: bool) -> None:
    """Tell a problem: one sentence and what to do, or one JSON value."""
    if as_json:
        print(json.dumps(problem.plain(), ensure_ascii=False, indent=2), flush=True)
        return
    red, dim, end = ("\x1b[31m", "\x1b[2m", "\x1b[0m") if wants_colour(sys.stderr) else ("", "", "")
    print(f"{red}error:{end} {printable(problem.message)}", file=sys.stderr)
    if problem.remedy:
        print(f"  {dim}{printable(problem.remedy)}{end}", file=sys.stderr)


def short(digest: bytes | str) -> str:
    """The first eight hexadecimal digits of a hash, for tables."""
    text = digest.hex() if isinstance(digest, bytes) else digest
    return text[:8] + "…"


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`, `1_000 blocks`."""
    return f"{number:_} {noun if number == 1 else noun + 's'}"
