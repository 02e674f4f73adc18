"""Every analysis can be asked with slots: shorter, true where the stand-in is true, and found out where it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.analyses.build import Builder
from core.analyses.engines import engine_for
from core.analyses.slots.reading import sentences_of
from core.domain.analysis import AnalysisRequest, FindingKind, Kind
from core.domain.compliance import RuleStatus
from core.domain.facts import FactSheet
from core.llm.tokens import counter
from core.simulator import answers
from core.simulator.slot_mistakes import MISTAKES
from tests.unit.analyses.whole import CHAT, SHEET, with_inputs
from tests.unit.slots.asking import LIBRARY, asked

_BEFORE = {Kind.RISK: "v2"}


@pytest.mark.parametrize("region", ["US", "FR", "CH"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_true_answer_holds_in_every_language(kind: Kind, region: str) -> None:
    one = asked(kind, "v4", region)
    reading = one.read(one.answer)
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert reading.verification.verified > 3
    assert reading.level


@pytest.mark.parametrize("kind", list(Kind))
def test_a_request_is_no_longer_and_an_answer_a_quarter_shorter(kind: Kind) -> None:
    new, old = asked(kind, "v4", "US"), asked(kind, _BEFORE.get(kind, "v1"), "US")
    count = counter("o200k_base").count
    assert new.input_tokens <= old.input_tokens
    assert count(new.answer) <= 0.75 * count(old.answer)


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_every_mistake_of_the_stand_in_is_found(mistake: str) -> None:
    one = asked(Kind.RISK, "v4", "US")
    for number in range(6):
        document: dict[str, Any] = json.loads(one.answer)
        assert MISTAKES[mistake](document, f"r-{number}")
        found = one.read(json.dumps(document)).verification
        assert found is not None
        assert found.findings, (mistake, number)


def test_a_brief_cannot_approve_a_breach_or_be_without_dissent() -> None:
    one = asked(Kind.COMMITTEE_BRIEF, "v4", "US")
    document = json.loads(one.answer)
    engine = engine_for(Kind.COMMITTEE_BRIEF)
    approved = engine.read(json.dumps({**document, "recommendation": "approve"}), one.sheet)
    assert approved.error is not None
    assert "breach" in approved.error.message
    silent = engine.read(json.dumps({**document, "dissent": []}), one.sheet)
    assert silent.error is not None
    assert "dissent" in silent.error.message


def test_a_day_for_a_task_is_the_rules_time_to_cure() -> None:
    one = asked(Kind.COMMITTEE_BRIEF, "v4", "US")
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
    one = asked(Kind.COMPLIANCE, "v4", "US")
    other = replace(one.sheet.rules[0], rule_id="X.1", regime="jita", status=RuleStatus.NOT_APPLICABLE)
    sheet = replace(one.sheet, rules=(*one.sheet.rules, other))
    checked = engine_for(Kind.COMPLIANCE).read(one.answer, sheet).verification
    assert checked is not None
    assert checked.findings == ()


def test_a_demo_shows_mostly_sentences_that_rest_on_something() -> None:
    for kind in Kind:
        one = asked(kind, "v4", "US")
        page = one.read(one.answer).analysis
        assert page is not None
        said = sentences_of(page)
        assert said.get("unchecked", 0) <= 0.3 * sum(said.values()), (kind, said)


@pytest.mark.parametrize("name", ["active_return", "allocation", "residual"])
def test_an_attribution_without_one_of_its_totals_says_so_and_is_checked_to_its_end(name: str) -> None:
    one = asked(Kind.ATTRIBUTION, "v4", "US")
    sheet = replace(one.sheet, facts=tuple(f for f in one.sheet.facts if f.metric_id != f"attribution.{name}"))
    reading = engine_for(Kind.ATTRIBUTION).read(one.answer, sheet)
    assert reading.verification is not None, reading.error
    assert ("totals." + name, "missing") in {(found.path, found.stated) for found in reading.verification.findings}
    assert reading.analysis is not None
    assert name not in reading.analysis["totals"]


@pytest.mark.parametrize("signs", [(1, -1, 1), (-1, 1), (1, -1)])
def test_a_verdict_over_periods_that_disagree_is_mixed_whatever_their_order(signs: tuple[int, ...]) -> None:
    one = asked(Kind.PERFORMANCE, "v4", "US")
    ours = [fact.metric_id for fact in one.sheet.facts if fact.metric_id.startswith("excess_return.")]
    wanted = dict(zip(ours, signs, strict=False))
    assert len(wanted) > 1
    facts = tuple(
        replace(fact, value=wanted[fact.metric_id] * 3.0) if fact.metric_id in wanted else fact
        for fact in one.sheet.facts
        if fact.metric_id not in ours or fact.metric_id in wanted
    )
    assert _verdict(replace(one.sheet, facts=facts)) == "mixed"
    agreeing = tuple(replace(fact, value=3.0) if fact.metric_id in ours else fact for fact in facts)
    assert _verdict(replace(one.sheet, facts=agreeing)) == "outperformed"


def _verdict(sheet: FactSheet) -> str:
    return {grade.name: grade.value for grade in engine_for(Kind.PERFORMANCE).form.grades(sheet)}["verdict"]


def test_a_rule_that_is_reported_twice_is_a_finding_and_shown_once() -> None:
    one = asked(Kind.COMPLIANCE, "v4", "US")
    document: dict[str, Any] = json.loads(one.answer)
    document["findings"].append(document["findings"][0])
    reading = one.read(json.dumps(document))
    assert reading.verification is not None
    assert [found.kind for found in reading.verification.findings] == [FindingKind.RULE]
    assert reading.analysis is not None
    assert len(reading.analysis["findings"]) == len(document["findings"]) - 1
