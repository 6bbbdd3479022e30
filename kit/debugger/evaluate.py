"""What somebody types at a line of a record, understood as the language there would: parsed, checked, computed from what was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from kit.record.entries import Line
from kit.record.look import Look
from kit.record.story import named
from lang import ast
from lang.check.bodies import BodyChecker
from lang.diagnostics import Findings
from lang.evaluator import NotComputable
from lang.parser import parse
from lang.scope import Scope
from lang.source import Source, Span
from lang.symbols import FunctionSymbol, Local
from lang.types import NOTHING, Type, Unknown
from vm.failure import Failure

_BEFORE = 'test "":\n    let _ = '
_EXPRESSION_CHARACTERS_MAX = 2_000  # more than anybody types


class Unclear(Exception):
    """What was typed has no value here. `args` has one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a line: its locals in sight, the scope of its names, and whether it is a test's."""

    line: Line
    scope: Scope
    body: Sequence[ast.Statement]
    is_test: bool

    def in_sight(self) -> Iterator[tuple[Local, Any]]:
        """The locals that may be named here, with their values."""
        sights = dict(_sights(self.body))
        here = self.line.span.start
        for local, value in named(self.line):
            sight = sights.get(local)
            if sight is None or sight.start <= here < sight.end or (here == sight.end):
                yield local, value


def understand(text: str, frame: Frame) -> ast.Expression:
    """The checked tree of an expression. Raises `Unclear`."""
    if len(text) > _EXPRESSION_CHARACTERS_MAX:
        raise Unclear(f"an expression has at most {_EXPRESSION_CHARACTERS_MAX:_} characters here")
    if "\n" in text or "\r" in text:
        raise Unclear("an expression stands on one line here")
    findings = Findings()
    file = parse(Source("<typed>", f"{_BEFORE}{text}\n"), findings)
    _refuse(findings)
    node = _expression(file)
    scope = Scope(Source("<typed>", f"{_BEFORE}{text}\n"), findings, frame.scope, frame.scope.contract)
    scope.constant_value = frame.scope.constant_value
    checker = BodyChecker(scope, is_test=frame.is_test, function=_asking(frame))
    for local, value in frame.in_sight():
        if value is not None:
            checker.locals[0][local.name] = local
    kind = checker.look(node)
    _refuse(findings)
    if isinstance(kind, Unknown):
        raise Unclear("this has no value here")
    return node


def _asking(frame: Frame) -> FunctionSymbol | None:
    """A view that stands where the line does, since what is typed only reads."""
    around = frame.line.scene.symbol
    if frame.is_test or around is None:
        return None
    return FunctionSymbol("print", "view", (), NOTHING, None, around.declaration, around.source, scope=frame.scope)


def compute(node: ast.Expression, look: Look) -> Any:
    """The value of a checked expression. Raises `Unclear`."""
    try:
        return look.value(node)
    except NotComputable:
        raise Unclear("this would run the code of a contract, and a record only has what ran") from None
    except Failure as failure:
        raise Unclear(f"this fails with {failure.name}") from None


def kind_of(node: ast.Expression) -> Type:
    """The type of a checked expression."""
    assert node.type is not None
    return node.type


def _refuse(findings: Findings) -> None:
    found = next((finding for finding in findings.in_order() if finding.is_error), None)
    if found is not None:
        raise Unclear(found.message)


def _expression(file: ast.File | None) -> ast.Expression:
    items = [] if file is None else file.items
    if len(items) == 1 and isinstance(items[0], ast.TestDeclaration) and len(items[0].body) == 1:
        statement = items[0].body[0]
        if isinstance(statement, ast.Let):
            return statement.value
    raise Unclear("this is no expression")


def _sights(statements: Sequence[ast.Statement]) -> Iterator[tuple[Local, Span]]:
    """Where each local that is declared in statements may be named: from there to the end of its block."""
    stack = [statements]
    while stack:
        block = stack.pop()
        if not block:
            continue
        end = _end(block[-1])
        for statement in block:
            match statement:
                case ast.Let():
                    names, start = statement.names, statement.span.end
                case ast.ForEach() | ast.ForRange():
                    names, start = [statement.name], statement.span.start
                case _:
                    names, start = [], 0
            inner_end = _end(statement) if isinstance(statement, ast.ForEach | ast.ForRange) else end
            for name in names:
                if isinstance(name.ref, Local):
                    yield name.ref, Span(start, inner_end)
            for inner, bound in _blocks(statement):
                stack.append(inner)
                if inner:
                    yield from ((n.ref, Span(n.span.start, _end(inner[-1]))) for n in bound if isinstance(n.ref, Local))


def _blocks(statement: ast.Statement) -> Iterator[tuple[Sequence[ast.Statement], Sequence[ast.Identifier]]]:
    """The blocks of a statement, each with the names that its heading binds."""
    match statement:
        case ast.If(branches, otherwise):
            for _, body in branches:
                yield body, ()
            yield otherwise or [], ()
        case ast.Match(_, cases):
            for case in cases:
                yield case.body, case.pattern.names
        case ast.ForEach() | ast.ForRange() | ast.While() | ast.Expect():
            yield statement.body, ()
        case ast.TryStatement():
            yield statement.otherwise, ()


def _end(node: ast.Node) -> int:
    """Where a node with all that is in it ends."""
    end = node.span.end
    for entry in fields(node):
        value = getattr(node, entry.name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, ast.Statement | ast.Case):
                end = max(end, _end(inner))
    return end
