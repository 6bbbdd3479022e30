"""Whole contracts, written as users write them, keep working, tests and all."""

from __future__ import annotations

from pathlib import Path

import pytest

import vm.machine
from kit.testing import Options
from kit.testing.runner import run_file
from lang.compiler import compile_file
from lang.formatter import format_text
from vm.machine import Tier

CONTRACTS = sorted((Path(__file__).parent / "contracts").glob("*.tael"))
EXAMPLES = sorted((Path(__file__).parent.parent / "contracts" / "examples").glob("*.tael"))


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


@pytest.mark.parametrize("path", [*EXAMPLES, *CONTRACTS], ids=lambda path: path.stem)
def test_tests_of_a_contract_come_out_alike_on_both_tiers(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test passes on the reference tier and on the compiled one, in as many cases, with the same gas."""
    monkeypatch.chdir(tmp_path)
    checked = compile_file(path).checked
    assert checked is not None
    seen = {}
    for tier in (Tier.REFERENCE, Tier.NATIVE):
        monkeypatch.setattr(vm.machine, "DEFAULT_TIER", tier)
        results = list(run_file(checked, Options(runs=10)))
        assert [result.name for result in results if result.trouble is not None] == []
        seen[tier] = [(result.name, result.cases, result.gas) for result in results]

    assert seen[Tier.NATIVE] == seen[Tier.REFERENCE]
    assert sum(gas for _, _, gas in seen[Tier.NATIVE]) > 0
