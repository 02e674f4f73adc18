"""What the local server takes and refuses, and that the registry's own cleaning passes it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.analysis import Endpoint
from core.llm import models
from core.llm.parameters import clean
from core.simulator import catalog
from tests.batch_lines import chat_body, responses_body

TODAY = date(2026, 11, 24)
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"


@pytest.mark.parametrize(
    ("body", "path", "param"),
    [
        (chat_body(max_tokens=5), CHAT, "max_tokens"),
        (chat_body(temperature=0.2, reasoning_effort="low"), CHAT, "temperature"),
        (chat_body(reasoning_effort="minimal"), CHAT, "reasoning_effort"),
        (chat_body(model="gpt-5.6-sol", reasoning_effort="max"), CHAT, "reasoning_effort"),
        (chat_body(model="gpt-5.6-sol", tools=[{"type": "function"}]), CHAT, "reasoning_effort"),
        (chat_body(model="gpt-4o", reasoning_effort="low"), CHAT, "reasoning_effort"),
        (chat_body(model="gpt-4o", verbosity="low"), CHAT, "verbosity"),
        (chat_body(model="o3", parallel_tool_calls=True), CHAT, "parallel_tool_calls"),
        (chat_body(stop="x"), CHAT, "stop"),
        (chat_body(max_completion_tokens=200_000), CHAT, "max_completion_tokens"),
        (chat_body(text={}), CHAT, None),
        ({"model": "gpt-5.4-mini"}, CHAT, "messages"),
        ({"model": "gpt-5.4-mini"}, RESPONSES, "input"),
        (responses_body(response_format={"type": "json_object"}), RESPONSES, "response_format"),
        (responses_body(max_completion_tokens=20), RESPONSES, "max_completion_tokens"),
        (responses_body(max_output_tokens=15), RESPONSES, "max_output_tokens"),
        (responses_body(messages=[]), RESPONSES, "messages"),
        (responses_body(reasoning={"effort": "max"}), RESPONSES, "reasoning.effort"),
    ],
)
def test_what_a_model_does_not_take_is_refused_by_name(body: dict[str, Any], path: str, param: str | None) -> None:
    refused = catalog.refusal(body, path, TODAY)
    assert refused is not None
    assert (refused.status, refused.param) == (400, param)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (chat_body(temperature=0.2), CHAT),
        (chat_body(temperature=0.2, reasoning_effort="none", max_completion_tokens=500, verbosity="low"), CHAT),
        (chat_body(model="gpt-4o", temperature=0.2, max_tokens=500), CHAT),
        (chat_body(model="gpt-5.4-mini-2026-03-17"), CHAT),
        (responses_body(model="gpt-5.6-sol", reasoning={"effort": "max"}, max_output_tokens=16), RESPONSES),
    ],
)
def test_what_a_model_takes_is_taken(body: dict[str, Any], path: str) -> None:
    assert catalog.refusal(body, path, TODAY) is None


def test_a_shut_down_model_is_gone_and_an_unknown_one_never_was() -> None:
    gone = catalog.refusal(chat_body(model="gpt-4-turbo"), CHAT, TODAY)
    never = catalog.refusal(chat_body(model="gpt-nine"), CHAT, TODAY)
    assert gone is not None
    assert never is not None
    assert (gone.status, gone.code, never.code) == (404, "model_not_found", "model_not_found")
    assert "deprecated" in gone.message
    assert "does not exist" in never.message
    assert catalog.offer("gpt-5", date(2026, 12, 10)) is not None
    assert catalog.offer("gpt-5", date(2026, 12, 11)) is None


def test_the_offers_agree_with_the_published_table(shared_facts: Path) -> None:
    table = json.loads((shared_facts / "openai-models.json").read_text("utf-8"))["models"]
    offers = {offer.name: offer for offer in catalog.OFFERS}
    assert set(table) <= set(offers)
    for name, published in table.items():
        mine = offers[name]
        assert (mine.shutdown.isoformat() if mine.shutdown else None) == published["shutdown_date"]
        assert mine.strict_schema == published["json_schema"]
        assert mine.tools == published["tools"]
        assert mine.verbosity == published["verbosity"]
        assert (mine.sampling == catalog.ALWAYS) == (published["temperature_top_p"] == "always")
        assert (mine.sampling == catalog.NEVER) == (published["temperature_top_p"] == "never")
        if published["reasoning_effort"] is not None:
            assert list(mine.efforts) == published["reasoning_effort"]
            assert mine.default_effort == published["default_effort"]
        if published["max_output"] is not None:
            assert mine.max_output == published["max_output"]


_WISHES = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 0.2, 1, 1.5]),
        "top_p": st.sampled_from([0.5, 1]),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "max_output_tokens": st.sampled_from([1, 16, 4_000, 500_000]),
        "max_tokens": st.just(300),
        "verbosity": st.sampled_from(["low", "high"]),
        "stop": st.just(["x"]),
        "parallel_tool_calls": st.booleans(),
        "tools": st.just([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        "response_format": st.just(
            {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"type": "object"}}}
        ),
    },
)


@given(wishes=_WISHES, endpoint=st.sampled_from(list(Endpoint)))
@settings(max_examples=100, deadline=None)
def test_whatever_is_wished_the_cleaned_request_is_taken(wishes: dict[str, Any], endpoint: Endpoint) -> None:
    # Two tables written apart: where they disagree, one of them is wrong.
    for model in models.all_models():
        if catalog.offer(model.model_id, TODAY) is None:
            continue
        wrap = chat_body if endpoint is Endpoint.CHAT else responses_body
        body = wrap() | {"model": model.model_id} | clean(wishes, model, endpoint).params
        assert catalog.refusal(body, endpoint.path, TODAY) is None, (model.model_id, body)
