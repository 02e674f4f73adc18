"""Each analysis' own checks: a true answer has no finding, and each thing that may not be so is found in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import FindingKind, Kind
from tests.unit.analyses.whole import CONTRIBUTIONS, SHEET, answer, checked, kinds, view

F = FindingKind
Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_true_answer_has_no_finding(kind: Kind) -> None:
    found = checked(kind, answer(kind))
    assert found.findings == ()
    assert found.verified > 0


def spoilt(kind: Kind, change: Change) -> dict[str, FindingKind]:
    document = answer(kind)
    change(document)
    return kinds(checked(kind, document).findings)


def put(path: str, value: Any) -> Change:
    """Replace what stands at a path such as "segments.0.direction"."""

    def change(document: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            document = document[step]
        document[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("totals.selection.value", -1.92), "totals", F.SUM),
        (put("totals.selection.value", -1.92), "totals.selection", F.VALUE),
        (put("totals.allocation.metric_id", "attribution.selection"), "totals.allocation.metric_id", F.WRONG_ID),
        (put("segments.0.direction", "added"), "segments[0].direction", F.DIRECTION),
        (put("segments.0.segment_id", "gold"), "segments[0].segment_id", F.UNSUPPORTED),
        (put("segments.0.metrics", []), "segments[0].metrics", F.WRONG_ID),
    ],
)
def test_attribution_adds_up_and_says_the_signs(change: Change, path: str, kind: FindingKind) -> None:
    assert spoilt(Kind.ATTRIBUTION, change)[path] is kind


def test_rounding_of_effects_is_not_an_error() -> None:
    document = answer(Kind.ATTRIBUTION)
    document["totals"]["residual"]["value"] = 0.01
    assert "totals" not in kinds(checked(Kind.ATTRIBUTION, document).findings)


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("periods.0.excess.metric_id", "excess_return.1y"), "periods[0].excess.metric_id", F.PERIOD),
        (put("periods.0.excess.value", 1.6), "periods[0].excess", F.SUM),
        (
            put("contributors.0.contribution.metric_id", "contribution.MSFT"),
            "contributors[0].contribution.metric_id",
            F.WRONG_ID,
        ),
        (put("detractors.0.contribution.value", 1.3), "detractors[0]", F.DIRECTION),
        (put("contributors.0.holding_id", "TSLA"), "contributors[0].holding_id", F.UNSUPPORTED),
        (lambda d: d["contributors"].append(d["contributors"][0]), "contributors[2]", F.SUM),
    ],
)
def test_performance_keeps_periods_and_contributions_apart(change: Change, path: str, kind: FindingKind) -> None:
    assert spoilt(Kind.PERFORMANCE, change)[path] is kind


def test_a_verdict_that_every_period_contradicts_is_found() -> None:
    document = answer(Kind.PERFORMANCE)
    document["periods"] = [row for row in document["periods"] if row["period"] == "1Y"]
    document["verdict"] = "outperformed"
    assert kinds(checked(Kind.PERFORMANCE, document).findings) == {"verdict": F.DIRECTION}
    document["verdict"] = "underperformed"
    assert checked(Kind.PERFORMANCE, document).findings == ()


def test_all_contributions_together_are_the_return() -> None:
    document = answer(Kind.PERFORMANCE)
    flat = {"holding_id": "CASH", "comment": "None."}
    flat["contribution"] = document["contributors"][0]["contribution"] | {
        "metric_id": "contribution.CASH",
        "value": 0.0,
    }
    document["contributors"].append(flat)
    assert round(sum(CONTRIBUTIONS.values()), 2) == 5.1
    assert checked(Kind.PERFORMANCE, document).findings == ()
    document["contributors"][0]["contribution"]["value"] = 9.4
    assert kinds(checked(Kind.PERFORMANCE, document).findings)["contributors"] is F.SUM


def test_a_request_about_one_period_is_answered_about_that_one() -> None:
    shown = view(Kind.PERFORMANCE, periods=("3m",))
    document = answer(Kind.PERFORMANCE, shown)
    assert [row["period"] for row in document["periods"]] == ["3M"]
    assert checked(Kind.PERFORMANCE, document, shown).findings == ()
    assert "return.1y" not in shown.by_id()
    document["periods"][0]["period"] = "1Y"
    assert F.PERIOD in kinds(checked(Kind.PERFORMANCE, document, shown).findings).values()


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("deviations.0.direction", "under"), "deviations[0].direction", F.DIRECTION),
        (put("deviations.0.status", "within"), "deviations[0].status", F.POLICY),
        (
            put("deviations.0.target.metric_id", "target.asset_group.funds"),
            "deviations[0].target.metric_id",
            F.WRONG_ID,
        ),
        (put("proposals.0.target_id", "TSLA"), "proposals[0].target_id", F.UNSUPPORTED),
        (put("proposals.0.from_weight_pct", 35.0), "proposals[0].from_weight_pct", F.VALUE),
        (put("proposals.0.to_weight_pct", 70.0), "proposals[0].to_weight_pct", F.DIRECTION),
    ],
)
def test_allocation_is_held_to_the_bands_and_to_what_is_held(change: Change, path: str, kind: FindingKind) -> None:
    assert spoilt(Kind.ALLOCATION, change)[path] is kind


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("trades.0.to_weight_pct", 22.0), "trades", F.SUM),
        (put("trades.0.from_weight_pct", 41.0), "trades[0].from_weight_pct", F.VALUE),
        (put("trades.0.action", "buy"), "trades[0].to_weight_pct", F.DIRECTION),
        (put("trades.1.target_id", "TSLA"), "trades[1].target_id", F.UNSUPPORTED),
        (lambda d: d["trades"].append(d["trades"][0]), "trades[2]", F.SUM),
        (put("turnover_pct", 3.0), "turnover_pct", F.SUM),
    ],
)
def test_a_reallocation_pays_for_itself(change: Change, path: str, kind: FindingKind) -> None:
    assert spoilt(Kind.REALLOCATION, change)[path] is kind


def traded(*trades: tuple[str, str, float, float]) -> dict[str, Any]:
    document = answer(Kind.REALLOCATION)
    like = document["trades"][0] | {"metrics": []}
    document["trades"] = [
        like | {"target_id": target, "action": action, "from_weight_pct": before, "to_weight_pct": after}
        for target, action, before, after in trades
    ]
    document["turnover_pct"] = sum(abs(after - before) for *_, before, after in trades) / 2
    return document


def test_turnover_and_positions_stay_within_the_profile() -> None:
    within = traded(("AAPL", "sell", 40.0, 25.0), ("WORLD", "buy", 25.0, 40.0))
    assert checked(Kind.REALLOCATION, within).findings == ()
    much = traded(("AAPL", "sell", 40.0, 15.0), ("WORLD", "buy", 25.0, 50.0))
    assert kinds(checked(Kind.REALLOCATION, much).findings) == {"turnover_pct": F.POLICY}
    large = traded(("AAPL", "sell", 40.0, 22.0), ("MSFT", "buy", 15.0, 33.0))
    assert kinds(checked(Kind.REALLOCATION, large).findings) == {"trades[1].to_weight_pct": F.POLICY}
    new = traded(("AAPL", "sell", 40.0, 35.0), ("bond_fund", "open", 0.0, 5.0))
    assert checked(Kind.REALLOCATION, new).findings == ()


def test_a_sentence_may_repeat_what_the_answer_proposes_and_nothing_else() -> None:
    document = traded(("AAPL", "sell", 40.0, 25.0), ("WORLD", "buy", 25.0, 40.0))
    document["trades"][0]["rationale"] = "Sell 15.0 percentage points, down to 25.0 %."
    document["summary"] = "Turnover is 15.0 %."
    assert checked(Kind.REALLOCATION, document).findings == ()
    document["summary"] = "Turnover is 12.5 %."
    assert kinds(checked(Kind.REALLOCATION, document).findings) == {"summary": F.UNSUPPORTED}


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("findings.0.status", "pass"), "findings[0].status", F.RULE),
        (put("findings.0.rule_id", "EU.UCITS.99"), "findings[0].rule_id", F.RULE),
        (put("findings.0.breach_type", "passive"), "findings[0].breach_type", F.RULE),
        (put("findings.0.citation_id", "art. 1"), "findings[0].citation_id", F.RULE),
        (put("findings.0.headroom_pp", 7.0), "findings[0].headroom_pp", F.VALUE),
        (put("findings.0.limit.metric_id", "rule.EU.UCITS.55.limit"), "findings[0].limit.metric_id", F.WRONG_ID),
        (put("findings.0.measured.value", 39.0), "findings[0].measured", F.VALUE),
        (put("findings.0.holding_ids", ["TSLA"]), "findings[0].holding_ids[0]", F.RULE),
        (put("findings.0.holding_ids", ["WORLD"]), "findings[0].holding_ids[0]", F.RULE),
        (put("findings.0.cure_days", 365), "findings[0].cure_days", F.UNSUPPORTED),
        (put("findings.2.headroom_pp", 11.0), "findings[2].headroom_pp", F.VALUE),
        (put("regimes", ["ucits", "mars_colony_act_2041"]), "regimes[1]", F.RULE),
        (put("suitability.result", "suitable"), "suitability.result", F.RULE),
        (put("suitability.profile_id", "mars"), "suitability.profile_id", F.UNSUPPORTED),
        (put("suitability.assessed", True), "suitability.result", F.RULE),
        (put("overall_status", "compliant"), "overall_status", F.RULE),
        (put("suitability.assessed", True), "suitability.assessed", F.UNSUPPORTED),
        (lambda d: d["findings"].pop(0), "findings", F.RULE),
        (lambda d: d["findings"].append(d["findings"][0]), "findings[3].rule_id", F.RULE),
    ],
)
def test_compliance_says_what_the_rule_engine_says(change: Change, path: str, kind: FindingKind) -> None:
    document = answer(Kind.COMPLIANCE)
    change(document)
    shown = view(Kind.COMPLIANCE)
    if path == "suitability.assessed":
        shown = replace(shown, evidence=replace(shown.evidence, profile=None))
    assert kinds(checked(Kind.COMPLIANCE, document, shown).findings)[path] is kind


def test_agreement_with_the_rule_engine_is_counted() -> None:
    document = answer(Kind.COMPLIANCE)
    found = checked(Kind.COMPLIANCE, document)
    assert (found.rules, found.rules_agreeing) == (3, 3)
    document["findings"][0]["status"] = "pass"
    del document["findings"][1]
    found = checked(Kind.COMPLIANCE, document)
    assert (found.rules, found.rules_agreeing) == (3, 1)


@pytest.mark.parametrize("kind", [Kind.MARKET_RESEARCH, Kind.INVESTMENT_RESEARCH])
@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ({"source_id": "doc-1", "quote": "revenue  rose 6.1 % to a record"}, None),
        ({"source_id": "doc-1", "quote": "Revenue rose 61 % to a record"}, F.QUOTE),
        ({"source_id": "doc-2", "quote": "Revenue rose 6.1 % to a record"}, F.QUOTE),
        ({"source_id": "doc-9", "quote": "Revenue rose 6.1 % to a record"}, F.UNSUPPORTED),
        ({"source_id": "doc-1", "quote": " … "}, F.QUOTE),
    ],
)
def test_a_quotation_stands_in_its_source(kind: Kind, quote: dict[str, str], found: FindingKind | None) -> None:
    document = answer(kind)
    part = "sentiment" if kind is Kind.MARKET_RESEARCH else "theses"
    place = next(at for at, one in enumerate(document[part]) if one["quotes"])
    document[part][place]["quotes"] = [quote]
    keys = ("source_id", "title", "publisher", "published", "url")
    document["sources"] = [{key: getattr(one, key) for key in keys} for one in SHEET.evidence.sources]
    kinds_found = set(kinds(checked(kind, document).findings).values())
    assert kinds_found == ({found} if found else set())


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        (put("indicators.0.trend", "falling"), "indicators[0].trend", F.DIRECTION),
        (put("indicators.0.latest.metric_id", "indicator.oil.latest"), "indicators[0].latest.metric_id", F.WRONG_ID),
        (put("sentiment.0.quotes", []), "sentiment[0].quotes", F.QUOTE),
        (put("sources.0.title", "Q2 results"), "sources[0].title", F.QUOTE),
        (put("sources.0.source_id", "doc-9"), "sources[0].source_id", F.UNSUPPORTED),
        (put("sources", []), "sources", F.QUOTE),
        (put("claims.0.source_ids", ["doc-9"]), "claims[0].source_ids[0]", F.UNSUPPORTED),
        (
            put(
                "claims.0",
                {
                    "metrics": [],
                    "source_ids": ["doc-1"],
                    "text": "It said “revenue doubled in a single year”.",
                    "kind": "fact",
                    "confidence": "low",
                },
            ),
            "claims[0].text",
            F.QUOTE,
        ),
    ],
)
def test_market_research_is_held_to_its_series_and_sources(change: Change, path: str, kind: FindingKind) -> None:
    assert spoilt(Kind.MARKET_RESEARCH, change)[path] is kind


def test_conviction_needs_more_than_a_weight() -> None:
    document = answer(Kind.INVESTMENT_RESEARCH)
    thesis = document["theses"][0] | {"stance": "positive", "conviction": "high", "quotes": []}
    thesis["metrics"] = [one for one in thesis["metrics"] if one["metric_id"].startswith("weight.")]
    document["theses"] = [thesis, thesis]
    document["sources"] = []
    found = kinds(checked(Kind.INVESTMENT_RESEARCH, document).findings)
    assert found == {"theses[0].conviction": F.QUOTE, "theses[1].conviction": F.QUOTE, "theses[1]": F.SUM}


def test_a_brief_passes_over_no_breach_and_draws_only_charts_there_are() -> None:
    document = answer(Kind.COMMITTEE_BRIEF)
    assert document["recommendation"] == "approve_with_conditions"
    assert set(document["chart_ids"]) == {"risk_shares", "weights_and_bands", "cumulative_return", "rule_status"}
    document |= {"recommendation": "approve", "compliance": [], "chart_ids": ["astrology"]}
    assert kinds(checked(Kind.COMMITTEE_BRIEF, document).findings) == {
        "recommendation": F.RULE,
        "compliance": F.RULE,
        "chart_ids[0]": F.UNSUPPORTED,
    }


def test_a_stress_test_names_its_own_loss() -> None:
    shown = view(Kind.RISK, scenarios=("gfc_2008",))
    document = answer(Kind.RISK, shown)
    assert checked(Kind.RISK, document, shown).findings == ()
    document["stress_tests"][0]["loss"]["metric_id"] = "volatility"
    found = kinds(checked(Kind.RISK, document, shown).findings)
    assert found["stress_tests[0].loss.metric_id"] is F.WRONG_ID


@pytest.mark.parametrize("kind", list(Kind))
def test_what_must_be_stated_is_stated_by_the_simulated_answer(kind: Kind) -> None:
    found = checked(kind, answer(kind))
    assert found.covered == found.wanted
    assert all(engine_for(kind).shown.covers(name) for name in engine_for(kind).mandatory)
