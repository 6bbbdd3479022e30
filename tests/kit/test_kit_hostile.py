"""Projects, files, nodes and names that mean harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kit_world import Tael

from kit.output import Output, printable, show_problem
from kit.problem import Exit, Problem
from lang.compiler import compile_file

STEERING = ["\x1b[2J", "\x1b]0;title\x07", "\x1b[8m", "\x9b2J", "\x7f", "\r", "\b", "\u202e", "\u2066", "\u2028", "\ud800"]


@pytest.mark.parametrize("text", STEERING, ids=ascii)
def test_nothing_that_steers_a_terminal_is_printed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names and texts come from strangers: what would move the cursor, hide or reorder is written out."""
    out = Output()
    out.line(f"a{text}b")
    out.pairs([("name", text)])
    out.table(("head",), [(text,)])
    show_problem(Problem(f"no {text}", f"try {text}"), as_json=False)
    captured = capsys.readouterr()
    assert text not in captured.out
    assert text not in captured.err
    assert f"\\u{ord(text[0]):04x}" in captured.out


def test_line_ends_tabs_letters_and_our_own_colours_stay() -> None:
    """Only what steers is written out."""
    text = "é 人民币 🎉\n\t\x1b[31m\x1b[1mred\x1b[0m"
    assert printable(text) == text


@pytest.mark.parametrize("key", ["contracts", "out"])
@pytest.mark.parametrize("folder", ["/tmp", "..", "a/../..", "link"])
def test_a_project_cannot_lead_out_of_itself(tael: Tael, key: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tael.toml` of a stranger's project must not make `tael build` write elsewhere, not through a link either."""
    project = tael.folder / "project"
    project.mkdir()
    (project / "link").symlink_to(tael.folder)
    (project / "tael.toml").write_text(f'[project]\n{key} = "{folder}"\n')
    monkeypatch.chdir(project)
    ran = tael("build", "--json")
    assert ran.exit_code == Exit.MISSING
    assert "leads out of the project" in ran.json["error"]["message"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_an_import_of_what_has_no_end_is_refused(tmp_path: Path, kind: str) -> None:
    """A pipe would wait for ever, a device would fill the memory."""
    if kind == "pipe":
        os.mkfifo(tmp_path / "lib.tael")
    else:
        (tmp_path / "lib.tael").symlink_to("/dev/zero")
    (tmp_path / "main.tael").write_text("from lib import X\n\ncontract A:\n    x: u64\n")
    assert not compile_file(tmp_path / "main.tael").ok
    with pytest.raises(OSError, match="not a file"):
        compile_file(tmp_path / "lib.tael")
