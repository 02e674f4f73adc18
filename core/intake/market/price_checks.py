"""What a series of closes shows on its face: gaps, jumps, stale runs, and closes off by a factor of a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from core.domain.market import Anomaly, AnomalyKind

GAP_WEEKDAYS = 5
"""More weekdays in a row without a close than this are reported as a gap."""

STALE_DAYS = 10
"""Equal closes in a row from which they are reported."""

SPARSE_DAYS = 4
"""A median of more days between closes means that the series is weekly or monthly, and gaps mean nothing."""

_HUNDRED_LOW, _HUNDRED_HIGH = 80.0, 125.0


@dataclass(frozen=True, slots=True)
class Scales:
    """How the closes of a series stand to one another in hundreds.

    Attributes:
        off: Places of closes that are a hundredfold (or hundredth) of the ones around them, which agree and are more.
        breaks: Places where the series changes its scale by a hundred and never comes back; nobody can tell which part
            is right.
    """

    off: tuple[int, ...]
    breaks: tuple[int, ...]


def scales(closes: NDArray[np.float64]) -> Scales:
    """Find closes in another unit: pence among pounds, or a feed's error (14.55, 0.1455, 14.60).

    A change by a factor of 80 to 125 in one step is a change of scale; nothing that is quoted moves so far in a day.
    """
    if closes.size < 2:
        return Scales((), ())
    with np.errstate(divide="ignore", over="ignore"):
        ratio = closes[1:] / closes[:-1]
    step = np.where((ratio >= _HUNDRED_LOW) & (ratio <= _HUNDRED_HIGH), 1, 0)
    step -= np.where((ratio >= 1 / _HUNDRED_HIGH) & (ratio <= 1 / _HUNDRED_LOW), 1, 0)
    if not step.any():
        return Scales((), ())
    level = np.concatenate([[0], np.cumsum(step)])
    if level[-1] != 0 or 2 * np.count_nonzero(level) >= level.size:
        return Scales((), tuple(int(place) + 1 for place in np.flatnonzero(step)))
    return Scales(tuple(int(place) for place in np.flatnonzero(level)), ())


def anomalies(
    symbol: str, days: Sequence[date], closes: NDArray[np.float64], rows: Sequence[int | None], jump_pct: float
) -> list[Anomaly]:
    """Gaps, jumps and stale runs of a series, by day.

    Args:
        symbol: For the messages.
        days: Increasing, shape (n,).
        closes: Positive, shape (n,).
        rows: Rows of the file, shape (n,).
        jump_pct: Moves from one close to the next beyond this are reported, in percent.
    """
    found: list[Anomaly] = []
    if len(days) < 2:
        return found
    grid = np.array(days, dtype="datetime64[D]")
    between = np.diff(grid).astype(np.int64)
    if float(np.median(between)) <= SPARSE_DAYS:
        missing = np.busday_count(grid[:-1] + 1, grid[1:])
        for place in np.flatnonzero(missing > GAP_WEEKDAYS):
            at = int(place) + 1
            message = f"No close for {int(missing[place])} weekdays: from {days[at - 1]} to {days[at]}."
            found.append(Anomaly(AnomalyKind.GAP, symbol, days[at], rows[at], message))
    move = (closes[1:] / closes[:-1] - 1) * 100
    for place in np.flatnonzero(np.abs(move) > jump_pct):
        at = int(place) + 1
        message = (
            f"The close went from {closes[at - 1]:g} to {closes[at]:g}, {move[place]:+.1f} % "
            f"(reported beyond {jump_pct:g} %)."
        )
        found.append(Anomaly(AnomalyKind.JUMP, symbol, days[at], rows[at], message))
    at = 0
    for value, run in groupby(closes.tolist()):
        length = sum(1 for _ in run)
        at += length
        if length >= STALE_DAYS:
            message = f"{length} closes in a row are {value:g}, up to {days[at - 1]}: the price may be stale."
            found.append(Anomaly(AnomalyKind.STALE, symbol, days[at - 1], rows[at - 1], message))
    found.sort(key=lambda one: one.day)
    return found
