"""Mutation: what is changed, what becomes of it, and that it comes out alike every time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kit.main import run as tael
from kit.mutation.memory import Known, read_memory
from kit.mutation.mutants import mutants
from kit.mutation.operators import OPERATORS
from kit.mutation.work import Choice, Report, run
from lang.compiler import compile_file, compile_text

FOLDER = Path(__file__).parent / "mutation"
ROOT = Path(__file__).parents[2]
JAR = '''"""A jar."""

contract Jar:
    owner: Address
    most: Amount
    money: Vault

    event Saved(by: Address, amount: Amount)
    error Full(left: Amount)

    init(most: Amount):
        self.owner = sender
        self.most = most

    pub fn save(coin: Coin) by anyone:
        require self.money.amount + coin.amount <= self.most else Full(self.most - self.money.amount)
        emit Saved(sender, coin.amount)
        self.money.put(coin)

    pub fn empty() by self.owner:
        pay(self.owner, self.money.take_all())


test "the owner empties it":
    let owner, friend = wallets(2, each=100.00 CNY)
    let jar = deploy Jar(50.00 CNY) as owner
    expect event Saved(friend, 50.00 CNY): call jar.save(50.00 CNY) as friend
    call jar.empty() as owner
    assert balance(owner) == 150.00 CNY

test "it takes no more" for any n: Amount where n > 50.00 CNY and n <= 100.00 CNY:
    let owner, friend = wallets(2, each=100.00 CNY)
    let jar = deploy Jar(50.00 CNY) as owner
    expect Full(50.00 CNY): call jar.save(n) as friend
'''


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def judged(text: str, **choice: Any) -> Report:
    """What became of the mutants of a text, in this process."""
    Path("jar.tael").write_text(text, "utf-8")
    return run([Path("jar.tael")], Choice(**{"runs": 3, "jobs": 1, **choice}), "test", lambda done, of: None)


def states(report: Report) -> list[tuple[str, str, str, str | None]]:
    """Every mutant with what became of it."""
    return [(j.mutant.operator, j.mutant.says, j.verdict.state, j.verdict.test) for j in report.judged]


def test_operators_make_what_the_golden_file_says() -> None:
    """Each operator's mutants of a contract, line by line, are those that were read and agreed to."""
    path = FOLDER / "operators.tael"
    checked = compile_file(path).checked
    assert checked is not None

    made = [
        f"{mutant.operator}:{number}: {before.strip()} → {after.strip()}\n"
        for mutant in mutants(checked)
        for number, before, after in mutant.diff(checked.file.source)
    ]

    assert "".join(made) == (FOLDER / "operators.golden").read_text("utf-8")


def test_every_operator_has_a_golden_example() -> None:
    """The golden file shows what each of them does."""
    shown = {line.split(":")[0] for line in (FOLDER / "operators.golden").read_text("utf-8").splitlines()}
    assert shown == OPERATORS.keys()


def test_promises_are_not_changed() -> None:
    """An invariant is a test: a weaker one is noticed by nobody."""
    checked = compile_text(
        JAR.replace("    pub fn empty", "    invariant self.money.amount <= self.most\n\n    pub fn empty")
    ).checked
    assert checked is not None
    line = checked.file.source.text.split("\n").index("    invariant self.money.amount <= self.most") + 1
    assert all(line not in mutant.lines(checked.file.source) for mutant in mutants(checked))


def test_mutants_are_killed_survive_or_are_none() -> None:
    """A test that fails kills; what no test looks at survives; what does not compile is no mutant."""
    outcomes = states(judged(JAR))

    assert ("drop", "`emit Saved(sender, coin.amount)` was left out", "killed", "the owner empties it") in outcomes
    assert ("by", "`self.owner` became `anyone`", "survived", None) in outcomes
    assert ("drop", "`self.money.put(coin)` was left out", "refused", None) in outcomes


def test_the_share_leaves_out_what_is_no_mutant() -> None:
    """The share is of those that were killed or survived."""
    report = judged(JAR)
    killed, survived = report.count("killed"), len(report.survivors)

    assert survived > 0
    assert report.share == pytest.approx(100 * killed / (killed + survived))
    assert killed + survived < len(report.judged)


def test_a_remark_explains_a_survivor() -> None:
    """`# same by: reason` takes it out of the share and names the reason; where tests notice the change it is called stale."""
    said = JAR.replace("by self.owner:\n", "by self.owner:  # same by: it is the owner's loss\n")
    said = said.replace("        emit Saved", "        # same drop: nobody listens\n        emit Saved")

    report = judged(said)

    assert [judged.mutant.operator for judged in report.explained] == ["by"]
    assert "it is the owner's loss" in {j.remark.reason for j in report.explained if j.remark is not None}
    assert [remark.names for _, remark in report.stale] == [{"drop"}]


def test_runs_come_out_alike() -> None:
    """The same text gives the same verdicts, whatever was remembered, and a sample is chosen by the seed."""
    first = states(judged(JAR, remember=False))

    assert states(judged(JAR)) == first
    assert states(judged(JAR)) == first
    some = states(judged(JAR, most=6, seed=3))
    assert len(some) == 6
    assert set(some) <= set(first)
    assert some == states(judged(JAR, most=6, seed=3, remember=False))
    assert some != states(judged(JAR, most=6, seed=4))


def test_what_is_remembered_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run compiles nothing; a changed test is run against the survivors alone."""
    before = judged(JAR)
    compiled: list[str] = []

    def compile_again(text: str, path: str) -> Any:
        compiled.append(text)
        return compile_text(text, path)

    monkeypatch.setattr("kit.mutation.judge.compile_text", compile_again)
    again = judged(JAR)
    assert states(again) == states(before)
    assert len(compiled) == 1  # the file itself

    compiled.clear()
    stricter = JAR + (
        '\ntest "strangers do not empty it":\n    let owner, thief = wallets(2, each=1.00 CNY)\n'
        "    let jar = deploy Jar(50.00 CNY) as owner\n    expect NotAuthorized: call jar.empty() as thief\n"
    )
    after = judged(stricter)
    assert len(compiled) == 1 + len(before.survivors)
    assert ("by", "`self.owner` became `anyone`", "killed", "strangers do not empty it") in states(after)


def test_what_was_found_out_of_an_earlier_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Going back to it needs no run."""
    before = states(judged(JAR))
    judged(JAR.replace("        emit Saved(sender, coin.amount)\n", "        emit Saved(sender, coin.amount)\n        # more\n"))
    monkeypatch.setattr("kit.mutation.judge.Judge.judge", None)
    assert states(judged(JAR)) == before


def test_a_memory_that_is_none_is_not_believed(tmp_path: Path) -> None:
    """What is not a memory of ours is as good as nothing."""
    for text in ("", "[]", '{"format": 0}', '{"format": 1, "compiled": 3, "killed": {"a": 1}, "unnoticed": {"b": 2}}'):
        (tmp_path / "memory").write_text(text)
        assert read_memory(tmp_path / "memory") == Known()


def test_what_stands_outside_of_contracts_is_changed_too() -> None:
    """Constants and pure functions are seen by the contracts and the tests that use them."""
    text = (
        "const FEE: u64 = 3\n\npure fn double(n: u64) -> u64:\n    return n * 2\n\n"
        "contract A:\n    pure fn fee() -> u64:\n"
        "        return double(FEE)\n\n"
        'test "fee":\n    let a = deploy A()\n    assert read a.fee() == 6\n    assert double(2) == 4\n'
    )
    report = judged(text)

    assert report.survivors == []
    assert {j.mutant.contract for j in report.judged} == {None, "A"}
    assert report.count("killed") >= 4


def test_one_contract_or_function_may_be_chosen() -> None:
    """`--contract` and `--match` leave the rest alone."""
    assert {j.mutant.function for j in judged(JAR, match="EMP").judged} == {"empty"}
    assert judged(JAR, contract="Nothing").judged == []


def test_a_mutant_that_takes_far_too_long_is_stopped_by_its_gas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that needs many times the gas of the test is noticed by that."""
    text = (
        "contract A:\n    view fn last(n: u64) -> u64:\n        let i = 0\n        for _ in 0..min(n, 50_000) max 60_000:\n"
        "            for _ in 0..5:\n                i = (i + 1) mod 5\n"
        '        return n + i\n\ntest "last":\n    let a = deploy A()\n    assert read a.last(5) == 5\n'
    )
    report = judged(text)

    assert ("extreme", "`min` became `max`", "killed", "last") in states(report)
    monkeypatch.setattr("kit.mutation.trial.GAS_FACTOR", 10_000)
    assert ("extreme", "`min` became `max`", "survived", None) in states(judged(text, remember=False))


def test_tests_must_pass_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a test fails as it is, nothing is changed, and the command says which."""
    Path("jar.tael").write_text(JAR.replace("150.00 CNY", "151.00 CNY"), "utf-8")

    assert tael(["mutate", "jar.tael", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "TestsFail"


def test_the_command_says_what_survived_as_a_diff(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 1 below `--min`, 0 from it on; a survivor is shown with its line before and after."""
    Path("jar.tael").write_text(JAR, "utf-8")

    assert tael(["mutate", "jar.tael", "--runs", "5", "-j", "1", "--min", "99.5"]) == 1
    said = capsys.readouterr().out
    assert "-     pub fn empty() by self.owner:\n" in said
    assert "+     pub fn empty() by anyone:\n" in said
    assert "run by “the owner empties it”" in said
    assert tael(["mutate", "jar.tael", "--runs", "5", "-j", "1", "--min", "50", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["killed"] + plain["survived"] + plain["refused"] + plain["equal"] + plain["double"] == plain["judged"]
    assert tael(["mutate", "jar.tael", "--contract", "Nothing"]) == 2


@pytest.mark.long
def test_processes_come_to_what_one_process_comes_to() -> None:
    """Verdicts do not depend on how many helped."""
    assert states(judged(JAR, jobs=2, remember=False)) == states(judged(JAR, jobs=1, remember=False))


@pytest.mark.long
def test_the_examples_kill_nine_in_ten_of_their_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every example's mutants its own tests notice 90 % at least, the explained ones counted as unnoticed, and the page has
    the figures.
    """
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "mutation.md").read_text("utf-8")
    paths = sorted(Path("contracts/examples").glob("*.tael"))
    report = run(paths, Choice(remember=False), "test", lambda done, of: None)
    rows = []
    for path in paths:
        part = Report([judged for judged in report.judged if judged.source.path == str(path)])
        killed, survived = part.count("killed"), part.count("survived")
        assert killed >= 0.9 * (killed + survived), path.name
        explained = len(part.explained)
        rows.append(f"| {path.stem} | {killed + survived} | {killed} | {explained} | {len(part.survivors)} |")
    for row in rows:
        assert row in page
    for judged in [*report.explained, *report.survivors]:
        assert re.search(rf"`{Path(judged.source.path).stem}`, lines? .*\b{judged.line}\b", page), judged
