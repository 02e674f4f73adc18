"""Every number of an answer has a mark, and the marks count as the check of numbers does."""

from __future__ import annotations

from typing import Any

import pytest

from core.analyses.marking import Mark, Marked, marks
from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Kind
from core.domain.facts import FactSheet
from tests.unit.analyses import whole
from tests.unit.analyses.test_verify import Cite, claim

HOLDS = {Mark.VERIFIED, Mark.DERIVED, Mark.QUOTED}


def in_text(sheet: FactSheet, one: dict[str, Any]) -> Marked:
    """The mark of the only number in a claim's sentence."""
    there = [mark for mark in marks({"claims": [one]}, sheet) if mark.path == "claims[0].text"]
    (found,) = [mark for mark in there if mark.mark is not Mark.UNCHECKED]
    return found


@pytest.mark.parametrize("kind", list(Kind))
def test_marks_of_a_true_answer_count_as_its_verification(kind: Kind) -> None:
    shown = whole.view(kind)
    document = whole.answer(kind, shown)
    found, checked = marks(document, shown), verify(document, shown)
    assert sum(one.mark in HOLDS for one in found) == checked.verified
    assert [one for one in found if one.finding] == []


def test_a_copied_number_is_verified_by_the_fact_it_cites(sheet: FactSheet, cite: Cite) -> None:
    found = in_text(sheet, claim(cite("volatility"), text="Volatility is 18.35 % a year."))
    assert (found.mark, found.stated) == (Mark.VERIFIED, "18.35 %")
    assert [fact.metric_id for fact in found.facts] == ["volatility"]


def test_the_place_of_a_number_includes_its_sign_and_its_currency(sheet: FactSheet, cite: Cite) -> None:
    text = "It is worth $1,234,567.89 today."
    found = in_text(sheet, claim(cite("total_value"), text=text))
    assert text[found.start : found.end] == "$1,234,567.89"
    text = "The largest drawdown was -33.46 %."
    found = in_text(sheet, claim(cite("max_drawdown"), text=text))
    assert text[found.start : found.end] == "-33.46 %"


def test_a_difference_of_cited_facts_is_derived_and_names_them(sheet: FactSheet, cite: Cite) -> None:
    words = claim(cite("top5_weight"), cite("top1_weight"), text="The next four hold 51.58 %.")
    found = in_text(sheet, words)
    assert found.mark is Mark.DERIVED
    assert {fact.metric_id for fact in found.facts} == {"top1_weight", "top5_weight"}


def test_a_wrong_number_carries_its_finding_and_the_fact(sheet: FactSheet, cite: Cite) -> None:
    found = in_text(sheet, claim(cite("volatility"), text="Volatility is 0.1835 % a year."))
    assert found.mark is Mark.MISMATCHED
    assert found.finding is not None
    assert found.finding.kind is FindingKind.PERCENT
    assert [fact.metric_id for fact in found.facts] == ["volatility"]


def test_a_number_that_no_fact_carries_is_unsupported(sheet: FactSheet, cite: Cite) -> None:
    found = in_text(sheet, claim(cite("volatility"), text="The fee is 77.3 bps."))
    assert (found.mark, found.facts) == (Mark.UNSUPPORTED, ())


def test_a_sentence_that_repeats_a_wrong_reference_is_mismatched_without_a_second_finding(
    sheet: FactSheet, cite: Cite
) -> None:
    found = in_text(sheet, claim(cite("volatility", value=25.5), text="Volatility is 25.5 %."))
    assert (found.mark, found.finding) == (Mark.MISMATCHED, None)


def test_digits_of_a_name_have_no_mark(sheet: FactSheet, cite: Cite) -> None:
    words = claim(cite("volatility"), text="Vanguard S&P 500 ETF leads.")
    found = [one for one in marks({"claims": [words]}, sheet) if one.path.endswith(".text")]
    assert [(one.stated, one.mark) for one in found] == [("leads", Mark.UNCHECKED)]


def test_a_proposed_weight_is_no_fact_and_no_slip() -> None:
    shown = whole.view(Kind.REALLOCATION)
    document = whole.answer(Kind.REALLOCATION, shown)
    trade = document["trades"][0]
    trade["to_weight_pct"] = 17.37
    trade["rationale"] = "Bring it to 17.37 %."
    found = [one for one in marks(document, shown) if one.path == "trades[0].rationale"]
    assert [one.mark for one in found] == [Mark.PROPOSED]


def test_a_number_called_about_is_held_against_the_fact_it_is_near(sheet: FactSheet, cite: Cite) -> None:
    words = claim(cite("volatility"), text="Volatility is about 18 %.", kind="interpretation")
    found = in_text(sheet, words)
    assert (found.mark, found.facts[0].metric_id) == (Mark.VERIFIED, "volatility")
