"""What money earned without risk: a currency's own short rate over the days of a sample, from a stored series.

A series is one of a short rate where its id says so: "short_rate.EUR", or the name of the currency's own overnight rate
("ESTR"). Nothing is taken for one because its title sounds like it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.market import EconomicSeries
from core.domain.units import Badge, Unit
from core.metrics import risk
from core.metrics.metric_definitions import SHORT_RATE_METRICS
from core.metrics.returns import Floats, Sample
from core.metrics.risk import CALENDAR_DAYS_PER_YEAR
from core.metrics.rows import Rows, absent, state
from core.metrics.series import reading, slack_days
from core.metrics.thresholds import MIN_YEAR_RETURNS

_OVERNIGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "AUD": ("AONIA",), "CAD": ("CORRA",), "CHF": ("SARON",), "DKK": ("DESTR",), "EUR": ("ESTR",), "GBP": ("SONIA",),
    "HKD": ("HONIA",), "JPY": ("TONA",), "NOK": ("NOWA",), "NZD": ("NZONIA",), "PLN": ("POLSTR",), "SEK": ("SWESTR",),
    "SGD": ("SORA",), "USD": ("SOFR",),
}  # fmt: skip
"""Overnight reference rates by currency, as their administrators call them."""

ShortRates = Mapping[str, EconomicSeries]
"""Series by currency."""


def series_ids(currency: str) -> tuple[str, ...]:
    """Ids under which a currency's short rate may be stored, the best first."""
    return f"short_rate.{currency}", *_OVERNIGHT.get(currency, ())


def short_rates(stored: Mapping[str, EconomicSeries], currencies: Iterable[str]) -> dict[str, EconomicSeries]:
    """Each currency's short rate among stored series, by currency; those without one are left out."""
    found: dict[str, EconomicSeries] = {}
    for currency in currencies:
        one = next((stored[name] for name in series_ids(currency) if name in stored), None)
        if one is not None:
            found[currency] = one
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Earned:
    """What a short rate brought between the days of a sample.

    Attributes:
        returns: From each close to the next, as fractions, shape (n_days - 1,).
        average: The rate a year in percent, each value by the days for which it stood.
        simulated: The series is one of the demo's.
    """

    series: EconomicSeries
    returns: Floats
    average: float
    simulated: bool


def earned(series: EconomicSeries, days: NDArray[np.datetime64]) -> Earned | str:
    """What the short rate brought over a sample, or why that is not known.

    From one close to the next it brings (1 + rate)^(days / 365.25) - 1 at the last rate known on the earlier of them.
    """
    unit = reading(series.unit).unit
    if unit not in {Unit.PCT, Unit.BPS}:
        return f"The series '{series.series_id}' is in '{series.unit}': a rate is in percent. Import it again so."
    known = np.array(series.days, dtype="datetime64[D]")
    place = np.searchsorted(known, days[:-1], side="right") - 1
    age = (days[:-1] - known[np.maximum(place, 0)]).astype(np.int64)
    gap = np.flatnonzero((place < 0) | (age > slack_days(series.frequency)))
    if gap.size:
        return (
            f"The short rate '{series.series_id}' ({series.days[0]} to {series.days[-1]}) has no value for "
            f"{days[gap[0]]}; the sample is of {days[0]} to {days[-1]}. Import the rest of it."
        )
    values = np.array(series.values)[place] / (100.0 if unit is Unit.PCT else 10_000.0)
    if (values <= -1.0).any():
        return f"The series '{series.series_id}' has rates of -100 % and less, which cannot be."
    span = np.diff(days).astype(np.float64)
    returns = (1.0 + values) ** (span / CALENDAR_DAYS_PER_YEAR) - 1.0
    average = float(100.0 * (values @ span) / span.sum())
    return Earned(series, returns, average, series.badge is Badge.SIMULATED)


_OVER: Final[Mapping[str, tuple[Callable[..., Floats], str]]] = {
    "sharpe_over_short_rate": (risk.sharpe, "Returns over the short rate do not vary: the ratio has no meaning."),
    "sortino_over_short_rate": (risk.sortino, "No day fell short of the short rate: the ratio has no meaning."),
}


def short_rate_rows(sample: Sample, badges: Sequence[Badge], rates: ShortRates) -> Iterator[Rows]:
    """The short rate of the base currency and what a sample's portfolios earned over it, in its order."""
    series = rates.get(sample.base)
    if series is None:
        names = " or ".join(series_ids(sample.base))
        found: Earned | str = (
            f"No short rate of {sample.base} is stored, so that sharpe and sortino are over 0 %. Import a series "
            f"with the id {names}: mosychlos series import FILE."
        )
    else:
        found = earned(series, sample.days)
    if isinstance(found, str):
        yield from (absent(SHORT_RATE_METRICS, found) for _ in badges)
        return
    yield from _over(sample, badges, found)


def _over(sample: Sample, badges: Sequence[Badge], rate: Earned) -> Iterator[Rows]:
    period = f"{sample.first}..{sample.last}"
    excess = sample.returns - rate.returns[:, np.newaxis]
    short = excess.shape[0] < MIN_YEAR_RETURNS
    values = {} if short else {name: ratio(excess, a_year=sample.a_year) for name, (ratio, _) in _OVER.items()}
    said = f"The short rate is '{rate.series.series_id}' of {rate.series.publisher}."
    note = f"{said} Sample: {rate.returns.size} returns, {sample.a_year:.0f} a year."
    for place, badge in enumerate(badges):
        rows: Rows = ([], [])
        worst = Badge.SIMULATED if rate.simulated else badge
        own = f"{note} {sample.notes[place]}".rstrip()
        state(rows, "short_rate", rate.average, period, Badge.SIMULATED if rate.simulated else Badge.DERIVED, said)
        for name, (_, meaningless) in _OVER.items():
            if short:
                state(rows, name, f"It has {excess.shape[0]} returns and a yearly figure needs {MIN_YEAR_RETURNS}.")
                continue
            value = float(values[name][place])
            state(rows, name, meaningless if np.isnan(value) else value, period, worst, own)
        yield rows
