"""Funds' and managers' filings with the SEC."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile

BOND = """<invstOrSec><name>Treasury of Ruritania</name><lei>{lei}</lei><title>RUR 4 2030</title>
  <cusip>123456AB1</cusip><identifiers/><balance>1000</balance><units>PA</units><curCd>USD</curCd>
  <valUSD>600</valUSD><pctVal>60</pctVal><payoffProfile>Long</payoffProfile><assetCat>DBT</assetCat>
  <issuerCat>NUSS</issuerCat><invCountry>XX</invCountry><fairValLevel>2</fairValLevel><fundCat>HLI</fundCat>
</invstOrSec>"""
SHARE = """<invstOrSec><name>Apple Inc.</name><lei>N/A</lei><title>Apple Inc.</title><cusip>037833100</cusip>
  <identifiers><isin value="US0378331005"/><ticker value="AAPL"/></identifiers><balance>2</balance><units>NS</units>
  <curCd>USD</curCd><valUSD>500</valUSD><pctVal>50</pctVal><assetCat>EC</assetCat><issuerCat>CORP</issuerCat>
  <invCountry>US</invCountry><fairValLevel>1</fairValLevel></invstOrSec>"""
SWAP = """<invstOrSec><name>Clearing House</name><lei>LCH00000000000000000</lei><title>IRS EUR</title>
  <cusip>000000000</cusip><identifiers><other otherDesc="Internal" value="IRS-1"/></identifiers>
  <balance>1000000</balance><units>OU</units><currencyConditional curCd="EUR" exchangeRt="0.8"/>
  <valUSD>-40</valUSD><pctVal>-4</pctVal><assetCat>DIR</assetCat><issuerConditional issuerCat="OTHER"/>
  <invCountry>DE</invCountry><fairValLevel>2</fairValLevel><derivativeInfo><swapDeriv derivCat="SWP">
  <counterparties><counterpartyName>Clearing House</counterpartyName></counterparties>
  <notionalAmt>1000000</notionalAmt><curCd>EUR</curCd></swapDeriv></derivativeInfo></invstOrSec>"""
FORWARD = """<invstOrSec><name>Bank</name><lei>N/A</lei><title>PURCHASED JPY / SOLD CHF</title>
  <cusip>N/A</cusip><identifiers/><balance>1</balance><units>NC</units>
  <currencyConditional curCd="JPY" exchangeRt="{rate}"/><valUSD>5</valUSD><pctVal>0.5</pctVal><assetCat>DFE</assetCat>
  <invCountry>JP</invCountry><derivativeInfo><fwdDeriv><amtCurSold>100</amtCurSold><curSold>CHF</curSold>
  <amtCurPur>15000</amtCurPur><curPur>JPY</curPur></fwdDeriv></derivativeInfo></invstOrSec>"""
FUND = """<invstOrSec><name>Big Bond Index Fund</name><lei>N/A</lei><title>Big Bond Index Fund</title>
  <cusip>N/A</cusip><identifiers><ticker value="BBIF"/></identifiers><balance>1</balance><units>NS</units>
  <curCd>USD</curCd><valUSD>10</valUSD><pctVal>1</pctVal><assetCat>EC</assetCat><issuerCat>RF</issuerCat>
  <invCountry>US</invCountry></invstOrSec>"""


def nport(*lines: str, net: str = "1000", cash: str = "30", day: str = "2026-09-30") -> str:
    return f"""
<?xml version="1.0"?><edgarSubmission xmlns="http://www.sec.gov/edgar/nport"><formData>
<genInfo><regName>TRUST</regName><seriesName>Ruritanian Bond Fund</seriesName><seriesId>S000000001</seriesId>
<repPdEnd>2026-12-31</repPdEnd><repPdDate>{day}</repPdDate></genInfo>
<fundInfo><netAssets>{net}</netAssets><cshNotRptdInCorD>{cash}</cshNotRptdInCorD></fundInfo>
<invstOrSecs>{"".join(lines)}</invstOrSecs></formData></edgarSubmission>"""


def by_symbol(intake):
    return {holding.symbol: holding for holding in intake.portfolios[0].holdings}


def test_weights_of_a_fund_are_the_percentages_it_states(read):
    intake = read(nport(BOND, SHARE, SWAP), "filing.xml")
    fund = intake.portfolios[0]
    assert (intake.format, fund.name, fund.as_of, fund.base_currency) == (
        "sec_nport", "Ruritanian Bond Fund", date(2026, 9, 30), "USD",
    )  # fmt: skip
    total = sum(holding.market_value for holding in fund.holdings)
    assert total == 1000
    lines = by_symbol(intake)
    assert [lines[symbol].market_value / total * 100 for symbol in ("123456AB1", "AAPL", "IRS-1")] == [60, 50, -4]
    assert (lines["CASH_USD"].market_value, lines["RECEIVABLES_NET"].market_value) == (30, -90)
    assert any("1,060.00 USD, 106.00 % of its net assets (1,000.00)" in note for note in intake.notes)


def test_a_notional_is_dollars_and_never_a_value(read):
    lines = by_symbol(read(nport(SWAP, FORWARD.format(rate="150")), "filing.xml"))
    assert (lines["IRS-1"].terms.notional, lines["IRS-1"].market_value) == (Decimal("1250000.00"), -40)
    forward = lines["PURCHASED JPY / SOLD CHF"].terms
    assert (forward.notional, forward.instrument_type, forward.issuer) == (100, InstrumentType.FORWARD, "")


def test_a_rate_of_another_line_of_the_filing_serves_a_forward_that_states_none(read):
    euro = FORWARD.format(rate="").replace("JPY", "EUR").replace("15000", "80")
    lines = by_symbol(read(nport(SWAP, euro), "filing.xml"))
    assert lines["PURCHASED EUR / SOLD CHF"].terms.notional == 100


def test_a_notional_without_a_rate_stays_unknown(read):
    lines = by_symbol(read(nport(FORWARD.format(rate="")), "filing.xml"))
    assert lines["PURCHASED JPY / SOLD CHF"].terms.notional is None


def test_what_the_form_knows_of_an_issuer_is_kept(read):
    lines = by_symbol(read(nport(BOND.format(lei="5493000000000000RURI"), SHARE, FUND), "filing.xml"))
    bond = lines["123456AB1"]
    assert (bond.terms.lei, bond.terms.issuer, bond.terms.issuer_category, bond.terms.fair_value_level) == (
        "5493000000000000RURI", "Treasury of Ruritania", "NUSS", 2,
    )  # fmt: skip
    assert (bond.terms.instrument_type, bond.terms.liquidity) == (InstrumentType.GOVERNMENT_BOND, Liquidity.HIGH)
    assert (bond.country, bond.price, bond.name) == ("", None, "RUR 4 2030")
    assert (lines["AAPL"].isin, lines["AAPL"].asset_class) == ("US0378331005", AssetClass.EQUITY)
    assert (lines["BBIF"].asset_class, lines["BBIF"].terms.fund_kind) == (AssetClass.BOND_FUND, FundKind.RIC)


def test_one_issuer_has_one_spelling(read):
    second = BOND.replace("Treasury of", "TREASURY OF").replace("123456AB1", "123456AC9")
    lines = by_symbol(read(nport(*(one.format(lei="L1") for one in (BOND, second))), "filing.xml"))
    assert lines["123456AB1"].terms.issuer == lines["123456AC9"].terms.issuer


def test_percentages_that_do_not_fit_the_values_are_named(read):
    intake = read(nport(BOND, SHARE.replace("<pctVal>50", "<pctVal>0.5")), "filing.xml")
    assert any("differs from value / net assets in 1 lines" in note for note in intake.notes)


def test_a_fund_with_a_bad_line_gets_no_made_up_rest(read):
    intake = read(nport(BOND, SHARE.replace("<valUSD>500", "<valUSD>many")), "filing.xml")
    assert [problem.column for problem in intake.problems] == ["valUSD"]
    assert intake.problems[0].row == 10
    assert "RECEIVABLES_NET" not in by_symbol(intake)
    assert any("1 of 2 lines did not come in" in note for note in intake.notes)


@pytest.mark.parametrize("day", ["", "2029-01-01", "soon"])
def test_a_fund_without_a_good_day_is_a_problem(read, day):
    assert [problem.column for problem in read(nport(BOND, day=day), "f.xml").problems] == ["repPdDate"]


ENTRY = """<infoTable><nameOfIssuer>{issuer}</nameOfIssuer><titleOfClass>{title}</titleOfClass><cusip>{cusip}</cusip>
<value>{value}</value><shrsOrPrnAmt><sshPrnamt>{count}</sshPrnamt><sshPrnamtType>{unit}</sshPrnamtType></shrsOrPrnAmt>
{more}</infoTable>"""


def entry(value: int, issuer: str = "APPLE INC", title: str = "COM", count: int = 10, unit: str = "SH", more: str = ""):
    return ENTRY.format(issuer=issuer, title=title, cusip="037833100", value=value, count=count, unit=unit, more=more)


def table(*entries: str) -> str:
    space = "http://www.sec.gov/edgar/document/thirteenf/informationtable"
    return (
        f'<?xml version="1.0"?><n:informationTable xmlns:n="{space}">{"".join(entries)}</n:informationTable>'.replace(
            "<infoTable>", f'<infoTable xmlns="{space}">'
        )
    )


def submission(*entries: str, total: int, filed: str = "20261110", lines: int | None = None) -> str:
    return f"""<SUBMISSION>
<TYPE>13F-HR<PERIOD>20260930<FILING-DATE>{filed}<DOCUMENT><TEXT><XML><?xml version="1.0"?><edgarSubmission>
<headerData><filerInfo><filer><credentials><cik>0000000042</cik></credentials></filer>
<periodOfReport>09-30-2026</periodOfReport></filerInfo></headerData><formData>
<coverPage><filingManager><name>HILL CAPITAL</name></filingManager></coverPage><summaryPage>
<tableEntryTotal>{len(entries) if lines is None else lines}</tableEntryTotal>
<tableValueTotal>{total}</tableValueTotal></summaryPage></formData></edgarSubmission></XML></TEXT></DOCUMENT>
<DOCUMENT><TYPE>INFORMATION TABLE<TEXT><XML>{table(*entries)}</XML></TEXT></DOCUMENT></SUBMISSION>"""


def test_a_submission_states_its_manager_day_and_total(read):
    intake = read(submission(entry(1000), entry(500), total=1500), "f.txt")
    book = intake.portfolios[0]
    assert (book.name, book.account, book.as_of) == ("HILL CAPITAL", "0000000042", date(2026, 9, 30))
    assert sum(holding.market_value for holding in book.holdings) == 1500
    assert book.holdings[0].terms.cusip == "037833100"
    assert not intake.problems
    assert not any("total" in note for note in intake.notes)


def test_a_total_and_a_count_that_do_not_fit_are_named(read):
    notes = " ".join(read(submission(entry(1000), total=1500, lines=2), "f.txt").notes)
    assert "states a total of 1,500.00 USD" in notes
    assert "states 2 lines and the table has 1" in notes


def test_old_reports_are_in_thousands(read):
    intake = read(submission(entry(2), entry(1), total=3, filed="20201110"), "f.txt")
    assert [holding.market_value for holding in intake.portfolios[0].holdings] == [2000, 1000]
    assert not any("median price" in note for note in intake.notes)


def test_a_manager_who_used_the_other_unit_is_caught_by_the_prices(read):
    intake = read(submission(entry(2000), total=2000, filed="20201110"), "f.txt")
    assert intake.portfolios[0].holdings[0].market_value == 2000
    assert any("median price of 200.00 dollars" in note for note in intake.notes)


def test_a_table_alone_is_judged_by_its_prices_and_the_name_of_the_file(read):
    assert read(table(entry(2000)), "t.xml").portfolios[0].holdings[0].market_value == 2000
    assert read(table(entry(2)), "t.xml").portfolios[0].holdings[0].market_value == 2000
    assert read(table(entry(10)), "t-2019-12-31.xml").portfolios[0].holdings[0].market_value == 10_000
    unclear = read(table(entry(10)), "t.xml")
    assert not unclear.portfolios
    assert "Nothing tells whether" in unclear.problems[0].message


def test_an_option_is_refused_because_the_form_values_the_shares_beneath(read):
    intake = read(submission(entry(1000), entry(500, more="<putCall>Put</putCall>"), total=1500), "f.txt")
    assert len(intake.portfolios[0].holdings) == 1
    assert intake.problems[0].column == "putCall"


@pytest.mark.parametrize(
    ("issuer", "title", "unit", "kind"),
    [
        ("APPLE INC", "COM", "SH", AssetClass.EQUITY),
        ("VANGUARD INDEX FDS", "GROWTH ETF", "SH", AssetClass.EQUITY_FUND),
        ("VANGUARD BD INDEX FDS", "INTERMED TERM", "SH", AssetClass.BOND_FUND),
        ("SPDR GOLD TR", "GOLD SHS", "SH", AssetClass.COMMODITY),
        ("GROWTH PPTYS INC", "COM", "SH", AssetClass.EQUITY),
        ("ACME CORP", "NOTE 2.5% 2030", "PRN", AssetClass.BOND),
    ],
)
def test_a_line_is_what_its_names_say(read, issuer, title, unit, kind):
    intake = read(submission(entry(900, issuer, title, unit=unit), total=900), "f.txt")
    assert intake.portfolios[0].holdings[0].asset_class is kind


def test_a_submission_without_a_table_is_refused(read):
    text = submission(entry(1), total=1).replace("informationTable", "otherTable")
    with pytest.raises(UnreadableFile, match="no information table"):
        read(text, "f.txt", format="sec_13f")
