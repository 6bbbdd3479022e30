"""The catalogue of codes is whole and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lang.catalogue import CATALOGUE, FAMILIES, Entry
from lang.compiler import compile_file

LANG = Path(__file__).parents[2] / "lang"
FRONT = {"Syntax", "Limits"}  # their examples are texts, tested with the parser
EXAMPLES = {
    code: entry for family, entries in FAMILIES.items() if family not in FRONT for code, entry in entries.items() if entry.wrong
}
BESIDE = "interface Token:\n    pub fn transfer(to: Address, amount: u64)\n"


def _codes(folder: Path, text: str) -> list[str]:
    (folder / "token.tael").write_text(BESIDE, "utf-8")
    (folder / "example.tael").write_text(text, "utf-8")
    return [finding.code for finding in compile_file(folder / "example.tael").findings]


@pytest.mark.parametrize(("code", "entry"), EXAMPLES.items(), ids=EXAMPLES)
def test_examples_are_true(code: str, entry: Entry, tmp_path: Path) -> None:
    """An entry's wrong example has one finding, of its code; the right one compiles without any."""
    assert _codes(tmp_path, entry.wrong) == [code]
    assert _codes(tmp_path, entry.right) == []


def test_every_code_has_an_entry() -> None:
    """What the compiler can say is in the catalogue, and nothing else is."""
    sources = "".join(path.read_text("utf-8") for path in LANG.rglob("*.py"))
    assert set(re.findall(r'"([EW]\d{4})"', sources)) == CATALOGUE.keys()


def test_every_code_has_a_refused_program() -> None:
    """Every code of the checker but that of its own defects stands in the corpus of refused programs."""
    headings = "\n".join(
        line
        for path in (Path(__file__).parent / "refused").glob("*.refused")
        for line in path.read_text("utf-8").split("\n")
        if line.startswith("=== ")
    )
    needed = {code for code, entry in EXAMPLES.items()} - {"E0211", "E0212"}  # several files: tested beside the corpus
    assert needed <= set(re.findall(r"[EW]\d{4}", headings))
