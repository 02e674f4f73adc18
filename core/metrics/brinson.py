"""Brinson-Fachler attribution of one portfolio against a benchmark, with a currency effect and Carino's linking.

Arithmetic only: arrays of shape (n_segments, n_periods) in, effects out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOT_HELD = 1e-12
"""Weights below this are none: what is left when a sum of fractions cancels."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The portfolio or the benchmark.

    Attributes:
        weights: Of the segments, held constant by rebalancing, shape (n_segments,).
        local: What each segment added to each period's return in its own currencies, shape (n_segments, n_periods).
        currency: What exchange rates added to it, same shape.
        whole_local: Of all in each period, shape (n_periods,).
        whole: The same with exchange rates: the period's return.
    """

    weights: Floats
    local: Floats
    currency: Floats
    whole_local: Floats
    whole: Floats

    @classmethod
    def of(cls, weights: Floats, local: Floats, currency: Floats) -> Side:
        """Of segments that are all there is: their weights sum to 1."""
        whole_local = local.sum(axis=0)
        return cls(weights, local, currency, whole_local, whole_local + currency.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Linked effects over all periods, as fractions.

    Attributes:
        allocation, selection, interaction, currency: By segment, shape (n_segments,).
        active_return: Compounded return of the portfolio less that of the benchmark; where the segments are all there
            is, the effects sum to it.
    """

    allocation: Floats
    selection: Floats
    interaction: Floats
    currency: Floats
    active_return: float


def attribute(portfolio: Side, benchmark: Side) -> Effects:
    """The effects of each period, linked so that they sum to the difference of the compounded returns.

    With w a segment's weight, r its local return, R the local return of the whole, p and b for the two sides:
    allocation (wp - wb)(rb - Rb), selection wb (rp - rb), interaction (wp - wb)(rp - rb). A segment that the
    benchmark lacks has no rb: it takes rp, so that all of it is allocation; one that the portfolio lacks takes rb for
    rp, so that there is no selection. The currency effect is what exchange rates added to the portfolio's segment
    less what they added to the benchmark's.

    Linking (Carino 1999): each period's effects times k_t / K with k_t = (ln(1 + Rp) - ln(1 + Rb)) / (Rp - Rb), and
    K the same of the compounded returns; where both returns are equal the limit 1 / (1 + R).
    """
    wp, wb = portfolio.weights[:, None], benchmark.weights[:, None]
    held, listed = np.abs(wp) > _NOT_HELD, np.abs(wb) > _NOT_HELD
    rp = portfolio.local / np.where(held, wp, 1.0)
    rb = benchmark.local / np.where(listed, wb, 1.0)
    rp, rb = np.where(held, rp, rb), np.where(listed, rb, rp)
    own, other = portfolio.whole, benchmark.whole
    total = float(np.prod(1.0 + own)) - 1.0, float(np.prod(1.0 + other)) - 1.0
    links = carino(own, other) / carino(np.array([total[0]]), np.array([total[1]]))
    return Effects(
        ((wp - wb) * (rb - benchmark.whole_local)) @ links,
        (wb * (rp - rb)) @ links,
        ((wp - wb) * (rp - rb)) @ links,
        (portfolio.currency - benchmark.currency) @ links,
        total[0] - total[1],
    )


def carino(own: Floats, other: Floats) -> Floats:
    """(ln(1 + own) - ln(1 + other)) / (own - other), and its limit 1 / (1 + own) where they are equal.

    Near the limit the quotient would lose its digits, so it is taken from ln(1 + x) / x of the relative difference.
    """
    apart = (own - other) / (1.0 + other)
    small = np.abs(apart) < 1e-8
    quotient = np.where(small, 1.0 - apart / 2.0, np.log1p(apart) / np.where(small, 1.0, apart))
    return np.asarray(quotient / (1.0 + other))
