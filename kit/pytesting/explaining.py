"""What a failing test is told beside its traceback: the comparison in the contract's terms, what was done, the calls inside."""

from __future__ import annotations

import dataclasses
from typing import Any

from chain.client.interface import ContractFailed
from chain.client.money import Address, Money
from chain.client.sender import Sender
from chain.primitives.refusal import Refusal
from kit.problem import Problem
from kit.pytesting.lab import LabLedger
from kit.pytesting.telling import Words, record_fields

_OWN = ("chain.", "kit.")
DONE_MAX = 12
"""Transactions that are listed, the last ones."""


def explain(ledger: LabLedger, error: BaseException) -> list[str]:
    """What was done in the test, and the tree of calls of what failed last. Of it nothing is left where it was."""
    done = ledger.history.all
    if not done:
        return []
    left_out = len(done) - DONE_MAX
    lines = [f"… {left_out} transactions before"] if left_out > 0 else []
    lines += [ledger.words.ran(ran) for ran in done[-DONE_MAX:]]
    if isinstance(error, ContractFailed):
        lines += ["", f"it failed: {ledger.words.error(error)}"]
    if done[-1].error is not None:
        tree = ledger.tell_last_failure()
        lines += ["", "the calls of what failed last:", *(f"  {line}" for line in tree)] if tree else []
    return lines


def hide_own_frames(error: BaseException | None) -> None:
    """Let a traceback of what a contract or the ledger said no to end where the test called it; those of its causes too."""
    while error is not None:
        if isinstance(error, ContractFailed | Refusal | Problem):
            _cut(error)
        error = error.__cause__ or error.__context__


def _cut(error: BaseException) -> None:
    last, frame = None, error.__traceback__
    while frame is not None:
        if not frame.tb_frame.f_globals.get("__name__", "").startswith(_OWN):
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None


def compare(words: Words, op: str, left: Any, right: Any) -> list[str] | None:
    """A comparison that does not hold; None if it is none of ours."""
    if not (_is_ours(left) or _is_ours(right)):
        return None
    lines = [f"{words.value(left)} {op} {words.value(right)}"]
    if isinstance(left, Money) and isinstance(right, Money) and left.currency == right.currency and op == "==":
        lines.append(f"{words.money(abs(left.minor - right.minor), left.currency)} {'more' if left > right else 'less'}")
    elif isinstance(left, Money) != isinstance(right, Money):
        lines.append('money is compared with money: ledger.money("5.00 CNY")')
    elif type(left) is type(right) and dataclasses.is_dataclass(left) and op == "==":
        ours, theirs = record_fields(left), record_fields(right)
        wrong = [name for name in ours if ours[name] != theirs[name]]
        lines += [f"{name}: {words.value(ours[name])}, not {words.value(theirs[name])}" for name in wrong]
    return lines


def _is_ours(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_is_ours(item) for item in value)
    if isinstance(value, Money | Address | Sender):
        return True
    return dataclasses.is_dataclass(value) and type(value).__module__ in ("types", "chain.client.values")
