"""Holds every outermost call that any test makes against the static bound of its function.

`tests/conftest.py` puts the watch in place before the first test, on both tiers, whatever makes the session: programs of the
corpora, tests of contracts, random programs, ledgers and networks within the process. What called contracts use is bounded by
the sum of their own bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vm.bounds import gas_bounds
from vm.cells import GAS
from vm.compiled import CompiledExecution
from vm.execution import Execution
from vm.failure import Code, Failure
from vm.state import Contract


@dataclass(frozen=True)
class Seen:
    """One outermost call that used gas: where, how much, its bound, and the failure it ended with."""

    module: str
    function: str
    formula: str
    used: int
    bound: int
    failure: str | None


seen: list[Seen] | None = None
"""What has been seen, for whoever sets it to a list first."""

_reached: list[int] = []
_enter = Execution.enter
_compiled_enter = CompiledExecution.enter
_call_public = CompiledExecution.call_public
_ask = CompiledExecution.ask
_reach = Execution.reach


class BoundBroken(AssertionError):
    """A call used more gas than its static bound."""


def _watched_reach(execution: Execution, stack: Sequence[Contract], external: int, address: bytes) -> tuple[Contract, int]:
    before = execution.cells[GAS]
    try:
        contract, function = _reach(execution, stack, external, address)
    finally:
        _reached.append(before - execution.cells[GAS])  # what bringing its code took
    _reached.append(gas_bounds(contract.verified)[function].maximum)
    return contract, function


def _watched_enter(execution: Execution, contract: Contract, function: int, arguments: Sequence[Any], sender: bytes) -> Any:
    enter = _compiled_enter if isinstance(execution, CompiledExecution) else _enter
    return _watch(execution, contract, function, arguments, lambda: enter(execution, contract, function, arguments, sender))


def _watched_call_public(
    execution: CompiledExecution, address: bytes, function: str, arguments: Sequence[Any], sender: bytes
) -> Any:
    def call() -> Any:
        return _call_public(execution, address, function, arguments, sender)

    way = execution._ways.get((address, function))
    if way is None:
        return call()
    contract = way[0]
    return _watch(execution, contract, contract.verified.by_name[function], arguments, call)


def _watched_ask(execution: CompiledExecution, address: bytes, function: str, arguments: Sequence[Any], sender: bytes) -> Any:
    def call() -> Any:
        return _ask(execution, address, function, arguments, sender)

    view = execution._views.get((address, function)) or execution._short_view(address, function)
    if view is None or len(arguments) != view[3] or not view[4](*arguments):
        return call()  # the long way, which is watched
    contract = view[0]
    return _watch(execution, contract, contract.verified.by_name[function], arguments, call)


def _watch(execution: Execution, contract: Contract, function: int, arguments: Sequence[Any], call: Callable[[], Any]) -> Any:
    before = execution.cells[GAS]
    _reached.clear()
    failed: str | None = None
    try:
        return call()
    except Failure as failure:
        failed = failure.name
        raise
    finally:
        _hold(contract, function, arguments, before - execution.cells[GAS], failed)


def _hold(contract: Contract, function: int, arguments: Sequence[Any], used: int, failed: str | None) -> None:
    if not used:
        return  # refused before anything ran
    if failed == Code.OUT_OF_GAS and _reached:
        return  # what was held back for the callers is lost with it
    found = gas_bounds(contract.verified)[function]
    bound = found.evaluate(arguments, sum(_reached))
    module = contract.verified.module
    name = module.functions[function].name
    if used > bound or found.evaluate(arguments) > found.maximum:
        raise BoundBroken(f"{module.name}.{name}{tuple(arguments)} used {used}, bound {found.formula}: {bound}, {found.maximum}")
    if seen is not None:
        seen.append(Seen(module.name, name, found.formula, used, bound, failed))


def install() -> None:
    """Watch every session from now on."""
    Execution.enter = _watched_enter  # type: ignore[method-assign]
    CompiledExecution.enter = _watched_enter  # type: ignore[method-assign]
    CompiledExecution.call_public = _watched_call_public  # type: ignore[method-assign]
    CompiledExecution.ask = _watched_ask  # type: ignore[method-assign]
    Execution.reach = _watched_reach  # type: ignore[method-assign]
