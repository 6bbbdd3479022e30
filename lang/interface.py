"""What a contract offers, as plain data: for wallets, command lines, documentation and other languages."""

from __future__ import annotations

from lang import ast
from lang.symbols import ContractSymbol, FunctionSymbol
from lang.types import Nothing, Type, describe
from vm.module import Module

INTERFACE_VERSION = 1


def describe_contract(contract: ContractSymbol, module: Module) -> dict[str, object]:
    """The interface of a contract: JSON-able, in the order of the text."""
    init = contract.init
    return {
        "tael": INTERFACE_VERSION,
        "name": contract.name,
        "doc": contract.declaration.doc,
        "currency": module.currency,
        "phases": list(contract.phases),
        "steps": [[contract.phases[a], contract.phases[b]] for a, b in sorted(contract.steps)],
        "implements": list(module.implements),
        "fields": [{"name": field.name, "type": describe(field.type)} for field in contract.fields.values()],
        "events": [_record(event.name, event.fields) for event in contract.events.values()],
        "errors": [{"name": error.name, "fields": _fields(tuple((n, k) for n, k in error.fields))} for error in module.errors],
        "init": _function(contract, init) if init is not None else {"parameters": []},
        "functions": [_function(contract, function) for function in contract.functions.values() if function.kind],
        "invariants": [_text(contract, invariant.condition) for invariant in contract.invariants],
    }


def _record(name: str, fields: tuple[tuple[str, Type], ...]) -> dict[str, object]:
    return {"name": name, "fields": _fields(fields)}


def _fields(fields: tuple[tuple[str, Type], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": describe(kind)} for name, kind in fields]


def _text(contract: ContractSymbol, node: ast.Node) -> str:
    return contract.source.text[node.span.start : node.span.end]


def _function(contract: ContractSymbol, function: FunctionSymbol) -> dict[str, object]:
    item = function.declaration
    by = None
    if item.by is not None:
        parts = [f"any of {_text(contract, b.value)}" if b.any_of else _text(contract, b.value) for b in item.by if b.value]
        by = " or ".join(parts) if parts else "anyone"
    phases = sorted(function.phases) if function.phases is not None else None
    return {
        "name": function.name,
        "kind": function.kind,
        "doc": item.doc,
        "parameters": _fields(function.parameters),
        "result": None if isinstance(function.result, Nothing) else describe(function.result),
        "by": by,
        "phases": None if phases is None else [contract.phases[phase] for phase in phases],
        "ensures": [_text(contract, s.condition) for s in item.body or [] if isinstance(s, ast.Ensures)],
    }
