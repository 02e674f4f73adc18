"""Every stated number is held against its fact; each kind of slip is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.verify import verify
from core.domain.analysis import Finding, FindingKind, Verification
from core.domain.facts import AbsentFact, FactSheet

Answer = Callable[..., dict[str, Any]]
Cite = Callable[..., dict[str, Any]]


def claim(*metrics: dict[str, Any], text: str = "A sentence.", kind: str = "fact", sources: Any = ()) -> dict[str, Any]:
    return {"metrics": list(metrics), "source_ids": list(sources), "text": text, "kind": kind, "confidence": "high"}


def checked(sheet: FactSheet, *claims: dict[str, Any], **more: Any) -> Verification:
    return verify({"claims": list(claims), **more}, sheet)


def only(verification: Verification) -> Finding:
    (finding,) = verification.findings
    return finding


@pytest.mark.parametrize(
    ("metric_id", "changes", "kind"),
    [
        ("top1_weight", {"value": 47.9}, FindingKind.VALUE),
        ("top1_weight", {"value": 46.05}, FindingKind.VALUE),
        ("top1_weight", {"value": 0.4612}, FindingKind.PERCENT),
        ("top1_weight", {"value": 4612.3}, FindingKind.PERCENT),
        ("top1_weight", {"value": 0.0046123}, FindingKind.BPS),
        ("top1_weight", {"value": 461_230.0}, FindingKind.BPS),
        ("top1_weight", {"value": -46.12}, FindingKind.SIGN),
        ("max_drawdown", {"value": 33.46}, FindingKind.SIGN),
        ("total_value", {"value": 1_234.57}, FindingKind.SCALE),
        ("total_value", {"value": 1.23}, FindingKind.SCALE),
        ("total_value", {"value": 1.234567891}, FindingKind.SCALE),
        ("total_value", {"value": 1_234_567_891.0}, FindingKind.SCALE),
        ("total_value", {"currency": "EUR"}, FindingKind.CURRENCY),
        ("total_value", {"currency": None}, FindingKind.CURRENCY),
        ("total_value", {"value": 1_100_000.0, "currency": "EUR"}, FindingKind.CURRENCY),
        ("volatility", {"period": "as of 2026-10-30"}, FindingKind.PERIOD),
        ("volatility", {"period": None}, FindingKind.PERIOD),
        ("volatility", {"value": 14.2, "period": "2025-10-31..2026-10-30"}, FindingKind.PERIOD),
        ("top1_weight", {"unit": "ratio"}, FindingKind.UNIT),
        ("top1_weight", {"value": 0.4612, "unit": "ratio"}, FindingKind.UNIT),
        ("top1_weight", {"value": 4612.0, "unit": "bps"}, FindingKind.UNIT),
        ("top1_weight", {"value": 31.58}, FindingKind.WRONG_ID),
        ("sharpe", {"value": 2.89}, FindingKind.WRONG_ID),
        ("holdings_count", {"value": 4}, FindingKind.VALUE),
        ("holdings_count", {"value": 3.4}, FindingKind.VALUE),
        ("hhi", {"value": 0.4}, FindingKind.VALUE),
        ("hhi", {"value": 34.567}, FindingKind.PERCENT),
        ("holdings_count", {"value": 300}, FindingKind.VALUE),
        ("holdings_count", {"value": 3_000}, FindingKind.SCALE),
        ("total_value", {"value": 12_345.68}, FindingKind.VALUE),
        ("total_value", {"value": 123_456_789.1}, FindingKind.VALUE),
        ("top1_weight", {"value": 4612.3, "unit": "ccy"}, FindingKind.UNIT),
        ("top1_weight", {"value": 46_123.0, "unit": "days"}, FindingKind.UNIT),
        ("top1_weight", {"value": 4680.0}, FindingKind.VALUE),
        ("top1_weight", {"value": 0.47}, FindingKind.VALUE),
        ("top1_weight", {"value": 46_200.0}, FindingKind.VALUE),
        ("max_drawdown", {"value": 33.1}, FindingKind.VALUE),
        ("total_value", {"value": 1.24}, FindingKind.VALUE),
    ],
)
def test_a_planted_slip_is_named(
    sheet: FactSheet, cite: Cite, metric_id: str, changes: dict[str, Any], kind: FindingKind
) -> None:
    verification = checked(sheet, claim(cite(metric_id, **changes)))
    finding = only(verification)
    assert finding.kind is kind
    assert finding.path == "claims[0].metrics[0]"
    assert finding.metric_id == metric_id
    assert (verification.verified, verification.mismatched, verification.unsupported) == (0, 1, 0)


@pytest.mark.parametrize(
    ("metric_id", "value"),
    [
        ("top1_weight", 46.12),
        ("top1_weight", 46.1),
        ("top1_weight", 46.123),
        ("volatility", 18.35),
        ("volatility", 18.34),
        ("volatility", 18.3),
        ("hhi", 0.3457),
        ("hhi", 0.346),
        ("hhi", 0.35),
        ("sharpe", 0.84),
        ("total_value", 1_234_567.89),
        ("total_value", 1_234_568),
        ("total_value", 1_235_000),
        ("total_value", 1_230_000),
        ("spread", 85),
        ("holdings_count", 3),
        ("holdings_count", 3.0),
    ],
)
def test_honest_rounding_is_accepted(sheet: FactSheet, cite: Cite, metric_id: str, value: float) -> None:
    verification = checked(sheet, claim(cite(metric_id, value=value)))
    assert verification == Verification(1, 0, 0)


@pytest.mark.parametrize(
    ("metric_id", "value"),
    [("top1_weight", 46), ("hhi", 0.3), ("total_value", 1_200_000), ("sharpe", 0.8), ("top1_weight", 46.2)],
)
def test_rounding_beyond_what_the_unit_allows_is_not(
    sheet: FactSheet, cite: Cite, metric_id: str, value: float
) -> None:
    assert only(checked(sheet, claim(cite(metric_id, value=value)))).kind is FindingKind.VALUE


def test_a_made_up_id_is_unsupported(sheet: FactSheet, cite: Cite) -> None:
    verification = checked(sheet, claim(cite("top1_weight", metric_id="beta"), text="Beta is 46.12."))
    finding = only(verification)
    assert (finding.kind, finding.metric_id, finding.stated, finding.true) == (
        FindingKind.UNSUPPORTED,
        "beta",
        "46.12",
        None,
    )
    assert (verification.mismatched, verification.unsupported) == (0, 1)


def test_an_absent_fact_cannot_be_stated(sheet: FactSheet, cite: Cite) -> None:
    assert only(checked(sheet, claim(cite("var_95_1d", metric_id="cvar_95_1d")))).kind is FindingKind.UNSUPPORTED


def test_a_finding_shows_both_numbers_and_the_words_that_differ(sheet: FactSheet, cite: Cite) -> None:
    value = only(checked(sheet, claim(cite("top1_weight", value=47.9))))
    assert (value.stated, value.true) == ("47.9", "46.12")
    unit = only(checked(sheet, claim(cite("top1_weight", unit="bps"))))
    assert (unit.stated, unit.true) == ("46.12 bps", "46.12 pct")
    currency = only(checked(sheet, claim(cite("total_value", currency=None))))
    assert (currency.stated, currency.true) == ("1234567.89 none", "1234567.89 USD")
    period = only(checked(sheet, claim(cite("volatility", period="2026"))))
    assert (period.stated, period.true) == ("18.34 2026", "18.34 2023-10-31..2026-10-30")


def test_periods_and_currencies_may_differ_in_case_and_blanks(sheet: FactSheet, cite: Cite) -> None:
    verification = checked(
        sheet,
        claim(cite("top1_weight", period=" As of  2026-10-30 ", currency="")),
        claim(cite("total_value", currency="usd")),
    )
    assert verification == Verification(2, 0, 0)


def test_references_are_found_wherever_they_stand(sheet: FactSheet, answer: Answer, cite: Cite) -> None:
    document = answer(
        stress_tests=[
            {"scenario_id": "gfc", "loss": cite("top1_weight", value=1), "main_driver_ids": ["AAPL"], "comment": "x"}
        ],
        limit_breaches=[
            {
                "limit_id": "top1",
                "measured": cite("top1_weight"),
                "limit": cite("top1_weight", metric_id="limit.top1"),
                "status": "breach",
            }
        ],
    )
    document["var_statement"]["metrics"][0]["value"] = 2.5
    assert {finding.path: finding.kind for finding in verify(document, sheet).findings} == {
        "stress_tests[0].loss": FindingKind.VALUE,
        "limit_breaches[0].limit": FindingKind.UNSUPPORTED,
        "var_statement.metrics[0]": FindingKind.VALUE,
    }


@pytest.mark.parametrize(
    "text",
    [
        "The largest position weighs 46.12 %.",
        "The largest position weighs 46,12 %.",
        "The largest position weighs 46.1 %.",
        "The largest position weighs 46 %.",
        "The largest position weighs 46.12.",
        "Some 4612 bps are in one position.",
        "On 2026-10-30 rule 5/10/40 and 3 of 12 holdings at 95 % VaR, in 2025, S&P 500.",
    ],
)
def test_a_sentence_may_state_its_own_metrics(sheet: FactSheet, cite: Cite, text: str) -> None:
    assert checked(sheet, claim(cite("top1_weight"), text=text)).findings == ()


@pytest.mark.parametrize(
    ("text", "kind", "true"),
    [
        ("It weighs 45.12 %.", FindingKind.UNSUPPORTED, None),
        ("It weighs 0.4612 %.", FindingKind.PERCENT, "46.12"),
        ("It weighs 46.12 bps.", FindingKind.UNIT, "46.12"),
        ("It weighs USD 46.12.", FindingKind.UNIT, "46.12"),
        ("It weighs -46.12 %.", FindingKind.SIGN, "46.12"),
        ("It weighs 46\u00a0120 %.", FindingKind.SCALE, "46.12"),
        ("It is worth USD 46,123,000.", FindingKind.UNSUPPORTED, None),
        ("It weighs 0.47 %.", FindingKind.UNSUPPORTED, None),
        ("It weighs 4,680 %.", FindingKind.UNSUPPORTED, None),
        ("About 87.31 % of comparable portfolios carry less risk.", FindingKind.UNSUPPORTED, None),
    ],
)
def test_a_slip_in_a_sentence_is_named(
    sheet: FactSheet, cite: Cite, text: str, kind: FindingKind, true: str | None
) -> None:
    verification = checked(sheet, claim(cite("top1_weight"), text=text))
    finding = only(verification)
    assert (finding.path, finding.metric_id, finding.kind, finding.true) == ("claims[0].text", "", kind, true)
    assert verification.verified == 1


def test_money_in_another_currency_is_named(sheet: FactSheet, cite: Cite) -> None:
    finding = only(checked(sheet, claim(cite("total_value"), text="The value is EUR 1.23 million.")))
    assert (finding.kind, finding.stated) == (FindingKind.CURRENCY, "EUR 1.23 million")
    for text in ("The value is USD 1.23 million.", "$1,234,567.89", "1 234 568 USD", "1.23m USD", "1.2 million"):
        assert checked(sheet, claim(cite("total_value"), text=text)).findings == (), text


def test_words_carry_the_direction_of_a_loss(sheet: FactSheet, cite: Cite) -> None:
    assert checked(sheet, claim(cite("max_drawdown"), text="It fell 33.46 % and -33.46 %.")).findings == ()


def test_about_allows_a_little_more_unless_the_claim_is_called_a_fact(sheet: FactSheet, cite: Cite) -> None:
    text = "The largest position weighs about 45 %."
    assert checked(sheet, claim(cite("top1_weight"), text=text, kind="interpretation")).findings == ()
    assert checked(sheet, claim(cite("top1_weight"), text=text, kind="fact")).findings != ()
    far = "The largest position weighs about 40 %."
    assert checked(sheet, claim(cite("top1_weight"), text=far, kind="interpretation")).findings != ()


def test_a_number_of_another_claim_does_not_carry_this_one(sheet: FactSheet, cite: Cite) -> None:
    verification = checked(
        sheet, claim(cite("top1_weight")), claim(cite("hhi"), text="The largest position weighs 46.12 %.")
    )
    assert only(verification).path == "claims[1].text"


def test_two_facts_that_look_alike_carry_their_own_numbers(sheet: FactSheet, cite: Cite) -> None:
    alike = replace(sheet, facts=(*sheet.facts, replace(sheet.by_id()["sharpe"], metric_id="alike", value=46.12)))
    other = {
        "metric_id": "alike",
        "value": 46.12,
        "unit": "ratio",
        "currency": None,
        "period": cite("sharpe")["period"],
    }
    for order in ((cite("top1_weight"), other), (other, cite("top1_weight"))):
        assert checked(alike, claim(*order, text="It is 46.12 % and 46.12x.")) == Verification(4, 0, 0)


def test_headline_and_summary_may_state_anything_the_answer_cites(sheet: FactSheet, cite: Cite) -> None:
    cited = [claim(cite("top1_weight")), claim(cite("volatility"))]
    good = {"headline": "46.12 % in one position", "summary": "Volatility is 18.35 %.", "caveats": ["It is 18.35 %."]}
    assert checked(sheet, *cited, **good).findings == ()
    bad = checked(sheet, *cited, headline="31.58 % in the next one", summary="", caveats=["And 85 bps."])
    assert [finding.path for finding in bad.findings] == ["headline", "caveats[0]"]


def test_a_wrong_number_repeated_in_its_sentence_is_one_finding(sheet: FactSheet, cite: Cite) -> None:
    verification = checked(sheet, claim(cite("top1_weight", value=47.9), text="It weighs 47.9 %."))
    assert only(verification).path == "claims[0].metrics[0]"
    assert verification.verified == 0


def test_a_cited_holding_carries_its_weight_and_its_value(sheet: FactSheet) -> None:
    text = "Apple weighs 46.12 % or USD 569,420."
    assert checked(sheet, claim(text=text, sources=["AAPL"])) == Verification(2, 0, 0)
    assert len(checked(sheet, claim(text=text, sources=["VOO"])).findings) == 2


def test_digits_in_names_are_no_numbers(sheet: FactSheet) -> None:
    text = "Toyota Motor 20+ Growth (7203.T), the Vanguard S&P 500 ETF and Global 60/40 Fund 2045 by top5_weight."
    assert checked(sheet, claim(text=text)).findings == ()


def test_drivers_must_exist(sheet: FactSheet, answer: Answer) -> None:
    document = answer()
    document["risks"][1]["driver_ids"] = ["VOO", "sharpe", "TSLA", ""]
    verification = verify(document, sheet)
    assert [(finding.path, finding.stated, finding.kind) for finding in verification.findings] == [
        ("risks[1].driver_ids[2]", "TSLA", FindingKind.UNSUPPORTED),
        ("risks[1].driver_ids[3]", "", FindingKind.UNSUPPORTED),
    ]
    assert verification.unsupported == 2


def test_a_gap_may_name_what_is_absent_and_whole_families(sheet: FactSheet) -> None:
    sheet = replace(sheet, absent=(*sheet.absent, AbsentFact("sector.*", "No sector is known.")))
    ids = ["cvar_95_1d", "weight.*", "sector.*", "sector.energy", "volatility"]
    assert verify({"data_gaps": [{"item": "x", "affected_metric_ids": ids}]}, sheet) == Verification(0, 0, 0)


def test_a_gap_may_not_name_metrics_that_were_never_named(sheet: FactSheet) -> None:
    gap = {"item": "Duration", "effect": "Unknown", "affected_metric_ids": ["duration"]}
    assert only(verify({"data_gaps": [gap]}, sheet)).path == "data_gaps[0].affected_metric_ids[0]"


def test_a_gap_may_repeat_the_figures_of_our_own_reason_and_no_others(sheet: FactSheet) -> None:
    reason = "Price history covers 62.5 % of gross value; 95 % is needed."
    sheet = replace(sheet, absent=(AbsentFact("beta", reason),))
    gap = {"item": "beta", "effect": "L'historique couvre 62,5 % de la valeur.", "affected_metric_ids": ["beta"]}
    assert verify({"data_gaps": [gap]}, sheet).findings == ()
    invented = {**gap, "effect": "Beta would have been 61.3 %."}
    assert only(verify({"data_gaps": [invented]}, sheet)).kind is FindingKind.UNSUPPORTED
    assert {one.kind for one in verify({"summary": reason}, sheet).findings} == {FindingKind.UNSUPPORTED}


def test_another_day_or_currency_in_the_header_is_a_finding(sheet: FactSheet, answer: Answer) -> None:
    verification = verify(answer(as_of_date="2025-10-30", base_currency="EUR"), sheet)
    assert [(finding.path, finding.true, finding.kind) for finding in verification.findings] == [
        ("as_of_date", "2026-10-30", FindingKind.PERIOD),
        ("base_currency", "USD", FindingKind.CURRENCY),
    ]
    assert verification.mismatched == 2


def test_ids_that_the_prompt_had_to_rewrite_are_recognised(sheet: FactSheet, cite: Cite) -> None:
    original = sheet.by_id()["weight.AAPL"]
    odd = replace(
        sheet,
        facts=(replace(original, metric_id="weight.A|B"),),
        holdings=(replace(sheet.holdings[0], holding_id="A|B", symbol="A|B"),),
    )
    cited = cite("weight.AAPL", metric_id="weight.A¦B")
    analysis = {"risks": [{"driver_ids": ["A¦B", "weight.A¦B"], "metrics": [cited]}]}
    assert verify(analysis, odd) == Verification(1, 0, 0)


def test_an_answer_without_numbers_has_nothing_to_verify(sheet: FactSheet) -> None:
    assert verify({}, sheet) == Verification(0, 0, 0)
