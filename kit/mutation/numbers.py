"""Numbers one off, as a text may say them."""

from __future__ import annotations

from collections.abc import Iterator

from lang import ast
from lang.types import MILLISECONDS


def constants(node: ast.Number) -> Iterator[str]:
    """A written number one more, one less, and zero: one in its last written place, for durations one millisecond."""
    places = len(node.decimals or "")
    units = int(node.digits + (node.decimals or ""))
    unit = f" {node.unit}" if node.unit is not None else ""
    if node.unit in MILLISECONDS and node.unit != "ms":
        written = f"{_written(units, places)}{unit}"
        yield f"({written} + 1 ms)"
        if units:
            yield f"({written} - 1 ms)"
    else:
        yield f"{_written(units + 1, places)}{unit}"
        if units:
            yield f"{_written(units - 1, places)}{unit}"
    if units > 1 or (units and node.unit in MILLISECONDS):
        yield f"0{unit}"


def _written(units: int, places: int) -> str:
    text = str(units).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text
