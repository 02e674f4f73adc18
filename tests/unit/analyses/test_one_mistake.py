"""A whole number, a frequency and a verdict are each judged once, by what the facts say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analyses import value_at_risk
from core.analyses.marking import Mark, marks
from core.analyses.verify import verify
from core.domain.analysis import Finding, FindingKind, Kind
from tests.bench.real.cases import SHEET, answer
from tests.unit.analyses import whole

F = FindingKind


def of_beta(text: str, value: float) -> list[str]:
    facts = tuple(replace(one, value=value) if one.metric_id == "beta" else one for one in SHEET.facts)
    document = answer(text)
    for metric in document["claims"][0]["metrics"]:
        if metric["metric_id"] == "beta":
            metric["value"] = value
    return [one.stated for one in verify(document, replace(SHEET, facts=facts)).findings]


@pytest.mark.parametrize("text", ["Beta is 3.", "Beta is 3.0.", "A beta of 3 is high."])
def test_a_ratio_that_is_whole_may_be_stated_whole(text: str) -> None:
    assert of_beta(text, 3.0) == []


@pytest.mark.parametrize("text", ["Beta is 3.", "Beta is 4."])
def test_a_ratio_is_not_rounded_to_a_whole_number(text: str) -> None:
    assert of_beta(text, 3.2) != []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The holdings count is 4."),
        ("en", "The number of positions is 10."),
        ("fr", "Le nombre de lignes est de 4."),
        ("de", "Die Anzahl der Positionen beträgt 4."),
    ],
)
def test_a_wrong_count_of_holdings_is_a_finding(language: str, text: str) -> None:
    kinds = [one.kind for one in verify(answer(text) | {"language": language}, SHEET).findings]
    assert kinds == [F.VALUE]
    right = text.replace("10", "9").replace("4", "9")
    assert verify(answer(right) | {"language": language}, SHEET).findings == ()


@pytest.mark.parametrize(
    ("language", "text", "wrong"),
    [
        ("en", "Roughly 1 in 20 sessions loses more than 1.28 %.", False),
        ("fr", "Environ 1 séance sur 20 perd plus de 1,28 %.", False),
        ("de", "Etwa 1 von 20 Handelstagen verliert mehr als 1,28 %.", False),
        ("en", "One in 5 positions is Swiss.", False),
        ("en", "Roughly 1 in 100 sessions loses more than 1.28 %.", True),
    ],
)
def test_one_in_twenty_is_the_share_of_days_beyond_a_value_at_risk(language: str, text: str, wrong: bool) -> None:
    assert bool(verify(answer(text) | {"language": language}, SHEET).findings) == wrong


def of_the_breached_rule(text: str) -> tuple[Finding, ...]:
    document = whole.answer(Kind.COMPLIANCE)
    next(one for one in document["findings"] if one["rule_id"] == "EU.UCITS.52.2")["explanation"] = text
    return whole.checked(Kind.COMPLIANCE, document).findings


@pytest.mark.parametrize(
    "text",
    [
        "The portfolio complies with all rules.",
        "The rule is kept and complies with all limits.",
        "The limit is not exceeded.",
        "No rule is breached.",
    ],
)
def test_a_false_word_about_a_breach_is_one_finding(text: str) -> None:
    assert [one.kind for one in of_the_breached_rule(text)] == [F.RULE]


def test_low_risks_only_make_no_very_high_risk() -> None:
    document = whole.answer(Kind.RISK)
    for risk in document["risks"]:
        risk["severity"] = "low"
    document["overall_level"] = "very_high"
    found = whole.checked(Kind.RISK, document).findings
    assert ("overall_level", F.GRADE) in [(one.path, one.kind) for one in found]


def test_a_report_names_the_rule_sets_it_is_about() -> None:
    document = whole.answer(Kind.COMPLIANCE) | {"regimes": []}
    assert [(one.path, one.kind) for one in whole.checked(Kind.COMPLIANCE, document).findings] == [("regimes", F.RULE)]


def test_a_false_frequency_beside_a_value_at_risk_is_one_finding() -> None:
    document = answer("The value at risk of 1.28 % is passed on 1 day in 100.")
    found = [*verify(document, SHEET).findings, *value_at_risk.words(document, SHEET)]
    assert [one.stated for one in found] == ["1 day in 100"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "One day in twenty loses more than 1.28 %."),
        ("fr", "Un jour sur vingt perd plus de 1,28 %."),
        ("de", "Ein Tag von zwanzig verliert mehr als 1,28 %."),
    ],
)
def test_a_frequency_in_words_is_no_count(language: str, text: str) -> None:
    marked = marks(answer(text) | {"language": language}, SHEET)
    assert Mark.UNCHECKED not in {one.mark for one in marked if one.path.endswith(".text")}
