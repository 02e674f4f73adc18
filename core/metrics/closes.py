"""Closes of many symbols on one axis of days, and what they are worth in another currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.domain.fx import Rates
from core.metrics.plans import CASH_IN
from core.metrics.prices import PriceHistory
from core.metrics.thresholds import MAX_STALE_DAYS

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Mask = NDArray[np.bool_]


class Closes:
    """The closes of some symbols on the union of their weekdays; NaN where a series has none.

    Weekends are left out, so that what trades on them moves on Monday like everything else and a year has about 252
    days for all. Whatever else is in the table, a symbol's values and its set of days are its own.

    Attributes:
        days: The axis, increasing.
    """

    def __init__(self, symbols: Iterable[str], rates: Rates, prices: PriceHistory) -> None:
        """Args: symbols: With a series in `prices`, or `CASH_IN` and a currency."""
        ordered = sorted(symbols)
        # Most series share their days: sorting each set once is ten times less work.
        axes = {days.tobytes(): days for days in (prices[one].days for one in ordered if not one.startswith(CASH_IN))}
        axis = np.unique(np.concatenate(list(axes.values())))
        self.days: Days = axis[np.is_busday(axis)]
        self._rates = rates
        self._dates: list[date] = self.days.tolist()
        self._row = {symbol: row for row, symbol in enumerate(ordered)}
        self._currency: dict[str, str] = {}
        self._closes = np.full((len(ordered), self.days.size), np.nan)
        for symbol, row in self._row.items():
            if symbol.startswith(CASH_IN):
                self._currency[symbol] = symbol.removeprefix(CASH_IN)
                self._closes[row] = 1.0
            else:
                series = prices[symbol]
                self._currency[symbol] = series.currency
                kept = np.is_busday(series.days)
                self._closes[row, np.searchsorted(self.days, series.days[kept])] = series.closes[kept]
        self._numbers: dict[bytes, int] = {}
        self._masks: list[Mask] = []
        self._calendar_of: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._factors: dict[tuple[str, str], Floats] = {}
        self._spans: dict[tuple[date, int], int] = {}

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._row

    def currency(self, symbol: str) -> str:
        """Of a symbol's closes."""
        return self._currency[symbol]

    def in_currency(self, symbols: Sequence[str], base: str, at: NDArray[np.intp]) -> Floats:
        """Values in `base` on some days, shape (n_symbols, n_at); NaN where there is no close or no rate."""
        values = self._closes[np.ix_(np.array([self._row[symbol] for symbol in symbols], dtype=np.intp), at)]
        for row, symbol in enumerate(symbols):
            if self._currency[symbol] != base:
                values[row] *= self.factor(self._currency[symbol], base)[at]
        return values

    def last_known(self, symbol: str) -> tuple[Floats, NDArray[np.int64]]:
        """The last close on or before each day of the axis, and how many days old it is.

        NaN and a very large age before the first close.
        """
        closes = self._closes[self._row[symbol]]
        places = np.maximum.accumulate(np.where(np.isnan(closes), -1, np.arange(closes.size)))
        known = places >= 0
        ages = (self.days - self.days[places]).astype(np.int64)
        return np.where(known, closes[places], np.nan), np.where(known, ages, np.iinfo(np.int64).max)

    def calendars(self, base: str, symbols: Iterable[str]) -> Iterator[int]:
        """For each symbol a number for the set of days on which it has a value in `base`; most share a few sets."""
        known = self._calendar_of[base]
        for symbol in symbols:
            if symbol not in known:
                mask = ~np.isnan(self._closes[self._row[symbol]])
                if self._currency[symbol] != base:
                    mask &= ~np.isnan(self.factor(self._currency[symbol], base))
                known[symbol] = self._numbers.setdefault(mask.tobytes(), len(self._masks))
                if known[symbol] == len(self._masks):
                    self._masks.append(mask)
            yield known[symbol]

    def unknown_rates(self, base: str, symbols: Iterable[str]) -> list[str]:
        """Currencies of these symbols that have no rate to `base` on any day."""
        foreign = {self._currency[symbol] for symbol in symbols} - {base}
        return sorted(one for one in foreign if np.isnan(self.factor(one, base)).all())

    def span(self, as_of: date, calendar: int) -> int:
        """Days of one such set up to a day, after its last hole of over 10 days."""
        key = as_of, calendar
        if key not in self._spans:
            days = self.days[self._masks[calendar] & (self.days <= np.datetime64(as_of))]
            holes = np.flatnonzero(np.diff(days).astype(np.int64) > MAX_STALE_DAYS)
            self._spans[key] = int(days.size - (holes[-1] + 1 if holes.size else 0))
        return self._spans[key]

    def common(self, as_of: date, calendars: Iterable[int]) -> NDArray[np.intp]:
        """Places of the days up to one that all of these sets have."""
        mask: Mask = self.days <= np.datetime64(as_of)
        for calendar in calendars:
            mask = mask & self._masks[calendar]
        return np.flatnonzero(mask)

    def factor(self, currency: str, base: str) -> Floats:
        """Units of `base` for one of `currency` on each day of the axis, last known; NaN before the first rate."""
        known = self._factors.get((currency, base))
        if known is None:
            daily = (self._rates.factor(currency, base, day) for day in self._dates)
            known = np.array([np.nan if factor is None else factor for factor in daily])
            self._factors[currency, base] = known
        return known
