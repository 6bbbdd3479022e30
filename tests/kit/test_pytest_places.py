"""The pytest plugin: the same suite in this process, on a devnet, and over several processes."""

from __future__ import annotations

import pytest
from plugin_world import Within, passes

pytest_plugins = ["pytester"]
SUITE = """
    from tael import strategies as st
    from hypothesis import given, settings

    @pytest.mark.parametrize("again", range(2))
    def test_jar(jar, ledger, alice, bob, again):
        with moves({alice: -5, jar: +5}, bob=0), emits("Saved", alice, "5.00"):
            jar.save(5, sender=alice)
        with reverts(jar.errors.TooEarly, until=ledger.now + timedelta(days=30)):
            jar.empty(sender=bob)
        ledger.advance(days=30)
        with moves(bob=5):
            jar.empty(sender=bob)
        assert ledger.balance(bob) == ledger.money(1_000_005)

    def test_token(token, ledger, alice, bob, wallets):
        with reverts("NotEnough", have=0):
            token.transfer(alice, 6, sender=bob)
        ledger.set_state(token, "balances", 9, key=wallets.anna)
        token.transfer(bob, 4, sender=ledger.as_(wallets.anna))
        assert ledger.state(token, "balances", key=bob) == token.balance_of(bob) == 4

    @given(amount=st.amounts(up_to="10.00"))
    @settings(max_examples=3, database=None, deadline=None)
    def test_examples(token, jar, alice, bob, amount):
        assert token.balance_of(bob) == 0
        token.transfer(bob, 5, sender=alice)
        jar.save(amount, sender=alice)
"""


@pytest.fixture
def within(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Within:
    """A session to run tests in."""
    return Within(pytester, monkeypatch)


def test_the_same_suite_passes_here_and_on_devnets(within: Within, devnet_url: str) -> None:
    """In this process, on a devnet that was started for it, and on one that runs and is left as it was found."""
    from chain.client.client import Client

    passes(within.run(SUITE), 4)
    passes(within.run(SUITE, "--tael-devnet"), 4)
    with Client(devnet_url) as client:
        height = client.status()["height"]
        passes(within.run(SUITE, "--tael-node", devnet_url), 4)
        assert client.status()["height"] == height


def test_what_is_no_devnet_is_refused_in_a_sentence(within: Within) -> None:
    """Nobody answers, or both are asked for."""
    result = within.run(SUITE, "--tael-node", "http://127.0.0.1:9")
    result.stdout.fnmatch_lines(["*127.0.0.1:9*does not answer*"])
    result = within.run(SUITE, "--tael-node", "http://127.0.0.1:9", "--tael-devnet")
    result.stdout.fnmatch_lines(["*give one of them*"])


@pytest.mark.long
def test_processes_have_ledgers_of_their_own_and_one_table_of_gas(within: Within) -> None:
    """With `-n`, in any order."""
    result = within.run(SUITE, "--tael-gas", "-p", "xdist", "-n", "2")
    passes(result, 4)
    result.stdout.fnmatch_lines(["*gas of calls that went well*", "Jar.save *", "*"])


def test_asynchronous_tests_are_isolated(within: Within) -> None:
    """With anyio, whose plugin is there."""
    pytest.importorskip("anyio")
    result = within.run(
        """
        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        @pytest.mark.parametrize("again", range(2))
        async def test_async(token, alice, bob, again):
            assert token.balance_of(bob) == 0
            token.transfer(bob, 5, sender=alice)
    """,
        "-p",
        "anyio",
    )
    passes(result, 2)
