"""Real files of others: each comes in, and what it states about itself is what we compute, or a note names the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import UnreadableFile
from core.intake.reading import read_file

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def real(shared_data):
    kept = {}

    def read_real(name):
        if name not in kept:
            kept[name] = read_file(shared_data / "portfolio-samples" / name, today=TODAY)
        return kept[name]

    return read_real


def total(portfolio):
    return sum(holding.market_value for holding in portfolio.holdings)


def test_every_file_of_positions_comes_in(shared_data):
    for path in sorted((shared_data / "portfolio-samples").iterdir()):
        if path.name == "README.md":
            continue
        intake = read_file(path, today=TODAY)
        assert intake.portfolios, path.name
        assert intake.format != "mapped_table", path.name


def test_a_description_of_files_is_no_portfolio(shared_data):
    with pytest.raises(UnreadableFile, match="no format that is understood"):
        read_file(shared_data / "portfolio-samples" / "README.md", today=TODAY)


def test_a_bond_fund_of_1685_lines_has_the_net_assets_and_percentages_it_states(real):
    intake = real("sec_nport_goldman_sachs_bond_fund.xml")
    fund = intake.portfolios[0]
    assert not intake.problems
    assert len(fund.holdings) == 1685 + 2
    assert total(fund) == Decimal("361898455.93")
    assert any("376,129,711.56 USD, 103.93 % of its net assets" in note for note in intake.notes)
    assert not any("differs from value / net assets" in note for note in intake.notes)
    # Derivatives are worth what the form says, whatever their size; sizes are in dollars.
    derivatives = [holding for holding in fund.holdings if holding.asset_class == "derivative"]
    assert len(derivatives) == 774
    assert all(holding.terms.notional is not None for holding in derivatives)
    assert sum(holding.terms.notional for holding in derivatives) < 5 * total(fund)
    assert sum(holding.market_value for holding in fund.holdings[:1685] if holding.market_value < 0) == Decimal(
        "-81501842.41"
    )


def test_concentration_of_the_bond_fund_is_that_of_its_filing(real):
    fund = real("sec_nport_goldman_sachs_bond_fund.xml").portfolios[0]
    shares, government = {}, Decimal(0)
    for holding in fund.holdings:
        if holding.terms.issuer_category in ("UST", "USGA", "USGSE"):
            government += holding.market_value
        elif holding.terms.issuer:
            shares[holding.terms.issuer] = shares.get(holding.terms.issuer, 0) + holding.market_value
    assert round(max(shares.values()) / total(fund) * 100, 2) == Decimal("1.75")
    assert round(government / total(fund) * 100, 1) == Decimal("48.8")


def test_a_municipal_fund_has_the_net_assets_it_states(real):
    intake = real("sec_nport_dupree_kentucky_tax_free.xml")
    fund = intake.portfolios[0]
    assert (len(fund.holdings), total(fund), fund.as_of) == (56, Decimal("41349926.01"), date(2022, 12, 31))
    assert any("97.84 % of its net assets" in note for note in intake.notes)


def test_a_manager_has_the_table_value_total_of_its_cover_page(real):
    intake = real("sec_13f_acorn_creek_2024q4.nc.txt")
    assert not intake.problems
    book = intake.portfolios[0]
    assert (len(book.holdings), total(book), book.as_of) == (77, 194_611_845, date(2024, 12, 31))
    assert not any("total" in note or "cover page" in note for note in intake.notes)


def test_a_table_alone_is_read_in_dollars_because_of_its_prices(real):
    intake = real("sec_13f_infotable.xml")
    assert (len(intake.portfolios[0].holdings), total(intake.portfolios[0])) == (255, 350_153_407)
    assert any("median price of 103.19 dollars" in note for note in intake.notes)


def test_an_old_statement_has_its_net_worth_but_for_a_cent_of_rounding(real):
    intake = real("ofx1_sgml_fidelity_investment.ofx")
    # The file states 32,993.79 and its lines add up to one cent less.
    assert total(intake.portfolios[0]) == Decimal("32993.78")
    assert not any("states a total" in note for note in intake.notes)


def test_an_option_is_worth_a_hundred_times_its_price(real):
    lines = {holding.symbol: holding for holding in real("ofx2_xml_investment_positions.ofx").portfolios[0].holdings}
    assert (lines["LUAXX"].price, lines["LUAXX"].market_value) == (5, 500)
    assert total(real("ofx2_xml_investment_positions.ofx").portfolios[0]) == 10_550


def test_a_flex_statement_has_the_net_asset_value_and_percentages_it_states(real):
    intake = real("ibkr_flex_positions_trades.xml")
    assert total(intake.portfolios[0]) == Decimal("7678.155297533") - Decimal("17.71")
    assert not any("percentage than stated" in note or "the difference is" in note for note in intake.notes)


def test_an_older_flex_statement_gives_positions_after_splits_and_mergers(real):
    intake = real("ibkr_flex_trades_cash_legacy.xml")
    lines = {holding.symbol: holding for holding in intake.portfolios[0].holdings}
    assert (lines["GCM"].quantity, lines["GCM"].isin, lines["GCM"].cost) == (480, "CA38501D5010", Decimal("3256.20"))
    assert set(lines) == {"GCM", "FB 180921C00200000"}
    # It has no deposits, so its cash is not known.
    assert {problem.column for problem in intake.problems} == {"cash"}


def test_a_client_file_has_its_shares_quotes_and_cash(real):
    intake = real("portfolio_performance_client.xml")
    euro, dollar = intake.portfolios
    assert [(one.symbol, one.quantity, one.price) for one in dollar.holdings[:2]] == [
        ("AAPL", 10, Decimal("115.52")),
        ("BAS.DE", 10, Decimal("83.25")),
    ]
    assert (euro.holdings[-1].market_value, dollar.holdings[-1].market_value) == (1000, Decimal("422.40"))
    assert {one.symbol: len(one.closes) for one in intake.prices} == {"AAPL": 1409, "BAS.DE": 1328}
    assert intake.prices[0].closes[0] == (date(2010, 1, 4), Decimal("30.57"))


def test_a_client_file_of_the_newer_version_has_another_scale(real):
    intake = real("portfolio_performance_kommer_model.xml")
    lines = {holding.symbol: holding for holding in intake.portfolios[0].holdings}
    assert (lines["EUNH.DE"].quantity, lines["EUNH.DE"].price) == (24, Decimal("122.655"))
    assert any("ten times above or below" in note and "BTC" in note for note in intake.notes)


def test_snapshots_have_the_value_of_their_lines(real):
    intake = real("wealthfolio_holdings_snapshot.csv")
    assert [(book.as_of, len(book.holdings)) for book in intake.portfolios] == [
        (date(2024, 3, 31), 6),
        (date(2024, 6, 30), 6),
    ]
