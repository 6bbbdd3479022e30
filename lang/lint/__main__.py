"""`python -m lang.lint`: write `docs/lint.md`."""

from __future__ import annotations

from pathlib import Path

from lang.catalogue.entry import Entry
from lang.lint import FAMILIES, STALE, STALE_ENTRY

DOCUMENT = Path(__file__).parents[2] / "docs" / "lint.md"
HEAD = """\
# Lint

`tael lint` tells what a contract may say and probably does not mean: what the type system leaves open. Each rule has a code that
keeps its meaning; `tael explain L0301` shows one. This page is made from `lang/lint/`; its examples are tests.

A finding that is meant is allowed on its line, or in a comment alone above it, with the reason:

```text
pub fn collect() by self.owner:  # allow L0301: the ledger's own record of the payment is enough here
```

Without a reason the comment says nothing. One that allows nothing is a finding itself (L0001), so that none outlives its cause.
`tael lint --rule L0301` asks one rule alone; the exit code is 0 where nothing was found, else 1.
"""


def document() -> str:
    """The rules as a page."""
    parts = [HEAD]
    for family, rules in FAMILIES.items():
        parts.append(f"## {family}\n")
        parts += [_shown(rule.code, rule.entry) for rule in rules]
    parts.append("## Allowances\n")
    parts.append(_shown(STALE, STALE_ENTRY))
    return "\n".join(parts)


def _shown(code: str, entry: Entry) -> str:
    examples = f"```tael\n{entry.wrong}```\n\nInstead:\n\n```tael\n{entry.right}```\n"
    return f"### {code} {entry.title}\n\n{entry.explanation}\n\n{examples}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
