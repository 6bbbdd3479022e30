"""An operation of the API: how it is asked, what it does, what it answers. The description is made from these, and so is what
happens to a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chain.node.parameters import Parameter
from chain.node.schema import HASH, HEIGHT, Schema, record
from chain.primitives.header import Header
from chain.primitives.refusal import Refused

BARE: Final = "application/octet-stream"


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
    """An answer in bytes, with the header of its state: bare ones (`Accept: application/octet-stream`), or of another kind."""

    content: bytes
    header: Header
    media_type: str = BARE


Answer = dict[str, Any] | Raw


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API."""

    method: str
    path: str
    name: str
    summary: str
    answer: Callable[[Query], Awaitable[Any]]
    lists: bool = False
    """Whether its body is a list of byte strings, which msgpack may bring and take back as well."""
    parameters: tuple[Parameter, ...] = ()
    """Of the query."""
    places: tuple[Parameter, ...] = ()
    """Of the path."""
    body: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = ()
    """Of these fields of the body exactly one is given."""
    answers: Schema = field(default_factory=record)
    """What a good answer has besides height and state root."""
    refusals: tuple[Refused, ...] = ()
    """Codes beside those that every operation may have."""
    bare: str | None = None
    """What an answer of bare bytes is, if there is one."""
    packed: str | None = None
    """What its answer is in msgpack, if it is had in nothing else."""
    unpaid: bool = False
    """Whether it runs programs for which nobody pays."""

    @property
    def schema(self) -> Schema:
        """Of a good answer."""
        own = self.answers
        named = {**own["properties"], "height": HEIGHT, "state_root": HASH}
        return {**own, "required": [*own["required"], "height", "state_root"], "properties": named}
