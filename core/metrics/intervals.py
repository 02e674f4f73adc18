"""How far figures of a sample might be off: bootstrap intervals, the same whenever and beside whom they are computed.

The stationary bootstrap draws blocks of days that follow one another, of random length, from the sample laid in a
circle: days that belong together (calm and turmoil come in spells) stay together. Politis and Romano (1994), The
Stationary Bootstrap, Journal of the American Statistical Association 89.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.units import Badge
from core.metrics.benchmark import Benchmark, Benchmarks, compared
from core.metrics.returns import Floats, Sample
from core.metrics.risk import is_flat, per_year
from core.metrics.rows import Rows, state
from core.metrics.thresholds import INTERVAL_LEVEL, MIN_FAR_TAIL_RETURNS, MIN_YEAR_RETURNS, RESAMPLES

_ENDS: Final = (0.5 - INTERVAL_LEVEL / 2, 0.5 + INTERVAL_LEVEL / 2)
_VAR: Final = {"var_95_1d": 0.05, "var_99_1d": 0.01}

Counts = NDArray[np.float64]
"""How often each day was drawn in each resample, shape (n_returns, RESAMPLES)."""

Ends = tuple[float, float]


def block_days(count: int) -> int:
    """Mean length of the blocks in days: the cube root of the sample's length, at which the error of a mean shrinks
    fastest (Politis and White 2004, Automatic Block-Length Selection)."""
    return max(1, round(math.cbrt(count)))


def seed_of(days: NDArray[np.datetime64]) -> int:
    """The seed of a sample: CRC-32 of its days as little-endian 64-bit counts from 1970-01-01."""
    return zlib.crc32(days.astype("datetime64[D]").astype("<i8").tobytes())


def drawn(count: int, seed: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """Places of the days drawn, shape (resamples, count).

    Each day begins a new block with probability 1 / block_days at a place drawn evenly, and follows the one before
    otherwise; after the last day comes the first.
    """
    random = np.random.default_rng(seed)
    starts = random.integers(0, count, size=(resamples, count))
    begins = random.random((resamples, count)) < 1.0 / block_days(count)
    begins[:, 0] = True
    places = np.arange(count)
    began = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, began, axis=1) + places - began) % count)


@lru_cache(maxsize=4)
def counts_of(count: int, seed: int) -> Counts:
    """`drawn`, counted; the last few are remembered, because portfolios share samples."""
    places = drawn(count, seed) + count * np.arange(RESAMPLES)[:, np.newaxis]
    drawn_times = np.bincount(places.ravel(), minlength=RESAMPLES * count).reshape(RESAMPLES, count)
    found = np.ascontiguousarray(drawn_times.T, dtype=np.float64)
    found.flags.writeable = False
    return found


def means_and_deviations(counts: Counts, returns: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (ddof=1) of each resample, each of shape (RESAMPLES,).

    Args:
        returns: Shape (n_returns,).
    """
    count, centre = returns.size, returns.mean()
    moved = returns - centre
    # Not as a matrix product: its threads would cost more than they bring, and round differently on every machine.
    mean, square = np.einsum("kt,tb->kb", np.stack([moved, moved * moved]), counts) / count
    return mean + centre, np.sqrt(np.maximum(square - mean * mean, 0.0) * count / (count - 1))


def quantiles(counts: Counts, returns: Floats, share: float) -> Floats:
    """The lower quantile of each resample, linearly interpolated as numpy does; shape (RESAMPLES,).

    Args:
        share: 0.05 for the 5 % quantile.
    """
    count = returns.size
    at = (count - 1) * share
    low, part = floor(at), at - floor(at)
    order = np.argsort(returns, kind="stable")
    # Resamples hardly ever reach twice as far into the sorted returns; those that do take all of them.
    for reach in (min(count, 2 * low + 40), count):
        upto = np.cumsum(counts[order[:reach]], axis=0)
        if (upto[-1] > low + 1).all():
            break
    ordered = returns[order]
    first = ordered[np.count_nonzero(upto <= low, axis=0)]
    second = ordered[np.count_nonzero(upto <= min(low + 1, count - 1), axis=0)]
    return np.asarray(first + (second - first) * part)


def ends(figures: Floats) -> Ends:
    """The percentile interval of figures of resamples."""
    low, high = np.quantile(figures, _ENDS)
    return float(low), float(high)


def interval_rows(
    sample: Sample,
    benchmarks: Benchmarks,
    named: Sequence[Mapping[str, float]],
    badges: Sequence[Badge],
    both: Sequence[Badge],
) -> Iterator[Rows]:
    """Intervals of value at risk, Sharpe and tracking error of each portfolio of a sample, in its order."""
    count = sample.days.size - 1
    counts, seed = counts_of(count, seed_of(sample.days)), seed_of(sample.days)
    period, note = f"{sample.first}..{sample.last}", _said(count, sample.a_year, seed)
    for place, badge in enumerate(badges):
        returns = np.ascontiguousarray(sample.by_portfolio[place])
        rows: Rows = ([], [])
        own = f"{note} {sample.notes[place]}".rstrip()
        for metric_id, found in _of_returns(counts, returns, sample.a_year).items():
            _state(rows, metric_id, found, period, badge, own)
        _state_tracking(rows, sample, place, benchmarks.of(named[place]), both[place])
        yield rows


def _of_returns(counts: Counts, returns: Floats, a_year: float) -> dict[str, Ends | str]:
    count = returns.size
    found: dict[str, Ends | str] = {}
    for metric_id, share in _VAR.items():
        if share < 0.05 and count < MIN_FAR_TAIL_RETURNS:
            found[metric_id] = f"The sample has {count} returns; the worst 1 % needs {MIN_FAR_TAIL_RETURNS}."
            continue
        found[metric_id] = ends(-100.0 * quantiles(counts, returns, share))
    mean, deviation = means_and_deviations(counts, returns)
    if count < MIN_YEAR_RETURNS:
        found["sharpe"] = f"The sample has {count} returns; a yearly figure needs {MIN_YEAR_RETURNS}."
    elif is_flat(deviation).any():
        found["sharpe"] = "Returns do not vary over the sample: return for a unit of risk has no meaning."
    else:
        found["sharpe"] = ends(mean / deviation * np.sqrt(a_year))
    return found


def _state_tracking(rows: Rows, sample: Sample, place: int, benchmark: Benchmark | str, badge: Badge) -> None:
    pair = benchmark if isinstance(benchmark, str) else compared(sample, benchmark, [place])
    if isinstance(pair, str):
        _state(rows, "tracking_error", pair, "", badge, "")
        return
    own, other, days = pair
    active = own[0] - other
    a_year = per_year(active.size, int((days[-1] - days[0]).astype(int)))
    seed = seed_of(days)
    _, deviation = means_and_deviations(counts_of(active.size, seed), active)
    note = f"{_said(active.size, a_year, seed)} {sample.notes[place]}".rstrip()
    period = f"{days[0]}..{days[-1]}"
    _state(rows, "tracking_error", ends(100.0 * deviation * np.sqrt(a_year)), period, badge, note)


def _state(rows: Rows, metric_id: str, found: Ends | str, period: str, badge: Badge, note: str) -> None:
    for side, name in enumerate((f"{metric_id}.low", f"{metric_id}.high")):
        state(rows, name, found if isinstance(found, str) else found[side], period, badge, note)


def _said(count: int, a_year: float, seed: int) -> str:
    return (
        f"Sample: {count} returns, {a_year:.0f} a year; {RESAMPLES:,} resamples in blocks of {block_days(count)} days "
        f"on average, seed {seed}."
    )
