"""Where checking begins and ends: the sign of a copied number, how much "about" allows, titles, rules, repetitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Verification
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import FactSheet
from core.domain.units import Unit
from tests.unit.analyses.conftest import HISTORY, fact

Cite = Callable[..., dict[str, Any]]

GAIN = fact("return.1y", 4.82, Unit.PCT, 2, HISTORY)
LOSS = fact("return.3m", -4.82, Unit.PCT, 2, HISTORY)


def reference(metric_id: str, value: float) -> dict[str, Any]:
    return {"metric_id": metric_id, "value": value, "unit": "pct", "currency": None, "period": HISTORY}


def claim(*metrics: dict[str, Any], text: str, kind: str = "interpretation", **more: Any) -> dict[str, Any]:
    return {"metrics": list(metrics), "source_ids": [], "text": text, "kind": kind} | more


def kinds(verification: Verification) -> list[FindingKind]:
    return [finding.kind for finding in verification.findings]


def signed(sheet: FactSheet) -> FactSheet:
    return replace(sheet, facts=(*sheet.facts, GAIN, LOSS))


def test_a_copied_gain_that_the_words_call_a_loss_is_a_finding(sheet: FactSheet) -> None:
    said = claim(reference("return.1y", 4.82), text="The portfolio fell 4.82 %.")
    assert kinds(verify({"claims": [said]}, signed(sheet))) == [FindingKind.DIRECTION]


def test_a_copied_gain_that_the_words_call_a_gain_holds(sheet: FactSheet) -> None:
    said = claim(reference("return.1y", 4.82), text="The portfolio rose 4.82 %.")
    assert verify({"claims": [said]}, signed(sheet)) == Verification(2, 0, 0)


def test_a_gain_and_a_loss_of_the_same_size_are_told_apart_by_their_words(sheet: FactSheet) -> None:
    both = (reference("return.1y", 4.82), reference("return.3m", -4.82))
    said = claim(*both, text="It fell 4.82 % in the quarter. Over the year it gained 4.82 %.")
    assert verify({"claims": [said]}, signed(sheet)) == Verification(4, 0, 0)


@pytest.mark.parametrize(("stated", "holds"), [("43.9", True), ("43.7", False), ("48.4", True), ("48.5", False)])
def test_about_allows_five_percent_of_the_fact_and_no_more(
    sheet: FactSheet, cite: Cite, stated: str, holds: bool
) -> None:
    said = claim(cite("top1_weight"), text=f"The largest position weighs about {stated} %.")
    assert (verify({"claims": [said]}, sheet).findings == ()) is holds


def test_without_about_only_rounding_is_allowed(sheet: FactSheet, cite: Cite) -> None:
    said = claim(cite("top1_weight"), text="The largest position weighs 45.9 %.")
    assert kinds(verify({"claims": [said]}, sheet)) == [FindingKind.UNSUPPORTED]


def test_the_title_of_a_listed_document_states_nothing_about_the_portfolio(sheet: FactSheet) -> None:
    listed = {"source_id": "doc-1", "title": "Yields reach 8.31 % after a rise of 2.75 %"}
    assert verify({"sources": [listed]}, sheet) == Verification(0, 0, 0)


def test_the_title_of_anything_else_is_checked_as_every_sentence(sheet: FactSheet) -> None:
    found = verify({"risks": [{"title": "Yields reach 8.31 %", "metrics": []}]}, sheet)
    assert kinds(found) == [FindingKind.UNSUPPORTED]
    assert found.findings[0].path == "risks[0].title"


def test_other_texts_of_a_listed_document_are_checked(sheet: FactSheet) -> None:
    listed = {"source_id": "doc-1", "title": "A report", "why": "It says that the value fell 8.31 %."}
    assert kinds(verify({"sources": [listed]}, sheet)) == [FindingKind.UNSUPPORTED]


def ruled(sheet: FactSheet) -> FactSheet:
    """A rule whose measure, limit and headroom are facts."""
    rule = RuleResult(
        "UCITS.5", "EU", "UCITS", "One issuer", "Art. 52", "https://example.org", sheet.as_of, True, RuleStatus.PASS,
        "<=", 6.25, 10.5, Unit.PCT, 4.25, ("AAPL",), explanation="Measured.",
    )  # fmt: skip
    parts = (("measured", 6.25), ("limit", 10.5), ("headroom", 4.25))
    facts = tuple(fact(f"rule.UCITS.5.{name}", value, Unit.PCT, 2) for name, value in parts)
    return replace(sheet, facts=(*sheet.facts, *facts), rules=(rule,))


@pytest.mark.parametrize(
    "text", ["The issuer weighs 6.25 %.", "The limit is 10.5 %.", "That leaves 4.25 points of headroom, or 4.25 %."]
)
def test_a_cited_rule_carries_its_measure_its_limit_and_its_headroom(sheet: FactSheet, text: str) -> None:
    said = claim(text=text, source_ids=["UCITS.5"])
    assert verify({"claims": [said]}, ruled(sheet)).findings == ()


def test_a_rule_that_is_not_cited_carries_nothing(sheet: FactSheet) -> None:
    assert kinds(verify({"claims": [claim(text="The limit is 10.5 %.")]}, ruled(sheet))) == [FindingKind.UNSUPPORTED]


@pytest.mark.parametrize(
    "proposed",
    [
        {"headroom_pp": 7.25},
        {"turnover_pct": 7.25},
        {"to_weight_pct": 7.25},
        {"from_weight_pct": 7.25, "to_weight_pct": 9.5},
        {"from_weight_pct": 12.0, "to_weight_pct": 4.75},
    ],
)
def test_a_sentence_may_repeat_what_is_proposed_beside_it_and_the_change(
    sheet: FactSheet, proposed: dict[str, float]
) -> None:
    answer = {"summary": "It comes to 7.25 %.", "proposals": [{**proposed, "metrics": [], "why": "So 7.25 % is left."}]}
    assert verify(answer, sheet) == Verification(0, 0, 0)


def test_what_another_part_proposes_carries_no_sentence_of_this_one(sheet: FactSheet) -> None:
    parts = [{"to_weight_pct": 7.25, "metrics": [], "why": "Less."}, {"metrics": [], "why": "So 7.25 % is left."}]
    found = verify({"proposals": parts}, sheet)
    assert [finding.path for finding in found.findings] == ["proposals[1].why"]


def test_a_wrong_number_that_its_own_sentence_and_the_summary_repeat_is_one_finding(
    sheet: FactSheet, cite: Cite
) -> None:
    said = claim(cite("top1_weight", value=47.9), text="It weighs 47.9 %.")
    found = verify({"summary": "The largest position weighs 47.9 %.", "claims": [said]}, sheet)
    assert [finding.path for finding in found.findings] == ["claims[0].metrics[0]"]
    assert found.verified == 0


def test_a_wrong_number_of_an_unknown_id_is_one_finding_with_its_sentence(sheet: FactSheet, cite: Cite) -> None:
    said = claim(cite("top1_weight", metric_id="made_up", value=47.9), text="It weighs 47.9 %.")
    assert kinds(verify({"summary": "47.9 %", "claims": [said]}, sheet)) == [FindingKind.UNSUPPORTED]


def test_a_wrong_number_does_not_excuse_another_one_nor_another_claim(sheet: FactSheet, cite: Cite) -> None:
    wrong = cite("top1_weight", value=47.9)
    said = [claim(wrong, text="It weighs 48.9 %."), claim(cite("hhi"), text="The largest weighs 47.9 %.")]
    found = verify({"claims": said}, sheet)
    assert [finding.path for finding in found.findings] == ["claims[0].metrics[0]", "claims[0].text", "claims[1].text"]


def test_of_the_metrics_that_must_be_stated_those_count_that_are_given(sheet: FactSheet, cite: Cite) -> None:
    said = claim(cite("top1_weight"), cite("hhi", value=0.4), text="A sentence.")
    found = verify({"claims": [said]}, sheet, mandatory=("top1_weight", "hhi", "volatility", "cvar_95_1d"))
    assert (found.wanted, found.covered) == (3, 2)


def test_a_metric_that_is_cited_by_its_id_carries_its_number(sheet: FactSheet) -> None:
    assert verify({"claims": [claim(text="It is 46.12 %.", source_ids=["top1_weight"])]}, sheet).verified == 1


def test_what_a_sentence_does_not_cite_does_not_carry_it(sheet: FactSheet) -> None:
    said = claim(text="It is 46.12 %.", source_ids=["volatility"])
    assert kinds(verify({"claims": [said]}, sheet)) == [FindingKind.UNSUPPORTED]


@pytest.mark.parametrize(("stated", "found"), [("de", ["language"]), ("fr", [])])
def test_the_language_is_the_one_that_was_asked_for(sheet: FactSheet, stated: str, found: list[str]) -> None:
    asked = replace(sheet, evidence=replace(sheet.evidence, language="fr"))
    verification = verify({"language": stated}, asked)
    assert [finding.path for finding in verification.findings] == found
    assert verify({}, asked).findings == ()
    assert verify({"language": stated}, sheet).findings == ()


def test_the_header_may_carry_blanks_and_a_foreign_one_is_shown_cut(sheet: FactSheet) -> None:
    assert verify({"as_of_date": " 2026-10-30 ", "base_currency": "USD"}, sheet).findings == ()
    long = verify({"as_of_date": "x" * 99, "base_currency": "y" * 99}, sheet)
    assert [len(finding.stated) for finding in long.findings] == [80, 80]
    asked = replace(sheet, evidence=replace(sheet.evidence, language="fr"))
    assert len(verify({"language": "z" * 99}, asked).findings[0].stated) == 80


def test_a_foreign_name_is_shown_cut(sheet: FactSheet) -> None:
    name = "N" * 200
    answer = {"risks": [{"holding_id": name, "driver_ids": [name], "metrics": [reference(name, 4.0)]}]}
    found = verify(answer, sheet).findings
    assert [finding.kind for finding in found] == [FindingKind.UNSUPPORTED] * 3
    assert {(finding.metric_id, finding.stated) for finding in found} == {("", "N" * 120), ("N" * 120, "4")}


def test_a_named_holding_must_be_held(sheet: FactSheet) -> None:
    answer = {"lines": [{"holding_id": "AAPL"}, {"holding_id": "TSLA"}], "top": {"holding_id": "XYZ"}}
    assert [finding.path for finding in verify(answer, sheet).findings] == ["lines[1].holding_id", "top.holding_id"]


def test_a_source_is_no_driver_and_a_driver_may_be_a_source(sheet: FactSheet) -> None:
    with_rule = ruled(sheet)
    assert verify({"claims": [claim(text="A word.", source_ids=["UCITS.5", "AAPL", "hhi"])]}, with_rule).findings == ()
    found = verify({"risks": [{"driver_ids": ["UCITS.5"]}]}, with_rule)
    assert [finding.path for finding in found.findings] == ["risks[0].driver_ids[0]"]


def test_a_part_without_references_of_its_own_is_carried_by_the_whole_answer(sheet: FactSheet, cite: Cite) -> None:
    cited = claim(cite("top1_weight"), text="A sentence.")
    note = {"note": {"text": "One position weighs 46.12 %."}}
    assert verify({"claims": [cited], **note}, sheet).findings == ()
    own = {"note": {"text": "One position weighs 46.12 %.", "metrics": []}}
    assert [finding.path for finding in verify({"claims": [cited], **own}, sheet).findings] == ["note.text"]


def test_every_item_of_a_list_of_sentences_is_checked_and_ids_are_not(sheet: FactSheet) -> None:
    answer = {"caveats": ["All is well.", "It is 77.77 %."], "other_ids": ["77.78 %"], "numbers": [3, 4.5]}
    assert [finding.path for finding in verify(answer, sheet).findings] == ["caveats[1]"]


def test_a_text_that_is_said_twice_is_checked_each_time(sheet: FactSheet) -> None:
    found = verify({"caveats": ["It is 77.77 %.", "It is 77.77 %."]}, sheet)
    assert [finding.path for finding in found.findings] == ["caveats[0]", "caveats[1]"]


def test_a_cited_holding_is_known_by_its_symbol_too_and_carries_nothing_of_others(sheet: FactSheet) -> None:
    held = replace(sheet, holdings=(replace(sheet.holdings[0], holding_id="line-1"), *sheet.holdings[1:]))
    said = claim(text="It is worth USD 569,420.", source_ids=["AAPL"])
    assert verify({"claims": [said]}, held).findings == ()
    assert kinds(verify({"claims": [said | {"source_ids": ["VOO"]}]}, held)) == [FindingKind.UNSUPPORTED]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The rule UCITS.5 is breached.", FindingKind.RULE),
        ("The rule UCITS.5 is kept.", None),
        ("VOO weighs more than AAPL.", FindingKind.DIRECTION),
        ("AAPL weighs more than VOO.", None),
    ],
)
def test_words_that_the_facts_contradict_are_a_finding_without_any_number(
    sheet: FactSheet, cite: Cite, text: str, kind: FindingKind | None
) -> None:
    said = claim(cite("weight.AAPL"), cite("weight.VOO"), text=text, source_ids=["UCITS.5"])
    assert set(kinds(verify({"claims": [said]}, ruled(sheet)))) == (set() if kind is None else {kind})


def test_a_number_that_stands_in_a_cited_rules_own_words_counts_once(sheet: FactSheet) -> None:
    known = ruled(sheet)
    worded = replace(known, rules=(replace(known.rules[0], explanation="Up to 7.77 % are allowed for a while."),))
    said = claim(text="For a while 7.77 % are allowed.", source_ids=["UCITS.5"])
    assert verify({"claims": [said]}, worded) == Verification(1, 0, 0)


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("Beta is 3.", "1.23"),
        ("The Sharpe ratio is 2.", "0.84"),
        ("The portfolio holds 4 holdings.", "3"),
        ("The portfolio holds 3 holdings.", None),
    ],
)
def test_a_small_whole_number_is_checked_where_the_words_say_what_it_is(
    sheet: FactSheet, cite: Cite, text: str, true: str | None
) -> None:
    beta = fact("beta", 1.23, Unit.RATIO, 2, HISTORY)
    stated = {"metric_id": "beta", "value": 1.23, "unit": "ratio", "currency": None, "period": HISTORY}
    said = claim(stated, cite("sharpe"), cite("holdings_count"), text=text)
    found = verify({"claims": [said]}, replace(sheet, facts=(*sheet.facts, beta)))
    assert [(one.kind, one.true) for one in found.findings] == ([] if true is None else [(FindingKind.VALUE, true)])


def test_a_value_without_an_id_is_no_reference(sheet: FactSheet) -> None:
    assert verify({"cell": {"value": 77.77, "label": "Free"}, "rows": [{"value": 1.0}]}, sheet) == Verification(0, 0, 0)
