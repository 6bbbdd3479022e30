"""Programs made to wear out whoever runs them, and the bound that stops each: never time, always a count."""

from __future__ import annotations

from pathlib import Path

import pytest
from dos_programs import Bomb, bombs, explode

from vm.assembler import assemble
from vm.assembly import AssemblyError
from vm.illegal import Illegal
from vm.limits import MEMORY_BYTES_MAX, VALUE_BYTES_MAX
from vm.machine import Tier
from vm.verifier import verify

BOMBS = bombs()
CLASSES = (
    "compile bomb", "deep nesting", "type bomb", "log bomb", "return bomb", "rollback storm", "many locals", "big values",
    "big integers", "deep call chains", "endless loops", "input and output", "crypto",
)  # fmt: skip


@pytest.mark.parametrize("bomb", [bomb for bomb in BOMBS if bomb.gas], ids=str)
def test_a_bomb_that_runs_meets_its_bound(bomb: Bomb) -> None:
    """It fails by the bound that it names and no other, at the same gas on both tiers, and leaves nothing behind."""
    reference, compiled = (explode(bomb, tier) for tier in (Tier.REFERENCE, Tier.NATIVE))
    assert compiled == reference
    name, _, detail = bomb.bound.partition(" ")
    assert reference.name == name
    assert detail in reference.detail
    assert reference.gas_used == bomb.gas if name == "OutOfGas" else reference.gas_used <= bomb.gas
    assert reference.memory_bytes <= MEMORY_BYTES_MAX + VALUE_BYTES_MAX
    assert not reference.writes
    assert not reference.events


@pytest.mark.parametrize("bomb", [bomb for bomb in BOMBS if not bomb.gas], ids=str)
def test_a_bomb_that_may_not_run_is_refused(bomb: Bomb) -> None:
    """It is refused before it is run or even walked over, by the rule that it names."""
    kind, _, rule = bomb.bound.partition(" ")
    if kind == "assembly":
        with pytest.raises(AssemblyError) as misspelt:
            assemble(bomb.text)
        assert rule in str(misspelt.value)
        return
    with pytest.raises(Illegal) as refused:
        verify(assemble(bomb.text))
    code, _, detail = rule.partition(": ")
    assert refused.value.code == code
    assert detail in refused.value.detail


def test_every_class_has_its_bombs() -> None:
    """There is a program for every way to deny service that is known to have worked against somebody."""
    assert {bomb.title.partition(":")[0] for bomb in BOMBS} == set(CLASSES)
    assert Path(__file__).parent.joinpath("dos").is_dir()
