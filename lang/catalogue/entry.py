"""One entry of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code means. `wrong` is a whole file that gets the finding, `right` the same file without it."""

    title: str
    explanation: str
    wrong: str
    right: str
