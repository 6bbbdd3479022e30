"""Names and what they stand for: of the language, of a file, of a contract; and types as written, resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from lang import ast, habits
from lang.currencies import DECIMALS
from lang.diagnostics import Edit, Findings
from lang.source import Source, Span
from lang.symbols import Builtin, ContractSymbol, InterfaceSymbol, TypeSymbol
from lang.types import NAMED, PARAMETRIC, UNKNOWN, Reference, Type, Unknown, depth, describe, is_plain, lower, nodes
from vm import limits
from vm import types as vm

STANDARD = frozenset(
    {"min", "max", "mul_div", "sha256", "sha3_256", "blake2b", "verify_ed25519", "encode", "bytes_of", "pay", "Some"}
)
"""The standard functions, in scope everywhere."""

WORLD = frozenset({"sender", "now", "this"})
"""Names for what surrounds a call."""

TESTING = frozenset({"wallets", "wallet", "balance", "advance"})
"""Standard functions of tests."""

LISTED = frozenset({"E0208", "E0209"})
LISTED_MAX = 8
ABSENCES = frozenset({"E0321", "E0401", "E0604", "E0608", "E0706", "W0201", "W0501"})
"""Findings that something is missing: in a file of which pieces could not be read, it may stand in those."""

NEAR_NAMES_MAX = 200
"""Findings after which none is looked up among the names that are there: with so many, the mistake is another."""

DECLARATION_DEPTH_MAX = 16
"""Declarations that are looked into, one by way of another: each may hold a deep expression."""

RESERVED = STANDARD | WORLD | frozenset(NAMED) | PARAMETRIC | {"None", "self", "phase", "result", "_", "WalletRule"}


_MONEY: dict[str, Callable[[str | None], vm.Amount | vm.Coin | vm.Vault]] = {
    "Amount": vm.Amount,
    "Coin": vm.Coin,
    "Vault": vm.Vault,
}


_COMPOUND: dict[str, Callable[..., vm.Type]] = {
    "Text": vm.Text,
    "Bytes": vm.Bytes,
    "List": vm.List,
    "Option": vm.Option,
    "Map": vm.Map,
    "Set": vm.Set,
}


@dataclass(slots=True)
class Pending:
    """A name whose declaration has not been looked into yet."""

    span: Span
    resolve: Callable[[], Any]
    is_running: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a file, or of a contract inside of one."""

    source: Source
    findings: Findings
    parent: Scope | None = None
    contract: ContractSymbol | None = None
    names: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    interfaces: dict[Reference, InterfaceSymbol] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    is_incomplete: bool = False  # pieces of the file could not be read
    constant_value: Callable[[ast.Expression, Type, Scope], object | None] | None = None

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        expected: str | None = None,
        edit: Edit | None = None,
        notes: Iterable[tuple[str, Span | None]] = (),
    ) -> None:
        """Remember a finding in this file."""
        if self.is_incomplete and code in ABSENCES:
            return
        self.findings.add(code, message, self.source, span, expected=expected, edit=edit, notes=tuple(notes))

    def declare(self, name: ast.Identifier, symbol: object) -> bool:
        """Give a name its meaning here; a finding if it has one already."""
        text = name.text
        if text in RESERVED:
            self.error("E0206", f"`{text}` belongs to the language; choose another name", name.span)
            return False
        outer = self if text in self.names else self.parent
        if outer is not None and text in outer.names:
            notes = (("it was declared here first", outer.spans[text]),)
            self.error("E0202", f"`{text}` is declared twice", name.span, notes=notes)
            return False
        self.fits_name(name)
        self.names[text] = symbol
        self.spans[text] = name.span
        return True

    def fits_name(self, name: ast.Identifier) -> None:
        """A finding for a name that is too long for a module."""
        if len(name.text) > limits.NAME_CHARACTERS_MAX:
            self.error("E0901", f"a name has at most {limits.NAME_CHARACTERS_MAX} characters", name.span)

    def find(self, name: str) -> Any:
        """What a name stands for, or None. Looks into a pending declaration."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope._settle(name)
            scope = scope.parent
        return Builtin(name) if name in STANDARD or name in WORLD else None

    def _settle(self, name: str) -> Any:
        symbol = self.names[name]
        if isinstance(symbol, Pending):
            if symbol.is_running:
                self.error("E0324", f"`{name}` is declared by way of itself", symbol.span)
                return Unknown()
            if self._depth() > DECLARATION_DEPTH_MAX:
                message = "too many declarations lead to one another; declare first what others are made of"
                self.error("E0901", message, symbol.span)
                return Unknown()
            symbol.is_running = True
            settled = symbol.resolve()
            symbol.is_running = False
            self.names[name] = settled
            return settled
        return symbol

    def _depth(self) -> int:
        """How many declarations are being looked into, one by way of another."""
        own = sum(1 for symbol in self.names.values() if isinstance(symbol, Pending) and symbol.is_running)
        return own + (self.parent._depth() if self.parent is not None else 0)

    def settle_all(self) -> None:
        """Look into every declaration that has not been looked into."""
        for name in list(self.names):
            self._settle(name)

    def is_broken(self, name: str) -> bool:
        """Whether the name was declared in a piece of text that could not be read."""
        return name in self.broken or (self.parent is not None and self.parent.is_broken(name))

    def unknown(self, code: str, what: str, name: ast.Identifier, among: Iterable[str], *, where: str = "") -> None:
        """A finding for a name that is not there, with the nearest one that is."""
        if self.is_broken(name.text):
            return
        expected = None
        if code in LISTED:
            shown = [f"`{known}`" for known in among]
            more = ", …" if len(shown) > LISTED_MAX else ""
            expected = ", ".join(shown[:LISTED_MAX]) + more if shown else f"a declared one; there is no {what} yet"
        if len(name.text) < 3 or len(self.findings.diagnostics) > NEAR_NAMES_MAX:
            among = ()
        near = get_close_matches(name.text, [c for c in among if not c.startswith("_") and c != name.text], n=1)
        edit = Edit(name.span, near[0], f"write `{near[0]}`") if near else None
        self.error(code, f"there is no {what} `{name.text}`{where}", name.span, expected=expected, edit=edit)

    def names_of(self, *kinds: type) -> list[str]:
        """Every declared name in sight that stands for one of these, those not looked into yet included."""
        outer = self.parent.names_of(*kinds) if self.parent is not None else []
        return [*(name for name, symbol in self.names.items() if isinstance(symbol, (*kinds, Pending))), *outer]

    def known_names(self) -> list[str]:
        """Every name in sight."""
        outer = self.parent.known_names() if self.parent is not None else [*STANDARD, *WORLD, *NAMED, *PARAMETRIC]
        return [*self.names, *outer]

    def decimals(self, code: str) -> int | None:
        """The decimals of a currency's code, or None if it is not declared."""
        if code in self.units:
            return self.units[code]
        return self.parent.decimals(code) if self.parent is not None else DECIMALS.get(code)

    def interface(self, reference: Reference) -> InterfaceSymbol | None:
        """What may be called on a reference."""
        if reference in self.interfaces:
            return self.interfaces[reference]
        return self.parent.interface(reference) if self.parent is not None else None

    # ── Types as written ──────────────────────────────────────────────────────────────────────────────────────────────

    def type_of(self, node: ast.TypeExpression, depth: int = 0) -> Type:
        """The type that is written, or UNKNOWN after a finding."""
        if depth >= limits.TYPE_DEPTH_MAX:
            self.error("E0901", f"types nest at most {limits.TYPE_DEPTH_MAX} deep", node.span)
            return UNKNOWN
        if isinstance(node, ast.TypeTuple):
            items = tuple(self.type_of(item, depth + 1) for item in node.items)
            if any(isinstance(item, Unknown) for item in items):
                return UNKNOWN
            if len(items) > limits.STRUCT_FIELDS_MAX:
                self.error("E0901", f"a tuple has at most {limits.STRUCT_FIELDS_MAX} items", node.span)
                return UNKNOWN
            return self.sized(vm.Tuple(items), node.span)  # type: ignore[arg-type]
        if node.name in PARAMETRIC:
            return self._parametric(node, depth)
        if node.arguments and (node.name in NAMED or self.find(node.name) is not None):
            self.error("E0312", f"`{node.name}` takes nothing in brackets", node.span)
            return UNKNOWN
        if node.name in NAMED:
            return NAMED[node.name]
        return self._declared(node)

    def _declared(self, node: ast.TypeName) -> Type:
        symbol = self.find(node.name)
        match symbol:
            case TypeSymbol():
                kind: Type = symbol.type
                return kind
            case InterfaceSymbol():
                return Reference(symbol.name, symbol.source.path)
            case Unknown():
                return UNKNOWN
            case None:
                habit = habits.TYPES.get(node.name)
                if habit is not None:
                    message = f"there is no type `{node.name}`: {habit[0]}"
                    self.error("E0203", message, node.span, edit=habits.edit_of(habit, node.span))
                else:
                    place = Span(node.span.start, node.span.start + len(node.name))
                    types = self.names_of(TypeSymbol, InterfaceSymbol)
                    self.unknown("E0203", "type", ast.Identifier(node.name, span=place), [*types, *NAMED, *PARAMETRIC])
                return UNKNOWN
        self.error("E0203", f"`{node.name}` is not a type", node.span)
        return UNKNOWN

    def _parametric(self, node: ast.TypeName, depth: int) -> Type:
        name, arguments = node.name, node.arguments
        if name in ("Amount", "Coin", "Vault"):
            if not arguments:
                return _MONEY[name](None)
            code = arguments[0]
            if len(arguments) != 1 or not isinstance(code, ast.TypeName | ast.Name):
                self.error("E0312", f"`{name}` takes one currency: `{name}[USD]`", node.span)
                return UNKNOWN
            text = code.name if isinstance(code, ast.TypeName) else code.text
            if self.decimals(text) is None:
                self.error("E0214", f"there is no currency `{text}`; declare it: `unit {text}: 2 decimals`", code.span)
                return UNKNOWN
            return _MONEY[name](text)
        shapes = {"Text": "n", "Bytes": "n", "List": "Tn", "Option": "T", "Map": "TT", "Set": "T"}
        shape = shapes[name]
        if len(arguments) != len(shape):
            wanted = {"n": "Text[64]", "Tn": f"{name}[Address, 100]", "T": f"{name}[u64]", "TT": "Map[Address, u64]"}[shape]
            if name == "Bytes":
                wanted = "Bytes[32]"
            self.error("E0312", f"`{name}` is written like `{wanted}`", node.span, expected=f"`{wanted}`")
            return UNKNOWN
        parts: list[Any] = []
        for kind, argument in zip(shape, arguments, strict=True):
            if kind == "n":
                parts.append(self._length(argument, limits.LIST_ELEMENTS_MAX if name == "List" else
                                          limits.TEXT_BYTES_MAX if name == "Text" else limits.BYTES_MAX))  # fmt: skip
            elif isinstance(argument, ast.TypeName | ast.TypeTuple):
                parts.append(self.type_of(argument, depth + 1))
            elif isinstance(argument, ast.Name):
                parts.append(self.type_of(ast.TypeName(argument.text, span=argument.span), depth + 1))
            else:
                self.error("E0312", "a type belongs here", argument.span)
                parts.append(UNKNOWN)
        if any(part is None or isinstance(part, Unknown) for part in parts):
            return UNKNOWN
        return self._compound(node, name, parts)

    def _compound(self, node: ast.TypeName, name: str, parts: list[Any]) -> Type:
        if name in ("Map", "Set") and not self.is_key(parts[0]):
            size = limits.KEY_BYTES_MAX
            self.error("E0318", f"a key is a plain value of at most {size} bytes, `{describe(parts[0])}` is not", node.span)
            return UNKNOWN
        if name == "Map":
            value = parts[1]
            if not (is_plain(value) or isinstance(value, vm.Vault | vm.Resource)):
                hint = " Use a pair as the key: `Map[(A, B), V]`." if isinstance(value, vm.Map | vm.Set) else ""
                self.error("E0311", f"a Map holds plain values, resources or vaults, not `{describe(value)}`.{hint}", node.span)
                return UNKNOWN
        if name == "List" and not is_plain(parts[0]):
            self.error("E0406", f"a List holds plain values, not `{describe(parts[0])}`: keep those in a Map", node.span)
            return UNKNOWN
        if name == "Option" and isinstance(parts[0], vm.Vault | vm.Map | vm.Set):
            self.error("E0311", f"`{describe(parts[0])}` stands alone as a state field", node.span)
            return UNKNOWN
        compound: vm.Type = _COMPOUND[name](*parts)
        return self.sized(compound, node.span)

    def sized(self, kind: vm.Type, span: Span) -> Type:
        """A type, unless it nests too deep or its values may grow too large; then a finding."""
        if nodes(kind) > limits.TYPE_NODES_MAX:
            self.error("E0901", f"a type is made of at most {limits.TYPE_NODES_MAX} types", span)
            return UNKNOWN
        if depth(kind) > limits.TYPE_DEPTH_MAX:
            self.error("E0901", f"types nest at most {limits.TYPE_DEPTH_MAX} deep", span)
            return UNKNOWN
        if vm.size_max(lower(kind)) > limits.TYPE_SIZE_BYTES_MAX:
            size = limits.TYPE_SIZE_BYTES_MAX
            self.error("E0901", f"one value of `{describe(kind)}` may grow past {size} bytes: give it smaller lengths", span)
            return UNKNOWN
        return kind

    def is_key(self, kind: Type) -> bool:
        """Whether a type may be the key of a map or set."""
        return isinstance(kind, Unknown) or (is_plain(kind) and vm.encoded_max(lower(kind)) <= limits.KEY_BYTES_MAX)

    def _length(self, node: object, most: int) -> int | None:
        if isinstance(node, ast.TypeName) and not node.arguments:
            node = ast.Name(node.name, span=node.span)
        if not isinstance(node, ast.Expression):
            assert isinstance(node, ast.Node)
            self.error("E0312", "a length belongs here, such as `64`", node.span)
            return None
        assert self.constant_value is not None
        value = self.constant_value(node, vm.U64, self)
        if value is None:
            return None
        if not isinstance(value, int) or not 1 <= value <= most:
            self.error("E0304", f"a length is between 1 and {most:,}".replace(",", "_"), node.span)
            return None
        return value
