"""What the machine says of a module that the compiler made: E0909."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0909": Entry(
        "the machine refuses what the compiler made",
        "Every module is verified after it was made, by the same rules as at deployment. That it is refused for another reason "
        "than a limit is a defect of the compiler, not of the program: please report it, with the program.",
        "",
        "",
    ),
}
