"""What the verifier knows of the types of one module, worked out once each.

Types may be large and stand in every instruction, so answers are remembered by the identity of the type; what an answer
hangs on is kept alive with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from vm.pricing import Price, Scale, instruction_price, static_price
from vm.types import Option, Type, encoded_max, is_plain, is_subtype, nodes


class Facts:
    """Answers about types, and about prices that follow from them."""

    def __init__(self) -> None:
        self._kept: list[Type | None] = []
        self._plain: dict[int, bool] = {}
        self._subtypes: dict[tuple[int, int], bool] = {}
        self._options: dict[int, Option] = {}
        self._encoded: dict[int, int] = {}
        self._scales: dict[int, Scale] = {}
        self._prices: dict[tuple[int, int, int, int, int], Price] = {}
        self._events: dict[int, Price] = {}
        self._signatures: dict[int, int] = {}

    def plain(self, kind: Type) -> bool:
        """`is_plain`; what is a value and not plain is linear."""
        known = self._plain.get(id(kind))
        if known is None:
            self._kept.append(kind)
            known = self._plain[id(kind)] = is_plain(kind)
        return known

    def subtype(self, kind: Type, of: Type) -> bool:
        """`is_subtype`."""
        if kind is of:
            return True
        pair = (id(kind), id(of))
        known = self._subtypes.get(pair)
        if known is None:
            self._kept += (kind, of)
            known = self._subtypes[pair] = is_subtype(kind, of)
        return known

    def option_of(self, element: Type) -> Option:
        """One object for each option that instructions make of a type."""
        known = self._options.get(id(element))
        if known is None:
            known = self._options[id(element)] = Option(element)
        return known

    def encoded_max(self, kind: Type) -> int:
        """`encoded_max`."""
        known = self._encoded.get(id(kind))
        if known is None:
            self._kept.append(kind)
            known = self._encoded[id(kind)] = encoded_max(kind)
        return known

    def scale(self, kind: Type) -> Scale:
        """`Scale.of`."""
        known = self._scales.get(id(kind))
        if known is None:
            self._kept.append(kind)
            known = self._scales[id(kind)] = Scale.of(kind)
        return known

    def price(self, code: int, kind: Type | None, key: Type | None, value: Type | None, rounding: int) -> Price:
        """`instruction_price`."""
        place = (code, id(kind), id(key), id(value), rounding)
        known = self._prices.get(place)
        if known is None:
            self._kept += (kind, key, value)
            known = self._prices[place] = instruction_price(code, kind, key, value, rounding)
        return known

    def event_price(self, event: int, kinds: tuple[Type, ...]) -> Price:
        """The same for the fields of an event of the module."""
        known = self._events.get(event)
        if known is None:
            known = self._events[event] = static_price([("event", kind) for kind in kinds])
        return known

    def signature_nodes(self, external: int, kinds: Iterable[Type]) -> int:
        """How many types, parts included, the signature of an external has."""
        known = self._signatures.get(external)
        if known is None:
            known = self._signatures[external] = sum(map(nodes, kinds))
        return known
