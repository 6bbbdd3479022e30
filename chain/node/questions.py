"""Questions about a ledger, answered from one state of it."""

from __future__ import annotations

from chain.ledger.admission import check_fee, check_gas, intrinsic_gas, read_balance, signers
from chain.ledger.apply import execute
from chain.ledger.block import Block, decode_block
from chain.ledger.execution import Execution
from chain.ledger.machine import BlockMachine
from chain.ledger.parameters import Parameters
from chain.primitives.header import Header
from chain.primitives.limits import READ_GAS_MAX
from chain.primitives.proof import Proof
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import decode_transaction
from chain.state.overlay import BlockOverlay, View
from chain.state.reader import Reader
from chain.state.tree import Tree


class Questions:
    """A ledger on disk at its head, for who only asks. Not for use by several threads at once."""

    store: Reader
    head: Header
    """Of the newest block on disk."""
    parameters: Parameters
    gas_unpaid = 0
    """Of what was done for nothing since somebody set it to 0."""

    def now_ms(self) -> int:
        """The time that a block made now would have."""
        return self.head.time_ms

    def renew(self) -> None:
        """See what is on disk by now, if somebody else writes it."""

    def balance(self, wallet: bytes, currency: str) -> int:
        """What a wallet holds, in minor units."""
        return read_balance(self.store, wallet, currency)

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

    def read(
        self, contract: bytes, function: str, arguments: bytes, *, old: tuple[View, Header] | None = None
    ) -> tuple[bytes | None, int]:
        """(encoded value, gas) of a view or pure function at the head, or in an old state with its header. Raises
        `vm.failure.Failure`.
        """
        view, now_ms = (self.store, self.now_ms()) if old is None else (old[0], old[1].time_ms)
        execution = Execution(BlockMachine(BlockOverlay(view), now_ms=now_ms), gas_limit=READ_GAS_MAX)
        try:
            _, encoded = execution.read(contract, function, arguments)
        finally:
            self.gas_unpaid += execution.gas_used
        return encoded, execution.gas_used

    def simulate(self, data: bytes) -> Receipt:
        """What a transaction would come to in the next block, whatever its signatures and sequence. Raises
        `Refusal`.
        """
        transaction = decode_transaction(data)
        body = transaction.body
        signers(body, self.store)
        check_gas(transaction, self.parameters)
        check_fee(body, self.parameters, self.balance(body.payer, self.parameters.base_currency))
        receipt = execute(
            BlockMachine(BlockOverlay(self.store), now_ms=self.now_ms()),
            transaction,
            self.parameters,
            height=self.head.height + 1,
            index=0,
            machine_gas_max=READ_GAS_MAX,
        )
        self.gas_unpaid += receipt.gas_used
        most = READ_GAS_MAX + intrinsic_gas(transaction)
        if receipt.gas_used == most < body.gas_limit:
            raise Refusal(
                Refused.GAS_LIMIT_TOO_HIGH,
                f"a simulation has at most {READ_GAS_MAX} gas beyond the intrinsic, and this needs more",
                gas_limit_max=most,
            )
        return receipt
