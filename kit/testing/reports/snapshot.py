"""Gas snapshots: what functions used when somebody was content with it, kept in the project, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.primitives.json_text import parse_json
from kit.output import Output, count
from kit.problem import Problem, missing
from kit.project import find_project, relative, write_file
from kit.testing.reports.gas import FunctionGas
from vm.gas import GAS_SCHEDULE_VERSION

FILE = "gas.json"
VERSION = 1
FIGURES = ("minimum", "median", "maximum", "bound")

Kept = dict[str, dict[str, int]]
"""`FILE:Contract.function` → gas by the names of `FIGURES`. How many calls there were is not kept: every new test changes it."""


@dataclass(frozen=True, slots=True)
class How:
    """How tests were run: other cases use other gas."""

    runs: int
    seed: int


@dataclass(frozen=True, slots=True)
class Change:
    """One function whose gas is not what the snapshot says; None where it is not in it, or was not called any more."""

    name: str
    before: dict[str, int] | None
    after: dict[str, int] | None

    def percent(self, figure: str) -> float | None:
        """By how much a figure has changed; None if there is nothing to compare."""
        if self.before is None or self.after is None:
            return None
        old, new = self.before[figure], self.after[figure]
        return 0.0 if old == new else (new - old) * 100 / max(old, 1)

    def plain(self) -> dict[str, Any]:
        """In JSON's types."""
        changes = {figure: self.percent(figure) for figure in FIGURES}
        percents = {figure: None if change is None else round(change, 3) for figure, change in changes.items()}
        return {"function": self.name, "before": self.before, "after": self.after, "percent": percents}


def snapshot_file() -> Path:
    """Where the snapshot of the project is: beside `tael.toml`, else in the current folder."""
    return relative(find_project().root / FILE)


def kept_of(rows: Sequence[FunctionGas]) -> Kept:
    """What a snapshot keeps of functions that were called with success."""
    return {
        f"{row.contract}.{row.function}": dict(
            zip(FIGURES, (row.minimum, row.median, row.maximum, row.bound.maximum), strict=True)
        )
        for row in rows
        if row.calls
    }


def read_snapshot(path: Path, how: How) -> Kept:
    """The snapshot in a file. Raises `Problem` if there is none, or it was made by another version, under another schedule, or in
    another way.
    """
    remedy = "Make it with `tael test --gas-save`."
    try:
        content = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise missing(f"there is no gas snapshot {path}", remedy) from None
    except ValueError:
        raise missing(f"{path} is not a gas snapshot: it is not JSON", remedy) from None
    if not _is_snapshot(content):
        raise missing(f"{path} is not a gas snapshot of version {VERSION}", remedy)
    if content["schedule"] != GAS_SCHEDULE_VERSION:
        raise missing(f"{path} was made under gas schedule {content['schedule']}; this is {GAS_SCHEDULE_VERSION}", remedy)
    if (content["runs"], content["seed"]) != (how.runs, how.seed):
        same = f"--runs {content['runs']} --seed {content['seed']}"
        raise missing(f"{path} was made with {same}", f"Give the same, or make it anew: {remedy}")
    kept: Kept = content["functions"]
    return kept


def joined(path: Path, how: How, now: Kept, files: frozenset[str]) -> Kept:
    """What is to be kept when these files were run: what was measured now, and what the snapshot has of other files that are
    still there.
    """
    try:
        before = read_snapshot(path, how)
    except Problem:
        before = {}
    others = {
        name: row for name, row in before.items() if (file := name.rpartition(":")[0]) not in files and Path(file).is_file()
    }
    return {**others, **now}


def _is_snapshot(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("version") != VERSION or not isinstance(content.get("functions"), dict):
        return False
    rows = content["functions"].values()
    return all(isinstance(content.get(name), int) for name in ("schedule", "runs", "seed")) and all(
        isinstance(row, dict) and all(isinstance(row.get(name), int) for name in FIGURES) for row in rows
    )


def write_snapshot(path: Path, how: How, kept: Kept) -> None:
    """Write a snapshot: sorted, a function a line, so that a change of one is a change of one line."""
    lines = [f"    {json.dumps(name, ensure_ascii=False)}: {json.dumps(kept[name])}" for name in sorted(kept)]
    body = ",\n".join(lines)
    head = {"version": VERSION, "schedule": GAS_SCHEDULE_VERSION, "runs": how.runs, "seed": how.seed}
    figures = "".join(f'  "{name}": {number},\n' for name, number in head.items())
    text = f'{{\n{figures}  "functions": {{\n{body}\n  }}\n}}\n'
    write_file(path, text.encode())


def changes(before: Kept, after: Kept, tolerance: float, files: frozenset[str]) -> list[Change]:
    """The functions of these files whose gas differs by more than the tolerance, in percent, or that are in one of both only."""
    found = []
    for name in sorted({*before, *after}):
        if name.rpartition(":")[0] not in files:
            continue
        change = Change(name, before.get(name), after.get(name))
        percents = [change.percent(figure) for figure in FIGURES]
        if any(percent is None or abs(percent) > tolerance for percent in percents):
            found.append(change)
    return found


def tell_changes(out: Output, found: Sequence[Change], compared: int, tolerance: float, path: Path) -> None:
    """What has changed, for people: the median with its change, and what else is beyond the tolerance."""
    out.line()
    if not found:
        within = f" within {tolerance:g} %" if tolerance else ""
        out.line(f"gas is as in {path}{within}: {count(compared, 'function')}")
        return
    rows = [cells for change in found for cells in _rows(out, change)]
    out.table(("gas changed", "", "before", "now", "change"), rows, indent="")
    out.line(f"{count(len(found), 'function')} not as in {path}; `tael test --gas-save` makes it the new measure")


def _rows(out: Output, change: Change) -> list[tuple[str, ...]]:
    name = change.name.rpartition(":")[2]
    if change.before is None:
        assert change.after is not None
        return [(name, "median", "-", f"{change.after['median']:_}", "new")]
    if change.after is None:
        return [(name, "median", f"{change.before['median']:_}", "-", "not called any more")]
    rows: list[tuple[str, ...]] = []
    for figure in FIGURES:
        percent = change.percent(figure)
        if percent:
            word = out.style(f"{percent:+.2f} %", "red" if percent > 0 else "green")
            rows.append((name if not rows else "", figure, f"{change.before[figure]:_}", f"{change.after[figure]:_}", word))
    return rows
