"""Economic series as figures: where they stand, how they moved, how two moved together, and which sectors lead."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

import numpy as np

from core.domain.facts import AbsentFact, Fact
from core.domain.market import EconomicSeries
from core.domain.units import Badge, Unit
from core.metrics.prices import PriceSeries

SPANS = {"1m": 1, "3m": 3, "1y": 12}
"""Months back by the name that metric ids use."""

WINDOWS_MONTHS = (12, 36, 60)
ROTATION_MONTHS = (1, 3, 6, 12)
MAX_PRICE_AGE_DAYS = 10

_SLACK_DAYS = {"daily": 10, "weekly": 14, "monthly": 45, "quarterly": 120, "annual": 400}
"""How much older than the day asked for an observation may be and still stand for it."""

_STALE_DAYS = {"daily": 14, "weekly": 28, "monthly": 90, "quarterly": 240, "annual": 600}
"""From this age on the newest observation is no longer where the series stands (publication takes its time)."""

_SLACK_IRREGULAR_DAYS = 45
_STALE_IRREGULAR_DAYS = 180


@dataclass(frozen=True, slots=True)
class UnitReading:
    """How a series' unit is read.

    Attributes:
        unit: Of its values.
        currency: ISO 4217 where the unit is money, else None.
        change: Unit of its changes: points for rates, percent for everything else.
    """

    unit: Unit
    currency: str | None
    change: Unit


def reading(unit: str) -> UnitReading:
    """What a publisher's words for a unit mean.

    "percent" is a rate and changes in points; "USD a barrel" is money and "index 2015=100" a score, both of which
    change in percent.
    """
    plain = unit.strip()
    lowered = plain.lower()
    if lowered.startswith(("percent", "%", "pct")):
        return UnitReading(Unit.PCT, None, Unit.PP)
    if lowered.startswith(("basis point", "bps", "bp")):
        return UnitReading(Unit.BPS, None, Unit.BPS)
    if len(plain) >= 3 and plain[:3].isalpha() and plain[:3].isupper() and not plain[3:4].isalnum():
        return UnitReading(Unit.CCY, plain[:3], Unit.PCT)
    if lowered.startswith(("persons", "people", "thousand", "million", "count", "number")):
        return UnitReading(Unit.COUNT, None, Unit.PCT)
    return UnitReading(Unit.SCORE, None, Unit.PCT)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def slack_days(frequency: str) -> int:
    """How many days an observation may stand for those after it."""
    return _SLACK_DAYS.get(frequency, _SLACK_IRREGULAR_DAYS)


def last_known(series: EconomicSeries, on: date) -> tuple[date, float] | None:
    """The newest observation on or before a day, unless it is too old to stand for it; never one from after."""
    place = bisect_right(series.days, on) - 1
    if place < 0 or (on - series.days[place]).days > slack_days(series.frequency):
        return None
    return series.days[place], series.values[place]


def change(series: EconomicSeries, latest: tuple[date, float], months: int) -> float | None:
    """How far a series went in so many months: points for rates, percent for levels; None where it cannot be said.

    0.25 of a policy rate reads: a quarter of a point higher than so many months before its newest observation.
    """
    before = last_known(series, months_before(latest[0], months))
    if before is None:
        return None
    if reading(series.unit).change is not Unit.PCT:
        return latest[1] - before[1]
    return (latest[1] / before[1] - 1) * 100 if before[1] > 0 and latest[1] > 0 else None


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two series moved together, month by month.

    Attributes:
        value: Pearson's correlation of monthly changes, -1 to 1; None with a reason.
        months: Length of the window.
        sample: Pairs of changes there are in it.
        last: Last month's newest common day; None where there is no common month.
        reason: Why there is no value; "" when there is.
    """

    first_id: str
    second_id: str
    months: int
    value: float | None
    sample: int
    last: date | None
    reason: str


def correlation(first: EconomicSeries, second: EconomicSeries, as_of: date, months: int) -> Correlation:
    """Correlation of monthly changes over the last `months` common months that ended by `as_of`.

    Each month stands for its newest observation; a month that was not over by `as_of` does not count. Rates change in
    points, levels in percent. All months of the window must be there: a correlation of what is left of three years is
    not one of three years.
    """

    def result(value: float | None, sample: int, last: date | None, reason: str = "") -> Correlation:
        return Correlation(first.series_id, second.series_id, months, value, sample, last, reason)

    moved_first, moved_second = _monthly_changes(first, as_of), _monthly_changes(second, as_of)
    common = sorted(moved_first.keys() & moved_second.keys())
    window = common[-months:]
    last = None if not window else min(moved_first[window[-1]][0], moved_second[window[-1]][0])
    if len(window) < months or window[-1] - window[0] != months - 1:
        sample = sum(month > window[-1] - months for month in window)
        return result(None, sample, last, f"needs {months} monthly changes in a row and has {sample}")
    if last is not None and (as_of - last).days > _STALE_DAYS["monthly"]:
        return result(None, months, last, f"the last common month ended on {last}")
    values = np.array([(moved_first[month][1], moved_second[month][1]) for month in window])
    if (np.ptp(values, axis=0) == 0).any():
        return result(None, months, last, "one of the series did not move")
    return result(float(np.corrcoef(values.T)[0, 1]), months, last)


def _last_month_over(as_of: date) -> int:
    """The newest month (years times twelve plus month) that has no weekday after `as_of`."""
    last = as_of.replace(day=monthrange(as_of.year, as_of.month)[1])
    left = int(np.busday_count(as_of + timedelta(days=1), last + timedelta(days=1)))
    return as_of.year * 12 + as_of.month - (1 if left else 0)


def _monthly_changes(series: EconomicSeries, as_of: date) -> dict[int, tuple[date, float]]:
    """By month (years times twelve plus month): its newest day and the change since the month before."""
    newest: dict[int, tuple[date, float]] = {}
    over = _last_month_over(as_of)
    for day, value in zip(series.days, series.values, strict=True):
        if day <= as_of and day.year * 12 + day.month <= over:
            newest[day.year * 12 + day.month] = (day, value)
    points = reading(series.unit).change is not Unit.PCT
    changes: dict[int, tuple[date, float]] = {}
    for month, (day, value) in newest.items():
        if month - 1 not in newest:
            continue
        before = newest[month - 1][1]
        if points:
            changes[month] = (day, value - before)
        elif before > 0 and value > 0:
            changes[month] = (day, value / before - 1)
    return changes


def indicator_facts(
    series: Sequence[EconomicSeries], as_of: date, *, reference: str | None = None
) -> tuple[tuple[Fact, ...], tuple[AbsentFact, ...]]:
    """Facts about economic series as of a day, and what could not be said and why.

    "indicator.<id>.latest", ".change_1m", ".change_3m", ".change_1y", and, between the reference series and each other
    one, "indicator.correlation.<reference>.<id>.12m", ".36m" and ".60m".

    Args:
        series: Those that may be spoken of; the caller has left out what its terms keep out of prompts.
        as_of: Nothing after it is looked at.
        reference: Id of the series that the others are correlated with; None for no correlations.
    """
    facts: list[Fact] = []
    absent: list[AbsentFact] = []
    for one in series:
        _indicator(one, as_of, facts, absent)
    anchor = next((one for one in series if one.series_id == reference), None)
    for one in series:
        if anchor is None or one is anchor:
            continue
        for months in WINDOWS_MONTHS:
            metric_id = f"indicator.correlation.{anchor.series_id}.{one.series_id}.{months}m"
            found = correlation(anchor, one, as_of, months)
            if found.value is None or found.last is None:
                absent.append(AbsentFact(metric_id, f"The correlation {found.reason}."))
                continue
            badge = _worse(anchor.badge, one.badge)
            period = f"{months_before(found.last, months)}..{found.last}"
            text = (
                f"Correlation of the monthly changes of {anchor.title} and {one.title} over {months} months "
                f"({found.sample} pairs)."
            )
            facts.append(Fact(metric_id, found.value, Unit.RATIO, None, period, text, badge, 2))
    return tuple(facts), tuple(absent)


def _indicator(one: EconomicSeries, as_of: date, facts: list[Fact], absent: list[AbsentFact]) -> None:
    stem = f"indicator.{one.series_id}"
    place = bisect_right(one.days, as_of) - 1
    if place < 0:
        absent.append(AbsentFact(f"{stem}.latest", f"{one.title} has no observation up to {as_of}."))
        return
    latest = one.days[place], one.values[place]
    age = (as_of - latest[0]).days
    if age > _STALE_DAYS.get(one.frequency, _STALE_IRREGULAR_DAYS):
        reason = f"The last observation of {one.title} is from {latest[0]}, {age} days before {as_of}."
        absent.append(AbsentFact(f"{stem}.latest", reason))
        return
    read = reading(one.unit)
    badge = one.badge
    text = f"{one.title}, {one.unit}, {one.frequency}; publisher: {one.publisher}."
    facts.append(Fact(f"{stem}.latest", latest[1], read.unit, read.currency, f"as of {latest[0]}", text, badge, 2))
    for name, months in SPANS.items():
        moved = change(one, latest, months)
        if moved is None or not isfinite(moved):
            reason = f"{one.title} has no observation {months} months before {latest[0]} that it can be compared with."
            absent.append(AbsentFact(f"{stem}.change_{name}", reason))
            continue
        how = "difference" if read.change is not Unit.PCT else "change in percent"
        period = f"{months_before(latest[0], months)}..{latest[0]}"
        text = f"{one.title}: {how} over {months} months."
        derived = _worse(badge, Badge.DERIVED)
        facts.append(Fact(f"{stem}.change_{name}", moved, read.change, None, period, text, derived, 2))


def _worse(first: Badge, second: Badge) -> Badge:
    order = (Badge.REAL, Badge.DERIVED, Badge.SIMULATED)
    return max(first, second, Badge.DERIVED, key=order.index)


@dataclass(frozen=True, slots=True)
class SectorStrength:
    """How a sector did against all sectors together.

    Attributes:
        months: Length of the window.
        sector_return: Of the sector, as a fraction: 0.04 is a gain of 4 %.
        relative: (1 + sector) / (1 + all) - 1, as a fraction: 0.02 reads 2 % ahead of all.
        covered: Share of the sector's weight that has prices over the window.
    """

    sector: str
    months: int
    sector_return: float
    relative: float
    covered: float


def sector_rotation(
    members: Mapping[str, Mapping[str, float]],
    prices: Mapping[str, PriceSeries],
    as_of: date,
    months: int,
    *,
    min_covered: float = 0.8,
) -> tuple[tuple[SectorStrength, ...], tuple[tuple[str, str], ...]]:
    """Relative strength of sectors over a window, strongest first, and the sectors left out with the reason.

    A sector's return is that of its members bought at the start in proportion to `members` and held, each in the
    currency of its quote: exchange rates play no part. Members without a price at both ends are left out; a sector of
    which less than `min_covered` remains is not stated. "All" are the members of the stated sectors together.

    Args:
        members: Weight by symbol, above zero, by sector.
        prices: Series by symbol.
        as_of: End of the window.
        months: Its length.
        min_covered: Least share of a sector's weight that must have prices.
    """
    start = months_before(as_of, months)
    stated: list[tuple[str, float, float, float]] = []
    left_out: list[tuple[str, str]] = []
    for sector, weights in members.items():
        total = sum(weights.values())
        grown = weight = 0.0
        for symbol, share in weights.items():
            series = prices.get(symbol)
            ends = None if series is None else (_price(series, start), _price(series, as_of))
            if ends is not None and ends[0] is not None and ends[1] is not None:
                weight += share
                grown += share * ends[1] / ends[0]
        covered = weight / total if total > 0 else 0.0
        if covered < min_covered or weight <= 0:
            reason = f"prices cover {covered:.0%} of the sector over {months} months; {min_covered:.0%} are needed"
            left_out.append((sector, reason))
            continue
        stated.append((sector, grown / weight - 1, covered, weight))
    if len(stated) < 2:
        left_out += [(sector, "there is no second sector to compare with") for sector, *_ in stated]
        return (), tuple(left_out)
    everything = sum((1 + gain) * weight for _, gain, _, weight in stated) / sum(weight for *_, weight in stated)
    found = [
        SectorStrength(sector, months, gain, (1 + gain) / everything - 1, covered)
        for sector, gain, covered, _ in stated
    ]
    found.sort(key=lambda one: -one.relative)
    return tuple(found), tuple(left_out)


def _price(series: PriceSeries, on: date) -> float | None:
    place = int(np.searchsorted(series.days, np.datetime64(on), side="right")) - 1
    if place < 0 or (np.datetime64(on) - series.days[place]).astype(int) > MAX_PRICE_AGE_DAYS:
        return None
    return float(series.closes[place])


def rotation_facts(
    members: Mapping[str, Mapping[str, float]], prices: Mapping[str, PriceSeries], as_of: date
) -> tuple[tuple[Fact, ...], tuple[AbsentFact, ...]]:
    """Relative strength of sectors as facts in percent ("indicator.sector.energy.strength_3m"), and what is missing."""
    facts: list[Fact] = []
    absent: list[AbsentFact] = []
    simulated = any(one.badge is Badge.SIMULATED for one in prices.values())
    badge = Badge.SIMULATED if simulated else Badge.DERIVED
    for months in ROTATION_MONTHS:
        found, left_out = sector_rotation(members, prices, as_of, months)
        period = f"{months_before(as_of, months)}..{as_of}"
        for one in found:
            text = f"Return of {one.sector} against all sectors together over {months} months, in quote currencies."
            metric_id = f"indicator.sector.{one.sector}.strength_{months}m"
            facts.append(Fact(metric_id, one.relative * 100, Unit.PCT, None, period, text, badge, 2))
        absent += [
            AbsentFact(f"indicator.sector.{sector}.strength_{months}m", f"Not stated: {reason}.")
            for sector, reason in left_out
        ]
    return tuple(facts), tuple(absent)
