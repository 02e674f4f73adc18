"""What a broker's file proves by itself goes before any rule of thumb, and half of a pair is called what it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name

FREETRADE = (
    "Title,Type,Timestamp,Account Currency,Total Amount,Buy / Sell,Ticker,ISIN,Price per Share,Stamp Duty,Quantity,"
    "Instrument Currency,FX Fee Amount,Dividend Eligible Quantity\n"
)
BOUGHT = "Alpha,ORDER,2026-03-02T10:00:00.000Z,GBP,1000.00,BUY,AAA,,100.00,0.00,10,GBP,0.00,\n"
TOP_UP = ",TOP_UP,2026-03-01T10:00:00.000Z,GBP,1500.00,,,,,,,,,\n"
TRADING212 = (
    "Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Exchange rate,Result,"
    "Currency (Result),Total,Currency (Total)\n"
)


def paid(units: str, day: str = "2026-09-30") -> str:
    return f"Alpha,DIVIDEND,{day}T00:00:00.000Z,GBP,4.00,,AAA,,,,,GBP,,{units}\n"


def symbols(intake) -> list[str]:
    return [line.symbol for portfolio in intake.portfolios for line in portfolio.holdings]


def test_a_dividend_on_more_units_than_are_known_shows_that_a_split_is_missing(read):
    intake = read(FREETRADE + paid("30") + BOUGHT + TOP_UP)
    assert "paid on 30 units of 'AAA', but only 10 are known" in intake.problems[0].message
    # A split moves no money, so the cash still stands.
    assert symbols(intake) == ["CASH_GBP"]


def test_a_dividend_on_units_that_no_split_explains_leaves_the_cash_unknown(read):
    intake = read(FREETRADE + paid("17") + BOUGHT + TOP_UP)
    assert intake.portfolios == ()
    assert any("Cash in GBP" in note and "not known" in note for note in intake.notes)


@pytest.mark.parametrize("units", ["10", "9"])
def test_a_dividend_on_units_that_were_held_says_nothing(read, units):
    assert read(FREETRADE + paid(units) + BOUGHT + TOP_UP).problems == ()


def test_a_dividend_is_paid_on_what_was_held_before_a_sale(read):
    sold = "Alpha,ORDER,2026-09-20T10:00:00.000Z,GBP,800.00,SELL,AAA,,100.00,0.00,8,GBP,0.00,\n"
    assert read(FREETRADE + paid("10") + sold + BOUGHT + TOP_UP).problems == ()


def test_a_sale_of_what_never_came_in_leaves_the_cash_unknown(read):
    intake = read(
        TRADING212
        + "Market sell,2026-07-02 10:00:00,,AAA,Alpha,40.0,25.00,EUR,1,,EUR,1000.00,EUR\n"
        + "Dividend (Ordinary),2026-07-20 10:00:00,,BBB,Beta,100.0,0.50,EUR,1,,EUR,50.00,EUR\n"
        + "Market buy,2026-08-02 10:00:00,,CCC,Gamma,2.0,100.00,EUR,1,,EUR,200.00,EUR\n"
    )
    assert symbols(intake) == ["CCC"]
    assert ["'AAA'" in intake.problems[0].message, "'BBB'" in intake.problems[1].message] == [True, True]
    assert any("Cash in EUR" in note for note in intake.notes)


def ledger_of_performance(version: int, moment: str = "2026-10-05T00:00", currency: str = "EUR") -> str:
    said = f"<currencyCode>{currency}</currencyCode>" if currency else ""
    booking = f"{said}<security reference='../../../../../securities/security'/>"
    return (
        f"<client><version>{version}</version><baseCurrency>EUR</baseCurrency><securities><security><uuid>s</uuid>"
        f"<name>Alpha AG</name>{said}<tickerSymbol>AAA</tickerSymbol><prices><price t='2026-10-30' v='10000000000'/>"
        "</prices></security></securities><accounts/><portfolios><portfolio><uuid>p</uuid><name>Depot</name>"
        "<transactions>"
        f"<portfolio-transaction><date>2026-10-05T10:49</date><amount>100000</amount><shares>1000000000</shares>{booking}"
        "<type>DELIVERY_INBOUND</type></portfolio-transaction>"
        f"<portfolio-transaction><date>{moment}</date><amount>40000</amount><shares>400000000</shares>{booking}"
        "<type>DELIVERY_OUTBOUND</type></portfolio-transaction></transactions></portfolio></portfolios></client>"
    )


def test_midnight_is_a_time_that_nobody_wrote(read):
    held = read(ledger_of_performance(66), "x.xml").portfolios[0].holdings[0]
    assert (held.quantity, held.market_value) == (6, 600)


def test_a_time_that_was_written_counts(read):
    intake = read(ledger_of_performance(66, "2026-10-05T09:00"), "x.xml")
    assert "only 0 are known" in intake.problems[0].message


@pytest.mark.parametrize("version", [25, 26, 27, 28])
def test_a_file_of_before_currencies_is_called_old(read, version):
    with pytest.raises(UnreadableFile, match=f"old Portfolio Performance .file version {version}."):
        read(ledger_of_performance(version, currency=""), "x.xml")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ACME CORP NOTE CALL MAKE WHOLE 4.25000% 03/15/2031", "bond"),
        ("ALPHA INC SR NT 3.5% 2029", "bond"),
        ("ALPHA INC", "equity"),
        ("TARGET RETIREMENT 2030 FUND", "fund"),
    ],
)
def test_a_coupon_and_a_year_say_more_than_the_debtor(name, kind):
    assert class_from_name(name) == kind


def test_the_currency_whose_rate_is_one_is_the_base(read):
    line = (
        "<OpenPosition accountId='U1' currency='{}' fxRateToBase='{}' assetCategory='STK' symbol='{}' position='10' "
        "markPrice='100' positionValue='1000' reportDate='20261030' levelOfDetail='SUMMARY'/>"
    )
    intake = read(
        "<FlexQueryResponse><FlexStatements><FlexStatement accountId='U1' toDate='20261030'><OpenPositions>"
        + line.format("USD", "0.8", "AAA") + line.format("USD", "0.8", "CCC") + line.format("CHF", "1", "BBB")
        + "</OpenPositions></FlexStatement></FlexStatements></FlexQueryResponse>",
        "flex.xml",
    )  # fmt: skip
    assert (intake.portfolios[0].base_currency, intake.portfolios[0].base_currency_given) == ("CHF", True)
    assert any("CHF 2,600.00" in note for note in intake.notes)


def statement(cash: str, balances: str = "") -> str:
    fund = (
        "<POSMF><INVPOS><SECID><UNIQUEID>9<UNIQUEIDTYPE>CUSIP</SECID><HELDINACCT>CASH<POSTYPE>LONG<UNITS>1500"
        "<UNITPRICE>1<MKTVAL>1500</INVPOS></POSMF>"
    )
    share = fund.replace("POSMF", "POSSTOCK").replace(">9<", ">1<").replace(">1500<MKT", ">1000<MKT")
    return (
        "OFXHEADER:100\n\n<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20261030<CURDEF>USD<INVACCTFROM>"
        f"<BROKERID>x<ACCTID>1</INVACCTFROM><INVPOSLIST>{fund}{share}</INVPOSLIST><INVBAL><AVAILCASH>{cash}{balances}"
        "</INVBAL></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1><SECLISTMSGSRSV1><SECLIST><MFINFO><SECINFO><SECID>"
        "<UNIQUEID>9<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>Example Money Market Fund<TICKER>EXMXX</SECINFO></MFINFO>"
        "</SECLIST></SECLISTMSGSRSV1></OFX>"
    )


def test_a_sweep_fund_that_is_the_available_cash_counts_once(read):
    intake = read(statement("1500"), "x.ofx")
    assert "CASH_USD" not in symbols(intake)
    assert any("counted once" in note for note in intake.notes)


def test_cash_beside_a_sweep_fund_is_kept_and_told(read):
    intake = read(statement("1700"), "x.ofx")
    assert "CASH_USD" in symbols(intake)
    assert any("may include Example Money Market Fund" in note for note in intake.notes)


def test_the_cover_page_of_a_filing_is_called_so(read):
    page = (
        '<edgarSubmission xmlns="http://www.sec.gov/edgar/thirteenffiler"><formData><coverPage/></formData>'
        "</edgarSubmission>"
    )
    with pytest.raises(UnreadableFile, match="cover page of a 13F; its holdings stand in the information table"):
        read(page, "primary_doc.xml")


def test_a_corporate_bond_at_a_broker_is_priced_per_hundred(read):
    table = "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value\n"
    held = read(table + "X7,T,12345AB67,ACME CORP NOTE 4.25000% 03/15/2031,20000,$98.40,$19680.00\n")
    line = held.portfolios[0].holdings[0]
    assert (line.asset_class, line.price, line.market_value) == ("bond", Decimal("0.984"), 19_680)
