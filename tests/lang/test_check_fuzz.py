"""The compiler holds on whatever it is given: mutants of real programs, by token and by tree."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from syntax_texts import REFUSED, cases

from lang import ast
from lang.compiler import compile_text
from lang.source import Span

ROOT = Path(__file__).parents[2]
SEEDS = [*sorted((ROOT / "contracts" / "examples").glob("*.tael")), *sorted((Path(__file__).parent / "seeds").glob("*.tael"))]
TOKEN = re.compile(
    r'"""[\s\S]*?"""|"[^"\n]*"|0x[0-9a-f]+|[0-9][0-9_.]*(?: (?:[A-Z]{3}|days?|weeks?|bps|%))?'
    r"|\w+|[-<>=!+*]=|->|\.\.|\n *|[^\w\s]|[ ]+"
)
SPICE = [
    "0", "1", "-1", "255", "256", "18446744073709551616", "1.00 CNY", "5 days", "2.5 %", "true", "None", "Some(1)", "[]",
    "[1]", "self", "sender", "now", "this", "result", "_", "phase", '"a"', "0x00", "(1, 2)", "u8", "u64", "i64", "u256",
    "Address", "Amount", "Coin", "Vault", "Time", "Duration", "Rate", "bool", "Text[4]", "Bytes[32]", "List[u8, 3]",
    "Option[u64]", "Option[Coin]", "(Coin, u64)", "Map[u64, u64]", "Set[u64]", "Map[u64, Vault]", "old", "pay", "encode",
    "min", "max", "mul_div", "sha256", "break", "continue", "return", "pass", "and", "or", "not", "implies", "in", "mod",
    "rounded down", "view", "pub", "pure", "rule", "by anyone", "self.owner", "call", "read", "try", "else", "if", "become",
    "destroy", "emit", "fail", "let", "match", "case", "invariant", "ensures", "expect", "assert", "deploy", "split",
    "take", "take_all", "join", "merge", "put", "append", "pop", "amount", "len", "get", "find",
]  # fmt: skip
PRINTED_EVERY_SECONDS = 30.0
REFUSED_TEXTS = [case.text for path in sorted(REFUSED.glob("*.refused")) for case in cases(path.stem)]


@dataclass
class Seed:
    """A program that compiles, and where its parts of each kind stand."""

    text: str
    parts: dict[str, list[tuple[Span, str]]] = field(default_factory=dict)


def _read(text: str) -> Seed:
    seed = Seed(text)
    result = compile_text(text)
    assert result.ok, (text, [(d.code, d.message) for d in result.findings])
    assert result.file is not None
    for node in ast.walk(result.file):
        part = seed.text[node.span.start : node.span.end]
        for kind in _kinds(node):
            seed.parts.setdefault(kind, []).append((node.span, part))
    return seed


def _programs() -> Iterator[str]:
    """The programs of `tests/programs` that are one file."""
    for path in sorted((ROOT / "tests" / "programs").glob("*.programs")):
        for block in path.read_text("utf-8").split("\n=== ")[1:]:
            text = block.partition("\n")[2].partition("--- run")[0]
            if "--- file" not in text and "\nfrom " not in f"\n{text}":
                yield text


def _kinds(node: ast.Node) -> Iterator[str]:
    match node:
        case ast.Expression():
            yield "expression"
            if node.type is not None:
                yield f"expression {type(node.type).__name__}"
                yield f"expression {node.type}"
        case ast.Statement():
            yield "statement"
        case ast.TypeName() | ast.TypeTuple():
            yield "type"
        case ast.Identifier():
            yield "name"
        case ast.FunctionDeclaration() | ast.StructDeclaration() | ast.ResourceDeclaration() | ast.EnumDeclaration():
            yield "member"
        case ast.Field():
            yield "field"
        case ast.ContractDeclaration() | ast.TestDeclaration():
            yield "item"


class Mutator:
    """Makes programs out of programs; the same number gives the same program."""

    def __init__(self, seeds: list[Seed]) -> None:
        self.seeds = seeds
        self.pool: dict[str, list[str]] = {}
        for seed in seeds:
            for kind, parts in seed.parts.items():
                self.pool.setdefault(kind, []).extend(text for _, text in parts)
        self.lines = [line for seed in seeds for line in seed.text.split("\n") if line.strip()]

    def mutant(self, number: int) -> str:
        """The program of a number."""
        rng = random.Random(number)
        seed = rng.choice(self.seeds if rng.random() < 0.5 else self.seeds[: len(SEEDS)])
        shape = rng.random()
        if shape < 0.45:
            return self._by_tree(rng, seed, typed=True)
        if shape < 0.7:
            return self._by_tree(rng, seed, typed=False)
        if shape < 0.85:
            return self._by_token(rng, seed.text)
        return self._by_line(rng, seed.text)

    def _by_tree(self, rng: random.Random, seed: Seed, *, typed: bool) -> str:
        text, taken = seed.text, len(seed.text) + 1
        kinds = [kind for kind in seed.parts if typed == kind.startswith("expression ")]
        changes: list[tuple[Span, str]] = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            kind = rng.choice(kinds if rng.random() < 0.8 else list(seed.parts))
            span, part = rng.choice(seed.parts[kind])
            act = rng.random()
            if kind in ("statement", "member", "field", "item") and act < 0.6:
                column = span.start - (text.rfind("\n", 0, span.start) + 1)
                gap = "\n" + " " * column
                new = self._at(column, rng.choice(self.pool[kind]))
                changes.append((span, rng.choice((part + gap + part, part + gap + new, new + gap + part, new, "pass"))))
            elif typed or act < 0.9:
                changes.append((span, rng.choice(self.pool[kind])))
            else:
                changes.append((span, rng.choice(SPICE)))
        for span, new in sorted(changes, reverse=True):
            if span.end <= taken:
                text = text[: span.start] + new + text[span.end :]
                taken = span.start
        return text

    def _at(self, column: int, part: str) -> str:
        """A piece of program, moved to stand at a column."""
        first, *rest = part.split("\n")
        least = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
        return "\n".join([first, *(" " * (column + 4) + line[least:] for line in rest)])

    def broken(self, number: int, texts: list[str]) -> str:
        """A mutant of a program that is refused already, sometimes with another one behind it."""
        rng = random.Random(number)
        text = rng.choice(texts)
        for _ in range(rng.choice((1, 1, 2))):
            tokens = TOKEN.findall(text)
            words = [place for place, token in enumerate(tokens) if token.strip()]
            others = [rng.choice(self.pool[kind]) for kind in ("expression", "type", "name")]
            tokens[rng.choice(words)] = rng.choice((tokens[rng.choice(words)], rng.choice(SPICE), *others))
            text = "".join(tokens)
        return text if rng.random() < 0.85 else f"{text}\n{rng.choice(texts)}"

    def _by_token(self, rng: random.Random, text: str) -> str:
        tokens = TOKEN.findall(text)
        words = [place for place, token in enumerate(tokens) if token.strip()]
        for _ in range(rng.choice((1, 1, 2, 3, 8))):
            place, other = rng.choice(words), rng.choice(words)
            act = rng.randrange(6)
            if act == 0:
                tokens[place] = tokens[other]
            elif act == 1:
                tokens[place], tokens[other] = tokens[other], tokens[place]
            elif act == 2:
                tokens[place] = ""
            elif act == 3:
                tokens[place] += " " + tokens[other]
            else:
                tokens[place] = rng.choice(SPICE)
        return "".join(tokens)

    def _by_line(self, rng: random.Random, text: str) -> str:
        lines = text.split("\n")
        for _ in range(rng.choice((1, 1, 2, 4))):
            place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
            act = rng.randrange(6)
            if act == 0:
                del lines[place]
            elif act == 1:
                lines.insert(place, lines[place])
            elif act == 2:
                lines[place], lines[other] = lines[other], lines[place]
            elif act == 3:
                column = len(lines[place]) - len(lines[place].lstrip())
                lines.insert(place, " " * column + rng.choice(self.lines).strip())
            elif act == 4:
                lines.insert(place, lines[other])
            else:
                lines[place] = rng.choice(("    ", "")) + lines[place]
        return "\n".join(lines)


def _try(number: int, text: str) -> bool:
    """Compile; say which number made it fall. Whether it compiled."""
    try:
        result = compile_text(text)
    except Exception as error:
        raise AssertionError(f"mutant {number}: {type(error).__name__}: {error}\n{text}") from error
    for finding in result.findings:
        assert finding.code != "E0909", f"mutant {number}: accepted, then refused: {finding.message}\n{text}"
        assert 0 <= finding.span.start <= finding.span.end, f"mutant {number}: {finding.code} points nowhere\n{text}"
    assert result.ok == bool(result.contracts) or not (result.checked and result.checked.contracts), f"mutant {number}\n{text}"
    return result.ok


@pytest.fixture(scope="module")
def mutator() -> Mutator:
    """The mutator over the example contracts and the seeds."""
    programs = list(_programs())
    assert len(programs) > 100
    return Mutator([_read(text) for text in (*(path.read_text("utf-8") for path in SEEDS), *programs)])


def test_mutants_never_break_the_compiler(mutator: Mutator) -> None:
    """Some mutants of real programs compile or are refused; the verifier takes whatever compiles."""
    for number in range(150):
        _try(number, mutator.mutant(number))


def test_mutants_of_refused_programs_never_break_the_compiler(mutator: Mutator) -> None:
    """A thousand mutants of programs that are refused find no way through the checker's error paths either."""
    for number in range(1000):
        _try(number, mutator.broken(number, REFUSED_TEXTS))


@pytest.mark.long
def test_many_mutants_never_break_the_compiler(mutator: Mutator) -> None:
    """Forty thousand mutants compile or are refused; the verifier takes whatever compiles."""
    began, told, accepted, count = time.monotonic(), time.monotonic(), 0, 20_000
    for number in range(1_000_000, 1_000_000 + count):
        accepted += _try(number, mutator.mutant(number))
        _try(number, mutator.broken(number, REFUSED_TEXTS))
        if time.monotonic() - told > PRINTED_EVERY_SECONDS:
            told = time.monotonic()
            print(f"{2 * (number - 1_000_000)} mutants, {accepted} accepted, {told - began:.0f} s")
    print(f"{2 * count} mutants, {accepted} of those of good programs accepted and verified")
