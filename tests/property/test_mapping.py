"""The guesser of columns: never raises, and finds what is plain to see."""

from __future__ import annotations

import csv
import io
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput, UnreadableFile
from core.intake.positions.canonical import COLUMNS
from core.intake.reading import read_bytes, survey_bytes
from core.intake.tables.column_guess import MAPPABLE, guess_columns
from core.intake.tables.mapping import mapping_from
from core.intake.tables.surveying import fingerprint_of

TODAY = date(2026, 11, 24)
ROWS = {
    "date": ["2026-10-30", "2026-10-30", "2026-10-30"],
    "account": ["Main account", "Main account", "Second account"],
    "symbol": ["AAPL", "VOO", "CASH_USD"],
    "isin": ["US0378331005", "US9229083632", ""],
    "name": ["Apple Inc.", "Vanguard S&P 500 ETF", "Cash"],
    "asset_class": ["equity", "equity_fund", "cash"],
    "quantity": ["30", "20", "500"],
    "price": ["250.25", "600.50", "1"],
    "currency": ["USD", "USD", "USD"],
    "market_value": ["7507.50", "12010.00", "500"],
    "sector": ["Information Technology", "", ""],
    "country": ["US", "US", ""],
    "cost": ["6000.10", "9800.00", ""],
}
cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "1,5", "1.5", "US0378331005", "USD", "2026-10-30", "30.10.2026", "Equity", "-", "٣", "１２"]),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
)


def as_csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


@given(st.lists(cells, max_size=8), st.lists(st.lists(cells, max_size=10), max_size=12), st.sampled_from(",;\t|"))
def test_any_table_is_guessed_without_a_crash_and_no_field_twice(header, rows, delimiter):
    guesses = guess_columns(header, rows, delimiter)
    assert len(guesses) == len(header)
    fields = [guess.field for guess in guesses if guess.field]
    assert len(fields) == len(set(fields))
    assert set(fields) <= set(MAPPABLE)
    assert all(0 <= guess.confidence <= 1 for guess in guesses)


@given(st.permutations(COLUMNS))
def test_a_canonical_table_is_found_in_any_order_of_its_columns(order):
    rows = [[*order], *([ROWS[column][place] for column in order] for place in range(3))]
    found = survey_bytes("t.csv", as_csv(rows))
    assert dict(found.mapping.columns) == {column: place for place, column in enumerate(order)}


@given(st.permutations(COLUMNS), st.sampled_from([str.upper, str.title, str.swapcase]), st.sampled_from(",;\t|"))
def test_reading_by_the_guess_gives_what_the_canonical_reader_gives(order, case, delimiter):
    rows = [[case(column) for column in order], *([ROWS[column][place] for column in order] for place in range(3))]
    data = as_csv(rows, delimiter)
    found = survey_bytes("t.csv", data)
    mapped = read_bytes("t.csv", data, columns=found.mapping, today=TODAY)
    own = read_bytes("t.csv", data, format="canonical_csv", today=TODAY)
    assert [book.holdings for book in mapped.portfolios] == [book.holdings for book in own.portfolios]
    assert fingerprint_of(rows[0]) == found.fingerprint


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_surveyed_or_refused(data):
    try:
        found = survey_bytes("t.csv", data)
    except UnreadableFile:
        return
    assert found.header
    assert found.rows


@given(
    st.lists(st.lists(cells, min_size=2, max_size=6), min_size=2, max_size=8),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_any_correction_is_taken_or_refused_with_a_sentence(rows, pairs):
    try:
        found = survey_bytes("t.csv", as_csv(rows))
        mapping = mapping_from(pairs, found)
        intake = read_bytes("t.csv", as_csv(rows), columns=mapping, today=TODAY)
    except BadInput:
        return
    assert intake.portfolios or intake.problems
