"""Trapped money: what lies in vaults at the end of a history, and nobody gets out by anything that is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from chain.ledger.sandbox import Snapshot
from kit.testing.scenario.choose import DAY_MS, Chooser
from kit.testing.scenario.stage import Stage, Step
from vm import types as vm

Place = tuple[bytes, str]
"""The vaults of one contract in one currency."""

WALK_STEPS = 12
"""Calls of one try: enough to propose, approve, wait and carry out, with some that do nothing between."""
WALKS_QUICK = 30
WALKS_THOROUGH = 250
"""Tries before money is said to be trapped. None of the sound contracts in the tests needed more than a tenth."""
ENDS_MAX = 40
"""Ends of histories that are looked into in one scenario; ends that look alike are looked into three times."""
ALIKE_MAX = 3
ESCAPES_MAX = 24
FAR_MS = 4_000 * DAY_MS


@dataclass(frozen=True, slots=True)
class Trap:
    """Money that nobody gets out: a history that leads there, where it lies, how much in minor units, how many tries."""

    steps: tuple[Step, ...]
    contract: bytes
    currency: str
    amount: int
    tries: int


class Escapes:
    """Looks for ways to get money out of vaults; remembers ways that worked."""

    def __init__(self, stage: Stage, chooser: Chooser, seed: str) -> None:
        self.stage = stage
        self.rng = Random(f"{seed}: escapes")
        self.chooser = chooser
        self.known: list[tuple[Step, ...]] = []
        self._looked: dict[object, int] = {}
        self._takers: dict[int, int] = {}  # targets by how often they let money out

    def trap_after(self, steps: Sequence[Step]) -> Trap | None:
        """A trap at the end of a history, where the stage stands: what is left when everything was taken out that comes out."""
        if not self._is_worth_a_look():
            return None
        way = list(steps)
        walks = WALKS_QUICK
        while kept := self.stage.kept():
            taken = self._taken(kept, walks)
            if taken is not None:
                way += taken
                walks = WALKS_QUICK
                if len(way) > len(steps) + 20 * WALK_STEPS:
                    return None  # it comes out bit by bit
            elif walks == WALKS_QUICK:
                walks = WALKS_THOROUGH
            else:
                (contract, currency), amount = next(iter(kept.items()))
                return Trap(tuple(way), contract, currency, amount, WALKS_THOROUGH)
        return None

    def _is_worth_a_look(self) -> bool:
        kept = self.stage.kept()
        if not kept or sum(self._looked.values()) >= ENDS_MAX:
            return False
        phases = tuple(self.stage.phase(contract) for contract in self.stage.contracts)
        end = (phases, tuple(kept))
        self._looked[end] = self._looked.get(end, 0) + 1
        return self._looked[end] <= ALIKE_MAX

    def is_trapped(self, steps: Sequence[Step], place: Place, walks: int) -> bool:
        """Whether a history breaks nothing and leads to where money lies in one place and none of it comes out."""
        if self.stage.broken_by(steps) is not None:
            return False
        amount = self.stage.kept().get(place)
        return amount is not None and self._taken({place: amount}, walks) is None

    # ── Tries ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _taken(self, kept: dict[Place, int], walks: int) -> list[Step] | None:
        """Steps after which one of the places has less, with the stage at their end; else None, with the stage as it was."""
        here = self.stage.sandbox.snapshot()
        for known in reversed(self.known):
            done = self._walk(known, kept)
            if done is not None:
                return done
            self.stage.sandbox.restore(here)
        for number in range(walks):
            done = self._wander(here, kept, is_late=number % 3 == 2)
            if done is not None:
                self._learn(done)
                return done
            self.stage.sandbox.restore(here)
        return None

    def _learn(self, steps: list[Step]) -> None:
        self.known.append(tuple(steps[-3:]))
        del self.known[:-ESCAPES_MAX]
        last = steps[-1].target
        self._takers[last] = self._takers.get(last, 0) + 1

    def _walk(self, steps: Sequence[Step], kept: dict[Place, int]) -> list[Step] | None:
        done = []
        for step in steps:
            done.append(step)
            if self._lets_out(step, kept):
                return done
        return None

    def _wander(self, here: Snapshot, kept: dict[Place, int], *, is_late: bool) -> list[Step] | None:
        done: list[Step] = []
        for number in range(WALK_STEPS):
            step = self._step(FAR_MS if is_late and not number else None)
            done.append(step)
            if self._lets_out(step, kept):
                return done
        assert here.time_ms <= self.stage.sandbox.time_ms
        return None

    def _step(self, wait_ms: int | None) -> Step:
        """A call that rather takes out than puts in."""
        rng, chooser = self.rng, self.chooser
        if wait_ms is None:
            wait_ms = 0 if rng.random() < 0.6 else chooser.jump() if rng.random() < 0.6 else chooser.some_wait()
        if self._takers and rng.random() < 0.3:
            numbers = list(self._takers)
            return chooser.step_of(rng.choices(numbers, [self._takers[number] for number in numbers])[0], wait_ms)
        for _ in range(4):
            number = rng.randrange(len(self.stage.targets))
            if not any(isinstance(kind, vm.Coin) for kind in self.stage.targets[number].kinds):
                return chooser.step_of(number, wait_ms)
        return chooser.step_of(chooser.step().target, wait_ms)

    def _lets_out(self, step: Step, kept: dict[Place, int]) -> bool:
        outcome = self.stage.play(step)
        self.chooser.learn(step, outcome, is_new=False)
        if outcome.failure is not None:
            return False
        now = self.stage.kept()
        return any(now.get(place, 0) < amount for place, amount in kept.items())
