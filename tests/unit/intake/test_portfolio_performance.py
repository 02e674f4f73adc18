"""Portfolio Performance's XML: scales by version, references, depots with their accounts, price histories."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass, Flow
from core.errors import UnreadableFile
from core.intake.positions import portfolio_performance

SECURITY = """<security><uuid>s1</uuid><name>Apple</name><currencyCode>USD</currencyCode>{isin}
<tickerSymbol>AAPL</tickerSymbol><prices>{prices}</prices>{latest}</security>"""
BUY = """<account-transaction><date>2026-09-01</date><currencyCode>EUR</currencyCode><amount>91000</amount>
<security reference="../../../../../securities/security"/>
<crossEntry class="buysell"><portfolio><uuid>p1</uuid><name>Depot</name>
<referenceAccount reference="../../../../.."/><transactions><portfolio-transaction>
<date reference="../../../../../date"/><currencyCode>EUR</currencyCode><amount>91000</amount>
<security reference="../../../../../../../../../securities/security"/>
<crossEntry class="buysell" reference="../../../.."/><shares>{shares}</shares>
<units><unit type="FEE"><amount currency="EUR" amount="1000"/></unit>
<unit type="GROSS_VALUE"><amount currency="EUR" amount="90000"/><forex currency="USD" amount="100000"/></unit></units>
<type>BUY</type></portfolio-transaction>{more}</transactions></portfolio>
<portfolioTransaction reference="../portfolio/transactions/portfolio-transaction"/>
<account reference="../../../.."/><accountTransaction reference="../.."/></crossEntry>
<shares>0</shares><type>BUY</type></account-transaction>"""


def booking(kind: str, amount: int, day: str = "2026-08-01", currency: str = "EUR", more: str = "") -> str:
    return (
        f"<account-transaction><date>{day}</date><currencyCode>{currency}</currencyCode><amount>{amount}</amount>{more}"
        f"<shares>0</shares><type>{kind}</type></account-transaction>"
    )


def delivery(kind: str, shares: int, amount: int, day: str = "2026-09-15", tag: str = "security") -> str:
    return (
        f"<portfolio-transaction><date>{day}</date><currencyCode>USD</currencyCode><amount>{amount}</amount>"
        f'<security reference="../../../../../../../../../securities/{tag}"/>'
        f"<shares>{shares}</shares><type>{kind}</type></portfolio-transaction>"
    )


def client(
    bookings: str = "",
    *,
    version: int = 60,
    prices: str = "",
    latest: str = "",
    isin: str = "<isin>US0378331005</isin>",
    more: str = "",
    shares: int | None = None,
    accounts: str = "",
    securities: str = "",
    taxonomies: str = "",
) -> str:
    scale = {25: 10**5, 29: 10**6, 48: 10**6}.get(version, 10**8)
    quote = {29: 10**2, 48: 10**4}.get(version, 10**8)
    prices = prices or "".join(
        f'<price t="{day}" v="{value * quote}"/>' for day, value in (("2026-10-29", 110), ("2026-10-30", 120))
    )
    buy = BUY.format(shares=10 * scale if shares is None else shares, more=more)
    return f"""<client><version>{version}</version><baseCurrency>EUR</baseCurrency><securities>
{SECURITY.format(isin=isin, prices=prices, latest=latest)}{securities}</securities>
<accounts><account><uuid>a1</uuid><name>Konto</name><currencyCode>EUR</currencyCode><transactions>
{booking("DEPOSIT", 200000)}{buy}{bookings}</transactions></account>{accounts}</accounts>
<portfolios><portfolio reference="../../accounts/account/transactions/account-transaction[2]/crossEntry/portfolio"/>
</portfolios><taxonomies>{taxonomies}</taxonomies></client>"""


@pytest.mark.parametrize("version", [29, 48, 49, 60, 70])
def test_every_version_has_its_own_scale_of_shares_and_quotes(read, version):
    intake = read(client(version=version), "c.xml")
    assert intake.format == "portfolio_performance"
    apple = intake.portfolios[0].holdings[0]
    assert (apple.quantity, apple.price, apple.market_value) == (10, 120, 1200)


def test_a_depot_has_the_cash_of_its_account_and_costs_in_the_currency_of_the_line(read):
    intake = read(client(booking("DIVIDENDS", 1500)), "c.xml")
    book = intake.portfolios[0]
    assert (book.name, book.base_currency, book.base_currency_given, book.as_of) == (
        "Depot", "EUR", True, date(2026, 10, 30),
    )  # fmt: skip
    apple, cash = book.holdings
    assert (apple.symbol, apple.isin, apple.currency) == ("AAPL", "US0378331005", "USD")
    assert apple.cost.quantize(Decimal("0.01")) == Decimal("1011.11")
    assert (cash.symbol, cash.market_value) == ("CASH_EUR", 2000 - 910 + 15)
    assert book.flows == (Flow(date(2026, 8, 1), Decimal(2000), "EUR"),)
    assert not intake.problems


def test_price_histories_come_along_with_the_newest_quote(read):
    latest = '<latest t="2026-11-02" v="12500000000"/>'
    intake = read(client(latest=latest), "c.xml")
    assert [(one.symbol, one.currency) for one in intake.prices] == [("AAPL", "USD")]
    assert intake.prices[0].closes == (
        (date(2026, 10, 29), 110), (date(2026, 10, 30), 120), (date(2026, 11, 2), 125),
    )  # fmt: skip
    assert intake.portfolios[0].as_of == date(2026, 11, 2)


def test_quotes_that_cannot_be_prices_are_left_out_with_a_note(read):
    prices = '<price t="2026-10-30" v="12000000000"/><price t="2026-10-31" v="0"/><price t="2030-01-01" v="1"/>'
    prices += '<price t="soon" v="1"/><price t="2026-10-28" v="-5"/>'
    intake = read(client(prices=prices), "c.xml")
    assert len(intake.prices[0].closes) == 1
    assert any("zero, below, or in the future" in note for note in intake.notes)


def test_deliveries_are_flows_and_what_left_is_gone(read):
    more = delivery("DELIVERY_INBOUND", 5 * 10**8, 60000) + delivery("SELL", 12 * 10**8, 144000, "2026-10-01")
    book = read(client(more=more), "c.xml").portfolios[0]
    assert book.holdings[0].quantity == 3
    assert Flow(date(2026, 9, 15), Decimal(600), "USD") in book.flows


def test_more_sold_than_held_is_a_problem_and_not_a_guess(read):
    intake = read(client(more=delivery("SELL", 12 * 10**8, 144000)), "c.xml")
    assert "only 10 are known" in intake.problems[0].message
    assert [one.symbol for one in intake.portfolios[0].holdings] == ["CASH_EUR"]


def test_money_between_accounts_of_one_depot_is_no_flow(read):
    transfer = """<crossEntry class="account-transfer"><accountFrom reference="../../../.."/>
    <accountTo reference="../../../../../account[2]"/></crossEntry>"""
    second = f"""<account><uuid>a2</uuid><name>Zweites</name><currencyCode>EUR</currencyCode><transactions>
    {
        booking(
            "TRANSFER_IN",
            5000,
            more=transfer.replace("../../../..", "../../../../../account[1]", 1).replace(
                "../../../../../account[2]", "../../../.."
            ),
        )
    }</transactions></account>"""
    intake = read(client(booking("TRANSFER_OUT", 5000, more=transfer), accounts=second), "c.xml")
    book = intake.portfolios[0]
    assert len(intake.portfolios) == 1
    assert book.holdings[-1].market_value == 2000 - 910
    assert [flow.amount for flow in book.flows] == [2000]


def test_a_security_is_what_the_file_files_it_under_unless_that_is_cash(read):
    def taxonomy(kind: str) -> str:
        return f"""<taxonomy><id>assetclasses</id><root><children><classification><id>{kind}</id>
        <assignments><assignment>
        <investmentVehicle class="security" reference="../../../../../../../../securities/security"/>
        <weight>10000</weight></assignment></assignments></classification></children></root></taxonomy>"""

    assert (
        read(client(taxonomies=taxonomy("EQUITY")), "c.xml").portfolios[0].holdings[0].asset_class is AssetClass.EQUITY
    )
    assert read(client(taxonomies=taxonomy("CASH")), "c.xml").portfolios[0].holdings[0].asset_class is AssetClass.OTHER


def test_an_old_quote_and_one_of_another_magnitude_are_named(read):
    notes = read(client(booking("DIVIDENDS", 1, "2026-11-20")), "c.xml").notes
    assert any("more than a week older" in note for note in notes)
    notes = read(client(prices='<price t="2026-10-30" v="100000000"/>'), "c.xml").notes
    assert any("ten times above or below" in note for note in notes)


def test_an_index_without_a_currency_is_no_instrument(read):
    index = "<security><uuid>i</uuid><name>Dax</name><prices/></security>"
    intake = read(client(securities=index), "c.xml")
    assert [one.symbol for one in intake.prices] == ["AAPL"]
    assert not intake.problems


def test_a_wrong_isin_is_a_problem_and_the_line_comes_in_without_it(read):
    intake = read(client(isin="<isin>US0378331006</isin>"), "c.xml")
    assert [problem.column for problem in intake.problems] == ["isin"]
    assert intake.portfolios[0].holdings[0].isin == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("accounts/account/transactions", "accounts/account[7]/transactions", "which is not there"),
        (
            'referenceAccount reference="../../../../.."',
            'referenceAccount reference="../referenceAccount"',
            "not there",
        ),
        ("<version>60</version>", "<version>20</version>", "old Portfolio Performance"),
        ("<version>60</version>", "", "states no version"),
    ],
)
def test_damaged_and_old_files_are_refused_with_the_remedy(read, old, new, message):
    text = client()
    assert old in text
    with pytest.raises(UnreadableFile, match=message):
        read(text.replace(old, new), "c.xml")


def test_references_by_number_are_understood(read):
    text = client().replace("<securities>\n<security>", '<securities>\n<security id="7">')
    text = text.replace(
        '<security reference="../../../../../../../../../securities/security"/>', '<security reference="7"/>'
    )
    assert read(text, "c.xml").portfolios[0].holdings[0].quantity == 10
    with pytest.raises(UnreadableFile, match="which is not there"):
        read(text.replace('id="7"', 'id="8"'), "c.xml")


@pytest.mark.parametrize("start", [b"PPPBV1", b"PORTFOLIO"])
def test_binary_and_encrypted_files_are_refused_with_the_way_to_save_them(read, start):
    with pytest.raises(UnreadableFile, match="Save as, XML"):
        read(start + bytes(range(200)), "my.portfolio")


def test_bombs_and_depths_are_refused(read):
    bomb = '<!DOCTYPE client [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(UnreadableFile, match="document type or entities"):
        read(bomb + client(), "c.xml", format="portfolio_performance")
    with pytest.raises(UnreadableFile, match="deeper than 400"):
        read("<client><securities/>" + "<a>" * 500 + "</a>" * 500 + "</client>", "c.xml")


def test_one_list_read_over_and_over_by_references_is_refused(read, monkeypatch):
    monkeypatch.setattr(portfolio_performance, "MAX_ELEMENTS", 200)
    shared = '<account><name>x</name><transactions reference="../../account/transactions"/></account>' * 100
    with pytest.raises(UnreadableFile, match="refers to more than 200 bookings"):
        read(client(accounts=shared), "c.xml")
