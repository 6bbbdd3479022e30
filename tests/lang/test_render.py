"""How findings are shown."""

from __future__ import annotations

import json
import re

from hypothesis import given
from syntax_texts import mutated_example, read, token_soup

from lang.diagnostics import Diagnostic, Edit
from lang.render import render, render_all, to_json
from lang.source import Source, Span

SOURCE = Source("deal.tael", "fn f():\n    if a = 1:\n        return\n")


def _finding(text: str, start: int, end: int) -> Diagnostic:
    return Diagnostic("E0999", "wrong", Source("x", text), Span(start, end))


def test_a_finding_in_full() -> None:
    """Code, message, place, line, mark, what was expected, and the line after the edit."""
    finding = Diagnostic(
        "E0126",
        "`=` gives a value; values are compared with `==`",
        SOURCE,
        Span(17, 18),
        expected="`==`",
        edit=Edit(Span(17, 18), "==", "compare with `==`"),
        notes=(("in this function", Span(3, 4)), ("just so", None)),
    )
    assert render(finding) == (
        "error[E0126]: `=` gives a value; values are compared with `==`\n"
        " --> deal.tael:2:10\n"
        "  |\n"
        "2 |     if a = 1:\n"
        "  |          ^ expected `==`\n"
        "  |\n"
        "1 | fn f():\n"
        "  |    - in this function\n"
        "  = note: just so\n"
        "  |\n"
        "  = help: compare with `==`\n"
        "  |\n"
        "2 |     if a == 1:"
    )


def test_colour_changes_nothing_else() -> None:
    """Without its colours a coloured finding is the plain one."""
    finding = _finding("const A", 6, 7)
    coloured = render(finding, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render(finding)


def test_wide_and_combining_characters_are_aligned() -> None:
    """The mark stands under its place: wide characters count two columns, combining ones none, tabs four."""
    for before, columns in (("名前", 4), ("e\u0301e\u0301", 2), ("\t", 4), ("\x00", 8), ("é", 1)):
        lines = render(_finding(f"{before}X", len(before), len(before) + 1)).splitlines()
        assert lines[-1] == "  | " + " " * columns + "^"


def test_places_at_the_end_of_the_text() -> None:
    """A place behind the last character is shown there."""
    assert render(_finding("const", 5, 6)).endswith("1 | const\n  |      ^")
    assert render(_finding("", 0, 1)).endswith("1 |\n  | ^")


def test_long_lines_are_cut() -> None:
    """Of a very long line only the neighbourhood of the place is shown."""
    shown = render(_finding("a" * 5_000 + "b" + "a" * 5_000, 5_000, 5_001))
    source, mark = shown.splitlines()[-2:]
    assert len(source) < 200
    assert source[mark.index("^")] == "b"


def test_counts() -> None:
    """All findings end in a count."""
    warning = Diagnostic("W0001", "hm", SOURCE, Span(0, 1))
    assert render_all([_finding("a", 0, 1), _finding("b", 0, 1), warning]).endswith("\n\n2 errors and 1 warning\n")
    assert render_all([]) == ""


def test_json_shape() -> None:
    """The JSON form has the same keys for every finding."""
    finding = Diagnostic("E0126", "m", SOURCE, Span(17, 18), edit=Edit(Span(17, 18), "==", "s"), notes=(("n", None),))
    place = {"start": 17, "end": 18, "line": 2, "column": 10, "end_line": 2, "end_column": 11}
    assert to_json(finding) == {
        "code": "E0126",
        "severity": "error",
        "message": "m",
        "path": "deal.tael",
        "range": place,
        "expected": None,
        "edit": {"range": place, "text": "==", "says": "s"},
        "notes": [{"message": "n", "range": None}],
    }


@given(token_soup | mutated_example())
def test_any_finding_is_shown(text: str) -> None:
    """Whatever is found in whatever text can be shown and sent."""
    for finding in read(text)[1]:
        assert f"[{finding.code}]" in render(finding)
        render(finding).encode()
        json.dumps(to_json(finding)).encode()
