"""From facts to lines: bodies, exact counts, regions, caps, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.analyses.build import REASONING_CAP, TEXT_CAP, Builder, build_requests, custom_id_of
from core.analyses.engines import engine_for
from core.analyses.metadata import batch_metadata
from core.analyses.tables import tables
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Variant
from core.domain.facts import FactSheet, HoldingFact
from core.errors import BadInput, ModelRefused
from core.llm.models import EFFORTS
from core.llm.prompts import PromptLibrary
from core.llm.tokens import counter, framing

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    return PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")


def asked(model: str = "gpt-5.4-mini", **changes: Any) -> AnalysisRequest:
    return AnalysisRequest(Kind.RISK, ("desk-7",), model, **changes)


def body_of(line: bytes) -> dict[str, Any]:
    body = json.loads(line)["body"]
    assert isinstance(body, dict)
    return body


def test_a_chat_line_carries_instructions_tables_and_schema(library: PromptLibrary, sheet: FactSheet) -> None:
    builder = Builder(asked(), library, today=TODAY)
    request = builder.build(sheet)
    line = json.loads(request.line)
    assert list(line) == ["custom_id", "method", "url", "body"]
    assert (line["custom_id"], line["method"], line["url"]) == ("risk-desk-7", "POST", "/v1/chat/completions")
    body = line["body"]
    assert body["model"] == "gpt-5.4-mini"
    assert body["max_completion_tokens"] == request.max_output_tokens == builder.max_output_tokens
    system, user = body["messages"]
    assert system == {"role": "developer", "content": builder.prompt(None).system}
    assert user["role"] == "user"
    shown = engine_for(Kind.RISK).writer(lambda _: 0, slots=True).write(sheet, "en")[0]
    assert user["content"].startswith(shown + "\n\n")
    assert user["content"].endswith(builder.prompt(None).question)
    shape = body["response_format"]["json_schema"]
    schema = engine_for(Kind.RISK).schema(slots=True)
    assert (shape["name"], shape["strict"], shape["schema"]) == ("risk_analysis", True, schema)
    assert list(shape["schema"]["properties"]) == list(schema["properties"])


def test_an_older_version_sends_tables_and_schema_as_it_always_did(library: PromptLibrary, sheet: FactSheet) -> None:
    body = body_of(Builder(asked(prompt_version="v2"), library, today=TODAY).build(sheet).line)
    assert body["messages"][1]["content"].startswith(tables(sheet, "en") + "\n\n")
    assert body["response_format"]["json_schema"]["schema"] == engine_for(Kind.RISK).schema()


def test_a_responses_line_says_the_same_in_its_own_words(library: PromptLibrary, sheet: FactSheet) -> None:
    chat = Builder(asked(), library, today=TODAY).build(sheet)
    request = Builder(asked(endpoint=Endpoint.RESPONSES), library, today=TODAY).build(sheet)
    assert json.loads(request.line)["url"] == "/v1/responses"
    body = body_of(request.line)
    assert body["input"] == body_of(chat.line)["messages"]
    assert body["text"]["format"]["schema"] == engine_for(Kind.RISK).schema(slots=True)
    assert body["max_output_tokens"] == chat.max_output_tokens
    assert body["store"] is False
    assert request.prompt_hash == chat.prompt_hash


def test_the_hash_is_of_the_prompt_as_it_was_rendered(library: PromptLibrary, sheet: FactSheet) -> None:
    request = Builder(asked(), library, today=TODAY).build(sheet)
    system, user = (message["content"] for message in body_of(request.line)["messages"])
    assert request.prompt_hash == hashlib.sha256(system.encode() + b"\0" + user.encode()).hexdigest()
    assert request.prompt_version == "risk/v4"
    other = Builder(asked(variant=Variant.AGGRESSIVE), library, today=TODAY).build(sheet)
    assert other.prompt_hash != request.prompt_hash


@pytest.mark.parametrize("model", ["gpt-5.4-mini", "gpt-4o", "o3", "brand-new-model"])
@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_input_tokens_are_exact(library: PromptLibrary, sheet: FactSheet, model: str, endpoint: Endpoint) -> None:
    builder = Builder(asked(model, endpoint=endpoint, regional=True), library, today=TODAY)
    for each in (sheet, replace(sheet, region="FR"), replace(sheet, portfolio_id="é" * 9, holdings=())):
        request = builder.build(each)
        body = body_of(request.line)
        count = counter(builder.model.encoding).count
        shape = body["response_format"]["json_schema"] if endpoint is Endpoint.CHAT else body["text"]["format"]
        expected = framing(2) + count(json.dumps(shape["schema"], ensure_ascii=False, separators=(",", ":")))
        for message in body["messages" if endpoint is Endpoint.CHAT else "input"]:
            expected += count(message["content"])
        assert request.input_tokens == expected


def test_each_portfolio_gets_the_overlay_of_its_region(library: PromptLibrary, sheet: FactSheet) -> None:
    builder = Builder(asked(regional=True), library, today=TODAY)
    french = builder.build(replace(sheet, region="FR"))
    assert (french.region, french.warnings) == ("FR", ())
    assert "language|fr" in body_of(french.line)["messages"][1]["content"]
    fallen = builder.build(replace(sheet, region="BR"))
    assert fallen.region == "GLOBAL"
    assert "'BR'" in fallen.warnings[0]
    assert builder.build(replace(sheet, region="GLOBAL")).warnings == ()


def test_a_forced_region_wins_over_the_portfolios_own(library: PromptLibrary, sheet: FactSheet) -> None:
    forced = Builder(asked(regional=True, region="uk"), library, today=TODAY).build(replace(sheet, region="FR"))
    assert forced.region == "UK"


def test_without_regions_every_portfolio_gets_the_international_overlay(
    library: PromptLibrary, sheet: FactSheet
) -> None:
    request = Builder(asked(), library, today=TODAY).build(replace(sheet, region="FR"))
    assert (request.region, request.warnings) == ("GLOBAL", ())


@pytest.mark.parametrize(
    ("model", "parameters", "cap"),
    [
        ("gpt-4o", {}, TEXT_CAP),
        ("gpt-5.4", {}, TEXT_CAP),
        ("gpt-5.4", {"reasoning_effort": "high"}, TEXT_CAP + REASONING_CAP["high"]),
        ("gpt-5.5", {}, TEXT_CAP + REASONING_CAP["medium"]),
        ("gpt-5", {"reasoning": {"effort": "low"}}, TEXT_CAP + REASONING_CAP["low"]),
        ("brand-new-model", {}, TEXT_CAP + REASONING_CAP["medium"]),
        ("gpt-4o", {"max_tokens": 900}, 900),
        ("gpt-5", {"max_output_tokens": 900}, 900),
        ("gpt-4o", {"max_output_tokens": -1}, TEXT_CAP),
        ("gpt-4o", {"max_output_tokens": "many"}, TEXT_CAP),
    ],
)
def test_reasoning_gets_room_of_its_own(
    library: PromptLibrary, sheet: FactSheet, model: str, parameters: dict[str, Any], cap: int
) -> None:
    builder = Builder(asked(model, parameters=parameters), library, today=TODAY)
    assert builder.max_output_tokens == cap
    assert builder.build(sheet).max_output_tokens == cap
    assert builder.expected_output().high <= cap


def test_a_small_window_is_not_taken_up_by_the_answer(library: PromptLibrary) -> None:
    assert Builder(asked("gpt-4"), library, today=date(2026, 10, 1)).max_output_tokens == 8_192 // 4


def test_every_effort_has_its_room() -> None:
    assert tuple(REASONING_CAP) == EFFORTS


def test_what_a_model_does_not_take_is_left_out_once_with_a_warning(library: PromptLibrary, sheet: FactSheet) -> None:
    builder = Builder(asked("o3", parameters={"temperature": 0.2, "reasoning_effort": "low"}), library, today=TODAY)
    assert builder.effort == "low"
    assert len([warning for warning in builder.warnings if "temperature" in warning]) == 1
    request = builder.build(sheet)
    assert "temperature" not in body_of(request.line)
    assert request.warnings == ()


def test_nobody_but_the_analysis_sets_the_format_of_its_answer(library: PromptLibrary, sheet: FactSheet) -> None:
    wished = {"response_format": {"type": "text"}, "text": {"format": {"type": "text"}, "verbosity": "low"}}
    builder = Builder(asked("gpt-5", parameters=wished), library, today=TODAY)
    body = body_of(builder.build(sheet).line)
    assert body["response_format"]["type"] == "json_schema"
    assert body["verbosity"] == "low"
    assert len([warning for warning in builder.warnings if "format" in warning]) == 2


def test_a_model_without_schemas_gets_the_schema_in_words(library: PromptLibrary, sheet: FactSheet) -> None:
    before = date(2026, 10, 1)
    builder = Builder(asked("gpt-4-turbo"), library, today=before)
    body = body_of(builder.build(sheet).line)
    assert body["response_format"] == {"type": "json_object"}
    assert '"value_at_risk"' in body["messages"][0]["content"]
    count = counter("cl100k_base").count
    expected = framing(2) + sum(count(message["content"]) for message in body["messages"])
    assert builder.build(sheet).input_tokens == expected


def test_a_model_that_is_gone_is_refused_with_its_replacement(library: PromptLibrary) -> None:
    with pytest.raises(ModelRefused, match="gpt-6-luna"):
        Builder(asked("gpt-4-turbo"), library, today=TODAY)


def test_a_portfolio_that_does_not_fit_is_named_with_the_numbers(library: PromptLibrary, sheet: FactSheet) -> None:
    line = sheet.holdings[0]
    many = tuple(
        HoldingFact(f"S{i}", f"S{i}", line.name, line.asset_class, line.sector, "US", "USD", 0.01, 1.0)
        for i in range(7_000)
    )
    builder = Builder(asked("gpt-4o"), library, today=TODAY)
    with pytest.raises(BadInput, match=r"'desk-7' has [\d,]+ input tokens.*'gpt-4o' takes 128,000\..*Leave the portf"):
        builder.build(replace(sheet, holdings=many))


def test_an_answer_must_fit_behind_the_input(library: PromptLibrary, sheet: FactSheet) -> None:
    builder = Builder(asked("gpt-4o"), library, today=TODAY)
    tokens = builder.build(sheet).input_tokens
    builder.model = replace(builder.model, context_window=tokens + TEXT_CAP)
    builder.build(sheet)
    builder.model = replace(builder.model, context_window=tokens + TEXT_CAP - 1)
    with pytest.raises(BadInput, match=r"may answer with 6,000 more"):
        builder.build(sheet)


def test_a_stream_of_sheets_gives_a_stream_of_requests(library: PromptLibrary, sheet: FactSheet) -> None:
    sheets = (replace(sheet, portfolio_id=f"p{i}") for i in range(3))
    requests = build_requests(asked(), sheets, library, today=TODAY)
    assert next(requests).custom_id == "risk-p0"
    assert [request.custom_id for request in requests] == ["risk-p1", "risk-p2"]


def test_a_line_is_one_line_whatever_the_names_hold(library: PromptLibrary, sheet: FactSheet) -> None:
    odd = replace(sheet, name='a\n"b"\u2028</PORTFOLIO>\x00', portfolio_id='x"\\y\n')
    line = Builder(asked(), library, today=TODAY).build(odd).line
    assert b"\n" not in line
    assert json.loads(line)["custom_id"] == 'risk-x"\\y\n'


def test_a_long_id_is_shortened_and_stays_unique() -> None:
    first, second = custom_id_of("risk", "p" * 80 + "1"), custom_id_of("risk", "p" * 80 + "2")
    assert len(first) == len(second) == 64
    assert first != second
    assert custom_id_of("risk", "p" * 59) == "risk-" + "p" * 59


def test_metadata_says_what_the_batch_is() -> None:
    request = asked(region="FR", variant=Variant.CONSERVATIVE)
    metadata = batch_metadata(
        job_key="k",
        attempt=2,
        spec_hash="f" * 64,
        request=request,
        prompt_version="risk/v2",
        model_class="standard",
        portfolios=500,
    )
    assert metadata == {
        "app": "mosychlos",
        "type": "portfolio_analysis",
        "analysis": "risk",
        "model": "gpt-5.4-mini",
        "model_class": "standard",
        "prompt_version": "risk/v2",
        "variant": "conservative",
        "region_mode": "forced:FR",
        "portfolio_count": "500",
        "job_key": "k",
        "attempt": "2",
        "spec_hash": "f" * 64,
    }
    assert len(metadata) <= 16
    assert all(len(key) <= 64 for key in metadata)


def test_metadata_that_the_provider_would_reject_is_refused_here() -> None:
    with pytest.raises(BadInput, match="model has 600 characters"):
        batch_metadata(
            job_key="k",
            attempt=1,
            spec_hash="",
            request=asked("m" * 600),
            prompt_version="risk/v2",
            model_class="standard",
            portfolios=1,
        )
