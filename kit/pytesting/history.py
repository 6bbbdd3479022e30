"""What was done in a ledger since a test began: transactions with their outcomes, kept for expectations and for reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain.client.sender import Sender
from chain.primitives.receipt import Error, Receipt
from chain.primitives.transaction import Action


@dataclass(frozen=True, slots=True)
class Ran:
    """One transaction. `receipt` is None where the ledger said beforehand that it would fail. `before` is what the ledger may be
    taken back to for a second look, if it can be.
    """

    sender: Sender
    actions: tuple[Action, ...]
    fields: Mapping[str, Any]
    receipt: Receipt | None
    error: Error | None
    before: Any = None


class History:
    """The transactions of a test in order. `watchers` are told of each, for as long as the ledger lives."""

    def __init__(self) -> None:
        self.all: list[Ran] = []
        self.watchers: list[Callable[[Ran], None]] = []

    def add(self, ran: Ran) -> None:
        """One more."""
        self.all.append(ran)
        for watcher in self.watchers:
            watcher(ran)

    def note(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], receipt: Receipt, before: Any) -> None:
        """One more, by its receipt."""
        self.add(Ran(sender, tuple(actions), fields, receipt, receipt.error, None if receipt.ok else before))
