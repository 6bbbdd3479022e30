"""Functions: who may call, then statement after statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from lang import ast
from lang.emit.calls import CallEmitter
from lang.emit.values import OPERATIONS, Place
from lang.evaluator import Evaluator
from lang.source import Span
from lang.symbols import (
    FunctionSymbol,
    Local,
    Method,
    RecordSymbol,
    StateField,
)
from lang.types import Nothing as NothingType
from lang.types import arithmetic, is_plain, lower
from vm import instructions as op
from vm import types as vm

Asked: TypeAlias = tuple[str, Span | ast.Expression]
"""What a jump asks, as `CodeWriter.fork` is told it."""


class FunctionEmitter(CallEmitter):
    """Emits the body of one function."""

    __slots__ = ()

    # ── Functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def function_body(self, symbol: FunctionSymbol, initials: Sequence[StateField]) -> None:
        """Who may call, then what is done."""
        item = symbol.declaration
        self._authorize(item.by or [])
        self.initials(initials)
        body = [statement for statement in item.body or [] if not isinstance(statement, ast.Ensures)]
        self.block(body)
        if self.is_live:
            self.at(item.name.span)
            self.put(op.RETURN)

    def initials(self, fields: Sequence[StateField]) -> None:
        """Assign the state fields that have initial values in the text."""
        for symbol in fields:
            assert symbol.initial is not None
            self.at(symbol.initial.span)
            self.constant(lower(symbol.type), Evaluator().value(symbol.initial))
            self.put(op.STORE, symbol.index)

    def _authorize(self, clauses: list[ast.By]) -> None:
        named = [by for by in clauses if by.value is not None]
        if not named:
            return
        found = self.temporary(vm.BOOL) if len(named) > 1 else None
        for number, by in enumerate(named):
            self.at(by.span)
            if number:
                assert found is not None
                self.put(op.GET, found)
                self.put(op.NOT)
                self.fork("by", named[number - 1].span, inverted=True)
                self.put(op.IF)
            self._is_by(by)
            if found is not None:
                self.put(op.SET, found)
        for _ in named[1:]:
            self.put(op.END)
        if found is not None:
            self.put(op.GET, found)
        self.put(op.AUTHORIZE)

    def _is_by(self, by: ast.By) -> None:
        assert by.value is not None
        if not by.any_of:
            self.value(by.value)
            self.put(op.SENDER)
            self.put(op.EQ, vm.ADDRESS)
        elif isinstance(by.value.type, vm.List):
            self.value(by.value)
            self.put(op.SENDER)
            self.put(op.CONTAINS, self.type(by.value))
        else:
            self.put(op.SENDER)
            self.put(op.HAS, self._field(by.value).index)

    # ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, statements: Sequence[ast.Statement]) -> None:
        """Statements one after another."""
        for statement in statements:
            self.at(statement.span)
            before, self.used = self.used, []
            getattr(self, f"_do_{type(statement).__name__.lower()}")(statement)
            for slot in self.used:  # what a statement needed on the way, later ones may use again
                if is_plain(self.locals[slot]):
                    self.spare.setdefault(self.locals[slot], []).append(slot)
            self.used = before

    def _do_let(self, node: ast.Let) -> None:
        if len(node.names) == 1:
            self.value(node.value)
            self._bind(node.names[0])
            return
        self.items(node.value)
        for name in reversed(node.names):
            self._bind(name)

    def _bind(self, name: ast.Identifier) -> None:
        assert isinstance(name.ref, Local)
        self.put(op.SET, self.slot(name.ref))

    def items(self, node: ast.Expression) -> None:
        """Push the items of a tuple, the last on top."""
        if isinstance(node, ast.TupleLiteral):
            for item in node.items:
                self.value(item)
        elif isinstance(node, ast.Call) and isinstance(node.ref, Method) and node.ref.name == "split":
            self._split(node)
        else:
            self.value(node)
            self.put(op.UNPACK, self.type(node))

    def _do_assign(self, node: ast.Assign) -> None:
        if isinstance(node.target, ast.Name):
            assert isinstance(node.target.ref, Local)
            if node.operator is None:
                self.value(node.value)
                self.put(op.SET, self.slot(node.target.ref))
                return
        place = self.place(node.target)
        if node.operator is None and place.kind not in ("part", "item"):
            self.assign(place, lambda: self.value(node.value))
            return
        new = self.before(node.value)
        if node.operator is None:
            self.assign(place, new)
        else:
            self.assign(place, lambda: self._changed(node, place, new))

    def _changed(self, node: ast.Assign, place: Place, new: Callable[[], None]) -> None:
        operator, kind = node.operator, node.target.type
        assert operator is not None
        assert kind is not None
        assert node.value.type is not None
        self.read(place)
        if isinstance(kind, vm.Text | vm.Bytes | vm.List):
            new()
            self.put(op.CONCAT, lower(kind))
            return
        rule = arithmetic(operator, kind, node.value.type)
        assert rule is not None
        self._cast(lower(kind), rule.work)
        new()
        self._cast(self.type(node.value), rule.work)
        self.put(OPERATIONS[operator], rule.work)
        self._cast(rule.work, rule.result)

    def _do_evaluate(self, node: ast.Evaluate) -> None:
        self.value(node.value)
        if not isinstance(node.value.type, NothingType):
            self.put(op.DROP)

    def _do_if(self, node: ast.If) -> None:
        self._branches(node.branches, node.otherwise)

    def _branches(
        self, branches: list[tuple[ast.Expression, list[ast.Statement]]], otherwise: list[ast.Statement] | None
    ) -> None:
        (condition, body), rest = branches[0], branches[1:]
        self.at(condition.span)
        self.value(condition)
        self.fork("if", condition)
        if rest:
            self.branch(lambda: self.block(body), lambda: self._branches(rest, otherwise))
        elif otherwise is not None:
            self.branch(lambda: self.block(body), lambda: self.block(otherwise))
        else:
            self.branch(lambda: self.block(body))

    def _do_match(self, node: ast.Match) -> None:
        kind = self.type(node.value)
        self.value(node.value)
        whole = self.temporary(kind)
        self.put(op.SET, whole)
        tag = self.temporary(vm.U8)
        if vm.is_linear(kind):
            self.put(op.PEEK_TAG, whole)
        else:
            self.put(op.GET, whole)
            self.put(op.TAG, kind)
        self.put(op.SET, tag)
        self._cases(node.cases, kind, whole, tag)

    def _cases(self, cases: list[ast.Case], kind: vm.Type, whole: int, tag: int) -> None:
        case, rest = cases[0], cases[1:]
        if case.pattern.variant.text == "_":
            self.block(case.body)
            return
        number = _tag(kind, case.pattern.variant.text)
        if not rest:
            self._case(case, kind, whole, number)
            return
        self.at(case.pattern.span)
        self.put(op.GET, tag)
        self.constant(vm.U8, number)
        self.put(op.EQ, vm.U8)
        self.fork("case", case.pattern.span)
        self.branch(lambda: self._case(case, kind, whole, number), lambda: self._cases(rest, kind, whole, tag))

    def _case(self, case: ast.Case, kind: vm.Type, whole: int, tag: int) -> None:
        self.at(case.pattern.span)
        if case.pattern.names or vm.is_linear(kind):
            self.set_or_move(whole)
            self.put(op.OPEN, kind, tag)
            for name in reversed(case.pattern.names):
                self._bind(name)
        self.block(case.body)

    def _loop(
        self, asked: Asked, passes: int, begins: Callable[[], None], body: Callable[[], None], step: Callable[[], None]
    ) -> None:
        """A loop of at most `passes`: `begins` asks whether there is a first pass, `step` leaves or goes to the next."""
        begins()
        self.fork(*asked)
        self.put(op.IF)
        self.put(op.LOOP, passes)
        self.steps.append(step)
        body()
        if self.is_live:
            step()
        self.steps.pop()
        self.put(op.END)
        self.put(op.END)
        self.is_live = True

    def _leave_if_not(self, asked: Asked, condition: Callable[[], None]) -> None:
        condition()
        self.put(op.NOT)
        self.fork(*asked, inverted=True)
        self.branch(lambda: self.put(op.BREAK))

    def _do_foreach(self, node: ast.ForEach) -> None:
        kind = self.type(node.values)
        assert isinstance(kind, vm.List)
        values, count, place = self.temporary(kind), self.temporary(vm.U64), self.temporary(vm.U64)
        self.value(node.values)
        self.put(op.SET, values)
        self.put(op.GET, values)
        self.put(op.LENGTH, kind)
        self.put(op.SET, count)
        self.constant(vm.U64, 0)
        self.put(op.SET, place)

        def more() -> None:
            self.put(op.GET, place)
            self.put(op.GET, count)
            self.put(op.LT, vm.U64)

        def body() -> None:
            self.put(op.GET, values)
            self.put(op.GET, place)
            self.put(op.INDEX, kind)
            self._bind(node.name)
            self.block(node.body)

        asked = "for", node.values.span
        self._loop(asked, kind.max, more, body, lambda: self._step(node.span, asked, vm.U64, place, more))

    def _step(self, span: Span, asked: Asked, kind: vm.Type, place: int, more: Callable[[], None]) -> None:
        self.at(span)
        self.put(op.GET, place)
        self.constant(kind, 1)
        self.put(op.ADD, kind)
        self.put(op.SET, place)
        self._leave_if_not(asked, more)

    def _do_forrange(self, node: ast.ForRange) -> None:
        kind = self.type(node.first)
        place, end = self.temporary(kind), self.temporary(kind)
        self.value(node.first)
        self.put(op.SET, place)
        self.value(node.end)
        self.put(op.SET, end)

        def more() -> None:
            self.put(op.GET, place)
            self.put(op.GET, end)
            self.put(op.LT, kind)

        def body() -> None:
            self.put(op.GET, place)
            self._bind(node.name)
            self.block(node.body)

        if node.bound is not None:
            passes = Evaluator().value(node.bound)
        else:
            passes = max(1, Evaluator().value(node.end) - Evaluator().value(node.first))
        asked = "for", Span(node.first.span.start, node.end.span.end)
        self._loop(asked, passes, more, body, lambda: self._step(node.span, asked, kind, place, more))

    def _do_while(self, node: ast.While) -> None:
        assert node.bound is not None

        def more() -> None:
            self.at(node.condition.span)
            self.value(node.condition)

        def step() -> None:
            self._leave_if_not(("while", node.condition), more)

        self._loop(("while", node.condition), Evaluator().value(node.bound), more, lambda: self.block(node.body), step)

    def _do_break(self, _: ast.Break) -> None:
        self.put(op.BREAK)

    def _do_continue(self, node: ast.Continue) -> None:
        begins = len(self.code)
        self.steps[-1]()
        self.claim(begins, node.span)
        self.put(op.CONTINUE)

    def _do_pass(self, _: ast.Pass) -> None:
        """Nothing."""

    def _do_return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.value(node.value)
            if node.value.type == vm.BOOL:
                self.fork("return", node.value)
        self.put(op.RETURN)

    def _fail(self, use: ast.ErrorUse) -> None:
        symbol = use.ref
        assert isinstance(symbol, RecordSymbol)
        self.at(use.span)
        for argument in use.arguments or ():
            self.value(argument.value)
        self.put(op.FAIL, self.module.error(symbol))

    def _do_require(self, node: ast.Require) -> None:
        error = node.error
        assert error is not None
        self.value(node.condition)
        self.put(op.NOT)
        self.fork("require", node.condition, inverted=True)
        self.branch(lambda: self._fail(error))

    def _do_fail(self, node: ast.Fail) -> None:
        self._fail(node.error)

    def _do_emit(self, node: ast.Emit) -> None:
        for argument in node.arguments:
            self.value(argument.value)
        self.put(op.EMIT, self.module.contract.events[node.event.text].index)

    def _do_become(self, node: ast.Become) -> None:
        self.put(op.BECOME, self.module.contract.phases.index(node.phase.text))

    def _do_destroy(self, node: ast.Destroy) -> None:
        kind = self.type(node.value)
        assert isinstance(kind, vm.Resource)
        self.value(node.value)
        self.put(op.DESTROY, kind)
        for _ in kind.fields:
            self.put(op.DROP)

    def _do_trystatement(self, node: ast.TryStatement) -> None:
        kind = self._external(node.call)
        if kind is not None:
            option = vm.Option(kind)
            self.put(op.TAG, option)
            self.constant(vm.U8, 0)
            self.put(op.EQ, vm.U8)
        else:
            self.put(op.NOT)
        self.fork("try", node.call.span, inverted=True)
        self.branch(lambda: self.block(node.otherwise))


def _tag(kind: vm.Type, name: str) -> int:
    """The position of a variant."""
    if isinstance(kind, vm.Option):
        return 1 if name == "Some" else 0
    assert isinstance(kind, vm.Enum)
    return [variant for variant, _ in kind.variants].index(name)
