"""One way to lay out a program.

The formatter works on the tokens, not on the tree: no token is added or taken away but a comma before a closing bracket, so the
program means what it meant. Comments are kept with the line or the bracket they stand in.

- Four spaces a level. One space around operators, none inside brackets, two before a comment at the end of a line.
- Two blank lines around contracts and interfaces, one between other declarations that have a block. Elsewhere the writer's
  blank lines stay, at most one at a time; none at the beginning of a block, none before `else` and `elif`.
- A line of code longer than 100 characters is opened at a bracket, the last one if that is enough, with one part a line and a
  comma after each. Inside brackets long values break before `if`, `else`, `implies`, `or`, `and`, then before `+` and `-`.
- Numbers, texts and the words of comments stay as they were written.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from lang.diagnostics import Findings, Refused
from lang.parser import parse_with_tokens
from lang.source import Source

if TYPE_CHECKING:
    from lang.lexer import Token

WIDTH_MAX = 100
INDENT = "    "

_NAMED = frozenset({"NAME", "RPAR", "RSQB", "INIT"})  # what a bracket binds to
_VALUE_ENDS = _NAMED | {"NUMBER", "TEXT", "BYTES", "TRUE", "FALSE"}
_BREAKS = (frozenset({"IF", "ELSE"}), frozenset({"IMPLIES"}), frozenset({"OR"}), frozenset({"AND"}))
_WIDE_ITEMS = frozenset({"CONTRACT", "INTERFACE"})
_BLOCK_ITEMS = frozenset("PUB VIEW PURE RULE FN INIT STRUCT ENUM RESOURCE TEST SCENARIO".split())
_UNIT = re.compile(r"([0-9_.]+) *(.*)")


def format_text(text: str, path: str = "<text>") -> str:
    """The text in its one layout. Raises Refused where it has syntax errors."""
    findings = Findings()
    parsed = parse_with_tokens(Source(path, text), findings)
    if parsed is None or findings.has_errors:
        raise Refused(findings.in_order())
    file, tokens, comments = parsed
    return _Printer(_lines(file.source, tokens, comments)).run()


# ── Reading: tokens and comments to logical lines ─────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Comment:
    """A comment; `own_line` if nothing stands before it."""

    text: str
    own_line: bool


@dataclass(slots=True)
class Group:
    """A pair of brackets and what stands between: parts that were separated by commas."""

    opener: Token
    parts: list[list[Node]]
    closer: Token
    may_end_in_comma: bool


Node: TypeAlias = "Token | Comment | Group"


@dataclass(slots=True)
class Line:
    """A logical line, or a comment alone (`code` empty)."""

    level: int
    code: list[Token]
    comments: list[tuple[int, Comment]]  # inside the line: position in `code` before which it stands
    trailing: Comment | None
    blank_before: bool
    opens_block: bool = False


@dataclass(slots=True)
class _Reader:
    """Walks tokens and comments in the order of the text."""

    source: Source
    comments: list[Token]
    columns: list[int] = field(default_factory=lambda: [0])
    lines: list[Line] = field(default_factory=list)
    next_comment: int = 0
    last_end: int = 0  # of the last token or comment

    def blank_before(self, start: int) -> bool:
        return self.source.text.count("\n", self.last_end, start) > 1

    def comments_before(self, offset: int) -> list[Token]:
        """The comments up to an offset that were not yet taken."""
        first = self.next_comment
        while self.next_comment < len(self.comments) and self.comments[self.next_comment].start < offset:
            self.next_comment += 1
        return self.comments[first : self.next_comment]

    def own_lines(self, comments: list[Token], next_columns: list[int]) -> None:
        """Comments between two lines: each belongs to the deepest block that is not deeper than it stands.

        `next_columns` are the blocks open at the next line.
        """
        deepest = max(len(self.columns), len(next_columns)) - 1
        columns = self.columns if len(self.columns) >= len(next_columns) else next_columns
        floor = len(next_columns) - 1
        for comment in comments:
            column = self.source.position(comment.start)[1] - 1
            while deepest > floor and columns[deepest] > column:
                deepest -= 1
            blank = self.blank_before(comment.start)
            text = Comment(_comment_text(comment.text), own_line=True)
            self.lines.append(Line(deepest, [], [], text, blank))
            self.last_end = comment.end


def _lines(source: Source, tokens: list[Token], comments: list[Token]) -> list[Line]:
    """The logical lines of a text, with own-line comments among them."""
    reader = _Reader(source, comments)
    columns = [0]
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "_INDENT":
            columns = [*columns, source.position(token.start)[1] - 1]
            reader.lines[-1].opens_block = True  # no comment stands between: they are read below
            position += 1
            continue
        if token.kind == "_DEDENT":
            columns = columns[:-1]
            position += 1
            continue
        if token.kind == "$END":
            reader.own_lines(reader.comments_before(len(source.text) + 1), columns)
            break
        end = position
        while tokens[end].kind != "_NEWLINE":
            end += 1
        code = tokens[position:end]
        reader.own_lines(reader.comments_before(code[0].start), columns)
        reader.columns = columns
        line = Line(len(columns) - 1, code, [], None, reader.blank_before(code[0].start))
        place = 0
        for comment in reader.comments_before(code[-1].end):
            while code[place].start < comment.start:
                place += 1
            own_line = "\n" in source.text[code[place - 1].end : comment.start]
            if line.comments and line.comments[-1][0] == place:
                own_line = True
            line.comments.append((place, Comment(_comment_text(comment.text), own_line)))
        reader.last_end = code[-1].end
        stop = source.text.find("\n", code[-1].end)
        after = reader.comments_before(stop if stop >= 0 else len(source.text))
        if after:
            line.trailing = Comment(_comment_text(after[0].text), own_line=False)
            reader.last_end = after[0].end
        reader.lines.append(line)
        position = end + 1
    return reader.lines


def _comment_text(text: str) -> str:
    """`#word` gets its space; rulers like `#####` and `#!` stay."""
    return "# " + text[1:] if len(text) > 1 and text[1] not in " #!" else text


def _tree(code: list[Token], comments: list[tuple[int, Comment]]) -> list[Node]:
    """Tokens and comments of a line with brackets paired."""
    waiting = list(reversed(comments))
    top: list[Node] = []
    stack: list[tuple[Token, bool, list[list[Node]]]] = []
    nodes = top
    previous = ""
    for place, token in enumerate(code):
        while waiting and waiting[-1][0] == place:
            nodes.append(waiting.pop()[1])
        if token.kind in ("LPAR", "LSQB"):
            stack.append((token, previous in _NAMED, [[]]))
            nodes = stack[-1][2][-1]
        elif token.kind == "COMMA" and stack:
            stack[-1][2].append([])
            nodes = stack[-1][2][-1]
        elif token.kind in ("RPAR", "RSQB"):
            opener, bound, parts = stack.pop()
            count = sum(any(not isinstance(node, Comment) for node in part) for part in parts)
            listed = count > 1 or (bound and token.kind == "RPAR") or (not bound and token.kind == "RSQB")
            nodes = stack[-1][2][-1] if stack else top
            nodes.append(Group(opener, parts, token, listed))
        else:
            nodes.append(token)
        previous = token.kind
    return top


# ── Printing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Printer:
    """Lines to text."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.out: list[str] = []

    def run(self) -> str:
        """The whole text; it ends with one line end, unless it is empty."""
        for place, line in enumerate(self.lines):
            if self.out:
                self.out.extend([""] * self.blanks(place))
            indent = INDENT * line.level
            if not line.code:
                assert line.trailing is not None
                self.out.append(indent + line.trailing.text)
                continue
            if line.code[0].kind == "DOC":
                printed = [_doc(line.code[0].text, indent)]
            else:
                printed = _lay(_tree(line.code, line.comments), indent, inside=False)
            if line.trailing is not None:
                printed[-1] += "  " + line.trailing.text
            self.out.extend(printed)
        return "\n".join(self.out) + "\n" if self.out else ""

    def blanks(self, place: int) -> int:
        """How many blank lines stand before a line that is not the first."""
        line, before = self.lines[place], self.lines[place - 1]
        head = self.head(place)
        starts = head.code[0].kind if head is not None else ""
        if before.opens_block or (line.code and starts in ("ELSE", "ELIF")):
            return 0
        comments_above = not before.code and before.level == line.level and head is not None and place > 0
        if comments_above and not self.starts_run(place):
            return int(line.blank_before)  # inside a run of comments and the line it belongs to
        if before.level == line.level and before.code and before.code[0].kind == "DOC" and line.level == 0:
            return 1
        last = self.last_item(place, line.level)
        if head is None or head.level != line.level or last is None:
            return int(line.blank_before)
        if line.level == 0 and (_is_wide(head) or _is_wide(last)):
            return 2
        declares = line.level == 0 or _declares(head) or _declares(last)
        if declares and (head.opens_block or last.opens_block):
            return 1
        return int(line.blank_before)

    def head(self, place: int) -> Line | None:
        """The line of code that a comment stands above, in the same block; a line of code is its own."""
        level = self.lines[place].level
        while place < len(self.lines) and not self.lines[place].code:
            if self.lines[place].level != level:
                return None
            place += 1
        return self.lines[place] if place < len(self.lines) and self.lines[place].level == level else None

    def starts_run(self, place: int) -> bool:
        """Whether no comment of the same block stands directly above."""
        before = self.lines[place - 1]
        return bool(before.code) or before.level != self.lines[place].level

    def last_item(self, place: int, level: int) -> Line | None:
        """The last line of code before at the same level, in the same block."""
        for earlier in range(place - 1, -1, -1):
            line = self.lines[earlier]
            if line.level < level:
                return None
            if line.level == level and line.code:
                return line
        return None


def _is_wide(line: Line) -> bool:
    return line.code[0].kind in _WIDE_ITEMS


def _declares(line: Line) -> bool:
    """Whether the line begins a function or another declaration with a block."""
    first = line.code[0].kind
    return first in ("PUB", "VIEW", "PURE", "RULE", "FN", "INIT", "STRUCT", "ENUM", "RESOURCE", "TEST", "SCENARIO") or _is_wide(
        line
    )


def _doc(text: str, indent: str) -> str:
    """A text in triple quotes at its new depth."""
    lines = [line.rstrip() for line in inspect.cleandoc(text[3:-3]).strip("\n").split("\n")]
    body = "\n".join([lines[0], *(indent + line if line else "" for line in lines[1:])])
    if len(lines) > 1:
        return f'{indent}"""{body}\n{indent}"""'
    return f'{indent}"""{body} """' if body.endswith('"') else f'{indent}"""{body}"""'


def _text(token: Token) -> str:
    """A token as it is written; one space before a unit."""
    if token.kind == "NUMBER":
        found = _UNIT.fullmatch(token.text)
        assert found is not None
        return " ".join(part for part in found.groups() if part)
    return token.text


def _spaced(previous: Token, before_previous: Token | None, token: Token, inside: bool) -> bool:
    """Whether a space stands between two tokens."""
    last, kind = previous.kind, token.kind
    if last in ("LPAR", "LSQB", "DOT", "RANGE") or kind in ("RPAR", "RSQB", "COMMA", "COLON", "DOT", "RANGE"):
        return False
    if kind in ("LPAR", "LSQB"):
        return last not in _NAMED and not _is_sign(previous, before_previous)
    if "EQUAL" in (last, kind) and inside:
        return False
    return not _is_sign(previous, before_previous)


def _is_sign(token: Token, before: Token | None) -> bool:
    """Whether a minus is a sign, not a subtraction."""
    return token.kind == "MINUS" and (before is None or before.kind not in _VALUE_ENDS)


def _leaves(nodes: list[Node]) -> list[tuple[Token, bool]]:
    """Tokens in order with commas put in, and whether each stands inside a bracket of `nodes`."""
    found: list[tuple[Token, bool]] = []
    for node in nodes:
        if isinstance(node, Group):
            found.append((node.opener, True))
            for place, part in enumerate(_filled(node)):
                if place:
                    found.append((node.opener._replace(kind="COMMA", text=","), True))
                found.extend((token, True) for token, _ in _leaves(part))
            found.append((node.closer, True))
        elif not isinstance(node, Comment):
            found.append((node, False))
    return found


def _filled(group: Group) -> list[list[Node]]:
    """The parts that hold more than comments."""
    return [part for part in group.parts if any(not isinstance(node, Comment) for node in part)]


def _flat(nodes: list[Node], inside: bool, before: list[Token] | None = None) -> str:
    """Nodes on one line. `before` are the tokens to their left, to which the first is spaced."""
    text: list[str] = []
    seen = list(before or [])
    for token, deeper in _leaves(nodes):
        if seen and _spaced(seen[-1], seen[-2] if len(seen) > 1 else None, token, inside or deeper):
            text.append(" ")
        text.append(_text(token))
        seen.append(token)
    return "".join(text)


def _tokens(nodes: list[Node]) -> list[Token]:
    return [token for token, _ in _leaves(nodes)]


def _has_comments(nodes: list[Node]) -> bool:
    return any(
        isinstance(node, Comment) or (isinstance(node, Group) and any(_has_comments(part) for part in node.parts))
        for node in nodes
    )


def _lay(nodes: list[Node], indent: str, *, inside: bool, tail: str = "") -> list[str]:
    """Nodes on as few lines as fit. `inside` says that they stand in a bracket, where lines may end anywhere."""
    if any(isinstance(node, Comment) for node in nodes):
        return _lay_with_comments(nodes, indent, tail)
    commented = _has_comments(nodes)
    if not commented:
        flat = indent + _flat(nodes, inside) + tail
        if len(flat) <= WIDTH_MAX:
            return [flat]
    if inside and len(pieces := _broken(nodes)) > 1:
        lines: list[str] = []
        for piece in pieces[:-1]:
            lines += _lay(piece, indent, inside=True)
        return lines + _lay(pieces[-1], indent, inside=True, tail=tail)
    groups = [place for place, node in enumerate(nodes) if isinstance(node, Group) and _opens(node)]
    must = [place for place in groups if _has_comments([nodes[place]])]
    if not groups:
        return [indent + _flat(nodes, inside) + tail]
    if must:
        return _opened(nodes, must, indent, inside, tail)
    for place in reversed(groups):
        lines = _opened(nodes, [place], indent, inside, tail)
        if len(lines[0]) <= WIDTH_MAX and len(lines[-1]) <= WIDTH_MAX:
            return lines
    return _opened(nodes, groups, indent, inside, tail)


def _opens(group: Group) -> bool:
    """Whether a group holds anything to put on lines of its own."""
    return any(group.parts)


def _broken(nodes: list[Node]) -> list[list[Node]]:
    """Nodes cut before the loosest operators among them; whole if there are none."""
    kinds = {node.kind for node in nodes[1:] if not isinstance(node, Group | Comment)}
    for loosest in _BREAKS:
        if kinds & loosest:
            return _cut(nodes, [p for p, n in enumerate(nodes) if p and _kind(n) in loosest])
    if any(isinstance(node, Group) and _opens(node) for node in nodes):
        return [nodes]
    sums = [p for p, n in enumerate(nodes) if p and _kind(n) in ("PLUS", "MINUS") and _kind(nodes[p - 1]) in _VALUE_ENDS]
    return _cut(nodes, sums)


def _kind(node: Node) -> str:
    if isinstance(node, Group):
        return node.closer.kind
    return "" if isinstance(node, Comment) else node.kind


def _cut(nodes: list[Node], places: list[int]) -> list[list[Node]]:
    bounds = [0, *places, len(nodes)]
    return [nodes[a:b] for a, b in pairwise(bounds) if a < b]


def _opened(nodes: list[Node], places: list[int], indent: str, inside: bool, tail: str) -> list[str]:
    """Nodes with the groups at these places opened, one part a line."""
    lines: list[str] = []
    start = indent
    done: list[Token] = []
    first = 0
    for place in places:
        group = nodes[place]
        assert isinstance(group, Group)
        run = nodes[first:place]
        opener = Group(group.opener, [], group.opener._replace(kind="RPAR", text=""), False)
        lines.append(start + _flat([*run, opener], inside, done))
        lines += _parts(group, indent + INDENT)
        start = indent + group.closer.text
        done = [*done, *_tokens(run), group.closer]
        first = place + 1
    lines.append(start + _flat(nodes[first:], inside, done) + tail)
    return lines


def _parts(group: Group, indent: str) -> list[str]:
    """The parts of an opened group."""
    lines: list[str] = []
    filled = len(_filled(group))
    seen = 0
    for part in group.parts:
        leading, rest, trailing = _sorted_comments(part)
        for comment in leading:
            if not comment.own_line and lines:
                lines[-1] += "  " + comment.text
            else:
                lines.append(indent + comment.text)
        if rest:
            seen += 1
            comma = "," if seen < filled or group.may_end_in_comma else ""
            lines += _lay(rest, indent, inside=True, tail=comma)
        for comment in trailing:
            if not comment.own_line and lines:
                lines[-1] += "  " + comment.text
            else:
                lines.append(indent + comment.text)
    return lines


def _sorted_comments(part: list[Node]) -> tuple[list[Comment], list[Node], list[Comment]]:
    """Comments before, the rest, comments after."""
    first, last = 0, len(part)
    while first < last and isinstance(part[first], Comment):
        first += 1
    while last > first and isinstance(part[last - 1], Comment):
        last -= 1
    leading = [node for node in part[:first] if isinstance(node, Comment)]
    trailing = [node for node in part[last:] if isinstance(node, Comment)]
    return leading, part[first:last], trailing


def _lay_with_comments(nodes: list[Node], indent: str, tail: str) -> list[str]:
    """Nodes inside a bracket with comments among them: a comment ends its line."""
    lines: list[str] = []
    run: list[Node] = []
    for node in nodes:
        if not isinstance(node, Comment):
            run.append(node)
            continue
        if run:
            lines += _lay(run, indent, inside=True)
            run = []
        if node.own_line or not lines:
            lines.append(indent + node.text)
        else:
            lines[-1] += "  " + node.text
    return lines + _lay(run, indent, inside=True, tail=tail)
