"""What earlier runs found out, by content: nothing of it is true for another text, and nothing needs to be thrown away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.primitives.json_text import parse_json
from kit.mutation.limits import MEMORY_ENTRIES_MAX, MEMORY_FILES_MAX
from kit.mutation.trial import Baseline
from kit.project import write_file

MEMORY_FILE = Path(".tael/mutants.json")
FORMAT = 1


@dataclass(slots=True)
class Known:
    """`compiled` maps the key of a mutant to the digest of its code, or to "refused" or "equal"; `killed` a digest to the
    fingerprint of the test that noticed it, `unnoticed` to those of the tests that did not; `baselines` the content of a file to
    what its tests did on it as it stands, without their cases.
    """

    compiled: dict[str, str] = field(default_factory=dict)
    killed: dict[str, str] = field(default_factory=dict)
    unnoticed: dict[str, list[str]] = field(default_factory=dict)
    baselines: dict[str, list[Baseline]] = field(default_factory=dict)


def read_memory(path: Path) -> Known:
    """What is remembered; nothing where there is no file, or one that somebody else wrote."""
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return Known()
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return Known()
    unnoticed = content.get("unnoticed")
    lists = unnoticed.items() if isinstance(unnoticed, dict) else ()
    return Known(
        _texts(content.get("compiled")),
        _texts(content.get("killed")),
        {key: [str(item) for item in value] for key, value in lists if isinstance(value, list)},
        dict(_baselines(content.get("baselines"))),
    )


def _baselines(value: Any) -> Iterator[tuple[str, list[Baseline]]]:
    for key, items in value.items() if isinstance(value, dict) else ():
        try:
            read = [
                Baseline(str(name), [], int(count), {int(line) for line in lines}, {str(c) for c in contracts}, int(gas))
                for name, count, lines, contracts, gas in items
            ]
        except (TypeError, ValueError):
            continue
        yield key, read


def _texts(value: Any) -> dict[str, str]:
    return {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, dict) else {}


def write_memory(path: Path, known: Known) -> None:
    """Remember. The latest entries are kept where there are too many."""
    content = {
        "format": FORMAT,
        **{
            name: dict(list(entries.items())[-MEMORY_ENTRIES_MAX:])
            for name, entries in (("compiled", known.compiled), ("killed", known.killed), ("unnoticed", known.unnoticed))
        },
        "baselines": {
            key: [[seen.name, seen.case_count, sorted(seen.lines), sorted(seen.contracts), seen.gas] for seen in baselines]
            for key, baselines in list(known.baselines.items())[-MEMORY_FILES_MAX:]
        },
    }
    write_file(path, json.dumps(content, indent=0).encode())
