"""Which state fields have a value when `init` is done, and which are read before they have one."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast
from lang.scope import Scope
from lang.source import Span
from lang.symbols import ContractSymbol, FunctionSymbol

Fields = frozenset[str]


class Beginnings:
    """Follows the ways through `init` and the private functions it calls.

    `needed` are the state fields without a value at first. A way is the set of those that are assigned on it; `None` stands
    for a way that does not go on.
    """

    def __init__(self, scope: Scope, contract: ContractSymbol, needed: set[str]) -> None:
        self.scope = scope
        self.contract = contract
        self.needed = needed
        self.exits: list[Fields] = []
        self.calling: list[Span] = []  # the calls in `init` by which the present function was come to
        self.known: dict[tuple[FunctionSymbol, Fields], Fields | None] = {}

    def after(self, init: FunctionSymbol) -> Fields | None:
        """The fields that have a value on every way out of `init`; None if it always fails."""
        for by in init.declaration.by or []:
            if by.value is not None:
                self._read(by.value, frozenset())
        return self._through(init, frozenset())

    def _through(self, function: FunctionSymbol, before: Fields) -> Fields | None:
        key = (function, before)
        if key not in self.known:
            self.known[key] = before  # a function that comes back to itself is a finding of its own
            exits, self.exits = self.exits, []
            end = self._block(function.declaration.body or [], before)
            self.known[key] = _meet([*self.exits, end])
            self.exits = exits
        return self.known[key]

    def _block(self, body: Sequence[ast.Statement], now: Fields | None) -> Fields | None:
        for statement in body:
            if now is None:
                return None
            now = self._statement(statement, now)
        return now

    def _statement(self, statement: ast.Statement, now: Fields) -> Fields | None:
        match statement:
            case ast.Assign(ast.Attribute(ast.Self(), name), None, value):
                return self._value(value, now) | {name.text}
            case ast.Evaluate(value) | ast.Let(_, _, value):
                return self._value(value, now)
            case ast.Return(value):
                self.exits.append(self._value(value, now) if value is not None else now)
                return None
            case ast.Ensures():
                return now
            case ast.Fail():
                self._read(statement, now)
                return None
            case ast.Break() | ast.Continue():
                return None
            case ast.If(branches, otherwise):
                ways = []
                for condition, block in branches:
                    self._read(condition, now)
                    ways.append(self._block(block, now))
                return _meet([*ways, self._block(otherwise, now) if otherwise is not None else now])
            case ast.Match(value, cases):
                self._read(value, now)
                return _meet([self._block(case.body, now) for case in cases])
            case ast.TryStatement(call, otherwise):
                self._read(call, now)
                return _meet([now, self._block(otherwise, now)])
            case ast.ForEach() | ast.ForRange() | ast.While():
                self._loop(statement, now)
                return now
        self._read(statement, now)
        return now

    def _loop(self, statement: ast.ForEach | ast.ForRange | ast.While, now: Fields) -> None:
        match statement:
            case ast.ForEach(_, values, _):
                self._read(values, now)
            case ast.ForRange(_, first, end, _, _):
                self._read(first, now)
                self._read(end, now)
            case ast.While(condition, _, _):
                self._read(condition, now)
        self._block(statement.body, now)

    def _value(self, node: ast.Expression, now: Fields) -> Fields:
        """The fields assigned after a value was computed: a call of a private function may assign some."""
        self._read(node, now)
        function = self._own(node)
        assigned = self._through(function, now) if function is not None else now
        return assigned if assigned is not None else now

    def _own(self, node: ast.Node) -> FunctionSymbol | None:
        if isinstance(node, ast.Call) and isinstance(node.callee, ast.Name):
            return self.contract.functions.get(node.callee.text)
        return None

    def _read(self, node: ast.Node, now: Fields) -> None:
        """A finding for each field that is read without a value."""
        for inner in ast.walk(node):
            function = self._own(inner)
            if function is not None:
                self.calling.append(inner.span)
                self._through(function, now)
                self.calling.pop()
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Self):
                name = inner.name.text
                if name in self.needed and name not in now:
                    place = self.calling[0] if self.calling else inner.span
                    self.scope.error("E0325", f"`self.{name}` is read here before it has a value", place)


def _meet(ways: Sequence[Fields | None]) -> Fields | None:
    """What is assigned on every way that goes on."""
    going_on = [way for way in ways if way is not None]
    return frozenset.intersection(*going_on) if going_on else None
