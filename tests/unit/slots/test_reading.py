"""An answer with slots becomes the page of its analysis: the program's numbers, grades, caveats; the model's words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import FindingKind, Kind, Reading, ResultStatus
from core.domain.facts import FactSheet
from core.domain.units import Badge
from tests.unit.slots.conftest import SHEET

K = FindingKind


def risk(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": "3",
        "analysis_type": "risk",
        "portfolio_id": "desk-7",
        "claims": [{"text": "Volatility is {{volatility}}.", "basis": ["MSFT"], "kind": "fact"}],
        "risks": [
            {
                "risk_type": "market", "likelihood": "possible", "driver_ids": ["MSFT", "volatility"],
                "explanation": "The portfolio once {{fell(max_drawdown): lost}} {{max_drawdown abs}}.",
                "mitigation": "More cash would lower it.",
            }
        ],
        "stress_tests": [],
        "value_at_risk": "A bad day costs {{var_95_1d}}, and worse days happen.",
        "data_gaps": [{"ids": ["sortino"], "item": "", "effect": "Downside is judged without it."}],
        "caveats": ["{{absent.sortino}} is missing."],
        "headline": "{{MSFT}} stands for {{weight.MSFT}}",
        "summary": "The level is {{grade.overall_level}}, from a volatility of {{volatility}}.",
    } | changes  # fmt: skip


def compliance(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": "3",
        "analysis_type": "compliance",
        "portfolio_id": "desk-7",
        "claims": [{"text": "{{EU.40}} is {{breached(EU.40): breached}}.", "basis": [], "kind": "fact"}],
        "findings": [
            {"rule_id": "EU.40", "explanation": "It stands at {{rule.EU.40.measured}}.", "remediation": "Sell some."},
            {"rule_id": "EU.10", "explanation": "It stands at {{rule.EU.10.measured}}.", "remediation": ""},
        ],
        "suitability_reasons": [],
        "data_gaps": [],
        "caveats": [],
        "headline": "{{EU.40}} is {{breached(EU.40): breached}}",
        "summary": "The status is {{grade.overall_status}}.",
    } | changes


def read(document: dict[str, Any], sheet: FactSheet = SHEET) -> Reading:
    return engine_for(Kind(document["analysis_type"])).read(json.dumps(document), sheet)


def page_of(reading: Reading) -> dict[str, Any]:
    assert reading.analysis is not None, reading.error
    return reading.analysis


def kinds(reading: Reading) -> set[tuple[str, FindingKind]]:
    assert reading.verification is not None, reading.error
    return {(finding.path, finding.kind) for finding in reading.verification.findings}


def test_numbers_grades_and_fields_of_a_risk_page_are_the_programs() -> None:
    reading = read(risk())
    page = page_of(reading)
    assert kinds(reading) == set()
    assert page["claims"][0]["text"] == "Volatility is 12.35\u00a0%."
    assert [one["metric_id"] for one in page["claims"][0]["metrics"]] == ["volatility"]
    # 12.345 % lies from 8 to 13, and no single issuer is above 20.
    assert (page["overall_level"], reading.level) == ("moderate", "moderate")
    assert page["risks"][0]["severity"] == "moderate"
    assert (page["var_statement"]["confidence_pct"], page["var_statement"]["horizon_days"]) == (95.0, 1)
    assert page["risks"][0]["explanation"] == "The portfolio once lost 23.47\u00a0%."
    assert reading.headline == "Microsoft Corporation stands for 18.34 %"


def test_a_page_is_read_again_as_the_answer_that_it_keeps() -> None:
    first = read(risk())
    again = engine_for(Kind.RISK).read(json.dumps(first.analysis), SHEET)
    assert again == first


def test_what_was_asked_with_numbers_is_still_read_as_before() -> None:
    reading = read({**risk(), "schema_version": "1"})
    assert reading.status is ResultStatus.INVALID


def test_the_tags_of_a_page_are_those_of_its_reading_and_count_its_sentences() -> None:
    reading = read(risk())
    assert engine_for(Kind.RISK).tags(page_of(reading)) == reading.tags
    counted = [value for name, value in reading.tags if name == "sentences"]
    found = {name: counted.count(name) for name in set(counted)}
    assert found == {"inserted": 3, "computed": 1, "decided": 1, "unchecked": 3}


def test_a_risk_that_nothing_measures_has_no_grade() -> None:
    risks = [{**risk()["risks"][0], "risk_type": "leverage"}]
    assert ("risks[0].risk_type", K.GRADE) in kinds(read(risk(risks=risks)))


def test_a_claim_without_anything_behind_it_is_an_opinion_or_a_finding() -> None:
    words = {"text": "Markets reward patience.", "basis": [], "kind": "fact"}
    assert ("claims[0].basis", K.UNSUPPORTED) in kinds(read(risk(claims=[words])))
    assert kinds(read(risk(claims=[{**words, "kind": "opinion"}]))) == set()


def test_a_company_that_nobody_named_to_the_model_is_a_finding() -> None:
    text = "Nestlé carries {{contribution.MSFT name}}."
    found = read(risk(claims=[{"text": text, "basis": [], "kind": "fact"}]))
    assert ("claims[0].text", K.UNSUPPORTED) in kinds(found)


def test_headline_summary_and_caveats_name_something() -> None:
    bare = read(risk(headline="Much is at stake", summary="Much is at stake.", caveats=["Much is not known."]))
    assert {path for path, _ in kinds(bare)} == {"headline", "summary", "caveats[0]"}


def test_caveats_that_are_prescribed_stand_word_for_word_and_first() -> None:
    said = "This report is no advice."
    sheet = replace(
        SHEET,
        evidence=replace(SHEET.evidence, caveat=said),
        facts=tuple(replace(fact, badge=Badge.SIMULATED) for fact in SHEET.facts),
    )
    caveats = page_of(read(risk(), sheet))["caveats"]
    assert caveats[0] == said
    assert "simulated" in caveats[1]
    assert caveats[2] == "sortino is missing." or caveats[2].startswith("Sortino")


def test_another_language_than_the_one_asked_for_is_a_finding() -> None:
    french = (
        "Le portefeuille est exposé aux actions et aux taux, et les lignes de la poche obligataire sont de bonne "
        "qualité dans la zone euro, avec une part de liquidités."
    )
    assert ("language", K.VALUE) in kinds(read(risk(summary=french, claims=[{"text": french, "basis": ["MSFT"],
                                                                             "kind": "fact"}])))  # fmt: skip


def test_what_the_rule_engine_decided_cannot_be_written_otherwise() -> None:
    reading = read(compliance())
    page = page_of(reading)
    assert kinds(reading) == set()
    assert page["overall_status"] == "breach"
    assert page["missing_data"] == ["EU.56: "]
    first = page["findings"][0]
    assert (first["status"], first["breach_type"], first["holding_ids"], first["cure_days"]) == (
        "breach", "unknown", ["MSFT"], 30,
    )  # fmt: skip
    assert (first["measured"]["value"], first["limit"]["value"], first["headroom_pp"]) == (47.0, 40.0, -7.0)


def test_a_breach_that_is_passed_over_is_a_finding() -> None:
    only = compliance()["findings"][1:]
    assert ("findings", K.RULE) in kinds(read(compliance(findings=only)))


def test_another_portfolio_and_another_form_are_no_analysis() -> None:
    assert read(risk(portfolio_id="desk-8")).error is not None
    broken = read(risk(overall_level="very_low"))
    assert broken.error is not None
    assert "overall_level" in broken.error.message


@pytest.mark.parametrize("kind", [Kind.RISK, Kind.PERFORMANCE, Kind.COMPLIANCE])
def test_a_schema_with_slots_is_strict_shallow_and_without_unions(kind: Kind) -> None:
    schema = engine_for(kind).schema(slots=True)

    def look(node: dict[str, Any], depth: int) -> None:
        assert depth <= 5
        assert "anyOf" not in node
        assert not isinstance(node.get("type"), list)
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False
            for part in node["properties"].values():
                look(part, depth + 1)
        elif node.get("type") == "array":
            look(node["items"], depth)

    look(schema, 1)
    for part in schema["$defs"].values():
        look(part, 2)
