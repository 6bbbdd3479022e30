"""Builds the syntax tree: one method a rule of the grammar, called when the parser has found all of the rule's parts.

A part is a token or what another method gave; a part that was left out is None. What the grammar cannot say about the shape
of a program (what may be assigned to, what can be called) is checked here.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from lang import ast
from lang.diagnostics import Edit
from lang.lexer import Reporter, Token
from lang.source import Source, Span

ROUNDINGS = ("down", "up", "half_up", "half_even")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))")
_DIGITS = re.compile(r"([0-9_]+)(?:\.([0-9_]+))?")
_PLAIN_ESCAPES = {"n": "\n", "t": "\t"}


def _identifier(token: Token) -> ast.Identifier:
    return ast.Identifier(text=token.text, span=token.span)


def _maybe(token: Token | None) -> ast.Identifier | None:
    return None if token is None else _identifier(token)


def _unescaped(found: re.Match[str]) -> str:
    number, letter = found.groups()
    if number is None:
        return _PLAIN_ESCAPES.get(letter, letter)
    code = int(number, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _operator(tokens: list[Token]) -> str:
    """`not in` is two words."""
    return " ".join(token.text for token in tokens)


class Builder:
    """Methods have the names of rules, with a `_` where the name is a word of Python."""

    def __init__(self, source: Source, report: Reporter) -> None:
        self._source = source
        self._report = report

    def _refuse(self, code: str, message: str, span: Span, expected: str | None = None, edit: Edit | None = None) -> None:
        self._report(code, message, span, expected=expected, edit=edit)
        self._report.broken.append(span.start)

    # ── A file ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def file(self, span: Span, doc: str | None, *items: ast.TopLevel) -> ast.File:
        """The whole file."""
        return ast.File(source=self._source, doc=doc, items=list(items), span=Span(0, len(self._source.text)))

    def doc(self, span: Span, token: Token) -> str:
        """A text in triple quotes, without the indentation its lines share."""
        lines = inspect.cleandoc(token.text[3:-3]).split("\n")
        return "\n".join(line.rstrip() for line in lines).strip("\n")

    def import_declaration(self, span: Span, path: list[ast.Identifier], names: list[ast.Identifier]) -> ast.Import:
        """`from lib.token import Token`."""
        return ast.Import(path=path, names=names, span=span)

    def path(self, span: Span, *names: Token) -> list[ast.Identifier]:
        """Names in a row."""
        return [_identifier(name) for name in names]

    names = path
    phase_group = path

    def unit(self, span: Span, name: Token, decimals: Token) -> ast.Unit:
        """`unit GLD: 3 decimals`."""
        return ast.Unit(name=_identifier(name), decimals=self.number(decimals.span, decimals), span=span)

    def test(
        self, span: Span, name: Token, parameters: list[ast.Field] | None, where: ast.Expression | None, body: Any
    ) -> ast.TestDeclaration:
        """`test "…" for any …:`."""
        doc, statements = body
        title = self.text_literal(name.span, name)
        return ast.TestDeclaration(name=title, parameters=parameters or [], where=where, body=statements, doc=doc, span=span)

    def table_test(
        self, span: Span, name: Token, columns: list[ast.Column], rows: ast.Expression, body: Any
    ) -> ast.TestDeclaration:
        """`test "…" for (a, b) in [(1, 2), …]:`."""
        doc, statements = body
        title = self.text_literal(name.span, name)
        return ast.TestDeclaration(
            name=title, parameters=[], where=None, body=statements, columns=columns, rows=rows, doc=doc, span=span
        )

    def columns(self, span: Span, *columns: ast.Column | None) -> list[ast.Column]:
        """The names of a table."""
        return [column for column in columns if column is not None]

    def column(self, span: Span, name: Token, annotation: ast.TypeExpression | None) -> ast.Column:
        """`amount`, `amount: Amount`."""
        return ast.Column(name=_identifier(name), annotation=annotation, span=span)

    def scenario(
        self, span: Span, name: Token, steps: Token | None, doc: str | None, *lines: ast.ScenarioLine
    ) -> ast.ScenarioDeclaration:
        """`scenario "…" for 40 steps:`."""
        title = self.text_literal(name.span, name)
        number = None if steps is None else self.number(steps.span, steps)
        return ast.ScenarioDeclaration(name=title, steps=number, lines=list(lines), doc=doc, span=span)

    def act(self, span: Span, targets: list[ast.Expression], actors: list[ast.Expression] | None) -> ast.Act:
        """`act pot as a, b`."""
        return ast.Act(targets=targets, actors=actors, span=span)

    def operands(self, span: Span, *values: ast.Expression) -> list[ast.Expression]:
        """Values in a row."""
        return list(values)

    def check(self, span: Span, condition: ast.Expression) -> ast.Check:
        """`check condition`."""
        return ast.Check(condition=condition, span=span)

    def may_keep(self, span: Span) -> ast.MayKeep:
        """`may keep money`."""
        return ast.MayKeep(span=span)

    def properties(self, span: Span, *parameters: ast.Field) -> list[ast.Field]:
        """The parameters of `for any`."""
        return list(parameters)

    # ── Contracts and interfaces ──────────────────────────────────────────────────────────────────────────────────────

    def contract(
        self, span: Span, name: Token, implements: list[ast.Identifier] | None, doc: str | None, *members: ast.Member
    ) -> ast.ContractDeclaration:
        """`contract Escrow implements A:`."""
        return ast.ContractDeclaration(
            name=_identifier(name), implements=implements or [], members=list(members), doc=doc, span=span
        )

    def state_field(self, span: Span, name: Token, annotation: ast.TypeExpression, value: ast.Expression | None) -> ast.Field:
        """`held: Vault`, `count: u64 = 0`."""
        return ast.Field(name=_identifier(name), annotation=annotation, value=value, span=span)

    def phases(self, span: Span, *chains: list[list[ast.Identifier]]) -> ast.PhasesDeclaration:
        """`phases Open -> Funded`."""
        return ast.PhasesDeclaration(chains=list(chains), span=span)

    def chain(self, span: Span, *groups: list[ast.Identifier]) -> list[list[ast.Identifier]]:
        """One chain of steps."""
        return list(groups)

    def currency(self, span: Span, name: Token) -> ast.CurrencyDeclaration:
        """`currency CNY`."""
        return ast.CurrencyDeclaration(name=_identifier(name), span=span)

    def invariant(self, span: Span, condition: ast.Expression) -> ast.Invariant:
        """`invariant condition`."""
        return ast.Invariant(condition=condition, span=span)

    def interface(
        self, span: Span, name: Token, doc: str | None, *functions: ast.FunctionDeclaration
    ) -> ast.InterfaceDeclaration:
        """`interface Token:`."""
        return ast.InterfaceDeclaration(name=_identifier(name), functions=list(functions), doc=doc, span=span)

    def signature(
        self, span: Span, kind: list[Token] | None, name: Token, parameters: list[ast.Field], result: Any
    ) -> ast.FunctionDeclaration:
        """`view fn price() -> Amount`."""
        return ast.FunctionDeclaration(
            kind=kind[0].text if kind else "pub",
            name=_identifier(name),
            parameters=parameters,
            result=result,
            by=None,
            phases=None,
            body=None,
            span=span,
        )

    def signature_kind(self, span: Span, *tokens: Token) -> list[Token]:
        """Words or marks of which one was chosen."""
        return list(tokens)

    function_kind = signature_kind
    assignment = signature_kind
    comparator = signature_kind
    external_kind = signature_kind

    # ── Declarations of a file or a contract ──────────────────────────────────────────────────────────────────────────

    def constant(self, span: Span, name: Token, annotation: ast.TypeExpression, value: ast.Expression) -> ast.Constant:
        """`const FEE: Rate = 25 bps`."""
        return ast.Constant(name=_identifier(name), annotation=annotation, value=value, span=span)

    def struct(self, span: Span, name: Token, doc: str | None, *fields: ast.Field) -> ast.StructDeclaration:
        """`struct Point:`."""
        return ast.StructDeclaration(name=_identifier(name), fields=list(fields), doc=doc, span=span)

    def enum(self, span: Span, name: Token, doc: str | None, *variants: ast.VariantDeclaration) -> ast.EnumDeclaration:
        """`enum Shape:`."""
        return ast.EnumDeclaration(name=_identifier(name), variants=list(variants), doc=doc, span=span)

    def variant(self, span: Span, name: Token, fields: list[ast.Field] | None) -> ast.VariantDeclaration:
        """`Circle(radius: u64)`."""
        return ast.VariantDeclaration(name=_identifier(name), fields=fields or [], span=span)

    def resource(self, span: Span, name: Token, doc: str | None, *members: ast.Field | ast.Identifier) -> ast.ResourceDeclaration:
        """`resource Claim:`."""
        fields = [member for member in members if isinstance(member, ast.Field)]
        divides = [member for member in members if isinstance(member, ast.Identifier)]
        for again in divides[1:]:
            self._refuse("E0132", "a resource divides by one field only", again.span, "one `divides by` line")
        return ast.ResourceDeclaration(
            name=_identifier(name), fields=fields, divides=divides[0] if divides else None, doc=doc, span=span
        )

    def divides(self, span: Span, name: Token) -> ast.Identifier:
        """`divides by face`."""
        return _identifier(name)

    def event(self, span: Span, name: Token, fields: list[ast.Field] | None) -> ast.EventDeclaration:
        """`event Settled(to: Address)`."""
        return ast.EventDeclaration(name=_identifier(name), fields=fields or [], span=span)

    def error(self, span: Span, name: Token, fields: list[ast.Field] | None) -> ast.ErrorDeclaration:
        """`error TooEarly(until: Time)`."""
        return ast.ErrorDeclaration(name=_identifier(name), fields=fields or [], span=span)

    def field(self, span: Span, name: Token, annotation: ast.TypeExpression) -> ast.Field:
        """`face: Amount`."""
        return ast.Field(name=_identifier(name), annotation=annotation, span=span)

    # ── Functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def function(
        self,
        span: Span,
        kind: list[Token] | None,
        name: Token,
        parameters: list[ast.Field],
        result: ast.TypeExpression | None,
        by: list[ast.By] | None,
        phases: list[ast.Identifier] | None,
        body: Any,
    ) -> ast.FunctionDeclaration:
        """`pub fn fund(money: Coin) by self.buyer in Open:`."""
        doc, statements = body
        return ast.FunctionDeclaration(
            kind=kind[0].text if kind else "",
            name=_identifier(name),
            parameters=parameters,
            result=result,
            by=by,
            phases=phases,
            body=statements,
            doc=doc,
            span=span,
        )

    def init(
        self, span: Span, name: Token, parameters: list[ast.Field], by: list[ast.By] | None, body: Any
    ) -> ast.FunctionDeclaration:
        """`init(seller: Address):`."""
        doc, statements = body
        return ast.FunctionDeclaration(
            kind="init",
            name=_identifier(name),
            parameters=parameters,
            result=None,
            by=by,
            phases=None,
            body=statements,
            doc=doc,
            span=span,
        )

    def parameters(self, span: Span, *fields: ast.Field | None) -> list[ast.Field]:
        """`(to: Address, amount: Amount)`."""
        return [field for field in fields if field is not None]

    def parameter(self, span: Span, name: Token, annotation: ast.TypeExpression) -> ast.Field:
        """`to: Address`."""
        return ast.Field(name=_identifier(name), annotation=annotation, span=span)

    def by(self, span: Span, *alternatives: ast.By) -> list[ast.By]:
        """`by self.buyer or anyone`."""
        return list(alternatives)

    def by_anyone(self, span: Span) -> ast.By:
        """`anyone`."""
        return ast.By(value=None, span=span)

    def by_address(self, span: Span, value: ast.Expression) -> ast.By:
        """`self.buyer`."""
        return ast.By(value=value, span=span)

    def by_any_of(self, span: Span, value: ast.Expression) -> ast.By:
        """`any of self.directors`."""
        return ast.By(value=value, any_of=True, span=span)

    def body(self, span: Span, doc: str | None, *statements: ast.Statement) -> tuple[str | None, list[ast.Statement]]:
        """A block that may open with a text in triple quotes."""
        return doc, list(statements)

    def one_line_body(self, span: Span, statement: ast.Statement) -> tuple[str | None, list[ast.Statement]]:
        """A body on the line of its head."""
        return None, [statement]

    # ── Types ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def type_name(self, span: Span, name: Token, *arguments: Any) -> ast.TypeName:
        """`List[Address, 100]`."""
        return ast.TypeName(name=name.text, arguments=[a for a in arguments if a is not None], span=span)

    def type_tuple(self, span: Span, *items: ast.TypeExpression) -> ast.TypeTuple:
        """`(A, B)`."""
        return ast.TypeTuple(items=list(items), span=span)

    # ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def let(
        self, span: Span, names: list[ast.Identifier], annotation: ast.TypeExpression | None, value: ast.Expression
    ) -> ast.Let:
        """`let a: T = value`."""
        return ast.Let(names=names, annotation=annotation, value=value, span=span)

    def assign(self, span: Span, target: ast.Expression, mark: list[Token], value: ast.Expression) -> ast.Assign:
        """`target += value`."""
        if not isinstance(target, ast.Name | ast.Attribute | ast.Index):
            self._refuse("E0123", "this cannot be given a value", target.span, "a name, `self.field` or `map[key]`")
        return ast.Assign(target=target, operator=mark[0].text[:-1] or None, value=value, span=span)

    def evaluate(self, span: Span, value: ast.Expression) -> ast.Evaluate:
        """An expression as a statement."""
        return ast.Evaluate(value=value, span=span)

    def return_(self, span: Span, value: ast.Expression | None) -> ast.Return:
        """`return value`."""
        return ast.Return(value=value, span=span)

    def break_(self, span: Span) -> ast.Break:
        """`break`."""
        return ast.Break(span=span)

    def continue_(self, span: Span) -> ast.Continue:
        """`continue`."""
        return ast.Continue(span=span)

    def pass_(self, span: Span) -> ast.Pass:
        """`pass`."""
        return ast.Pass(span=span)

    def require(self, span: Span, condition: ast.Expression, error: ast.ErrorUse | None) -> ast.Require:
        """`require condition else TooEarly(t)`."""
        return ast.Require(condition=condition, error=error, span=span)

    def fail(self, span: Span, error: ast.ErrorUse) -> ast.Fail:
        """`fail TooEarly(t)`."""
        return ast.Fail(error=error, span=span)

    def emit(self, span: Span, name: Token, arguments: list[ast.Argument] | None) -> ast.Emit:
        """`emit Settled(to, amount)`."""
        return ast.Emit(event=_identifier(name), arguments=arguments or [], span=span)

    def become(self, span: Span, name: Token) -> ast.Become:
        """`become Released`."""
        return ast.Become(phase=_identifier(name), span=span)

    def destroy(self, span: Span, value: ast.Expression) -> ast.Destroy:
        """`destroy claim`."""
        return ast.Destroy(value=value, span=span)

    def ensures(self, span: Span, condition: ast.Expression) -> ast.Ensures:
        """`ensures condition`."""
        return ast.Ensures(condition=condition, span=span)

    def assert_(self, span: Span, condition: ast.Expression) -> ast.Assert:
        """`assert condition`."""
        return ast.Assert(condition=condition, span=span)

    def pay(self, span: Span, amount: ast.Expression, to: ast.Expression, sender: ast.Expression) -> ast.Pay:
        """`pay 5.00 CNY to shop as kid`."""
        return ast.Pay(amount=amount, to=to, sender=sender, span=span)

    def attach(self, span: Span, rule: ast.Expression, wallet: ast.Expression) -> ast.Attach:
        """`attach rule to kid`."""
        return ast.Attach(rule=rule, wallet=wallet, span=span)

    def error_use(self, span: Span, name: Token, arguments: list[ast.Argument] | None) -> ast.ErrorUse:
        """`TooEarly(t)`."""
        return ast.ErrorUse(name=_identifier(name), arguments=arguments, span=span)

    def if_(
        self,
        span: Span,
        condition: ast.Expression,
        body: list[ast.Statement],
        *rest: tuple[ast.Expression, list[ast.Statement]] | list[ast.Statement] | None,
    ) -> ast.If:
        """`if … elif … else`."""
        branches = [(condition, body)]
        branches.extend(branch for branch in rest if isinstance(branch, tuple))
        otherwise = rest[-1] if rest and isinstance(rest[-1], list) else None
        return ast.If(branches=branches, otherwise=otherwise, span=span)

    def elif_(
        self, span: Span, condition: ast.Expression, body: list[ast.Statement]
    ) -> tuple[ast.Expression, list[ast.Statement]]:
        """`elif condition:`."""
        return condition, body

    def for_each(self, span: Span, name: Token, values: ast.Expression, body: list[ast.Statement]) -> ast.ForEach:
        """`for x in xs:`."""
        return ast.ForEach(name=_identifier(name), values=values, body=body, span=span)

    def for_range(
        self,
        span: Span,
        name: Token,
        first: ast.Expression,
        end: ast.Expression,
        bound: ast.Expression | None,
        body: list[ast.Statement],
    ) -> ast.ForRange:
        """`for i in 0..n max 100:`."""
        return ast.ForRange(name=_identifier(name), first=first, end=end, bound=bound, body=body, span=span)

    def while_(self, span: Span, condition: ast.Expression, bound: ast.Expression | None, body: list[ast.Statement]) -> ast.While:
        """`while condition max 50:`."""
        return ast.While(condition=condition, bound=bound, body=body, span=span)

    def match(self, span: Span, value: ast.Expression, *cases: ast.Case) -> ast.Match:
        """`match value:`."""
        return ast.Match(value=value, cases=list(cases), span=span)

    def case(self, span: Span, pattern: ast.Pattern, body: list[ast.Statement]) -> ast.Case:
        """`case Some(x):`."""
        return ast.Case(pattern=pattern, body=body, span=span)

    def pattern(self, span: Span, enum: Token | None, variant: Token, *names: Token | None) -> ast.Pattern:
        """`Shape.Circle(r, _)`."""
        return ast.Pattern(
            variant=_identifier(variant),
            names=[_identifier(name) for name in names if name is not None],
            enum=_identifier(enum) if enum is not None else None,
            span=span,
        )

    def try_(self, span: Span, call: ast.ExternalCall, otherwise: list[ast.Statement]) -> ast.TryStatement:
        """`try call token.transfer(to, n) else:`."""
        call.trying = True
        return ast.TryStatement(call=call, otherwise=otherwise, span=span)

    def expect(
        self,
        span: Span,
        event: Token | None,
        contract: Token | None,
        what: ast.ErrorUse,
        body: list[ast.Statement],
    ) -> ast.Expect:
        """`expect event Settled(to, n): …`."""
        return ast.Expect(is_event=event is not None, contract=_maybe(contract), what=what, body=body, span=span)

    def block(self, span: Span, *statements: ast.Statement) -> list[ast.Statement]:
        """The statements of a block."""
        return list(statements)

    # ── Expressions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def conditional(
        self, span: Span, then: ast.Expression, condition: ast.Expression, otherwise: ast.Expression
    ) -> ast.Conditional:
        """`a if condition else b`."""
        return ast.Conditional(condition=condition, then=then, otherwise=otherwise, span=span)

    def binary(self, span: Span, left: ast.Expression, operator: Token, right: ast.Expression) -> ast.Binary:
        """`a + b`."""
        return ast.Binary(operator=operator.text, left=left, right=right, span=span)

    def rounded(
        self, span: Span, left: ast.Expression, operator: Token, right: ast.Expression, rounding: Token | None
    ) -> ast.Binary:
        """`a / b rounded down`."""
        if rounding is not None and rounding.text not in ROUNDINGS:
            expected = ", ".join(f"`{mode}`" for mode in ROUNDINGS[:-1]) + f" or `{ROUNDINGS[-1]}`"
            self._refuse("E0125", f"`{rounding.text}` is not a way to round", rounding.span, expected)
        return ast.Binary(operator=operator.text, left=left, right=right, rounding=_maybe(rounding), span=span)

    def comparison(self, span: Span, left: ast.Expression, operator: list[Token], right: ast.Expression) -> ast.Binary:
        """`a < b`, `a not in b`."""
        return ast.Binary(operator=_operator(operator), left=left, right=right, span=span)

    def unary(self, span: Span, operator: Token, operand: ast.Expression) -> ast.Unary:
        """`-a`, `not a`."""
        return ast.Unary(operator=operator.text, operand=operand, span=span)

    def phase_is(self, span: Span, phases: list[ast.Identifier]) -> ast.PhaseIs:
        """`phase is Funded`."""
        return ast.PhaseIs(phases=phases, span=span)

    def external(self, span: Span, kind: list[Token], target: ast.Expression, sender: ast.Expression | None) -> ast.ExternalCall:
        """`call token.transfer(to, n) as buyer`."""
        word = kind[0].text
        if isinstance(target, ast.Call) and isinstance(target.callee, ast.Attribute):
            callee = target.callee
            return ast.ExternalCall(
                kind=word,
                target=callee.value,
                function=callee.name,
                arguments=target.arguments,
                sender=sender,
                span=span,
            )
        self._refuse(
            "E0124",
            f"`{word}` needs a function of another contract and its arguments",
            target.span,
            f"`{word} contract.function(…)`",
        )
        nothing = ast.Identifier(text="_", span=target.span)
        return ast.ExternalCall(kind=word, target=target, function=nothing, arguments=[], sender=sender, span=span)

    def attempt(self, span: Span, call: ast.ExternalCall, fallback: ast.Expression) -> ast.ExternalCall:
        """`try read feed.price() else 0`."""
        call.trying = True
        call.fallback = fallback
        call.span = span
        return call

    def deploy(
        self,
        span: Span,
        name: Token,
        arguments: list[ast.Argument],
        currency: Token | None,
        sender: ast.Expression | None,
    ) -> ast.Deploy:
        """`deploy Escrow(seller) in CNY as buyer`."""
        return ast.Deploy(contract=_identifier(name), arguments=arguments, currency=_maybe(currency), sender=sender, span=span)

    def attribute(self, span: Span, value: ast.Expression, name: Token) -> ast.Attribute:
        """`value.name`."""
        return ast.Attribute(value=value, name=_identifier(name), span=span)

    def own(self, span: Span, me: Token, name: Token) -> ast.Attribute:
        """`self.name`."""
        return ast.Attribute(value=ast.Self(span=me.span), name=_identifier(name), span=span)

    def index(self, span: Span, value: ast.Expression, index: ast.Expression) -> ast.Index:
        """`value[index]`."""
        return ast.Index(value=value, index=index, span=span)

    def call(self, span: Span, callee: ast.Expression, arguments: list[ast.Argument]) -> ast.Call | ast.Old:
        """`callee(arguments)`; `old(x)` is one of them in the grammar."""
        if isinstance(callee, ast.Name) and callee.text == "old":
            if len(arguments) == 1 and arguments[0].name is None:
                return ast.Old(value=arguments[0].value, span=span)
            self._refuse("E0133", "`old` takes one expression", span, "`old(expression)`")
        return ast.Call(callee=callee, arguments=arguments, span=span)

    def name(self, span: Span, token: Token) -> ast.Name:
        """A name."""
        return ast.Name(text=token.text, span=span)

    def number(self, span: Span, token: Token) -> ast.Number:
        """`100.00 CNY`."""
        found = _DIGITS.match(token.text)
        assert found is not None
        unit = token.text[found.end() :].lstrip(" ")
        return ast.Number(
            digits=found.group(1).replace("_", ""),
            decimals=found.group(2) and found.group(2).replace("_", ""),
            unit=unit or None,
            unit_span=Span(span.end - len(unit), span.end) if unit else None,
            span=span,
        )

    def text_literal(self, span: Span, token: Token) -> ast.TextLiteral:
        """`"text"`, escapes resolved."""
        value = token.text[1:-1]
        return ast.TextLiteral(value=_ESCAPE.sub(_unescaped, value) if "\\" in value else value, span=span)

    def bytes_literal(self, span: Span, token: Token) -> ast.BytesLiteral:
        """`0x0a0b`."""
        return ast.BytesLiteral(value=bytes.fromhex(token.text[2:]), span=span)

    def truth(self, span: Span, token: Token) -> ast.Truth:
        """`true`, `false`."""
        return ast.Truth(value=token.kind == "TRUE", span=span)

    def new(self, span: Span, name: Token, arguments: list[ast.Argument]) -> ast.New:
        """`new Claim(face)`."""
        return ast.New(resource=_identifier(name), arguments=arguments, span=span)

    def tuple_literal(self, span: Span, *items: ast.Expression) -> ast.TupleLiteral:
        """`(a, b)`."""
        return ast.TupleLiteral(items=list(items), span=span)

    def list_literal(self, span: Span, *items: ast.Expression | None) -> ast.ListLiteral:
        """`[a, b]`."""
        return ast.ListLiteral(items=[item for item in items if item is not None], span=span)

    def arguments(self, span: Span, *arguments: ast.Argument | None) -> list[ast.Argument]:
        """`(a, name=b)`."""
        given = [argument for argument in arguments if argument is not None]
        named = None
        for argument in given:
            if argument.name is not None:
                named = argument
            elif named is not None:
                self._refuse(
                    "E0134", "an argument without a name comes after one with a name", argument.span, "first those without names"
                )
        return given

    def argument(self, span: Span, value: ast.Expression) -> ast.Argument:
        """`a`."""
        return ast.Argument(name=None, value=value, span=span)

    def named_argument(self, span: Span, name: Token, value: ast.Expression) -> ast.Argument:
        """`name=b`."""
        return ast.Argument(name=_identifier(name), value=value, span=span)
