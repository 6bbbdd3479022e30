"""The value of a checked expression, computed directly: for constants, and as the base of the test runner's.

Numbers go through `vm.arithmetic`, so that nothing computed here can differ from what the machine computes.
"""

from __future__ import annotations

import hashlib
from typing import Any

from lang import ast
from lang.symbols import Builtin, ConstantSymbol, Construction, Conversion, FunctionSymbol, Local, Method, Part, VariantUse
from lang.types import MILLISECONDS, ROUNDINGS, Reference, Rule, lower, needs_rounding, scaling_type
from vm import arithmetic, values
from vm import types as vm
from vm.failure import Code, Failure
from vm.instructions import Rounding

COMPARE = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
HASHES = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha3_256": lambda data: hashlib.sha3_256(data).digest(),
    "blake2b": lambda data: hashlib.blake2b(data, digest_size=32).digest(),
}
TIME_DIVISORS = {name: MILLISECONDS[name] for name in ("weeks", "days", "hours", "minutes", "seconds", "ms")}


class NotComputable(Exception):
    """The expression needs more than literals and constants."""

    def __init__(self, node: ast.Node) -> None:
        super().__init__("not computable")
        self.node = node


def apply(operator: str, rule: Rule, left: int, right: int, rounding: Rounding) -> int:
    """`left operator right` by a rule of units. Raises `Failure` as the machine does."""
    assert isinstance(rule.work, vm.Int | vm.Amount)
    assert isinstance(rule.result, vm.Int | vm.Amount)
    low, high = vm.bounds(rule.work)
    left, right = arithmetic.cast(left, low, high), arithmetic.cast(right, low, high)
    if rule.scale:
        one = vm.RATE_ONE
        over, under = (right, one) if operator == "*" else (one, right)
        value = arithmetic.muldiv(left, over, under, rounding, low, high)
    elif operator == "/":
        value = arithmetic.div(left, right, rounding, low, high)
    else:
        work = {"+": arithmetic.add, "-": arithmetic.sub, "*": arithmetic.mul, "mod": arithmetic.mod}[operator]
        value = work(left, right, low, high)
    return arithmetic.cast(value, *vm.bounds(rule.result))


class Evaluator:
    """Computes expressions over `names`, the values of locals."""

    def __init__(self) -> None:
        self.names: dict[Local, Any] = {}

    def value(self, node: ast.Expression) -> Any:
        """The value. Raises `Failure` where the machine would fail, `NotComputable` for what is not an expression of values."""
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is None:
            raise NotComputable(node)
        return handler(node)

    def _number(self, node: ast.Number) -> int:
        value: int = node.ref
        return value

    def _textliteral(self, node: ast.TextLiteral) -> str:
        return node.value

    def _bytesliteral(self, node: ast.BytesLiteral) -> bytes:
        return node.value

    def _truth(self, node: ast.Truth) -> bool:
        return node.value

    def _listliteral(self, node: ast.ListLiteral | ast.TupleLiteral) -> tuple[Any, ...]:
        return tuple(self.value(item) for item in node.items)

    _tupleliteral = _listliteral

    def _name(self, node: ast.Name) -> Any:
        match node.ref:
            case Local() if node.ref in self.names:
                return self.names[node.ref]
            case ConstantSymbol(_, _, value, _):
                return value
            case VariantUse(tag):
                return (tag,)
        raise NotComputable(node)

    def _unary(self, node: ast.Unary) -> Any:
        if node.operator == "not":
            return not self.value(node.operand)
        if isinstance(node.operand, ast.Number):
            return node.operand.ref
        assert isinstance(node.type, vm.Int)
        return arithmetic.neg(self.value(node.operand), *vm.bounds(node.type))

    def _binary(self, node: ast.Binary) -> Any:
        operator = node.operator
        left = self.value(node.left)
        if operator == "and":
            return left and self.value(node.right)
        if operator == "or":
            return left or self.value(node.right)
        if operator == "implies":
            return not left or self.value(node.right)
        if operator in ("in", "not in"):
            found = left in self.value(node.right)
            return found if operator == "in" else not found
        right = self.value(node.right)
        if operator in COMPARE:
            return COMPARE[operator](left, right)
        if isinstance(node.ref, Rule):
            rounding = ROUNDINGS[node.rounding.text] if node.rounding is not None else Rounding.DOWN
            assert node.rounding is not None or not needs_rounding(operator, node.ref)
            return apply(operator, node.ref, left, right, rounding)
        return self._within(node, left + right)

    def _within(self, node: ast.Expression, value: Any) -> Any:
        """A joined text, byte string or list, if it fits its type."""
        assert node.type is not None
        if not values.belongs(lower(node.type), value):
            raise Failure(Code.TOO_LONG)
        return value

    def _conditional(self, node: ast.Conditional) -> Any:
        return self.value(node.then if self.value(node.condition) else node.otherwise)

    def _index(self, node: ast.Index) -> Any:
        if not isinstance(node.value.type, vm.List):
            raise NotComputable(node)
        items, place = self.value(node.value), self.value(node.index)
        if not 0 <= place < len(items):
            raise Failure(Code.INDEX_OUT_OF_RANGE)
        return items[place]

    def _attribute(self, node: ast.Attribute) -> Any:
        match node.ref:
            case VariantUse(tag):
                return (tag,)
            case Part(index):
                return self.value(node.value)[index]
            case Method("list", "len"):
                whole = self.value(node.value)
                return len(whole.encode()) if isinstance(whole, str) else len(whole)
            case Method("option", name):
                return (self.value(node.value)[0] == 1) == (name == "is_some")
            case Method("time", name):
                return self.value(node.value) // TIME_DIVISORS[name]
            case Method("reference", "address"):
                return self.value(node.value)
        raise NotComputable(node)

    def _call(self, node: ast.Call) -> Any:
        arguments = [argument.value for argument in node.arguments]
        match node.ref:
            case Conversion(to):
                value = self.value(arguments[0])
                return value if isinstance(to, Reference) else arithmetic.cast(value, *vm.bounds(to))  # type: ignore[arg-type]
            case Construction():
                return tuple(self.value(argument) for argument in arguments)
            case VariantUse(tag):
                return (tag, *(self.value(argument) for argument in arguments))
            case ConstantSymbol(_, _, value, _):
                return value
            case Builtin(name):
                return self._standard(node, name, arguments)
            case Method(owner, name):
                return self._method(node, owner, name, arguments)
            case FunctionSymbol():
                return self.invoke(node, node.ref, [self.value(argument) for argument in arguments])
        raise NotComputable(node)

    def invoke(self, node: ast.Call, function: FunctionSymbol, arguments: list[Any]) -> Any:
        """The result of a pure function; the test runner knows how."""
        raise NotComputable(node)

    def _standard(self, node: ast.Call, name: str, arguments: list[ast.Expression]) -> Any:
        if name in ("min", "max"):
            return (min if name == "min" else max)(self.value(argument) for argument in arguments)
        if name == "mul_div":
            rounding, factor = arguments[3], arguments[1].type
            assert isinstance(rounding, ast.Name)
            assert isinstance(node.type, vm.Int | vm.Amount)
            assert factor is not None
            work = scaling_type(node.type, factor)
            assert isinstance(work, vm.Int | vm.Amount)
            a, b, c = (arithmetic.cast(self.value(argument), *vm.bounds(work)) for argument in arguments[:3])
            scaled = arithmetic.muldiv(a, b, c, ROUNDINGS[rounding.text], *vm.bounds(work))
            return arithmetic.cast(scaled, *vm.bounds(node.type))
        if name in HASHES:
            return HASHES[name](self.value(arguments[0]))
        if name == "encode":
            kind = arguments[0].type
            assert kind is not None
            return values.encode(lower(kind), self.value(arguments[0]))
        if name == "bytes_of":
            return self.value(arguments[0]).encode()
        raise NotComputable(node)

    def _method(self, node: ast.Call, owner: str, name: str, arguments: list[ast.Expression]) -> Any:
        assert isinstance(node.callee, ast.Attribute)
        if (owner, name) == ("option", "get"):
            option = self.value(node.callee.value)
            return option[1] if option[0] == 1 else self.value(arguments[0])
        if (owner, name) == ("list", "contains"):
            whole = self.value(node.callee.value)
            return self.value(arguments[0]) in whole
        if name == "slice":
            whole, first, end = self.value(node.callee.value), *(self.value(argument) for argument in arguments)
            if not first <= end <= len(whole):
                raise Failure(Code.INDEX_OUT_OF_RANGE)
            return whole[first:end]
        raise NotComputable(node)
