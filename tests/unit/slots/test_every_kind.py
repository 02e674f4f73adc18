"""Every analysis can be asked with slots: shorter, true where the stand-in is true, and found out where it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.analyses.build import Builder
from core.analyses.engines import engine_for
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.compliance import RuleStatus
from core.llm.tokens import counter
from core.simulator import answers
from core.simulator.slot_mistakes import MISTAKES
from tests.unit.analyses.whole import CHAT, SHEET, with_inputs
from tests.unit.slots.asking import LIBRARY, asked

_BEFORE = {Kind.RISK: "v2"}


@pytest.mark.parametrize("region", ["US", "FR", "CH"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_true_answer_holds_in_every_language(kind: Kind, region: str) -> None:
    one = asked(kind, "v3", region)
    reading = one.read(one.answer)
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert reading.verification.verified > 3
    assert reading.level


@pytest.mark.parametrize("kind", list(Kind))
def test_a_request_is_no_longer_and_an_answer_a_quarter_shorter(kind: Kind) -> None:
    new, old = asked(kind, "v3", "US"), asked(kind, _BEFORE.get(kind, "v1"), "US")
    count = counter("o200k_base").count
    assert new.input_tokens <= old.input_tokens
    assert count(new.answer) <= 0.75 * count(old.answer)


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_every_mistake_of_the_stand_in_is_found(mistake: str) -> None:
    one = asked(Kind.RISK, "v3", "US")
    for number in range(6):
        document: dict[str, Any] = json.loads(one.answer)
        assert MISTAKES[mistake](document, f"r-{number}")
        found = one.read(json.dumps(document)).verification
        assert found is not None
        assert found.findings, (mistake, number)


def test_a_brief_cannot_approve_a_breach_or_be_without_dissent() -> None:
    one = asked(Kind.COMMITTEE_BRIEF, "v3", "US")
    document = json.loads(one.answer)
    engine = engine_for(Kind.COMMITTEE_BRIEF)
    approved = engine.read(json.dumps({**document, "recommendation": "approve"}), one.sheet)
    assert approved.error is not None
    assert "breach" in approved.error.message
    silent = engine.read(json.dumps({**document, "dissent": []}), one.sheet)
    assert silent.error is not None
    assert "dissent" in silent.error.message


def test_a_day_for_a_task_is_the_rules_time_to_cure() -> None:
    one = asked(Kind.COMMITTEE_BRIEF, "v3", "US")
    page = one.read(one.answer).analysis
    assert page is not None
    assert {task["due_date"] for task in page["follow_ups"]} == {"2026-11-29"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_model_that_takes_no_schema_is_asked_for_slots_too(kind: Kind) -> None:
    before = date(2026, 10, 1)  # of its shutdown
    builder = Builder(AnalysisRequest(kind, ("desk-7",), "gpt-4-turbo"), LIBRARY, today=before)
    (view,) = builder.views(with_inputs(SHEET) if kind is Kind.COMMITTEE_BRIEF else SHEET)
    body = json.loads(builder.build(view).line)["body"]
    assert body["response_format"] == {"type": "json_object"}
    reading = engine_for(kind).read(answers.text(body, CHAT, "r", None), view)
    assert reading.verification is not None, reading.error
    assert reading.verification.findings == ()


def test_a_regime_of_which_no_rule_applies_was_not_shown_and_need_not_be_named() -> None:
    one = asked(Kind.COMPLIANCE, "v3", "US")
    other = replace(one.sheet.rules[0], rule_id="X.1", regime="jita", status=RuleStatus.NOT_APPLICABLE)
    sheet = replace(one.sheet, rules=(*one.sheet.rules, other))
    checked = engine_for(Kind.COMPLIANCE).read(one.answer, sheet).verification
    assert checked is not None
    assert checked.findings == ()
