"""Answers and streams of the local server against the API's published document."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pytest

from core.simulator import events
from core.simulator.replies import Reply, Responder
from tests.batch_lines import chat_body, responses_body
from tests.contract.test_journey import CHAT, RESPONSES

_NULLABLE = {"error", "incomplete_details", "instructions", "usage"}


def obeys(document: Any, name: str, api_document: dict[str, Any]) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": api_document["components"]}
    jsonschema.Draft202012Validator(schema).validate(document)


def without_nulls(document: dict[str, Any], keep: set[str]) -> dict[str, Any]:
    """As recorded traffic has them where the document says "absent"."""
    return {key: value for key, value in document.items() if value is not None or key in keep}


def reply(body: dict[str, Any], path: str, fault: str | None) -> Reply:
    return Responder().reply(body, path, custom_id="a", fault=fault, now=1.79e9, today=date(2026, 11, 24))


@pytest.mark.parametrize("fault", [None, "refused", "cut", "empty"])
def test_a_response_and_each_event_of_its_stream_have_the_published_shape(
    api_document: dict[str, Any], risk_schema: dict[str, Any], fault: str | None
) -> None:
    made = reply(responses_body(risk_schema, reasoning={"effort": "low"}), RESPONSES, fault)
    assert made.body is not None
    obeys(without_nulls(made.body, _NULLABLE), "Response", api_document)
    seen = []
    for event in events.response_events(made.body):
        document = json.loads(event.split(b"\ndata: ", 1)[1])
        seen.append(document["type"])
        if "response" in document:
            obeys(without_nulls(document["response"], _NULLABLE - {"usage"}), "Response", api_document)
        else:
            # Validated by its own schema: among forty alternatives the message would say nothing.
            name = "".join(part.title() for part in document["type"].replace(".", "_").split("_")) + "Event"
            obeys(document, name.replace("ResponseOutputText", "ResponseText"), api_document)
    assert seen[0] == "response.created"
    assert seen[-1] == f"response.{'incomplete' if fault == 'cut' else 'completed'}"


@pytest.mark.parametrize("fault", [None, "refused", "cut"])
def test_a_chat_completion_and_each_chunk_of_its_stream_have_the_published_shape(
    api_document: dict[str, Any], risk_schema: dict[str, Any], fault: str | None
) -> None:
    made = reply(chat_body(risk_schema), CHAT, fault)
    assert made.body is not None
    obeys(without_nulls(made.body, set()), "CreateChatCompletionResponse", api_document)
    chunks = list(events.chat_events({"stream_options": {"include_usage": True}}, made.body))
    assert chunks[-1] == b"data: [DONE]\n\n"
    for chunk in chunks[:-1]:
        document = without_nulls(json.loads(chunk.removeprefix(b"data: ")), set())
        for choice in document["choices"]:
            choice["delta"] = without_nulls(choice["delta"], set())
            choice.pop("logprobs")
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        obeys(document, "CreateChatCompletionStreamResponse", api_document)
