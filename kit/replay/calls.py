"""The calls of a transaction as lines, in the words of `tael trace`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.ledger_book import LedgerBook

if TYPE_CHECKING:
    from chain.node.node import Node

_LINES_MAX = 200  # of one transaction; `tael trace` has more


def show_calls(node: Node, book: LedgerBook, identity: bytes) -> list[str]:
    """What the machine did for a transaction of a block: calls with arguments, results and gas, state before and after, money,
    events. Nothing where none of that is: a payment says all by itself.
    """
    from chain.primitives.refusal import Refusal
    from kit.problem import Problem
    from kit.record.story import lay_out, rows
    from kit.record.words import Words
    from kit.replay.guide import Sources
    from kit.replay.included import included_in
    from kit.replay.replay import replay

    try:
        run = replay(included_in(node.store, identity), Sources(()), book.names)
    except (Refusal, Problem) as problem:
        return [f"calls are not shown: {problem.message}"]
    if not run.record.lines:
        return []
    return lay_out(rows(run.record, Words(run.guide)), most=_LINES_MAX)
