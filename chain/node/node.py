"""A node without a network: it takes transactions, makes blocks, keeps them, and answers questions about
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from cachetools import LRUCache

from chain.ledger.admission import admit, read_balance, read_sequence
from chain.ledger.apply import Applied, BlockRun, apply_block
from chain.ledger.block import Block
from chain.ledger.parameters import fee_of, read_parameters
from chain.node.check import check_body, check_replay, first_parameters, has_body, headers_down
from chain.node.commit import commit_of
from chain.node.development import CHAIN_ID
from chain.node.genesis import Genesis
from chain.node.pool import Pool
from chain.node.questions import Questions
from chain.node.waiting import Waiting
from chain.primitives.address import NOBODY, format_address
from chain.primitives.certificate import certify, check_certified, choose_signers
from chain.primitives.codec import decode
from chain.primitives.edits import Edit
from chain.primitives.header import Header, decode_header
from chain.primitives.keys import Signer
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.library_check import check_signature_library
from chain.primitives.limits import (
    BLOCKS_CHECKED_AT_START,
    EXPIRY_MS_MAX,
    KEYS_CHECKED_AT_START,
    TIME_MS_MAX,
    TRANSACTION_GAS_MAX,
    TRANSACTIONS_CHECKED_AT_START,
)
from chain.primitives.receipt import Error
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Body, Transaction, decode_transaction, not_development
from chain.state.directory import damaged
from chain.state.pending import PendingView
from chain.state.store import Store
from chain.state.tree import Tree
from chain.state.writing import Commit

_REFUSED_MAX = 10_000  # remembered for those who wait for them


class Node(Questions):
    """A ledger in a data directory. Not for use by several threads at once."""

    def __init__(
        self,
        directory: Path,
        specification: Mapping[str, Any] | None,
        *,
        clock: Callable[[], int],
        pool: Pool | None = None,
        archive: bool = False,
        signers: Sequence[Signer] = (),
    ) -> None:
        """Open the ledger of a genesis specification, or begin it; without one, go on with the ledger that is there.

        `clock` gives milliseconds since 1970 UTC. An archive keeps what it takes to go back to any height. `signers` are the
        validators that certify each block that is made here; without them blocks have no certificates, and nobody can follow.

        Raises `Refusal` WrongGenesis, DevelopmentKey, WrongStore, WrongLibrary, WrongKey.
        """
        self.directory = directory
        check_signature_library()
        self._clock = clock
        self._specification = specification
        genesis = None if specification is None else Genesis(specification)
        self.store: Store = Store(directory, archive=archive)
        self.pool = pool if pool is not None else Pool()
        self.refused: LRUCache[bytes, Refusal] = LRUCache(_REFUSED_MAX)
        self.failure: BaseException | None = None
        self.took = 0.0, 0.0
        """Seconds that the newest block took to be filled, and to be finished with its tree and header."""
        self._told: list[tuple[bytes, Refusal]] = []
        self._view = PendingView(self.store)
        self._unwritten: dict[bytes, tuple[int, int]] = {}
        self._certificates: dict[bytes, bytes] = {}
        try:
            self._begin(genesis)
            self.head = self._check(genesis)
            self.parameters = read_parameters(self.store)
            self._signers = choose_signers(self.parameters.validators, signers)
            self.tree = Tree(self._view.page)
            self.newest: Header = self.head
            """Of the newest block that was made, be it on disk or not."""
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Close the store. Waiting transactions are forgotten; nothing that was acknowledged is lost."""
        self.store.close()

    # Transactions.

    def submit(self, data: bytes) -> Transaction:
        """Take a transaction's bytes into the pool. Raises `Refusal`; AlreadyIncluded if it has a receipt."""
        transaction = decode_transaction(data)
        if self.offer(transaction) is not None:
            raise Refusal(Refused.ALREADY_INCLUDED, "it is in a block already", id=transaction.identity.hex())
        return transaction

    def offer(self, transaction: Transaction, *, development: bool = False) -> tuple[int, int] | None:
        """Take a transaction into the pool, unless it waits there; (height, index) of one that is in a block already. With
        `development` it need not be signed, which is for the control of a devnet alone. Raises `Refusal`.
        """
        self._check_running()
        body, identity = transaction.body, transaction.identity
        if (transaction.unsigned and not development) or body.sender == NOBODY:
            raise not_development()
        if identity in self.pool:
            return None
        next_sequence = read_sequence(self._view, body.sender, body.lane)
        if body.sequence < next_sequence:
            place = self._unwritten.get(identity) or self.store.find(identity)
            if place is not None:
                return place
        waiting = _waiting(transaction)
        self.pool.check(waiting, next_sequence)
        ahead = body.sequence - next_sequence  # no gap that the pool has not just allowed
        now_ms = self.now_ms()
        admit(transaction, self._view, self.parameters, height=self.newest.height + 1, time_ms=now_ms, waiting=ahead)
        self._check_reserved(waiting)
        self.pool.add(waiting, next_sequence, now_ms)
        self.refused.pop(identity, None)
        self.note_departed()
        return None

    def produce(self) -> Applied:
        """Make the next block of what waits (nothing is a block too) and write it to disk. See `make_block`."""
        applied = self.make_block()
        try:
            self.store.write(self.commit_of(applied))
        except BaseException as error:
            self.failure = error
            raise
        self.written(applied)
        return applied

    def make_block(self) -> Applied:
        """Make the next block of what waits; the one after it may be made before it is written.

        Transactions that may not be in it any more leave the pool and stand in `refused`. Raises
        `StoreFailed` and
        `SupplyBroken`, after which the node does nothing any more and its process must stop.
        """
        self._check_running()
        try:
            self.pool.expire(self.newest.height + 1, self.now_ms())
            began = perf_counter()
            run = self._begin_block()
            included = self._fill(run)
            filled = perf_counter()
            applied = run.finish()
            self.took = filled - began, perf_counter() - filled
        except BaseException as error:
            self.failure = error
            raise
        self._go_on(applied)
        self.pool.included(included)
        self.note_departed()
        return applied

    def make_edit(self, edits: Sequence[Edit]) -> Applied:
        """Make a block of edits alone, all or none, on a development chain. Raises `Refusal` NotDevelopment, ExecutionFailed, and
        then nothing has changed; otherwise as `make_block`.
        """
        self._check_running()
        parameters, time_ms = self.parameters, self.now_ms()
        body = Body(
            parameters.chain_id,
            NOBODY,
            read_sequence(self._view, NOBODY, 0),
            min(parameters.gas_limit, TRANSACTION_GAS_MAX),
            0,
            tuple(edits),
            expiry_ms=min(time_ms + EXPIRY_MS_MAX, TIME_MS_MAX),
        )
        transaction = decode_transaction(Transaction(body, unsigned=True).encoded, included=True)  # as whoever replays it will
        try:
            run = self._begin_block()
            receipt = run.add(transaction)
            if receipt.error is not None:
                raise not_edited(receipt.error)
            applied = run.finish()
        except Refusal:
            raise
        except BaseException as error:
            self.failure = error
            raise
        self._go_on(applied)
        self._refill()  # sequences and balances may be others now
        return applied

    def _begin_block(self) -> BlockRun:
        return BlockRun(self._view, self.newest, time_ms=self.now_ms(), proposer=self.parameters.fee_wallet, tree=self.tree)

    def follow(self, block: Block, certificate: bytes) -> Applied:
        """Go on by a block that was made elsewhere, which is yet to be written: see `written`. Nothing has changed if it is
        refused: NotCertified if the chain's validators have not signed it, WrongBlock if it does not follow or is not what
        execution makes of it, UnknownVersion. Raises `StoreFailed` and `SupplyBroken` as `make_block` does.
        """
        self._check_running()
        header, validators = block.header, self.parameters.validators
        if validators is None:
            raise Refusal(Refused.NOT_CERTIFIED, "the chain names no validators, so its blocks cannot be certified")
        check_certified(certificate, header, validators)
        if header.parent != self.newest.hash or header.height != self.newest.height + 1:
            raise Refusal(Refused.WRONG_BLOCK, f"block {header.height} does not follow block {self.newest.height}")
        try:
            applied = apply_block(self._view, self.newest, block, self.tree)
        except Refusal as refusal:
            if refusal.code is Refused.UNKNOWN_VERSION:
                raise
            message = f"block {header.height} cannot be executed: {refusal.message}"
            raise Refusal(Refused.WRONG_BLOCK, message, height=header.height) from refusal
        except BaseException as error:
            self.failure = error
            raise
        self._certificates[header.hash] = certificate
        self._go_on(applied)
        return applied

    def commit_of(self, applied: Applied) -> Commit:
        """All that a block writes, with its certificate: the one with which it came, or one by the validators that are here. May
        be asked in another thread.
        """
        header = applied.block.header
        certificate = self._certificates.pop(header.hash, None)
        if certificate is None and self._signers:
            certificate = certify(header, self._signers).encoded
        return commit_of(applied, certificate)

    def _go_on(self, applied: Applied) -> None:
        """To a block that is not on disk yet."""
        header = applied.block.header
        self.newest = header
        self._view.add(header.height, applied.state, applied.tree, applied.accounts)
        self.tree.adopt(applied.tree)
        for index, identity in enumerate(applied.identities):
            self._unwritten[identity] = header.height, index

    def _refill(self) -> None:
        """Take what waits into the pool once more, as far as it still may: the state has not gone on as the pool expects."""
        for waiting in self.pool.clear():
            try:
                self.pool.add(waiting, read_sequence(self._view, waiting.sender, waiting.lane), self.now_ms())
            except Refusal as refusal:
                self._refuse(waiting, refusal)
        self.note_departed()

    def written(self, applied: Applied) -> None:
        """A block that was made is on disk now; blocks are written in order."""
        self.store.renew()
        header = applied.block.header
        self.head = header
        self._view.written(header.height, applied.state, applied.tree)
        for identity in applied.identities:
            del self._unwritten[identity]

    def revert(self, height: int) -> None:
        """Go back to the state after the block at a height, when all blocks that were made are on disk. What waits goes on
        waiting, as far as it still may. Raises `Refusal` Pruned, NotFound, and then nothing has changed; `StoreFailed`.
        """
        self._check_running()
        assert not self._unwritten, "blocks are being written"
        data = self.store.header(height)
        update = self.tree.update(self.store.at(height).changes().items())
        if data is None or update.root != decode_header(data).state_root:
            raise StoreFailed(f"what is kept of block {height} does not lead back to it")
        self.store.revert(height, update.pages)
        self._view = PendingView(self.store)
        self.tree = Tree(self._view.page)
        self.head = self.newest = decode_header(data)
        self.refused.clear()
        self._refill()

    def take_refused(self) -> list[tuple[bytes, Refusal]]:
        """Those that have left the pool without a block since the last call, each with why."""
        told, self._told = self._told, []
        return told

    def note_departed(self) -> None:
        """Remember who has left the pool without a block, and why."""
        for departure in self.pool.departed():
            self._refuse(departure.waiting, departure.refusal)

    # Questions beside those of a reader.

    def next_sequence(self, wallet: bytes, lane: int) -> int:
        """The next sequence of a lane, those that wait counted."""
        return self.pool.next_sequence(wallet, lane, read_sequence(self._view, wallet, lane))

    def replay(self) -> bytes:
        """Execute all blocks from genesis again, compare all that they leave, and return the state root. The node must have
        been given its specification. Raises as `check_replay`.
        """
        assert self._specification is not None
        return check_replay(self.store, self._specification).head.state_root

    def now_ms(self) -> int:
        """The time that a block made now would have."""
        return max(self._clock(), self.newest.time_ms)

    # Within.

    def _check_running(self) -> None:
        if self.failure is not None:
            raise Refusal(Refused.STOPPED, "the node has stopped after a failure")

    def _check_reserved(self, waiting: Waiting) -> None:
        """That the payer can cover the fees of all that waits and of this one. Raises `Refusal` FeeNotCovered."""
        reserved = self.pool.reserved(waiting.payer)
        if not reserved:
            return  # admission has looked at its own fee
        old = self.pool.at(waiting.sender, waiting.lane, waiting.sequence)
        if old is not None and old.payer == waiting.payer:
            reserved -= old.fee_max
        balance = read_balance(self._view, waiting.payer, self.parameters.base_currency)
        if balance < reserved + waiting.fee_max:
            raise Refusal(
                Refused.FEE_NOT_COVERED,
                f"the fee may be {waiting.fee_max} minor units of {self.parameters.base_currency}; the payer has {balance},"
                f" of which {reserved} may go in fees of transactions that wait",
                fee_max=waiting.fee_max,
                balance=balance,
                reserved=reserved,
            )

    def _fill(self, run: BlockRun) -> list[Waiting]:
        """Put into a block what waits, as far as there is room, and say what is in it."""
        included = []
        while (waiting := self.pool.take()) is not None:
            try:
                run.add(waiting.transaction)
            except Refusal as refusal:
                if refusal.code is Refused.BLOCK_FULL and run.size:
                    self.pool.release(waiting)
                    break
                self._refuse(waiting, refusal)
                self.pool.refuse(waiting)
            else:
                included.append(waiting)
        return included

    def _refuse(self, waiting: Waiting, refusal: Refusal) -> None:
        self.refused[waiting.identity] = refusal
        self._told.append((waiting.identity, refusal))

    def _begin(self, genesis: Genesis | None) -> None:
        """Write genesis if there is no block yet. Raises `Refusal` WrongStore."""
        try:
            empty = self.store.is_empty()
        except StoreFailed as error:
            raise damaged(str(error)) from None
        if not empty:
            return
        if self.store.marked() is not None:
            raise damaged("it had a ledger, which is gone")
        if genesis is None:
            remedy = "Give the genesis specification of the chain, or the directory of a ledger that has begun."
            raise Refusal(Refused.WRONG_STORE, "the data directory has no ledger yet", remedy)
        try:
            genesis.write(self.store, self.directory)
        except StoreFailed as error:
            remedy = "See that there is room on the disk, or choose another directory."
            raise Refusal(Refused.WRONG_STORE, f"the data directory cannot be written: {error}", remedy) from None

    def _check(self, genesis: Genesis | None) -> Header:
        """The head, after a look at what is stored (`docs/ledger.md`, "Store"). Raises `Refusal` WrongStore."""
        try:
            height = self.store.first()
            first = self.block(height)
            if first is None or first.header.height != height:
                raise Refusal(Refused.WRONG_STORE, f"block {height} is missing or damaged")
            if height and genesis is not None and first.header.chain_id == CHAIN_ID == genesis.chain_id:
                genesis = None  # a devnet that began with a copy
            found, noted = first.header.hash, self.store.marked()
            ours = noted or found if genesis is None else genesis.hash_beside(first.header, noted)
            if found != ours and self.store.marked() == ours:
                raise Refusal(Refused.WRONG_STORE, f"block {height} is not the genesis with which it began")
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
        self.store.mark(found)
        return head

    def _check_chain(self, genesis: Genesis | None) -> Header:
        newest: Header | None = None
        transactions = 0
        for header in headers_down(self.store, self.store.height() - BLOCKS_CHECKED_AT_START + 1):
            newest = newest or header
            if transactions < TRANSACTIONS_CHECKED_AT_START and header.height and has_body(self.store, header.height):
                transactions += check_body(self.store, header)
        assert newest is not None
        if Tree(self.store.page).root != newest.state_root:
            raise Refusal(Refused.WRONG_STORE, "the tree on disk does not have the head's state root")
        if self.store.size() <= KEYS_CHECKED_AT_START and Tree(_no_page).update(self.store.entries()).root != newest.state_root:
            raise Refusal(Refused.WRONG_STORE, "the state on disk does not have the head's state root")
        if self.store.get(PARAMETERS) != (first_parameters(self.store) if genesis is None else genesis.parameters):
            raise Refusal(Refused.WRONG_STORE, "the parameters on disk are not those of genesis")
        return newest


def not_edited(error: Error) -> Refusal:
    """For edits that fail as a whole."""
    values = ", ".join(format_address(v) if type(v) is bytes and len(v) == len(NOBODY) else str(v) for v in decode(error.payload))
    message = f"edit {error.action} fails: {error.name}{f'({values})' if values else ''}"
    return Refusal(Refused.EXECUTION_FAILED, message, error=error.name, edit=error.action)


def _waiting(transaction: Transaction) -> Waiting:
    body = transaction.body
    return Waiting(
        identity=transaction.identity,
        sender=body.sender,
        lane=body.lane,
        sequence=body.sequence,
        gas_price=body.gas_price,
        fee_max=fee_of(body.gas_limit, body.gas_price),
        payer=body.payer,
        size_bytes=len(transaction.encoded),
        expiry_height=body.expiry_height,
        expiry_ms=body.expiry_ms,
        transaction=transaction,
    )


def _no_page(place: bytes) -> bytes | None:
    """The pages of a tree that begins empty."""
    return None
