"""The reference of the language is true: its examples compile, or are refused with the code that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lang.compiler import compile_text
from vm.failure import Code

PAGE = Path(__file__).parent.parent / "docs" / "language.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```(tael[^\n]*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
WHOLE = [text for heading, text in BLOCKS if heading == "tael"]
REFUSED = [(heading.split()[2], text) for heading, text in BLOCKS if heading.startswith("tael refused ")]


def test_every_block_is_of_a_known_kind() -> None:
    """Blocks are whole programs, or programs that are refused; nothing stands untested."""
    assert len(WHOLE) + len(REFUSED) == len(BLOCKS)
    assert len(WHOLE) > 8
    assert len(REFUSED) > 6


@pytest.mark.parametrize("text", WHOLE, ids=[str(number) for number in range(len(WHOLE))])
def test_whole_programs_compile_without_a_finding(text: str) -> None:
    """What the page shows as a program is one, without so much as a warning."""
    assert [f"{finding.code} {finding.message}" for finding in compile_text(text).findings] == []


@pytest.mark.parametrize(("code", "text"), REFUSED, ids=[code for code, _ in REFUSED])
def test_refused_programs_are_refused_for_the_named_reason(code: str, text: str) -> None:
    """What the page shows as wrong has one error, of the code that it names."""
    errors = [finding.code for finding in compile_text(text).findings if finding.is_error]
    assert errors == [code]


@pytest.mark.parametrize("name", [str(code) for code in Code if code != Code.WRONG_VARIANT])
def test_every_failure_of_the_machine_is_told(name: str) -> None:
    """The page names every failure that a program can meet; WrongVariant is met by no compiled program."""
    assert f"`{name}`" in TEXT
