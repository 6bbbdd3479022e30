"""Runs WebAssembly in `wasmtime`: one engine for the process, one instance for a function.

`wasmtime` is imported when the first function is made native, and functions are called through its C interface, by numbers laid
into one array: its own `Func` takes some ten times as long. Where the library is missing there are no native functions, and
nothing else changes.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from vm.limits import NATIVE_STACK_BYTES_MAX
from vm.native.eligible import closure
from vm.native.emit import emit, signature
from vm.native.shapes import Shape
from vm.verifier import Verified

if TYPE_CHECKING:
    from wasmtime import Engine

GAS_MAX: Final = 2**62
"""The gas that native code counts with at most; nobody lives to see so much used up."""

_HALF: Final = 2**64 - 1
_ALIVE: Final[WeakSet[NativeFunction]] = WeakSet()


@functools.cache
def _engine() -> Engine | None:
    """The engine, or None if there is no `wasmtime` here."""
    try:
        from wasmtime import Config, Engine, _ffi
    except (ImportError, OSError):
        return None
    config = Config()
    config.wasm_wide_arithmetic = True
    config.wasm_threads = False
    config.wasm_relaxed_simd = False
    config.wasm_simd = False
    config.wasm_memory64 = False
    config.wasm_multi_memory = False
    config.wasm_tail_call = False
    config.cranelift_opt_level = "speed"
    config.parallel_compilation = False  # no threads of its own
    config.max_wasm_stack = NATIVE_STACK_BYTES_MAX
    atexit.register(_close)  # while `wasmtime` still has its names
    _ffi.wasmtime_config_signals_based_traps_set(config.ptr(), False)  # the handlers of signals are the process's
    return Engine(config)


def _close() -> None:
    """Let go of all that is `wasmtime`'s; what is called from now on runs as Python."""
    for function in list(_ALIVE):
        function.close()
    _engine.cache_clear()


class NativeFunction:
    """The native form of a function. Whoever calls it while another thread does gets no answer."""

    def __init__(self, verified: Verified, position: int, functions: tuple[int, ...], engine: Engine) -> None:
        from wasmtime import Func, Instance, Module, Store

        parameters, result = signature(verified, position)
        module = Module(engine, emit(verified, functions, position))
        store = Store(engine)
        store.set_limits(memory_size=0, table_elements=0, instances=1, tables=0, memories=0)
        instance = Instance(store, module, [])
        function = instance.exports(store)["f"]
        assert isinstance(function, Func)
        self._kept: Any = store, instance, function
        self._wide = any(shape.wide for shape in parameters)
        self._takes = [shape.wide for shape in parameters]
        self._pack = struct.Struct("<" + "".join(map(_layout, parameters)) + "q8x").pack_into
        self._unpack = struct.Struct(f"<{'' if result is None else _layout(result)}q8x").unpack_from
        self._result: Shape | None = result
        places = 1 + max(sum(len(shape.takes) for shape in parameters), 0 if result is None else len(result.takes))
        self._numbers = (ctypes.c_uint64 * (2 * places))()
        self._idle = [_caller(store, function, self._numbers, places)]
        _ALIVE.add(self)

    def close(self) -> None:
        """Let go of the instance; calls get no answer."""
        self._idle.clear()
        self._kept = None

    def __call__(self, gas: int, arguments: Sequence[Any]) -> tuple[Any, int] | None:
        """The result and the gas that is left. None if the call fails, in a way that is not told, or if it cannot be made now."""
        try:
            call = self._idle.pop()
        except IndexError:
            return None
        given = min(gas, GAS_MAX)
        try:
            self._pack(self._numbers, 0, *(self._halves(arguments) if self._wide else arguments), given)
            if not call():
                return None
            *halves, left = self._unpack(self._numbers)
        finally:
            self._idle.append(call)
        return self._value(halves), gas - given + left

    def _halves(self, arguments: Sequence[Any]) -> list[int]:
        """The arguments as they are laid into the array, wide ones as a low and a high half."""
        numbers: list[int] = []
        for wide, argument in zip(self._takes, arguments, strict=True):
            numbers += (argument & _HALF, argument >> 64) if wide else (argument,)
        return numbers

    def _value(self, halves: list[int]) -> Any:
        """The result, out of the array."""
        if self._result is None:
            return None
        if self._result.span is None:
            return halves[0] == 1
        return halves[0] if len(halves) == 1 else halves[1] << 64 | halves[0]


def _layout(shape: Shape) -> str:
    """How a value lies in the array, which has sixteen bytes for each value of WebAssembly, as `struct` says it."""
    if shape.span is None:
        return "I12x"
    high = "q8x" if shape.signed else "Q8x"
    return f"Q8x{high}" if shape.wide else high


def _caller(store: Any, function: Any, numbers: Any, places: int) -> Callable[[], bool]:
    """Calls a function with the numbers in the array, leaves the results there, and tells whether it came to its end."""
    from wasmtime import _ffi

    call = _ffi.dll["wasmtime_func_call_unchecked"]
    call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    call.restype = ctypes.c_void_p
    delete_trap = _ffi.dll["wasm_trap_delete"]
    delete_error = _ffi.dll["wasmtime_error_delete"]
    for delete in (delete_trap, delete_error):
        delete.argtypes = [ctypes.c_void_p]
        delete.restype = None
    context = ctypes.cast(store._context(), ctypes.c_void_p).value
    trap = ctypes.c_void_p()
    given = context, ctypes.addressof(function._func), ctypes.addressof(numbers), places, ctypes.addressof(trap)

    def run() -> bool:
        error = call(*given)
        if error is None and trap.value is None:
            return True
        if error is not None:
            delete_error(error)
        if trap.value is not None:
            delete_trap(trap)
            trap.value = None
        return False

    return run


def native(verified: Verified, position: int) -> NativeFunction | None:
    """The native form of a function, compiled; None if it has none (`vm.native.eligible`), or `wasmtime` cannot
    make it."""
    functions = closure(verified, position)
    if functions is None:
        return None
    engine = _engine()
    if engine is None:
        return None
    from wasmtime import WasmtimeError

    try:
        return NativeFunction(verified, position, functions, engine)
    except WasmtimeError:
        return None  # no memory for it, say
