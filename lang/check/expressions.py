"""What expressions mean: the whole of it, with resources, other contracts, promises and what only tests say."""

from __future__ import annotations

from lang import ast, habits
from lang.check.methods import MethodChecker
from lang.diagnostics import Edit
from lang.scope import STANDARD, TESTING, WORLD
from lang.source import Span
from lang.symbols import (
    Builtin,
    Construction,
    ExternalUse,
    FunctionSymbol,
    InterfaceSymbol,
    Local,
    TypeSymbol,
)
from lang.types import (
    NAMED,
    NOTHING,
    UNKNOWN,
    Reference,
    Type,
    Unknown,
    describe,
    is_integer,
    is_linear,
    is_plain,
    is_value,
)
from vm import types as vm
from vm.instructions import Effect


class ExpressionChecker(MethodChecker):
    """Checks the expressions of one body. Every method leaves the tree's `type` and `ref` filled."""

    def _on_new(self, node: ast.New, _: Type | None) -> Type:
        symbol = self.scope.find(node.resource.text)
        if self.is_test:
            self.scope.error("E0802", "only a contract makes its resources; call a function of it", node.span)
            self._forget_arguments(node.arguments)
            return UNKNOWN
        if not isinstance(symbol, TypeSymbol) or not isinstance(symbol.type, vm.Resource):
            self._forget_arguments(node.arguments)
            if isinstance(symbol, TypeSymbol):
                edit = Edit(Span(node.span.start, node.resource.span.start), "", "leave `new` out")
                message = f"`{node.resource.text}` is no resource; make it without `new`"
                self.scope.error("E0215", message, node.resource.span, edit=edit)
            elif node.resource.text in ("Coin", "Vault"):
                self.scope.error("E0409", "money is issued by the ledger; a contract cannot make it", node.span)
            else:
                self.scope.unknown("E0215", "resource", node.resource, self.scope.names_of(TypeSymbol))
            return UNKNOWN
        self.arguments(node.arguments, symbol.type.fields, node.span, f"`new {node.resource.text}`")
        return symbol.type

    def _on_old(self, node: ast.Old, expected: Type | None) -> Type:
        if not self.old_allowed:
            message = "`old(…)` stands in `ensures` and in a `check`, not inside of another `old`"
            if self.is_promise and self.function is not None and self.function.declaration.kind == "init":
                message = "before `init` there is nothing that `old` could remember"
            self.scope.error("E0711", message, node.span)
            self.check(node.value, expected)
            return UNKNOWN
        self.old_allowed = False
        kind = self.check(node.value, expected) if not isinstance(node.value, ast.Name) else self.look(node.value, expected)
        self.old_allowed = True
        if isinstance(kind, vm.Vault | vm.Map | vm.Set):
            kind = self.check(node.value, expected)
        if not is_plain(kind):
            self.scope.error("E0406", "only plain values are remembered", node.span)
            return UNKNOWN
        return kind

    def _on_externalcall(self, node: ast.ExternalCall, expected: Type | None) -> Type:
        kind = self.external(node)
        if node.trying and node.fallback is not None:
            if not is_value(kind):
                self.scope.error("E0322", "this gives no value; use `try … else:` with a block", node.span)
                self.check(node.fallback)
                return UNKNOWN
            fallback = self.fallback(node.fallback, kind)
            return kind if not isinstance(kind, Unknown) else fallback
        return kind

    def external(self, node: ast.ExternalCall) -> Type:
        """The type that a call of another contract gives, its fallback aside."""
        base = self.look(node.target)
        if isinstance(node.target, ast.Name) and isinstance(node.target.ref, Local):
            node.target.ref.uses += 1
        if node.sender is not None:
            if not self.is_test:
                self.scope.error("E0801", "only a test may call `as` someone", node.sender.span)
            self.sender(node.sender)
        function = self._external_function(node, base)
        if function is None:
            self._forget_arguments(node.arguments)
            return UNKNOWN
        assert isinstance(base, Reference)
        node.ref = ExternalUse(base.name, function)
        effect = Effect.READ_OTHER if node.kind == "read" else Effect.CALL_OTHER
        self.note(effect, node.span, f"{node.kind}s another contract")
        what = f"`{base.name}.{function.name}`"
        self.arguments(node.arguments, function.parameters, node.span, what, coins_by_amount=self.is_test)
        linear = is_linear(function.result) or any(is_linear(kind) for _, kind in function.parameters)
        if node.trying and linear and not self.is_test:
            message = "a call that may fail cannot carry money or resources: it would not be known where they are"
            self.scope.error("E0708", message, node.span)
        if self.is_test and is_linear(function.result):
            return NOTHING  # the coin goes to the caller's wallet
        return function.result

    def sender(self, node: ast.Expression) -> None:
        """Who acts in a test: a wallet, or a contract in whose place one acts."""
        kind = self.check(node)
        if not isinstance(kind, Unknown | Reference) and kind != vm.ADDRESS:
            self.mismatch(node, kind, vm.ADDRESS)

    def _external_function(self, node: ast.ExternalCall, base: Type) -> FunctionSymbol | None:
        name = node.function
        if isinstance(base, Unknown):
            return None
        if not isinstance(base, Reference):
            hint = "; name its interface: `Token(address)`" if base == vm.ADDRESS else ""
            self.scope.error("E0702", f"`{describe(base)}` is no contract that can be called{hint}", node.target.span)
            return None
        interface = self.scope.interface(base)
        if interface is None:
            return None
        function = interface.functions.get(name.text)
        if function is None:
            self.scope.unknown("E0702", f"function in `{base.name}`", name, interface.functions)
            return None
        is_view = function.kind in ("view", "pure")
        if is_view != (node.kind == "read"):
            right = "read" if is_view else "call"
            start = self.scope.source.text.find(node.kind, node.span.start, node.span.end)
            edit = Edit(Span(start, start + len(node.kind)), right, f"write `{right}`") if start >= 0 else None
            what = "a view and is `read`" if is_view else "not a view and is `call`ed"
            self.scope.error("E0703", f"`{name.text}` is {what}", node.span, edit=edit)
        return function

    def _on_deploy(self, node: ast.Deploy, _: Type | None) -> Type:
        if not self.is_test:
            self.scope.error("E0801", "contracts are deployed by tests and by people, not by contracts", node.span)
            return UNKNOWN
        symbol = self.scope.find(node.contract.text)
        if node.sender is not None:
            self.sender(node.sender)
        if not isinstance(symbol, InterfaceSymbol) or symbol.contract is None:
            self._forget_arguments(node.arguments)
            if isinstance(symbol, InterfaceSymbol):
                self.scope.error("E0309", f"`{symbol.name}` is an interface; deploy a contract", node.contract.span)
            else:
                self.scope.unknown("E0201", "contract", node.contract, self.scope.names_of(InterfaceSymbol))
            return UNKNOWN
        if node.currency is not None and self.scope.decimals(node.currency.text) is None:
            self.scope.error("E0214", f"there is no currency `{node.currency.text}`", node.currency.span)
        node.ref = symbol.contract
        init = symbol.contract.init
        parameters = init.parameters if init is not None else ()
        self.arguments(node.arguments, parameters, node.span, f"`{symbol.name}`", coins_by_amount=True)
        return Reference(symbol.name, symbol.source.path)

    def _call_testing(self, node: ast.Call, name: str) -> Type:
        node.ref = Builtin(name)
        positional = [argument.value for argument in node.arguments if argument.name is None]
        if name == "advance":
            self.arguments(node.arguments, (("by", vm.DURATION),), node.span, "`advance`")
            return NOTHING
        if name == "balance":
            return self._balance(node, positional)
        for argument in node.arguments:
            if argument.name is not None and argument.name.text in ("each", "holds"):
                self.check(argument.value, vm.AMOUNT)
            elif argument.name is not None:
                self.scope.unknown("E0308", f"parameter of `{name}`", argument.name, ["each"])
        if name == "wallet":
            if positional:
                self.scope.error("E0307", "`wallet(each=…)` takes only what it holds", node.span)
            return vm.ADDRESS
        count = positional[0] if len(positional) == 1 else None
        if not isinstance(count, ast.Number) or count.unit is not None or not 2 <= int(count.digits) <= 32:
            self.scope.error("E0804", "`wallets(n, each=…)` makes 2 to 32 wallets; `wallet(each=…)` makes one", node.span)
            return UNKNOWN
        self.check(count, vm.U64)
        return vm.Tuple((vm.ADDRESS,) * int(count.digits))

    def _balance(self, node: ast.Call, positional: list[ast.Expression]) -> Type:
        if not 1 <= len(positional) <= 2 or len(positional) != len(node.arguments):
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", "`balance(who)` or `balance(who, USD)`", node.span)
            return UNKNOWN
        self.sender(positional[0])
        if len(positional) == 2:
            code = positional[1]
            if not isinstance(code, ast.Name) or self.scope.decimals(code.text) is None:
                self.scope.error("E0214", "a currency's code belongs here", code.span)
                return UNKNOWN
        return vm.AMOUNT

    def _on_call(self, node: ast.Call, expected: Type | None) -> Type:
        callee = node.callee
        if isinstance(callee, ast.Name):
            return self._call_name(node, callee, expected)
        if isinstance(callee, ast.Attribute):
            return self._call_attribute(node, callee, expected)
        if isinstance(callee, ast.Index) and isinstance(callee.value, ast.Name) and callee.value.text == "Amount":
            written = ast.TypeName("Amount", [callee.index], span=callee.span)
            kind = self.scope.type_of(written)
            return self._conversion(node, kind) if not isinstance(kind, Unknown) else UNKNOWN
        self._forget_arguments(node.arguments)
        self.scope.error("E0309", "only functions are called", callee.span)
        return UNKNOWN

    def _call_name(self, node: ast.Call, callee: ast.Name, expected: Type | None) -> Type:
        name = callee.text
        if self.find_local(name) is not None:
            self.scope.error("E0309", f"`{name}` is a value; only functions are called", callee.span)
            self._forget_arguments(node.arguments)
            return UNKNOWN
        if name in TESTING and self.is_test:
            return self._call_testing(node, name)
        if name in ("Time", "Duration", "Rate", "Amount") or (name in NAMED and is_integer(NAMED[name])):
            return self._conversion(node, NAMED.get(name, vm.AMOUNT))
        if name == "Address":
            return self._literal_address(node)
        symbol = self.contract.functions.get(name) if self.contract is not None else None
        symbol = symbol or self.scope.find(name)
        match symbol:
            case FunctionSymbol():
                return self._invoke(node, symbol)
            case Builtin() if symbol.name not in WORLD:
                return self._standard(node, symbol.name, expected)
            case TypeSymbol(_, vm.Struct() as kind, _):
                node.ref = Construction(kind)
                self.arguments(node.arguments, kind.fields, node.span, f"`{name}`")
                return kind
            case TypeSymbol(_, vm.Resource(), _):
                edit = Edit(Span(node.span.start, node.span.start), "new ", "write `new`")
                self.scope.error("E0309", "a resource is made with `new`", node.span, edit=edit)
            case InterfaceSymbol():
                return self._conversion(node, Reference(symbol.name, symbol.source.path))
            case Unknown():
                pass
            case None if self.is_constant:
                self.scope.error("E0315", "a constant is computed from literals and constants", node.span)
            case None:
                records = {**self.contract.events, **self.contract.errors} if self.contract is not None else {}
                if name in records:
                    word = "emit" if name in self._events() else "fail"
                    self.scope.error("E0309", f"`{name}` is not called: write `{word} {name}`", callee.span)
                elif name in TESTING:
                    self.scope.error("E0801", f"`{name}` belongs into a test", callee.span)
                elif name in habits.FUNCTIONS:
                    self._habit_call(node, callee)
                    return UNKNOWN
                else:
                    own = self.contract.functions if self.contract is not None else {}
                    identifier = ast.Identifier(name, span=callee.span)
                    callable_names = [*own, *STANDARD, *self.scope.names_of(FunctionSymbol, TypeSymbol, InterfaceSymbol)]
                    self.scope.unknown("E0205", "function", identifier, callable_names)
            case _:
                self.scope.error("E0309", f"`{name}` is not a function", callee.span)
        self._forget_arguments(node.arguments)
        return UNKNOWN
