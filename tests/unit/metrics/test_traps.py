"""The mistakes of units, currencies and calendars that portfolio figures are known for, one test each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from skfolio import datasets

from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Portfolio
from core.domain.units import Badge, Unit
from core.metrics import risk
from core.metrics.definitions import MetricGroup, definition_of
from core.metrics.factsheet import fact_sheets
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import (
    FRIDAY,
    FixedRates,
    a_year,
    cash,
    holding,
    portfolio,
    reasons,
    series,
    still,
    values,
    weekdays,
    wobble,
)

ECB = EcbRates()
SWINGS = [0.01, -0.01] * 200


def sheet_of(one: Portfolio, *prices: PriceSeries, rates: Rates | None = None) -> FactSheet:
    history = PriceHistory.from_series(prices)
    return fact_sheets([one], rates or FixedRates(), history, groups=tuple(MetricGroup))[0]


def test_percent_figures_are_percent_and_no_fractions() -> None:
    found = values(sheet_of(portfolio(holding("A", 75), cash(25)), series("A", SWINGS)))
    assert found["weight.A"] == 75
    assert found["volatility"] == pytest.approx(0.75 * 16.17, abs=0.1)
    assert found["var_95_1d"] == pytest.approx(0.75)
    assert found["risk_share.A"] == pytest.approx(100)


def test_a_difference_of_percents_is_in_points() -> None:
    for metric_id in ("excess_return.1y", "contribution.A", "attribution.allocation", "attribution.currency.equity"):
        known = definition_of(metric_id)
        assert known is not None
        assert known.unit is Unit.PP


def test_a_dollar_is_worth_less_than_a_euro_when_the_euro_costs_more_than_a_dollar() -> None:
    day = date(2023, 12, 29)  # one euro cost 1.1050 dollars
    one = portfolio(holding("A", 100, currency="USD"), base="EUR", as_of=day)
    assert values(sheet_of(one, rates=ECB))["total_value"] == pytest.approx(100 / 1.1050)
    other = portfolio(holding("A", 100, currency="EUR"), base="USD", as_of=day)
    assert values(sheet_of(other, rates=ECB))["total_value"] == pytest.approx(110.50)


def test_pence_are_not_guessed_to_be_pounds() -> None:
    one = portfolio(holding("A", 100, currency="GBP"), base="GBP")
    sheet = sheet_of(one, series("A", SWINGS, currency="GBX"), rates=ECB)
    assert reasons(sheet)["volatility"] == "There is no exchange rate from GBX to GBP for its price histories."


def test_a_return_over_a_weekend_uses_the_last_known_rate_and_never_the_next() -> None:
    class Rates(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            # It jumps on Monday the 26th.
            return 1.0 if source == target else 1.0 if on < date(2026, 10, 26) else 2.0

    sheet = sheet_of(portfolio(cash(25, "USD"), holding("A", 50)), series("A", still(100)), rates=Rates())
    assert values(sheet)["return.1m"] == pytest.approx(50)
    before = replace(portfolio(cash(50, "USD"), holding("A", 50)), as_of=date(2026, 10, 25))
    assert values(sheet_of(before, series("A", still(100)), rates=Rates()))["return.1m"] == pytest.approx(0, abs=1e-9)


def test_local_return_and_rate_compound_and_do_not_add() -> None:
    """MSFT in 2022 up to 28 December, for an owner who counts in francs."""
    msft = datasets.load_sp500_dataset()["MSFT"].dropna()
    prices = PriceSeries("MSFT", "USD", Badge.REAL, msft.index.to_numpy(), msft.to_numpy(dtype=np.float64))
    one = portfolio(holding("MSFT", 1, currency="USD"), base="CHF", as_of=date(2022, 12, 28))
    found = values(sheet_of(one, prices, rates=ECB))["return.ytd"]
    start, end = pd.Timestamp("2021-12-31"), pd.Timestamp("2022-12-28")
    local = msft[end] / msft[start] - 1
    rates = [ECB.factor("USD", "CHF", day.date()) for day in (start, end)]
    assert rates[0] is not None
    assert rates[1] is not None
    rate = rates[1] / rates[0] - 1
    assert found == pytest.approx(100 * ((1 + local) * (1 + rate) - 1), rel=1e-9)
    assert abs(found - 100 * (local + rate)) > 0.3


def test_a_share_class_hedged_to_base_currency_has_no_currency_effect() -> None:
    class Wild(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.0 + 0.1 * (on.toordinal() % 5)

    # What it holds is in dollars, but it is quoted in euro and hedged: only its own price counts.
    line = holding("HEDGED", 1, asset_class=AssetClass.EQUITY_FUND, country="IE")
    found = values(sheet_of(portfolio(line, benchmark={"HEDGED": 1}), series("HEDGED", SWINGS), rates=Wild()))
    assert found["attribution.currency"] == 0
    assert found["volatility"] == pytest.approx(16.17, abs=0.1)


def test_what_trades_at_weekends_is_measured_on_weekdays() -> None:
    days = np.arange(FRIDAY - timedelta(days=730), FRIDAY + timedelta(days=1), dtype="datetime64[D]")
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.04, days.size)))
    coin = PriceSeries("COIN", "EUR", Badge.REAL, days, closes)
    sheet = sheet_of(portfolio(holding("COIN", 1, asset_class=AssetClass.CRYPTO)), coin)
    kept = np.is_busday(days)
    moves = closes[kept][1:] / closes[kept][:-1] - 1
    assert values(sheet)["volatility"] == pytest.approx(100 * moves.std(ddof=1) * a_year(days[kept]) ** 0.5, rel=1e-9)
    every_day = (closes[1:] / closes[:-1] - 1).std(ddof=1)
    # A year of 365 days, each counted: within sampling; counted as 252 it would be a sixth too little.
    assert values(sheet)["volatility"] == pytest.approx(100 * every_day * 365**0.5, rel=0.08)


def test_weekly_and_monthly_prices_are_not_taken_for_daily_ones() -> None:
    full = series("A", wobble(2000))
    for step in (5, 21):
        thin = PriceSeries("A", "EUR", Badge.REAL, full.days[::-step][::-1], full.closes[::-step][::-1])
        sheet = sheet_of(portfolio(holding("A", 1)), thin)
        assert "volatility" not in values(sheet)
        assert "days" in reasons(sheet)["volatility"]
    weekly = PriceSeries("A", "EUR", Badge.REAL, full.days[::-5][::-1], full.closes[::-5][::-1])
    assert "weekly or monthly" in reasons(sheet_of(portfolio(holding("A", 1)), weekly))["sharpe"]


def test_the_move_over_a_hole_in_the_prices_is_no_daily_return() -> None:
    full = series("A", [0.001] * 400)
    closes = full.closes.copy()
    closes[200:] *= 3
    kept = np.r_[0:150, 200:401]
    holed = PriceSeries("A", "EUR", Badge.REAL, full.days[kept], closes[kept])
    sheet = sheet_of(portfolio(holding("A", 1)), holed)
    assert values(sheet)["volatility"] == pytest.approx(0, abs=1e-9)
    assert "Sample: 200 returns" in sheet.by_id()["volatility"].definition
    short = PriceSeries("A", "EUR", Badge.REAL, full.days[np.r_[0:300, 350:401]], full.closes[np.r_[0:300, 350:401]])
    assert "since the last hole of over 10 days" in reasons(sheet_of(portfolio(holding("A", 1)), short))["volatility"]


def test_prices_that_ended_before_the_portfolios_day_are_stale() -> None:
    old = series("A", wobble(300), last=FRIDAY - timedelta(days=11))
    assert "recent enough for A" in reasons(sheet_of(portfolio(holding("A", 1)), old))["return.*"]


def test_returns_are_simple_and_not_logarithmic() -> None:
    found = values(sheet_of(portfolio(holding("A", 1)), series("A", [0.5, *still(299)])))
    assert found["return.si"] == pytest.approx(100 * (1.5 ** (365.25 / (FRIDAY - weekdays(301)[0].item()).days) - 1))
    assert float(risk.annual_return(np.array([0.5, *([0.0] * 251)]))) == pytest.approx(0.5)


def test_weights_are_rebalanced_daily_and_not_held() -> None:
    up, down = [0.01] * 260, [-0.01] * 260
    found = values(sheet_of(portfolio(holding("U", 50), holding("D", 50)), series("U", up), series("D", down)))
    assert found["return.6m"] == pytest.approx(0, abs=1e-9)
    # Held, the winner would have grown: (1.01^n + 0.99^n) / 2 is above 1.
    assert "rebalanced daily" in sheet_of(portfolio(holding("U", 1)), series("U", up)).by_id()["return.1m"].definition


def test_returns_are_before_costs_and_say_so() -> None:
    known = definition_of("return.1y")
    assert known is not None
    assert "before costs" in known.text
    assert "not what the account did" in known.text


def test_a_loss_on_the_first_day_of_the_sample_is_in_the_drawdown() -> None:
    found = values(sheet_of(portfolio(holding("A", 1)), series("A", [-0.2, *([0.001] * 99)])))
    assert found["max_drawdown"] == pytest.approx(-20)


def test_a_rate_of_another_day_than_the_price_is_the_last_known_one_and_named() -> None:
    saturday = date(2026, 10, 24)
    one = portfolio(holding("A", 100, currency="USD"), as_of=saturday)
    assert "of 2026-10-23" in sheet_of(one, rates=ECB).by_id()["total_value"].definition


def test_less_than_a_year_is_not_scaled_up_to_one() -> None:
    sheet = sheet_of(portfolio(holding("A", 1), benchmark={"A": 1}), series("A", wobble(200)))
    for metric_id in ("annual_return", "sharpe", "sortino", "information_ratio", "return.si", "return.1y"):
        assert metric_id not in values(sheet)
        assert reasons(sheet)[metric_id]


def test_a_tail_of_one_percent_needs_three_days_in_it() -> None:
    sheet = sheet_of(portfolio(holding("A", 1)), series("A", wobble(299)))
    assert "300 are needed" in reasons(sheet)["var_99_1d"]
    assert "cvar_99_1d" in values(sheet_of(portfolio(holding("A", 1)), series("A", wobble(300))))
