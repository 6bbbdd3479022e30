"""The house is tidy: what every file promises to its readers."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("vm", "lang", "chain", "kit")
LINE_CHARACTERS_MAX = 130
TEXT_LINE_CHARACTERS_MAX = 200  # prose in Markdown, tables apart
FILE_BYTES_MAX = 300_000
CALLS_NEVER_MADE = {"eval", "exec", "__import__"}
MODULES_NEVER_USED = {"pickle", "marshal", "shelve", "dill"}
UNDECIDED = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$~/])/(?:home|root|Users|work|tmp/wt|mnt)/\w")


def _tracked() -> list[Path]:
    """The files of the repository; in a copy without git, the files of its folders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return [path for name in names if name and (path := ROOT / name).is_file()]
    return [path for folder in (*FLOORS, "tests", "docs") for path in (ROOT / folder).rglob("*") if path.is_file()]


def _source() -> list[Path]:
    return sorted(path for path in _tracked() if path.suffix == ".py")


def _product() -> list[Path]:
    return [path for path in _source() if path.relative_to(ROOT).parts[0] in (*FLOORS, "tael")]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _is_text(path: Path) -> bool:
    return path.suffix in (".py", ".md", ".tael", ".toml", ".lark", ".json", ".yml", "") and path.name != "LICENSE"


@pytest.mark.parametrize("path", _source(), ids=_name)
def test_lines_fit(path: Path) -> None:
    """No line of Python is longer than 130 characters, ends in blanks, or has a tab."""
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        assert len(line) <= LINE_CHARACTERS_MAX, f"{path}:{number}: {len(line)} characters"
        assert line == line.rstrip(), f"{path}:{number}: blanks at the end"
        assert "\t" not in line, f"{path}:{number}: a tab"


def test_nothing_is_left_undecided() -> None:
    """No note to self stands in the repository instead of the thing itself."""
    this = Path(__file__)
    for path in _tracked():
        if _is_text(path) and path != this:
            found = UNDECIDED.search(path.read_text("utf-8"))
            assert found is None, f"{path}: {found[0]}"


def test_no_path_of_a_machine_stands_in_the_repository() -> None:
    """Nothing refers to where somebody happened to work."""
    this = Path(__file__)
    for path in _tracked():
        if _is_text(path) and path != this:
            found = MACHINE_PATH.search(path.read_text("utf-8"))
            assert found is None, f"{path}: {found[0]}…"


def test_files_are_of_a_size_to_be_read() -> None:
    """No file is so large that it must be something generated that could be made instead."""
    for path in _tracked():
        if path.name != "tables.json":  # made from the grammar; its test makes it again and compares
            assert path.stat().st_size <= FILE_BYTES_MAX, f"{path}: {path.stat().st_size} bytes"


@pytest.mark.parametrize("path", _product(), ids=_name)
def test_text_never_becomes_code(path: Path) -> None:
    """The product calls no eval and no exec and loads no pickles."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS_NEVER_MADE, f"{path}:{node.lineno}: {node.func.id}("
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                assert name.partition(".")[0] not in MODULES_NEVER_USED, f"{path}:{node.lineno}: {name}"


def _public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def _overrides(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Name) and d.id in ("override", "overload") for d in getattr(node, "decorator_list", []))


@pytest.mark.parametrize("path", _product(), ids=_name)
def test_what_is_public_is_explained(path: Path) -> None:
    """Every module, public class and public function of the product has a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in _public(tree):
        assert ast.get_docstring(node) or _overrides(node), f"{path}:{node.lineno}: {node.name} has no docstring"


@pytest.mark.parametrize("path", [p for p in _source() if p.name.startswith("test_")], ids=_name)
def test_tests_state_what_they_show(path: Path) -> None:
    """Every test has a docstring that states the behaviour in a sentence."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            says = ast.get_docstring(node)
            assert says, f"{path}:{node.lineno}: {node.name} does not say what it shows"
            assert says.rstrip().endswith("."), f"{path}:{node.lineno}: not a sentence: {says}"


def test_prose_lines_fit() -> None:
    """Lines of Markdown can be read side by side; tables, links, code and pages that are made are apart."""
    for path in _tracked():
        if path.suffix != ".md" or path.name in ("diagnostics.md", "lint.md"):
            continue
        inside = False
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            inside ^= line.startswith("```")
            if not inside and not line.lstrip().startswith("|") and "http" not in line:
                assert len(line) <= TEXT_LINE_CHARACTERS_MAX, f"{path}:{number}: {len(line)} characters"
