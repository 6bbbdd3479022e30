"""Frames and calls: what runs inside a session, and what its instructions ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from vm import limits
from vm.cells import EVENT_BYTES, GAS, IN_FLIGHT, MEMORY, SETTLED, cells, charge
from vm.checks import check, in_flight, lost
from vm.compatibility import Fit, fit
from vm.entrance import Entrance
from vm.failure import Code, Failure
from vm.host import Host
from vm.interpreter import Frame
from vm.journal import Event, Journal, Mark
from vm.limits import CONTRACTS_AT_HAND_MAX, EVENT_BYTES_EACH, EVENTS_BYTES_MAX, PROMISE_GAS_MAX, SLOTS_AT_HAND_BYTES_MAX
from vm.module import Kind
from vm.state import ABSENT, HOLDINGS_FIELD, PHASE_FIELD, Contract, State
from vm.trace import Tracer
from vm.types import Coin, CoinValue, Option, Tuple, Type, is_linear, is_plain
from vm.values import belongs, encode_arguments

CALLABLE: Final = (Kind.PUBLIC,)
READABLE: Final = (Kind.VIEW, Kind.PURE)

Remembered: TypeAlias = tuple[tuple[int, tuple[Any, ...]], ...]
"""For each promise of a function at work, its checker and the arguments of that but for the result."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened to the coins of one currency, in minor units."""

    entered: int = 0  # with the arguments of outermost calls
    taken: int = 0  # out of vaults
    put: int = 0  # into vaults
    paid: int = 0  # to wallets, by `pay`
    returned: int = 0  # to the sender, as results of outermost calls

    def is_conserved(self) -> bool:
        """Whether every coin that came from somewhere went somewhere."""
        return self.entered + self.taken == self.put + self.paid + self.returned


class Call:
    """One entry into a contract, and what is needed to take it back."""

    __slots__ = ("contract", "external", "first_frame", "in_flight", "mark", "reserve", "sender", "tried")

    def __init__(self, contract: Contract, sender: bytes, mark: Mark, first_frame: int) -> None:
        self.contract = contract
        self.sender = sender
        self.mark = mark
        self.first_frame = first_frame
        self.external: int | None = None  # as which of the caller's externals it was called
        self.tried = False
        self.reserve = 0  # gas kept back for the caller
        self.in_flight = 0  # linear values, when it began


def too_many_events() -> Failure:
    """The failure for an event that leads beyond EVENTS_BYTES_MAX."""
    return Failure(Code.LIMIT_EXCEEDED, detail="events")


def wrong_count(arguments: Sequence[Any], count: int) -> Failure:
    """The failure for too few or too many arguments."""
    return Failure(Code.WRONG_ARGUMENTS, detail=f"{len(arguments)} arguments where {count} are expected")


class Execution:
    """The frames of one session, its meter, and the tables that the journal of a transaction guards."""

    def __init__(
        self,
        host: Host,
        journal: Journal,
        *,
        now: int,
        gas_limit: int,
        tracer: Tracer | None,
        check_promises: bool,
        checked: bool,
    ) -> None:
        self.checked: Final = checked
        self.now = now
        self.cells: Final = cells(journal, now=now, gas=gas_limit)
        self.state: Final = State(host, journal, self.cells)
        self.journal = journal
        self._told = len(journal.events)
        self.host: Final = host
        self.tracer: Final = tracer
        self._stand: Final[Callable[[Frame, int], None] | None] = getattr(tracer, "stand", None)  # of a `FrameTracer`
        self.deployed: Final[dict[bytes, Contract]] = {}
        self._moved: Final[dict[tuple[str, str], int]] = {}
        self.entered: list[Contract] = []
        self._known: dict[bytes, Contract] = {}
        self._reached: Final[dict[tuple[Contract, int, bytes], tuple[Contract, int]]] = {}  # by caller, external and address
        self._calls: list[Call] = []
        self._frames: list[Frame] = []
        self._result: Any = None
        self._calls_made = 0
        self._promises = check_promises
        self._refused_by_host: Failure | None = None

    # One transaction after the other.

    def renew(self, journal: Journal, gas_limit: int, now: int) -> None:
        """Begin the next transaction of the session, whatever became of the last one: as a new session would, but for the
        contracts that are known and what is remembered of their slots. All that is dropped when it comes to be too much.
        """
        self.now = now
        self.journal = journal
        self._told = len(journal.events)
        self.cells[:] = cells(journal, now=now, gas=gas_limit)
        self.state.renew(journal)
        if self.deployed or self._moved:
            self.deployed.clear()
            self._moved.clear()
        if self._calls or self._frames:  # a defect of the store, or of the machine, ended the last one
            self._calls.clear()
            self._frames.clear()
        self._result = self._refused_by_host = None
        self._calls_made = 0
        if (
            len(self._known) > CONTRACTS_AT_HAND_MAX
            or len(self._reached) > CONTRACTS_AT_HAND_MAX
            or self.state.seen.bytes > SLOTS_AT_HAND_BYTES_MAX
        ):
            self.forget()

    def forget(self) -> None:
        """Forget all contracts, between two transactions."""
        self._known.clear()
        self._reached.clear()
        self.state.forget()

    # Running.

    def begin(self) -> Mark:
        """Begin a call from outside; where the journal stands."""
        self.entered.clear()
        return self.journal.mark()

    def end(self) -> None:
        """End a call from outside: hold every contract that was entered to its invariants, if promises are checked."""
        if self._promises:
            for contract in dict.fromkeys(self.entered):
                self.check_invariants(contract)

    def call_public(self, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
        """One call of a public function from outside: all of it happens, or nothing but its gas."""
        mark = self.begin()
        try:
            contract = self.contract(address)
            position = self.find(contract, function, CALLABLE)
            result = self.enter(contract, position, arguments, sender)
            if contract.entrances[position].pays_out:
                self._pay_out(contract, position, result, sender)
            self.end()
        except Failure:
            self.journal.undo(mark)
            raise
        return result

    def ask(self, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
        """One call of a view or pure function from outside."""
        mark = self.begin()
        try:
            contract = self.contract(address)
            result = self.enter(contract, self.find(contract, function, READABLE), arguments, sender)
            self.end()
        except Failure:
            self.journal.undo(mark)
            raise
        return result

    def _pay_out(self, contract: Contract, function: int, result: Any, sender: bytes) -> None:
        """Credit the coins in a result to the sender."""
        kind = contract.verified.module.functions[function].result
        assert kind is not None
        for coin in _coins(kind, result):
            self.credit(sender, coin)
            self.move(coin.currency, "returned", coin.amount)

    def enter(self, contract: Contract, function: int, arguments: Sequence[Any], sender: bytes) -> Any:
        """Run one function for somebody outside of the machine: check what he gives, then as `run`."""
        self.check_arguments(contract, function, arguments)
        entrance = contract.entrances[function]
        self.admit(contract, entrance, arguments)
        self.cells[IN_FLIGHT] = len(entrance.coins)
        result = self.run(contract, function, tuple(arguments), sender)
        self.check_in_flight(contract, function, result)
        return result

    def check_in_flight(self, contract: Contract, function: int, result: Any) -> None:
        """Raises `Defect` if, at the end of a call from outside, other linear values are in flight than those in its result."""
        if self.checked:
            kind = contract.verified.module.functions[function].result
            count = self.cells[IN_FLIGHT] - (0 if kind is None else len(_coins(kind, result)))
            if count:
                raise lost(count)

    def admit(self, contract: Contract, entrance: Entrance, arguments: Sequence[Any]) -> None:
        """Note a call from outside and the coins it brings. Raises WrongPhase, WrongCurrency."""
        if entrance.phases is not None and not entrance.phases >> self.phase(contract) & 1:
            raise Failure(Code.WRONG_PHASE)
        for position, currency in entrance.coins:
            coin: CoinValue = arguments[position]
            if coin.currency != (currency or contract.home):
                raise Failure(Code.WRONG_CURRENCY)
            self.move(coin.currency, "entered", coin.amount)
        if self._promises:
            self.entered.append(contract)

    def run(self, contract: Contract, function: int, arguments: tuple[Any, ...], sender: bytes) -> Any:
        """Run one function in a call of its own to its end. Raises `Failure`, all its changes taken back."""
        bottom = len(self._calls)
        call = Call(contract, sender, self.journal.mark(), len(self._frames))
        self._calls.append(call)
        try:
            self._enter(call, function, arguments)
        except Failure as failure:
            self._unwind(failure, bottom)
        return self._execute(bottom)

    def _execute(self, bottom: int) -> Any:
        calls, frames, tracer, stand, checked = self._calls, self._frames, self.tracer, self._stand, self.checked
        while len(calls) > bottom:
            frame = frames[-1]
            code, pc = frame.code, frame.pc
            try:
                while True:
                    if tracer is not None:
                        tracer.step(*self._place(frame, pc), self.cells[GAS])
                        if stand is not None:
                            stand(frame, pc)
                    handler, operand = code[pc]
                    if checked:
                        op = frame.ops[pc]
                        check(op, op.takes, frame.stack)
                        self.cells[IN_FLIGHT] += in_flight(op)
                    target = handler(frame, operand)
                    if checked and target is None:
                        check(op, op.gives, frame.stack)
                    if target is None:
                        pc += 1
                    elif target >= 0:
                        pc = target
                    else:
                        frame.pc = pc + 1
                        break
            except Failure as failure:
                frame.pc = pc
                self._unwind(failure, bottom)
        return self._result

    def _unwind(self, failure: Failure, bottom: int) -> None:
        """Take back calls from the top until one that was tried, whose caller goes on. Raises the failure if
        none was.
        """
        raising = self._frames[-1] if self._frames else None
        if not failure.where:
            failure.where = list(self._places())
        if failure.contract is None and failure is not self._refused_by_host:
            failure.contract = raising.call.contract.address if raising else self._calls[-1].contract.address
        while len(self._calls) > bottom:
            call = self._calls.pop()
            while len(self._frames) > call.first_frame:
                frame = self._frames.pop()
                if self.tracer is not None:
                    self.tracer.leave(frame.call.contract.address, frame.function, None, failure)
            self.journal.undo(call.mark)
            if call.tried or failure.name != Code.OUT_OF_GAS:
                self.cells[GAS] += call.reserve
            if call.tried:
                self.cells[IN_FLIGHT] = call.in_flight
                caller = self._frames[-1]
                caller.stack.append((0,) if self._has_result(caller, call) else False)
                if caller is raising:
                    caller.pc += 1
                return
        raise failure

    def _places(self) -> Iterator[tuple[bytes, int, int]]:
        """Where the frames stand, outermost first; all but the topmost are past the instruction they wait
        for.
        """
        for frame in self._frames[:-1]:
            yield self._place(frame, frame.pc - 1)
        for frame in self._frames[-1:]:
            yield self._place(frame, frame.pc)

    def _place(self, frame: Frame, index: int) -> tuple[bytes, int, int]:
        contract = frame.call.contract
        return contract.address, frame.function, contract.verified.bodies[frame.function].ops[index].position

    def _enter(self, call: Call, function: int, arguments: tuple[Any, ...]) -> None:
        """Put a function on top. Raises OutOfGas for its first segment, and what an `old` checker raises."""
        frame = Frame(self, call, function, arguments)
        frame.remembered = self.remember(call.contract, function, arguments)
        if self.tracer is not None:
            self.tracer.enter(call.contract.address, function, arguments, call.sender)
        self._frames.append(frame)

    def leave(self, frame: Frame, result: Any) -> None:
        """The topmost function ends with this result, None if it has none."""
        if frame.remembered:
            self.check_ensures(frame.call.contract, frame.function, frame.remembered, result)
        self._frames.pop()
        if self.tracer is not None:
            self.tracer.leave(frame.call.contract.address, frame.function, result, None)
        call = frame.call
        if call.first_frame != len(self._frames):
            if result is not None:
                self._frames[-1].stack.append(result)
            return
        self._calls.pop()
        self.cells[GAS] += call.reserve
        if call.external is None:
            self._result = result
        elif call.tried:
            self._frames[-1].stack.append(True if result is None else (1, result))
        elif result is not None:
            self._frames[-1].stack.append(result)

    def _has_result(self, caller: Frame, call: Call) -> bool:
        assert call.external is not None
        return caller.call.contract.verified.module.externals[call.external].result is not None

    @property
    def gas_left(self) -> int:
        """Gas that is left to the transaction, with what is kept back for callers."""
        gas: int = self.cells[GAS]
        return gas + sum(call.reserve for call in self._calls)

    # Calls.

    def contract(self, address: bytes) -> Contract:
        """The contract at an address, whose code is paid for before it is brought. Raises `Failure` NoContract, OutOfGas."""
        known = self._known.get(address)
        if known is None:
            known = self.deployed.get(address)
        if known is None:
            price = self.host.code_price(address)
            if price:
                charge(self.cells, price)
            found = self.host.contract(address)
            if found is None:
                raise Failure(Code.NO_CONTRACT)
            known = self._known[address] = self.state.open(address, *found)
        return known

    def find(self, contract: Contract, name: str, kinds: tuple[Kind, ...]) -> int:
        """The function of that name if it is of one of these kinds. Raises `Failure` NoFunction."""
        function = contract.verified.by_name.get(name)
        if function is None or contract.verified.module.functions[function].kind not in kinds:
            raise Failure(Code.NO_FUNCTION, detail=name)
        return function

    def check_arguments(self, contract: Contract, function: int, arguments: Sequence[Any]) -> None:
        """Raises `Failure` WrongArguments if values from outside are not of the parameters' types."""
        parameters = contract.verified.module.functions[function].parameters
        if len(arguments) != len(parameters):
            raise wrong_count(arguments, len(parameters))
        for position, (_, kind) in enumerate(parameters):
            if not belongs(kind, arguments[position]):
                raise Failure(Code.WRONG_ARGUMENTS, detail=f"argument {position + 1}")

    def phase(self, contract: Contract) -> int:
        """The present phase of a contract; the first one where it has never stepped."""
        phase: int = self.state.get(contract, PHASE_FIELD, None) or 0
        return phase

    def check_phase(self, contract: Contract, function: int) -> None:
        """Raises `Failure` WrongPhase if the function may not be entered in the present phase."""
        phases = contract.verified.module.functions[function].phases
        if phases is not None and not phases >> self.phase(contract) & 1:
            raise Failure(Code.WRONG_PHASE)

    def invoke(self, call: Call, function: int, arguments: tuple[Any, ...]) -> None:
        """Enter another function of the same contract. Raises WrongPhase, OutOfGas."""
        self.check_phase(call.contract, function)
        self._enter(call, function, arguments)

    def call_outside(self, caller: Frame, external: int, address: bytes, arguments: tuple[Any, ...], *, tried: bool) -> None:
        """Enter a function of another contract, after the checks of `docs/machine.md`, "Calls", in their
        order.
        """
        here = caller.call.contract
        # Until the callee is known the call stands in the caller's name; whatever fails from here on can be
        # tried.
        callee = Call(here, here.address, self.journal.mark(), len(self._frames))
        callee.external, callee.tried, callee.reserve = external, tried, self.cells[GAS] // 64
        callee.in_flight = self.cells[IN_FLIGHT]
        self.cells[GAS] -= callee.reserve
        self._calls.append(callee)
        callee.contract, function = self.reach([call.contract for call in self._calls[:-1]], external, address)
        self._enter(callee, function, arguments)

    def reach(self, stack: Sequence[Contract], external: int, address: bytes) -> tuple[Contract, int]:
        """The contract and function that a call means. `stack` has the contracts of all calls at work, that of the caller last.
        Raises what calls raise before anything runs.
        """
        here = stack[-1]
        expected = here.verified.module.externals[external]
        self._calls_made += 1
        if self._calls_made > limits.CALLS_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, detail="calls")
        if len(stack) >= limits.FRAMES_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, detail="frames")
        known = self._reached.get((here, external, address))
        contract = known[0] if known else self.contract(address)
        if contract in stack:
            raise Failure(Code.RE_ENTRY)
        if known:
            function = known[1]
            self.check_phase(contract, function)
        else:
            function = self.find(contract, expected.function, READABLE if expected.view else CALLABLE)
            fits = fit(here, external, contract, function)
            if fits is Fit.NO:
                raise Failure(Code.WRONG_ARGUMENTS, detail="a function of another signature")
            self.check_phase(contract, function)
            if fits is Fit.OTHER_CURRENCY:
                raise Failure(Code.WRONG_CURRENCY)
            if address in self._known and here.address in self._known:  # one that this transaction made may yet be taken back
                self._reached[here, external, address] = contract, function
        if self._promises:
            self.entered.append(contract)
        return contract, function

    # State.

    def read_state(self, contract: Contract, field: int, key: Any) -> Any:
        """The value of a slot of the contract at work, or `ABSENT`."""
        value = self.state.get(contract, field, key)
        if self.tracer is not None:
            self.tracer.read(contract.address, field, key, value)
        return value

    def has_state(self, contract: Contract, field: int, key: Any) -> bool:
        """Whether a slot of the contract at work has a value."""
        found = self.state.has(contract, field, key)
        if self.tracer is not None:
            self.tracer.read(contract.address, field, key, found or ABSENT)
        return found

    def write_state(self, contract: Contract, field: int, key: Any, value: Any) -> None:
        """Give a slot of the contract at work a value, or empty it with `ABSENT`."""
        self.state.put(contract, field, key, value)
        if self.tracer is not None:
            self.tracer.write(contract.address, field, key, value)

    def become(self, contract: Contract, phase: int) -> None:
        """Step to a phase. Raises WrongPhase, MoneyTrapped."""
        verified = contract.verified
        if (self.phase(contract), phase) not in verified.module.steps:
            raise Failure(Code.WRONG_PHASE)
        if verified.final_phases >> phase & 1 and any(
            self.state.get(contract, HOLDINGS_FIELD, currency) is not ABSENT for currency in contract.vaults
        ):
            raise Failure(Code.MONEY_TRAPPED)
        self.write_state(contract, PHASE_FIELD, None, phase)

    # Money.

    def move(self, currency: str, how: str, amount: int) -> None:
        """Note that so many minor units were moved, by the name of a part of `Moved`."""
        key = currency, how
        self.journal.set(self._moved, key, self._moved.get(key, 0) + amount)

    def moved(self) -> dict[str, Moved]:
        """What happened to the coins of each currency, in the order of their codes."""
        if not self._moved:
            return {}
        found: dict[str, dict[str, int]] = {}
        for (currency, how), amount in sorted(self._moved.items()):
            found.setdefault(currency, {})[how] = amount
        return {currency: Moved(**amounts) for currency, amounts in found.items()}

    def vault_put(self, contract: Contract, field: int, key: Any, coin: CoinValue) -> None:
        """Put a coin into a vault. Raises WrongPhase in a final phase, Overflow."""
        if contract.verified.final_phases >> self.phase(contract) & 1:
            raise Failure(Code.WRONG_PHASE)
        self._change_vault(contract, field, key, coin.currency, coin.amount)
        self.move(coin.currency, "put", coin.amount)

    def vault_take(self, contract: Contract, field: int, key: Any, currency: str | None, amount: int) -> CoinValue:
        """Take a coin out of a vault. Raises InsufficientFunds."""
        coin = CoinValue(currency or contract.home, amount)
        self._change_vault(contract, field, key, coin.currency, -amount)
        self.move(coin.currency, "taken", amount)
        return coin

    def _change_vault(self, contract: Contract, field: int, key: Any, currency: str, change: int) -> None:
        self.state.move_money(contract, field, key, currency, change)
        if self.tracer is not None:
            self.tracer.write(contract.address, field, key, self.state.get(contract, field, key))

    def credit(self, to: bytes, coin: CoinValue) -> None:
        """Have the host pay a wallet. Raises what the host raises."""
        try:
            self.host.credit(to, coin.currency, coin.amount)
        except Failure as failure:
            self._refused_by_host = failure
            raise

    def pay(self, contract: Contract, to: bytes, coin: CoinValue) -> None:
        """Pay a wallet out of a contract."""
        self.credit(to, coin)
        self.move(coin.currency, "paid", coin.amount)
        if self.tracer is not None:
            self.tracer.pay(contract.address, to, coin.currency, coin.amount)

    # The world.

    def events(self) -> tuple[Event, ...]:
        """The events of all calls that did not fail, so far."""
        return tuple(self.journal.events[self._told :])

    def emit(self, contract: Contract, index: int, values: tuple[Any, ...]) -> None:
        """Encode and keep an event, undoably. Raises LimitExceeded."""
        payload = encode_arguments([kind for _, kind in contract.verified.module.events[index].fields], values)
        self.cells[EVENT_BYTES] += len(payload) + EVENT_BYTES_EACH
        if self.cells[EVENT_BYTES] > EVENTS_BYTES_MAX:
            raise too_many_events()
        self.journal.events.append((contract.address, index, payload))
        if self.tracer is not None:
            self.tracer.emit(contract.address, index, values)

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Ask the ledger's one signature rule; a key or signature of another length is no key or
        signature.
        """
        return len(key) == 32 and len(signature) == 64 and self.host.verify_ed25519(key, message, signature)

    # Promises.

    def check_invariants(self, contract: Contract) -> None:
        """Raises InvariantBroken for the first invariant of the contract that does not hold."""
        for checker in contract.verified.invariants:
            self._check(contract, checker, (), Code.INVARIANT_BROKEN, contract.verified.module.functions[checker].name)

    def remember(self, contract: Contract, function: int, arguments: tuple[Any, ...]) -> Remembered:
        """For each promise of a function: its checker, and the values it is to be given but for the
        result. Nothing where promises are not checked. Raises EnsuresBroken.
        """
        if not self._promises:
            return ()
        module = contract.verified.module
        promises = contract.verified.promises.get(function, ())
        parameters = module.functions[function].parameters
        plain = tuple([value for (_, kind), value in zip(parameters, arguments, strict=True) if is_plain(kind)])
        remembered = []
        for old, ensures in promises:
            values: tuple[Any, ...] = ()
            if old is not None:
                name = module.functions[function].name
                value = self._run_checker(contract, old, plain, Code.ENSURES_BROKEN, name)
                values = value if isinstance(module.functions[old].result, Tuple) else (value,)
            remembered.append((ensures, (*plain, *values)))
        return tuple(remembered)

    def check_ensures(self, contract: Contract, position: int, remembered: Remembered, result: Any) -> None:
        """Raises EnsuresBroken for the first promise of the function at a position that its result does not
        keep.
        """
        function = contract.verified.module.functions[position]
        shown = () if function.result is None or is_linear(function.result) else (result,)
        for ensures, values in remembered:
            self._check(contract, ensures, (*values, *shown), Code.ENSURES_BROKEN, function.name)

    def _check(self, contract: Contract, checker: int, arguments: tuple[Any, ...], code: Code, name: str) -> None:
        if not self._run_checker(contract, checker, arguments, code, name):
            raise Failure(code, contract=contract.address, detail=name)

    def _run_checker(self, contract: Contract, checker: int, arguments: tuple[Any, ...], code: Code, name: str) -> Any:
        """Run a checker on a meter of its own, with promises off. One that fails is a promise broken."""
        cells = self.cells
        before = cells[GAS], cells[MEMORY], self._calls_made, len(self.entered), self._result
        cells[GAS], cells[MEMORY], self._promises = PROMISE_GAS_MAX, 0, False
        try:
            return self.run(contract, checker, arguments, contract.address)
        except Failure as failure:
            detail = f"{name}: its checker fails with {failure.name}"
            raise Failure(code, contract=contract.address, detail=detail) from failure
        finally:
            cells[GAS], cells[MEMORY], self._calls_made, entered, self._result = before
            cells[SETTLED] = False
            del self.entered[entered:]
            self._promises = True


def _coins(kind: Type, value: Any) -> list[CoinValue]:
    """The coins within a result."""
    match kind:
        case Coin():
            return [value]
        case Option(element):
            return _coins(element, value[1]) if value[0] == 1 else []
        case Tuple(items):
            return [coin for item, part in zip(items, value, strict=True) for coin in _coins(item, part)]
    return []
