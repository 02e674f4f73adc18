"""Numbers, dates and codes as files write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass
from core.intake.cells.asset_classes import asset_class_of, class_from_name
from core.intake.cells.codes import country_code, currency_code, isin_fault
from core.intake.cells.dates import NotADate, parse_date, parse_us_date
from core.intake.cells.numbers import NotANumber, NumberStyle, choose_style, parse_number, parse_percent


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$45,900.35", "45900.35"),
        ("+$11,945.20", "11945.20"),
        ("-$1,010.00", "-1010"),
        ("$-1,010.00", "-1010"),
        ("(1,234.5)", "-1234.5"),
        ("1,234-", "-1234"),
        ("−5", "-5"),
        ("1'234'567.89", "1234567.89"),
        ("1\u202f234.5", "1234.5"),
        ("12,34,567.89", "1234567.89"),
        ("USD 5", "5"),
        ("HK$5", "5"),
        ("€ 5.10", "5.10"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.5E+05", "150000"),
        ("0.1", "0.1"),
    ],
)
def test_numbers_with_a_point(text, value):
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.234,50", "1234.50"), ("1.234", "1234"), ("12,5", "12.5"), ("1 234,5", "1234.5"), (",5", "0.5"), ("-7", "-7")],
)
def test_numbers_with_a_comma(text, value):
    assert parse_number(text, NumberStyle.COMMA) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "ten", "1,23", "1.2.3", "1,2345", "--5", "1 2", "12%", "1e999", "9" * 19, "1" * 41, "NaN", "Infinity", ".",
     "١٢", "0x10", "1_000", "1,234 567"],
)  # fmt: skip
def test_what_is_no_certain_number_is_refused(text):
    with pytest.raises(NotANumber):
        parse_number(text)


@pytest.mark.parametrize(
    ("samples", "delimiter", "style", "unsure"),
    [
        (["12.50"], ";", NumberStyle.POINT, ""),
        (["12,50"], ",", NumberStyle.COMMA, ""),
        (["1.234,5", "1,234"], ",", NumberStyle.COMMA, ""),
        (["1,234,567"], ",", NumberStyle.POINT, ""),
        (["1.234.567"], ",", NumberStyle.COMMA, ""),
        (["0,123"], ",", NumberStyle.COMMA, ""),
        (["1,234"], ",", NumberStyle.POINT, "1,234"),
        (["1,234"], ";", NumberStyle.COMMA, "1,234"),
        (["1.234"], ";", NumberStyle.COMMA, "1.234"),
        (["12", ""], ";", NumberStyle.POINT, ""),
    ],
)
def test_the_style_follows_numbers_that_can_be_read_one_way_only(samples, delimiter, style, unsure):
    choice = choose_style(samples, delimiter)
    assert (choice.style, choice.unsure) == (style, unsure)


def test_percentages_are_numbers_without_their_sign():
    assert parse_percent("+31.10%") == Decimal("31.10")


@pytest.mark.parametrize(
    "text",
    ["2026-10-30", "2026/10/30", "20261030", "30.10.2026", "10/30/2026", "30/10/2026", "30-Oct-2026", "Oct 30, 2026",
     "Oct-30-2026", "30 October 2026", "2026-10-30T12:00:00", "20261030;202000", "2026-10-30 00:00:00"],
)  # fmt: skip
def test_one_day_written_in_many_ways(text):
    assert parse_date(text) == date(2026, 10, 30)


@pytest.mark.parametrize(
    "text", ["04/03/2026", "2026-02-30", "1900-01-01", "2026", "2026113", "yesterday", "x" * 99, "0"]
)
def test_what_is_no_certain_day_is_refused(text):
    with pytest.raises(NotADate):
        parse_date(text)


def test_american_sources_write_the_month_first():
    assert parse_us_date("04/03/2026") == date(2026, 4, 3)
    assert parse_us_date("2026/04/03") == date(2026, 4, 3)


@pytest.mark.parametrize("isin", ["US0378331005", "GB0009895292", "IE00BK5BQT80", "CH0237935652", "AU0000XVGZA3"])
def test_right_isins_have_no_fault(isin):
    assert isin_fault(isin) is None


@pytest.mark.parametrize(
    "isin", ["US0378331004", "US037833100", "us0378331005", "U10378331005", "US037833100X", "ÜS0378331005"]
)
def test_wrong_isins_have_one(isin):
    assert isin_fault(isin)


def test_one_letter_parts_pounds_from_pence():
    assert currency_code("GBP") == ("GBP", 1)
    assert currency_code("gbp") == ("GBP", 1)
    assert currency_code("GBp") == ("GBP", 100)
    assert currency_code("gbx") == ("GBP", 100)
    assert currency_code("ZAc") == ("ZAR", 100)
    assert currency_code("US Dollars") is None


def test_countries_by_code_and_by_name():
    assert [country_code(text) for text in ("us", "United Kingdom", "UK", "NA", "Freedonia")] == [
        "US",
        "GB",
        "GB",
        "NA",
        None,
    ]


def test_asset_classes_by_word_and_by_description():
    assert asset_class_of("Equity ETF") is AssetClass.EQUITY_FUND
    assert asset_class_of("REIT") is AssetClass.REAL_ESTATE
    assert asset_class_of("wine") is None
    assert class_from_name("VANGUARD TOTAL BOND MARKET ETF") is AssetClass.BOND_FUND
    assert class_from_name("ACME TARGET DATE FUND") is AssetClass.FUND
    assert class_from_name("APPLE INC") is AssetClass.EQUITY
    assert class_from_name("GOVERNMENT MONEY MARKET FUND") is AssetClass.CASH
    assert class_from_name("SOMETHING") is AssetClass.OTHER
