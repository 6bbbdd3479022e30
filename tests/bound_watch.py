"""Holds every outermost call that any test makes against the static bound of its function.

`tests/conftest.py` puts the watch in place before the first test, on both tiers, whatever makes the session: programs of the
corpora, tests of contracts, random programs, ledgers and networks within the process. What called contracts use is bounded by
the sum of their own bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vm.bounds import gas_bounds
from vm.execution import Execution
from vm.failure import Code, Failure
from vm.machine import Session
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
_run = Session._run
_reach = Execution.reach


class BoundBroken(AssertionError):
    """A call used more gas than its static bound."""


def _watched_reach(execution: Execution, here: Contract, external: int, address: bytes) -> tuple[Contract, int]:
    contract, function = _reach(execution, here, external, address)
    _reached.append(gas_bounds(contract.verified)[function].maximum)
    return contract, function


def _watched_run(session: Session, contract: Contract, function: int, arguments: Sequence[Any], sender: bytes) -> Any:
    before = session.gas_left
    _reached.clear()
    failed: str | None = None
    try:
        return _run(session, contract, function, arguments, sender)
    except Failure as failure:
        failed = failure.name
        raise
    finally:
        _hold(contract, function, arguments, before - session.gas_left, failed)


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
    Session._run = _watched_run  # type: ignore[method-assign]
    Execution.reach = _watched_reach  # type: ignore[method-assign]
