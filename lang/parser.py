"""Text to syntax tree. Never an exception, whatever the text: what is wrong with it comes as findings.

The parser runs the tables of the grammar. Where the tables have no way on, it first tries the repairs of `lang/repairs.py`,
which put in what is probably missing; failing that it passes over the line, closes the line's block at the right depth, and goes
on, so that many errors are found in one run. Declarations with a broken piece are dropped from the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from keyword import iskeyword
from typing import Any

from lang import ast, repairs
from lang.builder import Builder
from lang.diagnostics import Findings
from lang.lexer import Lexer, Reporter, Token, TooMuch
from lang.limits import EXPRESSION_DEPTH_MAX, FILE_BYTES_MAX, PARSER_STACK_MAX
from lang.source import Source, Span
from lang.tables import HARD_WORDS, Tables, load

_BODY_STARTS = ("_INDENT", "doc")

# A soft word is a keyword where the grammar has a place for it. Where a name could stand as well, what follows decides:
# kinds of tokens, or texts of words.
_KEYWORD_IF_NEXT: dict[str, frozenset[str]] = {
    "ANY": frozenset({"of", "NAME"}),
    "PHASE": frozenset({"is"}),
    "DIVIDES": frozenset({"by"}),
    "RULE": frozenset({"FN"}),
    "VIEW": frozenset({"FN"}),
    "PURE": frozenset({"FN"}),
    "INIT": frozenset({"LPAR"}),
    "TEST": frozenset({"TEXT"}),
    "SCENARIO": frozenset({"TEXT"}),
    "MAY": frozenset({"keep"}),
    "CHECK": frozenset("NAME NUMBER SELF CALL READ TEXT BYTES TRUE FALSE MINUS NOT LPAR TRY".split()),
}
_STARTS_OPERAND = frozenset(
    {"NAME", "NUMBER", "SELF", "CALL", "READ", "TEXT", "BYTES", "TRUE", "FALSE", "MINUS"}
)  # after `pay`, `attach`, and all other soft words


@cache
def _tables() -> Tables:
    return load()


@cache
def _lexer() -> Lexer:
    return Lexer(_tables())


def normalised(source: Source) -> Source:
    """The source with `\\n` line ends and without a byte order mark."""
    text = source.text
    if "\r\n" in text or text.startswith("\ufeff"):
        return Source(source.path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    return source


def parse(source: Source, findings: Findings) -> ast.File | None:
    """The tree of a text, as far as it could be understood; None where a limit or the number of findings is passed.

    Spans refer to the normalised text (see `normalised`), which the file carries.
    """
    parsed = parse_with_tokens(source, findings)
    return None if parsed is None else parsed[0]


def parse_with_tokens(source: Source, findings: Findings) -> tuple[ast.File, list[Token], list[Token]] | None:
    """The tree, the tokens it was made of (soft words decided) and the comments."""
    source = normalised(source)
    report = Reporter(source, findings)
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > FILE_BYTES_MAX:
        message = f"the file has {size:,} bytes; at most {FILE_BYTES_MAX:,} are read"
        report("E0901", message, Span(0, min(1, len(source.text))), expected="a smaller file, or several with `from … import`")
        return None
    try:
        tokens, comments = _lexer().read(source, report)
        report.in_lexer = False
        parser = Parser(_tables(), tokens, Builder(source, report), report)
        file = parser.run()
    except TooMuch:
        return None
    _drop_broken(file, sorted({*report.broken}), parser.skipped_names)
    return file, parser.tokens, comments


class Parser:
    """One run of the tables over the tokens. Values, starts, ends and depths lie beside the stack of states."""

    def __init__(self, tables: Tables, tokens: list[Token], builder: Builder, report: Reporter) -> None:
        self.tables = tables
        self.tokens = tokens
        self.report = report
        self.position = 0
        self.states = [0]
        self.values: list[Any] = [None]
        self.starts = [0]
        self.ends = [0]
        self.depths = [0]
        self.skipped_names: set[str] = set()
        self.tried: set[int] = set()  # places of guesses that did not help
        self.builds: list[Callable[..., Any] | None] = [
            None if rule.builds in ("", "*") else getattr(builder, rule.builds + "_" * iskeyword(rule.builds))
            for rule in tables.rules
        ]
        self.handed_on = [rule.origin if rule.builds == "" and rule.size == 1 else "" for rule in tables.rules]

    def run(self) -> ast.File:
        """Run to the end of the file."""
        table, end_state = self.tables.states, self.tables.end
        states, values, starts, ends, depths = self.states, self.values, self.starts, self.ends, self.depths
        words, handed_on = self.tables.words, self.handed_on
        while True:
            token = self.tokens[self.position]
            kind = token.kind
            if kind == "NAME" and token.text in words:
                kind = self.decide(token, states[-1])
                if kind != "NAME":
                    token = self.tokens[self.position] = Token(kind, token.text, token.start, token.end)
            while (action := table[states[-1]].get(kind)) is not None:
                if action < 0:
                    origin = handed_on[~action]
                    if origin:  # most reductions only climb the ladder of precedence
                        states[-1] = table[states[-2]][origin]
                    else:
                        self.reduce(~action, token.start)
                    continue
                if action == end_state:
                    file: ast.File = values[-1]
                    return file
                states.append(action)
                values.append(token)
                starts.append(token.start)
                ends.append(token.end)
                depths.append(0)
                self.position += 1
                break
            else:
                self.recover()
                continue
            if len(states) > PARSER_STACK_MAX:
                self.too_deep(token.span)
                self.skip_line()

    def reduce(self, number: int, here: int) -> None:
        """Replace the parts of a rule by what the rule makes of them."""
        rule = self.tables.rules[number]
        states, values, size = self.states, self.values, rule.size
        if size:
            start, end = self.starts[-size], self.ends[-1]
            depth = max(self.depths[-size:])
            parts = values[-size:]
            del states[-size:], values[-size:], self.starts[-size:], self.ends[-size:], self.depths[-size:]
        else:
            start = end = here
            depth = 0
            parts = []
        value: Any
        build = self.builds[number]
        if build is not None:
            chosen: list[Any] = []
            for place in rule.plan:
                if place is None:
                    chosen.append(None)
                elif place >= 0:
                    chosen.append(parts[place])
                else:
                    chosen.extend(parts[~place])
            span = Span(start, end)
            value = build(span, *chosen)
            if isinstance(value, ast.Expression):
                depth += 1
                if depth > EXPRESSION_DEPTH_MAX:
                    self.too_deep(span)
                    value, depth = ast.Truth(value=False, span=span), 0
            elif isinstance(value, ast.Statement | ast.Declaration):
                depth = 0
        elif rule.builds:
            value = self.gather(rule.plan, parts)
        else:
            value = parts[rule.plan[0]]  # type: ignore[index]
        states.append(self.tables.states[states[-1]][rule.origin])
        values.append(value)
        self.starts.append(start)
        self.ends.append(end)
        self.depths.append(depth)

    @staticmethod
    def gather(plan: Sequence[int | None], parts: list[Any]) -> list[Any]:
        """A list of parts; a list that only grows by its end is grown in place."""
        rest = plan
        gathered: list[Any] = []
        if plan and plan[0] == ~0:
            gathered = parts[0]
            rest = plan[1:]
        for place in rest:
            if place is None:
                gathered.append(None)
            elif place >= 0:
                gathered.append(parts[place])
            else:
                gathered.extend(parts[~place])
        return gathered

    def decide(self, token: Token, state: int) -> str:
        """Whether a soft word is a keyword here or a name."""
        kind = self.tables.words[token.text]
        previous = self.tokens[self.position - 1].kind if self.position else ""
        if previous == "DOT":
            return "NAME"
        accepted = self.tables.states[state]
        if kind not in accepted:
            return "NAME"
        if "NAME" not in accepted or kind == "ANYONE":
            return kind
        following = self.tokens[self.position + 1]
        wanted = _KEYWORD_IF_NEXT.get(kind)
        if wanted is not None:
            return kind if following.kind in wanted or following.text in wanted else "NAME"
        if kind in ("PAY", "ATTACH"):
            return kind if following.kind in _STARTS_OPERAND else "NAME"
        if kind not in ("NEW", "DEPLOY") and following.text in HARD_WORDS:
            return kind  # a declaration with a name that cannot be one
        return kind if following.kind == "NAME" else "NAME"

    # ── Looking ahead, for repairs and messages ───────────────────────────────────────────────────────────────────────

    def accepts(self, kinds: Sequence[str]) -> bool:
        """Whether tokens of these kinds could come next, one after another."""
        table, rules = self.tables.states, self.tables.rules
        kept, extra = len(self.states), list[int]()  # the stack is `states[:kept] + extra`
        for kind in kinds:
            while True:
                top = extra[-1] if extra else self.states[kept - 1]
                action = table[top].get(kind)
                if action is None:
                    return False
                if action >= 0:
                    extra.append(action)
                    break
                rule = rules[~action]
                if rule.size <= len(extra):
                    del extra[len(extra) - rule.size :]
                else:
                    kept -= rule.size - len(extra)
                    extra.clear()
                top = extra[-1] if extra else self.states[kept - 1]
                extra.append(table[top][rule.origin])
        return True

    def accepted(self) -> list[str]:
        """The kinds of tokens that could come next."""
        return [kind for kind in self.tables.states[self.states[-1]] if _is_token(kind) and self.accepts((kind,))]

    # ── Going on after an error ───────────────────────────────────────────────────────────────────────────────────────

    def recover(self) -> None:
        """Report the token that has no place, then mend the tokens or pass over the line."""
        if not repairs.repair(self):
            self.report.broken.append(self.tokens[self.position].start)
            self.skip_line()

    def too_deep(self, span: Span) -> None:
        """Report an expression that would make a tree too deep to walk."""
        self.report(
            "E0904",
            f"this expression is more than {EXPRESSION_DEPTH_MAX} operations deep",
            Span(span.start, min(span.end, span.start + 40)),
            expected="a shorter one: give parts of it a name with `let`",
        )
        self.report.broken.append(span.start)

    def line_start(self) -> int:
        """Position of the first token of the line the parser stands in."""
        position = self.position
        while position and self.tokens[position - 1].kind not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            position -= 1
        return position

    def restart_line(self) -> None:
        """Go back to the beginning of the line."""
        first = self.line_start()
        self.unwind(sum((token.kind == "_INDENT") - (token.kind == "_DEDENT") for token in self.tokens[:first]))
        self.position = first

    def skip_line(self) -> None:
        """Go on as if the line were not there; a block that hangs on it gets a plausible head instead."""
        tokens = self.tokens
        if tokens[self.position].kind in ("_DEDENT", "$END") and self.line_start() == self.position:
            self.skip_layout()
            return
        first = self.line_start()
        if first == self.position:
            self.complete()
        after = self.position
        while tokens[after].kind not in ("_NEWLINE", "_DEDENT", "_INDENT", "$END"):
            after += 1
        line = tokens[first:after]
        if tokens[after].kind == "_NEWLINE":
            after += 1
        self.skipped_names.update(token.text for token in line[:4] if token.kind == "NAME")
        depth = sum((token.kind == "_INDENT") - (token.kind == "_DEDENT") for token in tokens[:first])
        self.unwind(depth)
        heading: list[Token] = []
        if tokens[after].kind == "_INDENT" and line:
            heading = self.heading(line)
            if not heading:
                after = self.block_end(after)
        tokens[first:after] = heading
        self.position = first

    def skip_layout(self) -> None:
        """Something is missing at the end of a block or of the file, where no line is left to pass over."""
        token = self.tokens[self.position]
        depth = sum((t.kind == "_INDENT") - (t.kind == "_DEDENT") for t in self.tokens[: self.position])
        self.unwind(depth)
        if not self.accepts((token.kind,)):  # nothing fits: begin again with an empty file
            self.unwind(0)
            if token.kind != "$END":
                del self.tokens[self.position]

    def complete(self) -> None:
        """At the beginning of a line: finish what the lines before it hold."""
        looks = ("PASS", "NAME", "FN", "CASE", "_DEDENT", "$END")
        look = next((kind for kind in looks if self.accepts((kind,))), None)
        while look is not None and (action := self.tables.states[self.states[-1]][look]) < 0:
            self.reduce(~action, self.tokens[self.position].start)

    def unwind(self, depth: int) -> None:
        """Drop what was begun and not finished in the block at this depth."""
        symbols = _symbols()
        keep = 1
        for place, state in enumerate(self.states):
            if depth == 0:
                break
            if symbols[state] == "_INDENT":
                depth -= 1
                keep = place + 1
        for wanted in ("doc", "__"):
            if keep < len(self.states) and symbols[self.states[keep]].startswith(wanted):
                keep += 1
        for stack in (self.states, self.values, self.starts, self.ends, self.depths):
            del stack[keep:]

    def heading(self, line: list[Token]) -> list[Token]:
        """Tokens that can head the block below a broken line: of the kind the line's words announce, if any fits."""
        kinds = [self.tables.words.get(token.text, token.kind) for token in line[:3]]
        texts = self.tables.texts
        announced = [head for words, head in repairs.HEADS if any(word in kinds for word in words)]
        for head in [*announced, *(head for _, head in repairs.HEADS)]:
            if self.accepts((*head, "_NEWLINE", "_INDENT")):
                start, end = line[0].start, line[-1].end
                made = [Token(kind, texts.get(kind, '""' if kind == "TEXT" else "_"), start, end) for kind in head]
                return [*made, Token("_NEWLINE", "", end, end)]
        return []

    def block_end(self, position: int) -> int:
        """Position after the block that begins here."""
        depth = 0
        while True:
            depth += (self.tokens[position].kind == "_INDENT") - (self.tokens[position].kind == "_DEDENT")
            position += 1
            if depth == 0:
                return position


def _is_token(symbol: str) -> bool:
    return symbol.isupper() or symbol == "$END"


@cache
def _symbols() -> list[str]:
    """For every state the symbol that leads to it."""
    tables = _tables()
    symbols = [""] * len(tables.states)
    for actions in tables.states:
        for symbol, action in actions.items():
            if action >= 0:
                symbols[action] = symbol
    return symbols


def _drop_broken(file: ast.File, broken: list[int], skipped_names: set[str]) -> None:
    """Take declarations that hold a broken place out of the tree, and note what they declared."""
    if not broken:
        return
    file.incomplete = True
    file.broken_names = set(skipped_names)
    kept: list[ast.TopLevel] = []
    for item in file.items:
        places = [place for place in broken if item.span.start <= place <= item.span.end]
        if isinstance(item, ast.ContractDeclaration):
            members: list[ast.Member] = []
            for member in item.members:
                inside = [place for place in places if member.span.start <= place <= member.span.end]
                if inside:
                    places = [place for place in places if place not in inside]
                    _note_names(member, file.broken_names)
                else:
                    members.append(member)
            item.members = members
            first = members[0].span.start if members else item.span.end
            places = [place for place in places if place < first and place <= item.name.span.end]
        if places:
            _note_names(item, file.broken_names)
        else:
            kept.append(item)
    file.items = kept


def _note_names(node: Any, names: set[str]) -> None:
    if isinstance(node, ast.Import):
        names.update(name.text for name in node.names)
    elif isinstance(node, ast.EnumDeclaration):
        names.update(variant.name.text for variant in node.variants)
    name = getattr(node, "name", None)
    if isinstance(name, ast.Identifier):
        names.add(name.text)
