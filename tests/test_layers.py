"""The house has floors: imports run one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("vm", "lang", "chain", "kit")
MAY_IMPORT = {"vm": {"vm"}, "lang": {"lang", "vm"}, "chain": {"chain", "vm"}, "kit": {"kit", "chain", "lang", "vm"}}
ROOMS = ("primitives", "state", "currency", "ledger", "node")
"""The rooms of the ledger, from the ground up. The client stands beside them, on `primitives` alone."""


def _modules() -> list[Path]:
    """All of them but those that begin somebody else's project."""
    template = ROOT / "kit" / "template"
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if not path.is_relative_to(template))


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, by its full name, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_imports_stay_on_their_floor_or_go_below(path: Path) -> None:
    """vm imports nothing of ours, lang and chain import vm, kit may import all, and nobody imports kit."""
    floor = path.relative_to(ROOT).parts[0]
    for module, line in _imports(path):
        top = module.partition(".")[0]
        if top in FLOORS or top in ("contracts", "tael", "tests"):
            assert top in MAY_IMPORT[floor], f"{path}:{line}: {floor} imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "chain").rglob("*.py")), ids=_name)
def test_rooms_of_the_ledger_import_downwards(path: Path) -> None:
    """primitives < state < currency < ledger < node; the client knows only primitives."""
    parts = path.relative_to(ROOT).parts
    if len(parts) < 3:
        return
    room = parts[1]
    allowed = {"client", "primitives"} if room == "client" else set(ROOMS[: ROOMS.index(room) + 1])
    for module, line in _imports(path):
        names = module.split(".")
        if names[0] == "chain" and len(names) > 1:
            assert names[1] in allowed, f"{path}:{line}: chain.{room} imports {module}"


def test_every_floor_has_modules() -> None:
    """The checks above look at something."""
    for floor in FLOORS:
        assert any((ROOT / floor).rglob("*.py")), floor


def test_the_machine_knows_no_files_clocks_or_networks() -> None:
    """The machine gets what it needs from the world through its host."""
    worldly = {"os", "pathlib", "socket", "time", "datetime", "random", "secrets", "asyncio", "threading", "subprocess"}
    for path in sorted((ROOT / "vm").rglob("*.py")):
        for module, line in _imports(path):
            assert module.partition(".")[0] not in worldly, f"{path}:{line}: vm imports {module}"


def test_blocks_are_applied_without_clock_network_or_disk() -> None:
    """`apply_block` and what it is made of are pure."""
    worldly = {"os", "pathlib", "socket", "time", "datetime", "random", "secrets", "asyncio", "threading", "lmdb"}
    for room in ("currency", "ledger"):
        for path in sorted((ROOT / "chain" / room).rglob("*.py")):
            for module, line in _imports(path):
                assert module.partition(".")[0] not in worldly, f"{path}:{line}: imports {module}"
