"""The parser's tables: made from `grammar.lark` once, kept as data in `tables.json`, loaded at start.

`python -m lang.tables` makes them anew. Lark computes them (and refuses a grammar with conflicts); loading needs nothing but
`json`. A test holds the file against the grammar.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.json")

# Words that are never names. All other words of the grammar are soft: names wherever it has no place for the word.
HARD_WORDS = frozenset(
    "and as assert become break call case const continue destroy elif else emit ensures expect fail false fn for if implies "
    "in invariant let match mod not or pass pub read require return self true try while".split()
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One production. `plan` says which parts go to the builder: a position, `~position` to spread a list, None for a gap."""

    origin: str
    builds: str  # name of the builder's method; "" hands on the only part, "*" makes a list to spread
    size: int
    plan: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """LALR(1) tables. An action is a state to shift to (>= 0) or `~rule` to reduce by; going to a state is a shift too."""

    words: dict[str, str]  # text of a word -> token
    marks: dict[str, str]  # text of punctuation -> token
    patterns: dict[str, str]  # token -> regular expression
    rules: list[Rule]
    states: list[dict[str, int]]
    end: int  # the state after a whole file; the file's end leads from it to itself

    @property
    def texts(self) -> dict[str, str]:
        """Token -> its text, for tokens with a fixed text."""
        return {token: text for text, token in (*self.words.items(), *self.marks.items())}


def generate() -> str:
    """The tables of the grammar as JSON text. Raises lark's GrammarError where it is not LALR(1)."""
    # Lark is needed only here, and costs more to import than a file to parse.
    import lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import Lexer, PatternStr
    from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

    class NoLexer(Lexer):
        """The language has a lexer of its own."""

        def __init__(self, _configuration: Any) -> None:
            pass

        def lex(self, _state: Any, _parser: Any) -> Any:
            raise NotImplementedError

    text = GRAMMAR.read_text(encoding="utf-8")
    grammar = lark.Lark(text, parser="lalr", lexer=NoLexer, start="file", maybe_placeholders=True)
    configuration = grammar.parser.parser_conf
    analyzer: Any = LALR_Analyzer(configuration, strict=True)
    analyzer.compute_lalr()
    table = analyzer.parse_table

    # Lark numbers states by the order of sets; ours are numbered by a walk, so that the same grammar gives the same file.
    rules: list[LarkRule] = sorted(configuration.rules, key=lambda r: (r.origin.name, [s.name for s in r.expansion]))
    rule_numbers = {rule: number for number, rule in enumerate(rules)}
    first = table.start_states["file"]
    numbers = {first: 0}
    walk = [first]
    for state in walk:
        for _symbol, (kind, argument) in sorted(table.states[state].items()):
            if kind is Shift and argument not in numbers:
                numbers[argument] = len(walk)
                walk.append(argument)
    states = [
        {
            symbol: numbers[argument] if kind is Shift else ~rule_numbers[argument]
            for symbol, (kind, argument) in sorted(table.states[state].items())
        }
        for state in walk
    ]

    end = numbers[table.end_states["file"]]
    states[end]["$END"] = end

    fixed = {t.pattern.value: t.name for t in grammar.terminals if isinstance(t.pattern, PatternStr)}
    data = {
        "grammar": hashlib.sha256(text.encode()).hexdigest(),
        "words": {text: name for text, name in sorted(fixed.items()) if text.isalpha()},
        "marks": {text: name for text, name in sorted(fixed.items()) if not text.isalpha()},
        "patterns": {
            t.name: t.pattern.value
            for t in sorted(grammar.terminals, key=lambda t: str(t.name))
            if not isinstance(t.pattern, PatternStr)
        },
        "end": end,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in data.items()]
    listed: dict[str, list[Any]] = {"rules": [_row(rule) for rule in rules], "states": states}
    for key, rows in listed.items():
        body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        lines.append(f"{json.dumps(key)}: [\n{body}\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _row(rule: Any) -> list[Any]:
    """One of Lark's rules as `[origin, builds, size, plan]`."""
    options = rule.options
    gaps = [len(ones) for ones in "".join(str(int(b)) for b in options.empty_indices or ()).split("0")]
    plan: list[int | None] = []
    for position, symbol in enumerate(rule.expansion):
        plan.extend([None] * (gaps[position] if options.empty_indices else 0))
        if options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
            plan.append(~position if not symbol.is_term and symbol.name.startswith("_") else position)
    if options.empty_indices:
        plan.extend([None] * gaps[len(rule.expansion)])
    name = rule.origin.name
    if name.startswith("_"):
        builds = "*"
    elif rule.alias:
        builds = rule.alias
    elif options.expand1 and len(plan) == 1:
        builds = ""
    else:
        builds = options.template_source or name
    return [name, builds, len(rule.expansion), plan]


def load() -> Tables:
    """The tables from their file."""
    data = json.loads(TABLES.read_bytes())
    rules = [Rule(origin, builds, size, tuple(plan)) for origin, builds, size, plan in data["rules"]]
    return Tables(data["words"], data["marks"], data["patterns"], rules, data["states"], data["end"])


if __name__ == "__main__":
    TABLES.write_text(generate(), encoding="utf-8")
