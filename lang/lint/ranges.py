"""What always holds or never does, windows of time, bounds of loops, and what is lost by rounding: L04xx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from lang import ast
from lang.catalogue.entry import Entry
from lang.diagnostics import Diagnostic, Edit
from lang.lint.linear import PASSED, Bounds, Reader, Sum
from lang.lint.subject import Rule, Subject, functions_of, nodes_of
from lang.symbols import FunctionSymbol
from lang.types import is_number
from vm import types as vm

LISTS_LONG_MAX = 1 << 32  # beyond it a range is that of a type, and says nothing of what a loop is meant to do
FAR_FACTOR = 2  # a bound so many times what can be is a slip; a little more is a margin
_INFINITE = 1 << 300
_ORDER = frozenset({"<", "<=", ">", ">=", "==", "!="})


def _functions(subject: Subject) -> Iterator[tuple[Reader, FunctionSymbol]]:
    for contract in subject.contracts:
        reader = Reader(subject, contract)
        for function in functions_of(contract):
            yield reader, function
    outside = Reader(subject, None)
    for function in subject.checked.functions:
        yield outside, function


def _comparisons(subject: Subject) -> Iterator[tuple[Reader, ast.Binary]]:
    """The comparisons of numbers in functions and promises."""
    for contract in subject.contracts:
        reader = Reader(subject, contract)
        for promise in contract.invariants:
            yield from ((reader, node) for node in ast.walk(promise.condition) if _is_comparison(node))
    for reader, function in _functions(subject):
        yield from ((reader, node) for node in nodes_of([function]) if _is_comparison(node))


def _is_comparison(node: ast.Node) -> TypeGuard[ast.Binary]:
    return (
        isinstance(node, ast.Binary)
        and node.operator in _ORDER
        and all(side.type is not None and is_number(side.type) for side in (node.left, node.right))
    )


def _difference(reader: Reader, node: ast.Binary) -> Sum:
    """Left minus right: what is compared with 0."""
    return reader.sum(node.left).plus(reader.sum(node.right), -1)


def _allowed(operator: str) -> Bounds | None:
    """The values of left minus right for which a comparison holds; None for `!=`, which are two ranges."""
    return {
        "<": (-_INFINITE, -1),
        "<=": (-_INFINITE, 0),
        ">": (1, _INFINITE),
        ">=": (0, _INFINITE),
        "==": (0, 0),
    }.get(operator)


def _decided(reader: Reader, node: ast.Binary) -> bool | None:
    """Whether a comparison always holds or never; None where it depends."""
    difference = _difference(reader, node)
    if not difference.parts:
        return None  # constants alone: somebody's switch
    low, high = difference.range()
    allowed = _allowed(node.operator)
    if allowed is None:
        return True if low > 0 or high < 0 else None
    if high < allowed[0] or low > allowed[1]:
        return False
    return True if allowed[0] <= low and high <= allowed[1] else None


def never(subject: Subject) -> Iterator[Diagnostic]:
    """Comparisons that never hold, and requirements that exclude one another."""
    for reader, node in _comparisons(subject):
        if _decided(reader, node) is False:
            window = "this time never comes" if PASSED in _difference(reader, node).parts else "this never holds"
            yield subject.finding("L0401", f"{window}: `{subject.text(node)}`", node.span)
    for reader, function in _functions(subject):
        yield from _excluding(subject, reader, function)


@dataclass(slots=True)
class _Known:
    """What the requirements so far leave of a sum, and the last one that narrowed it."""

    bounds: Bounds
    by: ast.Binary | None = None


def _excluding(subject: Subject, reader: Reader, function: FunctionSymbol) -> Iterator[Diagnostic]:
    """Requirements at the beginning of a function, before anything is changed, that never hold together."""
    known: dict[frozenset[tuple[str, int]], _Known] = {}
    for statement in function.declaration.body or ():
        if isinstance(statement, ast.Ensures | ast.Let):
            continue
        if not isinstance(statement, ast.Require):
            return
        for node in _joined(statement.condition):
            allowed = _allowed(node.operator)
            difference = _difference(reader, node)
            if allowed is None or not difference.parts or _decided(reader, node) is False:
                continue
            first = min(difference.parts)
            sign = 1 if difference.parts[first] > 0 else -1
            turned = difference.times(sign)
            bare = Sum(0, turned.parts, turned.bounds)
            low, high = sorted(sign * bound for bound in allowed)
            key = frozenset(turned.parts.items())
            seen = known.setdefault(key, _Known(bare.range()))
            left = max(seen.bounds[0], low - turned.constant), min(seen.bounds[1], high - turned.constant)
            if left[0] > left[1]:
                what = "this time window never opens" if PASSED in turned.parts else "these never hold together"
                notes = () if seen.by is None else (("it must also hold that", seen.by.span),)
                yield subject.finding("L0401", f"{what}: `{subject.text(node)}`", node.span, notes=notes)
                return
            if left != seen.bounds:
                known[key] = _Known(left, node)


def _joined(condition: ast.Expression) -> Iterator[ast.Binary]:
    """The comparisons of numbers that a condition joins by `and`."""
    if isinstance(condition, ast.Binary) and condition.operator == "and":
        yield from _joined(condition.left)
        yield from _joined(condition.right)
    elif isinstance(condition, ast.Binary) and _is_comparison(condition):
        yield condition


def always(subject: Subject) -> Iterator[Diagnostic]:
    """Comparisons that always hold."""
    for reader, node in _comparisons(subject):
        if _decided(reader, node) is True:
            window = "this time window never closes" if PASSED in _difference(reader, node).parts else "this always holds"
            yield subject.finding("L0402", f"{window}: `{subject.text(node)}`", node.span)


def loop_bounds(subject: Subject) -> Iterator[Diagnostic]:
    """Loops whose `max` is far from the passes that can be."""
    for reader, function in _functions(subject):
        for node in nodes_of([function]):
            if not isinstance(node, ast.ForRange) or node.bound is None:
                continue
            bound = reader.sum(node.bound)
            _, most = reader.sum(node.end).plus(reader.sum(node.first), -1).range()
            if bound.parts or not 0 < most < LISTS_LONG_MAX:
                continue
            edit = Edit(node.bound.span, str(most), f"write `{most}`")
            if bound.constant >= FAR_FACTOR * most:
                message = f"at most {most} passes can be, {bound.constant} are allowed for"
                yield subject.finding("L0403", message, node.bound.span, edit=edit)
            elif bound.constant < most:
                message = f"up to {most} passes can be, and the loop fails after {bound.constant}"
                yield subject.finding("L0403", message, node.bound.span, edit=edit)


def early_division(subject: Subject) -> Iterator[Diagnostic]:
    """A quotient, rounded, is multiplied: what was rounded away is multiplied too."""
    for _, function in _functions(subject):
        for node in nodes_of([function]):
            if not isinstance(node, ast.Binary) or node.operator != "*":
                continue
            for side in (node.left, node.right):
                whole = isinstance(side, ast.Binary) and side.operator == "/" and isinstance(side.type, vm.Int | vm.Amount)
                if whole:
                    message = "this is rounded first and multiplied then, which multiplies what was rounded away"
                    yield subject.finding("L0404", message, side.span)


RULES = [
    Rule(
        "L0401",
        Entry(
            "what never holds",
            "By the ranges of the types, by what is set once when the contract is deployed, or by what was required before, this "
            "is never true: the time window never opens, the function never runs, the branch is never taken.",
            "contract Sale:\n"
            "    opens: Time\n"
            "    closes: Time\n"
            "    sold: u64 = 0\n"
            "\n"
            "    error Closed\n"
            "\n"
            "    init():\n"
            "        self.opens = now + 10 days\n"
            "        self.closes = now + 5 days\n"
            "\n"
            "    pub fn buy() -> u64 by anyone:\n"
            "        require now >= self.opens and now < self.closes else Closed\n"
            "        self.sold += 1\n"
            "        return self.sold\n",
            "contract Sale:\n"
            "    opens: Time\n"
            "    closes: Time\n"
            "    sold: u64 = 0\n"
            "\n"
            "    error Closed\n"
            "\n"
            "    init():\n"
            "        self.opens = now + 5 days\n"
            "        self.closes = now + 10 days\n"
            "\n"
            "    pub fn buy() -> u64 by anyone:\n"
            "        require now >= self.opens and now < self.closes else Closed\n"
            "        self.sold += 1\n"
            "        return self.sold\n",
        ),
        never,
    ),
    Rule(
        "L0402",
        Entry(
            "what always holds",
            "By the ranges of the types, or by what is set once when the contract is deployed, this is always true: it checks "
            "nothing, and a time window that it should close stays open.",
            "contract Sale:\n"
            "    since: Time\n"
            "    sold: u64 = 0\n"
            "\n"
            "    error Closed\n"
            "\n"
            "    init():\n"
            "        self.since = now\n"
            "\n"
            "    pub fn buy() -> u64 by anyone:\n"
            "        require now >= self.since else Closed\n"
            "        self.sold += 1\n"
            "        return self.sold\n",
            "contract Sale:\n"
            "    since: Time\n"
            "    sold: u64 = 0\n"
            "\n"
            "    error Closed\n"
            "\n"
            "    init():\n"
            "        self.since = now\n"
            "\n"
            "    pub fn buy() -> u64 by anyone:\n"
            "        require now <= self.since + 7 days else Closed\n"
            "        self.sold += 1\n"
            "        return self.sold\n",
        ),
        always,
    ),
    Rule(
        "L0403",
        Entry(
            "the bound of a loop is far from what can be",
            "Gas is set aside for as many passes as `max` says, and one pass more fails. A list says how long it can be.",
            "contract Board:\n"
            "    votes: List[u64, 10] = []\n"
            "\n"
            "    pub fn vote(n: u64) by anyone:\n"
            "        self.votes.append(n)\n"
            "\n"
            "    view fn sum() -> u64:\n"
            "        let sum = 0\n"
            "        for i in 0..self.votes.len max 1_000:\n"
            "            sum += self.votes[i]\n"
            "        return sum\n",
            "contract Board:\n"
            "    votes: List[u64, 10] = []\n"
            "\n"
            "    pub fn vote(n: u64) by anyone:\n"
            "        self.votes.append(n)\n"
            "\n"
            "    view fn sum() -> u64:\n"
            "        let sum = 0\n"
            "        for i in 0..self.votes.len max 10:\n"
            "            sum += self.votes[i]\n"
            "        return sum\n",
        ),
        loop_bounds,
    ),
    Rule(
        "L0404",
        Entry(
            "divided first, multiplied then",
            "What the division rounds away is multiplied too. Multiply first, or use `mul_div`, which loses nothing in between.",
            "contract Shares:\n"
            "    pure fn share(total: u64, parts: u64, mine: u64) -> u64:\n"
            "        return (total / parts rounded down) * mine\n",
            "contract Shares:\n"
            "    pure fn share(total: u64, parts: u64, mine: u64) -> u64:\n"
            "        return total * mine / parts rounded down\n",
        ),
        early_division,
    ),
]
