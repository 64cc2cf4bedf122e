"""The HTTP API's reference page, written from its OpenAPI description; needs no script and no other host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>lessons: HTTP API</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="stylesheet" href="/ui/reference.css"></head><body><main><h1>HTTP API</h1>'
    '<p>The machine-readable description is <a href="/openapi.json">openapi.json</a>.</p>{}</main></body></html>'
)
_OPERATION = Markup("<section><h2><b>{}</b> <code>{}</code></h2><p>{}</p>{}</section>")
_TABLE = Markup("<table><thead><tr><th>name<th>in<th>type<th>meaning</thead><tbody>{}</tbody></table>")
_ROW = Markup("<tr><td><code>{}</code>{}<td>{}<td>{}<td>{}</tr>")


def reference_page(openapi: Mapping[str, Any]) -> Markup:
    """An HTML page that lists each operation of `openapi` with its parameters."""
    schemas = openapi.get("components", {}).get("schemas", {})
    sections = [
        _OPERATION.format(method.upper(), path, operation.get("description", ""), _parameters(operation, schemas))
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    ]
    return _PAGE.format(Markup().join(sections))


def _parameters(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Markup:
    rows = [
        _row(one["name"], one["in"], one["schema"], one.get("required", False), one.get("description", ""))
        for one in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.get(body.get("$ref", "").rpartition("/")[2], {})
    required = schema.get("required", ())
    rows += [_row(name, "body", one, name in required, "") for name, one in schema.get("properties", {}).items()]
    return _TABLE.format(Markup().join(rows)) if rows else Markup()


def _row(name: str, where: str, schema: Mapping[str, Any], required: bool, meaning: str) -> Markup:
    kinds = [one.get("type", "") for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return _ROW.format(name, " (required)" if required else "", where, " or ".join(kinds), meaning)
