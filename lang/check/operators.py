"""Operators: which types and units go together, and what must be rounded."""

from __future__ import annotations

from lang import ast
from lang.check.literals import LiteralChecker
from lang.check.walker import Flow, is_flexible, needs_type
from lang.diagnostics import Edit
from lang.source import Span
from lang.symbols import (
    Local,
)
from lang.types import (
    COMPARISONS,
    ROUNDINGS,
    UNKNOWN,
    Type,
    Unknown,
    arithmetic,
    describe,
    is_integer,
    is_linear,
    is_number,
    is_plain,
    is_unsigned,
    needs_rounding,
    wider,
)
from vm import limits
from vm import types as vm
from vm.instructions import Effect


class OperatorChecker(LiteralChecker):
    """Checks operators and conditional expressions."""

    def _on_unary(self, node: ast.Unary, expected: Type | None) -> Type:
        if node.operator == "not":
            self.condition(node.operand)
            return vm.BOOL
        if isinstance(node.operand, ast.Number):
            kind = self._on_number(node.operand, expected, node)
            node.operand.type = kind  # type: ignore[assignment]
            node.ref = node.operand.ref
            return kind
        kind = self.check(node.operand, expected)
        if not isinstance(kind, Unknown) and (not is_integer(kind) or is_unsigned(kind)):
            self.scope.error("E0302", f"`{describe(kind)}` has no negative values", node.span)
            return UNKNOWN
        return kind

    def _on_binary(self, node: ast.Binary, expected: Type | None) -> Type:
        operator = node.operator
        if node.rounding is not None and operator not in ("*", "/"):
            self.scope.error("E0313", "only `*` and `/` are rounded", node.rounding.span)
        if operator in ("and", "or", "implies"):
            return self._logic(node)
        if operator in ("in", "not in"):
            return self._membership(node)
        if operator in ("==", "!=") and isinstance(node.right, ast.Name) and self.is_phase(node.left):
            edit = Edit(node.span, f"{'not ' if operator == '!=' else ''}phase is {node.right.text}", "ask with `is`")
            self.scope.error("E0201", "`phase` is no value: ask `phase is Funded`", node.left.span, edit=edit)
            return vm.BOOL
        left, right = self._operands(node, expected)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return vm.BOOL if operator in COMPARISONS else UNKNOWN
        if operator in COMPARISONS:
            return self._comparison(node, left, right)
        return self._arithmetic(node, left, right)

    def is_phase(self, node: ast.Expression) -> bool:
        """Whether this is the bare word `phase`."""
        return isinstance(node, ast.Name) and node.text == "phase" and self.scope.find("phase") is None

    def _operands(self, node: ast.Binary, expected: Type | None) -> tuple[Type, Type]:
        """Both sides' types, where a bare number takes its type from the other side."""
        scaling = node.operator in ("*", "/", "mod")
        flexible_left, flexible_right = is_flexible(node.left), is_flexible(node.right)
        if needs_type(node.left) and not needs_type(node.right):
            right = self.check(node.right)
            return self.check(node.left, right), right
        if flexible_left and flexible_right:
            wanted = expected if expected is not None and is_integer(expected) else None
            left = self.check(node.left, wanted)
            return left, self.check(node.right, wanted or (left if is_integer(left) else None))
        if flexible_left:
            right = self.check(node.right)
            wanted = vm.U64 if scaling and not is_integer(right) else right if is_number(right) else None
            return self.check(node.left, wanted), right
        # A list or None on the right takes the left's type; an integer context reaches the left only for + and -.
        left = self.check(node.left, self._hint(node.left, expected))
        if flexible_right:
            wanted = vm.U64 if scaling and not is_integer(left) else left if is_number(left) else None
            return left, self.check(node.right, wanted)
        return left, self.check(node.right, self._hint(node.right, left))

    def _hint(self, node: ast.Expression, kind: Type | None) -> Type | None:
        """The expectation handed to a side that cannot know its own type: `None`, `[]`, a currency."""
        if isinstance(node, ast.Name) and node.text == "None":
            return kind
        if isinstance(node, ast.ListLiteral) and isinstance(kind, vm.List):
            return kind
        if isinstance(node, ast.Number) and isinstance(kind, vm.Amount) and node.unit is not None:
            return kind if self.scope.decimals(node.unit) is not None else None
        if isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.text == "Some":
            return kind
        return None

    def _logic(self, node: ast.Binary) -> Type:
        self.condition(node.left)
        before = self.flow.copy()
        self.condition(node.right)
        self._maybe(before, "the right side is looked at")
        return vm.BOOL

    def _maybe(self, before: Flow, when: str) -> None:
        """What is known after an expression that was perhaps not looked at; `before` is what was known ahead of it."""
        after, self.flow = self.flow, before
        before.phases |= after.phases
        for local, used in after.held.items():
            if used is not None and before.held.get(local, used) is None:
                self.linear("E0403", local, f"`{local.name}` would be used only if {when}", used)
                before.held[local] = used

    def fallback(self, node: ast.Expression, kind: Type) -> Type:
        """The type of a value that is computed only where another is missing."""
        before = self.flow.copy()
        found = self.check(node, kind)
        if is_linear(kind):
            self.forgive(node)  # that it is linear is a finding already
        self._maybe(before, "the other value is missing")
        return found

    def _membership(self, node: ast.Binary) -> Type:
        base = self.look(node.right)
        match base:
            case vm.List(element, _):
                self.check(node.left, element)
                if isinstance(node.right, ast.Name) and isinstance(node.right.ref, Local):
                    node.right.ref.uses += 1
            case vm.Map(key, _) | vm.Set(key):
                self.note(Effect.READ, node.span, "reads the state")
                self.check(node.left, key)
            case Unknown():
                self.check(node.left)
            case _:
                self.check(node.left)
                self.scope.error("E0302", f"`in` asks a list, map or set; this is `{describe(base)}`", node.right.span)
        return vm.BOOL

    def _comparison(self, node: ast.Binary, left: Type, right: Type) -> Type:
        kind = wider(left, right)
        name = f"`{describe(left)} {node.operator} {describe(right)}`"
        if kind is None:
            self.scope.error("E0302", f"{name} compares different types", node.span, expected=f"`{describe(left)}`")
        elif not is_plain(kind):
            self.forgive(node.left)
            self.forgive(node.right)
            self.scope.error("E0306", f"{name}: values that must not be lost are not compared", node.span)
        elif node.operator not in ("==", "!=") and not is_number(kind):
            self.scope.error("E0306", f"{name}: only numbers have an order", node.span)
        return vm.BOOL

    def _arithmetic(self, node: ast.Binary, left: Type, right: Type) -> Type:
        operator = node.operator
        if operator == "+" and type(left) is type(right) and isinstance(left, vm.Text | vm.Bytes | vm.List):
            return self._joined(node, left, right)
        rule = arithmetic(operator, left, right)
        if rule is None:
            name = f"`{describe(left)} {operator} {describe(right)}`"
            hint = ""
            if is_integer(left) and is_integer(right):
                hint = f"; convert one: `{describe(left)}(…)`"
            elif operator in ("+", "-") and {type(left), type(right)} == {vm.Amount, vm.Int}:
                hint = "; a number becomes money by `Amount(x)`, or with a unit like `5.00 CNY`"
            elif is_linear(left) or is_linear(right):
                self.forgive(node.left)
                self.forgive(node.right)
            elif isinstance(left, vm.Text) and operator == "+":
                hint = "; texts are joined with texts only"
            self.scope.error("E0302", f"{name} has no meaning{hint}", node.span)
            return UNKNOWN
        if needs_rounding(operator, rule):
            self._rounding(node, operator)
        elif node.rounding is not None:
            self.scope.error("E0313", "this comes out even; nothing is rounded", node.rounding.span)
        node.ref = rule
        return rule.result

    def _rounding(self, node: ast.Binary, operator: str) -> None:
        if node.rounding is None:
            edit = Edit(Span(node.span.end, node.span.end), " rounded down", "say which way it is rounded")
            what = "a division" if operator == "/" else "a rate"
            self.scope.error("E0303", f"{what} says how it is rounded", node.span, expected="`rounded down`", edit=edit)
        elif node.rounding.text not in ROUNDINGS:
            known = ", ".join(ROUNDINGS)
            self.scope.error("E0313", f"there is no rounding `{node.rounding.text}`", node.rounding.span, expected=known)

    def _joined(self, node: ast.Binary, left: Type, right: Type) -> Type:
        match left, right:
            case vm.Text(a), vm.Text(b):
                return vm.Text(min(a + b, limits.TEXT_BYTES_MAX))
            case vm.Bytes(a), vm.Bytes(b):
                return vm.Bytes(min(a + b, limits.BYTES_MAX))
            case vm.List(a, m), vm.List(b, n):
                element = wider(a, b)
                if element is not None:
                    return vm.List(element, min(m + n, limits.LIST_ELEMENTS_MAX))  # type: ignore[arg-type]
        self.scope.error("E0302", f"`{describe(left)}` and `{describe(right)}` do not join", node.span)
        return UNKNOWN

    def _on_phaseis(self, node: ast.PhaseIs, _: Type | None) -> Type:
        node.ref = self.phase_set(node.phases)
        self.note(Effect.READ, node.span, "reads the phase")
        return vm.BOOL

    def phase_set(self, names: list[ast.Identifier]) -> frozenset[int]:
        """The numbers of phases by name, with a finding for each that is not declared."""
        if self.contract is None or not self.contract.phases:
            self.scope.error("E0504", "there are no phases here: declare `phases Open -> Closed`", names[0].span)
            return frozenset()
        found = set()
        for name in names:
            if name.text in self.contract.phases:
                found.add(self.contract.phases.index(name.text))
            else:
                self.scope.unknown("E0209", "phase", name, self.contract.phases)
        return frozenset(found)

    def _on_conditional(self, node: ast.Conditional, expected: Type | None) -> Type:
        self.condition(node.condition)
        before = self.flow.copy()
        hint = expected
        if hint is None and is_flexible(node.then) and not is_flexible(node.otherwise):
            self.flow = before.copy()
            otherwise = self.check(node.otherwise)
            after_otherwise, self.flow = self.flow, before
            then = self.check(node.then, otherwise)
            after_then = self.flow
        else:
            then = self.check(node.then, hint)
            after_then, self.flow = self.flow, before
            otherwise = self.check(node.otherwise, hint or (then if is_flexible(node.otherwise) else None))
            after_otherwise = self.flow
        self.flow = self.join(after_then, after_otherwise, node.span)
        if isinstance(then, Unknown) or isinstance(otherwise, Unknown):
            return UNKNOWN
        kind = wider(then, otherwise)
        if kind is None:
            message = f"one side is `{describe(then)}`, the other `{describe(otherwise)}`"
            self.scope.error("E0301", message, node.span, expected=f"`{describe(then)}`")
            return UNKNOWN
        return kind

    def join(self, one: Flow, other: Flow, span: Span) -> Flow:
        """What is known where two ways meet."""
        if not one.is_reachable:
            return other
        if not other.is_reachable:
            return one
        joined = Flow({}, one.phases | other.phases)
        for local, used in one.held.items():
            if local not in other.held:
                continue
            also = other.held[local]
            if (used is None) != (also is None):
                place = used or also
                assert place is not None
                message = f"`{local.name}` is used here but not on every way to the end of this branch"
                self.linear("E0403", local, message, place, notes=(("the ways meet after this", span),))
            joined.held[local] = used or also
        return joined
