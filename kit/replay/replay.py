"""The execution of a transaction of a block once more, with somebody who writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chain.ledger.admission import intrinsic_gas
from chain.ledger.apply import execute
from chain.ledger.machine import BlockMachine
from chain.ledger.parameters import read_parameters
from chain.primitives.codec import decode
from chain.primitives.receipt import Error, Receipt
from chain.state.overlay import BlockOverlay
from kit.problem import Problem
from kit.record.entries import Kind, Part, Record, Scene, Where
from kit.record.recorder import LINES_MAX, Recorder
from kit.replay.guide import LedgerGuide, Sources
from kit.replay.included import Included
from vm.failure import Failure

_HOW = {"pay": "pays", "fee": "pays the fee of"}
"""What is told of moves that the machine does not tell of."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What it came to, which is what its receipt says; the failure if it failed."""

    record: Record
    guide: LedgerGuide
    receipt: Receipt
    failure: Failure | None
    time_ms: int


def replay(included: Included, sources: Sources, names: Mapping[bytes, str], *, lines_max: int = LINES_MAX) -> Replayed:
    """Execute a transaction again behind those before it. Raises `Refusal` Pruned when the state is not kept any more, `Problem`
    when it does not come to what its receipt says. Of more lines than are kept the last ones are, for which it is done twice.
    """
    skip = 0
    while True:
        done = _once(included, sources, names, skip, lines_max)
        if not done.record.lost:
            return done
        skip = done.record.lost


def _once(included: Included, sources: Sources, names: Mapping[bytes, str], skip: int, lines_max: int) -> Replayed:
    overlay = BlockOverlay(included.view)
    parameters = read_parameters(overlay)
    machine = BlockMachine(overlay, now_ms=included.time_ms)
    for position, before in enumerate(included.transactions[:-1]):
        execute(machine, before, parameters, height=included.height, index=position)
    overlay.settle_accounts()
    transaction, index = included.transactions[-1], len(included.transactions) - 1
    guide = LedgerGuide(overlay, sources, names, parameters.base_currency)
    guide.foresee(transaction)
    recorder = Recorder(guide, Scene(Kind.TEST, None, name=included.identity.hex()), skip=skip, lines_max=lines_max)
    body = transaction.body
    intrinsic = intrinsic_gas(transaction)
    scene = recorder.begin(
        Kind.TRANSACTION,
        action=body.actions[0] if len(body.actions) == 1 else None,
        sender=body.sender,
        gas_limit=body.gas_limit - intrinsic,
        name="" if len(body.actions) == 1 else f"{len(body.actions)} actions",
    )
    traced = BlockMachine(overlay, now_ms=included.time_ms, tracer=recorder)
    receipt = execute(traced, transaction, parameters, height=included.height, index=index)
    if receipt != included.receipt:
        message = f"the transaction does not come to what its receipt in block {included.height:_} says"
        raise Problem(message, "The node is of another version, or gave another state.", code="WrongReceipt")
    failure = None if receipt.error is None else _failure(scene, receipt.error)
    result = None if receipt.error is not None or len(receipt.results) != 1 else receipt.results[0]
    for move in receipt.moves:
        if move.reason in _HOW and move.source is not None:
            recorder.moved(move.source, move.to, move.currency, move.amount, _HOW[move.reason])
    recorder.end(scene, failure=failure, result=result, gas=receipt.gas_used - intrinsic)
    scene.gas = receipt.gas_used
    for move in receipt.moves:
        for wallet in (move.source, move.to):
            if wallet is not None and guide.known(wallet) is None:
                recorder.settle(Where(Part.BALANCE, (wallet, move.currency)), _balance(overlay, wallet, move.currency))
    return Replayed(recorder.record, guide, receipt, failure, included.time_ms)


def _balance(overlay: BlockOverlay, wallet: bytes, currency: str) -> int:
    account = overlay.account(wallet)
    return 0 if account is None else account.balances.get(currency, 0)


def _failure(scene: Scene, error: Error) -> Failure:
    """The failure that a receipt's error is: the one that the machine raised, else one like it."""
    found: Failure | None = None
    stack = list(scene.entries)
    while stack:
        entry = stack.pop()
        if isinstance(entry, Scene):
            if entry.failure is not None and entry.failure.name == error.name and entry.failure.contract == error.contract:
                found = entry.failure
            stack += entry.entries
    if found is not None:
        return found
    values = decode(error.payload)
    return Failure(error.name, tuple(values) if isinstance(values, list) else (values,), contract=error.contract)
