"""What the tests of the front read: the example programs, texts that are refused, and strategies for texts of any kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from lang import ast
from lang.diagnostics import Diagnostic, Findings
from lang.parser import parse
from lang.source import Source, Span
from lang.tables import load

EXAMPLES = sorted((Path(__file__).parents[2] / "contracts" / "examples").glob("*.tael"))
REFUSED = Path(__file__).with_name("refused")

_UNSEEN = re.compile(r"<U\+([0-9A-F]{4,6})>")


class Case(NamedTuple):
    """A text and the findings it must get: codes and places, in order of place."""

    name: str
    findings: list[tuple[str, Span]]
    text: str


def cases(family: str) -> list[Case]:
    """The cases of `refused/FAMILY.refused`.

    A case begins with a line `=== name: CODE`, or several codes; then comes the text, with the place of each finding between
    `«` and `»`. Characters that nobody sees are written as `<U+202E>`.
    """
    found: list[Case] = []
    blocks = re.split(r"^=== ", (REFUSED / f"{family}.refused").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for block in blocks[1:]:
        heading, _, marked = block.partition("\n")
        name, _, codes = heading.rpartition(": ")
        text, spans = _unmarked(_UNSEEN.sub(lambda match: chr(int(match.group(1), 16)), marked))
        found.append(Case(name, list(zip(codes.split(), spans, strict=True)), text))
    return found


def _unmarked(marked: str) -> tuple[str, list[Span]]:
    """A text without its marks, and the places they marked."""
    pieces = re.split("([«»])", marked)
    text, start, spans = "", 0, []
    for piece in pieces:
        if piece == "«":
            start = len(text)
        elif piece == "»":
            spans.append(Span(start, len(text)))
        else:
            text += piece
    return text, spans


def read(text: str) -> tuple[ast.File | None, list[Diagnostic]]:
    """Parse a text."""
    findings = Findings()
    return parse(Source("test.tael", text), findings), findings.in_order()


def accepted(text: str) -> ast.File:
    """Parse a text that must have no findings."""
    file, findings = read(text)
    assert file is not None
    assert findings == []
    return file


def body(text: str) -> list[ast.Statement]:
    """The statements of a function with this body."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    (function,) = accepted(f"fn f():\n{lines}").items
    assert isinstance(function, ast.FunctionDeclaration)
    assert function.body is not None
    return function.body


def value(text: str) -> Any:
    """The tree of one expression."""
    (statement,) = body(f"let a = {text}")
    assert isinstance(statement, ast.Let)
    return statement.value


def bare(node: Any) -> Any:
    """A tree without places, to compare."""
    if isinstance(node, Source | Span):
        return None
    if is_dataclass(node) and not isinstance(node, type):
        return (type(node).__name__, *(bare(getattr(node, field.name)) for field in fields(node)))
    if isinstance(node, list | tuple):
        return [bare(item) for item in node]
    return node


def parts(node: ast.Node) -> Iterator[ast.Node]:
    """The nodes directly below a node."""
    waiting = [getattr(node, field.name) for field in fields(node)]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list | tuple) and not isinstance(here, Span):
            waiting.extend(here)
        elif isinstance(here, ast.Node):
            yield here


def nodes(node: ast.Node) -> Iterator[ast.Node]:
    """A node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(parts(here))


def depth(node: Any) -> int:
    """The longest path down a tree, counted in nodes."""
    waiting, deepest = [(node, 0)], 0
    while waiting:
        here, level = waiting.pop()
        deepest = max(deepest, level)
        if isinstance(here, list | tuple) and not isinstance(here, Span):
            waiting.extend((item, level) for item in here)
        elif isinstance(here, ast.Node):
            waiting.extend((getattr(here, field.name), level + 1) for field in fields(here))
    return deepest


# ── Strategies ────────────────────────────────────────────────────────────────────────────────────────────────────────

_TABLES = load()
WORDS = sorted({*_TABLES.words, *_TABLES.marks})
OTHERS = [
    *("x", "Foo", "_", "1", "1_000", "5 days", "2.5 CNY", "3 %", '"a"', '"""a"""', "0x0a", "\n", "\n    ", "\n        ", "# c\n"),
    *("'", '"', '"""', ";", "{", "}", "é", "名", "\x00", "\ud800", "\t", "\r", "\r\n", "\ufeff", "&&", "||", "!", "%", "//"),
    *("“", "（", "\u202e", "def", "else if", "True", "1__0", "0x", "5.0", "\\", "@", "?", "++", "  "),
]

any_text = st.text(st.characters(codec=None), max_size=200)
token_soup = st.lists(st.sampled_from([*WORDS, *OTHERS]), max_size=80).map(" ".join)


@st.composite
def mutated_example(draw: st.DrawFn) -> str:
    """An example with a few pieces put in, taken out or written over."""
    text = draw(st.sampled_from(EXAMPLES)).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 4, 40])))
        text = text[:start] + draw(st.sampled_from(["", " ", *WORDS, *OTHERS])) + text[end:]
    return text


_PIECE = re.compile(r'"[^"]*"|#.*|[0-9][0-9_]*(?:\.(?!\.)[0-9]+)?(?: (?:%|[a-z]+|[A-Z]{3})(?!\w))?|\w+|\.\.|[-+*]=|->|[=!<>]=|.')
_GAP = st.sampled_from([" ", " ", " ", " ", " ", "   ", "\n", "\n            ", " # in\n  ", "\n# own\n"])


@st.composite
def mangled_example(draw: st.DrawFn) -> str:
    """An example laid out badly, with comments anywhere they may stand: it means what it meant."""
    source = draw(st.sampled_from(EXAMPLES)).read_text(encoding="utf-8")
    step = draw(st.integers(1, 7))
    out: list[str] = []
    open_brackets = 0
    in_doc = False
    for line in source.splitlines():
        if line.count('"""') == 1:
            in_doc = not in_doc
        code = line.lstrip(" ")
        indent = " " * ((len(line) - len(code)) // 4 * step)
        if in_doc or '"""' in line:
            out.append(line if in_doc and not code.startswith('"""') else indent + code)
            continue
        if not code:
            out.extend([""] * draw(st.integers(0, 3)))
            continue
        if draw(st.integers(0, 9)) == 0 and not open_brackets:
            out.append(" " * draw(st.integers(0, 12)) + draw(st.sampled_from(["# a comment", "#another", "#", "##  ruler"])))
        pieces: list[str] = []
        for piece in _PIECE.findall(code):
            if piece.startswith("#"):
                pieces.append(piece)
                break
            if piece == " ":
                pieces.append(" " * draw(st.sampled_from([1, 1, 1, 3])) if not open_brackets else draw(_GAP))
                continue
            pieces.append(piece)
            open_brackets += (piece in "([") - (piece in ")]") if len(piece) == 1 else 0
            if open_brackets and piece in ("(", "[", ","):
                pieces.append(draw(_GAP))
        if "#" not in code and not open_brackets and draw(st.integers(0, 9)) == 0:
            pieces.append(draw(st.sampled_from(["#c", "   # c", "  "])))
        out.append(indent + "".join(pieces))
    before, after = draw(st.sampled_from(["", "\n\n", "#!top\n"])), draw(st.sampled_from(["", "\n", "\n\n\n", "\n# end"]))
    return before + "\n".join(out) + after
