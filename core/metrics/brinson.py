"""Brinson-Fachler attribution of one portfolio against a benchmark, with a currency effect and Carino's linking.

Arithmetic only: returns and weights in, effects out. Weights are held constant by rebalancing, so an effect is linear
in the periods' returns, and linking needs no more than each segment's linked sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOT_HELD = 1e-12
"""Weights below this are none: what is left when a sum of fractions cancels."""


LINKING = (
    "With w a segment's weight, r its local return, R the local return of the whole, and p and b for portfolio and "
    "benchmark. Each day's effects are multiplied with k / K, where k = (ln(1 + Rp) - ln(1 + Rb)) / (Rp - Rb) of the "
    "day and K the same of the window; linking days into months and months into the window gives the same."
)
"""How `attribute` and `links` are read, for the methodology page."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The portfolio or the benchmark.

    Attributes:
        weights: Of the segments, shape (n_segments,).
        local: What each segment added in its own currencies, weight times return, summed over the periods with their
            links; same shape.
        currency: What exchange rates added to it, same shape.
        whole_local: What all there is added in its own currencies, summed likewise.
    """

    weights: Floats
    local: Floats
    currency: Floats
    whole_local: float


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Linked effects by segment, as fractions, shape (n_segments,).

    Where the segments are all there is, they sum to the difference of the compounded returns.
    """

    allocation: Floats
    selection: Floats
    interaction: Floats
    currency: Floats


def attribute(portfolio: Side, benchmark: Side) -> Effects:
    """The effects of each segment.

    With w a segment's weight, r its local return, R the local return of the whole, p and b for the two sides:
    allocation (wp - wb)(rb - Rb), selection wb (rp - rb), interaction (wp - wb)(rp - rb). A segment that the
    benchmark lacks has no rb: it takes rp, so that all of it is allocation; one that the portfolio lacks takes rb for
    rp, so that there is no selection. The currency effect is what exchange rates added to the portfolio's segment
    less what they added to the benchmark's.
    """
    wp, wb = portfolio.weights, benchmark.weights
    held, listed = np.abs(wp) > _NOT_HELD, np.abs(wb) > _NOT_HELD
    rp = portfolio.local / np.where(held, wp, 1.0)
    rb = benchmark.local / np.where(listed, wb, 1.0)
    rp, rb = np.where(held, rp, rb), np.where(listed, rb, rp)
    apart, better = wp - wb, rp - rb
    return Effects(
        apart * (rb - benchmark.whole_local),
        wb * better,
        apart * better,
        portfolio.currency - benchmark.currency,
    )


def links(own: Floats, other: Floats) -> tuple[Floats, float]:
    """What each period's effects are multiplied with, so that they sum to the difference over all periods.

    Carino (1999): k_t / K with k_t = (ln(1 + Rp) - ln(1 + Rb)) / (Rp - Rb), and K the same of the compounded returns.
    Linking days into months and months into a year gives the same as linking days into the year, because each
    level's K is the next one's k_t.

    Args:
        own: Returns of the portfolio in each period, above -1, shape (n_periods,).
        other: Of the benchmark.

    Returns:
        The multipliers, shape (n_periods,), and the difference of the compounded returns.
    """
    total = float(np.prod(1.0 + own)) - 1.0, float(np.prod(1.0 + other)) - 1.0
    whole = _coefficients(np.array([total[0]]), np.array([total[1]]))
    return _coefficients(own, other) / whole, total[0] - total[1]


def _coefficients(own: Floats, other: Floats) -> Floats:
    """(ln(1 + own) - ln(1 + other)) / (own - other), and its limit 1 / (1 + own) where they are equal.

    Near the limit the quotient would lose its digits, so it is taken from ln(1 + x) / x of the relative difference.
    """
    apart = (own - other) / (1.0 + other)
    small = np.abs(apart) < 1e-8
    quotient = np.where(small, 1.0 - apart / 2.0, np.log1p(apart) / np.where(small, 1.0, apart))
    return np.asarray(quotient / (1.0 + other))
