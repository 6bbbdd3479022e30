"""What the Python of a function is made of: values by their text, slots of state, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from vm.intervals import OPPOSITE, Interval

PHASE_NAME: Final = "h"
PLAIN_NAMES: Final = ("c", "gas", PHASE_NAME, "m", "n", "q", "w", "x", "y")
NUMBERED: Final = "abdefklnprstv"
"""First letters of numbered names: heads of events, what slots held, doors, error names, functions, constants, locals, names of
resources, positions and passes of loops, stack places, types, slots of fields.
"""

Place: TypeAlias = tuple[tuple[int, int], ...]
"""Where a line comes from: function and position of its instruction, behind those of the functions that it was written into."""


class Generated(NamedTuple):
    """The Python of one function, for each of its lines the place it comes from, the numbered names that it uses with what they
    stand for, and the functions of the module that it calls.
    """

    source: str
    places: tuple[Place, ...]
    names: dict[str, Any]
    calls: frozenset[int] = frozenset()


class Condition(NamedTuple):
    """A comparison of two numbers, which of them are locals, and what they can be."""

    relation: str
    a: Value
    b: Value

    def opposite(self) -> Condition:
        """What holds where this does not."""
        return Condition(OPPOSITE[self.relation], self.a, self.b)


class Value(NamedTuple):
    """What lies in a place of the stack: its Python, what it can be if it is a number, the local it is, the comparison it is."""

    text: str
    span: Interval | None = None
    local: int = -1
    condition: Condition | None = None

    @property
    def stays(self) -> bool:
        """Whether its Python stands for the same value until a local is assigned."""
        return self.local >= 0 or self.text.startswith("m[")

    @property
    def is_constant(self) -> bool:
        """Whether it is the same wherever it is written."""
        return self.text[0] in "k(0123456789" or self.text in ("True", "False")


class Slot(NamedTuple):
    """A slot of state: what holds the slots of its field, and what stands for its key there."""

    table: str
    token: str

    @property
    def stays(self) -> bool:
        """Whether its Python stands for the same slot until a local is assigned."""
        return self.token == "None" or self.token[0] == "l" or Value(self.token).stays or Value(self.token).is_constant

    @property
    def text(self) -> str:
        """Its Python."""
        return f"{self.table}[{self.token}]"


def tuple_of(parts: Sequence[str]) -> str:
    """A tuple of these."""
    return f"({', '.join(parts)},)" if len(parts) == 1 else f"({', '.join(parts)})"


def number(value: int) -> str:
    """An integer that binds as tightly as a name."""
    return str(value) if value >= 0 else f"({value})"
