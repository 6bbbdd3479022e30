"""Whether a function of one contract is what another contract expects to find."""

from __future__ import annotations

from enum import Enum as PythonEnum

from vm.state import Contract
from vm.types import Amount, Coin, Enum, List, Option, Struct, Tuple, Type, is_subtype


class Fit(PythonEnum):
    """How well a signature fits."""

    YES = "yes"
    OTHER_CURRENCY = "other currency"  # it would, were it not for a currency
    NO = "no"


def fit(caller: Contract, external: int, callee: Contract, function: int) -> Fit:
    """Compare what the caller expects with what the callee has; home currencies are resolved on both
    sides.
    """
    expected = caller.verified.module.externals[external]
    found = callee.verified.module.functions[function]
    if len(expected.parameters) != len(found.parameters) or (expected.result is None) != (
        found.result is None
    ):
        return Fit.NO
    pairs = [
        (a, caller.home, b, callee.home)
        for a, (_, b) in zip(expected.parameters, found.parameters, strict=True)
    ]
    if expected.result is not None and found.result is not None:
        pairs.append((found.result, callee.home, expected.result, caller.home))
    if caller.home == callee.home and all(is_subtype(a, b) for a, _, b, _ in pairs):
        return Fit.YES
    if not all(is_subtype(in_currency(a, None), in_currency(b, None)) for a, _, b, _ in pairs):
        return Fit.NO
    if all(is_subtype(in_currency(a, home_a), in_currency(b, home_b)) for a, home_a, b, home_b in pairs):
        return Fit.YES
    return Fit.OTHER_CURRENCY


def in_currency(kind: Type, home: str | None) -> Type:
    """The type with the home currency written out, or, for None, with all currencies struck out."""
    match kind:
        case Amount(currency):
            return Amount(home and (currency or home))
        case Coin(currency):
            return Coin(home and (currency or home))
        case List(element, most):
            return List(in_currency(element, home), most)
        case Option(element):
            return Option(in_currency(element, home))
        case Tuple(items):
            return Tuple(tuple([in_currency(item, home) for item in items]))
        case Struct(name, fields):
            return Struct(name, _fields_in_currency(fields, home))
        case Enum(name, variants):
            return Enum(
                name, tuple([(variant, _fields_in_currency(payload, home)) for variant, payload in variants])
            )
    return kind


def _fields_in_currency(
    fields: tuple[tuple[str, Type], ...], home: str | None
) -> tuple[tuple[str, Type], ...]:
    return tuple([(name, in_currency(kind, home)) for name, kind in fields])
