"""When a function runs natively. It never changes what a call gives, only how long it takes, so that it may learn from calls.

A function has no effects if it has a native form, so a call can be broken off and done again. It runs as Python until its calls
have used `compile_gas`, which is worth a few times what compiling takes; then it is compiled, and the call at hand begins anew.
From then on a call runs natively if the last one used more than `NATIVE_GAS_MIN`; if that was short, the call gets so much gas as
Python, and begins anew natively if that does not do. Whatever fails natively is done again as Python, which tells how it fails.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final
from weakref import ref

from vm.failure import Code, Failure
from vm.limits import NATIVE_FUNCTIONS_MAX
from vm.native.eligible import closure
from vm.native.engine import GAS_MAX, NativeFunction, native
from vm.support import GAS, POSITION, SETTLED
from vm.verifier import Verified

ENABLED = True
"""Whether anything runs natively at all."""

NATIVE_GAS_MIN: Final = 2_000
"""What a call has to use for a native one to pay: some three times what it costs to make a native call."""

COMPILE_GAS: Final = 2_000_000
COMPILE_GAS_WORD: Final = 4_000
"""What calls of a function have to use before it is compiled: about three times what that costs, for a start and for a word."""

_KEPT: Final[deque[ref[Adaptive]]] = deque()

Python = Callable[..., Any]


def adaptive(verified: Verified, position: int, python: Python) -> Python:
    """What to call in place of the Python of a function: itself, if there is no native form."""
    functions = closure(verified, position) if ENABLED else None
    if functions is None:
        return python
    words = sum(len(verified.module.functions[one].code) for one in functions)
    return Adaptive(verified, position, python, COMPILE_GAS + COMPILE_GAS_WORD * words).run


class Adaptive:
    """One function in both forms."""

    __slots__ = ("__weakref__", "_compile_gas", "_last", "_native", "_position", "_python", "_spent", "_verified")

    def __init__(self, verified: Verified, position: int, python: Python, compile_gas: int) -> None:
        self._verified = verified
        self._position = position
        self._python = python
        self._compile_gas = compile_gas
        self._native: NativeFunction | None = None
        self._spent = 0  # gas, as Python, since there was no native form
        self._last = 0  # gas that the last call used

    def run(self, m: list[Any], *arguments: Any) -> Any:
        """Call it, as compiled code is called (`vm.generator`)."""
        gas = m[GAS]
        if self._native is None:
            limit = self._compile_gas - self._spent
        elif self._last > NATIVE_GAS_MIN:
            return self._run_native(m, gas, arguments)
        else:
            limit = NATIVE_GAS_MIN
        if gas <= limit:
            result = self._python(m, *arguments)
            self._note(gas - m[GAS])
            return result
        m[GAS] = limit
        try:
            result = self._python(m, *arguments)
        except Failure as failure:
            if failure.name != Code.OUT_OF_GAS:
                m[GAS] += gas - limit
                raise
        else:
            self._note(limit - m[GAS])
            m[GAS] += gas - limit
            return result
        m[SETTLED], m[POSITION] = False, None
        return self._run_native(m, gas, arguments)

    def _note(self, used: int) -> None:
        self._last = used
        self._spent += used

    def _run_native(self, m: list[Any], gas: int, arguments: tuple[Any, ...]) -> Any:
        """Natively, as Python if that does not come to its end."""
        if self._native is None:
            self._compile()
        done = None if self._native is None else self._native(gas, arguments)
        if done is None:
            self._last = 0
            m[GAS] = gas
            return self._python(m, *arguments)
        result, m[GAS] = done
        self._last = gas - done[1]
        return result

    def _compile(self) -> None:
        """Make the native form, in place of the one that was made longest ago if there are too many."""
        self._native = native(self._verified, self._position)
        self._spent = 0
        if self._native is None:
            self._compile_gas = GAS_MAX  # it cannot be made here
            return
        _KEPT.append(ref(self))
        while len(_KEPT) > NATIVE_FUNCTIONS_MAX:
            oldest = _KEPT.popleft()()
            if oldest is not None:
                oldest.forget()

    def forget(self) -> None:
        """Give up the native form, and learn again."""
        self._native = None
        self._last = 0
