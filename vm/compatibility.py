"""Whether a function of one contract is what another contract expects to find."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, TypeAlias

from cachetools import LRUCache

from vm.state import Contract
from vm.types import Amount, Coin, Enum, List, Option, Struct, Tuple, Type, is_subtype, labels, parts


class Fit(IntEnum):
    """How well a signature fits, the worst first."""

    NO = 0
    OTHER_CURRENCY = 1  # it would, were it not for a currency
    YES = 2


FITS_MAX: Final = 4_096
"""Comparisons that are remembered: of contracts that call each other at present."""

_Key: TypeAlias = tuple[bytes, str, int, bytes, str, int]
_FITS: Final[LRUCache[_Key, Fit]] = LRUCache(FITS_MAX)


def fit(caller: Contract, external: int, callee: Contract, function: int) -> Fit:
    """Compare what the caller expects with what the callee has; home currencies are resolved on both
    sides.
    """
    key = caller.verified.code_hash, caller.home, external, callee.verified.code_hash, callee.home, function
    known = _FITS.get(key)
    if known is None:
        known = _FITS[key] = compare(caller, external, callee, function)
    return known


def compare(caller: Contract, external: int, callee: Contract, function: int) -> Fit:
    """The same, every time anew."""
    expected = caller.verified.module.externals[external]
    found = callee.verified.module.functions[function]
    if len(expected.parameters) != len(found.parameters) or (expected.result is None) != (found.result is None):
        return Fit.NO
    pairs = [(a, caller.home, b, callee.home) for a, (_, b) in zip(expected.parameters, found.parameters, strict=True)]
    if expected.result is not None and found.result is not None:
        pairs.append((found.result, callee.home, expected.result, caller.home))
    return _worst(pairs, False, {})


Pair: TypeAlias = tuple[Type, str, Type, str]


def _worst(pairs: Iterable[Pair], exact: bool, known: dict[tuple[int, int, str, bool], Fit]) -> Fit:
    """The worst of the pairs, up to the first that does not fit. The same two types are compared once."""
    worst = Fit.YES
    for pair in pairs:
        a, home, b, _ = pair
        place = id(a), id(b), home, exact
        found = known.get(place)
        if found is None:
            found = known[place] = _match(pair, exact, known)
        if found is Fit.NO:
            return Fit.NO
        worst = min(worst, found)
    return worst


def _match(pair: Pair, exact: bool, known: dict[tuple[int, int, str, bool], Fit]) -> Fit:
    """Whether values of the one type are values of the other, or the types are equal if `exact`. No more work than
    the smaller of the two.
    """
    a, home_a, b, home_b = pair
    match a, b:
        case (Amount(x), Amount(y)) | (Coin(x), Coin(y)):
            return Fit.YES if (x or home_a) == (y or home_b) else Fit.OTHER_CURRENCY
        case List(_, m), List(_, n):
            fits = m == n or (m < n and not exact)
        case (Struct(), Struct()) | (Enum(), Enum()):
            fits, exact = labels(a) == labels(b), True  # they are known by their names
        case (Option(), Option()) | (Tuple(), Tuple()):
            fits = True
        case _:
            return Fit.YES if a == b or (not exact and is_subtype(a, b)) else Fit.NO
    parts_a, parts_b = parts(a), parts(b)
    if not fits or len(parts_a) != len(parts_b):
        return Fit.NO
    return _worst(((x, home_a, y, home_b) for x, y in zip(parts_a, parts_b, strict=True)), exact, known)
