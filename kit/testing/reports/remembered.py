"""Which tests failed last time, kept in the project's folder for `--rerun`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from chain.primitives.json_text import parse_json
from kit.project import write_file
from kit.testing.results import Result

FILE = Path(".tael/failed.json")

Name = tuple[str, str]
"""The path of a file and the name of a test in it."""


def failed_before() -> frozenset[Name]:
    """The tests that failed last time; none where nothing is remembered, or it cannot be read."""
    try:
        content = parse_json(FILE.read_bytes())
        return frozenset((str(path), str(name)) for path, name in content)
    except (OSError, ValueError, TypeError):
        return frozenset()


def remember(results: Sequence[Result], gone: frozenset[Name] = frozenset()) -> None:
    """Tests that ran are remembered or forgotten by their outcome, those that are gone are forgotten; of others stays what was
    known.
    """
    before = failed_before()
    ran = {(result.path, result.name) for result in results}
    failed = (before - ran - gone) | {(result.path, result.name) for result in results if not result.ok}
    if failed != before:
        write_file(FILE, (json.dumps(sorted(failed), ensure_ascii=False, indent=1) + "\n").encode())
