"""Expressions that are no calls, and the places that assignments go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lang import ast
from lang.emit.code import CodeWriter
from lang.evaluator import TIME_DIVISORS
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    FunctionSymbol,
    Local,
    Method,
    Part,
    StateField,
    VariantUse,
)
from lang.types import COMPARISONS, ROUNDINGS, Rule, lower, wider
from vm import instructions as op
from vm import types as vm

OPERATIONS = {"+": op.ADD, "-": op.SUB, "*": op.MUL, "mod": op.MOD}
COMPARE = {"==": op.EQ, "!=": op.NE, "<": op.LT, "<=": op.LE, ">": op.GT, ">=": op.GE}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a plain value is kept, with every index on the way computed once."""

    kind: str  # "local", "state", "part", "item", "entry"
    number: int = 0  # slot, field or part
    base: Place | None = None
    type: vm.Type | None = None  # of the whole, for "part" and "item"
    index: Callable[[], None] | None = None


class ValueEmitter(CodeWriter):
    """Pushes the values of expressions."""

    __slots__ = ()

    # ── Places ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, node: ast.Expression) -> Place:
        """Where an assignable expression keeps its value; every index on the way is computed now."""
        match node:
            case ast.Name() if isinstance(node.ref, Local):
                return Place("local", self.slot(node.ref))
            case ast.Attribute() if isinstance(node.ref, StateField):
                return Place("state", node.ref.index)
            case ast.Attribute() if isinstance(node.ref, Part):
                return Place("part", node.ref.index, self.place(node.value), self.type(node.value))
            case ast.Index() if isinstance(node.value.type, vm.List):
                base = self.place(node.value)
                return Place("item", 0, base, self.type(node.value), self._once(node.index))
            case ast.Index():
                return Place("entry", self._field(node.value).index, None, None, self._once(node.index))
        raise AssertionError(node)

    def is_at_hand(self, node: ast.Expression) -> bool:
        """Whether a value may be pushed at any time within its statement, and as often as one likes: a literal or a name."""
        return isinstance(node, ast.Number | ast.Truth | ast.BytesLiteral | ast.TextLiteral) or (
            isinstance(node, ast.Name) and isinstance(node.ref, Builtin | ConstantSymbol | Local)
        )

    def _once(self, node: ast.Expression) -> Callable[[], None]:
        if self.is_at_hand(node):
            return lambda: self.value(node)
        slot = self.temporary(self.type(node))
        self.value(node)
        self.put(op.SET, slot)
        return lambda: self.put(op.GET, slot)

    def read(self, place: Place) -> None:
        """Push the value at a place."""
        if place.kind == "local":
            self.put(op.GET, place.number)
        elif place.kind == "state":
            self.put(op.LOAD, place.number)
        elif place.kind == "entry":
            assert place.index is not None
            place.index()
            self.put(op.MAP_GET, place.number)
        else:
            assert place.base is not None
            assert place.type is not None
            self.read(place.base)
            if place.kind == "part":
                self.put(op.FIELD, place.type, place.number)
            else:
                assert place.index is not None
                place.index()
                self.put(op.INDEX, place.type)

    def assign(self, place: Place, new: Callable[[], None]) -> None:
        """Put what `new` pushes to a place."""
        if place.kind == "local":
            new()
            self.put(op.SET, place.number)
        elif place.kind == "state":
            new()
            self.put(op.STORE, place.number)
        elif place.kind == "entry":
            assert place.index is not None
            place.index()
            new()
            self.put(op.MAP_PUT, place.number)
        else:
            base = place.base
            assert base is not None
            self.assign(base, lambda: self._with(place, base, new))

    def _with(self, place: Place, base: Place, new: Callable[[], None]) -> None:
        assert place.type is not None
        self.read(base)
        if place.kind == "part":
            new()
            self.put(op.WITH_FIELD, place.type, place.number)
        else:
            assert place.index is not None
            place.index()
            new()
            self.put(op.WITH_INDEX, place.type)

    def _field(self, node: ast.Expression) -> StateField:
        assert isinstance(node, ast.Attribute)
        assert isinstance(node.ref, StateField)
        return node.ref

    def _vault(self, node: ast.Expression) -> int:
        """Push the key of a vault that lies in a map; the number of its state field."""
        if isinstance(node, ast.Index):
            self.value(node.index)
            return self._field(node.value).index
        return self._field(node).index

    def before(self, node: ast.Expression) -> Callable[[], None]:
        """A value that is computed before the place it goes to is read, if computing it may change that place."""
        if not any(isinstance(inner, ast.Call) and isinstance(inner.ref, FunctionSymbol | Method) for inner in ast.walk(node)):
            return lambda: self.value(node)
        slot = self.temporary(self.type(node))
        self.value(node)
        self.put(op.SET, slot)
        return lambda: self.set_or_move(slot)

    # ── Expressions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, node: ast.Expression) -> None:
        """Push the value of an expression."""
        getattr(self, f"_on_{type(node).__name__.lower()}")(node)

    def _on_number(self, node: ast.Number) -> None:
        self.constant(self.type(node), node.ref)

    def _on_textliteral(self, node: ast.TextLiteral | ast.BytesLiteral | ast.Truth) -> None:
        self.constant(self.type(node), node.value)

    _on_bytesliteral = _on_truth = _on_textliteral

    def _on_listliteral(self, node: ast.ListLiteral) -> None:
        for item in node.items:
            self.value(item)
        self.put(op.LIST, self.type(node), len(node.items))

    def _on_tupleliteral(self, node: ast.TupleLiteral) -> None:
        for item in node.items:
            self.value(item)
        self.put(op.PACK, self.type(node))

    def _on_name(self, node: ast.Name) -> None:
        match node.ref:
            case Local() as local:
                self.set_or_move(self.slot(local))
            case ConstantSymbol(_, kind, value, _):
                self.constant(lower(kind), value)
            case VariantUse(tag):
                self.put(op.VARIANT, self.type(node), tag)
            case Builtin("result"):
                self.put(op.GET, self.result_slot)
            case Builtin(name):
                self.put({"sender": op.SENDER, "now": op.NOW, "this": op.THIS}[name])
            case _:
                raise AssertionError(node)

    def _on_attribute(self, node: ast.Attribute) -> None:
        match node.ref:
            case StateField(_, _, index, _, _):
                self.put(op.LOAD, index)
            case VariantUse(tag):
                self.put(op.VARIANT, self.type(node), tag)
            case Part(index):
                self._part(node, index)
            case Method("coin", "amount"):
                self.put(op.PEEK_AMOUNT, self._peeked(node.value))
            case Method("vault", "amount"):
                field = self._vault(node.value)
                self.put(op.VAULT_AMOUNT, field)
            case Method("list", "len"):
                self.value(node.value)
                self.put(op.LENGTH, self.type(node.value))
            case Method("option", name):
                self._tag_of(node.value)
                self.constant(vm.U8, 1 if name == "is_some" else 0)
                self.put(op.EQ, vm.U8)
            case Method("time", name):
                self.value(node.value)
                self._cast(self.type(node.value), vm.U64)
                self.constant(vm.U64, TIME_DIVISORS[name])
                self.put(op.DIV, vm.U64, int(op.Rounding.DOWN))
            case Method("reference", _):
                self.value(node.value)
            case _:
                raise AssertionError(node)

    def _peeked(self, node: ast.Expression) -> int:
        assert isinstance(node, ast.Name)
        assert isinstance(node.ref, Local)
        return self.slot(node.ref)

    def _tag_of(self, node: ast.Expression) -> None:
        if vm.is_linear(self.type(node)):
            self.put(op.PEEK_TAG, self._peeked(node))
        else:
            self.value(node)
            self.put(op.TAG, self.type(node))

    def _part(self, node: ast.Attribute, index: int) -> None:
        whole = self.type(node.value)
        if isinstance(whole, vm.Resource) and isinstance(node.value, ast.Index):
            self.value(node.value.index)
            self.put(op.MAP_PEEK, self._field(node.value.value).index, index)
        elif isinstance(whole, vm.Resource):
            self.put(op.PEEK_FIELD, self._peeked(node.value), index)
        else:
            self.value(node.value)
            self.put(op.FIELD, whole, index)

    def _on_index(self, node: ast.Index) -> None:
        if isinstance(node.value.type, vm.List):
            self.value(node.value)
            self.value(node.index)
            self.put(op.INDEX, self.type(node.value))
        else:
            self.value(node.index)
            self.put(op.MAP_GET, self._field(node.value).index)

    def _on_unary(self, node: ast.Unary) -> None:
        if node.operator == "-" and isinstance(node.operand, ast.Number):
            self.constant(self.type(node), node.operand.ref)
            return
        self.value(node.operand)
        if node.operator == "not":
            self.put(op.NOT)
        else:
            self.put(op.NEG, self.type(node))

    def _on_binary(self, node: ast.Binary) -> None:
        operator = node.operator
        if operator in ("and", "or", "implies"):
            self._logic(node)
        elif operator in ("in", "not in"):
            self._membership(node)
        elif operator in COMPARISONS:
            assert node.left.type is not None
            assert node.right.type is not None
            kind = wider(node.left.type, node.right.type)
            assert kind is not None
            self.value(node.left)
            self.value(node.right)
            self.put(COMPARE[operator], lower(kind))
        elif isinstance(node.ref, Rule):
            self._arithmetic(node, node.ref)
        else:
            self.value(node.left)
            self.value(node.right)
            self.put(op.CONCAT, self.type(node))

    def _cast(self, kind: vm.Type, to: vm.Type) -> None:
        if kind != to:
            self.put(op.CAST, to)

    def _arithmetic(self, node: ast.Binary, rule: Rule) -> None:
        work = rule.work
        rounding = int(ROUNDINGS[node.rounding.text]) if node.rounding is not None else 0
        self.value(node.left)
        self._cast(self.type(node.left), work)
        if rule.scale and node.operator == "/":
            self.constant(work, vm.RATE_ONE)
        self.value(node.right)
        self._cast(self.type(node.right), work)
        if rule.scale:
            if node.operator == "*":
                self.constant(work, vm.RATE_ONE)
            self.put(op.MULDIV, work, rounding)
        elif node.operator == "/":
            self.put(op.DIV, work, rounding)
        else:
            self.put(OPERATIONS[node.operator], work)
        self._cast(work, rule.result)

    def _logic(self, node: ast.Binary) -> None:
        found = self.temporary(vm.BOOL)

        def right() -> None:
            self.value(node.right)
            self.put(op.SET, found)

        def settled(value: bool) -> Callable[[], None]:
            def put() -> None:
                self.constant(vm.BOOL, value)
                self.put(op.SET, found)

            return put

        self.value(node.left)
        self.fork(node.operator, node.left)
        self.forks[-1] = replace(self.forks[-1], right=node.right.span, whole=node.span)
        if node.operator == "or":
            self.branch(settled(True), right)
        else:
            self.branch(right, settled(node.operator == "implies"))
        self.put(op.GET, found)

    def _membership(self, node: ast.Binary) -> None:
        if isinstance(node.right.type, vm.List):
            element = self._once(node.left)
            self.value(node.right)
            element()
            self.put(op.CONTAINS, self.type(node.right))
        else:
            self.value(node.left)
            self.put(op.HAS, self._field(node.right).index)
        if node.operator == "not in":
            self.put(op.NOT)

    def _on_phaseis(self, node: ast.PhaseIs) -> None:
        self.put(op.PHASE_IN, sum(1 << phase for phase in node.ref))

    def _on_conditional(self, node: ast.Conditional) -> None:
        found = self.temporary(self.type(node))

        def side(value: ast.Expression) -> Callable[[], None]:
            def put() -> None:
                self.value(value)
                self.put(op.SET, found)

            return put

        self.value(node.condition)
        self.fork("if", node.condition)
        self.branch(side(node.then), side(node.otherwise))
        self.set_or_move(found)

    def _on_new(self, node: ast.New) -> None:
        for argument in node.arguments:
            self.value(argument.value)
        self.put(op.NEW, self.type(node))

    def _on_old(self, node: ast.Old) -> None:
        slots = self.olds[id(node)]
        for slot in slots:
            self.put(op.GET, slot)
        if isinstance(node.value.type, vm.Tuple) and len(slots) > 1:
            self.put(op.PACK, self.type(node.value))
