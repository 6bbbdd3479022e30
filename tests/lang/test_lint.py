"""Lint: every rule finds what its entry says, and leaves alone what is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lang.catalogue.entry import Entry
from lang.compiler import compile_file, compile_text
from lang.formatter import format_text
from lang.lint import ENTRIES, RULES, STALE, lint
from lang.lint.__main__ import DOCUMENT, document
from lang.render import apply_edit

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "lint"
RIGHT = sorted([*(ROOT / "contracts" / "examples").glob("*.tael"), *(ROOT / "tests" / "contracts").glob("*.tael")])


def codes(text: str) -> list[str]:
    """The codes of the findings of a text that compiles without any of the compiler's."""
    compilation = compile_text(text)
    assert compilation.findings == []
    assert compilation.checked is not None
    return [finding.code for finding in lint(compilation.checked)]


def cases() -> list[tuple[str, list[str], str]]:
    """The cases of `lint/*.cases`: a heading `=== name: CODES`, `none` for none, then a file."""
    found = []
    for path in sorted(CASES.glob("*.cases")):
        parts = re.split(r"^=== (.+): (.+)\n", path.read_text("utf-8"), flags=re.MULTILINE)
        for name, wanted, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            found.append((name, [] if wanted == "none" else wanted.split(), text))
    return found


@pytest.mark.parametrize(("code", "entry"), ENTRIES.items(), ids=ENTRIES)
def test_examples_are_true(code: str, entry: Entry) -> None:
    """An entry's wrong example has one finding, of its code; the right one has none; both are laid out the one way."""
    assert codes(entry.wrong) == [code]
    assert codes(entry.right) == []
    assert format_text(entry.wrong) == entry.wrong
    assert format_text(entry.right) == entry.right


@pytest.mark.parametrize(("name", "wanted", "text"), cases(), ids=[name for name, _, _ in cases()])
def test_cases(name: str, wanted: list[str], text: str) -> None:
    """A program has these findings, in this order, and no others."""
    assert codes(text) == wanted, name


def test_every_rule_has_a_case_that_it_finds_and_one_that_it_leaves_alone() -> None:
    """No rule's only cases are the examples of its page."""
    found = {code for _, wanted, _ in cases() for code in wanted}
    spared = {code for name, wanted, _ in cases() if not wanted for code in RULES if name.startswith(code)}

    assert found >= RULES.keys()
    assert spared == RULES.keys()


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_our_own_contracts_are_clean(path: Path) -> None:
    """Nothing is found in the examples, nor in the contracts that are tests."""
    checked = compile_file(path).checked
    assert checked is not None
    assert lint(checked) == []


@pytest.mark.parametrize(("code", "entry"), ENTRIES.items(), ids=ENTRIES)
def test_an_edit_takes_its_finding_away(code: str, entry: Entry) -> None:
    """Where an edit is offered, the text with it compiles and has the finding no more."""
    checked = compile_text(entry.wrong).checked
    assert checked is not None
    for finding in lint(checked):
        if finding.edit is not None:
            assert code not in codes(apply_edit(finding))


def test_a_remark_allows_a_finding_on_its_line_and_below_itself() -> None:
    """`# allow CODE: reason` is heard at the end of the line, and alone above it."""
    wrong = ENTRIES["L0402"].wrong
    line = "        require now >= self.since else Closed\n"
    beside = wrong.replace(line, line.rstrip() + "  # allow L0402: for show\n")
    above = wrong.replace(line, "        # allow L0402: for show\n" + line)

    assert codes(beside) == []
    assert codes(above) == []
    assert format_text(beside) == beside
    assert format_text(above) == above


def test_a_remark_without_a_reason_says_nothing() -> None:
    """Why something is allowed is part of allowing it."""
    wrong = ENTRIES["L0402"].wrong
    assert codes(wrong.replace("else Closed\n", "else Closed  # allow L0402\n")) == ["L0402"]
    assert codes(wrong.replace("else Closed\n", "else Closed  # allow L0402:\n")) == ["L0402"]


def test_one_rule_may_be_asked_alone() -> None:
    """Then remarks about other rules are not called stale."""
    checked = compile_text(ENTRIES[STALE].wrong + ENTRIES["L0104"].wrong).checked
    assert checked is not None
    assert [finding.code for finding in lint(checked, {"L0104"})] == ["L0104"]
    assert lint(checked, {"L0301"}) == []


def test_what_an_imported_file_declares_may_be_used_elsewhere() -> None:
    """Constants beside contracts are not unused where another file imports them."""
    checked = compile_text("const LIMIT: u64 = 5\n\n" + ENTRIES["L0103"].right).checked
    assert checked is not None
    assert [finding.code for finding in lint(checked)] == ["L0103"]
    assert lint(checked, is_imported=True) == []


def test_the_page_is_what_the_rules_give() -> None:
    """`docs/lint.md` is made from the rules."""
    assert DOCUMENT.read_text("utf-8") == document()
