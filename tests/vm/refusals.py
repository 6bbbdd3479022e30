"""Where the decoder and the verifier refuse, read from their source, and which of these places a refusal came from."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

VM = Path(__file__).parents[2] / "vm"
FILES = ("codec.py", "type_table.py", "verifier.py", "function_verifier.py")
REFUSING = {"refuse", "want", "check_limit", "Illegal", "check_name", "check_unique", "no_linear", "same_linear"}


class Site(NamedTuple):
    """One place that may refuse."""

    file: str
    first: int  # lines, from 1
    last: int
    text: str


def sites() -> list[Site]:
    """Every call that refuses, or that is made to refuse, in the order of the source."""
    found = []
    for name in FILES:
        source = (VM / name).read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and _called(node) in REFUSING:
                text = ast.get_source_segment(source, node) or ""
                found.append(Site(name, node.lineno, node.end_lineno or node.lineno, " ".join(text.split())))
    return sorted(found)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def lines(refusal: BaseException) -> set[tuple[str, int]]:
    """The lines of these files that stood on the stack when something was refused."""
    found, step = set(), refusal.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if path.parent == VM:
            found.add((path.name, step.tb_lineno))
        step = step.tb_next
    return found


def met(site: Site, seen: set[tuple[str, int]]) -> bool:
    """Whether a refusal came from there."""
    return any((site.file, line) in seen for line in range(site.first, site.last + 1))
