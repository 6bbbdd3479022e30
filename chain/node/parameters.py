"""The parameters of the API's operations: each kind has a schema and one reader, which takes just what the schema describes.

What does not fit a schema is `BadRequest` (400). What fits it and is still not to be had, such as an address whose checksum is
wrong, has a code of its own and another status.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from chain.node.schema import ANYTHING, Schema, either, nullable, one_of, whole
from chain.primitives.address import TEXT_CHARACTERS, format_address, parse_address
from chain.primitives.hash import HASH_BYTES
from chain.primitives.limits import AMOUNT_MAX, HEIGHT_MAX
from chain.primitives.refusal import Refusal, Refused

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
_ADDRESS = re.compile(rf"[0-9A-Za-z]{{1,{2 * TEXT_CHARACTERS}}}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is written, and what it is here. `read(value, name)` raises `Refusal`; values of a path or query are texts."""

    schema: Schema
    read: Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by its name. Without a value it has the `default`, unless it is required."""

    name: str
    kind: Kind
    description: str
    example: Any = None
    required: bool = False
    default: Any = None


def bad(message: str) -> Refusal:
    """The refusal of what is not as described."""
    return Refusal(Refused.BAD_REQUEST, message)


def is_unicode(text: str) -> bool:
    """Whether a text has a form in bytes: JSON can name halves of characters, which have none."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def text_of(value: Any, name: str) -> str:
    """A text. Raises `Refusal` BadRequest."""
    if not isinstance(value, str) or not is_unicode(value):
        raise bad(f"{name} must be a text")
    return value


def _matched(pattern: re.Pattern[str], value: Any, name: str, what: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise bad(f"{name} must be {what}")
    return value


def number(low: int, high: int) -> Kind:
    """A whole number."""

    def read(value: Any, name: str) -> int:
        if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 20:
            value = int(value)
        return json_number(value, name, low, high)

    return Kind(whole(low, high), read)


def member(low: int, high: int) -> Kind:
    """A whole number in a body, where it is no text."""
    return Kind(whole(low, high), lambda value, name: json_number(value, name, low, high))


def json_number(value: Any, name: str, low: int, high: int) -> int:
    """A whole number of JSON, which may be written with a point and noughts. Raises `Refusal` BadRequest."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise bad(f"{name} must be a whole number from {low} to {high}")
    return value


def optional(kind: Kind) -> Kind:
    """It, or null, which is None."""
    return Kind(nullable(kind.schema), lambda value, name: None if value is None else kind.read(value, name))


def hexadecimal(least: int = 0, most: int | None = None) -> Kind:
    """Bytes in hexadecimal: at least and at most so many."""

    def read(value: Any, name: str) -> bytes:
        data = bytes.fromhex(_matched(_HEX, value, name, "hexadecimal"))
        if len(data) < least or (most is not None and len(data) > most):
            raise bad(f"{name} must have {_span(least, most)} bytes")
        return data

    return Kind({"type": "string", "pattern": f"^([0-9a-fA-F]{{2}}){{{least},{'' if most is None else most}}}$"}, read)


def _span(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return str(least) if least == most else f"{least} to {most}"


def cursor(*sizes: int) -> Kind:
    """The cursor of a page before, of one of these sizes in bytes; an empty text is the beginning."""
    patterns = [f"[0-9a-fA-F]{{{2 * size}}}" for size in sizes]

    def read(value: Any, name: str) -> bytes:
        data = bytes.fromhex(_matched(_HEX, value, name, "a cursor of an earlier answer"))
        if len(data) not in (0, *sizes):
            raise bad(f"{name} must be a cursor of an earlier answer")
        return data

    return Kind({"type": "string", "pattern": f"^({'|'.join(patterns)})?$"}, read)


def choice(*values: str) -> Kind:
    """One of some texts."""

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in values:
            raise bad(f"{name} must be {' or '.join(f'`{one}`' for one in values)}")
        return value

    return Kind(one_of(*values), read)


def text(pattern: str, most: int) -> Kind:
    """A text of some characters, which `pattern` describes, at most so many of them."""
    compiled = re.compile(f"(?:{pattern}){{1,{most}}}")
    what = f"1 to {most} characters of {pattern}"
    return Kind(
        {"type": "string", "pattern": f"^({pattern}){{1,{most}}}$"},
        lambda value, name: _matched(compiled, value, name, what),
    )


def _read_height_or_latest(value: Any, name: str) -> int | None:
    return None if value == "latest" else int(HEIGHT.read(value, name))


def _read_amount(value: Any, name: str) -> int:
    amount = int(_matched(re.compile("[0-9]{1,39}"), value, name, "an amount: its digits, in a text"))
    if amount > AMOUNT_MAX:
        raise Refusal(Refused.WRONG_AMOUNT, f"{name} is more than {AMOUNT_MAX}")
    return amount


def _read_truth(value: Any, name: str) -> bool:
    if type(value) is not bool:
        raise bad(f"{name} must be true or false")
    return value


def _read_base64(value: Any, name: str) -> str:
    return _matched(_BASE64, value, name, "base64")


def _read_address(value: Any, name: str) -> bytes:
    return parse_address(_matched(_ADDRESS, value, name, "an address"))


def _read_anything(value: Any, name: str) -> Any:
    return value


EXAMPLE_ADDRESS = format_address(bytes(32))
ADDRESS = Kind({"type": "string", "pattern": f"^{_ADDRESS.pattern}$"}, _read_address)
AMOUNT = Kind({"type": "string", "pattern": "^[0-9]{1,39}$"}, _read_amount)
ANY = Kind(ANYTHING, _read_anything)
BASE64 = Kind({"type": "string", "contentEncoding": "base64", "pattern": f"^{_BASE64.pattern.replace('?:', '')}$"}, _read_base64)
HEIGHT = number(0, HEIGHT_MAX)
HEIGHT_OR_LATEST = Kind(either(HEIGHT.schema, one_of("latest")), _read_height_or_latest)
IDENTITY = hexadecimal(HASH_BYTES, HASH_BYTES)
TRUTH = Kind({"type": "boolean"}, _read_truth)
TRANSACTION = hexadecimal()


def object_schema(parameters: Iterable[Parameter]) -> Schema:
    """The schema of an object that has these fields and no others."""
    parameters = tuple(parameters)
    properties = {one.name: {**one.kind.schema, "description": one.description} for one in parameters}
    required = [one.name for one in parameters if one.required]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def read_some(parameters: tuple[Parameter, ...], given: dict[str, Any], where: str, later: list[Refusal]) -> dict[str, Any]:
    """What parameters are, by name, of what was given. Raises `Refusal` BadRequest for what is not as described, a name that is
    none of theirs among it. What is as described and still wrong is put into `later`, since what is not comes first.
    """
    known = {parameter.name for parameter in parameters}
    for name in given:
        if name not in known:
            _unknown(name, where, known)
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name in given:
            try:
                values[parameter.name] = parameter.kind.read(given[parameter.name], parameter.name)
            except Refusal as refusal:
                if refusal.code is Refused.BAD_REQUEST:
                    raise
                later.append(refusal)
        elif parameter.required:
            raise bad(f"{where} must have {parameter.name}")
        else:
            values[parameter.name] = parameter.default
    return values


def _unknown(name: str, where: str, known: set[str]) -> NoReturn:
    shown = name[:40] if is_unicode(name) else "a name"
    raise bad(f"{where} has no {shown!r}; it may have {', '.join(sorted(known)) or 'nothing'}")
