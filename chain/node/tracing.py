"""What the machine does for one transaction, kept as a tree of calls that can be told in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.ledger.contracts import load_verified, read_contract
from chain.ledger.edits import PHASE_NAME
from chain.node.rendering import value_json
from chain.primitives.address import format_address
from chain.primitives.edits import PHASE_FIELD
from chain.primitives.limits import TRACE_BYTES_MAX, TRACE_ENTRIES_MAX, TRACE_STEPS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.state.overlay import BlockOverlay, View
from vm.failure import Failure
from vm.module import Module
from vm.types import BOOL, Map, Set, Type

Show = Callable[[bytes, Type, Any], Any]
"""The form of a value of a type in a contract."""

_ENTRY_BYTES = 200  # of JSON for an entry beside its values


class Recorder:
    """A `vm.trace.Tracer`. It keeps calls, state changes, payments and events until there are too many, counts the rest's steps,
    and says that it has left something out.
    """

    def __init__(self, view: View | BlockOverlay, show: Show | None = None, later: View | None = None) -> None:
        """Contracts are known from a state; those that the transaction deploys itself are told without names, unless a `later`
        state has them. `show` gives values another form than JSON's.
        """
        self._view = view
        self._later = view if later is None else later
        self._show: Show = show or _value_json
        self._modules: dict[bytes, Module | None] = {}
        self._calls: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self._entries = self._bytes = self._steps = 0
        self.steps_run = 0
        self._cut = self._paused = False

    def pause(self) -> None:
        """Look away."""
        self._paused = True

    def resume(self) -> None:
        """Look again."""
        self._paused = False

    def json(self) -> dict[str, Any]:
        """`calls`, how many instructions were run as `steps`, and whether the tree was `cut`."""
        return {"calls": self._calls, "steps": self._steps, "cut": self._cut}

    # What the machine tells.

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""
        if self._paused:
            return
        module = self._module(contract)
        call: dict[str, Any] = {"kind": "call", "contract": format_address(contract), "sender": format_address(sender)}
        if module is not None:
            what = module.functions[function]
            pairs = zip(what.parameters, arguments, strict=False)
            call |= {
                "function": what.name,
                "arguments": {name: self._show(contract, kind, value) for (name, kind), value in pairs},
            }
        else:
            call |= {"function": str(function), "arguments": None}
        call |= {"result": None, "failure": None, "inside": []}
        self._keep(call)
        self._open.append(call)

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends."""
        if self._paused or not self._open:
            return
        call = self._open.pop()
        module = self._module(contract)
        kind = None if module is None else module.functions[function].result
        if failure is not None:
            call["failure"] = failure.name
        elif kind is not None and result is not None and not self._cut:
            call["result"] = self._show(contract, kind, result)

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """Steps are counted. Raises `Refusal` TooLarge when there are more than a trace may have, whether looked at or not: what
        is traced runs on the slow tier.
        """
        self.steps_run += 1
        if self.steps_run > TRACE_STEPS_MAX:
            message = f"it takes more than {TRACE_STEPS_MAX} instructions, with those before it in its block"
            raise Refusal(Refused.TOO_LARGE, message, "Trace it on a copy of the ledger.")
        if not self._paused:
            self._steps += 1

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """Reads change nothing."""

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """A slot of the state changes."""
        if self._paused or self._cut:
            return
        module = self._module(contract)
        told: dict[str, Any] = {"kind": "write", "field": str(field), "key": None, "value": None}
        if module is not None and field == PHASE_FIELD:
            told |= {"field": PHASE_NAME, "value": module.phases[value or 0]}
        elif module is not None and field >= 0:
            name, kind = module.fields[field]
            told["field"] = name
            if isinstance(kind, Map | Set) and key is not None:
                told["key"] = self._show(contract, kind.key, key)
                kind = kind.value if isinstance(kind, Map) else BOOL
            told["value"] = None if value is None else self._show(contract, kind, value)
        self._keep(told)

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """A contract pays a wallet."""
        if not self._paused:
            self._keep({"kind": "pay", "to": format_address(to), "currency": currency, "amount": str(amount)})

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """A contract emits an event."""
        if self._paused or self._cut:
            return
        module = self._module(contract)
        told: dict[str, Any] = {"kind": "event", "event": str(event), "fields": None}
        if module is not None:
            record = module.events[event]
            pairs = zip(record.fields, values, strict=True)
            told |= {"event": record.name, "fields": {name: self._show(contract, kind, value) for (name, kind), value in pairs}}
        self._keep(told)

    # Within.

    def _keep(self, entry: dict[str, Any]) -> None:
        self._entries += 1
        self._bytes += _ENTRY_BYTES + len(str(entry))
        if self._cut or self._entries > TRACE_ENTRIES_MAX or self._bytes > TRACE_BYTES_MAX:
            self._cut = True
            return
        (self._open[-1]["inside"] if self._open else self._calls).append(entry)

    def _module(self, address: bytes) -> Module | None:
        if address not in self._modules:
            contract = read_contract(self._later, address)
            self._modules[address] = None if contract is None else load_verified(self._later, contract.code_hash).module
        return self._modules[address]


def _value_json(contract: bytes, kind: Type, value: Any) -> Any:
    return value_json(kind, value)
