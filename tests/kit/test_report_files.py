"""Reports as files for other programs: JUnit, lcov, pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.kit.report_world import LINE, ran, shown, written

MIXED = """
test "passes":
    let owner, guard = wallets(2, each=0.00 CNY)
    let gate = deploy Gate(guard) as owner
    call gate.push(4, false) as owner

test "fails <&> \\"is told\\"":
    let owner, guard = wallets(2, each=0.00 CNY)
    let gate = deploy Gate(guard) as owner
    call gate.push(1, false) as owner
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_junit_tells_every_test_and_why_it_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """A suite a file, a case a test, a failure with its message and all that is told of it."""
    said = ran(written(MIXED), capsys, junit=Path("out/junit.xml"))

    root = ElementTree.parse("out/junit.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "2", "1", "0")
    cases = list(root.iter("testcase"))
    assert [case.get("name") for case in cases] == [test["name"] for test in said["tests"]]
    assert [case.get("line") for case in cases] == [str(test["line"]) for test in said["tests"]]
    assert {case.get("classname") for case in cases} == {"gate.tael"}
    failures = [case.find("failure") for case in cases]
    assert failures[0] is None
    assert failures[1] is not None
    assert failures[1].get("message") == said["tests"][1]["trouble"]["message"]
    assert "in Gate.push" in (failures[1].text or "")


def test_junit_has_an_error_for_a_file_that_does_not_compile(capsys: pytest.CaptureFixture[str]) -> None:
    """A file without tests to run, since it does not compile, is a case with an error, so that nothing looks green."""
    said = ran(written("", contract="contract C:\n    x: Nothing\n"), capsys, junit=Path("j.xml"))

    root = ElementTree.parse("j.xml").getroot()
    assert (root.get("tests"), root.get("errors")) == ("1", "1")
    error = root.find("./testsuite/testcase/error")
    assert error is not None
    assert said["findings"][0]["code"] in (error.text or "")


def test_lcov_has_lines_branches_and_functions(capsys: pytest.CaptureFixture[str]) -> None:
    """The record's sums are those of its rows, and those of the coverage."""
    found = ran(written(MIXED), capsys, lcov=Path("cov.info"))["coverage"]["files"][0]

    rows = Path("cov.info").read_text().splitlines()
    names = ("LF", "LH", "FNF", "FNH", "BRF", "BRH")
    sums = {name: int(number) for name, _, number in (row.partition(":") for row in rows) if name in names}
    assert (sums["LH"], sums["LF"]) == (found["lines"]["hit"], found["lines"]["all"])
    assert (sums["FNH"], sums["FNF"]) == (found["functions"]["hit"], found["functions"]["all"])
    ways = ("branches", "conditions")
    assert (sums["BRH"], sums["BRF"]) == (sum(found[way]["hit"] for way in ways), sum(found[way]["all"] for way in ways))
    lines = dict(row.removeprefix("DA:").split(",") for row in rows if row.startswith("DA:"))
    assert (int(lines[str(LINE["self.count += n"])]), lines[str(LINE["emit Closed"])]) == (1, "0")
    taken = [row.rpartition(",")[2] for row in rows if row.startswith("BRDA:")]
    assert sum(times not in ("0", "-") for times in taken) == sums["BRH"]
    assert f"FN:{LINE['pub fn shut() by self.owner:']},shut" in rows
    assert "FNDA:0,shut" in rows
    assert (rows[0], rows[-1]) == ("TN:", "end_of_record")
    assert rows[1] == f"SF:{Path('gate.tael').absolute()}"


class _Marks(HTMLParser):
    """The class of each line of a page's source, and what points out of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[str] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        known = dict(attrs)
        self._inside = self._inside or tag == "pre"
        if self._inside and tag == "span":
            self.marks.append(known.get("class") or "")
        self.links += [link for link in (known.get("href"), known.get("src")) if link]


def test_pages_mark_what_ran(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line of the source is marked as run, run in part, not run, or nothing; pages point to one another only."""
    path = written(MIXED)
    ran(path, capsys, html=Path("cov"))

    page = _Marks()
    page.feed(Path("cov/gate.tael.html").read_text())
    assert len(page.marks) == path.read_text().count("\n")
    marks = {text: page.marks[number - 1] for text, number in LINE.items()}
    assert marks["self.count += n"] == "hit"
    assert marks["elif n > 100 or hard:"] == "part"
    assert marks["emit Closed"] == "miss"
    assert marks["owner: Address"] == ""
    index = _Marks()
    index.feed(Path("cov/index.html").read_text())
    assert {*page.links, *index.links} == {"index.html", "gate.tael.html"}
    assert "prefers-color-scheme: dark" in Path("cov/index.html").read_text()


def test_files_of_one_name_get_pages_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Two files of one name in two folders do not write over one another."""
    from kit.reporting import Asked
    from kit.testing.options import Options
    from kit.testing.reports.start import start

    paths = [written(MIXED, name) for name in ("a/gate.tael", "b/gate.tael")]
    start(lambda: paths, Options(), Asked(html=Path("cov")))

    assert sorted(path.name for path in Path("cov").iterdir()) == ["gate.tael.2.html", "gate.tael.html", "index.html"]
    assert "b/gate.tael" in Path("cov/gate.tael.2.html").read_text()


def test_what_is_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """People are told of each file, programs are not."""
    lines = shown(written(MIXED), capsys, junit=Path("j.xml"), flame=Path("f.svg"), profile=Path("p.txt"), lcov=Path("l"))

    assert [line for line in lines if line.startswith("wrote")] == [f"wrote {name}" for name in ("j.xml", "f.svg", "p.txt", "l")]
    assert all(re.fullmatch(r"(.+;)*.+ \d+", line) for line in Path("p.txt").read_text().splitlines())
