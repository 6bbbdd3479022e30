"""The same input gives the same bytes, whatever surrounds the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fingerprint.py")
GOLDEN = Path(__file__).with_name("golden.json")

SURROUNDINGS = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 4242": {"PYTHONHASHSEED": "4242"},
    "Shanghai, Turkish": {"TZ": "Asia/Shanghai", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "no locale, optimised": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONOPTIMIZE": "1", "TZ": "America/St_Johns"},
}


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
def test_bytes_do_not_depend_on_what_surrounds_the_process(surrounding: str, tmp_path: Path) -> None:
    """Modules, gas, receipts and headers equal the golden ones under any hash seed, time zone and locale."""
    environment = {**os.environ, **SURROUNDINGS[surrounding]}

    got = subprocess.run([sys.executable, str(SCRIPT)], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert got.stdout == GOLDEN.read_text()
