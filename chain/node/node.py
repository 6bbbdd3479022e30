"""A node without a network: it takes transactions, makes blocks, keeps them, and answers questions about
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from chain.ledger.admission import admit, check_fee, check_gas, intrinsic_gas, read_sequence, signers
from chain.ledger.apply import Applied, BlockRun, apply_block, execute
from chain.ledger.block import Block, decode_block
from chain.ledger.execution import Execution
from chain.ledger.genesis import make_genesis
from chain.ledger.machine import BlockMachine
from chain.ledger.parameters import Parameters, read_parameters
from chain.node.development import refuse_development_keys
from chain.node.pool import Pool
from chain.primitives.codec import encode
from chain.primitives.hash import merkle_root
from chain.primitives.header import Header
from chain.primitives.keyspace import PARAMETERS, balance_key, read_amount
from chain.primitives.limits import (
    BLOCKS_CHECKED_AT_START,
    KEYS_CHECKED_AT_START,
    READ_GAS_MAX,
    TRANSACTIONS_CHECKED_AT_START,
)
from chain.primitives.proof import Proof
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Transaction, decode_transaction
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay
from chain.state.store import Commit, Store, damaged
from chain.state.tree import Tree

_REFUSED_MAX = 10_000  # remembered for those who wait for them


class Node:
    """A ledger in a data directory. Not for use by several threads at once."""

    def __init__(
        self,
        directory: Path,
        specification: Mapping[str, Any],
        *,
        clock: Callable[[], int],
        pool: Pool | None = None,
    ) -> None:
        """Open the ledger of a genesis specification, or begin it. `clock` gives milliseconds since 1970 UTC.

        Raises `Refusal` WrongGenesis, DevelopmentKey, WrongStore.
        """
        self._clock = clock
        self._specification = specification
        refuse_development_keys(specification)
        genesis = make_genesis(specification)
        self.store = Store(directory)
        self.pool = pool if pool is not None else Pool()
        self.refused: LRUCache[bytes, Refusal] = LRUCache(_REFUSED_MAX)
        self.failure: BaseException | None = None
        try:
            self._begin(genesis)
            self.head: Header = self._check(genesis)
            self.parameters: Parameters = read_parameters(self.store)
            self.store.mark(genesis.block.header.hash)
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Close the store. Waiting transactions are forgotten; nothing that was acknowledged is lost."""
        self.store.close()

    # Transactions.

    def submit(self, data: bytes) -> Transaction:
        """Take a transaction's bytes into the pool. Raises `Refusal`; AlreadyIncluded if it has a receipt."""
        self._check_running()
        transaction = decode_transaction(data)
        body, identity = transaction.body, transaction.identity
        if self.store.find(identity) is not None:
            raise Refusal(Refused.ALREADY_INCLUDED, "it is in a block already", id=identity.hex())
        if identity in self.pool:
            return transaction
        used = read_sequence(self.store, body.sender, body.lane)
        waiting = self.pool.next_sequence(body.sender, body.lane, used) - used
        if used <= body.sequence < used + waiting:
            raise Refusal(
                Refused.SEQUENCE_USED,
                f"another transaction with sequence {body.sequence} of lane {body.lane} waits",
                next_sequence=used + waiting,
            )
        admit(transaction, self.store, self.parameters, height=self.head.height + 1, waiting=waiting)
        self.pool.add(transaction)
        self.refused.pop(identity, None)
        return transaction

    def produce(self) -> Applied:
        """Make the next block of what waits (nothing is a block too) and write it to disk.

        Transactions that may not be in it any more leave the pool and stand in `refused`. Raises
        `StoreFailed` and
        `SupplyBroken`, after which the node does nothing any more and its process must stop.
        """
        self._check_running()
        try:
            run = BlockRun(self.store, self.head, time_ms=self._time(), proposer=self.parameters.fee_wallet)
            for transaction in self.pool.in_order():
                try:
                    run.add(transaction)
                except Refusal as refusal:
                    if refusal.code is Refused.BLOCK_FULL and run.size:
                        break
                    self.refused[transaction.identity] = refusal
                    self.pool.remove(transaction.identity)
            applied = run.finish()
            self._commit(applied)
        except BaseException as error:
            self.failure = error
            raise
        self.head = applied.block.header
        for identity in applied.identities:
            self.pool.remove(identity)
        return applied

    def simulate(self, data: bytes) -> Receipt:
        """What a transaction would come to in the next block, whatever its signatures and sequence. Raises
        `Refusal`.
        """
        self._check_running()
        transaction = decode_transaction(data)
        body = transaction.body
        signers(body, self.store)
        check_gas(transaction, self.parameters)
        check_fee(body, self.parameters, self.balance(body.payer, self.parameters.base_currency))
        receipt = execute(
            BlockMachine(BlockOverlay(self.store), now_ms=self._time()),
            transaction,
            self.parameters,
            height=self.head.height + 1,
            index=0,
            machine_gas_max=READ_GAS_MAX,
        )
        most = READ_GAS_MAX + intrinsic_gas(transaction)
        if receipt.gas_used == most < body.gas_limit:
            raise Refusal(
                Refused.GAS_LIMIT_TOO_HIGH,
                f"a simulation has at most {READ_GAS_MAX} gas beyond the intrinsic, and this needs more",
                gas_limit_max=most,
            )
        return receipt

    # Questions.

    def balance(self, wallet: bytes, currency: str) -> int:
        """What a wallet holds, in minor units."""
        return read_amount(self.store.get(balance_key(wallet, currency)))

    def next_sequence(self, wallet: bytes, lane: int) -> int:
        """The next sequence of a lane, those that wait counted."""
        return self.pool.next_sequence(wallet, lane, read_sequence(self.store, wallet, lane))

    def receipt(self, identity: bytes) -> Receipt | None:
        """The receipt of a transaction, or None while it is in no block."""
        place = self.store.find(identity)
        data = None if place is None else self.store.receipt(*place)
        return None if data is None else decode_receipt(data)

    def block(self, height: int) -> Block | None:
        """The block at a height, or None."""
        data = self.store.block(height) if height >= 0 else None
        return None if data is None else decode_block(data)

    def prove(self, key: bytes) -> Proof:
        """The proof of a key under the state root of the head."""
        return Tree(self.store.page).prove(key, self.store.get(key))

    def read(self, contract: bytes, function: str, arguments: bytes) -> tuple[bytes | None, int]:
        """(encoded value, gas) of a view or pure function at the head. Raises `vm.failure.Failure`."""
        execution = Execution(BlockMachine(BlockOverlay(self.store), now_ms=self._time()), gas_limit=READ_GAS_MAX)
        _, encoded = execution.read(contract, function, arguments)
        return encoded, execution.gas_used

    def replay(self) -> bytes:
        """Execute all blocks from genesis again and return the state root. Raises `Refusal` WrongBlock at a
        difference.
        """
        view = MemoryView()
        applied = make_genesis(self._specification)
        view.apply(applied.state, applied.tree)
        for height in range(1, self.head.height + 1):
            block = self.block(height)
            if block is None:
                raise Refusal(Refused.WRONG_BLOCK, f"block {height} is missing")
            applied = apply_block(view, applied.block.header, block)
            if [receipt.encoded for receipt in applied.receipts] != self.store.receipts(height):
                raise Refusal(Refused.WRONG_BLOCK, f"the receipts of block {height} are not those on disk")
            view.apply(applied.state, applied.tree)
        return applied.block.header.state_root

    # Within.

    def _time(self) -> int:
        return max(self._clock(), self.head.time_ms)

    def _check_running(self) -> None:
        if self.failure is not None:
            raise Refusal(Refused.STOPPED, "the node has stopped after a failure")

    def _commit(self, applied: Applied) -> None:
        events = [
            (receipt.index, number, encode([receipt.identity, event.contract, event.number, event.payload]))
            for receipt in applied.receipts
            for number, event in enumerate(receipt.events)
        ]
        header = applied.block.header
        self.store.commit(
            Commit(
                height=header.height,
                block_hash=header.hash,
                block=applied.block.encoded,
                identities=applied.identities,
                receipts=[receipt.encoded for receipt in applied.receipts],
                events=events,
                state=applied.state,
                tree=applied.tree,
            )
        )

    def _begin(self, genesis: Applied) -> None:
        """Write genesis if there is none yet. Raises `Refusal` WrongStore."""
        try:
            empty = self.store.is_empty()
        except StoreFailed as error:
            raise damaged(str(error)) from None
        if not empty:
            return
        if self.store.marked() is not None:
            raise damaged("it had a ledger, which is gone")
        try:
            self._commit(genesis)
        except StoreFailed as error:
            remedy = "See that there is room on the disk, or choose another directory."
            raise Refusal(Refused.WRONG_STORE, f"the data directory cannot be written: {error}", remedy) from None

    def _check(self, genesis: Applied) -> Header:
        """The head, after a look at what is stored (`docs/ledger.md`, "Store"). Raises `Refusal` WrongStore."""
        try:
            first = self.block(0)
            if first is None or first.header.height:
                raise Refusal(Refused.WRONG_STORE, "block 0 is missing or damaged")
            ours, found = genesis.block.header.hash, first.header.hash
            if found != ours and self.store.marked() == ours:
                raise Refusal(Refused.WRONG_STORE, "block 0 is not the genesis with which it began")
            head = self._check_chain(genesis) if found == ours else None
        except (Refusal, StoreFailed) as error:
            raise damaged(error.message if isinstance(error, Refusal) else str(error)) from None
        if head is None:
            raise Refusal(
                Refused.WRONG_STORE,
                f"the data directory holds another chain: its genesis is {found.hex()}, and {ours.hex()} is asked for,"
                " which another seed or another genesis specification makes",
                "Start it with the --seed (or genesis) that it was made with, or choose another directory.",
                genesis=found.hex(),
                wanted=ours.hex(),
            )
        return head

    def _check_chain(self, genesis: Applied) -> Header:
        head = self.store.head()
        assert head is not None
        height, block_hash = head
        newest: Header | None = None
        transactions = 0
        for below in range(height, max(-1, height - BLOCKS_CHECKED_AT_START), -1):
            block = self.block(below)
            if block is None or block.header.height != below or block.header.hash != block_hash:
                raise Refusal(Refused.WRONG_STORE, f"block {below} is missing or damaged")
            if transactions < TRANSACTIONS_CHECKED_AT_START:
                transactions += len(block.transactions)
                if merkle_root(list(block.transactions)) != block.header.transactions_root:
                    raise Refusal(Refused.WRONG_STORE, f"the transactions of block {below} are damaged")
                if merkle_root(self.store.receipts(below)) != block.header.receipts_root:
                    raise Refusal(Refused.WRONG_STORE, f"the receipts of block {below} are damaged")
            newest = newest or block.header
            block_hash = block.header.parent
        assert newest is not None
        if Tree(self.store.page).root != newest.state_root:
            raise Refusal(Refused.WRONG_STORE, "the tree on disk does not have the head's state root")
        if self.store.size() <= KEYS_CHECKED_AT_START and Tree(_no_page).update(self.store.entries()) != newest.state_root:
            raise Refusal(Refused.WRONG_STORE, "the state on disk does not have the head's state root")
        if self.store.get(PARAMETERS) != genesis.state[PARAMETERS]:
            raise Refusal(Refused.WRONG_STORE, "the parameters on disk are not those of genesis")
        return newest


def _no_page(place: bytes) -> bytes | None:
    """The pages of a tree that begins empty."""
    return None
