"""Makes any value obey a strict JSON schema: what fits is kept, what is missing is filled, what is too much is left.

A schema is compiled once into nested functions, because a batch asks for the same one fifty thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

_NOTHING = object()
_DEEPEST = 24
"""Levels after which made-up values of a recursive schema stop."""

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

_Schema = Mapping[str, Any]
_Fit = Callable[[Any, int], Any]


def fit(schema: _Schema, value: Any = _NOTHING) -> Any:
    """The value as this schema wants it; strings that had to be made up say "simulated".

    Covers what strict output allows: objects, arrays, scalars, enum, const, anyOf, null types, $ref and simple
    bounds.
    """
    return _compiled(orjson.dumps(schema))(value, 0)


@lru_cache(maxsize=64)
def _compiled(schema: bytes) -> _Fit:
    root = orjson.loads(schema)
    return _Compiler(root).fit(root)


class _Compiler:
    def __init__(self, root: _Schema) -> None:
        self._root = root
        self._known: dict[str, _Fit] = {}

    def fit(self, schema: _Schema) -> _Fit:
        if "$ref" in schema:
            return self._referred(schema["$ref"])
        if "const" in schema:
            constant = schema["const"]
            return lambda _value, _depth: constant
        if "enum" in schema:
            return _one_of(schema["enum"])
        if "anyOf" in schema:
            return self._any(schema["anyOf"])
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kinds, list):
            return self._any([{**schema, "type": kind} for kind in kinds])
        if kinds == "object":
            return self._object(schema)
        if kinds == "array":
            return self._array(schema)
        return _scalar(kinds, schema)

    def _referred(self, reference: str) -> _Fit:
        if reference not in self._known:
            # Set before compiling, so that a schema may refer to itself.
            self._known[reference] = lambda value, depth: compiled(value, depth + 1)
            compiled = self.fit(self._target(reference))
        return self._known[reference]

    def _target(self, reference: str) -> _Schema:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")] if step else found
        return found if isinstance(found, Mapping) else {}

    def _object(self, schema: _Schema) -> _Fit:
        required = frozenset(schema.get("required", ()))
        parts = [(name, self.fit(each), name in required) for name, each in schema.get("properties", {}).items()]

        def fitted(value: Any, depth: int) -> Any:
            if depth > _DEEPEST:
                return None
            given = value if isinstance(value, dict) else {}
            return {
                name: part(given.get(name, _NOTHING), depth + 1)
                for name, part, needed in parts
                if needed or name in given
            }

        return fitted

    def _array(self, schema: _Schema) -> _Fit:
        item = self.fit(schema.get("items", {}))
        fewest, most = schema.get("minItems", 0), schema.get("maxItems")

        def fitted(value: Any, depth: int) -> Any:
            if not isinstance(value, list):
                value = [] if most == 0 or depth > _DEEPEST // 2 else [_NOTHING]
            made = [item(each, depth + 1) for each in value[:most]]
            made.extend(item(_NOTHING, depth + 1) for _ in range(fewest - len(made)))
            return made

        return fitted

    def _any(self, options: list[_Schema]) -> _Fit:
        choices = [(self._accepts(option), self.fit(option)) for option in options]
        # Null is preferred to something made up, which also ends most recursive schemas.
        nothing = any(option.get("type") == "null" for option in options)

        def fitted(value: Any, depth: int) -> Any:
            for accepts, choice in choices:
                if accepts(value):
                    return choice(value, depth)
            return None if nothing else choices[0][1](_NOTHING, depth)

        return fitted

    def _accepts(self, option: _Schema) -> Callable[[Any], bool]:
        while "$ref" in option:
            option = self._target(option["$ref"])
        if "enum" in option:
            allowed = option["enum"]
            return lambda value: value is not _NOTHING and value in allowed
        kinds = option.get("type", "object")
        kinds = tuple(kinds) if isinstance(kinds, list) else (kinds,)
        return lambda value: any(_is_a(value, kind) for kind in kinds)


def _one_of(allowed: list[Any]) -> _Fit:
    first = allowed[0]
    return lambda value, _depth: value if value is not _NOTHING and value in allowed else first


def _scalar(kind: str, schema: _Schema) -> _Fit:
    if kind == "null":
        return lambda _value, _depth: None
    if kind == "boolean":
        return lambda value, _depth: value is True
    if kind == "string":
        made_up = _STRINGS.get(schema.get("format", ""), "simulated")
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
        return lambda value, _depth: (value if isinstance(value, str) else made_up).ljust(shortest, ".")[:longest]
    if not schema.keys() & {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}:
        return lambda value, _depth: value if _is_a(value, kind) else 0
    return lambda value, _depth: _bounded(value if _is_a(value, kind) else 0, schema)


def _bounded(number: float, schema: _Schema) -> float:
    if "minimum" in schema:
        number = max(number, schema["minimum"])
    if "exclusiveMinimum" in schema and number <= schema["exclusiveMinimum"]:
        number = schema["exclusiveMinimum"] + 1
    if "maximum" in schema:
        number = min(number, schema["maximum"])
    if "exclusiveMaximum" in schema and number >= schema["exclusiveMaximum"]:
        number = schema["exclusiveMaximum"] - 1
    return number


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
}


def _is_a(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind, ()))
