"""The chooser of many cases: typed, quick, and the same for a seed wherever it runs.

Of the numbers a third are edges (of the type, of what `where` says, and the dictionary's: what the file has in it), a third have
a size chosen first and then a value of that size, a third are any. Some cases are an earlier one that showed something new, with
one value changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any, TypeAlias

from vm import types as vm

Chooser: TypeAlias = Callable[[], Any]

CORPUS_MAX = 64  # cases that showed something new and are changed into others
EDGES_MAX = 256  # values of the dictionary that one parameter is given
_LETTERS = "aZ0 _-.\x00é中🙂"
_ADDRESSES = (bytes(vm.ADDRESS_BYTES), bytes([1]) * vm.ADDRESS_BYTES, b"\xff" * vm.ADDRESS_BYTES)


class Dictionary:
    """Values worth trying: numbers and byte strings from the code of a file, and from what its tests have seen."""

    def __init__(self) -> None:
        self.numbers: dict[int, None] = {}
        self.strings: dict[bytes | str, None] = {}

    def add(self, value: Any) -> None:
        """Note a value, and what is in it."""
        waiting = [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, bool):
                continue
            if isinstance(found, int) and len(self.numbers) < EDGES_MAX:
                self.numbers[found] = None
            elif isinstance(found, bytes | str) and len(self.strings) < EDGES_MAX:
                self.strings[found] = None
            elif isinstance(found, tuple | list):
                waiting += found


class Bulk:
    """Chooses the cases of one test, by a seed and the test's name."""

    def __init__(
        self,
        kinds: Sequence[vm.Type],
        bounds: Mapping[int, tuple[int, int]],
        dictionary: Dictionary,
        *,
        name: str,
        seed: int,
    ) -> None:
        """`bounds` are those that `where` gives to a parameter, by its place."""
        self._random = Random(int.from_bytes(sha256(f"{seed}:{name}".encode()).digest()))
        self._dictionary = dictionary
        self._choosers = [
            self._number(*bounds[place]) if place in bounds else self.chooser(kind) for place, kind in enumerate(kinds)
        ]
        self._corpus: list[list[Any]] = []
        self._seen: set[object] = set()

    def case(self) -> list[Any]:
        """The next case: a value for each parameter."""
        corpus = self._corpus
        if len(corpus) > 1 and self._random.random() < 0.3:
            case = corpus[int(self._random.random() * len(corpus))].copy()
            place = int(self._random.random() * len(case))
            case[place] = self._choosers[place]()
            return case
        return [choose() for choose in self._choosers]

    def learn(self, case: Sequence[Any], signal: object) -> None:
        """Note what a case showed; if no other has shown it, it is changed into others from now on."""
        if signal not in self._seen and len(self._corpus) < CORPUS_MAX:
            self._seen.add(signal)
            self._corpus.append(list(case))

    def chooser(self, kind: vm.Type) -> Chooser:
        """What chooses values of a type."""
        random = self._random.random
        match kind:
            case vm.Bool():
                return lambda: random() < 0.5
            case vm.Int() | vm.Amount():
                return self._number(*vm.bounds(kind))
            case vm.Address():
                return self._address
            case vm.Text(most):
                return lambda: self._text(most)
            case vm.Bytes(most):
                return lambda: self._bytes(most)
            case vm.List(element, most):
                one = self.chooser(element)
                return lambda: tuple([one() for _ in range(self._length(most))])
            case vm.Option(element):
                inner = self.chooser(element)
                return lambda: (1, inner()) if random() < 0.75 else (0,)
            case vm.Tuple(items):
                return self._several([self.chooser(item) for item in items])
            case vm.Struct(_, fields):
                return self._several([self.chooser(item) for _, item in fields])
            case vm.Enum(_, variants):
                payloads = [self._several([self.chooser(item) for _, item in payload]) for _, payload in variants]
                return lambda: self._variant(payloads)
        raise AssertionError(kind)

    def _several(self, choosers: Sequence[Chooser]) -> Callable[[], tuple[Any, ...]]:
        return lambda: tuple([choose() for choose in choosers])

    def _variant(self, payloads: Sequence[Callable[[], tuple[Any, ...]]]) -> tuple[Any, ...]:
        tag = int(self._random.random() * len(payloads))
        return (tag, *payloads[tag]())

    def _number(self, low: int, high: int) -> Callable[[], int]:
        random, bits = self._random.random, self._random.getrandbits
        near = [n + d for n in self._dictionary.numbers for d in (0, 1, -1)]
        edges = list(dict.fromkeys(n for n in (low, high, low + 1, high - 1, 0, 1, *near) if low <= n <= high))
        span = high - low + 1
        width = span.bit_length()
        count = len(edges)

        def choose() -> int:
            how = random()
            if how < 0.3:
                return edges[int(random() * count)]
            if how < 0.65:
                return low + bits(1 + int(random() * width)) % span
            return low + bits(width + 8) % span

        return choose

    def _length(self, most: int) -> int:
        how = self._random.random()
        if how < 0.1:
            return 0
        if how < 0.15:
            return most
        return min(most, 1 + int(self._random.random() ** 3 * most))

    def _address(self) -> bytes:
        if self._random.random() < 0.2:
            return _ADDRESSES[int(self._random.random() * len(_ADDRESSES))]
        return self._random.getrandbits(8 * vm.ADDRESS_BYTES).to_bytes(vm.ADDRESS_BYTES)

    def _bytes(self, most: int) -> bytes:
        known = [s for s in self._dictionary.strings if isinstance(s, bytes) and len(s) <= most]
        if known and self._random.random() < 0.2:
            return known[int(self._random.random() * len(known))]
        length = self._length(most)
        return self._random.getrandbits(8 * length).to_bytes(length) if length else b""

    def _text(self, most: int) -> str:
        known = [s for s in self._dictionary.strings if isinstance(s, str) and len(s.encode()) <= most]
        if known and self._random.random() < 0.2:
            return known[int(self._random.random() * len(known))]
        made = "".join(_LETTERS[int(self._random.random() * len(_LETTERS))] for _ in range(self._length(most)))
        return made.encode()[:most].decode("utf-8", "ignore")
