"""Numbers for Prometheus: counters, gauges and histograms, and the text in which they are told.

The format is version 0.0.4 of https://prometheus.io/docs/instrumenting/exposition_formats. Counting is a dictionary's work, so
that it costs nothing that shows. Each number is changed by one thread; others may read it at any time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]
Sample = tuple[str, Labels, float]
"""What follows the name (`_total` is part of that), the values of the labels, the number."""


class Counter:
    """What only grows. Its name ends in `_total`."""

    kind = "counter"

    def __init__(self, name: str, says: str, *labels: str) -> None:
        self.name, self.says, self.labels = name, says, labels
        self._values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, number: float = 1, *values: str) -> None:
        """Count so many more, for these values of the labels."""
        self._values[values] = self._values.get(values, 0) + number

    def value(self, *values: str) -> float:
        """What was counted."""
        return self._values.get(values, 0)

    def samples(self) -> Iterator[Sample]:
        """See `Sample`."""
        for values, number in sorted(self._values.items()):
            yield "", values, number

    def take(self) -> Any:
        """What was counted since the last call, which another process adds to its own."""
        taken = [[list(values), number] for values, number in self._values.items() if number]
        self._values = {} if self.labels else {(): 0}
        return taken

    def merge(self, taken: Any) -> None:
        """Add what another process has taken."""
        for values, number in taken:
            self.add(number, *values)


class Gauge:
    """What goes up and down, asked for when it is told. One with labels gives a number for each of their values."""

    kind = "gauge"

    def __init__(
        self, name: str, says: str, ask: Callable[[], float | Mapping[Labels, float] | None], *labels: str, kind: str = "gauge"
    ) -> None:
        """`ask` gives None for what is not known at present. `kind` is `counter` for what somebody else counts."""
        self.name, self.says, self.labels, self.kind = name, says, labels, kind
        self._ask = ask

    def samples(self) -> Iterator[Sample]:
        """See `Sample`."""
        found = self._ask()
        if isinstance(found, Mapping):
            yield from (("", values, number) for values, number in sorted(found.items()))
        elif found is not None:
            yield "", (), found


class Histogram:
    """How often what was measured was at most so much, for some bounds."""

    kind = "histogram"

    def __init__(self, name: str, says: str, bounds: Sequence[float], *labels: str) -> None:
        self.name, self.says, self.labels = name, says, labels
        self._bounds = tuple(bounds)
        self._values: dict[Labels, list[float]] = {} if labels else {(): self._nothing()}

    def observe(self, number: float, *values: str) -> None:
        """Enter one measurement."""
        found = self._values.get(values)
        if found is None:
            found = self._values[values] = self._nothing()
        found[bisect_left(self._bounds, number)] += 1
        found[-1] += number

    def samples(self) -> Iterator[Sample]:
        """See `Sample`; the label `le` comes last."""
        for values, found in sorted(self._values.items()):
            *counts, total = list(found)
            so_far = 0.0
            for bound, count in zip((*map(_number, self._bounds), "+Inf"), counts, strict=True):
                so_far += count
                yield "_bucket", (*values, bound), so_far
            yield "_sum", values, total
            yield "_count", values, so_far

    def take(self) -> Any:
        """See `Counter`."""
        taken = [[list(values), found] for values, found in self._values.items() if any(found)]
        self._values = {} if self.labels else {(): self._nothing()}
        return taken

    def merge(self, taken: Any) -> None:
        """See `Counter`."""
        for values, more in taken:
            found = self._values.setdefault(tuple(values), self._nothing())
            for place, number in enumerate(more):
                found[place] += number

    def _nothing(self) -> list[float]:
        """A count for each bound and for what is beyond all, and the sum."""
        return [0] * (len(self._bounds) + 1) + [0.0]


Metric = Counter | Gauge | Histogram


def tell(metrics: Iterable[Metric]) -> str:
    """The numbers as Prometheus reads them."""
    lines: list[str] = []
    for metric in metrics:
        lines.append(f"# HELP {metric.name} {_escaped(metric.says)}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        for suffix, values, number in metric.samples():
            names = (*metric.labels, "le") if suffix == "_bucket" else metric.labels
            pairs = ",".join(f'{name}="{_quoted(value)}"' for name, value in zip(names, values, strict=True))
            lines.append(f"{metric.name}{suffix}{f'{{{pairs}}}' if pairs else ''} {_number(number)}")
    return "\n".join(lines) + "\n"


def read(text: str) -> dict[tuple[str, Labels], float]:
    """What `tell` has told: numbers by name and the values of the labels, as far as those have no quotes in them. Raises
    `ValueError`.
    """
    found: dict[tuple[str, Labels], float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            left, _, number = line.rpartition(" ")
            name, _, labels = left.partition("{")
            found[name, tuple(labels.split('"')[1::2])] = float(number)
    return found


def _number(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(float(number))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
