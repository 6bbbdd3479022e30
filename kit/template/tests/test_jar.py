"""The jar from outside, in Python: `pytest` runs it (see docs/pytest.md of Tael)."""

from datetime import timedelta

import pytest
from hypothesis import given

from tael import strategies
from tael.testing import emits, moves, reverts


@pytest.fixture(scope="module")
def jar(deploy, alice, bob):
    """A jar of Bob's that opens in thirty days. Whatever a test does to it, the next one finds it like this."""
    return deploy("jar.tael", bob, timedelta(days=30), sender=alice)


def test_what_was_saved_comes_back_on_the_day(jar, ledger, alice, bob):
    """Alice saves, Bob waits."""
    with moves({alice: "-25.00", jar: "+25.00"}), emits("Saved", by=alice, amount="25.00"):
        jar.save("25.00", sender=alice)
    ledger.advance(days=30)
    with moves(bob="+25.00"):
        jar.empty(sender=bob)


@given(wait=strategies.durations(up_to=timedelta(days=30) - timedelta(milliseconds=1)))
def test_it_stays_closed_before(jar, ledger, bob, wait):
    """Up to the last millisecond."""
    opens = ledger.now + timedelta(days=30)
    ledger.advance(wait)
    with reverts(jar.errors.TooEarly, until=opens):
        jar.empty(sender=bob)
