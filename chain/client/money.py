"""Money, addresses and what stands for them, as Python programs write and get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from chain.primitives.address import ADDRESS_BYTES, format_address, parse_address
from chain.primitives.limits import AMOUNT_MAX
from chain.primitives.money import check_currency, format_money, parse_number
from chain.primitives.refusal import Refusal, Refused


class Address(bytes):
    """The 32 bytes of a wallet or contract; `str` gives the text, `tael1…`."""

    def __new__(cls, value: bytes | str) -> Address:
        """Of bytes or a text. Raises `Refusal` WrongAddress."""
        raw = parse_address(value) if isinstance(value, str) else bytes(value)
        if len(raw) != ADDRESS_BYTES:
            raise Refusal(Refused.WRONG_ADDRESS, f"an address has {ADDRESS_BYTES} bytes, not {len(raw)}")
        return super().__new__(cls, raw)

    def __str__(self) -> str:
        return format_address(bytes(self))

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"


class HasAddress(Protocol):
    """A sender, a contract's handle: whatever has an address."""

    @property
    def address(self) -> Address:
        """Where it is."""


AddressLike: TypeAlias = bytes | str | HasAddress
"""What stands for an address: an `Address`, 32 bytes, a text, a sender or a contract."""


def address_of(value: AddressLike) -> Address:
    """The address that something stands for. Raises `Refusal` WrongAddress."""
    if isinstance(value, Address):
        return value
    if isinstance(value, bytes | str):
        return Address(value)
    found = getattr(value, "address", None)
    if not isinstance(found, bytes):
        raise Refusal(Refused.WRONG_ADDRESS, f"{type(value).__name__} is no address", "Give tael1…, 32 bytes, or a sender.")
    return Address(found)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency, exact: `minor` units, of which 10 ** `decimals` are one."""

    minor: int
    currency: str
    decimals: int = 2

    def __post_init__(self) -> None:
        check_currency(self.currency)
        if type(self.minor) is not int or not 0 <= self.minor <= AMOUNT_MAX:
            raise Refusal(Refused.WRONG_AMOUNT, "an amount has 0 to 2**128 - 1 minor units")

    @property
    def amount(self) -> Decimal:
        """In whole units."""
        return Decimal((0, tuple(int(digit) for digit in str(self.minor)), -self.decimals))

    def __str__(self) -> str:
        return format_money(self.minor, self.currency, self.decimals)

    def __add__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.minor + other.minor, self.currency, self.decimals)

    def __sub__(self, other: Money) -> Money:
        self._check(other)
        return Money(self.minor - other.minor, self.currency, self.decimals)

    def __lt__(self, other: Money) -> bool:
        self._check(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._check(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        self._check(other)
        return self.minor > other.minor

    def __ge__(self, other: Money) -> bool:
        self._check(other)
        return self.minor >= other.minor

    def _check(self, other: Money) -> None:
        if (self.currency, self.decimals) != (other.currency, other.decimals):
            raise Refusal(Refused.WRONG_AMOUNT, f"{self.currency} and {other.currency} are not reckoned with each other")


MoneyLike: TypeAlias = Money | Decimal | int | str
"""What stands for money: `Money`, `"2.50 CNY"`, or a number of whole units of the currency that is meant (never minor ones)."""

Several: TypeAlias = MoneyLike | list[MoneyLike] | tuple[MoneyLike, ...]
"""Money of one currency or of several."""


def several(value: Several | None) -> list[MoneyLike]:
    """What is said, in a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def money_of(value: MoneyLike, decimals: Mapping[str, int], meant: str | None, *, only: bool = False) -> Money:
    """The money that something stands for, by the decimals of the chain's currencies. A number without a currency is of the one
    that is `meant`; with `only` no other is taken. Raises `Refusal` WrongAmount.
    """
    if isinstance(value, Money):
        currency, minor = value.currency, value.minor
    else:
        number, currency = _number(value)
        if not currency and meant is None:
            raise _wrong("it does not say the currency")
        currency = currency or str(meant)
        minor = parse_number(number, decimals[currency]) if currency in decimals else 0
    if only and currency != meant:
        raise _wrong(f"it is in {currency}; {meant} is expected")
    if currency not in decimals:
        raise _wrong(f"the chain has no currency {currency}; it has {', '.join(sorted(decimals))}")
    if isinstance(value, Money) and value.decimals != decimals[currency]:
        raise _wrong(f"{currency} has {decimals[currency]} decimals here, not {value.decimals}")
    return Money(minor, currency, decimals[currency])


def _number(value: object) -> tuple[str, str]:
    """(number, currency or "") of what is no `Money`."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        hint = ": floats are not exact, give a text or a Decimal" if isinstance(value, float) else ""
        raise _wrong(f"{type(value).__name__} is no amount of money{hint}")
    if isinstance(value, str):
        number, _, currency = value.strip().partition(" ")
        return number, currency.strip()
    if isinstance(value, Decimal) and not value.is_finite():
        raise _wrong(f"{value} is no number of money")
    return f"{value:f}" if isinstance(value, Decimal) else str(value), ""


def _wrong(why: str) -> Refusal:
    return Refusal(Refused.WRONG_AMOUNT, why, 'Write it like "2.50 CNY", Decimal("2.50") or Money(250, "CNY").')
