"""The runs of contracts by one transaction after the other, as the ledger and tools drive them.

How frames and calls follow each other is `vm.execution`'s business, how one function's code runs
`vm.interpreter`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from vm.cells import GAS, charge
from vm.execution import Execution, Moved, wrong_count
from vm.failure import Code, Defect, Failure
from vm.host import Host
from vm.journal import Event, Journal
from vm.state import PHASE_FIELD
from vm.trace import Tracer
from vm.verifier import Verified

__all__ = ["Defect", "Effects", "Event", "Moved", "Session", "Tier"]


class Tier(StrEnum):
    """What runs verified code: compiled code with native forms of functions that only compute, compiled code alone, or the
    reference interpreter. The outcome is the same to the unit.
    """

    NATIVE = "native"
    COMPILED = "compiled"
    REFERENCE = "reference"


DEFAULT_TIER = Tier.NATIVE
DEFAULT_CHECKED = True
"""Whether sessions of the compiled tiers check, as code runs, what the verifier has proved (`vm.checks`). On the reference tier,
where the checks are many times the work, they are for whoever asks.
"""


class Effects(NamedTuple):
    """What a session leaves behind.

    `writes` has only slots whose bytes changed, in order, None where a slot is now empty; `moved` is by
    currency code.
    """

    writes: dict[tuple[bytes, bytes], bytes | None]
    events: tuple[Event, ...]
    gas_used: int
    moved: dict[str, Moved]


class Session:
    """Runs the calls of one transaction on one meter, then those of the next.

    A call that fails raises `vm.failure.Failure` and leaves nothing behind but the gas it used; the session
    goes on. Coins among arguments come out of nowhere as far as the machine knows: the ledger takes them
    from a wallet first.

    `renew` begins the next transaction. What contracts are and what the store holds is remembered from one to the next and
    nothing else, so that each has the outcome that it would have in a session of its own.
    """

    def __init__(
        self,
        host: Host,
        journal: Journal,
        *,
        now: int,
        gas_limit: int,
        tracer: Tracer | None = None,
        check_promises: bool = False,
        tier: Tier | None = None,
        checked: bool | None = None,
    ) -> None:
        """`now` is in milliseconds since 1970 UTC. Promises are checked free of gas. Whatever the tier, a session with a
        tracer runs on the reference one. `checked` says whether what the verifier has proved is checked once more.
        """
        self._execution: Execution
        tier = tier or DEFAULT_TIER
        compiled = tracer is None and tier is not Tier.REFERENCE
        if checked is None:
            checked = compiled and DEFAULT_CHECKED
        if compiled:
            from vm.compiled import CompiledExecution  # the generators take a good part of a start, and many need none

            self._execution = CompiledExecution(
                host,
                journal,
                now=now,
                gas_limit=gas_limit,
                check_promises=check_promises,
                checked=checked,
                native=tier is Tier.NATIVE,
            )
        else:
            self._execution = Execution(
                host, journal, now=now, gas_limit=gas_limit, tracer=tracer, check_promises=check_promises, checked=checked
            )
        self._gas_limit = gas_limit
        self.call: Final[Callable[[bytes, str, Sequence[Any], bytes], Any]] = self._execution.call_public
        """Run a public function, by the address of its contract, its name, its arguments and the sender; its result, None if it
        has none. Coins in the result go to the sender's wallet. It is what the execution has: one call within another costs.
        """

    def renew(self, journal: Journal, gas_limit: int, now: int | None = None) -> None:
        """Begin the next transaction, with a journal and gas of its own, maybe at another time, whatever became of the last one.
        If that was finished, `keep` says that the store has what it left behind; without that it counts for nothing.
        """
        self._gas_limit = gas_limit
        self._execution.renew(journal, gas_limit, self._execution.now if now is None else now)

    def keep(self, past: Journal | None = None) -> None:
        """Note that from now on `Host.load` gives what `finish` said the last time. To undo `past` is to know of the slots what
        was known before.
        """
        self._execution.state.keep(past)

    @property
    def gas_left(self) -> int:
        """Gas that the session has not used."""
        gas: int = self._execution.cells[GAS]
        return gas

    @property
    def gas_used(self) -> int:
        """Gas that the session has used."""
        return self._gas_limit - self.gas_left

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of all calls that did not fail, so far."""
        return self._execution.events()

    def charge(self, gas: int) -> None:
        """Use up gas for work outside of the machine. Raises `Failure` OutOfGas and leaves nothing."""
        charge(self._execution.cells, gas)

    def deploy(self, address: bytes, module: Verified, currency: str, arguments: Sequence[Any], sender: bytes) -> None:
        """Make a contract of a module at an address and run its `init`. The code itself is the host's to
        keep.

        Raises `Failure`: KeyExists if there is a contract, WrongCurrency if the module insists on another
        one, and whatever a call raises.
        """

        def run() -> None:
            execution = self._execution
            if address in execution.deployed or execution.host.contract(address) is not None:
                raise Failure(Code.KEY_EXISTS, detail="there is a contract at this address")
            if module.module.currency not in (None, currency):
                raise Failure(Code.WRONG_CURRENCY)
            contract = execution.state.open(address, module, currency)
            execution.journal.set(execution.deployed, address, contract)
            if module.module.phases:
                execution.state.put(contract, PHASE_FIELD, None, 0)
            if module.init is None:
                if arguments:
                    raise wrong_count(arguments, 0)
                execution.entered.append(contract)
            else:
                execution.enter(contract, module.init, arguments, sender)

        self._outermost(run)

    def read(self, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
        """Run a view or pure function; its result, None if it has none."""
        return self._execution.ask(address, function, arguments, sender)

    def rule(self, address: bytes, payment: tuple[bytes, bytes, int]) -> None:
        """Run the contract's wallet rule on a payment (payer, to, minor units); the payer is the sender."""
        execution = self._execution
        mark = execution.begin()
        try:
            contract = execution.contract(address)
            rule = contract.verified.rule
            if rule is None:
                raise Failure(Code.NO_FUNCTION, detail="no wallet rule")
            execution.enter(contract, rule, (payment,), payment[0])
            execution.end()
        except Failure:
            execution.journal.undo(mark)
            raise

    def finish(self) -> Effects:
        """What the session leaves behind. Raises `Defect` if the machine made or lost a coin."""
        execution = self._execution
        all_moved = execution.moved()
        for currency, moved in all_moved.items():
            if not moved.is_conserved():
                raise Defect(f"coins of {currency} are not conserved: {moved}")
        return Effects(execution.state.changes(), execution.events(), self._gas_limit - execution.cells[GAS], all_moved)

    def _outermost(self, run: Callable[[], Any]) -> Any:
        """One call from outside: all of it happens, or nothing but its gas."""
        execution = self._execution
        mark = execution.begin()
        try:
            result = run()
            execution.end()
        except Failure:
            execution.journal.undo(mark)
            raise
        return result
