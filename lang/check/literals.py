"""Literals and names: what they stand for, and their units."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast, habits
from lang.check.walker import RATE_UNITS, Walker
from lang.diagnostics import Edit
from lang.scope import WORLD
from lang.source import Span
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    ContractSymbol,
    FunctionSymbol,
    InterfaceSymbol,
    TypeSymbol,
    VariantUse,
)
from lang.types import (
    MILLISECONDS,
    UNKNOWN,
    Type,
    Unknown,
    describe,
    is_integer,
    is_number,
    is_plain,
    one,
)
from vm import limits
from vm import types as vm
from vm.instructions import Effect


class LiteralChecker(Walker):
    """Checks literals and names."""

    def _on_number(self, node: ast.Number, expected: Type | None, minus: ast.Unary | None = None) -> Type:
        whole = int(node.digits) if len(node.digits) <= 80 else 2**256
        if node.unit is None:
            return self._bare_number(node, expected, whole if minus is None else -whole, (minus or node).span)
        decimals = node.decimals or ""
        unit_span = node.unit_span or node.span
        if minus is not None:
            self.scope.error("E0304", "a quantity with a unit is not negative", minus.span)
            return UNKNOWN
        if node.unit in MILLISECONDS:
            if decimals:
                self.scope.error("E0314", "durations are whole; use a smaller unit", node.span)
            node.ref = whole * MILLISECONDS[node.unit]
            return self._ranged(node, vm.DURATION)
        if node.unit in RATE_UNITS:
            scale = RATE_UNITS[node.unit]
            value = int(node.digits + decimals) * scale if len(decimals) <= 18 else 1
            if value % 10 ** len(decimals):
                self.scope.error("E0314", f"a rate resolves 10**-12; `{node.unit}` has too many decimals here", node.span)
            node.ref = value // 10 ** len(decimals)
            return self._ranged(node, vm.RATE)
        places = self.scope.decimals(node.unit)
        if places is None:
            if not self.scope.is_broken(node.unit):
                message = f"there is no unit `{node.unit}`; a currency is declared like `unit {node.unit}: 2 decimals`"
                self.scope.error("E0214", message, unit_span)
            return UNKNOWN
        if len(decimals) > places:
            said = f"{places} decimals" if places != 1 else "1 decimal"
            self.scope.error("E0314", f"{node.unit} has {said}", node.span)
            return UNKNOWN
        node.ref = int(node.digits + decimals.ljust(places, "0"))
        return self._ranged(node, self._money_type(node.unit, expected, unit_span))

    def _money_type(self, code: str, expected: Type | None, span: Span) -> Type:
        """The type of a literal of a currency: an `Amount` of home where home is or may become that currency."""
        if self.is_test:
            return expected if isinstance(expected, vm.Amount) else vm.AMOUNT
        if expected == vm.Amount(code):
            return expected
        if self.contract is None:
            return vm.Amount(code)
        if self.contract.currency is None and (expected is None or expected == vm.AMOUNT):
            self.contract.currency = code
        if self.contract.currency == code:
            return vm.AMOUNT
        if expected == vm.AMOUNT:
            home = self.contract.currency
            self.scope.error("E0319", f"this contract's money is {home}; say `Amount[{code}]` for {code}", span)
            return UNKNOWN
        return vm.Amount(code)

    def _bare_number(self, node: ast.Number, expected: Type | None, value: int, span: Span) -> Type:
        if node.decimals is not None:
            self.scope.error("E0305", "a number with decimals needs a unit, such as `5.00 CNY` or `2.5 %`", node.span)
            return UNKNOWN
        node.ref = value
        if expected is not None and is_integer(expected):
            return self._ranged(node, expected, span)
        if expected is not None and is_number(expected):
            if value == 0:
                return expected
            examples: dict[Type, str] = {vm.DURATION: "5 days", vm.RATE: "2.5 %", vm.TIME: "now + 5 days"}
            example = examples.get(expected, "5.00 CNY")
            wanted = describe(expected)
            message = f"a bare number is not {one(expected)}: give it a unit like `{example}`, or convert: `{wanted}({value})`"
            self.scope.error("E0320", message, node.span, expected=f"`{wanted}`")
            return UNKNOWN
        return self._ranged(node, vm.U64 if value >= 0 else vm.I64, span)

    def _ranged(self, node: ast.Number, kind: Type, span: Span | None = None) -> Type:
        if isinstance(kind, vm.Int | vm.Amount):
            low, high = vm.bounds(kind)
            if not low <= node.ref <= high:
                message = f"{one(kind)} is between {low:,} and {high:,}".replace(",", "_")
                self.scope.error("E0304", message, span or node.span)
                return UNKNOWN
        return kind

    def _on_textliteral(self, node: ast.TextLiteral, _: Type | None) -> Type:
        length = len(node.value.encode("utf-8", "surrogatepass"))
        if length > limits.TEXT_BYTES_MAX:
            self.scope.error("E0901", f"a text has at most {limits.TEXT_BYTES_MAX} bytes", node.span)
            return UNKNOWN
        return vm.Text(max(1, length))

    def _on_bytesliteral(self, node: ast.BytesLiteral, _: Type | None) -> Type:
        if len(node.value) > limits.BYTES_MAX:
            self.scope.error("E0901", f"a byte string has at most {limits.BYTES_MAX} bytes", node.span)
            return UNKNOWN
        return vm.Bytes(max(1, len(node.value)))

    def _on_truth(self, _node: ast.Truth, _: Type | None) -> Type:
        return vm.BOOL

    def _on_listliteral(self, node: ast.ListLiteral, expected: Type | None) -> Type:
        wanted = expected.element if isinstance(expected, vm.List) else None
        if not node.items:
            if isinstance(expected, Unknown):
                return UNKNOWN
            if wanted is None:
                self.scope.error("E0305", "an empty list needs a type: `let xs: List[u64, 10] = []`", node.span)
                return UNKNOWN
            return expected  # type: ignore[return-value]
        element: Type | None = wanted
        for item in node.items:
            kind = self.check(item, element)
            element = element or (kind if not isinstance(kind, Unknown) else None)
        if element is None:
            return UNKNOWN
        if not is_plain(element):
            self.scope.error("E0406", f"a list holds plain values, not `{describe(element)}`", node.span)
            return UNKNOWN
        if isinstance(expected, vm.List):
            if len(node.items) > expected.max:
                self.scope.error("E0304", f"`{describe(expected)}` has at most {expected.max} elements", node.span)
            return expected
        return self.scope.sized(vm.List(element, len(node.items)), node.span)  # type: ignore[arg-type]

    def _on_tupleliteral(self, node: ast.TupleLiteral, expected: Type | None) -> Type:
        wanted: Sequence[Type | None] = [None] * len(node.items)
        if isinstance(expected, vm.Tuple) and len(expected.items) == len(node.items):
            wanted = expected.items
        kinds = [self.check(item, want) for item, want in zip(node.items, wanted, strict=True)]
        if any(isinstance(kind, Unknown) for kind in kinds):
            return UNKNOWN
        if len(kinds) > limits.STRUCT_FIELDS_MAX:
            self.scope.error("E0901", f"a tuple has at most {limits.STRUCT_FIELDS_MAX} items", node.span)
            return UNKNOWN
        return self.scope.sized(vm.Tuple(tuple(kinds)), node.span)  # type: ignore[arg-type]

    def _on_name(self, node: ast.Name, expected: Type | None) -> Type:
        name = node.text
        local = self.find_local(name)
        if local is not None:
            node.ref = local
            return local.type
        if name == "None":
            if isinstance(expected, Unknown):
                return UNKNOWN
            if not isinstance(expected, vm.Option):
                self.scope.error("E0305", "`None` needs a type here: `let x: Option[u64] = None`", node.span)
                return UNKNOWN
            node.ref = VariantUse(0)
            return expected
        if name == "result":
            if self.result_type is None:
                self.scope.error("E0712", "`result` is what a function gives; it stands in `ensures`", node.span)
                return UNKNOWN
            node.ref = Builtin("result")
            return self.result_type
        symbol = self.scope.find(name)
        if isinstance(symbol, ConstantSymbol):
            node.ref = symbol
            return symbol.type
        if isinstance(symbol, Builtin) and symbol.name in WORLD:
            return self._world(node, symbol)
        return self._not_a_value(node, symbol)

    def _world(self, node: ast.Name, symbol: Builtin) -> Type:
        node.ref = symbol
        if self.is_test and symbol.name != "now":
            self.scope.error("E0802", f"`{symbol.name}` has no meaning in a test: name the wallet", node.span)
            return UNKNOWN
        if symbol.name == "sender" and self.is_invariant:
            self.scope.error("E0714", "an invariant holds whoever calls; it has no `sender`", node.span)
            return UNKNOWN
        if self.function is not None:
            self.function.sees_call = True
        if self.is_constant or (self.function is not None and self.function.kind == "pure"):
            self.scope.error("E0705", f"`{symbol.name}` belongs to the call; what is pure does not see it", node.span)
            return UNKNOWN
        return vm.TIME if symbol.name == "now" else vm.ADDRESS

    def _not_a_value(self, node: ast.Name, symbol: object) -> Type:
        name = node.text
        if isinstance(symbol, Unknown):
            return UNKNOWN
        if symbol is None:
            if self.contract is not None and name in self.contract.fields:
                edit = Edit(node.span, f"self.{name}", "say whose it is")
                self.scope.error("E0201", f"`{name}` is a state field", node.span, edit=edit)
            elif name == "phase":
                self.scope.error("E0201", "`phase` is no value: ask `phase is Funded`, change it with `become Funded`", node.span)
            elif name in habits.VALUES:
                habit = habits.VALUES[name]
                self.scope.error("E0201", f"there is no `{name}`: {habit[0]}", node.span, edit=habits.edit_of(habit, node.span))
            else:
                identifier = ast.Identifier(name, span=node.span)
                nearby = [local for block in self.locals for local in block]
                values = [*nearby, *self.scope.names_of(ConstantSymbol), *WORLD]
                self.scope.unknown("E0201", "name", identifier, values)
            return UNKNOWN
        what = {
            FunctionSymbol: "a function: call it with `(…)`",
            Builtin: "a standard function: call it with `(…)`",
            TypeSymbol: "a type",
            InterfaceSymbol: "an interface",
            ContractSymbol: "a contract",
        }.get(type(symbol), "not a value")
        self.scope.error("E0201", f"`{name}` is {what}", node.span)
        return UNKNOWN

    def _on_self(self, node: ast.Self, _: Type | None) -> Type:
        self.scope.error("E0201", "`self` stands only before a dot: `self.field`; the contract's address is `this`", node.span)
        return UNKNOWN

    def _state_field(self, node: ast.Attribute) -> Type:
        if self.contract is None or self.is_test or self.is_constant:
            self.scope.error("E0713", "`self` has a meaning only inside of a contract's functions", node.span)
            return UNKNOWN
        symbol = self.contract.fields.get(node.name.text)
        if symbol is None:
            if node.name.text in self.contract.functions:
                name = node.name.text
                edit = Edit(node.span, name, f"write `{name}`")
                self.scope.error("E0205", "functions of the same contract are called by their bare name", node.span, edit=edit)
            elif node.name.text == "phase":
                phases = self.contract.phases
                hint = f"it is asked for with `phase is {phases[0]}`" if phases else "this contract declares none"
                self.scope.error("E0204", f"the phase is no state field: {hint}", node.name.span)
            elif not self._habit_member("E0204", node.name, []):
                self.scope.unknown("E0204", "state field", node.name, self.contract.fields)
            return UNKNOWN
        node.ref = symbol
        if not isinstance(symbol.type, vm.Vault | vm.Map | vm.Set):
            self.note(Effect.READ, node.span, f"reads `self.{symbol.name}`")
        return symbol.type

    def _habit_member(self, code: str, name: ast.Identifier, known: Sequence[str]) -> bool:
        """Whether this is a word of another language; then the finding says what to write."""
        habit = habits.MEMBERS.get(name.text)
        if habit is None:
            return False
        edit = habits.edit_of(habit, name.span) if habit[1] in known else None
        self.scope.error(code, f"there is no `{name.text}`: {habit[0]}", name.span, edit=edit)
        return True
