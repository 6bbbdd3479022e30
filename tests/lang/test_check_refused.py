"""Programs that must be refused: the code, the place, and an edit that helps."""

from __future__ import annotations

from pathlib import Path

import pytest
from syntax_texts import REFUSED, Case, cases

from lang.compiler import compile_file, compile_text
from lang.diagnostics import Diagnostic
from lang.render import apply_edit, render, to_json

FAMILIES = sorted(path.stem for path in REFUSED.glob("*.refused") if path.stem != "syntax")
CASES = [case for family in FAMILIES for case in cases(family)]


def _told(case: Case, findings: list[Diagnostic]) -> list[tuple[str, tuple[int, int]]]:
    """The findings, without warnings where the case is about errors."""
    warns = any(code.startswith("W") for code, _ in case.findings)
    return [(finding.code, finding.span) for finding in findings if finding.is_error or warns]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case: Case) -> None:
    """The program gets exactly these errors, in these places, and no module; each can be shown."""
    result = compile_text(case.text)
    assert _told(case, result.findings) == sorted(case.findings, key=lambda found: (found[1][0], found[0]))
    assert not result.contracts or result.ok
    for finding in result.findings:
        assert finding.code in render(finding)
        assert to_json(finding)["code"] == finding.code


def test_there_are_many() -> None:
    """The corpus is as large as it says, and no two cases are the same program."""
    assert len(CASES) >= 600
    assert len({case.text for case in CASES}) == len(CASES)
    assert len({case.name for case in CASES}) == len(CASES)


def test_edits_mend() -> None:
    """Making a finding's edit takes that finding away, and no other error of its kind comes instead."""
    edits = 0
    for case in CASES:
        findings = compile_text(case.text).findings
        for finding in findings:
            if finding.edit is None:
                continue
            edits += 1
            after = compile_text(apply_edit(finding)).findings
            before = sum(other.code == finding.code for other in findings)
            left = sum(other.code == finding.code for other in after)
            assert left < before, (case.name, finding.code, finding.edit, [(f.code, f.message) for f in after])
    assert edits > 60


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.tael").write_text(text, "utf-8")


def _codes(path: Path) -> list[str]:
    return [finding.code for finding in compile_file(path).findings]


def test_a_circle_of_imports_is_refused(tmp_path: Path) -> None:
    """Two files that import one another are told so, at the import."""
    _write(tmp_path, a="from b import B\nconst A: u64 = 1\n", b="from a import A\nconst B: u64 = 1\n")
    result = compile_file(tmp_path / "a.tael")
    found = [(finding.code, Path(finding.source.path).name, finding.span) for finding in result.findings]
    assert found == [("E0211", "b.tael", (5, 6))]


def test_an_import_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """A file, or a name in it, that is not there is one finding; its uses are none."""
    _write(tmp_path, a="from b import B, C\nconst A: u64 = B + C\n", b="const B: u64 = 1\n")
    _write(tmp_path, c="from d import D\nconst A: u64 = D\n")
    assert _codes(tmp_path / "a.tael") == ["E0212"]
    assert _codes(tmp_path / "c.tael") == ["E0210"]


def test_a_misspelt_import_is_mended(tmp_path: Path) -> None:
    """The nearest name of the other file is offered."""
    _write(tmp_path, a="from b import Tokn\ncontract C:\n    t: Tokn\n    init(t: Tokn):\n        self.t = t\n")
    _write(tmp_path, b="interface Token:\n    pub fn poke()\n")
    (finding,) = compile_file(tmp_path / "a.tael").findings
    assert finding.edit is not None
    assert finding.edit.text == "Token"


def test_an_import_that_hides_is_refused(tmp_path: Path) -> None:
    """An imported name that is declared here too, or imported twice, is a finding."""
    _write(tmp_path, a="from b import B\nconst B: u64 = 2\n", b="const B: u64 = 1\n", c="from b import B\nfrom b import B\n")
    assert _codes(tmp_path / "a.tael") == ["E0202"]
    assert _codes(tmp_path / "c.tael") == ["E0202"]


def test_errors_of_an_imported_file_are_told_there(tmp_path: Path) -> None:
    """A finding in another file names that file, and the importing file adds none of its own."""
    _write(tmp_path, a="from b import B\nconst A: u64 = B\n", b="const B: u64 = true\n")
    assert [Path(finding.source.path).name for finding in compile_file(tmp_path / "a.tael").findings] == ["b.tael"]


def test_types_of_one_name_from_two_files_are_refused(tmp_path: Path) -> None:
    """Two different types of one name do not meet in a module: the machine tells types apart by name."""
    _write(
        tmp_path,
        a="struct P:\n    x: u64\ninterface T:\n    view fn p() -> P\n",
        b="from a import T\nstruct P:\n    y: bool\ncontract C:\n    p: P = P(true)\n    t: T\n"
        "    init(t: T):\n        self.t = t\n"
        "    view fn f() -> u64:\n        let q = read self.t.p()\n        return q.x\n",
    )
    assert _codes(tmp_path / "b.tael") == ["E0202"]


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"\xff\xfec\x00", 0), ("contract".encode("utf-16-le"), 1), (b"# \xc3\xa9\r\n# \xe9\n", 6), (b"\x7fELF\x02\x00\xff", 5)],
)
def test_a_file_that_is_no_text_is_one_finding(tmp_path: Path, data: bytes, place: int) -> None:
    """Bytes that are not UTF-8 are told once, at the first bad one, in the file and in what it imports."""
    (tmp_path / "b.tael").write_bytes(data)
    _write(tmp_path, a="from b import B\n")
    for name in "ab":
        (finding,) = compile_file(tmp_path / f"{name}.tael").findings
        assert (finding.code, finding.span.start) == ("E0129", place)
        assert "UTF-8" in render(finding)


def test_the_size_of_a_file_is_told(tmp_path: Path) -> None:
    """A file that is too large hears how large it is."""
    _write(tmp_path, a="# much\n" * 100_000)
    (finding,) = compile_file(tmp_path / "a.tael").findings
    assert finding.code == "E0901"
    assert "700,000" in finding.message
