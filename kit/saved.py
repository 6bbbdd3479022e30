"""A transaction was written to a file instead of being sent."""

from __future__ import annotations


class Saved(Exception):
    """Ends a command that would have sent a transaction; `file` has it."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file
