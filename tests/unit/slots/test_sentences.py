"""What can still be written wrong around slots is a finding; what professionals write around them is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analyses.slots.page import Page
from core.domain.analysis import FindingKind
from core.domain.compliance import RuleStatus
from tests.unit.slots.conftest import SHEET

K = FindingKind


def kinds(text: str, language: str = "en", overlay: str = "GLOBAL") -> set[FindingKind]:
    page = Page(replace(SHEET, evidence=replace(SHEET.evidence, language=language, overlay=overlay)))
    page.text("claims[0].text", text)
    return {finding.kind for finding in page.findings}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{{ASML.AS}} weighs {{weight.MSFT}}.", K.WRONG_ID),
        ("ASML weighs {{weight.MSFT}} and Microsoft {{weight.ASML.AS}}.", K.WRONG_ID),
        ("The benchmark returned {{return.1y}}.", K.WRONG_ID),
        ("The portfolio returned {{benchmark_return.1y}} and the benchmark {{return.1y}}.", K.WRONG_ID),
        ("{{MSFT}} is the second-largest line.", K.OUTSIDE),
        ("The Sharpe ratio is 2.", K.OUTSIDE),
        ("The portfolio has five holdings.", K.OUTSIDE),
        ("About a third of the portfolio is in {{MSFT}}.", K.OUTSIDE),
        ("{{MSFT}} is 1/3 of the portfolio.", K.OUTSIDE),
        ("The value doubled over the year.", K.OUTSIDE),
        ("The 99 % value at risk is {{var_95_1d}}.", K.OUTSIDE),
        ("At most {{var_95_1d}} can be lost in a day.", K.WORDING),
        ("The portfolio beat {{benchmark}} over the year.", K.WORDING),
        ("The portfolio {{ahead_of(excess_return.1y): beat}} {{benchmark}}.", K.RELATION),
        ("{{ASML.AS}} is {{largest(weight.ASML.AS): the largest holding}}.", K.RELATION),
        ("The dollar {{above(currency.USD, currency.EUR): weighs more than}} the euro.", K.RELATION),
        ("{{MSFT}} {{above(weight.MSFT, weight.ASML.AS): trails}} {{ASML.AS}}.", K.RELATION),
        ("As of 30 September volatility is {{volatility}}.", K.OUTSIDE),
        ("{{none(breach): No rule is breached}}.", K.RELATION),
        ("{{kept(all): All rules are kept}}.", K.RELATION),
        ("The portfolio complies with every rule.", K.WORDING),
        ("{{EU.40}} is {{kept(EU.40): respected}}.", K.RELATION),
        ("The breach of {{EU.40}} is passive.", K.RULE),
        ("It comes to {{sum(volatility, weight.MSFT)}}.", K.SLOT),
        ("It comes to {{sum(total_value, holdings_count)}}.", K.SLOT),
        ("It comes to {{difference(total_value, volatility)}}.", K.SLOT),
        ("{{3M}} cost {{contribution.MMM abs}}.", K.SIGN),
        ("{{quality_score}} is high.", K.UNSUPPORTED),
        ("It differs by {{difference(benchmark_return.1y, volatility) abs}}.", K.SIGN),
        ("Volatility is {{volatility.", K.SLOT),
    ],
)
def test_a_wrong_sentence_is_found(text: str, kind: FindingKind) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    ("text", "language", "overlay", "kind"),
    [
        ("Un tiers du portefeuille est en liquidités.", "fr", "FR", K.OUTSIDE),
        ("Le portefeuille devance {{benchmark}}.", "fr", "FR", K.WORDING),
        ("{{ASML.AS}} pèse {{weight.MSFT}}.", "fr", "FR", K.WRONG_ID),
        ("Die Hälfte liegt in Aktien.", "de", "DE", K.OUTSIDE),
        ("Das Portfolio übertraf {{benchmark}}.", "de", "CH", K.WORDING),
        ("Die drittgrösste Position ist {{MSFT}}.", "de", "CH", K.OUTSIDE),
        ("{{EU.40}} ist eingehalten.", "de", "CH", K.WORDING),
    ],
)
def test_a_wrong_sentence_is_found_in_french_and_german(
    text: str, language: str, overlay: str, kind: FindingKind
) -> None:
    assert kind in kinds(text, language, overlay)


@pytest.mark.parametrize(
    "text",
    [
        "{{MSFT}} weighs {{weight.MSFT}} and {{ASML.AS}} {{weight.ASML.AS}}.",
        "Microsoft and ASML weigh {{weight.MSFT}} and {{weight.ASML.AS}}.",
        "{{weight.MSFT}} are in Microsoft, {{weight.ASML.AS}} in ASML.",
        (
            "{{MSFT}} is {{largest(weight.MSFT): the largest holding}}, ahead of nothing that matters"
            " but {{above(weight.MSFT, weight.ASML.AS): ahead of}} {{ASML.AS}}."
        ),
        (
            "The portfolio returned {{return.1y}}, {{behind(excess_return.1y): behind the benchmark's}}"
            " {{benchmark_return.1y}} by {{excess_return.1y abs}}."
        ),
        "{{MMM}} {{fell(contribution.MMM): took}} {{contribution.MMM abs}} from the return.",
        "The deepest fall was {{max_drawdown abs}}.",
        "COVID-19 was a shock, and a 401(k) plan is not shown.",
        "The Global 60/40 Fund holds 3M Company.",
        "{{EU.40}} is in breach at {{rule.EU.40.measured}} against {{rule.EU.40.limit}}.",
        "{{rank(weight.ASML.AS)}} largest is {{ASML.AS}}.",
        "A larger cash balance would lower the loss.",
        "The portfolio returned {{return.1y}} against {{benchmark_return.1y}} for the benchmark.",
        "First, the fund holds few lines; second, they move together.",
        "The breach of {{EU.40}} leaves {{rule.EU.40.headroom abs}} to be sold.",
        "Whether the breach of {{EU.40}} is active or passive is not known.",
        "{{most(asset_class.equity): Most of it}} is in equities.",
        "Volatility is not known for {{absent.sortino}}.",
    ],
)
def test_a_true_sentence_is_not_flagged(text: str) -> None:
    assert kinds(text) == set()


def test_a_number_is_written_as_its_region_writes_it() -> None:
    said = {}
    for overlay, language in (("US", "en"), ("GLOBAL", "en"), ("FR", "fr"), ("DE", "de"), ("CH", "de")):
        page = Page(replace(SHEET, evidence=replace(SHEET.evidence, overlay=overlay, language=language)))
        said[overlay] = page.text("a", "{{total_value}}; {{volatility}}; {{excess_return.1y}}")
    assert said == {
        "US": "EUR\u00a012,345,679; 12.35%; -1.18\u00a0percentage points",
        "GLOBAL": "EUR\u00a012,345,679; 12.35\u00a0%; -1.18\u00a0percentage points",
        "FR": "12\u202f345\u202f679\u00a0€; 12,35\u00a0%; -1,18\u00a0point de pourcentage",
        "DE": "12.345.679\u00a0€; 12,35\u00a0%; -1,18\u00a0Prozentpunkte",
        "CH": "EUR\u00a012'345'679; 12.35\u00a0%; -1.18\u00a0Prozentpunkte",
    }


def test_a_computed_number_says_how() -> None:
    page = Page(SHEET)
    made = page.rendered("a", "{{difference(weight.MSFT, weight.ASML.AS)}} {{top(2, weight.*)}} {{amount(var_95_1d)}}")
    assert made.text == "7.86\u00a0percentage points 28.82\u00a0% EUR\u00a0158,543"
    assert made.pieces[0][2].note == "weight.MSFT 18.34 pct - weight.ASML.AS 10.48 pct = 7.86 pp"
    assert page.findings == []


def test_a_return_is_no_part_of_a_whole() -> None:
    assert kinds("{{sum(return.1y, benchmark_return.1y)}}") == {K.SLOT}
    assert kinds("{{mean(weight.MSFT, weight.ASML.AS)}}") == set()
    assert kinds("{{share(asset_class.cash, asset_class.equity)}}") == set()
    assert kinds("{{share(asset_class.equity, asset_class.cash)}}") == {K.SLOT}


def test_in_a_group_a_number_belongs_to_the_holding_of_its_own_portfolio() -> None:
    group = replace(
        SHEET,
        facts=tuple(replace(one, metric_id=f"acme:{one.metric_id}") for one in SHEET.facts),
        holdings=tuple(replace(one, holding_id=f"acme:{one.holding_id}") for one in SHEET.holdings),
    )
    page = Page(group)
    said = page.text("a", "{{acme:MSFT}} weighs {{acme:weight.MSFT}}, or {{acme:weight.MSFT name}}.")
    assert said == "Microsoft Corporation weighs 18.34\u00a0%, or Microsoft Corporation 18.34\u00a0%."
    assert page.findings == []
    page.text("b", "{{acme:MSFT}} weighs {{acme:weight.ASML.AS}}.")
    assert [one.kind for one in page.findings] == [K.WRONG_ID]


def test_a_sentence_that_begins_with_a_slot_has_it_for_itself() -> None:
    assert kinds("It is so. {{MSFT}} alone weighs {{weight.ASML.AS}}.") == {K.WRONG_ID}
    assert kinds("{{ASML.AS}} is held. {{weight.MSFT}} is the weight of {{MSFT}}.") == set()


def test_who_speaks_of_the_breach_says_that_there_is_one() -> None:
    text = "The kind of the breach is not known."
    assert kinds(text) == set()
    kept = tuple(replace(rule, status=RuleStatus.PASS, breach_type=None) for rule in SHEET.rules)
    page = Page(replace(SHEET, rules=kept))
    page.text("summary", text)
    assert {finding.kind for finding in page.findings} == {K.WORDING}


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("near(weight.MSFT, top1_weight)", True),
        ("near(weight.MSFT, weight.ASML.AS)", False),
        ("near(var_95_1d, cvar_95_1d)", True),
        ("near(sharpe, beta)", False),
        ("near(sharpe, sharpe)", True),
        ("near(volatility, total_value)", False),
        ("near(EU.10)", True),
        ("near(EU.40)", False),
    ],
)
def test_near_is_decided_of_rules_and_of_two_figures_alike(relation: str, holds: bool) -> None:
    assert (kinds(f"It is {{{{{relation}: close}}}}.") == set()) is holds
