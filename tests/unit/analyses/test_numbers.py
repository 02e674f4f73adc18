"""Which numbers a sentence states, and which only count, date or name."""

from __future__ import annotations

import pytest

from core.analyses.numbers import numbers


def stated(text: str) -> list[str]:
    return [number.stated for number in numbers(text)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("it is 12.34 %", 12.34, "pct"),
        ("it is 12,34 %", 12.34, "pct"),
        ("it is 12,34\u00a0%", 12.34, "pct"),
        ("it is 12.34%", 12.34, "pct"),
        ("it is 12.34 percent", 12.34, "pct"),
        ("c'est 12,34 pour cent", 12.34, "pct"),
        ("es sind 12,34 Prozent", 12.34, "pct"),
        ("上位銘柄は12.34%です", 12.34, "pct"),
        ("it is 1,234.5", 1234.5, ""),
        ("es ist 1.234,5", 1234.5, ""),
        ("c'est 1\u202f234,5", 1234.5, ""),
        ("c'est 1\u00a0234,5", 1234.5, ""),
        ("c'est 1 234,5", 1234.5, ""),
        ("es ist 1'234.5", 1234.5, ""),
        ("es ist 1’234’567.5", 1234567.5, ""),
        ("it is 1,234,567", 1234567.0, ""),
        ("it is 12,34,567", 1234567.0, ""),
        ("USD 1,234,567.89", 1234567.89, "ccy"),
        ("1\u202f234\u202f567,89 €", 1234567.89, "ccy"),
        ("£1,234,567", 1234567.0, "ccy"),
        ("$1.23 million", 1_230_000.0, "ccy"),
        ("1,2 Mio. EUR", 1_200_000.0, "ccy"),
        ("1,2 million d'euros", 1_200_000.0, "ccy"),
        ("CHF 1.2bn", 1_200_000_000.0, "ccy"),
        ("a spread of 85 bps", 85.0, "bps"),
        ("85 basis points", 85.0, "bps"),
        ("3.2x", 3.2, "x"),
        ("up 1.5 percentage points", 1.5, "pp"),
        ("HHI of 0.3457.", 0.3457, ""),
        ("(0.84)", 0.84, ""),
    ],
)
def test_one_number_in_many_notations(text: str, value: float, unit: str) -> None:
    (number,) = numbers(text)
    assert number.readings[0][0] == pytest.approx(value)
    assert number.unit == unit


def test_a_notation_with_two_readings_keeps_both() -> None:
    (number,) = numbers("it is 1,234")
    assert [value for value, _ in number.readings] == [1.234, 1234.0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits",
        "as of 2026-10-30",
        "am 30.10.2026",
        "on 30/10/2026",
        "on 30 October 2026",
        "October 30, 2026",
        "le 30 octobre 2026",
        "am 30. Oktober 2026",
        "in 2026, 2023-2026 and 2024/25",
        "since Q4 2025 and H1",
        "rule 5/10/40",
        "Art. 52 and section 13",
        "rule 35d-1",
        "Regulation 2017/653",
        "a 60/40 mix",
        "the S&P 500, the FTSE 100, Nasdaq-100 and Euro STOXX 50",
        "5 holdings, 12 lines, the top 10",
        "1-day, 10-day and 12 months",
        "over 12m",
        "252 trading days",
        "20-year bonds",
        "95 % VaR",
        "at the 99 % confidence level",
        "on the worst 5 % of days",
        "au niveau de confiance de 95 %",
        "metric top5_weight and var_95_1d",
        "the 1st and 3rd",
        "1,2,3",
    ],
)
def test_what_counts_dates_or_names_is_left_out(text: str) -> None:
    assert stated(text) == []


def test_a_percentage_is_never_a_count() -> None:
    assert stated("5 % and 12 %") == ["5 %", "12 %"]


def test_a_level_far_from_any_word_of_confidence_is_a_number() -> None:
    assert stated("95 % of the value is in one position") == ["95 %"]


def test_money_is_never_a_year() -> None:
    assert stated("USD 2,026 and 2026 USD") == ["USD 2,026", "2026 USD"]


def test_a_minus_belongs_to_the_number_and_a_dash_does_not() -> None:
    minus, true_minus, dash = numbers("lost -12.3 %, or \u221212.4 %, range 9.1-12.5 %")[:2] + numbers("9.1-12.5 %")[1:]
    assert (minus.stated, minus.negative) == ("-12.3 %", True)
    assert (true_minus.stated, true_minus.negative) == ("\u221212.4 %", True)
    assert (dash.stated, dash.negative) == ("12.5 %", False)


def test_both_ends_of_a_range_are_numbers() -> None:
    assert [number.digits for number in numbers("between 12.3-14.5 %")] == ["12.3", "14.5"]


def test_a_year_before_a_number_stays_apart_from_it() -> None:
    assert [number.digits for number in numbers("in 2026 100 lines")] == ["100"]


def test_about_makes_a_number_approximate() -> None:
    assert all(number.approximate for number in numbers("about 13.1 %, environ 13,2 %, rund EUR 14.5 Mio."))
    assert not any(number.approximate for number in numbers("exactly 13.1 %"))


@pytest.mark.parametrize("text", ["9" * 400, "1." * 300, "1,0" * 200, "٣٤٫٥ %", "²", "½ %", "-" * 50 + "1.5"])
def test_strange_digits_do_no_harm(text: str) -> None:
    for number in numbers(text):
        assert number.readings
