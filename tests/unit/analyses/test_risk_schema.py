"""The schema that is sent: strict, small, the same as the models that read the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from core.analyses import answer as parts
from core.analyses.risk import LimitBreach, Risk, RiskAnswer, RiskEngine, StressTest, VarStatement, risk_schema
from core.domain.facts import Unit

ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum", "$ref", "$defs", "description"}


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


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(risk_schema())


def test_it_says_only_what_the_strict_mode_understands() -> None:
    for node in schemas(risk_schema()):
        assert set(node) <= ALLOWED
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False


def test_it_is_shallow_and_small() -> None:
    schema = risk_schema()
    assert depth(schema, schema) <= 5
    assert len(orjson.dumps(schema)) < 8_000


def test_evidence_is_written_before_words() -> None:
    schema = risk_schema()
    assert list(schema["properties"])[-2:] == ["headline", "summary"]
    claim = list(schema["$defs"]["claim"]["properties"])
    assert claim.index("metrics") < claim.index("text")
    risk = list(schema["properties"]["risks"]["items"]["properties"])
    assert risk.index("metrics") < risk.index("explanation")


def test_it_is_constant_and_keeps_its_order_on_the_way_out() -> None:
    assert orjson.dumps(risk_schema()) == orjson.dumps(RiskEngine().schema())
    assert json.dumps(risk_schema(), separators=(",", ":")).encode() == orjson.dumps(risk_schema())


def test_it_has_the_published_structure(shared_facts: Path) -> None:
    published = json.loads((shared_facts / "analysis-schemas" / "risk.json").read_text("utf-8"))
    assert risk_schema() == published


SCHEMA = risk_schema()
ROOTED = [
    (RiskAnswer, SCHEMA),
    (Risk, SCHEMA["properties"]["risks"]["items"]),
    (StressTest, SCHEMA["properties"]["stress_tests"]["items"]),
    (VarStatement, SCHEMA["properties"]["var_statement"]),
    (LimitBreach, SCHEMA["properties"]["limit_breaches"]["items"]),
    (parts.DataGap, SCHEMA["properties"]["data_gaps"]["items"]),
    (parts.Metric, SCHEMA["$defs"]["metric"]),
    (parts.Claim, SCHEMA["$defs"]["claim"]),
]


@pytest.mark.parametrize(("model", "schema"), ROOTED, ids=lambda value: getattr(value, "__name__", ""))
def test_the_models_that_read_say_the_same_as_the_schema_that_is_sent(
    model: type[BaseModel], schema: dict[str, Any]
) -> None:
    assert list(model.model_fields) == schema["required"]
    for name, field in model.model_fields.items():
        assert field.is_required()
        if get_origin(field.annotation) is Literal:
            assert list(get_args(field.annotation)) == schema["properties"][name]["enum"]
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["strict"]


def test_every_unit_of_a_fact_can_be_answered() -> None:
    assert list(get_args(parts.UnitName)) == [unit.value for unit in Unit]
