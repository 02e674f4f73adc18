"""Whatever a strict schema asks for, the answer obeys it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.simulator.schema_filling import fit

_NAMES = st.sampled_from(["a", "b", "long name", "ünï", "$", "type"])


def _object(parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": parts, "required": sorted(parts), "additionalProperties": False}


_LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "number"},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": ["string", "null"]},
        {"type": ["number", "null"], "minimum": 3},
        {"enum": ["x", "y"], "type": "string"},
        {"const": 7},
        {"type": "string", "format": "date"},
        {"type": "string", "minLength": 12, "maxLength": 14},
        {"type": "integer", "minimum": 5, "maximum": 9},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
        {"$ref": "#/$defs/leaf"},
    ]
)
_SCHEMAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(_NAMES, inner, max_size=4).map(_object),
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda items: {"type": "array", "items": items, "minItems": 2, "maxItems": 3}),
        inner.map(lambda option: {"anyOf": [option, {"type": "null"}]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    ),
    max_leaves=12,
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=10,
)


@given(schema=_SCHEMAS, value=_VALUES)
@settings(max_examples=150, deadline=None)
def test_any_value_is_made_to_obey_any_strict_schema(schema: dict[str, Any], value: Any) -> None:
    root = _object({"root": schema}) | {"$defs": {"leaf": _object({"x": {"type": "string"}})}}
    jsonschema.validate(fit(root, {"root": value}), root)
    jsonschema.validate(fit(root), root)


def test_what_fits_is_kept_as_it_is() -> None:
    schema = _object({"a": {"type": "number"}, "b": {"type": ["string", "null"]}, "c": {"enum": ["x", "y"]}})
    assert fit(schema, {"a": 0.1, "b": None, "c": "y", "d": 1}) == {"a": 0.1, "b": None, "c": "y"}


def test_what_is_made_up_says_so() -> None:
    assert fit(_object({"a": {"type": "string"}})) == {"a": "simulated"}


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    node = _object({"name": {"type": "string"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}})
    root = {**_object({"first": {"$ref": "#/$defs/node"}, "all": {"type": "array", "items": {"$ref": "#"}}})}
    root["$defs"] = {"node": node}
    made = fit(root)
    assert made["first"] == {"name": "simulated", "next": None}
    jsonschema.validate(made, root)


@pytest.mark.parametrize(
    "name",
    ["risk", "allocation", "attribution", "committee_brief", "compliance", "market_research", "performance"],
)
def test_every_analysis_schema_can_be_filled(shared_facts: Path, name: str) -> None:
    schema = json.loads((shared_facts / "analysis-schemas" / f"{name}.json").read_text("utf-8"))
    jsonschema.validate(fit(schema), schema)
