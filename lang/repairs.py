"""What to say, and what to try, when the parser has no way on.

`repair` asks each teacher in turn: a function that knows one mistake. It says nothing and gives False, or reports and gives
`MENDED` (the tokens were changed so that parsing can go on here) or `REPORTED` (the line has to be passed over).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from lang import habits
from lang.diagnostics import Edit
from lang.lexer import Token
from lang.source import Span
from lang.tables import HARD_WORDS

if TYPE_CHECKING:
    from lang.parser import Parser

MENDED, REPORTED, UNKNOWN = "mended", "reported", ""
LAYOUT = ("_NEWLINE", "_INDENT", "_DEDENT")

# Heads a block can be given when its own cannot be read: the words that announce it, and the tokens.
HEADS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("CONTRACT",), ("CONTRACT", "NAME", "COLON")),
    (("FN", "INIT", "PUB"), ("FN", "NAME", "LPAR", "RPAR", "COLON")),
    (("IF", "ELIF", "ELSE", "FOR", "WHILE", "TRY", "EXPECT"), ("IF", "TRUE", "COLON")),
    (("CASE",), ("CASE", "NAME", "COLON")),
    (("TEST",), ("TEST", "TEXT", "COLON")),
    (("SCENARIO",), ("SCENARIO", "TEXT", "COLON")),
    (("INTERFACE",), ("INTERFACE", "NAME", "COLON")),
    (("STRUCT",), ("STRUCT", "NAME", "COLON")),
    (("ENUM",), ("ENUM", "NAME", "COLON")),
    (("RESOURCE",), ("RESOURCE", "NAME", "COLON")),
    (("MATCH",), ("MATCH", "TRUE", "COLON")),
)

_COMPARATORS = ("IS_EQUAL", "NOT_EQUAL", "LESSTHAN", "MORETHAN", "AT_MOST", "AT_LEAST")
_STATEMENT_WORDS = frozenset(
    "LET RETURN REQUIRE FAIL EMIT BECOME DESTROY ENSURES ASSERT IF FOR WHILE MATCH TRY EXPECT BREAK CONTINUE PASS".split()
)
_DECLARATION_WORDS = frozenset(
    "contract interface struct enum resource event error phases currency invariant pub fn view pure rule test scenario "
    "const".split()
)
_MEMBER_WORDS = frozenset("event phases currency resource invariant init".split())


def repair(parser: Parser) -> bool:
    """Report the token that does not fit. Whether the tokens were mended, so that parsing goes on where it stands."""
    for teacher in _TEACHERS:
        outcome = teacher(parser, parser.tokens[parser.position])
        if outcome:
            return outcome == MENDED
    return False


# ── Tools ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _previous(parser: Parser, back: int = 1) -> Token:
    """An earlier token, or an empty one before the first."""
    place = parser.position - back
    return parser.tokens[place] if place >= 0 else Token("_NEWLINE", "", 0, 0)


def _next(parser: Parser, ahead: int = 1) -> Token:
    return parser.tokens[min(parser.position + ahead, len(parser.tokens) - 1)]


def _fits(parser: Parser, kinds: tuple[str, ...], skip: int = 0, look: int = 2, over_lines: bool = False) -> bool:
    """Whether these kinds, put in place of the next `skip` tokens, let the `look` tokens after them through."""
    after = parser.tokens[parser.position + skip : parser.position + skip + look]
    wanted = list(kinds)
    for token in after:
        if token.kind == "NAME" and token.text in parser.tables.words:
            break  # a soft word: name or keyword is not decided yet
        wanted.append(token.kind)
        if token.kind == "_NEWLINE" and not over_lines:
            break
    return parser.accepts(wanted)


def _first_in_line(parser: Parser, back: int = 0) -> bool:
    return _previous(parser, back + 1).kind in LAYOUT


def _place(token: Token) -> Span:
    """Where to point for a token; one that is empty gets a character."""
    return Span(token.start, max(token.end, token.start + 1))


def _insert(parser: Parser, kind: str, text: str) -> None:
    here = _previous(parser).end
    parser.tokens.insert(parser.position, Token(kind, text, here, here))


def _replace(parser: Parser, kind: str, text: str) -> None:
    token = parser.tokens[parser.position]
    parser.tokens[parser.position] = Token(kind, text, token.start, token.end)


def _line_has_finding(parser: Parser) -> bool:
    """Whether the lexer had something to say about this line already."""
    start = parser.tokens[parser.line_start()].start
    end = next(t.end for t in parser.tokens[parser.position :] if t.kind in ("_NEWLINE", "_DEDENT", "$END"))
    return any(start <= place <= end for place in parser.report.lexer_places)


# ── Layout ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _missing_block(parser: Parser, token: Token) -> str:
    if token.kind == "_INDENT" or not parser.accepts(("_INDENT",)) or _previous(parser).kind != "_NEWLINE":
        return UNKNOWN
    colon = _previous(parser, 2)
    parser.report(
        "E0106",
        "a block should follow this line, but the next line is not deeper",
        _place(colon),
        expected="at least one deeper line; `pass` does nothing",
    )
    parser.report.broken.append(colon.start)
    here = _previous(parser).end
    parser.tokens[parser.position : parser.position] = [
        Token("_INDENT", "", here, here),
        Token("_DEDENT", "", here, here),
    ]
    return MENDED


def _unexpected_indent(parser: Parser, token: Token) -> str:
    if token.kind != "_INDENT":
        return UNKNOWN
    source = parser.report.source
    _, column = source.position(token.start)
    above = source.line(source.position(_previous(parser).start)[0]) if parser.position else ""
    indent = above[: len(above) - len(above.lstrip(" "))]
    span = Span(token.start - column + 1, token.start)
    parser.report(
        "E0105",
        "this line is deeper than the one above, but nothing there opens a block",
        span,
        expected=f"an indentation of {len(indent)} spaces, or a `:` at the end of the line above",
        edit=Edit(span, indent, "indent the line like the one above"),
    )
    del parser.tokens[parser.block_end(parser.position) - 1]
    del parser.tokens[parser.position]
    return MENDED


def _misplaced_doc(parser: Parser, token: Token) -> str:
    if token.kind != "DOC":
        return UNKNOWN
    alone = _first_in_line(parser) and _next(parser).kind == "_NEWLINE"
    parser.report(
        "E0127",
        "a text in triple quotes explains the block it opens; it is not a value",
        Span(token.start, min(token.end, token.start + 3)),
        expected="the text as the first thing in a file, contract, function, test, …; elsewhere a comment with `#`"
        if alone
        else '`"text"`',
    )
    if not alone:
        return REPORTED
    del parser.tokens[parser.position : parser.position + 2]
    return MENDED


# ── Words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _word_as_name(parser: Parser, token: Token) -> str:
    if token.text not in HARD_WORDS or not _fits(parser, ("NAME",), skip=1):
        return UNKNOWN
    if _first_in_line(parser) and _next(parser).kind != "COLON":
        return UNKNOWN
    parser.report(
        "E0122",
        f"`{token.text}` is a word of the language and cannot be a name",
        token.span,
        expected="another name",
        edit=Edit(token.span, token.text + "_", f"call it `{token.text}_`"),
    )
    _replace(parser, "NAME", token.text)
    return MENDED


def _one_kind_of_function(parser: Parser, token: Token) -> str:
    previous = _previous(parser)
    if previous.kind == "PUB" and token.kind == "NAME" and token.text in ("view", "pure", "rule", "init"):
        span = Span(previous.start, token.start)
        says = "`init` runs once, when the contract is deployed" if token.text == "init" else "it can be called from outside"
        parser.report(
            "E0131",
            f"`{token.text}` stands without `pub`: {says}",
            span,
            expected=f"`{token.text}`",
            edit=Edit(span, "", "remove `pub`"),
        )
        parser.restart_line()
        del parser.tokens[parser.position]
        return MENDED
    if token.kind == "FN" and previous.text in ("private", "internal", "def") and _first_in_line(parser, 1):
        span = Span(previous.start, token.start)
        parser.report(
            "E0131",
            f"`{previous.text}` is not needed: a function is private unless it says `pub`, `view`, `pure` or `rule`",
            span,
            expected="`fn`",
            edit=Edit(span, "", f"remove `{previous.text}`"),
        )
        parser.restart_line()
        del parser.tokens[parser.position]
        return MENDED
    return UNKNOWN


def _missing_fn(parser: Parser, token: Token) -> str:
    previous = _previous(parser)
    if token.kind != "NAME" or not _first_in_line(parser, 1):
        return UNKNOWN
    kind = {"pub": "PUB", "view": "VIEW", "pure": "PURE", "rule": "RULE"}.get(previous.text)
    if kind is None or _next(parser).kind != "LPAR":
        return UNKNOWN
    edit = Edit(Span(token.start, token.start), "fn ", "write `fn` before the name")
    parser.report("E0101", "`fn` is missing before the function's name", token.span, expected="`fn`", edit=edit)
    if kind == "PUB":
        _insert(parser, "FN", "fn")
        return MENDED
    parser.restart_line()
    _replace(parser, kind, previous.text)
    parser.tokens.insert(parser.position + 1, Token("FN", "fn", token.start, token.start))
    return MENDED


def _misspelt(parser: Parser, token: Token) -> str:
    """A word at the beginning of a line that is almost one of ours."""
    words = parser.tables.words
    if token.kind == "NAME" and _first_in_line(parser):
        return _respell(parser, token)
    previous = _previous(parser)
    if previous.kind == "NAME" and previous.text not in words and _first_in_line(parser, 1) and token.kind not in LAYOUT:
        if previous.start in parser.tried or not get_close_matches(previous.text, words, 1, 0.75):
            return UNKNOWN
        parser.tried.add(previous.start)
        parser.restart_line()
        return _respell(parser, previous) or MENDED  # as it was: the same error comes again, and is not tried again
    return UNKNOWN


def _respell(parser: Parser, token: Token) -> str:
    words = parser.tables.words
    for word in get_close_matches(token.text, words, 3, 0.75):
        if word != token.text and _fits(parser, (words[word],), skip=1, look=1):
            parser.report(
                "E0116",
                f"`{token.text}` is not a word of the language",
                token.span,
                expected=f"`{word}`",
                edit=Edit(token.span, word, f"write `{word}`"),
            )
            _replace(parser, words[word], word)
            return MENDED
    return UNKNOWN


def _foreign_import(parser: Parser, token: Token) -> str:
    if token.text not in ("import", "use", "using", "include", "pragma") or not _first_in_line(parser):
        return UNKNOWN
    if not parser.accepts(("FROM",)):
        return UNKNOWN
    parser.report(
        "E0116",
        f"`{token.text}` begins nothing at the top of a file",
        token.span,
        expected="`from folder.file import Name`, if something of another file is needed",
    )
    return REPORTED


def _mutable(parser: Parser, token: Token) -> str:
    previous = _previous(parser)
    if previous.text != "mut" or _previous(parser, 2).kind != "LET" or token.kind != "NAME":
        return UNKNOWN
    span = Span(previous.start, token.start)
    edit = Edit(span, "", "remove `mut`")
    parser.report("E0116", "`mut` is not needed: a name given by `let` can be given another value", span, edit=edit)
    parser.restart_line()
    del parser.tokens[parser.position + 1]
    return MENDED


def _is_elsewhere(parser: Parser, token: Token) -> str:
    previous = _previous(parser)
    if token.kind == "NOT" and previous.text == "is":
        parser.report("E0136", "`is not` does not exist", Span(previous.start, token.end), expected="`not phase is Funded`")
        return REPORTED
    if token.text != "is" or not parser.accepts(("IS_EQUAL",)):
        return UNKNOWN
    parser.report(
        "E0136",
        "`is` only asks for the phase, as in `phase is Funded`",
        token.span,
        expected="`==` to compare values, `match` to look into an option or an enum",
        edit=Edit(token.span, "==", "compare with `==`"),
    )
    return REPORTED


def _orphan_branch(parser: Parser, token: Token) -> str:
    owners = {"ELSE": "`if`, `try` or condition", "ELIF": "`if`", "CASE": "`match`"}
    if token.kind not in owners or not _first_in_line(parser):
        return UNKNOWN
    parser.report(
        "E0139",
        f"this `{token.text}` belongs to no {owners[token.kind]}",
        token.span,
        expected="the same indentation as the line it belongs to" if token.kind != "CASE" else "`match value:` above it",
    )
    return REPORTED


# ── Marks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _single_equals(parser: Parser, token: Token) -> str:
    asks = parser.tokens[parser.line_start()].kind in ("IF", "ELIF", "WHILE")  # the colon may be missing too
    if token.kind != "EQUAL" or not _fits(parser, ("IS_EQUAL",), skip=1, look=1 if asks else 2):
        return UNKNOWN
    parser.report(
        "E0126",
        "`=` gives a value; values are compared with `==`",
        token.span,
        expected="`==`",
        edit=Edit(token.span, "==", "compare with `==`"),
    )
    _replace(parser, "IS_EQUAL", "==")
    return MENDED


def _named_argument_colon(parser: Parser, token: Token) -> str:
    if token.kind != "COLON" or _previous(parser).kind != "NAME" or not _fits(parser, ("EQUAL",), skip=1):
        return UNKNOWN
    if _opener(parser) is None:
        return UNKNOWN
    parser.report(
        "E0126",
        "an argument is named with `=`",
        token.span,
        expected="`=`",
        edit=Edit(token.span, "=", "write `=`"),
    )
    _replace(parser, "EQUAL", "=")
    return MENDED


def _chained_comparison(parser: Parser, token: Token) -> str:
    if token.kind not in _COMPARATORS or parser.accepts((token.kind,)) or not parser.accepts(("AND",)):
        return UNKNOWN
    parser.report(
        "E0120",
        f"comparisons do not chain: a second `{token.text}` cannot follow",
        token.span,
        expected="two comparisons joined by `and`: `a < b and b < c`",
    )
    return REPORTED


def _increment(parser: Parser, token: Token) -> str:
    previous = _previous(parser)
    if token.kind != previous.kind or token.kind not in ("PLUS", "MINUS") or token.start != previous.end:
        if not (token.kind == "_NEWLINE" and previous.kind == _previous(parser, 2).kind == "MINUS"):
            return UNKNOWN
        token = previous
        previous = _previous(parser, 2)
    mark = token.text * 2
    span = Span(previous.start, token.end)
    edit = Edit(span, f" {token.text}= 1", f"write `{token.text}= 1`")
    parser.report("E0115", f"there is no `{mark}`", span, expected=f"`{token.text}= 1`", edit=edit)
    return REPORTED


def _missing_let(parser: Parser, token: Token) -> str:
    name = _previous(parser)
    if token.kind != "COLON" or name.kind != "NAME" or not _first_in_line(parser, 1) or _next(parser).kind != "NAME":
        return UNKNOWN
    if name.start in parser.tried:
        return UNKNOWN
    parser.tried.add(name.start)
    parser.restart_line()
    if not parser.accepts(("LET", "NAME", "COLON")):
        return MENDED  # as it was
    parser.report(
        "E0121",
        f"`{name.text}` is new here, so it needs `let`",
        name.span,
        expected=f"`let {name.text}: … = …`",
        edit=Edit(Span(name.start, name.start), "let ", "write `let`"),
    )
    _insert(parser, "LET", "let")
    return MENDED


def _result_after_colon(parser: Parser, token: Token) -> str:
    colon = _previous(parser, 2)
    if token.kind != "COLON" or colon.kind != "COLON" or _previous(parser, 3).kind != "RPAR":
        return UNKNOWN
    edit = Edit(colon.span, " ->", "write `->`")
    parser.report("E0137", "the type of a result comes after `->`", colon.span, expected="`->`", edit=edit)
    return REPORTED


def _order_of_clauses(parser: Parser, token: Token) -> str:
    late = token.kind == "ARROW" or token.text in ("by", "in")
    if not late or parser.tokens[parser.line_start()].text not in ("pub", "fn", "view", "pure", "rule", "init"):
        return UNKNOWN
    if not parser.accepts(("COLON", "_NEWLINE", "_INDENT")):
        return UNKNOWN
    if parser.tokens[parser.line_start()].kind == "INIT":
        says = f"`init` takes no `{token.text}`"
        expected = "`init(…):` or `init(…) by …:`"
    else:
        says = f"`{token.text}` comes too late in this line"
        expected = "the order `fn name(…) -> Type by … in …:`"
    parser.report("E0138", says, token.span, expected=expected)
    return REPORTED


def _foreign_clause(parser: Parser, token: Token) -> str:
    """A modifier of another language behind a function's parameters."""
    line = parser.tokens[parser.line_start() : parser.position]
    starts = {earlier.kind for earlier in line[:2]} & {"FN", "INIT"}
    if token.kind != "NAME" or not starts or any(earlier.kind == "COLON" for earlier in _outside(line)):
        return UNKNOWN
    if not (parser.accepts(("COLON", "_NEWLINE", "_INDENT")) or parser.accepts(_SIGNATURE_ENDS)):
        return UNKNOWN
    habit = habits.CLAUSES.get(token.text) or habits.CLAUSES.get("only" if token.text.startswith("only") else "")
    if habit is None:
        places = range(parser.position, len(parser.tokens))
        last = next(place for place in places if parser.tokens[place].kind in (*LAYOUT, "$END"))
        is_head = parser.tokens[last - 1].kind == "COLON" and parser.tokens[last].kind == "_NEWLINE"
        if not is_head or not token.text[0].islower() or token.text in habits.TYPES or _is_type(token.text):
            return UNKNOWN
        if token.text in parser.tables.words or get_close_matches(token.text, parser.tables.words, 1, 0.75):
            return UNKNOWN
        habit = "there are no modifiers: who may call is said by `by`, in which phases by `in`, all else by `require` in the body"
    parser.report("E0141", f"`{token.text}`: {habit}", token.span, expected=_expected(parser))
    return REPORTED


_SIGNATURE_ENDS = ("_NEWLINE", "VIEW", "FN", "NAME", "LPAR", "RPAR", "_NEWLINE")  # a line of an interface, and another one


def _is_type(text: str) -> bool:
    return re.fullmatch(r"bool|[ui](8|16|32|64|128|256)", text) is not None


def _outside(line: list[Token]) -> list[Token]:
    """The tokens of a line that stand in no bracket."""
    depth = 0
    found: list[Token] = []
    for token in line:
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        if depth == 0:
            found.append(token)
    return found


def _text_as_error(parser: Parser, token: Token) -> str:
    """`require condition, "text"`, `… else "text"` or `fail "text"`: errors have names."""
    first = parser.tokens[parser.line_start()]
    if first.kind not in ("REQUIRE", "FAIL"):
        return UNKNOWN
    place = _next(parser) if token.kind == "COMMA" else token
    if place.kind != "TEXT" or (token is place and _previous(parser).kind not in ("ELSE", "FAIL")):
        return UNKNOWN
    message = "errors have names, not texts: declare `error NotAllowed` and name it"
    expected = "`fail NotAllowed`" if first.kind == "FAIL" else "`require condition else NotAllowed`"
    parser.report("E0610", message, place.span, expected=expected)
    return REPORTED


def _signature_with_body(parser: Parser, token: Token) -> str:
    if (token.kind != "COLON" and token.text not in ("by", "in")) or not parser.accepts(_SIGNATURE_ENDS):
        return UNKNOWN
    parser.report(
        "E0140",
        "functions of an interface have no body and no clauses: only name, parameters and result",
        token.span,
        expected="the end of the line",
    )
    return REPORTED


def _tuple_of_one(parser: Parser, token: Token) -> str:
    comma, opener = _previous(parser), _opener(parser)
    if token.kind != "RPAR" or comma.kind != "COMMA" or opener is None:
        return UNKNOWN
    parser.report(
        "E0133",
        "a tuple has at least two parts",
        comma.span,
        expected="another part, or no comma",
        edit=Edit(comma.span, "", "remove the comma"),
    )
    return REPORTED


def _bare_self(parser: Parser, token: Token) -> str:
    me = _previous(parser)
    if me.kind != "SELF":
        return UNKNOWN
    parser.report(
        "E0128",
        "`self` only stands before a dot: the contract's fields are `self.name`",
        me.span,
        expected="`self.name`, or `this` for the contract's address",
    )
    return REPORTED


def _unknown_unit(parser: Parser, token: Token) -> str:
    number = _previous(parser)
    if number.kind != "NUMBER" or token.kind != "NAME" or token.text in parser.tables.words or not number.text[-1].isdigit():
        return UNKNOWN
    if not token.text.islower() or _next(parser).kind == "LPAR":
        return UNKNOWN
    word = token.text
    edit = None
    notes: tuple[tuple[str, Span | None], ...] = ()
    if word.lower().rstrip("s") in ("month", "year"):
        notes = (("months and years are not all equally long; count days", None),)
    elif word.isalpha() and 3 <= len(word) <= 4 and word.islower():
        edit = Edit(token.span, word.upper(), f"write `{word.upper()}`")
        notes = (("a currency's code is written in capitals", None),)
    parser.report(
        "E0112",
        f"`{word}` is not a unit",
        token.span,
        expected="`ms`, `seconds`, `minutes`, `hours`, `days`, `weeks`, `bps`, `%` or a currency's code",
        edit=edit,
        notes=notes,
    )
    parser.report.broken.append(token.start)
    del parser.tokens[parser.position]
    return MENDED


def _percent_as_remainder(parser: Parser, token: Token) -> str:
    number = _previous(parser)
    if number.kind != "NUMBER" or number.text[-1] != "%" or token.kind not in ("NUMBER", "NAME", "LPAR", "SELF"):
        return UNKNOWN
    span = Span(number.end - 1, number.end)
    parser.report(
        "E0115",
        "the remainder is written `mod`; `%` only follows a number, as in `3.85 %`",
        span,
        expected="`mod`",
        edit=Edit(span, "mod", "write `mod`"),
    )
    return REPORTED


_MARKS = (
    ("COLON", ":"),
    ("COMMA", ","),
    ("ARROW", "->"),
    ("ELSE", "else"),
    ("IN", "in"),
    ("EQUAL", "="),
    ("FN", "fn"),
    ("DOT", "."),
)


def _missing_mark(parser: Parser, token: Token) -> str:
    """One mark or word put in here makes the rest fit."""
    previous = _previous(parser)
    if previous.kind in LAYOUT or any(previous.end <= place < token.start for place in parser.report.lexer_places):
        return UNKNOWN
    line = {earlier.kind for earlier in parser.tokens[parser.line_start() : parser.position]}
    for kind, text in _MARKS:
        if (kind == "IN" and "FOR" not in line) or (kind == "ELSE" and not line & {"REQUIRE", "TRY", "IF"}):
            continue
        if kind == "COLON" and token.kind == "_NEWLINE":
            fits = _next(parser).kind == "_INDENT" and _fits(parser, (kind,), look=2, over_lines=True)
        elif token.kind == "_NEWLINE" or (kind == "EQUAL" and _first_in_line(parser, 1)):
            continue
        elif kind == "DOT":
            fits = previous.kind == "SELF" and _fits(parser, (kind,))
        else:
            fits = token.kind not in LAYOUT and _fits(parser, (kind,), look=3 if kind != "ARROW" else 2)
        if fits:
            here = previous.end
            written = text if kind in ("COLON", "COMMA", "DOT") else f" {text}"
            parser.report(
                "E0101",
                f"`{text}` is missing " + ("at the end of this line" if token.kind == "_NEWLINE" else f"before {_found(token)}"),
                Span(here, here + 1),
                expected=f"`{text}`",
                edit=Edit(Span(here, here), written, f"write `{text}`"),
            )
            _insert(parser, kind, text)
            return MENDED
    return UNKNOWN


# ── Whatever else ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _wrong_place(parser: Parser, token: Token) -> str:
    """A statement outside functions, a declaration inside one, a member outside contracts."""
    previous = _previous(parser)
    if token.kind == previous.kind == "NAME" and previous.text in _DECLARATION_WORDS and _first_in_line(parser, 1):
        parser.report("E0135", f"`{previous.text}` has no place here", previous.span, expected="less indentation, perhaps")
        return REPORTED
    if not _first_in_line(parser):
        return UNKNOWN
    if parser.accepts(("LET",)):
        if token.text in _DECLARATION_WORDS and (token.kind != "NAME" or _next(parser).kind in ("NAME", "FN", "TEXT")):
            parser.report(
                "E0135",
                f"`{token.text}` declares something, and declarations do not stand inside functions",
                token.span,
                expected="a statement; if the function is over, less indentation" if token.text != "const" else "`let`",
                edit=Edit(token.span, "let", "write `let`") if token.text == "const" else None,
            )
            return REPORTED
    elif token.kind in _STATEMENT_WORDS and _next(parser).kind != "COLON":
        parser.report(
            "E0135",
            f"`{token.text}` begins a statement, and statements stand inside functions and tests",
            token.span,
            expected=_expected(parser),
        )
        return REPORTED
    elif token.text in _MEMBER_WORDS and parser.accepts(("CONTRACT",)):
        parser.report("E0135", f"`{token.text}` stands inside a contract", token.span, expected=_expected(parser))
        return REPORTED
    return UNKNOWN


def _unfit(parser: Parser, token: Token) -> str:
    """The general case: what was found, what was expected."""
    if _line_has_finding(parser):
        return REPORTED  # most likely a consequence
    opener = _opener(parser)
    notes = ((f"inside the `{opener.text}` opened here", opener.span),) if opener is not None else ()
    span = _place(token)
    if token.kind == "_NEWLINE":
        message = "the line ends here, but something is missing"
        span = Span(token.start, token.start + 1)
    elif token.kind in ("_DEDENT", "$END"):
        message = "the block ends here, but something is missing"
    else:
        message = f"{_found(token)} does not fit here"
    parser.report("E0100", message, span, expected=_expected(parser), notes=notes)
    return REPORTED


def _opener(parser: Parser) -> Token | None:
    """The innermost bracket that is open here."""
    depth = 0
    for place in range(parser.position - 1, -1, -1):
        kind = parser.tokens[place].kind
        if kind in ("RPAR", "RSQB"):
            depth += 1
        elif kind in ("LPAR", "LSQB"):
            if depth == 0:
                return parser.tokens[place]
            depth -= 1
        elif kind in LAYOUT:
            return None
    return None


def _found(token: Token) -> str:
    """A token in words."""
    if token.kind == "TEXT":
        return "a text"
    text = token.text if len(token.text) <= 30 else token.text[:27] + "…"
    return f"`{text}`"


_PLAIN = {
    "NAME": "a name",
    "NUMBER": "a number",
    "TEXT": "a text in quotes",
    "_NEWLINE": "the end of the line",
    "_INDENT": "a block of deeper lines",
    "_DEDENT": "the end of the block",
    "$END": "the end of the file",
}
# If all of the first are possible, say the words, and leave out the second.
_GROUPS: tuple[tuple[frozenset[str], str, frozenset[str] | None], ...] = (
    (frozenset({"LET", "RETURN"}), "a statement", None),
    (frozenset({"PHASES", "EVENT"}), "a field, function, event, error or another member of the contract", None),
    (frozenset({"CONTRACT", "TEST"}), "a declaration such as `contract`, `interface`, `struct`, `fn`, `const` or `test`", None),
    (
        frozenset({"NAME", "NUMBER", "LPAR", "LSQB"}),
        "a value",
        frozenset("NAME NUMBER LPAR LSQB TEXT BYTES TRUE FALSE SELF MINUS NOT PHASE CALL READ TRY NEW DEPLOY INIT".split()),
    ),
    (
        frozenset({"PLUS", "STAR"}),
        "an operator",
        frozenset(
            "PLUS MINUS STAR SLASH MOD IS_EQUAL NOT_EQUAL LESSTHAN MORETHAN AT_MOST AT_LEAST IN NOT AND OR IMPLIES IF DOT "
            "LPAR LSQB ROUNDED AS EQUAL PLUS_EQUAL MINUS_EQUAL STAR_EQUAL VBAR".split()
        ),
    ),
    (frozenset({"AND", "OR"}), "`and`", frozenset("AND OR IMPLIES IF".split())),
    (frozenset({"EQUAL", "PLUS_EQUAL"}), "`=`", frozenset("EQUAL PLUS_EQUAL MINUS_EQUAL STAR_EQUAL".split())),
)


def _expected(parser: Parser) -> str:
    """What could stand here, in words."""
    left = set(parser.accepted()) - {"DOC"}
    if left == {"NAME", "LPAR"} and _previous(parser).kind in ("COLON", "ARROW", "LSQB", "COMMA", "LPAR"):
        return "a type"
    said: list[str] = []
    for needed, words, covered in _GROUPS:
        if needed <= left:
            said.append(words)
            left = left - covered if covered is not None else left & {"_DEDENT"}
    texts = parser.tables.texts
    last = [_PLAIN[kind] for kind in _PLAIN if kind in left and kind.startswith(("_", "$"))]
    said += [_PLAIN.get(kind) or f"`{texts[kind]}`" for kind in sorted(left) if not kind.startswith(("_", "$"))]
    if "the end of the block" in last and said:
        last = []
    said = said[:6] + last[:1]
    return " or ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else said[0] if said else "nothing"


_TEACHERS: tuple[Callable[[Parser, Token], str], ...] = (
    _missing_block,
    _unexpected_indent,
    _misplaced_doc,
    _bare_self,
    _foreign_import,
    _one_kind_of_function,
    _missing_fn,
    _mutable,
    _increment,
    _single_equals,
    _named_argument_colon,
    _chained_comparison,
    _is_elsewhere,
    _result_after_colon,
    _order_of_clauses,
    _foreign_clause,
    _text_as_error,
    _signature_with_body,
    _missing_let,
    _unknown_unit,
    _percent_as_remainder,
    _orphan_branch,
    _wrong_place,
    _misspelt,
    _missing_mark,
    _word_as_name,
    _tuple_of_one,
    _unfit,
)
