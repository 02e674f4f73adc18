"""What each line adds to risk and return, and how the lines act together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, fsum, log

import numpy as np

from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.metrics.history import RUIN
from core.metrics.periods import window
from core.metrics.plans import CASH_IN, Plan
from core.metrics.returns import Floats, Sample
from core.metrics.risk import is_flat
from core.metrics.rows import Rows, state, state_family
from core.metrics.valuation import holding_ids

_UNUSED = "It has no usable price history, or a short one that was left out; the others are scaled up for it."
_FLAT = "Returns of the portfolio do not vary over the sample: there is no risk to share out."
_NEGATIVE = "A position lowers the risk: shares of risk that are not all positive have no number of bets."
_SHORT = "A position is short: a weighted sum of volatilities would set its risk off against the others'."


def contribution_rows(sample: Sample, portfolios: Sequence[Portfolio], badges: Sequence[Badge]) -> Iterator[Rows]:
    """Shares of risk, contributions and diversification of each portfolio of a sample, in its order."""
    deviations = sample.moves.std(axis=1, ddof=1)
    year = window(sample.days, "1y")
    start = 0 if isinstance(year, str) else year.start
    periods = f"{sample.first}..{sample.last}", f"{sample.days[start]}..{sample.last}"
    for plan, returns, badge, said in zip(sample.plans, sample.by_portfolio, badges, sample.notes, strict=True):
        positions = [sample.place[symbol] for symbol in plan.weights]
        moves = sample.moves[positions]
        weights = np.fromiter(plan.weights.values(), dtype=np.float64)
        rows: Rows = ([], [])
        betas = betas_to_whole(moves, returns)
        for metric_id, value in _together(plan, weights, deviations[positions], moves, returns, betas).items():
            state(rows, metric_id, value, periods[0], badge, f"Sample: {returns.size} returns. {said}".rstrip())
        grown = _grown(moves[:, start:], returns[start:])
        ids = holding_ids(portfolios[plan.member].holdings)
        for family, found, period in (("risk_share.", betas, periods[0]), ("contribution.", grown, periods[1])):
            if isinstance(found, str):
                state(rows, f"{family}*", found)
                continue
            of_unit = dict(zip(plan.weights, (100.0 * found).tolist(), strict=True))
            by_line = [(ids[place], weight * of_unit.get(symbol, 0.0)) for place, symbol, weight in plan.lines]
            count = returns.size - (start if family == "contribution." else 0)
            state_family(rows, family, by_line, period, badge, f"Sample: {count} returns. {said}".rstrip())
            for place in plan.uncovered:
                state(rows, family + ids[place], _UNUSED)
        yield rows


def betas_to_whole(moves: Floats, returns: Floats) -> Floats | str:
    """How much each position moves with the whole: cov(r of it, r) / var(r). Times its weight: its share of the risk.

    The shares of all positions sum to 1.

    Args:
        moves: Simple daily returns of the positions, shape (n, n_days).
        returns: Their weighted sum, shape (n_days,).

    Returns:
        Shape (n,); a sentence where the whole does not vary.
    """
    centred = returns - returns.mean()
    variance = centred @ centred
    if is_flat(np.sqrt(variance / returns.size)):
        return _FLAT
    return np.asarray(moves @ centred / variance)


def average_correlation(moves: Floats, deviations: Floats) -> float | None:
    """Mean correlation of all pairs of series that vary; None with fewer than two of them.

    The variance of the sum of standardised series is n plus twice the sum of their correlations: one pass over the
    days instead of one over all pairs.

    Args:
        moves: Simple daily returns, shape (n, n_days).
        deviations: Their standard deviations (ddof=1), shape (n,).
    """
    varying = ~is_flat(deviations)
    count = int(varying.sum())
    if count < 2:
        return None
    together = np.where(varying, 1.0 / np.where(varying, deviations, 1.0), 0.0) @ moves
    return float(np.clip((together.var(ddof=1) - count) / (count * (count - 1)), -1.0, 1.0))


def effective_bets(shares: Floats) -> float | None:
    """exp(entropy) of shares of risk; None when one is negative."""
    if (shares < -1e-12).any():
        return None
    return exp(-fsum(share * log(share) for share in shares.tolist() if share > 0.0))


def _together(
    plan: Plan, weights: Floats, deviations: Floats, moves: Floats, returns: Floats, betas: Floats | str
) -> dict[str, float | str]:
    no_cash = np.array([not symbol.startswith(CASH_IN) for symbol in plan.weights])
    pairs = (moves, deviations) if no_cash.all() else (moves[no_cash], deviations[no_cash])
    correlation = average_correlation(*pairs)
    found: dict[str, float | str] = {
        "average_correlation": "Fewer than two positions vary over the sample: there is no pair to correlate."
        if correlation is None
        else correlation
    }
    if isinstance(betas, str):
        return {"diversification_ratio": betas, "effective_bets": betas, **found}
    bets = effective_bets(weights * betas)
    ratio: float | str = _SHORT
    if (weights >= 0.0).all():
        ratio = float(weights @ deviations / returns.std(ddof=1))
    return {"diversification_ratio": ratio, "effective_bets": _NEGATIVE if bets is None else bets, **found}


def _grown(moves: Floats, returns: Floats) -> Floats | str:
    """What one unit of weight of each position added to the compounded return: its returns on the day's value."""
    if (returns <= -1.0).any():
        return RUIN
    before = np.cumprod(np.concatenate([[1.0], 1.0 + returns[:-1]]))
    return np.asarray(moves @ before)
