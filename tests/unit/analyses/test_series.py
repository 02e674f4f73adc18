"""A number said of a day, a month or a year is that day's; an extreme, a bound and an end are the series' own."""

from __future__ import annotations

from datetime import date

import pytest

from core.analyses.typed.naming import Naming
from core.analyses.typed.reading import read
from core.analyses.typed.series import SeriesOf
from core.analyses.verify import verify
from core.domain.facts import Fact, FactSheet
from core.domain.units import Badge, Unit

RATES = {
    "2025-11-30": 2.00, "2025-12-31": 2.25, "2026-01-30": 2.75, "2026-02-27": 3.10, "2026-03-31": 4.40,
    "2026-04-30": 3.60, "2026-05-29": 3.20, "2026-06-30": 2.90,
}  # fmt: skip
FACTS = tuple(
    Fact(f"rate.{day}", value, Unit.PCT, None, f"as of {day}", "", Badge.REAL, 2) for day, value in RATES.items()
)
SHEET = FactSheet("series", "Series", date(2026, 6, 30), "EUR", "EU", FACTS, (), ())


def found(text: str, language: str = "en") -> list[str]:
    """What is wrong in a claim that cites the whole series."""
    metrics = [
        {"metric_id": one.metric_id, "value": one.value, "unit": "pct", "currency": None, "period": one.period}
        for one in FACTS
    ]
    claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact"}
    return [one.stated for one in verify({"language": language, "claims": [claim]}, SHEET).findings]


TRUE = [
    ("en", "The rate peaked at 4.40 % in March 2026 and stood at 2.90 % on June 30, 2026."),
    ("en", "The rate ranged from 2.00 % to 4.40 %."),
    ("en", "In December 2025 and January 2026 the rate was 2.25 % and 2.75 %."),
    ("en", "The rate remained below 3.5 % from November 2025 to February 2026."),
    ("en", "The rate, starting at 2.00 %, rose above 4 % in March 2026."),
    ("fr", "Le taux a atteint un pic de 4,40 % en mars 2026, contre 2,25 % en décembre 2025."),
    ("de", "Der Satz erreichte im März 2026 den Höchststand von 4,40 % und lag im Januar 2026 bei 2,75 %."),
]
WRONG = [
    ("en", "The rate peaked at 3.60 %.", "3.60 %"),
    ("en", "The rate stood at 2.90 % on March 31, 2026.", "2.90 %"),
    ("en", "The rate was 2.75 % in December 2025.", "2.75 %"),
    ("en", "In December 2025 and January 2026 the rate was 2.75 % and 2.25 %.", "2.75 %"),
    ("en", "The rate ranged from 2.25 % to 4.40 %.", "2.25 %"),
    ("en", "The rate remained below 3 % from November 2025 to April 2026.", "3 %"),
    ("en", "The rate, starting at 2.25 %, rose.", "2.25 %"),
    ("fr", "Le taux a touché un creux de 2,25 % en 2026.", "2,25 %"),
    ("fr", "Le taux était de 2,75 % en décembre 2025.", "2,75 %"),
    ("de", "Der Satz lag im Dezember 2025 bei 2,75 %.", "2,75 %"),
    ("de", "Der Satz erreichte einen Höchststand von 3,60 %.", "3,60 %"),
]


@pytest.mark.parametrize(("language", "text"), TRUE)
def test_what_the_series_says_of_its_days_stands(language: str, text: str) -> None:
    assert found(text, language) == []


@pytest.mark.parametrize(("language", "text", "stated"), WRONG)
def test_the_value_of_another_day_and_a_false_extreme_are_findings(language: str, text: str, stated: str) -> None:
    assert stated in found(text, language)


def test_a_part_of_a_day_that_no_fact_has_leaves_what_lies_within_undecided() -> None:
    series = SeriesOf(FACTS)
    (sentence,) = read("Early in the year the rate ranged from 2.80 % to 3.10 %.", "en", Naming(SHEET))
    assert [series.decide(number, sentence, FACTS).holds for number in sentence.numbers] == [None, None]


def test_returns_over_periods_of_several_lengths_are_no_series() -> None:
    periods = {"1m": "2026-09-30", "3m": "2026-07-31", "6m": "2026-04-30", "ytd": "2025-12-31", "1y": "2025-10-30"}
    facts = [
        Fact(f"return.{name}", 1.0, Unit.PCT, None, f"{start}..2026-10-30", "", Badge.DERIVED, 2)
        for name, start in periods.items()
    ]
    assert not SeriesOf(facts)


def test_a_time_of_day_is_no_number() -> None:
    assert found("The rate peaked at 4.40 % at 18:30.") == []
