"""A ledger for tests of contracts: no blocks, no signatures, no fees, no disk; the same execution as in a
block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.currency.records import Currency
from chain.currency.supply import add_currency, issue, read_supplies, record_moves
from chain.currency.wallets import Wallets
from chain.ledger.contracts import find_function, load_verified, read_contract, verified_code
from chain.ledger.execution import Execution, Outcome
from chain.ledger.machine import BlockMachine
from chain.ledger.residence import settle
from chain.primitives.account import Account
from chain.primitives.hash import TAG_SANDBOX, tagged_hash
from chain.primitives.header import Supply
from chain.primitives.keys import PUBLIC_KEY_BYTES
from chain.primitives.keyspace import slot_key
from chain.primitives.limits import READ_GAS_MAX
from chain.primitives.receipt import Event, Move
from chain.primitives.transaction import Action, Call, Deploy, Pay, SetRules
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay, TransactionOverlay
from vm.failure import Code, Failure
from vm.trace import Tracer
from vm.types import CoinValue
from vm.values import encode_arguments
from vm.verifier import Verified

TIME_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: where time begins if nothing else is said."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state to come back to."""

    state: dict[bytes, bytes | None]
    time_ms: int
    count: int
    events: int
    moves: int


class Sandbox:
    """One small world. Every method that acts is one transaction; a failed one raises `vm.failure.Failure`
    and leaves nothing.

    `time_ms` is what contracts see as `now`. `events` and `moves` gather all that happened, `last_gas` is
    what the machine
    used for the last transaction or read. `tracer` may be set and taken away at any time.
    """

    def __init__(
        self,
        currencies: Mapping[str, int] | None = None,
        *,
        time_ms: int = TIME_MS,
        gas_limit: int = READ_GAS_MAX,
        tracer: Tracer | None = None,
        check_promises: bool = True,
    ) -> None:
        """`currencies` maps codes to decimals; CNY with 2 if not given."""
        self.time_ms = time_ms
        self.gas_limit = gas_limit
        self.tracer = tracer
        self.check_promises = check_promises
        self.currencies: dict[str, int] = dict({"CNY": 2} if currencies is None else currencies)
        self.events: list[Event] = []
        self.moves: list[Move] = []
        self.last_gas = 0
        self._count = 0
        self._block = BlockOverlay(MemoryView())
        for code, decimals in list(self.currencies.items()):
            self.add_currency(code, decimals)

    # Currencies and wallets.

    def add_currency(self, code: str, decimals: int) -> None:
        """One more currency, of which nothing is issued yet."""
        self.currencies[code] = decimals
        overlay = TransactionOverlay(self._block)
        add_currency(overlay, Currency(code, decimals, None))
        overlay.commit()

    def wallet(self, name: str, balances: Mapping[str, int] | None = None) -> bytes:
        """The address of the wallet of a name, opened if it is new, with newly issued minor units added."""
        address = tagged_hash(TAG_SANDBOX, name.encode())
        self.fund(address, balances or {})
        return address

    def fund(self, address: bytes, balances: Mapping[str, int]) -> None:
        """Open the wallet at an address if there is none, and add newly issued minor units to it."""
        overlay = TransactionOverlay(self._block)
        wallets = Wallets(overlay)
        if wallets.find(address) is None:
            overlay.place_account(address, Account(bytes(PUBLIC_KEY_BYTES), None, ()))
        for currency, amount in balances.items():
            issue(overlay, wallets, address, currency, amount)
        record_moves(overlay, wallets.held, {})
        overlay.commit()
        self._block.settle_accounts()

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, in minor units; 0 where no wallet is."""
        return Wallets(TransactionOverlay(self._block)).balance(address, currency)

    def pay(self, sender: bytes, to: bytes, currency: str, amount: int) -> None:
        """Pay from wallet to wallet."""
        self._run(Pay(to, currency, amount), sender)

    def attach(self, rule: bytes, wallet: bytes, by: bytes) -> None:
        """Attach one more rule to a wallet."""
        found = Wallets(TransactionOverlay(self._block)).find(wallet)
        rules = () if found is None else found.rules
        self._run(SetRules(wallet, (*rules, rule)), by)

    # Contracts.

    def deploy(self, module: bytes, currency: str, arguments: tuple[Any, ...], sender: bytes) -> bytes:
        """Deploy a module's byte string with a home currency and return its address. Raises
        `vm.illegal.Illegal` too.
        """
        verified = verified_code(module)[1]
        init = None if verified.init is None else verified.module.functions[verified.init]
        kinds = [] if init is None else [kind for _, kind in init.parameters]
        address: bytes = self._run(Deploy(module, currency, encode_arguments(kinds, arguments)), sender)
        return address

    def verified(self, address: bytes) -> Verified:
        """The verified module of a contract. Raises `Failure` NoContract."""
        contract = read_contract(self._block, address)
        if contract is None:
            raise Failure(Code.NO_CONTRACT, (address,))
        return load_verified(self._block, contract.code_hash)

    def home_currency(self, address: bytes) -> str:
        """The home currency of a contract. Raises `Failure` NoContract."""
        contract = read_contract(self._block, address)
        if contract is None:
            raise Failure(Code.NO_CONTRACT, (address,))
        return contract.currency

    def call(self, address: bytes, function: str, arguments: tuple[Any, ...], sender: bytes) -> Any:
        """Call a public function with Python values, `CoinValue` for coins of the sender, and return its
        value.
        """
        return self._run(Call(address, function, self._arguments(address, function, arguments)), sender)

    def read(self, address: bytes, function: str, arguments: tuple[Any, ...] = ()) -> Any:
        """The value of a view or pure function."""
        execution = self._execution()
        try:
            value, _ = execution.read(address, function, self._arguments(address, function, arguments))
        finally:
            self.last_gas = execution.gas_used
            self._block.used.clear()  # a read leaves nothing behind
        return value

    def coin(self, amount: int, currency: str = "CNY") -> CoinValue:
        """A coin to put among arguments."""
        return CoinValue(currency, amount)

    # Time, states, totals.

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        self.time_ms += duration_ms

    def snapshot(self) -> Snapshot:
        """The present state, to come back to any number of times."""
        return Snapshot(dict(self._block.changes), self.time_ms, self._count, len(self.events), len(self.moves))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this sandbox."""
        self._block.changes = dict(snapshot.state)
        self._block.forget()
        self.time_ms = snapshot.time_ms
        self._count = snapshot.count
        del self.events[snapshot.events :]
        del self.moves[snapshot.moves :]

    def supply(self) -> tuple[Supply, ...]:
        """The supply equation of every currency."""
        return read_supplies(self._block, sorted(self.currencies))

    def slot(self, contract: bytes, slot: bytes) -> bytes | None:
        """The stored bytes of one slot of a contract, or None."""
        return self._block.get(slot_key(contract, slot))

    def state(self) -> dict[bytes, bytes]:
        """The whole flat state, for whoever wants to look at slots."""
        return {key: value for key, value in self._block.changes.items() if value is not None}

    def _arguments(self, address: bytes, function: str, arguments: tuple[Any, ...]) -> bytes:
        found = find_function(self.verified(address), function)
        if found is None:
            raise Failure(Code.NO_FUNCTION, (function,), contract=address)
        return encode_arguments([kind for _, kind in found.parameters], arguments)

    def _execution(self) -> Execution:
        machine = BlockMachine(self._block, now_ms=self.time_ms, tracer=self.tracer, check_promises=self.check_promises)
        return Execution(machine, gas_limit=self.gas_limit)

    def _run(self, action: Action, sender: bytes) -> Any:
        self._count += 1
        identity = tagged_hash(TAG_SANDBOX, self._count.to_bytes(8))
        execution = self._execution()
        outcome: Outcome = execution.run((action,), sender, identity)
        self.last_gas = outcome.gas_used
        if outcome.failure is None:
            execution.commit()
        settle(self._block)  # each transaction is a block of its own
        self._block.settle_accounts()
        if outcome.failure is not None:
            raise outcome.failure
        self.events.extend(outcome.events)
        self.moves.extend(outcome.moves)
        return outcome.values[0]
