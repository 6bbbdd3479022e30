"""Tables of cases: what each column holds, and that every row has it."""

from __future__ import annotations

from lang import ast
from lang.check.bodies import BodyChecker
from lang.check.walker import is_flexible, needs_type
from lang.symbols import Local
from lang.types import UNKNOWN, Reference, Type, Unknown, describe, fits, is_plain
from vm import types as vm

ROWS_EXPECTED = "`[(1.00 CNY, true), (2.00 CNY, false)]`"


def check_table(checker: BodyChecker, columns: list[ast.Column], rows: ast.Expression) -> list[Local]:
    """The locals of a table's columns, after every cell was checked."""
    kinds: list[Type | None] = [
        checker.scope.type_of(column.annotation) if column.annotation is not None else None for column in columns
    ]
    if isinstance(rows, ast.ListLiteral):
        if not rows.items:
            checker.scope.error("E0811", "the table has no rows, so nothing would be tested", rows.span, expected=ROWS_EXPECTED)
        cells = [found for row in rows.items if (found := _cells(checker, row, len(columns))) is not None]
        found_kinds = [_column(checker, kind, [row[place] for row in cells]) for place, kind in enumerate(kinds)]
    else:
        found_kinds = _kinds_of_list(checker, rows, kinds)
    made = []
    for column, kind in zip(columns, found_kinds, strict=True):
        is_good = is_plain(kind) and not isinstance(kind, Reference)
        if not is_good:
            checker.scope.error("E0811", f"a table holds plain values, not `{describe(kind)}`", column.span)
        column.name.ref = checker.new_local(column.name, kind if is_good else UNKNOWN, is_fixed=True)
        made.append(column.name.ref)
    return made


def _cells(checker: BodyChecker, row: ast.Expression, count: int) -> list[ast.Expression] | None:
    """The values of one row, or None after a finding."""
    if count == 1:
        return [row]
    if isinstance(row, ast.TupleLiteral) and len(row.items) == count:
        return row.items
    found = len(row.items) if isinstance(row, ast.TupleLiteral) else 1
    values = "1 value" if found == 1 else f"{found} values"
    checker.scope.error("E0323", f"{count} names for {values}", row.span)
    return None


def _column(checker: BodyChecker, written: Type | None, cells: list[ast.Expression]) -> Type:
    """The type of a column: the written one, else that of its cells, the widest of several."""
    if written is not None:
        for cell in cells:
            checker.check(cell, written)
        return written
    kind: Type | None = None
    for cell in [cell for cell in cells if not is_flexible(cell) and not needs_type(cell)]:
        found = checker.check(cell)
        if kind is None or (fits(kind, found) and not isinstance(found, Unknown)):
            kind = found
        elif not fits(found, kind):
            checker.mismatch(cell, found, kind)
    bare = [cell for cell in cells if is_flexible(cell)]
    if kind is None and bare:
        kind = vm.I64 if any(isinstance(cell, ast.Unary) for cell in bare) else vm.U64
    for cell in cells:
        if is_flexible(cell) or needs_type(cell):
            found = checker.check(cell, kind)
            kind = kind if kind is not None else found
    return UNKNOWN if kind is None else kind


def _kinds_of_list(checker: BodyChecker, rows: ast.Expression, written: list[Type | None]) -> list[Type]:
    """The types of the columns where the rows stand elsewhere: in a constant, or in what a pure function gives."""
    kind = checker.check(rows)
    element = kind.element if isinstance(kind, vm.List) else None
    kinds = element.items if isinstance(element, vm.Tuple) and len(written) > 1 else (element,)
    if element is None or len(kinds) != len(written):
        if not isinstance(kind, Unknown):
            message = (
                f"a table is a list with {len(written)} value{'s' if len(written) > 1 else ''} a row, not `{describe(kind)}`"
            )
            checker.scope.error("E0811", message, rows.span, expected=ROWS_EXPECTED)
        return [UNKNOWN] * len(written)
    found: list[Type] = []
    for wanted, has in zip(written, kinds, strict=True):
        assert has is not None
        if wanted is not None and not fits(has, wanted):
            checker.mismatch(rows, has, wanted)
        found.append(has if wanted is None else wanted)
    return found
