"""What each line of a portfolio did a day of late, in its base currency: what a forecast from drift needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from core.compliance.forecast import WINDOW
from core.compliance.kinds import DEPOSITS, types_of
from core.compliance.position import Book, RulePosition
from core.domain.fx import Rates
from core.domain.units import Badge
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.thresholds import MAX_STALE_DAYS

_LONGEST: Final = timedelta(days=WINDOW * 7 // 5 + 3 * MAX_STALE_DAYS)
"""So many days lie between the ends of the window at most, holidays included; else it has holes."""


def growth_of(book: Book, prices: PriceHistory, rates: Rates) -> tuple[dict[str, float], str]:
    """Mean logarithmic growth a day of each line over the window, by its id; and why that of some is not known.

    Cash grows by its exchange rate alone. The window is each series' own last trading days.
    """
    found: dict[str, float] = {}
    unknown: list[str] = []
    for one in book.positions:
        ends = _ends(one, book, prices)
        moved = None if ends is None else _growth(book, ends, rates)
        if moved is None:
            unknown.append(one.holding_id)
        else:
            found[one.holding_id] = moved
    if not unknown:
        return found, ""
    some = f"{', '.join(unknown[:3])}{' and others' if len(unknown) > 3 else ''}"
    return found, f"The {WINDOW} trading days before {book.as_of} are not known of {some}."


def simulated(book: Book, prices: PriceHistory) -> bool:
    """Whether some drift comes from simulated prices."""
    symbols = {one.holding.symbol for one in book.positions}
    return any(prices[name].badge is Badge.SIMULATED for name in symbols if name in prices)


_Ends = tuple[date, date, float, str]
"""First and last day of a window, the last close over the first, and the currency of both."""


def _ends(one: RulePosition, book: Book, prices: PriceHistory) -> _Ends | None:
    series = prices.get(one.holding.symbol)
    if types_of(one) <= DEPOSITS:
        return book.as_of - timedelta(days=WINDOW * 7 // 5), book.as_of, 1.0, one.holding.currency
    if series is None:
        return None
    last = int(np.searchsorted(series.days, np.datetime64(book.as_of), side="right")) - 1
    if last < WINDOW:
        return None
    first_day, last_day = _day(series, last - WINDOW), _day(series, last)
    if book.as_of - last_day > timedelta(days=MAX_STALE_DAYS) or last_day - first_day > _LONGEST:
        return None
    return first_day, last_day, float(series.closes[last] / series.closes[last - WINDOW]), series.currency


def _day(series: PriceSeries, place: int) -> date:
    day: date = series.days[place].item()
    return day


def _growth(book: Book, ends: _Ends, rates: Rates) -> float | None:
    first, last, moved, currency = ends
    factors = [rates.factor(currency, book.base_currency, day) for day in (first, last)]
    if factors[0] is None or factors[1] is None:
        return None
    return math.log(moved * factors[1] / factors[0]) / WINDOW


def symbols_of(lines: Sequence[RulePosition]) -> set[str]:
    """Symbols whose prices are wanted."""
    return {one.holding.symbol for one in lines if not types_of(one) <= DEPOSITS}
