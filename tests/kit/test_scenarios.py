"""Scenarios: what they find, how small they make it, what they write, and that they are quiet about what is sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scenario_contracts import FORGETFUL, HONEST, POT, SOUND

from kit.testing import Options, run
from kit.testing.results import Result
from kit.testing.runner import run_file
from kit.testing.scenario import run_scenario
from kit.testing.scenario.explore import Explorer, Found
from kit.testing.scenario.shrink import Shrinker
from kit.testing.scenario.stage import Stage, Step
from kit.testing.scenario.write import duration, money, rate
from kit.testing.suite import Suite
from lang.compiler import compile_file, compile_text
from lang.formatter import format_text

ROOT = Path(__file__).parents[2]
DRAINED = """
scenario "nobody gains" for 30 steps:
    let a, b, c = wallets(3, each=100.00 CNY)
    let pot = deploy Pot(7 days) as a
    act pot
    check balance(a) + balance(b) + balance(c) + balance(pot) == 300.00 CNY
    check balance(a) <= 100.00 CNY
    may keep money
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def played(text: str, **options: Any) -> Result:
    """What came of the last scenario of a text."""
    compilation = compile_text(text, "pot.tael")
    assert compilation.checked is not None
    assert compilation.findings == []
    return run_scenario(Suite(compilation.checked), compilation.checked.scenarios[-1], Options(**options))


def said(path: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    """What `tael test --json` says of a file."""
    run([path], Options(as_json=True, **options))
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def staged(text: str) -> Stage:
    """The stage of the last scenario of a text."""
    compilation = compile_text(text, "pot.tael")
    assert compilation.checked is not None
    scenario = compilation.checked.scenarios[-1]
    return Stage(scenario, Suite(compilation.checked).world(scenario))


# ── What is found ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_check_that_breaks_is_shrunk_to_the_shortest_history() -> None:
    """Who gave once takes twice: one gives and takes, another gives, the first takes again, and nothing more is told."""
    trouble = played(POT + DRAINED).trouble

    assert trouble is not None
    assert trouble.message == "this does not hold, after 4 steps"
    assert [line.strip() for line in trouble.test.splitlines()[3:]] == [
        "call pot.give(0.01 CNY) as a",
        "advance(1 week)",
        "call pot.back() as a",
        "call pot.give(0.01 CNY) as b",
        "call pot.back() as a",
        "assert balance(a) <= 100.00 CNY",
    ] or trouble.test.count("call ") == 4
    assert ("balance(a)", "100.01 CNY") in trouble.facts
    assert any("pot.back() as a" in line for line in trouble.story)


def test_the_test_that_is_shown_fails_alike_when_pasted(tmp_path: Path) -> None:
    """The block compiles behind the scenario's file, and its assertion is the check that broke."""
    trouble = played(POT + DRAINED).trouble
    assert trouble is not None
    path = tmp_path / "pasted.tael"
    path.write_text(POT + "\n" + trouble.test)
    checked = compile_file(path).checked
    assert checked is not None

    (pasted,) = run_file(checked, Options())

    assert pasted.trouble is not None
    assert pasted.trouble.message == "this does not hold"
    assert pasted.trouble.facts == trouble.facts


def test_a_broken_invariant_is_found_and_its_place_told() -> None:
    """A promise of the contract is asked after every step, without any check."""
    text = """
contract Counter:
    n: u64 = 0

    pub fn add(k: u64) by anyone:
        self.n += min(k, 3)

    invariant self.n < 7

scenario "counts":
    let a = wallet(each=1.00 CNY)
    let counter = deploy Counter() as a
    act counter
"""
    trouble = played(text).trouble

    assert trouble is not None
    assert "InvariantBroken" in trouble.message
    assert trouble.test.count("call counter.add") == 3


def test_old_in_a_check_is_what_was_before_the_step() -> None:
    """A number that may only grow is caught where it falls, and the test remembers the value before the last call."""
    text = """
contract Counter:
    n: u64 = 0

    pub fn add() by anyone:
        self.n += 1
        if self.n == 3:
            self.n = 1

scenario "grows":
    let a = wallet(each=1.00 CNY)
    let counter = deploy Counter() as a
    act counter
    check counter.n >= old(counter.n)
"""
    trouble = played(text).trouble

    assert trouble is not None
    lines = [line.strip() for line in trouble.test.splitlines()]
    assert lines[-3:] == ["let before = counter.n", "call counter.add() as a", "assert counter.n >= before"]
    assert lines.count("call counter.add() as a") == 3


def test_money_that_an_arm_forgets_to_pay_is_found_trapped() -> None:
    """A claim that marks itself as paid and pays nothing leaves money that nobody gets out; its twin is quiet."""
    found, quiet = played(FORGETFUL, runs=10), played(HONEST, runs=10)

    assert found.trouble is not None
    assert "trapped in shop" in found.trouble.message
    assert found.trouble.test.splitlines()[-1].strip() == "assert balance(shop) == 0.00 CNY  # nobody gets it out"
    assert quiet.trouble is None


def test_money_may_be_kept_if_the_scenario_says_so() -> None:
    """`may keep money` turns the question off."""
    assert played(FORGETFUL + "    may keep money\n", runs=10).trouble is None


def test_a_check_that_does_not_hold_at_first_is_told_before_any_step() -> None:
    """The set-up breaks it, so no history is played."""
    result = played(POT + DRAINED.replace("<= 100.00 CNY", "<= 99.00 CNY"))

    assert result.trouble is not None
    assert "before the first step" in result.trouble.message
    assert result.trouble.facts == [("balance(a)", "100.00 CNY")]
    assert result.play is None


def test_a_set_up_that_fails_is_told_like_a_test() -> None:
    """The failing call, its place and the story, as if the set-up were a test."""
    trouble = played(POT + DRAINED.replace("    act pot\n", "    call pot.back() as a\n    act pot\n")).trouble

    assert trouble is not None
    assert "failed with TooEarly" in trouble.message


def test_a_function_that_never_succeeds_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told although nothing failed, with the errors that it ended in."""
    path = tmp_path / "never.tael"
    path.write_text(POT + DRAINED.replace("    check balance(a) <= 100.00 CNY\n", ""))

    run([path], Options(runs=10))

    assert "note: pot.never never succeeded in" in capsys.readouterr().out


# ── The same again ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_plays_the_same() -> None:
    """Calls, successes and errors of every function are the same for one seed and others for another."""

    def tallies(seed: int) -> object:
        play = played(HONEST, runs=3, seed=seed).play
        assert play is not None
        return [(tally.name, tally.calls, tally.successes, tally.errors) for tally in play.tallies]

    assert tallies(1) == tallies(1)
    assert tallies(1) != tallies(2)


def test_a_failing_history_is_remembered_and_tried_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the next run it fails again without a single new history; once it is mended it is forgotten."""
    path = tmp_path / "pot.tael"
    path.write_text(POT + DRAINED)
    first = said(path, capsys)["tests"][0]
    again = said(path, capsys)["tests"][0]

    assert again["trouble"]["test"] == first["trouble"]["test"]
    assert again["scenario"]["histories"] == 0
    remembered = list(Path(".tael/examples/scenarios").glob("nobody-gains-*.json"))
    assert json.loads(remembered[0].read_text())["steps"][0]["call"] == "pot.give"

    path.write_text(POT + DRAINED.replace("    check balance(a) <= 100.00 CNY\n", ""))
    assert said(path, capsys, runs=5)["failed"] == 0
    assert not list(Path(".tael/examples/scenarios").glob("*.json"))


@pytest.mark.parametrize("damage", ["{", "[]", '{"steps": [{}]}', '{"steps": 5}', '{"steps": [{"call": "pot.gone"}]}'])
def test_a_memory_that_no_longer_fits_is_passed_over(damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands in the file, the scenario plays."""
    path = tmp_path / "pot.tael"
    path.write_text(POT + DRAINED)
    said(path, capsys)
    (remembered,) = Path(".tael/examples/scenarios").glob("*.json")
    remembered.write_text(damage)

    assert said(path, capsys)["tests"][0]["scenario"]["histories"] > 0


def test_keep_writes_the_test_once_and_leaves_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The block stands behind the scenario, laid out, with a number; a second run writes no second one."""
    path = tmp_path / "pot.tael"
    before = format_text(POT + DRAINED + '\n# the end\ntest "other":\n    assert true\n')
    path.write_text(before)

    said(path, capsys, keep=True)
    once = path.read_text()
    said(path, capsys, keep=True)

    assert path.read_text() == once
    assert format_text(once) == once
    assert 'test "nobody gains 1":' in once
    kept = once[once.index('test "nobody gains 1"') : once.index("# the end")]
    assert once.replace(kept, "") == before
    assert [test["ok"] for test in said(path, capsys)["tests"]] == [False, True, False]


# ── Making small ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
def test_no_step_of_a_shrunk_history_can_be_left_out(seed: int) -> None:
    """It still fails alike, and without any one of its steps, time kept or not, it does not."""
    stage = staged(POT + DRAINED)
    explorer = Explorer(stage, str(seed))
    found = next(came for came in explorer.histories_until(200, None, 30) if isinstance(came, Found))

    def fails(steps: Sequence[Step]) -> bool:
        broken = stage.broken_by(steps)
        return broken is not None and broken[0] == len(steps) and broken[1].key == found.broken.key

    small = Shrinker(stage, fails).run(found.steps)

    assert fails(small)
    assert len(small) <= len(found.steps)
    for place in range(len(small)):
        assert not fails(small[:place] + small[place + 1 :])


def test_quantities_are_written_as_people_write_them() -> None:
    """Durations in their largest whole unit, rates as basis points or percent, money with its decimals."""
    assert [duration(ms) for ms in (0, 1, 1_000, 90_000, 86_400_000, 604_800_000, 604_800_001)] == [
        "0 ms",
        "1 ms",
        "1 second",
        "90 seconds",
        "1 day",
        "1 week",
        "604_800_001 ms",
    ]
    assert [rate(value) for value in (0, 25 * 10**8, 10**12, 1)] == ["0 bps", "25 bps", "10_000 bps", "0.0000000001 %"]
    assert [money(123_456, "CNY", 2), money(5, "JPY", 0)] == ["1_234.56 CNY", "5 JPY"]


def test_every_kind_of_argument_is_written_so_that_it_means_the_same() -> None:
    """A history with an argument of each type breaks the same check when it is run as a test."""
    text = """
enum Shape:
    Empty
    Round(radius: u64)

struct Point:
    x: i64
    y: i64

contract All:
    seen: u64 = 0

    pub fn take(a: Address, b: bool, c: Amount, d: Duration, e: Rate, f: Time) by anyone:
        self.seen += 1

    pub fn more(
        g: Text[9], h: Bytes[9], i: List[u8, 3], j: Option[u16], k: (i8, bool), l: Point, m: Shape, n: All
    ) by anyone:
        self.seen += 1

scenario "all":
    let a, b = wallets(2, each=1.00 CNY)
    let all = deploy All() as a
    act all
    check all.seen < 2
"""
    for seed in range(6):
        result = played(text, seed=seed)
        assert result.trouble is not None
        assert result.trouble.test, result.notes


# ── Tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_row_of_a_table_is_a_test_with_its_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are told by what is in them; one that fails does not keep the others from running."""
    path = tmp_path / "table.tael"
    path.write_text(
        'test "small" for (amount, ok) in [(1.00 CNY, true), (3.00 CNY, true), (2.00 CNY, true)]:\n'
        "    assert ok == (amount <= 2.00 CNY)\n"
        'test "bare" for (n, word: Text[9], none) in [(1, "a", Some(2)), (2, "bb", None)]:\n'
        "    assert n == word.len\n"
        "    assert none.is_some == (n == 1)\n"
    )

    told = said(path, capsys)["tests"]

    assert [(test["row"], test["ok"]) for test in told] == [
        ("(amount=1.00 CNY, ok=true)", True),
        ("(amount=3.00 CNY, ok=true)", False),
        ("(amount=2.00 CNY, ok=true)", True),
        ('(n=1, word="a", none=Some(2))', True),
        ('(n=2, word="bb", none=None)', True),
    ]
    assert {"text": "ok", "value": "true"} in told[1]["trouble"]["values"]


# ── Sound contracts ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", SOUND)
def test_sound_contracts_raise_no_alarm(name: str, seed: int) -> None:
    """Scenarios over contracts that are right find nothing, with any seed."""
    path = ROOT / "tests" / "contracts" / f"{name}.tael"
    result = played_file(path, SOUND[name], seed)

    assert result.trouble is None, result.trouble
    assert result.play is not None
    assert sum(tally.successes for tally in result.play.tallies) > 100


def played_file(path: Path, scenario: str, seed: int) -> Result:
    """What came of a scenario that stands behind a file."""
    compilation = compile_text(path.read_text() + "\n" + scenario, str(path))
    assert compilation.checked is not None
    return run_scenario(Suite(compilation.checked), compilation.checked.scenarios[-1], Options(seed=seed))
