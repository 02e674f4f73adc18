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
