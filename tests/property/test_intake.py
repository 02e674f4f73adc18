"""Whatever comes in: no crash, no lost cent, no dependence on the order of rows."""

from __future__ import annotations

import csv
import io
import string
from datetime import date
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.portfolio import Intake
from core.errors import UnreadableFile
from core.intake.cells.codes import isin_fault
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import display_name, is_portfolio_id, portfolio_id_of
from core.intake.cells.numbers import MAX_MAGNITUDE, NotANumber, NumberStyle, choose_style, parse_number
from core.intake.reading import FORMATS, read_bytes

TODAY = date(2026, 11, 24)
HEADER = ("date", "account", "symbol", "currency", "quantity", "price", "market_value")

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=4)
positive = st.decimals(min_value=0, max_value=10**9, places=6)
symbols = st.text(string.ascii_uppercase + string.digits + ".", min_size=1, max_size=8).filter(lambda s: s.strip("."))
names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)


@st.composite
def table(draw):
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["2026-09-30", "2026-10-30"]),
                st.sampled_from(["A1", "B2", ""]),
                symbols,
                st.sampled_from(["USD", "EUR", "JPY"]),
                st.just(""),
                st.just(""),
                amounts.map(str),
            ),
            min_size=1,
            max_size=30,
        )
    )
    return [row for row in rows if row[2] not in ("TOTAL", "TOTALS")]


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return text.getvalue().encode()


def read(data: bytes, name: str = "file.csv", **options: object) -> Intake:
    return read_bytes(name, data, **{"today": TODAY, **options})


@given(amounts, st.sampled_from(NumberStyle), st.booleans(), st.booleans())
def test_a_number_survives_being_written(value, style, grouped, bracketed):
    text = f"{abs(value):,f}" if grouped else f"{abs(value):f}"
    if style is NumberStyle.COMMA:
        text = text.translate(str.maketrans(".,", ",."))
    text = f"({text})" if bracketed and value < 0 else f"{'-' if value < 0 else ''}{text}"
    assert parse_number(text, style) == value


@given(st.text(max_size=60), st.sampled_from(NumberStyle))
def test_any_text_is_a_finite_number_or_refused(text, style):
    try:
        value = parse_number(text, style)
    except NotANumber:
        return
    assert value.is_finite()
    assert abs(value) < 10**18


@given(st.lists(amounts.map(lambda value: f"{value:,.2f}"), min_size=1))
def test_numbers_with_two_decimals_always_show_their_style(texts):
    assert choose_style(texts, ";").style is NumberStyle.POINT
    swapped = [text.translate(str.maketrans(".,", ",.")) for text in texts]
    assert choose_style(swapped, ",").style is NumberStyle.COMMA


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(9999, 12, 31)))
def test_a_day_survives_being_written(day):
    for text in (day.isoformat(), day.strftime("%d.%m.%Y"), f"{day:%Y%m%d}", f"{day.day}-{day:%b}-{day:%Y}"):
        assert parse_date(text) == day


@given(st.text(max_size=50))
def test_any_text_is_a_day_or_refused(text):
    try:
        assert parse_date(text).year >= 1970
    except NotADate:
        return


@given(st.text(string.ascii_uppercase + string.digits, min_size=12, max_size=12))
def test_at_most_one_check_digit_fits_an_isin(text):
    assert sum(isin_fault(text[:11] + digit) is None for digit in string.digits) in (0, 1)


@given(names, names)
def test_ids_are_always_valid(family, account):
    assert is_portfolio_id(portfolio_id_of(family, account))


@given(st.text(max_size=400))
def test_shown_names_are_safe(name):
    shown = display_name(name)
    assert shown.isprintable()
    assert 0 < len(shown) <= 120
    assert not {"/", "\\"} & set(shown)


@given(table())
def test_every_value_of_a_table_comes_in_exactly(rows):
    intake = read(as_csv(rows))
    values = [holding.market_value for portfolio in intake.portfolios for holding in portfolio.holdings]
    assert sorted(values) == sorted(Decimal(row[6]) for row in rows)
    assert not [problem for problem in intake.problems if problem.row is not None]


@given(table(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_only_the_order_of_holdings(rows, random):
    def content(intake: Intake) -> dict[object, object]:
        return {
            (p.portfolio_id, p.as_of, p.name, p.base_currency, p.region): sorted(map(repr, p.holdings))
            for p in intake.portfolios
        }

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert content(read(as_csv(rows))) == content(read(as_csv(shuffled)))


@given(table(), table())
def test_a_file_read_twice_is_the_same_and_accounts_do_not_disturb_each_other(rows, others):
    assert read(as_csv(rows)) == read(as_csv(rows))
    alone = {(p.portfolio_id, p.as_of): p for p in read(as_csv([row for row in rows if row[1] == "A1"])).portfolios}
    moved = [(row[0], "C3", *row[2:]) for row in others]
    together = {(p.portfolio_id, p.as_of): p for p in read(as_csv(rows + moved)).portfolios}
    for key, portfolio in alone.items():
        assert together[key].holdings == portfolio.holdings


@given(quantity=positive, price=positive, units=st.sampled_from([("GBP", 1), ("GBX", 100)]))
def test_a_computed_value_is_the_product_in_whole_units(quantity, price, units):
    intake = read(as_csv([("2026-10-30", "A", "X", units[0], str(quantity), str(price), "")]))
    if quantity * price / units[1] >= MAX_MAGNITUDE:
        assert intake.portfolios == ()
    elif len(f"{price:f}") <= 40 and len(f"{quantity:f}") <= 40:
        assert intake.portfolios[0].holdings[0].market_value == quantity * price / units[1]


STARTS = [
    b"",
    b"PK\x03\x04",
    b"\xff\xfe",
    b"<FlexQueryResponse>",
    b"<?xml version='1.0'?>",
    b"<OFX><INVSTMTRS><DTASOF>20261030<CURDEF>USD<INVPOSLIST><POSSTOCK><INVPOS><UNITS>",
    b"OFXHEADER:100\n\n<OFX><INVSTMTRS><DTASOF>20261030<CURDEF>USD<INVPOSLIST><POSSTOCK><INVPOS><UNITS>",
    b"<informationTable><infoTable><cusip>037833100</cusip><value>",
    b"<client><version>60</version><securities>",
    b"2026-10-30 open Assets:Cash\n",
    b'{"as_of": "2026-10-30", "holdings": [',
    b"as_of: 2026-10-30\nholdings:\n  - ",
    b"symbol,currency,market_value\n",
    b"\xef\xbb\xbfsymbol;currency;market_value\r\n",
    b"Account Number,Symbol,Description,Quantity,Last Price,Current Value\n",
    b'"Symbol","Description","Quantity","Price","Market Value","Security Type"\n',
]


@given(st.sampled_from(STARTS), st.binary(max_size=400), st.sampled_from(["auto", *FORMATS]))
@example(b"\xff\xfe", b"\x00\xd8", "auto")
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_and_nothing_else(start, rest, kind):
    try:
        intake = read(start + rest, format=kind)
    except UnreadableFile:
        return
    assert intake.portfolios or intake.problems


HEADERS = [
    HEADER,
    ("account number", "account name", "symbol", "description", "quantity", "last price", "current value"),
    ("symbol", "description", "quantity", "price", "market value", "security type"),
]
cells = st.one_of(names, amounts.map(str), st.sampled_from(["USD", "GBX", "--", "", "2026-10-30"]))


@given(st.lists(st.lists(cells, max_size=9), max_size=12), st.sampled_from(HEADERS))
def test_any_cells_under_a_known_header_are_judged_row_by_row(rows, header):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    try:
        intake = read(text.getvalue().encode())
    except UnreadableFile:
        return
    for portfolio in intake.portfolios:
        assert portfolio.holdings
        assert all(holding.symbol and holding.market_value.is_finite() for holding in portfolio.holdings)
