"""Values as people write them, and as they are shown: `100.00 CNY`, `5 days`, `25 bps`, `tael1…`, `Circle(3)`.

`read_value` takes a text and the type that the contract's interface asks for, and gives the machine's value
(`docs/machine.md`, "Values") or a `WrongValue` that says what was expected and shows an example. `show_value` is its
inverse: what it writes, `read_value` reads back to the same value. `plain_value` is for JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kit.problem import Exit, Problem
from vm import types as vm

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_SHOWN_MAX_MS = 253_402_300_799_999  # the last millisecond of the year 9999
_EXACT_IN_JSON_BITS = 53  # integers of wider types are texts in JSON, so that every reader gets them whole

_UNITS_MS = {
    "ms": 1,
    "millisecond": 1,
    "s": 1000,
    "sec": 1000,
    "second": 1000,
    "m": 60_000,
    "min": 60_000,
    "minute": 60_000,
    "h": 3_600_000,
    "hour": 3_600_000,
    "d": 86_400_000,
    "day": 86_400_000,
    "w": 604_800_000,
    "week": 604_800_000,
}
_SHOWN_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000), ("ms", 1))

_INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
_DECIMAL = re.compile(r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?")
_WORD = re.compile(r"[^\W\d]\w*")
_UNIT = re.compile(r"[A-Za-z]+")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]*")
_HEX = re.compile(r"0x((?:[0-9a-fA-F]{2})*)(?![0-9a-zA-Z_])")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?(?:Z|z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TEXT_SHOWN_MAX = 80
_DIGITS_MAX = 120  # enough for u256 with separators; keeps int() cheap


class WrongValue(Problem):
    """A value that does not fit its type. Says what was expected, and shows an example."""

    def __init__(self, kind: vm.Type, got: str, why: str, sample: str) -> None:
        shown = _cut(got)
        expected = vm.type_name(kind)
        super().__init__(
            f"{shown!r} is not {_article(expected)}: {why}",
            f"Write it like {sample}",
            exit_code=Exit.USAGE,
            code="WrongValue",
            data={"expected": expected, "got": shown, "example": sample},
        )
        self.expected = expected
        self.why = why


def _nobody(_: str) -> bytes | None:
    return None


def _no_name(_: bytes) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a value's text depends on: the contract's home currency, the decimals of currencies, the names of wallets."""

    home: str | None = None
    decimals: Mapping[str, int] = field(default_factory=dict)
    address_of: Callable[[str], bytes | None] = _nobody
    name_of: Callable[[bytes], str | None] = _no_name

    def currency(self, kind: vm.Amount | vm.Coin | vm.Vault) -> str | None:
        """The currency that a type means here."""
        return kind.currency or self.home


def read_value(text: str, kind: vm.Type, setting: Setting) -> Any:
    """The machine's value of a text. Raises `WrongValue`.

    At the outside a `Text` may stand without quotes; inside lists and records it needs them.
    """
    if isinstance(kind, vm.Text) and not text.startswith('"'):
        return _check_text(text, kind)
    reader = _Reader(text, setting)
    reader.space()
    value = reader.value(kind)
    reader.space()
    if reader.position != len(text):
        raise reader.wrong(kind, f"{text[reader.position :]!r} is left over after it")
    return value


def read_arguments(
    texts: tuple[str, ...] | list[str],
    parameters: tuple[tuple[str, vm.Type], ...],
    setting: Setting,
    *,
    coins: tuple[str, ...] = (),
    function: str = "",
) -> list[Any]:
    """The arguments of a function, in order. `coins` fill its parameters of type `Coin`. Raises `Problem`.

    A text may name its parameter: `price=100.00`.
    """
    signature = f"{function}({', '.join(f'{name}: {vm.type_name(kind)}' for name, kind in parameters)})"
    money = [name for name, kind in parameters if isinstance(kind, vm.Coin)]
    if len(coins) > len(money):
        wants = "no coins" if not money else "coins " + _times(len(money))
        raise Problem(
            f"{function} takes {wants}, but --coins is given {_times(len(coins))}",
            f"Its signature is {signature}",
            exit_code=Exit.USAGE,
            code="WrongArguments",
        )
    given: dict[str, str] = dict(zip(money, coins, strict=False))
    names = {name for name, _ in parameters}
    free = [name for name, _ in parameters if name not in given]
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and name in names:
            if name in given:
                raise _arguments(f"{name} is given twice", signature)
            given[name] = rest
            free.remove(name)
        elif equals and name.isidentifier() and not (free and isinstance(dict(parameters)[free[0]], vm.Text)):
            raise _arguments(f"{function} has no parameter {name!r}", signature)
        else:
            if not free:
                raise _arguments(f"{len(texts)} arguments are too many for {function}", signature)
            given[free.pop(0)] = text
    if free:
        lacking = ", ".join(free)
        hint = " (give money with --coins 100.00)" if any(name in money for name in free) else ""
        raise _arguments(f"{function} also needs {lacking}{hint}", signature)
    values = []
    for name, kind in parameters:
        try:
            values.append(read_value(given[name], kind, setting))
        except WrongValue as wrong:
            wrong.message = f"{name}: {wrong.message}"
            wrong.data["parameter"] = name
            raise
    return values


def _arguments(message: str, signature: str) -> Problem:
    return Problem(message, f"Its signature is {signature}", exit_code=Exit.USAGE, code="WrongArguments")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _article(name: str) -> str:
    return f"an {name}" if name[:1] in "AEIOaeio" else f"a {name}"


class _Reader:
    """Reads one text from left to right, led by the type."""

    def __init__(self, text: str, setting: Setting) -> None:
        self.text = text
        self.setting = setting
        self.position = 0

    def wrong(self, kind: vm.Type, why: str) -> WrongValue:
        return WrongValue(kind, self.text, why, example(kind, self.setting))

    def space(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found[0]

    def sign(self, character: str) -> bool:
        self.space()
        if self.text.startswith(character, self.position):
            self.position += len(character)
            return True
        return False

    def value(self, kind: vm.Type) -> Any:
        self.space()
        match kind:
            case vm.Bool():
                return self.truth(kind)
            case vm.Int(name="Time"):
                return self.time(kind)
            case vm.Int(name="Duration"):
                return self.duration(kind)
            case vm.Int(name="Rate"):
                return self.rate(kind)
            case vm.Int():
                return self.integer(kind)
            case vm.Amount():
                return self.money(kind)[1]
            case vm.Coin():
                return vm.CoinValue(*self.money(kind))
            case vm.Address():
                return self.address(kind)
            case vm.Text():
                return self.quoted(kind)
            case vm.Bytes():
                return self.bytes(kind)
            case vm.List(element, most):
                items = self.items(kind, "[", "]", lambda _: element)
                if len(items) > most:
                    raise self.wrong(kind, f"it has {len(items)} elements; at most {most} fit")
                return tuple(items)
            case vm.Tuple(parts):
                items = self.items(kind, "(", ")", lambda n: parts[n] if n < len(parts) else None)
                if len(items) != len(parts):
                    raise self.wrong(kind, f"it has {len(items)} items, not {len(parts)}")
                return tuple(items)
            case vm.Option(element):
                return self.option(kind, element)
            case vm.Struct(name, fields):
                return self.struct(kind, name, fields)
            case vm.Enum():
                return self.enum(kind)
        raise self.wrong(kind, "values of this type cannot be written")

    def truth(self, kind: vm.Type) -> bool:
        word = self.match(_WORD)
        if word not in ("true", "false"):
            raise self.wrong(kind, "it is neither true nor false")
        return word == "true"

    def integer(self, kind: vm.Int) -> int:
        digits = self.match(_INTEGER)
        if digits is None:
            raise self.wrong(kind, "it is not a whole number")
        if self.text.startswith(".", self.position):
            raise self.wrong(kind, "it has decimals")
        if len(digits) > _DIGITS_MAX:
            raise self.wrong(kind, "it is out of range")
        return self.in_range(kind, int(digits))

    def in_range(self, kind: vm.Int, number: int) -> int:
        if not kind.low <= number <= kind.high:
            raise self.wrong(kind, f"it is outside {kind.low:_} … {kind.high:_}")
        return number

    def money(self, kind: vm.Amount | vm.Coin) -> tuple[str, int]:
        if self.text.startswith("-", self.position):
            raise self.wrong(kind, "it is less than nothing")
        number = self.match(_DECIMAL)
        if number is None or len(number) > _DIGITS_MAX:
            raise self.wrong(kind, "it is not a number of money")
        self.space()
        code, wanted = self.match(_CURRENCY), self.setting.currency(kind)
        if code is not None and wanted is not None and code != wanted:
            raise self.wrong(kind, f"it is in {code}; {wanted} is expected")
        currency = code or wanted
        if currency is None:
            raise self.wrong(kind, "it does not say the currency")
        decimals = self.setting.decimals.get(currency)
        if decimals is None:
            raise self.wrong(kind, f"the currency {currency} is not known here, so its decimals are not")
        whole, _, fraction = number.replace("_", "").partition(".")
        if len(fraction) > decimals:
            raise self.wrong(kind, f"{currency} has {decimals} decimals, not {len(fraction)}")
        minor = int(whole + fraction.ljust(decimals, "0"))
        if minor > vm.AMOUNT_MAX:
            raise self.wrong(kind, "it is more than any amount may be")
        return currency, minor

    def duration(self, kind: vm.Int) -> int:
        total, parts = 0, 0
        while True:
            self.space()
            start = self.position
            number = self.match(_INTEGER)
            if number is None:
                break
            self.space()
            word = self.match(_UNIT)
            unit = None if word is None else _UNITS_MS.get(word) or _UNITS_MS.get(word.removesuffix("s"))
            if unit is None or number[0] in "+-" or len(number) > _DIGITS_MAX:
                self.position = start
                why = "it does not say the unit" if word is None else f"{word} is not a unit of time"
                raise self.wrong(kind, why if number[0] not in "+-" else "a duration has no sign")
            total, parts = total + int(number) * unit, parts + 1
        if not parts:
            raise self.wrong(kind, "it is not a length of time")
        return self.in_range(kind, total)

    def time(self, kind: vm.Int) -> int:
        written = self.match(_TIME)
        if written is None:
            number = self.match(_INTEGER)
            if number is None or len(number) > _DIGITS_MAX:
                raise self.wrong(kind, "it is neither a date and time nor milliseconds since 1970")
            return self.in_range(kind, int(number))
        if len(written) > len("2026-01-31") and not re.search(r"(Z|z|[+-]\d\d:?\d\d)\Z", written):
            raise self.wrong(kind, "it does not say the time zone; Z at the end means UTC")
        try:
            moment = datetime.fromisoformat(written.upper())
        except ValueError:
            raise self.wrong(kind, "there is no such day or hour") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return self.in_range(kind, (moment - _EPOCH) // timedelta(milliseconds=1))

    def rate(self, kind: vm.Int) -> int:
        number = self.match(_DECIMAL)
        if number is None or len(number) > _DIGITS_MAX:
            raise self.wrong(kind, "it is not a rate")
        self.space()
        if self.sign("%"):
            digits = 10
        elif self.match(_WORD) == "bps":
            digits = 8
        else:
            raise self.wrong(kind, "it does not say % or bps")
        whole, _, fraction = number.replace("_", "").partition(".")
        if len(fraction.rstrip("0")) > digits:
            raise self.wrong(kind, f"it has more than {digits} decimals")
        return self.in_range(kind, int(whole + fraction.rstrip("0").ljust(digits, "0")))

    def address(self, kind: vm.Type) -> bytes:
        from chain.primitives.address import parse_address
        from chain.primitives.refusal import Refusal

        word = self.match(_NAME)
        if word is None:
            raise self.wrong(kind, "it is neither an address nor the name of a wallet")
        known = self.setting.address_of(word)
        if known is not None:
            return known
        if not word.lower().startswith("tael1"):
            raise self.wrong(kind, "no wallet has this name, and an address begins with tael1")
        try:
            return parse_address(word)
        except Refusal as refusal:
            raise self.wrong(kind, refusal.message) from None

    def quoted(self, kind: vm.Text) -> str:
        if not self.text.startswith('"', self.position):
            raise self.wrong(kind, "a text inside another value stands in double quotes")
        try:
            text, self.position = json.JSONDecoder(strict=False).raw_decode(self.text, self.position)
        except ValueError:
            raise self.wrong(kind, "its closing quote is missing, or an escape in it is not known") from None
        return _check_text(text, kind)

    def bytes(self, kind: vm.Bytes) -> bytes:
        found = self.match(_HEX)
        if found is None:
            raise self.wrong(kind, "it is not 0x and an even number of hexadecimal digits")
        data = bytes.fromhex(found[2:])
        if len(data) > kind.max:
            raise self.wrong(kind, f"it has {len(data)} bytes; at most {kind.max} fit")
        return data

    def items(self, kind: vm.Type, opening: str, closing: str, type_of: Callable[[int], vm.Type | None]) -> list[Any]:
        if not self.sign(opening):
            raise self.wrong(kind, f"it does not begin with {opening}")
        items: list[Any] = []
        while not self.sign(closing):
            if items and not self.sign(","):
                raise self.wrong(kind, f"a comma or {closing} is missing after item {len(items)}")
            if items and self.sign(closing):
                break
            element = type_of(len(items))
            if element is None:
                raise self.wrong(kind, f"it has more than {len(items)} items")
            self.space()
            rest = self.text[self.position :]
            try:
                items.append(self.value(element))
            except WrongValue as wrong:
                wrong.message = f"item {len(items) + 1}, at {_cut(rest)!r}: {wrong.message}"
                raise
        return items

    def option(self, kind: vm.Type, element: vm.Type) -> Any:
        word = self.match(_WORD)
        if word in ("none", "None"):
            return (0,)
        if word not in ("some", "Some") or not self.sign("("):
            raise self.wrong(kind, "it is neither None nor Some(…)")
        value = self.value(element)
        if not self.sign(")"):
            raise self.wrong(kind, "its closing ) is missing")
        return (1, value)

    def struct(self, kind: vm.Type, name: str, fields: tuple[tuple[str, vm.Type], ...]) -> Any:
        if self.sign("{"):
            return self.record(kind, fields, "}")
        word = self.match(_WORD)
        if word != name or not self.sign("("):
            raise self.wrong(kind, f"it is neither {name}(…) nor {{…}}")
        return self.record(kind, fields, ")")

    def record(self, kind: vm.Type, fields: tuple[tuple[str, vm.Type], ...], closing: str) -> tuple[Any, ...]:
        """Fields by name or in order, up to the closing sign."""
        given: dict[str, Any] = {}
        types, first = dict(fields), True
        while not self.sign(closing):
            if not first and not self.sign(","):
                raise self.wrong(kind, f"a comma or {closing} is missing")
            if not first and self.sign(closing):
                break
            first = False
            named = re.compile(r"\s*([^\W\d]\w*)\s*:").match(self.text, self.position)
            if named is not None:
                self.position = named.end()
                name = named[1]
            elif len(given) < len(fields) and closing == ")":
                name = fields[len(given)][0]
            else:
                raise self.wrong(kind, "a field's name is missing" if closing == "}" else "it has too many fields")
            if name not in types:
                raise self.wrong(kind, f"it has no field {name}")
            if name in given:
                raise self.wrong(kind, f"the field {name} is given twice")
            given[name] = self.value(types[name])
        lacking = [name for name, _ in fields if name not in given]
        if lacking:
            raise self.wrong(kind, f"the field {lacking[0]} is missing")
        return tuple(given[name] for name, _ in fields)

    def enum(self, kind: vm.Enum) -> tuple[Any, ...]:
        word = self.match(_WORD)
        if word == kind.name and self.sign("."):
            word = self.match(_WORD)
        for tag, (variant, payload) in enumerate(kind.variants):
            if word == variant:
                if not payload:
                    return (tag,)
                if not self.sign("("):
                    raise self.wrong(kind, f"{variant} takes {', '.join(name for name, _ in payload)} in parentheses")
                return (tag, *self.record(kind, payload, ")"))
        raise self.wrong(kind, f"it is none of {', '.join(variant for variant, _ in kind.variants)}")


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN_MAX else text[: _TEXT_SHOWN_MAX - 1] + "…"


def _check_text(text: str, kind: vm.Text) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise WrongValue(kind, ascii(text), "it is not valid Unicode", '"hello"') from None
    if size > kind.max:
        raise WrongValue(kind, text, f"it has {size} bytes in UTF-8; at most {kind.max} fit", '"hello"')
    return text


# ── Showing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_value(value: Any, kind: vm.Type, setting: Setting) -> str:
    """A value as `read_value` reads it. An amount in a currency without known decimals is shown in minor units."""
    match kind:
        case vm.Bool():
            return "true" if value else "false"
        case vm.Int(name="Time"):
            return show_time(value)
        case vm.Int(name="Duration"):
            return show_duration(value)
        case vm.Int(name="Rate"):
            return show_rate(value)
        case vm.Int():
            return f"{value:_}"
        case vm.Amount() | vm.Vault():
            return show_money(value, setting.currency(kind), setting)
        case vm.Coin():
            return show_money(value.amount, value.currency, setting)
        case vm.Address():
            return show_address(value, setting)
        case vm.Text():
            quoted: str = json.dumps(value, ensure_ascii=False)
            return quoted
        case vm.Bytes():
            return f"0x{value.hex()}"
        case vm.List(element, _):
            return f"[{', '.join(show_value(item, element, setting) for item in value)}]"
        case vm.Tuple(parts):
            return f"({', '.join(show_value(v, k, setting) for v, k in zip(value, parts, strict=True))})"
        case vm.Option(element):
            return f"Some({show_value(value[1], element, setting)})" if value[0] else "None"
        case vm.Struct(name, fields):
            return f"{name}({_show_fields(value, fields, setting)})"
        case vm.Resource(name, fields, _):
            return f"{name}({_show_fields(value.fields, fields, setting)})"
        case vm.Enum(_, variants):
            variant, payload = variants[value[0]]
            return f"{variant}({_show_fields(value[1:], payload, setting)})" if payload else variant
    raise AssertionError(kind)


def _show_fields(values: Any, fields: tuple[tuple[str, vm.Type], ...], setting: Setting) -> str:
    shown = (f"{name}: {show_value(v, kind, setting)}" for v, (name, kind) in zip(values, fields, strict=True))
    return ", ".join(shown)


def show_time(time_ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC; as they are beyond the year 9999."""
    if time_ms > _TIME_SHOWN_MAX_MS:
        return str(time_ms)
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    milliseconds = f".{time_ms % 1000:03}" if time_ms % 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{milliseconds}Z".rjust(20, "0")


def show_duration(duration_ms: int) -> str:
    """Milliseconds as days, hours, minutes, seconds and milliseconds."""
    if duration_ms == 0:
        return "0 seconds"
    parts, rest = [], duration_ms
    for unit, size in _SHOWN_UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:_} {unit}" if count == 1 or unit == "ms" else f"{count:_} {unit}s")
    return " ".join(parts)


def show_rate(rate: int) -> str:
    """A rate in per cent, exactly."""
    whole, fraction = divmod(rate, 10**10)
    decimals = f"{fraction:010}".rstrip("0")
    return f"{whole:_}.{decimals} %" if decimals else f"{whole:_} %"


def show_money(minor: int, currency: str | None, setting: Setting) -> str:
    """Minor units as `1_000.00 CNY`."""
    from chain.primitives.money import format_money

    decimals = None if currency is None else setting.decimals.get(currency)
    if currency is None or decimals is None:
        return f"{minor:_} minor units{f' of {currency}' if currency else ''}"
    return format_money(minor, currency, decimals)


def show_address(address: bytes, setting: Setting) -> str:
    """The name of a wallet that has one here, else the address in full."""
    from chain.primitives.address import format_address

    return setting.name_of(address) or format_address(address)


def plain_value(value: Any, kind: vm.Type, setting: Setting) -> Any:
    """A value for JSON. What a type looks like does not depend on the value (`docs/cli.md`, "Values in JSON")."""
    match kind:
        case vm.Bool():
            return value
        case vm.Int(name="Time"):
            return {"ms": value, "utc": show_time(value)}
        case vm.Int(name="Duration"):
            return {"ms": value, "text": show_duration(value)}
        case vm.Int(name="Rate"):
            return {"ratio": f"{value // vm.RATE_ONE}.{value % vm.RATE_ONE:012}", "text": show_rate(value)}
        case vm.Int(_, low, high):
            return value if max(high, -low).bit_length() <= _EXACT_IN_JSON_BITS else str(value)
        case vm.Amount() | vm.Vault():
            return plain_money(value, setting.currency(kind), setting)
        case vm.Coin():
            return plain_money(value.amount, value.currency, setting)
        case vm.Address():
            return show_address(value, Setting())
        case vm.Text():
            return value
        case vm.Bytes():
            return "0x" + value.hex()
        case vm.List(element, _):
            return [plain_value(item, element, setting) for item in value]
        case vm.Tuple(parts):
            return [plain_value(v, k, setting) for v, k in zip(value, parts, strict=True)]
        case vm.Option(element):
            return plain_value(value[1], element, setting) if value[0] else None
        case vm.Struct(_, fields):
            return {n: plain_value(v, k, setting) for v, (n, k) in zip(value, fields, strict=True)}
        case vm.Resource(_, fields, _):
            return {n: plain_value(v, k, setting) for v, (n, k) in zip(value.fields, fields, strict=True)}
        case vm.Enum(_, variants):
            name, payload = variants[value[0]]
            content = {n: plain_value(v, k, setting) for v, (n, k) in zip(value[1:], payload, strict=True)}
            return {"variant": name, **({"payload": content} if payload else {})}
    raise AssertionError(kind)


def plain_money(minor: int, currency: str | None, setting: Setting) -> dict[str, object]:
    """Money for JSON: minor units as a text of digits, the currency, and the text that people read."""
    return {"minor": str(minor), "currency": currency, "text": show_money(minor, currency, setting)}


def example(kind: vm.Type, setting: Setting) -> str:
    """A text that `read_value` takes for this type."""
    match kind:
        case vm.Bool():
            return "true"
        case vm.Int(name="Time"):
            return "2026-12-31T12:00:00Z"
        case vm.Int(name="Duration"):
            return '"5 days"'
        case vm.Int(name="Rate"):
            return '"25 bps" or 3.85%'
        case vm.Int(_, low, high):
            return f"1_000 ({low:_} … {high:_})" if high >= 1000 else f"42 ({low} … {high})"
        case vm.Amount() | vm.Coin() | vm.Vault():
            currency = setting.currency(kind) or "CNY"
            decimals = setting.decimals.get(currency, 2)
            number = f"100.{'0' * decimals}" if decimals else "100"
            return f'{number} or "{number} {currency}"'
        case vm.Address():
            return "alice (the name of a wallet) or tael1… (an address)"
        case vm.Text():
            return '"hello"'
        case vm.Bytes():
            return "0x0a0b"
    return _shape(kind)


def _shape(kind: vm.Type) -> str:
    """The outline of a compound type, with types in the places of values."""
    match kind:
        case vm.List(element, _):
            return f"[{vm.type_name(element)}, …]"
        case vm.Tuple(parts):
            return f"({', '.join(vm.type_name(part) for part in parts)})"
        case vm.Option(element):
            return f"None or Some({vm.type_name(element)})"
        case vm.Struct(name, fields):
            return f"{name}({', '.join(f'{n}: {vm.type_name(k)}' for n, k in fields)})"
        case vm.Enum(_, variants):
            return " or ".join(
                f"{name}({', '.join(f'{n}: {vm.type_name(k)}' for n, k in payload)})" if payload else name
                for name, payload in variants
            )
    return vm.type_name(kind)
