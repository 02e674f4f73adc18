"""A portfolio's benchmark on the days of its sample, and figures of the one against the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from core.domain.units import Badge
from core.metrics import relative
from core.metrics.metric_definitions import BENCHMARK_METRICS
from core.metrics.plans import largest
from core.metrics.returns import Floats, Sample
from core.metrics.risk import per_year
from core.metrics.rows import Rows, absent, state
from core.metrics.thresholds import MAX_STALE_DAYS, MIN_RETURNS, MIN_RETURNS_A_YEAR, MIN_YEAR_RETURNS

NONE_NAMED = "No benchmark was named for this portfolio."
"""Why there is nothing to compare with."""


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """A benchmark on the days of a sample, from the first day on which all its members have a recent close.

    Attributes:
        symbols: Members, cash as a pseudo symbol.
        weights: Theirs as fractions, shape (n_members,).
        start: Place of that first day in the sample's days.
        returns: Simple daily returns in base currency, shape (n_days - start - 1,), at last known closes.
        moves: The same of each member, shape (n_members, n_days - start - 1).
        fresh: Days, from `start` on, on which every member has a close of that day, shape (n_days - start,).
    """

    symbols: tuple[str, ...]
    weights: Floats
    start: int
    returns: Floats
    moves: Floats
    fresh: NDArray[np.bool_]


class Benchmarks:
    """Benchmarks on one sample's days; each is made once for all portfolios that name it."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._known: dict[tuple[tuple[str, float], ...], Benchmark | str] = {}

    def of(self, weights: Mapping[str, float]) -> Benchmark | str:
        """The benchmark with these weights by symbol, or the reason why there is none."""
        key = tuple(weights.items())
        if key not in self._known:
            self._known[key] = _made(self._sample, weights)
        return self._known[key]


def _made(sample: Sample, weights: Mapping[str, float]) -> Benchmark | str:
    if not weights:
        return NONE_NAMED
    if abs(sum(weights.values()) - 1.0) > 1e-6:
        return f"The weights of the benchmark sum to {sum(weights.values()):g} and not to 1."
    unknown = {symbol: abs(weight) for symbol, weight in weights.items() if symbol not in sample.closes}
    if unknown:
        return f"There is no price history for {largest(unknown)} of the benchmark."
    values = np.empty((len(weights), sample.days.size))
    stale = np.zeros(sample.days.size, dtype=np.bool_)
    fresh = np.ones(sample.days.size, dtype=np.bool_)
    for row, symbol in enumerate(weights):
        closes, ages = sample.closes.last_known(symbol)
        values[row] = closes[sample.at]
        currency = sample.closes.currency(symbol)
        if currency != sample.base:
            values[row] *= sample.closes.factor(currency, sample.base)[sample.at]
        stale |= (ages[sample.at] > MAX_STALE_DAYS) | np.isnan(values[row])
        fresh &= ages[sample.at] == 0
    usable = np.flatnonzero(stale)
    start = int(usable[-1]) + 1 if usable.size else 0
    if sample.days.size - start <= MIN_RETURNS:
        return (
            f"The benchmark has a price within {MAX_STALE_DAYS} days on the last {sample.days.size - start} of the "
            f"portfolio's {sample.days.size} days and {MIN_RETURNS + 1} are needed."
        )
    values = np.ascontiguousarray(values[:, start:])
    moves = values[:, 1:] / values[:, :-1] - 1.0
    shares = np.fromiter(weights.values(), dtype=np.float64)
    return Benchmark(tuple(weights), shares, start, np.asarray(shares @ moves), moves, fresh[start:])


def paired(by_portfolio: Floats, benchmark: Benchmark) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Returns of portfolios and benchmark between the days on which the benchmark has its own closes.

    Returns over days that are left out are compounded into the next.

    Args:
        by_portfolio: On the sample's days, shape (n_portfolios, n_days - 1).

    Returns:
        Of the portfolios, shape (n_portfolios, n_kept - 1); of the benchmark; the kept days' places in the sample.
    """
    kept = np.flatnonzero(benchmark.fresh)
    own = by_portfolio[:, benchmark.start :]
    if kept.size < 2:
        return own[:, :0], benchmark.returns[:0], kept + benchmark.start
    if benchmark.fresh.all():
        return np.ascontiguousarray(own), benchmark.returns, kept + benchmark.start
    first, last = kept[0], kept[-1]
    starts = kept[:-1] - first
    together = np.multiply.reduceat(1.0 + own[:, first:last], starts, axis=1) - 1.0
    other = np.multiply.reduceat(1.0 + benchmark.returns[first:last], starts) - 1.0
    return together, other, kept + benchmark.start


def benchmark_rows(
    sample: Sample, benchmarks: Benchmarks, named: Sequence[Mapping[str, float]], badges: Sequence[Badge]
) -> Iterator[Rows]:
    """Beta, correlation, tracking error and information ratio of each portfolio of a sample, in its order."""
    found = [benchmarks.of(weights) for weights in named]
    together: defaultdict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if isinstance(one, Benchmark):
            together[id(one)].append(place)
    rows: dict[int, Rows] = {}
    for places in together.values():
        one = found[places[0]]
        if isinstance(one, Benchmark):
            rows.update(zip(places, _compared(sample, one, places, badges), strict=True))
    for place, one in enumerate(found):
        yield absent(BENCHMARK_METRICS, one) if isinstance(one, str) else rows[place]


_YEARLY = frozenset({"information_ratio"})

_MEASURES: Mapping[str, Callable[[Floats, Floats, float], Floats]] = {
    "beta": lambda returns, benchmark, _: relative.beta(returns, benchmark),
    "benchmark_correlation": lambda returns, benchmark, _: relative.correlation(returns, benchmark),
    "tracking_error": lambda returns, benchmark, a_year: 100.0 * relative.tracking_error(returns, benchmark, a_year),
    "information_ratio": relative.information_ratio,
}

_MEANINGLESS = {
    "beta": "The benchmark's returns do not vary over the sample: a beta has no meaning.",
    "benchmark_correlation": "Returns of the portfolio or its benchmark do not vary: a correlation has no meaning.",
    "information_ratio": "The portfolio never strays from its benchmark: return for a unit of straying has no meaning.",
}


def compared(
    sample: Sample, benchmark: Benchmark, places: Sequence[int]
) -> tuple[Floats, Floats, NDArray[np.datetime64]] | str:
    """`paired` for portfolios of a sample, with the kept days, or why there are too few of them."""
    own, other, kept = paired(sample.by_portfolio[places], benchmark)
    count = other.size
    days = sample.days[kept]
    yearly = per_year(count, int((days[-1] - days[0]).astype(int))) if count else 0.0
    if count < MIN_RETURNS or yearly < MIN_RETURNS_A_YEAR:
        return (
            f"The portfolio and its benchmark share {count} daily returns, {yearly:.0f} a year; {MIN_RETURNS} and "
            f"{MIN_RETURNS_A_YEAR} a year are needed."
        )
    return own, other, days


def _compared(sample: Sample, benchmark: Benchmark, places: Sequence[int], badges: Sequence[Badge]) -> Iterator[Rows]:
    pair = compared(sample, benchmark, places)
    if isinstance(pair, str):
        for _ in places:
            yield absent(BENCHMARK_METRICS, pair)
        return
    own, other, days = pair
    count = other.size
    yearly = per_year(count, int((days[-1] - days[0]).astype(int)))
    period = f"{days[0]}..{days[-1]}"
    note = f"Sample: {count} returns, {yearly:.0f} a year."
    short = f"The common history {period} has {count} returns and a yearly figure needs {MIN_YEAR_RETURNS}."
    values = {
        metric_id: measure(own.T, other, yearly).tolist()
        for metric_id, measure in _MEASURES.items()
        if count >= MIN_YEAR_RETURNS or metric_id not in _YEARLY
    }
    for column, place in enumerate(places):
        rows: Rows = ([], [])
        for metric_id in BENCHMARK_METRICS:
            value = values[metric_id][column] if metric_id in values else None
            if value is None:
                state(rows, metric_id, short)
            elif isnan(value):
                state(rows, metric_id, _MEANINGLESS[metric_id])
            else:
                state(rows, metric_id, value, period, badges[place], f"{note} {sample.notes[place]}".rstrip())
        yield rows
