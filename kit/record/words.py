"""What happened in words: calls with arguments and results, failures with their fields, state before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chain.primitives.transaction import Call, Deploy, Pay, SetRules
from kit.meanings import FAILURES
from kit.record.differences import change, show
from kit.record.entries import Entry, Kind, Paid, Passed, Scene, Told, Wrote
from kit.record.guide import Guide
from kit.values import Setting, show_duration, show_money, show_time
from lang.types import lower
from vm import types as vm
from vm.failure import Failure
from vm.state import PHASE_FIELD


class Words:
    """Tells what is in a record, with the names and currencies of its world."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide

    # Values.

    def setting(self, contract: bytes | None) -> Setting:
        """How values are shown in a contract, or outside of any."""
        known = None if contract is None else self.guide.known(contract)
        return self.guide.setting(None if known is None else known.home)

    def fields(self, contract: bytes | None, fields: Sequence[tuple[str, vm.Type]], values: Sequence[Any]) -> str:
        """`name: value, …`."""
        setting = self.setting(contract)
        return ", ".join(f"{name}: {show(value, kind, setting)}" for (name, kind), value in zip(fields, values, strict=False))

    def untyped(self, value: Any) -> str:
        """A value whose type is not known: failures of the machine carry such."""
        if isinstance(value, bytes):
            return self.guide.name(value) if len(value) == vm.ADDRESS_BYTES else f"0x{value.hex()}"
        return f"{value:_}" if type(value) is int else str(value)

    def money(self, amount: int, currency: str) -> str:
        """Minor units of a currency."""
        return show_money(amount, currency, self.guide.setting(currency))

    # Scenes.

    def title(self, scene: Scene) -> str:
        """What was called, with its arguments, and by whom where that is somebody from outside."""
        match scene.kind:
            case Kind.TEST:
                return f'test "{scene.name}"'
            case Kind.PURE:
                assert scene.symbol is not None
                kinds = [(name, lower(kind)) for name, kind in scene.symbol.parameters]
                return f"{scene.name}({self.fields(None, kinds, scene.arguments)})"
            case Kind.TRANSACTION | Kind.READ:
                return self._outside(scene)
        known = self.guide.known(scene.contract)
        name = self.guide.name(scene.contract)
        if known is None:
            return f"{name}.#{scene.function}"
        function = known.module.functions[scene.function]
        return f"{name}.{function.name}({self.fields(scene.contract, function.parameters, scene.arguments)})"

    def _outside(self, scene: Scene) -> str:
        inner = next((entry for entry in scene.entries if isinstance(entry, Scene) and entry.kind is Kind.FUNCTION), None)
        who = f" as {self.guide.name(scene.sender)}" if scene.sender else ""
        if scene.asked is not None:
            title = self.title(inner) if inner is not None else self._named(*scene.asked)
            return f"read {title}" if scene.kind is Kind.READ else f"{title}{who}"
        match scene.action:
            case Deploy():
                return f"deploy {self._deployed(scene, inner)}{who}"
            case Call(contract, function):
                return f"{self.title(inner) if inner is not None else self._call(contract, function, scene.action)}{who}"
            case Pay(to, currency, amount):
                return f"pay {self.money(amount, currency)} to {self.guide.name(to)}{who}"
            case SetRules(wallet, rules):
                names = ", ".join(self.guide.name(rule) for rule in rules)
                return f"attach {names} to {self.guide.name(wallet)}{who}"
        return f"{scene.name or _spelled(type(scene.action).__name__)}{who}"

    def _deployed(self, scene: Scene, inner: Scene | None) -> str:
        address = scene.result if isinstance(scene.result, bytes) else None if inner is None else inner.contract
        known = None if address is None else self.guide.known(address)
        if known is None:
            return "a contract"
        arguments = ""
        if inner is not None:
            arguments = self.fields(inner.contract, known.module.functions[inner.function].parameters, inner.arguments)
        name = "" if address is None else self.guide.name(address)
        return f"{known.module.name}({arguments}){f' at {name}' if name not in ('', known.module.name) else ''}"

    def _call(self, contract: bytes, function: str, action: Call) -> str:
        """A call that failed before its function began."""
        from vm.values import decode_arguments

        known = self.guide.known(contract)
        found = None if known is None else next((f for f in known.module.functions if f.name == function), None)
        if found is None:
            return f"{self.guide.name(contract)}.{function}(…)"
        try:
            values = decode_arguments([kind for _, kind in found.parameters], action.arguments)
        except Failure:
            return f"{self.guide.name(contract)}.{function}(…)"
        return self._named(contract, function, values)

    def _named(self, contract: bytes, function: str, values: Sequence[Any]) -> str:
        known = self.guide.known(contract)
        found = None if known is None else next((f for f in known.module.functions if f.name == function), None)
        shown = "…" if found is None else self.fields(contract, found.parameters, values)
        return f"{self.guide.name(contract)}.{function}({shown})"

    def result(self, scene: Scene) -> str | None:
        """What a function gave, or None if it gives nothing."""
        if scene.kind is Kind.PURE:
            assert scene.symbol is not None
            return show(scene.result, lower(scene.symbol.result), self.guide.setting(None))
        known = self.guide.known(scene.contract)
        kind = None if known is None else known.module.functions[scene.function].result
        if kind is None or scene.result is None:
            return None
        return show(scene.result, kind, self.setting(scene.contract))

    # Failures.

    def failure(self, failure: Failure) -> str:
        """`TooEarly(until: …)`, with the fields of a contract's error by name."""
        fields = self.error_fields(failure)
        if fields is not None:
            assert failure.contract is not None
            shown = self.fields(failure.contract, fields, failure.values)
        else:
            shown = ", ".join(map(self.untyped, failure.values))
        return f"{failure.name}({shown})" if shown else failure.name

    def error_fields(self, failure: Failure) -> Sequence[tuple[str, vm.Type]] | None:
        """The fields of the contract's error that this is; None for a failure of the machine."""
        known = None if failure.contract is None else self.guide.known(failure.contract)
        if known is None or failure.name in FAILURES:
            return None
        return next((record.fields for record in known.module.errors if record.name == failure.name), None)

    # What happens within.

    def entry(self, entry: Entry) -> list[str]:
        """A change, a payment or an event, in lines."""
        match entry:
            case Wrote():
                return self.wrote(entry)
            case Paid(source, to, currency, amount, how):
                return [f"{self.guide.name(source)} {how} {self.money(amount, currency)} to {self.guide.name(to)}"]
            case Told(contract, event, values):
                known = self.guide.known(contract)
                if known is None:
                    return [f"emits event {event}"]
                record = known.module.events[event]
                return [f"emits {record.name}({self.fields(contract, record.fields, values)})"]
            case Passed(duration, time):
                return [f"{show_duration(duration)} pass: it is {show_time(time)}"]
        return []

    def wrote(self, wrote: Wrote) -> list[str]:
        """`self.total: 1 → 2`."""
        place, kind = self.slot(wrote.contract, wrote.field, wrote.key)
        setting = self.setting(wrote.contract)
        before, after = wrote.before, wrote.after
        if wrote.field == PHASE_FIELD:
            return [f"phase: {self.phase(wrote.contract, before)} → {self.phase(wrote.contract, after)}"]
        if isinstance(kind, vm.Set):
            return [f"{place} {'has' if after else 'has no more'} {show(wrote.key, kind.key, setting)}"]
        if isinstance(kind, vm.Vault):
            return [f"{place}: {show(before, kind, setting)} → {show(after, kind, setting)}"]
        if before is None:
            return [f"{place} = {show(after, kind, setting)}"]
        if after is None:
            return [f"{place}: {show(before, kind, setting)} → nothing"]
        if before == after:
            return [f"{place} stays {show(after, kind, setting)}"]
        return [f"{place}{path}: {told}" for path, told in change(before, after, kind, setting)]

    def slot(self, contract: bytes, field: int, key: Any) -> tuple[str, vm.Type]:
        """How a state slot is written in the contract, and the type of its value; of a set, the set."""
        known = self.guide.known(contract)
        if field == PHASE_FIELD or known is None:
            return "phase" if known is not None else f"field {field}", vm.U8
        name, kind = known.module.fields[field]
        if isinstance(kind, vm.Map):
            return f"self.{name}[{show(key, kind.key, self.setting(contract))}]", kind.value
        return f"self.{name}", kind

    def phase(self, contract: bytes, number: int | None) -> str:
        """The name of a phase."""
        known = self.guide.known(contract)
        return str(number) if known is None or not known.module.phases else known.module.phases[number or 0]


def _spelled(name: str) -> str:
    """`SetPolicy` as words."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
