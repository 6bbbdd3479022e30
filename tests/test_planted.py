"""Ten contracts with one planted bug each, and their twins without: every bug is found, nothing is said of a twin."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.testing.options import Options
from kit.testing.results import Result
from kit.testing.runner import run_file
from lang.compiler import compile_text

HERE = Path(__file__).parent / "planted"
HISTORIES = 100
"""What `tael test` plays where nobody says how many; the twins are played ten times as many."""
HISTORIES_SHORT = 3
"""Of a twin in the default run."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug: what people call it, the fewest steps that show it, and why fewer cannot."""

    name: str
    kind: str
    steps: int
    why: str


PLANTED = (
    Planted("vesting", "arithmetic", 2, "the first release is right: only what it left in the books is wrong"),
    Planted("escrow", "authorization by the wrong party", 2, "nothing can come back before something was paid in"),
    Planted("campaign", "trapped funds", 3, "a gift is at most 60.00, so the goal of 100.00 takes two; then the last day passes"),
    Planted("lending", "stale price", 2, "nothing is lent without a pledge; the price grows old while time passes between"),
    Planted("savings", "rounding drain", 2, "a gain in money needs a purchase and a sale"),
    Planted("airdrop", "double claim", 2, "one share is everybody's due"),
    Planted("delivery", "phase skipping", 2, "an order begins two phases before the one that is skipped to"),
    Planted("limits", "limit bypass by splitting", 2, "one payment alone keeps to the limit"),
    Planted("option", "expiry off by one", 2, "only an option that was bought expires"),
    Planted("bill", "wrong remainder", 1, "entering a bill is what divides it"),
)
BY_NAME = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)


@pytest.fixture(autouse=True)
def _nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing histories are remembered below the working folder: every test begins with none."""
    monkeypatch.chdir(tmp_path)


def _text(name: str, folder: str) -> str:
    return (HERE / folder / f"{name}.tael").read_text(encoding="utf-8")


def _results(text: str, *, histories: int, seed: int = 1) -> list[Result]:
    compilation = compile_text(text, "planted.tael")
    assert compilation.checked is not None, compilation.findings
    return list(run_file(compilation.checked, Options(runs=histories, seed=seed)))


def _shown_steps(result: Result) -> int:
    """How many calls the history has that a scenario's trouble tells."""
    assert result.trouble is not None
    said = re.search(r"after (\d+) steps?", result.trouble.message)
    assert said is not None, result.trouble.message
    return int(said[1])


def _broken(results: list[Result]) -> list[Result]:
    return [result for result in results if result.trouble is not None]


def _told(results: list[Result]) -> list[str]:
    return [f"{result.name}: {result.trouble.message}" for result in results if result.trouble is not None]


def test_there_is_a_bug_and_a_twin_for_each_name() -> None:
    """The folders hold what the table above names, and nothing else."""
    names = sorted(f"{planted.name}.tael" for planted in PLANTED)
    for folder in ("bugs", "sound"):
        assert sorted(path.name for path in (HERE / folder).iterdir()) == names


@BY_NAME
def test_only_one_line_of_a_contract_differs(planted: Planted) -> None:
    """Bug and twin are one text but for one line, which is the contract's and no part of what its author states."""
    bug, twin = _text(planted.name, "bugs").splitlines(), _text(planted.name, "sound").splitlines()
    changed = [line for line in difflib.unified_diff(bug, twin, n=0, lineterm="") if line[0] in "+-"][2:]
    assert [line[0] for line in changed] == ["-", "+"]
    assert len(bug) == len(twin) <= 130
    differs = next(number for number, (ours, theirs) in enumerate(zip(bug, twin, strict=True)) if ours != theirs)
    first_statement = next(number for number, line in enumerate(bug) if line.startswith(("test ", "scenario ")))
    assert differs < first_statement
    assert not re.search(r"\b(invariant|ensures)\b", bug[differs])


@BY_NAME
def test_no_text_names_its_bug(planted: Planted) -> None:
    """Neither the contract nor its statements tell what is wrong: there is no comment, and the bug's name is not in the text."""
    text = _text(planted.name, "bugs")
    assert "#" not in text
    assert planted.kind not in text.lower()


@pytest.mark.parametrize(
    "planted",
    [pytest.param(each, marks=[pytest.mark.long] if each.name == "campaign" else [], id=each.name) for each in PLANTED],
)  # money is asked for at the ends of all histories: that takes seconds
def test_a_planted_bug_is_found_with_the_shortest_history(planted: Planted) -> None:
    """The usual budget finds it, only the scenario does, and the history that is shown has the fewest steps."""
    broken = _broken(_results(_text(planted.name, "bugs"), histories=HISTORIES))
    assert len(broken) == 1 and broken[0].play is not None
    assert _shown_steps(broken[0]) == planted.steps


@BY_NAME
def test_nothing_is_said_of_a_twin(planted: Planted) -> None:
    """A few histories of the contract without the bug break nothing."""
    assert _told(_results(_text(planted.name, "sound"), histories=HISTORIES_SHORT)) == []


@pytest.mark.long
@BY_NAME
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_planted_bug_is_found_whatever_the_seed(planted: Planted, seed: int) -> None:
    """What is found hangs on the contract and not on luck, and so does the length of what is shown."""
    broken = _broken(_results(_text(planted.name, "bugs"), histories=HISTORIES, seed=seed))
    assert [_shown_steps(result) for result in broken] == [planted.steps]


@pytest.mark.long
@BY_NAME
def test_fewer_steps_do_not_show_a_planted_bug(planted: Planted) -> None:
    """Histories with one step less find nothing, or nothing that is shorter, in ten times the budget."""
    if planted.steps == 1:
        return  # none at all is the set-up, in which the checks are asked as well
    short = re.sub(r'^(scenario "[^"]*"):', rf"\1 for {planted.steps - 1} steps:", _text(planted.name, "bugs"), flags=re.M)
    assert short != _text(planted.name, "bugs")
    assert all(_shown_steps(result) >= planted.steps for result in _broken(_results(short, histories=10 * HISTORIES)))


@pytest.mark.long
@BY_NAME
def test_nothing_is_said_of_a_twin_with_ten_times_the_budget(planted: Planted) -> None:
    """No false alarm in ten times the histories within which the bugs are found."""
    assert _told(_results(_text(planted.name, "sound"), histories=10 * HISTORIES)) == []


REFUSED = [
    pytest.param(
        "vesting", "mul_div(self.total, passed.ms, self.lasts.ms, down)", "self.total * passed", "E0302", id="arithmetic"
    ),
    pytest.param("escrow", "by self.seller in Funded", "in Funded", "E0501", id="authorization-of-nobody"),
    pytest.param("campaign", "        self.pot.put(money)\n", "", "E0401", id="trapped-funds"),
    pytest.param("lending", "now - self.priced_at <= AGE_MAX", "self.priced_at <= AGE_MAX", "E0302", id="stale-price"),
    pytest.param(
        "savings", "self.pot.amount, down)\n        require", "self.pot.amount)\n        require", "E0307", id="rounding"
    ),
    pytest.param(
        "airdrop",
        "pay(who, self.money.take(self.share))",
        "let part = self.money.take(self.share)\n        pay(who, part)\n        pay(sender, part)",
        "E0402",
        id="double-claim",
    ),
    pytest.param("delivery", "in Accepted:", "in Ordered:", "E0503", id="phase-skipping"),
    pytest.param("option", "require now > self.expiry else", "require now > self.strike else", "E0302", id="expiry"),
    pytest.param("bill", "amount / self.guests.len rounded down", "amount / self.guests.len", "E0303", id="wrong-remainder"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "code"), REFUSED)
def test_the_types_refuse_the_plainest_form_of_a_bug(name: str, right: str, wrong: str, code: str) -> None:
    """Where a bug's crudest form would not compile, the finding says so; what is planted gets past the types."""
    text = _text(name, "sound")
    assert right in text
    compilation = compile_text(text.replace(right, wrong, 1), "refused.tael")
    assert code in [finding.code for finding in compilation.findings]
