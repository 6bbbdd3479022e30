"""The programs of `dos/`: what each is an example of, what stops it, and how it is set off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine_world import ALICE, HERE, THERE, World, verified

from vm.cells import MEMORY
from vm.failure import Failure
from vm.machine import Tier

FOLDER = Path(__file__).parent / "dos"


@dataclass(frozen=True)
class Bomb:
    """One program. `bound` names the failure or the refusal, `gas` is what it is given; none is for those that are refused."""

    name: str
    title: str
    bound: str
    gas: int
    text: str
    there: str | None  # the contract that it calls

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """How one went off."""

    name: str
    detail: str
    where: list[Any]
    gas_used: int
    memory_bytes: int
    writes: dict[Any, Any]
    events: tuple[Any, ...]


def bombs() -> list[Bomb]:
    """All of them, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.tasm")) if not path.stem.endswith(".there")]


def _read(path: Path) -> Bomb:
    text = path.read_text()
    head = dict(re.findall(r"^; (class|bound|gas): (.*)$", text, re.MULTILINE))
    there = path.with_name(f"{path.stem}.there.tasm")
    return Bomb(path.stem, head["class"], head["bound"], int(head["gas"]), text, there.read_text() if there.exists() else None)


def world(bomb: Bomb, tier: Tier) -> World:
    """A world in which it has been deployed."""
    made = World(tier=tier)
    module = verified(bomb.text)
    if bomb.there is not None:
        made.deploy(verified(bomb.there), at=THERE)
        made.deploy(module, THERE)
    else:
        made.deploy(module)
    return made


def explode(bomb: Bomb, tier: Tier) -> Outcome:
    """Set it off, and see how it fails."""
    session = world(bomb, tier).session(gas_limit=bomb.gas)
    try:
        session.call(HERE, "bomb", (), ALICE)
    except Failure as failure:
        memory = session._execution.cells[MEMORY]
        effects = session.finish()
        return Outcome(failure.name, failure.detail, failure.where, effects.gas_used, memory, effects.writes, effects.events)
    raise AssertionError(f"{bomb.name} did not go off")
