"""How often a loop runs, proven from its code alone, and what locals can have become meanwhile.

While the body of a loop is walked once, every number, list, text and byte string that the body assigns stands for an atom,
its **head**: what the local is when a pass begins. A comparison that every way back to the head has passed is a fact `D >= 1`
about the heads of that pass. If on every way back `D`, taken with what the locals are by then, has become smaller by at least
`c`, then `D` is at least 1 in every pass that goes back, and begins with what it is before the loop: the loop goes back at most
that many `c`ths of it. Nothing is assumed of how code is laid out, so this holds for any code that was verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vm.polynomial import ONE, ZERO, Algebra, Ends, Polynomial, difference, number, positive, product, total
from vm.sizes import Facts, Measure, Sizes, Value, measure_max, measure_min, shared
from vm.types import Type


@dataclass(slots=True)
class Way:
    """A place in the code as one or several ways reach it: gas since the head of the innermost loop, locals, facts."""

    cost: Polynomial
    locals: list[Value]
    facts: Facts


def joined(sizes: Sizes, a: Way | None, b: Way | None) -> Way | None:
    """Where two ways meet; None is a way that is never taken."""
    if a is None or b is None:
        return b if a is None else a
    pairs = zip(a.locals, b.locals, strict=True)
    locals_ = [x if x is y else sizes.join(x, y, a.facts, b.facts) for x, y in pairs]
    return Way(sizes.algebra.join(a.cost, b.cost), locals_, shared(a.facts, b.facts) or ())


def costlier(algebra: Algebra, a: Polynomial | None, b: Polynomial | None) -> Polynomial | None:
    """No less than either cost; None is that of a way that is never taken."""
    if a is None or b is None:
        return b if a is None else a
    return algebra.join(a, b)


@dataclass(slots=True)
class Loop:
    """A loop at work. `heads` are the atoms of the locals that it assigns, `finish` the cost of ways that end the function
    within a pass, `results` what they return.
    """

    count: int
    before: Way
    assigned: frozenset[int]
    heads: Mapping[int, int]
    backs: list[Way] = field(default_factory=list)
    left: Way | None = None
    finish: Polynomial | None = None
    results: list[Value] = field(default_factory=list)


class Times(NamedTuple):
    """How often a loop runs: passes if `with_last`, and then there is at least one; else only those that go back, after
    which there is one more that does not.
    """

    most: Polynomial
    with_last: bool


def begun(sizes: Sizes, kinds: tuple[Type, ...], count: int, assigned: frozenset[int], before: Way) -> tuple[Loop, list[Value]]:
    """A loop that begins, and its locals at the head of any pass."""
    locals_, heads = list(before.locals), {}
    for local in sorted(assigned):
        most = measure_max(kinds[local])
        locals_[local] = None
        if most is not None and measure_min(kinds[local]) >= 0 and not sizes.algebra.is_spent:
            head = heads[local] = sizes.algebra.head(most)
            atom = Polynomial({(head,): 1})
            locals_[local] = Measure(Ends(atom, atom))
    return Loop(count, before, assigned, heads), locals_


class Closing:
    """Works out a loop of which the whole body is known."""

    def __init__(self, sizes: Sizes, kinds: tuple[Type, ...], loop: Loop) -> None:
        self.sizes = sizes
        self.algebra = sizes.algebra
        self.kinds = kinds
        self.loop = loop
        self.locals = {head: local for local, head in loop.heads.items()}
        self.times = self._times()
        self.ends = self._head_ends()
        back: Polynomial | None = None
        for way in loop.backs:
            back = costlier(self.algebra, back, way.cost)
        self.back = ZERO if back is None else self._settled(back)

    def left(self) -> Way | None:
        """The way behind the loop, if it is ever left."""
        way = self.loop.left
        if way is None:
            return None
        locals_ = list(way.locals)
        for local in self.loop.assigned:
            locals_[local] = self.carried(locals_[local])
        return Way(self._whole(way.cost), locals_, self.loop.before.facts)

    def finish(self) -> Polynomial | None:
        """The cost of ways that end the function within the loop, LoopBound among them."""
        if self.loop.finish is not None:
            return self._whole(self.loop.finish)
        if self.loop.left is not None:
            return None  # whatever fails within the loop has cost no more than what goes on behind it
        return self._whole(ZERO)

    def carried(self, value: Value) -> Value:
        """A value that leaves the loop."""
        return self.sizes.replaced(value, self.ends.get, self._touches)

    def _whole(self, last: Polynomial) -> Polynomial:
        """The cost so far, of all passes, and of a last one that costs so much."""
        last = self._settled(last)
        extra = last if not self.times.with_last else positive(difference(last, self.back))
        all_passes = product(self.times.most, self.back)
        self.algebra.spend(len(all_passes.terms))
        return self.algebra.fit(total(total(self.loop.before.cost, all_passes), extra))

    def _settled(self, cost: Polynomial) -> Polynomial:
        return self.algebra.fit(self.algebra.upper(cost, self.ends.get)) if self._touches(cost) else cost

    def _touches(self, p: Polynomial) -> bool:
        """Whether a polynomial hangs on the heads of this loop."""
        return bool(self.ends_of(p))

    def ends_of(self, p: Polynomial) -> set[int]:
        """The heads of this loop that a polynomial hangs on."""
        return self.algebra.heads(p) & self.locals.keys() if self.locals else set()

    # How often.

    def _times(self) -> Times:
        """The best that can be proven."""
        if not self.loop.backs:
            return Times(ZERO, with_last=False)
        facts: Facts | None = None
        for way in self.loop.backs:
            facts = shared(facts, way.facts)
        found = Times(number(self.loop.count), with_last=True)
        for fact in facts or ():
            first = self._descent(fact)
            if first is not None:
                times = self._at_most(first)
                if self.algebra.maximum(times.most) <= self.algebra.maximum(found.most) and times.most != found.most:
                    found = times
        return found

    def _at_most(self, first: Polynomial) -> Times:
        """How often, if the loop goes back no more often than a number says that may be negative."""
        passes = total(first, ONE)
        if not first.is_growing() and any(self.algebra.covers(passes, fact) for fact in self.loop.before.facts):
            return Times(self.algebra.clip(passes, self.loop.count), with_last=True)
        return Times(self.algebra.clip(first, self.loop.count), with_last=False)

    def _descent(self, fact: Polynomial) -> Polynomial | None:
        """How often the loop can go back for this fact; None if it does not get smaller on every way back."""
        heads = {}
        for monomial, factor in fact.terms.items():
            if self._touches(Polynomial({monomial: factor})):
                if len(monomial) > 1 or monomial[0] not in self.locals:
                    return None
                heads[monomial[0]] = factor
        if not heads:
            return None
        step = min(self._step(way, heads) for way in self.loop.backs)
        if step < 1:
            return None
        first = self.algebra.upper(fact, self._initial)
        return first if step == 1 else self.algebra.quotient(first, step)

    def _step(self, way: Way, heads: Mapping[int, int]) -> int:
        """How much smaller, at least, a sum of heads is at the end of a way back than at its beginning; 0 if unknown."""
        change = ZERO
        for head, factor in heads.items():
            ends = self._now(way, head)
            change = total(change, Polynomial({(head,): factor}))
            change = total(change, ends.high if factor > 0 else ends.low, -factor)
        return change.terms.get((), 0) if change.is_growing() else 0

    def _now(self, way: Way, head: int) -> Ends:
        local = self.locals[head]
        return self.sizes.ends(way.locals[local], self.kinds[local])

    def _initial(self, head: int) -> Ends | None:
        local = self.locals.get(head)
        return None if local is None else self.sizes.ends(self.loop.before.locals[local], self.kinds[local])

    # What locals can be.

    def _head_ends(self) -> dict[int, Ends]:
        """The bounds of every head, whatever the pass."""
        return {head: self._of_head(head, self.kinds[local]) for head, local in self.locals.items()}

    def _of_head(self, head: int, kind: Type) -> Ends:
        itself = Polynomial({(head,): 1})
        first = self._initial(head)
        assert first is not None
        most = measure_max(kind)
        assert most is not None
        low, high, grows = first.low, self.algebra.counting(first.high), ZERO
        is_bounded = True
        for way in self.loop.backs:
            now = self._now(way, head)
            if not difference(now.low, itself).is_growing():
                low = number(measure_min(kind))
            if now.high.terms.get((head,)) == 1:
                by = positive(difference(now.high, itself))
                by = self.algebra.upper(by, self._any) if self._touches(by) else by
                grows = self.algebra.join(grows, by)
            elif self._touches(now.high):
                is_bounded = False
            else:
                high = self.algebra.join(high, self.algebra.counting(now.high))
        if not is_bounded:
            return Ends(low, number(most))
        grown = total(high, product(self.times.most, grows))
        ends = self.sizes.measure(low, grown, kind).ends
        return Ends(ends.low, self.algebra.counting(ends.high))

    def _any(self, head: int) -> Ends | None:
        """A head of this loop by its type alone."""
        return Ends(ZERO, number(self.algebra.atoms[head].greatest)) if head in self.locals else None
