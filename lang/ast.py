"""The syntax tree: one class a construct, each with the stretch of text it came from.

The parser builds it; the checker fills in what it finds out (`type` of an expression, `ref` of a name); the emitter, the
formatter and the test runner read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from lang.source import Source, Span

if TYPE_CHECKING:
    from vm.types import Type


@dataclass(slots=True, kw_only=True)
class Node:
    """Anything with a place."""

    span: Span


@dataclass(slots=True)
class Identifier(Node):
    """A name where it is declared or named, with its place. The checker fills `ref` where it declares a local."""

    text: str
    ref: Any = field(default=None, compare=False)


# ── Types as written ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class TypeName(Node):
    """`u64`, `List[Address, 100]`, `Coin[USD]`. An argument is a type, or a constant expression for a length."""

    name: str
    arguments: list[TypeExpression | Expression] = field(default_factory=list)


@dataclass(slots=True)
class TypeTuple(Node):
    """`(A, B)`."""

    items: list[TypeExpression]


TypeExpression = TypeName | TypeTuple


# ── Expressions ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class Expression(Node):
    """Anything that has a value. The checker fills `type`; `ref` is what a name stands for."""

    type: Type | None = field(default=None, compare=False)
    ref: Any = field(default=None, compare=False)


@dataclass(slots=True)
class Number(Expression):
    """`1_000`, `100.00 CNY`, `5 days`, `25 bps`, `3.85 %`. `digits` and `decimals` are without underscores."""

    digits: str
    decimals: str | None = None
    unit: str | None = None  # "%", "bps", "days", … or a currency's code
    unit_span: Span | None = None


@dataclass(slots=True)
class TextLiteral(Expression):
    """`"text"`, escapes resolved."""

    value: str


@dataclass(slots=True)
class BytesLiteral(Expression):
    """`0x0a0b`: an even number of hexadecimal digits."""

    value: bytes


@dataclass(slots=True)
class Truth(Expression):
    """`true`, `false`."""

    value: bool


@dataclass(slots=True)
class Name(Expression):
    """A bare name: local, constant, function, type, variant, `sender`, `now`, `this`, `result`."""

    text: str


@dataclass(slots=True)
class Self(Expression):
    """`self`: only before a dot."""


@dataclass(slots=True)
class Attribute(Expression):
    """`value.name`."""

    value: Expression
    name: Identifier


@dataclass(slots=True)
class Index(Expression):
    """`value[index]`."""

    value: Expression
    index: Expression


@dataclass(slots=True)
class Argument(Node):
    """One argument of a call, maybe by name."""

    name: Identifier | None
    value: Expression


@dataclass(slots=True)
class Call(Expression):
    """`callee(arguments)`: function, method, conversion, struct, variant, standard function."""

    callee: Expression
    arguments: list[Argument]


@dataclass(slots=True)
class New(Expression):
    """`new Claim(face)`."""

    resource: Identifier
    arguments: list[Argument]


@dataclass(slots=True)
class Unary(Expression):
    """`not x`, `-x`."""

    operator: str
    operand: Expression


@dataclass(slots=True)
class Binary(Expression):
    """`+ - * / mod == != < <= > >= in "not in" and or implies`; `*` and `/` may carry `rounded MODE`."""

    operator: str
    left: Expression
    right: Expression
    rounding: Identifier | None = None


@dataclass(slots=True)
class PhaseIs(Expression):
    """`phase is Funded`, `phase is Open | Funded`."""

    phases: list[Identifier]


@dataclass(slots=True)
class Conditional(Expression):
    """`a if condition else b`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True)
class ListLiteral(Expression):
    """`[a, b]`."""

    items: list[Expression]


@dataclass(slots=True)
class TupleLiteral(Expression):
    """`(a, b)`."""

    items: list[Expression]


@dataclass(slots=True)
class Old(Expression):
    """`old(expression)`: its value before the function ran; only in `ensures`."""

    value: Expression


@dataclass(slots=True)
class ExternalCall(Expression):
    """`call token.transfer(to, n)`, `read feed.price()`, `try read feed.price() else 0`, `call deal.fund(x) as buyer`.

    `kind` is "call" or "read". `fallback` is the value after `else` when `trying` in an expression; in a `TryStatement`
    it is None. `sender` stands only in tests.
    """

    kind: str
    target: Expression
    function: Identifier
    arguments: list[Argument]
    trying: bool = False
    fallback: Expression | None = None
    sender: Expression | None = None


@dataclass(slots=True)
class Deploy(Expression):
    """`deploy Escrow(seller, 100.00 CNY) in CNY as buyer`: only in tests. `currency` is the home currency."""

    contract: Identifier
    arguments: list[Argument]
    currency: Identifier | None = None
    sender: Expression | None = None


# ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class Statement(Node):
    """Anything that is done."""


@dataclass(slots=True)
class Let(Statement):
    """`let a: T = value`, `let a, b = value`; a name `_` forgets a plain value."""

    names: list[Identifier]
    annotation: TypeExpression | None
    value: Expression


@dataclass(slots=True)
class Assign(Statement):
    """`target = value`, and with `operator` "+", "-" or "*": `target += value`."""

    target: Expression
    operator: str | None
    value: Expression


@dataclass(slots=True)
class Evaluate(Statement):
    """An expression for what it does."""

    value: Expression


@dataclass(slots=True)
class If(Statement):
    """`if … elif … else`."""

    branches: list[tuple[Expression, list[Statement]]]
    otherwise: list[Statement] | None


@dataclass(slots=True)
class ForEach(Statement):
    """`for x in xs:`."""

    name: Identifier
    values: Expression
    body: list[Statement]


@dataclass(slots=True)
class ForRange(Statement):
    """`for i in 0..n max 100:`; the end is excluded; `max` may be left out where both ends are constant."""

    name: Identifier
    first: Expression
    end: Expression
    bound: Expression | None
    body: list[Statement]


@dataclass(slots=True)
class While(Statement):
    """`while condition max 50:`. `bound` None is a finding of the checker."""

    condition: Expression
    bound: Expression | None
    body: list[Statement]


@dataclass(slots=True)
class Pattern(Node):
    """`Some(x)`, `Circle(r, _)`, `None`, `_`."""

    variant: Identifier
    names: list[Identifier]
    enum: Identifier | None = None  # where it is written: `Shape.Circle(r, _)`


@dataclass(slots=True)
class Case(Node):
    """One arm of a match."""

    pattern: Pattern
    body: list[Statement]


@dataclass(slots=True)
class Match(Statement):
    """`match value:` with `case` arms; every variant exactly once, or `_` last."""

    value: Expression
    cases: list[Case]


@dataclass(slots=True)
class Break(Statement):
    """`break`."""


@dataclass(slots=True)
class Continue(Statement):
    """`continue`."""


@dataclass(slots=True)
class Pass(Statement):
    """`pass`."""


@dataclass(slots=True)
class Return(Statement):
    """`return`, `return value`."""

    value: Expression | None


@dataclass(slots=True)
class ErrorUse(Node):
    """`TooEarly(t)` where an error is raised or expected; `arguments` None when written without parentheses."""

    name: Identifier
    arguments: list[Argument] | None
    ref: Any = field(default=None, compare=False)


@dataclass(slots=True)
class Require(Statement):
    """`require condition else TooEarly(t)`. `error` None is a finding of the checker."""

    condition: Expression
    error: ErrorUse | None


@dataclass(slots=True)
class Fail(Statement):
    """`fail TooEarly(t)`."""

    error: ErrorUse


@dataclass(slots=True)
class Emit(Statement):
    """`emit Settled(to, amount)`."""

    event: Identifier
    arguments: list[Argument]


@dataclass(slots=True)
class Become(Statement):
    """`become Released`."""

    phase: Identifier


@dataclass(slots=True)
class Destroy(Statement):
    """`destroy claim`."""

    value: Expression


@dataclass(slots=True)
class TryStatement(Statement):
    """`try call token.transfer(to, n) else:` and what to do when it failed."""

    call: ExternalCall
    otherwise: list[Statement]


@dataclass(slots=True)
class Ensures(Statement):
    """`ensures condition`: only at the beginning of a function's body."""

    condition: Expression


@dataclass(slots=True)
class Assert(Statement):
    """`assert condition`: only in tests."""

    condition: Expression


@dataclass(slots=True)
class Expect(Statement):
    """`expect TooEarly: call deal.reclaim() as seller`, `expect event Settled(to, n): …`: only in tests.

    The name may be qualified by a contract: `expect Escrow.TooEarly: …`.
    """

    is_event: bool
    contract: Identifier | None
    what: ErrorUse
    body: list[Statement]


@dataclass(slots=True)
class Pay(Statement):
    """`pay 5.00 CNY to shop as kid`: only in tests; a payment of a wallet. In contracts, `pay(to, coin)` is a call."""

    amount: Expression
    to: Expression
    sender: Expression


@dataclass(slots=True)
class Attach(Statement):
    """`attach rule to kid`: only in tests; the wallet's payments now pass the rule."""

    rule: Expression
    wallet: Expression


# ── Declarations ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class Declaration(Node):
    """Anything that is declared. `doc` is the text in triple quotes that opens its block, if any."""

    doc: str | None = None


@dataclass(slots=True)
class Import(Declaration):
    """`from lib.token import Token, Other`: another file, seen from the importing file's folder."""

    path: list[Identifier]
    names: list[Identifier]


@dataclass(slots=True)
class Constant(Declaration):
    """`const FEE: Rate = 25 bps`."""

    name: Identifier
    annotation: TypeExpression
    value: Expression


@dataclass(slots=True)
class Unit(Declaration):
    """`unit GLD: 3 decimals`."""

    name: Identifier
    decimals: Number


@dataclass(slots=True)
class Field(Node):
    """`name: Type`, and for state fields maybe `= value`."""

    name: Identifier
    annotation: TypeExpression
    value: Expression | None = None


@dataclass(slots=True)
class StructDeclaration(Declaration):
    """`struct Point:`."""

    name: Identifier
    fields: list[Field]


@dataclass(slots=True)
class VariantDeclaration(Node):
    """`Circle(radius: u64)` or `Empty`."""

    name: Identifier
    fields: list[Field]


@dataclass(slots=True)
class EnumDeclaration(Declaration):
    """`enum Shape:`, a variant a line."""

    name: Identifier
    variants: list[VariantDeclaration]


@dataclass(slots=True)
class ResourceDeclaration(Declaration):
    """`resource Claim:` with fields and maybe `divides by face`."""

    name: Identifier
    fields: list[Field]
    divides: Identifier | None


@dataclass(slots=True)
class EventDeclaration(Declaration):
    """`event Settled(to: Address, amount: Amount)`."""

    name: Identifier
    fields: list[Field]


@dataclass(slots=True)
class ErrorDeclaration(Declaration):
    """`error TooEarly(until: Time)`, `error Closed`."""

    name: Identifier
    fields: list[Field]


@dataclass(slots=True)
class PhasesDeclaration(Declaration):
    """`phases Open -> Funded -> Released | Refunded`. Each chain is a list of groups; steps lead from group to group."""

    chains: list[list[list[Identifier]]]


@dataclass(slots=True)
class CurrencyDeclaration(Declaration):
    """`currency CNY`: the home currency the contract insists on."""

    name: Identifier


@dataclass(slots=True)
class By(Node):
    """One alternative of a `by` clause: `anyone`, an address, or `any of` a list or set."""

    value: Expression | None  # None is `anyone`
    any_of: bool = False


@dataclass(slots=True)
class FunctionDeclaration(Declaration):
    """A function or `init`. `kind` is "init", "pub", "view", "pure", "rule" or "" for a private one.

    `by` None means that no clause was written; `phases` None that no `in` clause was. `body` None in an interface.
    """

    kind: str
    name: Identifier
    parameters: list[Field]
    result: TypeExpression | None
    by: list[By] | None
    phases: list[Identifier] | None
    body: list[Statement] | None


@dataclass(slots=True)
class Invariant(Declaration):
    """`invariant condition`."""

    condition: Expression


@dataclass(slots=True)
class InterfaceDeclaration(Declaration):
    """`interface Token:` with signatures."""

    name: Identifier
    functions: list[FunctionDeclaration]


Member = (
    Field
    | StructDeclaration
    | EnumDeclaration
    | ResourceDeclaration
    | EventDeclaration
    | ErrorDeclaration
    | PhasesDeclaration
    | CurrencyDeclaration
    | Constant
    | FunctionDeclaration
    | Invariant
)


@dataclass(slots=True)
class ContractDeclaration(Declaration):
    """`contract Escrow implements A, B:`; members in the order they were written."""

    name: Identifier
    implements: list[Identifier]
    members: list[Member]


@dataclass(slots=True)
class TestDeclaration(Declaration):
    """`test "name" for any wait: Duration where wait < 7 days:`."""

    name: TextLiteral
    parameters: list[Field]
    where: Expression | None
    body: list[Statement]


TopLevel = (
    Import
    | Constant
    | Unit
    | StructDeclaration
    | EnumDeclaration
    | InterfaceDeclaration
    | ErrorDeclaration
    | FunctionDeclaration
    | ContractDeclaration
    | TestDeclaration
)


@dataclass(slots=True)
class File(Node):
    """One source file.

    `incomplete` says that syntax errors made the parser drop pieces of it; `broken_names` are the names those pieces may
    have declared, so that nobody complains twice about them.
    """

    source: Source
    doc: str | None
    items: list[TopLevel]
    incomplete: bool = False
    broken_names: set[str] = field(default_factory=set)


_CHILDREN: dict[type[Node], tuple[str, ...]] = {}  # names of the fields of a class of nodes that hold nodes


def _children(node: Node) -> tuple[str, ...]:
    kind = type(node)
    if kind not in _CHILDREN:
        _CHILDREN[kind] = tuple(f.name for f in fields(node) if f.name not in ("type", "ref", "span", "source"))
    return _CHILDREN[kind]


def walk(node: Node) -> Iterator[Node]:
    """A node and everything inside of it."""
    stack: list[object] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Node):
            yield item
            stack.extend([getattr(item, name) for name in _children(item)])
        elif isinstance(item, list | tuple) and not isinstance(item, Span):
            stack.extend(item)
