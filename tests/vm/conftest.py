"""Everything the machine does is tested on both tiers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import vm.compiled
import vm.machine
from vm.machine import Tier

ALIKE = (
    "test_vm_arithmetic",
    "test_vm_verify_work",
    "test_vm_authority",
    "test_vm_bounds",
    "test_vm_dear",
    "test_vm_dos",
    "test_vm_illegal",
    "test_vm_native",
    "test_vm_tiers",
    "test_vm_tiers_state",
    "test_vm_values",
)
"""Test files that run nothing, or choose the tier themselves."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every other test on the default tier, which is the compiled one with native forms, and on the reference."""
    if metafunc.module.__name__ not in ALIKE:
        metafunc.fixturenames.append("default_tier")
        metafunc.parametrize("default_tier", [Tier.NATIVE, Tier.REFERENCE], indirect=True, ids=str)


@pytest.fixture
def default_tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tier]:
    """The tier of sessions that do not say which."""
    monkeypatch.setattr(vm.machine, "DEFAULT_TIER", request.param)
    yield request.param


@pytest.fixture
def _compiled_anew() -> Iterator[None]:
    """Compiled code bears the limits of its time, and the faults; a test that changes those keeps none."""
    vm.compiled._CACHE.clear()
    yield
    vm.compiled._CACHE.clear()
