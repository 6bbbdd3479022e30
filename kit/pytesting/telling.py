"""Values, events, errors and calls in the contract's terms: units, names of wallets and contracts."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chain.client.interface import ContractFailed, Interface
from chain.client.money import Address, Money
from chain.client.sender import Sender
from chain.client.values import Some, Values, machine_time
from chain.primitives.address import format_address, parse_address
from chain.primitives.money import format_money
from chain.primitives.refusal import Refusal
from chain.primitives.transaction import Action, Call, Deploy, Pay
from kit.call_tree import tell_calls
from kit.pytesting.history import Ran
from kit.values import Setting, show_duration, show_time, show_value
from vm import types as vm
from vm.failure import Failure
from vm.module import Function
from vm.values import decode_arguments

LINES_MAX = 60
"""Of a tree of calls; the end is where the trouble is, so the beginning is left out."""
_ADDRESS = re.compile(r"tael1[a-z0-9]{50,80}")


class Words:
    """How a ledger's values are told. `names` has those of wallets; contracts are called by their modules."""

    def __init__(self, interfaces: Mapping[bytes, Interface | None], decimals: Mapping[str, int]) -> None:
        self.names: dict[bytes, str] = {}
        self._interfaces = interfaces
        self._decimals = decimals

    def party(self, address: bytes) -> str:
        """Who is at an address, by name if there is one."""
        found = self.names.get(address)
        if found is None and (interface := self._interfaces.get(address)) is not None:
            found = interface.module.name
        return found or f"{format_address(address)[:14]}…"

    def text(self, text: str) -> str:
        """A text with names for addresses."""
        return _ADDRESS.sub(self._named, text)

    def money(self, minor: int, currency: str) -> str:
        """Minor units of a currency."""
        return format_money(minor, currency, self._decimals.get(currency, 0))

    def of(self, contract: bytes, kind: vm.Type, value: Any) -> str:
        """A value of the machine, in a contract."""
        interface = self._interfaces.get(contract)
        home = None if interface is None else interface.values.home
        shown = vm.Amount(kind.currency) if isinstance(kind, vm.Vault) else kind
        return show_value(value, shown, Setting(home, self._decimals, name_of=self.party))

    def value(self, value: Any) -> str:
        """A value as programs have it."""
        match value:
            case Sender():
                return self.party(value.address)
            case Address():
                return self.party(value)
            case datetime():
                return show_time(machine_time(value))
            case timedelta():
                return show_duration(value // timedelta(milliseconds=1))
            case Money() | Decimal():
                return str(value)
            case enum.Enum():
                return value.name
            case ContractFailed():
                return self.error(value)
            case bool() | str() | None:
                return repr(value)
            case int():
                return f"{value:_}"
            case bytes():
                return f"0x{value.hex()}"
            case list() | tuple():
                return f"[{', '.join(self.value(item) for item in value)}]"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return f"{type(value).__name__}({self.fields(record_fields(value))})"
        return repr(value)

    def fields(self, fields: Mapping[str, Any]) -> str:
        """`to: bob, amount: 5`."""
        return ", ".join(f"{name}: {self.value(value)}" for name, value in fields.items())

    def error(self, error: ContractFailed) -> str:
        """An error with its fields, and where it came from."""
        place = "" if error.contract is None else f" in {self.party(error.contract)}"
        return f"{error.name}({self.fields(error.fields)}){place}"

    def action(self, action: Action) -> str:
        """What a transaction was to do."""
        match action:
            case Call(contract, name, arguments):
                interface = self._interfaces.get(contract)
                found = None if interface is None else next((f for f in interface.module.functions if f.name == name), None)
                if interface is None or found is None:
                    return f"{self.party(contract)}.{name}(…)"
                return f"{self.party(contract)}.{name}({self._arguments(interface.values, found, arguments)})"
            case Pay(to, currency, amount):
                return f"pay {self.money(amount, currency)} to {self.party(to)}"
            case Deploy(code, _, _):
                from vm.codec import decode_module

                return f"deploy {decode_module(code).name}"
        return type(action).__name__

    def ran(self, ran: Ran, fails: str = "") -> str:
        """A transaction in a line."""
        done = "; ".join(self.action(action) for action in ran.actions)
        outcome = f"fails: {fails or ran.error.name}" if ran.error is not None else "goes well"
        gas = "" if ran.receipt is None else f"  ({ran.receipt.gas_used:_} gas)"
        return f"{self.party(ran.sender.address)}: {done}  {outcome}{gas}"

    def _arguments(self, values: Values, function: Function, encoded: bytes) -> str:
        kinds = [kind for _, kind in function.parameters]
        try:
            given = decode_arguments(kinds, encoded)
        except Failure:
            return "…"
        pairs = zip(function.parameters, given, strict=True)
        return ", ".join(f"{name}: {self.value(values.to_python(kind, value))}" for (name, kind), value in pairs)

    def _named(self, found: re.Match[str]) -> str:
        try:
            return self.party(parse_address(found[0]))
        except Refusal:
            return found[0]


def record_fields(record: Any) -> dict[str, Any]:
    """The fields of an event or a struct by name."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def tell_trace(words: Words, traced: Mapping[str, Any]) -> list[str]:
    """The tree of calls of a trace (`docs/api.md`, "Trace"), as lines."""

    def named(text: str) -> str:
        return words.party(parse_address(text))

    lines = [words.text(line) for line in tell_calls(traced["calls"], named, words.money)]
    if len(lines) > LINES_MAX:
        return [f"… {len(lines) - LINES_MAX} lines before", *lines[-LINES_MAX:]]
    return lines


def source(value: Any) -> str:
    """A value as Python would have it in a test that has fixtures for its wallets."""
    match value:
        case Sender():
            return repr(value) if getattr(value, "name", "") else f'"{value.address}"'
        case Address() | Money():
            return f'"{value}"'
        case enum.Enum():
            return f'"{value.name}"'
        case Some(inner):
            return f"Some({source(inner)})"
        case list():
            return f"[{', '.join(map(source, value))}]"
        case tuple():
            return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = record_fields(value)
        shown = ", ".join(f'"{name}": {source(inner)}' for name, inner in fields.items())
        return f"{{{shown}}}"
    return repr(value)
