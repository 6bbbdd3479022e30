"""Whether a value is as a JSON Schema says: the words that the API's description uses, and no others."""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    *(
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "maxItems",
        "minItems",
        "anyOf",
        "allOf",
        "enum",
        "const",
    ),
    *("pattern", "minimum", "maximum", "description", "$ref", "contentEncoding", "contentMediaType"),
}


def problems(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str = "") -> list[str]:
    """What is not as the schema says, each with its place."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return problems(value, document["components"]["schemas"][name], document, where)
    found = [one for part in schema.get("allOf", ()) for one in problems(value, part, document, where)]
    if "anyOf" in schema:
        tries = [problems(value, part, document, where) for part in schema["anyOf"]]
        if all(tries):
            found += min(tries, key=len)
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [*found, f"{where}: {value!r} is no {kind}"]
    if value not in schema.get("enum", (value,)) or value != schema.get("const", value):
        found.append(f"{where}: {value!r} is none of those")
    if isinstance(value, str) and re.search(schema.get("pattern", ""), value) is None:
        found.append(f"{where}: {value!r} is not written so")
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{where}: {value} is out of bounds")
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += problems(item, schema.get("items", {}), document, f"{where}[{number}]")
    if isinstance(value, dict):
        found += _fields(value, schema, document, where)
    return found


def _fields(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], where: str) -> list[str]:
    found = [f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    others = schema.get("additionalProperties", True)
    for name, field in value.items():
        of = schema.get("properties", {}).get(name, others)
        if of is False:
            found.append(f"{where}: {name} is not described")
        elif of is not True:
            found += problems(field, of, document, f"{where}.{name}")
    return found
