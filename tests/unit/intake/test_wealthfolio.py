"""Wealthfolio's holdings snapshots."""

from __future__ import annotations

from datetime import date

TEXT = """date,symbol,quantity,price,currency
2026-09-30,AAPL,10,250.00,USD
2026-09-30,$CASH,500,,USD
2026-09-30,$CASH,250,,CAD
2026-10-30,AAPL,12,260.00,USD
2026-10-30,$CASH,100,,USD
"""


def test_every_date_is_a_snapshot_and_every_currency_its_own_cash(read):
    intake = read(TEXT)
    assert intake.format == "wealthfolio_holdings"
    assert [book.as_of for book in intake.portfolios] == [date(2026, 9, 30), date(2026, 10, 30)]
    assert len({book.portfolio_id for book in intake.portfolios}) == 1
    first = {holding.symbol: holding.market_value for holding in intake.portfolios[0].holdings}
    assert first == {"AAPL": 2500, "CASH_USD": 500, "CASH_CAD": 250}
    assert not intake.problems


def test_cash_without_a_currency_is_a_problem_and_the_rest_comes_in(read):
    intake = read(TEXT.replace("250,,CAD", "250,,"))
    assert [(problem.row, problem.column) for problem in intake.problems] == [(4, "currency")]
    assert len(intake.portfolios) == 2
