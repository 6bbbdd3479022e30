"""One contract: signatures first, then bodies, promises and what its state begins with."""

from __future__ import annotations

from itertools import pairwise

from lang import ast
from lang.check.beginnings import Beginnings
from lang.check.declarations import constant_value, declare_pending, not_a_failure, record, signature
from lang.check.expressions import ExpressionChecker
from lang.check.functions import check_body, check_recursion, only_reads
from lang.check.walker import Flow
from lang.scope import RESERVED, Scope
from lang.source import Span
from lang.symbols import (
    ConstantSymbol,
    ContractSymbol,
    FunctionSymbol,
    InterfaceSymbol,
    RecordSymbol,
    StateField,
    TypeSymbol,
)
from lang.types import NOTHING, UNKNOWN, Unknown, describe, fits, is_linear, lower
from vm import limits
from vm import types as vm
from vm.instructions import Effect

WALLET_RULE = "WalletRule"
PUBLIC = ("pub", "view", "pure")


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

    def _record(self, member: ast.EventDeclaration | ast.ErrorDeclaration, table: dict[str, RecordSymbol], most: int) -> None:
        name = member.name.text
        if name in table:
            notes = (("it was declared here first", table[name].span),)
            self.scope.error("E0202", f"`{name}` is declared twice", member.name.span, notes=notes)
            return
        if isinstance(member, ast.ErrorDeclaration):
            not_a_failure(self.scope, member.name)
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
        only_reads(self.scope, checker, "an invariant")
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
