"""The text of contracts with the gas of each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kit.output import Output
from kit.testing.reports.meter import Meter
from lang.source import Source


@dataclass(slots=True)
class LineGas:
    """What one line used, in how many runs of it."""

    gas: int = 0
    runs: int = 0


@dataclass(slots=True)
class FileGas:
    """What the lines of one file used."""

    source: Source
    lines: dict[int, LineGas] = field(default_factory=dict)


def line_gas(meter: Meter) -> list[FileGas]:
    """The gas of all lines that ran, without that of what they call, by path."""
    files: dict[str, FileGas] = {}
    for trial in meter.trials.values():
        for node in trial.nodes():
            source = node.subject.compiled.debug[node.function].source
            file = files.setdefault(source.path, FileGas(source))
            runs: dict[int, int] = {}
            for position, gas in enumerate(node.spent()):
                if not gas and not node.visits[position]:
                    continue
                line = node.subject.line(node.function, position)
                file.lines.setdefault(line, LineGas()).gas += gas
                runs[line] = max(runs.get(line, 0), node.visits[position])
            for line, times in runs.items():
                file.lines[line].runs += times
    return [files[path] for path in sorted(files)]


def tell_lines(out: Output, files: Iterable[FileGas]) -> None:
    """Each file from its first line that ran to its last, for people; the dearest line of each is bold."""
    for file in files:
        out.line()
        total = sum(line.gas for line in file.lines.values())
        out.line(f"{out.style(file.source.path, 'bold')}  {total:_} gas")
        dearest = max(line.gas for line in file.lines.values())
        out.line(out.style(f"{'gas':>12} {'runs':>7}", "dim"))
        for number in range(min(file.lines), max(file.lines) + 1):
            used = file.lines.get(number)
            figures = " " * 20 if used is None else f"{used.gas:>12_} {used.runs:>7_}"
            if used is not None and used.gas == dearest:
                figures = out.style(figures, "bold")
            out.line(f"{figures}  {number:>4} | {file.source.line(number)}".rstrip())


def plain_lines(files: Iterable[FileGas]) -> list[dict[str, Any]]:
    """In JSON's types."""
    return [
        {
            "path": file.source.path,
            "lines": [{"line": n, "gas": file.lines[n].gas, "runs": file.lines[n].runs} for n in sorted(file.lines)],
        }
        for file in files
    ]
