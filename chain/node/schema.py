"""Words for the schemas of the API: JSON Schema 2020-12, as OpenAPI 3.1 has it."""

from __future__ import annotations

from typing import Any, TypeAlias

from chain.primitives.address import PREFIX
from chain.primitives.limits import HEIGHT_MAX, TIME_MS_MAX

Schema: TypeAlias = "dict[str, Any]"

_LETTERS = "023456789acdefghjklmnpqrstuvwxyz"
ANYTHING: Schema = {}
TRUTH: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string"}
HEX: Schema = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
AMOUNT: Schema = {"type": "string", "pattern": "^[0-9]{1,39}$", "description": "Minor units."}
ADDRESS: Schema = {"type": "string", "pattern": f"^{PREFIX}1[{_LETTERS}]{{58}}$"}


def whole(low: int = 0, high: int | None = None) -> Schema:
    """A whole number from `low` on."""
    return {"type": "integer", "minimum": low} | ({} if high is None else {"maximum": high})


def hexadecimal(bytes_count: int) -> Schema:
    """So many bytes, in hexadecimal."""
    return {"type": "string", "pattern": f"^[0-9a-f]{{{2 * bytes_count}}}$"}


def one_of(*values: str) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def same(value: str) -> Schema:
    """Always the same text."""
    return {"type": "string", "const": value}


def listed(items: Schema, most: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": items} | ({} if most is None else {"maxItems": most})


def by_name(values: Schema) -> Schema:
    """An object whose names are not known beforehand."""
    return {"type": "object", "additionalProperties": values}


def nullable(schema: Schema) -> Schema:
    """It, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def either(*schemas: Schema) -> Schema:
    """One or another."""
    return {"anyOf": list(schemas)}


def record(**fields: Schema) -> Schema:
    """An object with these fields, all of them and no others. A name that Python has taken ends in `_`."""
    named = {name.rstrip("_"): schema for name, schema in fields.items()}
    return {"type": "object", "required": list(named), "properties": named, "additionalProperties": False}


def more(base: Schema, **fields: Schema) -> Schema:
    """A record with more fields than another."""
    named = {name.rstrip("_"): schema for name, schema in fields.items()}
    return {**base, "required": [*base["required"], *named], "properties": {**base["properties"], **named}}


def ref(name: str) -> Schema:
    """A schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


HASH = hexadecimal(32)
HEIGHT = whole(0, HEIGHT_MAX)
TIME_MS = {**whole(0, TIME_MS_MAX), "description": "Milliseconds since 1970 UTC."}
CURSOR: Schema = {**HEX, "description": "Opaque: what `from` takes to go on."}
