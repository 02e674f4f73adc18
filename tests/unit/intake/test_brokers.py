"""Fidelity, Schwab and Interactive Brokers: files of our own in their shape, and the real ones where they are there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.intake.reading import read_file

TODAY = date(2026, 11, 24)


def test_fidelity_accounts_come_apart_with_cash_options_and_pending_money(fixtures):
    intake = read_file(fixtures / "fidelity_two_accounts.csv", today=TODAY)
    first, second = intake.portfolios
    assert intake.format == "fidelity_positions"
    assert not intake.problems
    assert (first.name, first.account) == ("Individual (X11112222)", "X11112222")
    assert [holding.asset_class for holding in first.holdings] == [
        AssetClass.CASH, AssetClass.EQUITY_FUND, AssetClass.DERIVATIVE, AssetClass.CASH,
    ]  # fmt: skip
    assert first.holdings[0].symbol == "SPAXX"
    assert sum(holding.market_value for holding in first.holdings) == Decimal("14248.00")
    assert second.holdings[0].asset_class is AssetClass.BOND_FUND
    assert not any("says otherwise" in note or "percentages" in note for note in intake.notes)


def test_fidelity_day_is_the_download_with_the_month_first(fixtures):
    intake = read_file(fixtures / "fidelity_two_accounts.csv", today=TODAY)
    assert {portfolio.as_of for portfolio in intake.portfolios} == {date(2026, 10, 9)}


def test_fidelity_day_comes_from_the_file_name_where_the_footer_is_missing(fixtures, read):
    data = (fixtures / "fidelity_two_accounts.csv").read_bytes().split(b"\r\n\r\n")[0] + b"\r\n"
    intake = read(data, "Portfolio_Positions_Nov-23-2026.csv")
    assert intake.portfolios[0].as_of == date(2026, 11, 23)
    assert read(data, "Portfolio_Positions.csv").portfolios[0].as_of == TODAY


def test_a_bad_fidelity_row_names_fidelitys_own_column(fixtures, read):
    data = (fixtures / "fidelity_two_accounts.csv").read_bytes().replace(b'"$7,350.00"', b'"$7,35O.00"')
    intake = read(data)
    (problem,) = intake.problems
    assert (problem.row, problem.column, problem.value) == (6, "Current Value", "$7,35O.00")
    assert [portfolio.account for portfolio in intake.portfolios] == ["X11112222"]


def test_schwab_reads_title_cash_and_a_total_that_agrees(fixtures):
    intake = read_file(fixtures / "schwab_one_account.csv", today=TODAY)
    (portfolio,) = intake.portfolios
    assert intake.format == "schwab_positions"
    assert not intake.problems
    assert (portfolio.account, portfolio.as_of) == ("Trust ...987", date(2026, 10, 30))
    assert [(h.symbol, h.asset_class) for h in portfolio.holdings] == [
        ("SCHX", AssetClass.EQUITY_FUND), ("KO", AssetClass.EQUITY), ("CASH_USD", AssetClass.CASH),
    ]  # fmt: skip
    assert not any("states a total" in note for note in intake.notes)


def test_schwab_export_of_all_accounts_in_the_newer_columns(fixtures):
    intake = read_file(fixtures / "schwab_all_accounts.csv", today=TODAY)
    assert [(p.account, len(p.holdings)) for p in intake.portfolios] == [("Individual ...111", 1), ("Joint ...222", 2)]
    (note,) = [note for note in intake.notes if "states a total" in note]
    assert "'Joint ...222'" in note
    assert "1,000.00 is missing" in note


def test_ibkr_reads_positions_cash_by_currency_and_the_securities_list(fixtures):
    intake = read_file(fixtures / "ibkr_two_accounts.xml", today=TODAY)
    first, second = intake.portfolios
    assert intake.format == "ibkr_flex"
    assert not intake.problems
    assert (first.base_currency, first.base_currency_given) == ("EUR", True)
    assert [(h.symbol, h.market_value) for h in first.holdings] == [
        ("AAPL", 12500), ("VWCE", 2100), ("P VWC 261218P00120000", -600), ("CASH_EUR", 1000), ("CASH_USD", 500),
    ]  # fmt: skip
    assert (first.holdings[1].isin, first.holdings[1].country) == ("IE00BK5BQT80", "IE")
    assert first.holdings[2].asset_class is AssetClass.DERIVATIVE
    assert second.holdings[0].asset_class is AssetClass.BOND
    assert any("Accrued dividends and interest of 12.50 EUR" in note for note in intake.notes)
    assert not any("net asset value of" in note for note in intake.notes)


def test_ibkr_positions_that_miss_the_net_asset_value_are_named(fixtures, read):
    data = (fixtures / "ibkr_two_accounts.xml").read_bytes().replace(b'total="14212.5"', b'total="20212.5"')
    intake = read(data, "flex.xml")
    assert any("the difference is 6,000.00" in note for note in intake.notes)


def test_ibkr_problems_carry_the_line_of_the_element(fixtures, read):
    lines = (fixtures / "ibkr_two_accounts.xml").read_text().split("\n")
    at = next(number for number, line in enumerate(lines, start=1) if 'symbol="VWCE"' in line)
    intake = read("\n".join(lines).replace('positionValue="2100"', 'positionValue="many"'), "flex.xml")
    assert [(problem.row, problem.column) for problem in intake.problems] == [(at, "positionValue")]


def test_ibkr_query_without_positions_says_what_to_add(read):
    statement = '<FlexStatement accountId="U1" toDate="20261030"/>'
    intake = read(f"<FlexQueryResponse><FlexStatements>{statement}</FlexStatements></FlexQueryResponse>", "flex.xml")
    assert intake.portfolios == ()
    assert "'Open Positions' and 'Cash Report'" in intake.problems[0].message


def test_the_real_fidelity_file(shared_data):
    intake = read_file(shared_data / "portfolio-samples" / "fidelity_positions.csv", today=TODAY)
    assert not intake.problems
    assert [(p.account, p.holdings[0].symbol) for p in intake.portfolios] == [
        ("Z00000000", "VWO"),
        ("Z00000001", "VOO"),
    ]
    assert all(p.holdings[0].market_value == Decimal("45900.35") for p in intake.portfolios)
    assert any("45,829.80 against 45,900.35" in note and "32,737.60" in note for note in intake.notes)
    assert any("15.05 % of the account" in note for note in intake.notes)


def test_the_real_schwab_file(shared_data):
    intake = read_file(shared_data / "portfolio-samples" / "schwab_positions.csv", today=TODAY)
    (portfolio,) = intake.portfolios
    assert not intake.problems
    assert (portfolio.account, portfolio.as_of) == ("Individual ...234", date(2023, 4, 23))
    assert sum(holding.market_value for holding in portfolio.holdings) == Decimal("24690.37")
    assert any("85,661.87" in note and "60,971.50 is missing" in note for note in intake.notes)


def test_the_real_flex_file(shared_data):
    intake = read_file(shared_data / "portfolio-samples" / "ibkr_flex_positions_trades.xml", today=TODAY)
    (portfolio,) = intake.portfolios
    assert not intake.problems
    assert len(portfolio.holdings) == 14
    assert (portfolio.as_of, portfolio.base_currency) == (date(2023, 3, 2), "USD")
    # Together with the accruals named in the note this is the statement's own net asset value, 7678.155297533.
    assert sum(holding.market_value for holding in portfolio.holdings) == Decimal("7660.445297533")
    assert any("17.71 USD" in note for note in intake.notes)
