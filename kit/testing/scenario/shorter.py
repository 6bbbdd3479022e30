"""A shorter history where no step of one can be left out as it stands: the same calls but one, with other values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from kit.testing.scenario.choose import Chooser
from kit.testing.scenario.stage import Stage, Step

TRIES_OF_A_STEP = 60
"""For each step that is left out: enough that a value which hangs on what went before is met by chance."""
NEW_VALUES_SHARE = 0.6


def shorter(stage: Stage, chooser: Chooser, steps: Sequence[Step], key: tuple[Any, ...]) -> list[Step] | None:
    """A history with a step less that breaks the same, or None where none was met."""
    rng = Random(repr(key))
    for place in range(len(steps) - 1):
        left = [*steps[:place], *steps[place + 1 :]]
        left[place] = replace(left[place], wait_ms=left[place].wait_ms + steps[place].wait_ms)
        for _ in range(TRIES_OF_A_STEP):
            found = _with_other_values(stage, chooser, left, key, rng)
            if found is not None:
                return found
    return None


def _with_other_values(
    stage: Stage, chooser: Chooser, steps: Sequence[Step], key: tuple[Any, ...], rng: Random
) -> list[Step] | None:
    stage.rewind()
    chooser.pools.forget()
    played = []
    for planned in steps:
        step = planned
        if rng.random() < NEW_VALUES_SHARE:
            step = replace(planned, arguments=chooser.arguments(stage.targets[planned.target], planned.actor))
        outcome = stage.play(step)
        broken = stage.judge(step, outcome)
        chooser.learn(step, outcome, is_new=True)
        played.append(step)
        if broken is not None:
            return played if broken.key == key else None
    return None
