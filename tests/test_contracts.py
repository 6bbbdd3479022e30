"""Whole contracts, written as users write them, keep working, tests and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.testing import Options
from kit.testing.runner import run_file
from lang.compiler import compile_file
from lang.formatter import format_text

CONTRACTS = sorted((Path(__file__).parent / "contracts").glob("*.tael"))


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_compiles_and_its_tests_pass(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error, every test passes."""
    monkeypatch.chdir(tmp_path)
    compilation = compile_file(path)
    assert compilation.ok, compilation.findings
    assert compilation.checked is not None

    failed = [result.name for result in run_file(compilation.checked, Options(runs=25)) if result.trouble is not None]

    assert failed == []


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_layout_leaves_the_bytecode_as_it_was(path: Path, tmp_path: Path) -> None:
    """A contract laid out anew compiles to the same bytes."""
    laid_out = tmp_path / path.name
    laid_out.write_text(format_text(path.read_text()))

    before = {name: contract.code for name, contract in compile_file(path).contracts.items()}
    after = {name: contract.code for name, contract in compile_file(laid_out).contracts.items()}

    assert before == after
