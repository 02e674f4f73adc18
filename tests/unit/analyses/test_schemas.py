"""The schemas that are sent: strict, small, evidence first, and drawn from the models that read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from core.analyses import answer as parts
from core.analyses.engines import available, engine_for
from core.analyses.schema import schema_of
from core.domain.analysis import Kind
from core.domain.units import Unit

ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum", "$ref", "$defs", "description"}
PUBLISHED = ("risk", "allocation", "performance", "attribution", "compliance", "committee_brief")
WORDS = {"explanation", "text", "comment", "implication"}

EACH = pytest.mark.parametrize("kind", list(Kind))


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema (a property may be called "items")."""
    yield node
    for child in node.get("properties", {}).values():
        yield from schemas(child)
    for child in node.get("$defs", {}).values():
        yield from schemas(child)
    if "items" in node:
        yield from schemas(node["items"])


def depth(node: dict[str, Any], root: dict[str, Any]) -> int:
    if "$ref" in node:
        return depth(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root)
    inner = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
    return int(node.get("type") == "object") + max((depth(child, root) for child in inner), default=0)


@EACH
def test_it_is_a_valid_schema(kind: Kind) -> None:
    Draft202012Validator.check_schema(engine_for(kind).schema())


@EACH
def test_it_says_only_what_the_strict_mode_understands(kind: Kind) -> None:
    for node in schemas(engine_for(kind).schema()):
        assert set(node) <= ALLOWED
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False


@EACH
def test_it_is_shallow_and_small(kind: Kind) -> None:
    schema = engine_for(kind).schema()
    assert depth(schema, schema) <= 5
    assert len(orjson.dumps(schema)) < 8_000
    values = [value for node in schemas(schema) for value in node.get("enum", ())]
    assert len(values) < 150


@EACH
def test_evidence_is_written_before_words(kind: Kind) -> None:
    schema = engine_for(kind).schema()
    assert list(schema["properties"])[-4:] == ["data_gaps", "caveats", "headline", "summary"]
    assert list(schema["properties"])[6] == "claims"
    for node in schemas(schema):
        names = list(node.get("properties", {}))
        if "metrics" in names:
            assert all(names.index("metrics") < names.index(word) for word in WORDS & set(names)), names
        if "quotes" in names:
            assert all(names.index("quotes") < names.index(word) for word in {"comment", "stance"} & set(names)), names


@EACH
def test_it_is_constant_and_keeps_its_order_on_the_way_out(kind: Kind) -> None:
    engine = engine_for(kind)
    assert engine.schema() is engine.schema()
    assert json.dumps(engine.schema(), separators=(",", ":")).encode() == orjson.dumps(engine.schema())


@EACH
def test_it_names_its_own_kind(kind: Kind) -> None:
    engine = engine_for(kind)
    assert engine.schema()["properties"]["analysis_type"]["enum"] == [kind.value]
    assert engine.schema_name == f"{kind.value}_analysis"
    assert kind in available()


@pytest.mark.parametrize("kind", PUBLISHED)
def test_it_has_the_published_structure(kind: str, shared_facts: Path) -> None:
    published = json.loads((shared_facts / "analysis-schemas" / f"{kind}.json").read_text("utf-8"))
    assert engine_for(kind).schema() == published


def test_market_research_adds_series_sectors_and_sentiment_to_the_published_structure(shared_facts: Path) -> None:
    published = json.loads((shared_facts / "analysis-schemas" / "market_research.json").read_text("utf-8"))
    schema = engine_for("market_research").schema()
    added = {"relations", "sector_rotation", "sentiment"}
    assert set(schema["properties"]) - set(published["properties"]) == added
    for name, part in published["properties"].items():
        assert schema["properties"][name] == part


def test_every_unit_of_a_fact_can_be_answered() -> None:
    assert list(get_args(parts.UnitName)) == [unit.value for unit in Unit]


def test_what_a_strict_schema_cannot_say_is_an_error_and_not_left_out() -> None:
    class Defaulted(parts.Answer):
        analysis_type: Literal["risk"]
        note: str = ""

    class Loose(parts.Answer):
        analysis_type: Literal["risk"]
        table: dict[str, float]

    class Bounded(parts.Answer):
        analysis_type: Literal["risk"]
        share: float | str = Field()

    for wrong in (Defaulted, Loose, Bounded):
        with pytest.raises(TypeError, match="strict schema"):
            schema_of(wrong)
