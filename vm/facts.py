"""What the verifier knows of the types of one module, worked out once each.

Types share their parts, may be large and stand in every instruction. So answers are remembered by the identity of the type, an
answer for a whole is made of those for its parts, and what an answer hangs on is kept alive with it. However types are
shared, each is looked into once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from vm.pricing import Measure, Price, Scale, instruction_price, measure, price_of_type, static_price
from vm.types import Option, Type, encoded_max, has_resource, is_plain, is_subtype, nodes, size_max

Answer = TypeVar("Answer")


class Facts:
    """Answers about types, and about prices that follow from them."""

    def __init__(self) -> None:
        self._kept: list[Type | None] = []
        self._plain: dict[int, bool] = {}
        self._resources: dict[int, bool] = {}
        self._subtypes: dict[tuple[int, int], bool] = {}
        self._options: dict[int, Option] = {}
        self._encoded: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._measures: dict[int, Measure] = {}
        self._works: dict[tuple[str, int], Price] = {}
        self._nodes: dict[int, int] = {}
        self._scales: dict[int, Scale] = {}
        self._prices: dict[tuple[int, int, int, int, int], Price] = {}
        self._events: dict[int, Price] = {}
        self._signatures: dict[int, int] = {}

    def _ask(
        self,
        known: dict[int, Answer],
        kind: Type,
        question: Callable[[Type, Callable[[Type], Answer]], Answer],
        within: Callable[[Type], Answer],
    ) -> Answer:
        self._kept.append(kind)
        answer = known[id(kind)] = question(kind, within)
        return answer

    def plain(self, kind: Type) -> bool:
        """`is_plain`; what is a value and not plain is linear."""
        known = self._plain.get(id(kind))
        return self._ask(self._plain, kind, is_plain, self.plain) if known is None else known

    def has_resource(self, kind: Type) -> bool:
        """`has_resource`."""
        known = self._resources.get(id(kind))
        return self._ask(self._resources, kind, has_resource, self.has_resource) if known is None else known

    def encoded_max(self, kind: Type) -> int:
        """`encoded_max`."""
        known = self._encoded.get(id(kind))
        return self._ask(self._encoded, kind, encoded_max, self.encoded_max) if known is None else known

    def size_max(self, kind: Type) -> int:
        """`size_max`."""
        known = self._sizes.get(id(kind))
        return self._ask(self._sizes, kind, size_max, self.size_max) if known is None else known

    def measure(self, kind: Type) -> Measure:
        """`measure`."""
        known = self._measures.get(id(kind))
        return self._ask(self._measures, kind, measure, self.measure) if known is None else known

    def price_of(self, work: str, kind: Type) -> Price:
        """`price_of_type`."""
        place = work, id(kind)
        known = self._works.get(place)
        if known is None:
            self._kept.append(kind)
            known = self._works[place] = price_of_type(work, kind, self.measure(kind))
        return known

    def nodes(self, kind: Type) -> int:
        """`nodes`."""
        known = self._nodes.get(id(kind))
        return self._ask(self._nodes, kind, nodes, self.nodes) if known is None else known

    def subtype(self, kind: Type, of: Type) -> bool:
        """`is_subtype`."""
        if kind is of:
            return True
        pair = (id(kind), id(of))
        known = self._subtypes.get(pair)
        if known is None:
            self._kept += (kind, of)
            known = self._subtypes[pair] = is_subtype(kind, of, self.subtype)
        return known

    def option_of(self, element: Type) -> Option:
        """One object for each option that instructions make of a type."""
        known = self._options.get(id(element))
        if known is None:
            known = self._options[id(element)] = Option(element)
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
            known = self._prices[place] = instruction_price(code, kind, key, value, rounding, self.price_of)
        return known

    def event_price(self, event: int, kinds: tuple[Type, ...]) -> Price:
        """The same for the fields of an event of the module."""
        known = self._events.get(event)
        if known is None:
            known = self._events[event] = static_price([("event", kind) for kind in kinds], self.price_of)
        return known

    def signature_nodes(self, external: int, kinds: Iterable[Type]) -> int:
        """How many types, parts included, the signature of an external has."""
        known = self._signatures.get(external)
        if known is None:
            known = self._signatures[external] = sum(map(self.nodes, kinds))
        return known
