"""A history as a `test` block in the language: its set-up, a line a step, and what fails at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.testing.scenario.stage import Break, Stage, Step
from kit.testing.scenario.trapped import Trap
from lang import ast
from lang.types import Reference, Type
from vm import types as vm

_DURATIONS = (("weeks", 604_800_000), ("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000))


class Unwritable(Exception):
    """A value that the language has no literal for."""


class Writer:
    """Writes what one stage plays. Names of wallets and contracts are those of the scenario's set-up."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.source = stage.scenario.scope.source
        self.names: dict[bytes, str] = {}
        self.opened: list[str] = []  # lines that give names to what has none
        self.now_ms = stage.start.time_ms  # the time at the step that is being written
        self._name_people()

    def _name_people(self) -> None:
        """The names that `let` gave; people in a tuple that has one name for all of them get one each."""
        wanted: dict[bytes, str] = dict(self.stage.world.wallet_names)
        bound = {local.name: value for local, value in self.stage.world.names.items()}
        for name, value in bound.items():
            if isinstance(value, bytes):
                self.names.setdefault(value, name)
        for name, value in bound.items():
            is_crowd = isinstance(value, tuple) and len(value) > 1 and all(isinstance(item, bytes) for item in value)
            if is_crowd and any(item not in self.names for item in value):
                each = [f"{name}{place}" for place in range(1, len(value) + 1)]
                self.opened.append(f"let {', '.join(each)} = {name}")
                for item, own in zip(value, each, strict=True):
                    self.names.setdefault(item, own)
        self.wanted = wanted

    # ── Blocks ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def test(self, title: str, steps: Sequence[Step], ending: Sequence[str]) -> str:
        """The whole block, laid out by hand; the formatter does the rest. Raises `Unwritable`."""
        lines = [f'test "{_escaped(title)}":']
        self.now_ms = self.stage.start.time_ms
        lines += [f"    {line}" for line in (*self._setup(), *self.opened)]
        for place, step in enumerate(steps):
            is_last = place == len(steps) - 1
            if is_last:
                lines += [f"    {line}" for line in ending if line.startswith("let ")]
            if step.wait_ms:
                lines.append(f"    advance({duration(step.wait_ms)})")
                self.now_ms += step.wait_ms
            lines.append(f"    {self.call(step)}")
        lines += [f"    {line}" for line in ending if not line.startswith("let ")]
        return "\n".join(lines) + "\n"

    def _setup(self) -> list[str]:
        """The set-up as the scenario has it, without what nothing in the test would use."""
        lines: list[str] = []
        for statement in self.stage.scenario.setup:
            text = self.source.text[statement.span.start : statement.span.end].rstrip()
            first, *rest = text.split("\n")
            lines.append(first)
            lines += [line.removeprefix("    ") for line in rest]
        return lines

    def call(self, step: Step) -> str:
        """`call pot.fill(1.00 CNY) as a`."""
        target = self.stage.targets[step.target]
        shown = [
            self.value(kind, lowered, value, target.deployed.currency)
            for (_, kind), lowered, value in zip(target.function.parameters, target.kinds, step.arguments, strict=True)
        ]
        return f"call {self.name(target.contract)}.{target.function.name}({', '.join(shown)}) as {self.name(step.actor)}"

    def ending(self, broken: Break) -> list[str]:
        """What the test says after the last step, so that it fails as the history did. A promise breaks by itself."""
        if broken.check is None:
            return []
        condition = broken.check.condition
        lets, text, start = [], "", condition.span.start
        olds = sorted((node for node in ast.walk(condition) if isinstance(node, ast.Old)), key=lambda node: node.span.start)
        for number, old in enumerate(olds, 1):
            name = f"before{number}" if len(olds) > 1 else "before"
            lets.append(f"let {name} = {self._cut(old.value)}")
            text += self.source.text[start : old.span.start] + name
            start = old.span.end
        text += self.source.text[start : condition.span.end]
        return [*lets, f"assert {text}"]

    def trapped(self, trap: Trap) -> list[str]:
        """What the test says of trapped money."""
        nothing = money(0, trap.currency, self.stage.world.decimals[trap.currency])
        home = self.stage.world.deployed[trap.contract].currency
        code = "" if trap.currency == home == self.stage.world.currency else f", {trap.currency}"
        return [f"assert balance({self.name(trap.contract)}{code}) == {nothing}  # nobody gets it out"]

    def _cut(self, node: ast.Node) -> str:
        return self.source.text[node.span.start : node.span.end]

    # ── Values ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def name(self, address: bytes) -> str:
        """What the scenario calls a wallet or a contract. Raises `Unwritable`."""
        if address not in self.names:
            raise Unwritable(self.wanted.get(address, address.hex()))
        return self.names[address]

    def value(self, kind: Type, lowered: vm.Type, value: Any, home: str) -> str:
        """A value as the language writes it. Raises `Unwritable`."""
        decimals = self.stage.world.decimals
        match lowered:
            case vm.Bool():
                return "true" if value else "false"
            case vm.Int(name="Time"):
                return self._time(value)
            case vm.Int(name="Duration"):
                return duration(value)
            case vm.Int(name="Rate"):
                return rate(value)
            case vm.Int():
                return f"{value:_}"
            case vm.Amount(currency):
                code = currency or home
                return money(value, code, decimals[code])
            case vm.Coin():
                return money(value.amount, value.currency, decimals[value.currency])
            case vm.Address():
                return self._address(kind, value)
            case vm.Text():
                return f'"{_escaped(value)}"'
            case vm.Bytes():
                return f"0x{value.hex()}" if value else 'bytes_of("")'
        return self._compound(lowered, value, home)

    def _compound(self, kind: vm.Type, value: Any, home: str) -> str:
        def each(kinds: Sequence[vm.Type], parts: Sequence[Any]) -> str:
            return ", ".join(self.value(k, k, v, home) for k, v in zip(kinds, parts, strict=True))

        match kind:
            case vm.List(element, _):
                return f"[{each([element] * len(value), value)}]"
            case vm.Option(element):
                return f"Some({each([element], value[1:])})" if value[0] else "None"
            case vm.Tuple(items):
                return f"({each(items, value)})"
            case vm.Struct(name, fields):
                return f"{name}({each([field for _, field in fields], value)})"
            case vm.Enum(name, variants):
                variant, payload = variants[value[0]]
                inner = each([field for _, field in payload], value[1:])
                return f"{name}.{variant}({inner})" if payload else f"{name}.{variant}"
        raise Unwritable(vm.type_name(kind))

    def _address(self, kind: Type, value: bytes) -> str:
        name = self.names.get(value)
        if name is None:
            literal = f"Address(0x{value.hex()})"
            return f"{kind.name}({literal})" if isinstance(kind, Reference) else literal
        is_contract = value in self.stage.world.deployed
        if isinstance(kind, Reference):
            return name if is_contract else f"{kind.name}({name})"
        return f"{name}.address" if is_contract else name

    def _time(self, value: int) -> str:
        """Told from the time of the step, which says more than a number, unless it is far off."""
        away = value - self.now_ms
        if away == 0:
            return "now"
        if abs(away) > 1_000 * _DURATIONS[0][1]:
            return f"Time({value:_})"
        return f"now + {duration(away)}" if away > 0 else f"now - {duration(-away)}"


def duration(value_ms: int) -> str:
    """`5 days`, `90 minutes`: whole, in the largest unit that says it exactly."""
    for unit, one in _DURATIONS:
        if value_ms >= one and value_ms % one == 0:
            count = value_ms // one
            return f"{count:_} {unit.removesuffix('s') if count == 1 else unit}"
    return f"{value_ms:_} ms"


def rate(value: int) -> str:
    """`25 bps`, or percent down to what a rate resolves."""
    if value % (vm.RATE_ONE // 10_000) == 0:
        return f"{value // (vm.RATE_ONE // 10_000):_} bps"
    whole, part = divmod(value, vm.RATE_ONE // 100)
    return f"{whole:_}.{part:010} %"


def money(minor: int, code: str, decimals: int) -> str:
    """`1_000.00 CNY`."""
    whole, part = divmod(minor, 10**decimals)
    return f"{whole:_}.{part:0{decimals}} {code}" if decimals else f"{whole:_} {code}"


def _escaped(text: str) -> str:
    out = []
    for letter in text:
        if letter in '"\\':
            out.append("\\" + letter)
        elif letter == "\n":
            out.append("\\n")
        elif ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0:
            out.append(f"\\u{{{ord(letter):x}}}")
        else:
            out.append(letter)
    return "".join(out)
