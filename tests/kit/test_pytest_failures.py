"""The pytest plugin: what expectations take, and what failures tell."""

from __future__ import annotations

import pytest
from plugin_world import Within, passes

pytest_plugins = ["pytester"]


@pytest.fixture
def within(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Within:
    """A session to run tests in."""
    return Within(pytester, monkeypatch)


def test_expectations_hold_in_any_form(within: Within) -> None:
    """Errors and events by class or name, fields in every form that stands for their values, money of wallets and contracts."""
    result = within.run("""
        def test_all(token, jar, ledger, alice, bob, carol):
            for failed in (reverts(), reverts("NotEnough"), reverts(token.errors.NotEnough, have=0, want=1)):
                with failed:
                    token.transfer(alice, 1, sender=bob)
            assert (failed.error.have, failed.error.want) == (0, 1)
            with emits(token.events.Transfer, alice, amount=5) as sent, emits("Transfer", to=lambda to: to == bob):
                token.transfer(bob, 5, sender=alice)
            assert sent.event.to == bob
            with emits(token.events.Transfer(alice.address, bob.address, 7)):
                token.transfer(bob, 7, sender=alice)
            with moves({alice: "-5.00 CNY", jar: +5}, bob=0), emits("Saved", amount="5.00"):
                jar.save(5, sender=alice)
            with reverts("TooEarly", until=ledger.now + timedelta(days=30)):
                jar.empty(sender=bob)
            ledger.at(ledger.now + timedelta(days=30))
            with moves(bob="+5.00 CNY"):
                jar.empty(sender=bob)
            assert (ledger.state(jar, "phase"), ledger.held(jar).minor) == ("Emptied", 0)

        def test_edits(token, jar, ledger, alice, bob, wallets):
            ledger.set_state(token, "balances", 77, key=bob)
            assert token.balance_of(bob) == ledger.state(token, "balances", key=bob) == 77
            ledger.set_state(jar, "phase", "Emptied")
            with reverts("WrongPhase"):
                jar.save(1, sender=alice)
            ledger.set_balance(wallets.zoe, "3.00")
            token.approve(bob, 1, sender=ledger.as_(wallets.zoe.address))
            assert token.allowance(wallets.zoe, bob) == 1
    """)
    passes(result, 2)


def test_failures_say_what_came_instead(within: Within) -> None:
    """In the contract's terms: names of wallets, units, fields that differ, calls that were made, the calls inside."""
    result = within.run("""
        def test_other_error(token, alice, bob):
            token.transfer(bob, 5, sender=alice)
            with reverts(token.errors.OverAllowance):
                token.transfer(alice, 6, sender=bob)

        def test_other_field(token, alice, bob):
            with reverts("NotEnough", want=7):
                token.transfer(alice, 6, sender=bob)

        def test_no_error(token, alice, bob):
            with reverts("NotEnough"):
                token.transfer(bob, 6, sender=alice)

        def test_other_event(token, alice, bob):
            with emits(token.events.Transfer, to=bob, amount=7):
                token.transfer(bob, 5, sender=alice)

        def test_other_money(jar, alice):
            with moves(alice=-5):
                jar.save(4, sender=alice)

        def test_money(jar, ledger, alice):
            jar.save(4, sender=alice)
            assert jar.saved() == ledger.money("4.50")

        def test_uncaught(token, alice, bob):
            token.transfer(alice, 6, sender=bob)
    """)
    result.assert_outcomes(failed=7)
    result.stdout.fnmatch_lines_random(
        [
            "E*OverAllowance was expected, and it was NotEnough(have: 5, want: 6) in FixedToken",
            "alice: FixedToken.transfer(to: bob, amount: 5)  goes well  (*gas)",
            "bob: FixedToken.transfer(to: alice, amount: 6)  fails: NotEnough*",
            "    FixedToken.move(owner: bob, to: alice, amount: 6)",
            "E*NotEnough came as expected, but want is 6, not 7",
            "E*NotEnough was expected, and nothing failed: alice: FixedToken.transfer(to: bob, amount: 6)*",
            "E*Transfer(owner: alice, to: bob, amount: 5): amount is 5, not 7",
            "E*alice: -4.00 CNY, not -5.00 CNY",
            "E*assert 4.00 CNY == 4.50 CNY",
            "E*0.50 CNY less",
            "it failed: NotEnough(have: 0, want: 6) in FixedToken",
        ]
    )
    result.stdout.no_fnmatch_line("*chain/client/*")


def test_a_contract_that_is_not_there_or_does_not_compile_is_told(within: Within, pytester: pytest.Pytester) -> None:
    """With where it was looked for, what there is, and the compiler's finding."""
    pytester.path.joinpath("bad.tael").write_text("contract Bad:\n    view fn f() -> u8:\n        return g\n")
    result = within.run("""
        def test_missing(deploy):
            deploy("nothing.tael")

        def test_name(deploy):
            deploy("token.tael:Coin")

        def test_arguments(deploy):
            deploy("token.tael", "much")

        def test_bad(deploy):
            deploy("bad.tael")
    """)
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines_random(
        [
            "*nothing.tael is not there*",
            "*token.tael has no contract Coin*",
            "*supply: 'much' is not a u128*",
            "*bad.tael does not compile*",
        ]
    )
