"""When a function runs natively. It never changes what a call gives, only how long it takes, so that it may learn from calls.

A function has no effects if it has a native form, so a call can be broken off and done again. It runs as Python until its calls
have used what compiling is worth; then it is compiled, and the call at hand begins anew. From then on a call runs natively if
the last one was long; if that was short, the call gets as much gas as Python has in `PYTHON_GAS_MAX`, and begins anew natively if
that does not do. Whatever fails natively is done again as Python, which tells how it fails.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final
from weakref import ref

from vm.cells import GAS, POSITION, SETTLED, Cells
from vm.failure import Code, Failure
from vm.limits import NATIVE_FUNCTIONS_MAX
from vm.native.eligible import closure
from vm.native.engine import GAS_MAX, NativeFunction, native
from vm.verifier import Verified

LONG_GAS: Final = 5_000
"""Above it a call is long: a native call costs, whatever it does, what some 1,300 gas take as Python."""

PYTHON_GAS_MAX: Final = 20_000
"""What a call gets as Python that is expected to be short: so much that beginning it anew adds little."""

COMPILE_GAS: Final = 3_000_000
COMPILE_GAS_WORD: Final = 4_000
"""What calls have to use for compiling to be worth it: for a start, and for every code word. Several times what it costs."""

_KEPT: Final[deque[ref[Adaptive]]] = deque()

Python = Callable[..., Any]


def adaptive(verified: Verified, position: int, python: Python) -> Python:
    """What to call in place of the Python of a function: itself, if there is no native form."""
    functions = closure(verified, position)
    if functions is None:
        return python
    words = sum(len(verified.module.functions[one].code) for one in functions)
    return Adaptive(verified, position, python, COMPILE_GAS + COMPILE_GAS_WORD * words).run


class Adaptive:
    """One function in both forms."""

    __slots__ = ("__weakref__", "_compile_gas", "_limit", "_long", "_native", "_noted", "_position", "_python", "_verified")

    def __init__(self, verified: Verified, position: int, python: Python, compile_gas: int) -> None:
        self._verified = verified
        self._position = position
        self._python = python
        self._compile_gas = compile_gas
        self._native: NativeFunction | None = None
        self._limit = compile_gas  # the gas that a call gets as Python; what is left until it is compiled, before it is
        self._noted = 0  # the gas from which on what a call used as Python is of interest
        self._long = False  # whether the next call is expected to be

    def run(self, c: Cells, m: list[Any], *arguments: Any) -> Any:
        """Call it, as compiled code is called (`vm.generator`)."""
        gas, limit = c[GAS], self._limit
        if self._long:
            return self._run_native(c, m, gas, arguments)
        c[GAS] = limit = gas if gas < limit else limit  # `min` would take longer
        try:
            result = self._python(c, m, *arguments)
        except Failure as failure:
            if failure.name != Code.OUT_OF_GAS or gas == limit:
                c[GAS] += gas - limit
                raise
        else:
            left = c[GAS]
            c[GAS] = gas - limit + left
            if limit - left > self._noted:
                self._note(limit - left)
            return result
        c[SETTLED], c[POSITION] = False, None
        return self._run_native(c, m, gas, arguments)

    def _note(self, used: int) -> None:
        """Learn from a call that ran as Python."""
        if self._native is None:
            self._limit -= used
        else:
            self._long = True

    def _run_native(self, c: Cells, m: list[Any], gas: int, arguments: tuple[Any, ...]) -> Any:
        """Natively, as Python if that does not come to its end."""
        if self._native is None:
            self._compile()
        done = None if self._native is None else self._native(gas, arguments)
        if done is None:
            self._long = False
            c[GAS] = gas
            return self._python(c, m, *arguments)
        result, c[GAS] = done
        self._long = gas - done[1] > LONG_GAS
        return result

    def _compile(self) -> None:
        """Make the native form, in place of the one that was made longest ago if there are too many."""
        self._native = native(self._verified, self._position)
        if self._native is None:
            self._limit = self._noted = GAS_MAX  # it cannot be made here
            return
        self._limit, self._noted = PYTHON_GAS_MAX, LONG_GAS
        _KEPT.append(ref(self))
        while len(_KEPT) > NATIVE_FUNCTIONS_MAX:
            oldest = _KEPT.popleft()()
            if oldest is not None:
                oldest.forget()

    def forget(self) -> None:
        """Give up the native form, and learn again."""
        self._native = None
        self._limit, self._noted = self._compile_gas, 0
        self._long = False
