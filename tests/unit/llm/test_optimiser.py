"""Who has what an analysis needs, and who stands in for a model that is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.domain.analysis import Endpoint
from core.errors import ModelRefused
from core.llm.fallback import Fallback, from_document, propose
from core.llm.models import all_models, find, resident
from core.llm.optimiser import Needs, lacks, reasons, suitable

TODAY = date(2026, 11, 26)
NEEDS = Needs(input_tokens=10_000, answer_tokens=6_000)


def test_every_suitable_model_takes_the_longest_request_and_its_answer() -> None:
    needs = replace(NEEDS, input_tokens=300_000)
    names = {model.model_id for model in suitable(needs, TODAY)}
    assert "gpt-5.4" in names
    assert "gpt-5.4-mini" not in names
    assert lacks(find("gpt-5.4-mini"), needs, TODAY) == (
        "takes 272,000 input tokens of the 300,000 that the longest request has",
    )


def test_a_window_that_is_full_before_the_answer_ends_is_too_small() -> None:
    needs = replace(NEEDS, input_tokens=125_000)
    assert "128,000 tokens" in lacks(find("gpt-4o"), needs, TODAY)[0]


@pytest.mark.parametrize(
    ("model", "needs", "says"),
    [
        ("gpt-4-turbo", NEEDS, "was shut down on 2026-10-23"),
        ("gpt-4-turbo", NEEDS, "takes no JSON schema"),
        ("gpt-4o", replace(NEEDS, answer_tokens=20_000), "writes 16,384 tokens at most"),
        ("gpt-6-sol", replace(NEEDS, tools=True), "only without reasoning"),
        ("gpt-6-sol", replace(NEEDS, region="eu"), "no batch processing with data residency in EU"),
        ("gpt-6.2-sol", NEEDS, "not published"),
        ("gpt-99", NEEDS, "not published"),
    ],
)
def test_what_is_lacking_is_said(model: str, needs: Needs, says: str) -> None:
    assert any(says in reason for reason in lacks(find(model), needs, TODAY))


def test_the_responses_api_takes_tools_with_reasoning() -> None:
    assert lacks(find("gpt-6-sol"), replace(NEEDS, tools=True, endpoint=Endpoint.RESPONSES), TODAY) == ()


def test_nobody_is_sent_to_a_model_that_ends_within_a_quarter() -> None:
    names = {model.model_id for model in suitable(NEEDS, TODAY)}
    assert not {"gpt-5-nano", "gpt-4o-mini"} & names  # until 2026-12-11 and 2027-01-14
    assert "gpt-5.4-nano" in names
    assert any("2027-04-01" in said for said in reasons(find("gpt-5.4-nano"), NEEDS))


def test_a_model_without_batches_in_the_region_is_refused_with_the_reason() -> None:
    with pytest.raises(ModelRefused, match=r"data residency in EU for single questions only.*gpt-6\.1-terra"):
        resident(find("gpt-6-luna"), "eu")
    assert resident(find("gpt-6-luna"), "us").model_id == "gpt-6-luna"
    assert resident(find("gpt-6-luna"), "").model_id == "gpt-6-luna"


def test_only_the_two_models_of_the_guide_have_no_batches_somewhere() -> None:
    assert {model.model_id for model in all_models() if model.no_batch_in} == {"gpt-6-sol", "gpt-6-luna"}


def test_a_model_that_can_be_asked_has_no_stand_in() -> None:
    assert propose(find("gpt-5.4-mini"), NEEDS, TODAY, lambda found: found[0]) is None
    assert propose(find("gpt-99"), NEEDS, TODAY, lambda found: found[0]) is None


def test_the_named_replacement_stands_in_first() -> None:
    found = propose(find("gpt-5"), NEEDS, date(2026, 12, 11), lambda found: found[0])
    assert found is not None
    assert (found.asked, found.model) == ("gpt-5", "gpt-6.1-sol")
    assert found.reason.startswith("gpt-5 was shut down on 2026-12-11. gpt-6.1-sol is what the provider names")


def test_a_replacement_that_lacks_something_is_passed_over_and_the_reason_says_so() -> None:
    needs = replace(NEEDS, region="eu")
    found = propose(find("gpt-4-turbo"), needs, TODAY, lambda found: found[-1])
    assert found is not None
    assert found.model not in {"gpt-6-luna", "gpt-6-sol"}
    assert "Its replacement gpt-6-luna has no batch processing with data residency in EU." in found.reason


def test_where_nothing_has_a_price_nobody_stands_in() -> None:
    assert propose(find("gpt-4-turbo"), replace(NEEDS, region="eu"), TODAY, lambda _: None) is None


def test_a_stand_in_is_stored_whole() -> None:
    found = Fallback("gpt-5", "gpt-6.1-sol", "Because.", None, None)
    assert from_document(found.document()) == found
    assert (
        found.sentence == "gpt-5 is replaced by gpt-6.1-sol. Because. Expected cost: not known; with gpt-5: not known."
    )
