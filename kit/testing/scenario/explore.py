"""Histories by chance, led by what brought something new, until one breaks something or the budget is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from chain.primitives.refusal import SupplyBroken
from kit.testing.results import Tally
from kit.testing.scenario.choose import Chooser
from kit.testing.scenario.stage import Break, Outcome, Stage, Step

GAS_KINDS_MAX = 12
"""Amounts of gas that count as new ways through one function: they tell ways apart until sizes of values blur them."""
CORPUS_MAX = 200
RARER_OF = 4
FAILED_IN_A_ROW_MAX = 16
"""Calls that fail one after another until a history is given up: everything is over, or as good as."""
REPLAYED_SHARE = 0.5
"""Of histories that begin like one which brought something new."""


@dataclass(slots=True)
class Found:
    """A history that ends in a break."""

    steps: list[Step]
    broken: Break


class Explorer:
    """Plays histories on one stage."""

    def __init__(self, stage: Stage, seed: str) -> None:
        self.stage = stage
        self.rng = Random(seed)
        self.chooser = Chooser(stage, self.rng)
        self.tallies = [Tally(target.name) for target in stage.targets]
        self.people = frozenset({*stage.actors, *stage.contracts})
        self.seen: set[object] = set()
        self._gas: dict[tuple[int, str], set[int]] = {}
        self.corpus: list[tuple[Step, ...]] = []
        self.histories = 0
        self.gas_max = 0
        self._failed_in_a_row = 0
        self._is_over = False
        self._done: list[Step] = []  # the steps of this history that succeeded
        self.on_step: Callable[[Step, Outcome], None] | None = None
        self.on_payout: Callable[[Sequence[Step]], None] | None = None

    def histories_until(self, runs: int, seconds: float | None, steps_max: int) -> Iterator[list[Step] | Found]:
        """Play so many histories, or as many as fit into a time. Each that broke nothing is given as its steps, with the stage
        at its end; one that broke something is the last.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        while (self.histories < runs) if ends is None else (time.monotonic() < ends):
            self.histories += 1
            came = self._history(steps_max)
            yield came
            if isinstance(came, Found):
                return

    def _history(self, steps_max: int) -> list[Step] | Found:
        rng = self.rng
        self.stage.rewind()
        self.chooser.pools.forget()
        self._done = []
        played: list[Step] = []
        if self.corpus and rng.random() < REPLAYED_SHARE:
            start = self._rarest()
            skipped = rng.randrange(len(start)) if len(start) > 1 and rng.random() < 0.3 else -1
            for place, step in enumerate(start):
                if place != skipped and (broken := self._take(step, played)) is not None:
                    return Found(played, broken)
        self._failed_in_a_row = 0
        self._is_over = False
        while len(played) < steps_max and self._failed_in_a_row < FAILED_IN_A_ROW_MAX and not self._is_over:
            broken = self._take(self.chooser.step(), played)
            if broken is not None:
                return Found(played, broken)
        return played

    def _rarest(self) -> tuple[Step, ...]:
        """Of a few beginnings by chance the one that ends with what succeeded least often."""
        some = [self.corpus[self.rng.randrange(len(self.corpus))] for _ in range(RARER_OF)]
        return min(some, key=lambda steps: self.tallies[steps[-1].target].successes)

    def _take(self, step: Step, played: list[Step]) -> Break | None:
        """Play one step and learn from it."""
        played.append(step)
        moves = len(self.stage.sandbox.moves)
        try:
            outcome = self.stage.play(step)
            broken = self.stage.judge(step, outcome)
        except SupplyBroken as problem:
            return Break(("supply broken",), str(problem))
        self._count(step, outcome)
        if self.on_step is not None:
            self.on_step(step, outcome)
        if outcome.failure is None:
            self._done.append(step)
            self._is_over = self.stage.is_over()
            if self.on_payout is not None and self.stage.paid_out(moves):
                self.on_payout(self._done)
        is_new = self._is_new(step, outcome)
        self.chooser.learn(step, outcome, is_new, is_over=self._is_over)
        if is_new and outcome.failure is None:
            self.corpus.append(tuple(played))
            if len(self.corpus) > CORPUS_MAX:
                del self.corpus[0]
        return broken

    def _count(self, step: Step, outcome: Outcome) -> None:
        tally = self.tallies[step.target]
        tally.calls += 1
        self._failed_in_a_row = 0 if outcome.failure is None else self._failed_in_a_row + 1
        self.gas_max = max(self.gas_max, outcome.gas)
        if outcome.failure is None:
            tally.successes += 1
        else:
            tally.errors[outcome.failure.name] += 1

    def _is_new(self, step: Step, outcome: Outcome) -> bool:
        """Whether a function did what it had not done before: another outcome, other events, to others, in another phase, by
        another way.
        """
        phases = tuple(self.stage.phase(contract) for contract in self.stage.contracts)
        whom = tuple(value for value in step.arguments if isinstance(value, bytes) and value in self.people)
        feature = (step.target, outcome.name, outcome.events, phases, whom if outcome.failure is None else ())
        ways = self._gas.setdefault((step.target, outcome.name), set())
        is_new = feature not in self.seen
        self.seen.add(feature)
        if len(ways) < GAS_KINDS_MAX and outcome.gas not in ways:
            ways.add(outcome.gas)
            is_new = True
        return is_new
