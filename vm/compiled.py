"""The compiled tier: verified code as Python functions, made when first called and kept for a while.

`vm.generator` writes the Python of a function, `vm.support` holds what it may call. What is here compiles it, remembers it,
and runs it in place of the reference interpreter, with the same result, gas, events, failures and state to the unit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias

from cachetools import LRUCache

from vm.cells import EVENTS, GAS, IN_FLIGHT, LOG, POSITION, SETTLED, enter
from vm.checks import lost
from vm.execution import CALLABLE, READABLE, Execution, Remembered
from vm.failure import Code, Defect, Failure
from vm.gas import GAS_SCHEDULE_VERSION
from vm.generator import GENERATOR_VERSION, Generated, Place, generate, generate_door
from vm.host import Host
from vm.journal import Journal
from vm.limits import CODE_CACHED_GAS_MAX, CONTRACTS_AT_HAND_MAX
from vm.native.adaptive import adaptive
from vm.pricing import Segment, code_price
from vm.state import Contract, Tables
from vm.support import CONTRACT, MISFIT, NAMES
from vm.verifier import Verified, once

FILE_NAME: Final = "<tael>"
"""What compiled code says it was read from."""

STACK_FRAMES_MIN: Final = 10_000
"""Python's limit of frames must not come before the machine's own: FRAMES_MAX calls of INVOKE_DEPTH_MAX functions each, the
same once more for a checker, and whatever the host stands on.
"""

_Way: TypeAlias = tuple[Contract, Tables, Callable[..., Any]]
"""The short way into a function: its contract, the slots of that, and the function."""
_View: TypeAlias = tuple[Contract, Tables, Callable[..., Any], int, Callable[..., Any], Segment]
"""The short way into a view: its contract, the slots of that, the function, its parameters, its door, its first segment."""
_Key: TypeAlias = tuple[bytes, bool, bool, int, int, str]


class Compiled:
    """The functions of one module, each compiled with those that it invokes when it is first asked for."""

    __slots__ = ("_names", "_places", "checked", "doors", "functions", "native", "verified")

    def __init__(self, verified: Verified, *, checked: bool, native: bool) -> None:
        """With the checks of `vm.checks` or without, and with native forms of functions (`vm.native`) or without."""
        self.verified: Final = verified
        self.checked: Final = checked
        self.native: Final = native
        self._names: dict[str, Any] = {"__builtins__": {}, **NAMES}
        self.doors: Final[dict[int, FunctionType]] = {}
        self.functions: Final[dict[int, Callable[..., Any]]] = {}
        self._places: dict[int, tuple[Place, ...]] = {}  # by the identity of the Python, which stays alive

    def function(self, position: int) -> Callable[..., Any]:
        """A function of the module, ready to be called."""
        found = self.functions.get(position)
        if found is None:
            needed = [position]
            while needed:
                one = needed.pop()
                if one not in self.functions:
                    needed += self._compile(one)
            found = self.functions[position]
        return found

    def place(self, code: CodeType, line: int) -> Place:
        """Where a line of some Python comes from; nothing if it is no function of the module."""
        known = self._places.get(id(code))
        return () if known is None else known[line - 1]

    def door(self, position: int) -> FunctionType:
        """What tells whether arguments from outside fit a function, if their number does."""
        found = self.doors.get(position)
        if found is None:
            found = self.doors[position] = self._make(generate_door(self.verified, position))
        return found

    def _compile(self, position: int) -> frozenset[int]:
        """Compile a function; the functions that it calls."""
        generated = generate(self.verified, position, checked=self.checked)
        function = self._make(generated)
        callee = adaptive(self.verified, position, function) if self.native else function
        self._names[function.__name__] = self.functions[position] = callee
        self._places[id(function.__code__)] = generated.places
        return generated.calls

    def _make(self, generated: Generated) -> FunctionType:
        self._names |= generated.names
        unit = compile(generated.source, FILE_NAME, "exec", dont_inherit=True, optimize=0)
        (code,) = [constant for constant in unit.co_consts if isinstance(constant, CodeType)]
        return FunctionType(code, self._names)


def _size(of: Compiled) -> int:
    """At most the gas that its making takes at deployment: a word is a byte of the module at least."""
    words = sum(len(function.code) for function in of.verified.module.functions)
    return code_price(words, of.verified.bodies)


_CACHE: Final[LRUCache[_Key, Compiled]] = LRUCache(CODE_CACHED_GAS_MAX, getsizeof=_size)


def compiled(verified: Verified, *, checked: bool, native: bool) -> Compiled:
    """The compiled code of a module, as `Compiled` makes it, from the cache if it is there."""
    key = verified.code_hash, checked, native, GAS_SCHEDULE_VERSION, GENERATOR_VERSION, sys.version
    found = _CACHE.get(key)
    if found is None:
        found = _CACHE[key] = Compiled(verified, checked=checked, native=native)
    return found


@once
def _promises_nothing(verified: Verified) -> bool:
    """Whether there is nothing to check of a module's promises, nor of those of others, since it calls none."""
    return not (verified.invariants or verified.promises or verified.module.externals)


class CompiledExecution(Execution):
    """An execution whose functions are compiled."""

    def __init__(
        self,
        host: Host,
        journal: Journal,
        *,
        now: int,
        gas_limit: int,
        check_promises: bool,
        checked: bool,
        native: bool,
    ) -> None:
        """As the reference has it; `native` says whether functions that only compute may run natively."""
        super().__init__(host, journal, now=now, gas_limit=gas_limit, tracer=None, check_promises=check_promises, checked=checked)
        self._native: Final = native
        self._callers: Final[list[Contract]] = []  # contracts that wait for what they called
        self._ways: Final[dict[tuple[bytes, str], _Way]] = {}
        self._views: Final[dict[tuple[bytes, str], _View]] = {}
        if sys.getrecursionlimit() < STACK_FRAMES_MIN:
            sys.setrecursionlimit(STACK_FRAMES_MIN)

    def renew(self, journal: Journal, gas_limit: int, now: int) -> None:
        """As the reference does."""
        if self._callers:
            self._callers.clear()
        super().renew(journal, gas_limit, now)
        if max(len(self._ways), len(self._views)) > CONTRACTS_AT_HAND_MAX:
            self.forget()

    def forget(self) -> None:
        """As the reference does."""
        self._ways.clear()
        self._views.clear()
        super().forget()

    def ask(self, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
        """As the reference does; what there is to know of a view that keeps no promises is worked out once."""
        view = self._views.get((address, function)) or self._short_view(address, function)
        if view is None or len(arguments) != view[3] or not view[4](*arguments):
            return super().ask(address, function, arguments, sender)
        contract, tables, python, _, _, segment = view
        cells = self.cells
        mark = len(cells[LOG]), len(cells[EVENTS])
        try:
            enter(cells, segment)
            try:
                result = python(cells, [self, contract, tables, sender, address, False], *arguments)
            except Failure as failure:
                self._failed(failure, contract)
                raise
        except Failure as failure:
            self._blame(failure, contract)
            cells[SETTLED], cells[IN_FLIGHT] = False, 0
            self.journal.undo(mark)
            raise
        if cells[IN_FLIGHT]:
            raise lost(cells[IN_FLIGHT])
        return result

    def _short_view(self, address: bytes, function: str) -> _View | None:
        """What it takes to ask a view, if it takes little: no phases, and nobody's promises."""
        try:
            contract = self.contract(address)
            entrance = contract.entrances[self.find(contract, function, READABLE)]
        except Failure:
            return None  # the long way tells
        if entrance.guarded or (self._promises and not _promises_nothing(contract.verified)):
            return None
        code: Compiled = contract.code or self._code(contract)
        place = entrance.function
        segment = contract.verified.bodies[place].segments[0]
        door = code.doors.get(place) or code.door(place)
        view = contract, contract.tables, code.function(place), entrance.arity, door, segment
        if address in self._known:  # one that this transaction made may yet be taken back
            self._views[address, function] = view
        return view

    def call_public(self, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
        """As the reference does. Most calls have nothing to check but their arguments; those take the short way."""
        way = self._ways.get((address, function)) or self._short_way(address, function)
        if way is None:
            return super().call_public(address, function, arguments, sender)
        contract, tables, python = way
        cells = self.cells
        mark = len(cells[LOG]), len(cells[EVENTS])
        try:
            result = python(cells, [self, contract, tables, sender, address, True], arguments)
        except Failure as failure:
            self._failed(failure, contract)
            self._blame(failure, contract)
            cells[SETTLED], cells[IN_FLIGHT] = False, 0
            self.journal.undo(mark)
            raise
        if result is MISFIT:
            return super().call_public(address, function, arguments, sender)
        if cells[IN_FLIGHT]:
            raise lost(cells[IN_FLIGHT])
        return result

    def _code(self, contract: Contract) -> Compiled:
        """The compiled code of a contract, which then is at hand for the rest of the session."""
        code = contract.code = compiled(contract.verified, checked=self.checked, native=self._native)
        return code

    def _short_way(self, address: bytes, function: str) -> _Way | None:
        """What it takes to call a public function, if it takes little: no phases, coins, or promises."""
        try:
            contract = self.contract(address)
            entrance = contract.entrances[self.find(contract, function, CALLABLE)]
        except Failure:
            return None  # the long way tells
        if self._promises and not _promises_nothing(contract.verified):
            return None
        if entrance.guarded or entrance.pays_out:
            return None
        code: Compiled = contract.code or self._code(contract)
        way = contract, contract.tables, code.function(entrance.function)
        if address in self._known:  # one that this transaction made may yet be taken back
            self._ways[address, function] = way
        return way

    def enter(self, contract: Contract, function: int, arguments: Sequence[Any], sender: bytes) -> Any:
        """As the reference does, with what was worked out once about the function."""
        entrance = contract.entrances[function]
        code: Compiled = contract.code or self._code(contract)
        if len(arguments) != entrance.arity or not (code.doors.get(function) or code.door(function))(*arguments):
            self.check_arguments(contract, function, arguments)
            raise Defect("two ways to check arguments do not agree")
        if entrance.guarded or self._promises:
            self.admit(contract, entrance, arguments)
        self.cells[IN_FLIGHT] = len(entrance.coins)
        try:
            result = self.run(contract, function, arguments, sender)
        except Failure as failure:
            self._blame(failure, contract)
            self.cells[SETTLED], self.cells[IN_FLIGHT] = False, 0
            raise
        self.check_in_flight(contract, function, result)
        self.cells[IN_FLIGHT] = 0
        return result

    def run(self, contract: Contract, function: int, arguments: Sequence[Any], sender: bytes) -> Any:
        """Run one function in a call of its own to its end. Raises `Failure`; whoever called takes the changes back, and is
        who failed if the first segment cannot be paid.
        """
        code: Compiled = contract.code or self._code(contract)
        python = code.functions.get(function) or code.function(function)
        run = [self, contract, contract.tables, sender, contract.address, False]
        if contract.entrances[function].is_public:
            arguments = (arguments,)
        else:
            enter(self.cells, contract.verified.bodies[function].segments[0])
            if function in contract.verified.promises:
                arguments = (self.remember(contract, function, tuple(arguments)), *arguments)
        try:
            return python(self.cells, run, *arguments)
        except Failure as failure:
            self._failed(failure, contract)
            raise

    def remember(self, contract: Contract, function: int, arguments: tuple[Any, ...]) -> Remembered:
        """As the reference does; the function waits for its checkers."""
        self._callers.append(contract)
        try:
            return super().remember(contract, function, arguments)
        finally:
            self._callers.pop()

    def check_ensures(self, contract: Contract, position: int, remembered: Remembered, result: Any) -> None:
        """As the reference does; the function waits for its checkers."""
        self._callers.append(contract)
        try:
            super().check_ensures(contract, position, remembered, result)
        finally:
            self._callers.pop()

    def call_from(self, run: list[Any], external: int, address: bytes, arguments: tuple[Any, ...], *, tried: bool) -> Any:
        """What `call`, `read` and their `try` forms give."""
        here: Contract = run[CONTRACT]
        cells, callers = self.cells, self._callers
        mark = len(cells[LOG]), len(cells[EVENTS])
        reserve = cells[GAS] // 64
        cells[GAS] -= reserve
        count = cells[IN_FLIGHT]
        has_result = here.verified.module.externals[external].result is not None
        callers.append(here)
        try:
            contract, function = self.reach(callers, external, address)
            result = self.run(contract, function, arguments, here.address)
        except Failure as failure:
            self._blame(failure, here)
            self.journal.undo(mark)
            if tried or failure.name != Code.OUT_OF_GAS:
                cells[GAS] += reserve
            cells[SETTLED], cells[IN_FLIGHT] = not tried, count
            if not tried:
                raise
            return (0,) if has_result else False
        finally:
            callers.pop()
        cells[GAS] += reserve
        if tried:
            return (1, result) if has_result else True
        return result

    def _blame(self, failure: Failure, contract: Contract) -> None:
        """Say whose code failed, unless that is known or the host refused."""
        if failure.contract is None and failure is not self._refused_by_host:
            failure.contract = contract.address

    def _failed(self, failure: Failure, contract: Contract) -> None:
        """Say where the functions of a call stood, outermost first, as the lines of its Python tell; if none did, it failed at
        its door, and whoever called is to blame.
        """
        code: Compiled = contract.code
        places: list[tuple[bytes, int, int]] = []
        assert failure.__traceback__ is not None
        at = failure.__traceback__.tb_next
        while at is not None and at.tb_frame.f_code is not _RUN:
            places += [(contract.address, *place) for place in code.place(at.tb_frame.f_code, at.tb_lineno)]
            at = at.tb_next
        if self.cells[POSITION] is not None:
            places[-1] = (*places[-1][:2], self.cells[POSITION])
            self.cells[POSITION] = None
        if places:
            self._blame(failure, contract)
        failure.where[:0] = places


_RUN: Final = CompiledExecution.run.__code__
