"""Polynomials in sizes that are not known yet: integer coefficients, exact, and never longer than a limit.

An **atom** is a whole number from 0 up to a greatest value: the length or value of a parameter, what a local is at the head
of a loop, or one of `min`, `max` and division rounded up of other polynomials. `Algebra` keeps the atoms of one module.
Since no atom is negative, a polynomial without negative coefficients grows with each of its atoms; where something would
be longer than the limits allow, it becomes its greatest value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Any, Final, NamedTuple, TypeAlias

from vm.limits import BOUND_ATOM_WEIGHT_MAX, BOUND_TERMS_MAX, BOUND_WORK_MAX
from vm.values import length

Monomial: TypeAlias = tuple[int, ...]
"""The atoms of a product, in order."""

CALLS: Final = 0
"""The atom for gas that contracts use that are called, once for every call."""
EACH: Final = -1
"""Within a place: the greatest among the elements of a list."""


class Polynomial:
    """A sum of products of atoms; compared by content."""

    __slots__ = ("key", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms: Final = terms
        self.key: Final = frozenset(terms.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def constant(self) -> int | None:
        """The number that it is, or None if it has atoms."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    def is_growing(self) -> bool:
        """Whether no coefficient is negative."""
        return all(factor >= 0 for factor in self.terms.values())


class Ends(NamedTuple):
    """Between which two polynomials something lies."""

    low: Polynomial
    high: Polynomial


Resolve: TypeAlias = Callable[[int], Ends | None]
"""What is known of an atom that is to be replaced; None for one that stays."""


class Shape(StrEnum):
    """What an atom stands for."""

    CALLS = "calls"
    LENGTH = "length"  # of a parameter
    VALUE = "value"  # of a parameter
    HEAD = "head"  # of a local, at the head of a loop
    LEAST = "min"  # of a number and a polynomial, if that is not negative, else 0
    MOST = "max"  # of two polynomials
    QUOTIENT = "quotient"  # of a polynomial and a number, rounded up; 0 if negative


@dataclass(frozen=True, slots=True)
class Atom:
    """One atom. `place` is the path to it among the arguments, `heads` the loop heads that it hangs on."""

    shape: Shape
    parts: tuple[Polynomial, ...] = ()
    number: int = 0
    place: tuple[int, ...] = ()
    name: str = ""
    greatest: int = 0
    weight: int = 1
    heads: frozenset[int] = frozenset()


ZERO: Final = Polynomial({})
ONE: Final = Polynomial({(): 1})


def number(value: int) -> Polynomial:
    """A constant."""
    return Polynomial({(): value}) if value else ZERO


def total(p: Polynomial, q: Polynomial, times: int = 1) -> Polynomial:
    """p + times * q."""
    if not q.terms:
        return p
    terms = dict(p.terms)
    for monomial, factor in q.terms.items():
        whole = terms.get(monomial, 0) + times * factor
        if whole:
            terms[monomial] = whole
        else:
            terms.pop(monomial, None)
    return Polynomial(terms)


def difference(p: Polynomial, q: Polynomial) -> Polynomial:
    """p - q."""
    return total(p, q, -1)


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    """p * q."""
    terms: dict[Monomial, int] = {}
    for a, factor in p.terms.items():
        for b, other in q.terms.items():
            monomial = tuple(sorted(a + b))
            terms[monomial] = terms.get(monomial, 0) + factor * other
    return Polynomial({monomial: factor for monomial, factor in terms.items() if factor})


def positive(p: Polynomial) -> Polynomial:
    """The terms that are not negative: at least as much as p."""
    return p if p.is_growing() else Polynomial({m: factor for m, factor in p.terms.items() if factor > 0})


def least(p: Polynomial, q: Polynomial) -> Polynomial:
    """No more than either: the smaller coefficient of every term."""
    terms = {m: min(p.terms.get(m, 0), q.terms.get(m, 0)) for m in {**p.terms, **q.terms}}
    return Polynomial({m: factor for m, factor in terms.items() if factor})


def greatest(p: Polynomial, q: Polynomial) -> Polynomial:
    """No less than either: the greater coefficient of every term."""
    terms = {m: max(p.terms.get(m, 0), q.terms.get(m, 0)) for m in {**p.terms, **q.terms}}
    return Polynomial({m: factor for m, factor in terms.items() if factor})


class Algebra:
    """The atoms of one module, and everything that needs to know them. `is_spent` says that so much work has been done that
    nothing but numbers will be used from here on.
    """

    def __init__(self) -> None:
        self.atoms: Final = [Atom(Shape.CALLS, name="calls")]
        self._known: dict[tuple[Any, ...], int] = {}
        self._work = 0

    @property
    def is_spent(self) -> bool:
        """Whether the work that a module may cause is done."""
        return self._work > BOUND_WORK_MAX

    def spend(self, terms: int) -> None:
        """Count work on so many terms."""
        self._work += terms

    # Making atoms.

    def parameter(self, shape: Shape, function: int, place: tuple[int, ...], name: str, most: int) -> Polynomial:
        """The length or value found at a place among a function's arguments."""
        return self._atom((shape, function, place), lambda: Atom(shape, place=place, name=name, greatest=most))

    def head(self, most: int) -> int:
        """A new atom for what a local is at the head of a loop."""
        self.atoms.append(Atom(Shape.HEAD, greatest=most, heads=frozenset((len(self.atoms),))))
        return len(self.atoms) - 1

    def clip(self, p: Polynomial, most: int) -> Polynomial:
        """p, but 0 where it is negative and never more than `most`, which is not negative."""
        known = p.constant()
        if known is not None:
            return number(min(most, max(0, known)))
        greatest_known = self.maximum(p)
        if greatest_known <= 0:
            return ZERO
        if p.is_growing() and greatest_known <= most:
            return p
        return self._made(Shape.LEAST, (p,), most, min(most, greatest_known))

    def counting(self, p: Polynomial) -> Polynomial:
        """No less than p, and never negative: what may be part of a price even on a way that fails before it is paid."""
        if p.is_growing():
            return p
        if all(not monomial for monomial, factor in p.terms.items() if factor < 0):
            return positive(p)
        return self.clip(p, max(0, self.maximum(p)))

    def quotient(self, p: Polynomial, by: int) -> Polynomial:
        """p divided by a positive number, rounded up; 0 where p is negative."""
        known = p.constant()
        if known is not None:
            return number(max(0, -(-known // by)))
        if by == 1 and p.is_growing():
            return p
        return self._made(Shape.QUOTIENT, (p,), by, max(0, -(-self.maximum(p) // by)))

    def most(self, p: Polynomial, q: Polynomial) -> Polynomial:
        """The greater of two polynomials without negative coefficients, what they have in common taken out."""
        common = least(p, q)
        p, q = difference(p, common), difference(q, common)
        if not p.terms or not q.terms:
            return total(common, p if p.terms else q)
        # Calls are counted, so they stand in the sum itself.
        calls = Polynomial({m: f for m, f in {**p.terms, **q.terms}.items() if CALLS in m})
        p, q = (Polynomial({m: f for m, f in x.terms.items() if CALLS not in m}) for x in (p, q))
        if not p.terms or not q.terms:
            return total(total(common, calls), p if p.terms else q)
        pair = (p, q) if self._order(p) <= self._order(q) else (q, p)
        atom = self._made(Shape.MOST, pair, 0, max(self.maximum(p), self.maximum(q)))
        if atom.constant() is not None:
            atom = greatest(p, q)
        return total(total(common, calls), atom)

    def _made(self, shape: Shape, parts: tuple[Polynomial, ...], by: int, most: int) -> Polynomial:
        """An atom of polynomials, or its greatest value if it would be too heavy."""
        weight = 1 + sum(map(self.weight, parts))
        if weight > BOUND_ATOM_WEIGHT_MAX or self.is_spent:
            return number(most)
        heads = frozenset().union(*(self.atoms[atom].heads for part in parts for m in part.terms for atom in m))
        return self._atom((shape, parts, by), lambda: Atom(shape, parts, by, greatest=most, weight=weight, heads=heads))

    def _atom(self, key: tuple[Any, ...], make: Callable[[], Atom]) -> Polynomial:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.atoms)
            self.atoms.append(make())
        return Polynomial({(known,): 1})

    # Questions.

    def weight(self, p: Polynomial) -> int:
        """How much there is to a polynomial, what its atoms are made of included."""
        self.spend(len(p.terms))
        return len(p.terms) + sum(self.atoms[atom].weight for monomial in p.terms for atom in monomial)

    def heads(self, p: Polynomial) -> set[int]:
        """The loop heads that a polynomial hangs on."""
        return {head for monomial in p.terms for atom in monomial for head in self.atoms[atom].heads}

    def maximum(self, p: Polynomial) -> int:
        """No less than p, whatever its atoms are; calls of others count for nothing."""
        self.spend(len(p.terms))
        whole = 0
        for monomial, factor in p.terms.items():
            if factor > 0 or not monomial:
                whole += factor * prod(self.atoms[atom].greatest for atom in monomial)
        return whole

    def calls(self, p: Polynomial) -> int:
        """The greatest number of calls of others in p."""
        counts = {m[1:]: factor for m, factor in p.terms.items() if m and m[0] == CALLS}
        return self.maximum(Polynomial(counts))

    def covers(self, p: Polynomial, q: Polynomial) -> bool:
        """Whether it is plain to see that p is never less than q."""
        return difference(p, q).is_growing()

    # Keeping to limits.

    def fit(self, p: Polynomial) -> Polynomial:
        """p, or something greater that is no longer than the limits allow."""
        if len(p.terms) <= BOUND_TERMS_MAX and self.weight(p) <= BOUND_TERMS_MAX * BOUND_ATOM_WEIGHT_MAX and not self.is_spent:
            return p
        return self._collapsed(p)

    def _collapsed(self, p: Polynomial) -> Polynomial:
        """The greatest value of p, and of the number of calls in it."""
        calls = self.calls(p)
        rest = number(self.maximum(p))
        return total(rest, Polynomial({(CALLS,): calls})) if calls else rest

    def join(self, p: Polynomial, q: Polynomial) -> Polynomial:
        """No less than two polynomials without negative coefficients, and within limits."""
        if p.key == q.key:
            return p
        return self.fit(self.most(p, q))

    # Replacing atoms.

    def upper(self, p: Polynomial, resolve: Resolve) -> Polynomial:
        """No less than p, with every atom replaced of which `resolve` knows the ends."""
        whole = ZERO
        for monomial, factor in p.terms.items():
            if factor < 0 and len(monomial) > 1:
                continue  # at most 0
            part = number(factor)
            for atom in monomial:
                ends = self._replaced(atom, resolve)
                part = product(part, ends.low if factor < 0 else ends.high)
            self.spend(1 + len(part.terms))
            whole = total(whole, part)
            if self.is_spent:
                return self._collapsed(p)
        return whole

    def _replaced(self, atom: int, resolve: Resolve) -> Ends:
        known = resolve(atom)
        if known is not None:
            return known
        made = self.atoms[atom]
        if not made.parts:
            same = Polynomial({(atom,): 1})
            return Ends(same, same)
        parts = tuple([self.upper(part, resolve) for part in made.parts])
        if parts == made.parts:
            same = Polynomial({(atom,): 1})
            return Ends(same, same)
        match made.shape:
            case Shape.LEAST:
                high = self.clip(parts[0], made.number)
            case Shape.QUOTIENT:
                high = self.quotient(parts[0], made.number)
            case _:
                high = self.most(positive(parts[0]), positive(parts[1]))
        return Ends(ZERO, high)

    # Values and text.

    def evaluate(self, p: Polynomial, arguments: tuple[Any, ...], calls: int = 0) -> int:
        """The value of p for the arguments of a function."""
        known: dict[int, int] = {CALLS: calls}
        return self._evaluate(p, arguments, known)

    def _evaluate(self, p: Polynomial, arguments: tuple[Any, ...], known: dict[int, int]) -> int:
        whole = 0
        for monomial, factor in p.terms.items():
            for atom in monomial:
                if atom not in known:
                    known[atom] = self._value(self.atoms[atom], arguments, known)
            whole += factor * prod(known[atom] for atom in monomial)
        return whole

    def _value(self, atom: Atom, arguments: tuple[Any, ...], known: dict[int, int]) -> int:
        if not atom.parts:
            return _found(atom.shape, arguments, atom.place)
        parts = [self._evaluate(part, arguments, known) for part in atom.parts]
        match atom.shape:
            case Shape.LEAST:
                return min(atom.number, max(0, parts[0]))
            case Shape.QUOTIENT:
                return max(0, -(-parts[0] // atom.number))
        return max(parts)

    def text(self, p: Polynomial) -> str:
        """p as people write it: `812 + 96*len(to)`."""
        if not p.terms:
            return "0"
        written = ""
        for monomial, factor in sorted(p.terms.items(), key=lambda term: (CALLS in term[0], term[1] < 0, _rank(term[0]))):
            atoms = [_power(self._name(atom), monomial.count(atom)) for atom in dict.fromkeys(monomial)]
            if abs(factor) != 1 or not atoms:
                atoms.insert(0, f"{abs(factor):_}")
            sign = (" - " if factor < 0 else " + ") if written else ("-" if factor < 0 else "")
            written += sign + "*".join(atoms)
        return written

    def _name(self, atom: int) -> str:
        made = self.atoms[atom]
        match made.shape:
            case Shape.LENGTH:
                return f"len({made.name})"
            case Shape.LEAST:
                inner = self._not_negative(made.parts[0])
                return inner if self.maximum(made.parts[0]) <= made.number else f"min({made.number:_}, {inner})"
            case Shape.QUOTIENT:
                return f"ceil(({self._not_negative(made.parts[0])}) / {made.number:_})"
            case Shape.MOST:
                return f"max({', '.join(map(self.text, made.parts))})"
        return made.name

    def _not_negative(self, p: Polynomial) -> str:
        return self.text(p) if p.is_growing() else f"max(0, {self.text(p)})"

    def _order(self, p: Polynomial) -> list[tuple[Any, ...]]:
        return sorted((_rank(monomial), factor) for monomial, factor in p.terms.items())


def _found(shape: Shape, whole: Any, place: tuple[int, ...]) -> int:
    """The length or value at a place; 0 where nothing is: in an empty list, in an option that is none."""
    for depth, position in enumerate(place, 1):
        if position == EACH:
            return max((_found(shape, element, place[depth:]) for element in whole), default=0)
        if position >= len(whole):
            return 0
        whole = whole[position]
    return length(whole) if shape is Shape.LENGTH else int(whole)


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"


def _rank(monomial: Monomial) -> tuple[int, Iterable[int]]:
    """Short products first, then as their atoms were first met."""
    return len(monomial), monomial
