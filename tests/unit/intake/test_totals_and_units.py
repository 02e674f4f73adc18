"""Sums that look like lines, and prices that are not of one unit: never a wrong number in silence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.portfolio import Intake
from core.intake.cells.asset_classes import is_bond_name, is_option_name
from core.intake.reading import read_bytes, survey_bytes
from core.intake.tables.mapping import mapping_from

TODAY = date(2026, 11, 24)


def read(text: str, *, mapped: bool = False) -> Intake:
    data = text.encode()
    columns = mapping_from((), survey_bytes("list.csv", data)) if mapped else None
    return read_bytes("list.csv", data, today=TODAY, columns=columns)


def total(intake: Intake) -> Decimal:
    return sum((line.market_value for one in intake.portfolios for line in one.holdings), Decimal(0))


def test_a_total_that_adds_up_units_too_is_no_line() -> None:
    intake = read("symbol,quantity,price,currency,market_value\nA,10,5,USD,50\nB,20,2,USD,40\nTotal,30,,USD,90\n")
    assert not intake.problems
    assert total(intake) == 90


def test_a_line_called_total_with_units_of_its_own_stays() -> None:
    intake = read("symbol,quantity,price,currency,market_value\nA,10,5,USD,50\nTotal SA,30,,USD,70\nB,20,2,USD,40\n")
    assert total(intake) == 160


@pytest.mark.parametrize("word", ["gesamt", "total", "Summe", "totaal"])
def test_subtotals_that_are_called_by_their_group_are_no_lines(word: str) -> None:
    rows = f"A;Aktien;100;EUR\nB;Aktien;50;EUR\nAktien {word};;150;EUR\nC;Renten;30;EUR\nRenten {word};;30;EUR\n"
    intake = read(f"Name;Kategorie;Wert;Währung\n{rows}Gesamt;;180;EUR\n", mapped=True)
    assert not intake.problems
    assert total(intake) == 180


def test_a_value_in_francs_is_not_labelled_as_its_line_s_dollars() -> None:
    text = "Name;Anzahl;Kurs;Währung;Wert (Fr.)\nA;10;100,00;USD;880,00\nB;5;10,00;CHF;50,00\n"
    (portfolio,) = read(text, mapped=True).portfolios
    assert {line.currency for line in portfolio.holdings} == {"CHF"}


@pytest.mark.parametrize("name", ["AAPL Jan 16 2026 200 Call", "DAX Dez 26 Put 20000", "SPX 5000 PUT"])
def test_an_option_by_its_words_is_asked_for_its_value(name: str) -> None:
    intake = read(f"symbol,name,quantity,price,currency\nX,{name},2,5.20,USD\n")
    assert "how many units a contract is" in intake.problems[0].message
    assert total(read(f"symbol,name,quantity,price,currency,market_value\nX,{name},2,5.20,USD,1040\n")) == 1040


@pytest.mark.parametrize("name", ["Nasdaq 100 Covered Call ETF", "S&P 500 PutWrite Fund", "Callaway Golf 2"])
def test_a_fund_that_writes_options_is_none(name: str) -> None:
    assert not is_option_name(name)
    assert total(read(f"symbol,name,quantity,price,currency\nX,{name},10,20,USD\n")) == 200


def test_a_name_with_a_coupon_alone_is_a_bond_where_it_names_a_debt_and_else_asked_about() -> None:
    assert is_bond_name("BTP 1ST30 2.45%")
    assert not is_bond_name("Muster AG 4%")
    assert total(read("symbol,name,quantity,price,currency\nX,BTP 1ST30 2.45%,20000,95,EUR\n")) == 19_000
    intake = read("symbol,name,quantity,price,currency\nX,Muster AG 4%,20000,95,EUR\n")
    assert "The name has a coupon" in intake.problems[0].message
    assert total(read("symbol,name,quantity,price,currency\nX,Muster AG 4%,13,95,EUR\n")) == 1_235
