"""What decoding and verifying cost, counted in calls of Python: by the byte, and by the byte of larger modules."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from vm.limits import MODULE_BYTES_MAX
from vm.verifier import verify_bytes

HERE = Path(__file__).parent
CALLS_A_BYTE_MAX = 40  # the dearest module that search has found makes 31
DEAR = json.loads((HERE / "dear.json").read_text())


def _bench() -> Any:
    """The module of the search."""
    spec = importlib.util.spec_from_file_location("bench_verify", HERE.parents[1] / "bench" / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCH = _bench()


def calls(data: bytes) -> float:
    """Calls of functions, those in C included, that verifying makes, by the byte."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    verify_bytes(data)  # what is made once is made now
    sys.setprofile(note)
    try:
        verify_bytes(data)
    finally:
        sys.setprofile(None)
    return count / len(data)


@pytest.mark.parametrize("case", DEAR, ids=[case["title"] for case in DEAR])
def test_the_dearest_modules_found_stay_within_the_bound(case: dict[str, str]) -> None:
    """Modules that a search has found to be dear make no more calls by the byte than the bound allows."""
    assert calls(bytes.fromhex(case["bytes"])) <= CALLS_A_BYTE_MAX


@pytest.mark.parametrize("shape", sorted(BENCH.SHAPES))
@pytest.mark.parametrize("size", [1_500, pytest.param(4_000, marks=pytest.mark.long)])
def test_work_grows_with_size_alone(shape: str, size: int) -> None:
    """Four times the module is four times the work, whatever it is made of; what there is no room for is left out."""
    small, large = (BENCH.build(((shape, 31, 1),), bytes_) for bytes_ in (size, 4 * size))
    assert len(large) <= MODULE_BYTES_MAX
    assert calls(large) <= 1.25 * calls(small) + 1
