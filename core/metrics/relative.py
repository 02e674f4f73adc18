"""Returns against a benchmark's. Shapes and units as in `core.metrics.risk`.

Every function takes the portfolios' simple daily returns, shape (n_days,) or (n_days, n_portfolios), and the
benchmark's on the same days, shape (n_days,); results have shape () or (n_portfolios,).
"""

from __future__ import annotations

import numpy as np

from core.metrics.risk import DAYS_PER_YEAR, Floats, TooFewReturns, is_flat


def beta(returns: Floats, benchmark: Floats) -> Floats:
    """How much the portfolio moves with the benchmark: cov(r, b) / var(b).

    1.2 reads: on a day on which the benchmark rises by 1 % the portfolio rises by 1.2 % on average.
    NaN where the benchmark does not vary.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Beta", returns)
    moves = benchmark - benchmark.mean()
    variance = np.mean(moves * moves)
    if is_flat(np.sqrt(variance)):
        return np.full(returns.shape[1:], np.nan)
    return np.asarray(_mean_product(returns, moves) / variance)


def correlation(returns: Floats, benchmark: Floats) -> Floats:
    """Between -1 and 1: cov(r, b) / (std(r) * std(b)). NaN where either does not vary.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Correlation", returns)
    moves = benchmark - benchmark.mean()
    deviations = returns.std(axis=0) * np.sqrt(np.mean(moves * moves))
    flat = is_flat(returns.std(axis=0)) | is_flat(np.sqrt(np.mean(moves * moves)))
    # Rounding may carry a perfect correlation past one.
    found = np.clip(_mean_product(returns, moves) / np.where(flat, 1.0, deviations), -1.0, 1.0)
    return np.where(flat, np.nan, found)


def tracking_error(returns: Floats, benchmark: Floats, a_year: float = DAYS_PER_YEAR) -> Floats:
    """How much a year's return strays from the benchmark's: std(r - b, ddof=1) * sqrt(n), as a fraction.

    Args:
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Tracking error", returns)
    return np.asarray(_active(returns, benchmark).std(axis=0, ddof=1) * np.sqrt(a_year))


def information_ratio(returns: Floats, benchmark: Floats, a_year: float = DAYS_PER_YEAR) -> Floats:
    """Excess return for one unit of straying: mean(r - b) / std(r - b, ddof=1) * sqrt(n).

    NaN where the portfolio never strays: the ratio has no meaning there.

    Args:
        a_year: Returns a year n.

    Raises:
        TooFewReturns: Under two returns there is no deviation.
    """
    _require("Information ratio", returns)
    active = _active(returns, benchmark)
    deviation = active.std(axis=0, ddof=1)
    flat = is_flat(deviation)
    return np.where(flat, np.nan, active.mean(axis=0) / np.where(flat, 1.0, deviation) * np.sqrt(a_year))


def _mean_product(returns: Floats, moves: Floats) -> Floats:
    """Covariance with moves whose mean is zero."""
    return np.asarray(np.einsum("t...,t->...", returns, moves) / moves.size)


def _active(returns: Floats, benchmark: Floats) -> Floats:
    return np.asarray(returns - _column(benchmark, returns))


def _column(benchmark: Floats, returns: Floats) -> Floats:
    return benchmark.reshape(-1, *(1 for _ in returns.shape[1:]))


def _require(measure: str, returns: Floats) -> None:
    if returns.shape[0] < 2:
        raise TooFewReturns(measure, 2, returns.shape[0])
