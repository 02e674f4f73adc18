"""Small portfolios, prices and rates for the tests of metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from core.domain.facts import FactSheet
from core.domain.instrument import NO_TERMS, Terms
from core.domain.portfolio import AssetClass, Flow, Holding, Portfolio
from core.domain.units import Badge
from core.metrics.prices import PriceSeries

FRIDAY = date(2026, 10, 30)


class FixedRates:
    """Rates that never change; a pair that is not given is unknown."""

    def __init__(self, factors: Mapping[tuple[str, str], float] | None = None) -> None:
        self._factors = dict(factors or {})

    def factor(self, source: str, target: str, on: date) -> float | None:
        return 1.0 if source == target else self._factors.get((source, target))


def holding(
    symbol: str,
    value: float | str,
    *,
    currency: str = "EUR",
    asset_class: AssetClass = AssetClass.EQUITY,
    sector: str = "",
    country: str = "",
    isin: str = "",
    price: str | None = None,
    name: str = "",
    terms: Terms = NO_TERMS,
) -> Holding:
    each = None if price is None else Decimal(price)
    return Holding(
        symbol, isin, name, asset_class, None, each, currency, Decimal(str(value)), sector, country, None, terms
    )


def cash(value: float | str, currency: str = "EUR") -> Holding:
    return holding(f"CASH_{currency}", value, currency=currency, asset_class=AssetClass.CASH)


def portfolio(
    *holdings: Holding,
    base: str = "EUR",
    as_of: date = FRIDAY,
    is_sample: bool = False,
    portfolio_id: str = "p",
    benchmark: Mapping[str, str | float] | None = None,
    flows: Sequence[tuple[date, float, str]] = (),
) -> Portfolio:
    return Portfolio(
        portfolio_id,
        "Portfolio",
        "",
        as_of,
        base,
        True,
        "GLOBAL",
        holdings,
        "test",
        is_sample,
        benchmark=tuple((symbol, Decimal(str(weight))) for symbol, weight in (benchmark or {}).items()),
        flows=tuple(Flow(day, Decimal(str(amount)), currency) for day, amount, currency in flows),
    )


def weekdays(count: int, last: date = FRIDAY) -> np.ndarray:
    days = np.arange(last - timedelta(days=2 * count + 7), last + timedelta(days=1), dtype="datetime64[D]")
    return days[np.is_busday(days)][-count:]


def series(
    symbol: str,
    returns: Sequence[float],
    *,
    currency: str = "EUR",
    badge: Badge = Badge.REAL,
    last: date = FRIDAY,
) -> PriceSeries:
    """Closes that start at 100 and have exactly these returns, the last one on or before `last`."""
    closes = 100.0 * np.cumprod([1.0, *(1.0 + value for value in returns)])
    return PriceSeries(symbol, currency, badge, weekdays(len(closes), last), closes)


def wobble(count: int, seed: int = 1, size: float = 0.01) -> list[float]:
    """Reproducible daily returns."""
    return list(np.random.default_rng(seed).normal(0.0003, size, count))


def still(count: int) -> list[float]:
    """Returns that are rounding and no more, of a price that is alive: one that stands still is no daily price."""
    return [1e-13 * (-1) ** day for day in range(count)]


def a_year(days: np.ndarray) -> float:
    """Returns a year of a sample with these days of closes."""
    return float(365.25 * (len(days) - 1) / int((days[-1] - days[0]).astype(int)))


def values(sheet: FactSheet) -> dict[str, float]:
    return {fact.metric_id: fact.value for fact in sheet.facts}


def reasons(sheet: FactSheet) -> dict[str, str]:
    return {absent.metric_id: absent.reason for absent in sheet.absent}
