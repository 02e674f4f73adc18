"""Every line is valid against the provider's published API document, for each model and both endpoints."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from core.analyses.build import Builder
from core.domain.analysis import AnalysisRequest, Endpoint, Kind
from core.domain.facts import FactSheet
from core.llm.models import all_models
from core.llm.prompts import PromptLibrary
from tests.unit.analyses.whole import view

SCHEMA_OF = {Endpoint.CHAT: "CreateChatCompletionRequest", Endpoint.RESPONSES: "CreateResponse"}

WISHES: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 0.9,
    "seed": 7,
    "reasoning_effort": "medium",
    "verbosity": "low",
    "max_tokens": 3000,
}


class Published:
    """The API document; too long to be shown when a test fails."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(document))
        self._validators = {
            endpoint: Draft202012Validator({"$ref": f"urn:api#/components/schemas/{name}"}, registry=registry)
            for endpoint, name in SCHEMA_OF.items()
        }

    def errors(self, endpoint: Endpoint, body: dict[str, Any]) -> list[str]:
        found = self._validators[endpoint].iter_errors(body)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]

    def names(self, endpoint: Endpoint) -> set[str]:
        """Every parameter the endpoint has."""
        return self._named(self._schemas[SCHEMA_OF[endpoint]])

    def _named(self, schema: dict[str, Any]) -> set[str]:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        found = set(schema.get("properties", {}))
        for word in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(word, []):
                found |= self._named(part)
        return found


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Published:
    with (shared_data / "openai-openapi.yaml").open("rb") as file:
        return Published(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def test_the_document_would_notice_a_wrong_line(published: Published) -> None:
    assert published.errors(Endpoint.CHAT, {"model": "gpt-5"})
    assert published.errors(Endpoint.RESPONSES, {"model": "gpt-5", "input": "x", "max_output_tokens": 1})
    assert "response_format" not in published.names(Endpoint.RESPONSES)


@pytest.mark.parametrize("parameters", [{}, WISHES], ids=["plain", "wishes"])
@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_lines_are_valid_for_every_model(
    published: Published, sheet: FactSheet, endpoint: Endpoint, parameters: dict[str, Any]
) -> None:
    library = PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")
    shutdowns = {model.model_id: model.shutdown for model in all_models()} | {"brand-new-model": None}
    for name, shutdown in shutdowns.items():
        today = shutdown - timedelta(days=1) if shutdown else date(2026, 11, 24)
        request = AnalysisRequest(Kind.RISK, ("desk-7",), name, endpoint, parameters=dict(parameters))
        line = json.loads(Builder(request, library, today=today).build(sheet).line)
        assert published.errors(endpoint, line["body"]) == [], name
        assert set(line["body"]) <= published.names(endpoint), name
        assert (line["url"], line["method"]) == (endpoint.path, "POST")


@pytest.mark.parametrize("endpoint", list(Endpoint))
@pytest.mark.parametrize("kind", list(Kind))
def test_lines_of_every_kind_are_valid(published: Published, kind: Kind, endpoint: Endpoint) -> None:
    library = PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")
    builder = Builder(AnalysisRequest(kind, ("desk-7",), "gpt-5.4-mini", endpoint), library, today=date(2026, 11, 24))
    line = json.loads(builder.build(view(kind)).line)
    assert published.errors(endpoint, line["body"]) == []
