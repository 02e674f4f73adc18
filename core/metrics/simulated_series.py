"""The demo's own economic series: seeded, over ten years, and simulated wherever they show. They estimate nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from core.domain.market import EconomicSeries
from core.domain.portfolio import AssetClass, Holding
from core.domain.units import Badge
from core.metrics.prices import PriceSeries
from core.metrics.risk import DAYS_PER_YEAR
from core.metrics.simulate import SEED, simulated_history

Floats = NDArray[np.float64]

YEARS = 10
START = date(2010, 1, 31)
"""Monthly paths begin here whatever window is asked for, so that a later end adds months and changes none."""

_SOURCE = "demo"
_PUBLISHER = "Mosychlos (simulated)"
_LICENCE = "own work, MIT"


def simulated_series(end: date, seed: int = SEED) -> tuple[EconomicSeries, ...]:
    """Inflation, policy rate, 10-year yield, unemployment (monthly); equities, volatility, oil, gold (daily).

    The market series come from the factor model of the simulated prices, so that what research says about them fits the
    sample portfolios. Rates follow inflation, and unemployment follows rates, with a lag.
    """
    inflation, policy, long_rate, unemployment = _macro(end, seed)
    months = _month_ends(end)
    daily = simulated_history(_markets(), end, years=YEARS, seed=seed)
    equity = daily["demo.equity"]
    return (
        _monthly("demo.inflation", "Simulated consumer price inflation over a year", months, inflation),
        _monthly("demo.policy_rate", "Simulated policy rate of the central bank", months, policy),
        _monthly("demo.yield_10y", "Simulated yield of 10-year government bonds", months, long_rate),
        _monthly("demo.unemployment", "Simulated unemployment rate", months, unemployment),
        _daily("demo.equity", "Simulated world equity index", "index", equity.days, equity.closes),
        _daily("demo.volatility", "Simulated implied volatility of equities", "points", *_volatility(equity)),
        _daily("demo.oil", "Simulated price of crude oil", "USD a barrel", *_of(daily["demo.oil"])),
        _daily("demo.gold", "Simulated price of gold", "USD an ounce", *_of(daily["demo.gold"])),
    )


def _markets() -> list[Holding]:
    def market(symbol: str, name: str, kind: AssetClass, last: int) -> Holding:
        return Holding(symbol, "", name, kind, None, Decimal(last), "USD", Decimal(0))

    return [
        market("demo.equity", "World index", AssetClass.EQUITY_FUND, 3_800),
        market("demo.oil", "Crude oil", AssetClass.COMMODITY, 74),
        market("demo.gold", "Gold", AssetClass.COMMODITY, 3_950),
    ]


def _month_ends(end: date) -> list[date]:
    a_month, a_day = np.timedelta64(1, "M"), np.timedelta64(1, "D")
    months = np.arange(np.datetime64(START, "M"), np.datetime64(end, "M") + a_month, dtype="datetime64[M]")
    lasts = [date.fromisoformat(str(day)) for day in (months + a_month).astype("datetime64[D]") - a_day]
    return [day for day in lasts if day <= end]


def _macro(end: date, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Four monthly paths in percent; each month depends on the ones before it only."""
    count = len(_month_ends(end))
    shocks = {name: _draws(seed, name, count) for name in ("inflation", "policy", "yield", "unemployment")}
    inflation, policy, long_rate, unemployment = (np.empty(count) for _ in range(4))
    before = (2.0, 1.5, 2.8, 6.0)
    for month in range(count):
        price, rate, bond, jobs = before
        price += 0.03 * (2.3 - price) + 0.22 * shocks["inflation"][month]
        aim = max(0.1, 1.0 + 1.2 * (price - 2.0) + 1.2)
        rate = max(0.0, rate + 0.05 * (aim - rate) + 0.06 * shocks["policy"][month])
        bond += 0.06 * (0.6 * rate + 0.3 * price + 1.0 - bond) + 0.16 * shocks["yield"][month]
        jobs = max(2.5, jobs + 0.04 * (4.6 + 0.25 * (rate - 2.5) - jobs) + 0.09 * shocks["unemployment"][month])
        before = price, rate, max(0.1, bond), jobs
        inflation[month], policy[month], long_rate[month], unemployment[month] = before
    return inflation, policy, long_rate, unemployment


def _volatility(equity: PriceSeries) -> tuple[NDArray[np.datetime64], Floats]:
    """What options might have implied: an average of past daily moves that forgets, and a fright after falls."""
    moves = np.diff(np.log(equity.closes))
    memory = exp(-1 / 25)
    variance = float(np.var(moves[:60]))
    found = np.empty(moves.size)
    for place, move in enumerate(moves):
        variance = memory * variance + (1 - memory) * move * move
        fright = max(0.0, -float(moves[max(0, place - 4) : place + 1].sum()))
        found[place] = 100 * (1.15 * sqrt(variance * DAYS_PER_YEAR) + 0.9 * fright) + 1.0
    return equity.days[1:], found


def _of(series: PriceSeries) -> tuple[NDArray[np.datetime64], Floats]:
    return series.days, series.closes


def _monthly(series_id: str, title: str, days: list[date], values: Floats) -> EconomicSeries:
    kept = slice(-(12 * YEARS + 1), None)
    return _series(series_id, title, "percent", "monthly", tuple(days[kept]), values[kept])


def _daily(series_id: str, title: str, unit: str, days: NDArray[np.datetime64], values: Floats) -> EconomicSeries:
    dates: Callable[[], list[date]] = days.tolist
    return _series(series_id, title, unit, "daily", tuple(dates()), values)


def _series(
    series_id: str, title: str, unit: str, frequency: str, days: tuple[date, ...], values: Floats
) -> EconomicSeries:
    rounded = tuple(round(float(value), 2) for value in values)
    return EconomicSeries(
        series_id, title, unit, frequency, _PUBLISHER, _LICENCE, "", _SOURCE, Badge.SIMULATED, True, days, rounded
    )


def _draws(seed: int, name: str, count: int) -> Floats:
    digest = hashlib.sha256(f"{seed} economy {name}".encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    return np.asarray(generator.standard_normal(count))
