"""Coverage as a table on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from kit.output import Output
from kit.testing.reports.coverage import KINDS, Count, FileCoverage, missed, total


def tell_coverage(out: Output, files: Sequence[FileCoverage]) -> None:
    """A row for each file, one for all together, and what was not reached, by line."""
    out.line()
    rows = [(file.source.path, *_cells(file.counts())) for file in files]
    if len(files) != 1:
        rows.append(("in all", *_cells(total(files))))
    out.table(("coverage", *KINDS), rows, indent="")
    for file in files:
        found = missed(file)
        if found:
            out.line()
        for line, what in found:
            text = f"not run: {file.source.line(line).strip()}" if what == "line" else what
            out.line(f"{file.source.path}:{line}  {text}")


def _cells(counts: dict[str, Count]) -> list[str]:
    return [str(counts[kind]) for kind in KINDS]
