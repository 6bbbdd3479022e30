"""`apply_block`: the ledger as one pure function of a state and a block. No clock, no disk, no network.

`BlockRun` is the same thing a step at a time, for whoever makes a block and does not know yet what will be in
it.
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.currency.supply import read_supplies
from chain.ledger.admission import admit, find_usage, intrinsic_gas
from chain.ledger.block import Block
from chain.ledger.execution import Execution
from chain.ledger.machine import BlockMachine
from chain.ledger.parameters import Parameters, fee_of, read_parameters
from chain.ledger.residence import settle
from chain.primitives.account import Account
from chain.primitives.hash import merkle_root
from chain.primitives.header import PROTOCOL_VERSION, Header
from chain.primitives.limits import BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, GAS_LIMIT_MAX
from chain.primitives.receipt import Move, Receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Transaction, decode_transaction
from chain.state.overlay import BlockOverlay, View
from chain.state.tree import Tree


@dataclass(frozen=True, slots=True)
class Applied:
    """A block and all that it does to the state. Keys map to values, None where one goes away."""

    block: Block
    identities: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]
    state: dict[bytes, bytes | None]
    tree: dict[bytes, bytes | None]
    accounts: dict[bytes, Account | None]
    """All accounts that were looked at, as they are afterwards."""


class BlockRun:
    """A block under construction on the state of its parent."""

    def __init__(self, view: View, parent: Header, *, time_ms: int, proposer: bytes, tree: Tree | None = None) -> None:
        """`tree` is that of the view, for who has it at hand. Raises `Refusal` WrongBlock if the time is before the parent's."""
        if time_ms < parent.time_ms:
            raise Refusal(Refused.WRONG_BLOCK, "a block's time is before its parent's")
        self._tree = Tree(view.page) if tree is None else tree
        self._parent = parent
        self._time_ms = time_ms
        self._proposer = proposer
        self._overlay = BlockOverlay(view)
        self._machine = BlockMachine(self._overlay, now_ms=time_ms)
        self.parameters: Parameters = read_parameters(view)
        self._transactions: list[Transaction] = []
        self._receipts: list[Receipt] = []
        self._gas_used = 0
        self._bytes = 0

    @property
    def height(self) -> int:
        """The height of this block."""
        return self._parent.height + 1

    @property
    def size(self) -> int:
        """How many transactions it has so far."""
        return len(self._transactions)

    def add(self, transaction: Transaction) -> Receipt:
        """Execute one more transaction. Raises `Refusal` if it may not be in this block; the block is then as
        before. Raises `StoreFailed` if the state has bytes that are no value.
        """
        try:
            return self._add(transaction)
        except Refusal as refusal:
            if refusal.code in (Refused.MALFORMED, Refused.TOO_LARGE):  # the transaction itself is well formed
                raise _damaged(refusal) from refusal
            raise

    def _add(self, transaction: Transaction) -> Receipt:
        admit(transaction, self._overlay, self.parameters, height=self.height, time_ms=self._time_ms)
        if (
            len(self._transactions) >= BLOCK_TRANSACTIONS_MAX
            or self._bytes + len(transaction.encoded) > BLOCK_BYTES_MAX
            or self._gas_used + transaction.body.gas_limit > self.parameters.gas_limit
        ):
            raise Refusal(Refused.BLOCK_FULL, f"block {self.height} is full")
        receipt = execute(self._machine, transaction, self.parameters, height=self.height, index=len(self._receipts))
        self._transactions.append(transaction)
        self._receipts.append(receipt)
        self._gas_used += receipt.gas_used
        self._bytes += len(transaction.encoded)
        return receipt

    def finish(self) -> Applied:
        """The block with its header and all its changes. Raises `StoreFailed` if the state has bytes that are no value."""
        try:
            settle(self._overlay)
            self._overlay.settle_accounts()
        except Refusal as refusal:
            raise _damaged(refusal) from refusal
        update = self._tree.update(self._overlay.changes.items())
        encoded = tuple(transaction.encoded for transaction in self._transactions)
        header = Header(
            protocol=PROTOCOL_VERSION,
            chain_id=self.parameters.chain_id,
            height=self.height,
            time_ms=self._time_ms,
            parent=self._parent.hash,
            transactions_root=merkle_root(list(encoded)),
            receipts_root=merkle_root([receipt.encoded for receipt in self._receipts]),
            state_root=update.root,
            supply=read_supplies(self._overlay, [supply.currency for supply in self._parent.supply]),
            gas_used=self._gas_used,
            gas_limit=self.parameters.gas_limit,
            proposer=self._proposer,
        )
        return Applied(
            Block(header, encoded),
            tuple(transaction.identity for transaction in self._transactions),
            tuple(self._receipts),
            self._overlay.changes,
            update.pages,
            self._overlay.accounts,
        )


def _damaged(refusal: Refusal) -> StoreFailed:
    return StoreFailed(f"the state is damaged: {refusal.message}")


def apply_block(view: View, parent: Header, block: Block, tree: Tree | None = None) -> Applied:
    """Execute a block made elsewhere on the state of its parent. `tree` is that of the view, for who has it at hand. Raises
    `Refusal`, WrongBlock if its header lies.
    """
    claimed = block.header
    if claimed.protocol != PROTOCOL_VERSION:
        raise Refusal(
            Refused.UNKNOWN_VERSION, f"block {claimed.height} follows protocol {claimed.protocol}, not {PROTOCOL_VERSION}"
        )
    run = BlockRun(view, parent, time_ms=claimed.time_ms, proposer=claimed.proposer, tree=tree)
    for data in block.transactions:
        run.add(decode_transaction(data, included=True))
    applied = run.finish()
    if applied.block.header.encoded != claimed.encoded:
        raise Refusal(Refused.WRONG_BLOCK, f"block {claimed.height} does not lead where its header says")
    return applied


def execute(
    machine: BlockMachine,
    transaction: Transaction,
    parameters: Parameters,
    *,
    height: int,
    index: int,
    machine_gas_max: int = GAS_LIMIT_MAX,
) -> Receipt:
    """Execute an admitted transaction: sequence and fee stay whatever comes, the actions are all or none."""
    body = transaction.body
    intrinsic = intrinsic_gas(transaction)
    machine_gas = min(body.gas_limit - intrinsic, machine_gas_max)
    execution = Execution(machine, gas_limit=machine_gas, limits=body.limits)
    usage = None if body.authority is None else find_usage(execution.overlay, body, parameters.base_currency, machine.now_ms)
    execution.usage = usage
    execution.wallets.use_sequence(body.sender, body.lane, body.sequence)
    aside = fee_of(body.gas_limit, body.gas_price)
    currency = parameters.base_currency
    if aside:
        execution.wallets.set_fee_aside(body.payer, currency, aside)
    outcome = execution.run(body.actions, body.sender, transaction.identity)
    gas_used = intrinsic + outcome.gas_used
    fee = fee_of(gas_used, body.gas_price)
    if aside:
        execution.wallets.settle_fee(body.payer, parameters.fee_wallet, currency, aside, fee)
    if usage is not None:
        usage.settle(execution.overlay, ok=outcome.error is None, fee=fee if body.payer == body.sender else 0)
    execution.commit()
    fee_move = (Move(body.payer, parameters.fee_wallet, currency, fee, "fee"),) if fee else ()
    return Receipt(
        identity=transaction.identity,
        height=height,
        index=index,
        ok=outcome.error is None,
        error=outcome.error,
        gas_used=gas_used,
        fee=fee,
        events=outcome.events,
        results=outcome.results,
        moves=outcome.moves + fee_move,
    )
