"""What each analysis shows of a portfolio, and what it refuses to begin without."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.analyses.build import Builder
from core.analyses.committee_brief import group_sheet
from core.analyses.engine import Need
from core.analyses.engines import engine_for
from core.analyses.fact_selection import Family, Shown
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.facts import AbsentFact
from core.domain.units import Badge
from core.errors import BadInput
from core.llm.prompts import PromptLibrary
from core.metrics.definitions import MetricGroup, definitions_of
from tests.unit.analyses.whole import SHEET, answer, checked, fact, request, view, with_inputs

TODAY = date(2026, 11, 24)


TABLES = {
    Need.RULES: "RULES",
    Need.SOURCES: "PASSAGES",
    Need.PROFILE: "PROFILE",
    Need.ANALYSES: "CONCLUSIONS",
}


def ids(kind: Kind, **more: object) -> set[str]:
    return set(view(kind, **more).by_id())


def test_an_analysis_shows_what_it_chose_and_nothing_new_by_accident() -> None:
    more = replace(SHEET, facts=(*SHEET.facts, fact("brand_new_metric", 1.0), fact("brand_new.family", 2.0)))
    for kind in Kind:
        if kind is Kind.COMMITTEE_BRIEF:
            continue
        shown = view(kind, more)
        assert not {"brand_new_metric", "brand_new.family"} & set(shown.by_id()), kind


def test_the_definitions_follow_the_facts() -> None:
    for kind in Kind:
        engine = engine_for(kind)
        words = engine.definitions(request(kind))
        groups = engine.groups(request(kind))
        for name in definitions_of(tuple(MetricGroup)):
            told = f"- {name}:" in words
            assert told == (engine.showing(request(kind)).covers(name) and name in definitions_of(groups)), (kind, name)


def test_losses_in_scenarios_are_shown_only_where_one_is_asked_about() -> None:
    assert not any(name.startswith("stress.") for name in ids(Kind.RISK))
    assert MetricGroup.STRESS not in engine_for(Kind.RISK).groups(request(Kind.RISK))
    asked = request(Kind.RISK, scenarios=("gfc_2008", "rates_2022"))
    assert MetricGroup.STRESS in engine_for(Kind.RISK).groups(asked)
    views = list(engine_for(Kind.RISK).views(SHEET, asked))
    assert [one.evidence.scenarios for one in views] == [("gfc_2008",), ("rates_2022",)]
    for one, name in zip(views, ("gfc_2008", "rates_2022"), strict=True):
        assert [found for found in one.by_id() if found.startswith("stress.")] == [f"stress.{name}"]
        assert f"<SCENARIOS>\nscenario_id|metric_id\n{name}|stress.{name}\n</SCENARIOS>" in engine_for(
            Kind.RISK
        ).blocks(one)


def test_rules_and_profile_become_numbers_that_answers_can_refer_to() -> None:
    shown = view(Kind.COMPLIANCE).by_id()
    assert shown["rule.EU.UCITS.52.2.measured"].value == 47.0
    assert shown["rule.EU.UCITS.52.1#issuer.limit"].value == 10.0
    assert not any("EU.UCITS.56" in name or "EU.UCITS.83" in name for name in shown)
    text = engine_for(Kind.COMPLIANCE).blocks(view(Kind.COMPLIANCE))
    assert "EU.UCITS.52.2|ucits|EU|breach|rule.EU.UCITS.52.2.measured|at most|" in text
    assert "EU.UCITS.56|ucits|EU|not_assessable||at most||none|" in text
    assert "EU.UCITS.83" not in text
    targets = view(Kind.ALLOCATION).by_id()
    assert (targets["target.asset_group.shares"].value, targets["most.asset_group.shares"].value) == (25.0, 45.0)
    assert (targets["asset_group.shares"].value, targets["asset_group.shares"].badge) == (55.0, Badge.DERIVED)
    assert "asset_group.shares|equity" in engine_for(Kind.ALLOCATION).blocks(view(Kind.ALLOCATION))


def test_a_bucket_has_no_weight_where_that_of_a_line_is_not_known() -> None:
    first, *rest = SHEET.holdings
    shown = view(Kind.ALLOCATION, replace(SHEET, holdings=(replace(first, weight_pct=float("nan")), *rest)))
    assert "asset_group.shares" not in shown.by_id()
    assert "most.asset_group.shares" in shown.by_id()


def test_a_brief_may_speak_of_what_the_profile_wants() -> None:
    assert {"target.asset_group.shares", "asset_group.shares", "profile.max_turnover"} <= ids(Kind.COMMITTEE_BRIEF)


def test_only_what_an_analysis_needs_is_shown() -> None:
    for kind in Kind:
        engine = engine_for(kind)
        text = engine.blocks(view(kind))
        for need, tag in TABLES.items():
            assert (f"<{tag}>\n" in text) is (need in engine.needs), (kind, tag)
        assert any(name.startswith("indicator.") for name in view(kind).by_id()) is (Need.INDICATORS in engine.needs)


def test_a_family_may_be_cut_to_its_largest() -> None:
    shown = Shown(families=(Family("contribution.", 2),))
    assert [one.metric_id for one in shown.facts(SHEET.facts)] == ["contribution.AAPL", "contribution.WORLD"]


def test_what_cannot_be_done_without_is_named() -> None:
    with pytest.raises(BadInput, match=r"compliance of portfolio 'desk-7' needs rules, and there is none"):
        view(Kind.COMPLIANCE, replace(SHEET, rules=()))
    no_benchmark = tuple(one for one in SHEET.facts if not one.metric_id.startswith("attribution."))
    told = (AbsentFact("attribution.active_return", "No benchmark was named."),)
    with pytest.raises(BadInput, match=r"needs attribution\.active_return, which is not there: No benchmark was named"):
        view(Kind.ATTRIBUTION, replace(SHEET, facts=no_benchmark, absent=told))
    with pytest.raises(BadInput, match=r"no scenario 'flood'\. There are: gfc_2008, rates_2022\."):
        view(Kind.RISK, scenarios=("flood",))


def test_a_brief_names_every_analysis_it_lacks_and_every_stale_one() -> None:
    with pytest.raises(BadInput, match=r"lacks allocation of desk-7\. Run these analyses first"):
        view(Kind.COMMITTEE_BRIEF, with_inputs(SHEET, but=Kind.ALLOCATION))
    empty = replace(SHEET, evidence=replace(SHEET.evidence, analyses=()))
    with pytest.raises(
        BadInput, match=r"lacks risk of desk-7, allocation of desk-7, performance of desk-7, compliance"
    ):
        list(engine_for(Kind.COMMITTEE_BRIEF).views(empty, request(Kind.COMMITTEE_BRIEF)))
    old = with_inputs(SHEET)
    first, *rest = old.evidence.analyses
    stale = (replace(first, as_of=date(2026, 9, 30)), *rest)
    with pytest.raises(BadInput, match=r"is of 2026-10-30, and these analyses are not: risk of desk-7 \(2026-09-30\)"):
        view(Kind.COMMITTEE_BRIEF, replace(old, evidence=replace(old.evidence, analyses=stale)))


def test_a_brief_shows_what_its_inputs_cite() -> None:
    shown = view(Kind.COMMITTEE_BRIEF).by_id()
    assert {"volatility", "hhi", "return.1y", "rule.EU.UCITS.52.2.measured"} <= set(shown)
    assert "indicator.rates.latest" not in shown


def test_a_group_is_one_sheet_with_each_number_under_its_portfolio() -> None:
    one = with_inputs(SHEET)
    other_inputs = tuple(replace(item, portfolio_id="desk-8") for item in one.evidence.analyses)
    other = replace(SHEET, portfolio_id="desk-8")
    analyses = (*one.evidence.analyses, *other_inputs)
    group = group_sheet("family", "The family", [one, other], analyses)
    assert {"desk-7:hhi", "desk-8:weight.AAPL"} <= set(group.by_id())
    shown = view(Kind.COMMITTEE_BRIEF, group)
    document = answer(Kind.COMMITTEE_BRIEF, shown)
    assert checked(Kind.COMMITTEE_BRIEF, document, shown).findings == ()
    with pytest.raises(BadInput, match=r"group 'family' lacks risk of desk-8, allocation of desk-8"):
        group_sheet("family", "The family", [one, other], one.evidence.analyses)
    with pytest.raises(BadInput, match="not of one day and currency"):
        group_sheet("family", "x", [one, replace(other, base_currency="EUR")], analyses)
    with pytest.raises(BadInput, match="has no portfolio"):
        group_sheet("family", "x", [], analyses)


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    return PromptLibrary(Path(__file__).resolve().parents[3] / "prompts")


@pytest.mark.parametrize(
    ("kind", "wishes", "told"),
    [
        (Kind.ALLOCATION, {"periods": ("1y",)}, "'allocation' takes no --period"),
        (Kind.PERFORMANCE, {"scenarios": ("gfc_2008",)}, "'performance' takes no --scenario"),
        (Kind.PERFORMANCE, {"periods": ("2w",)}, "no period '2w'. Choose from: 1m, 3m"),
        (Kind.PERFORMANCE, {"periods": ("1y", "1y")}, "names something twice"),
    ],
)
def test_a_wish_that_an_analysis_does_not_take_is_refused(
    library: PromptLibrary, kind: Kind, wishes: dict[str, tuple[str, ...]], told: str
) -> None:
    with pytest.raises(BadInput, match=told.replace(".", r"\.")):
        Builder(AnalysisRequest(kind, ("a",), "gpt-5.4-mini", **wishes), library, today=TODAY)  # type: ignore[arg-type]


def test_each_request_of_a_job_has_an_id_of_its_own_and_begins_alike(library: PromptLibrary) -> None:
    periods = ("1y", "3m")
    builder = Builder(AnalysisRequest(Kind.PERFORMANCE, ("a",), "gpt-5.4-mini", periods=periods), library, today=TODAY)
    sheets = (SHEET, replace(SHEET, portfolio_id="desk-8", name="Other"))
    built = [builder.build(one) for sheet in sheets for one in builder.views(sheet)]
    assert [one.custom_id for one in built] == [
        f"performance-desk-{number}@{period}" for number in (7, 8) for period in periods
    ]
    starts = {one.line.split(b"<PORTFOLIO>")[0].partition(b'"method"')[2] for one in built}
    assert len(starts) == 1, "the static part comes first and is the same in all of them"
    assert {one.cacheable_tokens for one in built} == {built[0].cacheable_tokens}
    assert 0.5 < built[0].cacheable_tokens / built[0].input_tokens < 1
    assert {(one.period, one.variant, one.profile, one.prompt_version) for one in built} == {
        (period, "default", "", "performance/v4") for period in periods
    }


def test_profile_and_notation_reach_the_checks(library: PromptLibrary) -> None:
    wish = AnalysisRequest(Kind.REALLOCATION, ("a",), "gpt-5.4-mini", region="DE", profile="moderate")
    builder = Builder(wish, library, today=TODAY)
    (shown,) = builder.views(SHEET)
    assert shown.evidence.profile is not None
    assert shown.evidence.profile.profile_id == "moderate"
    assert shown.evidence.decimal_mark == ","
    assert builder.build(shown).profile == "moderate"
    swiss = replace(SHEET, region="CH")
    (abroad,) = builder.views(swiss)
    assert abroad.evidence.profile is not None
    assert (shown.evidence.profile.country, abroad.evidence.profile.country) == ("US", "CH")
    facts = abroad.by_id()
    assert facts["target.asset_group.real_estate"].value == 15
    assert facts["profile.max_foreign_currency"].value == 30
    assert "for CH, BVV 2" in facts["profile.max_foreign_currency"].definition
    assert facts["profile.horizon"].shown == "7"
    assert "## Profile: Moderate" in builder.prompt("DE").system


def test_facts_of_one_window_are_never_taken_for_another_period() -> None:
    asked = request(Kind.ATTRIBUTION, periods=("3m",))
    with pytest.raises(BadInput, match=r"not computed for one of the periods 3m"):
        list(engine_for(Kind.ATTRIBUTION).views(SHEET, asked))
    made = replace(SHEET, evidence=replace(SHEET.evidence, period="3m"))
    (shown,) = engine_for(Kind.ATTRIBUTION).views(made, asked)
    assert shown.evidence.period == "3m"
    assert "return.1y" not in shown.by_id()
