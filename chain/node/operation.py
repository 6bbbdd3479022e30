"""An operation of the API: how it is asked, what it does, what it answers. The description is made from these, and so is what
happens to a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chain.node.parameters import ANY, Parameter, bad, is_unicode, json_number
from chain.node.schema import HASH, HEIGHT, Schema, record
from chain.primitives.header import Header
from chain.primitives.limits import HEIGHT_MAX
from chain.primitives.refusal import Refused


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked. `values` are the parameters of path, query and body, each read by its kind; the rest is as it came."""

    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    packed: bytes | None = None
    """The body in msgpack, if it came so."""
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: bool = False
    """Whether the answer is wanted as bare bytes."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that can be had as bare bytes (`Accept: application/octet-stream`), with the header of its state."""

    content: bytes
    header: Header


Answer = dict[str, Any] | Raw


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API. Parameters by name; those of which only words are given may be anything."""

    method: str
    path: str
    name: str
    summary: str
    answer: Callable[[Query], Awaitable[Any]]
    body_fields: Mapping[str, str] = field(default_factory=dict)
    answer_fields: tuple[str, ...] = ()
    lists: bool = False
    """Whether its body is a list of byte strings, which msgpack may bring and take back as well."""
    parameters: tuple[Parameter, ...] = ()
    """Of the query."""
    places: tuple[Parameter, ...] = ()
    """Of the path."""
    body: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = ()
    """Of these fields of the body exactly one is given."""
    answers: Schema | None = None
    """What a good answer has besides height and state root."""
    refusals: tuple[Refused, ...] = ()
    """Codes beside those that every operation may have."""
    bare: str | None = None
    """What an answer of bare bytes is, if there is one."""
    unpaid: bool = False
    """Whether it runs programs for which nobody pays."""

    @property
    def fields(self) -> tuple[Parameter, ...]:
        """The fields of the body."""
        return self.body or tuple(Parameter(name, ANY, words) for name, words in self.body_fields.items())

    @property
    def schema(self) -> Schema:
        """Of a good answer."""
        own = self.answers
        if own is None:
            own = {**record(**{f"{name}_": {} for name in self.answer_fields}), "additionalProperties": True}
        named = {**own["properties"], "height": HEIGHT, "state_root": HASH}
        return {**own, "required": [*own["required"], "height", "state_root"], "properties": named}


def query_text(query: Query, name: str) -> str:
    """A field of the body that must be there. Raises `Refusal` BadRequest."""
    value = query.body.get(name)
    if not isinstance(value, str) or not is_unicode(value):
        raise bad(f"{name} must be a text")
    return value


def query_number(query: Query, name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number of the body, as a number or a text. Raises `Refusal` BadRequest."""
    value = query.body.get(name, default)
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= len(str(HEIGHT_MAX**3)):
        value = int(value)
    return json_number(value, name, low, high)
