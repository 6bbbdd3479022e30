"""What a failed test tells: values of the parts, what came instead, what the machine found and wanted; and how much of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from explained_jar import JAR, STORY, trouble_of, write_jar

from kit.record.entries import Scene
from kit.testing import Options, run
from kit.testing.suite import Suite
from lang.compiler import compile_text


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_parts_of_what_was_asserted_come_with_their_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Parts within parts, and none that was not looked at."""
    trouble = trouble_of("assert jar.money + 1.00 CNY == read jar.left() and jar.owner == b", tmp_path, capsys)

    assert [(fact["text"], fact["value"]) for fact in trouble["values"]] == [
        ("jar.money + 1.00 CNY == read jar.left()", "false"),
        ("jar.money + 1.00 CNY", "21.00 CNY"),
        ("jar.money", "20.00 CNY"),
        ("read jar.left()", "30.00 CNY"),
    ]


def test_what_is_asserted_is_looked_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To tell the values, nothing is asked again."""
    trouble = trouble_of("assert read jar.left() == 31.00 CNY", tmp_path, capsys)

    assert sum(line.startswith("read jar.left()") for line in trouble["story"]) == 1


@pytest.mark.parametrize(
    ("statement", "reasons"),
    [
        ("assert jar.money == 21.00 CNY", ["the left side is 1.00 CNY less"]),
        (
            "assert read jar.shown() == Terms(51.00 CNY, now + 1 day)",
            [".most: 50.00 CNY on the left, 51.00 CNY on the right"],
        ),
        (
            "call jar.save(120.00 CNY) as a",
            ["a has 100.00 CNY, and 120.00 CNY is wanted: 20.00 CNY too little"],
        ),
        ("call jar.take(21.00 CNY) as a", ["self.money holds 20.00 CNY, and 21.00 CNY is wanted of it"]),
        (
            "call jar.extend(2 days) as b",
            [
                "b calls extend, which lets in:",
                "self.owner, which is a",
                "any of self.friends, which is c",
            ],
        ),
        (
            "call jar.close() as a",
            ["phase Closed is a final one, and there is still money:", "self.money holds 20.00 CNY"],
        ),
        ("assert read jar.share(c) == 0.00 CNY", ["self.shares has nothing at c"]),
        ("pay 1.00 CNY to jar as a", ["jar is a contract, and only wallets are paid; call a function of it"]),
        (
            "call jar.save(31.00 CNY) as b",
            [
                "this was required: self.money.amount + amount <= self.terms.most",
                "self.money.amount + amount = 51.00 CNY",
                "  self.money.amount        = 20.00 CNY",
                "  amount                   = 31.00 CNY",
                "self.terms.most            = 50.00 CNY",
            ],
        ),
        (
            "assert read jar.left() - 31.00 CNY == 0.00 CNY",
            ["in read jar.left() - 31.00 CNY", "read jar.left() = 30.00 CNY"],
        ),
        (
            "expect event Saved(a, 2.00 CNY): call jar.save(1.00 CNY) as b",
            [
                "Saved came with other values:",
                "          wanted    came",
                "  by      a         b",
                "  amount  2.00 CNY  1.00 CNY",
            ],
        ),
        (
            "expect Enough(20.00 CNY, 49.00 CNY): call jar.save(31.00 CNY) as b",
            ["        wanted     came", "  held  20.00 CNY  the same", "  most  49.00 CNY  50.00 CNY"],
        ),
        ("expect event Saved: call jar.admit(b) as a", ["no event came"]),
    ],
)
def test_a_failure_says_what_was_there_and_what_was_wanted(
    statement: str, reasons: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which wallet, vault, authority, phase, key or condition; or what came instead, side by side."""
    assert trouble_of(statement, tmp_path, capsys)["reasons"] == reasons


def test_a_function_of_another_phase_says_in_which_one_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The present phase, and those in which it runs."""
    trouble = trouble_of("call jar.take(20.00 CNY) as a\n    call jar.close() as a\n    call jar.close() as a", tmp_path, capsys)

    assert trouble["reasons"] == ["jar is in phase Closed; close runs in Open"]


def test_a_broken_invariant_is_told_with_its_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its text, and the values that it found."""
    calls = "\n    ".join(["call jar.save(30.00 CNY) as b", *["call jar.miscount() as b"] * 2])

    reasons = trouble_of(calls, tmp_path, capsys)["reasons"]

    assert reasons[0] == "this does not hold: phase is Closed or self.total <= self.terms.most + 1.00 CNY"
    assert [reason.split(" = ")[1] for reason in reasons[1:]] == ["false", "false", "52.00 CNY", "51.00 CNY", "50.00 CNY"]


def test_data_has_the_whole_tree_of_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Calls with arguments by name, results, gas and failures; money, events, state before and after."""
    trouble = trouble_of("call jar.save(31.00 CNY) as b", tmp_path, capsys)

    saved = next(call for call in trouble["calls"] if call["text"] == "jar.save(coin: 20.00 CNY) as b")
    (function,) = saved["inside"]
    credited = next(entry for entry in function["inside"] if entry["kind"] == "call")
    assert function["arguments"] == {"coin": "20.00 CNY"}
    assert credited["inside"][1] == {
        "kind": "write",
        "field": "total",
        "key": None,
        "before": "0.00 CNY",
        "value": "20.00 CNY",
    }
    assert 0 < credited["gas"] < function["gas"] < saved["gas"]
    assert trouble["calls"][-1]["failure"] == "Enough(held: 20.00 CNY, most: 50.00 CNY)"


def _shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], verbose: int) -> str:
    passing = 'test "a little is saved":\n    let a = wallet(each=1.00 CNY)\n    let jar = deploy Jar(50.00 CNY) as a\n'
    run([write_jar(tmp_path, f"{passing}    call jar.save(1.00 CNY) as a\n\n{STORY}")], Options(verbose=verbose))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("verbose", "there", "not_there"),
    [
        (0, ["b hands over 40.00 CNY to jar"], ["ok ", "b hands over 20.00 CNY", "a hands over", " │ credit"]),
        (1, ["ok ", "b hands over 40.00 CNY to jar"], ["b hands over 20.00 CNY", "a hands over", " │ credit"]),
        (2, ["ok ", "b hands over 20.00 CNY to jar"], ["a hands over", " │ credit"]),
        (3, ["a hands over 1.00 CNY to jar", "b hands over 20.00 CNY to jar"], [" │ credit"]),
        (4, ["a hands over 1.00 CNY to jar", " │ credit(sender, amount)", "before = 0.00 CNY"], []),
    ],
)
def test_each_level_tells_more(
    verbose: int, there: list[str], not_there: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last call; each test; stories of failures; of all; every line."""
    said = _shown(tmp_path, capsys, verbose)

    assert [text for text in there if text not in said] == []
    assert [text for text in not_there if text in said] == []


def test_no_colour_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Styles are for terminals."""
    assert "\x1b" not in _shown(tmp_path, capsys, 4)


def test_a_long_story_loses_its_middle_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The beginning and the end stay; how many lines are missing is told."""
    calls = "    for i in 0..100:\n        call jar.admit(b) as a\n"
    tests = (
        f'test "long":\n    let a, b = wallets(2)\n    let jar = deploy Jar(1.00 CNY) as a\n{calls}    assert jar.owner == b\n'
    )

    run([write_jar(tmp_path, tests)], Options(verbose=2))
    said = capsys.readouterr().out

    assert "lines are left out" in said
    assert "deploy Jar(most: 1.00 CNY)" in said


def test_gas_of_lines_is_what_the_meter_counted() -> None:
    """Whatever a function does, what its transaction took and its lines did not is the same: the way in."""
    calls = "".join(f"    call jar.count({times})\n" for times in (1, 7, 50))
    checked = compile_text(f'{JAR}test "it":\n    let jar = deploy Jar(1.00 CNY)\n{calls}').checked
    assert checked is not None

    root = Suite(checked).recorded(checked.tests[0], {}).record.root

    transactions = [entry for entry in root.entries if isinstance(entry, Scene)][1:]
    functions = [next(entry for entry in scene.entries if isinstance(entry, Scene)) for scene in transactions]
    lines = [sum(line.gas for line in function.lines) for function in functions]
    assert lines == sorted(set(lines))
    assert len({scene.gas - gas for scene, gas in zip(transactions, lines, strict=True)}) == 1
