"""Texts that are refused, and the catalogue of codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syntax_texts import Case, cases, read

from lang.catalogue import CATALOGUE, FAMILIES, Entry
from lang.catalogue.__main__ import DOCUMENT, document
from lang.render import apply_edit

SYNTAX = cases("syntax")
LANG = Path(__file__).parents[2] / "lang"
OURS = {**FAMILIES["Syntax"], **FAMILIES["Limits"]}


@pytest.mark.parametrize("case", SYNTAX, ids=lambda case: case.name)
def test_refused(case: Case) -> None:
    """The text gets exactly these findings, in these places."""
    _, findings = read(case.text)
    assert [(finding.code, finding.span) for finding in findings] == case.findings


def test_cases_cover_the_codes() -> None:
    """Every code of the syntax has a case."""
    assert {code for case in SYNTAX for code, _ in case.findings} == FAMILIES["Syntax"].keys()


@pytest.mark.parametrize("case", SYNTAX, ids=lambda case: case.name)
def test_edits_mend(case: Case) -> None:
    """Making a finding's edit takes the finding away."""
    _, findings = read(case.text)
    for finding in findings:
        if finding.edit is not None:
            _, after = read(apply_edit(finding))
            assert (finding.code, finding.span.start) not in [(other.code, other.span.start) for other in after]


@pytest.mark.parametrize(("code", "entry"), OURS.items(), ids=OURS)
def test_catalogue_examples(code: str, entry: Entry) -> None:
    """An entry's wrong example gets its code and no other, the right one none."""
    assert {finding.code for finding in read(entry.wrong)[1]} == {code}
    assert read(entry.right)[1] == []


def test_codes_are_catalogued() -> None:
    """Every code that the front can report is in the catalogue, and every entry's code is reported somewhere."""
    sources = "".join(path.read_text(encoding="utf-8") for path in LANG.glob("*.py"))
    reported = set(re.findall(r'"([EW]\d{4})"', sources))
    assert {code for code in reported if code.startswith("E01")} <= CATALOGUE.keys()
    assert OURS.keys() <= reported


def test_document_is_made_from_the_catalogue() -> None:
    """`docs/diagnostics.md` is what the catalogue gives."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()
