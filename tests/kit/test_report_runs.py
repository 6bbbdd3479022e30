"""Which tests run, in which order, how often: --list, --rerun, --fail-fast, --durations, --watch."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kit.problem import Problem
from kit.reporting import Asked
from kit.testing.options import Options
from kit.testing.reports.again import run_again
from kit.testing.reports.start import start
from tests.kit.report_world import ran, shown, written
from vm.gas import GAS_SCHEDULE_VERSION

PLAIN = "contract C:\n    x: u64 = 1\n"
THREE = """
test "one":
    assert 1 == 1

test "two":
    assert 1 == 2

test "three":
    assert 2 == 3
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def names(path: Path, capsys: pytest.CaptureFixture[str], **asked: object) -> list[str]:
    """The tests that ran."""
    return [test["name"] for test in ran(path, capsys, **asked)["tests"]]


def test_rerun_runs_what_failed_until_it_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the tests that failed last time run; once none is left, all do."""
    path = written(THREE, "t.tael", PLAIN)
    assert names(path, capsys) == ["one", "two", "three"]
    assert names(path, capsys, rerun=True) == ["two", "three"]

    written(THREE.replace("1 == 2", "2 == 2"), "t.tael", PLAIN)
    assert names(path, capsys, rerun=True) == ["two", "three"]
    assert names(path, capsys, rerun=True) == ["three"]

    written(THREE.replace("1 == 2", "2 == 2").replace("2 == 3", "3 == 3"), "t.tael", PLAIN)
    assert names(path, capsys, rerun=True) == ["three"]
    assert names(path, capsys, rerun=True) == ["one", "two", "three"]


def test_rerun_forgets_tests_that_are_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """A failed test that was renamed is named once, and is no reason any more to leave out others."""
    path = written(THREE, "t.tael", PLAIN)
    names(path, capsys)
    written(THREE.replace('"two"', '"deux"').replace('"three"', '"trois"'), "t.tael", PLAIN)

    assert "t.tael has no test 'two' any more" in shown(path, capsys, rerun=True)
    assert names(path, capsys, rerun=True) == ["one", "deux", "trois"]


def test_what_failed_in_one_file_is_kept_while_another_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Runs of other files change nothing of what is remembered of a file, and a damaged memory is none."""
    first, second = written(THREE, "a.tael", PLAIN), written(THREE, "b.tael", PLAIN)
    names(first, capsys)
    names(second, capsys)
    assert names(first, capsys, rerun=True) == ["two", "three"]

    Path(".tael/failed.json").write_text("[1, 2")
    assert names(first, capsys, rerun=True) == ["one", "two", "three"]


def test_fail_fast_ends_with_the_first_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests behind it, in its file and in later ones, do not run."""
    paths = [written(THREE, name, PLAIN) for name in ("a.tael", "b.tael")]

    assert start(lambda: paths, Options(as_json=True), Asked(fail_fast=True)) == 1
    assert capsys.readouterr().out.count('"name"') == 2


def test_a_list_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests are listed with their place, chosen by name as for a run; a file that does not compile is told."""
    path = written(THREE, "t.tael", PLAIN)

    listed = ran(path, capsys, list_only=True)
    assert [(test["name"], test["line"]) for test in listed["tests"]] == [("one", 5), ("two", 8), ("three", 11)]
    assert start(lambda: [path], Options(match="T"), Asked(list_only=True)) == 0
    assert capsys.readouterr().out.splitlines() == ["t.tael:8  two", "t.tael:11  three", "2 tests"]
    assert ran(written("", "u.tael", "contract"), capsys, list_only=True)["exit"] == 1
    assert not Path(".tael").exists()


def test_durations_show_the_slowest(capsys: pytest.CaptureFixture[str]) -> None:
    """As many as were asked for, the slowest first."""
    lines = shown(written(THREE, "t.tael", PLAIN), capsys, durations=2)

    start_line = next(number for number, line in enumerate(lines) if line.startswith("slowest"))
    seconds = [float(line.split()[0]) for line in lines[start_line + 1 : start_line + 3]]
    assert seconds == sorted(seconds, reverse=True)
    assert any(line.startswith("1 passed, 2 failed in 1 file, ") for line in lines[start_line + 3 :])


def test_the_json_has_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    """A program can tell what it reads."""
    said = ran(written(THREE, "t.tael", PLAIN), capsys)

    assert (said["version"], said["runs"], said["seed"]) == (1, 5, 0)


def test_every_member_of_the_json_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """The table in docs/reports.md names every member, at every depth."""
    page = Path(__file__).parents[2] / "docs" / "reports.md"
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    path = written(THREE + 'test "four":\n    let c = deploy C()\n', "t.tael", PLAIN)
    ran(path, capsys)
    snapshot = {"version": 1, "schedule": GAS_SCHEDULE_VERSION, "runs": 5, "seed": 0, "functions": {}}
    Path("gas.json").write_text(json.dumps(snapshot))

    said = ran(path, capsys, gas=True, gas_lines=True, coverage=True)
    written('test "passes":\n    let c = deploy C()\n', "t.tael", PLAIN)
    said["gas_changes"] = ran(path, capsys, gas_check=True)["gas_changes"]

    del said["exit"]
    assert said["gas_changes"]
    assert names_in(said) - {name for test in said["tests"] for name in (test["trouble"] or {}).get("chosen", ())} <= documented


def names_in(value: object) -> set[str]:
    """The names of all members of a JSON value."""
    if isinstance(value, dict):
        return {*value, *(name for inner in value.values() for name in names_in(inner))}
    return {name for inner in value for name in names_in(inner)} if isinstance(value, list) else set()


def test_watch_has_no_json() -> None:
    """What never ends prints no value at its end."""
    with pytest.raises(Problem):
        start(list, Options(as_json=True), Asked(watch=True))


def edit(path: str, text: str, when: int) -> None:
    """Change a file, so that its time says so."""
    Path(path).write_text(text)
    os.utime(path, ns=(when * 10**9, when * 10**9))


def runs_of(steps: Sequence[Callable[[], None]], find: Callable[[], list[Path]]) -> Iterator[list[str]]:
    """The files that each run was given, in order, while these steps are done between the looks; then Ctrl-C."""
    told: list[list[str]] = []
    left = list(steps)

    def run(paths: Sequence[Path]) -> int:
        told.append([str(path) for path in paths])
        return 0

    def wait(_: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    assert run_again(find, run, wait) == 0
    yield from told


def test_watch_runs_what_a_change_concerns_first() -> None:
    """Nothing runs until a file changes; then those that changed or import what changed come first, new ones too."""
    written("", "lib.tael", "pure fn f() -> u64:\n    return 1\n")
    written("", "a.tael", PLAIN)
    written("", "b.tael", "from lib import f\n\ncontract B:\n    view fn g() -> u64:\n        return f()\n")

    def find() -> list[Path]:
        return sorted(Path().glob("[a-c].tael"))

    steps = [
        lambda: None,
        lambda: edit("lib.tael", "pure fn f() -> u64:\n    return 2\n", 1),
        lambda: None,
        lambda: edit("c.tael", PLAIN, 2),
        lambda: edit("b.tael", "from lib import", 3),
        lambda: edit("lib.tael", "pure fn f() -> u64:\n    return 3\n", 4),
    ]
    assert list(runs_of(steps, find)) == [
        ["a.tael", "b.tael"],
        ["b.tael", "a.tael"],
        ["c.tael", "a.tael", "b.tael"],
        ["b.tael", "a.tael", "c.tael"],
        ["b.tael", "a.tael", "c.tael"],
    ]


def test_watch_goes_on_after_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that cannot be done is told, and the next change is waited for."""
    written("", "a.tael", PLAIN)
    left = [lambda: edit("a.tael", PLAIN, 1)]
    runs = []

    def run(paths: Sequence[Path]) -> int:
        runs.append(paths)
        raise Problem("there is no gas snapshot")

    def wait(_: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()()

    assert run_again(lambda: [Path("a.tael")], run, wait) == 0
    assert len(runs) == 2
    assert capsys.readouterr().err.count("there is no gas snapshot") == 2


def test_watch_lives_through_files_that_come_and_go() -> None:
    """A file that is deleted is a change, and a folder that has no contract for a while is waited for."""
    written("", "a.tael", PLAIN)
    written("", "b.tael", PLAIN)

    def find() -> list[Path]:
        found = sorted(Path().glob("*.tael"))
        if not found:
            raise Problem("none")
        return found

    steps = [Path("a.tael").unlink, Path("b.tael").unlink, lambda: None, lambda: edit("b.tael", PLAIN, 1)]
    assert list(runs_of(steps, find)) == [["a.tael", "b.tael"], ["b.tael"], ["b.tael"]]
