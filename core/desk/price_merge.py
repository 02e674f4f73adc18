"""New closes joined to stored ones: days are added, and nothing that differs is replaced unless that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.domain.market import StoredConflict
from core.domain.portfolio import DailyCloses
from core.domain.units import Badge
from core.intake.market.price_checks import scales
from core.metrics.prices import PriceSeries

SAME = 1e-9
"""Closes that differ by less, as a fraction, are the same close written with other digits."""

RESCALED = 0.005
"""From this on, a common factor between stored and new closes is an adjustment and no rounding."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What joining did.

    Attributes:
        series: To be stored; None when nothing changes or the new closes were refused.
        added: Days that are new.
        same: Days that were there already with the same close.
        replaced: Days whose close was replaced.
        conflicts: Days whose close differs and was not replaced.
        refusal: Why none of the new closes came in; "" when they did.
    """

    series: PriceSeries | None
    added: int = 0
    same: int = 0
    replaced: int = 0
    conflicts: tuple[StoredConflict, ...] = ()
    refusal: str = ""


def merge(
    stored: PriceSeries | None, new: DailyCloses, badge: Badge, *, replace: bool, accept_jumps: bool = False
) -> Merge:
    """Join the closes of one symbol.

    Where all overlapping days differ by one factor, the newer closes were adjusted since (a split, dividends): joining
    them to the older ones would make a jump that never was, so they are refused unless they reach back far enough to
    replace everything.
    """
    days = np.array([day for day, _ in new.closes], dtype="datetime64[D]")
    closes = np.array([float(close) for _, close in new.closes])
    if stored is not None and stored.currency != new.currency and not replace:
        return Merge(
            None,
            refusal=f"'{new.symbol}' is stored in {stored.currency} and comes in {new.currency}. Correct the currency, "
            "or replace the stored history with --replace.",
        )
    if stored is None or stored.currency != new.currency:
        refusal = "" if accept_jumps else _hundredfold(new.symbol, days, closes)
        if refusal:
            return Merge(None, refusal=refusal)
        whole = PriceSeries(new.symbol, new.currency, badge, days, closes)
        return Merge(whole, added=days.size if stored is None else 0, replaced=0 if stored is None else days.size)
    overlap, at_stored, at_new = np.intersect1d(stored.days, days, assume_unique=True, return_indices=True)
    old, fresh = stored.closes[at_stored], closes[at_new]
    differs = ~np.isclose(old, fresh, rtol=SAME, atol=0)
    conflicts = tuple(
        StoredConflict(new.symbol, _day(overlap[place]), float(old[place]), float(fresh[place]))
        for place in np.flatnonzero(differs)
    )
    factor = _common_factor(old, fresh, differs)
    if factor is not None:
        if replace and days[0] <= stored.days[0] and days[-1] >= stored.days[-1]:
            whole = PriceSeries(new.symbol, new.currency, badge, days, closes)
            return Merge(whole, added=len(days) - differs.size, replaced=differs.size)
        return Merge(
            None,
            conflicts=conflicts,
            refusal=f"Every close of '{new.symbol}' on the {differs.size} days that are stored already is {factor:.4g} "
            "times the stored one: the new closes were adjusted since, for a split or dividends. None of them came in. "
            f"Import, with --replace, a file from {stored.days[0]} to {stored.days[-1]} or beyond, or remove the "
            f"stored ones first with: mosychlos prices remove {new.symbol}",
        )
    fresh_days = ~np.isin(days, stored.days, assume_unique=True)
    keep = np.ones(stored.days.size, dtype=bool)
    take = fresh_days.copy()
    if replace:
        keep[at_stored[differs]] = False
        take[at_new[differs]] = True
    joined_days = np.concatenate([stored.days[keep], days[take]])
    order = np.argsort(joined_days)
    joined = np.concatenate([stored.closes[keep], closes[take]])[order]
    joined_days = joined_days[order]
    added, same, changed = int(fresh_days.sum()), int((~differs).sum()), int(differs.sum())
    refusal = "" if accept_jumps else _hundredfold(new.symbol, joined_days, joined)
    if refusal:
        return Merge(None, same=same, conflicts=conflicts, refusal=refusal)
    series = PriceSeries(new.symbol, new.currency, badge, joined_days, joined) if take.any() else None
    if replace:
        return Merge(series, added, same, changed)
    return Merge(series, added, same, 0, conflicts)


def _hundredfold(symbol: str, days: NDArray[np.datetime64], closes: NDArray[np.float64]) -> str:
    """Why closes in two units cannot be one series; "" when they are in one."""
    found = scales(closes)
    if not found.off and not found.breaks:
        return ""
    at = (found.off or found.breaks)[0]
    return (
        f"'{symbol}' goes from {closes[at - 1]:g} to {closes[at]:g} on {days[at]}, a factor of about a hundred. None "
        "of its new closes came in. Correct the unit, or import them from a file with --accept-jumps."
    )


def _common_factor(old: NDArray[np.float64], fresh: NDArray[np.float64], differs: NDArray[np.bool_]) -> float | None:
    """What all closes were multiplied by, where all differ and by the same; None otherwise."""
    if not differs.any() or not differs.all():
        return None
    factor = fresh / old
    middle = float(np.median(factor))
    if abs(middle - 1) <= RESCALED or float(np.ptp(factor)) > RESCALED * middle:
        return None
    return middle


def _day(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
