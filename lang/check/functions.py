"""One function: who may call it, its body, what it promises and what it does to the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lang import ast
from lang.check.bodies import BodyChecker
from lang.check.expressions import ExpressionChecker
from lang.diagnostics import Edit
from lang.scope import Scope
from lang.source import Span
from lang.symbols import (
    FunctionSymbol,
)
from lang.types import NOTHING, Reference, Unknown, describe, is_linear, is_plain
from vm import types as vm
from vm.instructions import Effect


def check_body(scope: Scope, function: FunctionSymbol) -> list[FunctionSymbol]:
    """Check a function's clauses, promises and body; fills what was found out into the symbol.

    Gives its clauses and promises as functions, which may only read.
    """
    item = function.declaration
    checker = BodyChecker(scope, function=function)
    contract = scope.contract
    every = frozenset(range(len(contract.phases))) if contract is not None else frozenset()
    start = frozenset({0}) & every if function.kind == "init" else every
    checker.flow.phases = function.phases if function.phases is not None else start
    kinds = dict(function.parameters)
    for parameter in item.parameters:
        kind = kinds[parameter.name.text]
        checker.new_local(parameter.name, kind, is_fixed=not is_linear(kind), is_parameter=True)
    readers = [_check_by(checker, function)]
    body = item.body or []
    promises = [statement for statement in body if isinstance(statement, ast.Ensures)]
    rest = body
    while rest and isinstance(rest[0], ast.Ensures):
        rest = rest[1:]
    _run(checker, rest)
    function.locals = checker.all_locals
    function.local_count = len(checker.all_locals)
    _check_effects(scope, function, checker)
    leading = len(body) - len(rest)
    for promise in promises[:leading]:
        readers.append(_check_ensures(scope, function, promise))
    return readers


def _run(checker: BodyChecker, body: list[ast.Statement]) -> None:
    function = checker.function
    assert function is not None
    checker.block(body)
    checker.finish(function.declaration.name.span)
    checker.end_of(checker.locals.pop())


def _check_by(checker: BodyChecker, function: FunctionSymbol) -> FunctionSymbol:
    item, scope = function.declaration, checker.scope
    clause = FunctionSymbol("by", "view", (), NOTHING, None, item, scope.source, scope=scope)
    checker.function = clause
    _check_clauses(checker, function)
    checker.function = function
    only_reads(scope, checker, "a `by` clause")
    function.invokes |= clause.invokes
    return clause


def _check_clauses(checker: BodyChecker, function: FunctionSymbol) -> None:
    item, scope = function.declaration, checker.scope
    if item.by is None:
        if function.kind == "pub":
            # The edit never opens a function to everybody where the contract knows somebody.
            fields = checker.contract.fields.values() if checker.contract is not None else ()
            owner = next((f"self.{field.name}" for field in fields if field.type == vm.ADDRESS), "anyone")
            place = _clause_place(scope, item)
            edit = Edit(Span(place, place), f" by {owner}", f"for example `by {owner}`") if place else None
            message = f"`{item.name.text}` does not say who may call it"
            scope.error("E0501", message, item.name.span, expected="`by anyone`, `by self.owner`, …", edit=edit)
        return
    if function.kind not in ("pub", "init"):
        scope.error("E0507", "only functions that are called from outside say `by`", item.name.span)
    for by in item.by:
        if by.value is None:
            if len(item.by) > 1:
                scope.error("E0502", "`anyone` stands alone", by.span)
            continue
        if not by.any_of:
            kind = checker.look(by.value) if isinstance(by.value, ast.Attribute) else checker.check(by.value)
            if not isinstance(kind, Unknown | Reference) and kind != vm.ADDRESS:
                checker.forgive(by.value)
                message = f"`by` names an address, this is `{describe(kind)}`"
                is_many = isinstance(kind, vm.List | vm.Set | vm.Map)
                edit = Edit(Span(by.value.span.start, by.value.span.start), "any of ", "write `any of`") if is_many else None
                scope.error("E0502", message, by.value.span, expected="`any of …`" if is_many else "an `Address`", edit=edit)
            continue
        kind = checker.look(by.value)
        match kind:
            case vm.List(element, _) | vm.Set(element) | vm.Map(element, _) if element == vm.ADDRESS:
                checker.note(Effect.READ, by.value.span, "reads the state")
            case Unknown():
                pass
            case _:
                scope.error("E0502", f"`any of` names a list, set or map of addresses, this is `{describe(kind)}`", by.value.span)


def _clause_place(scope: Scope, item: ast.FunctionDeclaration) -> int:
    """Where a `by` clause would stand: after the parameters and the result."""
    if item.result is not None:
        return item.result.span.end
    text = scope.source.text
    close, level = item.name.span.end, 0
    while close < len(text):
        level += {"(": 1, ")": -1}.get(text[close], 0)
        close += 1
        if level == 0:
            return close
    return 0


def _check_ensures(scope: Scope, function: FunctionSymbol, promise: ast.Ensures) -> FunctionSymbol:
    symbol = FunctionSymbol("ensures", "view", (), NOTHING, None, function.declaration, scope.source, scope=scope)
    checker = BodyChecker(scope, function=symbol)
    checker.old_allowed = function.kind != "init"
    checker.result_type = function.result if is_plain(function.result) else None
    if scope.contract is not None:
        checker.flow.phases = frozenset(range(len(scope.contract.phases)))
    for parameter, (_, kind) in zip(function.declaration.parameters, function.parameters, strict=False):
        local = checker.new_local(parameter.name, kind, is_fixed=True)
        if is_linear(kind):
            checker.flow.held[local] = parameter.span
    checker.is_promise = True
    checker.condition(promise.condition)
    only_reads(scope, checker, "a promise")
    return symbol


def only_reads(scope: Scope, checker: ExpressionChecker, what: str) -> None:
    """A finding for everything that a promise does to the world."""
    for effect, (span, does) in checker.effects.items():
        if effect not in (Effect.READ, Effect.READ_OTHER):
            scope.error("E0704", f"{what} only reads; this {does}", span)


def _check_effects(scope: Scope, function: FunctionSymbol, checker: BodyChecker) -> None:
    function.effects = 0
    for effect, (span, does) in checker.effects.items():
        function.effects |= effect
        if function.kind == "view" and effect not in (Effect.READ, Effect.READ_OTHER):
            scope.error("E0704", f"a view only reads; this {does}", span)
        if function.kind == "pure":
            scope.error("E0705", f"what is pure only computes; this {does}", span)
        if function.kind == "rule" and effect in (Effect.MONEY, Effect.CALL_OTHER):
            scope.error("E0704", f"a rule decides and remembers; this {does}", span)


def check_recursion(functions: Sequence[FunctionSymbol]) -> None:
    """A finding for every function that can come back to itself."""
    done: set[FunctionSymbol] = set()
    for root in functions:
        path: list[FunctionSymbol] = []
        on_path: set[FunctionSymbol] = set()
        stack: list[tuple[FunctionSymbol, Iterator[FunctionSymbol]]] = []
        if root not in done:
            stack.append((root, iter(root.invokes)))
            path.append(root)
            on_path.add(root)
        while stack:
            function, rest = stack[-1]
            callee = next(rest, None)
            if callee is None:
                stack.pop()
                path.pop()
                on_path.discard(function)
                done.add(function)
            elif callee in on_path:
                names = " → ".join(f.name for f in [*path[path.index(callee) :], callee])
                scope = function.scope
                assert isinstance(scope, Scope)
                scope.error("E0601", f"this would go round forever: {names}; use a bounded loop", function.invokes[callee])
                done.add(callee)
            elif callee not in done:
                stack.append((callee, iter(callee.invokes)))
                path.append(callee)
                on_path.add(callee)
