"""The OpenAPI 3.1 description of the API, made from the operations themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chain.node.api_answer import REFUSED_STATUS, STATUSES
from chain.node.api_codes import EVERYWHERE
from chain.node.api_components import COMPONENTS
from chain.node.batch import MSGPACK
from chain.node.operation import BARE, Operation
from chain.node.parameters import Parameter, object_schema
from chain.node.schema import record, ref
from chain.primitives.refusal import REMEDIES, Refused

_DESCRIPTION = (
    "A node of a Tael ledger. Every answer has the height and state root of the state that was read. Every refusal is `Refusal`:"
    " 400 is for what is not as described here, 422 and others for what is and cannot be done."
    " Subscriptions: WebSocket, `/v1/subscribe`."
)


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tael node", "version": "1", "description": _DESCRIPTION, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "headers": {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
                "Tael-Height": {"description": "Of the state that was read.", "schema": {"type": "integer"}},
                "Tael-State-Root": {"description": "Of the state that was read.", "schema": {"type": "string"}},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": [
            *(_parameter(parameter, "path") for parameter in operation.places),
            *(_parameter(parameter, "query") for parameter in operation.parameters),
        ],
        "responses": _responses(operation),
    }
    if operation.method == "POST":
        described["requestBody"] = {"required": True, "content": _bodies(operation)}
    return described


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    schema = parameter.kind.schema
    if parameter.default not in (None, b""):
        schema = {**schema, "default": parameter.default}
    described = {"name": parameter.name, "in": place, "required": parameter.required, "description": parameter.description}
    example = {} if parameter.example is None else {"example": parameter.example}
    return {**described, "schema": schema, **example}


def _bodies(operation: Operation) -> dict[str, Any]:
    schema = object_schema(operation.body)
    if operation.one_of:
        schema["oneOf"] = [{"required": [name]} for name in operation.one_of]
    content: dict[str, Any] = {"application/json": {"schema": schema, **_body_example(operation)}}
    if operation.lists:
        content[MSGPACK] = {"schema": {"type": "string", "contentMediaType": MSGPACK, "description": "An array of byte strings."}}
    return content


def _body_example(operation: Operation) -> dict[str, Any]:
    shown = {
        field.name: field.example
        for field in operation.body
        if field.example is not None and field.name not in operation.one_of[1:]
    }
    missing = any(field.required and field.name not in shown for field in operation.body)
    return {"example": shown} if shown and not missing else {}


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {} if operation.packed else {"application/json": {"schema": operation.schema}}
    answers: dict[str, Any] = {"200": {"description": "The answer.", "content": good}}
    if operation.lists:
        good[MSGPACK] = {"schema": {"type": "string", "contentMediaType": MSGPACK, "description": "Rows, height, state root."}}
    for kind, words in ((BARE, operation.bare), (MSGPACK, operation.packed)):
        if words is not None:
            good[kind] = {"schema": {"type": "string", "contentMediaType": kind, "description": words}}
    if operation.bare or operation.packed:
        names = ("Tael-Height", "Tael-State-Root")
        answers["200"]["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    by_status: dict[int, list[Refused]] = {}
    for code in dict.fromkeys((*EVERYWHERE, Refused.TOO_LARGE, *operation.refusals)):
        by_status.setdefault(STATUSES.get(code, REFUSED_STATUS), []).append(code)
    for status, codes in sorted(by_status.items()):
        answers[str(status)] = _refusal(status, codes)
    return answers


def _refusal(status: int, codes: list[Refused]) -> dict[str, Any]:
    """A refusal with a status, of these codes."""
    words = [f"`{code}`: {REMEDIES[code]}" for code in codes]
    narrowed = record(code={"enum": [str(code) for code in codes]})
    schema = {"allOf": [ref("Refusal"), {"properties": narrowed["properties"]}]}
    described: dict[str, Any] = {"description": " ".join(words), "content": {"application/json": {"schema": schema}}}
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return described
