"""Parameter cleaning: each rule once, by what a person would see."""

from __future__ import annotations

from typing import Any

import pytest

from core.domain.analysis import Endpoint
from core.llm.models import find
from core.llm.parameters import clean, tools_as_text

CHAT, RESPONSES = Endpoint.CHAT, Endpoint.RESPONSES
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
CHAT_FORMAT = {"type": "json_schema", "json_schema": {"name": "risk_analysis", "strict": True, "schema": SCHEMA}}
FLAT_FORMAT = {"type": "json_schema", "name": "risk_analysis", "strict": True, "schema": SCHEMA}
TOOL = {
    "type": "function",
    "function": {
        "name": "price_of",
        "description": "Last price\nof a symbol.",
        "parameters": {
            "type": "object",
            "properties": {"symbol": {"type": "string"}, "on": {"type": ["string", "null"]}},
            "required": ["symbol"],
        },
    },
}


def _clean(model_id: str, endpoint: Endpoint = CHAT, **params: Any) -> tuple[dict[str, Any], str]:
    cleaned = clean(params, find(model_id), endpoint)
    return cleaned.params, " ".join(cleaned.warnings)


def test_a_standard_model_gets_what_was_asked_for() -> None:
    wished = {"temperature": 0.2, "top_p": 0.9, "max_completion_tokens": 4000, "stop": ["END"], "seed": 7, "n": 1}
    params, said = _clean("gpt-4o", **wished)
    assert params == wished
    assert said == ""


@pytest.mark.parametrize(
    "model_id", ["gpt-5", "gpt-5-mini", "o3", "o1-mini", "gpt-6-astra", "gpt-6.1-sol", "gpt-9-new"]
)
def test_a_model_that_samples_by_itself_gets_no_temperature(model_id: str) -> None:
    params, said = _clean(model_id, temperature=0.2, top_p=0.5)
    assert params == {}
    assert "temperature 0.2 was left out" in said
    assert "top_p 0.5 was left out" in said
    assert model_id in said


def test_temperature_needs_the_right_effort_on_models_that_can_do_both() -> None:
    assert _clean("gpt-5.4-mini", temperature=0.2) == ({"temperature": 0.2}, "")
    params, said = _clean("gpt-5.4-mini", temperature=0.2, reasoning_effort="high")
    assert params == {"reasoning_effort": "high"}
    assert "only without reasoning" in said
    assert _clean("gpt-6-sol", temperature=0.2)[0] == {}
    assert _clean("gpt-6-sol", temperature=0.2, reasoning_effort="none")[0] == {
        "temperature": 0.2,
        "reasoning_effort": "none",
    }


@pytest.mark.parametrize(
    ("model_id", "endpoint", "wished", "sent"),
    [
        ("gpt-5", CHAT, "minimal", "minimal"),
        ("gpt-5.1", CHAT, "minimal", "low"),
        ("gpt-5", CHAT, "none", "minimal"),
        ("o3", CHAT, "xhigh", "high"),
        ("o3", RESPONSES, "none", "low"),
        ("gpt-6-sol", RESPONSES, "max", "max"),
        ("gpt-6-sol", CHAT, "max", "xhigh"),
        ("gpt-5.4", CHAT, "max", "xhigh"),
        ("gpt-4o", CHAT, "high", None),
        ("gpt-9-new", CHAT, "high", None),
        ("gpt-5", CHAT, "enormous", None),
        ("gpt-5", CHAT, 3, None),
    ],
)
def test_an_effort_becomes_the_nearest_one_the_model_takes(
    model_id: str, endpoint: Endpoint, wished: object, sent: str | None
) -> None:
    params, said = _clean(model_id, endpoint, reasoning_effort=wished)
    found = params.get("reasoning_effort") if endpoint is CHAT else params.get("reasoning", {}).get("effort")
    assert found == sent
    assert (said == "") is (wished == sent)


def test_the_cap_has_the_endpoints_own_name() -> None:
    for name in ("max_output_tokens", "max_completion_tokens"):
        assert _clean("gpt-5.4-mini", CHAT, **{name: 900}) == ({"max_completion_tokens": 900}, "")
        assert _clean("gpt-5.4-mini", RESPONSES, **{name: 900}) == ({"max_output_tokens": 900}, "")


def test_max_tokens_is_renamed_and_said_so() -> None:
    params, said = _clean("gpt-5", max_tokens=900)
    assert params == {"max_completion_tokens": 900}
    assert said == "max_tokens 900 is sent as max_completion_tokens 900: gpt-5 takes the newer name."


def test_the_cap_stays_within_what_the_model_and_the_endpoint_take() -> None:
    assert _clean("gpt-4o", max_completion_tokens=99_999)[0] == {"max_completion_tokens": 16_384}
    params, said = _clean("gpt-4o", RESPONSES, max_output_tokens=3)
    assert params == {"max_output_tokens": 16}
    assert "takes no less" in said
    assert _clean("gpt-9-new", max_completion_tokens=99_999)[0] == {"max_completion_tokens": 99_999}


def test_of_two_caps_the_smaller_counts() -> None:
    params, said = _clean("gpt-4o", max_tokens=500, max_output_tokens=800)
    assert params == {"max_completion_tokens": 500}
    assert "max_output_tokens 800 was left out" in said


@pytest.mark.parametrize("cap", [0, -5, True, 2.5, "900"])
def test_a_cap_that_is_no_number_of_tokens_is_left_out(cap: object) -> None:
    params, said = _clean("gpt-4o", max_completion_tokens=cap)
    assert params == {}
    assert "whole number above 0" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("presence_penalty", 0.5),
        ("frequency_penalty", 0.5),
        ("stop", "END"),
        ("logit_bias", {"50256": -100}),
        ("logprobs", True),
        ("seed", 1),
        ("n", 1),
    ],
)
def test_what_reasoning_models_reject_is_left_out_for_them_only(name: str, value: object) -> None:
    assert _clean("gpt-4o", **{name: value}) == ({name: value}, "")
    for endpoint, model_id in ((CHAT, "gpt-5"), (CHAT, "gpt-5.4-mini"), (RESPONSES, "gpt-4o")):
        params, said = _clean(model_id, endpoint, **{name: value})
        assert params == {}
        assert said.startswith(f"{name} ")


def test_several_answers_are_never_paid_for() -> None:
    params, said = _clean("gpt-4o", n=3)
    assert params == {}
    assert "n 3 was left out: one answer a request is read" in said


@pytest.mark.parametrize("value", [3, "0.2", True, float("nan"), -0.1, [0.2], {"a": 1}])
def test_an_impossible_temperature_is_left_out(value: object) -> None:
    params, said = _clean("gpt-4o", temperature=value)
    assert params == {}
    assert "a number from 0 to 2" in said


def test_verbosity_goes_where_the_endpoint_has_it() -> None:
    assert _clean("gpt-5", CHAT, verbosity="low") == ({"verbosity": "low"}, "")
    assert _clean("gpt-5", RESPONSES, verbosity="low") == ({"text": {"verbosity": "low"}}, "")
    assert _clean("gpt-4o", CHAT, verbosity="low")[0] == {}
    assert _clean("gpt-5", CHAT, verbosity="loud")[0] == {}


@pytest.mark.parametrize("given", [{"response_format": CHAT_FORMAT}, {"text": {"format": FLAT_FORMAT}}])
def test_a_schema_is_written_in_the_endpoints_shape(given: dict[str, Any]) -> None:
    assert _clean("gpt-5.4-mini", CHAT, **given) == ({"response_format": CHAT_FORMAT}, "")
    assert _clean("gpt-5.4-mini", RESPONSES, **given) == ({"text": {"format": FLAT_FORMAT}}, "")


def test_a_model_without_schemas_is_asked_for_json_and_told_the_schema() -> None:
    cleaned = clean({"response_format": CHAT_FORMAT}, find("gpt-4-turbo"), CHAT)
    assert cleaned.params == {"response_format": {"type": "json_object"}}
    assert "json_schema" in cleaned.warnings[0]
    assert '"additionalProperties":false' in cleaned.prompt_addition
    assert "'risk_analysis'" in cleaned.prompt_addition


def test_a_model_without_json_mode_is_told_in_words() -> None:
    cleaned = clean({"response_format": CHAT_FORMAT}, find("o1-mini"), CHAT)
    assert cleaned.params == {"response_format": {"type": "text"}}
    assert "exactly one JSON object" in cleaned.prompt_addition


@pytest.mark.parametrize("value", ["json", {"type": "xml"}, {"type": []}, {"type": "json_schema", "json_schema": 1}, 5])
def test_a_format_that_is_none_is_left_out(value: object) -> None:
    params, said = _clean("gpt-4o", response_format=value)
    assert params == {}
    assert "response_format" in said


def test_tools_are_written_in_the_endpoints_shape() -> None:
    chat, said = _clean("gpt-4o", CHAT, tools=[TOOL], tool_choice="auto", parallel_tool_calls=False)
    assert chat == {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False}
    assert said == ""
    responses, said = _clean("gpt-4o", RESPONSES, tools=[TOOL], tool_choice={"type": "function", "name": "price_of"})
    assert responses["tools"] == [{**TOOL["function"], "type": "function", "strict": False}]  # type: ignore[dict-item]
    assert responses["tool_choice"] == {"type": "function", "name": "price_of"}
    assert said == ""


def test_a_model_without_tools_has_them_described() -> None:
    cleaned = clean({"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True}, find("o1-mini"), CHAT)
    assert cleaned.params == {}
    assert cleaned.prompt_addition == tools_as_text([TOOL])
    assert "- price_of(symbol: string, on?: string or null): Last price of a symbol." in cleaned.prompt_addition
    assert cleaned.warnings[0].startswith("tools (price_of) are described in the prompt")
    assert any(warning.startswith("tool_choice") for warning in cleaned.warnings)


def test_o_models_take_tools_one_call_at_a_time() -> None:
    params, said = _clean("o3", tools=[TOOL], parallel_tool_calls=True)
    assert params == {"tools": [TOOL]}
    assert "parallel_tool_calls true was left out" in said


def test_chat_tools_and_reasoning_do_not_meet_on_the_newest_models() -> None:
    params, said = _clean("gpt-6-sol", CHAT, tools=[TOOL])
    assert params == {"reasoning_effort": "none", "tools": [TOOL]}
    assert "was changed to 'none'" in said
    assert "Responses API takes both" in said
    assert _clean("gpt-6-sol", RESPONSES, tools=[TOOL], reasoning_effort="high")[0]["reasoning"] == {"effort": "high"}
    params, said = _clean("gpt-6-astra", CHAT, tools=[TOOL])
    assert "tools" not in params
    assert "described in the prompt" in said
    assert _clean("gpt-5.5", CHAT, tools=[TOOL], reasoning_effort="high")[1] == ""


def test_tool_settings_without_tools_are_left_out() -> None:
    params, said = _clean("gpt-4o", tools=[], tool_choice="required", parallel_tool_calls=True)
    assert params == {}
    assert said.count("no tools are offered") == 2


@pytest.mark.parametrize("tools", ["price_of", [1], [{"type": "function"}], [{"type": []}], [{"type": "web_search"}]])
def test_tools_that_are_none_are_left_out(tools: object) -> None:
    params, said = _clean("gpt-4o", CHAT, tools=tools)
    assert params == {}
    assert "tools" in said


def test_streaming_is_removed() -> None:
    params, said = _clean("gpt-4o", stream=True, stream_options={"include_usage": True}, background=False)
    assert params == {}
    assert "stream true was left out" in said
    assert "background" not in said


def test_an_unknown_parameter_is_left_out_with_a_suggestion() -> None:
    params, said = _clean("gpt-4o", temprature=0.2)
    assert params == {}
    assert said == "temprature 0.2 was left out: no parameter has that name; did you mean temperature?"


def test_the_requests_own_fields_cannot_be_overwritten() -> None:
    params, said = _clean("gpt-4o", model="gpt-5", messages=[], input="x", instructions="y")
    assert params == {}
    assert said.count("was left out") == 4


def test_null_means_not_given() -> None:
    assert _clean("gpt-5", temperature=None, stop=None, reasoning={"effort": None}) == ({}, "")


def test_harmless_parameters_pass_on_both_endpoints() -> None:
    wished = {"metadata": {"desk": "a"}, "store": False, "prompt_cache_key": "k", "safety_identifier": "s"}
    for endpoint in Endpoint:
        assert _clean("gpt-5", endpoint, **wished) == (wished, "")
    assert _clean("gpt-5", RESPONSES, truncation="auto") == ({"truncation": "auto"}, "")
    assert _clean("gpt-5", CHAT, truncation="auto")[0] == {}


def test_the_wish_itself_is_left_untouched() -> None:
    wished = {"tools": [TOOL], "response_format": CHAT_FORMAT, "reasoning": {"effort": "low", "summary": "auto"}}
    before = repr(wished)
    cleaned = clean(wished, find("gpt-5"), RESPONSES)
    cleaned.params["text"]["format"]["name"] = "changed"
    assert repr(wished) == before
