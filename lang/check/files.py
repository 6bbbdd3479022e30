"""One file: names first, then what they mean, then bodies and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lang import ast
from lang.check.bodies import BodyChecker
from lang.check.contracts import ContractChecker
from lang.check.declarations import (
    constant_value,
    declare_pending,
    not_a_failure,
    record,
    signature,
)
from lang.check.functions import check_body, check_recursion
from lang.check.scenarios import CheckedScenario, ScenarioChecker
from lang.check.tables import check_table
from lang.currencies import DECIMALS_MAX
from lang.diagnostics import Findings
from lang.scope import Pending, Scope
from lang.source import Source
from lang.symbols import (
    ContractSymbol,
    FunctionSymbol,
    InterfaceSymbol,
    Local,
)
from lang.types import UNKNOWN, Reference, describe, is_plain
from vm import limits


@dataclass(slots=True)
class CheckedTest:
    """A test with its locals: `parameters` are what `for any` chooses, `columns` what a row of its table gives."""

    declaration: ast.TestDeclaration
    parameters: list[Local]
    scope: Scope
    columns: list[Local] = field(default_factory=list)
    row: str = ""  # where it is one row of a table: its values, as people read them


@dataclass(slots=True)
class CheckedFile:
    """One file, understood."""

    file: ast.File
    scope: Scope
    contracts: list[ContractSymbol] = field(default_factory=list)
    functions: list[FunctionSymbol] = field(default_factory=list)
    tests: list[CheckedTest] = field(default_factory=list)
    scenarios: list[CheckedScenario] = field(default_factory=list)
    imports: list[CheckedFile] = field(default_factory=list)


Loader = Callable[[ast.Import, Source], "CheckedFile | None"]


def check_file(file: ast.File, findings: Findings, load: Loader) -> CheckedFile:
    """Check one file; `load` gives the checked form of a file that it imports."""
    return FileChecker(file, findings, load).run()


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
            elif isinstance(item, ast.ScenarioDeclaration):
                self.checked.scenarios.append(ScenarioChecker(self._test_scope(), item).run())
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
                not_a_failure(scope, item.name)
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
        columns = check_table(checker, item.columns, item.rows) if item.rows is not None else []
        checker.block(item.body)
        self.checked.tests.append(CheckedTest(item, parameters, self._test_scope(), columns))
