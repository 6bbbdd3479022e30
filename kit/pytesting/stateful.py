"""State machines from contracts: histories of calls by several wallets, over time, shrunk to the shortest that fails.

Rules are made from the public functions. After each step the contract's own promises have been checked by the machine, money is
counted, and what is decorated with `check` is asked. A call that a contract refuses is a step that changed nothing; one that
breaks a promise, or an error in `never`, ends the history.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import event as note_event
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chain.client.handles import Contract
from chain.client.interface import ContractFailed, Interface
from chain.client.money import Money
from chain.client.values import Values, python_name
from chain.primitives.refusal import Refusal, Refused
from kit.pytesting.examples import is_final
from kit.pytesting.explaining import explain
from kit.pytesting.lab import NAMES, LabLedger, Wallet, current
from kit.pytesting.strategies import Chooser, dictionary, durations, invocation_source, public_functions, wallets
from kit.pytesting.telling import source
from vm.failure import Code
from vm.module import Function

F = TypeVar("F", bound=Callable[..., Any])
BROKEN = (str(Code.INVARIANT_BROKEN), str(Code.ENSURES_BROKEN))
"""The errors that a contract must never fail with: it did not keep what it promises."""


def check(function: F) -> F:
    """A method that is called after each step: `@check def supply_stays(self): assert …`."""
    checked: F = invariant()(function)
    return checked


_MADE: Any = vars(RuleBasedStateMachine)["TestCase"]


class _TestCase:
    """The test of a machine, as Hypothesis makes it, with the ledger."""

    def __get__(self, instance: Any, owner: type[RuleBasedStateMachine]) -> Any:
        case = _MADE.__get__(instance, owner)
        case.pytestmark = [pytest.mark.usefixtures("ledger")]
        return case


class StateMachine(RuleBasedStateMachine):
    """`class Savings(StateMachine, of="jar.tael"): …`; `TestSavings = Savings.TestCase` is a test.

    `start` deploys. `contract` is the handle, `ledger` the ledger, `actors` the wallets that call; more rules and checks are
    methods with `hypothesis.stateful.rule` and `check`.
    """

    senders: ClassVar[int] = 3
    """How many wallets call."""
    each: ClassVar[str] = "100.00"
    """What each of them holds at first, in the base currency; no call is given more coins than that."""
    never: ClassVar[Sequence[str]] = ()
    """More errors that no call may end with, such as `Overflow`."""
    passes_time: ClassVar[bool] = True
    """Whether time passes between calls."""

    TestCase = _TestCase()

    _code: ClassVar[Any] = None

    def __init_subclass__(cls, of: Any = None, **named: Any) -> None:
        """`of` is the contract: a file beside the class, `file.tael:Name`, or what the compiler gave."""
        super().__init_subclass__(**named)
        if of is not None:
            cls._code = _found(of) if isinstance(of, str | Path) else of
            module = cls._code.module
            interface = Interface(module, Values(module.currency or "CNY", {"CNY": 2}))
            add_rules(cls, interface, "contract", "")

    def __init__(self) -> None:
        super().__init__()
        self.ledger: LabLedger = current()
        self._point = self.ledger.snapshot()
        self.history: list[str] = []
        self.contract: Any = None
        try:
            self.actors = [self.ledger.wallet(name, self.each) for name in NAMES[: self.senders]]
            self.start()
            del self.ledger.history.all[:]
            self._money = self._all_money()
        except BaseException:
            self.teardown()
            raise

    def start(self) -> None:
        """Set up what the history begins with; left as it is, the contract is deployed without arguments."""
        self.deploy()

    def deploy(self, *arguments: Any, **named: Any) -> Any:
        """Deploy the contract of the class, by the first actor if no `sender` is said, as `contract`."""
        if self._code is None:
            raise Refusal(Refused.BAD_REQUEST, "the machine has no contract", 'Say which: class M(StateMachine, of="jar.tael").')
        named.setdefault("sender", self.actors[0])
        self.contract = self.ledger.deploy(self._code, *arguments, **named)
        return self.contract

    def teardown(self) -> None:
        """Take it all back."""
        self.ledger.revert(self._point)

    def advance(self, duration: timedelta) -> None:
        """Time passes."""
        self.history.append(f"ledger.advance({source(duration)})")
        self.ledger.advance(duration)

    def call(self, contract: Contract, function: str, arguments: dict[str, Any], sender: Wallet) -> Any:
        """One step: the receipt, or None if the call was refused."""
        line = invocation_source(self.name_of(contract), function, arguments, sender)
        self.history.append(line)
        try:
            done = contract.function(function)(**arguments, sender=sender)
        except ContractFailed as error:
            self.history[-1] = f"{line}  # {self.ledger.words.error(error)}"
            if error.name in (*BROKEN, *self.never):
                raise
            note_event(f"{function}: {error.name}")
            return None
        note_event(f"{function}: goes well")
        return done

    def name_of(self, contract: Contract) -> str:
        """What a contract is called in a history."""
        return contract.interface.module.name.lower()

    def contracts(self) -> list[Contract]:
        """Those whose money is counted."""
        return [] if self.contract is None else [self.contract]

    @invariant()
    def money_is_conserved(self) -> None:
        """What wallets and contracts hold together is what it was at first."""
        now = self._all_money()
        assert now == self._money, f"wallets and contracts held {self._money} together, and now {now}"

    def told(self, error: Exception) -> str:
        """The history as Python, and what is known of its end."""
        lines = ["The history, as a test has it:", "", *(f"    {line}" for line in self.history)]
        explained = explain(self.ledger, error)
        return "\n".join([*lines, "", *explained] if explained else lines)

    def _all_money(self) -> Money:
        return self.ledger.together(self.ledger.wallets.known.values(), self.contracts())

    def check_invariants(self, *arguments: Any, **named: Any) -> None:
        """As Hypothesis has it; a check that fails is told with the history."""
        try:
            super().check_invariants(*arguments, **named)
        except Exception as error:
            _explain_once(self, error)
            raise


def add_rules(cls: type[StateMachine], interface: Interface, attribute: str, prefix: str) -> None:
    """A rule for each public function of a contract, whose handle is found at `attribute` of the machine."""
    from chain.client.money import money_of

    home = interface.values.home or "CNY"
    most = money_of(cls.each, interface.values.decimals, home).minor
    chooser = Chooser(interface.values, dictionary(interface.module), NAMES[: cls.senders], most)
    for function in public_functions(interface):
        parameters = {_RENAMED.get(name, name): chosen for name, chosen in chooser.parameters(function).items()}
        strategies: dict[str, Any] = {**parameters, "sender": wallets(cls.senders)}
        name = prefix + python_name(function.name)
        setattr(cls, name if not hasattr(cls, name) else f"{name}_", _rule(strategies, _step(name, attribute, function)))
    if cls.passes_time and not hasattr(cls, "time_passes"):
        setattr(cls, "time_passes", rule(duration=durations())(_time_passes))  # noqa: B010 - it is none of the class's own


def _rule(strategies: dict[str, Any], step: Callable[..., None]) -> Any:
    decorate: Any = rule(**strategies)
    return decorate(step)


_RENAMED = {name: f"{name}_" for name in ("self", "target", "targets")}
"""Parameters that a rule has for itself."""
_GIVEN = {shown: name for name, shown in _RENAMED.items()}


def _step(name: str, attribute: str, function: Function) -> Callable[..., None]:
    def step(self: StateMachine, sender: Wallet, **arguments: Any) -> None:
        given = {_GIVEN.get(shown, shown): value for shown, value in arguments.items()}
        try:
            self.call(getattr(self, attribute), function.name, given, sender)
        except Exception as error:
            _explain_once(self, error)
            raise

    step.__name__ = step.__qualname__ = name
    return step


def _time_passes(self: StateMachine, duration: timedelta) -> None:
    self.advance(duration)


def _explain_once(machine: StateMachine, error: Exception) -> None:
    if is_final() and not getattr(error, "__notes__", None):
        error.add_note(machine.told(error))


def explore(
    *contracts: Contract,
    steps: int = 30,
    runs: int = 50,
    senders: int = 3,
    each: str = "100.00",
    never: Sequence[str] = (),
    checks: Sequence[Callable[[], None]] = (),
) -> None:
    """Call the public functions of contracts that are there in random order, by random wallets, over time, and fail with the
    shortest history that breaks a promise, conservation of money, an assertion of `checks`, or ends in an error of `never`. The
    same histories are tried each time; more `runs` look further.
    """
    body: dict[str, Any] = {"senders": senders, "each": each, "never": tuple(never), "start": lambda self: None}
    body["contracts"] = lambda self: list(contracts)
    for number, asked in enumerate(checks):
        body[f"check_{number}"] = check(_asking(asked))
    names = [contract.interface.module.name.lower() for contract in contracts]
    named = {
        contract.address: name if names.count(name) == 1 else f"{name}_{n}"
        for n, (contract, name) in enumerate(zip(contracts, names, strict=True), 1)
    }
    body["name_of"] = lambda self, contract: named[contract.address]
    machine = type("Explored", (StateMachine,), body)
    for contract in contracts:
        attribute = f"_{named[contract.address]}"
        setattr(machine, attribute, contract)
        add_rules(machine, contract.interface, attribute, f"{named[contract.address]}_" if len(contracts) > 1 else "")
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


def _asking(asked: Callable[[], None]) -> Callable[[Any], None]:
    def ask(self: Any) -> None:
        asked()

    ask.__name__ = getattr(asked, "__name__", "check")
    return ask


def _found(what: str | Path) -> Any:
    """The contract, looked for beside the file of the class first."""
    from kit.pytesting.deploying import find_contract

    here = Path(sys._getframe(2).f_code.co_filename).parent
    return find_contract(what, here, Path.cwd())
