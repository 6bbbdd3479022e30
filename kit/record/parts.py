"""The parts of a condition that are worth a line of their own when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kit.record.differences import show
from kit.values import Setting
from lang import ast
from lang.source import Source
from lang.types import lower

_LITERALS = (ast.Number, ast.Truth, ast.TextLiteral, ast.BytesLiteral)


def values(
    source: Source, condition: ast.Expression, value_of: Callable[[ast.Expression], Any], setting: Setting
) -> Iterator[tuple[str, str]]:
    """(text, value) of each part, those within others indented. `value_of` raises `LookupError` for one without a value."""
    told: set[str] = set()
    for node, depth in parts(condition):
        text = " ".join(source.text[node.span.start : node.span.end].split())
        if text in told or node.type is None:
            continue
        try:
            shown = show(value_of(node), lower(node.type), setting)
        except LookupError:
            continue
        if shown != text:
            told.add(text)
            yield "  " * depth + text, shown


def parts(condition: ast.Expression) -> Iterator[tuple[ast.Expression, int]]:
    """The expressions within a condition that are no literals, from the left, with how deep they are within others."""
    stack = [(child, 0) for child in reversed(_children(condition))]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, _LITERALS) or (isinstance(node, ast.Name) and node.text == "None"):
            continue
        yield node, depth
        if not isinstance(node, ast.Attribute):  # its value says less than itself
            stack += [(child, depth + 1) for child in reversed(_children(node))]


def _children(node: ast.Expression) -> list[ast.Expression]:
    match node:
        case ast.Binary(_, left, right):
            return [left, right]
        case ast.Unary(_, operand):
            return [operand]
        case ast.Conditional(condition, then, otherwise):
            return [condition, then, otherwise]
        case ast.Index(value, index):
            return [index] if isinstance(value, ast.Attribute) else [value, index]
        case ast.ListLiteral(items) | ast.TupleLiteral(items):
            return items
        case ast.Call() | ast.ExternalCall():
            return [argument.value for argument in node.arguments]
    return []
