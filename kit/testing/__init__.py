"""Contract tests: `test` blocks run on the real machine, each in a world of its own."""

from kit.testing.options import Options
from kit.testing.runner import run

__all__ = ["Options", "run"]
