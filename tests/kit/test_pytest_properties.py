"""The pytest plugin with Hypothesis: examples are isolated, strategies follow types, machines find short histories."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from handle_world import ALICE, zoo
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from plugin_world import Within, passes

from chain.client.money import Money
from kit.pytesting.in_process import ProcessLedger
from kit.pytesting.lab import NAMES, in_use
from kit.pytesting.strategies import amounts, dictionary, of
from lang.compiler import compile_text

pytest_plugins = ["pytester"]


@pytest.fixture
def within(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Within:
    """A session to run tests in."""
    return Within(pytester, monkeypatch)


@given(st.data())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_arguments_of_every_function_are_taken(data: st.DataObject) -> None:
    """A view that gives back what it takes gets a value of every type, and gives it back."""
    with in_use(ProcessLedger()) as ledger:
        animals = ledger.deploy(zoo(), sender=ledger.wallets["alice"])
        for name in "moment length rate amount whom words octets truth small points pair maybe shape mood".split():
            given_ = data.draw(of(animals.function(name)))
            assert animals.function(name)(**given_) == given_["value"] or name in ("moment", "length")


def test_values_of_a_type_have_edges() -> None:
    """The ends of what a type holds are found, and their neighbours."""
    assert find(of("u128"), lambda value: value == 2**128 - 1) == 2**128 - 1
    assert find(of("Rate"), lambda value: value == 1) == Decimal(1)
    assert isinstance(find(of("Time"), lambda value: True), datetime)
    assert find(of("Duration"), lambda value: value == timedelta(days=30)) == timedelta(days=30)
    assert find(amounts(up_to="7.77"), lambda money: money.minor == 776) == Money(776, "CNY")
    with in_use(ProcessLedger()):
        assert str(find(of("Address"), lambda value: True)) == "alice"
    assert ALICE.address is not None
    assert NAMES[0] == "alice"


def test_constants_of_the_code_are_edges() -> None:
    """Where code compares with a number, that number is tried, and those beside it."""
    text = "contract C:\n    error Bad()\n\n    pub fn f(a: u32) by anyone:\n        require a != 123_456_789 else Bad()\n"
    compiled = compile_text(text).contracts["C"]
    numbers = {value for values in dictionary(compiled.module).values() for value in values}
    assert {123_456_788, 123_456_789, 123_456_790} <= numbers
    found = find(of(compiled, "f"), lambda given_: given_["a"] == 123_456_789)
    assert found == {"a": 123_456_789}


def test_every_example_finds_the_ledger_as_the_fixtures_have_left_it(within: Within) -> None:
    """With fixtures of every scope, of which Hypothesis does not warn; and one that has nothing to do with it still warns."""
    result = within.run(
        """
        from hypothesis import given, settings
        from tael import strategies as st

        @pytest.fixture
        def other():
            return []

        @given(amount=st.amounts(up_to="10.00"), to=st.wallets())
        @settings(max_examples=15, database=None)
        def test_examples(token, jar, ledger, alice, bob, amount, to):
            assert (token.balance_of(bob), jar.saved().minor) == (0, 0)
            token.transfer(bob, 5, sender=alice)
            jar.save(amount, sender=to)
            ledger.advance(days=1)

        @given(amount=st.of("u8"))
        @settings(database=None)
        def test_other(ledger, other, amount):
            pass
    """,
        "-p",
        "_hypothesis_pytestplugin",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*uses a function-scoped fixture 'other'*"])


def test_a_machine_from_a_contract_finds_the_shortest_history(within: Within) -> None:
    """It is told as Python; a machine whose contract keeps its promises passes."""
    result = within.run("""
        from hypothesis import settings
        from tael.stateful import StateMachine, check, explore

        class Tokens(StateMachine, of="token.tael:FixedToken"):
            def start(self):
                self.deploy(1_000)

            @check
            def all_of_it_is_somewhere(self):
                assert sum(self.contract.balance_of(wallet) for wallet in self.actors) <= 1_000

        TestTokens = Tokens.TestCase
        TestTokens.settings = settings(TestTokens.settings, max_examples=5, stateful_step_count=10, database=None)

        def test_bad(jar):
            def little():
                assert jar.saved().minor < 500
            explore(jar, runs=40, steps=10, checks=[little])
    """)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E*The history, as a test has it:", 'E*jar.save(coins_="5.00 CNY", sender=alice)'])
    passes(within.run("def test_nothing_left(jar):\n    assert jar.saved().minor == 0\n"), 1)
