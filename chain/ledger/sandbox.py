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
from chain.ledger.contracts import load_verified, read_contract, verified_code
from chain.ledger.execution import Execution, GivenCall, Outcome
from chain.ledger.machine import BlockMachine
from chain.ledger.residence import is_resident, settle, stands_still
from chain.primitives.account import Account, account_value
from chain.primitives.address import NOBODY
from chain.primitives.edits import Edit, SetBalance, SetSequence, SetSlot
from chain.primitives.hash import TAG_SANDBOX, tagged_hash
from chain.primitives.header import Supply
from chain.primitives.keys import PUBLIC_KEY_BYTES
from chain.primitives.keyspace import account_key, slot_key
from chain.primitives.limits import READ_GAS_MAX
from chain.primitives.receipt import Event, Move
from chain.primitives.transaction import Action, Deploy, Pay, SetRules
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay, TransactionOverlay
from vm.failure import Code, Failure
from vm.journal import ENTRY, Journal
from vm.trace import Tracer
from vm.types import CoinValue
from vm.values import encode_arguments
from vm.verifier import Verified

TIME_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: where time begins if nothing else is said."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state to come back to: a point in the past of a sandbox, which is there until one before it is gone back to."""

    point: int
    serial: int
    time_ms: int
    count: int
    events: int
    moves: int
    contracts: int
    currencies: int


class Sandbox:
    """One small world. Every method that acts is one transaction; a failed one raises `vm.failure.Failure`
    and leaves nothing.

    `time_ms` is what contracts see as `now`. `events` and `moves` gather all that happened, `last_gas` is what the machine used
    for the last transaction or read. `tracer` may be set and taken away at any time.

    Each transaction is a block of its own. The machine stays for the next ones all the same, since it has the same outcome, and
    what it remembers is gone back to together with the state.
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
        self._check_promises = check_promises
        self.currencies: dict[str, int] = {}
        self.events: list[Event] = []
        self.moves: list[Move] = []
        self.last_gas = 0
        self._tracer = tracer
        self._count = 0
        self._contracts = 0
        self._past = Journal()
        self._serial = 0
        self._points: list[tuple[int, int]] = [(-1, 0)]  # of the snapshots that there are, and their serial numbers
        self._machine: BlockMachine | None = None
        self._block = BlockOverlay(MemoryView())
        self._block.past = self._past
        for code, decimals in ({"CNY": 2} if currencies is None else currencies).items():
            self.add_currency(code, decimals)

    @property
    def tracer(self) -> Tracer | None:
        """Who looks on."""
        return self._tracer

    @tracer.setter
    def tracer(self, tracer: Tracer | None) -> None:
        """Another one, or nobody."""
        self._tracer = tracer
        self._machine = None

    @property
    def check_promises(self) -> bool:
        """Whether invariants and `ensures` are looked at."""
        return self._check_promises

    @check_promises.setter
    def check_promises(self, check_promises: bool) -> None:
        """From the next transaction on."""
        self._check_promises = check_promises
        self._machine = None

    # Currencies and wallets.

    def add_currency(self, code: str, decimals: int) -> None:
        """One more currency, of which nothing is issued yet."""
        self._past.note(self.currencies, code)
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
        self._remember(overlay.journal)

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

    def edit(self, *edits: Edit) -> None:
        """What whoever runs a development chain may do to its state, each a transaction."""
        for edit in edits:
            self._run(edit, NOBODY)

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
        return self._run(GivenCall(address, function, arguments), sender)

    def read(self, address: bytes, function: str, arguments: tuple[Any, ...] = ()) -> Any:
        """The value of a view or pure function."""
        execution = self._execution()
        try:
            value = execution.ask(address, function, arguments)
        finally:
            self.last_gas = execution.gas_used
            used = self._block.used
            if used:
                if not all(is_resident(self._block, code_hash) for code_hash in used):
                    self._machine = None  # which has what the next one is to pay for
                used.clear()  # a read leaves nothing behind
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
        point, _ = self._past.mark()
        last, serial = self._points[-1]
        if last != point:
            serial = self._serial = self._serial + 1
            self._points.append((point, serial))
        told = len(self.events), len(self.moves)
        return Snapshot(point, serial, self.time_ms, self._count, *told, self._contracts, len(self.currencies))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this sandbox, at a cost in proportion to what was changed since. Snapshots made after it are
        worth nothing from then on: to go to one of them raises ValueError.
        """
        points = self._points
        while points[-1][0] > snapshot.point:
            points.pop()
        if points[-1] != (snapshot.point, snapshot.serial):
            raise ValueError("this snapshot is of a state that has been gone back over")
        self._past.undo((snapshot.point, 0))
        self.time_ms = snapshot.time_ms
        self._count = snapshot.count
        del self.events[snapshot.events :]
        del self.moves[snapshot.moves :]
        if self._contracts != snapshot.contracts:
            self._contracts = snapshot.contracts
            self._machine = None  # which knows contracts that are no more, at addresses that others may have, or edited slots
        if len(self.currencies) != snapshot.currencies:
            self._block.forget_currencies()

    def supply(self) -> tuple[Supply, ...]:
        """The supply equation of every currency."""
        return read_supplies(self._block, sorted(self.currencies))

    def slot(self, contract: bytes, slot: bytes) -> bytes | None:
        """The stored bytes of one slot of a contract, or None."""
        return self._block.get(slot_key(contract, slot))

    def state(self) -> dict[bytes, bytes]:
        """The whole flat state, for whoever wants to look at slots."""
        state = {key: value for key, value in self._block.changes.items() if value is not None}
        for address, account in self._block.accounts.items():
            if account is not None:
                state[account_key(address)] = account_value(account)
        return state

    @property
    def present(self) -> BlockOverlay:
        """The present state, to be read."""
        return self._block

    def _execution(self) -> Execution:
        machine = self._machine
        if machine is None:
            machine = self._machine = BlockMachine(
                self._block, now_ms=self.time_ms, tracer=self._tracer, check_promises=self._check_promises
            )
        machine.now_ms = self.time_ms
        return Execution(machine, gas_limit=self.gas_limit)

    def _run(self, action: Action | GivenCall, sender: bytes) -> Any:
        self._count += 1
        identity = tagged_hash(TAG_SANDBOX, self._count.to_bytes(8))
        execution = self._execution()
        journal = execution.overlay.journal
        outcome: Outcome = execution.run((action,), sender, identity)
        self.last_gas = outcome.gas_used
        if outcome.failure is None:
            execution.commit()
            self._remember(journal)
            self._contracts += isinstance(action, Deploy | SetBalance | SetSlot | SetSequence)
        if self._block.used:
            settle(self._block)  # each transaction is a block of its own
            if not stands_still(self._block):
                self._machine = None  # which does not tell what it has used before
        if outcome.failure is not None:
            raise outcome.failure
        self.events.extend(outcome.events)
        self.moves.extend(outcome.moves)
        return outcome.values[0]

    def _remember(self, journal: Journal) -> None:
        """Keep what a transaction replaced in accounts; what it replaced in other tables is the block's business, or nobody's."""
        log, past = journal.log, self._past.log
        for at in range(0, len(log), ENTRY):
            if type(log[at]) is dict:
                past.extend(log[at : at + ENTRY])
