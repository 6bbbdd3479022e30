"""The ledger of tests in this process: a sandbox."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chain.client.ledger import BlockingLedger
from chain.client.money import Address, AddressLike, Money, address_of
from chain.client.plan import NO_ANSWER, Plan
from chain.client.sender import Sender
from chain.ledger.sandbox import Sandbox, Snapshot
from chain.primitives.edits import SetBalance, SetSlot
from chain.primitives.receipt import Receipt
from chain.primitives.transaction import Action, Transaction
from kit.pytesting.history import History
from kit.pytesting.lab import BALANCE, NAMES, LabLedger, Wallet
from kit.pytesting.telling import tell_trace
from kit.testing.in_process import SandboxTransport
from vm.compiled import STACK_FRAMES_MIN


class _Recording(SandboxTransport):
    """A sandbox whose transactions are kept."""

    def __init__(self, sandbox: Sandbox, history: History) -> None:
        super().__init__(sandbox)
        self._history = history

    def run(
        self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], wait_seconds: float | None
    ) -> Plan[Receipt | Transaction]:
        """See `Transport`."""
        before = self.sandbox.snapshot()
        done = yield from super().run(sender, actions, fields, wait_seconds)
        assert isinstance(done, Receipt), "a sandbox carries out what it is told at once"
        self._history.note(sender, actions, fields, done, before)
        return done

    @property
    def count(self) -> int:
        """How many transactions there were."""
        return self._count

    @count.setter
    def count(self, count: int) -> None:
        self._count = count


class ProcessLedger(LabLedger):
    """A `LabLedger` over a sandbox of its own, which is `sandbox`."""

    def __init__(self, currencies: Mapping[str, int] | None = None, balance: str = BALANCE) -> None:
        # The machine would do so with the first call, which may be in an example of Hypothesis, and that warns of it.
        sys.setrecursionlimit(max(sys.getrecursionlimit(), STACK_FRAMES_MIN))
        self.sandbox = Sandbox(currencies)
        self._balance = balance
        self.history = History()
        self._transport = _Recording(self.sandbox, self.history)
        BlockingLedger.__init__(self, self._transport, self)
        self.begin(self.history)

    def __repr__(self) -> str:
        return "<ledger in this process>"

    def carry_out(self, plan: Plan[Any]) -> Any:
        """The outcome of a plan, which asks nobody."""
        try:
            next(plan)
            while True:
                plan.send(NO_ANSWER)
        except StopIteration as ended:
            return ended.value

    def _take(self) -> tuple[Snapshot, int]:
        return self.sandbox.snapshot(), self._transport.count

    def _go_back(self, state: tuple[Snapshot, int]) -> None:
        self.sandbox.restore(state[0])
        self._transport.count = state[1]

    def _is_at(self, state: tuple[Snapshot, int]) -> bool:
        return self.sandbox.snapshot() == state[0]

    def tell_last_failure(self) -> list[str]:
        """See `LabLedger`."""
        failed = next((ran for ran in reversed(self.history.all) if ran.error is not None), None)
        if failed is None or failed.before is None:
            return []
        self.sandbox.restore(failed.before)
        traced = self._transport.traced(failed.sender, failed.actions, failed.fields, self.words.of)
        return tell_trace(self.words, traced)

    def _opened(self, wallet: Wallet) -> Wallet:
        self.sandbox.fund(wallet.address, {})
        if wallet.name in NAMES:
            self.set_balance(wallet, self._balance)
        return wallet

    def _impersonated(self, wallet: Wallet) -> Wallet:
        self.sandbox.fund(wallet.address, {})
        return wallet

    def _now_ms(self) -> int:
        return self.sandbox.time_ms

    def _advance_ms(self, duration_ms: int) -> None:
        self.sandbox.advance(duration_ms)

    def _set_balance(self, address: Address, money: Money) -> None:
        self.sandbox.fund(address, {})
        self.sandbox.edit(SetBalance(bytes(address), money.currency, money.minor))

    def together(self, wallets: Iterable[AddressLike], contracts: Iterable[AddressLike]) -> Money:
        """See `LabLedger`."""
        code = self.currency
        held = sum(self.sandbox.balance(address_of(wallet), code) for wallet in wallets)
        return Money(held + sum(self.held(contract).minor for contract in contracts), code, self.sandbox.currencies[code])

    def _slot(self, contract: Address, slot: bytes) -> bytes | None:
        return self.sandbox.slot(bytes(contract), slot)

    def _set_slot(self, contract: Address, number: int, field: str, key: bytes | None, value: bytes | None) -> None:
        self.sandbox.edit(SetSlot(bytes(contract), number, key, value))
