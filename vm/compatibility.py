"""Whether a function of one contract is what another contract expects to find."""

from __future__ import annotations

from enum import IntEnum

from vm.state import Contract
from vm.types import Amount, Coin, Enum, List, Option, Struct, Type, is_subtype, labels, parts


class Fit(IntEnum):
    """How well a signature fits, the worst first."""

    NO = 0
    OTHER_CURRENCY = 1  # it would, were it not for a currency
    YES = 2


def fit(caller: Contract, external: int, callee: Contract, function: int) -> Fit:
    """Compare what the caller expects with what the callee has; home currencies are resolved on both
    sides.
    """
    expected = caller.verified.module.externals[external]
    found = callee.verified.module.functions[function]
    if len(expected.parameters) != len(found.parameters) or (expected.result is None) != (found.result is None):
        return Fit.NO
    pairs = [(a, caller.home, b, callee.home) for a, (_, b) in zip(expected.parameters, found.parameters, strict=True)]
    if expected.result is not None and found.result is not None:
        pairs.append((found.result, callee.home, expected.result, caller.home))
    worst = Fit.YES
    for a, home_a, b, home_b in pairs:
        worst = min(worst, _match(a, home_a, b, home_b, exact=False))
        if worst is Fit.NO:
            break
    return worst


def _match(a: Type, home_a: str, b: Type, home_b: str, *, exact: bool) -> Fit:
    """Whether values of `a` are values of `b`, or the types are equal if `exact`. It ends at the first difference
    but of currency, so that it is no more work than the smaller of the two.
    """
    match a, b:
        case (Amount(x), Amount(y)) | (Coin(x), Coin(y)):
            return Fit.YES if (x or home_a) == (y or home_b) else Fit.OTHER_CURRENCY
        case List(x, m), List(y, n):
            return _match(x, home_a, y, home_b, exact=exact) if m == n or (m < n and not exact) else Fit.NO
        case Option(x), Option(y):
            return _match(x, home_a, y, home_b, exact=exact)
        case (Struct(), Struct()) | (Enum(), Enum()):
            exact = True  # they are known by their names
    if type(a) is not type(b) or labels(a) != labels(b) or len(parts(a)) != len(parts(b)):
        return Fit.NO
    if not parts(a):
        return Fit.YES if a == b or (not exact and is_subtype(a, b)) else Fit.NO
    worst = Fit.YES
    for x, y in zip(parts(a), parts(b), strict=True):
        worst = min(worst, _match(x, home_a, y, home_b, exact=exact))
        if worst is Fit.NO:
            break
    return worst
