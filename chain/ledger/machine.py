"""The machine at work for a block: one session for all its transactions, on the state of the block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chain.ledger.contracts import Contract, find_function, load_verified, read_contract
from chain.ledger.residence import is_resident
from chain.primitives.keys import verify_ed25519
from chain.primitives.keyspace import slot_key
from chain.state.overlay import BlockOverlay
from vm.journal import Journal
from vm.limits import CONTRACTS_AT_HAND_MAX
from vm.machine import Session
from vm.module import Function
from vm.pricing import is_sized, price_of_type
from vm.trace import Tracer
from vm.types import Address, Amount, Bool, Bytes, Coin, Int, Text, Type
from vm.values import reader
from vm.verifier import Verified

Credit = Callable[[bytes, str, int], None]
"""What pays so many minor units of a currency into a wallet, undoably."""


_ONE_ON_THE_WIRE = (Bool, Int, Amount, Address, Text, Bytes)
"""Types of which a value is one value on the wire too."""


class Callee(NamedTuple):
    """What has to be known of a function to call it: what reads each argument out of its wire form, whether any is a coin; how
    many values arguments at hand are on the wire (None if that is not known without making it), the result and the gas that its
    encoding takes (None if that depends on the value).
    """

    verified: Verified
    kinds: tuple[Type, ...]
    readers: tuple[Callable[[Any], Any], ...]
    takes_coins: bool
    result: Type | None
    wire_values: int | None
    result_gas: int | None


def callee(verified: Verified, function: Function | None) -> Callee:
    """What has to be known of a function of a module, or of none, which takes nothing and gives nothing."""
    kinds = () if function is None else tuple([kind for _, kind in function.parameters])
    result = None if function is None else function.result
    return Callee(
        verified,
        kinds,
        tuple(map(reader, kinds)),
        any(isinstance(kind, Coin) for kind in kinds),  # there are none within other values
        result,
        len(kinds) if all(isinstance(kind, _ONE_ON_THE_WIRE) for kind in kinds) else None,
        None if result is None or is_sized(result) else price_of_type("encode", result).gas,
    )


class BlockMachine:
    """It is the session's `vm.host.Host`. Transactions begin one after the other, each when the one before has ended.

    What one of them has met is at hand for the others: contracts that are in the state of the block, which never changes them,
    and what the session remembers of their slots. Whoever changes a slot by other means says so (`forget_slots`).
    """

    def __init__(self, block: BlockOverlay, *, now_ms: int, tracer: Tracer | None = None, check_promises: bool = False) -> None:
        self.block = block
        self.now_ms = now_ms
        self._tracer = tracer
        self._check_promises = check_promises
        self._session: Session | None = None
        self._credit: Credit
        self._records: dict[bytes, Contract] = {}
        self._contracts: dict[bytes, tuple[Verified, str]] = {}
        self.callees: dict[tuple[bytes, str], Callee] = {}  # of contracts that have been brought

    def begin(self, journal: Journal, gas_limit: int, credit: Credit) -> Session:
        """The session, at the beginning of a transaction."""
        self._credit = credit
        if max(len(self._records), len(self.callees)) > CONTRACTS_AT_HAND_MAX:
            self._records, self._contracts, self.callees = {}, {}, {}
        session = self._session
        if session is None:
            session = self._session = Session(
                self,
                journal,
                now=self.now_ms,
                gas_limit=gas_limit,
                tracer=self._tracer,
                check_promises=self._check_promises,
            )
        else:
            session.renew(journal, gas_limit, self.now_ms)
        return session

    def forget_slots(self) -> None:
        """Slots were changed by other means than the session's, which begins anew with the next transaction."""
        self._session = None

    # The machine's host.

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        """The verified module at an address and its home currency, or None."""
        found = self._contracts.get(address)
        if found is None:
            contract = self.record(address)
            if contract is None:
                return None
            found = self._contracts[address] = load_verified(self.block, contract.code_hash), contract.currency
            self.block.used[contract.code_hash] = contract.code_price
        return found

    def code_price(self, address: bytes) -> int:
        """The gas that bringing the code of a contract takes: none if it is resident or has been used in this block."""
        if address in self._contracts:
            return 0
        contract = self.record(address)
        if contract is None or contract.code_hash in self.block.used or is_resident(self.block, contract.code_hash):
            return 0
        return contract.code_price

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        """The stored bytes of a slot."""
        return self.block.get(slot_key(contract, slot))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """A contract pays a wallet."""
        self._credit(to, currency, amount)

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """The ledger's one signature rule."""
        return verify_ed25519(key, message, signature)

    # What else is known of contracts.

    def record(self, address: bytes) -> Contract | None:
        """What the state has of a contract, or None."""
        found = self._records.get(address)
        if found is None:
            found = read_contract(self.block, address)
            if found is not None:
                self._records[address] = found
        return found

    def callee(self, address: bytes, name: str) -> Callee | None:
        """A function that may be called or read from outside, of a contract that has been brought; None if there is none."""
        verified, _ = self._contracts[address]
        function = find_function(verified, name)
        if function is None:
            return None
        found = self.callees[address, name] = callee(verified, function)
        return found
