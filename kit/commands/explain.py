"""`tael explain`: what a code means."""

from __future__ import annotations

import click

from kit.options import command
from kit.output import Output
from kit.problem import Exit, Problem

_EXAMPLE_LINES_MAX = 30  # examples of limits are long by nature
_EXAMPLE_CHARACTERS_MAX = 120


@command("explain", examples="tael explain E0301\ntael explain TooEarly\ntael explain SequenceUsed")
@click.argument("code")
def explain(out: Output, code: str) -> None:
    """Tell what CODE means and what to do about it.

    CODE is that of a finding (E0301, W0001), of a failure of the machine (Overflow, MissingKey), or of a refusal of
    the ledger (SequenceUsed, NoWallet).
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

    entry = CATALOGUE.get(code.upper())
    if entry is None:
        return None
    found = {"code": code.upper(), "kind": "finding", "title": entry.title, "text": entry.explanation}
    return {**found, "wrong": entry.wrong, "right": entry.right}


def _failure(code: str) -> dict[str, str] | None:
    from vm.failure import Code

    found = next((known for known in Code if known.lower() == code.lower()), None)
    if found is None:
        return None
    text = "The call failed with this error and left nothing behind; what it used of its gas is paid."
    return {"code": str(found), "kind": "failure", "title": FAILURES[found.name], "text": text}


def _refusal(code: str) -> dict[str, str] | None:
    from chain.primitives.refusal import REMEDIES, Refused

    found = next((known for known in Refused if known.lower() == code.lower()), None)
    if found is None:
        return None
    title = "The ledger, the client or the keystore refused."
    return {"code": str(found), "kind": "refusal", "title": title, "text": REMEDIES[found]}


FAILURES = {
    "OVERFLOW": "A result is outside the range of its type.",
    "DIVISION_BY_ZERO": "The divisor is zero.",
    "INDEX_OUT_OF_RANGE": "A list, text or byte string has no such position.",
    "TOO_LONG": "A list, text or byte string would be longer than its type allows.",
    "WRONG_VARIANT": "An enum or option holds another variant than the code opens.",
    "MISSING_KEY": "The map has no entry at this key.",
    "KEY_EXISTS": "The map has an entry at this key already, and overwriting it would lose what it holds.",
    "UNSET": "A state field was read before anything was stored in it.",
    "LOOP_BOUND": "A loop would run more often than its `max` allows.",
    "INSUFFICIENT_FUNDS": "There is less money, or less of a resource, than is asked for.",
    "WRONG_CURRENCY": "A coin is of another currency than its place asks for.",
    "CANNOT_MERGE": "Two resources differ in more than the field by which they divide.",
    "NO_WALLET": "There is no wallet at the address that is to be paid.",
    "MONEY_TRAPPED": "The contract would enter a final phase while a vault still holds money.",
    "NOT_AUTHORIZED": "The sender is none of those whom the function's `by` clause names.",
    "WRONG_PHASE": "The function may not run in the present phase, or the step between phases is not declared.",
    "NO_CONTRACT": "There is no contract at the address.",
    "NO_FUNCTION": "The contract has no such function, or it is of another kind than it was called as.",
    "WRONG_ARGUMENTS": "The arguments do not fit the function's parameters.",
    "RE_ENTRY": "A contract that is being called was called again before it had finished.",
    "OUT_OF_GAS": "The gas limit was used up.",
    "LIMIT_EXCEEDED": "A limit of the machine or of the ledger was passed.",
    "INVARIANT_BROKEN": "After a call, an invariant of a contract did not hold.",
    "ENSURES_BROKEN": "After a function, what it ensures did not hold.",
}
"""What each failure of the machine means, by the name of its code."""
