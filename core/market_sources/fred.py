"""Economic series from FRED, or any server that speaks its API. Shapes as documented for version 1, file_type=json."""

from __future__ import annotations

from datetime import date
from math import isfinite, nan

from pydantic import TypeAdapter

from core.domain.market import EconomicSeries, SourceOffer, SourceTerms
from core.domain.units import Badge
from core.errors import NotFound, ProviderError
from core.market_sources.http_client import HttpClient
from core.market_sources.protocol import Nothing
from core.market_sources.shapes import Shape, checked

PAGE = 100_000
"""Most observations that one answer holds."""

_MAX_PAGES = 10


class _About(Shape):
    id: str
    title: str
    units: str
    frequency: str = ""


class _Abouts(Shape):
    seriess: list[_About]


class _Observation(Shape):
    date: date
    value: str


class _Observations(Shape):
    count: int
    observations: list[_Observation]


_ABOUTS = TypeAdapter(_Abouts)
_OBSERVATIONS = TypeAdapter(_Observations)


class FredSource(Nothing):
    """`MarketData` with economic series. What may be done with them is in `terms`, which every caller honours."""

    offers = (SourceOffer.SERIES,)

    def __init__(self, door: HttpClient, terms: SourceTerms) -> None:
        self._door = door
        self.terms = terms

    def close(self) -> None:
        """Give back connections."""
        self._door.close()

    def series(self, series_id: str, first: date, last: date) -> EconomicSeries:
        """A series between two days.

        Raises:
            NotFound: It has no observation in that time.
        """
        doing = f"read the series {series_id}"
        asked = {"series_id": series_id, "file_type": "json"}
        found = checked(_ABOUTS, self._door.json("/series", asked, doing=doing), self.terms.name, doing)
        if not found.seriess:
            raise NotFound(f"{self.terms.name} does not know the series '{series_id}'. Check its id.")
        about = found.seriess[0]
        values: dict[date, float] = {}
        span = {"observation_start": first.isoformat(), "observation_end": last.isoformat(), "limit": str(PAGE)}
        for page in range(_MAX_PAGES):
            answer = self._door.json("/series/observations", {**asked, **span, "offset": str(page * PAGE)}, doing=doing)
            part = checked(_OBSERVATIONS, answer, self.terms.name, doing)
            for one in part.observations:
                if one.value != ".":  # no observation on that day
                    values[one.date] = self._number(one.value, doing)
            if (page + 1) * PAGE >= part.count or not part.observations:
                break
        if not values:
            raise NotFound(f"{self.terms.name} has no observation of '{series_id}' from {first} to {last}.")
        days = tuple(sorted(values))
        return EconomicSeries(
            series_id=series_id,
            title=about.title,
            unit=about.units,
            frequency=about.frequency.partition(",")[0].strip().lower() or "irregular",
            publisher=f"{self.terms.name} (as distributor)",
            licence=self.terms.url,
            url="",
            source_id=self.terms.source_id,
            badge=Badge.REAL,
            may_prompt=self.terms.may_prompt,
            days=days,
            values=tuple(values[day] for day in days),
        )

    def _number(self, text: str, doing: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not isfinite(value):
            raise ProviderError(f"Could not {doing}: a value in the answer is no number.")
        return value
