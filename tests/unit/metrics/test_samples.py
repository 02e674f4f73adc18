"""Which histories of a portfolio are used: short, thin, stale and leaning lines."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Portfolio
from core.domain.units import Badge
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import FixedRates, holding, portfolio, reasons, series, values, wobble


def sheet_of(one: Portfolio, prices: PriceHistory) -> FactSheet:
    return fact_sheets([one], FixedRates(), prices)[0]


def test_a_small_line_with_a_hole_does_not_take_years_from_everybody() -> None:
    long = series("A", wobble(1_500, 1))
    full = series("GAP", wobble(1_500, 2))
    kept = np.r_[0:1_200, 1_208:1_501]  # eight weekdays without a close
    gap = PriceSeries("GAP", "EUR", Badge.REAL, full.days[kept], full.closes[kept])
    young = series("NEW", wobble(100, 3))
    prices = PriceHistory.from_series([long, gap, young])
    alone = values(sheet_of(portfolio(holding("A", 1)), prices))
    for symbol in ("GAP", "NEW"):
        sheet = sheet_of(portfolio(holding("A", 99), holding(symbol, 1)), prices)
        assert values(sheet)["max_drawdown"] == pytest.approx(alone["max_drawdown"])
        assert values(sheet)["sharpe"] == pytest.approx(alone["sharpe"])
        said = sheet.by_id()["max_drawdown"].definition
        assert f"Left out for its short history: {symbol} (1.0 % of gross value)" in said
        assert "With what was left out, over " in said


@pytest.mark.parametrize(("weight", "days", "left_out"), [(4, 1_450, False), (4, 1_430, True), (6, 100, False)])
def test_a_line_is_left_out_only_where_it_is_less_of_the_value_than_its_history_costs_days(
    weight: int, days: int, left_out: bool
) -> None:
    prices = PriceHistory.from_series([series("A", wobble(1_500, 1)), series("B", wobble(days, 2))])
    sheet = sheet_of(portfolio(holding("A", 100 - weight), holding("B", weight)), prices)
    assert ("Left out" in sheet.by_id()["volatility"].definition) is left_out
    assert f"Sample: {1_500 if left_out else days} returns" in sheet.by_id()["volatility"].definition


def test_figures_a_year_count_the_days_that_the_sample_has() -> None:
    full = series("A", wobble(1_500, 1))
    kept = np.sort(np.random.default_rng(4).choice(np.arange(1, 1_500), 1_100, replace=False))
    kept = np.r_[0, kept, 1_500]
    thin = PriceSeries("A", "EUR", Badge.REAL, full.days[kept], full.closes[kept])
    whole, part = (
        values(
            fact_sheets(
                [portfolio(holding("A", 1))],
                FixedRates(),
                PriceHistory.from_series([one]),
                groups=[MetricGroup.HISTORY, MetricGroup.PERIODS],
            )[0]
        )
        for one in (full, thin)
    )
    assert part["volatility"] == pytest.approx(whole["volatility"], rel=0.06)
    assert part["annual_return"] == pytest.approx(whole["annual_return"], rel=1e-9)
    assert part["annual_return"] == pytest.approx(part["return.si"], rel=1e-9), "one growth has one yearly figure"


def appraised(symbol: str, every: int) -> PriceSeries:
    """Closes on every weekday that change on one of so many."""
    daily = series(symbol, wobble(600, 7))
    return PriceSeries(symbol, "EUR", Badge.REAL, daily.days, daily.closes[(np.arange(601) // every) * every])


@pytest.mark.parametrize(("every", "used"), [(1, True), (2, True), (3, False), (21, False)])
def test_appraisals_written_on_every_day_are_no_daily_prices(every: int, used: bool) -> None:
    prices = PriceHistory.from_series([series("A", wobble(600)), appraised("B", every)])
    sheet = sheet_of(portfolio(holding("A", 50), holding("B", 50)), prices)
    assert ("volatility" in values(sheet)) is used
    if not used:
        assert "appraisals are no daily prices" in reasons(sheet)["volatility"]
        assert "for B" in reasons(sheet)["volatility"]


def test_a_price_that_has_not_moved_for_weeks_has_ended() -> None:
    daily = series("B", wobble(600, 7))
    closes = np.r_[daily.closes[:-60], np.full(60, daily.closes[-61])]
    stale = PriceSeries("B", "EUR", Badge.REAL, daily.days, closes)
    prices = PriceHistory.from_series([series("A", wobble(600)), stale])
    sheet = sheet_of(portfolio(holding("A", 50), holding("B", 50)), prices)
    assert "none that moved in the last 10 days for B" in reasons(sheet)["volatility"]


def test_a_money_market_fund_that_is_kept_at_one_is_no_stale_price() -> None:
    daily = series("A", wobble(300))
    fund = PriceSeries("MMF", "EUR", Badge.REAL, daily.days, np.ones(301))
    sheet = sheet_of(
        portfolio(holding("A", 50), holding("MMF", 50, asset_class=AssetClass.BOND_FUND)),
        PriceHistory.from_series([daily, fund]),
    )
    assert values(sheet)["volatility"] > 0


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(0.2475, "4 for 1"), (0.5, "2 for 1"), (0.34, "3 for 1"), (10.1, "1 for 10"), (2.0, "1 for 2"), (0.6, "")],
)
def test_a_move_like_a_split_is_said_on_each_figure(ratio: float, said: str) -> None:
    moves = wobble(400)
    moves[200] = ratio - 1
    prices = PriceHistory.from_series([series("A", wobble(400, 2)), series("SPLT", moves)])
    sheet = sheet_of(portfolio(holding("A", 50), holding("SPLT", 50)), prices)
    for metric_id in ("volatility", "max_drawdown", "cvar_95_1d"):
        text = sheet.by_id()[metric_id].definition
        assert ("SPLT closed on" in text) is bool(said)
        assert said in text


@pytest.mark.parametrize(
    ("notional", "why"),
    [(80_000, "covers 55.5% of gross value"), (None, "neither notional nor delta"), (4_000, "")],
)
def test_a_derivative_counts_with_what_it_leans_on(notional: int | None, why: str) -> None:
    terms = Terms(instrument_type=InstrumentType.FUTURE, notional=None if notional is None else Decimal(notional))
    future = holding("FUT", 500, asset_class=AssetClass.DERIVATIVE, terms=terms)
    prices = PriceHistory.from_series([series("A", wobble(400)), series("FUT", wobble(400, 2))])
    sheet = sheet_of(portfolio(holding("A", 100_000), future), prices)
    assert ("volatility" in values(sheet)) is not why
    assert why in reasons(sheet).get("volatility", "")
