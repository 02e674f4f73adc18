"""What was sent, in names and plain values, and which of it a refusal speaks about."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from core.llm.sent import blamed, sent_parameters


def _line(**body: Any) -> bytes:
    return orjson.dumps(
        {"custom_id": "a", "url": "/v1/chat/completions", "body": {"model": "m", "messages": [], **body}}
    )


def test_values_that_a_model_may_refuse_are_named_and_others_only_that_they_were_given() -> None:
    assert sent_parameters(
        _line(
            temperature=0.2,
            max_completion_tokens=6000,
            reasoning_effort="low",
            parallel_tool_calls=False,
            response_format={"type": "json_schema", "json_schema": {"name": "x"}},
            tools=[{"type": "function", "function": {"name": "f"}}],
            tool_choice={"type": "function", "function": {"name": "f"}},
            stop=["END"],
        )
    ) == {
        "temperature": "0.2",
        "max_completion_tokens": "given",
        "reasoning_effort": "low",
        "parallel_tool_calls": "false",
        "response_format": "json_schema",
        "tools": "function",
        "tool_choice": "one function",
        "stop": "given",
    }


def test_nested_parameters_have_their_path_as_name() -> None:
    sent = sent_parameters(
        _line(reasoning={"effort": "max"}, text={"format": {"type": "json_schema"}, "verbosity": "low"})
    )
    assert sent == {"reasoning.effort": "max", "text.format": "json_schema", "text.verbosity": "low"}


@pytest.mark.parametrize(
    ("message", "names", "guilty"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            {"temperature", "reasoning_effort"},
            "temperature",
        ),
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            {"max_tokens", "temperature"},
            "max_tokens",
        ),
        (
            "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions.",
            {"reasoning_effort", "tools"},
            "tools",
        ),
        ("Unsupported value: 'reasoning.effort' does not support 'max'.", {"reasoning.effort"}, "reasoning.effort"),
        ("Unsupported parameter: 'seed' is not supported.", {"temperature"}, ""),
        ("The server had an error while processing your request.", {"temperature"}, ""),
        ("Your temperature is fine.", {"temperature"}, ""),
    ],
)
def test_a_refusal_is_laid_to_the_parameter_that_it_names(message: str, names: set[str], guilty: str) -> None:
    assert blamed(message, names) == guilty
