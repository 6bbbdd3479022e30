"""A module put together from the functions of one contract and everything they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lang import ast
from lang.emit.code import Draft, FunctionDebug
from lang.emit.functions import FunctionEmitter
from lang.symbols import (
    ContractSymbol,
    ExternalUse,
    FunctionSymbol,
    RecordSymbol,
    StateField,
)
from lang.types import Nothing as NothingType
from lang.types import is_plain, lower
from vm import instructions as op
from vm import types as vm
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.type_table import type_indices, type_table

KINDS = {"init": Kind.INIT, "pub": Kind.PUBLIC, "view": Kind.VIEW, "pure": Kind.PURE, "rule": Kind.RULE, "": Kind.PRIVATE}


@dataclass(slots=True)
class Emitted:
    """A module and where it came from, function by function."""

    module: Module
    debug: list[FunctionDebug]


def emit_contract(contract: ContractSymbol) -> Emitted:
    """The module of a contract that was checked without an error."""
    return ModuleEmitter(contract).run()


class ModuleEmitter:
    """Collects what the functions of one contract use, and puts the module together."""

    def __init__(self, contract: ContractSymbol) -> None:
        self.contract = contract
        self.constants: dict[tuple[vm.Type, str], int] = {}
        self.constant_list: list[Constant] = []
        self.externals: dict[External, int] = {}
        self.errors: dict[RecordSymbol, int] = {}
        self.functions: dict[FunctionSymbol, int] = {}
        self.order: list[FunctionSymbol | None] = []
        self.drafts: dict[int, Draft] = {}
        self.promises: list[tuple[int, int | None, int]] = []

    def constant(self, kind: vm.Type, value: object) -> int:
        """The number of a constant."""
        key = (kind, repr(value))
        if key not in self.constants:
            self.constants[key] = len(self.constant_list)
            self.constant_list.append(Constant(kind, value))
        return self.constants[key]

    def external(self, use: ExternalUse) -> int:
        """The number of a function of another contract."""
        function = use.function
        parameters = tuple(lower(kind) for _, kind in function.parameters)
        result = None if isinstance(function.result, NothingType) else lower(function.result)
        view = function.kind in ("view", "pure")
        entry = External(use.interface, function.name, view, parameters, result)
        return self.externals.setdefault(entry, len(self.externals))

    def error(self, symbol: RecordSymbol) -> int:
        """The number of an error, which may be declared outside of the contract."""
        return self.errors.setdefault(symbol, len(self.errors))

    def function(self, symbol: FunctionSymbol) -> int:
        """The number of a function; one from outside of the contract is taken in as a private one."""
        if symbol not in self.functions:
            self.functions[symbol] = len(self.order)
            self.order.append(symbol)
        return self.functions[symbol]

    def run(self) -> Emitted:
        """Emit every function, then close the tables."""
        contract = self.contract
        for error in contract.errors.values():
            self.error(error)
        init = contract.init
        if init is not None:
            self.function(init)
        else:
            self.order.append(None)
        for function in contract.functions.values():
            self.function(function)
        done = 0
        while done < len(self.order):
            symbol = self.order[done]
            self.drafts[done] = self._default_init() if symbol is None else self._emit(symbol, done)
            done += 1
        for number, invariant in enumerate(contract.invariants):
            self._checker(f"invariant${number}", Kind.INVARIANT, invariant.condition)
        for symbol in (*([init] if init is not None else []), *contract.functions.values()):
            self._promises(symbol)
        return self._close()

    def _emit(self, symbol: FunctionSymbol, number: int) -> Draft:
        own = symbol is self.contract.init or symbol in self.contract.functions.values()
        name = "init" if symbol.kind == "init" else symbol.name
        if not own and any(f is not symbol and f is not None and f.name == name for f in self.order):
            name = f"{name}${number}"
        kind = KINDS[symbol.kind] if own else Kind.PRIVATE
        emitter = FunctionEmitter(self, symbol.source)
        parameters = [(name, lower(kind)) for name, kind in symbol.parameters]
        emitter.locals = [lower(local.type) for local in symbol.locals]
        emitter.names = [local.name for local in symbol.locals]
        emitter.declared = symbol.declaration.name.span
        emitter.function_body(symbol, self._initials() if symbol.kind == "init" else ())
        result = None if isinstance(symbol.result, NothingType) else lower(symbol.result)
        asked = symbol.phases if symbol.kind else None  # of private functions the checker knows the phase wherever they run
        phases = sum(1 << phase for phase in asked) if asked is not None else None
        return emitter.draft(name, kind, parameters, result, phases)

    def _initials(self) -> Sequence[StateField]:
        return [field for field in self.contract.fields.values() if field.initial is not None]

    def _default_init(self) -> Draft:
        emitter = FunctionEmitter(self, self.contract.source)
        emitter.at(self.contract.declaration.name.span)
        emitter.initials(self._initials())
        emitter.put(op.RETURN)
        return emitter.draft("init", Kind.INIT, [], None, None)

    def _checker(self, name: str, kind: Kind, condition: ast.Expression) -> int:
        emitter = FunctionEmitter(self, self.contract.source)
        emitter.at(condition.span)
        emitter.value(condition)
        emitter.put(op.RETURN)
        return self._add(emitter.draft(name, kind, [], vm.BOOL, None))

    def _add(self, draft: Draft) -> int:
        number = len(self.order)
        self.order.append(None)
        self.drafts[number] = draft
        return number

    def _promises(self, symbol: FunctionSymbol) -> None:
        body = symbol.declaration.body or []
        plain = [(place, name, kind) for place, (name, kind) in enumerate(symbol.parameters) if is_plain(kind)]
        parameters = [(name, lower(kind)) for _, name, kind in plain]
        slots = {place: slot for slot, (place, _, _) in enumerate(plain)}
        for number, promise in enumerate(s for s in body if isinstance(s, ast.Ensures)):
            olds = _walk_olds(promise.condition)
            old_number = None
            if olds:
                emitter = FunctionEmitter(self, symbol.source, slots)
                emitter.locals = [kind for _, kind in parameters]
                emitter.names = [name for name, _ in parameters]
                kinds = [emitter.type(old.value) for old in olds]
                for old in olds:
                    emitter.at(old.span)
                    emitter.value(old.value)
                whole: vm.Type = kinds[0] if len(kinds) == 1 else vm.Tuple(tuple(kinds))
                if len(kinds) > 1:
                    emitter.put(op.PACK, whole)
                emitter.put(op.RETURN)
                name = f"{symbol.name}$old${number}"
                old_number = self._add(emitter.draft(name, Kind.OLD, parameters, whole, None))
            emitter = FunctionEmitter(self, symbol.source, slots)
            remembered = _remembered(olds)
            result = [("result", lower(symbol.result))] if is_plain(symbol.result) else []
            every = [*parameters, *remembered, *result]
            emitter.locals = [kind for _, kind in every]
            emitter.names = [name for name, _ in every]
            emitter.at(promise.condition.span)
            emitter.remember(olds, len(parameters), len(parameters) + len(remembered))
            emitter.value(promise.condition)
            emitter.put(op.RETURN)
            checker = emitter.draft(f"{symbol.name}$ensures${number}", Kind.ENSURES, every, vm.BOOL, None)
            self.promises.append((self.functions[symbol], old_number, self._add(checker)))

    def _close(self) -> Emitted:
        contract, drafts = self.contract, [self.drafts[number] for number in range(len(self.order))]
        fields = tuple((f.name, lower(f.type)) for f in contract.fields.values())
        events = tuple(_record(event) for event in contract.events.values())
        errors = tuple(_record(error) for error in self.errors)
        used: list[vm.Type] = [kind for _, kind in fields]
        used += [constant.type for constant in self.constant_list]
        used += [kind for entry in (*events, *errors) for _, kind in entry.fields]
        for external in self.externals:
            used += [*external.parameters, *([external.result] if external.result is not None else [])]
        for draft in drafts:
            used += [kind for _, kind in draft.parameters]
            used += [*draft.locals, *([draft.result] if draft.result is not None else [])]
            used += [kind for _, kind in draft.types]
        table = type_table(used)
        index = type_indices(table)
        self._spread_effects(drafts)
        functions = []
        for draft in drafts:
            for place, kind in draft.types:
                draft.code[place] = index(kind)
            functions.append(
                Function(
                    name=draft.name,
                    kind=draft.kind,
                    parameters=draft.parameters,
                    result=draft.result,
                    phases=draft.phases,
                    effects=draft.effects,
                    locals=tuple(draft.locals[len(draft.parameters) :]),
                    code=tuple(draft.code),
                )
            )
        module = Module(
            name=contract.name,
            currency=contract.currency,
            types=table,
            constants=tuple(self.constant_list),
            fields=fields,
            phases=tuple(contract.phases),
            steps=tuple(sorted(contract.steps)),
            events=events,
            errors=errors,
            externals=tuple(self.externals),
            implements=tuple(i if isinstance(i, str) else i.name for i in contract.implements),
            functions=tuple(functions),
            promises=tuple(self.promises),
        )
        return Emitted(module, [draft.debug for draft in drafts])

    def _spread_effects(self, drafts: list[Draft]) -> None:
        changed = True
        while changed:
            changed = False
            for draft in drafts:
                effects = draft.effects
                for callee in draft.invoked:
                    effects |= drafts[callee].effects
                changed = changed or effects != draft.effects
                draft.effects = effects


def _record(symbol: RecordSymbol) -> Record:
    return Record(symbol.name, tuple((name, lower(kind)) for name, kind in symbol.fields))


def _walk_olds(node: ast.Expression) -> list[ast.Old]:
    olds = [inner for inner in ast.walk(node) if isinstance(inner, ast.Old)]
    return sorted(olds, key=lambda old: old.span)


def _remembered(olds: list[ast.Old]) -> list[tuple[str, vm.Type]]:
    """The parameters through which remembered values come: a lone tuple comes item by item."""
    kinds = [lower(old.value.type) for old in olds if old.value.type is not None]
    if len(kinds) == 1 and isinstance(kinds[0], vm.Tuple):
        kinds = list(kinds[0].items)
    return [(f"old${number}", kind) for number, kind in enumerate(kinds)]
