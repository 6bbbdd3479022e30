"""Amounts in text: `1_000.00 CNY`."""

from __future__ import annotations

import re

from chain.primitives.limits import AMOUNT_MAX, CURRENCY_CODE_CHARACTERS_MAX
from chain.primitives.refusal import Refusal, Refused

_CODE = re.compile(r"[A-Z][A-Z0-9]*\Z")
_NUMBER = re.compile(r"([0-9]+(?:_[0-9]+)*)(?:\.([0-9]+))?\Z")
_DIGITS_MAX = 60  # enough for AMOUNT_MAX with separators; keeps int() cheap


def check_currency(code: str) -> str:
    """The code itself if it is one: capitals and digits, a letter first. Raises `Refusal` WrongAmount."""
    if type(code) is not str or len(code) > CURRENCY_CODE_CHARACTERS_MAX or not _CODE.match(code):
        raise Refusal(
            Refused.WRONG_AMOUNT,
            f"a currency code has 1 to {CURRENCY_CODE_CHARACTERS_MAX} capitals and digits, a letter first",
        )
    return code


def parse_number(text: str, decimals: int) -> int:
    """Minor units of a number such as `1_000.00`. Fewer decimals than the currency's are filled up; more are
    refused.
    """
    match = _NUMBER.match(text) if len(text) <= _DIGITS_MAX else None
    if match is None:
        raise Refusal(Refused.WRONG_AMOUNT, "not a number of money", text=text[:_DIGITS_MAX])
    whole, fraction = match[1].replace("_", ""), match[2] or ""
    if len(fraction) > decimals:
        raise Refusal(Refused.WRONG_AMOUNT, f"at most {decimals} decimals", decimals=decimals)
    amount = int(whole + fraction.ljust(decimals, "0"))
    if amount > AMOUNT_MAX:
        raise Refusal(Refused.WRONG_AMOUNT, "more than 2**128 - 1 minor units")
    return amount


def parse_money(text: str, decimals: dict[str, int]) -> tuple[str, int]:
    """(currency, minor units) of a text such as `1_000.00 CNY`, by the decimals of known currencies."""
    number, _, code = text.strip().partition(" ")
    code = code.strip()
    if code not in decimals:
        known = ", ".join(sorted(decimals)) or "none"
        raise Refusal(Refused.WRONG_AMOUNT, f"the currency is not known here; known: {known}", currency=code[:32])
    return code, parse_number(number, decimals[code])


def format_number(amount: int, decimals: int) -> str:
    """`100000` with 2 decimals is `1_000.00`."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**decimals)
    return f"{sign}{whole:_}.{fraction:0{decimals}}" if decimals else f"{sign}{whole:_}"


def format_money(amount: int, currency: str, decimals: int) -> str:
    """`100000`, `CNY`, 2 is `1_000.00 CNY`."""
    return f"{format_number(amount, decimals)} {currency}"
