"""Calls of tools, searches and citations of the local server against the API's published document, and streamed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.analyses.tools.registry import specs
from core.domain.analysis import Endpoint
from core.domain.tools import ToolUse
from core.llm.shapes import write_tool
from core.llm.tool_calls import citations, continued, searches, tool_calls
from core.providers.openai_provider import OpenAIProvider
from core.providers.streaming import Assembler
from core.simulator import events
from tests.batch_lines import chat_body, responses_body
from tests.contract.test_journey import CHAT, RESPONSES
from tests.contract.test_published_shapes import _NULLABLE, obeys, reply, without_nulls

FLAT = specs(["risk_calculator", "correlation_analyzer"])
CHAT_TOOLS = [write_tool(tool, Endpoint.CHAT) for tool in FLAT]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def chat(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return chat_body(schema, tools=CHAT_TOOLS, **more)


def responses(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    include = ["reasoning.encrypted_content"]
    return responses_body(schema, tools=more.pop("tools", FLAT), include=include, store=False, **more)


BOTH = pytest.mark.parametrize(
    ("path", "endpoint", "make"), [(CHAT, Endpoint.CHAT, chat), (RESPONSES, Endpoint.RESPONSES, responses)]
)


def answered(body: dict[str, Any], path: str, fault: str | None = None) -> dict[str, Any]:
    made = reply(body, path, fault)
    assert made.body is not None
    return made.body


def told(answer: dict[str, Any], round_: int = 1) -> list[ToolUse]:
    fact = {"metric_id": "tool.1.volatility", "value": 12.5, "unit": "pct", "currency": None, "period": None}
    return [
        ToolUse(number, round_, call, json.dumps({"metrics": [fact]}), (), "", "", NOW, 1)
        for number, call in enumerate(tool_calls(answer), start=1)
    ]


def test_a_chat_completion_that_calls_tools_has_the_published_shape(
    api_document: dict[str, Any], risk_schema: dict[str, Any]
) -> None:
    made = answered(chat(risk_schema), CHAT)
    obeys(without_nulls(made, set()), "CreateChatCompletionResponse", api_document)
    assert made["choices"][0]["finish_reason"] == "tool_calls"
    assert [call.name for call in tool_calls(made)] == ["risk_calculator", "correlation_analyzer"]


def test_a_response_that_calls_tools_and_each_event_of_its_stream_have_the_published_shape(
    api_document: dict[str, Any], risk_schema: dict[str, Any]
) -> None:
    made = answered(responses(risk_schema, reasoning={"effort": "low"}), RESPONSES)
    obeys(without_nulls(made, _NULLABLE), "Response", api_document)
    assert [item["type"] for item in made["output"]] == ["reasoning", "function_call", "function_call"]
    _events_obey(made, api_document)


def test_a_response_after_a_search_and_each_event_of_its_stream_have_the_published_shape(
    api_document: dict[str, Any], risk_schema: dict[str, Any]
) -> None:
    made = answered(responses(risk_schema, tools=[{"type": "web_search"}]), RESPONSES)
    obeys(without_nulls(made, _NULLABLE), "Response", api_document)
    _events_obey(made, api_document)
    assert len(searches(made)) == 1
    text = made["output"][-1]["content"][0]["text"]
    cited = citations(made)
    assert cited
    assert all(0 <= one.start < one.end <= len(text) and one.url.startswith("https://example.") for one in cited)


def _events_obey(made: dict[str, Any], api_document: dict[str, Any]) -> None:
    names = {
        "response.output_text.annotation.added": "ResponseOutputTextAnnotationAddedEvent",
        "response.function_call_arguments.delta": "ResponseFunctionCallArgumentsDeltaEvent",
        "response.function_call_arguments.done": "ResponseFunctionCallArgumentsDoneEvent",
        "response.web_search_call.in_progress": "ResponseWebSearchCallInProgressEvent",
        "response.web_search_call.searching": "ResponseWebSearchCallSearchingEvent",
        "response.web_search_call.completed": "ResponseWebSearchCallCompletedEvent",
        "response.output_item.added": "ResponseOutputItemAddedEvent",
        "response.output_item.done": "ResponseOutputItemDoneEvent",
    }
    for event in events.response_events(made):
        document = json.loads(event.split(b"\ndata: ", 1)[1])
        if document["type"] in names:
            obeys(document, names[document["type"]], api_document)


def test_chunks_of_a_call_have_the_published_shape(api_document: dict[str, Any], risk_schema: dict[str, Any]) -> None:
    made = answered(chat(risk_schema), CHAT)
    for chunk in list(events.chat_events({}, made))[:-1]:
        document = without_nulls(json.loads(chunk.removeprefix(b"data: ")), set())
        for choice in document["choices"]:
            choice["delta"] = without_nulls(choice["delta"], set())
            choice.pop("logprobs")
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        obeys(document, "CreateChatCompletionStreamResponse", api_document)


@pytest.mark.parametrize(
    ("path", "endpoint", "make"), [(CHAT, Endpoint.CHAT, chat), (RESPONSES, Endpoint.RESPONSES, responses)]
)
def test_the_next_request_has_the_published_shape_and_is_answered_with_the_tools_figures(
    api_document: dict[str, Any], risk_schema: dict[str, Any], path: str, endpoint: Endpoint, make: Any
) -> None:
    body = make(risk_schema)
    first = answered(body, path)
    following = continued(body, first, told(first), endpoint, last=False)
    name = "CreateChatCompletionRequest" if endpoint is Endpoint.CHAT else "CreateResponse"
    obeys(following, name, api_document)
    second = answered(following, path)
    assert tool_calls(second) == ()
    assert "tool.1.volatility" in json.dumps(second)


@pytest.mark.parametrize(
    ("path", "endpoint", "make"), [(CHAT, Endpoint.CHAT, chat), (RESPONSES, Endpoint.RESPONSES, responses)]
)
def test_tools_are_called_without_end_until_that_is_forbidden(
    risk_schema: dict[str, Any], path: str, endpoint: Endpoint, make: Any
) -> None:
    body = make(risk_schema)
    for round_ in range(1, 4):
        answer = answered(body, path, "endless_tools")
        assert tool_calls(answer)
        body = continued(body, answer, told(answer, round_), endpoint, last=round_ == 3)
    assert tool_calls(answered(body, path, "endless_tools")) == ()


def test_reasoning_that_did_not_come_whole_is_not_sent_back(risk_schema: dict[str, Any]) -> None:
    body = responses(risk_schema, reasoning={"effort": "low"})
    whole = answered(body, RESPONSES)
    kept = continued(body, whole, told(whole), Endpoint.RESPONSES, last=False)["input"]
    assert any(item.get("type") == "reasoning" and item["encrypted_content"] for item in kept)
    bare = answered({**body, "include": []}, RESPONSES)
    left = continued(body, bare, told(bare), Endpoint.RESPONSES, last=False)["input"]
    assert not any(item.get("type") == "reasoning" for item in left)


@pytest.mark.parametrize("endpoint", [Endpoint.CHAT, Endpoint.RESPONSES])
def test_a_streamed_call_reads_like_one_that_came_whole(
    provider: OpenAIProvider, risk_schema: dict[str, Any], endpoint: Endpoint
) -> None:
    body = chat(risk_schema) if endpoint is Endpoint.CHAT else responses(risk_schema)
    stream = provider.stream(endpoint.path, body)
    pieces = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            final = end.value
            break
    assert pieces == []
    calls = tool_calls(final)
    assert [call.name for call in calls] == ["risk_calculator", "correlation_analyzer"]
    assert json.loads(calls[1].arguments) == {"holding_ids": [], "pairs": 2}
    assert all(call.call_id.startswith("call_") for call in calls)


def test_an_answer_that_was_cut_off_asks_for_nothing() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "risk_calculator", "arguments": '{"wei'}}
    choice = {"finish_reason": "length", "message": {"content": None, "tool_calls": [call]}}
    assert tool_calls({"choices": [choice]}) == ()
    item = {"type": "function_call", "call_id": "call_1", "name": "risk_calculator", "arguments": '{"wei'}
    assert tool_calls({"status": "incomplete", "output": [item]}) == ()


@pytest.mark.parametrize(
    "odd", [None, [], "text", {"choices": None}, {"choices": [None]}, {"output": [None, {"type": 1}]}]
)
def test_any_body_is_read_without_failing(odd: object) -> None:
    assert (tool_calls(odd), searches(odd), citations(odd)) == ((), (), ())
    assert Assembler.for_endpoint(CHAT) is not None
