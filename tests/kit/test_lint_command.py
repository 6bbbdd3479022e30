"""`tael lint`: findings told, mended and explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.main import run as tael
from lang.lint import ENTRIES, RULES

WRONG = ENTRIES["L0104"].wrong


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.tael").write_text(WRONG, "utf-8")


def test_findings_are_told_with_their_line_and_edit(capsys: pytest.CaptureFixture[str]) -> None:
    """They look like those of the compiler; the exit code is 1, and 0 where there are none."""
    assert tael(["lint", "a.tael"]) == 1
    said = capsys.readouterr().out
    assert "warning[L0104]: the event `Turned` is never emitted\n --> a.tael:4:5\n" in said.replace("  -->", " -->")
    assert "help: take it out" in said
    assert "not ok: 1 file, 1 finding\n" in said
    assert tael(["lint", "a.tael", "--rule", "l0301"]) == 0


def test_findings_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` has the codes, places and edits."""
    assert tael(["lint", "a.tael", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(finding["code"], finding["range"]["line"]) for finding in said["findings"]] == [("L0104", 4)]
    assert said["findings"][0]["edit"]["says"] == "take it out"


def test_edits_are_made(capsys: pytest.CaptureFixture[str]) -> None:
    """`--fix` makes those that are offered; what has none stays a finding."""
    silent = ENTRIES["L0301"].wrong.replace("contract Jar", "contract Other")
    Path("a.tael").write_text(f"{WRONG}\n\n{silent}", "utf-8")

    assert tael(["lint", "a.tael", "--fix"]) == 1
    assert "not ok: 1 file, 1 finding, 1 mended\n" in capsys.readouterr().out
    assert "event Turned" not in Path("a.tael").read_text("utf-8")
    assert tael(["lint", "a.tael", "--rule", "L0104"]) == 0


def test_what_does_not_compile_is_not_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors come first."""
    Path("a.tael").write_text("contract A:\n    x: Nothing\n", "utf-8")
    assert tael(["lint", "a.tael", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "DoesNotCompile"


def test_a_rule_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The remedy names those that there are."""
    assert tael(["lint", "a.tael", "--rule", "L9999", "--json"]) == 2
    assert "L0301" in json.loads(capsys.readouterr().out)["error"]["remedy"]


def test_constants_of_an_imported_file_are_used_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that another one imports declares for it."""
    Path("shared.tael").write_text("const MOST: u64 = 5\n\n" + ENTRIES["L0103"].right, "utf-8")
    Path("a.tael").write_text(
        "from shared import MOST\n\ncontract A:\n    pure fn most() -> u64:\n        return MOST\n", "utf-8"
    )
    assert tael(["lint", "shared.tael"]) == 1
    assert tael(["lint", "a.tael", "shared.tael"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`tael explain` tells what it is about, with an example and what to write instead."""
    assert tael(["explain", code]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{code}: {ENTRIES[code].title}\n")
    assert "For example:" in said
    assert "Instead:" in said
