"""Offering tools: what goes into a request, for which models, and what an analysis may not use."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.analyses.build import Builder
from core.analyses.tools.registry import GUIDANCE
from core.domain.analysis import AnalysisRequest, Endpoint, Kind
from core.domain.facts import FactSheet
from core.errors import BadInput
from core.llm.prompts import PromptLibrary
from core.llm.tokens import counter
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, series, wobble

TODAY = date(2026, 11, 24)
WISH = AnalysisRequest(Kind.RISK, ("p",), "gpt-5.4-mini", tools=("risk_calculator", "correlation_analyzer"))


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    return PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")


@pytest.fixture(scope="module")
def sheet() -> FactSheet:
    prices = PriceHistory.from_series([series("A", wobble(400, 1)), series("B", wobble(400, 2))])
    own = portfolio(holding("A", 60), holding("B", 30), cash(10))
    return fact_sheets([own], FixedRates(), prices, groups=[MetricGroup.HOLDINGS, MetricGroup.HISTORY])[0]


def built(request: AnalysisRequest, library: PromptLibrary, sheet: FactSheet) -> tuple[Builder, dict[str, Any]]:
    builder = Builder(request, library, today=TODAY)
    (view,) = builder.views(sheet)
    return builder, json.loads(builder.build(view).line)["body"]


def test_functions_stand_nested_on_chat_and_flat_on_responses(library: PromptLibrary, sheet: FactSheet) -> None:
    _, chat = built(WISH, library, sheet)
    assert [tool["function"]["name"] for tool in chat["tools"]] == ["risk_calculator", "correlation_analyzer"]
    assert all(tool["function"]["strict"] is True for tool in chat["tools"])
    _, flat = built(replace(WISH, endpoint=Endpoint.RESPONSES), library, sheet)
    assert [tool["name"] for tool in flat["tools"]] == ["risk_calculator", "correlation_analyzer"]
    assert flat["include"] == ["reasoning.encrypted_content"]
    assert flat["store"] is False


def test_the_instructions_say_how_a_result_is_stated_and_its_tokens_are_counted(
    library: PromptLibrary, sheet: FactSheet
) -> None:
    plain, without = built(replace(WISH, tools=()), library, sheet)
    builder, body = built(WISH, library, sheet)
    assert body["messages"][0]["content"].endswith(GUIDANCE)
    assert "tools" not in without
    (view,) = builder.views(sheet)
    more = builder.build(view).input_tokens - plain.build(view).input_tokens
    count = counter("o200k_base").count
    least = count(GUIDANCE) + count(json.dumps(body["tools"]))
    assert more == pytest.approx(least, rel=0.2)


def test_a_model_that_takes_no_tools_is_told_what_there_would_be(library: PromptLibrary, sheet: FactSheet) -> None:
    builder, body = built(replace(WISH, model="gpt-99"), library, sheet)
    assert builder.tools == frozenset()
    assert "tools" not in body
    assert "risk_calculator(weights: array)" in body["messages"][0]["content"]
    assert any("described in the prompt" in warning for warning in builder.warnings)


def test_web_search_goes_only_where_the_endpoint_takes_it(library: PromptLibrary, sheet: FactSheet) -> None:
    wish = replace(WISH, kind=Kind.MARKET_RESEARCH, tools=("web_search",), endpoint=Endpoint.RESPONSES)
    assert Builder(wish, library, today=TODAY).tools == {"web_search"}
    chat = Builder(replace(wish, endpoint=Endpoint.CHAT), library, today=TODAY)
    assert chat.tools == frozenset()
    assert any("Chat Completions takes functions only" in warning for warning in chat.warnings)


def test_an_analysis_uses_only_the_tools_that_its_engine_declares(library: PromptLibrary) -> None:
    with pytest.raises(BadInput, match="may not use web_search"):
        Builder(replace(WISH, tools=("web_search",)), library, today=TODAY)
    with pytest.raises(BadInput, match="no tool 'shell'"):
        Builder(replace(WISH, tools=("shell",)), library, today=TODAY)


def test_tools_given_as_raw_parameters_are_left_out_because_nobody_would_answer_them(
    library: PromptLibrary, sheet: FactSheet
) -> None:
    wish = replace(WISH, tools=(), parameters={"tools": [{"type": "function", "function": {"name": "f"}}]})
    builder, body = built(wish, library, sheet)
    assert "tools" not in body
    assert any("choose tools by name" in warning for warning in builder.warnings)
