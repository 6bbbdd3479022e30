"""Imports within the ledger go one way only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CHAIN = Path(__file__).parents[2] / "chain"
LAYERS = ("primitives", "state", "currency", "ledger", "node")
CODECS = {"vm.codec", "vm.failure", "vm.illegal", "vm.module", "vm.types", "vm.values"}
FILES = sorted(path for path in CHAIN.rglob("*.py") if path.parent != CHAIN)


def imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CHAIN)))
def test_a_file_imports_only_what_is_below(path: Path) -> None:
    """Its own layer and those before it; the client only primitives and the machine's codecs; nobody lang or
    kit.
    """
    layer = path.parent.name
    for name in imports(path):
        first, *rest = name.split(".")
        assert first not in ("lang", "kit", "tael"), name
        if layer == "client":
            assert first != "vm" or name in CODECS, name
            assert first != "chain" or rest[0] in ("client", "primitives"), name
        elif first == "chain":
            assert rest[0] in LAYERS[: LAYERS.index(layer) + 1], name


@pytest.mark.parametrize("name", ["time", "random", "os", "socket", "datetime", "pathlib", "lmdb", "threading", "secrets"])
def test_the_ledger_has_no_clock_disk_network_or_chance(name: str) -> None:
    """Nothing under `currency` and `ledger` can reach what differs from node to node."""
    for layer in ("currency", "ledger"):
        for path in (CHAIN / layer).glob("*.py"):
            assert name not in {module.split(".")[0] for module in imports(path)}, path
