"""What a typed ledger asks of whatever is below it: a node over HTTP here, a ledger in this process for tests of contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from chain.client.plan import Plan
from chain.client.sender import Sender
from chain.client.surface import Surface, recent_status
from chain.primitives.address import parse_address
from chain.primitives.receipt import Error, Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Transaction


class Chain(NamedTuple):
    """What does not change of a chain."""

    chain_id: str
    base_currency: str
    decimals: Mapping[str, int]


class Code(NamedTuple):
    """A contract's module and home currency."""

    module: bytes
    currency: str


class Estimate(NamedTuple):
    """What a transaction would use, the limit to give, and why it would fail."""

    gas_used: int
    gas_limit: int
    error: Error | None


class Told(NamedTuple):
    """An event as the ledger keeps it, with the cursor behind it."""

    cursor: str
    height: int
    identity: bytes
    contract: bytes
    name: str
    payload: bytes


class Failed(Exception):
    """A read failed in the machine; the value is its `Error`."""


class Transport(Protocol):
    """A ledger, asked by plans. Every method may raise `Refusal`; `fields` are those of a transaction's `Body`."""

    estimates: bool
    """Whether gas is worth an estimate before a transaction is sent."""

    def chain(self) -> Plan[Chain]:
        """The chain's id and currencies."""

    def code(self, contract: bytes) -> Plan[Code]:
        """A contract's code. NotFound if there is none."""

    def balance(self, wallet: bytes, currency: str) -> Plan[int]:
        """What a wallet holds, in minor units."""

    def read(self, contract: bytes, function: str, arguments: bytes) -> Plan[bytes | None]:
        """The encoded value of a view or pure function. Raises `Failed`."""

    def estimate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Estimate]:
        """What actions would use."""

    def simulate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Receipt]:
        """What actions would come to."""

    def trace(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[dict[str, Any]]:
        """What actions would do, step by step."""

    def run(
        self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], wait_seconds: float | None
    ) -> Plan[Receipt | Transaction]:
        """Carry actions out: the receipt, or the signed transaction if it is not waited for (None)."""

    def outcome(self, transaction: Transaction, wait_seconds: float) -> Plan[Receipt]:
        """What became of a transaction that was handed over."""

    def told(self, cursor: str, limit: int) -> Plan[tuple[list[Told], str]]:
        """Events behind a cursor, and the cursor to go on from."""


class NodeTransport:
    """A node over HTTP."""

    estimates = True

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def chain(self) -> Plan[Chain]:
        """See `Transport`."""
        status = yield from recent_status(self._surface)
        decimals = {str(code): int(number) for code, number in status["currencies"].items()}
        return Chain(str(status["chain_id"]), str(status["base_currency"]), decimals)

    def code(self, contract: bytes) -> Plan[Code]:
        """See `Transport`."""
        answer = yield from Surface.contract.plan(self._surface, contract)
        return Code(bytes.fromhex(answer["module"]), str(answer["currency"]))

    def balance(self, wallet: bytes, currency: str) -> Plan[int]:
        """See `Transport`."""
        return (yield from Surface.balance.plan(self._surface, wallet, currency))

    def read(self, contract: bytes, function: str, arguments: bytes) -> Plan[bytes | None]:
        """See `Transport`."""
        try:
            answer = yield from Surface.read.plan(self._surface, contract, function, arguments)
        except Refusal as refusal:
            error = refusal.data.get("error")
            if refusal.code is not Refused.EXECUTION_FAILED or not isinstance(error, dict) or "payload" not in error:
                raise
            raise Failed(_error(error)) from None
        return None if answer["result"] is None else bytes.fromhex(answer["result"])

    def estimate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Estimate]:
        """See `Transport`."""
        draft = yield from Surface.draft.plan(self._surface, sender, actions, **fields)
        answer = yield from Surface.estimate.plan(self._surface, draft)
        error = None if answer["error"] is None else _error(answer["error"])
        return Estimate(int(answer["gas_used"]), int(answer["gas_limit"]), error)

    def simulate(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[Receipt]:
        """See `Transport`."""
        draft = yield from Surface.draft.plan(self._surface, sender, actions, **fields)
        return (yield from Surface.simulate.plan(self._surface, draft)).receipt

    def trace(self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any]) -> Plan[dict[str, Any]]:
        """See `Transport`."""
        draft = yield from Surface.draft.plan(self._surface, sender, actions, **fields)
        return (yield from Surface.trace.plan(self._surface, draft))

    def run(
        self, sender: Sender, actions: Sequence[Action], fields: Mapping[str, Any], wait_seconds: float | None
    ) -> Plan[Receipt | Transaction]:
        """See `Transport`."""
        if wait_seconds is None:
            return (yield from Surface.enlist.plan(self._surface, sender, actions, **fields))
        outcome = yield from Surface.transact.plan(self._surface, sender, actions, timeout_seconds=wait_seconds, **fields)
        return outcome.receipt

    def outcome(self, transaction: Transaction, wait_seconds: float) -> Plan[Receipt]:
        """See `Transport`."""
        return (yield from Surface.commit.plan(self._surface, transaction, wait_seconds)).receipt

    def told(self, cursor: str, limit: int) -> Plan[tuple[list[Told], str]]:
        """See `Transport`."""
        events, after = yield from Surface.events.plan(self._surface, cursor, limit)
        return [_told(event) for event in events], after


def _told(event: dict[str, Any]) -> Told:
    return Told(
        str(event["cursor"]),
        int(event["block"]),
        bytes.fromhex(event["transaction"]),
        parse_address(event["contract"]),
        str(event["event"]),
        bytes.fromhex(event["payload"]),
    )


def _error(error: dict[str, Any]) -> Error:
    place = error.get("contract")
    return Error(
        str(error["name"]), bytes.fromhex(error["payload"]), None if place is None else parse_address(place), error.get("action")
    )
