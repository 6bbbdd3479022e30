"""The pytest plugin: fixtures, isolation, and where the ledger is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from plugin_world import Within, passes

pytest_plugins = ["pytester"]


@pytest.fixture
def within(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Within:
    """A session to run tests in."""
    return Within(pytester, monkeypatch)


def test_what_a_test_does_is_taken_back(within: Within) -> None:
    """Of a deployment that is shared, the next test finds balances, time and new wallets as they were."""
    result = within.run("""
        @pytest.mark.parametrize("again", range(2))
        def test_moves(token, ledger, wallets, alice, bob, again):
            start = ledger.now
            assert token.balance_of(bob) == 0
            token.transfer(bob, 5, sender=alice)
            assert ledger.advance(days=1) - start == timedelta(days=1)
            ledger.pay(wallets.anna, 7, sender=alice)
            assert ledger.balance(wallets.anna) == ledger.money(7)

        def test_afterwards(token, ledger, alice, bob):
            assert (token.balance_of(bob), ledger.now.day) == (0, 1)
    """)
    passes(result, 3)


def test_what_fixtures_do_lasts_as_long_as_they(within: Within) -> None:
    """A parametrized fixture of the session, one of a module set up above it, one of a test, and one that is asked for late."""
    result = within.run("""
        @pytest.fixture(scope="session", params=[1, 2])
        def gift(request, ledger, alice, bob):
            ledger.pay(bob, request.param, sender=alice)
            return request.param

        @pytest.fixture(scope="session")
        def wide(deploy, alice):
            return deploy("token.tael", 10, sender=alice)

        @pytest.fixture(scope="module")
        def late(deploy, alice):
            return deploy("token.tael", 20, sender=alice)

        def test_both(gift, wide, ledger, alice, bob):
            assert wide.supply() == 10
            assert ledger.balance(bob) == ledger.money(1_000_000 + gift)
            wide.transfer(bob, 1, sender=alice)

        def test_late(gift, wide, request, bob, alice):
            late = request.getfixturevalue("late")
            assert (late.supply(), wide.balance_of(bob)) == (20, 0)
            late.transfer(bob, 1, sender=alice)

        def test_after_late(late, bob):
            assert (late.supply(), late.balance_of(bob)) == (20, 0)
    """)
    passes(result, 5)


def test_what_is_not_isolated_stays_for_those_with_the_same_fixtures(within: Within) -> None:
    """The marker lets tests build on one another."""
    result = within.run("""
        @pytest.mark.no_isolation
        def test_first(token, alice, bob):
            token.transfer(bob, 5, sender=alice)

        def test_second(token, alice, bob):
            assert token.balance_of(bob) == 5
            token.transfer(bob, 5, sender=alice)

        def test_third(token, bob):
            assert token.balance_of(bob) == 5
    """)
    passes(result, 3)


def test_a_session_without_the_ledger_imports_nothing_of_it() -> None:
    """The plugin is loaded into every session, and costs nothing there."""
    ours = "sorted(n for n in sys.modules if n.split('.')[0] in ('chain', 'vm', 'lang', 'kit'))"
    code = f"import kit.pytest_plugin, sys; print({ours})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['kit', 'kit.pytest_plugin']"
