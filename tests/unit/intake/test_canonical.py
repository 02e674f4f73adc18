"""The canonical table: what it needs, how it is grouped, and what is said about each bad row."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.positions.canonical import COLUMNS
from core.intake.positions.template import canonical_template
from core.intake.reading import read_bytes

HEADER = "date,account,symbol,isin,name,asset_class,quantity,price,currency,market_value,sector,country\n"
GOOD = "2026-10-30,A1,VOO,US9229083632,Vanguard S&P 500 ETF,equity_fund,10,600.5,USD,6005,,US\n"


def messages(intake):
    return {(problem.row, problem.column): problem.message for problem in intake.problems}


def test_a_full_row_becomes_a_holding_with_exact_numbers(read):
    intake = read(HEADER + GOOD)
    (portfolio,) = intake.portfolios
    (holding,) = portfolio.holdings
    assert intake.format == "canonical_csv"
    assert not intake.problems
    assert (portfolio.account, portfolio.as_of, portfolio.base_currency) == ("A1", date(2026, 10, 30), "USD")
    assert (holding.quantity, holding.price, holding.market_value) == (Decimal(10), Decimal("600.5"), Decimal(6005))
    assert (holding.asset_class, holding.isin, holding.country) == (AssetClass.EQUITY_FUND, "US9229083632", "US")


def test_header_names_may_vary_in_case_and_spaces_and_extra_columns_are_noted(read):
    intake = read(" Symbol ,CURRENCY,Market Value,Broker\nVOO,usd,100,X\n")
    assert intake.portfolios[0].holdings[0].market_value == 100
    assert any("'Broker'" in note for note in intake.notes)


def test_value_is_quantity_times_price_where_none_is_stated(read):
    intake = read("symbol,currency,quantity,price\nVOO,USD,3,0.1\n")
    assert intake.portfolios[0].holdings[0].market_value == Decimal("0.3")


def test_each_account_and_each_date_is_a_snapshot_and_the_account_keeps_its_id(read):
    rows = "2026-09-30,A1,VOO,,,,,,USD,90,,\n2026-10-30,A1,VOO,,,,,,USD,100,,\n2026-10-30,B2,VOO,,,,,,USD,7,,\n"
    portfolios = read(HEADER + rows).portfolios
    assert [(p.account, p.as_of.month) for p in portfolios] == [("A1", 9), ("A1", 10), ("B2", 10)]
    assert portfolios[0].portfolio_id == portfolios[1].portfolio_id != portfolios[2].portfolio_id


def test_an_account_continues_from_csv_to_workbook(read):
    book = openpyxl.Workbook()
    book.active.append(["a title above"])
    book.active.append(list(COLUMNS))
    book.active.append([datetime(2026, 10, 30), "A1", "VOO", None, None, None, 10, 600.5, "USD", 0.1 + 0.2])  # noqa: DTZ001  cells have no zone
    data = io.BytesIO()
    book.save(data)
    workbook, text = read(data.getvalue(), "positions.xlsx"), read(HEADER + GOOD)
    assert workbook.format == "canonical_xlsx"
    assert workbook.portfolios[0].portfolio_id == text.portfolios[0].portfolio_id
    assert workbook.portfolios[0].as_of == date(2026, 10, 30)
    assert workbook.portfolios[0].holdings[0].market_value == Decimal("0.3")


def test_every_problem_of_a_file_is_listed_and_good_rows_are_kept(read):
    bad = [
        "2026-10-30,A1,,,No symbol,,,,USD,1,,",
        "2026-10-30,A1,X,US9229083633,Wrong digit,,,,USD,1,,",
        "2026-10-30,A1,X,,,,,,XXZ,1,,",
        "2026-10-30,A1,X,,,,,,,1,,",
        "2026-10-30,A1,X,,,,ten,1,USD,1,,",
        "2026-10-30,A1,X,,,,1,-5,USD,,,",
        "2026-10-30,A1,X,,,,1,,USD,,,",
        "2027-10-30,A1,X,,,,,,USD,1,,",
        "2026-02-30,A1,X,,,,,,USD,1,,",
        "03/04/2026,A1,X,,,,,,USD,1,,",
        "2026-10-30,A1,X,,,,-1,5,USD,5,,",
        "2026-10-30,A1,X,,,,,,USD,1,234.00,,",
        ",A1,X,,,,,,USD,1,,",
        "x,A1,,bad,,,a,b,c,d,,",
    ]
    intake = read(HEADER + GOOD + "\n".join(bad) + "\n")
    found = messages(intake)
    assert {row for row, _ in found} == set(range(3, 17)) - {4}, "a wrong ISIN costs no line"
    assert any("ISINs that are none were left empty" in note and "row 4" in note for note in intake.notes)
    assert "not known" in found[5, "currency"]
    assert "missing" in found[6, "currency"]
    assert "not a number" in found[7, "quantity"]
    assert "negative" in found[8, "price"]
    assert "market_value, or both quantity and price" in found[9, "market_value"]
    assert "future" in found[10, "date"]
    assert "calendar" in found[11, "date"]
    assert "two days" in found[12, "date"]
    assert "different signs" in found[13, "market_value"]
    assert "13 cells" in found[14, ""]
    assert "while other rows have one" in found[15, "date"]
    assert {column for row, column in found if row == 16} == {
        "date", "symbol", "currency", "quantity", "price", "market_value",
    }  # fmt: skip
    assert [holding.symbol for holding in intake.portfolios[0].holdings] == ["VOO", "X"]


def test_rows_are_counted_as_a_spreadsheet_counts_them(read):
    intake = read('symbol,name,currency,market_value\n"VOO","two\nlines",USD,1\n\nBAD,,USD,x\n')
    assert intake.problems[0].row == 4
    assert intake.portfolios[0].holdings[0].name == "two lines"


def test_a_long_list_of_problems_ends_in_a_count(read):
    intake = read("symbol,currency,market_value\n" + "X,USD,bad\n" * 10_050)
    assert len(intake.problems) == 10_001
    assert "50 more" in intake.problems[-1].message


@pytest.mark.parametrize(
    ("row", "price", "value", "currency"),
    [
        ("AZN.L,GBX,100,11660,1166000", "116.6", "11660", "GBP"),
        ("AZN.L,GBp,100,11660,11660", "116.6", "11660", "GBP"),
        ("AZN.L,GBX,,,1166000", None, "11660", "GBP"),
        ("AZN.L,GBX,100,11660,", "116.6", "11660", "GBP"),
        ("AZN.L,GBP,100,11660,11660", "116.6", "11660", "GBP"),
        ("NPN.JO,ZAc,10,300000,3000000", "3000", "30000", "ZAR"),
        ("TEVA.TA,ILA,10,5000,50000", "50", "500", "ILS"),
        ("AZN.L,GBP,100,116.6,11660", "116.6", "11660", "GBP"),
    ],
)
def test_pence_cents_and_agorot_become_whole_units(read, row, price, value, currency):
    holding = read("symbol,currency,quantity,price,market_value\n" + row + "\n").portfolios[0].holdings[0]
    assert holding.currency == currency
    assert holding.market_value == Decimal(value)
    assert holding.price == (Decimal(price) if price else None)


@pytest.mark.parametrize(
    ("row", "price", "value"),
    [
        ("B1,bond,USD,10000,98.5,9850", "0.985", "9850"),
        # The value may include accrued interest.
        ("B1,bond,GBP,10000,98.5,10100.25", "0.985", "10100.25"),
        ("B1,bond,USD,100,985,98500", "985", "98500"),
        ("B1,bond,USD,10000,0.985,9850", "0.985", "9850"),
        ("B1,equity,USD,10000,98.5,9850", "98.5", "9850"),
    ],
)
def test_bond_prices_per_100_nominal_are_seen_by_the_value(read, row, price, value):
    intake = read("symbol,asset_class,currency,quantity,price,market_value\n" + row + "\n")
    holding = intake.portfolios[0].holdings[0]
    assert (holding.price, holding.market_value) == (Decimal(price), Decimal(value))
    assert any("per 100 nominal" in note for note in intake.notes) == (Decimal(price) < 1 and ",98.5," in row)


def test_a_bond_without_a_stated_value_is_announced(read):
    intake = read("symbol,asset_class,currency,quantity,price\nB1,bond,USD,10000,98.5\n")
    assert intake.portfolios[0].holdings[0].market_value == 9_850, "never a hundredfold"
    assert any("valued per 100 of nominal" in note and "row 2 B1" in note for note in intake.notes)


def test_a_value_that_disagrees_with_quantity_times_price_is_kept_and_named(read):
    intake = read("symbol,currency,quantity,price,market_value\nVWO,USD,900,50.922,45900.35\n")
    assert intake.portfolios[0].holdings[0].market_value == Decimal("45900.35")
    assert any("row 2 VWO, 45,829.80 against 45,900.35" in note for note in intake.notes)
    assert not intake.problems


def test_rounding_of_a_price_is_no_disagreement(read):
    intake = read("symbol,currency,quantity,price,market_value\nX,USD,300000,0.01,4000\n")
    assert not any("says otherwise" in note for note in intake.notes)


def test_semicolons_and_decimal_commas_are_understood(read):
    intake = read("symbol;currency;quantity;price;market_value\nX;EUR;1.000;12,5;12.500,00\nY;EUR;1;2.500;2.500\n")
    assert [holding.market_value for holding in intake.portfolios[0].holdings] == [12500, 2500]


def test_a_number_in_the_other_style_is_a_problem_not_a_guess(read):
    intake = read('symbol,currency,market_value\nX,EUR,12.5\nY,EUR,13.25\nZ,EUR,"12,5"\n')
    assert "decimal comma" in intake.problems[0].message


def test_numbers_that_can_be_read_in_two_ways_are_announced(read):
    intake = read('symbol,currency,market_value\nX,EUR,"1,234"\n')
    assert intake.portfolios[0].holdings[0].market_value == 1234
    assert any("two ways" in note for note in intake.notes)


def test_cash_needs_no_price(read):
    holding = read("symbol,currency,quantity,price\n$CASH,CAD,2500,\n").portfolios[0].holdings[0]
    assert (holding.asset_class, holding.market_value, holding.price) == (AssetClass.CASH, 2500, 1)


def test_an_overdraft_and_a_short_line_are_negative_values(read):
    rows = "CASH_USD,USD,,,-500\nTSLA,USD,-2,250,-500\n"
    holdings = read("symbol,currency,quantity,price,market_value\n" + rows).portfolios[0].holdings
    assert [holding.market_value for holding in holdings] == [-500, -500]


def test_total_rows_are_left_out_with_a_note(read):
    intake = read("symbol,currency,market_value\nX,USD,5\nTotal,,5\n")
    assert not intake.problems
    assert any("totals" in note for note in intake.notes)


def test_without_dates_the_file_name_says_the_day_else_today_does(read):
    text = "symbol,currency,market_value\nX,USD,5\n"
    named, unnamed = read(text, "book-2026-10-30.csv"), read(text, "book.csv")
    assert named.portfolios[0].as_of == date(2026, 10, 30)
    assert unnamed.portfolios[0].as_of == date(2026, 11, 24)
    assert named.portfolios[0].portfolio_id == unnamed.portfolios[0].portfolio_id
    assert any("states no date" in note for note in unnamed.notes)


def test_twin_lines_are_both_kept_and_named(read):
    intake = read("symbol,currency,market_value\nX,USD,5\nX,USD,5\nX,USD,6\n")
    assert len(intake.portfolios[0].holdings) == 3
    assert any("twice" in note for note in intake.notes)


def test_unknown_words_for_class_and_country_are_noted_not_refused(read):
    intake = read("symbol,currency,market_value,asset_class,country\nX,USD,5,Wine,Freedonia\n")
    assert intake.portfolios[0].holdings[0].asset_class is AssetClass.OTHER
    assert intake.portfolios[0].holdings[0].country == ""
    assert len([note for note in intake.notes if "Wine" in note or "Freedonia" in note]) == 2


def test_a_repeated_column_is_refused(read):
    with pytest.raises(UnreadableFile, match="two columns named 'Symbol'"):
        read("symbol,currency,market_value,Symbol\nX,USD,5,Y\n")


def test_a_table_without_positions_says_so(read):
    intake = read(HEADER)
    assert intake.portfolios == ()
    assert "no positions" in intake.problems[0].message


def test_the_template_reads_without_a_problem():
    intake = read_bytes("template.csv", canonical_template(), today=date(2026, 11, 24))
    assert not intake.problems
    assert len(intake.portfolios[0].holdings) == 2
    assert canonical_template().decode().splitlines()[0] == ",".join(COLUMNS)
