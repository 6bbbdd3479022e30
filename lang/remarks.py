"""Comments that speak to a tool: `# allow L0101: reason`, `# same limit: reason`.

A remark stands at the end of the line it is about, or alone above it. It says which findings of the line are known, and why;
without a reason it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lang.diagnostics import Findings
from lang.parser import parse_with_tokens
from lang.source import Source, Span

_REMARK = re.compile(r"#\s*(?P<word>allow|same)\s+(?P<names>\w+(?:\s*,\s*\w+)*)\s*:\s*(?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class Remark:
    """`word` is "allow" or "same", `names` what it is about: codes or kinds of change. `line` counts from 1."""

    word: str
    names: frozenset[str]
    reason: str
    line: int
    span: Span


def remarks(source: Source) -> Iterator[Remark]:
    """The remarks of a text, in order."""
    parsed = parse_with_tokens(source, Findings())
    for comment in parsed[2] if parsed is not None else ():
        found = _REMARK.fullmatch(comment.text.strip())
        if found is None:
            continue
        line, column = source.position(comment.start)
        if not source.line(line)[: column - 1].strip():
            line = _next_code_line(source, line)
        names = frozenset(name.strip() for name in found["names"].split(","))
        yield Remark(found["word"], names, found["reason"].strip(), line, Span(comment.start, comment.end))


def _next_code_line(source: Source, line: int) -> int:
    """The first line below that is neither empty nor a comment."""
    last = source.text.count("\n") + 1
    line += 1
    while line < last and source.line(line).strip()[:1] in ("", "#"):
        line += 1
    return min(line, last)
