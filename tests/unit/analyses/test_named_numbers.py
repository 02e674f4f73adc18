"""Levels, horizons, limits and grades: what is named around true numbers is as true as the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.analyses import limits
from core.domain.analysis import FindingKind, Kind
from core.domain.facts import Fact, FactSheet
from tests.unit.analyses.whole import SHEET, answer, checked, fact, kinds, view

F = FindingKind
VAR = "var_statement"


def risk(change: Callable[[dict[str, Any]], Any], shown: FactSheet | None = None) -> dict[str, FindingKind]:
    document = answer(Kind.RISK, shown)
    change(document)
    return kinds(checked(Kind.RISK, document, shown).findings)


def say(words: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document[VAR].update(plain_language=words)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("confidence_pct", 28.488, F.VALUE),
        ("confidence_pct", 99.0, F.VALUE),
        ("horizon_days", 16271, F.PERIOD),
        ("horizon_days", 10, F.PERIOD),
        ("method", "monte_carlo", F.VALUE),
    ],
)
def test_level_horizon_and_method_are_those_of_the_cited_fact(name: str, value: object, kind: FindingKind) -> None:
    assert risk(lambda document: document[VAR].update({name: value})) == {f"{VAR}.{name}": kind}


def test_the_three_fields_belong_to_one_fact() -> None:
    more = (*SHEET.facts, fact("var_99_10d", 6.1), fact("var_95_1d_normal", 1.5))
    shown = view(Kind.RISK, SHEET)
    shown = replace(shown, facts=(*shown.facts, *more[-2:]))

    def both(document: dict[str, Any], **said: object) -> None:
        metric = document[VAR]["metrics"][0]
        other = metric | {"metric_id": "var_99_10d", "value": 6.1, "period": shown.by_id()["var_99_10d"].period}
        document[VAR] |= {"metrics": [metric, other], "plain_language": "A bad day costs more.", **said}

    assert risk(lambda one: both(one, confidence_pct=99.0, horizon_days=10), shown) == {}
    assert risk(lambda one: both(one, confidence_pct=95.0, horizon_days=10), shown) != {}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("With 99 % confidence the loss over 10 days stays below this figure.", F.PERIOD),
        ("With 99 % confidence the loss stays below this figure.", F.VALUE),
        ("At a 95 % level the 10-day loss stays below 1.42 %.", F.PERIOD),
        ("On the worst 1 % of days more is lost.", F.VALUE),
        ("Über zehn Tage verliert das Portfolio nicht mehr.", F.PERIOD),
        ("En dix jours la perte reste sous ce niveau.", F.PERIOD),
        ("Within two weeks no more is lost.", F.PERIOD),
        ("The monte carlo figure is 1.42 % over ten trading days.", F.PERIOD),
        ("At the 99th percentile the loss stays below 1.42 %.", F.VALUE),
        ("Am 99. Perzentil bleibt der Verlust unter 1,42 %.", F.VALUE),
        ("Au 99e centile la perte reste sous 1,42 %.", F.VALUE),
        ("Only one day in a hundred is worse than this.", F.VALUE),
        ("Nine times in ten the daily loss stays below 1.42 %, the value at risk.", F.VALUE),
        ("The value at risk of 1.42 % holds on 99 days out of 100.", F.VALUE),
        ("Dans neuf cas sur dix la perte reste sous la VaR de 1.42 %.", F.VALUE),
        ("In neun Fällen von zehn bleibt der Verlust unter dem VaR von 1.42 %.", F.VALUE),
        ("A Monte Carlo simulation gives a value at risk of 1.42 %.", F.VALUE),
        ("The parametric VaR is 1.42 %.", F.VALUE),
        ("Un jour sur cent est pire.", F.VALUE),
        ("Nur ein Tag von hundert ist schlechter.", F.VALUE),
        ("In a whole quarter the loss stays below 1.42 % with 95 % confidence.", F.PERIOD),
        ("Over a fortnight, with 95 % confidence, no more is lost.", F.PERIOD),
    ],
)
def test_another_level_or_horizon_in_words_is_a_finding(words: str, kind: FindingKind) -> None:
    assert risk(say(words)) == {f"{VAR}.plain_language": kind}


@pytest.mark.parametrize(
    "words",
    [
        "With 95 % confidence the loss over one day stays below 1.42 %.",
        "On the worst 5 % of days, one day in twenty, at least 1.42 % was lost.",
        "Nineteen times in twenty the daily loss stays below 1.42 %, the value at risk.",
        "In neunzehn Fällen von zwanzig bleibt der Verlust unter dem VaR von 1.42 %.",
        "The VaR of 1.42 % comes from a historical simulation and not from a Monte Carlo one.",
        "At the 95th percentile the loss is 1.42 %; one day in twenty is worse.",
        "Un jour sur vingt, la perte est d'au moins 1,42 % ; un quart du risque vient d'une ligne.",
        "At the 95 % level the 1-day loss was 1.42 %, worse days happen.",
        "Am schlechtesten von zwanzig Tagen verlor das Portfolio mindestens 1,42 % an einem Tag.",
    ],
)
def test_the_true_level_and_horizon_in_words_hold(words: str) -> None:
    assert risk(say(words)) == {}


def test_another_level_is_found_wherever_the_sentence_stands() -> None:
    wrong = "At 99 % confidence the value at risk is 1.42 %."
    assert risk(lambda document: document.update(summary=wrong)) == {"summary": F.VALUE}
    document = answer(Kind.RISK)
    document["claims"][0] |= {"text": wrong, "metrics": document[VAR]["metrics"]}
    assert kinds(checked(Kind.RISK, document).findings) == {"claims[0].text": F.VALUE}


def test_a_headline_names_no_other_level_by_a_percentile_or_a_century() -> None:
    wrong = "A once-in-a-century (99.9th percentile) loss is 1.42 %."
    assert risk(lambda document: document.update(headline=wrong)) != {}


def test_without_a_value_at_risk_only_what_the_prompt_asks_for_stands_in_its_fields() -> None:
    shown = view(Kind.RISK)
    none = replace(shown, facts=tuple(one for one in shown.facts if "var_" not in one.metric_id))
    assert risk(lambda _document: None, none) == {}
    found = risk(lambda one: one[VAR].update(confidence_pct=99.0, horizon_days=10, method="monte_carlo"), none)
    assert set(found.values()) == {F.UNSUPPORTED}
    assert len(found) == 3
    assert risk(say("With 95 % confidence one day costs less."), none) == {f"{VAR}.plain_language": F.UNSUPPORTED}


def breach(**more: Any) -> dict[str, Any]:
    number = {"unit": "pct", "currency": None, "period": "as of 2026-10-30"}
    return {
        "limit_id": "ucits_5_10_40_of_my_own",
        "measured": number | {"metric_id": "top1_weight", "value": 40.0},
        "limit": number | {"metric_id": "top5_weight", "value": 95.0},
        "status": "breach",
    } | more


def test_a_limit_that_nobody_showed_is_made_up_with_its_number_and_its_verdict() -> None:
    assert risk(lambda document: document.update(limit_breaches=[breach()])) == {
        "limit_breaches[0].limit_id": F.UNSUPPORTED,
        "limit_breaches[0].limit": F.RULE,
        "limit_breaches[0].status": F.RULE,
    }


def _part(one: Fact) -> dict[str, Any]:
    return {"metric_id": one.metric_id, "value": one.value, "unit": one.unit.value, "currency": None,
            "period": one.period}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, ""),
        ({"status": "within"}, "status"),
        ({"limit": "rule.EU.UCITS.55.limit"}, "limit.metric_id"),
        ({"measured": "top5_weight"}, "measured.metric_id"),
        ({"limit_id": "EU.UCITS.9"}, "limit_id"),
    ],
)
def test_a_limit_that_was_shown_has_its_own_numbers_and_status(change: dict[str, str], place: str) -> None:
    shown = view(Kind.COMPLIANCE)
    known = shown.by_id()
    one = {
        "limit_id": change.get("limit_id", "EU.UCITS.52.2"),
        "measured": _part(known.get(change.get("measured", "")) or known["rule.EU.UCITS.52.2.measured"]),
        "limit": _part(known[change.get("limit", "rule.EU.UCITS.52.2.limit")]),
        "status": change.get("status", "breach"),
    }
    if change.get("measured"):
        one["measured"]["metric_id"] = change["measured"]
    found = [finding.path for finding in limits.stated({"limit_breaches": [one]}, shown)]
    assert f"limit_breaches[0].{place}" in found if place else found == []


@pytest.mark.parametrize(("bound", "value", "status"), [("most", 40.0, "breach"), ("least", 0.0, "within")])
def test_a_bound_of_the_profile_is_a_limit_with_its_own_direction(bound: str, value: float, status: str) -> None:
    shown = view(Kind.ALLOCATION)
    known = shown.by_id()
    bucket = known["asset_group.shares"]
    limit = known[f"{bound}.asset_group.shares"]
    one = {"limit_id": limit.metric_id, "measured": _part(bucket), "limit": _part(limit), "status": status}
    other = "within" if status == "breach" else "breach"
    assert not list(limits.stated({"limit_breaches": [one]}, shown))
    assert [f.path for f in limits.stated({"limit_breaches": [one | {"status": other}]}, shown)] == [
        "limit_breaches[0].status"
    ]


def test_an_answer_that_says_nothing_does_not_pass_for_a_grade() -> None:
    def emptied(document: dict[str, Any]) -> None:
        document.update(claims=[], risks=[], headline="", summary=" ", overall_level="very_high")
        document[VAR].update(metrics=[], plain_language="None.")

    found = risk(emptied)
    assert found["claims"] is F.UNSUPPORTED
    assert found["headline"] is F.UNSUPPORTED
    assert found["summary"] is F.UNSUPPORTED
    assert found["overall_level"] is F.GRADE


@pytest.mark.parametrize("kind", [one for one in Kind if one is not Kind.COMMITTEE_BRIEF])
def test_a_claim_without_words_and_an_answer_without_claims_are_findings(kind: Kind) -> None:
    document = answer(kind)
    document["claims"][0]["text"] = ""
    assert kinds(checked(kind, document).findings)["claims[0].text"] is F.UNSUPPORTED
    document["claims"] = []
    assert kinds(checked(kind, document).findings)["claims"] is F.UNSUPPORTED


def test_a_grave_risk_rests_on_a_reference() -> None:
    found = risk(lambda document: document["risks"][0].update(metrics=[], severity="critical"))
    assert found["risks[0].severity"] is F.GRADE


@pytest.mark.parametrize(
    ("action", "before", "after", "wrong"),
    [
        ("close", 40.0, 0.0, False),
        ("close", 40.0, 12.0, True),
        ("open", 40.0, 45.0, True),
        ("hold", 40.0, 40.0, False),
        ("hold", 40.0, 20.0, True),
        ("reduce", None, 45.0, True),
        ("increase", None, 45.0, False),
        ("hedge", 40.0, 40.0, False),
    ],
)
def test_a_proposal_goes_the_way_it_says(action: str, before: float | None, after: float, wrong: bool) -> None:
    document = answer(Kind.ALLOCATION)
    metric = next(one for one in document["deviations"] if one["portfolio"]["metric_id"] == "asset_group.shares")
    document["proposals"] = [
        {"action": action, "target_id": "AAPL", "from_weight_pct": before, "to_weight_pct": after, "rationale": "So.",
         "metrics": [metric["portfolio"]], "priority": "now"}
    ]  # fmt: skip
    found = kinds(checked(Kind.ALLOCATION, document).findings)
    assert ("proposals[0].to_weight_pct" in found) is wrong


def test_nobody_opens_what_is_not_held_from_a_weight() -> None:
    document = answer(Kind.ALLOCATION)
    document["proposals"] = [
        {"action": "open", "target_id": "GOLD", "from_weight_pct": 3.0, "to_weight_pct": 5.0, "rationale": "So.",
         "metrics": [], "priority": "now"}
    ]  # fmt: skip
    assert kinds(checked(Kind.ALLOCATION, document).findings)["proposals[0].from_weight_pct"] is F.VALUE


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (lambda d: d.update(return_basis="twr_net"), "return_basis", F.UNSUPPORTED),
        (lambda d: d.update(return_basis="simulated"), "return_basis", F.VALUE),
        (lambda d: d.update(periods=[], verdict="outperformed"), "verdict", F.GRADE),
    ],
)
def test_a_return_is_called_what_it_is(change: Callable[[dict[str, Any]], Any], path: str, kind: FindingKind) -> None:
    document = answer(Kind.PERFORMANCE)
    change(document)
    assert kinds(checked(Kind.PERFORMANCE, document).findings)[path] is kind


@pytest.mark.parametrize(
    ("recommendation", "trades", "wrong"),
    [("no_trade", True, True), ("trade", False, True), ("trade_in_steps", True, False), ("wait", True, False)],
)
def test_a_recommendation_to_trade_has_trades(recommendation: str, trades: bool, wrong: bool) -> None:
    document = answer(Kind.REALLOCATION)
    assert document["trades"]
    document["recommendation"] = recommendation
    if not trades:
        document |= {"trades": [], "turnover_pct": 0.0}
    assert ("recommendation" in kinds(checked(Kind.REALLOCATION, document).findings)) is wrong


def test_a_listed_document_is_named_by_its_own_publisher_day_and_address() -> None:
    document = answer(Kind.INVESTMENT_RESEARCH)
    document["sources"][0] |= {"publisher": "Reuters", "published": "2020-01-01", "url": "https://example.org/other"}
    found = kinds(checked(Kind.INVESTMENT_RESEARCH, document).findings)
    assert {path for path, kind in found.items() if kind is F.QUOTE} == {
        "sources[0].publisher", "sources[0].published", "sources[0].url",
    }  # fmt: skip
