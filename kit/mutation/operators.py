"""What is changed, by kind of node and by type: each operator takes a node and gives the mutants of it.

Promises (`invariant`, `ensures`) are not changed: they are tests themselves, and a weaker one is noticed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from kit.mutation.mutant import Mutant
from kit.mutation.numbers import constants
from kit.mutation.place import Place, is_value_in_sight
from lang import ast
from lang.source import Span
from lang.symbols import Local, Method, Part
from lang.types import ROUNDINGS, is_number, is_plain
from vm import types as vm

Operator = Callable[[Place, ast.Node], Iterator[Mutant]]

_LIMITS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_ARITHMETIC = {"+": "-", "-": "+"}
_SCALING = {"*": "/", "/": "*", "mod": "/"}
_ROUNDINGS = {"down": ("up",), "up": ("down",), "half_up": ("down", "up"), "half_even": ("down", "up")}
_MEMBERSHIP = {"in": "not in", "not in": "in"}
_METHODS = {
    ("vault", "take"): "take_all",
    ("map", "merge"): "put",
    ("set", "add"): "remove",
    ("set", "remove"): "add",
}
_ATTRIBUTES = {"is_some": "is_none", "is_none": "is_some", "weeks": "days", "days": "hours", "hours": "days"}
_ADDRESSES_MAX = 2  # other addresses tried in one place: whom money goes to is what contracts get wrong


def limit(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A comparison takes in its limit, or leaves it out."""
    if isinstance(node, ast.Binary) and node.operator in _LIMITS:
        yield from _operator_becomes(place, "limit", node, _LIMITS[node.operator])
    elif isinstance(node, ast.Binary) and node.operator == "==" and node.left.type is not None and is_number(node.left.type):
        yield from _operator_becomes(place, "limit", node, ">=")
        if not _is_least(node.right):  # nothing is less: it would mean the same
            yield from _operator_becomes(place, "limit", node, "<=")


def negate(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A condition is turned around."""
    conditions: list[ast.Expression] = []
    match node:
        case ast.Require(condition, _) | ast.While(condition, _, _) | ast.Conditional(condition, _, _):
            conditions = [condition]
        case ast.If(branches, _):
            conditions = [condition for condition, _ in branches]
        case ast.Binary(operator, _, _) if operator in _MEMBERSHIP:
            yield from _operator_becomes(place, "negate", node, _MEMBERSHIP[operator])
    for condition in conditions:
        if isinstance(condition, ast.Unary):
            yield place.mutant("negate", condition.span, place.text(condition.operand))
        elif not (isinstance(condition, ast.Binary) and condition.operator in _MEMBERSHIP):
            yield place.mutant("negate", condition.span, f"not ({place.text(condition)})")


def always(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A branch is always taken, or never."""
    if isinstance(node, ast.If):
        for condition, _ in node.branches:
            yield place.mutant("always", condition.span, "true")
            yield place.mutant("always", condition.span, "false")
    elif isinstance(node, ast.Conditional):
        yield place.mutant("always", node.span, _half(place, node.then))
        yield place.mutant("always", node.span, _half(place, node.otherwise))


def logic(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """`and` becomes `or`, `or` becomes `and`, and one side is left out."""
    if not isinstance(node, ast.Binary) or node.operator not in ("and", "or"):
        return
    yield from _operator_becomes(place, "logic", node, "or" if node.operator == "and" else "and")
    word = place.word_between(node.left, node.right, node.operator)
    if word is not None:
        text = place.source.text
        yield place.mutant("logic", node.span, text[node.span.start : word.start].rstrip())
        yield place.mutant("logic", node.span, text[word.end : node.span.end].lstrip())


def arithmetic(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """`+` becomes `-`, `*` becomes `/`, and the other way about."""
    if isinstance(node, ast.Assign) and node.operator is not None:
        word = place.word_between(node.target, node.value, f"{node.operator}=")
        instead = {"+": ("-=", "="), "-": ("+=", "="), "*": ("+=", "=")}[node.operator]
        for text in instead if word is not None else ():
            assert word is not None
            yield place.mutant("arithmetic", word, text)
    if not isinstance(node, ast.Binary):
        return
    if node.operator in _ARITHMETIC:
        yield from _operator_becomes(place, "arithmetic", node, _ARITHMETIC[node.operator])
    elif node.operator in _SCALING:
        word = place.word_between(node.left, node.right, node.operator)
        if word is not None:
            whole = place.source.text
            end = node.right.span.end if node.rounding is not None else node.span.end
            text = f"{whole[node.span.start : word.start]}{_SCALING[node.operator]}{whole[word.end : end]}"
            needs = node.rounding is not None and node.operator != "/"
            rounded = f" rounded {node.rounding.text}" if node.rounding is not None and needs else ""
            if node.operator in ("*", "mod"):
                rounded = rounded or " rounded down"
            yield place.mutant(
                "arithmetic", node.span, text.rstrip() + rounded, f"`{node.operator}` became `{_SCALING[node.operator]}`"
            )


def rounding(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A result is rounded the other way."""
    word: ast.Node | None = None
    if isinstance(node, ast.Binary):
        word = node.rounding
    elif isinstance(node, ast.Call) and node.arguments and isinstance(node.callee, ast.Name) and node.callee.text == "mul_div":
        word = node.arguments[-1].value
    if isinstance(word, ast.Identifier | ast.Name) and word.text in ROUNDINGS:
        for text in _ROUNDINGS.get(word.text, ()):
            yield place.mutant("rounding", word.span, text)


def constant(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A number is one more, one less, or zero; a truth is its contrary."""
    if isinstance(node, ast.Number):
        for text in constants(node):
            yield place.mutant("constant", node.span, text)
    elif isinstance(node, ast.Truth):
        yield place.mutant("constant", node.span, "false" if node.value else "true")


def drop(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A statement is left out: a `require`, an `emit`, a `become`, an assignment, a call."""
    dropped = ast.Require | ast.Emit | ast.Become | ast.Assign | ast.Evaluate | ast.Destroy | ast.Fail | ast.Break | ast.Continue
    if isinstance(node, dropped):
        yield place.mutant("drop", node.span, "pass", f"`{_head(place, node)}` was left out")


def by(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """Anyone may call, or one of those who may no longer does, or somebody else."""
    if not isinstance(node, ast.FunctionDeclaration) or not node.by:
        return
    values = [alternative.value for alternative in node.by if alternative.value is not None]
    if not values:
        return
    whole = Span(node.by[0].span.start, node.by[-1].span.end)
    yield place.mutant("by", whole, "anyone")
    for left_out in node.by if len(node.by) > 1 else ():
        rest = [place.text(alternative) for alternative in node.by if alternative is not left_out]
        yield place.mutant("by", whole, " or ".join(rest))
    for alternative, value in zip(node.by, values, strict=False):
        if not alternative.any_of and value.type == vm.ADDRESS:
            for other in [text for text in place.others(value) if text != "sender"][:1]:
                yield place.mutant("by", value.span, other)


def phase(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A function runs in a phase more, or in one less; `become` leads elsewhere."""
    phases = place.contract.phases if place.contract is not None else []
    if isinstance(node, ast.Become):
        for name in phases:
            if name != node.phase.text:
                yield place.mutant("phase", node.phase.span, name)
    elif isinstance(node, ast.FunctionDeclaration | ast.PhaseIs) and node.phases:
        named = [name.text for name in node.phases]
        whole = Span(node.phases[0].span.start, node.phases[-1].span.end)
        final = _final_phases(place) if isinstance(node, ast.FunctionDeclaration) and _fills_vault(node) else set()
        for name in phases:
            if name not in named and name not in final:  # a vault takes nothing in a final phase: that is WrongPhase too
                yield place.mutant("phase", whole, " | ".join([*named, name]))
        for left_out in named if len(named) > 1 else ():
            yield place.mutant("phase", whole, " | ".join(name for name in named if name != left_out))


def swap(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """Two arguments of one type change places; so do two names that a value is taken apart into."""
    match node:
        case ast.Call() | ast.New() | ast.ExternalCall() | ast.Emit() | ast.ErrorUse():
            for left, right in pairwise(node.arguments or ()):
                if left.value.type == right.value.type and left.value.type is not None:
                    yield from _exchanged(place, left.value, right.value)
        case ast.Let(names, _, _):
            for first, second in pairwise(names):
                if isinstance(first.ref, Local) and isinstance(second.ref, Local) and first.ref.type == second.ref.type:
                    yield from _exchanged(place, first, second)


def extreme(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """`min` becomes `max`, and the other way about."""
    if isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.text in ("min", "max"):
        yield place.mutant("extreme", node.callee.span, "max" if node.callee.text == "min" else "min")


def loop(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A loop begins one later, ends one sooner, or ends where it would go on."""
    match node:
        case ast.ForRange(_, first, end, _, _):
            for bound, sign in ((first, "+"), (end, "-")):
                if not isinstance(bound, ast.Number):
                    yield place.mutant("loop", bound.span, f"({place.text(bound)}) {sign} 1")
        case ast.Break():
            yield place.mutant("loop", node.span, "continue")
        case ast.Continue():
            yield place.mutant("loop", node.span, "break")


def other(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """Another value of the same type stands there: another party, another amount, another field."""
    if not isinstance(node, ast.Expression) or node.span in place.assigned or node.type is None:
        return
    if is_value_in_sight(node):
        for text in place.others(node)[: _ADDRESSES_MAX if node.type == vm.ADDRESS else 1]:
            yield place.mutant("other", node.span, text)
    elif isinstance(node, ast.Attribute) and isinstance(node.ref, Part) and is_plain(node.type):
        fields = node.value.type.fields if isinstance(node.value.type, vm.Struct | vm.Resource) else ()
        names = [name for name, kind in fields if kind == node.type]
        at = names.index(node.name.text) if node.name.text in names else 0
        for name in (names[at + 1 :] + names[:at])[:1]:
            yield place.mutant("other", node.name.span, name)


def method(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A vault is emptied instead of a part taken, a set loses what it should gain, a time counts in another unit."""
    if isinstance(node, ast.Call) and isinstance(node.ref, Method) and isinstance(node.callee, ast.Attribute):
        instead = _METHODS.get((node.ref.owner, node.ref.name))
        if instead is not None and node.ref.owner == "vault":
            span = Span(node.callee.name.span.start, node.span.end)
            yield place.mutant("method", span, f"{instead}()")
        elif instead is not None:
            yield place.mutant("method", node.callee.name.span, instead)
    elif isinstance(node, ast.Attribute) and isinstance(node.ref, Method) and node.name.text in _ATTRIBUTES:
        yield place.mutant("method", node.name.span, _ATTRIBUTES[node.name.text])


def error(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """Another error with the same fields is raised."""
    if not isinstance(node, ast.ErrorUse) or place.contract is None:
        return
    errors = place.contract.errors
    own = errors.get(node.name.text)
    kinds = [kind for _, kind in own.fields] if own is not None else None
    same = [name for name, record in errors.items() if record is not own and [kind for _, kind in record.fields] == kinds]
    for name in same[:1]:
        yield place.mutant("error", node.name.span, name)


def result(place: Place, node: ast.Node) -> Iterator[Mutant]:
    """A function gives zero, or the contrary."""
    if not isinstance(node, ast.Return) or node.value is None or node.value.type is None:
        return
    kind, value = node.value.type, node.value
    if kind == vm.BOOL and not isinstance(value, ast.Truth):
        yield place.mutant("result", value.span, f"not ({place.text(value)})")
    elif isinstance(kind, vm.Int) and kind not in (vm.DURATION, vm.RATE, vm.TIME) and not isinstance(value, ast.Number):
        yield place.mutant("result", value.span, "0")
    elif isinstance(kind, vm.Amount) and not isinstance(value, ast.Number):
        yield place.mutant("result", value.span, "Amount(0)")


OPERATORS: dict[str, Operator] = {
    operator.__name__: operator
    for operator in (
        limit,
        negate,
        always,
        logic,
        arithmetic,
        rounding,
        constant,
        drop,
        by,
        phase,
        swap,
        extreme,
        loop,
        other,
        method,
        error,
        result,
    )
}
"""Every operator by its name, in the order of the documentation."""


def _final_phases(place: Place) -> set[str]:
    assert place.contract is not None
    onward = {first for first, _ in place.contract.steps}
    return {name for number, name in enumerate(place.contract.phases) if number not in onward}


def _fills_vault(function: ast.FunctionDeclaration) -> bool:
    """Whether every way through a function puts money into a vault."""
    calls = (statement.value for statement in function.body or () if isinstance(statement, ast.Evaluate))
    return any(isinstance(call, ast.Call) and call.ref == Method("vault", "put") for call in calls)


def _is_least(node: ast.Expression) -> bool:
    """Whether a number is the least of its type: a written 0 where nothing is negative."""
    if not isinstance(node, ast.Number) or not isinstance(node.type, vm.Int | vm.Amount):
        return False
    return int(node.digits + (node.decimals or "")) == 0 and vm.bounds(node.type)[0] == 0


def _operator_becomes(place: Place, operator: str, node: ast.Binary, instead: str) -> Iterator[Mutant]:
    word = place.word_between(node.left, node.right, node.operator)
    if word is not None:
        yield place.mutant(operator, word, instead)


def _exchanged(place: Place, first: ast.Node, second: ast.Node) -> Iterator[Mutant]:
    one, two = place.text(first), place.text(second)
    span = Span(first.span.start, second.span.end)
    between = place.source.text[first.span.end : second.span.start]
    if one != two and "\n" not in place.source.text[span.start : span.end]:
        yield place.mutant("swap", span, f"{two}{between}{one}", f"`{one}` and `{two}` changed places")


def _half(place: Place, node: ast.Expression) -> str:
    return f"({place.text(node)})"


def _head(place: Place, node: ast.Node) -> str:
    """A statement as far as it fits on a line."""
    first = place.text(node).split("\n")[0].strip()
    return first if len(first) <= 60 else first[:57] + "…"
