"""Declarations: types, constants, records and signatures, resolved."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast
from lang.check.expressions import ExpressionChecker
from lang.evaluator import Evaluator, NotComputable
from lang.scope import Pending, Scope
from lang.source import Span
from lang.symbols import (
    ConstantSymbol,
    FunctionSymbol,
    RecordSymbol,
    TypeSymbol,
)
from lang.types import NOTHING, UNKNOWN, Type, Unknown, describe, is_linear, is_plain, is_value, lower
from vm import limits
from vm import types as vm
from vm.failure import Code, Failure


def constant_value(node: ast.Expression, expected: Type, scope: Scope) -> object | None:
    """The value of a constant expression of a type, or None after a finding."""
    checker = ExpressionChecker(scope)
    checker.is_constant = True
    before = len(scope.findings.diagnostics)
    kind = checker.check(node, expected)
    if isinstance(kind, Unknown) or len(scope.findings.diagnostics) > before:
        return None
    try:
        value: object = Evaluator().value(node)
        return value
    except NotComputable:
        scope.error("E0315", "a constant is computed from literals and constants", node.span)
    except Failure as failure:
        scope.error("E0315", f"this constant cannot be computed: {failure.name}", node.span)
    return None


def declare_pending(
    scope: Scope, item: ast.StructDeclaration | ast.EnumDeclaration | ast.ResourceDeclaration | ast.Constant
) -> None:
    """Declare a type or constant that is looked into when it is first asked for."""

    def resolve() -> object:
        match item:
            case ast.StructDeclaration():
                return struct(scope, item)
            case ast.EnumDeclaration():
                return enum(scope, item)
            case ast.ResourceDeclaration():
                return resource(scope, item)
        return constant(scope, item)

    scope.declare(item.name, Pending(item.name.span, resolve))


def plain_fields(scope: Scope, declared: Sequence[ast.Field], what: str) -> tuple[tuple[str, Type], ...]:
    """The fields of a record, each plain, none twice."""
    seen: dict[str, Type] = {}
    if len(declared) > limits.STRUCT_FIELDS_MAX:
        scope.error("E0901", f"{what} has at most {limits.STRUCT_FIELDS_MAX} fields", declared[-1].span)
    for item in declared[: limits.STRUCT_FIELDS_MAX]:
        scope.fits_name(item.name)
        kind = scope.type_of(item.annotation)
        if not is_plain(kind):
            scope.error("E0406", f"{what} holds plain values, not `{describe(kind)}`", item.annotation.span)
            kind = UNKNOWN
        if item.name.text in seen:
            scope.error("E0202", f"`{item.name.text}` is declared twice", item.name.span)
        if item.value is not None:
            scope.error("E0315", f"the fields of {what} have no initial values", item.value.span)
        seen[item.name.text] = kind
    return tuple(seen.items())


def _type_symbol(scope: Scope, name: ast.Identifier, kind: vm.Type) -> TypeSymbol | Unknown:
    sized = scope.sized(kind, name.span)
    return UNKNOWN if isinstance(sized, Unknown) else TypeSymbol(name.text, kind, name.span)


def struct(scope: Scope, item: ast.StructDeclaration) -> TypeSymbol | Unknown:
    """The type of a struct."""
    parts = plain_fields(scope, item.fields, "a struct")
    if not parts:
        scope.error("E0311", "a struct has at least one field", item.name.span)
        return UNKNOWN
    if any(isinstance(kind, Unknown) for _, kind in parts):
        return UNKNOWN
    return _type_symbol(scope, item.name, vm.Struct(item.name.text, parts))  # type: ignore[arg-type]


def enum(scope: Scope, item: ast.EnumDeclaration) -> TypeSymbol | Unknown:
    """The type of an enum."""
    variants: dict[str, tuple[tuple[str, Type], ...]] = {}
    for variant in item.variants[: limits.VARIANTS_MAX]:
        scope.fits_name(variant.name)
        if variant.name.text in variants:
            scope.error("E0202", f"`{variant.name.text}` is declared twice", variant.name.span)
        variants[variant.name.text] = plain_fields(scope, variant.fields, "a variant")
    if not variants or len(item.variants) > limits.VARIANTS_MAX:
        scope.error("E0901", f"an enum has 1 to {limits.VARIANTS_MAX} variants", item.name.span)
        return UNKNOWN
    if any(isinstance(kind, Unknown) for payload in variants.values() for _, kind in payload):
        return UNKNOWN
    return _type_symbol(scope, item.name, vm.Enum(item.name.text, tuple(variants.items())))  # type: ignore[arg-type]


def resource(scope: Scope, item: ast.ResourceDeclaration) -> TypeSymbol | Unknown:
    """The type of a resource."""
    parts = plain_fields(scope, item.fields, "a resource")
    divides = None
    if item.divides is not None:
        names = [name for name, _ in parts]
        if item.divides.text not in names:
            scope.unknown("E0204", "field", item.divides, names, where=f" in `{item.name.text}`")
            return UNKNOWN
        divides = names.index(item.divides.text)
        measure = parts[divides][1]
        unsigned = isinstance(measure, vm.Amount) or (measure in vm.INTEGERS and isinstance(measure, vm.Int) and measure.low == 0)
        if not unsigned and not isinstance(measure, Unknown):
            message = f"a resource divides by an amount or an unsigned integer, not by `{describe(measure)}`"
            scope.error("E0408", message, item.divides.span)
            return UNKNOWN
    if any(isinstance(kind, Unknown) for _, kind in parts):
        return UNKNOWN
    return _type_symbol(scope, item.name, vm.Resource(item.name.text, parts, divides))  # type: ignore[arg-type]


def constant(scope: Scope, item: ast.Constant) -> ConstantSymbol | Unknown:
    """A constant with its value."""
    kind = scope.type_of(item.annotation)
    if isinstance(kind, Unknown):
        return UNKNOWN
    if not is_plain(kind):
        scope.error("E0315", f"a constant is plain, not `{describe(kind)}`", item.annotation.span)
        return UNKNOWN
    value = constant_value(item.value, kind, scope)
    return ConstantSymbol(item.name.text, kind, value, item.name.span) if value is not None else UNKNOWN


def record(scope: Scope, item: ast.EventDeclaration | ast.ErrorDeclaration, index: int) -> RecordSymbol:
    """An event or error."""
    what = "an event" if isinstance(item, ast.EventDeclaration) else "an error"
    scope.fits_name(item.name)
    parts = plain_fields(scope, item.fields, what)
    most = limits.EVENT_BYTES_MAX if isinstance(item, ast.EventDeclaration) else limits.RETURN_BYTES_MAX
    size = 3 + sum(vm.encoded_max(lower(kind)) for _, kind in parts if not isinstance(kind, Unknown))
    if size > most:
        scope.error("E0901", f"{what} has at most {most} bytes, this one may have {size}", item.name.span)
    return RecordSymbol(item.name.text, parts, index, item.name.span)


def not_a_failure(scope: Scope, name: ast.Identifier) -> None:
    """A finding where an error takes the name of one of the machine's failures."""
    if name.text in set(Code):
        scope.error("E0206", f"`{name.text}` is a failure of the machine; choose another name", name.span)


def signature(scope: Scope, item: ast.FunctionDeclaration) -> FunctionSymbol:
    """A function's parameters, result and phases, resolved."""
    parameters: dict[str, Type] = {}
    if item.name.text == "init" and item.kind != "init":
        scope.error("E0206", "`init` is what a contract begins with; it is written without `fn`", item.name.span)
    if len(item.parameters) > limits.PARAMETERS_MAX:
        scope.error("E0901", f"a function has at most {limits.PARAMETERS_MAX} parameters", item.parameters[-1].span)
    scope.fits_name(item.name)
    for parameter in item.parameters:
        scope.fits_name(parameter.name)
        kind = scope.type_of(parameter.annotation)
        if not is_value(kind):
            scope.error("E0311", f"a `{describe(kind)}` stays in the state; it is no parameter", parameter.annotation.span)
            kind = UNKNOWN
        elif item.kind in ("view", "pure", "rule") and is_linear(kind):
            message = "what only reads takes no money; make it a `pub fn`"
            scope.error("E0406", message, parameter.annotation.span)
            kind = UNKNOWN
        _no_resource(scope, item, kind, parameter.annotation.span)
        if parameter.name.text in parameters:
            scope.error("E0202", f"`{parameter.name.text}` is declared twice", parameter.name.span)
        parameters[parameter.name.text] = kind
    result: Type = NOTHING
    if item.result is not None:
        result = scope.type_of(item.result)
        if not is_value(result):
            scope.error("E0311", f"a `{describe(result)}` stays in the state; it is no result", item.result.span)
            result = UNKNOWN
        _no_resource(scope, item, result, item.result.span)
        if item.kind in ("pub", "view", "pure") and not isinstance(result, Unknown):
            size = vm.encoded_max(lower(result))
            if size > limits.RETURN_BYTES_MAX:
                message = f"a result has at most {limits.RETURN_BYTES_MAX} bytes, this one may have {size}"
                scope.error("E0901", message, item.result.span)
        if item.kind in ("init", "rule"):
            scope.error("E0322", f"`{item.name.text}` returns nothing", item.result.span)
    phases = None
    if item.phases is not None:
        phases = ExpressionChecker(scope).phase_set(item.phases)
    return FunctionSymbol(item.name.text, item.kind, tuple(parameters.items()), result, phases, item, scope.source, scope=scope)


def _no_resource(scope: Scope, item: ast.FunctionDeclaration, kind: Type, span: Span) -> None:
    outside = item.kind in ("init", "pub", "view", "pure", "rule")
    if outside and is_linear(kind) and not isinstance(kind, vm.Coin):
        message = f"`{describe(kind)}` does not leave the contract; only a private `fn` hands it on"
        scope.error("E0407", message, span)
