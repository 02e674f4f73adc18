"""Economic series as a prompt states them: last value, change, and until when they were known."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.domain.facts import AbsentFact, Fact, FactSheet
from core.domain.market import EconomicSeries
from core.domain.units import Badge, Unit
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.series import indicator_facts, reading, rotation_facts
from core.metrics.valuation import CASH_SECTOR, UNCLASSIFIED, slug
from core.storage.store import Store

Said = tuple[tuple[Fact, ...], tuple[AbsentFact, ...]]
"""Facts, and what could not be said with the reason."""


@dataclass(frozen=True, slots=True)
class SeriesReading:
    """One series with what can be said of it on the day of its newest observation.

    Attributes:
        facts: The latest value and its changes, as `core.metrics.series.indicator_facts` names them.
        absent: Changes that cannot be said, each with its reason.
        stale: Why its newest observation no longer says where it stands today; "" when it does.
    """

    series: EconomicSeries
    facts: tuple[Fact, ...]
    absent: tuple[AbsentFact, ...]
    stale: str


def indicators_of(store: Store, as_of: date, *, simulated: bool) -> Said:
    """Facts about economic series as of a day: latest, changes, correlations with the reference series.

    Series whose terms keep them out of prompts are left out, and said to be.

    Args:
        store: Where they are.
        as_of: Nothing after it is looked at.
        simulated: True for sample portfolios: the demo's own series, and no real one. False: real ones only.
    """
    found = [one for one in store.series.load().values() if (one.badge is Badge.SIMULATED) is simulated]
    kept_out = [one for one in found if not one.may_prompt]
    told = [one for one in found if one.may_prompt]
    facts, absent = indicator_facts(told, as_of, reference=_reference(told))
    reasons = tuple(
        AbsentFact(f"indicator.{one.series_id}.latest", f"The terms of '{one.series_id}' keep it out of prompts.")
        for one in kept_out
    )
    return facts, (*absent, *reasons)


def _known_until(series: EconomicSeries) -> date:
    """The last day that a series speaks of: a monthly value stands for its month, whatever day it is written under."""
    last = series.days[-1]
    if series.frequency not in {"monthly", "quarterly", "annual"}:
        return last
    return last.replace(day=monthrange(last.year, last.month)[1])


def _read(series: EconomicSeries, today: date) -> SeriesReading:
    facts, absent = indicator_facts([series], series.days[-1])
    _, gone = indicator_facts([series], today)
    stale = next((one.reason for one in gone if one.metric_id.endswith(".latest")), "")
    return SeriesReading(series, facts, absent, stale)


def rotation_of(sheet: FactSheet, prices: Mapping[str, PriceSeries]) -> Said:
    """Relative strength of the sectors that a portfolio holds, over 1, 3, 6 and 12 months up to its day.

    Args:
        sheet: Its holdings with their sectors and weights; short lines and lines without a sector are left out.
        prices: As the sheet was made with: real ones for a real portfolio.
    """
    members: dict[str, dict[str, float]] = {}
    for line in sheet.holdings:
        name = slug(line.sector)
        if name not in {"", CASH_SECTOR, UNCLASSIFIED} and line.weight_pct > 0:
            sector = members.setdefault(name, {})
            sector[line.symbol] = sector.get(line.symbol, 0.0) + line.weight_pct
    return rotation_facts(members, prices, sheet.as_of)


def prices_for(store: Store, symbols: Sequence[str], *, is_sample: bool) -> PriceHistory:
    """Price series by the rule of the house: a real portfolio never sees a simulated one."""
    history = store.prices.load(symbols, simulated_first=is_sample)
    if is_sample:
        return history
    return PriceHistory.from_series(one for one in history.values() if one.badge is not Badge.SIMULATED)


def _reference(series: Sequence[EconomicSeries]) -> str | None:
    """What the others are correlated with: the first series of equities, else the first index, else nothing."""
    equities = [one for one in series if "equit" in one.title.lower() or "stock" in one.title.lower()]
    indices = [one for one in series if reading(one.unit).unit is Unit.SCORE]
    return next((one.series_id for one in (*equities, *indices)), None)


def _other_series(before: EconomicSeries | None, new: EconomicSeries) -> str:
    """Why a series with the id of a stored one is another one; "" when it continues it."""
    if before is None:
        return ""
    for name in ("unit", "publisher", "badge"):
        if getattr(before, name) != getattr(new, name):
            return (
                f"'{new.series_id}' is stored with the {name} '{getattr(before, name)}' and comes with "
                f"'{getattr(new, name)}'. Give it another id, or replace the stored series with --replace."
            )
    return ""
