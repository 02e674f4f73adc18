"""What funds hold is read by weights, with what it leaves out said, and nothing wrong comes in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.fund import FundReading, FundReport
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.funds.reading import read_fund
from tests.unit.funds.making import FORWARD, ROBOTS_LEI, TODAY, nport, security, weights

FORMATS = Path(__file__).resolve().parents[1] / "intake" / "fixtures" / "formats"
REAL = Path(__file__).resolve().parents[4] / "shared" / "data"


def read(data: bytes, name: str = "fund.xml", **more: date) -> FundReading:
    return read_fund(name, data, today=TODAY, **more)


def whole(reading: FundReading) -> FundReport:
    assert reading.problems == ()
    assert reading.report is not None
    return reading.report


def test_a_filing_gives_weights_of_net_assets_with_cash_and_the_rest_beside() -> None:
    found = whole(
        read(
            nport(
                security("Invented Robots", "600", lei=ROBOTS_LEI),
                security("Invented Brewery", "450", currency="GBP", country="GB"),
                security("Invented Short", "-100"),
                cash="40",
            )
        )
    )
    assert weights(found.lines) == {
        "Invented Robots": 60, "Invented Brewery": 45, "Invented Short": -10,
        "Cash not reported as an investment": 4, "Receivables and other assets less liabilities": 1,
    }  # fmt: skip
    assert (found.coverage_pct, found.net_assets, found.currency, found.as_of) == (
        100, 1000, "USD", date(2026, 10, 30),
    )  # fmt: skip
    assert [one.currency for one in found.lines[:2]] == ["USD", "GBP"]
    assert found.lines[0].lei == ROBOTS_LEI


def test_the_series_is_what_a_filing_says_the_fund_is_known_by() -> None:
    assert read(nport(security("A", "1"))).codes.all() == ("S000000001",)


def test_securities_that_a_fund_keeps_to_itself_are_not_covered() -> None:
    found = whole(read(nport(security("A", "900"), hidden="50")))
    assert found.coverage_pct == 95


def test_one_spelling_stands_for_an_issuer_that_a_filing_spells_in_several_ways() -> None:
    lines = whole(
        read(nport(security("INVENTED ROBOTS INC", "1", lei=ROBOTS_LEI), security("Robots", "2", lei=ROBOTS_LEI)))
    ).lines
    assert [one.issuer for one in lines[:2]] == ["INVENTED ROBOTS INC"] * 2


def test_a_derivative_counts_with_its_value_and_its_notional_is_told_apart() -> None:
    reading = read(nport(security("JPY forward", "-2", kind="DFE", issuer="OTHER", inside=FORWARD)))
    derivative = whole(reading).lines[0]
    assert derivative.asset_class is AssetClass.DERIVATIVE
    assert (derivative.weight_pct, derivative.notional_pct, derivative.issuer) == (Decimal("-0.2"), 30, "")
    assert any("notionals add up to 30.00 %" in note for note in reading.notes)


def test_a_fund_inside_and_a_bond_of_a_state_are_known_as_such() -> None:
    found = whole(
        read(
            nport(
                security("Other Fund", "1", issuer="RF"),
                security("United States Treasury", "2", kind="DBT", issuer="UST"),
            )
        )
    )
    assert found.lines[0].instrument_type is InstrumentType.FUND
    assert (found.lines[1].instrument_type, found.lines[1].sector) == (InstrumentType.GOVERNMENT_BOND, "Government")


def test_a_line_without_a_value_is_named_with_its_row_and_not_covered() -> None:
    reading = read(nport(security("A", "900"), security("B", "N/A")))
    assert [(one.column, bool(one.row)) for one in reading.problems] == [("valUSD", True)]
    assert reading.report is not None
    assert reading.report.coverage_pct == 90
    assert any("1 of 2 lines did not come in" in note for note in reading.notes)


@pytest.mark.parametrize("net", ["0", "-5", "N/A"])
def test_a_filing_without_net_assets_has_no_weights_and_says_so(net: str) -> None:
    reading = read(nport(security("A", "1"), net=net))
    assert reading.report is None
    assert "no weights" in reading.problems[0].message


@pytest.mark.parametrize(("day", "words"), [("2031-01-01", "future"), ("N/A", "date"), ("", "date")])
def test_a_filing_of_no_day_or_of_the_future_is_refused(day: str, words: str) -> None:
    reading = read(nport(security("A", "1"), day=day))
    assert reading.report is None
    assert words in reading.problems[0].message


def test_a_filing_with_entities_is_refused() -> None:
    bomb = nport(security("A", "1")).replace(b"?><edgar", b'?><!DOCTYPE x [<!ENTITY a "b">]><edgar')
    with pytest.raises(UnreadableFile, match="document type"):
        read(bomb)


@pytest.mark.parametrize(
    ("file", "name", "day", "lines", "stated", "symbols"),
    [
        ("ishares_holdings.csv", "iShares Invented World ETF", date(2026, 10, 30), 4, "99.97", ()),
        ("ishares_holdings_de.csv", "ishares_holdings_de", date(2026, 10, 30), 2, "100", ()),
        ("ssga_holdings.csv", "Invented Sector Fund", date(2026, 10, 30), 2, "100", ("INVS",)),
        ("vanguard_fund_holdings.csv", "Invented 500 Index Fund", date(2026, 10, 30), 2, "10.3", ()),
    ],
)
def test_lists_of_fund_houses_are_read_by_their_weights(
    file: str, name: str, day: date, lines: int, stated: str, symbols: tuple[str, ...]
) -> None:
    reading = read((FORMATS / file).read_bytes(), file)
    found = whole(reading)
    assert (found.name, found.as_of, len(found.lines), found.stated_pct) == (name, day, lines, Decimal(stated))
    assert reading.codes.symbols == symbols


def test_a_line_is_in_the_currency_it_is_quoted_in_and_not_in_that_of_the_fund() -> None:
    found = whole(read((FORMATS / "ishares_holdings.csv").read_bytes(), "ishares.csv"))
    assert [(one.currency, one.country) for one in found.lines[:2]] == [("USD", "US"), ("HKD", "CN")]
    assert [one.issuer for one in found.lines[2:]] == ["", ""]


SSGA = b"Fund Name:,Invented\n%s\nName,Ticker,Weight,Sector,Shares Held,Local Currency\n%s\n"


def test_a_list_without_a_day_asks_for_it() -> None:
    data = SSGA % (b",", b"ROBOTS INC,INVA,60.5,Tech,100,USD")
    reading = read(data, "list.csv")
    assert reading.report is None
    assert "--as-of" in reading.problems[0].message
    assert whole(read(data, "list.csv", as_of=date(2026, 9, 30))).as_of == date(2026, 9, 30)
    assert whole(read(data, "list-2026-08-31.csv")).as_of == date(2026, 8, 31)


@pytest.mark.parametrize(("weight", "words"), [("much", "weight"), ("", "weight"), ("5000", "1,000 %")])
def test_a_weight_that_is_none_is_named_with_row_and_value(weight: str, words: str) -> None:
    rows = f"ROBOTS INC,INVA,60.5,Tech,100,USD\nBREWERY,INVB,{weight},Tech,100,USD".encode()
    reading = read(SSGA % (b"Holdings:,As of 30-Oct-2026", rows), "list.csv")
    (problem,) = reading.problems
    assert (problem.row, problem.value) == (5, weight)
    assert words in problem.message
    assert reading.report is not None
    assert reading.report.coverage_pct == Decimal("60.5")


def test_a_total_below_the_lines_is_no_line() -> None:
    rows = b"ROBOTS INC,INVA,60.5,Tech,100,USD\nBREWERY,INVB,39.5,Tech,100,USD\nTotal,,100,,200,"
    assert len(whole(read(SSGA % (b"Holdings:,As of 30-Oct-2026", rows), "list.csv")).lines) == 2


def test_a_file_that_is_no_report_of_a_fund_is_refused_with_what_is_one() -> None:
    with pytest.raises(UnreadableFile, match="N-PORT"):
        read(b"symbol,quantity,price,currency\nVOO,1,2,USD\n", "mine.csv")


@pytest.mark.parametrize(
    ("file", "lines", "stated", "derivatives"),
    [
        ("nport/dupree.xml", 55, "97.84", 0),
        ("nport/advanced_series.xml", 0, "0.00", 0),
        ("portfolio-samples/sec_nport_goldman_sachs_bond_fund.xml", 1685, "103.93", 774),
    ],
)
def test_public_filings_add_up_to_what_they_state(file: str, lines: int, stated: str, derivatives: int) -> None:
    if not (REAL / file).exists():
        pytest.skip("the public filings are not beside this checkout")
    reading = read((REAL / file).read_bytes(), file)
    found = whole(reading)
    assert any(f"{lines:,} lines add up to {stated} % of net assets" in note for note in reading.notes)
    assert sum(one.asset_class is AssetClass.DERIVATIVE for one in found.lines) == derivatives
    assert round(found.stated_pct, 6) == 100
