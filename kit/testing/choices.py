"""How `for any` chooses: a Hypothesis strategy for each plain type, narrowed by what the `where` clause says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from lang import ast
from lang.evaluator import Evaluator, NotComputable
from lang.symbols import Local
from lang.types import lower
from vm import types as vm
from vm.failure import Failure

Bounds = Mapping[str, tuple[int, int]]


def strategy(kind: vm.Type) -> st.SearchStrategy[Any]:
    """Every value of a plain type, simple ones first when shrinking."""
    match kind:
        case vm.Bool():
            return st.booleans()
        case vm.Int() | vm.Amount():
            return st.integers(*vm.bounds(kind))
        case vm.Address():
            return st.binary(min_size=vm.ADDRESS_BYTES, max_size=vm.ADDRESS_BYTES)
        case vm.Text(most):
            letters = st.characters(codec="utf-8")
            return st.text(letters, max_size=most).filter(lambda text: len(text.encode()) <= most)
        case vm.Bytes(most):
            return st.binary(max_size=most)
        case vm.List(element, most):
            return st.lists(strategy(element), max_size=most).map(tuple)
        case vm.Option(element):
            return st.one_of(st.just((0,)), strategy(element).map(lambda value: (1, value)))
        case vm.Tuple(items):
            return st.tuples(*(strategy(item) for item in items))
        case vm.Struct(_, fields):
            return st.tuples(*(strategy(item) for _, item in fields))
        case vm.Enum(_, variants):
            return st.one_of(
                *(st.tuples(st.just(tag), *(strategy(item) for _, item in payload)) for tag, (_, payload) in enumerate(variants))
            )
    raise AssertionError(kind)


def choices(parameters: Sequence[Local], where: ast.Expression | None) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for each parameter. Numbers keep to the bounds that `where` states, so that few cases are thrown away."""
    bounds = narrowed(parameters, where)
    made = {}
    for local in parameters:
        kind = lower(local.type)
        made[local.name] = st.integers(*bounds[local.name]) if local.name in bounds else strategy(kind)
    return made


def narrowed(parameters: Sequence[Local], where: ast.Expression | None) -> Bounds:
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
