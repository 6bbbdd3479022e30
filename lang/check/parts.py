"""What follows a dot or stands in brackets: fields, attributes, elements, entries."""

from __future__ import annotations

from lang import ast, habits
from lang.check.operators import OperatorChecker
from lang.check.walker import METHODS, TIME_PARTS
from lang.diagnostics import Edit
from lang.source import Span
from lang.symbols import (
    Local,
    Method,
    Part,
    TypeSymbol,
    VariantUse,
)
from lang.types import (
    UNKNOWN,
    Reference,
    Type,
    Unknown,
    describe,
    is_linear,
    one,
)
from vm import limits
from vm import types as vm
from vm.instructions import Effect


class PartChecker(OperatorChecker):
    """Checks attributes and indexing."""

    def _on_attribute(self, node: ast.Attribute, expected: Type | None) -> Type:
        name = node.name.text
        if isinstance(node.value, ast.Self):
            return self._state_field(node)
        if isinstance(node.value, ast.Name) and self.find_local(node.value.text) is None:
            symbol = self.scope.find(node.value.text)
            if isinstance(symbol, TypeSymbol) and isinstance(symbol.type, vm.Enum):
                return self._bare_variant(node, symbol.type)
            if node.value.text in ("msg", "block", "tx") and symbol is None:
                written = f"{node.value.text}.{name}"
                instead = habits.OF_THE_CALL.get(written)
                edit = Edit(node.span, instead, f"write `{instead}`") if instead is not None else None
                hint = f"write `{instead}`" if instead is not None else habits.VALUES[node.value.text][0]
                self.scope.error("E0201", f"there is no `{written}`: {hint}", node.span, edit=edit)
                return UNKNOWN
        base = self._peeked_entry(node.value) or self.look(node.value)
        if isinstance(node.value, ast.Name) and isinstance(node.value.ref, Local):
            self.peek(node.value.ref, node.value.span)
        elif is_linear(base) and not isinstance(node.value, ast.Index):
            message = "a value that must not be lost is only looked at here; give it a name first"
            self.scope.error("E0410", message, node.value.span)
            return UNKNOWN
        return self._attribute_of(node, base, name)

    def _peeked_entry(self, node: ast.Expression) -> vm.Resource | None:
        """`self.claims[key]` before a dot: a resource in a map is looked at where it lies."""
        if not isinstance(node, ast.Index):
            return None
        base = self.look(node.value)
        if not isinstance(base, vm.Map) or not isinstance(base.value, vm.Resource):
            return None
        self.check(node.index, base.key)
        self.note(Effect.READ, node.span, "reads a map")
        node.type = base.value
        return base.value

    def _bare_variant(self, node: ast.Attribute, kind: vm.Enum) -> Type:
        for tag, (variant, payload) in enumerate(kind.variants):
            if variant == node.name.text:
                if payload:
                    self.scope.error("E0307", f"`{variant}` carries {len(payload)} values: `{kind.name}.{variant}(…)`", node.span)
                    return UNKNOWN
                node.ref = VariantUse(tag)
                return kind
        self.scope.unknown("E0213", f"variant of `{kind.name}`", node.name, [v for v, _ in kind.variants])
        return UNKNOWN

    def _attribute_of(self, node: ast.Attribute, base: Type, name: str) -> Type:
        match base:
            case Unknown():
                return UNKNOWN
            case vm.Struct(_, fields) | vm.Resource(_, fields, _):
                for index, (field_name, kind) in enumerate(fields):
                    if field_name == name:
                        node.ref = Part(index)
                        return kind
                self.scope.unknown("E0204", "field", node.name, [n for n, _ in fields], where=f" in `{describe(base)}`")
                return UNKNOWN
            case vm.Coin(currency) | vm.Vault(currency) if name == "amount":
                node.ref = Method("coin" if isinstance(base, vm.Coin) else "vault", "amount")
                if isinstance(base, vm.Vault):
                    self.note(Effect.READ, node.span, "reads a vault")
                return vm.Amount(currency)
            case vm.List() | vm.Text() | vm.Bytes() if name in ("len", "length", "size"):
                if name != "len":
                    edit = Edit(node.name.span, "len", "write `len`")
                    self.scope.error("E0204", "it is called `len`", node.name.span, edit=edit)
                node.ref = Method("list", "len")
                return vm.U64
            case vm.Option() if name in ("is_some", "is_none"):
                node.ref = Method("option", name)
                return vm.BOOL
            case vm.Int() if base in (vm.TIME, vm.DURATION) and name in TIME_PARTS:
                node.ref = Method("time", name)
                return vm.U64
            case Reference() if name == "address":
                node.ref = Method("reference", "address")
                return vm.ADDRESS
            case Reference() if self.is_test:
                return self._inspected(node, base, name)
        if isinstance(base, vm.Map | vm.Set) and name in ("len", "length"):
            self.scope.error("E0204", "maps and sets do not count what they hold; keep a counter beside it", node.name.span)
            return UNKNOWN
        known = self._attributes_known(base)
        if self._is_method(base, name):
            self.scope.error("E0205", f"`{name}` is called with `(…)`", node.span)
        elif isinstance(base, Reference):
            edit = Edit(Span(node.span.start, node.span.start), "read ", "write `read`")
            message = f"functions of another contract are called with `read` or `call`: `read x.{name}(…)`"
            self.scope.error("E0701", message, node.span, edit=edit)
        elif isinstance(base, vm.Coin | vm.Vault) and name in ("value", "balance"):
            edit = Edit(node.name.span, "amount", "write `amount`")
            self.scope.error("E0204", f"how much {one(base)} holds is its `amount`", node.name.span, edit=edit)
        elif not self._habit_member("E0204", node.name, known):
            self.scope.unknown("E0204", f"`.…` of `{describe(base)}` called", node.name, known)
        return UNKNOWN

    def _inspected(self, node: ast.Attribute, base: Reference, name: str) -> Type:
        """In tests, a contract's state and phase may be looked at."""
        interface = self.scope.interface(base)
        contract = interface.contract if interface is not None else None
        if contract is None:
            self.scope.error("E0204", f"the state of `{base.name}` is not known here; `read` a view", node.span)
            return UNKNOWN
        if name == "phase" and contract.phases:
            node.ref = Method("contract", "phase")
            return vm.Text(limits.NAME_CHARACTERS_MAX)
        symbol = contract.fields.get(name)
        if symbol is None:
            if name == "phase":
                self.scope.error("E0204", f"`{base.name}` declares no phases", node.name.span)
            else:
                self.scope.unknown("E0204", "state field", node.name, contract.fields, where=f" in `{base.name}`")
            return UNKNOWN
        node.ref = symbol
        if isinstance(symbol.type, vm.Map | vm.Set):
            self.scope.error("E0311", "a map or set is looked into through a view of the contract", node.span)
            return UNKNOWN
        return vm.Amount(symbol.type.currency) if isinstance(symbol.type, vm.Vault) else symbol.type

    def _is_method(self, base: Type, name: str) -> bool:
        return name in METHODS.get(type(base).__name__, ())

    def _attributes_known(self, base: Type) -> list[str]:
        known = list(METHODS.get(type(base).__name__, ()))
        match base:
            case vm.Vault() | vm.Coin():
                known.append("amount")
            case vm.List() | vm.Text() | vm.Bytes():
                known.append("len")
            case vm.Option():
                known += ["is_some", "is_none"]
            case vm.Int() if base in (vm.TIME, vm.DURATION):
                known += TIME_PARTS
        return known

    def _on_index(self, node: ast.Index, _: Type | None) -> Type:
        base = self.look(node.value)
        match base:
            case vm.List(element, _):
                self.check(node.index, vm.U64)
                return element
            case vm.Map(key, value):
                self.check(node.index, key)
                if isinstance(value, vm.Vault):
                    return value
                self.note(Effect.READ, node.span, "reads a map")
                if is_linear(value):
                    message = f"`{describe(value)}` cannot be copied out of the map: `take` it"
                    self.scope.error("E0406", message, node.span)
                    return UNKNOWN
                return value
            case Unknown():
                self.check(node.index)
                return UNKNOWN
        self.check(node.index)
        hint = "; ask with `in`" if isinstance(base, vm.Set) else ""
        self.scope.error("E0310", f"`{describe(base)}` has no elements to point at{hint}", node.span)
        return UNKNOWN
