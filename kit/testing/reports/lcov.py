"""Coverage as an lcov tracefile, which editors and services read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kit.testing.reports.coverage import FileCoverage


def lcov(files: Iterable[FileCoverage]) -> str:
    """A record for each file. A branch has two ways: 0 where its question is answered with yes, 1 with no. Operands of `and`,
    `or` and `implies` are blocks of the line like the others.
    """
    return "".join(_record(file) for file in files)


def _record(file: FileCoverage) -> str:
    lines = ["TN:", f"SF:{Path(file.source.path).absolute()}"]
    functions = sorted(file.functions.items())
    lines += [f"FN:{line},{name}" for (line, name), _ in functions]
    lines += [f"FNDA:{times},{name}" for (_, name), times in functions]
    lines += [f"FNF:{len(functions)}", f"FNH:{sum(times > 0 for _, times in functions)}"]
    questions = [(span, ways) for (span, _), ways in file.branches.items()]
    questions += [(span, ways) for span, ways in file.conditions.items() if ways.known]
    for block, (span, ways) in enumerate(sorted(questions, key=lambda question: question[0])):
        line = file.source.position(span.start)[0]
        for way, times in enumerate((ways.yes, ways.no)):
            lines.append(f"BRDA:{line},{block},{way},{times if ways.yes or ways.no else '-'}")
    lines += [f"BRF:{2 * len(questions)}", f"BRH:{sum(ways.taken for _, ways in questions)}"]
    lines += [f"DA:{line},{times}" for line, times in sorted(file.lines.items())]
    lines += [f"LF:{len(file.lines)}", f"LH:{sum(times > 0 for times in file.lines.values())}", "end_of_record", ""]
    return "\n".join(lines)
