"""A recorded run for JSON: every line with what it found and changed, and the tree of calls."""

from __future__ import annotations

from typing import Any

from kit.debugger.stage import Stage
from kit.debugger.view import View
from kit.debugger.walk import Walk
from kit.record.differences import show
from kit.record.entries import Line
from kit.record.plain import plain_scene
from kit.record.story import named
from lang.types import lower


def plain_stage(stage: Stage) -> dict[str, Any]:
    """The whole of it."""
    walk, view = Walk(stage.record, failed=stage.failed), View(stage)
    lines = [
        _line(stage, line) | {"changes": [view.change(change) for change in walk.made(number)]}
        for number, line in enumerate(walk.lines)
    ]
    return {
        "ok": not stage.failed,
        "title": stage.title,
        "outcome": list(stage.outcome),
        "skipped": stage.record.skipped,
        "lines": lines,
        "calls": plain_scene(stage.record.root, stage.words),
    }


def _line(stage: Stage, line: Line) -> dict[str, Any]:
    setting = stage.words.setting(line.scene.contract or None)
    return {
        "path": None if line.source is None else line.source.path,
        "line": line.line,
        "in": stage.words.title(line.scene),
        "depth": line.scene.depth,
        "gas": line.gas,
        "gas_before": line.gas_before,
        "locals": {local.name: show(v, lower(local.type), setting) for local, v in named(line) if v is not None},
    }
