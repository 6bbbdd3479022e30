"""Sums of values, and the ranges they can have: what comparisons are decided by.

A sum is a constant and so many times each of its atoms: what is not a sum itself. The time of the call is the time at which
the contract was deployed and what has passed since, which is never less than nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lang import ast
from lang.evaluator import Evaluator, NotComputable
from lang.lint.subject import Subject, functions_of, nodes_of
from lang.symbols import Builtin, ContractSymbol, Method, StateField
from lang.types import Type, lower
from vm import types as vm
from vm.failure import Failure

DEPLOYED = "the time of deployment"
PASSED = "the time since deployment"

Bounds = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sum:
    """`constant` and `parts`: how often each atom, with the range of each in `bounds`."""

    constant: int
    parts: Mapping[str, int] = field(default_factory=dict)
    bounds: Mapping[str, Bounds] = field(default_factory=dict)

    def plus(self, other: Sum, times: int = 1) -> Sum:
        """This and so many times the other."""
        parts = dict(self.parts)
        for atom, count in other.parts.items():
            parts[atom] = parts.get(atom, 0) + count * times
        parts = {atom: count for atom, count in parts.items() if count}
        return Sum(self.constant + other.constant * times, parts, {**self.bounds, **other.bounds})

    def times(self, factor: int) -> Sum:
        """So many times this."""
        return Sum(0).plus(self, factor)

    def range(self) -> Bounds:
        """The least and the greatest value."""
        low = high = self.constant
        for atom, count in self.parts.items():
            ends = [count * bound for bound in self.bounds[atom]]
            low, high = low + min(ends), high + max(ends)
        return low, high


class Reader:
    """Reads expressions of one contract as sums."""

    def __init__(self, subject: Subject, contract: ContractSymbol | None) -> None:
        self.subject = subject
        self.fixed: dict[str, Sum] = {}
        if contract is not None:
            self._fix(contract)

    def _fix(self, contract: ContractSymbol) -> None:
        """The state fields that are given a value once, when the contract is deployed."""
        given: dict[str, list[ast.Assign]] = {}
        for node in nodes_of(functions_of(contract)):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.target, ast.Attribute)
                and isinstance(node.target.ref, StateField)
            ):
                given.setdefault(node.target.ref.name, []).append(node)
        once = (contract.init.declaration.body or []) if contract.init is not None else []
        for name, symbol in contract.fields.items():
            assigned = given.get(name, [])
            if not _is_number(symbol.type):
                continue
            if symbol.initial is not None and not assigned:
                self.fixed[name] = self.sum(symbol.initial)
            elif symbol.initial is None and len(assigned) == 1 and any(assigned[0] is node for node in once):
                self.fixed[name] = self.sum(assigned[0].value, at_deployment=True)

    def sum(self, node: ast.Expression, *, at_deployment: bool = False) -> Sum:
        """An expression as a sum."""
        try:
            value = Evaluator().value(node)
        except (NotComputable, Failure):
            value = None
        if isinstance(value, int):
            return Sum(int(value))
        match node:
            case ast.Binary("+" | "-" as sign, left, right):
                one, two = self.sum(left, at_deployment=at_deployment), self.sum(right, at_deployment=at_deployment)
                return one.plus(two, 1 if sign == "+" else -1)
            case ast.Name(ref=Builtin("now")):
                start = _atom(DEPLOYED, vm.bounds(vm.TIME))
                return start if at_deployment else start.plus(_atom(PASSED, vm.bounds(vm.DURATION)))
            case ast.Attribute(ref=StateField(name=name)) if name in self.fixed and not at_deployment:
                return self.fixed[name]
        said = " ".join(self.subject.text(node).split())
        return _atom(f"deploying, {said}" if at_deployment else said, _bounds(node))


def _atom(name: str, bounds: Bounds) -> Sum:
    return Sum(0, {name: 1}, {name: bounds})


def _is_number(kind: Type) -> bool:
    return isinstance(kind, vm.Int | vm.Amount)


def _bounds(node: ast.Expression) -> Bounds:
    """The values that an expression can have, by its type; how long a list can be."""
    if isinstance(node, ast.Attribute) and node.ref == Method("list", "len"):
        kind = node.value.type
        if isinstance(kind, vm.List | vm.Text | vm.Bytes):
            return 0, kind.max
    assert node.type is not None
    kind = lower(node.type)
    assert isinstance(kind, vm.Int | vm.Amount)
    return vm.bounds(kind)
