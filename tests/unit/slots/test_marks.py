"""A page says of each part of a sentence whether the program wrote, computed or decided it, and by what."""

from __future__ import annotations

import json
from typing import Any

from core.analyses.engines import engine_for
from core.analyses.marking import Mark, Marked
from core.analyses.slots.marks import marks
from core.domain.analysis import Kind
from tests.unit.slots.conftest import SHEET
from tests.unit.slots.test_reading import page_of, read, risk


def marked(**changes: Any) -> tuple[dict[str, Any], list[Marked]]:
    form = engine_for(Kind.RISK).slots
    assert form is not None
    page = page_of(read(risk(**changes)))
    return page, marks(form, json.loads(json.dumps(page)), SHEET)


def test_each_slot_is_marked_where_it_stands_with_what_is_behind_it() -> None:
    text = (
        "{{MSFT}} {{above(weight.MSFT, weight.ASML.AS): outweighs}} {{ASML.AS}} by "
        "{{difference(weight.MSFT, weight.ASML.AS)}}, at {{weight.MSFT name}}."
    )
    page, found = marked(claims=[{"text": text, "basis": [], "kind": "fact"}])
    said = page["claims"][0]["text"]
    here = [one for one in found if one.path == "claims[0].text"]
    assert [(one.mark, said[one.start : one.end]) for one in here] == [
        (Mark.DECIDED, "outweighs"),
        (Mark.COMPUTED, "7.86\u00a0percentage points"),
        (Mark.INSERTED, "Microsoft Corporation 18.34\u00a0%"),
    ]
    assert here[0].note == "weight.MSFT 18.34 pct above weight.ASML.AS 10.48 pct"
    assert here[1].note == "weight.MSFT 18.34 pct - weight.ASML.AS 10.48 pct = 7.86 pp"
    assert [fact.metric_id for fact in here[2].facts] == ["weight.MSFT"]


def test_a_number_that_the_program_filled_into_a_field_is_an_inserted_fact() -> None:
    _, found = marked()
    (one,) = [one for one in found if one.path == "var_statement.metrics[0]"]
    assert (one.mark, one.facts[0].metric_id) == (Mark.INSERTED, "var_95_1d")


def test_an_opinion_is_called_one_and_what_cannot_be_checked_too() -> None:
    claims = [{"text": "Patience pays.", "basis": [], "kind": "opinion"}]
    _, found = marked(claims=claims)
    by_path = {one.path: one.mark for one in found}
    assert by_path["claims[0].text"] is Mark.OPINION
    assert by_path["risks[0].mitigation"] is Mark.UNCHECKED


def test_what_does_not_hold_carries_its_finding() -> None:
    text = "{{ASML.AS}} is {{largest(weight.ASML.AS): the largest line}}, and {{nothing}} is known."
    _, found = marked(summary=text)
    wrong = {one.stated: one for one in found if one.path == "summary" and one.finding}
    assert wrong["the largest line"].mark is Mark.MISMATCHED
    assert wrong["[nothing]"].mark is Mark.UNSUPPORTED


def test_a_grade_is_computed_and_shows_its_yardstick() -> None:
    page, found = marked(summary="The level is {{grade.overall_level}}.")
    (one,) = [one for one in found if one.path == "summary"]
    assert (one.mark, page["summary"][one.start : one.end]) == (Mark.COMPUTED, "moderate")
    assert one.note == "volatility 12.35, from 8 to 13"
    assert [fact.metric_id for fact in one.facts] == ["volatility"]


def test_the_percent_sign_inside_a_name_is_the_regions_too() -> None:
    page, _ = marked(summary="We read {{var_95_1d name}}.")
    assert page["summary"] == "We read one-day value at risk at 95\u00a0% 1.28\u00a0%."


def test_a_text_that_another_version_wrote_is_not_marked_at_the_wrong_places() -> None:
    form = engine_for(Kind.RISK).slots
    assert form is not None
    page = page_of(read(risk(summary="We read {{volatility}}.")))
    assert any(one.path == "summary" for one in marks(form, page, SHEET))
    older = {**page, "summary": "We read 12.345 %."}
    assert not any(one.path == "summary" for one in marks(form, older, SHEET))
    assert any(one.path == "headline" for one in marks(form, older, SHEET))


def test_a_number_beside_anothers_name_is_not_green_and_words_that_nothing_bears_are_marked() -> None:
    text = "{{MSFT}} weighs {{weight.ASML.AS}} and beat five others."
    page, found = marked(summary=text)
    here = {page["summary"][one.start : one.end]: one for one in found if one.path == "summary"}
    assert here["10.48\u00a0%"].mark is Mark.MISMATCHED
    assert {"beat", "five"} <= set(here)
    assert {here[word].mark for word in ("beat", "five")} == {Mark.UNSUPPORTED}
    assert all(one.finding is not None for one in here.values())
