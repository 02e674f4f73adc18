"""Products that are no values of today: dividends, gains, rates, amounts of before; contracts; columns that moved."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from core.errors import BadInput
from core.intake.reading import survey_bytes
from core.intake.tables.choices import Undecided
from core.intake.tables.dated_columns import older_columns


@pytest.fixture
def guessed(read):
    """Totals by currency of a list that is read by its guess, and the intake."""

    def _guessed(text):
        intake = read(text, "list.csv", columns=survey_bytes("list.csv", text.encode()).mapping)
        found = defaultdict(Decimal)
        for portfolio in intake.portfolios:
            for line in portfolio.holdings:
                found[line.currency] += line.market_value
        return dict(found), intake

    return _guessed


@pytest.mark.parametrize(
    "columns",
    ["Change,Gain", "Dividend per share,Annual income", "Ertrag je Stück,Ertrag", "Variation,Plus-value", "Fee,Fees",
     "Previous close,Previous value", "Kurs Vortag,Wert Vortag"],
)  # fmt: skip
def test_what_units_earned_changed_or_were_before_is_no_value(guessed, columns):
    rows = "Alpha,10,0.5,5{},USD\nBeta,2,1.5,3{},USD\nGamma,3,1,3{},USD\n"
    with pytest.raises(BadInput, match="No column is the value"):
        guessed(f"Name,Units,{columns},Currency\n" + rows.format("", "", ""))
    found, _ = guessed(f"Name,Units,{columns},Price,Currency\n" + rows.format(",5", ",6", ",7"))
    assert found == {"USD": 83}


@pytest.mark.parametrize("rate", ["FX rate", "Devisenkurs", "Taux de change", "Rate xyz"])
def test_an_amount_times_a_rate_is_no_position(guessed, rate):
    found, _ = guessed(
        f"Name,Value local,{rate},Value EUR,Currency\nAlpha,100,0.9,90,USD\nBeta,200,0.9,180,USD\nGamma,50,1,50,EUR\n"
    )
    assert found == {"USD": 300, "EUR": 50}


@pytest.mark.parametrize(
    "header",
    ["Name;Anzahl;Wert 31.12.2025;Wert 30.10.2026;Währung", "Name;Anzahl;Value 2025;Value 2026;Währung",
     "Name;Anzahl;Opening balance;Closing balance;Währung", "Name;Anzahl;Value prior year;Value;Währung",
     "Name;Anzahl;Anfangsbestand Wert;Wert;Währung"],
)  # fmt: skip
def test_of_two_values_the_newer_one_is_taken(guessed, header):
    found, _ = guessed(header + "\nA;10;40;50;EUR\nB;2;10;12;EUR\n")
    assert found == {"EUR": 62}


def test_columns_of_other_names_or_of_one_day_are_not_older():
    assert older_columns(["Value 30.10.2026", "Price 30.10.2025", "Units"]) == frozenset()
    assert older_columns(["Value 2025-12-31", "Value 2026-10-30", "Value 2024-01-01"]) == {0, 2}


@pytest.mark.parametrize("name", ["Multiplier", "Contract size", "Kontraktgröße", "Multiplicateur", "Point value"])
@pytest.mark.parametrize("value", [False, True])
def test_a_column_of_contract_sizes_counts(read, name, value):
    head = f"Symbol,Quantity,{name},Price,Currency" + (",market_value" if value else "")
    rows = (("ESZ6", 2, 50, 5000, 500000), ("AAPL", 10, 1, 200, 2000))
    text = head + "\n" + "".join(
        f"{symbol},{units},{size},{price},USD" + (f",{worth}" if value else "") + "\n"
        for symbol, units, size, price, worth in rows
    )  # fmt: skip
    intake = read(text)
    assert [line.market_value for line in intake.portfolios[0].holdings] == [500000, 2000]
    assert [line.price for line in intake.portfolios[0].holdings] == [5000, 200]
    assert not any("says otherwise" in note for note in intake.notes)


@pytest.mark.parametrize(
    "words", ["Net asset value", "Net assets", "NAV", "Nettovermögen", "Actif net", "Patrimonio netto"]
)
def test_net_assets_in_the_table_are_no_line_and_their_difference_is_told(guessed, words):
    rows = "ISIN;Name;Quantity;Price;Value;Currency\nUS0378331005;A;10;5;50;USD\nUS5949181045;B;2;6;12;USD\n"
    found, intake = guessed(rows + f";{words};;;65;USD\n")
    assert found == {"USD": 62}
    assert not intake.problems
    assert any("Net assets below the lines differ" in note and "65.00" in note for note in intake.notes)


HEADER = "A1;B1;C1;D1;E1\n"
FIRST = HEADER + "Alpha;10;150,50;EUR;1505,00\nBeta;5;300,10;EUR;1500,50\nGamma;7;100,00;EUR;700,00\n"
MOVED = HEADER + "Alpha;10;1505,00;EUR;150,50\nBeta;5;1500,50;EUR;300,10\nGamma;7;700,00;EUR;100,00\n"


def test_columns_that_moved_under_a_remembered_header_are_asked_about(read):
    remembered = survey_bytes("list.csv", FIRST.encode()).mapping
    assert read(FIRST, "list.csv", remembered=lambda _: remembered).portfolios[0].holdings[0].market_value == 1505
    with pytest.raises(Undecided, match=r"only 'B1' × 'E1' = 'C1' holds.*--map 'C1=market_value'"):
        read(MOVED, "list.csv", remembered=lambda _: remembered)


def test_value_is_the_value_beside_an_amount_of_units(guessed):
    found, _ = guessed('Asset,Balance,Price,Value\nETH,2,"$2,000.00","$4,000.00"\nBTC,0.1,"$50,000.00","$5,000.00"\n')
    assert found == {"USD": 9000}
    found, _ = guessed("Coin,Amount,Price,Value,Currency\nETH,0.1234,2000,246.8,USD\nBTC,0.1,50000,5000,USD\n")
    assert found == {"USD": Decimal("5246.8")}


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Name;Stück;Kurs;Währung;Kurs;Währung;Wert", "A;10;4;USD;5;EUR;50|B;2;5;USD;6;EUR;12|C;3;6;USD;7;EUR;21"),
        ("Name;Stück;Kurs;Währung;Wert;Währung", "A;10;5,60;USD;50;EUR|B;2;6;EUR;12;EUR|C;3;7,90;USD;21;EUR"),
        ("Name;Stück;Kurs;Whg;Wert;Whg", "A;10;5,6;USD;50;EUR|B;2;6,7;USD;12;EUR|C;3;7,9;USD;21;EUR"),
    ],
)
def test_of_several_columns_of_currencies_the_one_beside_the_value_is_the_lines(guessed, header, rows):
    found, _ = guessed(header + "\n" + rows.replace("|", "\n") + "\n")
    assert found == {"EUR": 83}


@pytest.mark.parametrize("word", ["Gesamtvermögen", "Patrimoine total", "Avoirs", "Vermögen"])
def test_wealth_is_a_word_for_a_sum(guessed, word):
    rows = "Name;ISIN;Stück;Kurs;Wert;Währung\nA;US0378331005;10;5;50;EUR\nB;US5949181045;2;6;12;EUR\nKonto;;;;38;EUR\n"
    found, intake = guessed(rows + f"{word};;;;100;EUR\n")
    assert found == {"EUR": 100}
    assert not intake.problems
