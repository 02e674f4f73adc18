"""Sheets, tables and the lines beside them: what a file says is read, and what is left out is told."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from core.errors import BadInput, UnreadableFile
from core.intake.cells.numbers import NumberStyle
from core.intake.reading import survey_bytes
from core.intake.tables.choices import NOTHING_SAID, TableChoices, Undecided, choices_of
from core.intake.tables.mapping import mapping_from
from core.intake.transactions.moments import DayOrder

CANONICAL = "symbol,currency,quantity,price,market_value\n"
LINE = "AAA,EUR,10,100,1000\n"
DEALINGS = "Trade Date,Settlement Date,Transaction Type,Symbol,Shares,Share Price,Net Amount\n"
DEAL = "2026-10-02,2026-10-03,Buy,BBB,10.0,240.00,-2400.00\n"


def total(intake) -> Decimal:
    return sum((line.market_value for portfolio in intake.portfolios for line in portfolio.holdings), Decimal(0))


def notes(intake) -> str:
    return " ".join(intake.notes)


def workbook(**sheets: tuple[list[list[object]], bool]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, (rows, hidden) in sheets.items():
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if hidden else "visible"
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


HEADER = ["symbol", "currency", "market_value"]
OWN = ["Title", "Ccy", "Worth"]


@pytest.fixture
def mapped(read):
    """Read a table of nobody's format by the guess, corrected by pairs."""

    def _mapped(text: str | bytes, *pairs: str, name: str = "list.csv", choices: TableChoices = NOTHING_SAID, **more):
        data = text.encode() if isinstance(text, str) else text
        found = survey_bytes(name, data, choices)
        return read(data, name, columns=mapping_from(pairs, found), choices=choices, **more)

    return _mapped


def test_every_visible_sheet_is_an_account(read):
    intake = read(workbook(A=([HEADER, ["X", "EUR", 1]], False), B=([HEADER, ["Y", "EUR", 2]], False)), "two.xlsx")
    assert [(one.account, len(one.holdings)) for one in intake.portfolios] == [("two A", 1), ("two B", 1)]


def test_a_hidden_sheet_is_told_and_read_only_when_it_is_named(read):
    data = workbook(old=([HEADER, ["X", "EUR", 1]], True), now=([HEADER, ["Y", "EUR", 2]], False))
    intake = read(data, "two.xlsx")
    assert total(intake) == 2
    assert "Hidden sheets were not read: 'old'" in notes(intake)
    assert total(read(data, "two.xlsx", choices=TableChoices(sheet="OLD"))) == 1


def test_a_workbook_of_hidden_sheets_alone_says_how_to_read_them(read):
    data = workbook(old=([OWN, ["X", "EUR", 1], ["Z", "EUR", 3]], True), now=([["nothing"]], False))
    with pytest.raises(UnreadableFile, match=r"hidden sheets|--sheet|no format"):
        read(data, "two.xlsx")


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(read):
    with pytest.raises(UnreadableFile, match="no sheet 'C'"):
        read(workbook(A=([HEADER, ["X", "EUR", 1]], False)), "one.xlsx", choices=TableChoices(sheet="C"))


def test_sheets_with_the_same_header_of_ones_own_are_read_by_one_mapping(mapped):
    sheets = {name: ([OWN, [f"X{name}", "EUR", 10], [f"Y{name}", "EUR", 20]], False) for name in ("A", "B")}
    intake = mapped(workbook(**sheets), "Title=name", "Ccy=currency", "Worth=market_value", name="own.xlsx")
    assert (total(intake), len(intake.portfolios)) == (60, 2)


def test_a_sheet_that_says_the_same_as_another_is_read_once(read):
    rows = [HEADER, ["X", "EUR", 1]]
    intake = read(workbook(A=(rows, False), copy=(rows, False)), "two.xlsx")
    assert total(intake) == 1
    assert "'copy'" in notes(intake)


def test_a_second_canonical_table_of_a_file_is_read_too(read):
    intake = read(CANONICAL + LINE + "\nsymbol,currency,market_value\nBBB,EUR,500\n")
    assert total(intake) == 1500


def test_transactions_below_positions_are_another_table_and_told(read):
    intake = read(CANONICAL + LINE + "\n" + DEALINGS + DEAL + DEAL)
    assert total(intake) == 1000
    assert not intake.problems
    assert "row 4" in notes(intake)
    assert "list of transactions" in notes(intake)


@pytest.mark.parametrize("first", [True, False])
def test_positions_are_found_above_and_below_transactions(mapped, first):
    own = "Title,Ccy,Shares,Share Price,Total Value\nAlpha,USD,10,100.00,1000.00\nBeta,USD,5,240.00,1200.00\n"
    deals = DEALINGS + DEAL + DEAL
    intake = mapped(own + "\n" + deals if first else deals + "\n" + own, "Title=name", "Ccy=currency")
    assert total(intake) == 2200


def test_a_second_table_that_could_be_positions_is_a_problem(mapped):
    own = "Name,Currency,Market value,Sector\nAlpha,USD,1000.00,X\nBeta,USD,1200.00,Y\n"
    other = "\nName,Currency,Quantity,Market value\nGamma,EUR,3,5.00\nDelta,EUR,4,6.00\n"
    intake = mapped(own + other)
    assert "--header-row" in intake.problems[0].message
    chosen = mapped(own + other, choices=TableChoices(header_row=5))
    assert total(chosen) == 11


def test_a_header_row_that_is_none_is_refused(read):
    with pytest.raises(UnreadableFile, match="no header in row 40"):
        read(CANONICAL + LINE, choices=TableChoices(header_row=40))


def test_a_header_that_is_repeated_is_no_line(mapped):
    page = "Name;Stück;Kurs;Währung;Wert\nA;10;1,50;EUR;15,00\nB;10;2,50;EUR;25,00\n"
    group = "Anleihen;Stück;Kurs;Währung;Wert\nC;10;3,50;EUR;35,00\n"
    intake = mapped(page + page.replace("A;", "D;").replace("B;", "E;") + group)
    assert total(intake) == 115
    assert not intake.problems


@pytest.mark.parametrize(
    "above",
    ["Fund Holdings as of,\"Sep 04, 2026\"", "Stand: 04.09.2026", "Positionen zum 4. September 2026,,", "2026-09-04",
     "Inception date,2010-01-02\nHoldings as of,2026-09-04", "Statement,Data,Period,2026-08-01 - 2026-09-04"],
)  # fmt: skip
def test_a_day_above_the_table_is_the_day_of_the_list(read, above):
    intake = read(f"My list\n{above}\n\n{CANONICAL}{LINE}")
    assert intake.portfolios[0].as_of == date(2026, 9, 4)
    assert "2026-09-04 was taken from row" in notes(intake)


def test_a_day_below_the_table_is_its_day_and_no_line(mapped):
    intake = mapped("Name;Währung;Wert\nA;EUR;15,00\nB;EUR;25,00\n\nStand;04.09.2026\n")
    assert (intake.portfolios[0].as_of, len(intake.portfolios[0].holdings)) == (date(2026, 9, 4), 2)
    assert not intake.problems


def test_a_day_above_that_could_be_two_is_asked(read):
    text = f"As of 04/09/2026\n\n{CANONICAL}{LINE}"
    assert "--dates dmy" in read(text).problems[0].message
    assert read(text, choices=TableChoices(day_order=DayOrder.MONTH_FIRST)).portfolios[0].as_of == date(2026, 4, 9)


@pytest.mark.parametrize(
    ("above", "agrees"), [("\"Depotgesamtwert in Euro: 1.000,00\"", True), ("Total value,EUR,\"1,000.00\"", True),
                          ("\"Depotgesamtwert in Euro: 1.634,68\"", False), ("Total value,999.00", False)],
)  # fmt: skip
def test_a_total_above_the_table_is_compared(read, above, agrees):
    intake = read(f"{above}\n\n{CANONICAL}{LINE}")
    if agrees:
        assert "agree with the lines" in notes(intake)
        assert not intake.problems
    else:
        assert "does not agree with its lines, which come to 1,000.00" in intake.problems[0].message


def test_net_assets_that_hold_more_than_the_lines_are_told(read):
    assert "Net assets beside the table differ" in notes(read(f"Net Assets,EUR,1100.00\n\n{CANONICAL}{LINE}"))


@pytest.mark.parametrize(
    ("proof", "day"),
    [("13/02/2026", date(2026, 2, 5)), ("02/13/2026", date(2026, 5, 2)), ("29/01/26", date(2026, 2, 5))],
)  # fmt: skip
def test_one_day_proves_how_all_days_of_its_column_are_written(read, proof, day):
    table = f"date,symbol,currency,market_value\n05/02/2026,A,EUR,1\n{proof},A,EUR,2\n"
    intake = read(table)
    assert day in [one.as_of for one in intake.portfolios]
    assert proof in notes(intake)
    assert not intake.problems


@pytest.mark.parametrize("other", ["06/02/2026", "13/02/2026\n02/13/2026"])
def test_days_that_nothing_decides_are_refused_with_the_way_to_say_it(read, other):
    rows = "".join(f"{day},A,EUR,2\n" for day in other.split("\n"))
    intake = read("date,symbol,currency,market_value\n05/02/2026,A,EUR,1\n" + rows)
    assert any(problem.row == 2 and "--dates dmy" in problem.message for problem in intake.problems)


def test_what_a_person_says_of_days_is_taken(read):
    table = "date,symbol,currency,market_value\n05/02/2026,A,EUR,1\n"
    for order, day in ((DayOrder.DAY_FIRST, date(2026, 2, 5)), (DayOrder.MONTH_FIRST, date(2026, 5, 2))):
        assert read(table, choices=TableChoices(day_order=order)).portfolios[0].as_of == day


def test_a_proof_behind_thousands_of_rows_decides_the_numbers_before_it(read):
    rows = "".join(f"S{number};EUR;1.500\n" for number in range(2_100))
    assert total(read(f"symbol;currency;market_value\n{rows}X;EUR;12,50\n")) == 2_100 * 1500 + Decimal("12.5")
    assert total(read(f"symbol;currency;market_value\n{rows}X;EUR;12.50\n")) == 2_100 * Decimal("1.5") + Decimal("12.5")


@pytest.mark.parametrize(("value", "expected"), [("150", "450"), ("150000", "450000")])
def test_numbers_are_read_in_the_style_in_which_products_are_right(read, value, expected):
    rows = "".join(f"S{number}\tEUR\t100\t1.500\t{value}\n" for number in range(3))
    intake = read(f"symbol\tcurrency\tquantity\tprice\tmarket_value\n{rows}")
    assert total(intake) == Decimal(expected)
    assert "only so is quantity × price the value" in notes(intake)


def test_numbers_that_nothing_decides_are_asked_about(read):
    table = "symbol\tcurrency\tmarket_value\nA\tEUR\t1.500\n"
    with pytest.raises(Undecided, match="--decimal ,"):
        read(table)
    assert total(read(table, choices=TableChoices(style=NumberStyle.COMMA))) == 1500
    assert total(read(table, choices=TableChoices(style=NumberStyle.POINT))) == Decimal("1.5")


def test_dealings_are_read_as_positions_only_when_somebody_says_so_of_this_file(mapped, read):
    text = "date,type,name,shares,amount,currency\n2026-01-05,BUY,AAA,100,50.00,EUR\n2026-01-07,BUY,CCC,10,2.00,EUR\n"
    with pytest.raises(Undecided, match="--positions"):
        mapped(text)
    mapping = mapping_from((), survey_bytes("list.csv", text.encode()))
    with pytest.raises(Undecided, match="--positions"):
        read(text, "list.csv", remembered=lambda _header: mapping)
    assert "list of transactions" in notes(mapped(text, choices=TableChoices(positions=True)))


def test_many_days_of_few_names_are_a_history(read):
    rows = "".join(f"2026-0{month}-05,{name},EUR,{month}\n" for month, name in enumerate("ABACBCA", start=1))
    with pytest.raises(Undecided, match="days"):
        read("date,symbol,currency,market_value\n" + rows)


def test_snapshots_of_a_list_are_none(read):
    rows = "".join(f"2026-0{month}-05,{name},EUR,{month}\n" for month in range(1, 8) for name in "ABC")
    assert len(read("date,symbol,currency,market_value\n" + rows).portfolios) == 7


@pytest.mark.parametrize("column", ["Kaufdatum", "Date acquired", "Purchase date", "Opened"])
def test_days_of_purchases_are_not_the_day_of_the_list(mapped, column):
    intake = mapped(f"Name;{column};Währung;Wert\nA;2020-01-05;EUR;15,00\nB;2021-03-05;EUR;25,00\n")
    assert [len(one.holdings) for one in intake.portfolios] == [2]
    assert intake.portfolios[0].as_of > date(2026, 1, 1)


@pytest.mark.parametrize("times", [("2026-10-30 17:35", "2026-10-29 09:00"), ("2026-10-30", "2026-10-29")])
def test_days_that_differ_from_line_to_line_are_those_of_quotes(mapped, times):
    text = f"Name;Datum;Währung;Wert\nA;{times[0]};EUR;15,00\nB;{times[1]};EUR;25,00\n"
    (portfolio,) = mapped(text, "Datum=date").portfolios
    assert portfolio.as_of == date(2026, 10, 30)
    assert [line.priced_on for line in portfolio.holdings] == [None, date(2026, 10, 29)]


@pytest.mark.parametrize("header", ["基準価額", "NAV per 10,000", "Preis je 10.000", "基準価額(1万口)"])
def test_a_price_of_ten_thousand_units_is_one(mapped, header):
    intake = mapped(f"Name\tUnits\t{header}\tCurrency\nA\t26231\t11403\tJPY\nB\t10946\t9726\tJPY\n", "Units=quantity",
                    f"{header}=price")  # fmt: skip
    assert round(total(intake)) == 40557


def test_values_say_of_how_many_units_a_price_is(mapped):
    intake = mapped("Name,Units,Price,Currency,Value\nA,20000,11000,JPY,22000\nB,10000,9700,JPY,9700\n")
    assert [line.price for line in intake.portfolios[0].holdings] == [Decimal("1.1"), Decimal("0.97")]
    assert "price of 10,000 units" in notes(intake)


def test_a_column_of_market_codes_is_no_symbol():
    text = "Konto;Namn;Volym;Marknadsvärde;Valuta;Marknad\n1;Alfa;10;1000,00;SEK;FUND\n1;Beta;20;4000,00;SEK;XSTO\n"
    fields = dict(survey_bytes("x.csv", (text + "1;Gamma;5;500,00;SEK;XNGM\n").encode()).mapping.columns)
    assert fields == {"account": 0, "name": 1, "quantity": 2, "market_value": 3, "currency": 4}


def test_a_column_whose_cells_all_differ_is_no_account():
    text = "Fund;Units;Price;Currency\nAlpha Growth;10;1,50;EUR\nBeta Income;10;2,50;EUR\nGamma Bond;1;3,50;EUR\n"
    assert dict(survey_bytes("x.csv", text.encode()).mapping.columns)["name"] == 0


@pytest.mark.parametrize("said", [{"dates": "ymd"}, {"decimal": "x"}, {"header_row": 0}])
def test_a_choice_that_is_none_is_refused(said):
    with pytest.raises(BadInput):
        choices_of(None, **{"header_row": None, "dates": None, "decimal": None, **said}, positions=False)


@pytest.mark.parametrize(
    "header", ["Market value (in thousands)", "Marktwert TEUR", "Kurswert in Mio. EUR", "Value ('000)"]
)
def test_amounts_in_thousands_are_refused(mapped, header):
    with pytest.raises(UnreadableFile, match="thousands or millions"):
        mapped(f"Name;Währung;{header}\nA;EUR;15\nB;EUR;25\n", f"{header}=market_value")


def test_a_sign_in_most_amounts_is_the_guess_of_the_currency():
    text = 'Name,Value,Shares\nAlpha,"$1,000.00",10\nBeta,"$2,000.00",20\nGamma,$500.00,2\n'
    assert survey_bytes("x.csv", text.encode()).mapping.fixed == (("currency", "USD"),)


def test_a_column_that_never_varies_is_no_symbol():
    text = "Symbol,Name,Currency,Market Value\nF1,Alpha,USD,100\nF1,Beta,USD,200\n"
    assert survey_bytes("x.csv", text.encode()).mapping.place("symbol") is None


def test_what_a_list_is_worth_at_its_own_rates_is_told(mapped):
    text = "Product,Amount,Closing,Local value,,Value in EUR\nA,10,150.00,1500.00,USD,1350.00\n"
    intake = mapped(text + "B,50,100.00,5000.00,EUR,5000.00\nC,4,25.00,100.00,EUR,100.00\n")
    assert [line.currency for line in intake.portfolios[0].holdings] == ["USD", "EUR", "EUR"]
    assert "adds up to EUR 6,450.00" in notes(intake)
