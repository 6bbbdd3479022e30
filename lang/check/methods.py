"""Methods of maps, sets, vaults, coins, resources, lists and options."""

from __future__ import annotations

from lang import ast
from lang.check.calls import CallChecker
from lang.diagnostics import Edit
from lang.source import Span
from lang.symbols import (
    ConstantSymbol,
    Local,
    Method,
    Part,
    StateField,
    TypeSymbol,
    VariantUse,
)
from lang.types import (
    NOTHING,
    UNKNOWN,
    Reference,
    Type,
    Unknown,
    describe,
    is_linear,
    is_plain,
    one,
)
from vm import types as vm
from vm.instructions import Effect


class MethodChecker(CallChecker):
    """Checks calls of methods."""

    def _call_attribute(self, node: ast.Call, callee: ast.Attribute, expected: Type | None) -> Type:
        name = callee.name.text
        if isinstance(callee.value, ast.Name) and self.find_local(callee.value.text) is None:
            symbol = self.scope.find(callee.value.text)
            if isinstance(symbol, TypeSymbol) and isinstance(symbol.type, vm.Enum):
                return self._variant(node, callee, symbol.type)
        if isinstance(callee.value, ast.Self):
            self._state_field(callee)
            self._forget_arguments(node.arguments)
            if isinstance(callee.ref, StateField):
                self.scope.error("E0309", f"`self.{name}` is a state field; only functions are called", callee.span)
            return UNKNOWN
        base = self.look(callee.value)
        if isinstance(callee.value, ast.Name) and isinstance(callee.value.ref, Local):
            callee.value.ref.uses += 1
        if isinstance(base, Unknown):
            self._forget_arguments(node.arguments)
            return UNKNOWN
        if isinstance(base, Reference):
            self._forget_arguments(node.arguments)
            edit = Edit(Span(node.span.start, node.span.start), "call ", "write `call`")
            message = "another contract is called with `call`, or `read` for a view, so that everyone sees it"
            self.scope.error("E0701", message, node.span, edit=edit)
            return UNKNOWN
        if not self._is_method(base, name):
            self._forget_arguments(node.arguments)
            if isinstance(base, vm.List) and name == "add":
                edit = Edit(callee.name.span, "append", "write `append`")
                self.scope.error("E0205", "lists grow by `append`", callee.name.span, edit=edit)
            elif not self._habit_member("E0205", callee.name, self._attributes_known(base)):
                self.scope.unknown("E0205", f"method of `{describe(base)}`", callee.name, self._attributes_known(base))
            return UNKNOWN
        owner = type(base).__name__.lower()
        callee.ref = node.ref = Method(owner, name)
        method = getattr(self, f"_{owner}_{name}")
        kind: Type = method(node, callee, base)
        return kind

    def _variant(self, node: ast.Call, callee: ast.Attribute, kind: vm.Enum) -> Type:
        for tag, (variant, payload) in enumerate(kind.variants):
            if variant == callee.name.text:
                node.ref = VariantUse(tag)
                self.arguments(node.arguments, payload, node.span, f"`{kind.name}.{variant}`")
                return kind
        self._forget_arguments(node.arguments)
        self.scope.unknown("E0213", f"variant of `{kind.name}`", callee.name, [v for v, _ in kind.variants])
        return UNKNOWN

    def _named_default(self, node: ast.Call, kind: Type, extra: int) -> None:
        """`get(…, default=value)`: the arguments before it are the caller's to check."""
        last = node.arguments[-1] if node.arguments else None
        if len(node.arguments) != extra + 1 or last is None or (last.name is not None and last.name.text != "default"):
            self.scope.error("E0307", "`get` says what it gives when nothing is there: `default=…`", node.span)
            for argument in node.arguments[extra:]:
                self.check(argument.value)
        else:
            self.fallback(last.value, kind)

    def _plain_map(self, node: ast.Call, base: vm.Map, name: str) -> bool:
        if isinstance(base.value, vm.Vault):
            self._forget_arguments(node.arguments)
            self.scope.error("E0205", "vaults of a map are pointed at: `self.vaults[key].put(coin)`", node.span)
            return False
        if not is_plain(base.value):
            self._forget_arguments(node.arguments)
            message = f"`{name}` would copy a `{describe(base.value)}`: `take` it, and ask with `in`"
            self.scope.error("E0406", message, node.span)
            return False
        return True

    def _map_get(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self.note(Effect.READ, node.span, "reads a map")
        if not self._plain_map(node, base, "get"):
            return UNKNOWN
        if node.arguments:
            key = node.arguments[0]
            if key.name is not None and key.name.text not in ("key", "default"):
                self.scope.error("E0308", f"there is no parameter of `get` `{key.name.text}`", key.name.span)
            self.check(key.value, base.key)
        self._named_default(node, base.value, 1)
        return base.value

    def _map_find(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self.note(Effect.READ, node.span, "reads a map")
        if not self._plain_map(node, base, "find"):
            return UNKNOWN
        self.arguments(node.arguments, (("key", base.key),), node.span, "`find`")
        return vm.Option(base.value)

    def _writes(self, node: ast.Expression) -> None:
        self.note(Effect.WRITE, node.span, "changes the state")

    def _map_put(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self._writes(node)
        if isinstance(base.value, vm.Vault):
            self._plain_map(node, base, "put")
            return NOTHING
        self.arguments(node.arguments, (("key", base.key), ("value", base.value)), node.span, "`put`")
        return NOTHING

    def _map_take(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self._writes(node)
        if isinstance(base.value, vm.Vault):
            self._plain_map(node, base, "take")
            return UNKNOWN
        self.arguments(node.arguments, (("key", base.key),), node.span, "`take`")
        return base.value

    def _map_merge(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self._writes(node)
        if not isinstance(base.value, vm.Resource) or base.value.divides is None:
            self._forget_arguments(node.arguments)
            self.scope.error("E0408", f"`{describe(base.value)}` does not divide, so it does not merge", node.span)
            return NOTHING
        self.arguments(node.arguments, (("key", base.key), ("value", base.value)), node.span, "`merge`")
        return NOTHING

    def _map_remove(self, node: ast.Call, _callee: ast.Attribute, base: vm.Map) -> Type:
        self._writes(node)
        if not is_plain(base.value):
            self._forget_arguments(node.arguments)
            message = f"`remove` would lose a `{describe(base.value)}`: `take` it"
            self.scope.error("E0401", message, node.span)
            return NOTHING
        self.arguments(node.arguments, (("key", base.key),), node.span, "`remove`")
        return NOTHING

    def _set_add(self, node: ast.Call, callee: ast.Attribute, base: vm.Set) -> Type:
        self._writes(node)
        self.arguments(node.arguments, (("key", base.key),), node.span, f"`{callee.name.text}`")
        return NOTHING

    _set_remove = _set_add

    def _moves(self, node: ast.Expression) -> None:
        self._writes(node)
        self.note(Effect.MONEY, node.span, "moves money")

    def _vault_put(self, node: ast.Call, _callee: ast.Attribute, base: vm.Vault) -> Type:
        self._moves(node)
        self.arguments(node.arguments, (("coin", vm.Coin(base.currency)),), node.span, "`put`")
        return NOTHING

    def _vault_take(self, node: ast.Call, _callee: ast.Attribute, base: vm.Vault) -> Type:
        self._moves(node)
        self.arguments(node.arguments, (("amount", vm.Amount(base.currency)),), node.span, "`take`")
        return vm.Coin(base.currency)

    def _vault_take_all(self, node: ast.Call, _callee: ast.Attribute, base: vm.Vault) -> Type:
        self._moves(node)
        self.arguments(node.arguments, (), node.span, "`take_all`")
        return vm.Coin(base.currency)

    def _linear_local(self, callee: ast.Attribute) -> Local | None:
        """The local whose method is called; coins and resources have methods only by name."""
        if isinstance(callee.value, ast.Name) and isinstance(callee.value.ref, Local):
            return callee.value.ref
        self.scope.error("E0410", "give the value a name first: `let coin = …`", callee.value.span)
        return None

    def _coin_split(self, node: ast.Call, callee: ast.Attribute, base: vm.Coin | vm.Resource) -> Type:
        local = self._linear_local(callee)
        measure: Type = vm.Amount(base.currency) if isinstance(base, vm.Coin) else self._measure(node, base)
        self.arguments(node.arguments, (("part", measure),), node.span, f"`{callee.name.text}`")
        if local is not None:
            self.use(local, callee.value.span)
        return vm.Tuple((base, base))

    def _coin_take(self, node: ast.Call, callee: ast.Attribute, base: vm.Coin | vm.Resource) -> Type:
        local = self._linear_local(callee)
        if local is not None:
            self.peek(local, callee.value.span)
            self._assignable(local, callee.value.span)
        measure: Type = vm.Amount(base.currency) if isinstance(base, vm.Coin) else self._measure(node, base)
        self.arguments(node.arguments, (("part", measure),), node.span, "`take`")
        return base

    def _coin_join(self, node: ast.Call, callee: ast.Attribute, base: vm.Coin | vm.Resource) -> Type:
        local = self._linear_local(callee)
        if isinstance(base, vm.Resource):
            self._measure(node, base)
        self.arguments(node.arguments, (("other", base),), node.span, f"`{callee.name.text}`")
        if local is not None:
            self.peek(local, callee.value.span)
            self._assignable(local, callee.value.span)
            if local in self.flow.held:
                self.flow.held[local] = None
        return NOTHING

    _resource_split = _coin_split
    _resource_take = _coin_take
    _resource_merge = _coin_join

    def _assignable(self, local: Local, span: Span) -> None:
        if local.is_fixed and not is_linear(local.type):
            self.scope.error("E0317", f"`{local.name}` is not assigned to; make a `let` of it", span)

    def _measure(self, node: ast.Call, base: vm.Resource) -> Type:
        if base.divides is None:
            message = f"`{base.name}` does not divide; declare `divides by FIELD` in it"
            self.scope.error("E0408", message, node.span)
            return UNKNOWN
        return base.fields[base.divides][1]

    def _list_append(self, node: ast.Call, callee: ast.Attribute, base: vm.List) -> Type:
        self.place(callee.value)
        self.arguments(node.arguments, (("element", base.element),), node.span, "`append`")
        return NOTHING

    def _list_pop(self, node: ast.Call, callee: ast.Attribute, base: vm.List) -> Type:
        self.place(callee.value)
        self.arguments(node.arguments, (), node.span, "`pop`")
        return base.element

    def _list_contains(self, node: ast.Call, _callee: ast.Attribute, base: vm.List) -> Type:
        self.arguments(node.arguments, (("element", base.element),), node.span, "`contains`")
        return vm.BOOL

    def _list_slice(self, node: ast.Call, _callee: ast.Attribute, base: vm.List | vm.Bytes) -> Type:
        self.arguments(node.arguments, (("first", vm.U64), ("end", vm.U64)), node.span, "`slice`")
        return base

    _bytes_slice = _list_slice

    def _option_get(self, node: ast.Call, callee: ast.Attribute, base: vm.Option) -> Type:
        if not is_plain(base.element):
            self.forgive(callee.value)
            self._forget_arguments(node.arguments)
            self.scope.error("E0406", f"{one(base)} is opened with `match`", node.span)
            return UNKNOWN
        self._named_default(node, base.element, 0)
        return base.element

    def place(self, node: ast.Expression) -> bool:
        """Whether the expression is a place that can be assigned to; a finding if it is not."""
        match node:
            case ast.Name() if isinstance(node.ref, Local):
                if not node.ref.is_fixed:
                    return True
                message = f"`{node.ref.name}` is not assigned to; make a `let` of it"
            case ast.Attribute() if isinstance(node.ref, StateField) and not (self.function is None and self.contract is None):
                self._writes(node)
                return True
            case ast.Attribute() if isinstance(node.ref, StateField):
                message = "this is only read"
            case ast.Attribute() if isinstance(node.ref, Part) and not is_linear(node.value.type or UNKNOWN):
                return self.place(node.value)
            case ast.Index() if isinstance(node.value.type, vm.List):
                return self.place(node.value)
            case ast.Index() if isinstance(node.value.type, vm.Map):
                self._writes(node)
                return True
            case ast.Name() if isinstance(node.ref, ConstantSymbol):
                message = f"`{node.text}` is a constant"
            case ast.Attribute() if is_linear(node.value.type or UNKNOWN):
                message = "the fields of a resource and the amount of a coin are not assigned to"
            case _:
                message = "nothing can be assigned to this"
        if not isinstance(node.type, Unknown):
            self.scope.error("E0317", message, node.span)
        return False
