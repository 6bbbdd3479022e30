"""Every mutant of a file, in the order of its text."""

from __future__ import annotations

from collections.abc import Iterator

from kit.mutation.mutant import Mutant
from kit.mutation.operators import OPERATORS
from kit.mutation.place import Place
from lang import ast
from lang.check import CheckedFile
from lang.source import Span
from lang.symbols import ContractSymbol, FunctionSymbol


def mutants(checked: CheckedFile, contract: str | None = None) -> list[Mutant]:
    """The mutants of a checked file: of one contract if `contract` names it, else of all and of what stands beside them."""
    found: list[Mutant] = []
    if contract is None:
        outside = Place(checked.file.source, None, None)
        for item in checked.file.items:
            if isinstance(item, ast.Constant):
                found += _of_expression(outside, item.value)
        for function in checked.functions:
            found += _of_function(Place(function.source, None, function), function)
    for symbol in checked.contracts:
        if contract in (None, symbol.name):
            found += _of_contract(symbol)
    order = {name: number for number, name in enumerate(OPERATORS)}
    unique = {(mutant.span, mutant.text): mutant for mutant in reversed(found)}
    return sorted(unique.values(), key=lambda mutant: (mutant.span, order[mutant.operator], mutant.text))


def _of_contract(symbol: ContractSymbol) -> Iterator[Mutant]:
    outside = Place(symbol.source, symbol, None)
    for member in symbol.declaration.members:
        if isinstance(member, ast.Field | ast.Constant) and member.value is not None:
            yield from _of_expression(outside, member.value)
    functions = [*symbol.functions.values(), *([symbol.init] if symbol.init is not None else [])]
    for function in functions:
        if function.source is symbol.source and function.declaration in symbol.declaration.members:
            yield from _of_function(Place(symbol.source, symbol, function), function)


def _of_expression(place: Place, node: ast.Expression) -> Iterator[Mutant]:
    for inner in ast.walk(node):
        for operator in OPERATORS.values():
            yield from operator(place, inner)


def _of_function(place: Place, function: FunctionSymbol) -> Iterator[Mutant]:
    declaration = function.declaration
    yield from OPERATORS["by"](place, declaration)
    yield from OPERATORS["phase"](place, declaration)
    for statement in declaration.body or ():
        if isinstance(statement, ast.Ensures):
            continue
        assigned = frozenset(_assigned(statement))
        inside = Place(place.source, place.contract, function, assigned)
        for node in ast.walk(statement):
            for operator in OPERATORS.values():
                yield from operator(inside, node)


def _assigned(statement: ast.Statement) -> Iterator[Span]:
    """The places in a statement that are only assigned to: `self.price` in `self.price = 3`."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            target: ast.Expression = node.target
            yield target.span
            while isinstance(target, ast.Attribute | ast.Index):
                target = target.value
                yield target.span
