"""Figures that charts draw and that tools of a model ask for: series, correlations, and risk of other weights."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.errors import BadInput
from core.metrics import risk
from core.metrics.benchmark import Benchmarks
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.periods import growth
from core.metrics.plans import CASH_IN, NoSample, benchmark_symbols
from core.metrics.prices import PriceHistory
from core.metrics.returns import Sample, samples, weakest, worst_badge
from core.metrics.valuation import Valuer, holding_ids

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
_Measure = Callable[[Floats], Floats]


class NoSeries(BadInput):
    """There is nothing to draw; the message is the reason, as a fact sheet gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class ReturnSeries:
    """Daily returns of the present holdings, or of their benchmark, in base currency.

    Attributes:
        days: Of the closes, shape (n_days,).
        returns: Simple returns between them as fractions, shape (n_days - 1,).
        badge: The weakest origin of the prices used.
    """

    days: Days
    returns: Floats
    badge: Badge

    def cumulative(self) -> Floats:
        """Return since the first day, as a fraction, on each day; 0 on the first. Shape (n_days,)."""
        return np.asarray(growth(self.returns) - 1.0)

    def drawdown(self) -> Floats:
        """How far below its highest value so far, as a fraction of that, 0 or negative. Shape (n_days,)."""
        wealth = growth(self.returns)
        return np.asarray(wealth / np.maximum.accumulate(wealth) - 1.0)

    def rolling_volatility(self, window: int = 63) -> Floats:
        """Volatility of the last `window` returns as a fraction a year; NaN before there are as many. (n_days,)."""
        a_year = risk.per_year(self.returns.size, int((self.days[-1] - self.days[0]).astype(int)))
        return self._rolling(window, lambda windows: windows.std(axis=1, ddof=1) * np.sqrt(a_year))

    def rolling_return(self, window: int = risk.DAYS_PER_YEAR) -> Floats:
        """Compounded return of the last `window` days as a fraction; NaN before there are as many. (n_days,)."""
        return self._rolling(window, lambda windows: np.prod(1.0 + windows, axis=1) - 1.0)

    def _rolling(self, window: int, measure: _Measure) -> Floats:
        if window < 2:
            raise BadInput(f"A rolling window of {window} days measures nothing: take at least 2.")
        found = np.full(self.days.size, np.nan)
        if self.returns.size >= window:
            found[window:] = measure(np.lib.stride_tricks.sliding_window_view(self.returns, window))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationMatrix:
    """Correlations of the positions' daily returns in base currency.

    Attributes:
        ids: Holding ids; lines of one instrument are one position, under the first line's id.
        values: Between -1 and 1, shape (n, n), symmetric; NaN for a position that does not vary.
        first, last: Days of the first and last close.
        count: Returns in the sample.
    """

    ids: tuple[str, ...]
    values: Floats
    first: date
    last: date
    count: int
    badge: Badge

    def pairs(self) -> list[tuple[str, str, float]]:
        """Every pair once, the most correlated first; pairs without a correlation are left out."""
        rows, columns = np.triu_indices(len(self.ids), k=1)
        found = zip(rows.tolist(), columns.tolist(), self.values[rows, columns].tolist(), strict=True)
        known = [(self.ids[row], self.ids[column], value) for row, column, value in found if isfinite(value)]
        return sorted(known, key=lambda pair: -pair[2])


def return_series(portfolio: Portfolio, rates: Rates, prices: PriceHistory) -> ReturnSeries:
    """Daily returns of the present holdings, as the history metrics use them.

    Raises:
        NoSeries: Prices do not allow it; the message says why.
    """
    sample = _sample(portfolio, rates, prices)
    return ReturnSeries(sample.days, sample.by_portfolio[0], worst_badge(portfolio, prices))


def benchmark_series(portfolio: Portfolio, rates: Rates, prices: PriceHistory) -> ReturnSeries:
    """Daily returns of the portfolio's benchmark on the portfolio's days, as the periods' metrics use them.

    Raises:
        NoSeries: There is no benchmark, or prices do not allow it; the message says why.
    """
    sample = _sample(portfolio, rates, prices)
    weights = benchmark_symbols(portfolio, prices)
    benchmark = Benchmarks(sample).of(weights)
    if isinstance(benchmark, str):
        raise NoSeries(benchmark)
    return ReturnSeries(sample.days[benchmark.start :], benchmark.returns, weakest(weights, prices))


def correlation_analyzer(
    portfolio: Portfolio, rates: Rates, prices: PriceHistory, only: Collection[str] = ()
) -> CorrelationMatrix:
    """Correlations between the positions of a portfolio, cash left out.

    Args:
        only: Holding ids to compare; empty for all.

    Raises:
        NoSeries: Prices do not allow it; the message says why.
        BadInput: An id is not one of the portfolio's, or has no usable price history.
    """
    sample = _sample(portfolio, rates, prices)
    ids = holding_ids(portfolio.holdings)
    first_id: dict[str, str] = {}
    for place, symbol, _ in sample.plans[0].lines:
        if not symbol.startswith(CASH_IN):
            first_id.setdefault(symbol, ids[place])
    unknown = sorted(set(only) - set(first_id.values()))
    if unknown:
        raise BadInput(
            f"'{unknown[0]}' is no position with a price history. There are: {', '.join(first_id.values())}."
        )
    chosen = {symbol: one for symbol, one in first_id.items() if not only or one in only}
    moves = sample.moves[[sample.place[symbol] for symbol in chosen]]
    deviations = moves.std(axis=1)
    flat = risk.is_flat(deviations)
    standard = (moves - moves.mean(axis=1, keepdims=True)) / np.where(flat, 1.0, deviations)[:, None]
    values = np.clip(standard @ standard.T / moves.shape[1], -1.0, 1.0)
    np.fill_diagonal(values, 1.0)
    values[flat], values[:, flat] = np.nan, np.nan
    badge = worst_badge(portfolio, prices)
    return CorrelationMatrix(tuple(chosen.values()), values, sample.first, sample.last, moves.shape[1], badge)


def risk_calculator(
    portfolio: Portfolio,
    rates: Rates,
    prices: PriceHistory,
    weights_pct: Mapping[str, float] | None = None,
    groups: Sequence[MetricGroup] = (MetricGroup.HISTORY, MetricGroup.CONTRIBUTIONS),
) -> FactSheet:
    """The figures a portfolio has, or would have with other weights: what a proposal does to risk.

    Args:
        weights_pct: New weights in percent of total value by holding id; what changes is bought from, or sold to, the
            cash in base currency. None or empty: as it is.
        groups: Which figures.

    Raises:
        BadInput: An id is not one of the portfolio's, a weight is no number, or the total value is not known.
    """
    proposed = _reweighted(portfolio, rates, weights_pct) if weights_pct else portfolio
    return fact_sheets([proposed], rates, prices, groups=groups)[0]


def _reweighted(portfolio: Portfolio, rates: Rates, weights_pct: Mapping[str, float]) -> Portfolio:
    valuation = Valuer(rates).value(portfolio)
    if valuation.total is None or valuation.why_no_shares:
        raise BadInput(valuation.why_no_shares or valuation.why_no_total)
    ids = holding_ids(portfolio.holdings)
    unknown = sorted(set(weights_pct) - set(ids))
    if unknown:
        raise BadInput(f"'{unknown[0]}' is no holding of the portfolio. There are: {', '.join(ids)}.")
    wrong = [name for name, weight in weights_pct.items() if not isfinite(weight)]
    if wrong:
        raise BadInput(f"The weight of '{wrong[0]}' is {weights_pct[wrong[0]]}: give a number of percent.")
    lines = []
    spent = 0.0
    for name, line, value in zip(ids, portfolio.holdings, valuation.values, strict=True):
        if name not in weights_pct:
            lines.append(line)
            continue
        wanted = valuation.total * weights_pct[name] / 100.0
        spent += wanted - value
        rate = rates.factor(line.currency, portfolio.base_currency, portfolio.as_of) or 1.0
        lines.append(replace(line, quantity=None, market_value=Decimal(repr(wanted / rate))))
    return replace(portfolio, holdings=(*lines, _cash(portfolio, -spent)))


def _cash(portfolio: Portfolio, value: float) -> Holding:
    currency = portfolio.base_currency
    return Holding(f"CASH_{currency}", "", "Cash", AssetClass.CASH, None, None, currency, Decimal(repr(value)))


def _sample(portfolio: Portfolio, rates: Rates, prices: PriceHistory) -> Sample:
    valuation = Valuer(rates).value(portfolio)
    (outcome,) = samples([portfolio], [valuation], rates, prices, benchmarks=True)
    if isinstance(outcome, NoSample):
        raise NoSeries(outcome.reason)
    return outcome
