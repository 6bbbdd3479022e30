"""What the fuzzer has found worth keeping, replayed without it; and a bounded run of its mutations without its guidance."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_targets import OF_MODULES, PROGRAMS, TARGETS
from mutation import mutated

from vm.assembler import assemble
from vm.codec import encode_module

CORPUS = Path(__file__).parent / "corpus"
MODULE_BYTES_MAX = 1024


def kept(target: str) -> list[bytes]:
    """The kept inputs of a target."""
    file = CORPUS / f"{'modules' if target in OF_MODULES else target}.json"
    return [bytes.fromhex(one["bytes"]) for one in json.loads(file.read_text())]


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_kept_inputs_find_nothing(target: str) -> None:
    """Every kept input ends as inputs may, and between them they end in more than one way."""
    endings = Counter(TARGETS[target](data) for data in kept(target))
    assert len(endings) > 1


@pytest.mark.parametrize("target", OF_MODULES)
def test_mutations_find_nothing(target: str) -> None:
    """Modules changed as arrays are refused or run as modules may; some of them are legal."""
    source = random.Random(target)
    seeds = [encode_module(assemble(path.read_text())) for path in sorted(PROGRAMS.glob("*.tasm"))]
    endings: Counter[str] = Counter()
    for _ in range(300):
        data = mutated(source.choice(seeds), source.getrandbits(32), MODULE_BYTES_MAX)
        if data is not None:
            endings[TARGETS[target](data)] += 1
    assert endings["decoded"] + endings["verified"] + endings["ran"] > 10
    assert len(endings) > 2
