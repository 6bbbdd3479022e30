"""Contracts as objects: `token.balance_of(alice)` reads, `token.transfer(bob, 5, sender=alice)` sends a transaction.

A handle does not know whether its ledger waits or is awaited: what it gives is what the ledger gives. So on a `Ledger` a call
gives its value, and on an `AsyncLedger` something to await.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Required, TypedDict, TypeVar, cast

from chain.client.interface import ContractFailed, Interface, signature
from chain.client.money import Address, Money, Several
from chain.client.plan import Awaiting, Blocking, Pause, Plan
from chain.client.sender import Sender
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Call, Transaction
from vm.module import Function, Kind

if TYPE_CHECKING:
    from chain.client.ledger import LedgerSurface

T = TypeVar("T")
_POLL_SECONDS = 0.25  # between two looks for new events
_PAGE_EVENTS = 500


class Terms(TypedDict, total=False):
    """How a transaction is sent. Money that is not attached to the call, or allowed by `max_spend`, cannot leave the sender.

    `gas` is its limit, estimated if it is not given. `check` False returns a receipt with its `error` instead of raising
    `ContractFailed`. `wait_seconds` is how long to wait for the block.
    """

    sender: Required[Sender]
    max_spend: Several
    gas: int
    gas_price: int
    expiry_ms: int
    expiry_height: int
    memo: bytes
    wait_seconds: float
    check: bool


TERMS = tuple(Terms.__annotations__)
"""Their names: a parameter of such a name, or named `coins`, has an underscore behind it."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: whose it is, what it says, and where it stands. `cursor` is where to go on behind it."""

    event: Any
    contract: Address
    height: int
    identity: bytes
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Money moved. `reason`: pay, coins (into a contract), payout (out of one), fee. `source` is None for a payout."""

    source: Address | None
    to: Address
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class CallReceipt(Generic[T]):
    """What became of a call: its value, events, money that moved, gas and fee. `error` is there if it failed and `check` was
    False. `raw` is the ledger's own receipt.
    """

    value: T
    events: tuple[Happened, ...]
    moves: tuple[Moved, ...]
    gas_used: int
    fee: Money
    error: ContractFailed | None
    raw: Receipt = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return self.error is None

    @property
    def identity(self) -> bytes:
        """The transaction's identity."""
        return self.raw.identity

    @property
    def height(self) -> int:
        """The block it is in."""
        return self.raw.height


@dataclass(frozen=True, slots=True)
class Pending(Generic[T]):
    """A call that was handed over and not waited for."""

    transaction: Transaction = field(repr=False)
    _contract: Contract
    _function: Function = field(repr=False)

    @property
    def identity(self) -> bytes:
        """The transaction's identity."""
        return self.transaction.identity

    def wait(self, seconds: float = 20, *, check: bool = True) -> Any:
        """Its `CallReceipt`, once it is in a block. NotCommitted when time is up; waiting again is safe."""
        return self._contract._carry_out(self._wait(seconds, check))

    def _wait(self, seconds: float, check: bool) -> Plan[CallReceipt[Any]]:
        ledger = self._contract.ledger
        receipt = yield from ledger.transport.outcome(self.transaction, seconds)
        return (yield from ledger.told(receipt, self._contract.interface, self._function, check=check))


class _Bound:
    """A function of a contract."""

    def __init__(self, contract: Contract, function: Function) -> None:
        self._contract = contract
        self._function = function
        self.__doc__ = signature(function.name, function.parameters)

    def __repr__(self) -> str:
        return f"<{self._contract.interface.module.name}.{self.__doc__} at {self._contract.address}>"


class Read(_Bound):
    """A view or pure function: calling it asks the ledger and signs nothing."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._contract._carry_out(self._plan(arguments, named))

    def _plan(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> Plan[Any]:
        contract = self._contract
        encoded = contract.interface.encode(self._function, arguments, named)
        ledger, name = contract.ledger, self._function.name
        value = yield from ledger.read_encoded(contract.address, name, encoded.arguments)
        return contract.interface.result(self._function, value)


class Write(_Bound):
    """A public function: calling it sends a transaction, waits for its block and gives a `CallReceipt`.

    Raises `ContractFailed` if the contract says no, `Refusal` if the ledger does; WrongArguments before anything is sent.
    """

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._carry_out("call", arguments, named)

    def submit(self, *arguments: Any, **named: Any) -> Any:
        """Send it and do not wait: a `Pending`."""
        return self._carry_out("submit", arguments, named)

    def simulate(self, *arguments: Any, **named: Any) -> Any:
        """The `CallReceipt` that it would get now. Nothing is sent, and no key is needed."""
        return self._carry_out("simulate", arguments, named)

    def estimate(self, *arguments: Any, **named: Any) -> Any:
        """The `Estimate`: gas that it would use, the limit to give. Nothing is sent."""
        return self._carry_out("estimate", arguments, named)

    def trace(self, *arguments: Any, **named: Any) -> Any:
        """What it would do, step by step (`docs/api.md`, "Trace"). Nothing is sent."""
        return self._carry_out("trace", arguments, named)

    def action(self, *arguments: Any, coins: Several | None = None, **named: Any) -> Call:
        """The call as an action, to be put into a transaction with others."""
        encoded = self._contract.interface.encode(self._function, arguments, named, coins)
        return Call(bytes(self._contract.address), self._function.name, encoded.arguments)

    def _carry_out(self, verb: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        return self._contract._carry_out(self._plan(verb, arguments, dict(named)))

    def _plan(self, verb: str, arguments: Sequence[Any], named: dict[str, Any]) -> Plan[Any]:
        ledger, contract = self._contract.ledger, self._contract
        coins, terms = named.pop("coins", None), split_terms(named)
        if "sender" not in terms:
            message = f"{self._function.name}: sender is missing"
            raise Refusal(Refused.WRONG_ARGUMENTS, message, "It changes things: give sender=, or use simulate.")
        encoded = contract.interface.encode(self._function, arguments, named, coins)
        action = Call(bytes(contract.address), self._function.name, encoded.arguments)
        sender, check = terms["sender"], terms.get("check", True)
        fields = yield from ledger.fields(encoded.attached, terms, contract.interface.values.home)
        if verb == "trace":
            return (yield from ledger.transport.trace(sender, [action], fields))
        if verb == "estimate":
            return (yield from ledger.transport.estimate(sender, [action], fields))
        if verb == "simulate":
            receipt = yield from ledger.transport.simulate(sender, [action], fields)
            return (yield from ledger.told(receipt, contract.interface, self._function, check=check))
        fields = yield from ledger.with_gas(sender, [action], fields, check=check)
        wait_seconds = None if verb == "submit" else terms.get("wait_seconds", 20.0)
        done = yield from ledger.transport.run(sender, [action], fields, wait_seconds)
        if isinstance(done, Transaction):
            return Pending(done, contract, self._function)
        return (yield from ledger.told(done, contract.interface, self._function, check=check))


class Events:
    """The events of a contract: called, a stream of what happened; its attributes are their classes."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def __call__(self, *kinds: type, after: str = "", follow: bool = False) -> EventStream:
        """Those of some kinds, or all, behind a cursor, oldest first. With `follow` it goes on for ever."""
        return EventStream(self._contract, kinds, after, follow)

    def __getattr__(self, name: str) -> Any:
        return _named(self._contract.interface.events, name, "event", self._contract)


class Errors:
    """The errors of a contract, as exceptions to be caught: subclasses of `ContractFailed`."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def __getattr__(self, name: str) -> Any:
        return _named(self._contract.interface.errors, name, "error", self._contract)


class EventStream:
    """`for` or `async for` over it gives `Happened`. `cursor` is always where to go on, from another program too."""

    def __init__(self, contract: Contract, kinds: Sequence[type], after: str, follow: bool) -> None:
        self.cursor = after
        self._contract = contract
        self._kinds = tuple(kinds)
        self._follow = follow

    def __iter__(self) -> Iterator[Happened]:
        driver = self._contract.ledger.driver
        assert isinstance(driver, Blocking), "of an asynchronous ledger it is `async for`"
        while (page := driver.carry_out(self._page())) is not None:
            yield from self._passed(page)

    async def __aiter__(self) -> AsyncIterator[Happened]:
        driver = self._contract.ledger.driver
        assert isinstance(driver, Awaiting), "of a ledger that waits it is `for`"
        while (page := await driver.carry_out(self._page())) is not None:
            for happened in self._passed(page):
                yield happened

    def _passed(self, page: list[Happened]) -> Iterator[Happened]:
        for happened in page:
            self.cursor = happened.cursor
            if happened.event is not None and (not self._kinds or isinstance(happened.event, self._kinds)):
                yield happened

    def _page(self) -> Plan[list[Happened] | None]:
        """The next events, those of others without what they say; None at the end."""
        interface, address = self._contract.interface, self._contract.address
        numbers = {record.name: number for number, record in enumerate(interface.module.events)}
        while True:
            told, _ = yield from self._contract.ledger.transport.told(self.cursor, _PAGE_EVENTS)
            if told or not self._follow:
                break
            yield Pause(_POLL_SECONDS)
        page = []
        for one in told:
            mine = one.contract == address and one.name in numbers
            event = interface.event(numbers[one.name], one.payload) if mine else None
            page.append(Happened(event, Address(one.contract), one.height, one.identity, one.cursor))
        return page or None


class Contract:
    """A contract at an address. Its attributes are its public functions by name, with an underscore behind a name that Python or
    this class has for itself; `events` and `errors` are those of its interface.
    """

    FUNCTIONS: ClassVar[Mapping[str, type[Read] | type[Write]]] = {}
    """The typed functions of a module that `tael bind` made."""
    CLASSES: ClassVar[Mapping[str, type]] = {}
    """Its types, events and errors, as `Values` and `Interface` take them."""
    NAME: ClassVar[str] = ""
    """What the contract is called, where that is known."""
    CODE_HASH: ClassVar[str] = ""
    """Of the code that a module was made from, in hexadecimal."""

    def __init__(self, ledger: LedgerSurface, address: Address, interface: Interface) -> None:
        """For `Ledger.contract` and `Ledger.deploy`."""
        self.ledger = ledger
        self.address = address
        self.interface = interface

    @property
    def events(self) -> Any:
        """See `Events`."""
        return Events(self)

    @property
    def errors(self) -> Any:
        """See `Errors`."""
        return Errors(self)

    def function(self, name: str) -> Any:
        """The function of a name, `Read` or `Write`. Raises `AttributeError` that names those there are."""
        found: Function = _named(self.interface.functions, name, "function", self)
        kind = Write if found.kind is Kind.PUBLIC else Read
        return type(self).FUNCTIONS.get(found.name, kind)(self, found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        functions = self.interface.functions
        return self.function(name if name in functions else name.removesuffix("_"))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.interface.functions})

    def __repr__(self) -> str:
        return f"<{self.interface.module.name} at {self.address}>"

    def _carry_out(self, plan: Plan[Any]) -> Any:
        return self.ledger.driver.carry_out(plan)


def split_terms(named: dict[str, Any]) -> Terms:
    """Take the terms out of what was named."""
    return cast(Terms, {name: named.pop(name) for name in TERMS if name in named})


def _named(things: Mapping[str, Any], name: str, what: str, contract: Contract) -> Any:
    try:
        return things[name]
    except KeyError:
        there = ", ".join(things) or "none"
        raise AttributeError(f"{contract.interface.module.name} has no {what} {name}; it has {there}") from None
