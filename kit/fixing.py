"""Edits that findings offer, made in the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kit.project import write_file
from lang.diagnostics import Diagnostic


def fix_all(findings: Sequence[Diagnostic]) -> tuple[list[Diagnostic], int]:
    """Make the edits of findings, the first where two meet; the findings that are left, and how many edits were made."""
    left: list[Diagnostic] = []
    made = 0
    for path in dict.fromkeys(finding.source.path for finding in findings):
        own = sorted((f for f in findings if f.source.path == path), key=lambda f: f.edit.span if f.edit is not None else f.span)
        text, end, parts = own[0].source.text, 0, []
        for finding in own:
            edit = finding.edit
            if edit is None or edit.span.start < end:
                left.append(finding)
                continue
            parts += [text[end : edit.span.start], edit.text]
            end = edit.span.end
            made += 1
        if parts:
            write_file(Path(path), ("".join(parts) + text[end:]).encode())
    return left, made
