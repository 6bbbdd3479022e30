"""The ground of the checker of expressions: locals, what is known at a point, the one use of linear values."""

from __future__ import annotations

from dataclasses import dataclass, field

from lang import ast
from lang.diagnostics import Edit
from lang.scope import RESERVED, TESTING, Scope
from lang.source import Span
from lang.symbols import (
    FunctionSymbol,
    Local,
    RecordSymbol,
)
from lang.types import (
    ARITHMETIC,
    NOTHING,
    UNKNOWN,
    Nothing,
    Reference,
    Type,
    Unknown,
    describe,
    fits,
    is_integer,
    is_linear,
    is_number,
    one,
)
from vm import types as vm
from vm.instructions import Effect

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


class Walker:
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

    def new_local(self, name: ast.Identifier, kind: Type, *, is_fixed: bool = False, is_parameter: bool = False) -> Local:
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
        if before is not None:
            local.uses = 1  # what is declared twice is not also said to be unused
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
        elif expected == vm.ADDRESS and isinstance(kind, vm.Bytes):
            hint = "; an address is 32 bytes: `Address(0x…)` with 64 digits"
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
