"""OFX investment statements in both spellings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile

POSITION = """<{tag}><INVPOS><SECID><UNIQUEID>{key}<UNIQUEIDTYPE>CUSIP</SECID><HELDINACCT>CASH<POSTYPE>{side}
<UNITS>{units}<UNITPRICE>{price}<MKTVAL>{value}<DTPRICEASOF>20261030{more}</INVPOS></{tag}>"""
SECURITY = """<{tag}><SECINFO><SECID><UNIQUEID>{key}<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>{name}<TICKER>{ticker}</SECINFO>
{more}</{tag}>"""


def position(tag="POSSTOCK", key="037833100", side="LONG", units="10", price="250", value="2500.00", more=""):
    return POSITION.format(tag=tag, key=key, side=side, units=units, price=price, value=value, more=more)


def security(tag="STOCKINFO", key="037833100", name="APPLE INC", ticker="AAPL", more=""):
    return SECURITY.format(tag=tag, key=key, name=name, ticker=ticker, more=more)


def sgml(*positions, securities="", networth="", cash="100.00", margin="0", day="20261030120000.000[-4:EDT]"):
    balance = f"<BAL><NAME>Networth<BALTYPE>DOLLAR<VALUE>{networth}</BAL>" if networth else ""
    return f"""OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>{day}<CURDEF>USD<INVACCTFROM><BROKERID>broker.example
<ACCTID>42</INVACCTFROM><INVPOSLIST>{"".join(positions)}</INVPOSLIST><INVBAL><AVAILCASH>{cash}
<MARGINBALANCE>{margin}<SHORTBALANCE>0<BALLIST>{balance}</BALLIST></INVBAL></INVSTMTRS></INVSTMTTRNRS>
</INVSTMTMSGSRSV1><SECLISTMSGSRSV1><SECLIST>{securities}</SECLIST></SECLISTMSGSRSV1></OFX>"""


def as_xml(text: str) -> str:
    """The same statement with every tag closed."""
    import re

    body = text[text.index("<OFX>") :]
    closed = re.sub(r"<([A-Z0-9]+)>([^<>\s][^<]*)", lambda m: f"<{m[1]}>{m[2].strip()}</{m[1]}>", body)
    return '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="200"?>\n' + closed


def lines(intake):
    return {holding.symbol: holding for holding in intake.portfolios[0].holdings}


def test_both_spellings_mean_the_same(read):
    text = sgml(position(), securities=security(name="A &amp; B"), networth="2600")
    old, new = read(text, "a.ofx"), read(as_xml(text), "a.ofx")
    assert old.portfolios == new.portfolios
    book = old.portfolios[0]
    assert (old.format, book.account, book.as_of, book.name) == ("ofx", "42", date(2026, 10, 30), "broker.example 42")
    apple = lines(old)["AAPL"]
    assert (apple.name, apple.terms.cusip, apple.terms.instrument_type) == ("A & B", "037833100", InstrumentType.SHARE)
    assert sum(holding.market_value for holding in book.holdings) == 2600
    assert not any("total" in note for note in old.notes)


def test_a_net_worth_that_does_not_fit_is_named(read):
    assert any(
        "states a total of 9,999.00 USD" in note for note in read(sgml(position(), networth="9999"), "a.ofx").notes
    )


def test_an_option_contract_is_a_hundred_shares_unless_the_list_says_otherwise(read):
    option = position("POSOPT", units="1", price="5", value="500")
    assert lines(read(sgml(option), "a.ofx"))["037833100"].market_value == 500
    mini = position("POSOPT", units="1", price="5", value="")
    listed = security("OPTINFO", ticker="AAPL1", more="<SHPERCTRCT>10")
    holding = lines(read(sgml(mini, securities=listed), "a.ofx"))["AAPL1"]
    assert (holding.market_value, holding.asset_class) == (50, AssetClass.DERIVATIVE)


def test_a_bond_is_quoted_in_percent_of_its_face_value(read):
    bond = position("POSDEBT", units="10000", price="98.5", value="9850")
    listed = security("DEBTINFO", ticker="", more="<DEBTCLASS>TREASURY")
    intake = read(sgml(bond, securities=listed), "a.ofx")
    holding = lines(intake)["037833100"]
    assert (holding.price, holding.quantity * holding.price) == (Decimal("0.985"), 9850)
    assert holding.terms.instrument_type is InstrumentType.GOVERNMENT_BOND
    assert not any("says otherwise" in note for note in intake.notes)


@pytest.mark.parametrize(("units", "value"), [("10", "2500"), ("-10", "-2500")])
def test_a_short_line_is_negative_however_it_is_written(read, units, value):
    holding = lines(read(sgml(position(side="SHORT", units=units, value=value)), "a.ofx"))["037833100"]
    assert (holding.quantity, holding.market_value) == (-10, -2500)


def test_borrowed_money_is_a_negative_line(read):
    found = lines(read(sgml(position(), cash="200.00", margin="-50.00"), "a.ofx"))
    assert (found["CASH_USD"].market_value, found["CASH_MARGIN_USD"].market_value) == (200, -50)


def test_an_amount_in_another_currency_says_so_beside_it(read):
    foreign = position(more="<CURRENCY><CURRATE>1.3<CURSYM>CAD</CURRENCY>")
    assert lines(read(sgml(foreign), "a.ofx"))["037833100"].currency == "CAD"


def test_a_fund_listed_as_a_stock_is_known_by_its_name(read):
    listed = security(name="SPDR S&amp;P 500 ETF TRUST", ticker="SPY")
    assert lines(read(sgml(position(), securities=listed), "a.ofx"))["SPY"].asset_class is AssetClass.EQUITY_FUND


def test_a_statement_without_positions_says_what_to_download(read):
    intake = read(sgml(cash="0"), "a.ofx")
    assert [problem.column for problem in intake.problems] == ["INVPOSLIST"]


@pytest.mark.parametrize("day", ["", "20300101", "soon"])
def test_a_statement_without_a_good_day_is_a_problem(read, day):
    assert [problem.column for problem in read(sgml(position(), day=day), "a.ofx").problems] == ["DTASOF"]


def test_bank_statements_are_refused_with_the_remedy(read):
    with pytest.raises(UnreadableFile, match="statement of the brokerage account"):
        read("OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTRS><CURDEF>USD</STMTRS></BANKMSGSRSV1></OFX>", "a.ofx")


def test_bombs_in_either_spelling_are_refused(read):
    bomb = '<!DOCTYPE OFX [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    xml = as_xml(sgml(position())).replace("<OFX>", bomb + "<OFX>", 1)
    with pytest.raises(UnreadableFile, match="document type or entities"):
        read(xml, "a.ofx")
    with pytest.raises(UnreadableFile, match="deeper than 32"):
        read("OFXHEADER:100\n<OFX>" + "<A>" * 200_000, "a.ofx")
