"""Trapped money: what lies in vaults at the end of a history, and nobody gets out by anything that is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from kit.testing.scenario.choose import DAY_MS, Chooser
from kit.testing.scenario.pools import pool_key
from kit.testing.scenario.stage import PROMISES, Outcome, Stage, Step
from vm import types as vm
from vm.failure import Code

Place = tuple[bytes, str]
"""The vaults of one contract in one currency."""

WALK_STEPS = 12
"""Calls of one try: enough to propose, approve, wait and carry out, with some that do nothing between."""
WALKS_SHRINKING = 10
WALKS_QUICK = 30
WALKS_THOROUGH = 250
"""Tries before money is said to be trapped; fewer where many histories are compared, of which the last is asked again."""
PAST_GUARDS = frozenset({Code.MONEY_TRAPPED, Code.OVERFLOW, Code.DIVISION_BY_ZERO, Code.INSUFFICIENT_FUNDS, Code.NO_WALLET})
BITES_MAX = 10
"""How often something is taken out of one end before the rest is believed to come out in the same way."""
CALLS_OF_AN_END_MAX = 1_000
CALLS_MAX = 5_000
CALLS_LEAST = 500
"""Calls in which ways out are looked for in one scenario: as many as its histories took, but for very many or very few. What is
not looked into by then is not complained of."""
ENDS_MAX = 20
"""Ends of histories that are looked into in one scenario; ends that look alike are looked into twice."""
ALIKE_MAX = 2
TRIES_OF_A_STEP = 4
"""Of each call of a way that has worked before: somebody else, or another value, may be what it takes."""
FAR_MS = 4_000 * DAY_MS


@dataclass(frozen=True, slots=True)
class Trap:
    """Money that nobody gets out: a history that leads there, where it lies, how much in minor units, how many tries."""

    steps: tuple[Step, ...]
    contract: bytes
    currency: str
    amount: int
    tries: int


class PromiseBroken(Exception):
    """A way out ends in a broken promise: that is what the history shows, not a trap. `steps` is the way, from where it began."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps


class Escapes:
    """Looks for ways to get money out of vaults; remembers ways that worked."""

    def __init__(self, stage: Stage, chooser: Chooser, seed: str) -> None:
        self.stage = stage
        self.rng = Random(f"{seed}: escapes")
        self.chooser = chooser
        self.ways: dict[tuple[int, ...], int] = {}
        """Targets that were called one after another until money came out, by how often they were."""
        self.reached: set[int] = set()
        """Targets that succeeded, or failed for want of money or by arithmetic and not by a guard."""
        self.ends: list[list[Step]] = []
        self._looked: dict[object, int] = {}

    def learn(self, steps: Sequence[Step]) -> None:
        """The last of these steps let money out. What was called before it, by whomever, may be what it takes."""
        for length in (1, 2, 3, 5):
            way = tuple(step.target for step in steps[-length:])
            if len(way) == length:
                self.ways[way] = self.ways.get(way, 0) + 1

    def saw(self, step: Step, outcome: Outcome) -> None:
        """What came of a step, anywhere."""
        if outcome.failure is None or outcome.failure.name in PAST_GUARDS:
            self.reached.add(step.target)

    def note_end(self, steps: Sequence[Step]) -> None:
        """Remember the end of a history, where the stage stands, if money lies there; ends that look alike only twice."""
        kept = self.stage.kept()
        if not kept or len(self.ends) >= ENDS_MAX:
            return
        phases = tuple(self.stage.phase(contract) for contract in self.stage.contracts)
        end = (phases, tuple(kept), self._order())
        self._looked[end] = self._looked.get(end, 0) + 1
        if self._looked[end] <= ALIKE_MAX:
            self.ends.append(list(steps))

    def _order(self) -> tuple[int, ...]:
        """Which numbers of the state are more than which others of their kind, and which times have come: ends that differ in it
        do not look alike.
        """
        found: list[int] = []
        for contract, fields in self.chooser.plain_fields.items():
            alike: dict[str | None, list[int]] = {}
            for index, kind in fields:
                number = self.stage.field(contract, index, vm.AMOUNT if isinstance(kind, vm.Vault) else kind) or 0
                before = alike.setdefault(pool_key(kind), [self.stage.sandbox.time_ms] if kind == vm.TIME else [])
                found.extend((number > other) - (number < other) for other in before)
                before.append(number)
        return tuple(found)

    def trap(self) -> Trap | None:
        """A trap at one of the ends that were remembered, looked for when all ways are known that the histories took."""
        calls_max = self.stage.calls + min(CALLS_MAX, max(CALLS_LEAST, self.stage.calls))
        for steps in self.ends:
            if self.stage.calls > calls_max:
                return None
            found = self.trap_after(steps)
            if found is not None:
                return found
        return None

    def trap_after(self, steps: Sequence[Step]) -> Trap | None:
        """A trap at the end of a history: what is left when everything was taken out that comes out.

        Raises `PromiseBroken` with the whole history where a try breaks a promise.
        """
        self._go(steps)
        way = list(steps)
        walks = WALKS_QUICK
        calls_max = self.stage.calls + CALLS_OF_AN_END_MAX
        bites = 0
        while kept := self.stage.kept():
            try:
                taken = self._taken(kept, walks)
            except PromiseBroken as broken:
                raise PromiseBroken(way + broken.steps) from None
            if taken is not None:
                way += taken
                walks = WALKS_QUICK
                bites += 1
                if bites >= BITES_MAX or self.stage.calls > calls_max:
                    return None  # it comes out bit by bit
            elif walks == WALKS_QUICK:
                walks = WALKS_THOROUGH
            else:
                (contract, currency), amount = next(iter(kept.items()))
                return Trap(tuple(way), contract, currency, amount, WALKS_THOROUGH)
        return None

    def unreached(self, contract: bytes) -> list[str]:
        """Functions of a contract that may pay and never succeeded, nor came as far as to the money: they may be the way out."""
        return [
            target.name
            for number, target in enumerate(self.stage.targets)
            if target.contract == contract and self.stage.may_pay(number) and number not in self.reached
        ]

    def is_trapped(self, steps: Sequence[Step], place: Place, walks: int) -> bool:
        """Whether a history leads to where money lies in one place and none of it comes out."""
        self._go(steps)
        amount = self.stage.kept().get(place)
        try:
            return amount is not None and self._taken({place: amount}, walks) is None
        except PromiseBroken:
            return False

    def _go(self, steps: Sequence[Step]) -> None:
        """Play a history and see what it shows."""
        self.stage.rewind()
        self.chooser.pools.forget()
        for step in steps:
            self.chooser.learn(step, self.stage.play(step), is_new=True)

    # ── Tries ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _taken(self, kept: dict[Place, int], walks: int) -> list[Step] | None:
        """Steps after which one of the places has less, with the stage at their end; else None, with the stage as it was.

        Every other try goes a way that has worked, with other people and values.
        """
        here = self.stage.sandbox.snapshot()
        seen = self.chooser.pools
        self.chooser.amounts_wanted = (1, *kept.values(), *kept.values())
        ways = sorted(self.ways, key=lambda way: (-self.ways[way], way))
        try:
            for number in range(walks):
                self.chooser.pools = seen.remembered()
                way = ways[number // 2 % len(ways)] if ways and number % 2 == 0 else None
                done = self._wander(kept, way, is_late=number % 6 in (2, 3))
                if done is not None:
                    self.learn(done)
                    return done
                self.stage.sandbox.restore(here)
            self.chooser.pools = seen
        finally:
            self.chooser.amounts_wanted = ()
        return None

    def _wander(self, kept: dict[Place, int], way: tuple[int, ...] | None, *, is_late: bool) -> list[Step] | None:
        """Steps until money is out; those that did nothing are left out. A step of a known way is tried a few times."""
        done: list[Step] = []
        waited_ms = FAR_MS if is_late else 0
        repeats = 1 if way is None else TRIES_OF_A_STEP
        for wanted in way or (None,) * WALK_STEPS:
            for attempt in range(repeats):
                if not (is_late and not done and not attempt):
                    waited_ms = self._wait()
                step = self._step(waited_ms) if wanted is None else self.chooser.step_of(wanted, waited_ms)
                succeeded, is_out = self._tried(step, kept, done)
                if succeeded or step.wait_ms:
                    done.append(step)
                if is_out:
                    return done
                if succeeded:
                    break
        return None

    def _wait(self) -> int:
        roll = self.rng.random()
        return 0 if roll < 0.6 else self.chooser.jump() if roll < 0.85 else self.chooser.some_wait()

    def _step(self, wait_ms: int) -> Step:
        """A call that rather takes out than puts in."""
        for _ in range(4):
            number = self.rng.randrange(len(self.stage.targets))
            if not any(isinstance(kind, vm.Coin) for kind in self.stage.targets[number].kinds):
                return self.chooser.step_of(number, wait_ms)
        return self.chooser.step_of(self.chooser.step().target, wait_ms)

    def _tried(self, step: Step, kept: dict[Place, int], done: Sequence[Step]) -> tuple[bool, bool]:
        """Whether a call succeeded, and whether one of the places has less after it."""
        moves = len(self.stage.sandbox.moves)
        outcome = self.stage.play(step)
        self.chooser.learn(step, outcome, is_new=True)
        self.saw(step, outcome)
        if outcome.failure is not None:
            if outcome.failure.name in PROMISES:
                raise PromiseBroken([*done, step])
            return False, False
        if not self.stage.paid_out(moves):
            return True, False
        now = self.stage.kept()
        return True, any(now.get(place, 0) < amount for place, amount in kept.items())
