"""Text to tokens: words, numbers, marks, and the layout (ends of lines, blocks) that indentation makes.

The shapes of tokens come from the grammar's tables. What other languages write in place of ours (`&&`, `//`, `;`, …) is read as
what was meant, with a finding that gives the edit, so that one habit costs one finding.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lang import habits
from lang.diagnostics import Edit, Findings
from lang.limits import BLOCK_DEPTH_MAX, BRACKET_DEPTH_MAX, SYNTAX_FINDINGS_MAX, TOKENS_MAX
from lang.source import Source, Span
from lang.tables import HARD_WORDS, Tables

CLOSER = {"(": ")", "[": "]"}
TAB_WIDTH = 4


class Token(NamedTuple):
    """One token. Tokens of layout are empty: the end of a line and of a block stand after the last token before them."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


class TooMuch(Exception):
    """The text passes a limit, or has too many findings. Reading stops."""


class Reporter:
    """Adds findings about one text, a bounded number of them.

    `broken` are the places where the text cannot be understood; findings about other places were mended in passing.
    """

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.seen: set[tuple[str, int]] = set()
        self.broken: list[int] = []
        self.lexer_places: list[int] = []  # of findings made while `in_lexer`
        self.in_lexer = True

    def __call__(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        expected: str | None = None,
        edit: Edit | None = None,
        notes: tuple[tuple[str, Span | None], ...] = (),
    ) -> None:
        """Add a finding. Raises TooMuch when there are too many already."""
        if self.in_lexer:
            self.lexer_places.append(span.start)
        if (code, span.start) not in self.seen:
            if len(self.seen) >= SYNTAX_FINDINGS_MAX:
                raise TooMuch
            self.seen.add((code, span.start))
            self.findings.add(code, message, self.source, span, expected=expected, edit=edit, notes=notes)


# What people bring from other languages: text -> (kind and text of the token meant, what to say).
_FOREIGN_MARKS = {
    "&&": ("AND", "and", "`&&` is written `and`"),
    "||": ("OR", "or", "`||` is written `or`"),
    "!": ("NOT", "not", "`!` is written `not`"),
    "===": ("IS_EQUAL", "==", "`===` is written `==`"),
    "!==": ("NOT_EQUAL", "!=", "`!==` is written `!=`"),
    "<>": ("NOT_EQUAL", "!=", "`<>` is written `!=`"),
    "%": ("MOD", "mod", "the remainder is written `mod`; `%` only follows a number, as in `3.85 %`"),
    "=>": ("ARROW", "->", "`=>` is written `->`"),
    "::": ("DOT", ".", "`::` is written `.`"),
    ":=": ("EQUAL", "=", "a value is given with `=`; a new name begins with `let`"),
    "…": ("RANGE", "..", "a range is written with two dots, `..`"),
    "...": ("RANGE", "..", "a range is written with two dots, `..`; its end is excluded"),
    "..=": ("RANGE", "..", "a range is written with two dots, `..`; its end is excluded"),
    "**": ("STAR", "*", "there is no power operator; multiply"),
}
_WIDE_MARKS = dict(zip("（）［］，：．。＝＋－＊／＜＞｜“”„«»−×÷", '()[],:..=+-*/<>|"""""-*/', strict=True))
_WIDE_MARKS |= {"≤": "<=", "≥": ">=", "≠": "!=", "→": "->", "；": ";"}

# Other languages' words at the beginning of a line, where a word or a quote follows: word -> (kind, word meant).
_FOREIGN_STARTS = {
    "def": ("FN", "fn"),
    "func": ("FN", "fn"),
    "function": ("FN", "fn"),
    "fun": ("FN", "fn"),
    "public": ("PUB", "pub"),
    "external": ("PUB", "pub"),
    "var": ("LET", "let"),
    "val": ("LET", "let"),
    "class": ("CONTRACT", "contract"),
    "constructor": ("INIT", "init"),
    "switch": ("MATCH", "match"),
    "throw": ("FAIL", "fail"),
    "raise": ("FAIL", "fail"),
    "revert": ("FAIL", "fail"),
    "elseif": ("ELIF", "elif"),
    "elsif": ("ELIF", "elif"),
}
_TRUTHS = {"True": ("TRUE", "true"), "False": ("FALSE", "false"), "TRUE": ("TRUE", "true"), "FALSE": ("FALSE", "false")}

# Characters nobody sees, or that make text read in another order than it is compiled.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\uffff]"
)

# A line that can only begin something new: inside an open bracket it shows that the bracket was forgotten.
_FRESH_LINE = re.compile(
    r"(?:let|pub|fn|return|require|emit|become|fail|destroy|ensures|assert|const|invariant|while|match|case|elif|pass|break"
    r"|continue|expect)\b(?! *[=,:.)\]])"
    r"|(?:contract|interface|struct|enum|resource|event|error|phases|currency|unit) +[A-Za-z_]"
    r"|(?:view|pure|rule) +fn\b|init *\(|test +\"|for +\w+ +in\b|(?:if|else)\b.*: *$"
    r"|self\.\w+(?:\[[^\]\n]*\])* *[-+*]?=(?!=)",
    re.MULTILINE,
)
_LOOSE_TEXT = re.compile(r'"(?:[^"\\\n]|\\[^\n])*("?)')
_QUOTED = re.compile(r"'([^'\\\n]|\\[^\n])*'")
_WORDS_OF = r"[A-Za-z_][A-Za-z0-9_]*"
_MAPPING = re.compile(
    r"mapping *\( *(W) *=> *(?:(?!mapping\b)(W)|mapping *\( *(W) *=> *(W) *\)) *\)"
    r"(?:(?: +(?:public|private|internal))* +(W))? *;?".replace("W", _WORDS_OF)
)
_COUNTING = re.compile(r" *\((?:W +)?(W) *=[^;\n]*;[^;\n]*;[^;\n{]*\)".replace("W", _WORDS_OF))
_ESCAPE = re.compile(r"\\(?:[nt\"\\]|u\{([0-9a-fA-F]{1,6})\}|(u\{[^}\"]*\}?|.))")
_WORD = re.compile(r"\w+")
_NUMBER_TAIL = re.compile(r"[A-Za-z0-9_]*(?:\.[0-9_]+)?(?: *(?:%|bps\b))?")


def _own_type(text: str) -> str:
    """Another language's name of a type in ours."""
    habit = habits.TYPES.get(text)
    return (habit[1] if habit is not None else None) or text


class Lexer:
    """Reads one kind of text: holds what the tables make of tokens."""

    def __init__(self, tables: Tables) -> None:
        self.hard_words = {word: tables.words[word] for word in HARD_WORDS}
        self.marks = tables.marks
        foreign = sorted(_FOREIGN_MARKS, key=len, reverse=True)
        marks = sorted((*tables.marks, *(m for m in foreign if m not in "!%…")), key=len, reverse=True)
        pattern = tables.patterns
        groups = [
            ("NAME", pattern["NAME"]),
            ("LINE", r"\n[ \t]*(?:\n[ \t]*)*"),
            ("COMMENT", r"(?:#|//|/\*)[^\n]*"),
            ("MARK", "|".join(map(re.escape, marks))),
            ("BYTES", pattern["BYTES"]),
            ("NUMBER", pattern["NUMBER"]),
            ("DOC", pattern["DOC"]),
            ("TEXT", pattern["TEXT"]),
            ("OTHER", r"[\s\S]"),
        ]
        plain = ((name, re.sub(r"(?<!\\)\((?!\?)", "(?:", shape)) for name, shape in groups)
        self.match = re.compile(" *+(?:" + "|".join(f"(?P<{name}>{shape})" for name, shape in plain) + ")").match

    def read(self, source: Source, report: Reporter) -> tuple[list[Token], list[Token]]:
        """Tokens and comments. Raises TooMuch past a limit."""
        return _Reading(self, source, report).run()


class _Reading:
    """One run over one text."""

    def __init__(self, lexer: Lexer, source: Source, report: Reporter) -> None:
        self.lexer = lexer
        self.source = source
        self.text = source.text
        self.report = report
        self.tokens: list[Token] = []
        self.comments: list[Token] = []
        self.blocks = [0]  # columns of the open blocks
        self.brackets: list[Token] = []
        self.last_end = 0  # of the last token that is not layout
        self.in_line = False  # whether the line has a token already
        self.tab_seen = False
        self.tab_columns: dict[str, int] = {}  # of indentations with tabs, where their width is not the usual one
        self.brace_seen = False

    def run(self) -> tuple[list[Token], list[Token]]:
        """Read it all."""
        text, match, hard_words, marks = self.text, self.lexer.match, self.lexer.hard_words, self.lexer.marks
        tokens, brackets = self.tokens, self.brackets
        if not text.isascii() or not text.isprintable():
            for unseen in _HIDDEN.finditer(text):
                self.hidden(unseen)
        position = line_start = 0
        while found := match(text, position):
            kind = found.lastgroup
            start, position = found.span(kind)  # type: ignore[arg-type]
            if kind == "LINE":
                if self.in_line and not brackets:
                    tokens.append(Token("_NEWLINE", "", self.last_end, self.last_end))
                    self.in_line = False
                    if len(tokens) > TOKENS_MAX:
                        self.too_much("E0905", f"the file has more than {TOKENS_MAX:,} words and marks", start)
                line_start = text.rfind("\n", start, position) + 1
                if brackets and _FRESH_LINE.match(text, position):
                    self.unclosed()
                continue
            if kind == "COMMENT":
                self.comment(found.group(kind), start, position)
                continue
            value = found.group(kind)  # type: ignore[arg-type]
            if not self.in_line:
                self.in_line = True
                if not brackets:
                    self.layout(line_start, start)
            if kind == "NAME":
                if value in hard_words and not (tokens and tokens[-1].kind == "DOT"):
                    kind = hard_words[value]
                elif value == "mapping" and (shape := _MAPPING.match(text, start)):
                    position = self.last_end = self.mapping(shape)
                    continue
                elif value in _TRUTHS or value in _FOREIGN_STARTS:
                    kind, value = self.foreign_word(value, start, position)
                tokens.append(Token(kind, value, start, position))
                if kind == "FOR" and not brackets and (shape := _COUNTING.match(text, position)):
                    position = self.counting(start, shape)
                if kind == "IF" and len(tokens) > 1 and tokens[-2].kind == "ELSE":
                    self.else_if()
            elif kind == "MARK":
                if value not in marks:
                    position = self.foreign_mark(value, start, position)
                elif value in "([":
                    token = Token(marks[value], value, start, position)
                    tokens.append(token)
                    brackets.append(token)
                    if len(brackets) > BRACKET_DEPTH_MAX:
                        self.too_much("E0903", f"brackets stand more than {BRACKET_DEPTH_MAX} deep", start)
                elif value in ")]":
                    self.close(value, start, position)
                else:
                    tokens.append(Token(marks[value], value, start, position))
            elif kind == "OTHER":
                position = self.other(value, start)
            else:
                position = self.literal(kind, value, start, position)  # type: ignore[arg-type]
            self.last_end = position
        if brackets:
            self.unclosed()
        end = self.last_end
        if self.in_line:
            tokens.append(Token("_NEWLINE", "", end, end))
        tokens.extend(Token("_DEDENT", "", end, end) for _ in self.blocks[1:])
        tokens.append(Token("$END", "", end, end))
        if len(tokens) > TOKENS_MAX:
            self.too_much("E0905", f"the file has more than {TOKENS_MAX:,} words and marks", len(text))
        return tokens, self.comments

    # ── Layout ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def layout(self, line_start: int, start: int) -> None:
        """Open or close blocks before the first token of a line."""
        column = start - line_start
        if "\t" in self.text[line_start:start]:
            column = self.tab_column(self.text[line_start:start])
            self.tab(line_start, start, " " * column)
        blocks = self.blocks
        if column > blocks[-1]:
            blocks.append(column)
            self.tokens.append(Token("_INDENT", "", start, start))
            if len(blocks) > BLOCK_DEPTH_MAX + 1:
                self.too_much("E0903", f"blocks stand more than {BLOCK_DEPTH_MAX} deep", start)
        while column < blocks[-1]:
            if blocks[-2] < column:
                depths = ", ".join(map(str, blocks))
                self.report(
                    "E0104",
                    f"this line is indented by {column} spaces, which fits no block around it",
                    Span(line_start, start),
                    expected=f"one of the depths in use here: {depths} spaces",
                )
                break
            blocks.pop()
            self.tokens.append(Token("_DEDENT", "", self.last_end, self.last_end))

    def tab_column(self, indent: str) -> int:
        """How deep a line with tabs was meant to be: deeper than the line above where that opens a block."""
        column = len(indent.expandtabs(TAB_WIDTH))
        opens = [token.kind for token in self.tokens[-2:]] == ["COLON", "_NEWLINE"]
        if opens and column <= self.blocks[-1]:
            self.tab_columns[indent] = self.blocks[-1] + TAB_WIDTH
        return self.tab_columns.get(indent, column)

    def tab(self, start: int, end: int, wide: str = " ") -> None:
        """A tab where blanks belong. One finding a file: they come in hundreds."""
        if not self.tab_seen:
            self.tab_seen = True
            self.report(
                "E0107",
                "a tab: its width is not the same for every reader, so only spaces are used",
                Span(start, end),
                expected="spaces, four a level",
                edit=Edit(Span(start, end), wide, "use spaces"),
            )

    def comment(self, value: str, start: int, end: int) -> None:
        """Keep a comment; correct one of another language."""
        if not value.startswith("#"):
            mark = value[:2]
            hint = "; division is written `/` and names its rounding" if mark == "//" and self.in_line else ""
            self.report(
                "E0117",
                f"`{mark}` does not begin a comment{hint}",
                Span(start, start + 2),
                expected="`#`, up to the end of the line",
                edit=Edit(Span(start, start + 2), "#", "begin the comment with `#`"),
            )
        self.comments.append(Token("COMMENT", value.rstrip(), start, end))

    def unclosed(self) -> None:
        """Close the brackets that were forgotten, with one finding about the innermost."""
        opener = self.brackets[-1]
        self.report(
            "E0102",
            f"this `{opener.text}` is never closed",
            opener.span,
            expected=f"`{CLOSER[opener.text]}`",
            edit=Edit(Span(self.last_end, self.last_end), CLOSER[opener.text], f"close it with `{CLOSER[opener.text]}`"),
        )
        while self.brackets:
            closer = CLOSER[self.brackets.pop().text]
            self.tokens.append(Token(self.lexer.marks[closer], closer, self.last_end, self.last_end))
        self.tokens.append(Token("_NEWLINE", "", self.last_end, self.last_end))
        self.in_line = False

    def close(self, value: str, start: int, end: int) -> None:
        """A closing bracket: the one that is due, another one, or one too many."""
        if not self.brackets:
            self.report(
                "E0103",
                f"this `{value}` closes nothing",
                Span(start, end),
                edit=Edit(Span(start, end), "", f"remove the `{value}`"),
            )
            return
        opener = self.brackets.pop()
        due = CLOSER[opener.text]
        if due != value:
            self.report(
                "E0103",
                f"this `{value}` does not fit the `{opener.text}` it would close",
                Span(start, end),
                expected=f"`{due}`",
                edit=Edit(Span(start, end), due, f"write `{due}`"),
                notes=((f"the `{opener.text}` was opened here", opener.span),),
            )
        self.tokens.append(Token(self.lexer.marks[due], due, start, end))

    # ── Other languages ───────────────────────────────────────────────────────────────────────────────────────────────

    def foreign_word(self, value: str, start: int, end: int) -> tuple[str, str]:
        """Kind and text of a word that other languages use for one of ours."""
        previous = self.tokens[-1].kind if self.tokens else "_NEWLINE"
        if value in _TRUTHS:
            kind, meant = _TRUTHS[value]
            if previous == "DOT":
                return "NAME", value
        else:
            kind, meant = _FOREIGN_STARTS[value]
            follows = self.text[end : end + 2].lstrip(" ")[:1]
            fits = follows == "(" if value in ("constructor", "switch", "revert") else self.text[end : end + 1] == " "
            starts = previous in ("_NEWLINE", "_INDENT", "_DEDENT", "PUB")
            if not (starts and (fits and (follows.isalpha() or follows in ("_", "(", '"')))):
                return "NAME", value
        self.report(
            "E0116",
            f"`{value}` is written `{meant}`",
            Span(start, end),
            expected=f"`{meant}`",
            edit=Edit(Span(start, end), meant, f"write `{meant}`"),
        )
        return kind, meant

    def mapping(self, shape: re.Match[str]) -> int:
        """`mapping(K => V) name`, read as the map that is meant. Gives where it ends."""
        key, value, second, inner, name = shape.groups()
        start, end = shape.span()
        keys = [_own_type(part) for part in (key, second) if part is not None]
        kept = _own_type(value or inner)
        meant = f"Map[{keys[0] if len(keys) == 1 else f'({keys[0]}, {keys[1]})'}, {kept}]"
        meant = f"{name}: {meant}" if name is not None else meant
        edit = Edit(Span(start, end), meant, f"write `{meant}`")
        self.report("E0116", "`mapping(… => …)` is written `Map[…, …]`", Span(start, end), expected=f"`{meant}`", edit=edit)
        for part in re.findall(r"\w+|[^\w ]", meant):
            self.tokens.append(Token(self.lexer.marks.get(part, "NAME"), part, start, end))
        return end

    def counting(self, start: int, shape: re.Match[str]) -> int:
        """`for (i = 0; …; …)`, read as some range. Gives where it ends."""
        name, end = shape[1], shape.end()
        message = "a loop that counts is written with a range: its end is excluded, and `max` says how often it goes at most"
        self.report("E0116", message, Span(start, end), expected=f"`for {name} in 0..n max 100:`")
        self.report.broken.append(start)
        for kind, text in (("NAME", name), ("IN", "in"), ("NUMBER", "0"), ("RANGE", ".."), ("NUMBER", "1")):
            self.tokens.append(Token(kind, text, start, end))
        return end

    def else_if(self) -> None:
        """`else if` at the beginning of a line, when it was meant as `elif`."""
        tokens = self.tokens
        first, last = tokens[-2:]
        if len(tokens) > 2 and tokens[-3].kind not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            return
        span = Span(first.start, last.end)
        self.report("E0116", "`else if` is written `elif`", span, expected="`elif`", edit=Edit(span, "elif", "write `elif`"))
        tokens[-2:] = [Token("ELIF", "elif", first.start, last.end)]

    def foreign_mark(self, value: str, start: int, end: int) -> int:
        """Read a mark of another language as what was meant."""
        kind, meant, says = _FOREIGN_MARKS[value]
        span = Span(start, end)
        code = "E0121" if value == ":=" else "E0115"
        word = meant
        if meant.isalpha():  # words need blanks around them where marks did not
            before = " " if self.text[start - 1 : start] not in ("", " ", "(", "\n") else ""
            after = " " if self.text[end : end + 1] not in ("", " ", "\n") else ""
            word = before + meant + after
        self.report(code, says, span, expected=f"`{meant}`", edit=Edit(span, word, f"write `{meant}`"))
        self.tokens.append(Token(kind, meant, start, end))
        return end

    # ── Literals ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def literal(self, kind: str, value: str, start: int, end: int) -> int:
        """A number, bytes or text, checked for what its pattern cannot say. Gives where it ends."""
        text = self.text
        if kind == "NUMBER":
            end = self.number(value, start, end)
        elif kind == "BYTES" and _WORD.match(text, end):
            end = self.bad_bytes(start)
            value = "0x00"
        elif kind == "TEXT":
            if value == '""' and text[end : end + 1] == '"':
                end = self.unclosed_doc(start)
                kind, value = "DOC", text[start:end] + '"""'
            elif "\\" in value:
                self.escapes(value, start)
        self.tokens.append(Token(kind, value, start, end))
        return end

    def number(self, value: str, start: int, end: int) -> int:
        """Check the end of a number. Gives where it ends."""
        text = self.text
        if value == "0" and text[end : end + 1] in ("x", "X"):
            return self.bad_bytes(start)
        tail = text[end : end + 1]
        if tail == "_" or (tail.isalnum() and tail.isascii()):
            stop = _NUMBER_TAIL.match(text, end).end()  # type: ignore[union-attr]
            written = text[start:stop]
            digits = re.sub(r"_+", "_", written).strip("_")
            edit = None
            if re.fullmatch(r"[0-9_]+", written):
                edit = Edit(Span(start, stop), digits, f"write `{digits}`")
            self.report(
                "E0112",
                f"`{written}` is not a number",
                Span(start, stop),
                expected="digits, single `_` between them if you like, and maybe a unit: `1_000`, `5 days`, `25 bps`, `3 %`, "
                "`100.00 CNY`",
                edit=edit,
            )
            return stop
        if "." in value and value.replace("_", "").replace(".", "").isdigit():
            self.report.broken.append(start)
            self.report(
                "E0113",
                f"`{value}` has decimals but no unit; there are no floating-point numbers",
                Span(start, end),
                expected="a whole number, or a unit after it: `%` or a currency, as in `100.00 CNY`",
            )
        return end

    def bad_bytes(self, start: int) -> int:
        """Bytes that are not pairs of hexadecimal digits. Gives where they end."""
        end = _WORD.match(self.text, start).end()  # type: ignore[union-attr]
        written = self.text[start:end]
        digits = written[2:].replace("_", "")
        odd = bool(digits) and len(digits) % 2 == 1 and re.fullmatch(r"[0-9a-fA-F]+", digits) is not None
        shown = written if len(written) <= 20 else written[:17] + "…"
        self.report(
            "E0114",
            f"`{shown}` has an odd number of digits" if odd else f"`{shown}` is not a byte string",
            Span(start, end),
            expected="`0x` and pairs of hexadecimal digits, two a byte: `0x0a0b`",
            edit=Edit(Span(start, end), "0x0" + digits, "put a zero before the first digit") if odd else None,
        )
        return end

    def escapes(self, value: str, start: int) -> None:
        """Report escapes that name no character."""
        for found in _ESCAPE.finditer(value):
            number = found.group(1)
            bad = found.group(2) is not None
            if number is not None:
                bad = int(number, 16) > 0x10FFFF or 0xD800 <= int(number, 16) <= 0xDFFF
            if bad:
                self.report(
                    "E0111",
                    f"`{found.group()}` stands for no character",
                    Span(start + found.start(), start + found.end()),
                    expected=r"one of `\n`, `\t`, `\"`, `\\`, or `\u{…}` with a character's number",
                )

    def unclosed_doc(self, start: int) -> int:
        """A text in triple quotes that runs to the end of the file."""
        self.report(
            "E0110",
            'this `"""` is never closed',
            Span(start, start + 3),
            expected='`"""` at its end',
        )
        return len(self.text)

    # ── What is no token ──────────────────────────────────────────────────────────────────────────────────────────────

    def hidden(self, found: re.Match[str]) -> None:
        """Refuse characters nobody sees, wherever they stand."""
        number = ord(found.group())
        if 0xD800 <= number <= 0xDFFF:
            what = "half a character (a lone surrogate): the file was damaged or is not UTF-8"
        elif number == 0x0D:
            what = "a carriage return in the middle of a line"
        elif number < 0x20 or 0x7F <= number < 0xA0:
            what = "a control character"
        else:
            what = "a hidden character, which can make a text read differently from what it does"
        span = Span(found.start(), found.end())
        self.report("E0129", f"U+{number:04X}: {what}", span, edit=Edit(span, "", "remove it"))

    def other(self, value: str, start: int) -> int:
        """Whatever begins no token. Gives where to go on."""
        text, end = self.text, start + 1
        if value == "\t":
            self.tab(start, end)
            return end
        if value == '"':
            return self.broken_text(start)
        if value == "'":
            return self.single_quoted(start)
        if value in "{}":
            return self.brace(value, start)
        if value == ";":
            return self.semicolon(start)
        if value in "%…!":
            return self.foreign_mark(value, start, end)
        if _HIDDEN.match(value):
            return end
        if value in _WIDE_MARKS:
            return self.wide_mark(value, start)
        word = _WORD.match(text, start)
        if word is not None and (value.isidentifier() or value.isalnum()):
            return self.foreign_letters(start, word.end())
        if value in "\\":
            says = "`\\` is not needed: inside brackets a line goes on by itself"
        elif value == "?":
            says = "`?`: the choice `a ? b : c` is written `b if a else c`"
        elif value in "&^~":
            says = f"`{value}`: there are no operators on bits"
        elif value == "@":
            says = "`@`: there are no decorators; a function says what it is in words, such as `pub`, `view` or `by`"
        else:
            shown = value if value.isprintable() else f"U+{ord(value):04X}"
            says = f"`{shown}` means nothing here"
        edit = Edit(Span(start, end), "", "remove it") if value not in "?&^~\\@" else None
        self.report("E0108", says, Span(start, end), edit=edit)
        return end

    def broken_text(self, start: int) -> int:
        """A text that is not closed on its line, or has an escape that is none."""
        found = _LOOSE_TEXT.match(self.text, start)
        assert found is not None
        end = found.end()
        if found.group(1):
            self.escapes(found.group(), start)
        else:
            self.report(
                "E0110",
                "this text is not closed on its line",
                Span(start, end),
                expected='`"`',
                edit=Edit(Span(end, end), '"', 'close it with `"`'),
                notes=(("a text in triple quotes may go over several lines, but only to explain what it opens", None),),
            )
        self.tokens.append(Token("TEXT", '""', start, end))
        return end

    def single_quoted(self, start: int) -> int:
        """Text in single quotes."""
        found = _QUOTED.match(self.text, start)
        end = found.end() if found else start + 1
        inner = self.text[start + 1 : end - 1].replace("\\'", "'").replace('"', '\\"')
        self.report(
            "E0130",
            "texts stand in double quotes",
            Span(start, end),
            expected='`"`',
            edit=Edit(Span(start, end), f'"{inner}"', "use double quotes") if found else None,
        )
        if found:
            self.tokens.append(Token("TEXT", '""', start, end))
        return end

    def brace(self, value: str, start: int) -> int:
        """A block in braces: read `{` at the end of a line as `:`, pass over `}`."""
        if not self.brace_seen:
            self.brace_seen = True
            self.report(
                "E0119",
                f"`{value}`: blocks are made by indentation, not by braces",
                Span(start, start + 1),
                expected="`:` at the end of the line and deeper lines below" if value == "{" else None,
                edit=Edit(Span(start, start + 1), ":" if value == "{" else "", "open the block with `:`")
                if value == "{"
                else None,
            )
        if value == "{" and self.tokens and self.tokens[-1].kind != "COLON":
            self.tokens.append(Token("COLON", ":", start, start + 1))
        elif self.tokens and self.tokens[-1].kind in ("_NEWLINE", "_DEDENT", "_INDENT"):
            self.in_line = False
        return start + 1

    def semicolon(self, start: int) -> int:
        """`;` at the end of a line is passed over, between statements it ends a line."""
        span = Span(start, start + 1)
        stop = self.text.find("\n", start)
        rest = self.text[start + 1 : stop if stop >= 0 else len(self.text)].split("#")[0].strip()
        edit = Edit(span, "", "remove the `;`") if not rest else None
        self.report("E0118", "statements end with their line, without `;`", span, expected="one statement a line", edit=edit)
        ends = self.tokens and self.tokens[-1].kind not in ("_NEWLINE", "_INDENT", "_DEDENT", "COLON")
        if rest and ends and not self.brackets and not rest.startswith((";", "}")):
            self.tokens.append(Token("_NEWLINE", "", start, start))
        return start + 1

    def wide_mark(self, value: str, start: int) -> int:
        """A mark from another keyboard: read as the plain one."""
        plain = _WIDE_MARKS[value]
        span = Span(start, start + 1)
        end = start + 1
        if plain == '"':
            stop = re.compile(r'[“”„«»"\n]|$').search(self.text, end)
            if stop and stop.group() not in ("", "\n"):
                end = stop.end()
            span = Span(start, end)
            inner = self.text[start + 1 : end - 1]
            edit = Edit(span, f'"{inner}"', "use straight quotes") if end > start + 1 else None
            self.report("E0130", "texts stand in straight double quotes", span, expected='`"`', edit=edit)
            self.tokens.append(Token("TEXT", '""', start, end))
            return end
        self.report(
            "E0108", f"`{value}` is written `{plain}`", span, expected=f"`{plain}`", edit=Edit(span, plain, f"write `{plain}`")
        )
        if plain == ";":
            return end
        if plain in "([":
            token = Token(self.lexer.marks[plain], plain, start, end)
            self.tokens.append(token)
            self.brackets.append(token)
            if len(self.brackets) > BRACKET_DEPTH_MAX:
                self.too_much("E0903", f"brackets stand more than {BRACKET_DEPTH_MAX} deep", start)
        elif plain in ")]":
            self.close(plain, start, end)
        else:
            self.tokens.append(Token(self.lexer.marks[plain], plain, start, end))
        return end

    def foreign_letters(self, start: int, end: int) -> int:
        """A name with letters outside ASCII: refused, read as a name."""
        if self.tokens and self.tokens[-1].kind == "NAME" and self.tokens[-1].end == start:
            start = self.tokens.pop().start
        word = self.text[start:end]
        shown = word if len(word) <= 20 else word[:17] + "…"
        self.report(
            "E0109",
            f"`{shown}`: names are made of the letters a to z and A to Z, digits and `_`, so that no two names look alike",
            Span(start, end),
            expected="plain letters; any letters may stand in texts and comments",
        )
        self.tokens.append(Token("NAME", word, start, end))
        return end

    def too_much(self, code: str, message: str, start: int) -> None:
        """Give up at a limit."""
        self.report(code, message, Span(start, start + 1))
        raise TooMuch
