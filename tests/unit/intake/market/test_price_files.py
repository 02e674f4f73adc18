"""Price files: every layout, and nothing doubtful that comes in unsaid."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.market import AnomalyKind
from core.errors import BadInput, UnreadableFile
from core.intake.market.price_files import PriceIntake, read_prices
from core.intake.market.price_table import PriceOptions

TODAY = date(2026, 11, 20)


def read(text: str, **options: object) -> PriceIntake:
    return read_prices("prices.csv", text.encode(), PriceOptions(**options), today=TODAY)  # type: ignore[arg-type]  # test


def closes(intake: PriceIntake, symbol: str) -> list[tuple[str, str]]:
    return [(str(day), f"{close:f}") for one in intake.series if one.symbol == symbol for day, close in one.closes]


def test_a_long_table_is_read_by_symbol_and_day_whatever_its_order() -> None:
    intake = read(
        "symbol,date,close,currency\nVTI,2026-01-06,301,USD\nVTI,2026-01-05,300.10,USD\nBND,2026-01-05,72,USD\n"
    )
    assert closes(intake, "VTI") == [("2026-01-05", "300.10"), ("2026-01-06", "301")]
    assert [one.currency for one in intake.series] == ["USD", "USD"]
    assert not intake.problems
    assert not intake.anomalies


def test_a_wide_table_with_decimal_commas_takes_currencies_from_its_header() -> None:
    intake = read("Datum;VTI (USD);CHSPI [CHF]\n05.01.2026;1.300,10;150,25\n06.01.2026;1.301,50;\n")
    assert closes(intake, "VTI") == [("2026-01-05", "1300.10"), ("2026-01-06", "1301.50")]
    assert closes(intake, "CHSPI") == [("2026-01-05", "150.25")]


def test_pence_become_pounds_and_that_is_said() -> None:
    intake = read("date,symbol,close,currency\n2026-01-05,AZN.L,11660,GBX\n")
    assert (intake.series[0].currency, closes(intake, "AZN.L")) == ("GBP", [("2026-01-05", "116.6")])
    assert any("GBX were divided by 100" in note for note in intake.notes)


def test_one_symbol_without_a_name_takes_it_from_the_caller_and_prefers_adjusted_closes() -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2026-01-05,1,2,1,10,9.5,100\n2026-01-06,1,2,1,11,10.5,100\n"
    intake = read(text, currency="USD", symbol="SPY")
    assert closes(intake, "SPY") == [("2026-01-05", "9.5"), ("2026-01-06", "10.5")]
    assert any("Adjusted closes" in note for note in intake.notes)
    assert "--symbol" in read(text, currency="USD").problems[0].message


def test_a_workbook_is_read_like_a_text() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["date", "VTI (USD)"], [date(2026, 1, 5), 300.1], [date(2026, 1, 6), 301]):
        sheet.append(row)
    body = io.BytesIO()
    book.save(body)
    intake = read_prices("prices.xlsx", body.getvalue(), today=TODAY)
    assert closes(intake, "VTI") == [("2026-01-05", "300.1"), ("2026-01-06", "301")]


def test_a_workbook_without_prices_says_what_is_missing() -> None:
    book = openpyxl.Workbook()
    body = io.BytesIO()
    book.save(body)
    with pytest.raises(UnreadableFile, match="date and close"):
        read_prices("prices.xlsx", body.getvalue(), today=TODAY)


def test_every_problem_of_a_file_is_shown_at_once_with_row_column_value_and_remedy() -> None:
    intake = read(
        "date,symbol,close,currency\n2026-01-05,VTI,abc,USD\n2026-13-05,VTI,1,USD\n2026-01-06,VTI,-3,USD\n"
        "2027-05-01,VTI,3,USD\n2026-01-07,,3,USD\n2026-01-08,BND,3,XYZ\n2026-01-09,BND,3,\n"
    )
    assert [(one.row, one.column, one.value) for one in intake.problems] == [
        (2, "close", "abc"),
        (3, "date", "2026-13-05"),
        (4, "close", "-3"),
        (5, "date", "2027-05-01"),
        (6, "symbol", ""),
        (7, "currency", "XYZ"),
    ]
    assert all(one.message.endswith(".") for one in intake.problems)
    assert intake.series == ()


def test_a_date_that_could_be_two_days_is_refused_unless_another_row_tells() -> None:
    doubtful = read("date,symbol,close,currency\n04/03/2026,VTI,1,USD\n")
    assert "two days" in doubtful.problems[0].message
    american = read("date,symbol,close,currency\n04/03/2026,VTI,1,USD\n04/13/2026,VTI,1.01,USD\n")
    assert closes(american, "VTI") == [("2026-04-03", "1"), ("2026-04-13", "1.01")]
    european = read("date,symbol,close,currency\n04/03/2026,VTI,1,USD\n13/03/2026,VTI,1.01,USD\n")
    assert closes(european, "VTI") == [("2026-03-04", "1"), ("2026-03-13", "1.01")]


def test_of_two_different_closes_of_a_day_neither_comes_in() -> None:
    intake = read(
        "date,symbol,close,currency\n2026-01-05,VTI,300,USD\n2026-01-06,VTI,301,USD\n2026-01-06,VTI,302,USD\n"
        "2026-01-06,VTI,301,USD\n"
    )
    assert closes(intake, "VTI") == [("2026-01-05", "300")]
    assert [one.row for one in intake.problems] == [3, 4, 5]


def test_a_repeated_row_is_read_once() -> None:
    intake = read("date,symbol,close,currency\n2026-01-05,VTI,300,USD\n2026-01-05,VTI,300.0,USD\n")
    assert closes(intake, "VTI") == [("2026-01-05", "300")]
    assert any("Repeated rows" in note for note in intake.notes)


AET = (
    "date,symbol,close,currency\n2026-01-05,AET-L,14.50,GBP\n2026-01-06,AET-L,0.1455,GBP\n2026-01-07,AET-L,14.60,GBP\n"
)


def test_a_close_a_hundred_times_off_its_neighbours_is_refused() -> None:
    intake = read(AET)
    assert closes(intake, "AET-L") == [("2026-01-05", "14.50"), ("2026-01-07", "14.60")]
    assert [(one.row, one.value) for one in intake.problems] == [(3, "0.1455")]


def test_a_refused_close_is_shown_as_the_file_has_it() -> None:
    intake = read("date,AZN.L (GBX)\n2026-01-05,11600\n2026-01-06,116.5\n2026-01-07,11655\n")
    assert [(one.row, one.column, one.value) for one in intake.problems] == [(3, "AZN.L (GBX)", "116.5")]


def test_a_close_a_hundred_times_off_comes_in_where_that_was_asked_for_and_is_reported() -> None:
    intake = read(AET, accept_jumps=True)
    assert len(closes(intake, "AET-L")) == 3
    assert [one.kind for one in intake.anomalies] == [AnomalyKind.JUMP, AnomalyKind.JUMP]


def test_a_series_that_changes_its_unit_for_good_does_not_come_in_at_all() -> None:
    intake = read("date,symbol,close,currency\n2026-01-05,X,1450,GBP\n2026-01-06,X,1455,GBP\n2026-01-07,X,14.6,GBP\n")
    assert intake.series == ()
    assert intake.problems[0].row == 4
    assert "--accept-jumps" in intake.problems[0].message


def test_jumps_gaps_and_stale_closes_come_in_and_are_reported() -> None:
    day, rows = date(2026, 1, 5), ["date,symbol,close,currency"]
    for place in range(60):
        day += timedelta(days=1 if day.weekday() < 4 else 3)
        if 10 <= place < 20:
            continue
        close = 100 if place < 10 else 140 if place < 30 else 140 + place
        rows.append(f"{day},X,{close},USD")
    intake = read("\n".join(rows))
    assert {one.kind for one in intake.anomalies} == {AnomalyKind.GAP, AnomalyKind.JUMP, AnomalyKind.STALE}
    jump = next(one for one in intake.anomalies if one.kind is AnomalyKind.JUMP)
    assert "+40.0 %" in jump.message
    assert len(intake.series[0].closes) == 50
    assert not intake.problems


def test_a_jump_is_reported_beyond_the_stated_threshold_only() -> None:
    text = "date,symbol,close,currency\n2026-01-05,X,100,USD\n2026-01-06,X,112,USD\n"
    assert read(text).anomalies == ()
    assert len(read(text, jump_pct=10.0).anomalies) == 1


def test_a_monthly_series_has_no_gaps() -> None:
    rows = [f"2026-{month:02d}-28,X,{100 + month},USD" for month in range(1, 11)]
    assert read("\n".join(["date,symbol,close,currency", *rows])).anomalies == ()


def test_a_symbol_keeps_one_currency() -> None:
    intake = read("date,symbol,close,currency\n2026-01-05,X,100,USD\n2026-01-06,X,101,EUR\n")
    assert closes(intake, "X") == [("2026-01-05", "100")]
    assert "USD in earlier rows and in EUR here" in intake.problems[0].message


def test_a_column_without_a_currency_is_a_problem_and_the_others_come_in() -> None:
    intake = read("date,VTI (USD),EXS1\n2026-01-05,300,50\n")
    assert [one.symbol for one in intake.series] == ["VTI"]
    assert [(one.column, one.value) for one in intake.problems] == [("currency", "EXS1")]


def test_a_currency_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match="DOLLARS"):
        read("date,symbol,close\n2026-01-05,X,1\n", currency="DOLLARS")


@pytest.mark.parametrize("text", ["a,b,c\n1,2,3\n", "date\n2026-01-05\n", "<html><body>no</body></html>"])
def test_what_is_no_price_table_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(UnreadableFile):
        read(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_ends_in_a_result_or_a_reason(body: str) -> None:
    try:
        intake = read("date,symbol,close,currency\n" + body)
    except UnreadableFile:
        return
    for one in intake.series:
        days = [day for day, _ in one.closes]
        assert days == sorted(set(days))
        assert all(close > Decimal(0) for _, close in one.closes)
