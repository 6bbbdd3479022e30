"""Every failure that people can meet is explained."""

from __future__ import annotations

from chain.currency.mandates import NO_SESSION, SESSION_EXISTS, SESSION_LIMIT
from chain.currency.wallets import SEQUENCE_BACK, WALLET_EXISTS
from chain.ledger import execution
from chain.ledger.edits import WRONG_SLOT
from chain.primitives.refusal import Refused
from kit.meanings import FAILURES, REFUSALS
from vm.failure import Code


def test_every_failure_has_a_meaning() -> None:
    """The machine's codes and those of the ledger's actions are all there, and nothing else is."""
    names = ("SPENDING_LIMIT", "ILLEGAL_MODULE", "UNKNOWN_CURRENCY", "NOT_A_RULE", "NO_RULE_FOR_CURRENCY")

    others = {WALLET_EXISTS, SEQUENCE_BACK, SESSION_LIMIT, SESSION_EXISTS, NO_SESSION, WRONG_SLOT}
    known = {*Code, *(getattr(execution, name) for name in names), *others}

    assert known == set(FAILURES)


def test_every_refusal_has_a_meaning() -> None:
    """`tael explain` says first what a refusal means; there are meanings for all of them and no others."""
    assert set(REFUSALS) == {str(code) for code in Refused}
