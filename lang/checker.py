"""From a syntax tree to a checked one: declarations, signatures, bodies, promises, effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lang import ast
from lang.beginnings import Beginnings
from lang.bodies import BodyChecker
from lang.currencies import DECIMALS_MAX
from lang.diagnostics import Edit, Findings
from lang.evaluator import Evaluator, NotComputable
from lang.expressions import ExpressionChecker, Flow
from lang.scope import RESERVED, Pending, Scope
from lang.source import Source, Span
from lang.symbols import (
    ConstantSymbol,
    ContractSymbol,
    FunctionSymbol,
    InterfaceSymbol,
    Local,
    RecordSymbol,
    StateField,
    TypeSymbol,
)
from lang.types import NOTHING, UNKNOWN, Reference, Type, Unknown, describe, fits, is_linear, is_plain, is_value, lower
from vm import limits
from vm import types as vm
from vm.failure import Code, Failure
from vm.instructions import Effect

WALLET_RULE = "WalletRule"
PUBLIC = ("pub", "view", "pure")



@dataclass(slots=True)
class CheckedTest:
    """A test with its locals: `parameters` are what `for any` chooses."""

    declaration: ast.TestDeclaration
    parameters: list[Local]
    scope: Scope


@dataclass(slots=True)
class CheckedFile:
    """One file, understood."""

    file: ast.File
    scope: Scope
    contracts: list[ContractSymbol] = field(default_factory=list)
    functions: list[FunctionSymbol] = field(default_factory=list)
    tests: list[CheckedTest] = field(default_factory=list)
    imports: list[CheckedFile] = field(default_factory=list)


Loader = Callable[[ast.Import, Source], "CheckedFile | None"]


def check_file(file: ast.File, findings: Findings, load: Loader) -> CheckedFile:
    """Check one file; `load` gives the checked form of a file that it imports."""
    return FileChecker(file, findings, load).run()


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


class FileChecker:
    """Checks one file from its top to its tests."""

    def __init__(self, file: ast.File, findings: Findings, load: Loader) -> None:
        self.file = file
        self.load = load
        self.scope = Scope(file.source, findings, constant_value=constant_value)
        self.scope.broken = set(file.broken_names)
        self.scope.is_incomplete = file.incomplete
        self.checked = CheckedFile(file, self.scope)
        self._tests: Scope | None = None

    def run(self) -> CheckedFile:
        """Names first, then what they mean, then bodies."""
        contracts: list[tuple[ContractSymbol, Scope]] = []
        for item in self.file.items:
            if isinstance(item, ast.Import):
                self._import(item)
        for item in self.file.items:
            made = self._declare(item)
            if made is not None:
                contracts.append(made)
        self.scope.settle_all()
        functions = [self._pure(item) for item in self.file.items if isinstance(item, ast.FunctionDeclaration)]
        for symbol, scope in contracts:
            ContractChecker(symbol, scope).signatures()
        for item in self.file.items:
            if isinstance(item, ast.InterfaceDeclaration):
                self._interface(item)
        self.checked.functions = [function for function in functions if function is not None]
        for function in self.checked.functions:
            check_body(self.scope, function)
        for symbol, scope in contracts:
            ContractChecker(symbol, scope).bodies()
            self.checked.contracts.append(symbol)
        check_recursion(self.checked.functions)
        for item in self.file.items:
            if isinstance(item, ast.TestDeclaration):
                self._test(item)
        return self.checked

    # ── The top of a file ─────────────────────────────────────────────────────────────────────────────────────────────

    def _import(self, node: ast.Import) -> None:
        other = self.load(node, self.file.source)
        if other is None:
            self.scope.broken |= {name.text for name in node.names}
            return
        self.checked.imports.append(other)
        self.scope.interfaces.update(other.scope.interfaces)
        for name in node.names:
            if name.text not in other.scope.names:
                exported = [key for key in other.scope.names if key in other.scope.spans]
                self.scope.unknown("E0212", "declaration in that file named", name, exported)
                self.scope.broken.add(name.text)
                continue
            symbol = other.scope.find(name.text)
            if isinstance(symbol, int):
                self.scope.units[name.text] = symbol
            self.scope.declare(name, symbol)

    def _declare(self, item: ast.TopLevel) -> tuple[ContractSymbol, Scope] | None:
        scope = self.scope
        match item:
            case ast.Unit():
                self._unit(item)
            case ast.StructDeclaration() | ast.EnumDeclaration() | ast.Constant():
                declare_pending(scope, item)
            case ast.ErrorDeclaration():
                _not_a_failure(scope, item.name)
                scope.declare(item.name, Pending(item.name.span, lambda: record(scope, item, -1)))
            case ast.InterfaceDeclaration():
                symbol = InterfaceSymbol(item.name.text, scope.source, item.name.span, {})
                if scope.declare(item.name, symbol):
                    scope.interfaces[Reference(symbol.name, scope.source.path)] = symbol
            case ast.ContractDeclaration():
                return self._contract(item)
        return None

    def _unit(self, item: ast.Unit) -> None:
        code, places = item.name.text, item.decimals
        good = code.isascii() and code.isupper() and code.isalnum() and 3 <= len(code) <= limits.CURRENCY_CODE_CHARACTERS_MAX
        if not good:
            most = limits.CURRENCY_CODE_CHARACTERS_MAX
            self.scope.error("E0214", f"a currency's code is 3 to {most} capital letters and digits", item.name.span)
        count = int(places.digits) if len(places.digits) < 4 else 1000
        if count > DECIMALS_MAX:
            self.scope.error("E0304", f"a currency has at most {DECIMALS_MAX} decimals", places.span)
            count = DECIMALS_MAX
        if self.scope.declare(item.name, count):
            self.scope.units[code] = count

    def _contract(self, item: ast.ContractDeclaration) -> tuple[ContractSymbol, Scope]:
        symbol = ContractSymbol(item.name.text, item, self.scope.source)
        interface = InterfaceSymbol(item.name.text, self.scope.source, item.name.span, {}, symbol)
        symbol.interface = interface
        if self.scope.declare(item.name, interface):
            self.scope.interfaces[Reference(symbol.name, self.scope.source.path)] = interface
        scope = Scope(self.scope.source, self.scope.findings, self.scope, symbol, constant_value=constant_value)
        scope.broken = self.scope.broken
        scope.is_incomplete = self.scope.is_incomplete
        return symbol, scope

    def _pure(self, item: ast.FunctionDeclaration) -> FunctionSymbol | None:
        if item.kind != "pure":
            message = "outside of a contract only `pure fn` stands; functions of a contract are indented in it"
            self.scope.error("E0713", message, item.name.span)
            return None
        symbol = signature(self.scope, item)
        return symbol if self.scope.declare(item.name, symbol) else None

    def _interface(self, item: ast.InterfaceDeclaration) -> None:
        symbol = self.scope.names.get(item.name.text)
        if not isinstance(symbol, InterfaceSymbol) or symbol.span != item.name.span:
            return
        for declaration in item.functions:
            function = signature(self.scope, declaration)
            if declaration.name.text in symbol.functions:
                self.scope.error("E0202", f"`{declaration.name.text}` is declared twice", declaration.name.span)
            symbol.functions[declaration.name.text] = function

    def _test_scope(self) -> Scope:
        """The file's names, and the types and constants of its contracts as far as they are called differently."""
        if self._tests is None:
            self._tests = Scope(self.scope.source, self.scope.findings, self.scope, constant_value=constant_value)
            shared: dict[str, list[object]] = {}
            for name in list(self.scope.names):
                symbol = self.scope.find(name)
                if isinstance(symbol, InterfaceSymbol) and symbol.contract is not None:
                    for inner, declared in symbol.contract.declared.items():
                        shared.setdefault(inner, []).append(declared)
            for name, found in shared.items():
                if len(found) == 1 and name not in self.scope.names:
                    self._tests.names[name] = found[0]
        return self._tests

    def _test(self, item: ast.TestDeclaration) -> None:
        checker = BodyChecker(self._test_scope(), is_test=True)
        parameters = []
        for parameter in item.parameters:
            kind = self.scope.type_of(parameter.annotation)
            if not is_plain(kind) or isinstance(kind, Reference):
                self.scope.error("E0803", f"`for any` has no way to choose a `{describe(kind)}`", parameter.annotation.span)
                kind = UNKNOWN
            parameters.append(checker.new_local(parameter.name, kind, is_fixed=True))
        if item.where is not None:
            checker.condition(item.where)
        checker.block(item.body)
        self.checked.tests.append(CheckedTest(item, parameters, self.scope))


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
            scope.unknown("E0204", f"field of `{item.name.text}`", item.divides, names)
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


def _not_a_failure(scope: Scope, name: ast.Identifier) -> None:
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


def check_body(scope: Scope, function: FunctionSymbol) -> list[FunctionSymbol]:
    """Check a function's clauses, promises and body; fills what was found out into the symbol.

    Gives its clauses and promises as functions, which may only read.
    """
    item = function.declaration
    checker = BodyChecker(scope, function=function)
    contract = scope.contract
    every = frozenset(range(len(contract.phases))) if contract is not None else frozenset()
    start = frozenset({0}) & every if function.kind == "init" else every
    checker.flow.phases = function.phases if function.phases is not None else start
    kinds = dict(function.parameters)
    for parameter in item.parameters:
        kind = kinds[parameter.name.text]
        checker.new_local(parameter.name, kind, is_fixed=not is_linear(kind), is_parameter=True)
    readers = [_check_by(checker, function)]
    body = item.body or []
    promises = [statement for statement in body if isinstance(statement, ast.Ensures)]
    rest = body
    while rest and isinstance(rest[0], ast.Ensures):
        rest = rest[1:]
    _run(checker, rest)
    function.locals = checker.all_locals
    function.local_count = len(checker.all_locals)
    _check_effects(scope, function, checker)
    leading = len(body) - len(rest)
    for promise in promises[:leading]:
        readers.append(_check_ensures(scope, function, promise))
    return readers


def _run(checker: BodyChecker, body: list[ast.Statement]) -> None:
    function = checker.function
    assert function is not None
    checker.block(body)
    checker.finish(function.declaration.name.span)
    checker.end_of(checker.locals.pop())


def _check_by(checker: BodyChecker, function: FunctionSymbol) -> FunctionSymbol:
    item, scope = function.declaration, checker.scope
    clause = FunctionSymbol("by", "view", (), NOTHING, None, item, scope.source, scope=scope)
    checker.function = clause
    _check_clauses(checker, function)
    checker.function = function
    _only_reads(scope, checker, "a `by` clause")
    function.invokes |= clause.invokes
    return clause


def _check_clauses(checker: BodyChecker, function: FunctionSymbol) -> None:
    item, scope = function.declaration, checker.scope
    if item.by is None:
        if function.kind == "pub":
            place = _clause_place(scope, item)
            edit = Edit(Span(place, place), " by anyone", "say that anyone may") if place else None
            message = f"`{item.name.text}` does not say who may call it"
            scope.error("E0501", message, item.name.span, expected="`by anyone`, `by self.owner`, …", edit=edit)
        return
    if function.kind not in ("pub", "init"):
        scope.error("E0507", "only functions that are called from outside say `by`", item.name.span)
    for by in item.by:
        if by.value is None:
            if len(item.by) > 1:
                scope.error("E0502", "`anyone` stands alone", by.span)
            continue
        if not by.any_of:
            kind = checker.look(by.value) if isinstance(by.value, ast.Attribute) else checker.check(by.value)
            if not isinstance(kind, Unknown | Reference) and kind != vm.ADDRESS:
                checker.forgive(by.value)
                message = f"`by` names an address, this is `{describe(kind)}`"
                is_many = isinstance(kind, vm.List | vm.Set | vm.Map)
                edit = Edit(Span(by.value.span.start, by.value.span.start), "any of ", "write `any of`") if is_many else None
                scope.error("E0502", message, by.value.span, expected="`any of …`" if is_many else "an `Address`", edit=edit)
            continue
        kind = checker.look(by.value)
        match kind:
            case vm.List(element, _) | vm.Set(element) | vm.Map(element, _) if element == vm.ADDRESS:
                checker.note(Effect.READ, by.value.span, "reads the state")
            case Unknown():
                pass
            case _:
                scope.error("E0502", f"`any of` names a list, set or map of addresses, this is `{describe(kind)}`", by.value.span)


def _clause_place(scope: Scope, item: ast.FunctionDeclaration) -> int:
    """Where a `by` clause would stand: after the parameters and the result."""
    if item.result is not None:
        return item.result.span.end
    text = scope.source.text
    close, level = item.name.span.end, 0
    while close < len(text):
        level += {"(": 1, ")": -1}.get(text[close], 0)
        close += 1
        if level == 0:
            return close
    return 0


def _check_ensures(scope: Scope, function: FunctionSymbol, promise: ast.Ensures) -> FunctionSymbol:
    symbol = FunctionSymbol("ensures", "view", (), NOTHING, None, function.declaration, scope.source, scope=scope)
    checker = BodyChecker(scope, function=symbol)
    checker.old_allowed = function.kind != "init"
    checker.result_type = function.result if is_plain(function.result) else None
    if scope.contract is not None:
        checker.flow.phases = frozenset(range(len(scope.contract.phases)))
    for parameter, (_, kind) in zip(function.declaration.parameters, function.parameters, strict=False):
        local = checker.new_local(parameter.name, kind, is_fixed=True)
        if is_linear(kind):
            checker.flow.held[local] = parameter.span
    checker.is_promise = True
    checker.condition(promise.condition)
    _only_reads(scope, checker, "a promise")
    return symbol


def _only_reads(scope: Scope, checker: ExpressionChecker, what: str) -> None:
    for effect, (span, does) in checker.effects.items():
        if effect not in (Effect.READ, Effect.READ_OTHER):
            scope.error("E0704", f"{what} only reads; this {does}", span)


def _check_effects(scope: Scope, function: FunctionSymbol, checker: BodyChecker) -> None:
    function.effects = 0
    for effect, (span, does) in checker.effects.items():
        function.effects |= effect
        if function.kind == "view" and effect not in (Effect.READ, Effect.READ_OTHER):
            scope.error("E0704", f"a view only reads; this {does}", span)
        if function.kind == "pure":
            scope.error("E0705", f"what is pure only computes; this {does}", span)
        if function.kind == "rule" and effect in (Effect.MONEY, Effect.CALL_OTHER):
            scope.error("E0704", f"a rule decides and remembers; this {does}", span)


def check_recursion(functions: Sequence[FunctionSymbol]) -> None:
    """A finding for every function that can come back to itself."""
    done: set[FunctionSymbol] = set()
    for root in functions:
        path: list[FunctionSymbol] = []
        on_path: set[FunctionSymbol] = set()
        stack: list[tuple[FunctionSymbol, Iterator[FunctionSymbol]]] = []
        if root not in done:
            stack.append((root, iter(root.invokes)))
            path.append(root)
            on_path.add(root)
        while stack:
            function, rest = stack[-1]
            callee = next(rest, None)
            if callee is None:
                stack.pop()
                path.pop()
                on_path.discard(function)
                done.add(function)
            elif callee in on_path:
                names = " → ".join(f.name for f in [*path[path.index(callee) :], callee])
                scope = function.scope
                assert isinstance(scope, Scope)
                scope.error("E0601", f"this would go round forever: {names}; use a bounded loop", function.invokes[callee])
                done.add(callee)
            elif callee not in done:
                stack.append((callee, iter(callee.invokes)))
                path.append(callee)
                on_path.add(callee)


class ContractChecker:
    """Checks one contract: `signatures` first, for all contracts of a file, then `bodies`."""

    def __init__(self, symbol: ContractSymbol, scope: Scope) -> None:
        self.symbol = symbol
        self.scope = scope

    # ── Signatures ────────────────────────────────────────────────────────────────────────────────────────────────────

    def signatures(self) -> None:
        """Types, fields, phases, records and functions, without looking into bodies."""
        members = self.symbol.declaration.members
        for member in members:
            if isinstance(member, ast.StructDeclaration | ast.EnumDeclaration | ast.ResourceDeclaration | ast.Constant):
                declare_pending(self.scope, member)
            elif isinstance(member, ast.CurrencyDeclaration):
                self._currency(member)
        self.scope.settle_all()
        self.symbol.declared = {n: s for n, s in self.scope.names.items() if isinstance(s, TypeSymbol | ConstantSymbol)}
        for member in members:
            match member:
                case ast.PhasesDeclaration():
                    self._phases(member)
                case ast.Field():
                    self._field(member)
                case ast.EventDeclaration():
                    self._record(member, self.symbol.events, limits.EVENTS_MAX)
                case ast.ErrorDeclaration():
                    self._record(member, self.symbol.errors, limits.ERRORS_MAX)
                case ast.Invariant():
                    self.symbol.invariants.append(member)
        for member in members:
            if isinstance(member, ast.FunctionDeclaration):
                self._function(member)
        self._implements()

    def _currency(self, member: ast.CurrencyDeclaration) -> None:
        if self.symbol.currency is not None:
            self.scope.error("E0202", "the home currency is declared twice", member.span)
        if self.scope.decimals(member.name.text) is None:
            message = f"there is no currency `{member.name.text}`; declare it: `unit {member.name.text}: 2 decimals`"
            self.scope.error("E0214", message, member.name.span)
        else:
            self.symbol.currency = member.name.text

    def _phases(self, member: ast.PhasesDeclaration) -> None:
        symbol = self.symbol
        if symbol.phases:
            self.scope.error("E0202", "phases are declared twice; put all chains into one declaration", member.span)
            return
        for chain in member.chains:
            for group in chain:
                for name in group:
                    if name.text not in symbol.phases:
                        self.scope.fits_name(name)
                        symbol.phases.append(name.text)
        if len(symbol.phases) > limits.PHASES_MAX:
            self.scope.error("E0901", f"a contract has at most {limits.PHASES_MAX} phases", member.span)
            del symbol.phases[limits.PHASES_MAX :]
            return
        number = symbol.phases.index
        for chain in member.chains:
            for before, after in pairwise(chain):
                symbol.steps |= {(number(a.text), number(b.text)) for a in before for b in after}
        reached = {0}
        while more := {b for a, b in symbol.steps if a in reached} - reached:
            reached |= more
        for chain in member.chains:
            for group in chain:
                for name in group:
                    if number(name.text) not in reached:
                        reached.add(number(name.text))
                        message = f"no step leads from {symbol.phases[0]} to {name.text}"
                        self.scope.error("E0506", message, name.span)

    def _field(self, member: ast.Field) -> None:
        name = member.name.text
        kind = self.scope.type_of(member.annotation)
        if isinstance(kind, vm.Coin | vm.Resource | vm.Option | vm.Tuple) and is_linear(kind):
            what = "a Vault" if isinstance(kind, vm.Coin) else "a Map"
            self.scope.error("E0406", f"a state field holds no `{describe(kind)}`: keep it in {what}", member.annotation.span)
            kind = UNKNOWN
        if name in self.symbol.fields:
            notes = (("it was declared here first", self.symbol.fields[name].span),)
            self.scope.error("E0202", f"`{name}` is declared twice", member.name.span, notes=notes)
            return
        self.scope.fits_name(member.name)
        stored = kind.value if isinstance(kind, vm.Map) else kind
        if not isinstance(stored, Unknown) and vm.encoded_max(lower(stored)) > limits.VALUE_BYTES_MAX:
            message = f"a value in the state has at most {limits.VALUE_BYTES_MAX} bytes, this one may have more"
            self.scope.error("E0901", message, member.annotation.span)
        if len(self.symbol.fields) == limits.STATE_FIELDS_MAX:
            self.scope.error("E0901", f"a contract has at most {limits.STATE_FIELDS_MAX} state fields", member.name.span)
        initial = member.value
        if initial is not None and isinstance(kind, vm.Vault | vm.Map | vm.Set):
            self.scope.error("E0315", f"a {type(kind).__name__} begins empty", initial.span)
        elif initial is not None:
            constant_value(initial, kind, self.scope)
        index = len(self.symbol.fields)
        self.symbol.fields[name] = StateField(name, kind, index, member.name.span, initial)

    def _record(
        self, member: ast.EventDeclaration | ast.ErrorDeclaration, table: dict[str, RecordSymbol], most: int
    ) -> None:
        name = member.name.text
        if name in table:
            notes = (("it was declared here first", table[name].span),)
            self.scope.error("E0202", f"`{name}` is declared twice", member.name.span, notes=notes)
            return
        if isinstance(member, ast.ErrorDeclaration):
            _not_a_failure(self.scope, member.name)
        if len(table) == most:
            what = "events" if table is self.symbol.events else "errors"
            self.scope.error("E0901", f"a contract has at most {most} {what}", member.name.span)
        table[name] = record(self.scope, member, len(table))

    def _function(self, member: ast.FunctionDeclaration) -> None:
        symbol = self.symbol
        function = signature(self.scope, member)
        name = member.name.text
        if member.kind == "init":
            if symbol.init is not None:
                notes = (("it was declared here first", symbol.init.declaration.name.span),)
                self.scope.error("E0202", "`init` is declared twice", member.name.span, notes=notes)
                return
            if function.phases is not None:
                self.scope.error("E0507", "`init` runs once, in the first phase", member.name.span)
            symbol.init = function
            return
        if name in symbol.functions or name in self.scope.names:
            self.scope.error("E0202", f"`{name}` is declared twice", member.name.span)
            return
        if name in symbol.fields:
            self.scope.error("E0202", f"`{name}` is a state field already", member.name.span)
        if name in RESERVED:
            self.scope.error("E0206", f"`{name}` belongs to the language; choose another name", member.name.span)
        if len(symbol.functions) == limits.FUNCTIONS_MAX // 2:
            self.scope.error("E0901", f"a contract has at most {limits.FUNCTIONS_MAX // 2} functions", member.name.span)
        symbol.functions[name] = function
        if member.kind in PUBLIC:
            assert symbol.interface is not None
            symbol.interface.functions[name] = function
        if member.kind == "rule":
            self._rule(function)

    def _rule(self, function: FunctionSymbol) -> None:
        names = [name.text for name in self.symbol.declaration.implements]
        kinds = [kind for _, kind in function.parameters]
        if WALLET_RULE not in names or function.name != "check" or kinds != [vm.PAYMENT]:
            message = "a rule is `rule fn check(payment: Payment)` of a contract that implements WalletRule"
            self.scope.error("E0709", message, function.declaration.name.span)

    def _implements(self) -> None:
        if len(self.symbol.declaration.implements) > limits.IMPLEMENTS_MAX:
            place = self.symbol.declaration.implements[limits.IMPLEMENTS_MAX].span
            self.scope.error("E0901", f"a contract implements at most {limits.IMPLEMENTS_MAX} interfaces", place)
        for name in self.symbol.declaration.implements:
            if name.text == WALLET_RULE and WALLET_RULE in self.symbol.implements:
                self.scope.error("E0202", f"`{name.text}` is named twice", name.span)
                continue
            if name.text == WALLET_RULE:
                self.symbol.implements.append(WALLET_RULE)
                if "check" not in self.symbol.functions or self.symbol.functions["check"].kind != "rule":
                    message = "a WalletRule has `rule fn check(payment: Payment)`"
                    self.scope.error("E0706", message, name.span)
                continue
            symbol = self.scope.find(name.text)
            if not isinstance(symbol, InterfaceSymbol):
                self.scope.unknown("E0201", "interface", name, [*self.scope.names_of(InterfaceSymbol), WALLET_RULE])
                continue
            if symbol in self.symbol.implements:
                self.scope.error("E0202", f"`{name.text}` is named twice", name.span)
                continue
            self.symbol.implements.append(symbol)

    def _check_interface(self, interface: InterfaceSymbol, name: ast.Identifier) -> None:
        for wanted in interface.functions.values():
            own = self.symbol.functions.get(wanted.name)
            shape = _shape(wanted)
            if own is None or own.kind not in PUBLIC:
                self.scope.error("E0706", f"`{interface.name}` asks for `{shape}`", name.span, expected=f"`{shape}`")
                continue
            same = (own.kind == "pub") == (wanted.kind == "pub") and len(own.parameters) == len(wanted.parameters)
            same = same and all(fits(b, a) for (_, a), (_, b) in zip(own.parameters, wanted.parameters, strict=False))
            if not same or not fits(own.result, wanted.result):
                message = f"`{interface.name}` asks for another `{own.name}`"
                self.scope.error("E0707", message, own.declaration.name.span, expected=f"`{shape}`")

    # ── Bodies ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def bodies(self) -> None:
        """Everything inside of functions and promises."""
        symbol = self.symbol
        for name in symbol.declaration.implements:
            found = self.scope.find(name.text)
            if isinstance(found, InterfaceSymbol):
                self._check_interface(found, name)
        functions = [*([symbol.init] if symbol.init is not None else []), *symbol.functions.values()]
        self._find_becomes(functions)
        readers: list[FunctionSymbol] = []
        for function in functions:
            readers += check_body(self.scope, function)
        check_recursion(functions)
        readers += [self._invariant(invariant) for invariant in symbol.invariants]
        self._spread_effects([*functions, *readers])
        self._initial_values()
        self._money_leaves()

    def _find_becomes(self, functions: list[FunctionSymbol]) -> None:
        """Which phases each function may lead to, by way of those it calls too."""
        calls: dict[FunctionSymbol, set[FunctionSymbol]] = {}
        for function in functions:
            calls[function] = set()
            for node in ast.walk(function.declaration):
                if isinstance(node, ast.Become) and node.phase.text in self.symbol.phases:
                    function.becomes.add(self.symbol.phases.index(node.phase.text))
                elif isinstance(node, ast.Call) and isinstance(node.callee, ast.Name):
                    callee = self.symbol.functions.get(node.callee.text)
                    if callee is not None:
                        calls[function].add(callee)
        changed = True
        while changed:
            changed = False
            for function, callees in calls.items():
                more = set().union(*(callee.becomes for callee in callees)) if callees else set()
                if not more <= function.becomes:
                    function.becomes |= more
                    changed = True

    def _spread_effects(self, functions: list[FunctionSymbol]) -> None:
        """Views and pure functions are held to what they do by way of others."""
        allowed = {"view": Effect.READ | Effect.READ_OTHER, "pure": 0}
        for function in functions:
            if function.kind not in ("view", "pure", "rule"):
                continue
            may = allowed.get(function.kind, ~(Effect.MONEY | Effect.CALL_OTHER))
            seen: set[FunctionSymbol] = set()
            stack = [(callee, span) for callee, span in function.invokes.items()]
            while stack:
                callee, span = stack.pop()
                if callee in seen:
                    continue
                seen.add(callee)
                if callee.effects & ~may or (function.kind == "pure" and callee.sees_call):
                    code = "E0705" if function.kind == "pure" else "E0704"
                    what = {"view": "only reads", "pure": "only computes", "rule": "decides and remembers"}[function.kind]
                    self.scope.error(code, f"`{function.name}` {what}; `{callee.name}` does more", span)
                    continue
                stack.extend((inner, span) for inner in callee.invokes)

    def _invariant(self, invariant: ast.Invariant) -> FunctionSymbol:
        nobody = ast.FunctionDeclaration(
            "view", ast.Identifier("invariant", span=invariant.span), [], None, None, None, None, span=invariant.span
        )
        function = FunctionSymbol("invariant", "view", (), NOTHING, None, nobody, self.scope.source, scope=self.scope)
        checker = ExpressionChecker(self.scope, function=function)
        checker.flow = Flow(phases=frozenset(range(len(self.symbol.phases))))
        checker.is_invariant = True
        checker.condition(invariant.condition)
        _only_reads(self.scope, checker, "an invariant")
        return function

    def _initial_values(self) -> None:
        symbol = self.symbol
        needed = {
            name
            for name, field in symbol.fields.items()
            if field.initial is None and not isinstance(field.type, vm.Vault | vm.Map | vm.Set | Unknown)
        }
        assigned = symbol.init is not None and Beginnings(self.scope, symbol, needed).after(symbol.init)
        for name in symbol.fields:
            if name in needed and (not assigned or name not in assigned):
                message = f"`{name}` has no value when the contract begins: assign it in `init` on every way, or write `= …` here"
                self.scope.error("E0321", message, symbol.fields[name].span)

    def _money_leaves(self) -> None:
        """A warning for vaults into which money goes and out of which none comes."""
        filled: dict[str, Span] = {}
        emptied: set[str] = set()
        for function in [*([self.symbol.init] if self.symbol.init else []), *self.symbol.functions.values()]:
            for node in ast.walk(function.declaration):
                if not isinstance(node, ast.Call) or not isinstance(node.callee, ast.Attribute):
                    continue
                target = node.callee.value
                while isinstance(target, ast.Index):
                    target = target.value
                if not isinstance(target, ast.Attribute) or not isinstance(target.ref, StateField):
                    continue
                if node.callee.name.text == "put" and isinstance(node.callee.value.type, vm.Vault):
                    filled.setdefault(target.ref.name, node.span)
                elif node.callee.name.text in ("take", "take_all"):
                    emptied.add(target.ref.name)
        for name, span in filled.items():
            if name not in emptied:
                self.scope.error("W0501", f"money goes into `{name}` and never comes out", span)


def _shape(function: FunctionSymbol) -> str:
    """A signature as it is written."""
    word = "view fn" if function.kind in ("view", "pure") else "pub fn"
    parameters = ", ".join(f"{name}: {describe(kind)}" for name, kind in function.parameters)
    result = f" -> {describe(function.result)}" if function.result != NOTHING else ""
    return f"{word} {function.name}({parameters}){result}"
