"""Limits of the size and shape of a text: E09xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

_CONSTANT = "const A: u64 = {}\n"

ENTRIES: dict[str, Entry] = {
    "E0901": Entry(
        "something is larger than it may be",
        "Files, names, texts, lists of parameters, fields, phases and so on have greatest sizes, so that compiling and running "
        "take bounded time. A file has at most 256 KiB: put shared declarations into a file of their own and name them with "
        "`from … import …`.",
        "# much too long\n" * 20_000,
        "# short\n",
    ),
    "E0905": Entry(
        "the file has too many words and marks",
        "A file has at most 100 000 words, numbers and marks, so that compiling it takes bounded time.",
        _CONSTANT.format("1+" * 55_000 + "1"),
        _CONSTANT.format("55_001"),
    ),
    "E0903": Entry(
        "brackets or blocks stand too deep",
        "Brackets within brackets, and blocks within blocks, go at most 64 deep. Give inner parts a name with `let`, or make "
        "them a function.",
        _CONSTANT.format("(" * 65 + "1" + ")" * 65),
        _CONSTANT.format("(1)"),
    ),
    "E0904": Entry(
        "the expression is too deep",
        "At most 100 operations may hang one below another in an expression. A chain such as `a + b + c + …` counts: every `+` "
        "holds everything before it. Give parts a name with `let`, or sum up a list in a loop.",
        _CONSTANT.format("1" + " + 1" * 120),
        _CONSTANT.format("121"),
    ),
}
