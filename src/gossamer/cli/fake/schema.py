"""An example value for a JSON schema: what a model with structured output would have written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["example"]

_DEEP = 5  # from here on a schema that refers to itself is cut with null or an empty list

_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Mapping[str, Any]) -> Any:
    """Make the smallest value that has every property which the schema names."""
    definitions = schema.get("$defs") or schema.get("definitions") or {}
    return _value(schema, "value", definitions, 0)


def _value(schema: Mapping[str, Any], name: str, definitions: Mapping[str, Any], depth: int) -> Any:
    schema = _resolve(schema, definitions, depth)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]

    def inner(part: Mapping[str, Any], part_name: str) -> Any:
        return _value(part, part_name, definitions, depth + 1)

    return _BY_TYPE.get(_type(schema), _null)(schema, name, inner, depth)


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
    """Follow references and choose among alternatives, until a plain schema is left."""
    while True:
        if "$ref" in schema:
            schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
        elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            nullable = [choice for choice in choices if choice.get("type") == "null"]
            schema = nullable[0] if nullable and depth >= _DEEP else choices[0]
        else:
            return schema


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):  # ["string", "null"]
        kind = kind[0] if kind else None
    return kind or ("object" if "properties" in schema else "null")


_Inner = Callable[[Mapping[str, Any], str], Any]


def _object(schema: Mapping[str, Any], _name: str, inner: _Inner, _depth: int) -> Any:
    return {key: inner(part, key) for key, part in (schema.get("properties") or {}).items()}


def _array(schema: Mapping[str, Any], name: str, inner: _Inner, depth: int) -> Any:
    return [] if depth >= _DEEP else [inner(schema.get("items") or {"type": "string"}, name)]


def _string(schema: Mapping[str, Any], name: str, _inner: _Inner, _depth: int) -> Any:
    return _FORMATS.get(schema.get("format", ""), f"some {name}")


def _integer(schema: Mapping[str, Any], _name: str, _inner: _Inner, _depth: int) -> Any:
    return schema.get("minimum", 7)


def _number(schema: Mapping[str, Any], _name: str, _inner: _Inner, _depth: int) -> Any:
    return schema.get("minimum", 7.5)


def _boolean(_schema: Mapping[str, Any], _name: str, _inner: _Inner, _depth: int) -> Any:
    return True


def _null(_schema: Mapping[str, Any], _name: str, _inner: _Inner, _depth: int) -> Any:
    return None


_BY_TYPE: dict[str, Callable[[Mapping[str, Any], str, _Inner, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
