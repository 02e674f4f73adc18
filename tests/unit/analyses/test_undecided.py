"""What no fact decides is marked so, with the reason, and is never verified: least of all in the headline."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.analyses.engines import engine_for
from core.analyses.marking import Mark, marks
from core.analyses.verify import checked, verify
from core.domain.analysis import FindingKind, Kind
from tests.bench.real.cases import SHEET
from tests.unit.analyses import whole


def borrowing(summary: str, language: str = "en", claim: str = "All figures.") -> dict[str, Any]:
    """A summary beside a claim that cites every fact there is."""
    metrics = [
        {"metric_id": one.metric_id, "value": float(one.shown), "unit": one.unit.value, "currency": one.currency,
         "period": one.period}
        for one in SHEET.facts
    ]  # fmt: skip
    text = {"metrics": metrics, "source_ids": [], "text": claim, "kind": "fact", "confidence": "high"}
    return {"language": language, "claims": [text], "summary": summary}


def marked(document: dict[str, Any], path: str = "summary") -> list[tuple[str, Mark]]:
    return [(one.stated, one.mark) for one in marks(document, SHEET) if one.path == path]


@pytest.mark.parametrize(
    ("language", "text", "stated"),
    [
        ("en", "Costs run at 1.28 % a year.", "1.28 %"),
        ("en", "Inflation is 9.84 %.", "9.84 %"),
        ("fr", "Les frais sont de 1,28 %.", "1,28 %"),
        ("de", "Die Kosten liegen bei 1,28 %.", "1,28 %"),
    ],
)
def test_a_number_of_the_summary_that_names_no_fact_is_not_verified_by_any(
    language: str, text: str, stated: str
) -> None:
    document = borrowing(text, language)
    assert marked(document) == [(stated, Mark.UNCHECKED)]
    assert verify(document, SHEET).findings == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Volatility is 12.35 %."),
        ("en", "Microsoft weighs 18.34 % of the portfolio."),
        ("fr", "La volatilité est de 12,35 %."),
        ("de", "Microsoft wiegt 18,34 %."),
    ],
)
def test_a_number_of_the_summary_holds_where_its_sentence_names_the_fact(language: str, text: str) -> None:
    assert [mark for _, mark in marked(borrowing(text, language))] == [Mark.VERIFIED]


@pytest.mark.parametrize(
    ("claim", "summary"),
    [
        ("Swings around the mean amount to 12.35 % a year.", "Swings amount to 12.35 %."),
        ("Ebbs around the mean come to 12.35 % a year.", "Ebbs come to 12.35 %."),  # words of four letters
    ],
)
def test_a_summary_may_say_again_what_a_claim_says(claim: str, summary: str) -> None:
    assert marked(borrowing(summary, claim=claim)) == [("12.35 %", Mark.VERIFIED)]


@pytest.mark.parametrize("text", ["Microsoft weighs 12.35 % of the portfolio.", "The benchmark lost 23.47 %."])
def test_a_number_of_the_summary_that_is_another_fact_is_a_finding(text: str) -> None:
    assert [one.kind for one in verify(borrowing(text), SHEET).findings] == [FindingKind.WRONG_ID]


def test_a_word_that_no_fact_decides_is_marked_with_its_reason() -> None:
    document = borrowing("Sentiment is worse than at other times.")
    (found,) = [one for one in marks(document, SHEET) if one.path == "summary"]
    assert (found.stated, found.mark, found.note) == ("worse than", Mark.UNCHECKED, "No fact decides this word.")


def test_a_word_that_the_facts_decide_needs_no_grey_mark() -> None:
    assert marked(borrowing("Microsoft is the largest holding.")) == []


def test_a_claim_that_calls_itself_no_fact_and_cites_none_is_an_opinion() -> None:
    claim = {"metrics": [], "source_ids": [], "text": "The mood may turn.", "kind": "forecast"}
    document = {"language": "en", "claims": [claim]}
    assert marked(document, "claims[0].text") == [("The mood may turn.", Mark.OPINION)]
    assert dict(checked(document, SHEET)[1]) == {"opinion": 1}


def test_a_sentence_counts_as_matched_only_where_all_of_it_was_decided() -> None:
    document = borrowing("Volatility is 12.35 %. Costs run at 1.28 %. Beta is 4.")
    assert dict(checked(document, SHEET)[1]) == {"unchecked": 2, "typed": 1, "wrong": 1}


def test_a_run_counts_the_sentences_of_typed_answers_too() -> None:
    reading = engine_for(Kind.RISK).read(json.dumps(whole.answer(Kind.RISK)), whole.view(Kind.RISK))
    assert {"typed", "unchecked"} <= {value for name, value in reading.tags if name == "sentences"}
