"""What names stand for: the values that the checker puts into `ref`."""

from __future__ import annotations

from dataclasses import dataclass, field

from lang import ast
from lang.source import Source, Span
from lang.types import Type
from vm import types as vm


@dataclass(slots=True, eq=False)
class Local:
    """A parameter or a `let`. `slot` is its number in the function."""

    name: str
    type: Type
    slot: int
    span: Span
    is_fixed: bool = False  # parameters and loop variables are not assigned to
    uses: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class StateField:
    """A state field of the contract."""

    name: str
    type: Type
    index: int
    span: Span
    initial: ast.Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class ConstantSymbol:
    """A constant with its value."""

    name: str
    type: Type
    value: object
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TypeSymbol:
    """A struct, enum or resource. `owner` is the contract that declares a resource."""

    name: str
    type: vm.Type
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class RecordSymbol:
    """An event or an error. `index` is its number in the contract, -1 at the top of a file."""

    name: str
    fields: tuple[tuple[str, Type], ...]
    index: int
    span: Span


@dataclass(slots=True, eq=False)
class FunctionSymbol:
    """A function with its signature resolved, and what was found out about its body."""

    name: str
    kind: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    phases: frozenset[int] | None
    declaration: ast.FunctionDeclaration
    source: Source
    invokes: dict[FunctionSymbol, Span] = field(default_factory=dict)
    becomes: set[int] = field(default_factory=set)
    effects: int = 0
    local_count: int = 0
    sees_call: bool = False  # it looks at `sender`, `now` or `this`, which what is pure does not
    locals: list[Local] = field(default_factory=list)
    scope: object = None  # the contract or file scope it was declared in


@dataclass(slots=True, eq=False)
class InterfaceSymbol:
    """What may be called on a contract: an `interface`, or the public side of a `contract`."""

    name: str
    source: Source
    span: Span
    functions: dict[str, FunctionSymbol]
    contract: ContractSymbol | None = None


@dataclass(slots=True, eq=False)
class ContractSymbol:
    """A contract with everything it declares."""

    name: str
    declaration: ast.ContractDeclaration
    source: Source
    declared: dict[str, TypeSymbol | ConstantSymbol] = field(default_factory=dict)
    fields: dict[str, StateField] = field(default_factory=dict)
    events: dict[str, RecordSymbol] = field(default_factory=dict)
    errors: dict[str, RecordSymbol] = field(default_factory=dict)
    functions: dict[str, FunctionSymbol] = field(default_factory=dict)
    init: FunctionSymbol | None = None
    phases: list[str] = field(default_factory=list)
    steps: set[tuple[int, int]] = field(default_factory=set)
    invariants: list[ast.Invariant] = field(default_factory=list)
    currency: str | None = None
    implements: list[InterfaceSymbol | str] = field(default_factory=list)
    interface: InterfaceSymbol | None = None


@dataclass(frozen=True, slots=True)
class Builtin:
    """A standard function, or a name such as `sender`."""

    name: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """`u64(x)`, `Amount(n)`, `Token(address)`: the call gives the same value as another type."""

    to: Type


@dataclass(frozen=True, slots=True)
class Construction:
    """`Point(1, 2)`: a struct of its fields, in `order` of the arguments."""

    type: vm.Type


@dataclass(frozen=True, slots=True)
class VariantUse:
    """`Shape.Circle`, `Some`, `None`: a variant of an enum or option."""

    tag: int


@dataclass(frozen=True, slots=True)
class Method:
    """A method or attribute of a value: `owner` is what it belongs to ("map", "vault", "coin", ...)."""

    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a struct or resource, by position."""

    index: int


@dataclass(frozen=True, slots=True)
class ExternalUse:
    """The function of another contract that is called."""

    interface: str
    function: FunctionSymbol


Symbol = Local | StateField | ConstantSymbol | TypeSymbol | FunctionSymbol | InterfaceSymbol | ContractSymbol | Builtin
