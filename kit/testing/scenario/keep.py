"""Writes a test that a scenario found into the scenario's file, after the scenario."""

from __future__ import annotations

from pathlib import Path

from kit.project import write_file
from lang import ast
from lang.diagnostics import Findings
from lang.formatter import format_text
from lang.parser import parse
from lang.source import Source


def free_title(text: str, name: str) -> str:
    """The scenario's name with the first number that no test of the text has yet."""
    file = parse(Source("", text), Findings())
    taken = {item.name.value for item in file.items if isinstance(item, ast.TestDeclaration)} if file is not None else set()
    number = 1
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"


def insert_test(text: str, scenario: str, block: str) -> str:
    """The text with a test block after the scenario of that name, or at its end. The block is laid out, the rest stays."""
    source = Source("", text)
    file = parse(source, Findings())
    place = len(text)
    for item in file.items if file is not None else ():
        if isinstance(item, ast.ScenarioDeclaration) and item.name.value == scenario:
            place = item.span.end
    before, after = text[:place].rstrip("\n"), text[place:].lstrip("\n")
    laid_out = format_text(block).rstrip("\n")
    gap = "\n\n\n" if after.startswith(("contract ", "interface ")) else "\n\n"
    return before + "\n\n" + laid_out + (gap + after if after else "\n")


def keep_test(path: Path, scenario: str, block: str) -> bool:
    """Write a test into the file of a scenario; whether it was not there yet. Raises `Problem` if the file cannot be written."""
    text = path.read_text("utf-8")
    body = format_text(block).partition("\n")[2].strip()
    if body in text:
        return False
    write_file(path, insert_test(text, scenario, block).encode())
    return True
