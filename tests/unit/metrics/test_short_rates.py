"""Return over the short rate: of the base currency's own series, over the sample's days, beside the one over 0 %."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.market import EconomicSeries
from core.domain.units import Badge
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from core.metrics.short_rates import earned, series_ids, short_rates
from tests.unit.metrics.making import (
    FRIDAY,
    FixedRates,
    a_year,
    cash,
    holding,
    portfolio,
    reasons,
    series,
    values,
    weekdays,
    wobble,
)

RETURNS = wobble(600, 4)
DAYS = weekdays(601)


def rate(
    *values: float, series_id: str = "short_rate.EUR", unit: str = "percent", frequency: str = "daily", step: int = 1
) -> EconomicSeries:
    """A series that ends on the portfolio's day, or a constant one over the whole sample."""
    first = DAYS[0].item()
    count = (FRIDAY - first).days // step + 1
    told = values if len(values) > 1 else values * count
    days = tuple(first + timedelta(days=step * at) for at in range(len(told)))
    return EconomicSeries(
        series_id, "Rate", unit, frequency, "Central bank", "open", "", "file", Badge.REAL, True, days, tuple(told)
    )


def sheet_with(*stored: EconomicSeries, base: str = "EUR", count: int = 600) -> FactSheet:
    prices = PriceHistory.from_series([series("A", RETURNS[-count:], currency=base)])
    known = {one.series_id: one for one in stored}
    asked = portfolio(holding("A", 100, currency=base), base=base)
    return fact_sheets([asked], FixedRates(), prices, short_rates=short_rates(known, [base]))[0]


def test_sharpe_and_sortino_are_stated_over_the_short_rate_and_over_nothing() -> None:
    sheet = sheet_with(rate(3.0))
    stated = values(sheet)
    spans = np.diff(DAYS).astype(float)
    excess = np.array(RETURNS) - (1.03 ** (spans / 365.25) - 1)
    year = a_year(DAYS)
    assert stated["sharpe_over_short_rate"] == pytest.approx(excess.mean() / excess.std(ddof=1) * np.sqrt(year))
    below = np.sqrt(np.mean(np.minimum(excess, 0) ** 2))
    assert stated["sortino_over_short_rate"] == pytest.approx(excess.mean() / below * np.sqrt(year))
    assert stated["sharpe_over_short_rate"] < stated["sharpe"]
    assert stated["short_rate"] == pytest.approx(3.0)
    fact = sheet.by_id()["sharpe_over_short_rate"]
    assert "'short_rate.EUR' of Central bank" in fact.definition
    assert fact.period == sheet.by_id()["sharpe"].period


def test_without_a_series_the_ratio_is_over_nothing_and_says_so() -> None:
    sheet = sheet_with()
    assert "sharpe" in values(sheet)
    assert "risk-free rate is taken as 0 %" in sheet.by_id()["sharpe"].definition
    assert reasons(sheet)["sharpe_over_short_rate"].startswith("No short rate of EUR is stored")
    assert "short_rate.EUR or ESTR" in reasons(sheet)["short_rate"]


def test_the_rate_is_that_of_the_base_currency_and_no_other() -> None:
    assert "short_rate.USD or SOFR" in reasons(sheet_with(rate(3.0), base="USD"))["sharpe_over_short_rate"]
    assert "sharpe_over_short_rate" in values(sheet_with(rate(3.0, series_id="SOFR"), base="USD"))
    assert series_ids("BRL") == ("short_rate.BRL",)


def test_a_negative_rate_raises_the_ratio() -> None:
    stated = values(sheet_with(rate(-0.5)))
    assert stated["sharpe_over_short_rate"] > stated["sharpe"]


def test_a_rate_in_basis_points_reads_like_one_in_percent() -> None:
    in_points, in_percent = values(sheet_with(rate(300.0, unit="basis points"))), values(sheet_with(rate(3.0)))
    assert in_points["sharpe_over_short_rate"] == pytest.approx(in_percent["sharpe_over_short_rate"])


def test_only_the_rate_known_at_the_first_of_two_days_counts() -> None:
    days = np.array(["2026-10-26", "2026-10-28", "2026-10-29"], dtype="datetime64[D]")
    one = replace(rate(1.0, 2.0, 50.0), days=(date(2026, 10, 26), date(2026, 10, 28), date(2026, 10, 29)))
    found = earned(one, days)
    assert not isinstance(found, str)
    assert found.returns == pytest.approx([1.01 ** (2 / 365.25) - 1, 1.02 ** (1 / 365.25) - 1])
    assert found.average == pytest.approx((2 * 1.0 + 2.0) / 3)


def test_a_series_that_does_not_cover_the_sample_is_not_stretched_over_it() -> None:
    late = rate(3.0)
    late = replace(late, days=late.days[200:], values=late.values[200:])
    assert "has no value for" in reasons(sheet_with(late))["sharpe_over_short_rate"]
    hole = replace(late, days=(DAYS[0].item(), *late.days), values=(3.0, *late.values))
    assert "has no value for" in reasons(sheet_with(hole))["sharpe_over_short_rate"]
    monthly = rate(3.0, frequency="monthly", step=30)
    assert "sharpe_over_short_rate" in values(sheet_with(monthly))


def test_an_index_of_a_rate_is_no_rate() -> None:
    why = reasons(sheet_with(rate(101.0, unit="index 2019=100")))["sharpe_over_short_rate"]
    assert "a rate is in percent" in why


def test_a_short_sample_has_a_rate_and_no_ratio_over_it() -> None:
    sheet = sheet_with(rate(3.0), count=100)
    assert "short_rate" in values(sheet)
    assert "100 returns" in reasons(sheet)["sortino_over_short_rate"]


def test_a_portfolio_that_earns_no_more_than_the_rate_has_a_ratio_of_nothing() -> None:
    prices = PriceHistory.from_series([series("A", RETURNS)])
    asked = portfolio(holding("A", 100), cash(0))
    level = 100 * ((1 + np.mean(RETURNS)) ** a_year(DAYS) - 1)
    (sheet,) = fact_sheets([asked], FixedRates(), prices, short_rates={"EUR": rate(float(level))})
    assert abs(values(sheet)["sharpe_over_short_rate"]) < 0.02
