"""Real lists of transactions: what each states about itself is held against what is computed from its rows.

The files are excerpts that their makers joined, so several have gaps; then the gap has to be named.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest

from core.intake.reading import read_bytes, read_file

TODAY = date(2026, 11, 24)
# Of each file its format, and how many portfolios, holdings and problems it gives.
FILES = {
    "trading212_transactions.csv": ("trading212_history", 1, 3, 7),
    "degiro_transactions.csv": ("degiro_account", 1, 11, 4),
    "finpension_3a_transactions.csv": ("finpension_3a", 1, 7, 3),
    "swissquote_transactions.csv": ("swissquote", 1, 7, 4),
    "saxo_transactions.csv": ("saxo", 1, 5, 1),
    "traderepublic_transactions.csv": ("traderepublic", 1, 2, 2),
    "freetrade_transactions.csv": ("freetrade", 1, 2, 3),
    "avanza_transactions.csv": ("avanza", 3, 4, 5),
    "hargreaves_lansdown_transactions.csv": ("hargreaves_lansdown", 1, 1, 1),
    "vanguard_uk_cash_investment_report.csv": ("vanguard_uk", 1, 5, 0),
    "schwab_transactions.csv": ("schwab_history", 1, 14, 9),
    "ibkr_trades_transactions.csv": ("ibkr_trades", 1, 2, 0),
    "ghostfolio_activities.json": ("ghostfolio", 2, 3, 0),
    "ghostfolio_500_activities.json": ("ghostfolio", 1, 7, 0),
    "financetoolkit_example_portfolio.xlsx": ("financetoolkit", 1, 26, 0),
}


@pytest.fixture(scope="module")
def sample(shared_data):
    folder = shared_data / "portfolio-samples"

    def _read(name):
        return read_file(folder / name, today=TODAY)

    return _read


def lines(intake, place=0):
    return {line.symbol: line for line in intake.portfolios[place].holdings}


def notes(intake):
    return " ".join(intake.notes)


@pytest.mark.parametrize("name", FILES)
def test_each_real_file_is_recognised_and_imports(sample, name):
    intake = sample(name)
    found = (
        intake.format,
        len(intake.portfolios),
        sum(len(portfolio.holdings) for portfolio in intake.portfolios),
        len(intake.problems),
    )
    assert found == FILES[name]
    # What is left out is never a shortfall of the reader: history is missing, or the file contradicts itself.
    reasons = ("Export the history", "no price", "another order", "does not name")
    assert all(any(reason in problem.message for reason in reasons) for problem in intake.problems)


def test_vanguard_uk_reaches_the_stated_balance_through_every_running_balance(sample):
    intake = sample("vanguard_uk_cash_investment_report.csv")
    assert lines(intake)["CASH_GBP"].market_value == Decimal("23.59")
    assert "running balance" not in notes(intake)
    assert "ends '" not in notes(intake)
    # Its "Cost" row is not the cost of its own trades: 14,982.06 + 29,947.28 - 104.06 + 1,000.0644 + 399.9999.
    assert "states a cost of 12,545.00 GBP" in notes(intake)
    assert "46,225.34" in notes(intake)
    assert {symbol: line.quantity for symbol, line in lines(intake).items() if line.quantity} == {
        "FOO": 1550,
        "BAR": 293,
        "Emerging Markets Stock Index Fund - Accumulation": Decimal("6.77"),
        "U.S. Equity Index Fund - Accumulation": Decimal("0.9232"),
    }


@pytest.mark.parametrize(
    ("name", "cash"),
    [
        ("swissquote_transactions.csv", {"CHF": "6612.40", "EUR": "2937.32", "USD": "166660.08"}),
        ("finpension_3a_transactions.csv", {"CHF": "200.988502"}),
        ("degiro_transactions.csv", {"EUR": "217.01", "GBP": "114.31", "JPY": "9999.99"}),
    ],
)
def test_cash_is_the_balance_stated_last_and_gaps_before_it_are_named(sample, name, cash):
    intake = sample(name)
    found = {line.currency: line.market_value for symbol, line in lines(intake).items() if symbol.startswith("CASH_")}
    assert found == {currency: Decimal(value) for currency, value in cash.items()}
    assert "does not follow from the rows" in notes(intake)


def test_schwabs_total_differs_by_what_the_note_says(sample):
    intake = sample("schwab_transactions.csv")
    assert "states a total of -26,582.91 USD" in notes(intake)
    assert "400,074.19: the difference is -426,657.10" in notes(intake)
    avgo = lines(intake)["AVGO"]
    assert (avgo.quantity, avgo.price, avgo.cost) == (10, 168, 1680)


def test_saxo_units_are_those_inside_the_texts(sample):
    intake = sample("saxo_transactions.csv")
    # Bought 3 + 3 + 17 + 3 + 2 + 2 + 2, sold 3.
    assert lines(intake)["VWRA:xlon"].quantity == 29
    assert lines(intake)["VUSA:xams"].cost is None
    assert "165.02 against 110.00" in notes(intake)


def test_hargreaves_lansdown_pounds_per_unit_from_pence(sample):
    line = lines(sample("hargreaves_lansdown_transactions.csv"))["Vanguard FTSE Developed World UCITS ETF"]
    assert (line.quantity, line.price, line.market_value) == (3563, 45, 160335)
    assert line.cost == round(Decimal("150006.84") * 3563 / 4563, 8)


def test_degiro_the_two_ways_of_writing_one_price_and_a_split_order_number(sample):
    held = lines(sample("degiro_transactions.csv"))
    assert (held["IE00B4L5Y983"].quantity, held["IE00B4L5Y983"].price) == (7, Decimal("82.055"))
    assert held["IE00B4L5Y983"].cost == Decimal("298.71") + Decimal("82.06") + 1
    rate = Decimal("33.90") / Decimal("31.91")
    assert held["US9256521090"].cost == round(Decimal("33.90") + rate, 8)
    assert held["AU000000FBR4"].quantity == 500


def test_ibkr_units_and_costs_are_the_sums_of_the_rows(sample):
    held = lines(sample("ibkr_trades_transactions.csv"))
    assert held["US9220427424"].quantity == 95 + 105 + 11 + 1 + 2 + 97 + 12
    money = "8909.1 10019.1 1050.06 97.84 206.36 10050.17 1243.92 1 1 1 0.979 1 1 1"
    assert held["US9220427424"].cost == sum(map(Decimal, money.split()))


def test_ghostfolio_units_and_costs_are_the_sums_of_all_500_activities(sample, shared_data):
    path = shared_data / "portfolio-samples" / "ghostfolio_500_activities.json"
    units: dict[str, Decimal] = defaultdict(Decimal)
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for one in json.loads(path.read_text(), parse_float=Decimal, parse_int=Decimal)["activities"]:
        units[one["symbol"]] += one["quantity"]
        costs[one["symbol"]] += one["quantity"] * one["unitPrice"] + one["fee"]
    held = lines(sample(path.name))
    assert {symbol: line.quantity for symbol, line in held.items()} == units
    assert {symbol: line.cost for symbol, line in held.items()} == costs
    assert lines(sample("ghostfolio_activities.json"))["CASH_USD"].market_value == 2000


def test_financetoolkit_units_are_the_sums_of_all_392_rows(sample, shared_data):
    path = shared_data / "portfolio-samples" / "financetoolkit_example_portfolio.xlsx"
    units: dict[str, Decimal] = defaultdict(Decimal)
    for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True):
        units[row[1]] += Decimal(str(row[3]))
    assert {symbol: line.quantity for symbol, line in lines(sample(path.name)).items()} == units


def test_ten_thousand_rows_take_seconds_not_minutes():
    header = (
        "Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Total,Currency (Total)\n"
        "Deposit,2020-01-01 00:00:00,,,,,,,10000000,EUR\n"
    )
    rows = "".join(
        f"Market buy,{date(2020, 1, 2) + timedelta(days=number // 6)} 14:30:00.123,,SYM{number % 200},Name,"
        f"{number % 9 + 1},{number % 70 + 1}.25,EUR,{(number % 9 + 1) * (number % 70 + 1.25):.2f},EUR\n"
        for number in range(10_000)
    )
    started = time.process_time()
    intake = read_bytes("history.csv", (header + rows).encode(), today=TODAY)
    # 0.3 s on two shared cores; the bound only catches what grows with the square of the rows.
    assert time.process_time() - started < 5
    assert not intake.problems
    assert len(intake.portfolios[0].holdings) == 201
