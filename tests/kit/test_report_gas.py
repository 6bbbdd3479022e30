"""Gas reports, snapshots, profiles and the gas of lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kit.problem import Problem
from kit.testing.options import Options
from kit.testing.reports.flame import flame
from kit.testing.reports.gas import function_gas
from kit.testing.reports.profile import folded, profile, speedscope
from kit.testing.reports.subjects import Subject
from kit.testing.reports.watching import Watch
from kit.testing.suite import Suite
from lang.compiler import compile_file
from tests.kit.report_world import ran, shown, written
from vm.gas import GAS_SCHEDULE_VERSION

ROOT = Path(__file__).parents[2]
COUNTER = """contract Counter:
    total: u64 = 0
    error Much(n: u64)

    pub fn add(n: u64) by anyone:
        require n < 100 else Much(n)
        for i in 0..n max 100:
            self.total += 1

    view fn value() -> u64:
        return self.total

interface Adds:
    pub fn add(n: u64)

contract Caller:
    pub fn twice(at: Address, n: u64) by anyone:
        call Adds(at).add(n)
        call Adds(at).add(n)
"""
TESTS = """
test "adds":
    let c = deploy Counter()
    call c.add(1)
    call c.add(2)
    call c.add(9)
    expect Much: call c.add(100)
    assert read c.value() == 12

test "through another":
    let c = deploy Counter()
    let d = deploy Caller()
    call d.twice(c.address, 3)
    expect Much(200): call d.twice(c.address, 200)
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def counter() -> Path:
    """The counter with its tests."""
    return written(TESTS, "counter.tael", COUNTER)


def watched(path: Path) -> tuple[Watch, int]:
    """All tests of a file, looked at, and the gas of them all."""
    checked = compile_file(path).checked
    assert checked is not None
    suite, watch = Suite(checked), Watch()
    results = [suite.run(t, Options(), watch.onlooker(str(path), t.declaration.name.value)) for t in checked.tests]
    assert all(result.ok for result in results)
    return watch, sum(result.gas for result in results)


def test_calls_are_counted_by_function_wherever_they_come_from(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls of tests and of other contracts count, those that fail apart; least, median and most are of real calls."""
    rows = {f"{row['contract']}.{row['function']}": row for row in ran(counter, capsys, gas=True)["gas"]}

    add = rows["counter.tael:Counter.add"]
    assert (add["calls"], add["failed"]) == (5, 2)
    assert add["minimum"] < add["median"] < add["maximum"] <= add["bound_maximum"]
    assert (rows["counter.tael:Counter.value"]["calls"], rows["counter.tael:Caller.twice"]["failed"]) == (1, 1)


def test_the_gas_of_a_call_is_what_the_machine_says(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A loop that ran once more used once more what a pass costs, and a call of another contract has it all in it."""
    path = written(
        """
test "one":
    let c = deploy Counter()
    call c.add(3)
    let d = deploy Caller()
    call d.twice(c.address, 3)
""",
        "one.tael",
        COUNTER,
    )
    rows = {row["function"]: row for row in ran(path, capsys, gas=True)["gas"] if row["function"] != "init"}

    assert rows["add"]["calls"] == 3
    assert rows["twice"]["maximum"] > 2 * rows["add"]["minimum"]
    assert rows["add"]["minimum"] == rows["add"]["maximum"]


def test_a_snapshot_that_was_saved_is_kept(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Right after `--gas-save`, `--gas-check` finds nothing, and the file has a function a line in order."""
    assert ran(counter, capsys, gas_save=True)["exit"] == 0

    said = ran(counter, capsys, gas_check=True)

    assert (said["exit"], said["gas_changes"]) == (0, [])
    row = r'^    "([^"]+)": \{"minimum": \d+, "median": \d+, "maximum": \d+, "bound": \d+\},?$'
    names = re.findall(row, Path("gas.json").read_text(), re.MULTILINE)
    assert names == sorted(names)
    assert "counter.tael:Counter.add" in names


def test_what_got_dearer_is_told_with_percent(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A function that uses more gas fails the check beyond the tolerance, and not within it."""
    ran(counter, capsys, gas_save=True)
    written(TESTS, "counter.tael", COUNTER.replace("self.total += 1", "self.total += i * 0 + 1"))

    said = ran(counter, capsys, gas_check=True)
    changed = {change["function"]: change for change in said["gas_changes"]}

    assert said["exit"] == 1
    assert 0 < changed["counter.tael:Counter.add"]["percent"]["median"] < 10
    assert "counter.tael:Counter.value" not in changed
    assert ran(counter, capsys, gas_check=True, tolerance=10.0)["exit"] == 0
    lines = shown(counter, capsys, gas_check=True)
    assert any(re.match(r"Counter\.add +minimum +[\d_]+ +[\d_]+ +\+\d+\.\d\d %", line) for line in lines)


def test_functions_that_come_and_go_are_changes(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A snapshot without a function, or with one that nobody calls any more, is not up to date."""
    ran(counter, capsys, gas_save=True)
    written(TESTS.replace("    assert read c.value() == 12\n", ""), "counter.tael", COUNTER)
    gone = ran(counter, capsys, gas_check=True)
    ran(counter, capsys, gas_save=True)
    written(TESTS, "counter.tael", COUNTER)
    new = ran(counter, capsys, gas_check=True)

    assert [(c["function"], c["after"]) for c in gone["gas_changes"]] == [("counter.tael:Counter.value", None)]
    assert [(c["function"], c["before"]) for c in new["gas_changes"]] == [("counter.tael:Counter.value", None)]
    assert (gone["exit"], new["exit"]) == (1, 1)


def test_other_files_stay_in_the_snapshot(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Saving the gas of one file leaves that of others, and drops that of files that are gone."""
    other, third = (written(TESTS, name, COUNTER) for name in ("other.tael", "third.tael"))
    for path in (counter, other, third):
        ran(path, capsys, gas_save=True)
    third.unlink()

    ran(counter, capsys, gas_save=True)

    files = {name.partition(":")[0] for name in json.loads(Path("gas.json").read_text())["functions"]}
    assert files == {"counter.tael", "other.tael"}
    assert ran(counter, capsys, gas_check=True)["gas_changes"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no gas snapshot"),
        ("{", "not JSON"),
        ("[1]", "not a gas snapshot of version 1"),
        (
            '{"version": 1, "schedule": SCHEDULE, "runs": 5, "seed": 0, "functions": {"a": {"minimum": "x"}}}',
            "not a gas snapshot",
        ),
        ('{"version": 1, "schedule": 2, "runs": 5, "seed": 0, "functions": {}}', "under gas schedule 2"),
        ('{"version": 1, "schedule": SCHEDULE, "runs": 7, "seed": 0, "functions": {}}', "with --runs 7 --seed 0"),
    ],
)
def test_a_snapshot_that_cannot_be_compared_is_a_problem(
    text: str | None, said: str, counter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing, damaged, or was made in another way is said, with what to do."""
    if text is not None:
        Path("gas.json").write_text(text.replace("SCHEDULE", str(GAS_SCHEDULE_VERSION)))
    with pytest.raises(Problem, match=said) as raised:
        ran(counter, capsys, gas_check=True)
    assert "--gas-save" in raised.value.remedy


@pytest.mark.parametrize("asked", [{"gas_save": True, "rerun": True}, {"gas_check": True, "fail_fast": True}, {"tolerance": 1.0}])
def test_a_part_of_the_tests_makes_no_snapshot(
    asked: dict[str, object], counter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A snapshot is of all tests of a file."""
    with pytest.raises(Problem):
        ran(counter, capsys, **asked)


def test_a_failed_test_saves_no_gas(capsys: pytest.CaptureFixture[str]) -> None:
    """What failing tests used is no measure."""
    path = written('test "wrong":\n    let c = deploy Counter()\n    assert 1 == 2\n', "c.tael", COUNTER)

    assert ran(path, capsys, gas_save=True)["exit"] == 1
    assert not Path("gas.json").exists()


def test_a_profile_adds_up(counter: Path) -> None:
    """Its total is the gas of all tests but for deploying; folded stacks and speedscope say the same."""
    watch, used = watched(counter)
    root = profile(watch.meter)
    gas = used - sum(trial.deploying for trial in watch.meter.trials.values())

    assert root.total == gas
    lines = [line.rpartition(" ") for line in folded(root).splitlines()]
    assert sum(int(line[2]) for line in lines) == gas
    scope = json.loads(speedscope(root))
    assert sum(scope["profiles"][0]["weights"]) == scope["profiles"][0]["endValue"] == gas
    frames = scope["shared"]["frames"]
    told = [[frames[frame]["name"] for frame in sample] for sample in scope["profiles"][0]["samples"]]
    assert ["Caller.twice", "18: call Adds(at).add(n)", "Counter.add", "8: self.total += 1"] in told
    assert all(frame.get("file", "counter.tael") == "counter.tael" for frame in frames)


def test_a_flame_graph_is_xml_that_shows_every_wide_box(counter: Path) -> None:
    """The picture has a box with a title for what was called, within the box of its caller, and no outside resources."""
    measured = profile(watched(counter)[0].meter)
    picture = flame(measured)

    root = ElementTree.fromstring(picture)
    name = "{http://www.w3.org/2000/svg}"
    boxes = {}
    for group in root.iter(f"{name}g"):
        rect, title = group.find(f"{name}rect"), group.find(f"{name}title")
        assert rect is not None
        assert title is not None
        boxes[(title.text or "").splitlines()[0]] = (float(rect.get("x", "")), float(rect.get("width", "")), title.text)
    assert f"{measured.total:_} gas, 100.00 %" in (boxes["all tests"][2] or "")
    outer, inner = boxes["Caller.twice"], boxes["18: call Adds(at).add(n)"]
    assert outer[0] <= inner[0]
    assert inner[0] + inner[1] <= outer[0] + outer[1] + 0.02
    assert "prefers-color-scheme: dark" in picture
    assert not re.search(r"(href|src|url\()", picture)


def test_lines_show_their_gas(counter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line has the gas of its own and how often it ran; all lines together have that of their functions."""
    lines = {row["line"]: row for row in ran(counter, capsys, gas_lines=True)["gas_lines"][0]["lines"]}
    watch, gas = watched(counter)

    assert lines[8]["runs"] == 1 + 2 + 9 + 3 + 3
    assert sum(row["gas"] for row in lines.values()) == gas - sum(t.deploying + t.bringing for t in watch.meter.trials.values())
    text = "\n".join(shown(counter, capsys, gas_lines=True))
    assert re.search(r"^ +[\d_]+ +18 +8 \|         +self\.total \+= 1$", text, re.M), text


@pytest.mark.parametrize("path", sorted((ROOT / "contracts" / "examples").glob("*.tael")), ids=lambda path: path.stem)
def test_the_gas_of_examples_is_within_its_bounds_and_adds_up(path: Path) -> None:
    """Of every test of one case, all gas is told once, and no call used more than the bound of its function."""
    compilation = compile_file(path)
    assert compilation.checked is not None
    suite, watch = Suite(compilation.checked), Watch()
    for test in compilation.checked.tests:
        if test.parameters:
            continue
        name = test.declaration.name.value
        result = suite.run(test, Options(), watch.onlooker(str(path), name))
        trial = watch.meter.trials[str(path), name]
        assert trial.deploying + trial.bringing + sum(sum(node.spent()) for node in trial.nodes()) == result.gas
    rows = function_gas(watch.meter, [Subject(str(path), compiled) for compiled in compilation.contracts.values()])
    assert rows
    assert all(row.maximum <= row.bound.maximum for row in rows if not row.bound.calls_max)
