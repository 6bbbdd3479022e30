"""The rows of a test with a table of cases: each is a test of its own that begins by naming its values."""

from __future__ import annotations

from kit.testing.world import World
from lang import ast
from lang.check import CheckedTest
from vm import types as vm


def rows_of(test: CheckedTest, world: World) -> list[CheckedTest]:
    """A test for each row. Its `row` is how people read it: `(amount=1.00 CNY, ok=true)`."""
    declaration = test.declaration
    rows = declaration.rows
    assert rows is not None
    names = [column.name for column in declaration.columns]
    made = []
    for place, row in enumerate(world.value(rows)):
        values = row if len(names) > 1 else (row,)
        shown = ", ".join(f"{local.name}={world.show(v, local.type)}" for local, v in zip(test.columns, values, strict=True))
        let = ast.Let(names, None, _row(rows, place), span=_row(rows, place).span)
        alone = ast.TestDeclaration(declaration.name, [], None, [let, *declaration.body], span=declaration.span)
        made.append(CheckedTest(alone, [], test.scope, row=f"({shown})"))
    return made


def _row(rows: ast.Expression, place: int) -> ast.Expression:
    """One row of a table, as an expression."""
    if isinstance(rows, ast.ListLiteral):
        return rows.items[place]
    assert isinstance(rows.type, vm.List)
    number = ast.Number(str(place), span=rows.span, type=vm.U64, ref=place)
    return ast.Index(rows, number, span=rows.span, type=rows.type.element)
