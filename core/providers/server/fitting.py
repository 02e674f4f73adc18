"""Makes any value obey a strict JSON schema: what fits is kept, what is missing is filled, what is too much is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING = object()
_DEEPEST = 24

_STRINGS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "simulated@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def fit(schema: Mapping[str, Any], value: Any = _NOTHING) -> Any:
    """The value as this schema wants it; strings that had to be made up say "simulated".

    Covers what strict output allows: objects, arrays, scalars, enum, const, anyOf, null types, $ref into $defs and
    simple bounds.
    """
    return _fit(schema, value, schema, 0)


def _fit(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    while "$ref" in schema:
        schema = _resolve(schema["$ref"], root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return value if value is not _NOTHING and value in schema["enum"] else schema["enum"][0]
    if "anyOf" in schema:
        return _fit_any(schema["anyOf"], value, root, depth)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    kind = next((each for each in kinds if _is_a(value, each)), None)
    if kind is None:
        # Prefer null over making something up, deeper down that also ends recursive schemas.
        kind, value = ("null" if "null" in kinds else kinds[0]), _NOTHING
    if kind == "object":
        return _fit_object(schema, value, root, depth)
    if kind == "array":
        return _fit_array(schema, value, root, depth)
    return _scalar(kind, schema, value)


def _fit_object(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    given = value if isinstance(value, Mapping) else {}
    required = schema.get("required", ())
    return {
        name: _fit(each, given.get(name, _NOTHING), root, depth + 1)
        for name, each in schema.get("properties", {}).items()
        if name in given or name in required
    }


def _fit_array(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any], depth: int) -> list[Any]:
    items = schema.get("items", {})
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", 1_000_000)
    if value is _NOTHING:
        value = [] if most == 0 or depth > _DEEPEST // 2 else [_NOTHING]
    fitted = [_fit(items, each, root, depth + 1) for each in value[:most]]
    while len(fitted) < fewest:
        fitted.append(_fit(items, _NOTHING, root, depth + 1))
    return fitted


def _fit_any(options: list[Mapping[str, Any]], value: Any, root: Mapping[str, Any], depth: int) -> Any:
    for option in options:
        resolved = option
        while "$ref" in resolved:
            resolved = _resolve(resolved["$ref"], root)
        kinds = resolved.get("type", "object")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(_is_a(value, kind) for kind in kinds) and ("enum" not in resolved or value in resolved["enum"]):
            return _fit(resolved, value, root, depth + 1)
    nothing = next((option for option in options if option.get("type") == "null"), None)
    return None if nothing is not None else _fit(options[0], _NOTHING, root, depth + 1)


def _scalar(kind: str, schema: Mapping[str, Any], value: Any) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        return False if value is _NOTHING else value
    if kind == "string":
        text = _STRINGS.get(schema.get("format", ""), "simulated") if value is _NOTHING else value
        return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength", len(text) + 1_000_000)]
    return _bounded(0 if value is _NOTHING else value, schema)


def _bounded(number: float, schema: Mapping[str, Any]) -> float:
    if "minimum" in schema:
        number = max(number, schema["minimum"])
    if "exclusiveMinimum" in schema and number <= schema["exclusiveMinimum"]:
        number = schema["exclusiveMinimum"] + 1
    if "maximum" in schema:
        number = min(number, schema["maximum"])
    if "exclusiveMaximum" in schema and number >= schema["exclusiveMaximum"]:
        number = schema["exclusiveMaximum"] - 1
    return number


def _is_a(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer":
        return isinstance(value, int)
    if kind == "number":
        return isinstance(value, int | float)
    types = {"object": Mapping, "array": list, "string": str}
    return kind in types and isinstance(value, types[kind])


def _resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")] if step else found
    return found if isinstance(found, Mapping) else {}
