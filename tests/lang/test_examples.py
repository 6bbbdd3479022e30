"""The example programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from syntax_texts import EXAMPLES

from lang import ast
from lang.compiler import compile_file

STEMS = {"allowance", "escrow", "feed", "receivable", "swap", "token", "treasury"}


def test_the_seven_are_there() -> None:
    """The examples are the programs the language was made for."""
    assert {path.stem for path in EXAMPLES} >= STEMS


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_compile(path: Path) -> None:
    """Every example compiles, without a warning."""
    compilation = compile_file(path)
    assert compilation.findings == []
    assert compilation.contracts


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_are_tested(path: Path) -> None:
    """Every example has at least three tests, one of them a property, and expects an error."""
    file = compile_file(path).file
    assert file is not None
    tests = [item for item in file.items if isinstance(item, ast.TestDeclaration)]
    assert len(tests) >= 3
    assert any(test.parameters for test in tests)
    assert any(isinstance(node, ast.Expect) and not node.is_event for test in tests for node in ast.walk(test))
