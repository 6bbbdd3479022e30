"""What the parser makes of programs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from syntax_texts import EXAMPLES, accepted, any_text, bare, body, depth, mutated_example, nodes, parts, read, token_soup, value

from lang import ast
from lang.limits import (
    BLOCK_DEPTH_MAX,
    BRACKET_DEPTH_MAX,
    EXPRESSION_DEPTH_MAX,
    FILE_BYTES_MAX,
    SYNTAX_FINDINGS_MAX,
    TOKENS_MAX,
)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_parse(path: object) -> None:
    """Every example program is read without a finding."""
    file = accepted(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert file.doc is not None
    assert not file.incomplete


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("-a * b", "(-a) * b"),
        ("a or b and c", "a or (b and c)"),
        ("not a and b", "(not a) and b"),
        ("not a == b", "not (a == b)"),
        ("not a in b", "not (a in b)"),
        ("a implies b implies c", "a implies (b implies c)"),
        ("a or b implies c", "(a or b) implies c"),
        ("a implies b if c else d", "(a implies b) if c else d"),
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a + b / c rounded down", "a + (b / c rounded down)"),
        ("a * b / c rounded up", "(a * b) / c rounded up"),
        ("phase is A | B and c", "(phase is A | B) and c"),
        ("read f.price() * 2", "(read f.price()) * 2"),
        ("a.b[c](d).e", "((a.b)[c](d)).e"),
        ("a mod b + c", "(a mod b) + c"),
        ("a not in b + c", "a not in (b + c)"),
    ],
)
def test_precedence(text: str, same: str) -> None:
    """Operators bind as the grammar says."""
    assert bare(value(text)) == bare(value(same))


def test_number_parts() -> None:
    """A number keeps its digits, decimals and unit apart, and knows the unit's place."""
    number = value("1_000.50 CNY")
    assert (number.digits, number.decimals, number.unit) == ("1000", "50", "CNY")
    assert number.unit_span == (number.span.end - 3, number.span.end)


@pytest.mark.parametrize("unit", "ms second seconds minutes hour days week weeks bps % GLD T2A".split())
def test_units(unit: str) -> None:
    """Every unit follows a number, with or without a space."""
    assert value(f"5 {unit}").unit == unit
    assert value(f"5{unit}").unit == unit


def test_range_is_not_a_decimal_point() -> None:
    """`0..10` is a range of whole numbers."""
    (loop,) = body("for i in 0..10:\n    pass")
    assert isinstance(loop, ast.ForRange)
    assert isinstance(loop.first, ast.Number) and loop.first.decimals is None


@pytest.mark.parametrize(
    "word", "to by any of max min each where from event error rule phase test unit view pure new pay attach is init days".split()
)
def test_soft_words_are_names(word: str) -> None:
    """Words that the grammar needs in few places can be names of parameters, fields and locals."""
    statement = f"let {word} = {word} + {word}(b, {word}=1)"
    accepted(f"contract C:\n    {word}: u64\n\n    fn f({word}: u64, b: u64):\n        {statement}\n")
    assert value(f"{word}.{word}").name.text == word


@pytest.mark.parametrize("word", ["match", "if", "fn", "in", "true", "self"])
def test_any_word_is_a_name_after_a_dot(word: str) -> None:
    """After a dot there are only names."""
    assert value(f"a.{word}").name.text == word


def test_pay_is_a_statement_and_a_call() -> None:
    """`pay AMOUNT to X as Y` is a payment of a wallet, `pay(to, coin)` a call."""
    statement, call = body("pay 5.00 CNY to shop as kid\npay(to, money)")
    assert isinstance(statement, ast.Pay)
    assert isinstance(call, ast.Evaluate) and isinstance(call.value, ast.Call)


def test_call_of_another_contract() -> None:
    """The last attribute is the function, what stands before it the target."""
    call = value("call self.tokens[i].transfer(to, 5) as buyer")
    assert (call.kind, call.function.text, len(call.arguments)) == ("call", "transfer", 2)
    assert isinstance(call.target, ast.Index)
    assert call.sender.text == "buyer"


def test_try_as_value_and_as_statement() -> None:
    """`try … else value` gives a value, `try … else:` runs a block."""
    assert value("try read f.price() else 0").fallback.digits == "0"
    (statement,) = body("try call a.b() else:\n    pass")
    assert isinstance(statement, ast.TryStatement)
    assert statement.call.trying and statement.call.fallback is None


def test_by_alternatives() -> None:
    """`or` parts the alternatives of a `by` clause, `in` ends it."""
    (contract,) = accepted("contract C:\n    pub fn f() by any of self.a or self.b or anyone in A | B: pass\n").items
    assert isinstance(contract, ast.ContractDeclaration)
    (function,) = contract.members
    assert isinstance(function, ast.FunctionDeclaration)
    assert function.by is not None and function.phases is not None
    assert [(by.any_of, by.value is None) for by in function.by] == [(True, False), (False, False), (False, True)]
    assert [phase.text for phase in function.phases] == ["A", "B"]


def test_patterns_keep_the_last_name() -> None:
    """A pattern may name its enum."""
    (match,) = body("match e:\n    case Shape.Circle(r, _): pass\n    case None: pass\n    case _: pass")
    assert isinstance(match, ast.Match)
    patterns = [case.pattern for case in match.cases]
    assert [(pattern.variant.text, len(pattern.names)) for pattern in patterns] == [("Circle", 2), ("None", 0), ("_", 0)]


def test_text_escapes() -> None:
    """Escapes are resolved."""
    assert value(r'"a\n\t\"\\\u{1F600}"').value == 'a\n\t"\\\U0001f600'


def test_docs_are_cleaned() -> None:
    """A text in triple quotes loses the indentation it has in common."""
    file = accepted('"""One.\n\n    Two.\n    """\n')
    assert file.doc == "One.\n\nTwo."


def test_line_ends_and_byte_order_mark() -> None:
    """CRLF reads like LF, and a byte order mark at the beginning does not count."""
    text = "fn f():\n    pass\n"
    assert bare(accepted("\ufeff" + text.replace("\n", "\r\n"))) == bare(accepted(text))


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "   ", "\n\n  # c\n\n", '"""doc"""'])
def test_empty_files(text: str) -> None:
    """A file may hold nothing."""
    assert accepted(text).items == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_places_lie_within_each_other(path: object) -> None:
    """Every node's place is inside the text, and the places of its parts are inside its own."""
    file = accepted(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    for node in nodes(file):
        for part in parts(node):
            assert node.span.start <= part.span.start <= part.span.end <= node.span.end, (node, part)


# ── Going on after errors ─────────────────────────────────────────────────────────────────────────────────────────────


def test_broken_members_are_dropped_and_the_rest_stays() -> None:
    """The tree keeps what was understood; names of what was not are known."""
    file, findings = read(
        "contract C:\n    a: u64\n    b: = 1\n\n    fn good() -> u64:\n        return 1\n\n    fn bad():\n        let x = = 1\n"
        "\n    event Paid(to: Address)\n\nconst A: u64 = 1\n"
    )
    assert file is not None and file.incomplete
    assert [finding.code for finding in findings] == ["E0100", "E0100"]
    contract, constant = file.items
    assert isinstance(contract, ast.ContractDeclaration) and isinstance(constant, ast.Constant)
    assert [type(member).__name__ for member in contract.members] == ["Field", "FunctionDeclaration", "EventDeclaration"]
    assert {"b", "bad"} <= file.broken_names
    assert not {"a", "good", "Paid", "A", "C"} & file.broken_names


def test_a_broken_head_does_not_hide_its_block() -> None:
    """Errors below a line that cannot be read are found as well."""
    _, findings = read("contract 5:\n    fn f(:\n        let x = = 1\n\n    fn g():\n        return ]\n")
    assert [finding.source.position(finding.span.start)[0] for finding in findings] == [1, 2, 3, 6]


def test_mended_pieces_stay() -> None:
    """What was mended in passing is in the tree."""
    file, findings = read("fn f()\n    if a = 1 && b:\n        return 5;\n")
    assert len(findings) == 4
    assert file is not None and not file.incomplete
    assert bare(file) == bare(accepted("fn f():\n    if a == 1 and b:\n        return 5\n"))


def test_findings_are_bounded() -> None:
    """A file with thousands of errors gives a bounded number of findings and no tree."""
    file, findings = read("fn f():\n" + "    let x = = 3\n" * 5_000)
    assert file is None
    assert len(findings) == SYNTAX_FINDINGS_MAX


# ── Limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "at", "past"),
    [
        ("E0901", "#" * FILE_BYTES_MAX, "#" * (FILE_BYTES_MAX + 1)),
        ("E0901", "#" + "é" * (FILE_BYTES_MAX // 2 - 1), "#" + "é" * (FILE_BYTES_MAX // 2)),
        (  # `const A: T = [1, … 1]`, the end of its line and the end of the file
            "E0905",
            "const A: T = [" + "1," * ((TOKENS_MAX - 10) // 2) + "1]",
            "const A: T = [" + "1," * ((TOKENS_MAX - 10) // 2) + "1,1]",
        ),
        (
            "E0903",
            "const A: T = " + "(" * BRACKET_DEPTH_MAX + "1" + ")" * BRACKET_DEPTH_MAX,
            "const A: T = " + "(" * (BRACKET_DEPTH_MAX + 1) + "1" + ")" * (BRACKET_DEPTH_MAX + 1),
        ),
        (
            "E0903",
            "fn f():\n" + "".join(" " * i + "if a:\n" for i in range(1, BLOCK_DEPTH_MAX)) + " " * BLOCK_DEPTH_MAX + "pass\n",
            "fn f():\n" + "".join(" " * i + "if a:\n" for i in range(1, BLOCK_DEPTH_MAX + 1)) + " " * BLOCK_DEPTH_MAX + " pass",
        ),
        ("E0904", "const A: T = 1" + "+1" * (EXPRESSION_DEPTH_MAX - 1), "const A: T = 1" + "+1" * EXPRESSION_DEPTH_MAX),
        ("E0904", "const A: T = a" + ".b" * (EXPRESSION_DEPTH_MAX - 1), "const A: T = a" + ".b" * EXPRESSION_DEPTH_MAX),
        (
            "E0904",
            "const A: T = " + "not " * (EXPRESSION_DEPTH_MAX - 1) + "a",
            "const A: T = " + "not " * EXPRESSION_DEPTH_MAX + "a",
        ),
        ("E0904", "const A: T = " + "-" * (EXPRESSION_DEPTH_MAX - 1) + "a", "const A: T = " + "-" * EXPRESSION_DEPTH_MAX + "a"),
        (
            "E0904",
            "const A: T = " + "a if b else " * (EXPRESSION_DEPTH_MAX - 1) + "c",
            "const A: T = " + "a if b else " * EXPRESSION_DEPTH_MAX + "c",
        ),
    ],
)
def test_limits(code: str, at: str, past: str) -> None:
    """A text at a limit is read, one past it refused with the limit's code."""
    assert read(at)[1] == []
    assert [finding.code for finding in read(past)[1]] == [code]


def test_elif_chains_are_flat() -> None:
    """Thousands of `elif` make a wide tree, not a deep one."""
    (statement,) = body("if a:\n    pass\n" + "elif a:\n    pass\n" * 3_000)
    assert isinstance(statement, ast.If)
    assert len(statement.branches) == 3_001
    assert depth(statement) < 10


@pytest.mark.parametrize(
    "text",
    [
        "not " * 60_000,
        "-" * 90_000,
        "a." * 40_000,
        "a implies " * 20_000,
        "(" * 200_000,
        "[(" * 50_000,
        '"' * 200_000,
        "'" * 200_000,
        "{" * 200_000,
        ";" * 200_000,
        "\x00" * 250_000,
        "“" * 80_000,
        " " * 260_000,
        "1_" * 100_000,
        "0x" * 100_000,
        "let\n(\n" * 20_000,
        "    x\n  y\n" * 15_000,
        "else:\n    y\n" * 15_000,
        "\t\n" * 100_000,
        '"""' * 80_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_texts_are_read_to_their_end(text: str) -> None:
    """Repetition of anything is read or refused; were one of these quadratic, the test would seem to hang."""
    read("fn f():\n    let x = " + text)
    read(text)


# ── Any text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _any_text_is_read(text: str) -> None:
    file, findings = read(text)
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.end
        assert finding.span.start <= len(finding.source.text)
        assert finding.message
    if file is None:
        assert findings
        return
    assert file.incomplete <= bool(findings)
    assert depth(file) < 2 * BLOCK_DEPTH_MAX + 2 * EXPRESSION_DEPTH_MAX + 20


@given(any_text)
def test_any_text(text: str) -> None:
    """No text makes the parser fail."""
    _any_text_is_read(text)


@given(token_soup)
@settings(max_examples=300)
def test_any_tokens(text: str) -> None:
    """No sequence of words and marks makes the parser fail."""
    _any_text_is_read(text)


@given(mutated_example())
@settings(max_examples=100, deadline=None)
def test_any_damage(text: str) -> None:
    """No damage to a program makes the parser fail."""
    _any_text_is_read(text)


@pytest.mark.long
@given(mutated_example())
@settings(max_examples=3_000, deadline=None)
def test_very_much_damage(text: str) -> None:
    """The same for thousands."""
    _any_text_is_read(text)
