"""The ledger of tests on a devnet, by its control: the same tests over HTTP, in blocks, with signatures and fees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chain.client.client import Client
from chain.client.control import Control
from chain.client.ledger import BlockingLedger
from chain.client.money import Address, Money
from chain.client.plan import Plan
from chain.client.sender import Sender
from chain.client.transport import Estimate, NodeTransport
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import slot_key
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Transaction
from kit.pytesting.history import History, Ran
from kit.pytesting.lab import BALANCE, NAMES, SEED, LabLedger, Wallet
from kit.pytesting.telling import tell_trace

_PAYER = 8
"""Of the devnet's wallets, the one that pays all fees, so that tests see the money that they move and nothing else."""


class _Recording(NodeTransport):
    """A devnet whose transactions are kept, and which takes those of wallets without a key."""

    def __init__(self, client: Client, control: Control, history: History) -> None:
        super().__init__(client)
        self._client = client
        self._control = control
        self._history = history

    def estimate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Estimate]:
        """See `Transport`. What would fail is not sent, so it is kept here."""
        estimate = yield from super().estimate(sender, actions, fields)
        if estimate.error is not None:
            self._history.add(Ran(sender, tuple(actions), fields, None, estimate.error))
        return estimate

    def run(
        self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], wait_seconds: float | None
    ) -> Plan[Receipt | Transaction]:
        """See `Transport`."""
        if sender.keys:
            done = yield from super().run(sender, actions, fields, wait_seconds)
        else:
            done = self._unsigned(sender, actions, dict(fields))
        if isinstance(done, Receipt):
            self._history.note(sender, actions, fields, done, None)
        return done

    def _unsigned(self, sender: Sender, actions: Sequence[Action], fields: dict[str, Any]) -> Receipt:
        if fields.get("limits") is not None:
            fields["limits"] = dict(fields["limits"])
        if sender.fee_payer is not None:
            fields["fee_payer"] = bytes(sender.fee_payer.address)
        return self._control.send(bytes(sender.address), actions, **fields).receipt


@dataclass(slots=True)
class _Point:
    """A snapshot, which is taken again when it was used, and what the devnet was like then."""

    number: int
    height: int
    now_ms: int


class DevnetLedger(LabLedger):
    """A `LabLedger` on a devnet, whose clock stands still but for `advance`."""

    def __init__(self, client: Client, balance: str = BALANCE) -> None:
        self.client = client
        self.control = Control(client)
        self._balance = balance
        self._payer = Sender.of(SecretKey.development(SEED, _PAYER))
        history = History()
        BlockingLedger.__init__(self, _Recording(client, self.control, history), client)
        self.begin(history)
        del history.all[:]

    def __repr__(self) -> str:
        return f"<ledger of the devnet at {self.client.url}>"

    def carry_out(self, plan: Plan[Any]) -> Any:
        """See `Blocking`."""
        return self.client.carry_out(plan)

    def tell_last_failure(self) -> list[str]:
        """See `LabLedger`."""
        failed = next((ran for ran in reversed(self.history.all) if ran.error is not None), None)
        if failed is None:
            return []
        traced = self.carry_out(self.transport.trace(failed.sender, failed.actions, failed.fields))
        return tell_trace(self.words, traced)

    def _take(self) -> _Point:
        status = self.client.status()
        return _Point(self.control.snapshot(), int(status["height"]), int(status["now_ms"]))

    def _go_back(self, state: _Point) -> None:
        if not self._is_at(state):
            self.control.revert(state.number)
            state.number = self.control.snapshot()

    def _is_at(self, state: _Point) -> bool:
        status = self.client.status()
        return (int(status["height"]), int(status["now_ms"])) == (state.height, state.now_ms)

    def _opened(self, wallet: Wallet) -> Wallet:
        if wallet.name in NAMES:
            self.set_balance(wallet, self._balance)
        else:
            self.open_wallet(wallet, sender=self._payer)
        return replace(wallet, fee_payer=self._payer)

    def _impersonated(self, wallet: Wallet) -> Wallet:
        for address in (wallet.address, self._payer.address):
            self.control.impersonate(address)
        return replace(wallet, fee_payer=self._payer)

    def _now_ms(self) -> int:
        return int(self.client.status()["now_ms"])

    def _advance_ms(self, duration_ms: int) -> None:
        self.control.advance(duration_ms)

    def _set_balance(self, address: Address, money: Money) -> None:
        self.control.set_balance(address, money.minor, money.currency)

    def _slot(self, contract: Address, slot: bytes) -> bytes | None:
        return self.client.prove(slot_key(bytes(contract), slot)).value

    def _set_slot(self, contract: Address, number: int, field: str, key: bytes | None, value: bytes | None) -> None:
        self.control.set_slot(contract, field, value, key=key)


@contextmanager
def open_devnet(url: str, balance: str) -> Iterator[DevnetLedger]:
    """The devnet at an address, which is left as it was found. Raises `pytest.UsageError` if none is there."""
    try:
        with Client(url) as asking:
            before = Control(asking).snapshot()
    except Refusal as refusal:
        if refusal.code is Refused.NOT_FOUND:
            raise pytest.UsageError(f"{url} is no devnet: only the state of a devnet is gone back to after each test") from None
        raise pytest.UsageError(f"{url}: {refusal}") from None
    with Client(url, retry_seconds=10) as client:
        control = Control(client)
        try:
            control.ask("time", clock="hold")
            yield DevnetLedger(client, balance)
        finally:
            control.revert(before)


@contextmanager
def start_own() -> Iterator[str]:
    """The address of a devnet that ends with the session."""
    from chain.node.devnet import start_devnet

    with start_devnet() as devnet:
        yield devnet.address
