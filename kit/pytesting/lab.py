"""A ledger to try contracts on: a `Ledger` with wallets by name, time, impersonation, edits and snapshots."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, TypeVar

from chain.client.handles import Contract
from chain.client.interface import Interface
from chain.client.ledger import BlockingLedger
from chain.client.money import Address, AddressLike, Money, MoneyLike, address_of, money_of
from chain.client.sender import Sender
from chain.client.values import machine_time
from chain.primitives.edits import PHASE_FIELD
from chain.primitives.refusal import Refusal, Refused
from kit.pytesting.history import History
from kit.pytesting.telling import Words
from vm import types as vm
from vm.values import decode, encode, pack, to_wire

K = TypeVar("K")
V = TypeVar("V")
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = "alice bob carol dave erin frank grace heidi".split()
"""The wallets that are there from the beginning: those of a devnet but for the last two, which pay fees and run its faucet."""
SEED = "tael"
BALANCE = "1_000_000.00 CNY"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Wallet(Sender):
    """A sender with a name. It is equal to its address, so `jar.owner() == alice` says what it looks like."""

    name: str = ""

    def __repr__(self) -> str:
        return self.name or str(self.address)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sender):
            return self.address == other.address
        return bytes(self.address) == other if isinstance(other, bytes) else NotImplemented

    def __hash__(self) -> int:
        return hash(bytes(self.address))


class Wallets:
    """Wallets by name, opened when they are first asked for: `wallets.anna`, `wallets["anna"]`, `wallets(3, each="5.00 CNY")`."""

    def __init__(self, open_wallet: Callable[..., Wallet]) -> None:
        self._open = open_wallet
        self.known: dict[str, Wallet] = {}

    def __getitem__(self, name: str) -> Wallet:
        if name not in self.known:
            self.known[name] = self._open(name)
        return self.known[name]

    def __getattr__(self, name: str) -> Wallet:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __call__(self, count: int, *, each: MoneyLike | None = None) -> list[Wallet]:
        """So many wallets that hold `each`: the named ones first, then `wallet-9` and so on."""
        names = [*NAMES, *(f"wallet-{number}" for number in range(len(NAMES) + 1, count + 1))]
        return [self._open(name, each) if each is not None else self[name] for name in names[:count]]

    def __iter__(self) -> Iterator[Wallet]:
        return iter(self(len(NAMES)))


@dataclass(frozen=True, slots=True)
class Point:
    """A state to come back to: of what is below, and of what the ledger has met."""

    state: Any
    told: int
    interfaces: dict[bytes, Any]
    wallets: dict[str, Wallet]


class LabLedger(BlockingLedger):
    """What the `ledger` fixture gives. Everything of `Ledger`, and what only a ledger for tests can do."""

    def begin(self, history: History) -> None:
        """Set up what both kinds have, once what is below is there."""
        self.history = history
        self.wallets = Wallets(self._wallet)
        self.words = Words(self.interfaces, self.decimals)
        for name in NAMES:
            _ = self.wallets[name]

    @property
    def interfaces(self) -> dict[bytes, Interface | None]:
        """Of the contracts that were met, by address."""
        return self._interfaces

    # Wallets and money.

    def wallet(self, name: str, holds: MoneyLike | None = None) -> Wallet:
        """The wallet of a name. Given what it `holds`, it holds just that."""
        found = self.wallets[name]
        if holds is not None:
            self.set_balance(found, holds)
        return found

    def money(self, value: MoneyLike) -> Money:
        """Money to compare with: `ledger.balance(alice) == ledger.money("5.00 CNY")`."""
        chain = self.carry_out(self.transport.chain())
        return money_of(value, chain.decimals, chain.base_currency)

    @property
    def currency(self) -> str:
        """The base currency."""
        return self.carry_out(self.transport.chain()).base_currency

    @property
    def decimals(self) -> dict[str, int]:
        """The currencies and their decimals."""
        return dict(self.carry_out(self.transport.chain()).decimals)

    def as_(self, who: AddressLike) -> Wallet:
        """Send as somebody whose key is not here. A contract sends nothing, so it cannot be impersonated."""
        address = address_of(who)
        if isinstance(who, Contract) or address in self.interfaces:
            raise Refusal(Refused.BAD_REQUEST, "a contract sends nothing", "Impersonate the wallet that calls it.")
        return self._impersonated(Wallet(address, name=self.words.names.get(address, "")))

    def _wallet(self, name: str, holds: MoneyLike | None = None) -> Wallet:
        from chain.primitives.address import wallet_address
        from chain.primitives.keys import SecretKey

        is_known = name in NAMES
        key = SecretKey.development(SEED if is_known else f"{SEED}/tests/{name}", NAMES.index(name) if is_known else 0)
        wallet = self._opened(Wallet(Address(wallet_address(key.public)), (key,), name=name))
        self.words.names[wallet.address] = name
        if holds is not None:
            self.set_balance(wallet, holds)
        return wallet

    # Time.

    @property
    def now(self) -> datetime:
        """The time that contracts see."""
        return EPOCH + self._now_ms() * MILLISECOND

    def advance(self, duration: timedelta | None = None, **units: float) -> datetime:
        """Let time pass: `advance(days=30)`, `advance(hours=1, minutes=5)`, `advance(timedelta(…))`. What it is then."""
        self._advance_ms(((duration or timedelta()) + timedelta(**units)) // MILLISECOND)
        return self.now

    def at(self, moment: datetime) -> datetime:
        """Let time pass until a moment, which is not before now. Raises `Refusal` BadRequest."""
        distance_ms = machine_time(moment) - self._now_ms()
        if distance_ms < 0:
            raise Refusal(Refused.BAD_REQUEST, f"it is {self.now} already, and time does not go back", "Go back to a snapshot.")
        self._advance_ms(distance_ms)
        return self.now

    # Edits.

    def set_balance(self, wallet: AddressLike, holds: MoneyLike) -> None:
        """Let a wallet hold just so much of a currency."""
        self._set_balance(address_of(wallet), self.money(holds))

    def set_state(self, contract: Contract, field: str, value: Any, *, key: Any = None) -> None:
        """Put a value into a field of a contract, or into the entry of a map or set; `phase` takes a phase's name. None empties
        it. Raises `Refusal` WrongArguments if it is no value of the field's type.
        """
        number, key_kind, kind = _field(contract, field)
        values, phases = contract.interface.values, contract.interface.module.phases
        encoded_key = None if key_kind is None else encode(key_kind, values.to_machine(key_kind, key))
        if number == PHASE_FIELD:
            if value not in phases:
                raise Refusal(Refused.WRONG_ARGUMENTS, f"there is no phase {value}", f"There are {', '.join(phases)}.")
            value = phases.index(value)
        encoded = None if value is None else encode(kind, values.to_machine(kind, value))
        self._set_slot(contract.address, number, field, encoded_key, encoded)

    # Looking into contracts.

    def held(self, contract: AddressLike, currency: str | None = None) -> Money:
        """What all vaults of a contract hold together of a currency."""
        code = currency or self.currency
        stored = self._slot(address_of(contract), pack([_SUM, code]))
        return Money(0 if stored is None else decode(vm.AMOUNT, stored), code, self.decimals[code])

    def together(self, wallets: Iterable[AddressLike], contracts: Iterable[AddressLike]) -> Money:
        """What wallets and contracts hold together of the base currency."""
        parts = [self.balance(wallet) for wallet in wallets] + [self.held(contract) for contract in contracts]
        return reduce(add, parts)

    def state(self, contract: Contract, field: str, *, key: Any = None) -> Any:
        """What stands in a field of a contract, or in the entry of a map, None if nothing does; of a set, whether it is there.
        `phase` gives the phase's name. Raises `Refusal` WrongArguments.
        """
        number, key_kind, kind = _field(contract, field)
        place = [number] if key_kind is None else [number, to_wire(key_kind, contract.interface.values.to_machine(key_kind, key))]
        stored = self._slot(contract.address, pack(place))
        if field == "phase" and number == PHASE_FIELD:
            return contract.interface.module.phases[0 if stored is None else decode(vm.U8, stored)]
        if key_kind is not None and kind == vm.BOOL and isinstance(dict(contract.interface.module.fields)[field], vm.Set):
            return stored is not None
        if stored is None:
            return contract.interface.values.to_python(kind, 0) if isinstance(kind, vm.Vault) else None
        return contract.interface.values.to_python(kind, decode(kind, stored))

    # Going back.

    @contextmanager
    def anchor(self) -> Iterator[None]:
        """What is done inside is taken back at its end."""
        snapshot = self.snapshot()
        try:
            yield
        finally:
            self.revert(snapshot)

    def snapshot(self) -> Point:
        """The present state, to come back to any number of times, but not behind a revert to an earlier one."""
        return Point(self._take(), len(self.history.all), dict(self.interfaces), dict(self.wallets.known))

    def revert(self, snapshot: Point) -> None:
        """Go back to a snapshot."""
        self._go_back(snapshot.state)
        del self.history.all[snapshot.told :]
        _restore(self.interfaces, snapshot.interfaces)
        _restore(self.wallets.known, snapshot.wallets)

    def is_at(self, snapshot: Point) -> bool:
        """Whether nothing has happened since a snapshot."""
        return self._is_at(snapshot.state)

    @abstractmethod
    def _take(self) -> Any:
        """The state of what is below."""

    @abstractmethod
    def _go_back(self, state: Any) -> None:
        """Go back to it, any number of times."""

    @abstractmethod
    def _is_at(self, state: Any) -> bool:
        """Whether it is the present one."""

    @abstractmethod
    def tell_last_failure(self) -> list[str]:
        """The tree of calls of the last transaction that failed, as lines; it may move the ledger, so it is for the end."""

    @abstractmethod
    def _opened(self, wallet: Wallet) -> Wallet:
        """Put a wallet on the ledger, with the money that those of its name have at first."""

    @abstractmethod
    def _impersonated(self, wallet: Wallet) -> Wallet:
        """Let a wallet without a key send."""

    @abstractmethod
    def _now_ms(self) -> int: ...

    @abstractmethod
    def _advance_ms(self, duration_ms: int) -> None: ...

    @abstractmethod
    def _set_balance(self, address: Address, money: Money) -> None: ...

    @abstractmethod
    def _slot(self, contract: Address, slot: bytes) -> bytes | None:
        """What is stored in a slot."""

    @abstractmethod
    def _set_slot(self, contract: Address, number: int, field: str, key: bytes | None, value: bytes | None) -> None: ...


_SUM = -2  # what the slots begin with that hold the sum of a contract's vaults of a currency


def _field(contract: Contract, field: str) -> tuple[int, vm.Type | None, vm.Type]:
    """The number of a field, and the types of its key, if it has one, and of its value. Raises `Refusal` WrongArguments."""
    module = contract.interface.module
    if field == "phase" and module.phases:
        return PHASE_FIELD, None, vm.U8
    names = [name for name, _ in module.fields]
    if field not in names:
        raise Refusal(Refused.WRONG_ARGUMENTS, f"{module.name} has no field {field}", f"It has {', '.join(names)}.")
    kind = dict(module.fields)[field]
    match kind:
        case vm.Map(key, value):
            return names.index(field), key, value
        case vm.Set(key):
            return names.index(field), key, vm.BOOL
    return names.index(field), None, kind


def _restore(now: dict[K, V], then: dict[K, V]) -> None:
    """Forget what has been met since."""
    if now != then:
        now.clear()
        now.update(then)


_current: list[LabLedger] = []


def current() -> LabLedger:
    """The ledger of the test that runs. Raises `Refusal` BadRequest if there is none."""
    if not _current:
        raise Refusal(Refused.BAD_REQUEST, "no ledger is in use", "Let the test take the fixture `ledger`.")
    return _current[-1]


@contextmanager
def in_use(ledger: LabLedger) -> Iterator[LabLedger]:
    """Let a ledger be the one that `emits` and `moves` are about."""
    _current.append(ledger)
    try:
        yield ledger
    finally:
        _current.remove(ledger)
