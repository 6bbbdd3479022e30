"""The runner of contract tests: what passes, what fails, and what a failure tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.testing import Options, run

JAR = """
contract Jar:
    owner: Address
    money: Vault

    event Saved(amount: Amount)
    error Enough(held: Amount)

    init():
        self.owner = sender

    pub fn save(coin: Coin) by anyone:
        require self.money.amount < 50.00 CNY else Enough(self.money.amount)
        emit Saved(coin.amount)
        self.money.put(coin)

    pub fn empty() by self.owner:
        pay(self.owner, self.money.take_all())

"""


def outcome(tests: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    """What `tael test --json` says of the jar with these tests."""
    path = tmp_path / "jar.tael"
    path.write_text(JAR + tests)
    code = run([path], Options(as_json=True, **options))
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert said["ok"] == (code == 0)
    return said


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_tests_do_not_see_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What one test does is not there in the next."""
    body = """
    let a = wallet(each=100.00 CNY)
    let jar = deploy Jar() as a
    call jar.save(50.00 CNY) as a
    assert balance(a) == 50.00 CNY
"""

    said = outcome(f'test "one":{body}\ntest "two":{body}', tmp_path, capsys)

    assert (said["passed"], said["failed"]) == (2, 0)


def test_a_false_assertion_shows_the_values_and_the_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The parts of the condition come with their values, and the calls before it in order."""
    tests = """
test "wrong":
    let a = wallet(each=100.00 CNY)
    let jar = deploy Jar() as a
    call jar.save(20.00 CNY) as a
    assert jar.money == 21.00 CNY
"""

    trouble = outcome(tests, tmp_path, capsys)["tests"][0]["trouble"]

    assert trouble["values"] == [{"text": "jar.money", "value": "20.00 CNY"}]
    assert trouble["line"] == tests.splitlines().index("    assert jar.money == 21.00 CNY") + JAR.count("\n") + 1
    assert any("jar.save(coin: 20.00 CNY) as a" in line for line in trouble["story"])


def test_a_failing_call_leads_to_its_line_in_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error that nobody expected is named with its values, and with the place that raised it."""
    tests = """
test "too much":
    let a = wallet(each=100.00 CNY)
    let jar = deploy Jar() as a
    call jar.save(50.00 CNY) as a
    call jar.save(1.00 CNY) as a
"""

    trouble = outcome(tests, tmp_path, capsys)["tests"][0]["trouble"]

    assert trouble["message"] == "failed with Enough(held: 50.00 CNY)"
    assert [frame["function"] for frame in trouble["frames"]] == ["Jar.save"]


def test_a_property_is_made_small_and_remembered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The smallest failing case is told, and found again at once in the next run."""
    tests = """
test "never much" for any n: u64 where n < 1_000_000:
    let jar = deploy Jar()
    assert n < 1_000 and jar.owner == jar.owner
"""

    first = outcome(tests, tmp_path, capsys, runs=300)["tests"][0]
    second = outcome(tests, tmp_path, capsys, runs=1)["tests"][0]

    assert first["trouble"]["chosen"] == {"n": "1_000"}
    assert second["trouble"]["chosen"] == {"n": "1_000"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("expect Enough: call jar.save(1.00 CNY) as a", "expected Enough, but nothing failed"),
        ("expect NotAuthorized: call jar.save(200.00 CNY) as a", "failed with InsufficientFunds"),
        ("expect event Saved(2.00 CNY): call jar.save(1.00 CNY) as a", "expected event Saved with these values"),
        ("pay 1.00 CNY to jar as a", "failed with NoWallet(jar)"),
    ],
)
def test_an_expectation_that_is_not_met_says_what_came_instead(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing failed, something else failed, another event came, money went nowhere: each is told as such."""
    tests = f'test "x":\n    let a = wallet(each=100.00 CNY)\n    let jar = deploy Jar() as a\n    {line}\n'

    trouble = outcome(tests, tmp_path, capsys)["tests"][0]["trouble"]

    assert trouble["message"].startswith(message)


def test_coins_of_another_currency_can_be_expected_to_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An amount in the wrong currency is WrongCurrency, as on the ledger."""
    tests = """
test "dollars":
    let a = wallet(each=100.00 CNY)
    let jar = deploy Jar() as a
    expect WrongCurrency: call jar.save(2.00 USD) as a
"""

    assert outcome(tests, tmp_path, capsys)["ok"]


def test_choosing_no_test_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no test has does not go well."""
    assert not outcome('test "x":\n    assert true\n', tmp_path, capsys, match="zzz")["ok"]


def test_a_condition_that_nothing_satisfies_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A property that tested nothing says so."""
    tests = 'test "x" for any n: u64 where n > 5 and n < 3:\n    assert n == 4\n'

    assert "no case was found" in outcome(tests, tmp_path, capsys)["tests"][0]["trouble"]["message"]


def test_signatures_are_judged_as_on_the_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A test block verifies what the ledger's rule accepts, here the second vector of RFC 8032, and nothing else."""
    key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    text = f"""
test "the vector holds":
    assert verify_ed25519(0x{key}, 0x72, 0x{signature})

test "another message does not":
    assert not verify_ed25519(0x{key}, 0x73, 0x{signature})
"""
    assert outcome(text, tmp_path, capsys)["passed"] == 2
