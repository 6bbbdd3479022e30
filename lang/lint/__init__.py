"""Lint: what the types leave open, and is probably not meant. One rule a code, each with an example that is a test.

One file a family. `python -m lang.lint` writes `docs/lint.md` from them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lang.catalogue.entry import Entry
from lang.check import CheckedFile
from lang.diagnostics import Diagnostic, Edit
from lang.lint import leftovers, money, ranges, rights
from lang.lint.subject import Rule, Subject
from lang.remarks import remarks

FAMILIES: dict[str, list[Rule]] = {
    "What is left over": leftovers.RULES,
    "Money": money.RULES,
    "Ranges and time": ranges.RULES,
    "Who and when": rights.RULES,
}
STALE = "L0001"
STALE_ENTRY = Entry(
    "an allowance that allows nothing",
    "The comment `# allow CODE: reason` stands where there is no such finding, or none any more.",
    "pure fn one() -> u64:\n    return 1  # allow L0402: it was needed once\n",
    "pure fn one() -> u64:\n    return 1\n",
)
RULES: dict[str, Rule] = {rule.code: rule for family in FAMILIES.values() for rule in family}
ENTRIES: dict[str, Entry] = {STALE: STALE_ENTRY, **{code: rule.entry for code, rule in RULES.items()}}


def lint(checked: CheckedFile, codes: Collection[str] = (), *, is_imported: bool = False) -> list[Diagnostic]:
    """The findings of a checked file by place, of the rules in `codes` or of all. What a remark allows is left out."""
    subject = Subject(checked, is_imported)
    found = {
        (finding.code, finding.span): finding
        for code, rule in RULES.items()
        if not codes or code in codes
        for finding in rule.find(subject)
    }
    kept = _without_allowed(subject, list(found.values()), codes)
    return sorted(kept, key=lambda finding: (finding.span, finding.code))


def _without_allowed(subject: Subject, found: Sequence[Diagnostic], codes: Collection[str]) -> list[Diagnostic]:
    """Findings that no remark allows, and one for each remark that allows nothing."""
    allowed: set[tuple[str, int]] = set()
    kept: list[Diagnostic] = []
    said = [remark for remark in remarks(subject.source) if remark.word == "allow"]
    lines = {(code, remark.line) for remark in said for code in remark.names}
    for finding in found:
        place = (finding.code, subject.source.position(finding.span.start)[0])
        if place in lines:
            allowed.add(place)
        else:
            kept.append(finding)
    for remark in said if not codes else ():
        for code in sorted(remark.names):
            if (code, remark.line) not in allowed:
                edit = Edit(remark.span, "", "take it out")
                kept.append(subject.finding(STALE, f"there is no {code} to allow here", remark.span, edit=edit))
    return kept


__all__ = ["ENTRIES", "FAMILIES", "RULES", "Rule", "Subject", "lint"]
