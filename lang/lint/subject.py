"""What a rule looks at: a checked file, and what rules ask of its tree again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lang import ast
from lang.catalogue.entry import Entry
from lang.check import CheckedFile
from lang.diagnostics import Diagnostic, Edit
from lang.source import Source, Span
from lang.symbols import Builtin, ContractSymbol, FunctionSymbol, StateField


@dataclass(frozen=True, slots=True)
class Subject:
    """A file. `is_imported` says that another one names what it declares, so that nothing outside of contracts is unused."""

    checked: CheckedFile
    is_imported: bool = False

    @property
    def source(self) -> Source:
        """The text."""
        return self.checked.file.source

    @property
    def contracts(self) -> list[ContractSymbol]:
        """The contracts that the file declares."""
        return self.checked.contracts

    def finding(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        edit: Edit | None = None,
        notes: tuple[tuple[str, Span | None], ...] = (),
    ) -> Diagnostic:
        """A finding in this file."""
        return Diagnostic(code, message, self.source, span, edit=edit, notes=notes)

    def text(self, node: ast.Node) -> str:
        """A node as it was written."""
        return self.source.text[node.span.start : node.span.end]

    def without(self, node: ast.Node) -> Edit:
        """The edit that takes a declaration out, line and all."""
        text, (start, end) = self.source.text, node.span
        start = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", end)
        return Edit(Span(start, len(text) if stop < 0 else stop + 1), "", "take it out")


Find = Callable[[Subject], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its entry for the documentation: `wrong` has exactly one finding, of its code, and `right` none."""

    code: str
    entry: Entry
    find: Find


def functions_of(contract: ContractSymbol) -> list[FunctionSymbol]:
    """The functions that a contract declares, `init` first."""
    own = [function for function in contract.functions.values() if function.declaration in contract.declaration.members]
    return [*([contract.init] if contract.init is not None else []), *own]


def with_invoked(function: FunctionSymbol) -> list[FunctionSymbol]:
    """A function and all that it calls inside of its contract, itself first."""
    found = [function]
    for other in found:
        found += [inner for inner in other.invokes if inner not in found]
    return found


def nodes_of(functions: Iterable[FunctionSymbol]) -> Iterator[ast.Node]:
    """Every node of the bodies of functions."""
    for function in functions:
        for statement in function.declaration.body or ():
            yield from ast.walk(statement)


def state_field(node: ast.Node) -> str | None:
    """The state field that `self.x`, `self.x[k]` or `self.x[k].y` begins with; None for anything else."""
    while isinstance(node, ast.Index | ast.Attribute):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Self):
            return node.ref.name if isinstance(node.ref, StateField) else None
        node = node.value
    return None


def calls_builtin(node: ast.Node, name: str) -> bool:
    """Whether a node is a call of a standard function."""
    return isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.text == name


def is_sender(node: ast.Node) -> bool:
    """Whether a node is `sender`."""
    return isinstance(node, ast.Name) and node.ref == Builtin("sender")


def is_open(function: FunctionSymbol) -> bool:
    """Whether anyone may call a public function."""
    by = function.declaration.by
    return function.kind == "pub" and by is not None and any(alternative.value is None for alternative in by)
