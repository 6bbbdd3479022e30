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

from vm.execution import Call, Execution
from vm.failure import Code, Failure
from vm.gas import GAS_SCHEDULE_VERSION
from vm.generator import GENERATOR_VERSION, Generated, generate, generate_door
from vm.host import Host
from vm.journal import Journal
from vm.limits import MEMORY_BYTES_MAX
from vm.native.adaptive import adaptive
from vm.state import Contract, Defect
from vm.support import CALL, GAS, MEMORY, NAMES, POSITION, SETTLED, THIS
from vm.verifier import Verified

FILE_NAME: Final = "<tael>"
"""What compiled code says it was read from."""

CACHED_WORDS_MAX: Final = 512 * 1024
"""Code words of the modules whose compiled code is kept; eight modules of the greatest length, hundreds of usual ones."""

STACK_FRAMES_MIN: Final = 10_000
"""Python's limit of frames must not come before the machine's own: FRAMES_MAX calls of INVOKE_DEPTH_MAX functions each, the
same once more for a checker, and whatever the host stands on.
"""

_Key: TypeAlias = tuple[Verified, int, int, str]


class Compiled:
    """The functions of one module, each compiled with those that it invokes when it is first asked for."""

    __slots__ = ("_doors", "_names", "_positions", "functions", "verified")

    def __init__(self, verified: Verified) -> None:
        self.verified: Final = verified
        self._names: dict[str, Any] = {"__builtins__": {}, **NAMES}
        self._doors: dict[int, FunctionType] = {}
        self.functions: Final[dict[int, Callable[..., Any]]] = {}
        self._positions: dict[int, tuple[int, tuple[int, ...]]] = {}  # by the identity of the Python, which stays alive

    def function(self, position: int) -> Callable[..., Any]:
        """A function of the module, ready to be called."""
        found = self.functions.get(position)
        if found is None:
            needed = [position]
            while needed:
                one = needed.pop()
                if one not in self.functions:
                    self._compile(one)
                    needed += self.verified.bodies[one].invokes
            found = self.functions[position]
        return found

    def place(self, code: CodeType, line: int) -> tuple[int, int] | None:
        """Which function some Python is, and the position of the instruction that a line of it belongs to."""
        known = self._positions.get(id(code))
        return None if known is None else (known[0], known[1][line - 1])

    def door(self, position: int) -> FunctionType:
        """What tells whether arguments from outside fit a function, if their number does."""
        found = self._doors.get(position)
        if found is None:
            found = self._doors[position] = self._make(generate_door(self.verified, position))
        return found

    def _compile(self, position: int) -> None:
        generated = generate(self.verified, position)
        function = self._make(generated)
        self._names[function.__name__] = self.functions[position] = adaptive(self.verified, position, function)  # native tier
        self._positions[id(function.__code__)] = position, generated.positions

    def _make(self, generated: Generated) -> FunctionType:
        self._names |= generated.names
        unit = compile(generated.source, FILE_NAME, "exec", dont_inherit=True, optimize=0)
        (code,) = [constant for constant in unit.co_consts if isinstance(constant, CodeType)]
        return FunctionType(code, self._names)


_CACHE: Final[LRUCache[_Key, Compiled]] = LRUCache(
    CACHED_WORDS_MAX, getsizeof=lambda compiled: sum(len(f.code) for f in compiled.verified.module.functions)
)


def compiled(verified: Verified) -> Compiled:
    """The compiled code of a module, from the cache if it is there."""
    key = verified, GAS_SCHEDULE_VERSION, GENERATOR_VERSION, sys.version
    found = _CACHE.get(key)
    if found is None:
        found = _CACHE[key] = Compiled(verified)
    return found


class CompiledExecution(Execution):
    """An execution whose functions are compiled."""

    def __init__(self, host: Host, journal: Journal, *, now: int, gas_limit: int, check_promises: bool) -> None:
        super().__init__(host, journal, now=now, gas_limit=gas_limit, tracer=None, check_promises=check_promises)
        self._compiled: dict[Verified, Compiled] = {}
        if sys.getrecursionlimit() < STACK_FRAMES_MIN:
            sys.setrecursionlimit(STACK_FRAMES_MIN)

    def _code(self, verified: Verified) -> Compiled:
        code = self._compiled.get(verified)
        if code is None:
            code = self._compiled[verified] = compiled(verified)
        return code

    def check_arguments(self, contract: Contract, function: int, arguments: Sequence[Any]) -> None:
        """Raises `Failure` WrongArguments if values from outside are not of the parameters' types."""
        verified = contract.verified
        fits = len(arguments) == len(verified.module.functions[function].parameters)
        if not (fits and self._code(verified).door(function)(*arguments)):
            super().check_arguments(contract, function, arguments)
            raise Defect("two ways to check arguments do not agree")

    def run(self, contract: Contract, function: int, arguments: tuple[Any, ...], sender: bytes) -> Any:
        """Run one function in a call of its own to its end. Raises `Failure`, all its changes taken back."""
        call = Call(contract, sender, self.journal.mark(), 0)
        run = self._begin(call, self.meter.gas, self.meter.memory)
        self._calls.append(call)
        try:
            return self._run(run, function, arguments)
        except Failure as failure:
            self._blame(failure, contract)
            self.journal.undo(call.mark)
            raise
        finally:
            self._calls.pop()
            self.meter.gas, self.meter.memory = run[GAS], run[MEMORY]

    def call_from(self, run: list[Any], external: int, address: bytes, arguments: tuple[Any, ...], *, tried: bool) -> Any:
        """What `call`, `read` and their `try` forms give. The gas of both runs is in the caller's afterwards."""
        here: Contract = run[CALL].contract
        call = Call(here, here.address, self.journal.mark(), 0)
        reserve = run[GAS] // 64
        run[GAS] -= reserve
        self._calls.append(call)
        has_result = here.verified.module.externals[external].result is not None
        try:
            call.contract, function = self.reach(here, external, address)
            inner = self._begin(call, run[GAS], run[MEMORY])
            try:
                result = self._run(inner, function, arguments)
            finally:
                run[GAS], run[MEMORY] = inner[GAS], inner[MEMORY]
        except Failure as failure:
            self._blame(failure, here)
            self.journal.undo(call.mark)
            if tried or failure.name != Code.OUT_OF_GAS:
                run[GAS] += reserve
            if not tried:
                run[SETTLED] = True
                raise
            return (0,) if has_result else False
        finally:
            self._calls.pop()
        run[GAS] += reserve
        if tried:
            return (1, result) if has_result else True
        return result

    def _begin(self, call: Call, gas: int, memory: int) -> list[Any]:
        """What stands for a call in compiled code: the places of `vm.support`."""
        state, contract = self.state, call.contract
        this = contract.address
        state.contracts[this] = contract
        return [
            gas, memory, False, None, self, call, state.written, state.loaded, call.sender, this, self.now, self.journal.set
        ]  # fmt: skip

    def _run(self, run: list[Any], function: int, arguments: tuple[Any, ...]) -> Any:
        """Pay for the first segment, and run the function to its end."""
        contract: Contract = run[CALL].contract
        verified = contract.verified
        code = self._code(verified)
        gas, memory = verified.bodies[function].segments[0]
        run[GAS] -= gas
        if run[GAS] < 0:
            run[GAS] = 0
            raise Failure(Code.OUT_OF_GAS)
        if memory:
            run[MEMORY] += memory
            if run[MEMORY] > MEMORY_BYTES_MAX:
                raise Failure(Code.LIMIT_EXCEEDED, detail="memory")
        if function in verified.promises:
            arguments = (self.remember(contract, function, arguments), *arguments)
        python = code.functions.get(function) or code.function(function)
        try:
            return python(run, *arguments)
        except Failure as failure:
            self._blame(failure, contract)
            failure.where[:0] = self._stood(failure, code, run)
            raise

    def _blame(self, failure: Failure, contract: Contract) -> None:
        """Say whose code failed, unless that is known or the host refused."""
        if failure.contract is None and failure is not self._refused_by_host:
            failure.contract = contract.address

    def _stood(self, failure: Failure, code: Compiled, run: list[Any]) -> list[tuple[bytes, int, int]]:
        """Where the functions of one call stand, outermost first, as the lines of its Python tell."""
        places: list[tuple[bytes, int, int]] = []
        assert failure.__traceback__ is not None
        at = failure.__traceback__.tb_next
        while at is not None and at.tb_frame.f_code is not _RUN:
            found = code.place(at.tb_frame.f_code, at.tb_lineno)
            if found is not None:
                places.append((run[THIS], *found))
            at = at.tb_next
        if run[POSITION] is not None:
            places[-1] = (*places[-1][:2], run[POSITION])
        return places


_RUN: Final = CompiledExecution._run.__code__
