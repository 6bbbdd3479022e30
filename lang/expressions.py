"""What expressions mean: types, names, units, and the one use of linear values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lang import ast, habits
from lang.diagnostics import Edit
from lang.scope import RESERVED, STANDARD, TESTING, WORLD, Scope
from lang.source import Span
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    Construction,
    ContractSymbol,
    Conversion,
    ExternalUse,
    FunctionSymbol,
    InterfaceSymbol,
    Local,
    Method,
    Part,
    RecordSymbol,
    StateField,
    TypeSymbol,
    VariantUse,
)
from lang.types import (
    MILLISECONDS,
    NAMED,
    NOTHING,
    UNKNOWN,
    Nothing,
    Reference,
    Type,
    Unknown,
    arithmetic,
    describe,
    fits,
    is_integer,
    is_linear,
    is_number,
    is_plain,
    is_unsigned,
    is_value,
    lower,
    needs_rounding,
    one,
    wider,
)
from vm import limits
from vm import types as vm
from vm.instructions import Effect, Rounding

ROUNDINGS = {rounding.name.lower(): rounding for rounding in Rounding}
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
ARITHMETIC = frozenset({"+", "-", "*", "/", "mod"})
TIME_PARTS = ("weeks", "days", "hours", "minutes", "seconds", "ms")
RATE_UNITS = {"%": vm.RATE_ONE // 100, "bps": vm.RATE_ONE // 10_000}


METHODS: dict[str, tuple[str, ...]] = {
    "Map": ("get", "find", "put", "take", "merge", "remove"),
    "Set": ("add", "remove"),
    "Vault": ("put", "take", "take_all"),
    "Coin": ("split", "take", "join"),
    "Resource": ("split", "take", "merge"),
    "List": ("append", "pop", "contains", "slice"),
    "Bytes": ("slice",),
    "Option": ("get",),
}


@dataclass(slots=True)
class Flow:
    """What is known at a point of a body: which linear locals hold a value, which phases it may be, whether one gets here."""

    held: dict[Local, Span | None] = field(default_factory=dict)  # None while it holds; else where it was used
    phases: frozenset[int] = frozenset()
    is_reachable: bool = True

    def copy(self) -> Flow:
        """The same, to go another way from here."""
        return Flow(dict(self.held), self.phases, self.is_reachable)


class ExpressionChecker:
    """Checks the expressions of one body. Every method leaves the tree's `type` and `ref` filled."""

    def __init__(self, scope: Scope, *, is_test: bool = False, function: FunctionSymbol | None = None) -> None:
        self.scope = scope
        self.contract = scope.contract
        self.is_test = is_test
        self.function = function
        self.is_constant = False
        self.old_allowed = False
        self.result_type: Type | None = None  # what `result` is, in `ensures`
        self.locals: list[dict[str, Local]] = [{}]
        self.all_locals: list[Local] = []
        self.flow = Flow()
        self.told: set[Local] = set()  # linear locals about which something was said: one finding each is enough
        self.is_promise = False
        self.is_invariant = False
        self.effects: dict[Effect, tuple[Span, str]] = {}

    # ── Locals ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def new_local(
        self, name: ast.Identifier, kind: Type, *, is_fixed: bool = False, is_parameter: bool = False
    ) -> Local:
        """A new name for a value in the present block."""
        text = name.text
        before = self.find_local(text)
        meant = text in RESERVED and text not in ("_", "result")
        if meant or (self.is_test and text in TESTING) or (text == "result" and is_parameter):
            self.scope.error("E0206", f"`{text}` belongs to the language; choose another name", name.span)
        elif before is not None:
            notes = (("it was declared here first", before.span),)
            self.scope.error("E0202", f"`{text}` is declared twice", name.span, notes=notes)
        else:
            self._not_hidden(name)
        local = Local(text, kind, len(self.all_locals), name.span, is_fixed)
        self.all_locals.append(local)
        if text != "_":
            self.locals[-1][text] = local
        if is_linear(kind):
            self.flow.held[local] = None
        return local

    def _not_hidden(self, name: ast.Identifier) -> None:
        """A finding if a local would hide a constant or a type. Functions are told apart by their brackets."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name.text in scope.names:
                if not isinstance(scope.find(name.text), FunctionSymbol | RecordSymbol | Unknown):
                    notes = (("it was declared here first", scope.spans.get(name.text)),)
                    self.scope.error("E0202", f"`{name.text}` would hide what is declared above", name.span, notes=notes)
                return
            scope = scope.parent

    def find_local(self, name: str) -> Local | None:
        """The local of that name in sight."""
        for block in reversed(self.locals):
            if name in block:
                return block[name]
        return None

    def note(self, effect: Effect, span: Span, what: str) -> None:
        """Remember that the body does something to the world, and where first."""
        self.effects.setdefault(effect, (span, what))

    # ── The door ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self, node: ast.Expression, expected: Type | None = None) -> Type:
        """The type of an expression whose value is used here; a finding if it is not what is expected."""
        kind = self.look(node, expected)
        if isinstance(kind, vm.Vault | vm.Map | vm.Set):
            if not isinstance(expected, Unknown):
                self.scope.error("E0311", f"a {type(kind).__name__} stays in the state; use what is in it", node.span)
            kind = UNKNOWN
        elif isinstance(kind, Nothing) and expected is not NOTHING:
            self.scope.error("E0322", "this gives no value", node.span)
            kind = UNKNOWN
        elif isinstance(node, ast.Name) and isinstance(node.ref, Local):
            self.use(node.ref, node.span)
        if expected is not None and not isinstance(expected, Nothing) and not self._fits(kind, expected):
            self.mismatch(node, kind, expected)
            kind = UNKNOWN
        node.type = kind  # type: ignore[assignment]
        return kind

    def _fits(self, kind: Type, expected: Type) -> bool:
        """Whether a value may stand here; a contract may stand for an interface that it implements."""
        if isinstance(kind, Reference) and isinstance(expected, Reference) and kind != expected:
            found, wanted = self.scope.interface(kind), self.scope.interface(expected)
            return found is not None and found.contract is not None and wanted in found.contract.implements
        return fits(kind, expected)

    def mismatch(self, node: ast.Expression, kind: Type, expected: Type) -> None:
        """The finding that one type stands where another should."""
        wanted, got = describe(expected), describe(kind)
        edit = None
        hint = ""
        if is_number(kind) and is_number(expected) and (is_integer(kind) or is_integer(expected)):
            text = self.scope.source.text[node.span.start : node.span.end]
            edit = Edit(node.span, f"{wanted}({text})", "convert it")
        elif isinstance(expected, vm.Coin) and isinstance(kind, vm.Amount):
            hint = "; a coin comes from a caller or out of a vault, an amount is only a number"
        elif isinstance(expected, Reference) and kind == vm.ADDRESS:
            text = self.scope.source.text[node.span.start : node.span.end]
            edit = Edit(node.span, f"{wanted}({text})", "say that the address is one")
        self.scope.error("E0301", f"`{got}` stands where `{wanted}` belongs{hint}", node.span, expected=f"`{wanted}`", edit=edit)

    def look(self, node: ast.Expression, expected: Type | None = None) -> Type:
        """The type of an expression without using it up; vaults, maps and sets may come out."""
        handler = getattr(self, f"_on_{type(node).__name__.lower()}")
        kind: Type = handler(node, expected)
        node.type = kind  # type: ignore[assignment]
        return kind

    def use(self, local: Local, span: Span) -> None:
        """A local's value is taken here; a linear one is gone after."""
        local.uses += 1
        if local not in self.flow.held or not self.flow.is_reachable:
            return
        before = self.flow.held[local]
        if before is not None:
            self._gone(local, before, span, f"`{local.name}` is used a second time: it is gone")
        else:
            self.flow.held[local] = span

    def peek(self, local: Local, span: Span) -> None:
        """A look at a linear local, which must still hold its value."""
        local.uses += 1
        before = self.flow.held.get(local)
        if before is not None and self.flow.is_reachable:
            self._gone(local, before, span, f"`{local.name}` is gone")

    def _gone(self, local: Local, before: Span, span: Span, message: str) -> None:
        if self.is_promise:
            message = f"a promise is looked at when the function is done; `{local.name}` is gone by then"
            self.linear("E0402", local, message, span)
        else:
            self.linear("E0402", local, message, span, notes=(("it was used here", before),))

    def linear(
        self, code: str, local: Local, message: str, span: Span, *, notes: tuple[tuple[str, Span | None], ...] = ()
    ) -> None:
        """A finding about a value that must be used once; the first of each local, since the others follow from it."""
        if local not in self.told:
            self.told.add(local)
            self.scope.error(code, message, span, notes=notes)

    def forgive(self, node: ast.Expression) -> None:
        """Say no more about the local that stands here: something was said about it already."""
        if isinstance(node, ast.Name) and isinstance(node.ref, Local):
            self.told.add(node.ref)

    def condition(self, node: ast.Expression) -> None:
        """A truth value must stand here."""
        kind = self.check(node)
        if not fits(kind, vm.BOOL):
            self.forgive(node)
            self.scope.error("E0316", f"a condition is a `bool`, this is {one(kind)}", node.span, expected="`bool`")

    # ── Literals ──────────────────────────────────────────────────────────────────────────────────────────────────────

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

    # ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
            elif not self._habit_member("E0204", node.name, []):
                self.scope.unknown("E0204", "state field", node.name, self.contract.fields)
            return UNKNOWN
        node.ref = symbol
        if not isinstance(symbol.type, vm.Vault | vm.Map | vm.Set):
            self.note(Effect.READ, node.span, f"reads `self.{symbol.name}`")
        return symbol.type

    # ── Attributes ────────────────────────────────────────────────────────────────────────────────────────────────────

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
                self.scope.unknown("E0204", f"field of `{describe(base)}`", node.name, [n for n, _ in fields])
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

    def _habit_member(self, code: str, name: ast.Identifier, known: Sequence[str]) -> bool:
        """Whether this is a word of another language; then the finding says what to write."""
        habit = habits.MEMBERS.get(name.text)
        if habit is None:
            return False
        edit = habits.edit_of(habit, name.span) if habit[1] in known else None
        self.scope.error(code, f"there is no `{name.text}`: {habit[0]}", name.span, edit=edit)
        return True

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
            self.scope.unknown("E0204", f"state field of `{base.name}`", node.name, contract.fields)
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

    # ── Indexing ──────────────────────────────────────────────────────────────────────────────────────────────────────

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

    # ── Operators ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_unary(self, node: ast.Unary, expected: Type | None) -> Type:
        if node.operator == "not":
            self.condition(node.operand)
            return vm.BOOL
        if isinstance(node.operand, ast.Number):
            kind = self._on_number(node.operand, expected, node)
            node.operand.type = kind  # type: ignore[assignment]
            node.ref = node.operand.ref
            return kind
        kind = self.check(node.operand, expected)
        if not isinstance(kind, Unknown) and (not is_integer(kind) or is_unsigned(kind)):
            self.scope.error("E0302", f"`{describe(kind)}` has no negative values", node.span)
            return UNKNOWN
        return kind

    def _on_binary(self, node: ast.Binary, expected: Type | None) -> Type:
        operator = node.operator
        if node.rounding is not None and operator not in ("*", "/"):
            self.scope.error("E0313", "only `*` and `/` are rounded", node.rounding.span)
        if operator in ("and", "or", "implies"):
            return self._logic(node)
        if operator in ("in", "not in"):
            return self._membership(node)
        if operator in ("==", "!=") and isinstance(node.right, ast.Name) and self.is_phase(node.left):
            edit = Edit(node.span, f"{'not ' if operator == '!=' else ''}phase is {node.right.text}", "ask with `is`")
            self.scope.error("E0201", "`phase` is no value: ask `phase is Funded`", node.left.span, edit=edit)
            return vm.BOOL
        left, right = self._operands(node, expected)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return vm.BOOL if operator in COMPARISONS else UNKNOWN
        if operator in COMPARISONS:
            return self._comparison(node, left, right)
        return self._arithmetic(node, left, right)

    def is_phase(self, node: ast.Expression) -> bool:
        """Whether this is the bare word `phase`."""
        return isinstance(node, ast.Name) and node.text == "phase" and self.scope.find("phase") is None

    def _operands(self, node: ast.Binary, expected: Type | None) -> tuple[Type, Type]:
        """Both sides' types, where a bare number takes its type from the other side."""
        scaling = node.operator in ("*", "/", "mod")
        flexible_left, flexible_right = is_flexible(node.left), is_flexible(node.right)
        if needs_type(node.left) and not needs_type(node.right):
            right = self.check(node.right)
            return self.check(node.left, right), right
        if flexible_left and flexible_right:
            wanted = expected if expected is not None and is_integer(expected) else None
            left = self.check(node.left, wanted)
            return left, self.check(node.right, wanted or (left if is_integer(left) else None))
        if flexible_left:
            right = self.check(node.right)
            wanted = vm.U64 if scaling and not is_integer(right) else right if is_number(right) else None
            return self.check(node.left, wanted), right
        # A list or None on the right takes the left's type; an integer context reaches the left only for + and -.
        left = self.check(node.left, self._hint(node.left, expected))
        if flexible_right:
            wanted = vm.U64 if scaling and not is_integer(left) else left if is_number(left) else None
            return left, self.check(node.right, wanted)
        return left, self.check(node.right, self._hint(node.right, left))

    def _hint(self, node: ast.Expression, kind: Type | None) -> Type | None:
        """The expectation handed to a side that cannot know its own type: `None`, `[]`, a currency."""
        if isinstance(node, ast.Name) and node.text == "None":
            return kind
        if isinstance(node, ast.ListLiteral) and isinstance(kind, vm.List):
            return kind
        if isinstance(node, ast.Number) and isinstance(kind, vm.Amount) and node.unit is not None:
            return kind if self.scope.decimals(node.unit) is not None else None
        if isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.text == "Some":
            return kind
        return None

    def _logic(self, node: ast.Binary) -> Type:
        self.condition(node.left)
        before = self.flow.copy()
        self.condition(node.right)
        self._maybe(before, "the right side is looked at")
        return vm.BOOL

    def _maybe(self, before: Flow, when: str) -> None:
        """What is known after an expression that was perhaps not looked at; `before` is what was known ahead of it."""
        after, self.flow = self.flow, before
        before.phases |= after.phases
        for local, used in after.held.items():
            if used is not None and before.held.get(local, used) is None:
                self.linear("E0403", local, f"`{local.name}` would be used only if {when}", used)
                before.held[local] = used

    def fallback(self, node: ast.Expression, kind: Type) -> Type:
        """The type of a value that is computed only where another is missing."""
        before = self.flow.copy()
        found = self.check(node, kind)
        if is_linear(kind):
            self.forgive(node)  # that it is linear is a finding already
        self._maybe(before, "the other value is missing")
        return found

    def _membership(self, node: ast.Binary) -> Type:
        base = self.look(node.right)
        match base:
            case vm.List(element, _):
                self.check(node.left, element)
                if isinstance(node.right, ast.Name) and isinstance(node.right.ref, Local):
                    node.right.ref.uses += 1
            case vm.Map(key, _) | vm.Set(key):
                self.note(Effect.READ, node.span, "reads the state")
                self.check(node.left, key)
            case Unknown():
                self.check(node.left)
            case _:
                self.check(node.left)
                self.scope.error("E0302", f"`in` asks a list, map or set; this is `{describe(base)}`", node.right.span)
        return vm.BOOL

    def _comparison(self, node: ast.Binary, left: Type, right: Type) -> Type:
        kind = wider(left, right)
        name = f"`{describe(left)} {node.operator} {describe(right)}`"
        if kind is None:
            self.scope.error("E0302", f"{name} compares different types", node.span, expected=f"`{describe(left)}`")
        elif not is_plain(kind):
            self.forgive(node.left)
            self.forgive(node.right)
            self.scope.error("E0306", f"{name}: values that must not be lost are not compared", node.span)
        elif node.operator not in ("==", "!=") and not is_number(kind):
            self.scope.error("E0306", f"{name}: only numbers have an order", node.span)
        return vm.BOOL

    def _arithmetic(self, node: ast.Binary, left: Type, right: Type) -> Type:
        operator = node.operator
        if operator == "+" and type(left) is type(right) and isinstance(left, vm.Text | vm.Bytes | vm.List):
            return self._joined(node, left, right)
        rule = arithmetic(operator, left, right)
        if rule is None:
            name = f"`{describe(left)} {operator} {describe(right)}`"
            hint = ""
            if is_integer(left) and is_integer(right):
                hint = f"; convert one: `{describe(left)}(…)`"
            elif is_linear(left) or is_linear(right):
                self.forgive(node.left)
                self.forgive(node.right)
            elif isinstance(left, vm.Text) and operator == "+":
                hint = "; texts are joined with texts only"
            self.scope.error("E0302", f"{name} has no meaning{hint}", node.span)
            return UNKNOWN
        if needs_rounding(operator, rule):
            self._rounding(node, operator)
        elif node.rounding is not None:
            self.scope.error("E0313", "this comes out even; nothing is rounded", node.rounding.span)
        node.ref = rule
        return rule.result

    def _rounding(self, node: ast.Binary, operator: str) -> None:
        if node.rounding is None:
            edit = Edit(Span(node.span.end, node.span.end), " rounded down", "say which way it is rounded")
            what = "a division" if operator == "/" else "a rate"
            self.scope.error("E0303", f"{what} says how it is rounded", node.span, expected="`rounded down`", edit=edit)
        elif node.rounding.text not in ROUNDINGS:
            known = ", ".join(ROUNDINGS)
            self.scope.error("E0313", f"there is no rounding `{node.rounding.text}`", node.rounding.span, expected=known)

    def _joined(self, node: ast.Binary, left: Type, right: Type) -> Type:
        match left, right:
            case vm.Text(a), vm.Text(b):
                return vm.Text(min(a + b, limits.TEXT_BYTES_MAX))
            case vm.Bytes(a), vm.Bytes(b):
                return vm.Bytes(min(a + b, limits.BYTES_MAX))
            case vm.List(a, m), vm.List(b, n):
                element = wider(a, b)
                if element is not None:
                    return vm.List(element, min(m + n, limits.LIST_ELEMENTS_MAX))  # type: ignore[arg-type]
        self.scope.error("E0302", f"`{describe(left)}` and `{describe(right)}` do not join", node.span)
        return UNKNOWN

    def _on_phaseis(self, node: ast.PhaseIs, _: Type | None) -> Type:
        node.ref = self.phase_set(node.phases)
        self.note(Effect.READ, node.span, "reads the phase")
        return vm.BOOL

    def phase_set(self, names: list[ast.Identifier]) -> frozenset[int]:
        """The numbers of phases by name, with a finding for each that is not declared."""
        if self.contract is None or not self.contract.phases:
            self.scope.error("E0504", "there are no phases here: declare `phases Open -> Closed`", names[0].span)
            return frozenset()
        found = set()
        for name in names:
            if name.text in self.contract.phases:
                found.add(self.contract.phases.index(name.text))
            else:
                self.scope.unknown("E0209", "phase", name, self.contract.phases)
        return frozenset(found)

    def _on_conditional(self, node: ast.Conditional, expected: Type | None) -> Type:
        self.condition(node.condition)
        before = self.flow.copy()
        hint = expected
        if hint is None and is_flexible(node.then) and not is_flexible(node.otherwise):
            self.flow = before.copy()
            otherwise = self.check(node.otherwise)
            after_otherwise, self.flow = self.flow, before
            then = self.check(node.then, otherwise)
            after_then = self.flow
        else:
            then = self.check(node.then, hint)
            after_then, self.flow = self.flow, before
            otherwise = self.check(node.otherwise, hint or (then if is_flexible(node.otherwise) else None))
            after_otherwise = self.flow
        self.flow = self.join(after_then, after_otherwise, node.span)
        if isinstance(then, Unknown) or isinstance(otherwise, Unknown):
            return UNKNOWN
        kind = wider(then, otherwise)
        if kind is None:
            message = f"one side is `{describe(then)}`, the other `{describe(otherwise)}`"
            self.scope.error("E0301", message, node.span, expected=f"`{describe(then)}`")
            return UNKNOWN
        return kind

    def join(self, one: Flow, other: Flow, span: Span) -> Flow:
        """What is known where two ways meet."""
        if not one.is_reachable:
            return other
        if not other.is_reachable:
            return one
        joined = Flow({}, one.phases | other.phases)
        for local, used in one.held.items():
            if local not in other.held:
                continue
            also = other.held[local]
            if (used is None) != (also is None):
                place = used or also
                assert place is not None
                message = f"`{local.name}` is used here but not on every way to the end of this branch"
                self.linear("E0403", local, message, place, notes=(("the ways meet after this", span),))
            joined.held[local] = used or also
        return joined

    # ── Calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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

    def _forget_arguments(self, arguments: list[ast.Argument]) -> None:
        for argument in arguments:
            self.check(argument.value)

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

    def _habit_call(self, node: ast.Call, callee: ast.Name) -> None:
        """The finding about a function that other languages have. Its arguments need not make sense here."""
        edit = None
        if callee.text == "len" and len(node.arguments) == 1:
            span = node.arguments[0].span
            edit = Edit(node.span, f"{self.scope.source.text[span.start : span.end]}.len", "write `.len`")
        self.scope.error("E0205", f"there is no `{callee.text}`: {habits.FUNCTIONS[callee.text][0]}", callee.span, edit=edit)
        known = self.scope.known_names()
        for argument in node.arguments:
            if not isinstance(argument.value, ast.Name) or argument.value.text not in known:
                self.check(argument.value)
            else:
                self.forgive(argument.value)

    def _events(self) -> dict[str, RecordSymbol]:
        return self.contract.events if self.contract is not None else {}

    def arguments(
        self,
        arguments: list[ast.Argument],
        parameters: Sequence[tuple[str, Type]],
        span: Span,
        what: str,
        *,
        coins_by_amount: bool = False,
    ) -> None:
        """Check arguments against parameters, by place first and by name after; puts them in the parameters' order.

        `coins_by_amount` is for tests, where an amount stands for a coin out of the caller's wallet.
        """
        given: dict[str, ast.Argument] = {}
        misnamed = False
        place = 0
        for argument in arguments:
            if argument.name is None:
                if place >= len(parameters):
                    break
                name = parameters[place][0]
                place += 1
            else:
                name = argument.name.text
            if name not in dict(parameters):
                misnamed = True
                assert argument.name is not None
                self.scope.unknown("E0308", f"parameter of {what}", argument.name, [n for n, _ in parameters])
                self.check(argument.value)
            elif name in given:
                misnamed = True
                self.scope.error("E0308", f"`{name}` is given twice", argument.span)
                self.check(argument.value)
            else:
                given[name] = argument
        positional = sum(1 for argument in arguments if argument.name is None)
        miscounted = positional > len(parameters) or any(name not in given for name, _ in parameters)
        if miscounted and not misnamed:
            missing = ", ".join(f"{name}: {describe(kind)}" for name, kind in parameters)
            number = len(parameters)
            takes = "nothing" if not number else f"{number} argument{'s' if number > 1 else ''}"
            self.scope.error("E0307", f"{what} takes {takes}, {len(arguments)} stand here", span, expected=f"({missing})")
        for name, kind in parameters:
            if name in given:
                wanted = vm.Amount(kind.currency) if coins_by_amount and isinstance(kind, vm.Coin) else kind
                self.check(given[name].value, wanted if not miscounted else UNKNOWN)
        if positional > len(parameters):
            for argument in [argument for argument in arguments if argument.name is None][len(parameters) :]:
                self.check(argument.value)
        if len(given) == len(parameters) == len(arguments):
            arguments[:] = [given[name] for name, _ in parameters]

    def _conversion(self, node: ast.Call, to: Type) -> Type:
        name = describe(to)
        if len(node.arguments) != 1 or node.arguments[0].name is not None:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", f"`{name}(…)` takes one value", node.span)
            return UNKNOWN
        argument = node.arguments[0].value
        node.ref = Conversion(to)
        if isinstance(to, Reference):
            self.check(argument, vm.ADDRESS)
            return to
        if is_flexible(argument):
            kind = self.check(argument, to if is_integer(to) else vm.U128 if isinstance(to, vm.Amount) else vm.U64)
        else:
            kind = self.check(argument)
        both_units = not is_integer(kind) and not is_integer(to)
        if not isinstance(kind, Unknown) and (not is_number(kind) or (both_units and kind != to)):
            self.scope.error("E0302", f"`{describe(kind)}` does not become `{name}`; go through an integer", node.span)
            return UNKNOWN
        return to

    def _literal_address(self, node: ast.Call) -> Type:
        argument = node.arguments[0].value if len(node.arguments) == 1 else None
        if not isinstance(argument, ast.BytesLiteral) or len(argument.value) != vm.ADDRESS_BYTES:
            self._forget_arguments(node.arguments)
            self.scope.error("E0305", "an address in the text is 32 bytes: `Address(0x…)` with 64 digits", node.span)
            return UNKNOWN
        argument.type = vm.Bytes(vm.ADDRESS_BYTES)
        node.ref = ConstantSymbol("", vm.ADDRESS, argument.value, node.span)
        return vm.ADDRESS

    def _invoke(self, node: ast.Call, symbol: FunctionSymbol) -> Type:
        node.ref = symbol
        name = symbol.name
        if self.is_test and symbol.scope is not self.scope and symbol.kind != "pure":
            self.scope.error("E0701", f"a test calls contracts: `call x.{name}(…)`", node.span)
        if self.is_constant:
            self.scope.error("E0315", "a constant is computed from literals and constants", node.span)
        if symbol.kind in ("pub", "init", "rule"):
            message = f"`{name}` is entered from outside only; move what both need into a private `fn`"
            self.scope.error("E0710", message, node.callee.span)
        elif self.function is not None:
            self.function.invokes.setdefault(symbol, node.span)
        if symbol.phases is not None and not self.flow.phases <= symbol.phases and self.flow.is_reachable:
            assert self.contract is not None
            outside = ", ".join(self.contract.phases[p] for p in sorted(self.flow.phases - symbol.phases))
            self.scope.error("E0509", f"`{name}` does not run in {outside}, which the phase may be here", node.span)
        self.arguments(node.arguments, symbol.parameters, node.span, f"`{name}`")
        if symbol.becomes:
            self._becomes_inside(node, symbol)
            self.flow.phases |= symbol.becomes
        return symbol.result

    def is_any_phase(self) -> bool:
        """Whether this is a private function without `in`, so that only its callers know the phase."""
        function, contract = self.function, self.contract
        return (
            function is not None
            and contract is not None
            and function.kind == ""
            and function.phases is None
            and len(self.flow.phases) == len(contract.phases)
        )

    def _becomes_inside(self, node: ast.Call, symbol: FunctionSymbol) -> None:
        """A private function without `in` steps on from the phase that its caller is in."""
        contract = self.contract
        if contract is None or symbol.phases is not None or self.is_any_phase() or not self.flow.is_reachable:
            return
        for phase in sorted(self.flow.phases):
            reached = {phase}
            while more := {b for a, b in contract.steps if a in reached and b in symbol.becomes} - reached:
                reached |= more
            for target in sorted(symbol.becomes - reached):
                message = f"`{symbol.name}` becomes {contract.phases[target]}; no step leads there from {contract.phases[phase]}"
                self.scope.error("E0503", message, node.span)

    # ── Standard functions ────────────────────────────────────────────────────────────────────────────────────────────

    def _standard(self, node: ast.Call, name: str, expected: Type | None) -> Type:
        node.ref = Builtin(name)
        named = next((argument.name for argument in node.arguments if argument.name is not None), None)
        if named is not None and name in ("Some", "min", "max", "mul_div", "pay", "encode", "bytes_of"):
            self.scope.error("E0308", f"what `{name}` takes has no names", named.span)
            self._forget_arguments(node.arguments)
            return UNKNOWN if name != "pay" else NOTHING
        if name == "Some":
            return self._some(node, expected)
        if name in ("min", "max"):
            return self._least(node, name, expected)
        if name == "mul_div":
            return self._mul_div(node, expected)
        if name == "pay":
            self.note(Effect.MONEY, node.span, "pays")
            if self.is_test:
                self.scope.error("E0802", "in a test a wallet pays: `pay 5.00 CNY to shop as kid`", node.span)
                self._forget_arguments(node.arguments)
                return NOTHING
            coin: Type = vm.COIN
            if len(node.arguments) == 2:
                self.check(node.arguments[0].value, vm.ADDRESS)
                coin = self.check(node.arguments[1].value)
                if isinstance(coin, Unknown | vm.Coin):
                    return NOTHING
                self.mismatch(node.arguments[1].value, coin, vm.COIN)
                return NOTHING
            self.arguments(node.arguments, (("to", vm.ADDRESS), ("coin", coin)), node.span, "`pay`")
            return NOTHING
        if name == "encode":
            return self._encode(node)
        if name == "bytes_of":
            text = self.check(node.arguments[0].value) if len(node.arguments) == 1 else None
            if not isinstance(text, vm.Text):
                if not isinstance(text, Unknown):
                    self.scope.error("E0307", "`bytes_of` takes one text", node.span)
                return UNKNOWN
            return vm.Bytes(text.max)
        data = vm.Bytes(limits.BYTES_MAX)
        if name == "verify_ed25519":
            parameters = (("key", vm.Bytes(32)), ("message", data), ("signature", vm.Bytes(64)))
            self.arguments(node.arguments, parameters, node.span, f"`{name}`")
            return vm.BOOL
        self.arguments(node.arguments, (("data", data),), node.span, f"`{name}`")
        return vm.HASH

    def _some(self, node: ast.Call, expected: Type | None) -> Type:
        if len(node.arguments) != 1:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", "`Some` carries one value", node.span)
            return UNKNOWN
        wanted = expected.element if isinstance(expected, vm.Option) else None
        kind = self.check(node.arguments[0].value, wanted)
        node.ref = VariantUse(1)
        if isinstance(kind, Unknown):
            return UNKNOWN
        if isinstance(expected, vm.Option):
            return expected
        return self.scope.sized(vm.Option(kind), node.span)  # type: ignore[arg-type]

    def _same_numbers(self, node: ast.Call, count: int, expected: Type | None) -> Type:
        """The common number type of the first arguments, bare numbers following the others."""
        values = [argument.value for argument in node.arguments[:count]]
        kind: Type | None = None
        for value in values:
            if not is_flexible(value):
                found = self.check(value, self._hint(value, kind if kind is not None else expected))
                if kind is None:
                    kind = found
                elif not fits(found, kind):
                    self.mismatch(value, found, kind)
                    kind = UNKNOWN
        if kind is None and expected is not None and is_number(expected):
            kind = expected
        for value in values:
            if is_flexible(value):
                kind = self.check(value, kind)
        if kind is None or isinstance(kind, Unknown):
            return UNKNOWN
        if not is_number(kind):
            self.scope.error("E0302", f"numbers belong here, not `{describe(kind)}`", node.span)
            return UNKNOWN
        return kind

    def _least(self, node: ast.Call, name: str, expected: Type | None) -> Type:
        if len(node.arguments) != 2:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", f"`{name}` takes 2 arguments", node.span)
            return UNKNOWN
        return self._same_numbers(node, 2, expected)

    def _mul_div(self, node: ast.Call, expected: Type | None) -> Type:
        rounding = node.arguments[3].value if len(node.arguments) == 4 else None
        if not isinstance(rounding, ast.Name):
            self._forget_arguments(node.arguments[:3])
            message = "`mul_div(a, b, c, down)` is a * b / c, with the rounding named last"
            self.scope.error("E0307", message, node.span)
            return UNKNOWN
        if rounding.text not in ROUNDINGS:
            self.scope.error("E0313", f"there is no rounding `{rounding.text}`", rounding.span, expected=", ".join(ROUNDINGS))
        rounding.ref = Builtin(rounding.text)
        first, second, third = (argument.value for argument in node.arguments[:3])
        if is_flexible(first):
            return self._same_numbers(node, 3, expected)
        kind = self.check(first, self._hint(first, expected))
        kinds = [self.check(v, kind if is_flexible(v) and is_integer(kind) else None) for v in (second, third)]
        if isinstance(kind, Unknown) or any(isinstance(other, Unknown) for other in kinds):
            return UNKNOWN
        if not is_number(kind) or kinds[0] != kinds[1] or not is_number(kinds[0]):
            message = "`mul_div(a, b, c, …)` scales a by b / c: b and c have the same number type"
            self.scope.error("E0302", message, node.span)
            return UNKNOWN
        return kind

    def _encode(self, node: ast.Call) -> Type:
        if len(node.arguments) != 1:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", "`encode` takes one value", node.span)
            return UNKNOWN
        kind = self.check(node.arguments[0].value)
        if isinstance(kind, Unknown):
            return UNKNOWN
        if not is_plain(kind):
            self.scope.error("E0406", f"`{describe(kind)}` cannot be encoded: it is not plain", node.span)
            return UNKNOWN
        return vm.Bytes(min(vm.encoded_max(lower(kind)), limits.BYTES_MAX))

    # ── Methods ───────────────────────────────────────────────────────────────────────────────────────────────────────

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

    # ── Resources, other contracts, promises ──────────────────────────────────────────────────────────────────────────

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
            message = "`old(…)` stands in `ensures`, not inside of another `old`"
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

    # ── Standard functions of tests ───────────────────────────────────────────────────────────────────────────────────

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


def needs_type(node: ast.Expression) -> bool:
    """Whether an expression cannot know its own type: `None` and `[]`."""
    return (isinstance(node, ast.Name) and node.text == "None") or (isinstance(node, ast.ListLiteral) and not node.items)


def is_flexible(node: ast.Expression) -> bool:
    """Whether an expression is a bare number, or computed of such, that takes its type from its surroundings."""
    match node:
        case ast.Number():
            return node.unit is None
        case ast.Unary("-", operand):
            return is_flexible(operand)
        case ast.Binary(operator, left, right) if operator in ARITHMETIC:
            return is_flexible(left) and is_flexible(right)
    return False
