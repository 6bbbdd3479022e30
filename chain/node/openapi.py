"""The OpenAPI description of the API, made from its table of operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol


class Described(Protocol):
    """What the description needs to know of an operation."""

    @property
    def method(self) -> str:
        """GET or POST."""

    @property
    def path(self) -> str:
        """With parameters in braces."""

    @property
    def name(self) -> str:
        """The operation's identity."""

    @property
    def summary(self) -> str:
        """One sentence."""

    @property
    def path_parameters(self) -> dict[str, str]:
        """Names and what they are."""

    @property
    def query_parameters(self) -> dict[str, str]:
        """Names and what they are; none is required."""

    @property
    def body_fields(self) -> dict[str, str]:
        """Names and what they are; all are texts."""

    @property
    def lists(self) -> bool:
        """Whether its body's fields are lists of texts, which may come in msgpack."""

    @property
    def answer_fields(self) -> tuple[str, ...]:
        """What every good answer has besides height and state_root."""


def describe(operations: Iterable[Described]) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    head = {"height": {"type": "integer"}, "state_root": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tael node", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {
                "Refusal": {
                    "type": "object",
                    "required": ["code", "message", "remedy", "height", "state_root"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "remedy": {"type": "string"},
                        "data": {"type": "object"},
                        **head,
                    },
                }
            }
        },
    }


def _operation(operation: Described) -> dict[str, Any]:
    names = [*operation.answer_fields, "height", "state_root"]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [
            *(_parameter(name, text, "path") for name, text in operation.path_parameters.items()),
            *(_parameter(name, text, "query") for name, text in operation.query_parameters.items()),
        ],
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": {"type": "object", "required": names}}},
            },
            "default": {
                "description": "A refusal.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
            },
        },
    }
    if operation.body_fields:
        kind: dict[str, Any] = {"type": "array", "items": {"type": "string"}} if operation.lists else {"type": "string"}
        properties = {name: {**kind, "description": text} for name, text in operation.body_fields.items()}
        content: dict[str, Any] = {"application/json": {"schema": {"type": "object", "properties": properties}}}
        if operation.lists:
            content["application/msgpack"] = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(name: str, text: str, place: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": text,
        "schema": {"type": "string"},
    }
