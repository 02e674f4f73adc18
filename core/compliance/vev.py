"""VaR-equivalent volatility, from which PRIIPs derive the market risk class."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite, log1p, sqrt

DAYS_A_YEAR = 252
LEAST_YEARS = 2
"""Daily prices of fewer years are not enough (Regulation 2017/653, annex II, part 1)."""

LEAST_RETURNS = DAYS_A_YEAR * LEAST_YEARS
MOST_RETURNS = DAYS_A_YEAR * 5
"""Of a longer history the last five years count."""


def var_equivalent_volatility(returns: Sequence[float], years: float = 5.0) -> float | None:
    """Volatility a year that a normal distribution would need for the same value at risk, as a fraction.

    0.112 reads: 11.2 % a year, so class 3. The 97.5 % value at risk over the recommended holding period comes from the
    Cornish-Fisher expansion of daily log returns:
    VaR = s√N (-1.96 + 0.474 m3/√N - 0.0687 m4/N + 0.146 m3²/N) - s²N/2 and VEV = (√(3.842 - 2 VaR) - 1.96) / √T.
    Source: Delegated Regulation (EU) 2017/653, annex II, points 12 and 13, from memory (M).

    Args:
        returns: Simple daily returns as fractions, oldest first.
        years: Recommended holding period T, in years; N is 252 T.

    Returns:
        None where there are fewer than 504 returns or value fell to nothing. Returns that never move give 0.
    """
    if len(returns) < LEAST_RETURNS or any(not isfinite(one) or one <= -1 for one in returns[-MOST_RETURNS:]):
        return None
    logs = [log1p(one) for one in returns[-MOST_RETURNS:]]
    mean = fsum(logs) / len(logs)
    second, third, fourth = (fsum((one - mean) ** power for one in logs) / len(logs) for power in (2, 3, 4))
    sigma = sqrt(second)
    if sigma == 0:
        return 0.0
    skew, excess = third / sigma**3, fourth / second**2 - 3
    periods = DAYS_A_YEAR * years
    root = sqrt(periods)
    quantile = -1.96 + 0.474 * skew / root - 0.0687 * excess / periods + 0.146 * skew**2 / periods
    at_risk = sigma * root * quantile - 0.5 * second * periods
    return (sqrt(max(3.842 - 2 * at_risk, 0.0)) - 1.96) / sqrt(years)
