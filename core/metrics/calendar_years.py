"""Returns by calendar year, for a chart of bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from core.metrics.tools import ReturnSeries


@dataclass(frozen=True, slots=True)
class YearReturn:
    """What one calendar year brought.

    Attributes:
        value: Compounded return as a fraction, from the last close before `first` to the one on `last`.
        first, last: The days of the year that the series covers.
        whole: False for the year in which the series begins or ends early.
    """

    year: int
    value: float
    first: date
    last: date
    whole: bool


def calendar_years(series: ReturnSeries) -> tuple[YearReturn, ...]:
    """Each calendar year of a series, the oldest first.

    A return belongs to the year of the close it ends on, so that the years compound to the whole. A year is whole when
    the series has a close before it and ends in its last days or later (exchanges close on 31 December).
    """
    if not series.returns.size:
        return ()
    ends = series.days[1:]
    years = ends.astype("datetime64[Y]").astype(int) + 1970
    starts = np.flatnonzero(np.diff(years, prepend=years[0] - 1))
    growth = np.multiply.reduceat(1.0 + series.returns, starts)
    stops = [*(starts[1:] - 1).tolist(), ends.size - 1]
    found: list[YearReturn] = []
    for place, (start, stop) in enumerate(zip(starts.tolist(), stops, strict=True)):
        year, before = int(years[start]), _day(series.days[start])
        last = _day(ends[stop])
        whole = before.year < year and last >= date(year, 12, 29)
        found.append(YearReturn(year, float(growth[place]) - 1.0, _day(ends[start]), last, whole))
    return tuple(found)


def _day(day: np.datetime64) -> date:
    return date.fromisoformat(str(day.astype("datetime64[D]")))
