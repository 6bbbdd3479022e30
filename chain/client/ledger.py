"""A ledger as programs use it: wallets, money, contracts as objects. `Ledger` waits, `AsyncLedger` is awaited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from chain.client.aio import CONNECTIONS, AsyncClient
from chain.client.client import Client
from chain.client.handles import TERMS, CallReceipt, Contract, Happened, Moved, split_terms
from chain.client.interface import ContractFailed, Interface, failed_elsewhere, limits_of
from chain.client.money import Address, AddressLike, Money, MoneyLike, address_of, money_of
from chain.client.plan import Awaiting, Blocking, Plan, both
from chain.client.sender import Sender
from chain.client.transport import Chain, Failed, NodeTransport, Transport
from chain.client.values import Values
from chain.primitives.hash import HASH_BYTES
from chain.primitives.receipt import Error, Move, Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Deploy, OpenWallet, Pay, Transaction
from vm.codec import decode_module, encode_module, module_hash
from vm.illegal import Illegal
from vm.module import Function, Module

C = TypeVar("C", bound=Contract)
T = TypeVar("T")
_WAIT_SECONDS = 20.0


class LedgerSurface:
    """What a ledger can be asked and told, written once."""

    def __init__(self, transport: Transport, driver: Blocking | Awaiting) -> None:
        """`transport` is what is below, `driver` carries out plans."""
        self.transport = transport
        self.driver = driver
        self._interfaces: dict[bytes, Interface | None] = {}

    # Money.

    @both
    def balance(self, wallet: AddressLike, currency: str | None = None) -> Plan[Money]:
        """What a wallet holds of a currency, the chain's base currency if none is said. As the node says; see
        `Client.proved_balance`.
        """
        chain = yield from self.transport.chain()
        code = currency or chain.base_currency
        minor = yield from self.transport.balance(address_of(wallet), code)
        return Money(minor, code, chain.decimals[code])

    @both
    def pay(self, /, to: AddressLike, amount: MoneyLike, *, sender: Sender, **terms: Any) -> Plan[CallReceipt[None]]:
        """Pay a wallet. `terms` are those of `Terms`."""
        chain = yield from self.transport.chain()
        money = money_of(amount, chain.decimals, chain.base_currency)
        action = Pay(bytes(address_of(to)), money.currency, money.minor)
        return (yield from self._run([action], [money], {"sender": sender, **terms}))

    @both
    def open_wallet(self, /, wallet: Sender, *, sender: Sender | None = None, **terms: Any) -> Plan[CallReceipt[None]]:
        """Put a wallet of one key on the ledger, so that it can be paid. It opens itself where gas is free."""
        action = OpenWallet(wallet.keys[0].public)
        return (yield from self._run([action], [], {"sender": sender or wallet, **terms}))

    @both
    def send(self, /, actions: Sequence[Action], *, sender: Sender, **terms: Any) -> Plan[CallReceipt[None]]:
        """Several actions in one transaction, all or none. Say in `max_spend` what may leave the sender: nothing, if nothing is
        said.
        """
        return (yield from self._run(actions, [], {"sender": sender, **terms}))

    # Contracts.

    @both
    def contract(self, what: Any, address: AddressLike | None = None) -> Plan[Any]:
        """The contract at an address: `contract(address)`. Said before the address, it must be what is expected there: a class
        that `tael bind` made (the handle is one then), the name of a contract, a compiled file, a module.

        NotFound if there is none, WrongArguments if another one is there.
        """
        place = address_of(what if address is None else address)
        expected = None if address is None else what
        kind: type[Contract] = expected if isinstance(expected, type) and issubclass(expected, Contract) else Contract
        code = yield from self.transport.code(place)
        chain = yield from self.transport.chain()
        module = _decoded(code.module)
        _check_expected(expected, module, code.module)
        interface = self._interfaces.get(place)
        if interface is None or interface.module != module or kind is not Contract:
            # What receipts tell is of the same classes as the handle's.
            interface = self._interfaces[place] = _interface(module, code.currency, chain, kind)
        return kind(self, place, interface)

    @both
    def deploy(self, /, what: Any, *arguments: Any, sender: Sender, currency: str | None = None, **named: Any) -> Plan[Any]:
        """Put a contract on the ledger and give its handle: a class that `tael bind` made, what the compiler gave, a module, or
        a compiled file (`.tmod`). `arguments` are those of its `init`, `named` those and `Terms`.
        """
        kind: type[Contract] = what if isinstance(what, type) and issubclass(what, Contract) else Contract
        code, module = _code_of(what)
        chain = yield from self.transport.chain()
        home = currency or module.currency or chain.base_currency
        interface = _interface(module, home, chain, kind)
        coins, terms = named.pop("coins", None), split_terms(named)
        encoded = interface.encode(interface.init, arguments, named, coins)
        action = Deploy(code, home, encoded.arguments)
        done = yield from self._run([action], encoded.attached, {**terms, "sender": sender, "check": True}, interface)
        made = done.raw.results[0]
        assert made is not None, "a deployment that went well gives the address"
        place = Address(made)
        self._interfaces[place] = interface
        return kind(self, place, interface)

    # What handles are made of.

    def fields(self, attached: Sequence[Money], terms: Mapping[str, Any], home: str | None) -> Plan[dict[str, Any]]:
        """The fields of a body by the terms: spending limits, gas, expiry. Raises `Refusal` WrongAmount, WrongArguments."""
        _check_terms(terms)
        chain = yield from self.transport.chain()
        named = {"gas": "gas_limit"}
        kept = ("gas", "gas_price", "expiry_ms", "expiry_height", "memo")
        given = {named.get(name, name): terms[name] for name in kept if terms.get(name) is not None}
        limits = limits_of(attached, terms.get("max_spend"), chain.decimals, home or chain.base_currency)
        return {**given, "limits": limits}

    def with_gas(
        self,
        sender: Sender,
        actions: Sequence[Action],
        fields: dict[str, Any],
        *,
        check: bool,
        deployed: Interface | None = None,
    ) -> Plan[dict[str, Any]]:
        """The fields with a gas limit, estimated if none is given. Raises `ContractFailed` if it is going to fail anyway: in the
        terms of the contract that is `deployed`, if it comes from there.
        """
        if "gas_limit" in fields or not self.transport.estimates:
            return fields
        estimate = yield from self.transport.estimate(sender, actions, fields)
        if estimate.error is not None and check:
            raise (yield from self._failed(estimate.error, deployed))
        return {**fields, "gas_limit": estimate.gas_limit}

    def read_encoded(self, contract: bytes, function: str, arguments: bytes) -> Plan[bytes | None]:
        """A view's encoded value. Raises `ContractFailed`."""
        try:
            return (yield from self.transport.read(contract, function, arguments))
        except Failed as failed:
            error: Error = failed.args[0]
        raise (yield from self._failed(error))

    def told(
        self, receipt: Receipt, interface: Interface | None, function: Function | None, *, check: bool
    ) -> Plan[CallReceipt[Any]]:
        """A receipt with all in it decoded; the value is that of the last action. Raises `ContractFailed`."""
        chain = yield from self.transport.chain()
        fee = Money(receipt.fee, chain.base_currency, chain.decimals[chain.base_currency])
        events = []
        for event in receipt.events:
            known = yield from self._known(event.contract)
            told = None if known is None else known.event(event.number, event.payload)
            events.append(Happened(told, Address(event.contract), receipt.height, receipt.identity))
        value = None
        if receipt.ok and interface is not None and function is not None:
            value = interface.result(function, receipt.results[-1])
        deployed = interface if function is None else None
        error = None if receipt.error is None else (yield from self._failed(receipt.error, deployed))
        moves = tuple(_moved(move, chain.decimals) for move in receipt.moves)
        done: CallReceipt[Any] = CallReceipt(value, tuple(events), moves, receipt.gas_used, fee, error, receipt)
        if error is not None and check:
            error.receipt = done
            raise error
        return done

    def _run(
        self,
        actions: Sequence[Action],
        attached: Sequence[Money],
        terms: Mapping[str, Any],
        deployed: Interface | None = None,
    ) -> Plan[CallReceipt[None]]:
        unknown = sorted(set(terms) - set(TERMS))
        if unknown:
            raise Refusal(Refused.WRONG_ARGUMENTS, f"there is no term {unknown[0]}", f"There are {', '.join(TERMS)}.")
        check = terms.get("check", True)
        fields = yield from self.fields(attached, terms, None)
        fields = yield from self.with_gas(terms["sender"], actions, fields, check=check, deployed=deployed)
        receipt = yield from self.transport.run(terms["sender"], actions, fields, terms.get("wait_seconds", _WAIT_SECONDS))
        assert not isinstance(receipt, Transaction), "it was waited for"
        return (yield from self.told(receipt, deployed, None, check=check))

    def _known(self, contract: bytes) -> Plan[Interface | None]:
        """The interface of a contract whose events or errors are told; None if it is gone with its transaction."""
        if contract not in self._interfaces:
            try:
                code = yield from self.transport.code(contract)
            except Refusal as refusal:
                if refusal.code is not Refused.NOT_FOUND:
                    raise
                return None
            chain = yield from self.transport.chain()
            self._interfaces[contract] = _interface(_decoded(code.module), code.currency, chain, Contract)
        return self._interfaces[contract]

    def _failed(self, error: Error, deployed: Interface | None = None) -> Plan[ContractFailed]:
        """The exception of an error. One from a contract that is not there is from the one that was `deployed`."""
        interface = None if error.contract is None else (yield from self._known(error.contract))
        if interface is None and error.contract is not None:
            interface = deployed
        if interface is not None:
            return interface.failed(error)
        return failed_elsewhere(error, (yield from self.transport.chain()).decimals)


class BlockingLedger(LedgerSurface, Blocking):
    """A ledger whose methods wait, whatever is below it."""


class Ledger(BlockingLedger):
    """A ledger whose methods wait: `with Ledger("http://127.0.0.1:8645") as ledger`.

    `client` is the plain client below it, for all that is not here. May be shared by threads.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 10.0) -> None:
        self.client = Client(url, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds)
        super().__init__(NodeTransport(self.client), self.client)

    def carry_out(self, plan: Plan[T]) -> T:
        """See `Blocking`."""
        return self.client.carry_out(plan)

    def close(self) -> None:
        """Close the connection of this thread."""
        self.client.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncLedger(LedgerSurface, Awaiting):
    """A ledger whose methods are awaited: `async with AsyncLedger("http://127.0.0.1:8645") as ledger`."""

    def __init__(
        self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 10.0, connections: int = CONNECTIONS
    ) -> None:
        self.client = AsyncClient(url, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds, connections=connections)
        super().__init__(NodeTransport(self.client), self.client)

    async def carry_out(self, plan: Plan[T]) -> T:
        """See `Awaiting`."""
        return await self.client.carry_out(plan)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def __aenter__(self) -> AsyncLedger:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


def _check_terms(terms: Mapping[str, Any]) -> None:
    """Raises `Refusal` WrongArguments if the sender or the memo is none."""
    sender, memo = terms["sender"], terms.get("memo")
    if not isinstance(sender, Sender):
        remedy = "Give tael.Sender.of(key)."
        raise Refusal(Refused.WRONG_ARGUMENTS, f"sender: {type(sender).__name__} is no Sender", remedy)
    if memo is not None and not (isinstance(memo, bytes) and len(memo) == HASH_BYTES):
        remedy = "It is the hash of a text that is kept elsewhere: hashlib.sha256(text.encode()).digest()."
        raise Refusal(Refused.WRONG_ARGUMENTS, f"memo: it has {HASH_BYTES} bytes", remedy)


def _moved(move: Move, decimals: Mapping[str, int]) -> Moved:
    source = None if move.source is None else Address(move.source)
    money = Money(move.amount, move.currency, decimals.get(move.currency, 0))
    return Moved(source, Address(move.to), money, move.reason)


def _interface(module: Module, home: str, chain: Chain, kind: type[Contract]) -> Interface:
    return Interface(module, Values(home, chain.decimals, kind.CLASSES), kind.CLASSES)


def _decoded(code: bytes) -> Module:
    try:
        return decode_module(code)
    except Illegal as illegal:
        raise Refusal(Refused.WRONG_PROOF, f"the node gave a module that is none: {illegal}") from None


def _check_expected(expected: Any, module: Module, code: bytes) -> None:
    """Raises `Refusal` WrongArguments if the contract is another than was expected."""
    if expected is None:
        return
    if isinstance(expected, str) and not expected.endswith(".tmod"):
        name, hash_ = expected, None
    elif isinstance(expected, type) and issubclass(expected, Contract):
        name, hash_ = expected.NAME, expected.CODE_HASH or None
    else:
        own, own_module = _code_of(expected)
        name, hash_ = own_module.name, module_hash(own).hex()
    if name and name.casefold() != module.name.casefold():
        remedy = "Check the address."
        raise Refusal(Refused.WRONG_ARGUMENTS, f"the contract there is {module.name}, not {name}", remedy)
    if hash_ is not None and hash_ != module_hash(code).hex():
        remedy = "Build or bind it again from the contract that is there."
        raise Refusal(Refused.WRONG_ARGUMENTS, f"the {module.name} there was made from other code", remedy)


def _code_of(what: Any) -> tuple[bytes, Module]:
    """A module's bytes and itself, of whatever has them. Raises `Refusal` WrongArguments."""
    if isinstance(what, Module):
        return encode_module(what), what
    if isinstance(what, str | Path):
        try:
            what = Path(what).read_bytes()
        except OSError as error:
            raise Refusal(Refused.WRONG_ARGUMENTS, f"{what}: {error.strerror}", "Give a compiled file (.tmod).") from None
    code = what if isinstance(what, bytes) else getattr(what, "code", None) or getattr(what, "CODE", None)
    if not isinstance(code, bytes):
        kinds = "a module, its bytes, a compiled file or what the compiler gave"
        raise Refusal(Refused.WRONG_ARGUMENTS, f"{type(what).__name__} is no contract", f"Give {kinds}.")
    try:
        return code, decode_module(code)
    except Illegal as illegal:
        raise Refusal(Refused.WRONG_ARGUMENTS, f"not a module: {illegal}", "Build it again.") from None
