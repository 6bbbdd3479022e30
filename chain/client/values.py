"""The machine's values as Python programs write and get them.

| type | Python | also taken |
|---|---|---|
| `bool`, integers | `bool`, `int` | |
| `Amount`, `Coin` | `Money` | `"2.50 CNY"`, `Decimal` and `int` in whole units |
| `Time` | `datetime` with a time zone | milliseconds since 1970; `datetime.max` for all that is later |
| `Duration` | `timedelta` | milliseconds; `timedelta.max` for all that is longer |
| `Rate` | `Decimal`, 1 for 100 % | `"3.85%"`, `"25bps"`, `int` |
| `Address` | `Address` | 32 bytes, `tael1…`, a sender, a contract |
| `Text`, `Bytes` | `str`, `bytes` | `bytearray` |
| `List`, tuples | `list`, `tuple` | any sequence |
| structs | a frozen data class | a mapping, a data class with the same fields |
| enums | an `enum.Enum`; where variants carry something, a data class each | the name of a variant that carries nothing |
| `Option` | the value or `None` | within another option `Some(value)` |
"""

from __future__ import annotations

import dataclasses
import enum
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeAlias

import vm.types as vm
from chain.client.money import Address, Money, address_of, money_of
from chain.primitives.refusal import Refusal, Refused
from vm.types import type_name
from vm.values import belongs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIME_MS_MAX = 253_402_300_799_999  # the last millisecond of the year 9999
_DURATION_MS_MAX = timedelta.max // _MILLISECOND
_RATE_DECIMALS = 12
_SHOWN_CHARACTERS_MAX = 60

Fields: TypeAlias = tuple[tuple[str, vm.Type], ...]


@dataclass(frozen=True, slots=True)
class Some:
    """A value in an option, where `None` would not tell which option is empty."""

    value: Any


def python_name(name: str) -> str:
    """A name of a contract as Python can have it: with an underscore behind it if it is a word of Python's own.

    Raises `Refusal` WrongProof if it is no name: contracts have none such.
    """
    if not name.isidentifier():
        raise Refusal(Refused.WRONG_PROOF, f"the node gave a module with {name[:40]!r} for a name")
    return f"{name}_" if keyword.iskeyword(name) else name


def machine_time(moment: datetime) -> int:
    """Milliseconds since 1970. Raises `ValueError` that says what is wrong."""
    if moment.replace(tzinfo=None) == datetime.max:
        return vm.TIME.high
    if moment.tzinfo is None:
        raise ValueError("it does not say the time zone")
    milliseconds, rest = divmod(moment - _EPOCH, _MILLISECOND)
    if rest:
        raise ValueError("it has parts of a millisecond")
    return milliseconds


class Values:
    """The values of one contract: its types as Python classes, its home currency, the chain's currencies."""

    def __init__(self, home: str | None, decimals: Mapping[str, int], classes: Mapping[str, type] | None = None) -> None:
        """`classes` has Python's classes of structs and enums by name, where a module that was made by `tael bind` has them; the
        variants of an enum are `Enum.Variant`.
        """
        self.home = home
        self.decimals = decimals
        self._given = dict(classes or {})
        self._made: dict[vm.Type, Any] = {}

    # To the machine.

    def to_machine(self, kind: vm.Type, value: Any) -> Any:
        """The machine's value. Raises `Refusal` WrongArguments that says what is wrong with it."""
        try:
            made = self._to_machine(kind, value)
        except (ValueError, InvalidOperation, OverflowError) as wrong:
            _refuse(kind, value, str(wrong) or "it is not one")
        except Refusal as refusal:
            if refusal.code is Refused.WRONG_ARGUMENTS:
                raise
            _refuse(kind, value, refusal.message)
        if not belongs(kind, made):
            _refuse(kind, value, _range(kind))
        return made

    def _to_machine(self, kind: vm.Type, value: Any) -> Any:
        match kind:
            case vm.Int(name="Time") if isinstance(value, datetime):
                return machine_time(value)
            case vm.Int(name="Duration") if isinstance(value, timedelta):
                return _duration(value)
            case vm.Int(name="Rate"):
                return _rate(value)
            case vm.Amount() | vm.Vault():
                return self._money(kind, value).minor
            case vm.Coin():
                money = self._money(kind, value)
                return vm.CoinValue(money.currency, money.minor)
            case vm.Address():
                return bytes(address_of(value))
            case vm.Bytes():
                return bytes(value) if isinstance(value, bytes | bytearray) else value
            case vm.List(element, _):
                return tuple([self.to_machine(element, item) for item in _sequence(value)])
            case vm.Tuple(items):
                return tuple([self.to_machine(k, v) for k, v in zip(items, _sequence(value, len(items)), strict=True)])
            case vm.Option(element):
                if value is None:
                    return (0,)
                return (1, self.to_machine(element, value.value if isinstance(value, Some) else value))
            case vm.Struct(_, fields):
                return self._fields(fields, value)
            case vm.Enum():
                return self._enum(kind, value)
        return value

    def _money(self, kind: vm.Amount | vm.Coin | vm.Vault, value: Any) -> Money:
        return money_of(value, self.decimals, kind.currency or self.home, only=True)

    def _fields(self, fields: Fields, value: Any) -> tuple[Any, ...]:
        if isinstance(value, Mapping):
            given = dict(value)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            given = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        else:
            raise ValueError("it is neither a data class nor a mapping of fields")
        names = [python_name(name) for name, _ in fields]
        if sorted(given, key=str) != sorted(names):
            raise ValueError(f"its fields are {', '.join(map(str, given)) or 'none'}, not {', '.join(names) or 'none'}")
        return tuple([self.to_machine(kind, given[name]) for name, (_, kind) in zip(names, fields, strict=True)])

    def _enum(self, kind: vm.Enum, value: Any) -> tuple[Any, ...]:
        variant = value if isinstance(value, str) else value.name if isinstance(value, enum.Enum) else type(value).__name__
        for tag, (name, payload) in enumerate(kind.variants):
            if variant in (python_name(name), f"{kind.name}{name}"):
                if not payload:
                    return (tag,)
                if isinstance(value, str):
                    raise ValueError(f"{name} carries {', '.join(field for field, _ in payload)}")
                return (tag, *self._fields(payload, value))
        raise ValueError(f"it is none of {', '.join(name for name, _ in kind.variants)}")

    # From the machine.

    def to_python(self, kind: vm.Type, value: Any) -> Any:
        """What a program gets for a value of the machine."""
        match kind:
            case vm.Int(name="Time"):
                return datetime.max.replace(tzinfo=UTC) if value > _TIME_MS_MAX else _EPOCH + value * _MILLISECOND
            case vm.Int(name="Duration"):
                return timedelta.max if value > _DURATION_MS_MAX else value * _MILLISECOND
            case vm.Int(name="Rate"):
                return Decimal(value).scaleb(-_RATE_DECIMALS).normalize()
            case vm.Amount() | vm.Vault():
                currency = kind.currency or self.home or ""
                return Money(value, currency, self.decimals.get(currency, 0))
            case vm.Coin():
                return Money(value.amount, value.currency, self.decimals.get(value.currency, 0))
            case vm.Address():
                return Address(value)
            case vm.List(element, _):
                return [self.to_python(element, item) for item in value]
            case vm.Tuple(items):
                return tuple([self.to_python(k, v) for k, v in zip(items, value, strict=True)])
            case vm.Option(element):
                if not value[0]:
                    return None
                inner = self.to_python(element, value[1])
                return Some(inner) if isinstance(element, vm.Option) else inner
            case vm.Struct(_, fields):
                return self.class_of(kind)(*[self.to_python(k, v) for v, (_, k) in zip(value, fields, strict=True)])
            case vm.Enum(_, variants):
                name, payload = variants[value[0]]
                member = self._given.get(f"{kind.name}.{name}") or getattr(self.class_of(kind), python_name(name))
                if isinstance(member, enum.Enum):
                    return member
                return member(*[self.to_python(k, v) for v, (_, k) in zip(value[1:], payload, strict=True)])
        return value

    def class_of(self, kind: vm.Struct | vm.Enum) -> Any:
        """The Python class of a struct or an enum."""
        if kind not in self._made:
            self._made[kind] = self._given.get(kind.name) or self._make(kind)
        return self._made[kind]

    def _make(self, kind: vm.Struct | vm.Enum) -> Any:
        if isinstance(kind, vm.Struct):
            return record_class(kind.name, kind.fields)
        if not any(payload for _, payload in kind.variants):
            return enum.Enum(python_name(kind.name), [(python_name(name), tag) for tag, (name, _) in enumerate(kind.variants)])
        base: Any = type(python_name(kind.name), (), {"__doc__": f"The enum {kind.name}."})
        for name, payload in kind.variants:
            given = self._given.get(f"{kind.name}.{name}")
            setattr(base, python_name(name), given or record_class(name, payload, base))
        return base


def record_class(name: str, fields: Fields, base: type = object) -> type:
    """A frozen data class with these fields."""
    named = [python_name(field) for field, _ in fields]
    return dataclasses.make_dataclass(python_name(name), named, bases=(base,) if base is not object else (), frozen=True)


def _sequence(value: Any, size: int | None = None) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
        raise ValueError("it is no sequence")
    if size is not None and len(value) != size:
        raise ValueError(f"it has {len(value)} items, not {size}")
    return value


def _duration(value: timedelta) -> int:
    if value == timedelta.max:
        return vm.DURATION.high
    milliseconds, rest = divmod(value, _MILLISECOND)
    if rest:
        raise ValueError("it has parts of a millisecond")
    return milliseconds


def _rate(value: Any) -> int:
    shift = _RATE_DECIMALS
    if isinstance(value, str):
        text = value.strip()
        for unit, exponent in (("%", 2), ("bps", 4)):
            if text.endswith(unit):
                text, shift = text.removesuffix(unit).strip(), _RATE_DECIMALS - exponent
        value = Decimal(text)
    if type(value) not in (int, Decimal):
        raise ValueError("it is no Decimal, whole number, or text such as 3.85%")
    if not Decimal(value).is_finite():
        raise ValueError("it is no number")
    _, digits, power = Decimal(value).as_tuple()
    number, exponent = int("".join(map(str, digits))), int(power) + shift
    if abs(exponent) > 60 or (exponent < 0 and number % 10**-exponent):
        raise ValueError(f"it has more than {_RATE_DECIMALS} decimals")
    magnitude: int = number * 10**exponent if exponent >= 0 else number // 10**-exponent
    return -magnitude if value < 0 else magnitude


def _range(kind: vm.Type) -> str:
    match kind:
        case vm.Int(name="Time"):
            return "it is no datetime, nor milliseconds since 1970"
        case vm.Int(name="Duration"):
            return "it is no timedelta, nor milliseconds"
        case vm.Int(_, low, high):
            return f"it is no whole number of {low:_} … {high:_}"
        case vm.Text(most):
            return f"it is no text of at most {most} bytes in UTF-8"
        case vm.Bytes(most):
            return f"it is no byte string of at most {most} bytes"
        case vm.List(_, most):
            return f"it has more than {most} elements"
    return "it is not one"


def _refuse(kind: vm.Type, value: Any, why: str) -> NoReturn:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN_CHARACTERS_MAX else shown[: _SHOWN_CHARACTERS_MAX - 1] + "…"
    name = type_name(kind)
    article = "an" if name[:1] in "AEIOaeio" else "a"
    raise Refusal(Refused.WRONG_ARGUMENTS, f"{shown} is not {article} {name}: {why}", expected=name) from None


def show(value: Any) -> str:
    """A value for people, as in messages."""
    return str(value) if isinstance(value, Money | Address | Decimal | datetime | timedelta) else repr(value)
