"""What holds in every test: no call uses more gas than the static bound of its function."""

from __future__ import annotations

import bound_watch
import pytest

from chain.state import tree

bound_watch.install()

COMPILED = not str(tree.__file__).endswith(".py")
"""Whether the installation that is tested has its hot modules compiled (docs/architecture.md)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot be done to compiled modules."""
    for item in items:
        if COMPILED and item.get_closest_marker("interpreted"):
            item.add_marker(pytest.mark.skip(reason="its modules are compiled"))
