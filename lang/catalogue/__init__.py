"""Every code of a finding: what it means, a program that has it, and the program mended.

One file a family, each with its own `ENTRIES`. `python -m lang.catalogue` writes `docs/diagnostics.md` from them.
"""

from __future__ import annotations

from lang.catalogue import calls, flow, limits, machine, money, names, rights, syntax, trials, values, warnings
from lang.catalogue.entry import Entry

FAMILIES: dict[str, dict[str, Entry]] = {
    "Syntax": syntax.ENTRIES,
    "Names": names.ENTRIES,
    "Values": values.ENTRIES,
    "Money and resources": money.ENTRIES,
    "Who and when": rights.ENTRIES,
    "Order": flow.ENTRIES,
    "Calls and promises": calls.ENTRIES,
    "Tests": trials.ENTRIES,
    "Limits": limits.ENTRIES,
    "The machine": machine.ENTRIES,
    "Warnings": warnings.ENTRIES,
}
CATALOGUE: dict[str, Entry] = {code: entry for family in FAMILIES.values() for code, entry in family.items()}

__all__ = ["CATALOGUE", "FAMILIES", "Entry"]
