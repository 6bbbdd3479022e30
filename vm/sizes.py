"""What is known of values before anything runs: between which polynomials numbers and lengths lie, and what holds where a
truth value is true or false.

A value of which nothing is known is None; what its type says of it still holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from vm.limits import BOUND_ATOM_WEIGHT_MAX, BOUND_FACTS_MAX
from vm.polynomial import EACH, ZERO, Algebra, Ends, Polynomial, Resolve, Shape, difference, least, number
from vm.types import Bytes, List, Option, Struct, Text, Tuple, Type, bounds, is_number

VALUE_TERMS_MAX: Final = 8
"""Terms of what is remembered of one value: enough for counters, ends of ranges and growing lists."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number, or a list, text or byte string by its length. `ends` are its bounds; `place` and `name` are those of the
    argument that it is, if it is one unchanged.
    """

    ends: Ends
    place: tuple[int, ...] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """A struct or tuple; an option that is not none has its payload in place 1, as in Python."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """A struct, tuple or option found at a place among the arguments."""

    place: tuple[int, ...]
    name: str


Facts: TypeAlias = tuple[Polynomial, ...]
"""Polynomials that are at least 1."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A truth value: the facts where it holds and where it does not; None where that cannot be."""

    holds: Facts | None
    fails: Facts | None


Value: TypeAlias = Measure | Parts | Argument | Truth | None


def measure_max(kind: Type) -> int | None:
    """The greatest length of a list, text or byte string, the greatest value of a number; None for other types."""
    if isinstance(kind, List | Text | Bytes):
        return kind.max
    return bounds(kind)[1] if is_number(kind) else None  # type: ignore[arg-type]


def measure_min(kind: Type) -> int:
    """The least value of a number; 0 for a length."""
    return bounds(kind)[0] if is_number(kind) else 0  # type: ignore[arg-type]


def facts_with(facts: Facts, more: Facts) -> Facts:
    """Some facts and newer ones, as many as are remembered."""
    new = tuple([fact for fact in more if fact not in facts])
    return (facts + new)[-BOUND_FACTS_MAX:] if new else facts


def shared(a: Facts | None, b: Facts | None) -> Facts | None:
    """What holds after either of two ways; None is a way that is never taken."""
    if a is None or b is None:
        return b if a is None else a
    if a is b:
        return a
    return tuple([fact for fact in a if fact in b])


class Sizes:
    """Works with values of one function."""

    def __init__(self, algebra: Algebra, function: int) -> None:
        self.algebra = algebra
        self.function = function

    # Making values.

    def argument(self, kind: Type, place: tuple[int, ...], name: str) -> Value:
        """The value at a place among the arguments."""
        most = measure_max(kind)
        if most is not None:
            if measure_min(kind) < 0:
                return None
            shape = Shape.VALUE if is_number(kind) else Shape.LENGTH
            atom = self.algebra.parameter(shape, self.function, place, name, most)
            return Measure(Ends(ZERO if EACH in place else atom, atom), place, name)
        return Argument(place, name) if isinstance(kind, Struct | Tuple | Option) else None

    def part(self, value: Value, kind: Type, position: int) -> Value:
        """One part of a struct, tuple or option of a type, or, at `EACH`, any element of a list."""
        if isinstance(value, Parts):
            return value.parts[position]
        if isinstance(value, Argument | Measure) and value.place is not None:
            label, part = part_of(kind, position)
            return self.argument(part, (*value.place, position), value.name + label)
        return None

    def ends(self, value: Value, kind: Type) -> Ends:
        """The bounds of a number or length."""
        if isinstance(value, Measure):
            return value.ends
        most = measure_max(kind)
        assert most is not None
        return Ends(number(measure_min(kind)), number(most))

    def measure(self, low: Polynomial, high: Polynomial, kind: Type) -> Measure:
        """A number or length of a type with these bounds, as far as they are short enough to be remembered."""
        most = measure_max(kind)
        assert most is not None
        least_known, most_known = low.constant(), high.constant()
        if least_known is not None or not self._is_short(low):
            low = number(measure_min(kind) if least_known is None else max(measure_min(kind), least_known))
        if most_known is not None or not self._is_short(high):
            high = number(most if most_known is None else min(most, most_known))
        return Measure(Ends(low, high))

    def _is_short(self, p: Polynomial) -> bool:
        return len(p.terms) <= VALUE_TERMS_MAX and self.algebra.weight(p) <= BOUND_ATOM_WEIGHT_MAX and not self.algebra.is_spent

    def truth(self, holds: Polynomial, fails: Polynomial) -> Truth:
        """True where the first is at least 1, false where the second is."""
        return Truth(self._fact(holds), self._fact(fails))

    def _fact(self, p: Polynomial) -> Facts:
        self.algebra.spend(len(p.terms))
        return () if p.constant() is not None or len(p.terms) > VALUE_TERMS_MAX or self.algebra.is_spent else (p,)

    # Joining and replacing.

    def join(self, a: Value, b: Value, facts_a: Facts, facts_b: Facts) -> Value:
        """What is known of a value that came one of two ways, with the facts of each."""
        if a is b:
            return a
        if isinstance(a, Measure) and isinstance(b, Measure):
            low = a.ends.low if a.ends.low == b.ends.low else least(a.ends.low, b.ends.low)
            high = self.algebra.join(a.ends.high, b.ends.high)
            return Measure(Ends(low, high))
        if isinstance(a, Truth) and isinstance(b, Truth):
            holds = shared(_under(a.holds, facts_a), _under(b.holds, facts_b))
            return Truth(holds, shared(_under(a.fails, facts_a), _under(b.fails, facts_b)))
        if isinstance(a, Parts) and isinstance(b, Parts) and len(a.parts) == len(b.parts):
            self.algebra.spend(len(a.parts))
            return Parts(tuple([self.join(x, y, facts_a, facts_b) for x, y in zip(a.parts, b.parts, strict=True)]))
        return a if a == b else None

    def replaced(self, value: Value, resolve: Resolve, touches: Callable[[Polynomial], bool]) -> Value:
        """A value with atoms replaced by their ends."""
        match value:
            case Measure(ends):
                if not (touches(ends.low) or touches(ends.high)):
                    return value
                return Measure(Ends(self.lower(ends.low, resolve), self.algebra.upper(ends.high, resolve)))
            case Parts(parts):
                return Parts(tuple([self.replaced(part, resolve, touches) for part in parts]))
            case Truth():
                return None
        return value

    def lower(self, p: Polynomial, resolve: Resolve) -> Polynomial:
        """No more than p, with atoms replaced by their ends."""
        return difference(ZERO, self.algebra.upper(difference(ZERO, p), resolve))


def _under(facts: Facts | None, present: Facts) -> Facts | None:
    return None if facts is None else facts_with(present, facts)


def part_of(kind: Type, position: int) -> tuple[str, Type]:
    """How the part of a type at a position is written behind its whole, and its type."""
    match kind:
        case List(element, _):
            return "[*]", element
        case Option(element):
            return "", element
        case Struct(_, fields):
            return f".{fields[position][0]}", fields[position][1]
    assert isinstance(kind, Tuple)
    return f".{position}", kind.items[position]
