"""The execution of one transaction's actions, all or none, between the state and the machine.

Blocks, simulations, reads and the sandbox all come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from chain.currency.mandates import Mandates, Usage
from chain.currency.supply import record_moves
from chain.currency.wallets import Wallets
from chain.ledger.contracts import Contract, contract_value, find_function, price_of_code, verified_code
from chain.ledger.edits import SUM_SLOT_PREFIX, perform_edit, slot_sum, summed_currency
from chain.ledger.machine import BlockMachine, Callee, callee
from chain.primitives.address import ADDRESS_BYTES, contract_address
from chain.primitives.codec import amount_plain, encode
from chain.primitives.edits import SetBalance, SetSequence, SetSlot
from chain.primitives.keyspace import code_key, contract_key, currency_key, slot_key
from chain.primitives.limits import AMOUNT_MAX, GAS_ARGUMENT_VALUE
from chain.primitives.receipt import Error, Event, Move
from chain.primitives.transaction import Action, Call, Deploy, Grant, OpenWallet, Pay, Revoke, SetPolicy, SetRules
from chain.state.overlay import TransactionOverlay
from vm.failure import Code, Failure
from vm.gas import GAS_DEPLOY_BYTE
from vm.illegal import Illegal
from vm.machine import Effects, Session
from vm.module import Module
from vm.pricing import price_of_value
from vm.types import CoinValue, Type
from vm.values import encode as encode_value
from vm.values import encode_arguments, read_arguments, unpack
from vm.verifier import Verified


class GivenCall(NamedTuple):
    """A call whose arguments are at hand as values, as a sandbox has them; it costs and does what a `Call` does that has them
    encoded.
    """

    contract: bytes
    function: str
    arguments: tuple[Any, ...]


_NOBODY: Final = bytes(ADDRESS_BYTES)
"""The sender that a read sees."""
_NO_EFFECTS: Final = Effects({}, (), 0, {})
"""What a transaction leaves behind that has not needed the machine."""

SPENDING_LIMIT: Final = "SpendingLimit"
ILLEGAL_MODULE: Final = "IllegalModule"
UNKNOWN_CURRENCY: Final = "UnknownCurrency"
NOT_A_RULE: Final = "NotARule"
NO_RULE_FOR_CURRENCY: Final = "NoRuleForCurrency"


@dataclass(slots=True)
class Outcome:
    """What actions came to. `error` None means success; otherwise nothing of them is left but the gas."""

    error: Error | None
    failure: Failure | None
    gas_used: int
    events: tuple[Event, ...]
    results: tuple[bytes | None, ...]
    values: tuple[Any, ...]
    moves: tuple[Move, ...]


class Execution:
    """One transaction at work. The machine's session begins when a contract is needed, since most payments need none."""

    def __init__(self, machine: BlockMachine, *, gas_limit: int, limits: tuple[tuple[str, int], ...] | None = None) -> None:
        """On the block of the machine, with gas for the machine, and with limits in minor units to what may leave the sender's
        wallet.
        """
        self.usage: Usage | None = None
        """Of the session that acts for the sender, if it is not the wallet itself: what the actions must keep to."""
        self._machine = machine
        self._gas_limit = gas_limit
        self.overlay = TransactionOverlay(machine.block)
        self.wallets = Wallets(self.overlay)
        self._limits = None if limits is None else dict(limits)
        self._spent: dict[str, int] = {}
        self._moves: dict[int, Move] = {}
        self._made: dict[bytes, tuple[Verified, Contract]] = {}
        self._deploying: dict[bytes, Verified] = {}
        self._in_contracts: dict[str, int] = {}
        self._session: Session | None = None
        self._edited = False

    @property
    def session(self) -> Session:
        """The machine's session, which begins with the first question for it."""
        if self._session is None:
            self._session = self._machine.begin(self.overlay.journal, self._gas_limit, self._credit)
        return self._session

    @property
    def gas_used(self) -> int:
        """Gas that the machine has used."""
        return 0 if self._session is None else self._session.gas_used

    # Actions.

    def run(self, actions: Sequence[Action | GivenCall], sender: bytes, identity: bytes) -> Outcome:
        """Execute actions in order, all or none. Raises `SupplyBroken` and the machine's own defects, nothing
        else.
        """
        journal = self.overlay.journal
        mark = journal.mark()
        values: list[Any] = []
        results: list[bytes | None] = []
        position: int | None = None
        try:
            for position, action in enumerate(actions):
                value, result = self._perform(action, sender, identity, position)
                values.append(value)
                results.append(result)
            position = None
            effects = _NO_EFFECTS if self._session is None else self._session.finish()
            self._write(effects)
        except Failure as failure:
            error = self._error(failure, position)
            journal.undo(mark)
            self.overlay.seal()
            return Outcome(error, failure, self.gas_used, (), (), (), ())
        self.overlay.seal()
        events = tuple(map(Event._make, effects.events))
        moves = tuple([self._moves[n] for n in range(len(self._moves))])
        return Outcome(None, None, effects.gas_used, events, tuple(results), tuple(values), moves)

    def commit(self) -> None:
        """Make it all the block's. Raises `SupplyBroken` if money came from nowhere or went there."""
        record_moves(self.overlay, self.wallets.held, self._in_contracts)
        self.overlay.commit()
        if self._session is not None:
            self._session.keep(self._machine.block.past)
        elif self._edited:
            self._machine.forget_slots()

    def record(self, move: Move) -> None:
        """Remember that money moved, undoably."""
        if move.amount:
            self.overlay.journal.set(self._moves, len(self._moves), move)

    def read(self, address: bytes, function: str, arguments: bytes) -> tuple[Any, bytes | None]:
        """The value and encoded value of a view or pure function. Raises `Failure`."""
        found = self._callee(address, function)
        if found is None:
            raise Failure(Code.NO_FUNCTION, contract=address)
        values = self._decoded(found.readers, arguments)
        value = self.session.read(address, function, values, _NOBODY)
        return value, None if found.result is None else self._encoded_result(found.result, value)

    def ask(self, address: bytes, function: str, arguments: tuple[Any, ...]) -> Any:
        """As `read`, for who has the arguments as values and wants the value only. Raises `Failure`."""
        found = self._callee(address, function)
        if found is None:
            raise Failure(Code.NO_FUNCTION, (function,), contract=address)
        values = self._given(found, arguments)
        value = self.session.read(address, function, values, _NOBODY)
        self._charge_result(found, value)
        return value

    def _perform(self, action: Action | GivenCall, sender: bytes, identity: bytes, position: int) -> tuple[Any, bytes | None]:
        if self.usage is not None:
            assert not isinstance(action, GivenCall), "a session of somebody else in a sandbox"
            self.usage.check_action(action)
        match action:
            case GivenCall():
                return self._call_given(action, sender), None
            case OpenWallet():
                address = self._open_wallet(action, sender)
                return address, address
            case SetRules(wallet, rules):
                self._check_rules(rules)
                self.wallets.set_rules(wallet, rules, by=sender)
                return None, None
            case Pay(to, currency, amount):
                self._allow(sender, to, currency, amount)
                self.wallets.move(sender, to, currency, amount)
                self.record(Move(sender, to, currency, amount, "pay"))
                return None, None
            case Deploy():
                address = contract_address(sender, identity, position)
                self._deploy(action, sender, address)
                return address, address
            case Call():
                return self._call(action, sender)
            case SetPolicy(wallet, key):
                self.wallets.set_policy(wallet, key, by=sender)
                Mandates(self.overlay).end_all(wallet)
                return None, None
            case Grant():
                Mandates(self.overlay).grant(sender, action, self._machine.now_ms)
                return None, None
            case Revoke(session):
                Mandates(self.overlay).revoke(sender, session)
                return None, None
            case SetBalance() | SetSlot() | SetSequence():
                self._edited = True
                perform_edit(action, self.overlay, self.wallets, self._in_contracts, self.record)
                return None, None

    def _open_wallet(self, action: OpenWallet, sender: bytes) -> bytes:
        guardian = sender if action.guarded else None
        self._check_rules(action.rules)
        address = self.wallets.open(action.key, guardian, action.rules)
        if action.rules and guardian is None and sender != address:
            raise Failure(Code.NOT_AUTHORIZED, (sender,), detail="only the owner sets the rules of a free wallet")
        return address

    def _check_rules(self, rules: tuple[bytes, ...]) -> None:
        for rule in rules:
            if self._callable(rule).rule is None:
                raise Failure(NOT_A_RULE, (rule,))

    def _deploy(self, action: Deploy, sender: bytes, address: bytes) -> None:
        if self.overlay.get(currency_key(action.currency)) is None:
            raise Failure(UNKNOWN_CURRENCY, (action.currency,))
        try:
            code_hash, verified = verified_code(action.module)
        except Illegal as illegal:
            raise Failure(ILLEGAL_MODULE, (str(illegal.code), illegal.where), detail=illegal.detail) from None
        price = price_of_code(action.module)
        self.session.charge(price - GAS_DEPLOY_BYTE * len(action.module))  # its bytes are paid for before execution
        self._machine.block.used[code_hash] = price
        self._deploying[address] = verified
        init = callee(verified, None if verified.init is None else verified.module.functions[verified.init])
        values = self._decoded(init.readers, action.arguments)
        if init.takes_coins:
            self._take_coins(values, sender, address)
        self.session.deploy(address, verified, action.currency, values, sender)
        if self.overlay.get(code_key(code_hash)) is None:
            self.overlay.set(code_key(code_hash), action.module)
        contract = Contract(code_hash, action.currency, sender, price)
        self.overlay.set(contract_key(address), contract_value(contract))
        self._made[address] = verified, contract

    def _call(self, action: Call, sender: bytes) -> tuple[Any, bytes | None]:
        found = self._callee(action.contract, action.function)
        if found is None:
            raise Failure(Code.NO_FUNCTION, (action.function,), contract=action.contract)
        values = self._decoded(found.readers, action.arguments)
        if found.takes_coins:
            self._take_coins(values, sender, action.contract)
        value = (self._session or self.session).call(action.contract, action.function, values, sender)
        return value, None if found.result is None else self._encoded_result(found.result, value)

    def _call_given(self, call: GivenCall, sender: bytes) -> Any:
        address, function, arguments = call
        found = self._callee(address, function)
        if found is None:
            raise Failure(Code.NO_FUNCTION, (function,), contract=address)
        values = self._given(found, arguments)
        if found.takes_coins:
            self._take_coins(values, sender, address)
        value = (self._session or self.session).call(address, function, values, sender)
        self._charge_result(found, value)
        return value

    def _given(self, found: Callee, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments at hand, paid for as those that are decoded. Raises `Failure` WrongArguments, OutOfGas."""
        if found.wire_values != len(arguments):
            return self._decoded(found.readers, encode_arguments(found.kinds, arguments))
        (self._session or self.session).charge(GAS_ARGUMENT_VALUE * len(arguments))
        return arguments

    def _charge_result(self, found: Callee, value: Any) -> None:
        """Pay for the encoding of a result that nobody wants encoded. Raises `Failure` OutOfGas."""
        if found.result is not None:
            gas = found.result_gas
            self.session.charge(price_of_value("encode", found.result, value).gas if gas is None else gas)

    def _decoded(self, readers: Sequence[Callable[[Any], Any]], arguments: bytes) -> tuple[Any, ...]:
        """Arguments from outside, which are paid for before they are read. Raises `Failure` WrongArguments, OutOfGas."""
        wire = unpack(arguments)
        (self._session or self.session).charge(GAS_ARGUMENT_VALUE * _count_values(wire))
        return read_arguments(readers, wire)

    def _callee(self, address: bytes, name: str) -> Callee | None:
        """A function of a contract whose code has been paid for. Raises `Failure` NoContract, OutOfGas."""
        known = self._machine.callees.get((address, name))
        if known is not None:
            return known
        verified = self._callable(address)
        if address in self._made:
            function = find_function(verified, name)
            return None if function is None else callee(verified, function)
        return self._machine.callee(address, name)

    def _callable(self, address: bytes) -> Verified:
        """The module of a contract whose code has been paid for. Raises `Failure` NoContract, OutOfGas."""
        made = self._made.get(address)
        if made is not None:
            return made[0]
        price = self._machine.code_price(address)
        if price:
            self.session.charge(price)
        found = self._machine.contract(address)
        if found is None:
            raise Failure(Code.NO_CONTRACT, (address,))
        return found[0]

    def _encoded_result(self, kind: Type, value: Any) -> bytes:
        """The encoding of what a function returned, paid for before it is made. Raises `Failure` OutOfGas."""
        self.session.charge(price_of_value("encode", kind, value).gas)
        return encode_value(kind, value)

    # Money leaving a wallet.

    def _take_coins(self, values: tuple[Any, ...], sender: bytes, contract: bytes) -> None:
        """Take the coins among arguments from the sender's wallet, summed per currency."""
        sums: dict[str, int] = {}
        for coin in [value for value in values if isinstance(value, CoinValue)]:  # there are none within other values
            sums[coin.currency] = sums.get(coin.currency, 0) + coin.amount
        for currency, amount in sorted(sums.items()):
            if amount:
                self._allow(sender, contract, currency, amount)
                self.wallets.debit(sender, currency, amount)
                self.record(Move(sender, contract, currency, amount, "coins"))

    def _allow(self, source: bytes, to: bytes, currency: str, amount: int) -> None:
        """That money may leave a wallet: by the spending limits of the transaction, then by the wallet's rules."""
        if self._limits is not None:
            most = self._limits.get(currency, 0)
            spent = self._spent[currency] = self._spent.get(currency, 0) + amount
            if spent > most:
                raise Failure(SPENDING_LIMIT, (currency, most, spent))
        if self.usage is not None:
            self.usage.take(currency, amount)
        wallet = self.wallets.find(source)
        if wallet is None:
            raise Failure(Code.NO_WALLET, (source,))
        if not wallet.rules:
            return
        judges = [rule for rule in wallet.rules if self._currency(rule) == currency]
        if not judges:
            raise Failure(NO_RULE_FOR_CURRENCY, (currency,))
        for rule in judges:
            self._callable(rule)
            self.session.rule(rule, (source, to, amount))

    def _currency(self, address: bytes) -> str:
        """The home currency of a contract, whose code is not needed for that."""
        made = self._made.get(address)
        found = self._machine.record(address) if made is None else made[1]
        if found is None:
            raise Failure(Code.NO_CONTRACT, (address,))
        return found.currency

    def _credit(self, to: bytes, currency: str, amount: int) -> None:
        """A contract pays a wallet."""
        self.wallets.credit(to, currency, amount)
        self.record(Move(None, to, currency, amount, "payout"))

    # What comes out.

    def _write(self, effects: Effects) -> None:
        in_contracts = dict(self._in_contracts)  # which edits have changed, if there are any
        overlay = self.overlay
        for (contract, slot), value in effects.writes.items():
            key = slot_key(contract, slot)
            if slot.startswith(SUM_SLOT_PREFIX):
                currency = summed_currency(slot)
                change = slot_sum(value) - slot_sum(overlay.get(key))
                in_contracts[currency] = in_contracts.get(currency, 0) + change
            overlay.set(key, value)
        self._in_contracts = in_contracts

    def _error(self, failure: Failure, position: int | None) -> Error:
        verified = None
        if failure.contract is not None:
            verified = self._deploying.get(failure.contract)
            if verified is None:
                found = self._machine.contract(failure.contract)
                verified = None if found is None else found[0]
        payload = failure_payload(failure, None if verified is None else verified.module)
        return Error(failure.name, payload, failure.contract, position)


def failure_payload(failure: Failure, module: Module | None) -> bytes:
    """The array of a failure's values, in the types of the error if the module that failed declares it."""
    kinds = None if module is None else _error_types(module, failure.name)
    if kinds is not None and len(kinds) == len(failure.values):
        return encode_arguments(kinds, failure.values)
    return encode([_as_plain(value) for value in failure.values])


def _as_plain(value: object) -> object:
    return amount_plain(value) if type(value) is int and 0 <= value <= AMOUNT_MAX else value


def _count_values(wire: Any) -> int:
    """How many values there are in the wire form of arguments, one within another counted too."""
    if type(wire) is not list:
        return 0
    count, waiting = len(wire), [value for value in wire if type(value) is list]
    while waiting:
        found = waiting.pop()
        count += len(found)
        waiting += [value for value in found if type(value) is list]
    return count


def _error_types(module: Module, name: str) -> list[Type] | None:
    for record in module.errors:
        if record.name == name:
            return [kind for _, kind in record.fields]
    return None
