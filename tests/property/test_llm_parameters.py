"""Whatever is wished for: cleaning never fails, says what it changed, and has nothing to add the second time."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.analysis import Endpoint
from core.llm.models import EFFORTS, all_models, find
from core.llm.parameter_rules import NAMES, NOT_OURS
from core.llm.parameters import clean

scalars = st.none() | st.booleans() | st.integers(-5, 200_000) | st.floats() | st.text(max_size=12)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
names = st.sampled_from(["get", "price_of", "x"])
schemas = st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(names, anything, max_size=2)})
flat_tools = st.fixed_dictionaries({"type": st.just("function"), "name": names, "parameters": schemas})
tools = st.lists(
    flat_tools
    | st.builds(lambda t: {"type": "function", "function": {k: v for k, v in t.items() if k != "type"}}, flat_tools)
    | anything,
    max_size=3,
)
formats = (
    st.sampled_from([{"type": "text"}, {"type": "json_object"}])
    | st.fixed_dictionaries({"type": st.just("json_schema"), "name": names, "schema": schemas})
    | anything
)
efforts = st.sampled_from(EFFORTS) | anything
plausible: dict[str, st.SearchStrategy[Any]] = {
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0, 1),
    "max_tokens": st.integers(1, 300_000),
    "max_output_tokens": st.integers(1, 300_000),
    "max_completion_tokens": st.integers(1, 300_000),
    "reasoning_effort": efforts,
    "reasoning": st.fixed_dictionaries({}, optional={"effort": efforts, "summary": anything}) | anything,
    "text": st.fixed_dictionaries({}, optional={"verbosity": st.just("low"), "format": formats}) | anything,
    "verbosity": st.sampled_from(["low", "high", "loud"]),
    "response_format": formats,
    "tools": tools,
    "tool_choice": st.sampled_from(["auto", "required", {"type": "function", "name": "get"}]) | anything,
    "parallel_tool_calls": st.booleans(),
    "stop": st.lists(st.text(max_size=3), max_size=5),
    "top_logprobs": st.integers(0, 20),
    "logprobs": st.booleans(),
}
odd = st.dictionaries(st.sampled_from([*NAMES, *NOT_OURS, "unheard_of"]), anything, max_size=4)
wishes = st.builds(lambda a, b: a | b, odd, st.fixed_dictionaries({}, optional=plausible))
models = st.sampled_from([model.model_id for model in all_models()] + ["gpt-99"]).map(find)


@given(wishes, models, st.sampled_from(Endpoint))
@settings(max_examples=300, deadline=None)
def test_cleaning_again_changes_nothing_and_says_nothing(wish: dict[str, Any], model: Any, endpoint: Endpoint) -> None:
    once = clean(wish, model, endpoint)
    again = clean(once.params, model, endpoint)
    assert json.dumps(again.params, sort_keys=True) == json.dumps(once.params, sort_keys=True)
    assert again.warnings == ()
    assert again.prompt_addition == ""


@given(wishes, models, st.sampled_from(Endpoint))
@settings(max_examples=300, deadline=None)
def test_what_is_sent_obeys_the_models_rules(wish: dict[str, Any], model: Any, endpoint: Endpoint) -> None:
    params = clean(wish, model, endpoint).params
    sampling = params.keys() & {"temperature", "top_p"}
    nested = params.get("reasoning", {}) if endpoint is Endpoint.RESPONSES else {}
    effort = params.get("reasoning_effort", nested.get("effort"))
    if model.sampling == "never":
        assert not sampling
    if model.sampling == "explicit_none" and sampling:
        assert effort == "none"
    assert effort is None or effort in model.efforts
    cap = params.get("max_completion_tokens", params.get("max_output_tokens"))
    assert cap is None or model.max_output is None or cap <= model.max_output
    assert "max_tokens" not in params
    assert "stream" not in params
    if "tools" in params:
        assert model.tools
    else:
        assert not params.keys() & {"tool_choice", "parallel_tool_calls"}


@given(wishes, models, st.sampled_from(Endpoint))
@settings(max_examples=200, deadline=None)
def test_nothing_disappears_without_a_word(wish: dict[str, Any], model: Any, endpoint: Endpoint) -> None:
    cleaned = clean(wish, model, endpoint)
    said = " ".join(cleaned.warnings)
    for name, value in wish.items():
        empty = value is None or value is False or value == [] or value == {}
        nested = isinstance(value, dict) and name in {"reasoning", "text"}
        if empty or nested or name in cleaned.params or name in {"tools", "response_format"}:
            continue
        moved = {
            "reasoning_effort": "reasoning",
            "verbosity": "text",
            "max_output_tokens": "max_completion_tokens",
            "max_completion_tokens": "max_output_tokens",
        }.get(name)
        assert name in said or moved in cleaned.params, (name, value)
