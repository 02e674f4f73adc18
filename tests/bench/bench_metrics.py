"""Fact sheets of many portfolios against the same figures from a plain pandas loop, in one run.

Run with `python -m tests.bench.bench_metrics`.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import numpy as np
import pandas as pd

from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics import risk
from core.metrics.factsheet import fact_sheets
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceHistory
from core.metrics.simulate import simulated_history

T = TypeVar("T")

PORTFOLIOS = 500
LINES = 50
SYMBOLS = 400
NAIVE = 25
"""The loop is run on this many portfolios, because it is slow, and compared a portfolio."""


def run() -> dict[str, float]:
    """Measure, check that both ways agree, and return seconds and ratios."""
    rates = EcbRates()
    portfolios, prices = _world(rates)
    fact_sheets(portfolios[:20], rates, prices)

    with_history, sheets = _best(lambda: fact_sheets(portfolios, rates, prices))
    without, _ = _best(lambda: fact_sheets(portfolios, rates, None))
    naive, loop = _best(lambda: [_naive(one, rates, prices) for one in portfolios[:NAIVE]], times=1)
    for sheet, expected in zip(sheets, loop, strict=False):
        found = {fact.metric_id: fact.value for fact in sheet.facts}
        for metric_id, value in expected.items():
            if abs(found[metric_id] - value) > 1e-6 * max(1.0, abs(value)):
                raise AssertionError(f"{sheet.portfolio_id} {metric_id}: {found[metric_id]} is not {value}")
    matrix = np.random.default_rng(1).normal(0, 0.01, (PORTFOLIOS, prices["S0"].days.size - 1)).T
    measures, _ = _best(lambda: [measure(matrix) for measure in _MEASURES])
    return {
        "portfolios": PORTFOLIOS,
        "days": prices["S0"].days.size,
        "facts": sum(len(sheet.facts) for sheet in sheets),
        "seconds_all": with_history,
        "seconds_without_history": without,
        "seconds_history": with_history - without,
        "seconds_measures_alone": measures,
        "naive_seconds_per_portfolio": naive / NAIVE,
        "ratio_to_naive": (naive / NAIVE) / (with_history / PORTFOLIOS),
    }


_MEASURES: tuple[Callable[[risk.Floats], risk.Floats], ...] = (
    risk.volatility,
    risk.sharpe,
    risk.max_drawdown,
    risk.historical_var,
    risk.historical_cvar,
    risk.annual_return,
)


def _best(work: Callable[[], T], times: int = 5) -> tuple[float, T]:
    """Seconds of the fastest of a few runs, and what it made."""
    fastest, made = float("inf"), None
    for _ in range(times):
        made = None
        gc.collect()
        start = time.perf_counter()
        made = work()
        fastest = min(fastest, time.perf_counter() - start)
    if made is None:
        raise ValueError(f"{times} runs measure nothing")
    return fastest, made


def _world(rates: EcbRates) -> tuple[list[Portfolio], PriceHistory]:
    chance = random.Random(7)
    universe = [
        Holding(
            f"S{number}",
            "",
            f"Company {number}",
            AssetClass.EQUITY,
            Decimal(1),
            Decimal(100),
            chance.choice(["USD", "EUR", "GBP", "CHF"]),
            Decimal(chance.randint(1_000, 99_999)),
            chance.choice(["Financials", "Health Care", "Energy", "Information Technology"]),
            chance.choice(["US", "DE", "GB", "CH"]),
        )
        for number in range(SYMBOLS)
    ]
    portfolios = [
        Portfolio(
            f"p{number}", f"Portfolio {number}", "", rates.last_day, chance.choice(["EUR", "USD"]), True, "GLOBAL",
            tuple(chance.sample(universe, LINES)), "bench",
        )
        for number in range(PORTFOLIOS)
    ]  # fmt: skip
    return portfolios, simulated_history(universe, rates.last_day, years=5)


def _naive(portfolio: Portfolio, rates: EcbRates, prices: PriceHistory) -> dict[str, float]:
    """What one would write first: a pandas frame a portfolio, a column a holding, a loop over days for rates."""
    base = portfolio.base_currency
    values = pd.Series(
        {
            line.symbol: float(line.market_value) * (rates.factor(line.currency, base, portfolio.as_of) or np.nan)
            for line in portfolio.holdings
        }
    )
    weights = values / values.sum()
    columns = {}
    for line in portfolio.holdings:
        closes = pd.Series(prices[line.symbol].closes, index=pd.DatetimeIndex(prices[line.symbol].days))
        columns[line.symbol] = closes * [rates.factor(line.currency, base, day.date()) for day in closes.index]
    returns = (pd.DataFrame(columns).dropna().pct_change().iloc[1:] * weights).sum(axis=1)
    wealth = pd.concat([pd.Series([1.0]), (1 + returns).cumprod()])
    cut = returns.quantile(0.05)
    return {
        "total_value": float(values.sum()),
        "hhi": float((weights**2).sum()),
        "volatility": 100 * float(returns.std()) * 252**0.5,
        "sharpe": float(returns.mean() / returns.std()) * 252**0.5,
        "max_drawdown": 100 * float((wealth / wealth.cummax() - 1).min()),
        "var_95_1d": -100 * float(cut),
        "cvar_95_1d": -100 * float(returns[returns <= cut].mean()),
        "annual_return": 100 * (float((1 + returns).prod()) ** (252 / len(returns)) - 1),
    }


if __name__ == "__main__":
    for name, figure in run().items():
        print(f"{name:32} {figure:,.4f}")
