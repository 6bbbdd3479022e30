"""Findings for people and for programs.

error[E0126]: `=` gives a value; values are compared with `==`
  --> escrow.tael:12:14
   |
12 |         if x = 3:
   |              ^ expected `==`
   |
   = help: compare with `==`
   |
12 |         if x == 3:
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from lang.diagnostics import Diagnostic
from lang.source import Source, Span

TAB_WIDTH = 4
LINE_CHARACTERS_MAX = 160  # of a source line that is shown; longer ones are cut around the place

_RED, _YELLOW, _BLUE, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One finding as lines of text, without a line end after the last."""
    paint = _Paint(colour)
    source, span = diagnostic.source, _clipped(diagnostic.source, diagnostic.span)
    line, column = source.position(span.start)
    gutter = " " * max(len(str(line)), *(len(str(source.position(s.start)[0])) for s in _note_spans(diagnostic)), 1)
    kind, hue = ("error", _RED) if diagnostic.is_error else ("warning", _YELLOW)
    bar = paint(_BLUE, f"{gutter} |")
    lines = [
        paint(hue + _BOLD, f"{kind}[{diagnostic.code}]") + paint(_BOLD, f": {_visible(diagnostic.message)}"),
        f"{gutter}{paint(_BLUE, '-->')} {_visible(source.path)}:{line}:{column}",
        bar,
    ]
    label = f" expected {_visible(diagnostic.expected)}" if diagnostic.expected else ""
    lines += _excerpt(source, span, "^", hue, label, gutter, paint)
    for text, place in diagnostic.notes:
        if place is None:
            lines.append(f"{gutter} {paint(_BLUE, '=')} note: {_visible(text)}")
        else:
            lines.append(bar)
            lines += _excerpt(source, _clipped(source, place), "-", _BLUE, f" {_visible(text)}", gutter, paint)
    edit = diagnostic.edit
    if edit is not None:
        lines += [bar, f"{gutter} {paint(_BLUE, '=')} help: {_visible(edit.says)}"]
        shown = _edited(source, edit.span, edit.text)
        if shown is not None:
            number = str(source.position(edit.span.start)[0]).rjust(len(gutter))
            lines += [bar, f"{paint(_BLUE, f'{number} |')} {paint(_GREEN, shown)}"]
    return "\n".join(part.rstrip() for part in lines)


def render_all(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All findings and a line that counts them."""
    found = list(diagnostics)
    errors = sum(diagnostic.is_error for diagnostic in found)
    counts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "error"), (len(found) - errors, "warning")) if n]
    parts = [render(diagnostic, colour=colour) for diagnostic in found]
    return "\n\n".join([*parts, " and ".join(counts)]) + "\n" if found else ""


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """A finding as plain data. Lines and columns count from 1, offsets from 0, all in characters; ends are excluded."""
    source, edit = diagnostic.source, diagnostic.edit
    return {
        "code": diagnostic.code,
        "severity": "error" if diagnostic.is_error else "warning",
        "message": diagnostic.message,
        "path": source.path,
        "range": _range(source, diagnostic.span),
        "expected": diagnostic.expected,
        "edit": None if edit is None else {"range": _range(source, edit.span), "text": edit.text, "says": edit.says},
        "notes": [{"message": text, "range": None if span is None else _range(source, span)} for text, span in diagnostic.notes],
    }


def apply_edit(diagnostic: Diagnostic) -> str:
    """The text with the finding's edit made. Without an edit it is the text as it was."""
    text, edit = diagnostic.source.text, diagnostic.edit
    return text if edit is None else text[: edit.span.start] + edit.text + text[edit.span.end :]


class _Paint:
    """Puts colour around text, or not."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, hue: str, text: str) -> str:
        return f"{hue}{text}{_PLAIN}" if self.colour and text else text


def _range(source: Source, span: Span) -> dict[str, int]:
    span = _clipped(source, span)
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {
        "start": span.start,
        "end": span.end,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _note_spans(diagnostic: Diagnostic) -> list[Span]:
    return [_clipped(diagnostic.source, span) for _, span in diagnostic.notes if span is not None]


def _clipped(source: Source, span: Span) -> Span:
    """The span inside the text: one that points behind the last character is empty there."""
    size = len(source.text)
    start = min(max(span.start, 0), size)
    return Span(start, min(max(span.end, start), size))


def _excerpt(source: Source, span: Span, mark: str, hue: str, label: str, gutter: str, paint: _Paint) -> list[str]:
    """The line of a place, and the place marked below it."""
    number, column = source.position(span.start)
    text = source.line(number)
    first = column - 1
    last = min(first + (span.end - span.start), len(text))
    cut = 0
    if len(text) > LINE_CHARACTERS_MAX:
        cut = max(0, first - LINE_CHARACTERS_MAX // 4)
        text = text[cut : cut + LINE_CHARACTERS_MAX]
    before = _visible(text[: first - cut])
    marked = _visible(text[first - cut : last - cut])
    dots = "… " if cut else ""
    blanks = " " * (_width(before) + len(dots))
    marks = mark * max(_width(marked), 1)
    shown = f"{dots}{before}{marked}{_visible(text[last - cut :])}"
    return [
        f"{paint(_BLUE, f'{str(number).rjust(len(gutter))} |')} {shown}",
        f"{paint(_BLUE, f'{gutter} |')} {blanks}{paint(hue, marks + label)}",
    ]


def _edited(source: Source, span: Span, text: str) -> str | None:
    """The line of an edit after it; None where more than one line would change."""
    span = _clipped(source, span)
    number, column = source.position(span.start)
    line = source.line(number)
    if "\n" in text or "\n" in source.text[span.start : span.end] or len(line) > LINE_CHARACTERS_MAX:
        return None
    return _visible(line[: column - 1] + text + line[column - 1 + span.end - span.start :])


def _visible(text: str) -> str:
    """Text as a terminal can show it: tabs widened, what nobody sees written as its number."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    for character in text:
        if character == "\t":
            shown.append(" " * TAB_WIDTH)
        elif character.isprintable() or unicodedata.combining(character):
            shown.append(character)
        else:
            shown.append(f"<U+{ord(character):04X}>")
    return "".join(shown)


def _width(text: str) -> int:
    """Columns of a terminal that visible text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
