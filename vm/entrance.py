"""What has to be known of a function to enter it from outside, worked out once for each module."""

from __future__ import annotations

from typing import NamedTuple

from vm.module import Function, Kind
from vm.types import Coin, Option, Tuple, Type, is_plain
from vm.verifier import Verified, once


class Entrance(NamedTuple):
    """A function from outside: its place, how many parameters it has and in which phases it runs (a mask, None for any),
    which of its parameters are coins of which currency (None is the home currency), whether its result holds coins.
    """

    function: int
    arity: int
    phases: int | None
    coins: tuple[tuple[int, str | None], ...]
    is_public: bool
    guarded: bool  # by phases, or by the currency of coins
    pays_out: bool


@once
def entrances(verified: Verified) -> tuple[Entrance, ...]:
    """The entrances of a module, one for each function, in order."""
    return tuple([_entrance(place, function) for place, function in enumerate(verified.module.functions)])


def _entrance(place: int, function: Function) -> Entrance:
    kinds: list[Type] = [kind for _, kind in function.parameters]
    coins = tuple([(n, kind.currency) for n, kind in enumerate(kinds) if isinstance(kind, Coin)])
    return Entrance(
        function=place,
        arity=len(kinds),
        phases=function.phases,
        coins=coins,
        is_public=function.kind == Kind.PUBLIC,
        guarded=function.phases is not None or bool(coins),
        pays_out=function.result is not None and not is_plain(function.result) and _has_coin(function.result),
    )


def _has_coin(kind: Type) -> bool:
    match kind:
        case Coin():
            return True
        case Option(element):
            return _has_coin(element)
        case Tuple(items):
            return any(map(_has_coin, items))
    return False
