"""`python -m lang.catalogue`: write `docs/diagnostics.md`."""

from __future__ import annotations

from pathlib import Path

from lang.catalogue import FAMILIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "diagnostics.md"
SHOWN_CHARACTERS_MAX = 1_000  # of an example; those of limits are long by nature


def document() -> str:
    """The catalogue as a page."""
    parts = [
        "# Diagnostics\n\nEvery finding of the compiler has a code that keeps its meaning: `E…` refuses the program, `W…` warns. "
        "`tael explain E0101` shows\nan entry. This page is made from `lang/catalogue/`; the examples are tests.\n"
    ]
    for family, entries in FAMILIES.items():
        parts.append(f"## {family}\n")
        for code, entry in sorted(entries.items()):
            parts.append(f"### {code} {entry.title}\n\n{entry.explanation}\n")
            if entry.wrong:
                parts.append(f"```tael\n{_shown(entry.wrong)}```\n\nInstead:\n\n```tael\n{_shown(entry.right)}```\n")
    return "\n".join(parts)


def _shown(example: str) -> str:
    return example if len(example) <= SHOWN_CHARACTERS_MAX else example[:200].rstrip("\n") + "\n… and so on\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
