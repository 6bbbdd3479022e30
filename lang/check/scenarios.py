"""Scenarios: their set-up, who calls what, and what must hold after each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lang import ast
from lang.check.bodies import BodyChecker
from lang.scope import Scope
from lang.symbols import Builtin, FunctionSymbol, Local
from lang.types import Reference, Type, Unknown, describe
from vm import types as vm

STEPS = 40
"""How many steps a history has where the text does not say: enough for every phase of a usual contract twice."""
STEPS_MAX = 1_000
"""A longer history finds nothing that more histories do not, and cannot be read."""

_ORDER = {ast.Act: 1, ast.Check: 2, ast.MayKeep: 3}
_CHANGING = frozenset({"advance", "wallet", "wallets"})


@dataclass(frozen=True, slots=True)
class CheckedTarget:
    """Functions that a scenario calls: of the contract that `contract` gives. `functions` are public, in the text's order."""

    contract: ast.Expression
    functions: tuple[FunctionSymbol, ...]


@dataclass(frozen=True, slots=True)
class CheckedAct:
    """One `act`: what is called by whom; `actors` None are all wallets of the scenario."""

    targets: tuple[CheckedTarget, ...]
    actors: tuple[ast.Expression, ...] | None


@dataclass(slots=True)
class CheckedScenario:
    """A scenario, understood."""

    declaration: ast.ScenarioDeclaration
    setup: list[ast.Statement]
    acts: list[CheckedAct]
    checks: list[ast.Check]
    steps: int
    may_keep_money: bool
    scope: Scope


class ScenarioChecker(BodyChecker):
    """Checks one scenario."""

    def __init__(self, scope: Scope, declaration: ast.ScenarioDeclaration) -> None:
        super().__init__(scope, is_test=True)
        self.declaration = declaration

    def run(self) -> CheckedScenario:
        """The scenario; findings go to the scope."""
        lines = self.declaration.lines
        self._in_order(lines)
        setup = [line for line in lines if type(line) not in _ORDER]
        checks = [line for line in lines if isinstance(line, ast.Check)]
        self.locals.append({})
        self.statements(setup)
        acts = [self._act(line, setup) for line in lines if isinstance(line, ast.Act)]
        if not acts:
            message = "nobody acts in this scenario: say whose functions are called, and by whom"
            self.scope.error("E0805", message, self.declaration.name.span, expected="`act pot as a, b`")
        for check in checks:
            self._check_line(check)
        self.end_of(self.locals.pop())
        keeps = any(isinstance(line, ast.MayKeep) for line in lines)
        return CheckedScenario(self.declaration, setup, acts, checks, self._steps(), keeps, self.scope)

    def _in_order(self, lines: Sequence[ast.ScenarioLine]) -> None:
        reached = 0
        for line in lines:
            place = _ORDER.get(type(line), 0)
            if place < reached:
                message = "this comes too late: first what is set up, then `act`, then `check`, last `may keep money`"
                self.scope.error("E0806", message, line.span)
                return
            reached = place

    def _steps(self) -> int:
        number = self.declaration.steps
        if number is None:
            return STEPS
        is_count = number.unit is None and number.decimals is None and len(number.digits) <= len(str(STEPS_MAX))
        if not is_count or not 1 <= int(number.digits) <= STEPS_MAX:
            self.scope.error("E0810", f"a history has 1 to {STEPS_MAX:_} steps", number.span)
            return STEPS
        return int(number.digits)

    # ── Who calls what ────────────────────────────────────────────────────────────────────────────────────────────────

    def _act(self, node: ast.Act, setup: Sequence[ast.Statement]) -> CheckedAct:
        targets = [found for target in node.targets if (found := self._target_of_act(target)) is not None]
        if node.actors is None:
            self._everybody(node, setup)
            return CheckedAct(tuple(targets), None)
        for actor in node.actors:
            self._actor(actor)
        return CheckedAct(tuple(targets), tuple(node.actors))

    def _target_of_act(self, node: ast.Expression) -> CheckedTarget | None:
        if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Self):
            return self._one_function(node)
        kind = self.check(node)
        if isinstance(kind, Unknown):
            return None
        functions = self._public(kind)
        if not functions:
            what = "has no public function that could be called" if isinstance(kind, Reference) else "is no contract"
            self.scope.error("E0807", f"`{describe(kind)}` {what}", node.span)
        return CheckedTarget(node, functions)

    def _one_function(self, node: ast.Attribute) -> CheckedTarget | None:
        kind = self.check(node.value)
        interface = self.scope.interface(kind) if isinstance(kind, Reference) else None
        if interface is None:
            if not isinstance(kind, Unknown):
                self.scope.error("E0807", f"`{describe(kind)}` is no contract", node.value.span)
            return None
        function = interface.functions.get(node.name.text)
        if function is None:
            self.scope.unknown("E0702", f"function in `{interface.name}`", node.name, interface.functions)
            return None
        if function.kind != "pub":
            message = f"`{function.name}` is a {function.kind} fn: it changes nothing; a `check` may read it"
            self.scope.error("E0807", message, node.name.span)
        return CheckedTarget(node.value, (function,))

    def _public(self, kind: Type) -> tuple[FunctionSymbol, ...]:
        interface = self.scope.interface(kind) if isinstance(kind, Reference) else None
        return () if interface is None else tuple(f for f in interface.functions.values() if f.kind == "pub")

    def _actor(self, node: ast.Expression) -> None:
        kind = self.check(node)
        each: Sequence[Type] = (kind,)
        if isinstance(kind, vm.Tuple):
            each = kind.items
        elif isinstance(kind, vm.List):
            each = (kind.element,)
        for one in each:
            if not isinstance(one, Unknown | Reference) and one != vm.ADDRESS:
                self.mismatch(node, kind, vm.ADDRESS)
                return

    def _everybody(self, node: ast.Act, setup: Sequence[ast.Statement]) -> None:
        """Without `as`, all wallets of the scenario act: there must be one, and naming them is use enough."""
        opening = [
            inner
            for statement in setup
            for inner in ast.walk(statement)
            if isinstance(inner, ast.Call) and inner.ref in (Builtin("wallet"), Builtin("wallets"))
        ]
        if not opening:
            message = "no wallet was opened that could act"
            self.scope.error("E0808", message, node.span, expected="`let a, b = wallets(2, each=100.00 CNY)`")
        for statement in setup:
            if isinstance(statement, ast.Let) and statement.value in opening:
                for name in statement.names:
                    if isinstance(name.ref, Local):
                        name.ref.uses += 1

    # ── What must hold ────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_line(self, node: ast.Check) -> None:
        self.old_allowed = True
        self.condition(node.condition)
        self.old_allowed = False
        for inner in ast.walk(node.condition):
            is_call = isinstance(inner, ast.ExternalCall) and inner.kind == "call"
            is_world = isinstance(inner, ast.Call) and isinstance(inner.ref, Builtin) and inner.ref.name in _CHANGING
            if is_call or is_world or isinstance(inner, ast.Deploy):
                self.scope.error("E0809", "a check only looks: it is asked after every step and must change nothing", inner.span)
                return
