"""The rows of a test with a table of cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.testing.world import World
from lang.check import CheckedTest


def rows_of(test: CheckedTest, world: World) -> Iterator[tuple[dict[str, Any], str]]:
    """For each row the values of the columns by name, and how people read them: `(amount=1.00 CNY, ok=true)`."""
    assert test.declaration.rows is not None
    for row in world.value(test.declaration.rows):
        values = row if len(test.columns) > 1 else (row,)
        shown = ", ".join(
            f"{column.name}={world.show(value, column.type)}" for column, value in zip(test.columns, values, strict=True)
        )
        yield {column.name: value for column, value in zip(test.columns, values, strict=True)}, f"({shown})"
