"""A page for people about the API, made of its description; nothing is fetched from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do for the page: show it."""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h2{border-top:1px solid #8888;padding-top:1rem}code,pre{font:14px/1.4 ui-monospace,monospace}"
    "pre{overflow:auto;background:#8881;padding:.5rem}td,th{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0}"
)


def docs_page(document: dict[str, Any]) -> str:
    """The page."""
    info = document["info"]
    title = _text(info["title"])
    operations = [
        (method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()
    ]
    links = "".join(
        f'<li><a href="#{_text(o["operationId"])}"><code>{method.upper()} {_text(path)}</code></a> {_text(o["summary"])}</li>'
        for method, path, o in operations
    )
    schemas = "".join(
        f'<h3 id="schema-{_text(name)}">{_text(name)}</h3>{_code(schema)}'
        for name, schema in document["components"]["schemas"].items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1><p>{_text(info['description'])}</p>"
        f'<p>For programs: <a href="/v1/openapi.json">openapi.json</a>.</p><ul>{links}</ul>'
        f"{''.join(_operation(*one) for one in operations)}<h2>Schemas</h2>{schemas}</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    name, summary = _text(operation["operationId"]), _text(operation["summary"])
    parts = [f'<h2 id="{name}"><code>{method.upper()} {_text(path)}</code></h2><p>{summary}</p>']
    parameters = "".join(_parameter(parameter) for parameter in operation["parameters"])
    if parameters:
        parts.append(f"<table>{parameters}</table>")
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, <code>{_text(kind)}</code></p>{_code(body['schema'])}")
    for status, answer in operation["responses"].items():
        kinds = ", ".join(answer["content"])
        shown = _code(next(iter(answer["content"].values()))["schema"]) if status == "200" else ""
        parts.append(f"<p><b>{status}</b> {_text(answer['description'])} <code>{_text(kinds)}</code></p>{shown}")
    return "".join(parts)


def _parameter(parameter: dict[str, Any]) -> str:
    place = f"{parameter['in']}{', required' if parameter['required'] else ''}"
    cells = (f"<code>{_text(parameter['name'])}</code>", place, _text(parameter["description"]))
    return f"<tr><td>{'<td>'.join(cells)}<td><code>{_text(json.dumps(parameter['schema']))}</code>"


def _code(value: object) -> str:
    return f"<pre>{_text(json.dumps(value, indent=1))}</pre>"


def _text(value: object) -> str:
    return escape(str(value))
