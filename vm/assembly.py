"""What the assembler and the disassembler share: how types, values, words and comments are written."""

from __future__ import annotations

import json
from typing import Any, Final

from vm.instructions import Effect, Rounding
from vm.types import (
    Address,
    Bytes,
    Enum,
    List,
    Option,
    Resource,
    Struct,
    Tuple,
    Type,
    type_name,
)
from vm.values import belongs, payload

EFFECT_WORDS: Final = {effect.name.lower(): effect for effect in Effect}
ROUNDING_WORDS: Final = {rounding.name.lower(): rounding for rounding in Rounding}


class AssemblyError(Exception):
    """Text that is no module. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


def spell_entry(kind: Type) -> str:
    """An entry of the type table: named types with their parts, others as everywhere."""
    match kind:
        case Struct(name, fields):
            return f"struct {name}({spell_fields(fields)})"
        case Resource(name, fields, divides):
            by = "" if divides is None else f" divides {divides}"
            return f"resource {name}({spell_fields(fields)}){by}"
        case Enum(name, variants):
            spelled = [variant + (f"({spell_fields(parts)})" if parts else "") for variant, parts in variants]
            return f"enum {name}({', '.join(spelled)})"
    return type_name(kind)


def spell_fields(fields: tuple[tuple[str, Type], ...]) -> str:
    """Names with their types."""
    return ", ".join(f"{name}: {type_name(kind)}" for name, kind in fields)


def spell_value(kind: Type, value: Any) -> str:
    """A plain value as JSON; byte strings as hexadecimal digits, compound values as arrays, variants by
    their tag.
    """
    return json.dumps(_to_json(kind, value), ensure_ascii=True)


def read_value(kind: Type, text: str) -> Any:
    """The value that `spell_value` wrote. Raises `ValueError` if it is none of the type's."""
    try:
        value = _from_json(kind, json.loads(text))
    except (RecursionError, TypeError, IndexError) as error:
        raise ValueError(f"not a value of {type_name(kind)}") from error
    if not belongs(kind, value):
        raise ValueError(f"not a value of {type_name(kind)}")
    return value


def _to_json(kind: Type, value: Any) -> Any:
    match kind:
        case Bytes() | Address():
            return value.hex()
        case List(element, _):
            return [_to_json(element, x) for x in value]
        case Struct() | Tuple():
            return [_to_json(part, x) for part, x in zip(_kinds(kind), value, strict=True)]
        case Option() | Enum():
            parts = payload(kind, value[0]) or ()
            return [value[0], *(_to_json(part, x) for part, x in zip(parts, value[1:], strict=True))]
    return value


def _from_json(kind: Type, form: Any) -> Any:
    match kind:
        case Bytes() | Address():
            return bytes.fromhex(form)
        case List(element, _):
            return tuple([_from_json(element, x) for x in form])
        case Struct() | Tuple():
            return tuple([_from_json(part, x) for part, x in zip(_kinds(kind), form, strict=True)])
        case Option() | Enum():
            parts = payload(kind, form[0]) or ()
            return (form[0], *(_from_json(part, x) for part, x in zip(parts, form[1:], strict=True)))
    return form


def _kinds(kind: Struct | Tuple) -> list[Type]:
    return [part for _, part in kind.fields] if isinstance(kind, Struct) else list(kind.items)


def without_comment(line: str) -> str:
    """The line up to a `;` that is not within a string."""
    quoted = escaped = False
    for position, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted
        elif character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            return line[:position].rstrip()
    return line.rstrip()


def split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside of all brackets, without space around; none for no
    text.
    """
    parts: list[str] = []
    depth = start = 0
    for position, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part] if separator == " " or parts == [""] else parts
