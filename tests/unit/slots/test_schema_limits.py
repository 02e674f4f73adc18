"""The schemas of answers with slots fit what every provider takes: OpenAI, Anthropic and Gemini."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import Kind

TAKEN = {"type", "properties", "required", "additionalProperties", "items", "enum", "$ref", "$defs", "description"}
"""Keywords that all of them know in strict schemas; bounds, lengths, formats and patterns are not among them."""

DEEPEST = 5
MOST_UNIONS = 16
"""Of Anthropic, which also refuses recursion and more than 24 optional properties; the least of the three."""

MOST_PROPERTIES, MOST_VALUES, MOST_NAMES = 100, 250, 15_000
"""Well within OpenAI's 5,000 properties, 1,000 values and 120,000 characters."""


def _inlined(node: dict[str, Any], defs: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, each reference followed; fails where one leads back to itself."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        assert name not in above, f"{name} holds itself"
        yield from _inlined(defs[name], defs, (*above, name))
        return
    yield node
    for child in (*node.get("properties", {}).values(), *([node["items"]] if "items" in node else ())):
        yield from _inlined(child, defs, above)


def _depth(node: dict[str, Any], defs: dict[str, Any]) -> int:
    if "$ref" in node:
        return _depth(defs[node["$ref"].rpartition("/")[2]], defs)
    inner = (*node.get("properties", {}).values(), *([node["items"]] if "items" in node else ()))
    return 1 + max((_depth(child, defs) for child in inner), default=0)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_schema_with_slots_fits_every_provider(kind: Kind) -> None:
    schema = engine_for(kind).schema(slots=True)
    defs = schema.get("$defs", {})
    nodes = list(_inlined(schema, defs))
    assert schema["type"] == "object"
    assert {key for node in nodes for key in node} <= TAKEN
    for node in nodes:
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"]), "an optional property"
            assert node["additionalProperties"] is False
    # Lists count as levels here, which no provider does: five levels of objects are less than ten of these.
    assert _depth(schema, defs) <= 2 * DEEPEST
    assert sum(isinstance(node.get("type"), list) or "anyOf" in node for node in nodes) <= MOST_UNIONS
    assert sum(len(node.get("properties", ())) for node in nodes) <= MOST_PROPERTIES
    assert sum(len(node.get("enum", ())) for node in nodes) <= MOST_VALUES
    assert len(orjson.dumps(schema)) <= MOST_NAMES
