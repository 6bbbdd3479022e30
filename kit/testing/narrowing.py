"""What a `where` clause says of the numbers that are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast
from lang.evaluator import Evaluator, NotComputable
from lang.symbols import Local
from lang.types import lower
from vm import types as vm
from vm.failure import Failure


def narrowed(parameters: Sequence[Local], where: ast.Expression | None) -> dict[str, tuple[int, int]]:
    """Bounds of number parameters from the comparisons with constants that `where` joins by `and`."""
    bounds: dict[str, tuple[int, int]] = {}
    for local in parameters:
        kind = lower(local.type)
        if isinstance(kind, vm.Int | vm.Amount):
            bounds[local.name] = vm.bounds(kind)
    stack = [where] if where is not None else []
    while stack:
        node = stack.pop()
        if not isinstance(node, ast.Binary):
            continue
        if node.operator == "and":
            stack += [node.left, node.right]
        elif isinstance(node.left, ast.Name):
            _narrow(bounds, node.left, node.operator, node.right)
        elif isinstance(node.right, ast.Name) and node.operator in _MIRRORED:
            _narrow(bounds, node.right, _MIRRORED[node.operator], node.left)
    return bounds


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def _narrow(bounds: dict[str, tuple[int, int]], name: ast.Name, operator: str, other: ast.Expression) -> None:
    if name.text not in bounds:
        return
    try:
        value = Evaluator().value(other)
    except (NotComputable, Failure):
        return
    low, high = bounds[name.text]
    if operator in ("<", "<=", "=="):
        high = min(high, value - 1 if operator == "<" else value)
    if operator in (">", ">=", "=="):
        low = max(low, value + 1 if operator == ">" else value)
    if low <= high:
        bounds[name.text] = (low, high)
