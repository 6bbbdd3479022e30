"""From measurements to prices: what `vm/gas.py` holds, and the sentence beside each number."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from bench.prices.measure import Measured

NANOSECONDS = 10.0
"""What a unit of gas is meant to take."""
TOLERANCE = (0.7, 1.15)
"""A price stays while what was measured lies between these parts of it: machines are never quite the same twice."""
SWEEPS = 12
PARTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Straight-line work, charged at the entry of a segment.",
        (
            ("GAS_SEGMENT", "entering any segment: the branch, and the look at the meter"),
            ("GAS_LOOP", "getting ready for a loop"),
            ("GAS_BASE", "moving a value: constants, locals"),
            ("GAS_ADD", "a checked sum, difference, negation, choice or conversion of integers"),
            ("GAS_COMPARE", "a comparison"),
            ("GAS_MULTIPLY", "a product in up to 64 bits"),
            ("GAS_MULTIPLY_128", "in up to 128"),
            ("GAS_MULTIPLY_256", "in up to 256"),
            ("GAS_DIVIDE", "a quotient or remainder in up to 64 bits"),
            ("GAS_DIVIDE_128", "in up to 128"),
            ("GAS_DIVIDE_256", "in up to 256"),
            ("GAS_MULDIV", "a wide product and its quotient in up to 64 bits"),
            ("GAS_MULDIV_128", "in up to 128"),
            ("GAS_MULDIV_256", "in up to 256"),
            ("GAS_ROUND", "what rounding to the nearest adds"),
            ("GAS_FIELD", "one part of a compound value, or its length"),
            ("GAS_COMPOUND", "making a compound value, before its parts"),
            ("GAS_OPEN", "opening one, before its parts"),
            ("GAS_INDEX", "one element of a list"),
            ("GAS_LIST", "touching a list, text or byte string, before its elements"),
            ("GAS_TEXT", "what it adds that the length of a text is counted in UTF-8"),
            ("GAS_ENCODE", "an encoding, before its parts"),
            ("GAS_HASH", "a hash, before its bytes"),
            ("GAS_SIGNATURE", "checking a signature"),
        ),
    ),
    (
        "Work that grows with values. A part is a value within a value, itself included; a chunk is sixteen bytes as begun.",
        (
            ("GAS_PART_MAKE", "a part of a value that is made or opened"),
            ("GAS_CHUNK_MAKE", "a chunk that is copied"),
            ("GAS_PART_SCAN", "a part that is compared"),
            ("GAS_CHUNK_SCAN", "a chunk that is compared"),
            ("GAS_PART_ENCODE", "a part that is encoded"),
            ("GAS_PART_CONVERT", "what it adds if a number in the value may need more than 64 bits, or in a compound key"),
            ("GAS_PART_DECODE", "a part that is read from the store"),
            ("GAS_CHUNK_ENCODE", "a chunk that is encoded or read from the store"),
            ("GAS_CHUNK_HASH", "a chunk that is hashed"),
            ("GAS_BYTE_STORE", "a byte that is written to the store"),
            ("GAS_BYTE_EVENT", "a byte of an event"),
        ),
    ),
    (
        "State, money, events.",
        (
            ("GAS_LOAD", "a slot that is read, be it for the first time"),
            ("GAS_STORE", "a slot that is written, with its share in the end of the transaction"),
            ("GAS_BECOME", "a step to another phase"),
            ("GAS_VAULT", "money put into a vault or taken out"),
            ("GAS_MONEY", "a coin or a resource split or joined"),
            ("GAS_PAY", "a wallet paid"),
            ("GAS_EVENT", "an event, before its fields"),
        ),
    ),
    (
        "Calls.",
        (
            ("GAS_INVOKE", "a function of the same contract, and its share if the call fails"),
            ("GAS_CALL", "another contract: find it, check it, enter it"),
            ("GAS_TRY", "the same where a failure does not end the caller: a failure costs more than a call"),
            ("GAS_SIGNATURE_TYPE", "a type within the signature that is expected there, parts included"),
            ("GAS_FAIL", "failing by an error of one's own"),
        ),
    ),
    (
        "Deployment.",
        (
            ("GAS_DEPLOY", "a contract, before its bytes"),
            ("GAS_DEPLOY_BYTE", "a byte of its module: decode, verify, generate and compile"),
            ("GAS_DEPLOY_VALUE", "what a value adds that an instruction takes or gives"),
            ("GAS_DEPLOY_SEGMENT", "what a segment adds, and what looks at the meter or calls as it does"),
        ),
    ),
)
FIXED = {"GAS_FAIL": 1, "GAS_SIGNATURE_TYPE": 4, "GAS_DEPLOY": 20_000}
"""Prices that no case fixes."""


MONOTONE = (("GAS_MULTIPLY", "_128", "_256"), ("GAS_DIVIDE", "_128", "_256"), ("GAS_MULDIV", "_128", "_256"))
"""Wider is never cheaper, whatever was measured."""
LINE_CHARACTERS_MAX = 130


class Fitted(NamedTuple):
    """A price, and where it comes from."""

    number: int
    says: str


def fitted(rows: list[Measured], before: dict[str, int]) -> dict[str, Fitted]:
    """Every price. They hang on each other, since a case pays several: each is taken in turn until they come to rest."""
    fixing = {name: [row for row in rows if row.fits == name and row.counts.get(name)] for _, part in PARTS for name, _ in part}
    numbers: dict[str, float] = {name: FIXED.get(name, 1) for name in fixing}
    why: dict[str, Measured] = {}
    for _ in range(SWEEPS):
        for name, candidates in fixing.items():
            if name not in FIXED and candidates:
                need, why[name] = max(((needed(row, name, numbers), row) for row in candidates), key=lambda pair: pair[0])
                numbers[name] = max(need, 1)
    for narrow, *endings in MONOTONE:
        for one, next_ in itertools.pairwise([narrow, *(narrow + ending for ending in endings)]):
            if numbers[next_] < numbers[one]:
                numbers[next_], why[next_] = numbers[one], why[one]
    return {name: Fitted(settled(numbers[name], before.get(name)), reason(why.get(name))) for name in fixing}


def needed(row: Measured, name: str, numbers: dict[str, float]) -> float:
    """What a price must be for a case to take no more than `NANOSECONDS` per gas, the others as they are."""
    others = sum(numbers[other] * count for other, count in row.counts.items() if other != name)
    return (row.nanoseconds / NANOSECONDS - others) / row.counts[name]


def settled(number: float, before: int | None) -> int:
    """The whole number to write down."""
    if before and TOLERANCE[0] <= number / before <= TOLERANCE[1]:
        return before
    digits = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return math.ceil(number / digits - 0.05) * digits


def reason(row: Measured | None) -> str:
    """What fixed a price."""
    return "" if row is None else f"{row.name}, {row.nanoseconds / row.repeat:,.0f} ns"


def schedule_text(fit: dict[str, Fitted], before: dict[str, int]) -> str:
    """The text of `vm/gas.py`. Its version goes up by one if a number has changed."""
    changed = any(before.get(name) != price.number for name, price in fit.items())
    version = before["GAS_SCHEDULE_VERSION"] + changed
    lines = [*HEAD.split("\n"), f"GAS_SCHEDULE_VERSION = {version}", ""]
    for title, names in PARTS:
        lines.append(f"# {title}")
        for name, says in names:
            price = fit[name]
            line = f"{name} = {price.number:_}  # {says}"
            why = f": {price.says}" if price.says else ""
            lines += [line + why] if len(line + why) <= LINE_CHARACTERS_MAX else [f"# {says}{why}", f"{name} = {price.number:_}"]
        lines.append("")
    return "\n".join(lines)


HEAD = '''"""The gas schedule: what each kind of work costs, in one flat list.

One gas is meant to be 10 ns of the compiled tier. The numbers are fitted to measurements by `python bench/gas.py --write`, which
wrote this file: beside each stands what it is for and, behind the colon, the case that fixed it with what it took, on a 2-core
x86 cloud machine with CPython 3.11. How often a price is taken is said by `vm/pricing.py`. A change of any number changes
receipts and is a change of protocol.
"""
'''
