"""`tael explain`: what a code means."""

from __future__ import annotations

import click

from kit.options import command
from kit.output import Output
from kit.problem import Exit, Problem

_EXAMPLE_LINES_MAX = 30  # examples of limits are long by nature
_EXAMPLE_CHARACTERS_MAX = 120


@command("explain", examples="tael explain E0301\ntael explain L0301\ntael explain Overflow\ntael explain SequenceUsed")
@click.argument("code")
def explain(out: Output, code: str) -> None:
    """Tell what CODE means and what to do about it.

    CODE is that of a finding (E0301, W0201) or of a rule of lint (L0301), of a failure of the machine (Overflow,
    MissingKey), or of a refusal of the ledger (SequenceUsed, NoWallet).
    """
    for look in (_finding, _failure, _refusal):
        entry = look(code)
        if entry is not None:
            break
    else:
        raise Problem(
            f"no code {code!r} is known",
            "Codes of findings look like E0301. Errors that a contract declares are explained by its own text.",
            exit_code=Exit.USAGE,
            code="UnknownCode",
        )
    out.line(f"{out.style(entry['code'], 'bold')}: {entry['title']}")
    if entry["text"]:
        out.line()
        out.line(entry["text"])
    for word, heading in (("wrong", "For example"), ("right", "Instead")):
        example = entry.get(word, "")
        if example:
            out.line()
            out.line(out.style(f"{heading}:", "dim"))
            for line in example.rstrip().splitlines()[:_EXAMPLE_LINES_MAX]:
                out.line(f"    {line[:_EXAMPLE_CHARACTERS_MAX]}")
    out.result({"ok": True, **entry})


def _finding(code: str) -> dict[str, str] | None:
    from lang.catalogue import CATALOGUE
    from lang.lint import ENTRIES

    entry = {**CATALOGUE, **ENTRIES}.get(code.upper())
    if entry is None:
        return None
    found = {"code": code.upper(), "kind": "finding", "title": entry.title, "text": entry.explanation}
    return {**found, "wrong": entry.wrong, "right": entry.right}


def _failure(code: str) -> dict[str, str] | None:
    from kit.meanings import FAILURES

    found = next((known for known in FAILURES if known.lower() == code.lower()), None)
    if found is None:
        return None
    text = "The call failed with this error and left nothing behind; what it used of its gas is paid."
    return {"code": found, "kind": "failure", "title": FAILURES[found], "text": text}


def _refusal(code: str) -> dict[str, str] | None:
    from chain.primitives.refusal import REMEDIES, Refused
    from kit.meanings import REFUSALS

    found = next((known for known in Refused if known.lower() == code.lower()), None)
    if found is None:
        return None
    return {"code": str(found), "kind": "refusal", "title": REFUSALS[found], "text": REMEDIES[found]}
