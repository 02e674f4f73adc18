"""How near a stated number must be to its fact in each unit, at the very edge, and which slip explains which number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.analyses.verify import verify
from core.domain.analysis import FindingKind, Verification
from core.domain.facts import Fact, FactSheet
from core.domain.units import Unit
from tests.unit.analyses.conftest import AS_OF, SHEET, fact

F = FindingKind


def sheet(*facts: Fact) -> FactSheet:
    return replace(SHEET, facts=facts, holdings=(), absent=())


def a_fact(unit: Unit, value: float, decimals: int, name: str = "f") -> Fact:
    return fact(name, value, unit, decimals, currency="USD" if unit is Unit.CCY else None)


def reference(of: Fact, value: float, **changes: Any) -> dict[str, Any]:
    written = {"metric_id": of.metric_id, "value": value, "unit": of.unit.value, "currency": of.currency}
    return {**written, "period": AS_OF, **changes}


def stated(of: Fact, value: float, *others: Fact, **changes: Any) -> Verification:
    return verify({"claims": [{"metrics": [reference(of, value, **changes)]}]}, sheet(of, *others))


def kind(verification: Verification) -> FindingKind | None:
    return verification.findings[0].kind if verification.findings else None


@pytest.mark.parametrize(
    ("unit", "true", "decimals", "value", "holds"),
    [
        (Unit.PCT, 46.123, 2, 46.125, True),
        (Unit.PCT, 46.1234, 3, 46.1, True),
        (Unit.PCT, 46.1234, 3, 46.0, False),
        (Unit.PCT, 46.1234, 3, 46.2, False),
        (Unit.PP, 1.2345, 3, 1.2, True),
        (Unit.PP, 1.2345, 3, 1.0, False),
        (Unit.RATIO, 0.84494, 4, 0.84, True),
        (Unit.RATIO, 0.84494, 4, 0.8, False),
        (Unit.X, 1.23451, 4, 1.23, True),
        (Unit.X, 1.23451, 4, 1.2, False),
        (Unit.BPS, 85.4, 1, 85.9, True),
        (Unit.BPS, 85.4, 1, 84.9, True),
        (Unit.BPS, 85.4, 1, 86.0, False),
        (Unit.CCY, 1_234_567.891, 2, 1_230_000.0, True),
        (Unit.CCY, 1_234_567.891, 2, 1_200_000.0, False),
        (Unit.CCY, 1_234_567.891, 2, 1_234_570.0, True),
        (Unit.CCY, 1_234_567.891, 2, 1_234_560.0, False),
        (Unit.CCY, 1_234_567.891, 2, 1_234_567.9, True),
        (Unit.CCY, 1_234_567.891, 2, 1_234_567.7, False),
        (Unit.CCY, 104.0, 2, 100.0, False),
        (Unit.CCY, 0.49, 2, 0.5, True),
        (Unit.COUNT, 3.0, 0, 3.0, True),
        (Unit.COUNT, 3.0, 0, 3.4, False),
        (Unit.COUNT, 3.0, 0, 3.000001, False),
        (Unit.DAYS, 10.4, 0, 10.0, True),
        (Unit.DAYS, 10.4, 0, 10.4, False),
        (Unit.SCORE, 7.123, 2, 7.12, True),
        (Unit.SCORE, 7.123, 2, 7.1, False),
        (Unit.PCT, 12.345, 2, 12.4, False),
        (Unit.PCT, -12.345, 2, -12.3, True),
    ],
)
def test_a_reference_holds_within_what_its_unit_allows(
    unit: Unit, true: float, decimals: int, value: float, holds: bool
) -> None:
    assert (stated(a_fact(unit, true, decimals), value).findings == ()) is holds


@pytest.mark.parametrize(
    ("unit", "true", "text", "holds"),
    [
        (Unit.PCT, 46.123, "It is 46.125 %.", True),
        (Unit.PCT, 46.123, "It is 46.129 %.", False),
        (Unit.PCT, 46.123, "It is 46.1 %.", True),
        (Unit.PCT, 46.123, "It is 46 %.", True),
        (Unit.PCT, 46.123, "It is 47 %.", False),
        (Unit.PCT, 12.3451, "It is 12.354 %.", False),
        (Unit.PCT, 12.3451, "It is 12.4 %.", False),
        (Unit.COUNT, 173.0, "There are 173 of them.", True),
        (Unit.COUNT, 173.0, "There are 174 of them.", False),
        (Unit.BPS, 85.4, "It is 85 bps.", True),
        (Unit.BPS, 85.4, "It is 86.5 bps.", False),
        (Unit.PCT, 1.234, "It is 123 bps.", True),
        (Unit.PCT, 1.234, "It is 125 bps.", False),
        (Unit.RATIO, 1.24, "It is 1.24x.", True),
        (Unit.X, 1.24, "It is 1.24.", True),
        (Unit.PCT, 1.24, "It is 1.24x.", False),
    ],
)
def test_a_sentence_holds_within_half_of_its_last_digit_or_of_the_facts(
    unit: Unit, true: float, text: str, holds: bool
) -> None:
    of = a_fact(unit, true, 0 if unit in {Unit.COUNT, Unit.BPS} else 2)
    answer = {"claims": [{"metrics": [reference(of, float(of.shown))], "text": text, "kind": "fact"}]}
    assert (verify(answer, sheet(of)).findings == ()) is holds


@pytest.mark.parametrize(
    ("unit", "true", "value", "slip"),
    [
        (Unit.PCT, 46.123, 0.46123, F.PERCENT),
        (Unit.PCT, 46.123, 4_612.3, F.PERCENT),
        (Unit.PCT, 46.123, 0.0046123, F.BPS),
        (Unit.PCT, 46.123, 461_230.0, F.BPS),
        (Unit.RATIO, 0.3457, 34.57, F.PERCENT),
        (Unit.CCY, 1_234_567.89, 1_234.57, F.SCALE),
        (Unit.CCY, 1_234_567.89, 1_234_567_890.0, F.SCALE),
        (Unit.CCY, 1_234_567.89, 1.235, F.SCALE),
        (Unit.CCY, 1_234_567.89, 1_234_567_890_000.0, F.SCALE),
        (Unit.CCY, 1_234_567.89, 0.00123, F.SCALE),
        (Unit.CCY, 1_234_567.89, 1_234_567_890_000_000.0, F.SCALE),
        (Unit.CCY, 1_234_567.89, 12_345.68, F.VALUE),
        (Unit.COUNT, 300.0, 30_000.0, F.VALUE),
        (Unit.COUNT, 300.0, 300_000.0, F.SCALE),
        (Unit.PCT, 46.123, 0.0, F.VALUE),
        (Unit.PCT, 0.0, 46.0, F.VALUE),
        (Unit.PCT, 46.123, -46.12, F.SIGN),
        (Unit.PCT, 46.123, 0.47, F.VALUE),
        (Unit.PCT, 46.123, 4_700.0, F.VALUE),
    ],
)
def test_a_slip_is_named_where_it_explains_the_number_and_nowhere_else(
    unit: Unit, true: float, value: float, slip: FindingKind
) -> None:
    assert kind(stated(a_fact(unit, true, 2 if unit is not Unit.RATIO else 4), value)) is slip


@pytest.mark.parametrize(
    ("unit", "true", "value", "written", "slip"),
    [
        (Unit.PCT, 46.123, 46.12, "pp", F.UNIT),
        (Unit.PCT, 46.123, 0.4612, "ratio", F.UNIT),
        (Unit.PCT, 46.123, 0.4612, "x", F.UNIT),
        (Unit.PCT, 46.123, 4_612.3, "bps", F.UNIT),
        (Unit.RATIO, 0.34567, 34.57, "pct", F.UNIT),
        (Unit.X, 1.25, 125.0, "pct", F.UNIT),
        (Unit.X, 1.25, 125.0, "pp", F.UNIT),
        (Unit.BPS, 85.4, 0.854, "pct", F.UNIT),
        (Unit.PP, 1.5, 150.0, "bps", F.UNIT),
        (Unit.PCT, 46.123, 33.0, "pp", F.UNIT),
    ],
)
def test_a_number_in_another_unit_is_told_from_a_wrong_one(
    unit: Unit, true: float, value: float, written: str, slip: FindingKind
) -> None:
    found = stated(a_fact(unit, true, 4 if unit is Unit.RATIO else 2), value, unit=written)
    assert kind(found) is slip
    assert found.findings[0].stated.endswith(written)
    assert (found.findings[0].true or "").endswith(unit.value)


def test_another_facts_value_is_a_wrong_id_only_in_the_same_unit_and_never_nothing() -> None:
    of = a_fact(Unit.PCT, 46.123, 2)
    others = (a_fact(Unit.PCT, 31.581, 2, "g"), a_fact(Unit.RATIO, 8.25, 2, "h"), a_fact(Unit.PCT, 0.0, 2, "i"))
    assert [kind(stated(of, value, *others)) for value in (31.58, 31.586, 31.6, 8.25, 0.0)] == [
        F.WRONG_ID,
        F.WRONG_ID,
        F.VALUE,
        F.VALUE,
        F.VALUE,
    ]


@pytest.mark.parametrize("nothing", ["", "-", "–", "n/a", "None", "null", None])
def test_every_word_for_nothing_is_no_currency(nothing: str | None) -> None:
    of = a_fact(Unit.PCT, 46.123, 2)
    assert stated(of, 46.12, currency=nothing).findings == ()
    wrong = stated(a_fact(Unit.CCY, 46.123, 2), 46.12, currency=nothing)
    assert (kind(wrong), wrong.findings[0].true) == (F.CURRENCY, "46.12 USD")


def test_a_right_number_of_another_day_or_currency_says_which() -> None:
    of = a_fact(Unit.CCY, 46.123, 2)
    day = stated(of, 46.12, period="as of 2020-01-01")
    assert (kind(day), day.findings[0].stated) == (F.PERIOD, "46.12 as of 2020-01-01")
    both = stated(of, 46.12, period="as of 2020-01-01", currency="EUR")
    assert (kind(both), both.findings[0].stated) == (F.CURRENCY, "46.12 EUR")
    assert kind(stated(of, 33.0, period="as of 2020-01-01", currency="EUR")) is F.CURRENCY
    assert kind(stated(of, 33.0, period="as of 2020-01-01")) is F.PERIOD
    assert stated(of, 46.12, currency=" usd ").findings == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12.0, "12"),
        (1e-05, "0.00001"),
        (1.5e-07, "0.00000015"),
        (5e15, "5000000000000000"),
        (1e16, "1e+16"),
        (-3.5, "-3.5"),
        (1e300, "1e+300"),
    ],
)
def test_a_stated_number_is_shown_as_a_plain_decimal(value: float, shown: str) -> None:
    assert stated(a_fact(Unit.SCORE, 777.0, 1), value).findings[0].stated == shown


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("It is EUR 46.12.", F.CURRENCY),
        ("It is 46.12 %.", F.UNIT),
        ("It is USD -46.12.", F.SIGN),
        ("It is USD 46,120.00.", F.SCALE),
        ("It is EUR 46,120.00.", F.UNSUPPORTED),
        ("It is USD 47.12.", F.UNSUPPORTED),
    ],
)
def test_a_slip_in_a_sentence_is_named_with_the_fact_it_is_about(text: str, slip: FindingKind) -> None:
    of = a_fact(Unit.CCY, 46.123, 2)
    found = verify({"claims": [{"metrics": [reference(of, 46.12)], "text": text, "kind": "fact"}]}, sheet(of))
    assert [(finding.kind, finding.true) for finding in found.findings] == [
        (slip, None if slip is F.UNSUPPORTED else "46.12")
    ]


@pytest.mark.parametrize("key", ["quote", "horizon", "period", "published", "url", "publisher", "due_date"])
def test_what_is_copied_or_dated_is_no_sentence(key: str) -> None:
    assert verify({"part": {key: "It rose by 77.77 %.", "metrics": []}}, sheet()) == Verification(0, 0, 0)


def test_a_single_word_states_nothing() -> None:
    assert verify({"level": "rate_7777", "name": "B77777"}, sheet()) == Verification(0, 0, 0)
