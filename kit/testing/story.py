"""What happened inside of a failing test: the tree of calls, with arguments, money and events, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kit.testing.world import World
from kit.values import Setting, show_money, show_value
from vm import types as vm
from vm.failure import Failure
from vm.module import Kind, Module

CHECKERS = (Kind.INVARIANT, Kind.OLD, Kind.ENSURES)
LINES_MAX = 60  # of one story; the end is where the trouble is, so the beginning is left out


@dataclass(slots=True)
class Scene:
    """One function's run."""

    title: str
    lines: list[Scene | str] = field(default_factory=list)
    outcome: str = ""


class Storyteller:
    """A tracer that keeps what it sees as a tree."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.root = Scene("")
        self._open: list[Scene] = [self.root]

    def _module(self, contract: bytes) -> Module | None:
        assert self.world is not None
        found = self.world.contract(contract)
        return found.compiled.module if found is not None else None

    def _setting(self, contract: bytes) -> Setting:
        assert self.world is not None
        found = self.world.contract(contract)
        home = found.currency if found is not None else self.world.currency
        return Setting(home, self.world.decimals, name_of=self.world.wallet_names.get)

    def _name(self, address: bytes) -> str:
        assert self.world is not None
        found = self.world.arriving
        is_new = address not in self.world.wallet_names and found is not None
        return self.world.wallet_names.get(address) or (found.symbol.name if is_new and found else f"{address.hex()[:8]}…")

    def _values(self, contract: bytes, kinds: list[vm.Type], values: tuple[Any, ...]) -> str:
        setting = self._setting(contract)
        return ", ".join(_show(value, kind, setting) for kind, value in zip(kinds, values, strict=False))

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""
        module = self._module(contract)
        title = f"{self._name(contract)}.#{function}"
        if module is not None:
            what = module.functions[function]
            shown = self._values(contract, [kind for _, kind in what.parameters], arguments)
            title = f"{self._name(contract)}.{what.name}({shown})"
            if what.kind in (Kind.PUBLIC, Kind.INIT):
                title += f" as {self._name(sender)}"
        scene = Scene(title)
        self._open[-1].lines.append(scene)
        self._open.append(scene)

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends."""
        scene = self._open.pop()
        module = self._module(contract)
        if failure is not None:
            scene.outcome = f"failed: {failure.name}"
        elif module is not None and module.functions[function].kind in CHECKERS and result is not False:
            self._open[-1].lines.pop()  # a promise that was kept is no news
        elif result is not None and module is not None:
            kind = module.functions[function].result
            if kind is not None:
                scene.outcome = f"→ {_show(result, kind, self._setting(contract))}"

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """Steps are too many to tell."""

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """Reads change nothing."""

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """A state field changes."""
        module = self._module(contract)
        if module is None or field < 0:
            return
        name, kind = module.fields[field]
        place = f"self.{name}"
        setting = self._setting(contract)
        if isinstance(kind, vm.Map | vm.Set) and key is not None:
            place += f"[{_show(key, kind.key, setting)}]"
            kind = kind.value if isinstance(kind, vm.Map) else vm.BOOL
        shown = "empty" if value is None else _show(value, kind, setting)
        self._open[-1].lines.append(f"{place} = {shown}")

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """Money leaves."""
        self._open[-1].lines.append(f"pays {show_money(amount, currency, self._setting(contract))} to {self._name(to)}")

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """An event."""
        module = self._module(contract)
        if module is None:
            return
        record = module.events[event]
        shown = self._values(contract, [kind for _, kind in record.fields], values)
        self._open[-1].lines.append(f"emits {record.name}({shown})")

    def tell(self, style: Callable[[str], str] = str) -> list[str]:
        """The story, indented by depth; at most `LINES_MAX` lines, the last ones."""
        told: list[str] = []
        stack: list[tuple[int, Scene | str]] = [(0, line) for line in reversed(self.root.lines)]
        while stack:
            depth, line = stack.pop()
            if isinstance(line, str):
                told.append("  " * depth + line)
                continue
            told.append("  " * depth + line.title + (f"  {style(line.outcome)}" if line.outcome else ""))
            stack += [(depth + 1, inner) for inner in reversed(line.lines)]
        if len(told) > LINES_MAX:
            return [f"… {len(told) - LINES_MAX} lines before", *told[-LINES_MAX:]]
        return told


def _show(value: Any, kind: vm.Type, setting: Setting) -> str:
    """A value for people; coins and resources too."""
    if isinstance(value, vm.CoinValue):
        return show_money(value.amount, value.currency, setting)
    if isinstance(kind, vm.Vault):
        return show_money(value, kind.currency or setting.home, setting)
    if isinstance(value, vm.ResourceValue) and isinstance(kind, vm.Resource):
        inner = ", ".join(f"{name}: {_show(v, k, setting)}" for (name, k), v in zip(kind.fields, value.fields, strict=True))
        return f"{kind.name}({inner})"
    return show_value(value, kind, setting)
