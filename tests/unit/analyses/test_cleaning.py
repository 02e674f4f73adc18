"""What is checked in an answer is what will be shown of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import FindingKind, Kind, Reading
from tests.unit.analyses.whole import SHEET, answer, view
from tests.unit.text.nasty import NASTY, leaks


def read(document: dict[str, object]) -> Reading:
    reading = engine_for(Kind.RISK).read(json.dumps(document), view(Kind.RISK))
    assert reading.error is None, reading.error
    return reading


def with_claim(text: str) -> Reading:
    """An answer whose first claim says something of the volatility, 14.20 %."""
    document = answer(Kind.RISK)
    claim = next(one for one in document["claims"] if one["metrics"][0]["metric_id"] == "volatility")
    document["claims"] = [claim | {"text": text, "kind": "fact"}]
    return read(document)


def test_the_true_answer_hides_nothing() -> None:
    found = read(answer(Kind.RISK)).verification
    assert found is not None
    assert found.findings == ()


@pytest.mark.parametrize(
    "written",
    ["1\u20604.20 %", "²¹4.20 %", "1\u200b4.20 %", "14.2\u03380 %", "\u202e14.20\u202c %", "l14.20 %", "14.2О %",
     "1\ufe0f\u20e34.20 %"],
)  # fmt: skip
def test_hidden_characters_in_a_number_are_a_finding_with_its_path(written: str) -> None:
    found = with_claim(f"Volatility is {written} a year.").verification
    assert found is not None
    assert ("claims[0].text", FindingKind.HIDDEN) in [(one.path, one.kind) for one in found.findings]
    assert found.mismatched >= 1


@pytest.mark.parametrize("written", ["3\u206014.20 %", "²14.20 %", "3\u200b14.20 %", "14.20² %", "9\u00ad14.20 %"])
def test_a_number_that_reads_otherwise_is_not_verified(written: str) -> None:
    reading = with_claim(f"Volatility is {written} a year.")
    true = with_claim("Volatility is 14.20 % a year.")
    assert reading.verification is not None
    assert true.verification is not None
    assert reading.verification.verified == true.verification.verified - 1


def test_turned_text_is_stored_in_the_order_in_which_it_was_checked() -> None:
    reading = with_claim("Volatility stands at \u202e14.20\u202c %.")
    assert reading.analysis is not None
    assert reading.analysis["claims"][0]["text"] == "Volatility stands at 14.20 %."


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_stored_answer_hides_or_turns_anything(text: str) -> None:
    document = answer(Kind.RISK)
    said = text.replace("\ud83d", "").replace("\x00", "")  # half a pair and NUL are no JSON text; other tests have them
    document["headline"], document["summary"] = said, f"{said} {document['summary']}"
    document["caveats"] = [said]
    document["claims"][0]["source_ids"] = [said]
    document["risks"][0]["driver_ids"] = [said]
    reading = read(document)
    assert reading.analysis is not None
    assert reading.verification is not None
    assert leaks(json.dumps(reading.analysis, ensure_ascii=False)) == set()
    assert leaks(reading.headline) == set()
    assert all(leaks(f"{one.stated}{one.true}{one.metric_id}") == set() for one in reading.verification.findings)


def test_ids_written_in_wide_letters_are_the_ids_of_the_prompt() -> None:
    lines = tuple(replace(one, holding_id="７２０３") if one.holding_id == "AAPL" else one for one in SHEET.holdings)
    shown = replace(view(Kind.RISK), holdings=lines)
    document = answer(Kind.RISK)
    document["risks"][0]["driver_ids"] = ["7203", "７２０３"]
    reading = engine_for(Kind.RISK).read(json.dumps(document), shown)
    assert reading.verification is not None
    assert not [one for one in reading.verification.findings if one.path.startswith("risks[0].driver_ids")]


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("The drawdown was −24.60 %.", True),
        ("The drawdown was ‐24.60 %.", True),
        ("The drawdown was ―24.60 %.", True),
        ("The drawdown was −\u00a024.60 %.", True),
        ("The drawdown was (24.60) %.", True),
        ("The drawdown was (24.60 %).", True),
        ("Volatility was −14.20 %.", False),
        ("Volatility was ‒14.20 %.", False),
        ("Volatility was －14.20 %.", False),
        ("Volatility was ー14.20 %.", False),
        ("Volatility was (14.20) %.", False),
        ("Volatility was (14.20 %).", False),
        ("Volatility (14.20 %) is high.", True),
        ("Volatility is 14.20 ‰.", False),
    ],
)
def test_dashes_and_brackets_that_readers_take_for_minus_are_minus(written: str, holds: bool) -> None:
    document = answer(Kind.RISK)
    claim = document["claims"][0]
    wanted = "volatility" if written.startswith("Vol") else "max_drawdown"
    metric = next(one for part in (*document["claims"], *document["risks"]) for one in part["metrics"]
                  if one["metric_id"] == wanted)  # fmt: skip
    document["claims"] = [claim | {"text": written, "metrics": [metric]}]
    found = read(document).verification
    assert found is not None
    assert (not [one for one in found.findings if one.path == "claims[0].text"]) is holds
