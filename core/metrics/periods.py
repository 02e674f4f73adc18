"""Returns by period of the present holdings and of their benchmark, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.domain.units import Badge
from core.metrics.benchmark import Benchmark, Benchmarks
from core.metrics.history import RUIN
from core.metrics.metric_definitions import PERIODS
from core.metrics.returns import Days, Floats, Sample
from core.metrics.rows import Rows, absent, state, state_family

_MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "3y": 36, "5y": 60}
_PER_YEAR = frozenset({"3y", "5y", "si"})


@dataclass(frozen=True, slots=True)
class Window:
    """A period on a sample's days.

    Attributes:
        start: Place of the close it starts from.
        count: Returns in it.
        first: Day of that close.
        last: Day of the last close.
        per_year: Its return is stated per year.
    """

    start: int
    count: int
    first: date
    last: date
    per_year: bool

    @property
    def period(self) -> str:
        """As facts state it."""
        return f"{self.first}..{self.last}"

    def stated(self, growth: float) -> float:
        """Return in percent from the growth of value over the window (1.1 is 10 %), per year where it is so stated."""
        exponent = 365.25 / (self.last - self.first).days if self.per_year else 1.0
        return 100.0 * (float(growth**exponent) - 1.0)


def window(days: Days, period: str) -> Window | str:
    """The window of one of `PERIODS` that ends on the last of some days, or the reason why there is none."""
    last: date = days[-1].item()
    first: date = days[0].item()
    if period == "si":
        if back(last, 12) < first:
            return f"The common history starts on {first}, less than a year before {last}: it is not scaled up to one."
        return Window(0, days.size - 1, first, last, per_year=True)
    start = date(last.year - 1, 12, 31) if period == "ytd" else back(last, _MONTHS[period])
    place = int(np.searchsorted(days, np.datetime64(start), side="right")) - 1
    if place < 0:
        return f"The common history starts on {first} and the period on {start}."
    found: date = days[place].item()
    return Window(place, days.size - 1 - place, found, last, per_year=period in _PER_YEAR)


def back(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day where it is shorter."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for shown in range(day.day, 27, -1):
        try:
            return date(years, month + 1, shown)
        except ValueError:
            continue
    return date(years, month + 1, day.day)


def growth(returns: Floats) -> Floats:
    """Value after each day, starting at 1 before the first, along the last axis: one longer than the returns."""
    return np.cumprod(np.concatenate([np.ones((*returns.shape[:-1], 1)), 1.0 + returns], axis=-1), axis=-1)


def period_rows(
    sample: Sample,
    benchmarks: Benchmarks,
    named: Sequence[Mapping[str, float]],
    badges: Sequence[Badge],
    benchmark_badges: Sequence[Badge],
) -> Iterator[Rows]:
    """Returns by period of each portfolio of a sample, in its order."""
    windows = {period: window(sample.days, period) for period in PERIODS}
    wealth = growth(sample.by_portfolio)
    ruin = np.where((sample.by_portfolio <= -1.0).any(axis=1), _last_ruin(sample.by_portfolio), -1)
    for place, weights in enumerate(named):
        rows: Rows = ([], [])
        own = {period: _of(wealth[place], int(ruin[place]), one) for period, one in windows.items()}
        said = sample.notes[place]
        _family(rows, "return.", own, windows, badges[place], said)
        found = benchmarks.of(weights)
        if isinstance(found, str):
            rest = absent(("benchmark_return.", "excess_return."), found)
            rows[1].extend(rest[1])
        else:
            other = _of_benchmark(found, windows, sample.days)
            _family(rows, "benchmark_return.", other, windows, benchmark_badges[place])
            excess = {period: _less(own[period], other[period]) for period in PERIODS}
            _family(rows, "excess_return.", excess, windows, benchmark_badges[place], said)
        yield rows


def _last_ruin(returns: Floats) -> Floats:
    """Place of the last return that lost everything, of each row."""
    return np.asarray(returns.shape[1] - 1 - np.argmax((returns <= -1.0)[:, ::-1], axis=1))


def _of(wealth: Floats, ruin: int, one: Window | str) -> float | str:
    if isinstance(one, str):
        return one
    if ruin >= one.start:
        return RUIN
    return one.stated(float(wealth[-1] / wealth[one.start]))


def _of_benchmark(benchmark: Benchmark, windows: Mapping[str, Window | str], days: Days) -> dict[str, float | str]:
    wealth = growth(benchmark.returns)
    found: dict[str, float | str] = {}
    for period, one in windows.items():
        if isinstance(one, str):
            found[period] = one
        elif one.start < benchmark.start:
            found[period] = f"The benchmark's history starts on {days[benchmark.start]} and the period on {one.first}."
        elif (benchmark.returns[one.start - benchmark.start :] <= -1.0).any():
            found[period] = RUIN
        else:
            found[period] = one.stated(float(wealth[-1] / wealth[one.start - benchmark.start]))
    return found


def _less(own: float | str, other: float | str) -> float | str:
    if isinstance(own, str):
        return own
    return other if isinstance(other, str) else own - other


def _family(
    rows: Rows,
    family: str,
    values: Mapping[str, float | str],
    windows: Mapping[str, Window | str],
    badge: Badge,
    said: str = "",
) -> None:
    reasons = set(values.values())
    if len(reasons) == 1 and isinstance(reason := reasons.pop(), str):
        state(rows, f"{family}*", reason)
        return
    for period, value in values.items():
        one = windows[period]
        if isinstance(one, Window) and not isinstance(value, str):
            note = f"Sample: {one.count} returns. {said}".rstrip()
            state_family(rows, family, [(period, value)], one.period, badge, note)
        else:
            state(rows, family + period, value)
