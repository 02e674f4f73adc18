"""Risk of daily returns. Every function takes one series or many at once, and never returns a plausible guess.

Returns are simple daily returns as fractions, shape (n_days,) or (n_days, n_portfolios), no NaN; results are floats
of shape () or (n_portfolios,). Annual figures take the returns a year from whoever knows the days; 252 otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

DAYS_PER_YEAR = 252
"""Trading days of a year, for whoever does not know the days of the returns."""

CALENDAR_DAYS_PER_YEAR = 365.25
VAR_LEVEL = 0.95

Floats = NDArray[np.float64]

_NORMAL = NormalDist()

_FLAT = 1e-12
"""Daily deviations below this are rounding, not risk."""


class TooFewReturns(BadInput):
    """A measure needs more returns than there are."""

    def __init__(self, measure: str, needed: int, given: int) -> None:
        super().__init__(
            f"{measure} needs at least {needed} daily returns and there are {given}: give a longer history."
        )


def per_year(count: int, days: int) -> float:
    """Returns a year of a sample: `count` of them over so many calendar days. 252 of 365.25 days read 252."""
    return CALENDAR_DAYS_PER_YEAR * count / days


def volatility(returns: Floats, a_year: float = DAYS_PER_YEAR) -> Floats:
    """How much a year's return swings: std(ddof=1) * sqrt(n), as a fraction.

    0.18 reads: in about two years of three the return lies within 18 points of its mean.

    Args:
        a_year: Returns a year n, see `per_year`.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Volatility", returns, 2)
    return np.asarray(returns.std(axis=0, ddof=1) * np.sqrt(a_year))


def sharpe(returns: Floats, risk_free: float = 0.0, a_year: float = DAYS_PER_YEAR) -> Floats:
    """Excess return for one unit of risk: mean(r - rf_d) / std(r - rf_d, ddof=1) * sqrt(n).

    NaN where the returns do not vary: the ratio has no meaning there.

    Args:
        risk_free: Yearly rate as a fraction; its day's share is (1 + rf)^(1/n) - 1.
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Sharpe ratio", returns, 2)
    daily = (1.0 + risk_free) ** (1.0 / a_year) - 1.0
    excess = returns - daily if daily else returns
    deviation = excess.std(axis=0, ddof=1)
    flat = deviation < _FLAT
    ratio = excess.mean(axis=0) / np.where(flat, 1.0, deviation) * np.sqrt(a_year)
    return np.where(flat, np.nan, ratio)


def downside_deviation(returns: Floats, minimum: float = 0.0, a_year: float = DAYS_PER_YEAR) -> Floats:
    """How much a year's return falls short of a minimum: sqrt(mean(min(r - minimum, 0)^2)) * sqrt(n), a fraction.

    All days count in the mean, not only the bad ones: a portfolio that rarely loses has a small one.

    Args:
        minimum: Wanted daily return as a fraction.
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Downside deviation", returns, 2)
    short = np.minimum(returns - minimum if minimum else returns, 0.0)
    np.square(short, out=short)
    return np.asarray(np.sqrt(np.mean(short, axis=0)) * np.sqrt(a_year))


def sortino(returns: Floats, minimum: float = 0.0, a_year: float = DAYS_PER_YEAR) -> Floats:
    """Return for one unit of downside risk: mean(r - minimum) * n / downside deviation.

    NaN where no day fell short of the minimum: the ratio has no meaning there.

    Args:
        minimum: Wanted daily return as a fraction.
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Sortino ratio", returns, 2)
    deviation = downside_deviation(returns, minimum, a_year)
    flat = deviation < _FLAT
    ratio = (returns.mean(axis=0) - minimum) * a_year / np.where(flat, 1.0, deviation)
    return np.where(flat, np.nan, ratio)


def max_drawdown(returns: Floats) -> Floats:
    """The deepest fall from a peak, as a negative fraction (0 when value never fell): min(W / cummax(W) - 1).

    Wealth W starts at 1 before the first day: without it a loss on the first day would not count.
    NaN where a day lost 100 % or more: there is no wealth left to measure.

    Raises:
        TooFewReturns: There is no return.
    """
    _require("Maximum drawdown", returns, 1)
    # Days last: what is accumulated then lies side by side in memory.
    wealth = np.ones((*returns.shape[1:], returns.shape[0] + 1))
    np.add(np.moveaxis(returns, 0, -1), 1.0, out=wealth[..., 1:])
    ruined = (wealth <= 0.0).any(axis=-1)
    np.cumprod(wealth, axis=-1, out=wealth)
    np.divide(wealth, np.maximum.accumulate(wealth, axis=-1), out=wealth)
    return np.where(ruined, np.nan, wealth.min(axis=-1) - 1.0)


def drawdown_days(returns: Floats) -> NDArray[np.intp]:
    """When the deepest fall began, ended and was made good: places of the peak, the trough and the recovery.

    Shape (3, ...): places among the days of the wealth W of `max_drawdown`, 0 being the day before the first return.
    The recovery is the first day on which W is back at the peak, -1 where it never was; all three are -1 where value
    never fell or was lost whole.

    Raises:
        TooFewReturns: There is no return.
    """
    _require("Maximum drawdown", returns, 1)
    wealth = np.ones((*returns.shape[1:], returns.shape[0] + 1))
    np.cumprod(np.moveaxis(returns, 0, -1) + 1.0, axis=-1, out=wealth[..., 1:])
    found = np.full((3, *returns.shape[1:]), -1, dtype=np.intp)
    for place in np.ndindex(wealth.shape[:-1]):
        path = wealth[place]
        fallen = path / np.maximum.accumulate(path)
        trough = int(fallen.argmin())
        if fallen[trough] >= 1.0 or (path <= 0.0).any():
            continue
        peak = int(path[: trough + 1].argmax())
        back = np.flatnonzero(path[trough:] >= path[peak])
        found[(slice(None), *place)] = peak, trough, trough + int(back[0]) if back.size else -1
    return found


def historical_var(returns: Floats, level: float = VAR_LEVEL) -> Floats:
    """The loss that one day in twenty (at 0.95) reaches or passes: -quantile(r, 1 - level, linear).

    Positive is a loss: 0.018 reads: on the worst 5 % of days 1.8 % of value or more was lost.

    Raises:
        TooFewReturns: Under 20 returns the 95 % tail is less than one day.
    """
    _require("Value at risk", returns, _tail_days(level))
    return np.asarray(-np.quantile(returns, 1.0 - level, axis=0))


def historical_cvar(returns: Floats, level: float = VAR_LEVEL) -> Floats:
    """Average loss on the days at or beyond the value at risk: -mean(r[r <= quantile]). Positive is a loss.

    0.031 reads: on the worst 5 % of days the portfolio lost 3.1 % on average.

    Raises:
        TooFewReturns: Under 20 returns the 95 % tail is less than one day.
    """
    return historical_tails(returns, (level,))[0][1]


def historical_tails(returns: Floats, levels: Sequence[float]) -> list[tuple[Floats, Floats]]:
    """Value at risk and expected shortfall at each of some levels, for the price of ordering the returns once.

    Raises:
        TooFewReturns: Under 20 returns the 95 % tail is less than one day.
    """
    _require("Expected shortfall", returns, max(map(_tail_days, levels)))
    found = []
    for quantile in np.quantile(returns, [1.0 - level for level in levels], axis=0):
        tail = returns <= quantile
        count = tail.sum(axis=0)
        found.append((np.asarray(-quantile), np.asarray(-np.sum(returns, axis=0, where=tail) / count)))
    return found


def normal_var(returns: Floats, level: float = VAR_LEVEL) -> Floats:
    """Value at risk as if returns were normal: -(mean + z * std(ddof=1)) with z the quantile of 1 - level.

    Positive is a loss. Real returns have fatter tails: at 95 % it is often near the historical figure, further out
    it is too small.

    Raises:
        TooFewReturns: Under 20 returns the 95 % tail is less than one day.
    """
    _require("Value at risk", returns, _tail_days(level))
    quantile = _NORMAL.inv_cdf(1.0 - level)
    return np.asarray(-(returns.mean(axis=0) + quantile * returns.std(axis=0, ddof=1)))


def normal_cvar(returns: Floats, level: float = VAR_LEVEL) -> Floats:
    """Expected shortfall as if returns were normal: -(mean - std(ddof=1) * phi(z) / (1 - level)). Positive is a loss.

    Raises:
        TooFewReturns: Under 20 returns the 95 % tail is less than one day.
    """
    _require("Expected shortfall", returns, _tail_days(level))
    density = _NORMAL.pdf(_NORMAL.inv_cdf(1.0 - level))
    return np.asarray(-(returns.mean(axis=0) - returns.std(axis=0, ddof=1) * density / (1.0 - level)))


def annual_return(returns: Floats, a_year: float = DAYS_PER_YEAR) -> Floats:
    """Growth a year, compounded: prod(1 + r)^(n/T) - 1. NaN where a day lost 100 % or more.

    Args:
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under 252 returns: less than a year is not scaled up to one.
    """
    _require("Annual return", returns, DAYS_PER_YEAR)
    ruined = (returns <= -1.0).any(axis=0)
    growth = np.where(ruined, 1.0, np.prod(1.0 + returns, axis=0))
    return np.where(ruined, np.nan, growth ** (a_year / returns.shape[0]) - 1.0)


def is_flat(deviation: Floats) -> NDArray[np.bool_]:
    """True where a daily standard deviation is rounding and no risk."""
    return np.asarray(deviation < _FLAT)


def _tail_days(level: float) -> int:
    return round(1.0 / (1.0 - level))


def _require(measure: str, returns: Floats, needed: int) -> None:
    if returns.shape[0] < needed:
        raise TooFewReturns(measure, needed, returns.shape[0])
