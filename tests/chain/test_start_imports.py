"""What a process of a node imports before it can answer: whoever starts again after a fall waits for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_AT_START = ("hypothesis", "lang", "kit", "tael", "wasmtime", "cryptography", "vm.generator", "vm.native", "vm.compiled")


@pytest.mark.parametrize("module", ["chain.node.worker", "chain.node.node"])
def test_a_start_brings_nothing_that_nobody_may_need(module: str) -> None:
    """The compiler of contracts, the generators of code and the libraries of P-256 and of native code come when they are used."""
    program = f"import sys, {module}; print([name for name in {NOT_AT_START} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
