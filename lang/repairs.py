"""What to say, and what to try, when the parser has no way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lang.source import Span

if TYPE_CHECKING:
    from lang.parser import Parser

# Heads a block can be given when its own cannot be read: the word that announces it, and the tokens.
HEADS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("CONTRACT", ("CONTRACT", "NAME", "COLON")),
    ("INTERFACE", ("INTERFACE", "NAME", "COLON")),
    ("STRUCT", ("STRUCT", "NAME", "COLON")),
    ("ENUM", ("ENUM", "NAME", "COLON")),
    ("RESOURCE", ("RESOURCE", "NAME", "COLON")),
    ("TEST", ("TEST", "TEXT", "COLON")),
    ("FN", ("FN", "NAME", "LPAR", "RPAR", "COLON")),
    ("MATCH", ("MATCH", "TRUE", "COLON")),
    ("CASE", ("CASE", "NAME", "COLON")),
    ("IF", ("IF", "TRUE", "COLON")),
)


def repair(parser: Parser) -> bool:
    token = parser.tokens[parser.position]
    parser.report("E0100", f"unexpected {token.kind} {token.text!r}; expected {parser.accepted()}", Span(token.start, max(token.end, token.start+1)))
    return False
